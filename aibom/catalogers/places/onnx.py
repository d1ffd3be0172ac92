"""ONNX: ``*.onnx``. Who produced it, its operator sets, and the files it needs.

Loaders open the files that a model names as the places of its tensors. One that leaves
the folder reads, or is read from, somebody else's files.

Source: ONNX ``onnx/onnx.proto`` and ``docs/ExternalData.md``.
"""

from __future__ import annotations

import posixpath

from aibom.catalogers.binary import (
    TEXT_FINDINGS,
    field_of,
    is_person_key,
    say_person,
    say_text,
)
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.onnx_model import External, OnnxModel, read_onnx
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_FACTS = {
    "producer-name": "producer-name",
    "producer-version": "producer-version",
    "domain": "onnx-domain",
    "ir-version": "onnx-ir-version",
    "model-version": "onnx-model-version",
    "doc-string": "onnx-doc-string",
}
_STANDARD = ("", "ai.onnx", "ai.onnx.ml", "ai.onnx.training")
_MAX_NOTES = 200
_MAX_FILES = 200


def _wants(path: str, form: str) -> bool:
    return form == "onnx" or path.lower().endswith(".onnx")


def _read(notes: Notes) -> None:
    form = notes.place.formats[notes.path]
    if form not in ("onnx", "unknown", "ambiguous", "empty"):
        notes.skip("onnx-malformed", "", f"looks like {form}")
        return
    with notes.place.open(notes.path) as stream:
        model = read_onnx(stream, notes.place.size(notes.path))
    if model.defect:
        notes.skip(model.defect.code, "", model.defect.detail)
    elif model.graph_name is None and not model.facts:
        notes.skip("onnx-malformed", "", "no model")
    if form == "onnx":
        notes.subject_is(Kind.MODEL, by_bytes=True)
    _facts(notes, model)
    _properties(notes, model)
    _externals(notes, model)


def _facts(notes: Notes, model: OnnxModel) -> None:
    """Several models of one folder are parts of one: what they say is by file."""
    for key, field in _FACTS.items():
        if text := model.facts.get(key):
            say_text(notes, field_of(field, notes.path), text, f"field:{key}")
    if model.opsets:
        sets = sorted((name or "ai.onnx", v) for name, v in model.opsets.items())
        text = ", ".join(f"{name[:100]} {version}" for name, version in sets)
        say_text(notes, field_of("onnx-opset", notes.path), text, "field:opset-import")
    if model.tensors:
        notes.say(field_of("tensors", notes.path), str(model.tensors))
    own = sorted({*model.opsets, *model.domains} - set(_STANDARD))
    if own:
        text = ", ".join(name[:100] for name in own[:_MAX_NOTES])
        notes.odd("onnx-custom-operators", "", text)


def _properties(notes: Notes, model: OnnxModel) -> None:
    for key, text in model.properties[:_MAX_NOTES]:
        at = f"property:{key[:200]}"
        if is_person_key(key):
            if party := say_person(notes, text, at):
                notes.edge(SUBJECT, Relation.ATTRIBUTED_TO, party, "author", at)
        else:
            say_text(notes, field_of("onnx-property", key[:200]), text, at)
    if len(model.properties) > _MAX_NOTES:
        more = len(model.properties) - _MAX_NOTES
        notes.skip("onnx-properties-cut", "", f"{more:,} more")


def _externals(notes: Notes, model: OnnxModel) -> None:
    said = set()
    for external in sorted(model.externals):
        found = _external(notes, external)
        if found:
            said.add((found, external.location[:200]))
    for code, location in sorted(said)[:_MAX_FILES]:
        notes.odd(code, "", location)
    names = sorted({external.location[:200] for external in model.externals})
    if names:
        text = ", ".join(names[:_MAX_FILES])
        say_text(notes, field_of("onnx-external-data", notes.path), text, "")


def _external(notes: Notes, external: External) -> str | None:
    """What is wrong with the place of a tensor; None where nothing is."""
    location = external.location
    if not location or any(c < " " for c in location) or "\\" in location:
        return "onnx-external-malformed"
    if location.startswith("/") or location[1:2] == ":":
        return "onnx-external-escapes"
    path = posixpath.normpath(posixpath.join("/top", notes.folder, location))
    inside = posixpath.join("/top", notes.folder)
    if not path.startswith(f"{inside.rstrip('/')}/"):
        return "onnx-external-escapes"
    name = path.removeprefix("/top/")
    if name in notes.place.pointers:
        return None
    if not notes.place.has(name):
        return "onnx-external-missing"
    return _short(notes.place.size(name), external)


def _short(size: int, external: External) -> str | None:
    numbers = [external.offset or "0", external.length or "0"]
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return "onnx-external-malformed"
    return "onnx-external-short" if sum(map(int, numbers)) > size else None


CATALOGER = Cataloger(
    id="onnx",
    title="ONNX models (*.onnx)",
    wants=_wants,
    read=_read,
    supplies=(
        "producer, versions, operator sets and properties (metadata_props)",
        "the files in which its tensors lie, and whether they are here",
        "operators of domains other than ONNX's own, which need code to run",
    ),
    cannot=(
        "tell a base model, data or a licence, unless a tool wrote them as properties",
        "tell shapes, or the number of parameters",
    ),
    findings={
        **TEXT_FINDINGS,
        "onnx-malformed": "not an ONNX model, or cut short; what follows is not known",
        "onnx-too-large": "more fields, tensors or levels than are read; what follows "
        "is not known",
        "onnx-custom-operators": "uses operators that a library of somebody's supplies",
        "onnx-properties-cut": "more properties than are kept",
        "onnx-external-escapes": "names a file outside its folder as the place of a "
        "tensor",
        "onnx-external-missing": "a file with tensors is not here",
        "onnx-external-short": "a file with tensors is shorter than the model says",
        "onnx-external-malformed": "names no usable file as the place of a tensor",
    },
)
