"""What ``aibom fetch`` wrote down beside a folder that it put in its place.

The receipt says what each file hashed to, and what the file system said of it then.
While the file system says the same, a record may take the digests from it instead of
reading gigabytes again. It is worth what the folder itself is worth: whoever can write
beside it can replace it. So a gate never reads receipts; it hashes.
"""

from __future__ import annotations

import json
import os
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
        if path.stat().st_size > _MAX_BYTES:
            return None
        document = json.loads(path.read_bytes())
        return _read(document, snapshot)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, AibomError):
        return None


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
