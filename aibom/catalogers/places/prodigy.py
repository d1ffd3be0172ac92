"""Prodigy: annotations as JSON lines.

Without a named session Prodigy writes the time of the session where the annotator would
be, or its name for the default session. A time is no person.

Source: stored Prodigy data sets (``_annotator_id``, ``_session_id``, ``_timestamp``,
``answer``, ``_task_hash``).
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


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(MAY_BE_JSON)


def _read(notes: Notes) -> None:
    if label_kind(notes) != "prodigy":
        return
    troubles, tally = Troubles(), Tally()
    for _, record in json_records(notes, troubles):
        who = record.get("_annotator_id")
        # Older versions have the session only.
        who = text_of(record.get("_session_id") if who is None else who)
        if who is not None and (who == "default" or who.endswith("-default")):
            tally.nobody(_classes(record))
        else:
            tally.add(who, _classes(record))
        tally.add_date(record.get("_timestamp"))
    tally.write(notes)
    troubles.tell(notes)


def _classes(record: dict[str, Any]) -> Iterator[str]:
    """The classes that were accepted; what was rejected or ignored has none."""
    if record.get("answer") != "accept":
        return
    if isinstance(record.get("accept"), list):
        yield from texts_in(record["accept"])
        return
    spans = record.get("spans")
    named = (
        [s.get("label") for s in spans or () if isinstance(s, dict)]
        if (isinstance(spans, list))
        else []
    )
    yield from texts_in([record.get("label"), *named])


CATALOGER = Cataloger(
    id="prodigy",
    title="Prodigy annotations (JSONL)",
    wants=_wants,
    read=_read,
    supplies=(
        "annotators under pseudonyms, with the annotations of each, by class",
        "when the first and the last annotation was made",
    ),
    cannot=(
        "tell who annotated in a session without a name: what stands there is a time",
        "tell that one person annotated two data sets: Prodigy puts the data set's "
        "name into the annotator's",
    ),
    findings={**RECORD_FINDINGS, **LABEL_FINDINGS},
)
