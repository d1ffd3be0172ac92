"""What single files of huggingface_hub's cache say: refs, blobs, lists of commits.

Read as data of somebody else: with bounds, and nothing follows from a broken one but
that it is not known.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aibom.lineage.hub_names import COMMIT
from aibom.listing import Entry
from aibom.sources.remote import RemoteFile

__all__ = ["Tree", "blob_claims", "read_ref", "read_tree"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
#: 100,000 files with paths of the usual length, indented as the client does.
_MAX_TREE_BYTES = 64 * 1024 * 1024
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a commit by path; None, with the reason if any, where not known."""

    files: Mapping[str, RemoteFile] | None
    problem: str = ""


def read_ref(folder: Path, revision: str) -> str | None:
    """The commit that a branch or tag had; None where the cache does not say."""
    parts = revision.split("/")
    if "\0" in revision or {"", ".", ".."}.intersection(parts):
        return None
    content = _read(folder.joinpath("refs", *parts), 100)
    if content is None:
        return None
    text = content.decode("ascii", "replace").strip()
    return text if COMMIT.fullmatch(text) else None


def blob_claims(folder: Path, commit: str, entry: Entry) -> RemoteFile:
    """A file of a snapshot, with the digest that the name of its blob claims.

    The name is that of the first link, which may lead on: clients can keep blobs of
    several repositories in one store, under other names. A file that is no such link
    comes without a digest.
    """
    blob = _blob_name(folder, folder / "snapshots" / commit / entry.path)
    return RemoteFile(
        entry.path,
        entry.size,
        sha256=blob if _SHA256.fullmatch(blob) else None,
        git_blob=blob if COMMIT.fullmatch(blob) else None,
    )


def _blob_name(folder: Path, link: Path) -> str:
    try:
        target = os.path.join(link.parent, os.readlink(link))
    except OSError:
        return ""
    parent, name = os.path.split(os.path.normpath(target))
    blobs = os.path.normpath(folder / "blobs")
    if parent == blobs or os.path.realpath(parent) == os.path.realpath(blobs):
        return name
    return ""


def read_tree(folder: Path, commit: str) -> Tree:
    """The list of all files of a commit, if the client noted it.

    Old clients do not; a list that cannot be understood is as good as none.
    """
    content = _read(folder / "trees" / f"{commit}.json", _MAX_TREE_BYTES)
    if content is None:
        return Tree(None)
    try:
        return Tree(_tree_files(json.loads(content)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Tree(None, " (that in trees/ cannot be understood)")


def _tree_files(document: Any) -> dict[str, RemoteFile]:
    if document["format_version"] != _FORMAT:
        raise ValueError("a format of another version")
    return {path: _tree_file(path, told) for path, told in document["files"].items()}


def _tree_file(path: str, told: Mapping[str, Any]) -> RemoteFile:
    sha256 = told.get("lfs_sha256")
    size = told["size"] if told.get("lfs_size") is None else told["lfs_size"]
    blob = None
    if sha256 is None and told.get("xet_hash") is None:
        # Of a file in LFS or Xet, this would be the id of the pointer to it.
        blob = told["blob_id"]
    if type(size) is not int or size < 0:
        raise ValueError("not a size")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    if blob is not None and not COMMIT.fullmatch(blob):
        raise ValueError("not the id of a git blob")
    return RemoteFile(path, size, sha256, blob)


def _read(path: Path, limit: int) -> bytes | None:
    """A small file whole; None where there is none, it is larger, or not readable."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            content = file.read(limit + 1)
    except (OSError, ValueError):
        return None
    return content if len(content) <= limit else None
