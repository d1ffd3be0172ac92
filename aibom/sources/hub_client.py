"""Asking the Hub: retries, redirects, deadlines, and errors of ours.

Everything goes to one endpoint. The token goes to the origin of that endpoint and
nowhere else; a redirect of the API is never followed, one of a file is followed to
where the bytes lie. Nothing here knows what an answer means.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from aibom.errors import AibomError, UsageError
from aibom.lineage.hub_names import is_hub_name
from aibom.sources import hub_errors
from aibom.sources.hub_errors import RETRIED, Again, Broken
from aibom.sources.hub_session import Response, open_get

__all__ = [
    "DEADLINE",
    "MAX_ANSWER",
    "SLOWEST",
    "TIMEOUT",
    "Answer",
    "HubClient",
    "Question",
]

#: Seconds for connecting, and for each read.
TIMEOUT = 10.0
#: Seconds for the whole of one answer of the API.
DEADLINE = 60.0
#: A file may take this many seconds more for each byte (16 KiB a second).
SLOWEST = 1 / 16384
#: An answer of the API beyond this is not read.
MAX_ANSWER = 64 * 1024 * 1024

_ATTEMPTS = 4
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30
_HOPS = 5
_TOKEN = re.compile(r"[\x21-\x7e]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """A path below the endpoint, quoted: what stands before the name, it, and the rest.

    ``query`` has no question mark. ``commit`` is the one that the answer has to be of,
    where that is known; ``where`` is for messages.
    """

    before: str
    name: str
    after: str
    where: str
    query: str = ""
    commit: str | None = None

    @property
    def path(self) -> str:
        """The path, without the query."""
        return f"{self.before}{self.name}{self.after}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of the API. Header names are lower case."""

    headers: Mapping[str, str]
    body: bytes


