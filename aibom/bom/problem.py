"""One thing that is wrong in a document, and how the place of it is written.

Validation returns problems as values: what to do about them (report, refuse, import
what can be read) is for the caller to decide. Text that comes from a document is
shortened here, since a hostile one may be a hundred megabytes long; it is not escaped,
which is the job of whoever prints it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MAX_POINTER", "Problem", "more_problems", "pointer_to", "shorten"]

#: Characters. A longer pointer is cut back to the closest parent that fits.
MAX_POINTER = 1_000

_MAX_TEXT = 300


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem in a document: its ``level``, a stable ``reason``, where, and in words.

    ``level`` is ``schema``, ``references`` or ``profile``. ``reason`` is a code in
    kebab-case that scripts may depend on. ``pointer`` is a JSON pointer (RFC 6901) into
    the document, empty for the document itself. ``hint`` says what to do next.
    """

    level: str
    reason: str
    pointer: str
    message: str
    hint: str | None = None


def pointer_to(tokens: Iterable[str | int]) -> str:
    """The JSON pointer of a path, with ``~`` and ``/`` escaped (RFC 6901 section 3).

    One that would be longer than :data:`MAX_POINTER` ends at the closest parent that
    fits.
    """
    pointer = ""
    for token in tokens:
        step = str(token)
        if len(pointer) + len(step) >= MAX_POINTER:
            break
        longer = pointer + "/" + step.replace("~", "~0").replace("/", "~1")
        if len(longer) > MAX_POINTER:
            break
        pointer = longer
    return pointer


def shorten(text: str, limit: int = _MAX_TEXT) -> str:
    """``text``, or its beginning and end where it is longer than ``limit``."""
    if len(text) <= limit:
        return text
    tail = limit // 4
    return f"{text[: limit - tail - 1]}…{text[-tail:]}"


def more_problems(level: str, message: str) -> Problem:
    """The last problem of a list cut short; ``message`` says how much is missing."""
    return Problem(
        level,
        "problems-not-shown",
        "",
        message,
        "correct the problems above and validate again",
    )
