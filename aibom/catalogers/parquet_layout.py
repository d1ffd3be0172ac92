"""The footer of a Parquet file: where everything lies, and how large it is said to be.

Read by our own reader, and bounded. The library that decodes sees the footer only
afterwards, and is never asked for what it says of a column: some versions of pyarrow
(26.0.1 is one) end the whole process where such a part contradicts itself.

Source: apache/parquet-format ``parquet.thrift`` (``FileMetaData``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from aibom.catalogers.parquet_footer import CompactReader, FooterMalformed
from aibom.errors import InputError

__all__ = [
    "MAX_DEPTH",
    "MAX_FOOTER",
    "Chunk",
    "Group",
    "Layout",
    "malformed",
    "read_layout",
    "too_large",
]

#: Of a footer, in bytes; it grows with row groups times columns.
MAX_FOOTER = 16 * 1024 * 1024
#: Of columns within columns.
MAX_DEPTH = 32

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
#: The key under which Arrow's own schema is held, and one that nobody knows.
_ARROW, _HIDDEN = b"ARROW:schema", b"arrow/SCHEMA"
#: Fields of ``ColumnMetaData`` that are numbers, and how they are called in a Chunk.
_NUMBERS = {
    (1, _I32): "kind",
    (4, _I32): "codec",
    (5, _I64): "values",
    (7, _I64): "length",
    (9, _I64): "data",
    (11, _I64): "dictionary",
}


@dataclass(slots=True)
class Chunk:
    """Where one column of one row group lies, as the footer says; -1 is not said."""

    kind: int = -1
    codec: int = -1
    values: int = -1
    length: int = -1
    data: int = -1
    dictionary: int = -1

    @property
    def start(self) -> int:
        """Where its first page is: a dictionary, if there is one, comes first."""
        return min(self.data, self.dictionary) if self.dictionary > 0 else self.data


@dataclass(slots=True)
class Group:
    """A row group: its rows, their size unpacked, and the chunk of each column."""

    rows: int
    size: int
    chunks: list[Chunk]


@dataclass(slots=True)
class Layout:
    """A footer; ``data`` are its bytes, in which Arrow's own schema is hidden."""

    data: bytes
    rows: int
    groups: list[Group]


def malformed(what: str, where: str) -> InputError:
    """The error for what is no sound Parquet file."""
    return InputError(
        f"not a sound Parquet file: {what}",
        reason="parquet-malformed",
        where=where,
        hint="fetch or write it again; if pyarrow reads it, report this",
    )


def too_large(what: str, where: str) -> InputError:
    """The error for what would not fit into the memory."""
    return InputError(
        what,
        reason="parquet-too-large",
        where=where,
        hint="write it again with smaller pages and row groups",
    )


def read_layout(stream: BinaryIO, size: int, where: str) -> Layout:
    """Read the footer of a file of ``size`` bytes.

    Arrow's schema in it is a note of one writer: another one that writes the same rows
    leaves it out or has another. Without it, columns are what Parquet says they are.

    Raises :class:`~aibom.errors.InputError`: ``parquet-malformed``,
    ``parquet-encrypted``, ``parquet-too-large``.
    """
    data = _footer_bytes(stream, size, where)
    try:
        found = _read(data, where)
    except FooterMalformed as error:
        raise malformed(str(error), where) from None
    groups = [group.rows for group in found.groups]
    if min(groups, default=0) < 0 or sum(groups) != found.rows:
        raise malformed("its row groups have other rows than it says", where)
    return found


def _footer_bytes(stream: BinaryIO, size: int, where: str) -> bytes:
    stream.seek(max(0, size - 8))
    tail = stream.read(8)
    if tail[4:] == _ENCRYPTED:
        raise _encrypted(where)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length > size - 12:
        raise malformed("no footer at its end", where)
    if length > MAX_FOOTER:
        raise too_large(f"a footer of {length:,} bytes; at most {MAX_FOOTER:,}", where)
    stream.seek(size - 8 - length)
    return stream.read(length)


def _encrypted(where: str) -> InputError:
    return InputError(
        "encrypted, all of it or some columns",
        reason="parquet-encrypted",
        where=where,
        hint="decrypt it first; every other command hashes it as it is",
    )


def _read(data: bytes, where: str) -> Layout:
    reader = CompactReader(data)
    found, shown = Layout(data, -1, []), bytearray(data)
    for number, kind in reader.fields():
        if (number, kind) == (2, _LIST):
            _require_flat(_children(reader), where)
        elif (number, kind) == (3, _I64):
            found.rows = reader.integer(kind)
        elif (number, kind) == (4, _LIST):
            found.groups = [_group(reader) for _ in reader.elements(_STRUCT)]
        elif (number, kind) == (5, _LIST):
            for place in _arrow_keys(reader, data):
                shown[place - len(_ARROW) : place] = _HIDDEN
        elif number == 8:  # encryption_algorithm: of some columns
            raise _encrypted(where)
        else:
            reader.skip(kind, 0)
    found.data = bytes(shown)
    return found


def _group(reader: CompactReader) -> Group:
    found = Group(-1, -1, [])
    for number, kind in reader.fields():
        if (number, kind) == (1, _LIST):
            found.chunks = [_chunk(reader) for _ in reader.elements(_STRUCT)]
        elif (number, kind) == (2, _I64):
            found.size = reader.integer(kind)
        elif (number, kind) == (3, _I64):
            found.rows = reader.integer(kind)
        else:
            reader.skip(kind, 0)
    return found


def _chunk(reader: CompactReader) -> Chunk:
    found = Chunk()
    for number, kind in reader.fields():
        if number == 1:
            raise FooterMalformed("a column lies in another file")
        if (number, kind) == (3, _STRUCT):
            for name, value in _numbers(reader):
                setattr(found, name, value)
        else:
            reader.skip(kind, 0)
    return found


def _numbers(reader: CompactReader) -> Iterator[tuple[str, int]]:
    for number, kind in reader.fields():
        name = _NUMBERS.get((number, kind))
        if name is None:
            reader.skip(kind, 0)
        else:
            yield name, reader.integer(kind)


def _children(reader: CompactReader) -> list[int]:
    """How many children each element of the schema has; they follow it."""
    counts = []
    for _ in reader.elements(_STRUCT):
        counts.append(0)
        for number, kind in reader.fields():
            if (number, kind) == (5, _I32):
                counts[-1] = reader.integer(kind)
            else:
                reader.skip(kind, 0)
    return counts


def _require_flat(counts: list[int], where: str) -> None:
    missing = list[int]()  # of each element on the way down, children yet to come
    for count in counts:
        while missing and missing[-1] == 0:
            missing.pop()
        if missing:
            missing[-1] -= 1
        missing.append(max(0, count))
        if len(missing) > 3 * MAX_DEPTH:  # a list takes up to three elements
            raise too_large(f"columns nested more than {MAX_DEPTH} deep", where)


def _arrow_keys(reader: CompactReader, data: bytes) -> list[int]:
    places = []
    for _ in reader.elements(_STRUCT):
        for number, kind in reader.fields():
            reader.skip(kind, 0)
            end = reader.place
            is_key = (number, kind) == (1, _BINARY)
            if is_key and data[end - len(_ARROW) : end] == _ARROW:
                places.append(end)
    return places
