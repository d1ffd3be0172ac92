"""Record manifests: name every record of a dataset by one hash; prove; compare."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from aibom.bom.parse import read_bytes
from aibom.catalogers.parquet_records import Table, open_table
from aibom.catalogers.record_documents import Proof, read_manifest, read_proof
from aibom.catalogers.records import (
    FORMATS,
    PAGE_RECORDS,
    Manifest,
    Reading,
    Record,
    read_records,
)
from aibom.digest import Progress, hash_path
from aibom.errors import InputError, UsageError, VerificationFailed
from aibom.merkle import MerkleTree

__all__ = [
    "Comparison",
    "Difference",
    "check_manifest",
    "check_proof",
    "load_manifest",
    "make_manifest",
    "prove",
]

_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
_MAX_MANIFEST = 256 * 1024 * 1024
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Difference:
    """Records of which some differ: from ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """How data compares with a manifest.

    ``differences`` are the ranges of records of which some differ. ``header`` says
    whether the first row of a CSV, or the schema of Parquet, is the same, and ``bytes``
    whether all bytes are: a file can be written again with the same records.
    """

    differences: tuple[Difference, ...]
    header: bool
    bytes: bool

    @property
    def has_same_records(self) -> bool:
        """Whether records and header are the same, however they are stored."""
        return self.header and not self.differences


