"""Which files a path means: a listing of regular files, or a refusal that says why not.

Whether two people hash the same thing is decided here, before a byte is read: what
counts as a file of a folder, under which name, which links are followed, what is left
out, and what is refused because two systems would read it differently.
:func:`aibom.digest.hash_path` lists the answers, and reads the files listed here.

This module reads no contents and hashes nothing. Standard library only.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aibom.errors import InputError

__all__ = [
    "BOM_NAME",
    "BUNDLE_NAME",
    "HOUSEKEEPING",
    "OMS_NAME",
    "UNUSABLE",
    "Entry",
    "Listing",
    "link_bounds",
    "list_files",
    "lost",
    "refused",
]

#: Our two side-cars, beside the files that they speak of.
BOM_NAME = "aibom.cdx.json"
BUNDLE_NAME = "aibom.sigstore.json"
#: An OpenSSF model signature, under the name that its tools give it.
OMS_NAME = "model.sig"

#: Paths at the top of a folder that are no part of its digest: exact names, with a
#: slash at the end for a folder and without for a file.
HOUSEKEEPING = frozenset(
    {
        ".git/",
        ".gitattributes",
        ".gitignore",
        ".cache/huggingface/",
        "registered_model_meta",
        BOM_NAME,
        BUNDLE_NAME,
        OMS_NAME,
    }
)

#: What a name must not have, as a line of a manifest would then be read in two ways.
UNUSABLE = re.compile(r"[\n\r\\]")

_COMMIT = re.compile(rb"[0-9a-f]{40}")

# What the system says of a path that leads to nothing of the kind that was expected.
_GONE = frozenset(
    {
        errno.EAGAIN,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ENXIO,
    }
)

# Per reason code: what is wrong, and what to do next.
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "path-missing": ("no such file or folder", "check the spelling of the path"),
    "path-unreadable": (
        "cannot be read",
        "check the permissions, and that the disk is well",
    ),
    "folder-empty": (
        "no file to hash in this folder",
        "name the folder that holds the files",
    ),
    "special-file": (
        "neither a regular file nor a folder",
        "remove it: a FIFO, socket or device has no content to hash",
    ),
    "symlink-dangling": (
        "a link that leads nowhere",
        "restore what it points to, or remove the link",
    ),
    "symlink-escapes": (
        "a link that ends outside the folder",
        "put the file itself here: what a link leads to does not travel with it",
    ),
    "symlink-to-folder": (
        "a link to a folder",
        "put the folder itself here, or remove the link",
    ),
    "name-not-utf8": (
        "a name that is not UTF-8",
        "rename it: a manifest is UTF-8 text",
    ),
    "name-unusable": (
        "a name with a newline, carriage return or backslash",
        "rename it: such a name is ambiguous in a manifest",
    ),
    "case-collision": (
        "two names that are one on some file systems",
        "rename one of them",
    ),
    "git-lfs-pointer": (
        "a Git LFS pointer, not the file that it stands for",
        "git lfs pull",
    ),
    "changed-while-hashing": (
        "changed while it was being hashed",
        "wait until nothing writes there any more, then try again",
    ),
    "changed-while-scanning": (
        "changed while it was being read",
        "wait until nothing writes there any more, then try again",
    ),
}


class Entry(NamedTuple):
    """A regular file as it was when listed; ``location`` is where a link ends."""

    path: str
    location: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What :func:`list_files` found.

    ``given`` is the path as the caller wrote it. ``entries`` are sorted by path as
    UTF-8 bytes; ``housekeeping`` is sorted and not among them. A single file is one
    entry.
    """

    given: str
    is_folder: bool
    entries: tuple[Entry, ...]
    housekeeping: tuple[str, ...] = ()

    def shown(self, entry: Entry) -> str:
        """The place of an entry as the caller would write it, for messages."""
        return os.path.join(self.given, entry.path) if self.is_folder else self.given


def list_files(path: str | os.PathLike[str]) -> Listing:
    """List the regular files that ``path`` means; resolves a link at ``path`` itself.

    A folder without files gives no entries. Raises :class:`~aibom.errors.InputError`
    for what :func:`aibom.digest.hash_path` refuses before it opens a file.
    """
    given = os.fspath(path)
    # Bytes from here on: names are UTF-8 or not, whatever the locale says.
    real, status = _locate(given)
    if stat.S_ISDIR(status.st_mode):
        entries, housekeeping = _walk(given, real)
        return Listing(given, True, tuple(entries), tuple(housekeeping))
    if not stat.S_ISREG(status.st_mode):
        raise refused("special-file", given)
    base = os.path.basename(os.path.abspath(os.fsencode(given)))
    return Listing(given, False, (_entry(_checked_name(base, given), real, status),))


def refused(reason: str, where: str, detail: str = "") -> InputError:
    """The error for one of our reasons, to be raised by the caller."""
    message, hint = _REFUSALS[reason]
    return InputError(
        f"{message}: {detail}" if detail else message,
        reason=reason,
        where=where,
        hint=hint,
    )


