"""A data file as a thing of its own, and as a part of the folder it lies in."""

from __future__ import annotations

from collections.abc import Mapping

from aibom.catalogers.notes import SUBJECT, Notes
from aibom.lineage.nodes import Kind, Relation

__all__ = ["add_data_file", "is_whole_place"]


def is_whole_place(notes: Notes) -> bool:
    """Whether the file is all there is to scan, and so is the subject itself."""
    return not notes.place.listing.is_folder


def add_data_file(
    notes: Notes, role: str, facts: Mapping[str, str | None] | None = None
) -> str:
    """The file as a dataset by its bytes, from which its folder is derived.

    Returns its id. A folder's digest covers the file, so that the folder comes from it
    is no guess. What the folder is besides is for others to say: here it is a dataset
    as far as words go.
    """
    name = notes.file_entity(Kind.DATASET, facts=facts)
    notes.subject_is(Kind.DATASET)
    if not is_whole_place(notes):
        notes.edge(SUBJECT, Relation.DERIVED_FROM, name, role)
    return name
