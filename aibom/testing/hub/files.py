"""Files: whole or in part, and by way of a second port as from the real CDN."""

from __future__ import annotations

import re
from dataclasses import replace

from aibom.testing.hub.content import Blob, blob_of
from aibom.testing.hub.git import Commit
from aibom.testing.hub.repository import Repository
from aibom.testing.hub.state import require_commit
from aibom.testing.hub.wire import Request, Response, refusal

__all__ = ["linked_file", "resolved_file"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def resolved_file(
    found: Repository, commit: Commit, path: str, request: Request
) -> Response:
    """A file of a commit, with the headers that clients name it by."""
    headers = {"X-Repo-Commit": commit.sha}
    source = require_commit(found, request.serve) if request.serve else commit
    entry = source.files.get(path)
    if entry is None:
        raise refusal(404, "Entry not found", "EntryNotFound", headers)
    headers["ETag"] = f'"{entry.oid}"'
    if entry.pointer is not None:
        headers["ETag"] = f'"{entry.blob.sha256}"'
        headers["X-Linked-Etag"] = f'"{entry.blob.sha256}"'
        headers["X-Linked-Size"] = str(entry.blob.size)
    return _part(entry.blob, request).having(headers)


def linked_file(blob: Blob, flipped: bool, request: Request) -> Response:
    """What the second port gives out: bytes, and nothing of commits."""
    return replace(_part(blob, request), flipped=flipped)


def _part(blob: Blob, request: Request) -> Response:
    headers = {
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
    }
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or found.groups() == ("", ""):
        return Response(200, headers, blob)
    first, last = found.groups()
    if first:
        start = int(first)
        stop = min(int(last) + 1, blob.size) if last else blob.size
    else:
        start, stop = max(0, blob.size - int(last)), blob.size
    if start >= stop:
        headers["Content-Range"] = f"bytes */{blob.size}"
        return Response(416, headers, blob_of(b""))
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{blob.size}"
    return Response(206, headers, blob, start, stop)
