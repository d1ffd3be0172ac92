"""The files of an OMS statement against a folder: every pair of path and digest.

None may be missing, none may differ, and none may be there that the statement neither
lists nor ignores. The statement is the signer's, so what it ignores is no difference;
but an ignored file is not covered by the signature, and is told.

Which files a folder has is decided by :mod:`aibom.listing`, for OMS as for everything
else: links that leave the folder are refused, whatever the statement allows, while one
to a file of the same folder, or into the blobs of a Hugging Face cache, is followed.
The housekeeping that our own digests leave out is counted here unless the statement
ignores it. An empty file has no shards, so a statement of shards cannot cover one: it
is extra.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from aibom.attest.oms_manifest import (
    SINGLE_FILE,
    OmsManifest,
    OmsResource,
    is_at_or_below,
)
from aibom.digest import Content, hash_path
from aibom.listing import Entry, list_files, lost, refused

__all__ = ["Difference", "OmsComparison", "verify_folder"]

_BLOCK_BYTES = 1024 * 1024
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Difference:
    """A path, and ``digest-mismatch``, ``file-missing`` or ``file-extra``."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class OmsComparison:
    """What :func:`verify_folder` found: the folder is as signed if nothing differs.

    ``uncovered`` names what is there and ignored, so not signed: a file, or a whole
    folder of housekeeping with a slash at its end. Both are sorted.
    """

    differences: tuple[Difference, ...]
    uncovered: tuple[str, ...]


def verify_folder(
    manifest: OmsManifest,
    folder: str | os.PathLike[str],
    *,
    content: Content | None = None,
    ignore_paths: Iterable[str] = (),
) -> OmsComparison:
    """Compare the files of a folder, or one file, with what was signed.

    ``content`` is what :func:`~aibom.digest.hash_path` just said of the same folder; a
    file whose SHA-256 it has is not read again. ``ignore_paths`` are exact paths that
    the caller knows not to be part of the model, the signature's own file above all:
    model-signing up to 1.0.1 did not write down what it ignored.

    Does not compare root digests, and not the model's name. Raises
    :class:`~aibom.errors.InputError` for a folder that cannot be hashed without doubt,
    as ``hash_path`` does.
    """
    given = os.fspath(folder)
    ignored = manifest.ignore_paths.union(path.rstrip("/") for path in ignore_paths)
    found, uncovered = _files_of(given, manifest.files, ignored)
    hashes_files = manifest.hash_type == "sha256" and manifest.shard_size is None
    if content is None and hashes_files:
        content = hash_path(folder)
    known = _known(content) if content and hashes_files else {}
    differences = []
    for path in sorted({*found, *manifest.files}):
        signed = manifest.files.get(path)
        if signed is None:
            differences.append(Difference(path, "file-extra"))
        elif path not in found:
            differences.append(Difference(path, "file-missing"))
        elif not _is_as_signed(
            signed, found[path], known.get(path), manifest.hash_type, given
        ):
            differences.append(Difference(path, "digest-mismatch"))
    return OmsComparison(tuple(differences), tuple(sorted(uncovered)))


def _known(content: Content) -> dict[str, str]:
    if content.digest.form == "file":
        return {SINGLE_FILE: content.digest.value}
    return {file.path: file.digest.value for file in content.files}


def _files_of(
    given: str, signed: Mapping[str, object], ignored: Set[str]
) -> tuple[dict[str, Entry], list[str]]:
    """The files that count, by path; and the names of what is there and ignored."""
    found: dict[str, Entry] = {}
    uncovered: list[str] = []
    pending = [""]
    while pending:
        prefix = pending.pop()
        listing = list_files(os.path.join(given, prefix) if prefix else given)
        if not listing.is_folder:
            (entry,) = listing.entries
            # Housekeeping that is a file. The listing of its folder has just checked
            # where it leads, if it is a link.
            found[prefix or SINGLE_FILE] = entry
            continue
        for entry in listing.entries:
            path = prefix + entry.path
            if path in signed or not is_at_or_below(path, ignored):
                found[path] = entry
            else:
                uncovered.append(path)
        for name in listing.housekeeping:
            path = (prefix + name).rstrip("/")
            holds_signed = any(is_at_or_below(file, {path}) for file in signed)
            if holds_signed or not is_at_or_below(path, ignored):
                pending.append(prefix + name)
            else:
                uncovered.append(prefix + name)
    return found, uncovered


def _is_as_signed(
    signed: Sequence[OmsResource],
    entry: Entry,
    known: str | None,
    hash_type: str,
    given: str,
) -> bool:
    if known is not None:
        return known == signed[0].digest
    ends = [entry.size if part.end is None else part.end for part in signed]
    if ends[-1] != entry.size:
        return False
    shown = os.path.join(given, signed[0].path)
    return _digests(entry, ends, hash_type, shown) == [part.digest for part in signed]


def _digests(
    entry: Entry, ends: Sequence[int], hash_type: str, shown: str
) -> list[str]:
    """A digest for each stretch of a file up to the next end, in one pass over it."""
    try:
        handle = os.open(entry.location, _OPEN_FLAGS)
        try:
            starts = [0, *ends[:-1]]
            digests = [
                _digest(handle, end - start, hash_type)
                for start, end in zip(starts, ends, strict=True)
            ]
            now = os.fstat(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise lost(error, shown) from error
    unchanged = (now.st_size, now.st_mtime_ns) == (entry.size, entry.mtime_ns)
    if not unchanged or not stat.S_ISREG(now.st_mode):
        raise refused("changed-while-hashing", shown)
    return digests


def _digest(handle: int, length: int, hash_type: str) -> str:
    digest = hashlib.new(hash_type)
    while length and (block := os.read(handle, min(length, _BLOCK_BYTES))):
        digest.update(block)
        length -= len(block)
    return digest.hexdigest()
