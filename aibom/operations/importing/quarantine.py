"""Where bytes lie until they are decided about: beside the target, and only ours.

::

    models/bert                            the target; it does not exist yet
    models/.bert.aibom-quarantine/
        lock                               held while somebody works here
        state.json                         what is being fetched
        scratch/                           downloads that are not complete
        files/                             what will be the target, by one rename

A run that was killed leaves the quarantine behind, and the next one for the same target
goes on in it, if it still fetches the same. Nothing in it is believed: all is hashed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aibom.digest import Snapshot, stat_snapshot
from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.operations.files import read_small, write_atomic
from aibom.statement import parse_json, to_json

__all__ = ["Quarantine", "changed", "quarantine_of", "require_free"]

#: Who else may write to a folder, by the bit that lets them; the letter is chmod's.
_OTHERS = {stat.S_IWGRP: "group", stat.S_IWOTH: "others"}
_OCCUPIED = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EISDIR})


def quarantine_of(target: Path) -> Path:
    """Where the quarantine of a target lies: on the same file system."""
    return target.parent / f".{target.name}.aibom-quarantine"


def require_free(target: Path) -> None:
    """Refuse a target that is there (``target-exists``): nothing is overwritten."""
    if os.path.lexists(target) and not _is_empty_folder(target):
        raise InputError(
            "is already there, and is not what was asked for",
            reason="target-exists",
            where=str(target),
            hint="choose another --to (a folder for each revision), or remove it",
        )


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A quarantine that this process holds."""

    path: Path

    @classmethod
    @contextmanager
    def held(
        cls, target: Path, wanted: Mapping[str, str] | None
    ) -> Iterator[Quarantine]:
        """Open the quarantine of a target; what is left of another fetch is removed.

        ``wanted`` says what is fetched: leftovers count only if they were for the same,
        and never where it is None. It stays when the block ends; :meth:`discard`
        removes it.

        Raises :class:`~aibom.errors.InputError`: ``quarantine-busy``,
        ``quarantine-unusable``, ``file-not-written``.
        """
        path = quarantine_of(target)
        handle = _locked(path)
        try:
            found = cls(path)
            try:
                found._begin(dict(wanted) if wanted else None)
            except OSError as error:
                raise _not_made(path, error) from error
            yield found
        finally:
            os.close(handle)

    @property
    def files(self) -> Path:
        """The folder that becomes the target."""
        return self.path / "files"

    @property
    def scratch(self) -> Path:
        """Where downloads are kept until they are complete."""
        return self.path / "scratch"

    @property
    def aside(self) -> Path:
        """What came with the artifact and does not become a part of it."""
        return self.path / "aside"

    def _begin(self, wanted: dict[str, str] | None) -> None:
        state = self.path / "state.json"
        known = None
        with contextlib.suppress(AibomError):
            known = parse_json(read_small(state), str(state))
        if wanted is None or known != wanted:
            self._clear()
            write_atomic(state, to_json(wanted), mode=0o600)
        for folder in (self.files, self.scratch):
            if folder.is_symlink() or not folder.is_dir():
                folder.unlink(missing_ok=True)  # what a link leads to is not ours
            folder.mkdir(mode=0o700, exist_ok=True)

    def _clear(self) -> None:
        for child in self.path.iterdir():
            if child.name == "lock":
                continue
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            else:
                child.unlink()

    def discard(self) -> None:
        """Remove it, with all that is in it; the lock last, so that nobody begins."""
        with contextlib.suppress(OSError):
            self._clear()
            (self.path / "lock").unlink()
            self.path.rmdir()

    def put(self, place: Path, data: bytes) -> None:
        """Write a small file outside of the quarantine, by way of it.

        Its parts are written in here: a run that is killed leaves no temporary file
        where it was to be. Raises :class:`~aibom.errors.InputError`
        (``file-not-written``).
        """
        whole = self.path / "beside"
        write_atomic(whole, data)
        try:
            os.replace(whole, place)
        except OSError as error:
            raise InputError(
                f"cannot be written: {error.strerror}",
                reason="file-not-written",
                where=str(place),
                hint="see whether you may write in that folder, then run it again",
            ) from error

    def promote(self, target: Path, decided: Snapshot) -> None:
        """Make the files the target, by one rename, if they are what was decided about.

        ``decided`` is what the file system said of them when they were hashed for the
        decision. They are compared before and after the rename; files that changed go
        back into the quarantine.

        Raises :class:`~aibom.errors.VerificationFailed` (``changed-since-decided``),
        :class:`~aibom.errors.InputError` (``target-exists``, ``file-not-written``).
        """
        if stat_snapshot(self.files) != decided:
            raise changed(self.files)
        try:
            os.chmod(self.files, 0o755)
            os.rename(self.files, target)
        except OSError as error:
            if error.errno in _OCCUPIED:
                require_free(target)
            raise InputError(
                f"cannot become the target: {error.strerror}",
                reason="file-not-written",
                where=str(target),
                hint="the folder above it must be writable, and on one file system",
            ) from error
        moved = stat.S_ISDIR(os.lstat(target).st_mode)
        if not moved or stat_snapshot(target) != decided:
            os.rename(target, self.files)
            raise changed(target)
        _sync(target.parent)


