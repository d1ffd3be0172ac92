"""All files of an artifact into its quarantine, and whether they are what was said."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Callable, Set
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from aibom.catalogers.place import Place
from aibom.digest import Progress
from aibom.errors import InputError, VerificationFailed
from aibom.operations.importing.artifact_lock import LockedArtifact
from aibom.operations.importing.quarantine import Quarantine
from aibom.operations.scanning.snapshot import Snapshot, is_counted
from aibom.sources.remote import RemoteFile, Source

__all__ = ["download_all", "require_claimed"]

_THREADS = 8
_BLOCK = 1024 * 1024


class _Stopped(Exception):
    """Another download failed; nobody waits for this one."""


class _Meter:
    """Adds up bytes over threads, and carries the order to stop."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.stopped = False
        self._total, self._done, self._progress = total, 0, progress
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        if self.stopped:
            raise _Stopped
        with self._lock:
            self._done += count
            if self._progress is not None:
                self._progress(min(self._done, self._total), self._total)


def download_all(
    source: Source,
    snapshot: Snapshot,
    quarantine: Quarantine,
    *,
    progress: Progress | None = None,
) -> None:
    """Put every file into the quarantine; what is there in full is not asked for again.

    Files and folders that do not belong there are removed first. Raises what the source
    raises, and :class:`~aibom.errors.InputError` (``file-not-written``); the downloads
    that were complete by then stay.
    """
    files = snapshot.resolved.files
    try:
        _prune(quarantine.files, {file.path for file in files})
        if quarantine.aside.exists():
            shutil.rmtree(quarantine.aside)
        _download(source, snapshot, quarantine, progress)
        for root, folders, _ in os.walk(quarantine.files):
            for name in folders:
                os.chmod(Path(root, name), 0o755)  # whatever the umask is
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            reason="file-not-written",
            where=str(error.filename or quarantine.files),
            hint="check the folder, its permissions and the space on that disk",
        ) from error


def _download(
    source: Source,
    snapshot: Snapshot,
    quarantine: Quarantine,
    progress: Progress | None,
) -> None:
    files = snapshot.resolved.files
    meter = _Meter(sum(file.size or 0 for file in files), progress)
    here = {file.path for file in snapshot.files if file.by == "here"}

    def get(file: RemoteFile) -> None:
        to = quarantine.files / file.path
        to.parent.mkdir(parents=True, exist_ok=True)
        if file.path in here:
            _copy(snapshot.folder / file.path, to, quarantine.scratch)
            meter.add(file.size or 0)
        elif file.size is not None and to.is_file() and to.stat().st_size == file.size:
            meter.add(file.size)
        else:
            source.download(snapshot.resolved, file, to, quarantine.scratch, meter.add)
        os.chmod(to, 0o644)  # a client may have made it for this user alone

    _each(get, sorted(files, key=lambda file: -(file.size or 0)), meter)


def _each(
    get: Callable[[RemoteFile], None], files: list[RemoteFile], meter: _Meter
) -> None:
    pool = ThreadPoolExecutor(_THREADS)
    try:
        futures = [pool.submit(get, file) for file in files]
        # The largest is first, and may take hours after a small one has failed.
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in futures:
            error = future.exception() if future in done else None
            if error is not None and not isinstance(error, _Stopped):
                raise error
    finally:
        meter.stopped = True
        pool.shutdown(cancel_futures=True)


def _copy(origin: Path, to: Path, scratch: Path) -> None:
    name = hashlib.sha256(os.fsencode(to)).hexdigest()
    part = scratch / f"{name}.part"
    shutil.copyfile(origin, part)
    os.replace(part, to)


def _prune(folder: Path, wanted: set[str]) -> None:
    """Remove whatever is no regular file of a wanted path: an earlier run's BOM too.

    Folders that are empty then go as well.
    """
    for root, folders, names in os.walk(folder, topdown=False):
        for name in (*folders, *names):
            path = Path(root, name)
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
                elif path.relative_to(folder).as_posix() in wanted:
                    shutil.rmtree(path)
            elif not _is_wanted(path, folder, wanted):
                path.unlink()


def _is_wanted(path: Path, folder: Path, wanted: set[str]) -> bool:
    status = path.lstat()
    # One that has another name elsewhere could be written to from there.
    is_own = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    return is_own and path.relative_to(folder).as_posix() in wanted


def require_claimed(
    place: Place, snapshot: Snapshot, locked: LockedArtifact | None
) -> None:
    """Compare what arrived with what the source announced, and with the lock.

    Raises :class:`~aibom.errors.VerificationFailed`: ``source-file-missing``,
    ``source-file-extra``, ``source-digest-mismatch``; and
    :class:`~aibom.errors.InputError` (``git-lfs-pointer``) where a pointer stands in
    the place of its file.
    """
    there = {file.path: file.digest.value for file in place.content.files}
    announced = {file.path: file for file in snapshot.resolved.files}
    for path in announced:
        if not is_counted(path) and (place.path / path).is_file():
            there[path] = _sha256(place.path / path)
    where = str(snapshot.resolved.reference)
    _require_same_paths(there.keys(), announced.keys(), where)
    known = {file.path: file.sha256 for file in snapshot.files}
    pinned = {file.path: file.sha256 for file in locked.files} if locked else {}
    for path, value in sorted(there.items()):
        for expected, whose in ((known, "source announced"), (pinned, "lock has")):
            if expected.get(path, value) != value:
                (place.path / path).unlink()  # or it would be gone on with
                raise _differs(path, value, f"the {whose} sha256:{expected[path]}")
        blob = announced[path].git_blob
        if path not in known and blob and _git_blob(place.path / path) != blob:
            raise _differs(path, value, f"the source announced the git object {blob}")


def _require_same_paths(there: Set[str], announced: Set[str], where: str) -> None:
    for paths, said in (
        (announced - there, "was announced, and did not arrive"),
        (there - announced, "arrived, and was not announced"),
    ):
        if paths:
            missing = bool(announced - there)
            raise VerificationFailed(
                f"{said}: {min(paths)}",
                reason="source-file-missing" if missing else "source-file-extra",
                where=where,
                hint="do not use it; fetch again, or compare with another copy",
            )


def _differs(path: str, value: str, expected: str) -> VerificationFailed:
    return VerificationFailed(
        f"is sha256:{value}; {expected}",
        reason="source-digest-mismatch",
        where=path,
        hint="do not use it; somebody stands between, or the source lies",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _git_blob(path: Path) -> str:
    """The id that git gives a file (git-hash-object)."""
    hasher = hashlib.sha1(usedforsecurity=False)
    hasher.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest()
