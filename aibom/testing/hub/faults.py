"""Answers that go wrong on request, so that tests can see what a client does then.

A fault belongs to requests whose ``METHOD path?query`` a pattern matches. The first one
planned that matches is taken: two faults for one address happen one after the other.
Waiting is bounded and ends at once when the hub stops or recovers.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aibom.errors import UsageError
from aibom.testing.hub.content import blob_of
from aibom.testing.hub.wire import Response, as_json

__all__ = ["MAX_DELAY", "Fault", "Faults"]

#: Seconds; no fault waits longer.
MAX_DELAY = 60.0

_HTML = "<!doctype html>\n<title>Sign in</title>\n<p>Please sign in to continue.\n"
_ANY_FILE = r"GET .*/resolve/"
_ANY_INFO = r"/api/(models|datasets)/|/resolve/"
_ANY_OWNER = r"GET /api/(organizations|users)/"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, for which requests, and how often.

    ``pattern`` is searched for as a regular expression in ``METHOD path?query``; start
    it with ``^`` or the method to be exact. The first ``skip`` matches are let through,
    the ``times`` after them go wrong; ``times=None`` lasts until ``recover()``.

    In this order: ``delay`` seconds pass; ``call`` is run (to move a ref, say); with
    ``drop`` the connection closes without an answer; ``status`` or ``body`` replace the
    answer (an error in JSON where there is no body, a mapping is sent as JSON);
    otherwise the true answer is changed: ``commit`` is claimed in ``X-Repo-Commit`` and
    as ``sha``, ``serve`` answers a file from another commit under the name of the one
    asked for, ``edit`` gets the parsed JSON and gives another, ``tamper`` flips a bit
    in the middle of the file and leaves size, ETag and digests as they are,
    ``redirect`` sends files in LFS to the second port. Last, ``headers`` are set, and
    ``truncate`` lets only so many bytes of the body out, whatever was announced.

    Raises ``UsageError`` for a fault that would never do anything.
    """

    pattern: str
    status: int | None = None
    times: int | None = None
    skip: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str | Mapping[str, Any] | None = None
    delay: float = 0.0
    truncate: int | None = None
    drop: bool = False
    call: Callable[[], object] | None = None
    commit: str | None = None
    serve: str | None = None
    edit: Callable[[Any], Any] | None = None
    tamper: bool = False
    redirect: bool = False

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise UsageError(
                f"{self.pattern!r} is no regular expression: {error}",
                reason="fault-pattern",
            ) from error
        if not 0 <= self.delay <= MAX_DELAY:
            raise UsageError(
                f"a fault may wait from 0 to {MAX_DELAY:g} seconds, not {self.delay:g}",
                reason="fault-delay",
            )
        if (self.times is not None and self.times < 1) or self.skip < 0:
            raise UsageError("a fault happens at least once", reason="fault-times")
        if self.truncate is not None and self.truncate < 0:
            raise UsageError("a body has no negative part", reason="fault-truncate")

    # ── those that have a name ────────────────────

    @classmethod
    def error(cls, pattern: str, status: int = 500, times: int | None = None) -> Fault:
        """The hub has a problem."""
        return cls(pattern, status=status, times=times)

    @classmethod
    def rate_limited(
        cls, pattern: str, retry_after: int = 1, times: int | None = 1
    ) -> Fault:
        """429, with ``Retry-After``."""
        headers = {"Retry-After": str(retry_after)}
        return cls(pattern, status=429, headers=headers, times=times)

    @classmethod
    def slow(cls, pattern: str, delay: float, times: int | None = None) -> Fault:
        """The true answer, late."""
        return cls(pattern, delay=delay, times=times)

    @classmethod
    def dropped(cls, pattern: str, times: int | None = None) -> Fault:
        """No answer: the connection closes."""
        return cls(pattern, drop=True, times=times)

    @classmethod
    def truncated(cls, pattern: str, after: int = 0, times: int | None = None) -> Fault:
        """The first ``after`` bytes of the true answer, then the connection closes."""
        return cls(pattern, truncate=after, times=times)

    @classmethod
    def html(cls, pattern: str, status: int = 200, times: int | None = None) -> Fault:
        """A page where something else belongs, as from a captive portal."""
        return cls(
            pattern,
            status=status,
            body=_HTML,
            headers={"Content-Type": "text/html; charset=utf-8"},
            times=times,
        )

    @classmethod
    def lying_commit(
        cls, commit: str, pattern: str = _ANY_INFO, times: int | None = None
    ) -> Fault:
        """The hub says that it answered for another commit than the one asked for."""
        return cls(pattern, commit=commit, times=times)

    @classmethod
    def swapped(
        cls, serve: str, pattern: str = _ANY_FILE, times: int | None = None
    ) -> Fault:
        """Files come from commit ``serve``, under the name of the one asked for."""
        return cls(pattern, serve=serve, times=times)

    @classmethod
    def tampered(cls, pattern: str = _ANY_FILE, times: int | None = None) -> Fault:
        """One bit of each file is another; sizes and digests are told as before."""
        return cls(pattern, tamper=True, times=times)

    @classmethod
    def moving(cls, pattern: str, call: Callable[[], object], skip: int = 0) -> Fault:
        """Run ``call`` once, before the request after ``skip`` others is answered."""
        return cls(pattern, call=call, skip=skip, times=1)

    @classmethod
    def gated(cls, pattern: str = "/resolve/", times: int | None = None) -> Fault:
        """403, as for a gated repository."""
        said = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}
        return cls(pattern, status=403, headers=said, times=times)

    @classmethod
    def redirected(cls, pattern: str = "/resolve/", times: int | None = None) -> Fault:
        """Files in LFS come by 302 from the second port, as from the real CDN."""
        return cls(pattern, redirect=True, times=times)

    @classmethod
    def changed_owner(
        cls,
        id24: str = "f" * 24,
        pattern: str = _ANY_OWNER,
        times: int | None = None,
        **others: Any,
    ) -> Fault:
        """The ``_id`` of the owner is another one; ``others`` are changed as well."""

        def edit(value: Any) -> Any:
            return (
                {**value, "_id": id24, **others} if isinstance(value, dict) else value
            )

        return cls(pattern, edit=edit, times=times)

    # ── what it does to an answer ────────────────────

    def replaces(self) -> bool:
        """Whether the true answer is not asked for at all."""
        return self.status is not None or self.body is not None

    def replacement(self) -> Response:
        """The answer in place of the true one."""
        status = 200 if self.status is None else self.status
        if self.body is None:
            said = {"error": "planned by the test"}
            return as_json(said, status).having(self.headers)
        if isinstance(self.body, Mapping):
            return as_json(self.body, status).having(self.headers)
        plain = {"Content-Type": "text/plain; charset=utf-8"}
        return Response(status, plain, blob_of(self.body)).having(self.headers)

    def change(self, response: Response) -> Response:
        """The true answer, made to lie. ``redirect`` and ``serve`` happen elsewhere."""
        if self.commit is not None:
            response = _claiming(response, self.commit)
        value = response.json() if self.edit else None
        if self.edit is not None and value is not None:
            blob = blob_of(json.dumps(self.edit(value)))
            response = replace(response, blob=blob)
        return replace(response, flipped=self.tamper).having(self.headers)


