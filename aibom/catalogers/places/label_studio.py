"""Label Studio: exported tasks with their annotations, as JSON or JSON lines.

Who annotated is an address or a name where the export has one, else the number of the
user in that installation; the pseudonym of the latter is made of ``label-studio:17``,
because 17 is somebody else elsewhere.

Source: Label Studio's page "Label Studio JSON format"; older exports have
``completions`` and ``created_username``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_records import RECORD_FINDINGS, Troubles, json_records
from aibom.catalogers.documents import text_of
from aibom.catalogers.label_kinds import MAY_BE_JSON, label_kind
from aibom.catalogers.label_texts import texts_in
from aibom.catalogers.labels import LABEL_FINDINGS, Tally
from aibom.catalogers.notes import Notes

__all__ = ["CATALOGER"]

#: What Label Studio writes where no model version was set.
_NO_VERSION = frozenset({"", "undefined", "none", "null"})


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(MAY_BE_JSON)


def _read(notes: Notes) -> None:
    if label_kind(notes) != "label-studio":
        return
    troubles, tally = Troubles(), Tally()
    for at, task in json_records(notes, troubles):
        made = task.get("annotations", task.get("completions"))
        predicted = task.get("predictions", [])
        if not isinstance(made, list) or not isinstance(predicted, list):
            troubles.add("task-malformed", at)
            continue
        for annotation in made:
            _add(tally, troubles, at, annotation)
        for prediction in predicted:
            if isinstance(prediction, dict):
                _add_prediction(tally, prediction)
            else:
                troubles.add("prediction-elsewhere", at)
    tally.write(notes)
    troubles.tell(notes)


def _add(tally: Tally, troubles: Troubles, at: str, annotation: Any) -> None:
    if not isinstance(annotation, dict):
        troubles.add("task-malformed", at)
        return
    if annotation.get("was_cancelled") is True:
        tally.cancelled += 1
        return
    tally.add(_labeler(annotation), _classes(annotation.get("result")))
    for key in ("created_at", "updated_at"):
        tally.add_date(annotation.get(key))


def _add_prediction(tally: Tally, prediction: dict[str, Any]) -> None:
    version = text_of(prediction.get("model_version")) or ""
    known = version.strip().lower() not in _NO_VERSION
    tally.add_prediction(version if known else None, _classes(prediction.get("result")))


def _labeler(annotation: dict[str, Any]) -> str | None:
    who = annotation.get("completed_by")
    if isinstance(who, dict):
        for key in ("email", "username"):
            if isinstance(who.get(key), str) and who[key].strip():
                return str(who[key])
        who = who.get("id")
    if isinstance(who, str) and who.strip():
        return who
    # "ada@example.com, 17"
    username = annotation.get("created_username")
    if isinstance(username, str) and username.strip():
        return username.rpartition(", ")[0] or username
    is_number = isinstance(who, int) and not isinstance(who, bool)
    return f"label-studio:{who}" if is_number else None


def _classes(result: Any) -> Iterator[str]:
    """What was chosen; free text and coordinates are no classes."""
    for region in result if isinstance(result, list) else []:
        if not isinstance(region, dict) or not isinstance(region.get("value"), dict):
            continue
        kind = region.get("type")
        is_class = isinstance(kind, str) and (
            kind in ("choices", "rating") or kind.endswith("labels")
        )
        if is_class:
            yield from texts_in(region["value"].get(kind))


CATALOGER = Cataloger(
    id="label-studio",
    title="Label Studio export (JSON)",
    wants=_wants,
    read=_read,
    supplies=(
        "labelers under pseudonyms, with the annotations of each, by class",
        "models whose predictions are in it, by the version that the export names",
        "when the first and the last annotation was made",
    ),
    cannot=(
        "tell the guideline: the export does not have it",
        "tell who a user's number is, or whether it is the same elsewhere: its "
        "pseudonym is that of label-studio:NUMBER",
        "recognise a file whose first 100 records hold no task, or single annotations "
        "from a storage",
    ),
    findings={
        **RECORD_FINDINGS,
        **LABEL_FINDINGS,
        "prediction-elsewhere": "predictions of which only the number is in it",
        "task-malformed": "a task, or an annotation, that is not what Label Studio "
        "writes; it is not counted",
    },
)
