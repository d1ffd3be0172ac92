"""Servers that do not speak HTTP as they should, and errors of client libraries."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from aibom.errors import AibomError
from aibom.sources import hub_errors
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved

COMMIT = "a" * 40
OK = b"HTTP/1.1 200 OK\r\n"
HUB = Reference("hf", "acme/base", COMMIT, "model")


@contextlib.contextmanager
def serving(answer: bytes) -> Iterator[str]:
    """A server that reads the head of each request, and sends some bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    _read_head(connection)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            done.set()
            # The last accept waits for somebody.
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def _read_head(connection: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return
        head += piece


def _headers(*lines: bytes) -> bytes:
    return OK + b"\r\n".join((*lines, b"Connection: close", b"", b""))


ANSWERS = {
    "nothing": (b"", "source-unreachable"),
    "no-http": (b"SSH-2.0-OpenSSH_9.0\r\n", "source-unreachable"),
    "a-status-that-is-none": (b"HTTP/1.1 abc OK\r\n\r\n", "source-unreachable"),
    "bad-chunks": (
        _headers(b"Transfer-Encoding: chunked") + b"zz\r\n{}\r\n",
        "source-unreachable",
    ),
    "chunks-without-end": (
        _headers(b"Transfer-Encoding: chunked") + b"2\r\n{}\r\n",
        "source-unreachable",
    ),
    "no-length-and-no-json": (_headers() + b"hello", "source-answer-malformed"),
    "another-encoding": (
        _headers(b"Content-Encoding: br", b"Content-Length: 2") + b"{}",
        "source-answer-malformed",
    ),
    "not-utf-8": (
        _headers(b"Content-Length: 4") + b'"\xff\xfe"',
        "source-answer-malformed",
    ),
    "nowhere": (
        b"HTTP/1.1 307 Moved\r\nLocation: http://[::1\r\nContent-Length: 0\r\n"
        b"Connection: close\r\n\r\n",
        "source-answer-malformed",
    ),
    "no-place": (
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "source-answer-malformed",
    ),
    "no-content": (
        b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "source-answer-malformed",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_no_http(answer: bytes, reason: str) -> None:
    slept: list[float] = []
    with serving(answer) as url:
        ask = HubSource(endpoint=url, token="", sleep=slept.append)
        with pytest.raises(AibomError) as caught:
            ask.resolve(HUB)

    assert caught.value.reason == reason
    assert len(slept) == (3 if reason == "source-unreachable" else 0)


def test_half_a_header() -> None:
    """A client may take what there is for all of it; then there is no JSON."""
    with serving(OK + b"Content-Le") as url:
        ask = HubSource(endpoint=url, token="", sleep=lambda seconds: None)
        with pytest.raises(AibomError) as caught:
            ask.resolve(HUB)

    assert caught.value.reason in ("source-unreachable", "source-answer-malformed")


def test_an_endpoint_below_a_path() -> None:
    """As proxies for packages have it."""
    below = "/proxy/api/hub"
    place = f"{below}/api/models/other/base/revision/{COMMIT}?blobs=true"
    moved = f"HTTP/1.1 307 Moved\r\nLocation: {place}\r\nConnection: close\r\n\r\n"
    with serving(moved.encode()) as url:
        ask = HubSource(endpoint=f"{url}{below}/", token="")
        with pytest.raises(AibomError) as caught:
            ask.resolve(HUB)

    assert caught.value.reason == "source-renamed"
    assert "hf:other/base" in str(caught.value.hint)


@pytest.mark.parametrize("call", ["read", "download"])
def test_a_body_without_length_is_bounded_by_what_is_listed(
    tmp_path: Path, call: str
) -> None:
    commit = b"X-Repo-Commit: " + COMMIT.encode()
    file = RemoteFile("model.bin", 1000)
    resolved = Resolved(HUB, (file,), "online", "", HUB.name, COMMIT)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with serving(_headers(commit) + b"x" * 300_000) as url:
        ask = HubSource(endpoint=url, token="", sleep=lambda seconds: None)
        act = {
            "read": partial(ask.read, resolved, file, 10**6),
            "download": partial(
                ask.download, resolved, file, tmp_path / "out", scratch
            ),
        }[call]
        with pytest.raises(AibomError) as caught:
            act()

    assert caught.value.reason == "source-digest-mismatch"
    assert "more than the 1000 bytes" in caught.value.message
    assert not (tmp_path / "out").exists()
    assert sum(path.stat().st_size for path in scratch.iterdir()) == 0


# ── words ────────────────────


class ReadTimeoutError(Exception):
    """Named as in urllib3 and httpx."""


class OfflineModeIsEnabled(ConnectionError):
    """Named as in huggingface_hub."""


class InvalidURL(Exception):
    """Named as in requests and httpx."""


def caused(error: BaseException) -> BaseException:
    outer = RuntimeError("https://user:password@host/ Bearer hf_secret")
    outer.__cause__ = error
    return outer


BROKEN = {
    "timeout": (ReadTimeoutError(), "in time", False),
    "timeout-inside": (caused(TimeoutError()), "in time", False),
    "name": (caused(socket.gaierror(-2, "hf_secret")), "no address", False),
    "refused": (caused(ConnectionRefusedError()), "refuses", False),
    "certificate": (
        caused(ssl.SSLCertVerificationError("hf_secret")),
        "certificate",
        True,
    ),
    "certificate-as-argument": (
        OSError(ssl.SSLCertVerificationError("hf_secret")),
        "certificate",
        True,
    ),
    "tls-broke": (caused(ssl.SSLEOFError()), "broke", False),
    "offline": (OfflineModeIsEnabled("hf_secret"), "HF_HUB_OFFLINE", True),
    "address": (InvalidURL("hf_secret"), "address", True),
    "anything": (ValueError("hf_secret"), "broke", False),
}


@pytest.mark.parametrize(("error", "says", "final"), BROKEN.values(), ids=BROKEN)
def test_no_text_of_a_library_is_passed_on(
    error: BaseException, says: str, final: bool
) -> None:
    broken = hub_errors.broken(error)

    assert says in broken.says
    assert broken.final is final
    assert "hf_secret" not in broken.says
    assert "password" not in broken.says


def test_causes_that_go_round() -> None:
    one, two = ValueError(), ValueError()
    one.__cause__, two.__cause__ = two, one

    assert hub_errors.broken(one).says == "the connection broke"


def test_every_class_that_is_loaded_is_known() -> None:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import get_session

    get_session()
    known = hub_errors.client_errors()

    for kind in (HfHubHTTPError, OfflineModeIsEnabled, TimeoutError, UnicodeError):
        assert issubclass(kind, known)


STATUS = {
    "500": (500, {}, {}, "source-unreachable"),
    "599": (599, {}, {}, "source-unreachable"),
    "429": (429, {}, {}, "source-rate-limited"),
    "disabled": (
        403,
        {"x-error-message": "Access to this resource is disabled."},
        {},
        "source-disabled",
    ),
    "451": (451, {}, {}, "source-disabled"),
    "gated-401": (401, {"x-error-code": "GatedRepo"}, {}, "source-gated"),
    "gated-403": (403, {"x-error-code": "GatedRepo"}, {"token": True}, "source-gated"),
    "revision": (
        404,
        {"x-error-code": "RevisionNotFound"},
        {},
        "source-revision-missing",
    ),
    "entry": (404, {"x-error-code": "EntryNotFound"}, {}, "source-file-absent"),
    "404-of-a-file": (404, {}, {"file": True}, "source-file-absent"),
    "404-of-its-repository": (
        404,
        {"x-error-code": "RepoNotFound"},
        {"file": True},
        "source-missing-or-private",
    ),
    "404": (404, {}, {}, "source-missing-or-private"),
    "401-anonymous": (
        401,
        {
            "x-error-code": "RepoNotFound",
            "x-error-message": "Invalid username or password.",
        },
        {},
        "source-missing-or-private",
    ),
    "401-bare": (401, {}, {}, "source-missing-or-private"),
    "401-bare-with-token": (401, {}, {"token": True}, "source-unauthorized"),
    "401-bad-token": (
        401,
        {"x-error-message": "Invalid credentials in Authorization header"},
        {"token": True},
        "source-unauthorized",
    ),
    "403": (403, {}, {}, "source-unauthorized"),
    "400": (400, {}, {}, "source-answer-malformed"),
    "410": (410, {}, {}, "source-answer-malformed"),
}


@pytest.mark.parametrize(
    ("status", "headers", "more", "reason"), STATUS.values(), ids=STATUS
)
def test_what_a_status_stands_for(
    status: int, headers: dict[str, str], more: dict[str, bool], reason: str
) -> None:
    error = hub_errors.status_error(status, headers, "here", **{"token": False, **more})

    assert (error.reason, error.exit_code, error.where) == (reason, 1, "here")
    assert error.hint
