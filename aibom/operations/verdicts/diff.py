"""What is different between the findings of two verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from aibom.operations.policies.against import Finding, OldVerdict

__all__ = ["FindingChange", "verdict_changes"]


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding that is ``new``, ``gone`` or ``changed`` between two verdicts.

    ``worse`` says that it blocks now and did not before.
    """

    what: str
    rule: str
    label: str
    old: str
    new: str
    worse: bool


def verdict_changes(old: OldVerdict, new: OldVerdict) -> tuple[FindingChange, ...]:
    """Findings that are new, gone or changed; by rule and thing, and by term."""
    before, after = _by_thing(old), _by_thing(new)
    found = []
    for key in sorted({*before, *after}):
        one, other = before.get(key), after.get(key)
        if one is None and other is not None:
            told = FindingChange(
                "new", key[0], other.label, "", _told(other), other.blocks
            )
        elif other is None and one is not None:
            told = FindingChange("gone", key[0], one.label, _told(one), "", False)
        elif one is not None and other is not None and _told(one) != _told(other):
            worse = other.blocks and not one.blocks
            told = FindingChange(
                "changed", key[0], other.label, _told(one), _told(other), worse
            )
        else:
            continue
        found.append(told)
    return tuple(found)


def _by_thing(verdict: OldVerdict) -> dict[tuple[str, str, str], Finding]:
    return {(f.rule, f.subject, f.term): f for f in verdict.findings}


def _told(finding: Finding) -> str:
    blocks = "blocks" if finding.blocks else "does not block"
    told = f"{finding.status} [{finding.code}], {blocks}"
    return f"{told}: {finding.actual}" if finding.actual else told
