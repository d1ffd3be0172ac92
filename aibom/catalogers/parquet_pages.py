"""How large a Parquet file becomes, asked before anything in it is decoded.

A library that decodes Parquet makes room for what a page says of itself, and repeats
what a page holds once: a megabyte of text in a dictionary costs two bits each time it
is used. So the header of each page is read here, by our own reader, and of dictionaries
how long their entries are; no row is. What is not asked: how often one row of a list
repeats an entry.

Source: apache/parquet-format ``parquet.thrift`` (``PageHeader``), ``Encodings.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from aibom.catalogers.parquet_footer import CompactReader, FooterMalformed
from aibom.catalogers.parquet_layout import Chunk, malformed, too_large

__all__ = ["MAX_PAGES", "ChunkSize", "size_of"]

#: Of the pages that are open at once, one for each column, unpacked.
MAX_PAGES = 1024 * 1024 * 1024
#: Of entries in lists, unless the bytes for them are there as well.
_MAX_ENTRIES = 64 * 1024 * 1024
_ENTRIES_PER_BYTE = 16
#: A larger dictionary is not looked into; each entry counts as large as all of it.
_MAX_DICTIONARY = 16 * 1024 * 1024

_I32, _STRUCT = 5, 12
_BYTE_ARRAY, _DICTIONARY_PAGE, _DELTA_BYTE_ARRAY = 6, 2, 7
_HEADER, _MAX_HEADER = 4 * 1024, 16 * 1024 * 1024
#: Those of which the library knows how they are packed: number → its name.
_CODECS = {0: "", 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}


@dataclass(frozen=True, slots=True)
class ChunkSize:
    """Of one column of one row group: its largest page, unpacked; what can repeat.

    ``repeats`` is as large as one value can be that is in the file once, and in the
    rows many times.
    """

    page: int
    repeats: int


def size_of(
    stream: BinaryIO, size: int, chunk: Chunk, is_repeated: bool, where: str
) -> ChunkSize:
    """What the headers of the pages of one column of one row group say.

    Raises :class:`~aibom.errors.InputError`: ``parquet-malformed``,
    ``parquet-too-large``.
    """
    place, end = chunk.start, chunk.start + chunk.length
    if place < 0 or chunk.length < 0 or end > size:
        raise malformed("a column that lies beyond the end", where)
    page, repeats, values, unpacked = 0, 0, 0, 0
    while place < end and values < chunk.values:
        header = _page_header(stream, place, end, where)
        place += header.length + header.packed
        page = max(page, header.unpacked)
        unpacked += header.unpacked
        values += header.values
        if header.repeats:
            repeats = max(repeats, _longest(stream, place, header, chunk))
    entries = max(values, chunk.values) if is_repeated else 0
    if entries > max(_MAX_ENTRIES, _ENTRIES_PER_BYTE * unpacked):
        raise too_large(f"{entries:,} entries of lists in {unpacked:,} bytes", where)
    return ChunkSize(page, repeats)


@dataclass(slots=True)
class _PageHeader:
    length: int = 0
    unpacked: int = 0
    packed: int = 0
    values: int = 0
    repeats: bool = False
    is_dictionary: bool = False


def _page_header(stream: BinaryIO, place: int, end: int, where: str) -> _PageHeader:
    window = _HEADER
    while True:
        stream.seek(place)
        data = stream.read(min(window, end - place))
        try:
            found = _read_header(data)
        except FooterMalformed as error:
            if len(data) < window or window >= _MAX_HEADER:
                raise malformed(f"a page: {error}", where) from None
            window *= 16
            continue
        if min(found.unpacked, found.packed, found.values) < 0:
            raise malformed("a page of a negative size", where)
        return found


def _read_header(data: bytes) -> _PageHeader:
    reader, found = CompactReader(data), _PageHeader()
    for number, kind in reader.fields():
        if (number, kind) == (1, _I32):
            found.is_dictionary = reader.integer(kind) == _DICTIONARY_PAGE
            found.repeats |= found.is_dictionary
        elif (number, kind) == (2, _I32):
            found.unpacked = reader.integer(kind)
        elif (number, kind) == (3, _I32):
            found.packed = reader.integer(kind)
        elif number in (5, 8) and kind == _STRUCT:
            # DataPageHeader, DataPageHeaderV2: the encoding is field 2, and field 4.
            _read_data_header(reader, 2 if number == 5 else 4, found)
        else:
            reader.skip(kind, 0)
    found.length = reader.place
    return found


def _read_data_header(reader: CompactReader, encoding: int, found: _PageHeader) -> None:
    for number, kind in reader.fields():
        if (number, kind) == (1, _I32):
            found.values = reader.integer(kind)
        elif (number, kind) == (encoding, _I32):
            found.repeats |= reader.integer(kind) == _DELTA_BYTE_ARRAY
        else:
            reader.skip(kind, 0)


def _longest(stream: BinaryIO, end: int, header: _PageHeader, chunk: Chunk) -> int:
    """The longest value in a page that ends at ``end``, or as much as that can be."""
    if chunk.kind != _BYTE_ARRAY:
        return 0  # how long these are is in the schema
    codec = _CODECS.get(chunk.codec)
    if codec is None or not header.is_dictionary or header.unpacked > _MAX_DICTIONARY:
        return header.unpacked
    stream.seek(end - header.packed)
    data = stream.read(header.packed)
    return _longest_text(_unpacked(data, codec, header.unpacked), header.unpacked)


def _unpacked(data: bytes, codec: str, size: int) -> bytes:
    import pyarrow  # type: ignore[import-untyped]

    if not codec:
        return data
    try:
        done = pyarrow.Codec(codec).decompress(data, decompressed_size=size)
    except (pyarrow.ArrowException, OSError, ValueError):
        return b""  # pyarrow says so where it decodes the page
    return bytes(done)


def _longest_text(data: bytes, size: int) -> int:
    """The longest of texts that each follow their length (4 bytes, little-endian)."""
    place, longest = 0, 0
    while place + 4 <= len(data):
        length = int.from_bytes(data[place : place + 4], "little")
        longest = max(longest, length)
        place += 4 + length
    return longest if place == len(data) == size else size
