r"""What a file or a folder is: its SHA-256, computed in one pass over the bytes.

A digest has a form. Form ``file`` is the SHA-256 of the bytes of one file. Form
``tree`` is the SHA-256 of a folder's manifest: one line ``<sha256 hex>  <path>\n`` per
file, sorted by path as UTF-8 bytes. That text is the one behind in-toto's ``dirHash``
and Go's dirhash H1 (here in hex), so coreutils can check us::

    find . -type f | cut -c3- | LC_ALL=C sort | xargs -d '\n' sha256sum -- | sha256sum

A tree digest covers names and contents of files. It does not cover empty folders,
modes, owners, times, or whether a file was reached through a link. :data:`HOUSEKEEPING`
at the top of a folder is left out of it and reported by name. Two digests are the same
only if form and value are the same.

What cannot be hashed without doubt is refused, never skipped: :mod:`aibom.listing` says
which files count, and :func:`hash_path` lists the answers. Nothing is locked: that a
folder is of one moment can be supported, not proved, by comparing
:func:`stat_snapshot` before and after.

Standard library only, so that :mod:`aibom.recording` can live in any environment.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Literal

from aibom.errors import DocumentInvalid
from aibom.listing import (
    BOM_NAME,
    BUNDLE_NAME,
    HOUSEKEEPING,
    OMS_NAME,
    UNUSABLE,
    Entry,
    Listing,
    list_files,
    lost,
    refused,
)

__all__ = [
    "BOM_NAME",
    "BUNDLE_NAME",
    "HOUSEKEEPING",
    "OMS_NAME",
    "Content",
    "Digest",
    "File",
    "Form",
    "Partial",
    "Progress",
    "Snapshot",
    "hash_around_pointers",
    "hash_path",
    "manifest_digest",
    "stat_snapshot",
]

Form = Literal["file", "tree"]

#: Called with (bytes done, bytes total): at 0, now and then, and at the end. From the
#: calling thread or under a lock, so never twice at the same time.
Progress = Callable[[int, int], None]

#: Of each file: path, size, mtime in ns, ctime in ns, inode; sorted by path.
Snapshot = tuple[tuple[str, int, int, int, int], ...]

_HEX = re.compile(r"[0-9a-f]{64}")

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LFS_POINTER_BYTES = 1024

_BLOCK_BYTES = 1024 * 1024
_TASK_BYTES = 64 * 1024 * 1024
_TASK_FILES = 512
_REPORT_BYTES = 4 * 1024 * 1024
_MAX_THREADS = 8

# Under this average size Python spends more on passing files between threads than it
# wins: for 5 KB, two threads took 1.6 times the CPU and 1.4 times the wall time of one.
_THREADS_FROM_AVERAGE_BYTES = 32 * 1024

# A file may have become a FIFO or a link since it was listed: do not wait for a writer,
# and do not follow.
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 and what it is the SHA-256 of; in text, ``parse(str(d)) == d``.

    ``value`` is 64 lower-case hex digits. ``where`` is not kept: it names the place of
    a bad value in the ``DocumentInvalid`` (``digest-malformed``) raised for one.
    """

    form: Form
    value: str
    where: InitVar[str | None] = None

    def __post_init__(self, where: str | None) -> None:
        if self.form not in ("file", "tree"):
            raise _malformed(self.form, "file or tree, the form of a digest", where)
        if not _is_sha256(self.value):
            raise _malformed(self.value, "a SHA-256 in 64 lower-case hex digits", where)

    def __str__(self) -> str:
        prefix = "sha256:" if self.form == "file" else "tree-sha256:"
        return prefix + self.value

    @classmethod
    def parse(cls, text: str, where: str | None = None) -> Digest:
        """Read ``sha256:<hex>`` or ``tree-sha256:<hex>``, the inverse of ``str``.

        Raises ``DocumentInvalid`` (``digest-malformed``) for anything else, a bare hex
        included: the form is not guessed.
        """
        prefix, _, value = text.partition(":")
        if prefix == "sha256":
            return cls("file", value, where)
        if prefix == "tree-sha256":
            return cls("tree", value, where)
        raise _malformed(text, "sha256:<hex> or tree-sha256:<hex>", where)


def _is_sha256(value: object) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _malformed(value: object, expected: str, where: str | None) -> DocumentInvalid:
    return DocumentInvalid(
        f"{repr(value)[:100]} is not {expected}", reason="digest-malformed", where=where
    )


@dataclass(frozen=True, slots=True)
class File:
    """One hashed file. ``path`` is POSIX, relative to the folder; ``size`` in bytes."""

    path: str
    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Content:
    """What a path held when it was read.

    Form ``file``: ``files`` is that one file under its base name. Form ``tree``: all
    files that the digest covers, sorted by path as UTF-8 bytes. ``housekeeping`` names
    what of :data:`HOUSEKEEPING` was there and is not covered, sorted. ``locations``
    says where each file really lay when it was hashed, at the end of all links; it is
    empty for what was not hashed here.
    """

    digest: Digest
    files: tuple[File, ...]
    housekeeping: tuple[str, ...]
    locations: Mapping[str, bytes] = field(
        default_factory=dict, repr=False, compare=False
    )