def changed(path: Path) -> VerificationFailed:
    """The refusal of files that are not those that were decided about."""
    return VerificationFailed(
        "changed after it was decided about",
        reason="changed-since-decided",
        where=str(path),
        hint="somebody else writes there; find out who, then fetch again",
    )


def _locked(path: Path) -> int:
    """Make the folder, if need be, and hold its lock; returns the open handle."""
    try:
        _make(path.parent)
        _require_own_parent(path.parent)
        while True:
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=0o700)
            _require_ours(path)
            with contextlib.suppress(FileNotFoundError):  # discarded by its last holder
                handle = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
                if _holds(handle, path):
                    return handle
                os.close(handle)
    except OSError as error:
        raise _not_made(path, error) from error


def _make(folder: Path) -> None:
    """Make a folder that is missing, and those above it, open to nobody's writing."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o755, exist_ok=True)


def _not_made(path: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot be made: {error.strerror}",
        reason="file-not-written",
        where=str(path),
        hint="the folder of --to must be writable, with space on its disk",
    )


def _holds(handle: int, path: Path) -> bool:
    """Take the lock; False where the file was removed while we waited for nothing."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(
            "another fetch is at work for this target",
            reason="quarantine-busy",
            where=str(path),
            hint="wait for it to end, or fetch to another folder",
        ) from None
    try:
        now = os.stat(path / "lock")
    except FileNotFoundError:
        return False
    held = os.fstat(handle)
    return (now.st_dev, now.st_ino) == (held.st_dev, held.st_ino)


def _require_own_parent(folder: Path) -> None:
    """Refuse a folder where others can put another folder in the place of ours.

    Everything here goes by paths: who exchanges the quarantine for a link while files
    are written would have us write wherever the link leads.
    """
    found, quoted = os.stat(folder), shlex.quote(str(folder))
    if found.st_uid not in (0, os.geteuid()):
        raise _exchangeable(
            folder,
            f"it belongs to user {found.st_uid}, who",
            "fetch to a folder of your own (--to)",
        )
    may = [(bit, word) for bit, word in _OTHERS.items() if found.st_mode & bit]
    if may and not found.st_mode & stat.S_ISVTX:
        letters = "".join(word[0] for _, word in may)
        raise _exchangeable(
            folder,
            f"{' and '.join(word for _, word in may)} may write there, and so",
            f"chmod {letters}-w {quoted}; or fetch to a folder that only you can write "
            "to (--to); or, if they have to write there, keep them from renaming what "
            f"is yours: chmod +t {quoted}",
        )


def _exchangeable(folder: Path, who: str, hint: str) -> InputError:
    return InputError(
        f"{who} can exchange what lies in it, while it is decided about",
        reason="quarantine-unusable",
        where=str(folder),
        hint=hint,
    )


def _require_ours(path: Path) -> None:
    found = os.lstat(path)
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise InputError(
            "is not a folder that only this user can use",
            reason="quarantine-unusable",
            where=str(path),
            hint="somebody else made it: look at it, and remove it",
        )


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
