"""Evidence folders, copied once to where a dossier has them: ``evidence/1/`` and on.

What is verified, decided by, and packed is then the same bytes, and results name files
as the dossier does, on every machine. Folders are numbered by name and content, so that
the order in which they are given says nothing; one that is there twice, same name and
same files, is taken once.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from aibom.errors import AibomError, InputError
from aibom.operations.dossiers.archive import (
    MAX_BYTES,
    MAX_FILES,
    Part,
    require_plain,
)

__all__ = ["FOLDER", "Staged", "StagedFolder", "staged"]

#: Where evidence lies, in a dossier and while one is made.
FOLDER = "evidence"
_BLOCK = 1024 * 1024
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class StagedFolder:
    """One evidence folder: its place in the dossier, and the name that it had.

    ``given`` is its path on this machine, for messages; it goes into no file.
    """

    place: str
    name: str
    files: int
    given: Path


@dataclass(frozen=True, slots=True)
class Staged:
    """Copies of all evidence below ``root``; ``parts`` are those for the archive."""

    root: Path
    folders: tuple[StagedFolder, ...]
    parts: dict[str, Part]

    @property
    def evidence(self) -> tuple[Path, ...]:
        """What to verify with: one folder that holds all, or none."""
        return (self.root / FOLDER,) if self.folders else ()

    @contextmanager
    def named_as_given(self) -> Iterator[None]:
        """Let errors name files as the caller gave them."""
        try:
            yield
        except AibomError as error:
            if error.where is not None:
                error.where = self._given(error.where)
            raise

    def _given(self, where: str) -> str:
        inside = where.removeprefix(f"{self.root}{os.sep}")
        for folder in self.folders:
            if inside.startswith(f"{folder.place}/"):
                return f"{folder.given}{inside.removeprefix(folder.place)}"
        return where


@contextmanager
def staged(folders: Iterable[Path]) -> Iterator[Staged]:
    """Copy evidence folders; the copies are gone afterwards.

    Hidden files and folders are left out: they are not for others to see. Raises
    :class:`~aibom.errors.InputError`: ``path-missing``, ``path-unreadable``,
    ``evidence-link`` (it could lead to anything), ``special-file``, ``name-unusable``,
    ``dossier-too-large``.
    """
    with TemporaryDirectory(prefix="aibom-") as name:
        root = Path(name).resolve()
        copier = _Copier(root)
        for folder in folders:
            copier.take(folder)
        yield copier.placed()


class _Copier:
    """Copies to ``given/0``, ``given/1``…, and then moves each to its number."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = 0
        self.size = 0
        self.taken: dict[tuple[bytes, str], tuple[Path, Path, dict[str, Part]]] = {}

    def take(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(
                "no such evidence folder",
                reason="path-missing",
                where=str(folder),
                hint="look for it with ls: paths count from the folder you are in",
            )
        before = self.files, self.size
        copy = self.root / "given" / str(len(self.taken))
        copy.mkdir(parents=True)
        parts = self._copied(folder, copy)
        listing = "".join(f"{part.sha256}  {name}\n" for name, part in parts.items())
        digest = hashlib.sha256(listing.encode()).hexdigest()
        key = (os.fsencode(folder.resolve().name), digest)
        if key in self.taken:
            shutil.rmtree(copy)
            self.files, self.size = before
        else:
            self.taken[key] = folder, copy, parts

    def _copied(self, folder: Path, copy: Path) -> dict[str, Part]:
        parts: dict[str, Part] = {}
        names = sorted(_files(folder), key=os.fsencode)
        _require_plain(names, folder)
        for name in names:
            self._copy(folder / name, copy / name)
            parts[name] = Part.of(copy / name)
        return parts

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self.files += 1
        with _regular(source) as handle, target.open("xb") as out:
            while block := os.read(handle, _BLOCK):
                self.size += len(block)
                if self.size > MAX_BYTES:
                    raise _too_large(source)
                out.write(block)
        if self.files > MAX_FILES:
            raise _too_large(source)

    def placed(self) -> Staged:
        """Number what was taken."""
        folders: list[StagedFolder] = []
        parts: dict[str, Part] = {}
        ordered = sorted(self.taken.items(), key=lambda item: item[0])
        for number, ((called, _), (given, copy, found)) in enumerate(ordered, start=1):
            place = f"{FOLDER}/{number}"
            target = self.root / place
            target.parent.mkdir(exist_ok=True)
            copy.rename(target)
            name = called.decode(errors="replace")
            folders.append(StagedFolder(place, name, len(found), given))
            for path, part in found.items():
                parts[f"{place}/{path}"] = replace(part, source=target / path)
        return Staged(self.root, tuple(folders), parts)


def _require_plain(names: list[str], folder: Path) -> None:
    try:
        require_plain(names)
    except InputError as error:
        error.where = str(folder)
        raise


def _too_large(source: Path) -> InputError:
    return InputError(
        f"with this there are more than {MAX_FILES:,} files, or {MAX_BYTES:,} bytes",
        reason="dossier-too-large",
        where=str(source),
        hint="name folders with statements, not with the data itself",
    )


def _files(folder: Path) -> Iterator[str]:
    """Relative paths of all files that are not hidden, with ``/``."""

    def failed(error: OSError) -> None:
        raise InputError(
            f"cannot be read: {error.strerror}",
            reason="path-unreadable",
            where=str(error.filename),
            hint="look at its owner and permissions",
        ) from error

    for parent, folders, files in os.walk(folder, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink() and not name.startswith("."):
                raise InputError(
                    "is a link, and a dossier holds files: it could lead to anything",
                    reason="evidence-link",
                    where=str(path),
                    hint="put the file itself there, or take the link out",
                )
        for name in files:
            if not name.startswith("."):
                yield Path(parent, name).relative_to(folder).as_posix()


@contextmanager
def _regular(path: Path) -> Iterator[int]:
    """A regular file, open for reading; what cannot be read or copied is told."""
    try:
        handle = os.open(path, _OPEN_FLAGS)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise _special(path)
            yield handle
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno == errno.ENXIO:  # what opening a socket ends in
            raise _special(path) from None
        raise InputError(
            f"cannot be read: {error.strerror}",
            reason="path-unreadable",
            where=str(path),
            hint="look at its owner and permissions",
        ) from error


def _special(path: Path) -> InputError:
    return InputError(
        "is no file but a FIFO, socket or device",
        reason="special-file",
        where=str(path),
        hint="take it out of the evidence",
    )
