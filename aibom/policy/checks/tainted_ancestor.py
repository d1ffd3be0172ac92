"""No advisory names anything the node learned from.

What it checks: the node and everything upstream of it, along the edges that carry
taint (the carry table, `aibom/lineage/carry.py`), against `advisories.yaml`: digests
(of any file of a folder, too), revisions, sources, parties and steps. A time window
narrows hits on parties and sources to steps that ran inside it; a step whose times are
unknown, and a tie that no step explains, count as inside.

Why it matters: poison put in far upstream survives fine-tuning, aligning, quantising
and distilling. A clean test of the last model does not clear it.

Passes: nothing upstream is named by an advisory, and the advisories are current
(`no-advisory`).

Fails: something is named (`tainted-ancestor`); the path leads to it. A new revision is
cleared only by removal and retraining.

Unknown: there are no advisories to compare with (`advisories-missing`), they have
expired (`advisories-stale`), or an advisory names a person under another registrar's
key than the one an ancestor goes by (`party-not-comparable`).

What to do: go back to the newest version without this ancestor, or retrain without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aibom.lineage.assurance import Level
from aibom.lineage.carry import carries
from aibom.lineage.graph import Walk
from aibom.lineage.identity import same_person
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.data import Advisories, Advisory, parse_source
from aibom.reading import parse_time

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """This check has no settings."""


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the nearest hit upstream is named."""
    advisories = context.data.advisories
    expected = "nothing upstream that an advisory names"
    if advisories is None:
        return unknown(
            "advisories-missing",
            expected=expected,
            actual="the policy has no advisories",
        )
    walk = context.graph.upstream(node.id, lambda edge: carries(context.graph, edge))
    inside = frozenset({node.id, *walk.reached})
    for name in (node.id, *walk.reached):
        for advisory in advisories.items:
            if _hits(context, advisory, context.node(name), inside):
                label = context.node(name).label
                return fails(
                    "tainted-ancestor",
                    expected=expected,
                    actual=f"{label}: {advisory.id}: {advisory.summary}",
                    beyond=walk.path(name)[1],
                )
    return _when_not_hit(context, advisories, walk)


def _when_not_hit(context: Context, advisories: Advisories, walk: Walk) -> Outcome:
    doubtful = _not_comparable(advisories.items, walk.reached)
    if doubtful is not None:
        return unknown(
            "party-not-comparable",
            expected="people under one registrar's key",
            actual="an advisory names a person under another key id",
            beyond=walk.path(doubtful)[1],
        )
    if advisories.expires <= context.now:
        return unknown(
            "advisories-stale",
            expected="advisories that are current",
            actual=f"they expired on {advisories.expires.date()}",
        )
    return passes(
        "no-advisory",
        actual=f"{len(walk.reached)} ancestors, {len(advisories.items)} advisories",
    )


def _hits(
    context: Context, advisory: Advisory, node: Node, inside: frozenset[str]
) -> bool:
    if node.kind is Kind.STEP:
        return node.id.removeprefix("step:") in advisory.steps
    if node.kind is Kind.PARTY:
        return _names_party(advisory, node) and _in_window(
            context, advisory, node, inside
        )
    if node.digest in advisory.digests:
        return True
    if any(file.digest in advisory.digests for file in node.files):
        return True
    sources = [parse_source(text) for text, _ in context.sources_of(node.id)]
    found = [source for source in sources if source is not None]
    revisions = {source.revision for source in found}
    if advisory.revisions & {
        *node.values("revision"),
        *node.values("commit"),
        *revisions,
    }:
        return True
    named = any(match.may_mean(s) for match in advisory.sources for s in found)
    return named and _in_window(context, advisory, node, inside)


def _names_party(advisory: Advisory, node: Node) -> bool:
    party = node.id.removeprefix("party:")
    return any(same_person(party, named) for named in advisory.parties)


def _not_comparable(
    advisories: Iterable[Advisory], reached: Iterable[str]
) -> str | None:
    """The first person of whom it cannot be told whether an advisory names them."""
    named = {party for advisory in advisories for party in advisory.parties}
    people = {party for party in named if party.startswith("person:")}
    for name in reached:
        party = name.removeprefix("party:")
        if party == name or not party.startswith("person:"):
            continue
        if any(same_person(party, other) is None for other in people):
            return name
    return None


def _in_window(
    context: Context, advisory: Advisory, node: Node, inside: frozenset[str]
) -> bool:
    """Whether something that ties the node to this lineage may be of the window.

    Ties are the steps that generated or used an entity, or that a party took part in.
    Where a tie is no step, its time is not known.
    """
    if advisory.since is None and advisory.until is None:
        return True
    ties = [hop.to for hop in context.graph.down(node.id) if hop.to in inside]
    ties.extend(context.graph.generating_steps(node.id))
    return not ties or any(_may_overlap(context.node(tie), advisory) for tie in ties)


def _may_overlap(tie: Node, advisory: Advisory) -> bool:
    try:
        started = parse_time(tie.value("started"))
        finished = parse_time(tie.value("finished"))
    except ValueError:
        return True
    return not (
        (advisory.since is not None and finished < advisory.since)
        or (advisory.until is not None and started > advisory.until)
    )


CHECK = Check("tainted-ancestor", Settings, evaluate, ENTITY_KINDS)
