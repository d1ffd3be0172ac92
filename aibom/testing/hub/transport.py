"""HTTP on loopback: sockets in, :class:`~.wire.Request` values out, faults in between.

One thread and one request for each connection. Stopping cuts what is still open and
waits for its threads, so that nothing outlives a test.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

from aibom.testing.hub.faults import Fault, Faults
from aibom.testing.hub.wire import Request, Response, refusal

__all__ = ["Listener", "Log", "Seen"]

MAX_BODY = 16 * 1024 * 1024
_SOCKET_TIMEOUT = 30.0

#: Method, path with query, and headers with names in lower case.
Seen = tuple[str, str, dict[str, str]]


class Log:
    """What was asked for, in the order of arrival; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[Seen] = []

    def note(self, request: Request) -> None:
        """Add one."""
        with self._lock:
            self._seen.append((request.method, request.target, dict(request.headers)))

    def seen(self) -> list[Seen]:
        """All so far."""
        with self._lock:
            return list(self._seen)


class Listener(socketserver.ThreadingTCPServer):
    """One port of 127.0.0.1, taken at once and answered between start and stop.

    ``answer`` gives the true answer, ``redirect`` what ``Fault.redirect`` makes of it.
    """

    allow_reuse_address = True
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(
        self,
        answer: Callable[[Request], Response],
        redirect: Callable[[Response], Response],
        faults: Faults,
        log: Log,
    ) -> None:
        self.answer = answer
        self.redirect = redirect
        self.faults = faults
        self.log = log
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Answer from now on."""
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, end faults that wait, cut what is open, await its threads."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.faults.close()
        with self._lock:
            for connection in self._open:
                _cut(connection)
        self.server_close()

    def opened(self, connection: socket.socket) -> None:
        """A connection is being answered."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """It is no longer."""
        with self._lock:
            self._open.discard(connection)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The client was quicker.
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        try:
            super().finish()
        except OSError:
            # The client went away with part of the answer.
            return

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the output belongs to the tests."""

    def _serve(self) -> None:
        self.close_connection = True
        try:
            self._exchange()
        except (ConnectionError, TimeoutError):
            # The client went away, which is what a fault may well lead to.
            return

    def _exchange(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self._send(refusal(413, "Payload too large").response)
            return
        headers = {key.lower(): value for key, value in self.headers.items()}
        body = self.rfile.read(int(length))
        request = Request(self.command, self.path, headers, body)
        self.server.log.note(request)
        fault = self.server.faults.take(f"{self.command} {self.path}")
        if fault is None:
            self._send(self.server.answer(request))
        else:
            self._fail(fault, request)

    def _fail(self, fault: Fault, request: Request) -> None:
        if fault.delay:
            self.server.faults.wait(fault.delay)
        if fault.call is not None:
            fault.call()
        if fault.drop:
            return
        if fault.replaces():
            self._send(fault.replacement(), fault.truncate)
            return
        response = self.server.answer(replace(request, serve=fault.serve))
        response = fault.change(response)
        if fault.redirect:
            response = self.server.redirect(response)
        self._send(response, fault.truncate)

    def _send(self, response: Response, limit: int | None = None) -> None:
        """Send headers for all of the body, and of it no more than ``limit`` bytes."""
        self.send_response(response.status)
        self.send_header("Content-Length", str(response.length))
        self.send_header("Connection", "close")
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for block in _limited(response.blocks(), limit):
            self.wfile.write(block)


def _limited(blocks: Iterator[bytes], limit: int | None) -> Iterator[bytes]:
    left = limit
    for block in blocks:
        if left is None:
            yield block
        else:
            yield block[:left]
            left -= len(block[:left])
            if not left:
                return
