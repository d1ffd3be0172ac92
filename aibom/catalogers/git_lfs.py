"""What a Git LFS pointer says: which bytes belong in its place.

Source: git-lfs ``docs/spec.md`` (The Pointer).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FORMAT", "Pointer", "parse_pointer"]

#: The format of a file that is a pointer, among those of :mod:`.formats`.
FORMAT = "git-lfs-pointer"

_VERSION = "https://git-lfs.github.com/spec/v1"
_OID = re.compile(r"sha256:([0-9a-f]{64})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_EXTENSION = re.compile(r"ext-[0-9]-\w+")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The SHA-256 and the size of what is elsewhere; ``defect`` where it says neither.

    What it says is its writer's word: nobody has seen the bytes.
    """

    sha256: str | None
    size: int | None
    defect: str = ""


def parse_pointer(data: bytes) -> Pointer:
    """Read a pointer; it never raises for what ``data`` holds."""
    try:
        lines = data.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return Pointer(None, None, "not UTF-8")
    pairs = [line.split(" ", 1) for line in lines]
    if any(len(pair) != 2 for pair in pairs):
        return Pointer(None, None, "a line that is no key and value")
    keys = [pair[0] for pair in pairs]
    stated = {key: value for key, value in pairs}
    if len(stated) != len(pairs):
        return Pointer(None, None, "a key stands twice")
    if stated.get("version") != _VERSION or keys[0] != "version":
        return Pointer(None, None, "a version that is not known")
    unknown = [k for k in keys[1:] if k not in ("oid", "size")]
    if any(not _EXTENSION.fullmatch(key) for key in unknown):
        return Pointer(None, None, "a key that is not known")
    oid = _OID.fullmatch(stated.get("oid", ""))
    size = _SIZE.fullmatch(stated.get("size", ""))
    if not oid or not size:
        return Pointer(None, None, "no SHA-256, or no size")
    return Pointer(oid[1], int(size[0]))
