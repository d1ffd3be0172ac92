"""HTTP on loopback: sockets in, :class:`~.wire.Request` values out, faults in between.

One thread for each connection and one request for each connection: when the server has
stopped, no idle connection goes on answering.
"""

from __future__ import annotations

import ipaddress
import socketserver
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from aibom.errors import UsageError
from aibom.testing.sigstore.faults import Fault, Faults
from aibom.testing.sigstore.wire import Refused, Request, Response, json_response

__all__ = ["LoopbackServer", "Service"]

MAX_BODY = 16 * 1024 * 1024
_SOCKET_TIMEOUT = 30.0
_TRICKLES = 20
_HTML = b"<!doctype html>\n<title>Sign in</title>\n<p>Please sign in to continue.\n"


class Service(Protocol):
    """Answers one request, or raises :class:`~.wire.Refused`."""

    def __call__(self, request: Request, /) -> Response:
        """Answer."""


class LoopbackServer(socketserver.ThreadingTCPServer):
    """Serves ``routes``, which map (method, path) to services.

    Raises ``UsageError`` for an address that others could reach, before it binds.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, faults: Faults) -> None:
        _require_loopback(host)
        self.routes: Mapping[tuple[str, str], Service] = {}
        self.faults = faults
        self._seen: list[str] = []
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)
        self.url = f"http://{host}:{self.server_address[1]}"
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), daemon=True
        )

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, and end every fault that waits."""
        self.shutdown()
        self._thread.join()
        self.faults.clear()
        self.server_close()

    @property
    def seen(self) -> tuple[str, ...]:
        """Every request so far, as ``METHOD path``."""
        with self._lock:
            return tuple(self._seen)

    def answer(self, request: Request) -> Response:
        """What the service at that address says."""
        service = self.routes.get((request.method, request.path))
        if service is None:
            message = f"path {request.path} was not found"
            return json_response({"code": 404, "message": message}, 404)
        try:
            return service(request)
        except Refused as refused:
            return refused.response

    def note(self, request: str) -> None:
        """Add to what was seen."""
        with self._lock:
            self._seen.append(request)


def _require_loopback(host: str) -> None:
    """Raise ``UsageError`` unless ``host`` is an IPv4 loopback address.

    Names are refused too: what ``localhost`` means is for others to decide.
    """
    try:
        fine = ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(
            f"refusing to listen on {host!r}: it issues certificates to whoever asks",
            reason="not-loopback",
            hint="use 127.0.0.1, which is the default",
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT
    server: LoopbackServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the output belongs to the tests."""

    def _serve(self) -> None:
        self.close_connection = True
        address = urlsplit(self.path)
        name = f"{self.command} {address.path}"
        body = self._body()
        self.server.note(name)
        if body is None:
            self._send(json_response({"code": 413, "message": "body too large"}, 413))
            return
        request = Request(
            self.command,
            address.path,
            dict(parse_qsl(address.query)),
            {key.lower(): value for key, value in self.headers.items()},
            body,
        )
        fault = self.server.faults.take(name)
        if fault is None:
            self._send(self.server.answer(request))
        else:
            self._fail(fault, request)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def _fail(self, fault: Fault, request: Request) -> None:
        if fault.kind != "trickle":
            self.server.faults.wait(fault.delay)
        match fault.kind:
            case "drop" | "hang":
                return
            case "status":
                error = {"code": fault.status, "message": "planned by the test"}
                self._send(json_response(error, fault.status))
            case "html":
                self._send(Response(fault.status, _HTML, "text/html; charset=utf-8"))
            case "slow":
                self._send(self.server.answer(request))
            case "truncated":
                response = self.server.answer(request)
                self._send(response, [response.body[: len(response.body) // 2]])
            case "trickle":
                response = self.server.answer(request)
                self._send(response, _pieces(response.body), fault.delay / _TRICKLES)

    def _send(
        self,
        response: Response,
        pieces: list[bytes] | None = None,
        pause: float = 0.0,
    ) -> None:
        """Send headers for all of the body, and of it only ``pieces``."""
        try:
            self.send_response(response.status)
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
            self.send_header("Connection", "close")
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            for piece in [response.body] if pieces is None else pieces:
                self.wfile.write(piece)
                if pause:
                    self.server.faults.wait(pause)
        except (ConnectionError, TimeoutError):
            # The client went away, which is what a fault may well lead to.
            return


def _pieces(body: bytes) -> list[bytes]:
    size = max(1, -(-len(body) // _TRICKLES))
    return [body[start : start + size] for start in range(0, len(body), size)]
