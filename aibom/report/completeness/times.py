"""Times that a document states: whether one could have been when it was written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["fits", "is_possible"]

_DAY = re.compile(r"\s*([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)(?![0-9])", re.ASCII)
#: Where clocks that were never set begin.
_NEVER = frozenset({"0000", "0001", "1601-01-01", "1970-01-01", "1980-01-01"})
_ZONES = timedelta(days=1)
_SKEW = timedelta(minutes=5)


def is_possible(text: str, now: datetime | None) -> bool:
    """Whether something can have been made then: not to come, and no clock's zero.

    What is no date to be recognised is somebody's word, and not judged; nor is anything
    to come where ``now`` is not known.
    """
    found = _DAY.match(text)
    if found is None:
        return True
    day = found[1]
    if day in _NEVER or day[:4] in _NEVER:
        return False
    return now is None or day <= f"{now + _ZONES:%Y-%m-%d}"[: len(day)]


def fits(text: str, signed_at: datetime) -> bool:
    """Whether a stated time is that of the signing, or up to a day before it."""
    try:
        stated = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return False
    if stated.tzinfo is None:
        stated = stated.replace(tzinfo=UTC)
    return -_SKEW <= signed_at - stated <= _ZONES
