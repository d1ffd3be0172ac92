"""The numbers of an audit in one line that hides no extreme.

An average hides a labeler who flips one class. So of each metric the value over
everything is told, and of its parts the lowest and the highest, whichever of them is
the bad one: that is the policy's question.
"""

from __future__ import annotations

from collections.abc import Sequence

from aibom.lineage.evidence import Measurement

__all__ = ["in_words"]

#: Metrics of one audit that are told; the audit itself has all.
_METRICS = 500


def in_words(measurements: Sequence[Measurement]) -> str:
    """Each metric: its whole, then the lowest and highest of its parts."""
    if not measurements:
        return "no numbers"
    by_metric: dict[str, list[Measurement]] = {}
    for number in sorted(measurements, key=lambda one: (one.slice, one.value)):
        by_metric.setdefault(number.metric, []).append(number)
    names = sorted(by_metric, key=lambda name: (not _has_whole(by_metric[name]), name))
    told = [_metric(name, by_metric[name]) for name in names[:_METRICS]]
    left = len(names) - _METRICS
    if left > 0:
        told.append(f"and {left:,} more metrics")
    return "; ".join(told)


def _has_whole(numbers: Sequence[Measurement]) -> bool:
    return any(not one.slice for one in numbers)


def _metric(name: str, numbers: Sequence[Measurement]) -> str:
    whole = [one for one in numbers if not one.slice]
    parts = [one for one in numbers if one.slice]
    told = [_value(one) for one in whole]
    if len(parts) == 1:
        told.append(_value(parts[0]))
    elif parts:
        told.append(_extremes(parts))
    return f"{name} {'; '.join(told)}"


def _extremes(parts: Sequence[Measurement]) -> str:
    low = min(parts, key=lambda one: one.value)
    high = max(parts, key=lambda one: one.value)
    by = " and ".join(sorted({key for one in parts for key, _ in one.slice}))
    many = f"{len(parts):,} parts by {by}"
    if low.value == high.value:
        least = min(one.samples for one in parts)
        return f"{_number(low.value)} in each of {many}, over {least:,} or more"
    return f"of {many} the highest {_value(high)}, the lowest {_value(low)}"


def _value(one: Measurement) -> str:
    inside = "".join(f", {key} {value}" for key, value in one.slice)
    if one.count is not None:
        samples = f"{one.count:,} of {one.samples:,}"
    else:
        samples = f"over {one.samples:,}"
    return f"{_number(one.value, is_rate=one.count is not None)} ({samples}{inside})"


def _number(value: float, *, is_rate: bool = False) -> str:
    """Four digits; a rate of all is 1.00, so that nobody takes it for one item."""
    text = f"{value:.4g}"
    return f"{text}.00" if is_rate and text.isdigit() else text
