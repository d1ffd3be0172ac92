"""Compare the numbers of two versions, slice by slice.

A slice is what a number was measured on: a class, a language, a labeler; or, without
any, everything. Patterns say which slices a rule is about.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from aibom.lineage.evidence import Measurement

__all__ = ["SlicePattern", "Worsening", "lacking_slice", "parse_slice", "worst_change"]

_OVERALL = "overall"
#: Two decimal numbers differ by less than this only through being binary ones.
_ROUNDING = 1e-9

_Slice = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SlicePattern:
    """Which slices are meant: those with exactly these names, and matching values.

    A value that ends in ``*`` matches whatever begins as it does. No names: the number
    over everything.
    """

    text: str
    parts: _Slice

    def matches(self, measured: Measurement) -> bool:
        """Whether the measurement is of such a slice."""
        found = dict(measured.slice)
        return len(found) == len(self.parts) and all(
            name in found and _matches(value, found[name]) for name, value in self.parts
        )


def _matches(pattern: str, value: str) -> bool:
    if pattern.endswith("*"):
        return value.startswith(pattern[:-1])
    return value == pattern


def parse_slice(text: str) -> SlicePattern:
    """Read ``overall``, ``class=*`` or ``class=spam,language=de``; else ValueError."""
    if text == _OVERALL:
        return SlicePattern(text, ())
    parts: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not (name and equals and value) or "*" in name or "*" in value[:-1]:
            raise ValueError(
                f"{text!r} is not a slice such as overall, class=*, or "
                "class=spam,language=de"
            )
        if name in parts:
            raise ValueError(f"{text!r} names {name!r} twice")
        parts[name] = value
    return SlicePattern(text, tuple(sorted(parts.items())))


def lacking_slice(
    patterns: Iterable[SlicePattern], measured: list[Measurement]
) -> SlicePattern | None:
    """The first pattern that no measurement is of."""
    for pattern in patterns:
        if not any(pattern.matches(item) for item in measured):
            return pattern
    return None


@dataclass(frozen=True, slots=True)
class Worsening:
    """How one slice changed: ``by`` is how much worse it is, below 0 how much better.

    ``now`` is None where the slice was measured before and is not any more.
    """

    before: Measurement
    now: Measurement | None
    by: float

    def exceeds(self, allowed: float) -> bool:
        """Whether it is worse by more than is allowed."""
        return self.by > allowed + _ROUNDING


def worst_change(
    before: Iterable[Measurement], now: Iterable[Measurement], higher_is_better: bool
) -> Worsening | None:
    """The slice that changed most for the worse; None where nothing was measured.

    Of several numbers for one slice, the best one before and the worst one now count.
    A slice that is not measured any more, or whose number is none, is worse than any.
    """
    sign = 1.0 if higher_is_better else -1.0
    best: dict[_Slice, Measurement] = {}
    for item in before:
        held = best.get(item.slice)
        if math.isfinite(item.value) and (
            held is None or sign * item.value > sign * held.value
        ):
            best[item.slice] = item
    worst: dict[_Slice, Measurement] = {}
    for item in now:
        held = worst.get(item.slice)
        if held is None or _badness(item, sign) > _badness(held, sign):
            worst[item.slice] = item
    changes = [_change(item, worst.get(name), sign) for name, item in best.items()]
    return max(changes, key=lambda c: (c.by, c.before), default=None)


def _badness(item: Measurement, sign: float) -> float:
    return -sign * item.value if math.isfinite(item.value) else math.inf


def _change(before: Measurement, now: Measurement | None, sign: float) -> Worsening:
    if now is None:
        return Worsening(before, None, math.inf)
    return Worsening(before, now, _badness(now, sign) + sign * before.value)