def _claiming(response: Response, commit: str) -> Response:
    if response.header("X-Repo-Commit") is not None:
        return response.having({"X-Repo-Commit": commit})
    value = response.json()
    if isinstance(value, dict) and "sha" in value:
        return replace(response, blob=blob_of(json.dumps({**value, "sha": commit})))
    return response


class Faults:
    """The faults that are planned; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []
        self._released = threading.Event()

    def plan(self, fault: Fault) -> None:
        """Plan one more."""
        with self._lock:
            self._planned.append(fault)

    def take(self, request: str) -> Fault | None:
        """The first fault planned for a request, used up by one."""
        with self._lock:
            for index, fault in enumerate(self._planned):
                if not re.search(fault.pattern, request):
                    continue
                if fault.skip:
                    self._planned[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times is not None:
                    left = fault.times - 1
                    rest = [replace(fault, times=left)] if left else []
                    self._planned[index : index + 1] = rest
                return fault
        return None

    def wait(self, seconds: float) -> None:
        """Wait, but not beyond :meth:`clear`."""
        with self._lock:
            released = self._released
        released.wait(seconds)

    def clear(self) -> None:
        """Forget what is planned, and end every wait."""
        with self._lock:
            self._planned.clear()
            if self._released.is_set():
                return
            released, self._released = self._released, threading.Event()
        released.set()

    def close(self) -> None:
        """Never wait again: the hub stops."""
        with self._lock:
            self._planned.clear()
            self._released.set()
