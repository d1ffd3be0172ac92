"""When things happened, as far as steps say so, and what that is worth.

A step states when it started and finished; nothing else in a lineage has a date. What
cannot be read as a time, or is contradicted, is no time at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.nodes import Edge, Relation
from aibom.policy.context import Context
from aibom.reading import parse_time

__all__ = ["Moment", "fetched", "moment_of", "sightings", "uses", "weakest"]

#: The kind of step that only takes data in: nothing is learned in it.
_TAKING_IN = frozenset({"collect"})
#: Entities that are followed through such steps, one after another, and no further.
_MAX_FOLLOWED = 100


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that a step states, with what that is worth."""

    time: datetime
    assurance: Assurance


def weakest(*worths: Assurance) -> Assurance:
    """The lowest of several assurances; the first of those that are as low."""
    return min(worths, key=lambda worth: worth.level)


def moment_of(context: Context, step: str, field: str) -> Moment | None:
    """When a step ``started`` or ``finished``; None where that is not known."""
    node = context.node(step)
    text = node.value(field)
    worth = fact_assurance(node, field, context.evidence)
    if text is None or worth.level is Level.CONTRADICTED:
        return None
    try:
        return Moment(parse_time(text), worth)
    except ValueError:
        return None


def sightings(context: Context, name: str, minimum: Level) -> list[Moment]:
    """When steps that used or generated these bytes finished: by then they existed.

    Only what is as well assured as ``minimum``, edge and time alike.
    """
    found = []
    for edge in _touching(context, name):
        moment = moment_of(context, edge.source, "finished")
        if moment is None:
            continue
        worth = weakest(moment.assurance, edge_assurance(edge, context.evidence))
        if worth.level >= minimum:
            found.append(Moment(moment.time, worth))
    return found


def _touching(context: Context, name: str) -> tuple[Edge, ...]:
    graph = context.graph
    used = graph.edges_into(name, Relation.USED)
    return (*used, *graph.edges_into(name, Relation.GENERATED))


def uses(context: Context, name: str, minimum: Level) -> list[Moment] | None:
    """When the artifact's lineage began to use this entity; None where not known.

    Taking data in (a ``collect`` step, by a record that is as well assured as
    ``minimum``) is not using it: then whatever uses what came out counts. The artifact
    itself is used now. Nothing that used it is no answer either.
    """
    found: list[Moment] = []
    pending, seen = [name], {name}
    while pending:
        entity = pending.pop()
        if context.is_artifact(entity):
            worth = Assurance(Level.VERIFIED, "the time of this evaluation")
            found.append(Moment(context.now, worth))
        if any(
            edge.source == context.root or edge.source in context.walk.parents
            for edge in context.graph.edges_into(entity, Relation.DERIVED_FROM)
        ):
            return None  # used by a step that nobody recorded
        for edge in context.graph.edges_into(entity, Relation.USED):
            if edge.source not in context.walk.parents:
                continue
            if _takes_in(context, edge.source, minimum):
                made = context.graph.edges_from(edge.source, Relation.GENERATED)
                outputs = {e.target for e in made} - seen
                pending.extend(sorted(outputs))
                seen |= outputs
                if len(seen) > _MAX_FOLLOWED:
                    return None
                continue
            moment = moment_of(context, edge.source, "started")
            if moment is None:
                return None
            found.append(moment)
    return found or None


def fetched(context: Context, name: str, source: str) -> Moment | None:
    """The first start of a step that used these bytes; None where one has no time.

    Of steps that say they took them from ``source`` where there are such, else of all
    that used them. Its assurance is the weakest of theirs: each could be the first.
    Where no step used them, whoever vouches for the bytes may say when they were
    fetched.
    """
    edges = context.graph.edges_into(name, Relation.USED)
    if not edges:
        return _said(context, name)
    naming = [edge for edge in edges if source in edge.values("source")]
    found: list[Moment] = []
    for edge in naming or edges:
        moment = moment_of(context, edge.source, "started")
        if moment is None:
            return None
        worth = edge_assurance(edge, context.evidence)
        found.append(Moment(moment.time, weakest(moment.assurance, worth)))
    if not found:
        return None
    worths = (moment.assurance for moment in found)
    return Moment(min(moment.time for moment in found), weakest(*worths))


def _said(context: Context, name: str) -> Moment | None:
    """When it was fetched, by a statement of its own; a claim could say anything."""
    node = context.node(name)
    text = node.value("fetched")
    worth = fact_assurance(node, "fetched", context.evidence)
    if text is None or worth.level < Level.ATTESTED:
        return None
    try:
        return Moment(parse_time(text), worth)
    except ValueError:
        return None


def _takes_in(context: Context, step: str, minimum: Level) -> bool:
    node = context.node(step)
    worth = fact_assurance(node, "step", context.evidence)
    return worth.level >= minimum and set(node.values("step")) == _TAKING_IN
