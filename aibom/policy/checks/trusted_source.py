"""Whatever enters the lineage from outside comes from a source on a list.

What it checks: every source stated for the node, compared field by field (type,
namespace, name, revision, and the repository where it is not the type's own) with a
named list in `trusted-sources.yaml`. Trusted entries are compared letter by letter and
count until they expire. Blocked ones are compared without regard to case, win over any
trusted one, and never expire into trust.

Why it matters: a poisoned dataset usually arrives by the front door, from somebody who
was allowed to publish it. Who may supply learning inputs is a decision, made before the
inputs.

Passes: every stated source is trusted, and at least one is as well assured as asked
(`source-trusted`).

Fails: a source is blocked (`source-blocked`), is not on the list
(`source-not-trusted`), or its entry has expired (`source-approval-expired`).

Unknown: nothing states a source, and it is not known, well enough, that a step
generated the node (`source-missing`); the source is only claimed (`assurance-too-low`);
the policy's data has no list of that name (`source-list-missing`).

Not applicable: nodes that a step generated and that were not taken from elsewhere
(`generated-by-a-step`).

What to do: mirror the input from a trusted source, or decide to trust this one, with a
reason and an expiry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import Kind, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.data import SourceEntry, parse_source

__all__ = ["CHECK", "Settings"]

_WORST_FIRST = ("source-blocked", "source-not-trusted", "source-approval-expired")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which list of trusted sources applies."""

    list: str = field(metadata={"doc": "Name of a list in `trusted-sources.yaml`."})


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of its sources decides."""
    sources = context.sources_of(node.id)
    expected = f"a source on the list {settings.list!r}"
    if not sources:
        if context.is_generated(node.id, minimum):
            return not_applicable("generated-by-a-step")
        return unknown(
            "source-missing", expected=expected, actual="nothing says where it is from"
        )
    entries = (context.data.sources or {}).get(settings.list)
    if entries is None:
        return unknown(
            "source-list-missing", expected=expected, actual="there is no such list"
        )
    refusals = [(_refusal(context, text, entries), text, a) for text, a in sources]
    for reason in _WORST_FIRST:
        for refusal, text, assurance in refusals:
            if refusal == reason:
                return fails(
                    reason, expected=expected, actual=text, assurance=assurance
                )
    text, assurance = max(sources, key=lambda item: (item[1].level, item[0]))
    if assurance.level < minimum:
        return unknown(
            "assurance-too-low",
            expected=f"a source that is {minimum.word}",
            actual=f"{text} is {assurance.level.word}",
            assurance=assurance,
        )
    return passes("source-trusted", expected=expected, actual=text, assurance=assurance)


def _refusal(context: Context, text: str, entries: Iterable[SourceEntry]) -> str | None:
    """Why this source does not count as trusted; None when it does."""
    source = parse_source(text)
    if source is None:
        return "source-not-trusted"
    if any(e.trust == "blocked" and e.match.may_mean(source) for e in entries):
        return "source-blocked"
    trusting = [e for e in entries if e.trust == "trusted" and e.match.matches(source)]
    if any(context.now < entry.expires for entry in trusting):
        return None
    return "source-approval-expired" if trusting else "source-not-trusted"


CHECK = Check(
    "trusted-source",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET}),
    needs=("trusted-sources.yaml",),
)
