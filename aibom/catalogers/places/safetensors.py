"""Safetensors: ``*.safetensors``. Its header is read, and no tensor.

Source: safetensors README (format). Nearly all files say nothing in ``__metadata__``
but ``format``; training tools write what they like there, and it is kept as they wrote
it, but for names of people.
"""

from __future__ import annotations

from aibom.catalogers.binary import (
    TEXT_FINDINGS,
    field_of,
    is_person_key,
    say_person,
    say_text,
)
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.catalogers.safetensors_header import Header, HeaderDefect, read_header
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_MAX_NOTES = 200
_MAX_DEFECTS = 50


def _wants(path: str, form: str) -> bool:
    return form == "safetensors" or path.lower().endswith(".safetensors")


def _read(notes: Notes) -> None:
    form = notes.place.formats[notes.path]
    if form not in ("safetensors", "unknown", "ambiguous", "empty"):
        notes.skip("safetensors-in-name-only", "", f"looks like {form}")
        return
    try:
        with notes.place.open(notes.path) as stream:
            header = read_header(stream, notes.place.size(notes.path))
    except HeaderDefect as error:
        notes.skip(error.code, "", error.detail)
        return
    notes.subject_is(Kind.MODEL, by_bytes=True)
    for code, detail in header.defects[:_MAX_DEFECTS]:
        notes.odd(code, "", detail)
    _say(notes, header)


def _say(notes: Notes, header: Header) -> None:
    counts = ", ".join(f"{kind} {count}" for kind, count in header.counts.items())
    notes.say(field_of("tensors", notes.path), str(len(header.tensors)))
    if counts:
        notes.say(field_of("parameter-count", notes.path), counts)
    for number, (key, text) in enumerate(sorted(header.metadata.items())):
        at = pointer("__metadata__", key[:200])
        if number >= _MAX_NOTES:
            more = len(header.metadata) - _MAX_NOTES
            notes.skip("safetensors-notes-cut", "/__metadata__", f"{more:,} more")
            return
        if is_person_key(key):
            if party := say_person(notes, text, at):
                notes.edge(SUBJECT, Relation.ATTRIBUTED_TO, party, "author", at)
        else:
            say_text(notes, field_of("safetensors-note", key[:200]), text, at)


CATALOGER = Cataloger(
    id="safetensors",
    title="Safetensors weights (*.safetensors)",
    wants=_wants,
    read=_read,
    supplies=(
        "the number of tensors, and of parameters by type",
        "what the file says in __metadata__, with pseudonyms for people",
        "whether every byte belongs to exactly one tensor",
    ),
    cannot=(
        "tell a base model, data or a licence, unless a tool wrote them there as notes",
        "read a header of more than 25 MB",
    ),
    findings={
        **TEXT_FINDINGS,
        "safetensors-in-name-only": "called .safetensors, and is something else",
        "safetensors-malformed": "no safetensors header; nothing in it is known",
        "safetensors-header-too-large": "a header longer than is read",
        "safetensors-twice": "a name stands twice; the last one counts here, elsewhere "
        "maybe not",
        "safetensors-hole": "bytes that belong to no tensor",
        "safetensors-overlap": "tensors that lie over one another",
        "safetensors-trailing": "bytes after the last tensor, which may be anything",
        "safetensors-cut-short": "tensors that end after the end of the file",
        "safetensors-shape": "a tensor whose shape does not fit its bytes",
        "safetensors-type-unknown": "a tensor of a type that the format does not have",
        "safetensors-notes-cut": "more notes than are kept",
    },
)
