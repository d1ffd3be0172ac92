"""Keras: ``*.keras`` archives, and HDF5 files.

Loading a ``Lambda`` layer runs code that the file carries, and an object of another
package is imported by the name in the file. Both stand in ``config.json``. HDF5 files
have their configuration in an attribute, which is not read: nothing is known of them.

Source: keras-team/keras ``keras/src/saving/saving_lib.py`` and
``serialization_lib.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aibom.catalogers.archives import ArchiveUnreadable, open_archive, read_member
from aibom.catalogers.binary import Window, say_text
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import (
    DOCUMENT_FINDINGS,
    UNREAD,
    parse_json,
    text_of,
)
from aibom.catalogers.notes import Notes, pointer
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_MAX_CONFIG = 16 * 1024 * 1024
_MAX_SHOWN = 100
_OWN = ("keras", "builtins")
#: What carries Python in itself.
_LAMBDAS = ("Lambda", "__lambda__")


def _wants(path: str, form: str) -> bool:
    return form in ("keras-zip", "hdf5") or path.lower().endswith(".keras")


def _read(notes: Notes) -> None:
    form = notes.place.formats[notes.path]
    if form == "hdf5":
        notes.skip("hdf5-not-read", "", "its configuration may hold a Lambda layer")
        return
    members = _members(notes)
    if form == "keras-zip":
        notes.subject_is(Kind.MODEL, by_bytes=True)
    metadata = _document(notes, members, "metadata.json")
    if isinstance(metadata, dict):
        for key in ("keras_version", "date_saved"):
            if text := text_of(metadata.get(key)):
                at = f"metadata.json{pointer(key)}"
                say_text(notes, key.replace("_", "-"), text, at)
    config = _document(notes, members, "config.json")
    if config is not UNREAD:
        _config(notes, config)


def _members(notes: Notes) -> dict[str, bytes]:
    """The two documents; of one that stands twice, the last."""
    found = {}
    with notes.place.open(notes.path) as stream:
        window = Window(stream, notes.place.size(notes.path))
        try:
            archive = open_archive(window)
        except ArchiveUnreadable as error:
            notes.skip("archive-not-read", "", str(error))
            return {}
        for member in archive.members:
            if member.name not in ("metadata.json", "config.json"):
                continue
            if member.name in found:
                notes.odd("archive-member-twice", member.name)
            try:
                data, odd = read_member(window, member, _MAX_CONFIG + 1)
            except ArchiveUnreadable as error:
                notes.skip("archive-not-read", member.name, str(error))
                continue
            found[member.name] = data
            for word in odd:
                notes.odd("archive-two-ways", member.name, word)
    return found


def _document(notes: Notes, members: dict[str, bytes], name: str) -> Any:
    data = members.get(name)
    if data is None:
        notes.skip("keras-incomplete", name)
        return UNREAD
    if len(data) > _MAX_CONFIG:
        notes.skip("document-too-large", name, f"over {_MAX_CONFIG:,} bytes")
        return UNREAD
    try:
        return parse_json(notes, data.decode("utf-8"), name)
    except UnicodeDecodeError:
        notes.skip("not-utf8", name)
        return UNREAD


def _config(notes: Notes, config: Any) -> None:
    """Every object of the configuration: who it says that it is."""
    shown: set[tuple[str, str]] = set()
    for at, value in _objects(config):
        name = value.get("class_name")
        module = value.get("module")
        if name in _LAMBDAS:
            found = ("keras-lambda", f"config.json{at}", str(name))
        elif isinstance(module, str) and module.partition(".")[0] not in _OWN:
            what = f"{module}.{text_of(name) or '?'}"
            found = ("keras-custom-object", f"config.json{at}", what)
        else:
            continue
        if len(shown) < _MAX_SHOWN and found[:2] not in shown:
            shown.add(found[:2])
            notes.odd(*found)


def _objects(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    pending = [("", value)]
    while pending:
        at, current = pending.pop()
        if isinstance(current, dict):
            yield at, current
            pending += [(at + pointer(str(k)[:100]), v) for k, v in current.items()]
        elif isinstance(current, list):
            pending += [(f"{at}/{i}", v) for i, v in enumerate(current)]


CATALOGER = Cataloger(
    id="keras",
    title="Keras models (*.keras, HDF5)",
    wants=_wants,
    read=_read,
    supplies=(
        "the version of Keras and when it was saved, as the file says",
        "layers that carry code (Lambda), and objects of other packages",
    ),
    cannot=(
        "read HDF5: of a legacy .h5 model, and of the weights, nothing is known",
        "tell a base model, data or a licence: the format has no place for them",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        "hdf5-not-read": "HDF5, which is not read; a model in it may carry code",
        "keras-lambda": "a layer that carries Python code, which loading runs",
        "keras-custom-object": "an object of a package other than Keras, which loading "
        "imports by name",
        "keras-incomplete": "a file that every Keras archive has is not in it",
        "archive-not-read": "an archive, or a member of one, that cannot be read",
        "archive-member-twice": "a member stands twice; the last one is read here",
        "archive-two-ways": "a member that two loaders may read in different ways",
    },
)
