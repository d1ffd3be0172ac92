"""One change between two policies, and which way it goes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

__all__ = ["Change", "Way", "by_key", "in_order", "moment", "words"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Way(StrEnum):
    """Which way a change goes; ``same`` is words for people, which decide nothing."""

    STRICTER = "stricter"
    LOOSER = "looser"
    UNCLEAR = "cannot be compared"
    SAME = "same"

    @property
    def needs_eyes(self) -> bool:
        """Whether somebody has to look: it is looser, or may be."""
        return self in (Way.LOOSER, Way.UNCLEAR)


@dataclass(frozen=True, slots=True)
class Change:
    """What changed (``about`` and ``what``), from and to; empty for "not there"."""

    about: str
    what: str
    old: str
    new: str
    way: Way


def in_order(old: V, new: V, laxest_first: Sequence[V]) -> Way:
    """Which way a step along a scale goes."""
    up = laxest_first.index(new) > laxest_first.index(old)
    return Way.STRICTER if up else Way.LOOSER


def moment(old: datetime | None, new: datetime | None, *, later: Way) -> Way:
    """Which way a moved moment goes; none at all counts as later than any."""
    is_later = new is None or (old is not None and new > old)
    if is_later:
        return later
    return Way.STRICTER if later is Way.LOOSER else Way.LOOSER


def by_key(
    old: Mapping[K, V], new: Mapping[K, V]
) -> Iterator[tuple[K, V | None, V | None]]:
    """Keys whose values differ, in order, with both values."""
    for key in sorted({*old, *new}, key=str):
        before, after = old.get(key), new.get(key)
        if before != after:
            yield key, before, after


def words(value: Any) -> str:
    """A value as a person would write it."""
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return f"{value.days}d"
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, (frozenset, set)):
        return ", ".join(sorted(map(str, value))) or "none"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return str(value)