def lost(error: OSError, where: str) -> InputError:
    """The error for what the system says of something that had been listed."""
    if error.errno in _GONE:
        return refused("changed-while-hashing", where)
    return refused("path-unreadable", where, error.strerror or str(error))


def _locate(given: str) -> tuple[bytes, os.stat_result]:
    try:
        status = os.stat(given)  # first: to realpath, no text is the current folder
        return os.path.realpath(os.fsencode(given), strict=True), status
    except OSError as error:
        if error.errno not in _GONE:
            raise lost(error, given) from error
        reason = "symlink-dangling" if os.path.islink(given) else "path-missing"
        raise refused(reason, given) from None
    except ValueError:  # a NUL, or text that no name can be
        raise refused("path-missing", given) from None


def _walk(given: str, root: bytes) -> tuple[list[Entry], list[str]]:
    """All regular files in order of path, and the housekeeping that was there."""
    entries: list[Entry] = []
    housekeeping: list[str] = []
    bounds = link_bounds(root)
    folders = [(root, "")]
    while folders:
        location, prefix = folders.pop()
        for name, is_folder, child in _children(location, os.path.join(given, prefix)):
            path = prefix + name
            if is_folder:
                if path + "/" in HOUSEKEEPING:
                    housekeeping.append(path + "/")
                else:
                    folders.append((child.path, path + "/"))
                continue
            entry = _child_entry(given, path, child, bounds)
            if path in HOUSEKEEPING:
                housekeeping.append(path)
            else:
                entries.append(entry)
    # Paths differ, so only they are compared; text sorts by code point, as UTF-8 does.
    entries.sort()
    return entries, sorted(housekeeping)


def link_bounds(root: bytes) -> tuple[bytes, ...]:
    """The folders, each ending in a slash, in which a link may end."""
    inside = os.path.join(root, b"")
    snapshots, name = os.path.split(root)
    cache, middle = os.path.split(snapshots)
    if middle == b"snapshots" and _COMMIT.fullmatch(name):
        return inside, os.path.join(cache, b"blobs", b""), *_shared_blobs(cache)
    return (inside,)


def _shared_blobs(cache: bytes) -> tuple[bytes, ...]:
    """Where newer clients keep blobs of all repositories, if that is marked so."""
    store = os.path.join(os.path.dirname(cache), b"blobs")
    try:
        mark = os.lstat(os.path.join(store, b".huggingface-shared-blobs"))
    except OSError:
        return ()
    return (os.path.join(store, b""),) if stat.S_ISREG(mark.st_mode) else ()


def _children(
    location: bytes, shown: str
) -> list[tuple[str, bool, os.DirEntry[bytes]]]:
    """Name, whether it is a folder and no link, and entry; in order of name."""
    try:
        with os.scandir(location) as listing:
            found = sorted(
                (child.name, child.is_dir(follow_symlinks=False), child)
                for child in listing
            )
    except OSError as error:
        raise lost(error, shown) from error
    named = []
    seen: dict[str, str] = {}
    for spelt, is_folder, child in found:
        name = _checked_name(spelt, shown)
        # Folder by folder: where A/ and a/ are one folder, their files meet as well.
        other = seen.setdefault(_folded(name), name)
        if other is not name:
            raise refused("case-collision", shown, f"{other!r} and {name!r}")
        named.append((name, is_folder, child))
    return named


def _checked_name(name: bytes, shown: str) -> str:
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        spelt = name.decode("utf-8", "backslashreplace")
        raise refused("name-not-utf8", shown, repr(spelt)) from None
    if UNUSABLE.search(text):
        raise refused("name-unusable", shown, repr(text))
    return text


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded)


def _child_entry(
    given: str, path: str, child: os.DirEntry[bytes], bounds: tuple[bytes, ...]
) -> Entry:
    try:
        if child.is_symlink():
            location = _follow(child.path, bounds, os.path.join(given, path))
            status = os.lstat(location)
        else:
            location = child.path
            status = child.stat(follow_symlinks=False)
    except OSError as error:
        raise lost(error, os.path.join(given, path)) from error
    if not stat.S_ISREG(status.st_mode):
        raise refused("special-file", os.path.join(given, path))
    return _entry(path, location, status)


def _entry(path: str, location: bytes, status: os.stat_result) -> Entry:
    return Entry(
        path,
        location,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
    )


def _follow(link: bytes, bounds: tuple[bytes, ...], shown: str) -> bytes:
    """Where a link ends; refuses an end that is out of bounds, or a folder."""
    try:
        target = os.path.realpath(link, strict=True)
    except OSError as error:
        if error.errno not in _GONE:
            raise
        raise refused("symlink-dangling", shown) from None
    if not os.path.join(target, b"").startswith(bounds):
        raise refused("symlink-escapes", shown)
    if os.path.isdir(target):
        raise refused("symlink-to-folder", shown)
    return target
