"""One GET through the session of huggingface_hub, whatever it is made of.

``huggingface_hub.utils.get_session`` gives a ``requests.Session`` up to 0.x and a
client of httpx (1.x) or httpx2 (2.x) later: users configure proxies and certificates
there. This module is the only place that knows the difference. It follows no redirect,
adds no credentials of its own (a ``.netrc`` is not read), and hides no error: what the
libraries raise comes out as :class:`~aibom.sources.hub_errors.Broken`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aibom.sources.hub_errors import broken, client_errors

__all__ = ["Response", "open_get"]

_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer, and its body as it arrives. Header names are lower case.

    ``chunks`` gives what one read of the connection gave, so that a reader can look at
    the clock between two; it raises :class:`~aibom.sources.hub_errors.Broken`.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]

    @property
    def length(self) -> int | None:
        """The announced bytes of the body, where they are announced."""
        text = self.headers.get("content-length", "")
        return (
            int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        )


@contextlib.contextmanager
def open_get(
    url: str, headers: Mapping[str, str], timeout: float
) -> Iterator[Response]:
    """Ask for a URL; the connection is closed, or kept for the next call, at the end.

    ``timeout`` is in seconds, of the connecting and of each read: a server that sends a
    byte from time to time is not stopped by it, which the reader of ``chunks`` must do.
    """
    from huggingface_hub import get_session

    session: Any = get_session()
    with contextlib.ExitStack() as stack:
        try:
            # A requests.Session has an attribute of that name too, which is a flag.
            if callable(getattr(session, "stream", None)):
                response, chunks = _with_httpx(session, stack, url, headers, timeout)
            else:
                response, chunks = _with_requests(session, stack, url, headers, timeout)
        except client_errors() as error:
            raise broken(error) from error
        named = {str(k).lower(): str(v) for k, v in response.headers.items()}
        yield Response(int(response.status_code), named, _translated(chunks))


def _with_httpx(
    session: Any,
    stack: contextlib.ExitStack,
    url: str,
    headers: Mapping[str, str],
    timeout: float,
) -> tuple[Any, Iterator[bytes]]:
    response = stack.enter_context(
        session.stream(
            "GET",
            url,
            headers=dict(headers),
            timeout=timeout,
            follow_redirects=False,
            auth=_no_auth,
        )
    )
    return response, response.iter_raw()


def _with_requests(
    session: Any,
    stack: contextlib.ExitStack,
    url: str,
    headers: Mapping[str, str],
    timeout: float,
) -> tuple[Any, Iterator[bytes]]:
    # Not session.get: that reads the body of a redirect to its end, however long,
    # and looks where it leads, even when told not to follow.
    import requests

    prepared = session.prepare_request(
        requests.Request("GET", url, headers=dict(headers), auth=_no_auth)
    )
    settings = session.merge_environment_settings(url, {}, True, None, None)
    response = session.get_adapter(url).send(
        prepared, timeout=(timeout, timeout), **settings
    )
    stack.callback(response.close)
    return response, _pieces(response.raw)


def _pieces(raw: Any) -> Iterator[bytes]:
    # urllib3 2 has read1, which gives what is there; 1.26 only waits for all of it, so
    # that its pieces are kept small.
    if hasattr(raw, "read1"):
        read: Callable[[], bytes] = lambda: raw.read1(_PIECE, decode_content=False)  # noqa: E731
    else:
        read = lambda: raw.read(8192, decode_content=False)  # noqa: E731
    while piece := read():
        yield piece


def _translated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    errors = client_errors()
    while True:
        try:
            chunk = next(chunks, None)
        except errors as error:
            raise broken(error) from error
        if chunk is None:
            return
        yield chunk


def _no_auth(request: Any) -> Any:
    """Leave a request as it is: without this, requests would consult ``.netrc``."""
    return request
