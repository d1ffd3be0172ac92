"""Reading and writing whole files: bounded, atomic, with errors that name the file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from aibom.bom.parse import read_bytes
from aibom.errors import InputError

__all__ = ["is_inside", "read_small", "shown", "write_atomic"]

MAX_SMALL = 32 * 1024 * 1024


def read_small(path: Path) -> bytes:
    """The bytes of a regular file up to 32 MiB; raises as ``read_bytes`` does."""
    return read_bytes(path, limit=MAX_SMALL)


def write_atomic(
    path: Path, data: bytes, *, mode: int = 0o644, replace: bool = True
) -> None:
    """Write a file so that readers see the old bytes or the new ones, never a part.

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
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            reason="file-not-written",
            where=str(path),
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def is_inside(path: Path, folder: Path) -> bool:
    """Whether ``path`` is ``folder`` or lies in it, links resolved."""
    return path.resolve().is_relative_to(folder.resolve())


def shown(path: Path, root: Path) -> str:
    """How results name a file found below ``root``: the same on every machine."""
    return f"{root.resolve().name}/{path.relative_to(root).as_posix()}"
