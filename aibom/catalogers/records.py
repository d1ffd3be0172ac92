"""The records of a dataset, one by one, and the manifest that names them by one root.

A *record* is a run of bytes: a line of JSONL without its newline, a row of CSV without
its line end, or, in a folder, the line of the folder's manifest for one file
(``<sha256 hex>  <path>``). Nothing is parsed further, so nothing is normalised: two
files that a program would read alike are two manifests. Only the rows of Parquet have
no bytes of their own; :mod:`aibom.catalogers.parquet_records` says what stands for
them.

The root is that of the Merkle tree of RFC 6962 (section 2.1) over the records in their
order. A *page* is 2^k consecutive records, so its hash is a node of that tree, and a
difference, or a proof, costs one page and not the dataset. Memory is bounded by one
record and one page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from aibom.digest import Content, Digest
from aibom.errors import InputError
from aibom.merkle import MerkleTree

__all__ = [
    "FORMATS",
    "MAX_RECORD_BYTES",
    "PAGE_RECORDS",
    "Manifest",
    "Page",
    "Reading",
    "Record",
    "read_records",
    "require_short",
]

#: How records are told apart.
FORMATS = ("jsonl", "csv", "parquet", "files")
#: 2^10 records; ten million records are ten thousand pages.
PAGE_RECORDS = 1024
#: A longer record is refused: it is held in memory.
MAX_RECORD_BYTES = 64 * 1024 * 1024

_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive records: where the first begins (bytes from the start), their hash.

    In a folder, and in Parquet, ``offset`` counts records, as there are no bytes to
    count.
    """

    offset: int
    hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the records of a dataset are, by hash.

    ``digest`` is that of the file, or of the folder (form ``tree``); ``header`` the
    SHA-256 of the first row of a CSV that has one, which is no record, or of the schema
    of Parquet.
    """

    format: str
    digest: str
    count: int
    root: str
    pages: tuple[Page, ...]
    header: str | None = None
    page_records: int = PAGE_RECORDS

    @property
    def dataset(self) -> Digest:
        """The digest of all of it: of a file, or of a folder."""
        return Digest("tree" if self.format == "files" else "file", self.digest)

    def page_of(self, index: int) -> int:
        """The page in which a record lies."""
        return index // self.page_records


#: A record and where it begins.
Record = tuple[int, bytes]
Progress = Callable[[int], None]


class Reading:
    """Goes over the records of a file once, hashing file, records and pages."""

    def __init__(
        self, format_: str, *, header: bool, progress: Progress | None
    ) -> None:
        self.format = format_
        self._has_header = header
        self._progress = progress
        self._file = hashlib.sha256()
        self._pages: list[Page] = []
        self._count = 0
        self._header: str | None = None

    def manifest(self, stream: BinaryIO) -> Manifest:
        """Read a file to its end.

        Raises :class:`~aibom.errors.InputError`: ``records-none``,
        ``record-too-large``, ``record-malformed``.
        """
        self._take(read_records(self._hashed(stream), self.format))
        return self._result(self._file.hexdigest())

    def hash(self, stream: BinaryIO) -> None:
        """Read a file to its end, for its digest only."""
        for _ in self._hashed(stream):
            pass

    def of_table(self, header: str, rows: Iterable[Record]) -> Manifest:
        """The same for the rows of a file that :meth:`hash` has read."""
        self._header = header
        self._take(rows)
        return self._result(self._file.hexdigest())

    def of_folder(self, content: Content) -> Manifest:
        """The same for a folder that has been hashed."""
        lines = (f"{f.digest.value}  {f.path}".encode() for f in content.files)
        self._take(enumerate(lines))
        return self._result(content.digest.value)

    def _hashed(self, stream: BinaryIO) -> Iterator[bytes]:
        while block := stream.read(_BLOCK):
            self._file.update(block)
            if self._progress is not None:
                self._progress(len(block))
            yield block

    def _take(self, records: Iterable[Record]) -> None:
        page, start = MerkleTree(), 0
        for offset, record in records:
            if self._has_header and self._header is None:
                self._header = hashlib.sha256(record).hexdigest()
                continue
            if not len(page):
                start = offset
            page.append(record)
            self._count += 1
            if len(page) == PAGE_RECORDS:
                self._pages.append(Page(start, page.root().hex()))
                page = MerkleTree()
        if len(page):
            self._pages.append(Page(start, page.root().hex()))

    def _result(self, digest: str) -> Manifest:
        if not self._count:
            raise InputError(
                "no record in it",
                reason="records-none",
                hint="a manifest is about at least one record",
            )
        tree = MerkleTree()
        for page in self._pages:
            tree.append_hash(bytes.fromhex(page.hash))
        return Manifest(
            self.format,
            digest,
            self._count,
            tree.root().hex(),
            tuple(self._pages),
            self._header,
        )


def read_records(blocks: Iterable[bytes], format_: str) -> Iterator[Record]:
    """The records in a stream of blocks, and where each begins.

    A row of CSV ends at a newline outside of quotes (RFC 4180); the carriage return
    before it belongs to the line end. A line of JSONL ends at any newline; what stands
    before it, a carriage return included, is the record. The last needs no newline.

    Raises :class:`~aibom.errors.InputError`: ``record-too-large``, and
    ``record-malformed`` where the last quote of a CSV is never closed.
    """
    lines = _lines(blocks)
    return _rows(lines) if format_ == "csv" else _without_ends(lines)


def _lines(blocks: Iterable[bytes]) -> Iterator[Record]:
    """Lines with their newlines."""
    offset, parts, held = 0, list[bytes](), 0
    for block in blocks:
        begin = 0
        while (end := block.find(b"\n", begin)) >= 0:
            line = b"".join((*parts, block[begin : end + 1]))
            yield offset, line
            offset, begin = offset + len(line), end + 1
            parts, held = [], 0
        if begin < len(block):
            parts.append(block[begin:])
            held += len(block) - begin
            require_short(held, f"byte {offset}")
    if parts:
        yield offset, b"".join(parts)


def _without_ends(lines: Iterable[Record]) -> Iterator[Record]:
    for offset, line in lines:
        yield offset, line.removesuffix(b"\n")


def _rows(lines: Iterable[Record]) -> Iterator[Record]:
    start, parts, held, is_open = 0, list[bytes](), 0, False
    for offset, line in lines:
        if not parts:
            start = offset
        parts.append(line)
        held += len(line)
        require_short(held, f"byte {start}")
        if line.count(b'"') % 2:
            is_open = not is_open
        if not is_open:
            yield start, b"".join(parts).removesuffix(b"\n").removesuffix(b"\r")
            parts, held = [], 0
    if parts:
        raise InputError(
            "a quote is never closed, so the last row has no end",
            reason="record-malformed",
            where=f"byte {start}",
            hint="quotes within a field are doubled, and such a field is quoted itself "
            "(RFC 4180)",
        )


def require_short(size: int, where: str) -> None:
    """Refuse a record of more bytes than are held (``record-too-large``)."""
    if size > MAX_RECORD_BYTES:
        raise InputError(
            f"a record of more than {MAX_RECORD_BYTES:,} bytes",
            reason="record-too-large",
            where=where,
            hint="in a CSV, look for a quote that is never closed; else it is not of "
            "this format",
        )
