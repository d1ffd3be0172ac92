"""A source in memory, for tests of what is done with what a source answers.

It keeps the promises of :class:`aibom.sources.remote.Source` and nothing else: the real
sources, and what a hub can do wrong on the wire, have tests of their own.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from aibom.errors import InputError, VerificationFailed
from aibom.sources.paths import require_safe_paths
from aibom.sources.reference import Reference
from aibom.sources.remote import Mode, Owner, RemoteFile, Resolved, ScanStatus

__all__ = ["COMMIT", "FILES", "OTHER_COMMIT", "OWNER", "FakeSource", "remote_file"]

COMMIT = "1f" * 20
OTHER_COMMIT = "2e" * 20
OWNER = Owner("acme", "organisation", "64aa", "2020-01-01T00:00:00.000Z")

#: A small model; what is in LFS on a hub is claimed by SHA-256.
FILES: Mapping[str, bytes] = {
    ".gitattributes": b"*.safetensors filter=lfs\n",
    "README.md": b"---\nlicense: mit\n---\n",
    "config.json": b"{}\n",
    "model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
}


def remote_file(path: str, data: bytes, *, lfs: bool, claims: bool) -> RemoteFile:
    """A file as a listing tells of it: LFS by SHA-256, git by its blob, or neither."""
    if not claims:
        return RemoteFile(path, len(data))
    if lfs:
        return RemoteFile(path, len(data), hashlib.sha256(data).hexdigest())
    header = f"blob {len(data)}\0".encode()
    return RemoteFile(path, len(data), None, hashlib.sha1(header + data).hexdigest())


class FakeSource:
    """One artifact, whatever it is asked for. Its fields are for tests to change.

    ``lfs`` are the paths of large files. With ``claims=False`` it tells no digest, as a
    folder does. ``served`` are bytes that come instead of those of ``files``. ``fails``
    is raised by ``resolve``. ``asked`` lists the calls.
    """

    def __init__(
        self,
        files: Mapping[str, bytes] = FILES,
        *,
        commit: str | None = COMMIT,
        committed: str | None = "2026-01-02T03:04:05Z",
        owner: Owner | None = OWNER,
        repository: str | None = "repo-1",
        lfs: Collection[str] = ("model.safetensors",),
        claims: bool = True,
        mode: Mode = "online",
        where: str = "http://127.0.0.1:9",
        gated: str | None = None,
        scan: ScanStatus | None = None,
        unsure: tuple[str, ...] = (),
        served: Mapping[str, bytes] | None = None,
        fails: Exception | None = None,
        checked: bool = True,
    ) -> None:
        self.files = dict(files)
        self.commit = commit
        self.committed = committed
        self.owner = owner
        self.repository = repository
        self.lfs = lfs
        self.claims = claims
        self.mode: Mode = mode
        self.where = where
        self.gated = gated
        self.scan = scan
        self.unsure = unsure
        self.served = dict(served or {})
        self.fails = fails
        self.checked = checked
        self.asked: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def resolve(self, reference: Reference) -> Resolved:
        """What it holds; a pinned reference to another commit is missing."""
        self._note("resolve", str(reference))
        if self.fails is not None:
            raise self.fails
        if reference.is_pinned and reference.revision != self.commit:
            raise InputError("no such commit", reason="source-revision-missing")
        listed = [
            remote_file(path, data, lfs=path in self.lfs, claims=self.claims)
            for path, data in sorted(self.files.items())
        ]
        files = require_safe_paths(listed, self.where) if self.checked else listed
        return Resolved(
            reference,
            tuple(files),
            self.mode,
            self.where,
            reference.name,
            self.commit,
            self.committed,
            self.owner,
            self.repository,
            self.gated,
            self.scan,
            self.unsure,
        )

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        """The bytes, held against what the listing claims."""
        self._note("read", file.path)
        data = self._data(file)
        if len(data) > limit:
            raise InputError("too large", reason="source-too-large", where=file.path)
        now = remote_file(
            file.path, data, lfs=file.sha256 is not None, claims=self.claims
        )
        if now != file:
            raise VerificationFailed(
                "not as announced", reason="source-digest-mismatch", where=file.path
            )
        return data

    def download(
        self,
        resolved: Resolved,
        file: RemoteFile,
        to: Path,
        scratch: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write the bytes; only their number is compared."""
        self._note("download", file.path)
        assert scratch.is_dir()
        data = self._data(file)
        if len(data) != file.size:
            raise InputError("too few", reason="source-truncated", where=file.path)
        part = scratch / "part"
        part.write_bytes(data)
        part.replace(to)
        if progress:
            progress(len(data))

    def _data(self, file: RemoteFile) -> bytes:
        return self.served.get(file.path, self.files[file.path])

    def _note(self, call: str, what: str) -> None:
        with self._lock:
            self.asked.append((call, what))
