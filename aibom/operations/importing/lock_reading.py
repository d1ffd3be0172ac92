"""One artifact as an entry of the lock: every file with size and SHA-256.

What is small is read and hashed here, and for what is large the source's claim is
taken, and marked as such. What nobody claims a digest of (folders, object stores) is
downloaded to a temporary place, one file at a time, hashed and dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from aibom.errors import InputError
from aibom.operations.importing.locked import LockedArtifact, tree_of
from aibom.operations.scanning.snapshot import KnownFile, is_counted, open_snapshot
from aibom.sources.remote import RemoteFile, Resolved, Source

__all__ = ["Told", "take"]

#: Called with (bytes done, bytes in all) while files are downloaded.
Told = Callable[[int, int], None]


def take(
    source: Source, resolved: Resolved, told: Told | None = None
) -> LockedArtifact:
    """The entry for what a source resolved; nothing of it stays on the disk.

    Raises what the source raises, and :class:`~aibom.errors.InputError`
    (``folder-empty``) where no file counts for the digest.
    """
    resolved.require_complete()
    with open_snapshot(source, resolved) as snapshot:
        known, unknown = snapshot.files, frozenset(snapshot.unknown)
    rest = [file for file in resolved.files if file.path in unknown]
    files = tuple(sorted((*known, *_hashed(source, resolved, rest, told))))
    if not any(is_counted(file.path) for file in files):
        raise InputError(
            "no file to lock",
            reason="folder-empty",
            where=str(resolved.reference),
            hint="name a revision that has files",
        )
    return LockedArtifact(
        reference=str(resolved.reference),
        kind=resolved.reference.kind,
        commit=resolved.commit,
        committed=resolved.committed,
        repository=resolved.repository,
        owner=resolved.owner,
        tree=tree_of(files),
        files=files,
    )


def _hashed(
    source: Source, resolved: Resolved, files: list[RemoteFile], told: Told | None
) -> Iterator[KnownFile]:
    """Each file by its bytes; one at a time, so that only one needs room."""
    if not files:
        return
    total = sum(file.size or 0 for file in files)
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        if told is not None:
            told(done, max(total, done))

    with TemporaryDirectory(prefix="aibom-") as name:
        scratch, to = Path(name, "scratch"), Path(name, "file")
        scratch.mkdir()
        for file in files:
            source.download(resolved, file, to, scratch, progress)
            with to.open("rb") as stream:
                value = hashlib.file_digest(stream, "sha256").hexdigest()
                size = stream.tell()
            to.unlink()
            yield KnownFile(file.path, size, value, "here")
