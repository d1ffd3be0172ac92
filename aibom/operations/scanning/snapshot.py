"""What can be known of an artifact elsewhere before its bytes are fetched.

A snapshot is a folder as git has it without its large files: configurations, cards and
whatever else is small are read and compared with what the source says of them; each
other file is a Git LFS pointer with the SHA-256 that the source claims. So everything
that reads folders reads it, and tells what is here from what is only claimed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aibom.digest import HOUSEKEEPING, Digest, manifest_digest
from aibom.errors import InputError
from aibom.listing import BOM_NAME, BUNDLE_NAME, OMS_NAME
from aibom.sources.remote import RemoteFile, Resolved, Source

__all__ = ["KnownFile", "Snapshot", "is_counted", "open_snapshot"]

#: A larger file is no configuration or card.
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_TOTAL_BYTES = 512 * 1024 * 1024
_THREADS = 8
#: Read although the source keeps them apart as large files.
_METADATA = (".json", ".md", ".yaml", ".yml", ".txt", ".jinja", ".toml", ".xml")
_SIDECARS = frozenset({BOM_NAME, BUNDLE_NAME, OMS_NAME})


@dataclass(frozen=True, slots=True, order=True)
class KnownFile:
    """One file and its SHA-256: ``by`` the source's word, or hashed ``here``."""

    path: str
    size: int
    sha256: str
    by: Literal["here", "source"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The folder, and what is known of each file.

    ``unknown`` are files of which nobody states a SHA-256 and that were not read; they
    are not in the folder.
    """

    resolved: Resolved
    folder: Path
    files: tuple[KnownFile, ...]
    unknown: tuple[str, ...]

    @property
    def tree(self) -> Digest | None:
        """The digest of the artifact, if the source's claims hold; None if unknown."""
        pairs = [(f.path, f.sha256) for f in self.files if is_counted(f.path)]
        lacking = any(is_counted(path) for path in self.unknown)
        if not pairs or lacking or not self.resolved.complete:
            return None
        return manifest_digest(pairs)

    @property
    def is_claimed(self) -> bool:
        """Whether any of it rests on the source's word."""
        return bool(self.unknown) or any(file.by == "source" for file in self.files)


def is_counted(path: str) -> bool:
    """Whether the tree digest covers a file of this path: it is no housekeeping."""
    kept = (name for name in HOUSEKEEPING if name.endswith("/"))
    return path not in HOUSEKEEPING and not path.startswith(tuple(kept))


@contextmanager
def open_snapshot(
    source: Source, resolved: Resolved, *, partial: bool = False
) -> Iterator[Snapshot]:
    """Read what is small, and write pointers for the rest, into a temporary folder.

    With ``partial``, what a cache does not hold is known by the source's word only, as
    large files are, or not at all. Raises what the source raises, and
    :class:`~aibom.errors.InputError` (``source-too-large``) where the small files
    together are not.
    """
    from tempfile import TemporaryDirectory

    small = [file for file in resolved.files if _is_read(file)]
    total = sum(file.size or 0 for file in small)
    if total > MAX_TOTAL_BYTES:
        raise InputError(
            f"its configurations and cards are {total:,} bytes together, over the "
            f"limit of {MAX_TOTAL_BYTES:,}",
            reason="source-too-large",
            where=str(resolved.reference),
            hint="look at its files: metadata is not that large",
        )
    with TemporaryDirectory(prefix="aibom-") as name:
        folder = Path(name)
        yield Snapshot(
            resolved,
            folder,
            *_fill(folder, source, resolved, small, partial),
        )


def _is_read(file: RemoteFile) -> bool:
    if file.size is None or file.size > MAX_FILE_BYTES:
        return False
    is_metadata = file.path in _SIDECARS or file.path.lower().endswith(_METADATA)
    return is_metadata or (file.sha256 is None and file.git_blob is not None)


def _fill(
    folder: Path,
    source: Source,
    resolved: Resolved,
    small: list[RemoteFile],
    partial: bool,
) -> tuple[tuple[KnownFile, ...], tuple[str, ...]]:
    def read(file: RemoteFile) -> KnownFile | None:
        try:
            data = source.read(resolved, file, MAX_FILE_BYTES)
        except InputError as error:
            if partial and error.reason == "source-not-cached":
                return None
            raise
        _write(folder, file.path, data)
        digest = hashlib.sha256(data).hexdigest()
        return KnownFile(file.path, len(data), digest, "here")

    with ThreadPoolExecutor(_THREADS) as pool:
        known = [found for found in pool.map(read, small) if found is not None]
    here = {file.path for file in known}
    unknown: list[str] = []
    for file in resolved.files:
        if file.path in here:
            continue
        if file.sha256 is None or file.size is None:
            unknown.append(file.path)
            continue
        _write(folder, file.path, _pointer(file.sha256, file.size))
        known.append(KnownFile(file.path, file.size, file.sha256, "source"))
    return tuple(sorted(known)), tuple(unknown)


def _write(folder: Path, path: str, data: bytes) -> None:
    place = folder / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            reason="file-not-written",
            where=str(place),
            hint="check the space for temporary files (TMPDIR)",
        ) from error


def _pointer(sha256: str, size: int) -> bytes:
    """The text of a Git LFS pointer (git-lfs ``docs/spec.md``)."""
    return (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{sha256}\nsize {size}\n"
    ).encode()
