"""What went wrong at the Hub, as errors of ours.

Two kinds of failure: an exchange that broke (:class:`Broken`, from whatever requests,
urllib3, httpx or the sockets below raise), and an answer that says no
(:func:`status_error`). No text of a client library's error is passed on: it may hold a
URL with a password, or a header with a token.
"""

from __future__ import annotations

import re
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping

from aibom.errors import AibomError, InputError, VerificationFailed

__all__ = [
    "RETRIED",
    "Again",
    "Broken",
    "broken",
    "client_errors",
    "contradicted",
    "malformed",
    "mismatch",
    "rate_limited",
    "renamed",
    "retry_after",
    "status_error",
    "too_large",
    "truncated",
    "unreachable",
]

#: Answers that may be another one in a moment.
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})

_DISABLED = "Access to this resource is disabled."
_BAD_TOKEN = "Invalid credentials"
_RATE = re.compile(r"\br=0;\s*t=([0-9]{1,9})\b")


class Broken(Exception):
    """An exchange that gave no whole answer; ``says`` is why, in words of ours.

    Never leaves :mod:`aibom.sources`. ``final`` where another try cannot help.
    """

    def __init__(self, says: str, *, final: bool = False) -> None:
        super().__init__(says)
        self.says = says
        self.final = final


class Again(Exception):
    """Worth another try: ``error`` is raised if none is left, ``after`` is a request.

    Never leaves :mod:`aibom.sources`.
    """

    def __init__(self, error: AibomError, after: int | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


def client_errors() -> tuple[type[BaseException], ...]:
    """Every class that an exchange may raise, of the libraries that are loaded.

    requests, urllib3 and httpx share no base class. ``ValueError`` and ``KeyError`` are
    in because clients raise them for URLs and headers that servers chose.
    """
    found: list[type[BaseException]] = [OSError, ValueError, KeyError, EOFError]
    for module, names in (
        ("httpx2", ("HTTPError", "InvalidURL", "StreamError", "CookieConflict")),
        ("httpx", ("HTTPError", "InvalidURL", "StreamError", "CookieConflict")),
        ("requests", ("RequestException",)),
        ("urllib3.exceptions", ("HTTPError",)),
        ("http.client", ("HTTPException",)),
        ("http.cookiejar", ("LoadError",)),
    ):
        loaded = sys.modules.get(module)
        found += [getattr(loaded, n) for n in names if hasattr(loaded, n)]
    return tuple(found)


def broken(error: BaseException) -> Broken:
    """What happened to an exchange, by the classes of an error and its causes."""
    names: set[str] = set()
    for cause in _causes(error):
        names |= {kind.__name__ for kind in type(cause).__mro__}
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Broken("its certificate is not accepted", final=True)
        if isinstance(cause, socket.gaierror):
            return Broken("no address is known for its name")
        if isinstance(cause, ConnectionRefusedError):
            return Broken("it refuses the connection")
    if "OfflineModeIsEnabled" in names:
        return Broken("the client is set to offline (HF_HUB_OFFLINE)", final=True)
    if any("Timeout" in name for name in names):
        return Broken("it did not answer in time")
    if names & {"InvalidURL", "InvalidHeader", "MissingSchema", "UnsupportedProtocol"}:
        return Broken("the client cannot ask for that address", final=True)
    return Broken("the connection broke")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(seen) < 20:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            yield each
            waiting += [each.__cause__, each.__context__, *each.args]
            waiting.append(getattr(each, "reason", None))


def retry_after(headers: Mapping[str, str]) -> int | None:
    """The seconds a server asks to wait: ``Retry-After``, or a used-up ``RateLimit``.

    A ``Retry-After`` that is a date is not read.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    limit = _RATE.search(headers.get("ratelimit", "")[:200])
    return int(limit[1]) if limit else None


def status_error(
    status: int,
    headers: Mapping[str, str],
    where: str,
    *,
    token: bool,
    file: bool = False,
) -> AibomError:
    """The error that a status of 400 or more stands for.

    ``token``: whether one was sent. ``file``: whether a file was asked for, so that a
    404 without more is about that file.
    """
    code = headers.get("x-error-code", "")
    says = headers.get("x-error-message", "")
    if status == 429:
        return rate_limited(where, retry_after(headers))
    if status in RETRIED or status >= 500:
        return unreachable(
            f"the hub answers with an error of its own ({status})", where
        )
    if says == _DISABLED or status == 451:
        return _disabled(where)
    if code == "GatedRepo":
        return _gated(where, token)
    if code == "RevisionNotFound":
        return _no_revision(where)
    if code == "EntryNotFound" or (status == 404 and file and code != "RepoNotFound"):
        return InputError(
            "the hub lists this file and does not have it",
            reason="source-file-absent",
            where=where,
            hint="try again; the repository may be changing",
        )
    if status == 401 and (says.startswith(_BAD_TOKEN) or (token and not code)):
        return _unauthorized(where, "the hub does not accept the token")
    if code == "RepoNotFound" or status in (401, 404):
        return _missing_or_private(where, token)
    if status == 403:
        return _unauthorized(where, "the hub refuses access (403)")
    return malformed(f"answers with status {status}", where)


def unreachable(says: str, where: str) -> AibomError:
    """``source-unreachable``: no whole answer, after retries."""
    return InputError(
        says,
        reason="source-unreachable",
        where=where,
        hint="try again: the same command goes on where it was",
    )


def rate_limited(where: str, after: int | None) -> AibomError:
    """``source-rate-limited``; ``after`` are the seconds that the hub asks to wait."""
    when = f"in {after} seconds" if after is not None else "later"
    return InputError(
        "the hub takes no more requests for now",
        reason="source-rate-limited",
        where=where,
        hint=f"try again {when}; a token (HF_TOKEN) raises the limit",
    )


def malformed(what: str, where: str) -> AibomError:
    """``source-answer-malformed``; ``what`` continues "the hub"."""
    return InputError(
        f"the hub {what}",
        reason="source-answer-malformed",
        where=where,
        hint="look at the endpoint (HF_ENDPOINT): a proxy or a login page may answer",
    )


def truncated(where: str, got: int, announced: int) -> AibomError:
    """``source-truncated``: the connection ended before the announced bytes."""
    return InputError(
        f"{got} of {announced} bytes arrived",
        reason="source-truncated",
        where=where,
        hint="try again; what arrived of a download is kept, and the rest is asked for",
    )


def too_large(what: str, where: str, limit: int) -> AibomError:
    """``source-too-large``: beyond what is read of such a thing."""
    return InputError(
        f"{what} is larger than is read ({limit})",
        reason="source-too-large",
        where=where,
        hint="look at it: such files are not metadata",
    )


def renamed(where: str, name: str) -> AibomError:
    """``source-renamed``: the hub answers for a repository of another name."""
    return VerificationFailed(
        f"the repository was moved: the hub answers with {name[:200]}",
        reason="source-renamed",
        where=where,
        hint=f"find out who owns it now, then ask for hf:{name[:200]}",
    )


def contradicted(where: str, asked: str, came: str) -> AibomError:
    """``commit-contradicted``: the hub answers for a commit nobody asked for."""
    return VerificationFailed(
        f"commit {asked} was asked for, and the hub answers with {came[:64]}",
        reason="commit-contradicted",
        where=where,
        hint="do not use it: somebody stands between you and the hub, or it lies",
    )


def mismatch(where: str, what: str) -> AibomError:
    """``source-digest-mismatch``: bytes, or their number, are not those announced."""
    return VerificationFailed(
        what,
        reason="source-digest-mismatch",
        where=where,
        hint="do not use them; fetch it from elsewhere, and compare",
    )


def _disabled(where: str) -> AibomError:
    return InputError(
        "the hub has disabled access to it",
        reason="source-disabled",
        where=where,
        hint="do not use copies of it either before you know why",
    )


def _gated(where: str, token: bool) -> AibomError:
    account = "the account of your token" if token else "an account of yours"
    also = "" if token else ", and set its token (HF_TOKEN)"
    return InputError(
        "its owner asks people to accept terms before they download",
        reason="source-gated",
        where=where,
        hint=f"accept them on its page with {account}{also}",
    )


def _no_revision(where: str) -> AibomError:
    return InputError(
        "the repository has no such revision",
        reason="source-revision-missing",
        where=where,
        hint="check branch, tag or commit; a commit that is gone was rewritten",
    )


def _unauthorized(where: str, says: str) -> AibomError:
    return InputError(
        says,
        reason="source-unauthorized",
        where=where,
        hint="set a valid token with read access: HF_TOKEN, or `hf auth login`",
    )


def _missing_or_private(where: str, token: bool) -> AibomError:
    hint = "check the name" + (
        "; the account of your token may have no access to it"
        if token
        else "; if it is private, set a token (HF_TOKEN, or `hf auth login`)"
    )
    return InputError(
        "there is no such repository, or it is private",
        reason="source-missing-or-private",
        where=where,
        hint=hint,
    )