@dataclass(frozen=True, slots=True)
class Partial:
    """What a path held, of which some files may be elsewhere: it has no digest.

    ``pointers`` are Git LFS pointers, by the digest of the pointer itself, and not
    among ``files``. Without any, :attr:`content` is what :func:`hash_path` gives.
    """

    files: tuple[File, ...]
    pointers: tuple[File, ...]
    housekeeping: tuple[str, ...]
    is_folder: bool
    locations: Mapping[str, bytes] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def content(self) -> Content | None:
        """The content of the whole; None where a part of it is not here."""
        if self.pointers:
            return None
        if not self.is_folder:
            return Content(self.files[0].digest, self.files, (), self.locations)
        pairs = ((file.path, file.digest.value) for file in self.files)
        digest = _digest_of_sorted(pairs)
        return Content(digest, self.files, self.housekeeping, self.locations)


def manifest_digest(files: Iterable[tuple[str, str]]) -> Digest:
    """The tree digest of (path, SHA-256 hex) pairs, in any order; reads no file.

    Raises ``DocumentInvalid`` for no pair at all (``manifest-empty``), a path listed
    twice (``path-duplicate``), a malformed hex (``digest-malformed``), and a path that
    no listing of a folder gives (``path-unusable``): absolute, with an empty, ``.`` or
    ``..`` segment, with a newline, carriage return or backslash, or not to be written
    as UTF-8.
    """
    listed = sorted(files)
    if not listed:
        raise DocumentInvalid("a manifest without files", reason="manifest-empty")
    previous = None
    for path, value in listed:
        if not _is_manifest_path(path):
            raise DocumentInvalid(
                f"{path!r} cannot be the path of a file in a folder",
                reason="path-unusable",
            )
        if path == previous:
            raise DocumentInvalid("listed twice", reason="path-duplicate", where=path)
        Digest("file", value, path)
        previous = path
    return _digest_of_sorted(listed)


def _is_manifest_path(path: str) -> bool:
    # An empty first segment is an absolute path, an empty last one a folder.
    if UNUSABLE.search(path) or {"", ".", ".."}.intersection(path.split("/")):
        return False
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _digest_of_sorted(pairs: Iterable[tuple[str, str]]) -> Digest:
    manifest = hashlib.sha256()
    for path, value in pairs:
        manifest.update(f"{value}  {path}\n".encode())
    return Digest("tree", manifest.hexdigest())


