"""Whether somebody who may do so has looked at something, in a step of its own.

A *review* is a step of the kind ``review`` and of no other, whose trusted record says
that it used the thing and that one of the allowed reviewers took part. What comes out
of it is reviewed; so is what went in, from then on, where its bytes stay as they were.
"""

from __future__ import annotations

from collections.abc import Collection

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.nodes import Edge, Kind, Relation
from aibom.policy.context import Context, Outcome, fails, unknown
from aibom.policy.moments import moment_of, weakest

__all__ = ["is_called_review", "review_before", "reviewed_in"]

#: What a review makes: the data that it let through, and what it has to say of them.
_REVIEWED_KINDS = frozenset({Kind.DATASET, Kind.REPORT})


def is_called_review(context: Context, step: str) -> bool:
    """Whether anybody calls the step a review; that alone is worth nothing."""
    return "review" in context.node(step).values("step")


def reviewed_in(
    context: Context, used: Edge, reviewers: Collection[str]
) -> Assurance | Outcome:
    """What it is worth that the step of this ``used`` edge reviewed its target.

    Or why it does not count: it makes other things than data (``unreviewed``), nobody
    who may vouch for it does (``review-not-vouched``), it names no reviewer
    (``reviewer-missing``), or none who is allowed, letter by letter
    (``reviewer-not-allowed``).
    """
    step = context.node(used.source)
    worth = weakest(
        edge_assurance(used, context.evidence),
        fact_assurance(step, "step", context.evidence),
    )
    if step.values("step") != ("review",) or worth.level < Level.ATTESTED:
        text = f"no allowed signer says that the step {step.label} is a review of it"
        return unknown("review-not-vouched", actual=text)
    made = context.graph.edges_from(step.id, Relation.GENERATED)
    if not all(context.node(edge.target).kind in _REVIEWED_KINDS for edge in made):
        text = f"the step {step.label} makes other things than data"
        return fails("unreviewed", actual=text)
    named = context.parties_of(step.id, "reviewer")
    if not named:
        return unknown("reviewer-missing", actual=f"{step.label} names no reviewer")
    allowed = [h.edge for h in named if h.to.removeprefix("party:") in reviewers]
    if not allowed:
        people = ", ".join(hop.to.removeprefix("party:") for hop in named)
        text = f"{step.label} was done by {people}"
        return fails("reviewer-not-allowed", actual=text)
    known = [edge_assurance(edge, context.evidence) for edge in allowed]
    # The record has been found to be trusted; it may still leave the reviewer out.
    best = max(known, key=lambda each: each.level)
    if best.level < Level.ATTESTED:
        text = f"no allowed signer says who did the step {step.label}"
        return unknown("review-not-vouched", actual=text)
    return weakest(worth, best)


def review_before(
    context: Context, entity: str, step: str, reviewers: Collection[str]
) -> tuple[str, Assurance] | None:
    """A review of exactly these bytes that had ended when ``step`` started, if any.

    The id of the review, and what that is worth. None as well where the times are not
    known.
    """
    started = moment_of(context, step, "started")
    if started is None:
        return None
    for edge in context.graph.edges_into(entity, Relation.USED):
        if edge.source == step or not is_called_review(context, edge.source):
            continue
        worth = reviewed_in(context, edge, reviewers)
        ended = moment_of(context, edge.source, "finished")
        if isinstance(worth, Outcome) or ended is None or ended.time > started.time:
            continue
        return edge.source, weakest(worth, ended.assurance, started.assurance)
    return None