class HubClient:
    """A hub at an endpoint, asked with a token or without. Safe in threads.

    Raises for an endpoint that is no http(s) URL (``usage``) and for a token that
    cannot be sent (``source-unauthorized``).
    """

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        *,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.origin = _origin(self.endpoint)
        self.has_token = bool(token)
        self.clock = clock
        self._timeout = timeout
        self._sleep = sleep
        if self.origin is None:
            raise UsageError(
                "the endpoint of the hub is not an http or https URL",
                where="HF_ENDPOINT",
                hint="such as https://hub.example.com, without user and password",
            )
        if token and not _TOKEN.fullmatch(token):
            raise hub_errors.status_error(
                401,
                {"x-error-message": "Invalid credentials"},
                self.endpoint,
                token=True,
            )
        self._headers, self._anonymous = _headers(token), _headers(None)

    def get(self, question: Question) -> Answer:
        """Ask the API; what comes back was answered with 200, and is complete."""
        return self.persist(lambda: self._get(question))

    def persist(self, once: Callable[[], T]) -> T:
        """Try up to four times, as long as it raises ``Again``, waiting in between.

        Waits 0.5, 1, 2 seconds, or as long as the server asks; where that is more than
        30 seconds, ``source-rate-limited`` is raised at once.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return once()
            except Again as again:
                after = again.after or 0
                if after > _LONGEST_WAIT:
                    where = again.error.where or self.endpoint
                    raise hub_errors.rate_limited(where, after) from again
                if attempt + 1 == _ATTEMPTS:
                    raise again.error from again
                self._sleep(max(_FIRST_WAIT * 2**attempt, after))
        raise AssertionError("the last attempt returns or raises")

    def _get(self, question: Question) -> Answer:
        deadline = self.clock() + DEADLINE
        url = self._url(question)
        with self._open(url, question, {}) as response:
            self._check(response, question)
            if 300 <= response.status < 400:
                raise self._moved(url, response, question)
            if response.status != 200:
                says = f"answers with status {response.status}"
                raise hub_errors.malformed(says, question.where)
            body = self.body(response, question.where, MAX_ANSWER, deadline)
            return Answer(response.headers, body)

    @contextlib.contextmanager
    def file(self, question: Question, start: int = 0) -> Iterator[Response]:
        """Open a file from a byte on: an answer with 200 (all of it), 206, or 416.

        Redirects are followed, the token stays behind. The hub has to say of which
        commit the file is, or this raises.
        """
        url = self._url(question)
        extra = {"range": f"bytes={start}-"} if start else {}
        for hop in range(_HOPS):
            with self._open(url, question, extra) as response:
                self._check(response, question, file=True)
                final = response.status in (200, 206, 416)
                url = url if final else self._next(url, response, question)
                if hop == 0 and "x-repo-commit" not in response.headers:
                    says = "does not say of which commit a file is"
                    raise hub_errors.malformed(says, question.where)
                if final:
                    yield response
                    return
        raise hub_errors.malformed("redirects without end", question.where)

    def body(
        self, response: Response, where: str, limit: int, deadline: float
    ) -> bytes:
        """All of a body of at most ``limit`` bytes.

        Raises ``source-too-large`` without reading further than the limit.
        """
        data = bytearray()
        for chunk in self.chunks(response, where, deadline):
            data += chunk
            if len(data) > limit:
                raise hub_errors.too_large("an answer", where, limit)
        return bytes(data)

    def chunks(
        self, response: Response, where: str, deadline: float
    ) -> Iterator[bytes]:
        """What arrives of a body, until the clock is past ``deadline``.

        A body that ends early is ``Again`` with ``source-truncated``, whether the
        client notices that (httpx) or not (requests).
        """
        got = 0
        try:
            for chunk in response.chunks:
                if self.clock() > deadline:
                    says = "the hub takes too long for its answer"
                    raise Again(hub_errors.unreachable(says, where))
                got += len(chunk)
                yield chunk
        except Broken as error:
            if response.length is None or got >= response.length:
                raise _again(error, where) from error
        if response.length is not None and got < response.length:
            raise Again(hub_errors.truncated(where, got, response.length))

    @contextlib.contextmanager
    def _open(
        self, url: str, question: Question, extra: Mapping[str, str]
    ) -> Iterator[Response]:
        ours = _origin(url) == self.origin
        headers = {**(self._headers if ours else self._anonymous), **extra}
        with contextlib.ExitStack() as stack:
            try:
                response = stack.enter_context(open_get(url, headers, self._timeout))
            except Broken as error:
                raise _again(error, question.where) from error
            yield response

    def _check(
        self, response: Response, question: Question, *, file: bool = False
    ) -> None:
        came = response.headers.get("x-repo-commit")
        if came is not None and question.commit not in (None, came):
            asked = str(question.commit)
            raise hub_errors.contradicted(question.where, asked, came)
        if response.status >= 400 and not (file and response.status == 416):
            error = hub_errors.status_error(
                response.status,
                response.headers,
                question.where,
                token=self.has_token,
                file=file,
            )
            if response.status in RETRIED:
                raise Again(error, hub_errors.retry_after(response.headers))
            raise error
        if response.headers.get("content-encoding", "identity") != "identity":
            raise hub_errors.malformed("answers in an encoding", question.where)

    def _url(self, question: Question) -> str:
        query = f"?{question.query}" if question.query else ""
        return f"{self.endpoint}{question.path}{query}"

    def _next(self, url: str, response: Response, question: Question) -> str:
        """Where a redirect of a file leads, unless to a repository of another name."""
        location = _location(url, response)
        moved = self._moved(url, response, question)
        downgrade = url.startswith("https:") and location.startswith("http:")
        if moved.reason == "source-renamed" or _origin(location) is None or downgrade:
            raise moved
        return location

    def _moved(self, url: str, response: Response, question: Question) -> AibomError:
        location = urlsplit(_location(url, response))
        before = urlsplit(self.endpoint).path + question.before
        middle = location.path.removeprefix(before).removesuffix(question.after)
        rebuilt = f"{before}{middle}{question.after}"
        same = rebuilt == location.path and middle != question.name
        if same and is_hub_name(middle):
            return hub_errors.renamed(question.where, middle)
        return hub_errors.malformed(
            f"sends elsewhere (status {response.status})", question.where
        )


def _again(error: Broken, where: str) -> AibomError | Again:
    found = hub_errors.unreachable(f"no whole answer: {error.says}", where)
    return found if error.final else Again(found)


def _location(url: str, response: Response) -> str:
    try:
        return urljoin(url, response.headers.get("location", ""))
    except ValueError:
        return ""


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; ``None`` for what is no plain http(s) URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme[4:] else 80)


def _headers(token: str | None) -> dict[str, str]:
    # Not build_hf_headers: from 2.x on it may ask the hub, without a time limit of
    # ours, which program started this one, and tells the hub so.
    from huggingface_hub import __version__ as client

    from aibom import __version__

    headers = {
        "user-agent": f"aibom/{__version__}; hf_hub/{client}",
        "accept-encoding": "identity",
    }
    return headers | ({"authorization": f"Bearer {token}"} if token else {})
