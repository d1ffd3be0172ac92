"""The rows of a Parquet file as records.

A record is the text of one row, a JSON object: the columns in their order, by name,
with their values (:mod:`aibom.catalogers.parquet_values` says how each kind of value is
written, and that no two values have one text). Rows stand in the order of the file.

Part of a row are the names and order of the columns and the values. Beside the records,
in the *header*, is the SHA-256 of the schema: names, order and logical types, with the
width of integers, and scale and unit. Part of neither is how it is stored: compression,
encodings, dictionaries, row groups, pages, what wrote it, whether a column may be null,
and the key-value metadata, Arrow's own schema (``ARROW:schema``) among them. So types
are those of Parquet: a duration is its number, and a zone is UTC or none. Files that
differ in such things only have the same records, and other digests.

``pyarrow`` (the extra ``parquet``) decodes, and only after the footer and the pages
have said how large they become. Rows are decoded in batches: as many as fit into some
megabytes, even if each had the largest value of the dictionaries. What is not bounded
is one row in which a list repeats a large entry of a dictionary; 64 MiB are refused
only after it was decoded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from aibom.catalogers.parquet_layout import (
    Group,
    Layout,
    malformed,
    read_layout,
    too_large,
)
from aibom.catalogers.parquet_pages import MAX_PAGES, size_of
from aibom.catalogers.parquet_values import (
    require_unlike,
    row_template,
    texts_of,
    type_of,
    unsupported,
)
from aibom.catalogers.records import MAX_RECORD_BYTES, Record, require_short
from aibom.errors import InputError

__all__ = ["MAX_ROWS", "Table", "open_table"]

#: Of a file: more could be said in a few bytes, and would be counted for days.
MAX_ROWS = 4_000_000_000
_MAX_BATCH_ROWS = 4096
#: Of a batch, on average; and at worst, where it has more than one row.
_BATCH, _WORST_BATCH = 8 * 1024 * 1024, 32 * 1024 * 1024
_BUFFER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Table:
    """An open Parquet file: the digest of its schema, and its rows."""

    header: str
    where: str
    _stream: BinaryIO
    _size: int
    _layout: Layout
    _file: Any
    _template: str

    @property
    def count(self) -> int:
        """How many rows the footer says there are."""
        return self._layout.rows

    def records(self, first: int = 0) -> Iterator[Record]:
        """The rows from ``first`` on, each with its number; other row groups stay shut.

        Raises :class:`~aibom.errors.InputError`: ``parquet-malformed``,
        ``parquet-too-large``, ``record-too-large``.
        """
        start = 0
        for index, group in enumerate(self._layout.groups):
            if start + group.rows > first:
                for number, text in enumerate(self._rows(index, group), start):
                    if number >= first:
                        yield number, text
            start += group.rows

    def _rows(self, index: int, group: Group) -> Iterator[bytes]:
        with _translated(self.where):
            size = self._batch_rows(group)
            batches = self._file.iter_batches(size, [index], use_threads=False)
        seen = 0
        while True:
            with _translated(self.where):
                batch = next(batches, None)
                if batch is None:
                    break
                texts = [texts_of(column) for column in batch.columns]
            _require_short_rows(texts, f"{self.where}: row group {index}")
            for row in zip(*texts, strict=True):
                yield (self._template % row).encode()
            seen += batch.num_rows
        if seen != group.rows:
            raise malformed(
                f"{seen} rows where {group.rows} are said to be", self.where
            )

    def _batch_rows(self, group: Group) -> int:
        """How many rows are decoded at once, such that it stays small."""
        schema = self._file.schema
        if len(group.chunks) != len(schema.names):
            raise malformed("a row group with other columns", self.where)
        pages = worst = 0
        for index, chunk in enumerate(group.chunks):
            column = schema.column(index)
            size = size_of(
                self._stream,
                self._size,
                chunk,
                column.max_repetition_level > 0,
                f"{self.where}: {column.path}",
            )
            pages += size.page
            entries = max(1, chunk.values // max(1, group.rows))
            worst += entries * max(8, column.length or 0, size.repeats)
        if pages > MAX_PAGES:
            raise too_large(
                f"pages of {pages:,} bytes at once; at most {MAX_PAGES:,}", self.where
            )
        average = max(1, group.size // max(1, group.rows))
        rows = min(_MAX_BATCH_ROWS, _BATCH // average, _WORST_BATCH // worst)
        return int(max(1, rows))


def _require_short_rows(texts: list[list[str]], where: str) -> None:
    """As text, a row may be many times as long as it was."""
    if sum(sum(map(len, column)) for column in texts) > MAX_RECORD_BYTES:
        for row in zip(*texts, strict=True):
            require_short(sum(map(len, row)), where)


def open_table(stream: BinaryIO, size: int, where: str) -> Table:
    """Read footer and schema of a file of ``size`` bytes; no row yet.

    Raises :class:`~aibom.errors.InputError`: ``extra-missing`` without ``pyarrow``;
    ``parquet-malformed``, ``parquet-encrypted``, ``parquet-too-large``;
    ``parquet-column-unsupported`` for a column whose type has no text, or whose name is
    another one's, too.
    """
    pq = _pyarrow_parquet(where)
    layout = read_layout(stream, size, where)
    if layout.rows > MAX_ROWS:
        raise too_large(f"{layout.rows:,} rows; at most {MAX_ROWS:,}", where)
    footer = layout.data
    alone = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    with _translated(where):
        metadata = pq.ParquetFile(
            BytesIO(alone),
            thrift_string_size_limit=len(footer),
            thrift_container_size_limit=len(footer),
        ).metadata
        file = pq.ParquetFile(
            stream, metadata=metadata, pre_buffer=False, buffer_size=_BUFFER
        )
        schema = file.schema_arrow
        names = list(schema.names)
        types = [
            type_of(schema.field(index).type, f"{where}: column {name}")
            for index, name in enumerate(names)
        ]
    if not names:
        raise unsupported("there is no column at all", where)
    require_unlike(names, where)
    text = json.dumps(list(zip(names, types, strict=True)), separators=(",", ":"))
    header = hashlib.sha256(text.encode()).hexdigest()
    return Table(header, where, stream, size, layout, file, row_template(names))


def _pyarrow_parquet(where: str) -> Any:
    try:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError:
        raise InputError(
            "reading the rows of Parquet needs the package pyarrow",
            reason="extra-missing",
            where=where,
            hint="pip install 'aibom[parquet]'",
        ) from None
    return pq


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """What pyarrow raises, as our error. A disk that fails has an error number."""
    import pyarrow

    try:
        yield
    except MemoryError as error:
        raise too_large(f"not enough memory: {error}", where) from error
    except OSError as error:
        if error.errno:
            raise
        raise malformed(_first_line(error), where) from error
    except (pyarrow.ArrowException, ValueError, KeyError, IndexError) as error:
        raise malformed(_first_line(error), where) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
