"""The keys and tensor descriptions of a GGUF file, read with bounds.

Arrays (a vocabulary has a million texts) are passed over, not built, except for short
ones of texts. No tensor is read. Every count is a claim until its members were walked.

Source: GGUF specification (ggml ``docs/gguf.md``), versions 1 to 3, either byte order.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from aibom.catalogers.binary import Truncated, Window

__all__ = ["Gguf", "GgufDefect", "Value", "numbers_of", "read_gguf"]

MAX_KEYS = 20_000
MAX_TENSORS = 200_000
#: Members of arrays that have to be walked one by one, over the whole file.
MAX_WALKED = 4_000_000
#: Longer texts are hashed by their caller or left out; none is kept beyond this.
MAX_TEXT = 1024 * 1024
_MAX_KEY = 64 * 1024
_MAX_KEPT_ARRAY = 1_000
_MAX_KEPT_TEXTS = 64 * 1024 * 1024
_MAX_DIMENSIONS = 16

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 7: "?", 10: "Q", 11: "q"}
_FLOATS = {6: "f", 12: "d"}
_TEXT, _ARRAY = 8, 9

#: What one key may hold: arrays only of texts, and only short ones.
Value = str | int | float | bool | tuple[str, ...] | None


class GgufDefect(Exception):
    """Why a file cannot be read on; ``code`` is one of the cataloger's findings."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(slots=True)
class Gguf:
    """What was read before the end, or before ``defect``.

    ``keys`` has None for arrays that were passed over. ``parameters`` counts values by
    the number of the tensor's type.
    """

    version: int = 0
    big_endian: bool = False
    tensors: int = 0
    keys: dict[str, Value] = field(default_factory=dict)
    parameters: dict[int, int] = field(default_factory=dict)
    odd: list[tuple[str, str]] = field(default_factory=list)
    defect: GgufDefect | None = None


def read_gguf(stream: BinaryIO, size: int) -> Gguf:
    """Read the header of a file of ``size`` bytes; what is wrong stands in it."""
    found = Gguf()
    try:
        _Reader(Window(stream, size), found).all()
    except GgufDefect as error:
        found.defect = error
    except (Truncated, struct.error):
        found.defect = GgufDefect("gguf-cut-short", "ends inside its header")
    return found


class _Reader:
    """Reads one file from front to back."""

    def __init__(self, window: Window, found: Gguf) -> None:
        self.window = window
        self.found = found
        self.walked = 0
        self.kept = 0

    def all(self) -> None:
        self.begin()
        count = self.length()
        keys = self.length()
        self.found.tensors = count
        if keys > MAX_KEYS or count > MAX_TENSORS:
            raise GgufDefect("gguf-too-large", f"{keys:,} keys, {count:,} tensors")
        for _ in range(keys):
            self.key()
        for _ in range(count):
            self.tensor()

    def begin(self) -> None:
        self.window.seek(0)
        if self.window.take(4) != b"GGUF":
            raise GgufDefect("gguf-malformed", "does not begin with GGUF")
        version = self.window.take(4)
        for order in ("<", ">"):
            (number,) = struct.unpack(f"{order}I", version)
            if number in (1, 2, 3):
                self.window.order = order
                self.found.version, self.found.big_endian = number, order == ">"
                return
        raise GgufDefect("gguf-version", f"version {struct.unpack('<I', version)[0]}")

    def length(self) -> int:
        """A count or a length: 32 bits in version 1, else 64."""
        return self.window.number("I" if self.found.version == 1 else "Q")

    def text(self, limit: int) -> str | None:
        """A text; None for one longer than ``limit``, which is passed over."""
        length = self.length()
        if length > limit or self.kept + length > _MAX_KEPT_TEXTS:
            self.window.skip(length)
            return None
        self.kept += length
        return self.window.take(length).decode("utf-8", "replace")

    def key(self) -> None:
        name = self.text(_MAX_KEY)
        if name is None:
            raise GgufDefect("gguf-malformed", "a key longer than 64 KiB")
        kind = self.window.number("I")
        value = self.value(kind, 0)
        if name in self.found.keys:
            self.found.odd.append(("gguf-key-twice", name))
        self.found.keys[name] = value

    def value(self, kind: int, depth: int) -> Value:
        if kind in _NUMBERS:
            return self.window.number(_NUMBERS[kind])
        if kind in _FLOATS:
            form = self.window.order + _FLOATS[kind]
            return float(
                struct.unpack(form, self.window.take(struct.calcsize(form)))[0]
            )
        if kind == _TEXT:
            return self.text(MAX_TEXT)
        if kind == _ARRAY and depth < 3:
            return self.array(depth)
        raise GgufDefect("gguf-malformed", f"a value of type {kind}")

    def array(self, depth: int) -> tuple[str, ...] | None:
        kind = self.window.number("I")
        count = self.length()
        if kind in _NUMBERS or kind in _FLOATS:
            form = _NUMBERS.get(kind) or _FLOATS[kind]
            self.window.skip(count * struct.calcsize(f"={form}"))
            return None
        self.walked += count
        if self.walked > MAX_WALKED:
            raise GgufDefect("gguf-too-large", f"an array of {count:,} members")
        texts = []
        for _ in range(count):
            if kind == _TEXT and count <= _MAX_KEPT_ARRAY:
                texts.append(self.text(_MAX_KEY) or "")
            elif kind == _TEXT:
                self.window.skip(self.length())
            else:
                self.value(kind, depth + 1)
        return tuple(texts) if kind == _TEXT and count <= _MAX_KEPT_ARRAY else None

    def tensor(self) -> None:
        self.text(_MAX_KEY)
        dimensions = self.window.number("I")
        if dimensions > _MAX_DIMENSIONS:
            raise GgufDefect("gguf-malformed", f"a tensor of {dimensions} dimensions")
        shape = [self.length() for _ in range(dimensions)]
        kind = self.window.number("I")
        offset = self.window.number("Q")
        if offset > self.window.size:
            raise GgufDefect("gguf-cut-short", "a tensor after the end of the file")
        counts = self.found.parameters
        counts[kind] = counts.get(kind, 0) + math.prod(shape)


def numbers_of(keys: Mapping[str, Value], prefix: str, limit: int) -> list[int]:
    """The numbers *i* of all keys ``prefix.i.…``, sorted, at most ``limit``."""
    found = set()
    for key in keys:
        if key.startswith(f"{prefix}."):
            number = key[len(prefix) + 1 :].partition(".")[0]
            if number.isascii() and number.isdigit() and len(number) < 6:
                found.add(int(number))
    return sorted(found)[:limit]
