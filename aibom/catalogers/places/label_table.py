"""Tables of labels: CSV, TSV or JSON records with a column for who labelled.

Only a column of an exact list (:data:`LABELER_COLUMNS`) is taken for the labeler's. A
table without one is a data file, and that nobody is recorded is said. JSON that one of
the labelling tools wrote is left to its own cataloger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_file import add_data_file
from aibom.catalogers.data_records import (
    RECORD_FINDINGS,
    Troubles,
    csv_rows,
    json_records,
)
from aibom.catalogers.documents import text_of
from aibom.catalogers.label_kinds import LABELER_COLUMNS, MAY_BE_JSON, label_kind
from aibom.catalogers.label_texts import texts_in
from aibom.catalogers.labels import LABEL_FINDINGS, Tally
from aibom.catalogers.notes import Notes

__all__ = ["CATALOGER"]

_CLASS_COLUMNS = ("label", "labels", "class", "category", "annotation", "rating")
_DATE_COLUMNS = ("annotated_at", "labeled_at", "labelled_at")
#: Label Studio's short JSON and its CSV: there these are dates of the annotation.
_DATES_OF_ANNOTATION = ("created_at", "updated_at")
_GUIDELINE_COLUMNS = ("guideline", "guideline_id", "guideline_version")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_MAX_TOLD = 100


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith((*_DELIMITERS, *MAY_BE_JSON))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is which, by the names that they have."""

    labeler: str
    label: str | None
    dates: tuple[str, ...]
    guidelines: tuple[str, ...]


def _read(notes: Notes) -> None:
    delimiter = _DELIMITERS.get(notes.path[-4:].lower())
    if delimiter is not None:
        _read_csv(notes, delimiter)
        return
    kind = label_kind(notes)
    if kind == "table":
        _read_json(notes)
    elif kind is None and not notes.path.lower().endswith(".json"):
        _no_labeler(notes)


def _no_labeler(notes: Notes) -> None:
    add_data_file(notes, "data")
    notes.odd("labeler-column-missing")


def _read_csv(notes: Notes, delimiter: str) -> None:
    troubles, tally = Troubles(), Tally()
    rows = csv_rows(notes, troubles, delimiter)
    names = [name.strip().lower() for name in next(rows, ("", []))[1]]
    columns = _csv_columns(notes, names)
    if columns is None:
        add_data_file(notes, "data")
    else:
        for at, row in rows:
            if len(row) == len(names):
                _add(tally, columns, dict(zip(names, row, strict=True)))
            else:
                # A comma that nobody quoted: no cell is where it seems.
                troubles.add("row-uneven", at)
                tally.add(None)
        tally.write(notes)
    troubles.tell(notes)


def _csv_columns(notes: Notes, names: list[str]) -> _Columns | None:
    if len(names) == 1 and any(other in names[0] for other in ",;|\t"):
        notes.skip("delimiter-unclear", "line:1")
        return None
    for name in sorted({name for name in names if names.count(name) > 1}):
        notes.odd("column-twice", "line:1", name[:_MAX_TOLD])
    return _columns(notes, names, "line:1")


def _read_json(notes: Notes) -> None:
    names: set[str] = set()
    for _, record in json_records(notes, Troubles(), is_glance=True):
        names.update(key.strip().lower() for key in record)
    troubles, tally = Troubles(), Tally()
    columns = _columns(notes, sorted(names), "")
    if columns is None:
        add_data_file(notes, "data")
        return
    for _, record in json_records(notes, troubles):
        _add(tally, columns, {k.strip().lower(): v for k, v in record.items()})
    tally.write(notes)
    troubles.tell(notes)


def _columns(notes: Notes, names: list[str], at: str) -> _Columns | None:
    labelers = _found(names, LABELER_COLUMNS)
    if not labelers:
        notes.odd("labeler-column-missing", at)
        return None
    if len(labelers) > 1:
        notes.skip("labeler-column-unclear", at, ", ".join(labelers))
        return None
    labels = _found(names, _CLASS_COLUMNS)
    if len(labels) > 1:
        notes.skip("class-column-unclear", at, ", ".join(labels))
    dates: tuple[str, ...] = _DATE_COLUMNS
    if "annotation_id" in names:
        dates += _DATES_OF_ANNOTATION
    return _Columns(
        labelers[0],
        labels[0] if len(labels) == 1 else None,
        tuple(_found(names, dates)),
        tuple(_found(names, _GUIDELINE_COLUMNS)),
    )


def _found(names: list[str], known: tuple[str, ...]) -> list[str]:
    """The known names among these; one with its own ``…_id`` beside it is the same."""
    found = [name for name in known if name in names]
    return [name for name in found if f"{name}_id" not in found]


def _add(tally: Tally, columns: _Columns, cells: Mapping[str, Any]) -> None:
    who = cells.get(columns.labeler)
    classes = texts_in(cells.get(columns.label)) if columns.label else []
    # An empty cell is no class; that is common, and not odd.
    classes = [name for name in classes if name.strip()]
    if isinstance(who, (dict, list)):
        tally.malformed(classes)
    else:
        tally.add(text_of(who), classes)
    for name in columns.dates:
        tally.add_date(cells.get(name))
    for name in columns.guidelines:
        tally.add_guideline(text_of(cells.get(name)) or "")


CATALOGER = Cataloger(
    id="label-table",
    title="Table of labels (CSV, TSV, JSONL)",
    wants=_wants,
    read=_read,
    supplies=(
        "labelers under pseudonyms, with the rows of each, by class; the labeler's "
        f"column is one of: {', '.join(LABELER_COLUMNS)}",
        f"the class of a row, from the one column of: {', '.join(_CLASS_COLUMNS)}",
        f"the first and the last date in: {', '.join(_DATE_COLUMNS)}",
        f"guidelines that a column names: {', '.join(_GUIDELINE_COLUMNS)}",
    ),
    cannot=(
        "take any other column for the labeler's: user_id is as often the person whom "
        "the data is about",
        "tell a labeler who first appears after the first 100 records of JSON",
        "read CSV with another delimiter than a comma (.csv) or a tab (.tsv)",
    ),
    findings={
        **RECORD_FINDINGS,
        **LABEL_FINDINGS,
        "class-column-unclear": "several columns may be the class; none is counted",
        "column-twice": "two columns of one name; the last one counts",
        "delimiter-unclear": "not separated as its name says; its columns are not "
        "known",
        "labeler-column-missing": "data without a column for who labelled: no labeler "
        "is recorded",
        "labeler-column-unclear": "several columns may name the labeler; none is taken",
        "row-uneven": "a row with more or fewer cells than the header; who labelled it "
        "is not known",
    },
)
