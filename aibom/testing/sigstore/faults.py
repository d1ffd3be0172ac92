"""Answers that go wrong on request, so that tests can see what a client does then.

A fault is planned for requests whose ``METHOD path`` a pattern matches, for a number of
times, and is used up by them. Waiting is bounded and ends at once when the server stops
or recovers: a fault may time a client out, never a test run.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import Literal, get_args

from aibom.errors import UsageError

__all__ = ["MAX_DELAY", "Fault", "FaultKind", "Faults"]

#: ``status`` an error · ``html`` a page where JSON belongs · ``truncated`` half of the
#: true answer · ``slow`` the true answer after the delay · ``trickle`` the true answer
#: spread over the delay · ``drop`` no answer · ``hang`` no answer after the delay.
FaultKind = Literal["status", "html", "truncated", "slow", "trickle", "drop", "hang"]

#: Seconds; no fault waits longer.
MAX_DELAY = 60.0

_DEFAULT_STATUS = {"status": 503, "html": 200}
_DEFAULT_DELAY = {"slow": 1.0, "trickle": 1.0, "hang": MAX_DELAY}


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned fault; ``times`` is how often it is left, None without end."""

    pattern: re.Pattern[str]
    kind: FaultKind
    status: int
    delay: float
    times: int | None


class Faults:
    """The faults that are planned; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []
        self._released = threading.Event()

    def plan(
        self,
        pattern: str,
        kind: FaultKind,
        *,
        status: int | None = None,
        delay: float | None = None,
        times: int | None = 1,
    ) -> None:
        """Plan one more; raises ``UsageError`` where that would never do anything."""
        if kind not in get_args(FaultKind):
            raise UsageError(f"no such fault: {kind!r}", reason="fault-unknown")
        seconds = _DEFAULT_DELAY.get(kind, 0.0) if delay is None else delay
        if not 0 <= seconds <= MAX_DELAY:
            raise UsageError(
                f"a fault may wait from 0 to {MAX_DELAY:g} seconds, not {seconds:g}",
                reason="fault-delay",
            )
        if times is not None and times < 1:
            raise UsageError("a fault happens at least once", reason="fault-times")
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise UsageError(
                f"{pattern!r} is no regular expression: {error}", reason="fault-pattern"
            ) from error
        code = _DEFAULT_STATUS.get(kind, 200) if status is None else status
        fault = Fault(compiled, kind, code, seconds, times)
        with self._lock:
            self._planned.append(fault)

    def take(self, request: str) -> Fault | None:
        """The first fault planned for ``METHOD path``, used up by one."""
        with self._lock:
            for index, fault in enumerate(self._planned):
                if not fault.pattern.search(request):
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
            released, self._released = self._released, threading.Event()
        released.set()
