"""What the footer of a Parquet file says, read without any library.

The footer is one Thrift structure in the compact protocol. Read are the number of
records, the columns and the key-value metadata; row groups are stepped over, and no
data page is touched. Every length is checked against the bytes that are there.

Source: apache/parquet-format ``parquet.thrift`` (``FileMetaData``, ``SchemaElement``,
``KeyValue``); apache/thrift ``doc/specs/thrift-compact-protocol.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["CompactReader", "FooterMalformed", "ParquetFooter", "read_footer"]

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64 = 1, 2, 3, 4, 5, 6
_DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = 7, 8, 9, 10, 11, 12, 13
_INTEGERS = frozenset({_BYTE, _I16, _I32, _I64})
_MAX_DEPTH = 32
_MAX_VARINT = 10


class FooterMalformed(Exception):
    """The bytes are not such a footer; becomes a finding."""


@dataclass(slots=True)
class ParquetFooter:
    """What was found; ``None`` where the footer does not have it."""

    records: int | None = None
    columns: list[str] = field(default_factory=list)
    metadata: list[tuple[str, str | None]] = field(default_factory=list)
    made_with: str | None = None


def read_footer(data: bytes) -> ParquetFooter:
    """Read a footer; raises :class:`FooterMalformed` for anything else."""
    reader = CompactReader(data)
    footer = ParquetFooter()
    for number, kind in reader.fields():
        if (number, kind) == (2, _LIST):
            footer.columns = _columns(reader)
        elif (number, kind) == (3, _I64):
            footer.records = reader.integer(kind)
        elif (number, kind) == (5, _LIST):
            footer.metadata = _metadata(reader)
        elif (number, kind) == (6, _BINARY):
            footer.made_with = reader.text()
        else:
            reader.skip(kind, 0)
    if footer.records is None or footer.records < 0:
        raise FooterMalformed("it has no number of records")
    return footer


def _columns(reader: CompactReader) -> list[str]:
    """The names of the leaves of the schema: what has children is a group."""
    found = []
    for _ in reader.elements(_STRUCT):
        name, children = "", 0
        for number, kind in reader.fields():
            if (number, kind) == (4, _BINARY):
                name = reader.text()
            elif number == 5 and kind in _INTEGERS:
                children = reader.integer(kind)
            else:
                reader.skip(kind, 0)
        if children <= 0:
            found.append(name)
    return found


def _metadata(reader: CompactReader) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for _ in reader.elements(_STRUCT):
        key, value = "", None
        for number, kind in reader.fields():
            if (number, kind) == (1, _BINARY):
                key = reader.text()
            elif (number, kind) == (2, _BINARY):
                value = reader.text()
            else:
                reader.skip(kind, 0)
        found.append((key, value))
    return found


class CompactReader:
    """Thrift's compact protocol, from bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def place(self) -> int:
        """How many bytes have been read."""
        return self._place

    def _take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._data):
            raise FooterMalformed(f"it ends within a value, at byte {self._place}")
        found = self._data[self._place : end]
        self._place = end
        return found

    def _varint(self) -> int:
        value = 0
        for index in range(_MAX_VARINT):
            byte = self._take(1)[0]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value
        raise FooterMalformed(f"a number is too long, at byte {self._place}")

    def integer(self, kind: int) -> int:
        """An integer of the given kind, with its sign."""
        if kind == _BYTE:
            return int.from_bytes(self._take(1), "little", signed=True)
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def text(self) -> str:
        """A text; what is not UTF-8 in it is marked."""
        return self._take(self._varint()).decode("utf-8", "replace")

    def fields(self) -> Iterator[tuple[int, int]]:
        """Number and kind of each field of a structure; the caller takes the value."""
        number = 0
        while head := self._take(1)[0]:
            kind, step = head & 0x0F, head >> 4
            number = number + step if step else self.integer(_I16)
            yield number, kind

    def elements(self, wanted: int) -> Iterator[None]:
        """As many times as a list has elements; the caller takes each."""
        count, kind = self._list_head()
        if kind != wanted and count:
            raise FooterMalformed(f"a list of another kind, at byte {self._place}")
        for _ in range(count):
            yield

    def _list_head(self) -> tuple[int, int]:
        head = self._take(1)[0]
        count = head >> 4
        return (self._varint() if count == 15 else count), head & 0x0F

    def skip(self, kind: int, depth: int) -> None:
        """Step over a value. Each costs a byte at least, so lengths cannot lie long."""
        if depth > _MAX_DEPTH:
            raise FooterMalformed("it is nested too deep")
        if kind in (_I16, _I32, _I64):
            self._varint()
        elif kind == _BINARY:
            self._take(self._varint())
        elif kind == _STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        elif kind in (_LIST, _SET):
            count, inner = self._list_head()
            for _ in range(count):
                self._skip_element(inner, depth + 1)
        elif kind == _MAP:
            self._skip_map(depth + 1)
        elif kind in (_BYTE, _DOUBLE, _UUID):
            self._take({_BYTE: 1, _DOUBLE: 8, _UUID: 16}[kind])
        elif kind not in (_TRUE, _FALSE):
            raise FooterMalformed(f"a value of no known kind, at byte {self._place}")

    def _skip_element(self, kind: int, depth: int) -> None:
        """As :meth:`skip`; but in a collection, a truth value has a byte of its own."""
        if kind in (_TRUE, _FALSE):
            self._take(1)
        else:
            self.skip(kind, depth)

    def _skip_map(self, depth: int) -> None:
        count = self._varint()
        kinds = self._take(1)[0] if count else 0
        for _ in range(count):
            self._skip_element(kinds >> 4, depth)
            self._skip_element(kinds & 0x0F, depth)
