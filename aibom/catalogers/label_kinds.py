"""Tell which tool wrote a file of labels, by the keys of its first records.

Sources: Label Studio's task format page; Argilla 2.8 ``records/_io`` and the older
``FeedbackDataset`` on the Hub; stored Prodigy data sets. A table is whatever names its
labelers in a column of an exact list; no other column is taken for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aibom.catalogers.data_records import Troubles, json_records
from aibom.catalogers.notes import Notes

__all__ = ["LABELER_COLUMNS", "MAY_BE_JSON", "argilla_questions", "label_kind"]

#: Columns that name who labelled, without regard to case. Not ``user_id``: that is as
#: often the person whom the data is about.
LABELER_COLUMNS = (
    "annotator_id",
    "annotator",
    "annotator_name",
    "annotated_by",
    "labeler_id",
    "labeler",
    "labeller_id",
    "labeller",
    "labeled_by",
    "labelled_by",
    "worker_id",
    "workerid",
    "_worker_id",
    "rater_id",
    "rater",
)
#: Names of files in which records of JSON may be.
MAY_BE_JSON = (".json", ".jsonl", ".ndjson")


def label_kind(notes: Notes) -> str | None:
    """``label-studio``, ``prodigy``, ``argilla``, ``table``, or None.

    Looks at no more than a hundred records in the first 8 MiB, and finds nothing.
    """
    for _, record in json_records(notes, Troubles(), is_glance=True):
        for kind, sign in (
            ("label-studio", _is_label_studio),
            ("prodigy", _is_prodigy),
            ("argilla", _is_argilla),
            ("table", _is_table),
        ):
            if sign(record):
                return kind
    return None


def _is_label_studio(record: Mapping[str, Any]) -> bool:
    made = record.get("annotations", record.get("completions"))
    return isinstance(made, list) and isinstance(record.get("data"), dict)


def _is_prodigy(record: Mapping[str, Any]) -> bool:
    return "_task_hash" in record or "_annotator_id" in record


def _is_argilla(record: Mapping[str, Any]) -> bool:
    of_model = isinstance(record.get("fields"), dict) and (
        "responses" in record or "suggestions" in record
    )
    return of_model or any(True for _ in argilla_questions(record))


def argilla_questions(record: Mapping[str, Any]) -> Iterable[str]:
    """The questions of a record that was flattened into columns."""
    for key in record:
        for ending in (".responses.users", ".suggestion.agent", "-suggestion-metadata"):
            if key.endswith(ending):
                yield key.removesuffix(ending)


def _is_table(record: Mapping[str, Any]) -> bool:
    return any(key.strip().lower() in LABELER_COLUMNS for key in record)
