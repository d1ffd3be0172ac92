"""A place that is read: hashed once, and then only looked at through bounded reads.

Every byte that a cataloger sees is a byte of what was hashed. A small file is read
whole and hashed again. A large one is opened for reading at places, and the whole place
is listed again at the end (:meth:`Place.require_unchanged`), by size, times and inode.
Nothing is followed that the listing did not follow, and nothing is executed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aibom.catalogers.formats import classify
from aibom.catalogers.git_lfs import FORMAT, Pointer, parse_pointer
from aibom.digest import (
    Content,
    Digest,
    File,
    Progress,
    hash_around_pointers,
    hash_path,
    manifest_digest,
)
from aibom.errors import InputError
from aibom.listing import Entry, Listing, list_files, lost, refused

__all__ = ["Place", "TooLarge"]

_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class TooLarge(Exception):
    """A file is larger than its cataloger reads; it becomes a finding."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size:,} bytes, over the limit of {limit:,}")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or a single file, as it was when it was hashed.

    ``formats`` tells each file's format by its bytes (:mod:`.formats`), by path.
    ``pointers`` are Git LFS pointers (format ``git-lfs-pointer``): what they stand for
    is not here, so neither the place nor a folder with one has a digest
    (:meth:`is_whole`), and they are not among :attr:`names`: the paths of all files
    that are here, sorted as UTF-8 bytes.
    """

    path: Path
    listing: Listing = field(repr=False)
    formats: Mapping[str, str] = field(repr=False)
    pointers: Mapping[str, Pointer] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    _content: Content | None = field(repr=False)
    _entries: Mapping[str, Entry] = field(repr=False)
    _files: Mapping[str, File] = field(repr=False)

    @classmethod
    def of(
        cls, path: Path, progress: Progress | None = None, *, pointers: bool = False
    ) -> Place:
        """Hash a place and tell its files' formats.

        With ``pointers``, Git LFS pointers in it are kept apart; else they are refused.
        Raises what :func:`aibom.digest.hash_path` raises, and
        :class:`~aibom.errors.InputError` (``changed-while-hashing``).
        """
        listing = list_files(path)
        content: Content | None
        if pointers:
            partial = hash_around_pointers(path, progress=progress)
            content, hashed, kept = partial.content, partial.files, partial.pointers
        else:
            content = hash_path(path, progress=progress)
            hashed, kept = content.files, ()
        entries = {entry.path: entry for entry in listing.entries}
        files = {file.path: file for file in (*hashed, *kept)}
        names = tuple(file.path for file in hashed)
        place = cls(path, listing, {}, {}, names, content, entries, files)
        formats = {file.path: place._format(file.path) for file in hashed}
        formats.update(dict.fromkeys((file.path for file in kept), FORMAT))
        parsed = {
            file.path: parse_pointer(place.read(file.path, file.size)) for file in kept
        }
        return cls(path, listing, formats, parsed, names, content, entries, files)

    def _format(self, name: str) -> str:
        with self.open(name) as stream:
            return classify(stream, self.size(name), name)

    @property
    def content(self) -> Content:
        """What the place held.

        Raises :class:`~aibom.errors.InputError` (``git-lfs-pointer``) for a place that
        is not whole: it has no digest.
        """
        if self._content is None:
            raise self._not_whole(next(iter(self.pointers)))
        return self._content

    def is_whole(self, folder: str = "") -> bool:
        """Whether all files of the place, or of a folder of it, are here."""
        return self._pointer_under(folder) is None

    def claimed_digest(self, folder: str = "") -> Digest | None:
        """The digest it would have if every pointer's file were here, as they say.

        It is what pointers claim, so it says which thing is meant and proves nothing;
        for what is whole it is the digest. None where a pointer says nothing.
        """
        if not self.listing.is_folder:
            name = self.listing.entries[0].path
            claimed = self._claimed(name)
            return Digest("file", claimed) if claimed else None
        start = len(folder) + 1 if folder else 0
        pairs = []
        for name in self.paths_under(folder):
            claimed = self._claimed(name)
            if claimed is None:
                return None
            pairs.append((name[start:], claimed))
        return manifest_digest(pairs)

    def _claimed(self, name: str) -> str | None:
        pointer = self.pointers.get(name)
        return pointer.sha256 if pointer else self.sha256(name)

    def _pointer_under(self, folder: str) -> str | None:
        return next(iter(_under(folder, self._kept)), None)

    @property
    def _kept(self) -> tuple[str, ...]:
        return tuple(self.pointers)

    def _not_whole(self, name: str) -> InputError:
        return refused("git-lfs-pointer", os.path.join(self.path, name))

    def has(self, name: str) -> bool:
        """Whether a file of this path is here."""
        return name in self._files and name not in self.pointers

    def size(self, name: str) -> int:
        """The size in bytes of a file that was hashed."""
        return self._files[name].size

    def sha256(self, name: str) -> str:
        """The SHA-256, in hex, of a file that was hashed."""
        return self._files[name].digest.value

    def paths_under(self, folder: str) -> tuple[str, ...]:
        """The paths of all files below a folder: those that are here, then pointers."""
        return (*_under(folder, self.names), *_under(folder, self._kept))

    def files_under(self, folder: str) -> tuple[File, ...]:
        """The files below a folder that are here, with paths relative to it."""
        here = (self._files[name] for name in _under(folder, self.names))
        if not folder:
            return tuple(here)
        start = len(folder) + 1
        return tuple(File(file.path[start:], file.size, file.digest) for file in here)

    def folder(self, folder: str) -> Content:
        """A folder of the place as a thing of its own: its tree digest and files.

        Raises :class:`~aibom.errors.InputError` (``git-lfs-pointer``) for one that is
        not whole: it has no digest.
        """
        if (pointer := self._pointer_under(folder)) is not None:
            raise self._not_whole(pointer)
        files = self.files_under(folder)
        digest = manifest_digest((file.path, file.digest.value) for file in files)
        return Content(digest, files, ())

    def read(self, name: str, limit: int) -> bytes:
        """All bytes of a file; they are the ones that were hashed.

        Raises :class:`TooLarge`, and :class:`~aibom.errors.InputError`
        (``changed-while-scanning``) where they are not.
        """
        if self.size(name) > limit:
            raise TooLarge(self.size(name), limit)
        with self.open(name) as stream:
            data = stream.read(limit + 1)
        if hashlib.sha256(data).hexdigest() != self.sha256(name):
            raise self._changed(name)
        return data

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file for reading at places; never the whole of a large one.

        Raises :class:`~aibom.errors.InputError`: ``changed-while-scanning``,
        ``path-unreadable``.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise self._changed(name)
        try:
            handle = os.open(entry.location, _OPEN_FLAGS)
        except OSError as error:
            raise lost(error, self.listing.shown(entry)) from error
        with open(handle, "rb") as stream:
            now = os.fstat(handle)
            if not stat.S_ISREG(now.st_mode) or not _is_as_listed(now, entry):
                raise self._changed(name)
            yield stream

    def require_unchanged(self) -> None:
        """Raise ``changed-while-scanning`` unless all files are as they were listed."""
        try:
            now = list_files(self.path)
        except InputError as error:
            raise refused(
                "changed-while-scanning", os.fspath(self.path), str(error)
            ) from error
        if now != self.listing:
            before, after = set(self.listing.entries), set(now.entries)
            changed = sorted(entry.path for entry in before ^ after)
            raise self._changed(changed[0] if changed else "")

    def _changed(self, name: str) -> InputError:
        return refused("changed-while-scanning", os.path.join(self.path, name))


def _under(folder: str, names: Sequence[str]) -> Sequence[str]:
    """The names below a folder, of sorted ones: every folder of a place is asked."""
    if not folder:
        return names
    after = chr(ord("/") + 1)
    return names[bisect_left(names, f"{folder}/") : bisect_left(names, folder + after)]


def _is_as_listed(now: os.stat_result, entry: Entry) -> bool:
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino) == (
        entry.size,
        entry.mtime_ns,
        entry.ctime_ns,
        entry.inode,
    )
