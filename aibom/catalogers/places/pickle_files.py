"""PyTorch files and pickles: what loading them would import, told without loading.

Reads plain pickles (also those behind a NumPy header), zips of PyTorch and others,
whatever their members are called, and PyTorch's form before 1.6. The verdict over each
file is ``safe``, ``unknown`` or ``dangerous`` (:mod:`aibom.catalogers.pickles`), and
everything that cannot be looked into is ``unknown``.

Source: CPython ``pickletools``; PyTorch ``torch/serialization.py``; NumPy NEP 1.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import BinaryIO

from aibom.catalogers.archives import (
    Archive,
    ArchiveUnreadable,
    Member,
    open_archive,
    read_member,
)
from aibom.catalogers.binary import Window, field_of
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.format_signs import HEAD_BYTES, SIGNS, Sample, is_text
from aibom.catalogers.notes import Notes
from aibom.catalogers.pickle_names import Verdict, verdict_of_name, worst
from aibom.catalogers.pickles import Judged, judge
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_ZIPS = ("keras-zip", "pytorch-zip", "zip")
_PLAIN = ("numpy-objects", "pickle")
#: By these names loaders take a file for a pickle, whatever it looks like.
_PICKLES = (
    *(".ckpt", ".dill", ".joblib", ".p", ".pickle", ".pk", ".pkl", ".pt", ".pt2"),
    *(".pth", ".ptl", ".sav"),
)
#: By these, for something that may hold one.
_HOLDERS = (".bin", ".mar", ".nemo", ".npy", ".npz")
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".lzma", ".z", ".lz4", ".7z", ".tar")
#: Formats that no loader unpickles, whatever the file is called.
_OTHERS = frozenset(
    {
        *("arrow", "empty", "gguf", "hdf5", "jpeg", "numpy", "onnx", "parquet"),
        *("png", "safetensors", "sqlite", "tflite"),
    }
)
#: What a text pickle (protocol 0) looks like from its start.
_TEXTS = ("json", "python", "script", "text")
_HEAD = 4096
_MAX_PICKLE = 32 * 1024 * 1024
_MAX_UNPACKED = 256 * 1024 * 1024
_MAX_SHOWN = 200
_NUMPY_MAGIC = b"\x93NUMPY"


def _wants(path: str, form: str) -> bool:
    if form in (*_ZIPS, *_PLAIN, "ambiguous"):
        return True
    if form in _OTHERS:
        return False
    name = path.rpartition("/")[2].lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    return name.endswith(_PICKLES) or (name.endswith(_HOLDERS) and form not in _TEXTS)


@dataclass
class _Found:
    """What is known of one file so far."""

    verdicts: list[Verdict] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    #: (code, place, detail)
    doubts: list[tuple[str, str, str]] = field(default_factory=list)
    pickles: int = 0

    def add(self, judged: Judged, at: str) -> None:
        self.pickles += 1
        self.verdicts.append(judged.verdict)
        self.names.update(judged.names)
        self.doubts += [("pickle-opaque", at, doubt) for doubt in judged.doubts]

    def opaque(self, code: str, at: str, detail: str = "") -> None:
        self.verdicts.append("unknown")
        self.doubts.append((code, at, detail))


def _read(notes: Notes) -> None:
    form = notes.place.formats[notes.path]
    found = _Found()
    with notes.place.open(notes.path) as stream:
        window = Window(stream, notes.place.size(notes.path))
        if form in (*_ZIPS, "ambiguous"):
            _zip(window, found, ambiguous=form == "ambiguous")
        if form in (*_PLAIN, "ambiguous"):
            _plain(stream, found, sure=form != "ambiguous")
        if form not in (*_ZIPS, *_PLAIN, "ambiguous"):
            if form in (*_TEXTS, "unknown") and notes.path.lower().endswith(_PICKLES):
                found.add(judge(_at_start(stream)), "")
            else:
                found.opaque("pickle-not-read", "", f"looks like {form}")
    if form == "pytorch-zip":
        notes.subject_is(Kind.MODEL, by_bytes=True)
    _say(notes, found)


def _say(notes: Notes, found: _Found) -> None:
    if not found.verdicts and not found.doubts:
        return  # a zip in which nothing is a pickle
    for code, at, detail in found.doubts[:_MAX_SHOWN]:
        unread = code in _UNREAD
        (notes.skip if unread else notes.odd)(code, at, detail)
    if found.verdicts:
        notes.say(field_of("pickle-verdict", notes.path), worst(found.verdicts))
    names = sorted(found.names)
    for verdict in ("dangerous", "unknown"):
        bad = [name for name in names if verdict_of_name(name) == verdict]
        if bad:
            notes.odd(f"pickle-imports-{verdict}", "", ", ".join(bad))
    if names:
        shown = ", ".join(name[:_MAX_SHOWN] for name in names[:_MAX_SHOWN])
        notes.say(field_of("pickle-imports", notes.path), shown)
    if len(names) > _MAX_SHOWN:
        notes.skip("pickle-names-cut", "", f"{len(names):,} names")


def _at_start(stream: BinaryIO) -> BinaryIO:
    stream.seek(0)
    return stream


def _plain(stream: BinaryIO, found: _Found, *, sure: bool) -> None:
    stream.seek(0)
    head = stream.read(_HEAD)
    if not sure and not SIGNS["pickle"](Sample(head, head, len(head) + 1)):
        found.opaque("pickle-not-read", "", "several formats at once")
        return
    stream.seek(_behind_numpy(head))
    found.add(judge(stream), "")


def _behind_numpy(head: bytes) -> int:
    """Where the pickle of an array of objects begins."""
    if not head.startswith(_NUMPY_MAGIC):
        return 0
    start = 10 if head[6] == 1 else 12
    return start + int.from_bytes(head[8:start], "little")


def _zip(window: Window, found: _Found, *, ambiguous: bool) -> None:
    try:
        archive = open_archive(window)
    except ArchiveUnreadable as error:
        found.opaque("archive-not-read", "", str(error))
        return
    torch = any(_is_named(member, "data.pkl") for member in archive.members)
    for doubt in archive.doubts:
        found.opaque("archive-two-ways", "", doubt)
    if ambiguous and not archive.doubts:
        found.opaque("archive-two-ways", "", "another format as well")
    _all_members(window, archive, found, torch=torch)


def _is_named(member: Member, name: str) -> bool:
    return member.name.rpartition("/")[2] == name


def _all_members(
    window: Window, archive: Archive, found: _Found, *, torch: bool
) -> None:
    left = _MAX_UNPACKED
    for member in archive.members:
        if left <= 0:
            found.opaque("archive-too-large", member.name[:_MAX_SHOWN])
            return
        left -= _member(window, member, found, torch=torch)


def _member(window: Window, member: Member, found: _Found, *, torch: bool) -> int:
    """Look at one member by its first bytes; returns how many bytes were unpacked."""
    at = member.name[:_MAX_SHOWN]
    if member.name.endswith("/") and not member.packed:
        return 0
    try:
        data, odd = read_member(window, member, _HEAD)
        if len(data) == _HEAD and is_text(Sample(data, b"", _HEAD + 1)):
            # A pickle of protocol 0 shows what it is further down.
            data, odd = read_member(window, member, HEAD_BYTES)
        form = _form(data, member)
        if form in _PLAIN and len(data) >= _HEAD:
            data, odd = read_member(window, member, _MAX_PICKLE)
    except ArchiveUnreadable as error:
        found.opaque("archive-not-read", at, str(error))
        return _HEAD
    for word in odd:
        found.opaque("archive-two-ways", at, word)
    if form in _PLAIN:
        _pickled(data, found, at, torch=torch)
    elif form in _ZIPS:
        found.opaque("archive-not-read", at, "a zip in a zip")
    return len(data)


def _pickled(data: bytes, found: _Found, at: str, *, torch: bool) -> None:
    if len(data) >= _MAX_PICKLE:
        found.opaque("archive-too-large", at, "a pickle longer than is read")
        return
    stream = io.BytesIO(data)
    stream.seek(_behind_numpy(data[:_HEAD]))
    found.add(judge(stream, torch=torch), at)


def _form(head: bytes, member: Member) -> str:
    if member.name.lower().endswith(_PICKLES):
        return "pickle"
    sample = Sample(head, b"", max(len(head), member.size))
    for form in (*_PLAIN, *_ZIPS):
        if SIGNS[form](sample):
            return form
    return ""


_UNREAD = frozenset(
    {
        "archive-not-read",
        "archive-too-large",
        "pickle-names-cut",
        "pickle-not-read",
        "pickle-opaque",
    }
)

CATALOGER = Cataloger(
    id="pickle-files",
    title="PyTorch files and pickles",
    wants=_wants,
    read=_read,
    supplies=(
        "a verdict over each file (safe, unknown, dangerous) by what loading it would "
        "import and call, and those names",
        "pickles in zips, whatever they are called, behind NumPy headers, and several "
        "in one file",
    ),
    cannot=(
        "tell what code of other packages does: a name that is in no list is unknown",
        "look into 7z, tar or compressed files: their verdict is unknown",
        "find a text pickle under another name in an archive if its first 64 KiB "
        "neither import nor end",
        "tell shapes or the number of parameters",
    ),
    findings={
        "pickle-imports-dangerous": "loading it would import what runs programs, opens "
        "files or connections, or reaches into other objects",
        "pickle-imports-unknown": "loading it would import names of which nothing is "
        "known",
        "pickle-opaque": "what loading it would do cannot be told",
        "pickle-not-read": "may be a pickle that cannot be looked into",
        "pickle-names-cut": "imports more names than are listed",
        "archive-not-read": "an archive, or a member of one, that cannot be looked "
        "into",
        "archive-too-large": "unpacks to more than is read",
        "archive-two-ways": "an archive that two loaders may read in different ways",
    },
)
