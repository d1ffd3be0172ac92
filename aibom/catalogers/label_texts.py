"""Texts of labelling files: names, classes and moments in one form."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from aibom.catalogers.documents import text_of

__all__ = [
    "clean",
    "is_time",
    "moment",
    "moment_text",
    "person_key",
    "texts_in",
    "utc_text",
]

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([t_ ]\d\d[-:]\d\d([-:]\d\d)?(\.\d+)?(z|[+-]\d\d:?\d\d)?)?"
)


def is_time(name: str) -> bool:
    """Whether a text in small letters is a day or a moment, and so nobody's name."""
    return _TIME.fullmatch(name) is not None


def texts_in(value: Any) -> list[str]:
    """The scalars of a list as texts, or a scalar as a list of one."""
    values = value if isinstance(value, list) else [value]
    return [text for text in map(text_of, values) if text is not None]


def clean(text: str) -> str:
    """One line without what cannot be printed, or encoded."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    kept = (" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join("".join(kept).split())


def person_key(name: str) -> str:
    """What two spellings share that have one pseudonym (:mod:`aibom.lineage.identity`).

    Without it they would be two edges to one party, with two counts.
    """
    for _ in range(2):
        name = unicodedata.normalize("NFC", " ".join(name.split()).casefold())
    return name


def moment_text(when: datetime) -> str:
    """A moment in UTC as RFC 3339, to the second."""
    return f"{when.replace(tzinfo=None).isoformat('T', 'seconds')}Z"


def utc_text(value: Any) -> str | None:
    """A moment (RFC 3339, or seconds since 1970) in UTC; None for any less exact."""
    when = moment(value)
    return None if when is None else moment_text(when)


def moment(value: Any) -> datetime | None:
    """A moment in UTC; None for what is none, and for one without a time zone."""
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value)
            return None if when.tzinfo is None else when.astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
