"""Whoever labelled a dataset is on record, by an id that can be followed up.

What it checks: each labeling step that generated the dataset names its labelers, in a
signed record: people by pseudonym, organisations and software by name.

Why it matters: label flipping by one contractor is the cheapest poisoning there is. Labels
that nobody is known to have made cannot be audited per labeler, nor withdrawn after an
incident.

Passes: at least `minimum` labelers are named, as well assured as the rule asks.

Fails: the signed record of a labeling step names fewer labelers than asked
(`labelers-too-few`).

Unknown: labelers are only claimed (`assurance-too-low`); nothing tells which step generated
the dataset (`lineage-open`).

Not applicable: datasets that no labeling step generated, and accepted roots.

What to do: record the labeling with `--by labeler=…` for everyone who took part
(`aibom party id` makes the pseudonyms).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aibom.lineage.assurance import Assurance, Level, edge_assurance
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

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How many labelers must be known."""

    minimum: int = field(
        default=1,
        metadata={"doc": "The least number of labelers per labeling step.", "minimum": 1},
    )


def evaluate(context: Context, node: Node, settings: Settings, minimum: Level) -> Outcome:
    """Answer for one dataset."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    steps = context.generating_steps(node.id, "label")
    if not steps:
        if context.graph.generating_steps(node.id):
            return not_applicable("not-labelled")
        return unknown(
            "lineage-open",
            expected="the step that generated it",
            actual="nothing tells how it was made, so nobody knows who labelled it",
        )
    expected = f"at least {settings.minimum} labelers, {minimum.word}"
    counts = []
    for step in steps:
        hops = context.parties_of(step, "labeler")
        levels = [edge_assurance(hop.edge, context.evidence) for hop in hops]
        good = [level for level in levels if level.level >= minimum]
        counts.append(len(hops))
        if len(hops) < settings.minimum:
            record = context.evidence.owning(step)
            answer = fails if record else unknown
            return answer(
                "labelers-too-few", expected=expected, actual=f"{len(hops)} named"
            )
        if len(good) < settings.minimum:
            return unknown(
                "assurance-too-low",
                expected=expected,
                actual=f"{len(hops)} named, {len(good)} of them {minimum.word}",
                assurance=_lowest(levels),
            )
    return passes("labelers-known", expected=expected, actual=f"{min(counts)} named")


def _lowest(levels: list[Assurance]) -> Assurance:
    return min(levels, key=lambda assurance: assurance.level)


CHECK = Check("labelers-known", Settings, evaluate, frozenset({Kind.DATASET}))
