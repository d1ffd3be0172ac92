"""Files on this disk: reading one that was listed, and writing one that was fetched.

For the sources that lie on this disk, and for those whose bytes pass through our hands.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from aibom.errors import InputError, VerificationFailed
from aibom.listing import Entry, Listing, link_bounds, list_files, lost, refused
from aibom.sources.remote import RemoteFile

__all__ = [
    "BLOCK_BYTES",
    "absent",
    "blocks_of",
    "entries_of",
    "read_blocks",
    "require_digests",
    "write_blocks",
]

BLOCK_BYTES = 1024 * 1024

# As in aibom.digest: do not wait for the writer of a FIFO, and do not follow a link.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def entries_of(listing: Listing) -> Mapping[str, Entry]:
    """The files of a folder by path, with those that a digest leaves out.

    A model's side-cars and ``.gitattributes`` are files of it like others when it is
    copied; ``.git/`` and ``.cache/huggingface/`` are not.

    Raises :class:`~aibom.errors.InputError` as :func:`aibom.listing.list_files`.
    """
    found = {entry.path: entry for entry in listing.entries}
    bounds = link_bounds(os.path.realpath(os.fsencode(listing.given)))
    for name in listing.housekeeping:
        if name.endswith("/"):
            continue
        place = os.path.join(listing.given, name)
        entry = list_files(place).entries[0]
        # The listing followed a link there within its bounds. So does this.
        if not entry.location.startswith(bounds):
            raise refused("symlink-escapes", place)
        found[name] = entry._replace(path=name)
    return found


def blocks_of(entry: Entry, shown: str) -> Iterator[bytes]:
    """The bytes of a listed file, block by block; ``shown`` is its name in messages.

    Raises :class:`~aibom.errors.InputError`: ``changed-while-hashing`` where it is not
    the file that was listed, before or after the last block; ``path-unreadable``.
    """
    try:
        handle = os.open(entry.location, _READ)
        try:
            _require_unchanged(handle, entry, shown)
            left = entry.size
            # One byte too many is asked for, so that a file that grew shows it.
            while block := os.read(handle, min(left + 1, BLOCK_BYTES)):
                left -= len(block)
                if left < 0:
                    break
                yield block
            if left:
                raise refused("changed-while-hashing", shown)
            _require_unchanged(handle, entry, shown)
        finally:
            os.close(handle)
    except OSError as error:
        raise lost(error, shown) from error


def _require_unchanged(handle: int, entry: Entry, shown: str) -> None:
    now = os.fstat(handle)
    same = (now.st_ino, now.st_size, now.st_mtime_ns) == (
        entry.inode,
        entry.size,
        entry.mtime_ns,
    )
    if not same or not stat.S_ISREG(now.st_mode):
        raise refused("changed-while-hashing", shown)


def read_blocks(
    blocks: Iterator[bytes], file: RemoteFile, limit: int, where: str
) -> bytes:
    """All bytes of a file of at most ``limit`` bytes; the claims about them hold.

    Raises ``source-too-large``, ``source-truncated`` and ``source-digest-mismatch``.
    """
    if file.size is not None and file.size > limit:
        raise _too_large(limit, where)
    content = bytearray()
    for block in _counted(blocks, file, where):
        content += block
        if len(content) > limit:
            raise _too_large(limit, where)
    require_digests(file, bytes(content), where)
    return bytes(content)


def require_digests(file: RemoteFile, content: bytes, where: str) -> None:
    """Compare bytes with each digest that is claimed of them; no claim is no problem.

    Raises :class:`~aibom.errors.VerificationFailed`: ``source-digest-mismatch``.
    """
    if file.sha256 is not None and hashlib.sha256(content).hexdigest() != file.sha256:
        raise _mismatch("its bytes are not those of the SHA-256 that is claimed", where)
    if file.git_blob is not None:
        git = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
        git.update(content)
        if git.hexdigest() != file.git_blob:
            raise _mismatch("its bytes are not those of the git blob claimed", where)


def write_blocks(
    blocks: Iterator[bytes],
    file: RemoteFile,
    to: Path,
    scratch: Path,
    where: str,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write blocks to ``to``, which appears complete or not at all.

    They go to a file in ``scratch`` first, which is always begun anew. Digests are not
    compared. Raises ``source-truncated`` and ``source-digest-mismatch`` (size), and
    ``file-not-written``.
    """
    part = scratch / (hashlib.sha256(os.fsencode(to)).hexdigest()[:32] + ".part")
    try:
        handle = _own(part)
    except OSError as error:
        raise _not_written(error, to) from error
    try:
        for block in _counted(blocks, file, where):
            _write(handle, block, to)
            if progress:
                progress(len(block))
        _finish(handle, part, to)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _counted(blocks: Iterator[bytes], file: RemoteFile, where: str) -> Iterator[bytes]:
    """The blocks, if they are as many bytes as claimed; no more are asked for."""
    count = 0
    for block in blocks:
        count += len(block)
        if file.size is not None and count > file.size:
            raise _mismatch(f"more than the {file.size} bytes announced arrived", where)
        yield block
    if file.size is not None and count < file.size:
        raise InputError(
            f"{count} of {file.size} bytes arrived",
            reason="source-truncated",
            where=where,
            hint="try again",
        )


def _own(part: Path) -> int:
    """An empty file that nobody else writes: of two that want it, one waits."""
    part.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(part, _WRITE, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(handle, part):
                os.ftruncate(handle, 0)
                return handle
        except BaseException:
            os.close(handle)
            raise
        # While we waited it was moved to where it belongs, or removed.
        os.close(handle)


def _is_at(handle: int, part: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(part))
    except FileNotFoundError:
        return False


def _write(handle: int, block: bytes, to: Path) -> None:
    view = memoryview(block)
    try:
        while view:
            view = view[os.write(handle, view) :]
    except OSError as error:
        raise _not_written(error, to) from error


def _finish(handle: int, part: Path, to: Path) -> None:
    try:
        os.fsync(handle)
        to.parent.mkdir(parents=True, exist_ok=True)
        os.replace(part, to)
    except OSError as error:
        raise _not_written(error, to) from error


def absent(where: str) -> InputError:
    """``source-file-absent``: the source has no such file, though it was listed."""
    return InputError(
        "the source does not have this file",
        reason="source-file-absent",
        where=where,
        hint="try again; what lies there may be changing",
    )


def _too_large(limit: int, where: str) -> InputError:
    return InputError(
        f"it is larger than the {limit} bytes that are read",
        reason="source-too-large",
        where=where,
        hint="look at it: such files are not metadata",
    )


def _mismatch(message: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        message,
        reason="source-digest-mismatch",
        where=where,
        hint="do not use it; fetch it again from elsewhere",
    )


def _not_written(error: OSError, to: Path) -> InputError:
    return InputError(
        f"cannot be written: {error.strerror or type(error).__name__}",
        reason="file-not-written",
        where=os.fspath(to),
        hint="check the folder, its permissions, and that the disk has room",
    )
