"""Records of files of any size, one at a time: JSON Lines, JSON arrays and CSV.

Memory does not grow with the file: what is held is one record of at most
:data:`MAX_RECORD_BYTES`. A record that cannot be read is counted and left out; where it
cannot be told any more where the next one begins, reading ends, and that is said. Each
trouble is told once, with where it was met first and how often.

CSV is read by RFC 4180 and strictly: after a stray quote no cell is where it seems.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from aibom.catalogers.notes import Notes

__all__ = [
    "MAX_RECORD_BYTES",
    "RECORD_FINDINGS",
    "Troubles",
    "csv_rows",
    "json_records",
]

#: A larger record is left out. As JSON it may take fifty times its bytes.
MAX_RECORD_BYTES = 4 * 1024 * 1024
_CHUNK = 64 * 1024
_HEAD = 4096
_GLANCE = 100
_GLANCE_BYTES = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(r"[ \t\n\r]*")

#: What these functions may find; a cataloger that calls them declares it too.
RECORD_FINDINGS: Mapping[str, str] = {
    "byte-order-mark": "begins with a byte order mark, at which other readers stop",
    "csv-malformed": "not CSV from there on (a stray quote, a huge cell); what follows "
    "is not known",
    "key-twice": "a key stands twice in a record; the last one counts here, elsewhere "
    "maybe not",
    "not-utf8": "text that is not UTF-8; that record is not known, and in CSV or a "
    "JSON array nothing after it",
    "record-malformed": "not JSON; that record is not known, and in a JSON array "
    "nothing after it",
    "record-not-an-object": "a record that is no JSON object; it says nothing",
    "record-too-large": "a record larger than is read; it is not known, and in CSV or "
    "a JSON array nothing after it",
}


class Troubles:
    """Counts what goes wrong, and tells each kind of it once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int, bool]] = {}

    def add(self, code: str, at: str, *, unread: bool = True) -> None:
        """Count one more of a kind."""
        first, count, _ = self._found.get(code, (at, 0, unread))
        self._found[code] = (first, count + 1, unread)

    def tell(self, notes: Notes) -> None:
        """Write a finding for each kind, with its first place and its number."""
        for code, (at, count, unread) in sorted(self._found.items()):
            say = notes.skip if unread else notes.odd
            say(code, at, f"{count:,} in all" if count > 1 else "")


#: Stands for a value that could not be read.
_UNREAD = object()


class _End(Exception):
    """Reading cannot go on; the text is a finding's code."""


