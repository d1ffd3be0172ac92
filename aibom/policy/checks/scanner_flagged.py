"""No scanner of the place it was taken from flagged one of its files.

What it checks: the fact `scanner-flagged`, which readers of a hub write: each file that
the hub's scanners flagged, with the level in the hub's words. Levels that `accept`
lists do not fail; every other word does, one that nobody has heard of included.

Why it matters: a hub sees more uploads than anybody else, and says so when a file looks
like malware. That is worth listening to. That its scanners found nothing is not: they
know the tricks of yesterday, so nothing flagged passes nothing here.

Passes: files were flagged, all at a level that is accepted (`flags-accepted`).

Fails: a file was flagged at another level (`scanner-flagged`).

Unknown: the scanners had not finished, or the hub did not say whether they had, and
`unscanned` says that this counts (`scan-not-done`); all flags are at accepted levels,
and that is not as well assured as the rule asks (`assurance-too-low`).

Not applicable: nothing was flagged (`nothing-flagged`), or nobody says whether anything
was (`not-scanned`).

What to do: look at the file that is named, in a place where it can do no harm; take
another version, or do without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from aibom.lineage.assurance import Level, fact_assurance
from aibom.lineage.nodes import Kind, Node, State
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)

__all__ = ["CHECK", "Settings"]

_FIELD = "scanner-flagged"
#: ``PATH: LEVEL``, with commas between; a path can add a level here, and hide none.
_LEVEL = re.compile(r": ([^:,]+)(?=, |$)")
_MORE = re.compile(r"\d+ more$")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which flags count."""

    accept: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Levels that do not fail, in the hub's words: caution."},
    )
    unscanned: str = field(
        default="ignore",
        metadata={
            "doc": "What it counts as that scanners have not finished.",
            "choices": ("ignore", "unknown"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst flag that anybody reports decides."""
    expected = "no file flagged by scanners"
    flagged = sorted(node.values(_FIELD))
    bad = [text for text in flagged if not _accepted(text, settings.accept)]
    if bad:
        return fails("scanner-flagged", expected=expected, actual="; ".join(bad))
    if not flagged and node.state(_FIELD) is State.UNKNOWN:
        if settings.unscanned == "unknown":
            text = "its scanners had not finished, or it is not known"
            return unknown("scan-not-done", expected=expected, actual=text)
        return not_applicable("not-scanned")
    if not flagged:
        return not_applicable("nothing-flagged")
    assurance = min(
        (fact_assurance(node, _FIELD, context.evidence, text) for text in flagged),
        key=lambda found: found.level,
    )
    details = {"actual": "; ".join(flagged), "assurance": assurance}
    if assurance.level < minimum:
        return unknown("assurance-too-low", expected=expected, **details)
    return passes("flags-accepted", expected=expected, **details)


def _accepted(text: str, accept: tuple[str, ...]) -> bool:
    """Whether every flag in a text is at an accepted level, and none is left out."""
    levels = _LEVEL.findall(text)
    return bool(levels) and not _MORE.search(text) and set(levels) <= set(accept)


CHECK = Check(
    "scanner-flagged", Settings, evaluate, frozenset({Kind.MODEL, Kind.DATASET})
)
