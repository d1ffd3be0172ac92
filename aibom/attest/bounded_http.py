"""One HTTP exchange that is over by a deadline, whatever the server does.

A timeout for each read does not help against a server that sends a byte a second, so
every wait on the socket gets the time that is left of the whole. Name resolution is the
one wait that the system does not bound; it happens in a thread that is left behind when
the time is up, which does no harm: nothing has been sent, and it sends nothing.

There are no proxies, no redirects, no cookies and no credentials. That is all a
timestamp authority needs, and less to go wrong.
"""

from __future__ import annotations

import io
import queue
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

__all__ = ["Answer", "Target", "post"]

_PORTS = {"http": 80, "https": 443}
_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send a request: a URL, taken apart."""

    url: str
    host: str
    port: int
    path: str
    secure: bool

    @classmethod
    def parse(cls, url: str) -> Target:
        """Take an http or https URL apart; raises ``ValueError`` for any other.

        User names and passwords are refused: they would be shown in error messages.
        """
        if not _VISIBLE.fullmatch(url):
            raise ValueError("not a URL in plain ASCII")
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("not a URL that begins with http:// or https://")
        if "@" in parts.netloc:
            raise ValueError("a URL with a user name in it")
        parts.hostname.encode("idna")  # a label that is empty or too long
        path = parts.path or "/"
        return cls(
            url,
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            f"{path}?{parts.query}" if parts.query else path,
            parts.scheme == "https",
        )

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL, without a port that goes unsaid."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _PORTS["https" if self.secure else "http"]
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's answer. ``location`` is where it would rather be asked, or empty."""

    status: int
    location: str
    body: bytes = field(repr=False)


class _Reads(io.RawIOBase):
    """What a socket receives, up to the deadline."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._until))
        return self._sock.recv_into(buffer)


class _Wire:
    """As much of a socket as ``http.client`` uses. Who opened it closes it."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._sock, self._until))

    def sendall(self, data: bytes) -> None:
        # The timeout is for all of the data, not for each piece of it.
        self._sock.settimeout(_left(self._until))
        self._sock.sendall(data)

    def close(self) -> None:
        """Leave it open: there may be an answer to read yet."""


def post(
    target: Target, body: bytes, headers: Mapping[str, str], until: float, limit: int
) -> Answer:
    """POST, and read an answer of up to ``limit`` bytes; longer ones are cut off.

    ``until`` is a time of ``time.monotonic``. Raises ``OSError`` (``TimeoutError`` when
    the time is up, and for a body that ends early), and
    ``http.client.HTTPException`` for what is not HTTP.
    """
    from http.client import HTTPConnection

    with _connected(target, until) as sock:
        # A connection that has its socket does not open another.
        connection = HTTPConnection(target.host, target.port)
        connection.sock = _Wire(sock, until)
        said = {"Host": target.authority, **headers}
        connection.request("POST", target.path, body, said)
        response = connection.getresponse()
        location = response.getheader("Location", "")
        return Answer(response.status, location, _body(response, limit))


def _body(response: HTTPResponse, limit: int) -> bytes:
    found = b""
    while len(found) < limit and (piece := response.read(limit - len(found))):
        found += piece
    # What is left of the length that was announced; some versions do not complain.
    if len(found) < limit and response.length:
        raise ConnectionError("the connection broke off in the middle of the answer")
    return found


def _connected(target: Target, until: float) -> socket.socket:
    addresses = _addresses(target, until)
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # One address that swallows everything leaves time for the others.
            sock.settimeout(_left(until) / (len(addresses) - index))
            sock.connect(address)
            return _secured(sock, target, until) if target.secure else sock
        except OSError:
            sock.close()
            if index == len(addresses) - 1:
                raise
    raise OSError("the name has no address")


def _secured(sock: socket.socket, target: Target, until: float) -> socket.socket:
    import ssl

    # The timeout is for all of the handshake.
    sock.settimeout(_left(until))
    context = ssl.create_default_context()
    return context.wrap_socket(sock, server_hostname=target.host)


def _addresses(target: Target, until: float) -> list[Any]:
    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        result: list[Any] | OSError = OSError("resolving the name failed")
        try:
            kind = socket.SOCK_STREAM
            result = socket.getaddrinfo(target.host, target.port, type=kind)
        except OSError as error:
            result = error
        finally:  # whatever it was, nobody waits for it
            found.put(result)

    threading.Thread(target=resolve, daemon=True).start()
    try:
        addresses = found.get(timeout=_left(until))
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(addresses, OSError):
        raise addresses
    return addresses


def _left(until: float) -> float:
    """The seconds that are left; raises ``TimeoutError`` when there are none."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time is up")
    return seconds
