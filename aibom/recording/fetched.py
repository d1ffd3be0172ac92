"""What ``aibom fetch`` wrote down beside a folder that it put in its place.

The receipt says what each file hashed to, and what the file system said of it then.
While the file system says the same, a record may take the digests from it instead of
reading gigabytes again. It is worth what the folder itself is worth: whoever can write
beside it can replace it. So a gate never reads receipts; it hashes.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aibom.digest import Content, Digest, File, Snapshot, manifest_digest
from aibom.errors import AibomError

__all__ = ["API_VERSION", "Receipt", "read_receipt", "receipt_of"]

API_VERSION = "aibom/fetched/v1"
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was fetched: the files, and the package URL that they came from, if any."""

    content: Content
    source: str | None


def receipt_of(folder: Path) -> Path:
    """Where the receipt of a folder lies: beside it."""
    return folder.with_name(f"{folder.name}.fetched.json")


def read_receipt(folder: Path, snapshot: Snapshot) -> Receipt | None:
    """The receipt of a folder, if the file system still says the same of every file.

    None where there is none, where anything was touched since, and for one that cannot
    be read or contradicts itself: then the bytes are to be hashed.
    """
    path = receipt_of(Path(os.path.realpath(folder)))
    try:
        document = json.loads(_own_bytes(path, os.stat(folder).st_uid))
        return _read(document, snapshot)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, AibomError):
        return None


def _own_bytes(path: Path, owner: int) -> bytes:
    """The bytes of a receipt by somebody who could write to the folder as well."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        is_own = found.st_uid in (owner, os.geteuid(), 0)
        if not stat.S_ISREG(found.st_mode) or not is_own or found.st_mode & 0o022:
            raise ValueError("anybody's file")
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise ValueError("too large")
    return data


def _read(document: Any, snapshot: Snapshot) -> Receipt | None:
    listed = document["files"]
    known = tuple(tuple(entry[:5]) for entry in listed)
    if document["apiVersion"] != API_VERSION or known != snapshot or not known:
        return None
    files = tuple(File(e[0], e[1], Digest("file", e[5])) for e in listed)
    digest = manifest_digest((file.path, file.digest.value) for file in files)
    source = document["source"]
    if str(digest) != document["digest"] or not isinstance(source, str | None):
        return None
    return Receipt(Content(digest, files, ()), source)
