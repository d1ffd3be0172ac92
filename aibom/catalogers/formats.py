"""Tell the formats of files by their bytes, without loading any of them.

A name says what a file is called; its first bytes say what a loader will make of it. At
most the first 64 KiB, the last 64 KiB and a safetensors header of at most 25 MB are
read. The answer is one of :data:`FORMATS`:

* ``ambiguous`` where loaders of two formats would take the same file;
* ``python`` for text under a name by which Python imports it: source has no sign;
* ``json``, ``text``, ``empty`` and, for all that is left, ``unknown``.

That a file has a format does not mean that it is harmless, or whole.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from aibom.catalogers.format_signs import (
    END_BYTES,
    HEAD_BYTES,
    SIGNS,
    Sample,
    is_text,
    safetensors_header_size,
)
from aibom.digest import Content, File
from aibom.listing import lost, refused

__all__ = ["FORMATS", "classify", "location_of", "read_formats"]

#: Every answer there is.
FORMATS = frozenset(SIGNS) | {
    "ambiguous",
    "empty",
    "json",
    "python",
    "text",
    "unknown",
}

_PYTHON = (".py", ".pyi", ".pyw", ".pth")
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def classify(stream: BinaryIO, size: int, name: str = "") -> str:
    """The format of an open file of ``size`` bytes; raises only what reading raises."""
    head = _read(stream, 0, min(size, HEAD_BYTES))
    header = safetensors_header_size(head[:9], size)
    if header is not None and 8 + header > len(head):
        head = _read(stream, 0, 8 + header)
    tail = _read(stream, max(0, size - END_BYTES), min(size, END_BYTES))
    return _format_of(Sample(head, tail, size), name)


def _read(stream: BinaryIO, place: int, count: int) -> bytes:
    stream.seek(place)
    parts = []
    while count > 0:
        part = stream.read(count)
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _format_of(sample: Sample, name: str) -> str:
    if not sample.size:
        return "empty"
    found = [known for known, sign in SIGNS.items() if sign(sample)]
    if len(found) > 1:
        return "ambiguous"
    if found:
        return found[0]
    if not is_text(sample):
        return "unknown"
    if name.lower().endswith(_PYTHON):
        return "python"
    return "json" if _is_json(sample) else "text"


def _is_json(sample: Sample) -> bool:
    """A whole JSON document; of one longer than what was read, how it begins."""
    text = sample.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith((b"{", b"[")):
        return False
    if sample.size > len(sample.head):
        return text[1:].lstrip()[:1] in (b'"', b"{", b"[")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_formats(path: Path, content: Content) -> Mapping[str, str]:
    """The format of every file of what has just been hashed, by path.

    Each file is opened where it lay when it was hashed, and must have the
    size that it was hashed with.

    Raises :class:`~aibom.errors.InputError`: ``changed-while-hashing`` or
    ``path-unreadable`` where a file is not what was hashed, or cannot be read.
    """
    return {
        file.path: _read_format(location_of(path, content, file), file.path, file.size)
        for file in content.files
    }


def location_of(path: Path, content: Content, file: File) -> bytes:
    """Where a file of a place lay when it was hashed, at the end of all links."""
    known = content.locations.get(file.path)
    return known if known is not None else os.fsencode(path / file.path)


def _read_format(location: bytes, name: str, size: int) -> str:
    try:
        handle = os.open(location, _OPEN_FLAGS)
        with open(handle, "rb", buffering=0) as stream:
            now = os.fstat(handle)
            if not stat.S_ISREG(now.st_mode) or now.st_size != size:
                raise refused("changed-while-hashing", name)
            return classify(stream, size, name)
    except OSError as error:
        raise lost(error, name) from error
