"""A small TUF repository on loopback, signed with fresh keys, that can be broken."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

TARGET = "trusted_root.json"
LATER = timedelta(days=30)


class TufRepository:
    """Serves one signed target; every publication is a version newer.

    ``files`` is what it serves, ``asked`` are the paths that were asked for. To break
    it: ``answers`` are given instead of files (path to status and body), ``redirects``
    lead a path to a URL, answers to a path in ``cut`` break off. With ``silent`` set,
    no request gets an answer; ``page`` is served for every path, as a portal does.
    """

    def __init__(self, target: bytes = b"{}") -> None:
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.redirects: dict[str, str] = {}
        self.cut: set[str] = set()
        self.silent = False
        self.page: bytes | None = None
        self.files: dict[str, bytes] = {}
        self._closing = threading.Event()
        self._version = 0
        self._signer = CryptoSigner.generate_ecdsa()
        self._root = Root(version=1, expires=_soon(LATER), consistent_snapshot=True)
        for role in ("root", "timestamp", "snapshot", "targets"):
            self._root.add_key(self._signer.public_key, role)
        self.bootstrap = self._sign(self._root)
        self.publish(target)

    def __enter__(self) -> TufRepository:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where the metadata is; the targets are below ``targets/``."""
        return f"http://127.0.0.1:{self._server.server_port}/tuf"

    def publish(
        self,
        target: bytes | None,
        *,
        lifetime: timedelta = LATER,
        signer: CryptoSigner | None = None,
    ) -> None:
        """Sign and serve a new version; ``lifetime`` is that of the timestamp.

        None as the target signs for no target at all. ``signer`` is one that signs the
        timestamp in place of the right one.
        """
        self._version += 1
        targets = Targets(version=self._version, expires=_soon(LATER))
        if target is not None:
            described = TargetFile.from_data(TARGET, target)
            targets.targets[TARGET] = described
            self.target_path = f"/tuf/targets/{described.hashes['sha256']}.{TARGET}"
            self.files[self.target_path] = target
        snapshot = Snapshot(version=self._version, expires=_soon(LATER))
        snapshot.meta["targets.json"] = MetaFile(version=self._version)
        timestamp = Timestamp(version=self._version, expires=_soon(lifetime))
        timestamp.snapshot_meta = MetaFile(version=self._version)
        for role, signed in (("targets", targets), ("snapshot", snapshot)):
            path = f"/tuf/{self._version}.{role}.json"
            self.files[path] = self._sign(signed)
        stamped = self._sign(timestamp, (signer or self._signer,))
        self.files["/tuf/timestamp.json"] = stamped

    def rotate(self, target: bytes) -> None:
        """Give all roles a new key, signed for by the old one, and publish anew."""
        old, self._signer = self._signer, CryptoSigner.generate_ecdsa()
        self._root.version += 1
        for role in ("root", "timestamp", "snapshot", "targets"):
            self._root.revoke_key(old.public_key.keyid, role)
            self._root.add_key(self._signer.public_key, role)
        data = self._sign(self._root, (old, self._signer))
        self.files[f"/tuf/{self._root.version}.root.json"] = data
        self.publish(target)

    def _sign(
        self, signed: Any, signers: Iterable[CryptoSigner] | None = None
    ) -> bytes:
        metadata = Metadata(signed)
        for signer in signers or (self._signer,):
            metadata.sign(signer, append=True)
        return metadata.to_bytes()

    def _answer(self, path: str) -> tuple[int, bytes]:
        if self.page is not None:
            return 200, self.page
        if path in self.answers:
            return self.answers[path]
        if path in self.files:
            return 200, self.files[path]
        return 404, b"no such file"

    def _handler(repository) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                repository.asked.append(self.path)
                if repository.silent:
                    repository._closing.wait()
                    return
                leads = repository.redirects.get(self.path)
                status, body = repository._answer(self.path)
                self.send_response(302 if leads else status)
                if leads:
                    self.send_header("Location", leads)
                missing = 9 if self.path in repository.cut else 0
                self.send_header("Content-Length", str(len(body) + missing))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _soon(after: timedelta) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + after