def hash_path(
    path: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Content:
    """Hash a file or a folder: every byte is read once, a block at a time.

    If ``path`` itself is a link it is resolved first, wherever it leads; a single file
    keeps the base name it was given. Inside a folder a link to a regular file is
    followed and hashed under the link's own path if it ends inside the folder. In a
    Hugging Face cache, that is for ``…/snapshots/<40 hex>``, it may end in ``…/blobs/``
    too.

    Unless ``threads`` says otherwise, it is one for small files, else the number of
    usable CPUs, at most 8. The result does not depend on it.

    Raises :class:`~aibom.errors.InputError`, with one of these reasons:

    ========================= ==========================================================
    ``path-missing``          there is nothing at ``path``
    ``path-unreadable``       the system refuses to list or read it
    ``folder-empty``          no file besides housekeeping, at any depth
    ``special-file``          a FIFO, socket or device
    ``symlink-dangling``      a link that leads nowhere, or in a circle
    ``symlink-escapes``       a link that ends outside the folder
    ``symlink-to-folder``     a link to a folder
    ``name-not-utf8``         a name that is not UTF-8
    ``name-unusable``         a name with newline, carriage return or backslash
    ``case-collision``        two names in one folder, equal after NFC and casefold
    ``git-lfs-pointer``       a Git LFS pointer in place of the file
    ``changed-while-hashing`` a file replaced, or of another size or mtime, since listed
    ========================= ==========================================================
    """
    found = _hash_all(path, progress, threads, keep_pointers=False)
    if found.content is None:
        raise AssertionError("a pointer was kept")  # _hash_handle refuses each
    return found.content


def hash_around_pointers(
    path: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Partial:
    """Hash what is here of a path in which files may be Git LFS pointers.

    A pointer says which bytes belong in its place, and they are not here: so what it is
    part of has no digest (:attr:`Partial.content` is None), and is not to be signed or
    verified. This is for reading what the rest says. Raises what :func:`hash_path`
    raises, but for ``git-lfs-pointer``.
    """
    return _hash_all(path, progress, threads, keep_pointers=True)


def _hash_all(
    path: str | os.PathLike[str],
    progress: Progress | None,
    threads: int | None,
    *,
    keep_pointers: bool,
) -> Partial:
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    listing = list_files(path)
    if not listing.entries:
        raise refused("folder-empty", listing.given)
    total = sum(entry.size for entry in listing.entries)
    meter = _Meter(total, progress, keep_pointers=keep_pointers)
    meter.begin()
    values = _hash_entries(listing, meter, threads or _threads_for(listing, total))
    meter.finish()
    files: list[File] = []
    pointers: list[File] = []
    for entry, value in zip(listing.entries, values, strict=True):
        kept = pointers if entry.path in meter.pointers else files
        kept.append(File(entry.path, entry.size, Digest("file", value)))
    return Partial(
        tuple(files),
        tuple(pointers),
        listing.housekeeping,
        listing.is_folder,
        {entry.path: entry.location for entry in listing.entries},
    )


def stat_snapshot(path: str | os.PathLike[str]) -> Snapshot:
    """What the file system says of each file that :func:`hash_path` would read.

    Equal snapshots mean that nothing changed as far as stat can tell; they are no proof
    against somebody who can set the clock. Reads no bytes, so a Git LFS pointer passes;
    an empty folder is ``()``. Raises what :func:`hash_path` raises before it opens a
    file.
    """
    return tuple(
        (entry.path, entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)
        for entry in list_files(path).entries
    )


class _Stopped(Exception):
    """Another task failed; nobody waits for this one."""


class _Meter:
    """Adds up bytes over threads, tells ``progress``, and carries the order to stop."""

    def __init__(
        self, total: int, progress: Progress | None, *, keep_pointers: bool
    ) -> None:
        self.stopped = False
        self.keep_pointers = keep_pointers
        #: Paths of the Git LFS pointers that were met and kept.
        self.pointers: set[str] = set()
        self._total = total
        self._progress = progress
        self._done = 0
        self._next_report = _REPORT_BYTES
        self._lock = threading.Lock()

    def begin(self) -> None:
        if self._progress:
            self._progress(0, self._total)

    def add(self, count: int) -> None:
        if self.stopped:
            raise _Stopped
        if self._progress is None:
            return
        with self._lock:
            self._done += count
            if self._next_report <= self._done < self._total:
                self._next_report = self._done + _REPORT_BYTES
                self._progress(self._done, self._total)

    def finish(self) -> None:
        if self._progress:
            self._progress(self._total, self._total)


def _threads_for(listing: Listing, total: int) -> int:
    if total < _THREADS_FROM_AVERAGE_BYTES * len(listing.entries):
        return 1
    return min(_MAX_THREADS, os.cpu_count() or 1)


def _hash_entries(listing: Listing, meter: _Meter, threads: int) -> list[str]:
    """The SHA-256 of each entry, in the order of the entries.

    The error of the first entry that has one is raised, whichever thread was faster.
    """

    def hash_all(task: Sequence[Entry]) -> list[str]:
        return [_hash_file(listing, entry, meter) for entry in task]

    tasks = list(_tasks(listing.entries))
    workers = min(threads, len(tasks))
    if workers == 1:
        return hash_all(listing.entries)
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers)
    try:
        futures = [pool.submit(hash_all, task) for task in tasks]
        return [value for future in futures for value in future.result()]
    finally:
        meter.stopped = True
        pool.shutdown(cancel_futures=True)


def _tasks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut into tasks of bounded bytes and count; a large file is a task of its own."""
    task: list[Entry] = []
    size = 0
    for entry in entries:
        full = size + entry.size > _TASK_BYTES or len(task) == _TASK_FILES
        if task and full:
            yield task
            task, size = [], 0
        task.append(entry)
        size += entry.size
    yield task


def _hash_file(listing: Listing, entry: Entry, meter: _Meter) -> str:
    try:
        handle = os.open(entry.location, _OPEN_FLAGS)
        try:
            return _hash_handle(handle, listing, entry, meter)
        finally:
            os.close(handle)
    except OSError as error:
        raise lost(error, listing.shown(entry)) from error


def _hash_handle(handle: int, listing: Listing, entry: Entry, meter: _Meter) -> str:
    size = entry.size
    # Always ask for one byte too many: a file that is longer than listed shows it.
    block = os.read(handle, min(size + 1, _BLOCK_BYTES))
    if size < _LFS_POINTER_BYTES and block.startswith(_LFS_POINTER):
        if not meter.keep_pointers:
            raise refused("git-lfs-pointer", listing.shown(entry))
        meter.pointers.add(entry.path)
    digest = hashlib.sha256(block)
    done = len(block)
    meter.add(done)
    while block and done < size:
        block = os.read(handle, min(size + 1 - done, _BLOCK_BYTES))
        digest.update(block)
        done += len(block)
        meter.add(len(block))
    # Asked after the last byte, and of what was read, not of what has the name by now:
    # so the answer is for all the time since the listing.
    now = os.fstat(handle)
    unchanged = done == size == now.st_size and entry.mtime_ns == now.st_mtime_ns
    if not unchanged or not stat.S_ISREG(now.st_mode):
        raise refused("changed-while-hashing", listing.shown(entry))
    return digest.hexdigest()