def make_manifest(
    path: Path,
    *,
    format_: str | None = None,
    header: bool | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Read all records of a file or folder, once.

    ``format_`` is one of :data:`aibom.catalogers.records.FORMATS`; without it, it is
    the one that the name ends with, and a folder is ``files``. ``header`` says whether
    the first row of a CSV is one (it is, unless told otherwise).

    Raises :class:`~aibom.errors.UsageError` (``record-format-unknown``) and
    :class:`~aibom.errors.InputError` as hashing,
    :class:`~aibom.catalogers.records.Reading` and
    :func:`~aibom.catalogers.parquet_records.open_table` do.
    """
    chosen = _format_of(path, format_)
    if chosen == "files":
        reading = Reading(chosen, header=False, progress=None)
        return reading.of_folder(hash_path(path, progress=progress))
    with _unchanging(path) as (stream, size):
        if chosen == "parquet":
            return _of_table(stream, size, str(path), progress)
        has_header = chosen == "csv" if header is None else header
        meter = _Meter(size, progress)
        reading = Reading(chosen, header=has_header, progress=meter.add)
        return reading.manifest(stream)


@contextmanager
def _unchanging(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """An open file and its size; an error if it was another file in the end."""
    try:
        with path.open("rb") as stream:
            before = os.fstat(stream.fileno())
            try:
                yield stream, before.st_size
            finally:  # what cannot be read may be so because somebody writes there
                _require_same(before, os.fstat(stream.fileno()), path)
    except OSError as error:
        raise InputError(
            error.strerror or str(error),
            reason="path-unreadable",
            where=str(path),
            hint="look at its owner and permissions, and at those of its folder",
        ) from error


def _require_same(before: os.stat_result, after: os.stat_result, path: Path) -> None:
    # The second time is set by the system: a file that is read twice is told apart even
    # where somebody put the first one back.
    if (before.st_size, before.st_mtime_ns, before.st_ctime_ns) != (
        after.st_size,
        after.st_mtime_ns,
        after.st_ctime_ns,
    ):
        raise InputError(
            "changed while it was being read",
            reason="changed-while-hashing",
            where=str(path),
            hint="wait until nothing writes there any more, then try again",
        )


def _of_table(
    stream: BinaryIO, size: int, where: str, progress: Progress | None
) -> Manifest:
    meter = _Meter(2 * size, progress)  # hashed, and then decoded from the same file
    reading = Reading("parquet", header=False, progress=meter.add)
    reading.hash(stream)
    table = open_table(stream, size, where)
    return reading.of_table(table.header, _metered(table, size, meter))


def _metered(table: Table, size: int, meter: _Meter) -> Iterator[Record]:
    told = 0
    for number, record in table.records():
        if number % PAGE_RECORDS == 0:
            done = size * number // table.count
            meter.add(done - told)
            told = done
        yield number, record
    meter.add(size - told)


class _Meter:
    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)


def _format_of(path: Path, told: str | None) -> str:
    if not path.exists():
        raise InputError(
            "no such file or folder",
            reason="path-missing",
            where=str(path),
            hint="look for it with ls: paths count from the folder you are in",
        )
    found = "files" if path.is_dir() else _SUFFIXES.get(path.suffix.lower())
    if told is not None and (told == "files") == path.is_dir():
        return told
    if told is not None or found is None:
        raise UsageError(
            "how its records are told apart is not known"
            if told is None
            else f"a {'folder' if path.is_dir() else 'file'} is not read as {told}",
            reason="record-format-unknown",
            where=str(path),
            hint=f"--format {'|'.join(FORMATS)}; every other command hashes data whole",
        )
    return found


def load_manifest(path: Path) -> Manifest:
    """Read a manifest file, of at most 256 MiB."""
    return read_manifest(read_bytes(path, limit=_MAX_MANIFEST), str(path))


def check_manifest(
    manifest: Manifest, path: Path, *, progress: Progress | None = None
) -> Comparison:
    """Compare data with its manifest: which records differ, and what else does.

    A record that was added or taken out moves all that follow, and so they differ too.
    Raises as :func:`make_manifest` does.
    """
    found = make_manifest(
        path,
        format_=manifest.format,
        header=manifest.header is not None,
        progress=progress,
    )
    size = manifest.page_records
    last = max(found.count, manifest.count) - 1
    pages = range(max(len(found.pages), len(manifest.pages)))
    differing = [n for n in pages if _hash(found, n) != _hash(manifest, n)]
    differences = tuple(
        Difference(first * size, min(end * size, last + 1) - 1)
        for first, end in _runs(differing)
    )
    return Comparison(
        differences, found.header == manifest.header, found.digest == manifest.digest
    )


def _hash(manifest: Manifest, page: int) -> str | None:
    return manifest.pages[page].hash if page < len(manifest.pages) else None


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Consecutive numbers as (first, one past the last)."""
    known = set(numbers)
    starts = (number for number in numbers if number - 1 not in known)
    ends = (number + 1 for number in numbers if number + 1 not in known)
    return zip(starts, ends, strict=True)


def prove(manifest: Manifest, path: Path, index: int) -> tuple[Proof, bytes]:
    """Prove that a record is in the dataset; only its page is read.

    Gives the proof and the record. Raises :class:`~aibom.errors.UsageError`
    (``record-unknown``), :class:`~aibom.errors.VerificationFailed`
    (``records-differ``) where the page is not the one of the manifest.
    """
    if not 0 <= index < manifest.count:
        raise UsageError(
            f"no record {index}: there are {manifest.count}, from 0",
            reason="record-unknown",
            where=str(path),
            hint="counted from 0: the third record is --record 2",
        )
    number = manifest.page_of(index)
    records = _page(manifest, path, number)
    page = MerkleTree()
    for record in records:
        page.append(record)
    place = index - number * manifest.page_records
    if place >= len(page) or page.root().hex() != manifest.pages[number].hash:
        raise VerificationFailed(
            "the records around it are not those of the manifest",
            reason="records-differ",
            where=str(path),
            hint="aibom manifest check MANIFEST DATA says which differ",
        )
    tree = MerkleTree()
    for item in manifest.pages:
        tree.append_hash(bytes.fromhex(item.hash))
    path_up = [*page.inclusion_proof(place), *tree.inclusion_proof(number)]
    proof = Proof(
        str(manifest.dataset),
        manifest.root,
        manifest.count,
        index,
        tuple(sibling.hex() for sibling in path_up),
    )
    return proof, records[place]


def _page(manifest: Manifest, path: Path, number: int) -> list[bytes]:
    count = manifest.page_records
    if manifest.format == "files":
        files = hash_path(path).files[number * count : (number + 1) * count]
        return [f"{file.digest.value}  {file.path}".encode() for file in files]
    first = manifest.pages[number].offset
    with _unchanging(path) as (stream, size):
        if manifest.format == "parquet":
            found = open_table(stream, size, str(path)).records(first)
        else:
            stream.seek(first)
            blocks = iter(lambda: stream.read(_BLOCK), b"")
            found = read_records(blocks, manifest.format)
        return [record for _, record in islice(found, count)]


def check_proof(proof_path: Path, record: bytes, root: str) -> Proof:
    """Check that a record is in the dataset with this root; nothing else is needed.

    Raises :class:`~aibom.errors.VerificationFailed`: ``proof-of-another-root``,
    ``proof-invalid``; :class:`~aibom.errors.DocumentInvalid` for what is no proof.
    """
    proof = read_proof(read_bytes(proof_path, limit=1024 * 1024), str(proof_path))
    if proof.root != root:
        raise VerificationFailed(
            f"proves a record of another dataset: root {proof.root}",
            reason="proof-of-another-root",
            where=str(proof_path),
            hint="take the root from a manifest or a signed BOM that you trust",
        )
    if not proof.holds(record):
        raise VerificationFailed(
            "these bytes are not the record that it proves",
            reason="proof-invalid",
            where=str(proof_path),
            hint="a record is its bytes exactly, without the line end",
        )
    return proof
