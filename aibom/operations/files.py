"""Reading and writing whole files: bounded, atomic, with errors that name the file."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from aibom.bom.parse import read_bytes
from aibom.digest import BOM_NAME
from aibom.errors import AibomError, InputError, UsageError

__all__ = [
    "artifact_folder",
    "is_inside",
    "is_same",
    "read_small",
    "remove_old",
    "require_apart",
    "require_new",
    "require_no_artifact",
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


def require_new(path: Path) -> None:
    """Refuse a file that is there: ``file-exists``. Streams and devices pass.

    For what somebody works in, or has handed on, and nobody can make again.
    """
    if _stream(path) is None and path.is_file():
        raise InputError(
            "is already there, and is not overwritten",
            reason="file-exists",
            where=str(path),
            hint="name another file, or move the old one away",
        )


def artifact_folder(path: Path) -> Path | None:
    """The folder of the artifact that a BOM or folder is of; None for a BOM alone.

    A BOM of the usual name lies in its artifact, also when a link leads to it.
    """
    if path.is_dir():
        return path
    places = (path, _followed(path))
    return next((one.parent for one in places if one.name == BOM_NAME), None)


def require_apart(
    output: Path | None, inputs: Iterable[Path | None], folder: Path | None = None
) -> None:
    """Refuse an output over what is read, links followed, or in an artifact.

    ``folder`` is that of the artifact; another file in there would be part of it.
    Raises :class:`~aibom.errors.UsageError`: ``output-is-input``,
    ``output-inside-artifact``.
    """
    if output is None:
        return
    if any(one is not None and is_same(output, one) for one in inputs):
        raise UsageError(
            "is read here, and would be overwritten",
            reason="output-is-input",
            where=str(output),
            hint="name another file",
        )
    if folder is not None and is_inside(output, folder):
        raise UsageError(
            "a file in the artifact's folder would be part of the artifact",
            reason="output-inside-artifact",
            where=str(output),
            hint="write it beside the folder",
        )


def require_no_artifact(folder: Path) -> None:
    """Refuse a folder for evidence that is an artifact's, or lies in one.

    It is one if the BOM in it lists a file that is there, or cannot be read: a BOM of
    somebody else that is kept as evidence has none of its files. Raises
    :class:`~aibom.errors.UsageError` (``output-inside-artifact``).
    """
    place = _followed(folder)
    for one in (place, *place.parents):
        if (one / BOM_NAME).is_file() and _lists_what_is_there(one):
            raise UsageError(
                f"what is put there would be part of the artifact {one.name}",
                reason="output-inside-artifact",
                where=str(folder),
                hint="name a folder beside the artifact, as in: -o evidence",
            )


def _lists_what_is_there(folder: Path) -> bool:
    from aibom.operations.validate import load_bom

    file = folder / BOM_NAME
    try:
        graph = load_bom(read_bytes(file), str(file), "schema").graph
    except AibomError:
        return True
    files = graph.nodes[str(graph.root)].files
    return any((folder / one.path).exists() for one in files)


def is_same(one: Path, other: Path) -> bool:
    """The same file, by whatever name; also where there is none yet."""
    try:
        return one.samefile(other)
    except OSError:
        return _followed(one) == _followed(other)


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
    return _followed(path).is_relative_to(_followed(folder))


def shown(path: Path, root: Path) -> str:
    """How results name a file found below ``root``: the same on every machine."""
    return f"{root.resolve().name}/{path.relative_to(root).as_posix()}"
