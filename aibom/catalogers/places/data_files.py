"""Folders of data files: how many of which format, how large, and whether shards lack.

Read are names and sizes, and the formats that the bytes have; nothing in the files.
A folder is taken for a dataset by tables only (Parquet, Arrow, CSV, TSV, JSON lines):
pictures, archives and arrays lie in other folders as well, and are counted where tables
are.

Shards are files of one name with ``-00000-of-00005`` in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.data_file import is_whole_place
from aibom.catalogers.notes import Notes
from aibom.lineage.nodes import Kind
from aibom.listing import Entry

__all__ = ["CATALOGER"]

_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")
_TABLES = ("parquet", "arrow")
_OTHERS = {
    *("bzip2", "gzip", "hdf5", "jpeg", "numpy", "numpy-objects", "png", "sqlite"),
    *("tar", "xz", "zip", "zstd"),
}
_SHARD = re.compile(r"(.*-)(\d{5})(-of-)(\d{5})([.-].*)?", re.DOTALL)


def _wants(path: str, form: str) -> bool:
    return _table(path, form) is not None


def _table(path: str, form: str) -> str | None:
    """Which kind of table a file is: by its bytes, or where text, by its name."""
    if form in _TABLES:
        return form
    is_text = form in ("text", "json", "unknown")
    ending = path.lower()[path.rfind(".") :]
    return ending[1:] if is_text and ending in _ENDINGS else None


def _read(notes: Notes) -> None:
    _shard(notes)
    if is_whole_place(notes) or not _is_first(notes):
        return
    notes.subject_is(Kind.DATASET)
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for file in _siblings(notes):
        form = notes.place.formats[file.path]
        name = _table(file.path, form) or (form if form in _OTHERS else None)
        if name is not None:
            count[name] += 1
            size[name] += file.size
    for name in count:
        notes.say(f"files.{name}", str(count[name]))
        notes.say(f"bytes.{name}", str(size[name]))


def _key(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _is_first(notes: Notes) -> bool:
    """Whether no table stands before this one in its folder: one file speaks for all.

    Looks back no further than to the table before, so all files together cost no more
    than one look at each for every folder above it.
    """
    files = notes.place.listing.entries
    prefix = f"{notes.folder}/" if notes.folder else ""
    place = bisect_left(files, _key(notes.path), key=lambda file: _key(file.path))
    for index in range(place - 1, -1, -1):
        path = files[index].path
        if not path.startswith(prefix):
            return True
        is_here = "/" not in path[len(prefix) :]
        if is_here and _table(path, notes.place.formats[path]) is not None:
            return False
    return True


def _siblings(notes: Notes) -> Iterator[Entry]:
    """The files directly in this one's folder."""
    files = notes.place.listing.entries
    prefix = f"{notes.folder}/" if notes.folder else ""
    place = bisect_left(files, _key(prefix), key=lambda file: _key(file.path))
    for index in range(place, len(files)):
        if not files[index].path.startswith(prefix):
            return
        if "/" not in files[index].path[len(prefix) :]:
            yield files[index]


def _shard(notes: Notes) -> None:
    """Say where a shard's neighbour is not there."""
    found = _SHARD.fullmatch(notes.path)
    if found is None:
        return
    before, number, of, total, after = found.groups("")
    index, count = int(number), int(total)
    if index >= count:
        notes.odd("shard-beyond", "", f"{number} of {total}")
        return
    for other in (index - 1, index + 1):
        name = f"{before}{other:05}{of}{total}{after}"
        if 0 <= other < count and name not in notes.place.formats:
            notes.odd("shard-missing", "", name.rpartition("/")[2])


CATALOGER = Cataloger(
    id="data-files",
    title="Folder of data files",
    wants=_wants,
    read=_read,
    supplies=(
        "the number and total size of the files directly in a folder with tables, by "
        "format",
        "shards that lack a neighbour",
    ),
    cannot=(
        "tell that a folder of pictures, sound or archives is a dataset: nothing in it "
        "says so",
        "tell what the files hold, or how many records",
    ),
    findings={
        "shard-beyond": "a shard with a number beyond their total",
        "shard-missing": "the shard before or after this one is not there",
    },
)
