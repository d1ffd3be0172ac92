"""What the policy found, grouped so that a person can read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aibom.report.diligence.model import PolicyNote
from aibom.verdict import PathHop, Result, Verdict

__all__ = ["findings", "grouped"]

_SHOWN = 5
_HOPS = 12
_SEVERITY = {"critical": 0, "high": 1, "medium": 2, "low": 3}


def findings(verdict: Verdict) -> tuple[PolicyNote, ...]:
    """One per rule and reason, blocking ones first; findings excepted are left out."""
    return grouped(one for one in verdict.findings if not (one.exception or one.known))


def grouped(results: Iterable[Result]) -> tuple[PolicyNote, ...]:
    """The same for some of the results."""
    groups: dict[tuple[str, str, str, bool], list[Result]] = {}
    for result in results:
        key = (result.rule, result.status.value, result.reason, result.blocks)
        groups.setdefault(key, []).append(result)
    found = [_finding(results) for results in groups.values()]
    return tuple(sorted(found, key=_order))


def _order(one: PolicyNote) -> tuple[object, ...]:
    worst = ("fail", "error", "unknown").index(one.status)
    return (not one.blocks, _SEVERITY[one.severity], worst, one.rule, one.reason)


def _finding(results: Sequence[Result]) -> PolicyNote:
    first = min(results, key=lambda r: (len(r.path), r.node, r.term))
    labels = list(dict.fromkeys(result.label for result in results))
    about = ", ".join(labels[:_SHOWN])
    if len(labels) > _SHOWN:
        about += f" and {len(labels) - _SHOWN:,} more"
    return PolicyNote(
        first.rule,
        first.status.value,
        first.reason,
        first.severity.value,
        first.blocks,
        about,
        first.expected,
        first.actual,
        _path(first.path),
        first.remedy,
        first.why,
    )


def _path(path: Sequence[PathHop]) -> str:
    hops = tuple(path)
    told = [f"{h.role}: {h.label}" if h.role else h.label for h in hops]
    if len(told) > _HOPS:
        half = _HOPS // 2
        told = [*told[:half], f"… {len(told) - _HOPS:,} more …", *told[-half:]]
    return " ← ".join(told) if len(told) > 1 else ""