def json_records(
    notes: Notes, troubles: Troubles, *, is_glance: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file of JSON lines, or of a JSON array, each with its place.

    At a glance only the first hundred values are looked at, or fewer if they are large:
    most JSON is something else, in which every line may be malformed.
    """
    with notes.place.open(notes.path) as stream:
        head = stream.read(_HEAD)
        start = len(_BOM) if head.startswith(_BOM) else 0
        if start:
            troubles.add("byte-order-mark", "", unread=False)
        stream.seek(start)
        is_array = head[start:].lstrip(b" \t\r\n").startswith(b"[")
        reader = _array(stream, troubles) if is_array else _lines(stream, troubles)
        for number, (at, value) in enumerate(reader, 1):
            if isinstance(value, dict):
                yield at, value
            elif value is not _UNREAD:
                troubles.add("record-not-an-object", at, unread=False)
            if is_glance and (number >= _GLANCE or stream.tell() > _GLANCE_BYTES):
                return


class _Decoder:
    """JSON values, with keys that stand twice counted."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._twice = False
        self._json = json.JSONDecoder(
            object_pairs_hook=self._once, parse_constant=lambda _: None
        )

    def _once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        self._twice = self._twice or len(found) != len(pairs)
        return found

    def decode(self, text: str, start: int, at: str) -> tuple[Any, int]:
        """The value that begins there, and where it ends; ``ValueError`` without one.

        Nesting too deep for Python is no value either.
        """
        self._twice = False
        try:
            found = self._json.raw_decode(text, start)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
        if self._twice:
            self._troubles.add("key-twice", at, unread=False)
        return found


def _lines(stream: BinaryIO, troubles: Troubles) -> Iterator[tuple[str, Any]]:
    decoder = _Decoder(troubles)
    number = 0
    while line := stream.readline(MAX_RECORD_BYTES + 1):
        number += 1
        at = f"line:{number}"
        if len(line) > MAX_RECORD_BYTES:
            troubles.add("record-too-large", at)
            while line and not line.endswith(b"\n"):
                line = stream.readline(_CHUNK)
            yield at, _UNREAD
            continue
        try:
            text = line.decode("utf-8").strip(" \t\r\n")
            if not text:
                continue
            value, end = decoder.decode(text, 0, at)
            if end != len(text):
                raise ValueError("more than one value")
        except UnicodeDecodeError:
            troubles.add("not-utf8", at)
            yield at, _UNREAD
        except ValueError:
            troubles.add("record-malformed", at)
            yield at, _UNREAD
        else:
            yield at, value


def _array(stream: BinaryIO, troubles: Troubles) -> Iterator[tuple[str, Any]]:
    reader = _ArrayReader(stream, _Decoder(troubles))
    try:
        yield from reader.values()
    except _End as end:
        troubles.add(str(end), reader.at)


class _ArrayReader:
    """The values of a JSON array, from a buffer that is filled as needed."""

    def __init__(self, stream: BinaryIO, decoder: _Decoder) -> None:
        self._stream = stream
        self._decoder = decoder
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._place = 0
        self._ended = False
        self._number = 0

    @property
    def at(self) -> str:
        """Where it is: the pointer of the next value."""
        return f"/{self._number}"

    def values(self) -> Iterator[tuple[str, Any]]:
        """Each value with its pointer; raises :class:`_End` with a finding's code."""
        self._take("[")
        if self._next() == "]":
            self._place += 1
        else:
            yield self._value()
            while self._take(",]") == ",":
                yield self._value()
        if self._next():
            raise _End("record-malformed")

    def _next(self) -> str:
        """The next character that is no space, without taking it; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._place)
            self._place = space.end() if space else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._fill(_CHUNK):
                return ""

    def _take(self, allowed: str) -> str:
        found = self._next()
        if not found or found not in allowed:
            raise _End("record-malformed")
        self._place += 1
        return found

    def _value(self) -> tuple[str, Any]:
        self._next()
        while True:
            at = self.at
            try:
                value, end = self._decoder.decode(self._text, self._place, at)
            except ValueError:
                end = -1
            size = (end if end >= 0 else len(self._text)) - self._place
            if size > MAX_RECORD_BYTES:
                raise _End("record-too-large")
            # At the end of the buffer a number may go on.
            if end >= 0 and (end < len(self._text) or self._ended):
                self._place = end
                self._number += 1
                return at, value
            # Twice as much each time, or a large record would be begun too often.
            if not self._fill(max(_CHUNK, size)) and end < 0:
                raise _End("record-malformed")

    def _fill(self, size: int) -> bool:
        if self._ended:
            return False
        data = self._stream.read(size)
        self._ended = not data
        try:
            more = self._utf8.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            raise _End("not-utf8") from error
        self._text = self._text[self._place :] + more
        self._place = 0
        return not self._ended


class _TableLines:
    """Decoded lines for :mod:`csv`, which would take one record without end."""

    def __init__(self, stream: BinaryIO, troubles: Troubles) -> None:
        self._stream = stream
        self._troubles = troubles
        self.number = 0
        self.record_bytes = 0

    def __iter__(self) -> _TableLines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(MAX_RECORD_BYTES + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.record_bytes += len(line)
        if self.record_bytes > MAX_RECORD_BYTES:
            raise _End("record-too-large")
        if self.number == 1 and line.startswith(_BOM):
            self._troubles.add("byte-order-mark", "", unread=False)
            line = line[len(_BOM) :]
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _End("not-utf8") from error


def csv_rows(
    notes: Notes, troubles: Troubles, delimiter: str = ","
) -> Iterator[tuple[str, list[str]]]:
    """The rows of a CSV file, its header among them, each with its last line's place.

    Empty lines are left out.
    """
    with notes.place.open(notes.path) as stream:
        lines = _TableLines(stream, troubles)
        try:
            for row in csv.reader(lines, delimiter=delimiter, strict=True):
                lines.record_bytes = 0
                if row:
                    yield f"line:{lines.number}", row
        except csv.Error:
            troubles.add("csv-malformed", f"line:{lines.number}")
        except _End as end:
            troubles.add(str(end), f"line:{lines.number}")
