"""Whoever labelled a dataset is on record, by an id that can be followed up.

What it checks: each labeling step that generated the dataset names its labelers, in a
signed record: people by pseudonym, organisations and software by name.

Why it matters: label flipping by one contractor is the cheapest poisoning there is.
Labels that nobody is known to have made cannot be audited per labeler, nor withdrawn
after an incident.

Passes: at least `minimum` labelers are named, as well assured as the rule asks
(`labelers-known`).

Fails: the signed record of a labeling step names fewer labelers than asked
(`labelers-too-few`).

Unknown: labelers are only claimed (`assurance-too-low`); a labeling step without a
signed record names too few (`labelers-too-few`); it is not known, well enough, which
kind of step generated the dataset (`lineage-open`).

Not applicable: datasets that no labeling step generated (`not-labelled`), and accepted
roots (`accepted-root`).

What to do: record the labeling with `--by labeler=…` for everyone who took part
(`aibom party id` makes the pseudonyms).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aibom.lineage.assurance import Level, edge_assurance
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
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How many labelers must be known."""

    minimum: int = field(
        default=1,
        metadata={
            "doc": "The least number of labelers per labeling step.",
            "minimum": 1,
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one dataset; the worst of its labeling steps decides."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    steps = context.generating_steps(node.id, "label")
    if steps:
        answers = [_of_step(context, step, settings, minimum) for step in steps]
        order = (Status.FAIL, Status.UNKNOWN, Status.PASS)
        return min(answers, key=lambda answer: order.index(answer.status))
    if context.step_kinds(node.id, minimum) is not None:
        return not_applicable("not-labelled")
    return unknown(
        "lineage-open",
        expected=f"the step that generated it, {minimum.word}",
        actual="nothing tells well enough how it was made, so nor who labelled it",
    )


def _of_step(
    context: Context, step: str, settings: Settings, minimum: Level
) -> Outcome:
    expected = f"at least {settings.minimum} labelers, {minimum.word}"
    hops = context.parties_of(step, "labeler")
    if len(hops) < settings.minimum:
        answer = fails if context.evidence.owning(step) else unknown
        actual = f"{len(hops)} named"
        return answer("labelers-too-few", expected=expected, actual=actual)
    levels = [edge_assurance(hop.edge, context.evidence) for hop in hops]
    good = [worth for worth in levels if worth.level >= minimum]
    if len(good) < settings.minimum:
        return unknown(
            "assurance-too-low",
            expected=expected,
            actual=f"{len(hops)} named, {len(good)} of them {minimum.word}",
            assurance=min(levels, key=lambda worth: worth.level),
        )
    return passes("labelers-known", expected=expected, actual=f"{len(hops)} named")


CHECK = Check("labelers-known", Settings, evaluate, frozenset({Kind.DATASET}))
