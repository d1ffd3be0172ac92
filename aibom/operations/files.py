"""Reading and writing whole files: bounded, atomic, with errors that name the file."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path

from aibom.bom.parse import read_bytes
from aibom.errors import InputError

__all__ = [
    "is_inside",
    "read_small",
    "remove_old",
    "shown",
    "write_atomic",
    "write_named",
]

MAX_SMALL = 32 * 1024 * 1024
_STREAM = re.compile(
    r"/dev/(?P<name>stdout|stderr)|/(?:dev|proc/self)/fd/(?P<number>[0-9]{1,9})"
)
_STREAMS = {"stdout": 1, "stderr": 2}


def read_small(path: Path) -> bytes:
    """The bytes of a regular file up to 32 MiB; raises as ``read_bytes`` does."""
    return read_bytes(path, limit=MAX_SMALL)


def write_atomic(
    path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True
) -> None:
    """Write a file so that readers see the old bytes or the new ones, never a part.

    A link is replaced, and what it leads to is left alone: these are places in folders
    that others may have filled.

    Raises :class:`~aibom.errors.InputError`: ``file-exists`` when it is there and
    ``replace`` is False, ``file-not-written`` when the system refuses.
    """
    import tempfile  # only where something is written: it loads a good deal

    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".aibom-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        if replace:
            os.replace(temporary, path)
        else:
            os.link(temporary, path)
            os.unlink(temporary)
    except FileExistsError:
        raise InputError(
            "is already there, and is not overwritten",
            reason="file-exists",
            where=str(path),
            hint="if it is no longer needed, move it away and run it again",
        ) from None
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def write_named(path: Path, data: bytes) -> None:
    """Write to a place that the user named, as a shell's ``>`` would understand it.

    Links are followed. A regular file is written as :func:`write_atomic` does; into a
    device or FIFO, and into ``/dev/stdout`` or ``/dev/fd/N``, the bytes are written as
    they are. Waits for a reader of a FIFO. Raises :class:`~aibom.errors.InputError`
    (``file-not-written``).
    """
    try:
        stream = _stream(path)
        if stream is not None:
            # The stream itself: opening its path again would start at offset 0.
            with os.fdopen(os.dup(stream), "wb") as file:
                file.write(data)
        elif _is_special(path):
            # No O_CREAT: if it vanished meanwhile, nothing else takes its place.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CLOEXEC), "wb") as file:
                file.write(data)
        else:
            write_atomic(_followed(path), data)
    except OSError as error:
        raise _not_written(path, error) from error


def remove_old(path: Path) -> None:
    """Remove the regular file that :func:`write_named` would replace, if there is one.

    Raises :class:`~aibom.errors.InputError` (``file-not-written``).
    """
    try:
        if _stream(path) is None and path.is_file():
            _followed(path).unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def _stream(path: Path) -> int | None:
    """The number of our own open file that a path such as ``/dev/stdout`` means."""
    found = _STREAM.fullmatch(str(path))
    if found is None:
        return None
    return _STREAMS[found["name"]] if found["name"] else int(found["number"])


def _followed(path: Path) -> Path:
    # Unlike Path.resolve, no crash on links that lead in a circle.
    return Path(os.path.realpath(path))


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _not_written(path: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot be written: {error.strerror or error}",
        reason="file-not-written",
        where=str(path),
        hint="look at its folder: is it there, may you write in it, is the disk full?",
    )


def is_inside(path: Path, folder: Path) -> bool:
    """Whether ``path`` is ``folder`` or lies in it, links resolved."""
    return path.resolve().is_relative_to(folder.resolve())


def shown(path: Path, root: Path) -> str:
    """How results name a file found below ``root``: the same on every machine."""
    return f"{root.resolve().name}/{path.relative_to(root).as_posix()}"
