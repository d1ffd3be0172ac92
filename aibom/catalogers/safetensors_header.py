"""The header of a safetensors file, checked as strictly as any loader does, and more.

The format's own library admits tensors that stand twice and a header that begins with a
blank, which two readers read differently. Here both are defects. No tensor is read.

Source: safetensors README (format).
"""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["MAX_HEADER_BYTES", "Header", "HeaderDefect", "read_header"]

#: As much as the Hub's own client reads.
MAX_HEADER_BYTES = 25_000_000
#: Brackets and commas cost memory once parsed, whatever stands between them.
_MAX_MARKS = 1_000_000
_NOTES = "__metadata__"
_MAX_DIMENSIONS = 64
_MAX_COUNT = 2**63

#: Bits of each type of a tensor.
_BITS: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}


class HeaderDefect(Exception):
    """Why a header is none; ``code`` is one of the cataloger's findings."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Header:
    """What a sound header says.

    ``counts`` gives the number of values by their type, ``data_bytes`` what all tensors
    take. ``defects`` are oddities with which it can be read all the same.
    """

    metadata: Mapping[str, str]
    tensors: frozenset[str]
    counts: Mapping[str, int]
    data_bytes: int
    defects: tuple[tuple[str, str], ...]


def read_header(stream: BinaryIO, size: int) -> Header:
    """Read the header of a file of ``size`` bytes; raises :class:`HeaderDefect`."""
    stream.seek(0)
    first = stream.read(9)
    if len(first) < 9:
        raise HeaderDefect("safetensors-malformed", "shorter than its header's length")
    (length,) = struct.unpack("<Q", first[:8])
    if length > size - 8:
        raise HeaderDefect(
            "safetensors-malformed", "the header is longer than the file"
        )
    if length > MAX_HEADER_BYTES:
        raise HeaderDefect("safetensors-header-too-large", f"{length:,} bytes")
    if first[8:9] != b"{":
        raise HeaderDefect("safetensors-malformed", "the header does not begin with {")
    stream.seek(8)
    return _parsed(stream.read(length), size - 8 - length)


def _parsed(data: bytes, room: int) -> Header:
    if sum(data.count(mark) for mark in (b"{", b"[", b",")) > _MAX_MARKS:
        raise HeaderDefect("safetensors-header-too-large", "more members than are read")
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            repeated = Counter(key for key, _ in pairs)
            twice.extend(key for key, count in repeated.items() if count > 1)
        return found

    try:
        header = json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise HeaderDefect("safetensors-malformed", str(error)) from error
    if not isinstance(header, dict):
        raise HeaderDefect("safetensors-malformed", "the header is no object")
    notes = _notes(header.pop(_NOTES, {}))
    counts, spans, defects = _tensors(header)
    defects += [("safetensors-twice", key[:200]) for key in sorted(twice)[:20]]
    defects += _layout(spans, room)
    size = sum(end - start for start, end in spans)
    return Header(notes, frozenset(header), counts, size, tuple(defects))


def _notes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or any(
        not isinstance(text, str) for text in value.values()
    ):
        raise HeaderDefect("safetensors-malformed", f"{_NOTES} holds what is no text")
    return value


def _tensors(
    header: Mapping[str, Any],
) -> tuple[dict[str, int], list[tuple[int, int]], list[tuple[str, str]]]:
    counts: Counter[str] = Counter()
    spans = []
    defects: list[tuple[str, str]] = []
    for name, tensor in header.items():
        dtype, shape, start, end = _tensor(name, tensor)
        values = math.prod(shape)
        if values >= _MAX_COUNT:
            raise HeaderDefect("safetensors-malformed", f"{name[:200]}: a huge shape")
        spans.append((start, end))
        counts[dtype] += values
        bits = _BITS.get(dtype)
        if bits is None:
            defects.append(("safetensors-type-unknown", f"{name[:200]}: {dtype[:40]}"))
        elif values * bits != 8 * (end - start):
            defects.append(("safetensors-shape", name[:200]))
    return dict(sorted(counts.items())), sorted(spans), defects


def _tensor(name: str, tensor: Any) -> tuple[str, list[int], int, int]:
    """Type, shape, start and end of one tensor."""
    wrong = HeaderDefect("safetensors-malformed", f"{name[:200]} is no tensor")
    if not isinstance(tensor, dict) or set(tensor) != {
        "dtype",
        "shape",
        "data_offsets",
    }:
        raise wrong
    dtype, shape, span = tensor["dtype"], tensor["shape"], tensor["data_offsets"]
    if not (isinstance(dtype, str) and isinstance(shape, list)):
        raise wrong
    if not isinstance(span, list) or len(span) != 2 or len(shape) > _MAX_DIMENSIONS:
        raise wrong
    if any(
        type(number) is not int or not 0 <= number < _MAX_COUNT
        for number in (*span, *shape)
    ):
        raise wrong
    return dtype, shape, span[0], span[1]


def _layout(spans: list[tuple[int, int]], room: int) -> list[tuple[str, str]]:
    """Whether the tensors fill the file, each byte once."""
    end = 0
    for start, stop in spans:
        if start > end:
            return [("safetensors-hole", f"{start - end:,} bytes of no tensor")]
        if start < end or stop < start:
            return [("safetensors-overlap", f"at byte {start:,}")]
        end = stop
    if end > room:
        return [("safetensors-cut-short", f"{end - room:,} bytes are missing")]
    if end < room:
        return [("safetensors-trailing", f"{room - end:,} bytes after the last tensor")]
    return []
