"""Put a finished record on disk: whole or not at all, and never over another.

A record is written to a temporary file in the folder where it will lie, forced to disk,
and then linked to its name. Its name is its digest, so a name that is taken either
holds the same bytes (and all is well) or is a reason to stop. Readers of the folder
never see half a record; a crash can leave a ``.*.tmp`` behind, which is not one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aibom.errors import RecordingFailed

__all__ = ["failed_folder", "prepare", "write_failure", "write_new"]

# What file systems without hard links answer.
_NO_LINKS = frozenset(
    {
        errno.EPERM,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.EMLINK,
        errno.EXDEV,
    }
)


def prepare(folder: Path) -> None:
    """Make sure that a record can be written to ``folder``, before hours are spent.

    Raises :class:`~aibom.errors.RecordingFailed` (``record-not-written``).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_temporary(folder, b"").unlink()
    except OSError as error:
        raise _not_written(error, folder) from error


def write_new(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, which holds all of it or does not change.

    Does nothing if the file is there with the same bytes. Raises
    :class:`~aibom.errors.RecordingFailed`: ``record-exists`` if it is there with
    others, ``record-not-written`` if the system refuses.
    """
    try:
        temporary = _write_temporary(path.parent, data)
        try:
            _give_name(temporary, path, data)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _not_written(error, path) from error


def failed_folder(steps: Path) -> Path:
    """Where logs of failed steps go: beside the folder of the records."""
    return steps.parent / "failed"


def write_failure(steps: Path, document: Mapping[str, Any]) -> Path:
    """Log a failed step, for people to read; never into the folder of the records.

    Raises :class:`~aibom.errors.RecordingFailed` if it cannot be written.
    """
    folder = failed_folder(steps)
    data = (
        json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode()
        + b"\n"
    )
    started = str(document["startedOn"]).replace(":", "").replace("-", "")
    name = f"{started}-{document['step']}-{hashlib.sha256(data).hexdigest()[:12]}.json"
    prepare(folder)
    write_new(folder / name, data)
    return folder / name


def _write_temporary(folder: Path, data: bytes) -> Path:
    path = folder / f".{secrets.token_hex(8)}.tmp"
    # Opened with the usual mode, so that the umask decides who may read the record.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _give_name(temporary: Path, path: Path, data: bytes) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        _require_same(path, data)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Between this look and the rename another writer may come in. The name is the
        # digest of the payload, so what is lost then is at most a second signature of
        # it.
        if os.path.lexists(path):
            _require_same(path, data)
        else:
            os.replace(temporary, path)


def _require_same(path: Path, data: bytes) -> None:
    if path.is_symlink() or path.read_bytes() != data:
        raise RecordingFailed(
            "there is another file where this record belongs; it was left as it is",
            reason="record-exists",
            where=str(path),
            hint="look at what it is, move it away, and run the step again",
        )


def _sync_folder(folder: Path) -> None:
    # The record is on disk already; a file system that cannot do this for its name must
    # not make a written record look like a failure.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _not_written(error: OSError, path: Path) -> RecordingFailed:
    return RecordingFailed(
        f"the record cannot be written: {error.strerror or error}",
        reason="record-not-written",
        where=str(path),
        hint="check that the folder can be written to, and that the disk is not full",
    )
