"""Where something of low trust leads, until somebody has reviewed it.

Everything made of it is followed to the artifact. Only a step that is known to handle
data, and to learn nothing, passes the low trust on to what comes out; any other ends
the way, for good where it is a review that counts (:mod:`.reviewing`), else for bad.
Kinds and roles are words of records, so in doubt a step counts as learning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.policy.context import Context, Outcome, fails, unknown
from aibom.policy.moments import weakest
from aibom.policy.reviewing import is_called_review, review_before, reviewed_in

__all__ = ["Ways", "uses_are_known", "ways_from"]

#: Kinds of steps that learn nothing, as long as data is all that comes out.
_HANDLING = frozenset({"collect", "deduplicate", "filter", "label", "split"})
_HANDLED_KINDS = frozenset({Kind.DATASET, Kind.REPORT})


@dataclass(slots=True)
class Ways:
    """What the ways from a thing led to: answers that speak against it, and reviews.

    ``reviews`` has the id of each review that counts, with what it is worth. Every way
    ends in one or the other.
    """

    answers: list[Outcome] = field(default_factory=list)
    reviews: dict[str, Assurance] = field(default_factory=dict)


def _edges_down(context: Context, name: str) -> Iterator[Edge]:
    """The edges by which something in the artifact's lineage comes from this entity."""
    for hop in context.graph.down(name):
        if context.is_artifact(hop.to) or hop.to in context.walk.parents:
            yield hop.edge


def _is_explained(context: Context, edge: Edge) -> bool:
    """Whether a step tells of what ``derived-from`` and the like only mention."""
    return any(
        used.target == edge.target
        for step in context.graph.generating_steps(edge.source)
        for used in context.graph.edges_from(step, Relation.USED)
    )


def uses_are_known(context: Context, name: str, minimum: Level) -> bool:
    """Whether it is known, at least so well, in which steps and roles it was used.

    What is required at run time is used in no role.
    """
    for edge in _edges_down(context, name):
        if edge.relation is Relation.USED:
            known = edge_assurance(edge, context.evidence).level >= minimum
        else:
            known = edge.relation is Relation.REQUIRES or _is_explained(context, edge)
        if not known:
            return False
    return True


def ways_from(
    context: Context, node: Node, reviewers: Collection[str], minimum: Level
) -> Ways:
    """Follow everything that is made of a node; ``minimum`` is for steps that handle.

    Answers: ``unreviewed``, those of :func:`.reviewing.reviewed_in`, and
    ``lineage-open``.
    """
    found = Ways()
    pending, seen = [node.id], {node.id}
    while pending:
        name = pending.pop()
        if context.is_artifact(name):
            text = f"{context.node(name).label} is the artifact"
            found.answers.append(fails("unreviewed", actual=text))
        for edge in _edges_down(context, name):
            if edge.relation is Relation.USED:
                outputs = _into_step(context, edge, reviewers, minimum, found)
                pending.extend(sorted(outputs - seen))
                seen |= outputs
            elif edge.relation is Relation.REQUIRES:
                text = f"{context.node(edge.source).label} requires it"
                found.answers.append(fails("unreviewed", actual=text))
            elif not _is_explained(context, edge):
                text = f"no step tells how {context.node(edge.source).label} was made"
                found.answers.append(unknown("lineage-open", actual=text))
    return found


def _into_step(
    context: Context,
    edge: Edge,
    reviewers: Collection[str],
    minimum: Level,
    found: Ways,
) -> frozenset[str]:
    """Note what a step does with it, or give the outputs that are as little trusted."""
    if is_called_review(context, edge.source):
        worth = reviewed_in(context, edge, reviewers)
        if isinstance(worth, Outcome):
            found.answers.append(worth)
        else:
            found.reviews[edge.source] = worth
        return frozenset()
    before = review_before(context, edge.target, edge.source, reviewers)
    if before is not None:
        review, worth = before
        found.reviews[review] = worth
        return frozenset()
    return _handled(context, edge, minimum, found)


def _handled(
    context: Context, edge: Edge, minimum: Level, found: Ways
) -> frozenset[str]:
    """The outputs of a step that learns nothing; of any other there is an answer."""
    step = context.node(edge.source)
    made = context.graph.edges_from(step.id, Relation.GENERATED)
    kinds = {context.node(each.target).kind for each in made}
    stated = frozenset(step.values("step"))
    if not stated or not stated <= _HANDLING or not kinds <= _HANDLED_KINDS:
        found.answers.append(fails("unreviewed", actual=f"used by {step.label}"))
        return frozenset()
    worths = [
        fact_assurance(step, "step", context.evidence),
        edge_assurance(edge, context.evidence),
        *(edge_assurance(each, context.evidence) for each in made),
    ]
    if weakest(*worths).level < minimum:
        text = f"nothing tells well enough what the step {step.label} does"
        found.answers.append(unknown("lineage-open", actual=text))
        return frozenset()
    return frozenset(each.target for each in made)
