"""No advisory names anything the node is known to have learned from.

What it checks: the node and everything upstream of it, along the edges that carry
taint (the carry table, `aibom/lineage/carry.py`), against `advisories.yaml`: digests
(of any file of a folder, too), revisions, sources, parties and steps. Names of parties
and sources are compared loosely. A time window narrows hits on parties and sources: a
step that finished before `since` is outside. One that began after `until` is outside
only for labelers, writers and participants, who act during the step; what was fetched
or supplied inside the window is used after it. A step whose times are unknown, and a
tie that no step explains, count as inside.

Why it matters: poison put in far upstream survives fine-tuning, aligning, quantising
and distilling. A clean test of the last model does not clear it.

Passes: nothing known upstream is named by an advisory, what stands there could be
compared, and the advisories are current (`no-advisory`). What has no digest could be
compared by revision, source and party only.

Fails: something is named (`tainted-ancestor`); the path leads to it. A new revision is
cleared only by removal and retraining.

Unknown: there are no advisories to compare with (`advisories-missing`), they have
expired (`advisories-stale`), or an advisory names a person under another registrar's
key than the one an ancestor goes by (`party-not-comparable`). Or not everything is
known that would have to be compared: the node or an ancestor links a BOM of its own
that is not in the evidence (`upstream-bom-missing`), or an advisory names single files
and it is not known which files a folder among them holds (`files-not-known`). The path
leads to the nearest such ancestor.

What to do: go back to the newest version without this ancestor, or retrain without it.
If something is not known, get the missing BOM, or record the folder with its files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from aibom.lineage.assurance import Level
from aibom.lineage.carry import carries
from aibom.lineage.graph import Hop, Walk
from aibom.lineage.identity import may_be_same_party
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node, Relation
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.data import Advisories, Advisory, Source, Target, parse_source
from aibom.reading import parse_time

__all__ = ["CHECK", "Settings"]

#: Parties who act during the step itself; any other may have acted long before it.
_ACTS_DURING = frozenset({"labeler", "writer", "participant"})


@dataclass(frozen=True, slots=True)
class Settings:
    """This check has no settings."""


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the nearest hit upstream is named, the term has all."""
    advisories = context.data.advisories
    expected = "nothing upstream that an advisory names"
    if advisories is None:
        return unknown(
            "advisories-missing",
            expected=expected,
            actual="the policy has no advisories",
        )
    walk = context.graph.upstream(node.id, lambda edge: carries(context.graph, edge))
    names = (node.id, *walk.reached)
    inside = frozenset(names)
    hits = [
        (name, hit)
        for name in names
        for hit in _hits(context, advisories, context.node(name), inside)
    ]
    if hits:
        nearest, hit = hits[0]
        ids = sorted({found.id for _, found in hits})
        more = f" (and {len(ids) - 1} more advisories)" if len(ids) > 1 else ""
        return fails(
            "tainted-ancestor",
            expected=expected,
            actual=f"{context.node(nearest).label}: {hit.id}: {hit.summary}{more}",
            beyond=walk.path(nearest)[1],
            # An exception is for these advisories, and not for one that comes later.
            term=" ".join(ids),
        )
    return _when_not_hit(context, advisories, walk, names)


# ── what keeps "not hit" from meaning "not tainted" ──────────────


def _when_not_hit(
    context: Context, advisories: Advisories, walk: Walk, names: tuple[str, ...]
) -> Outcome:
    """Unknown where something could not be compared, else passed."""
    gap = (
        _not_comparable(advisories, walk)
        or _bom_missing(context, walk, names)
        or _files_not_known(context, advisories, walk, names)
    )
    if gap is not None:
        return gap
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


def _not_comparable(advisories: Advisories, walk: Walk) -> Outcome | None:
    """The nearest person of whom it cannot be told whether an advisory names them."""
    for name in walk.reached:
        party = name.removeprefix("party:")
        if party == name or not party.startswith("person:"):
            continue
        if any(may_be_same_party(party, other) is None for other in advisories.people):
            return unknown(
                "party-not-comparable",
                expected="people under one registrar's key",
                actual="an advisory names a person under another key id",
                beyond=walk.path(name)[1],
            )
    return None


def _bom_missing(context: Context, walk: Walk, names: Iterable[str]) -> Outcome | None:
    """The nearest node that links a BOM which is not here: more may stand above it."""
    for name in names:
        if name in context.evidence.unresolved:
            label = context.node(name).label
            return unknown(
                "upstream-bom-missing",
                expected="everything upstream known, to compare it with advisories",
                actual=f"the BOM that {label} links is not in the evidence",
                beyond=walk.path(name)[1],
            )
    return None


def _files_not_known(
    context: Context, advisories: Advisories, walk: Walk, names: Iterable[str]
) -> Outcome | None:
    """The nearest folder without a list of files, if an advisory names any file."""
    if not advisories.name_files:
        return None
    for name in names:
        node = context.node(name)
        if node.digest is not None and node.digest.form == "tree" and not node.files:
            return unknown(
                "files-not-known",
                expected="the files of every folder, to compare them with advisories",
                actual=f"an advisory names single files; those of {node.label} are "
                "not known",
                beyond=walk.path(name)[1],
            )
    return None


# ── what is hit ──────────────


def _hits(
    context: Context, advisories: Advisories, node: Node, inside: frozenset[str]
) -> list[Advisory]:
    """The advisories, in their order, that name this node."""
    exact: list[int] = []
    named: list[int] = []
    if node.kind is Kind.STEP:
        exact = advisories.naming([("step", node.id.removeprefix("step:"))])
    elif node.kind is Kind.PARTY:
        named = advisories.naming_party(node.id.removeprefix("party:"))
    else:
        sources = _sources(context, node)
        exact = advisories.naming(_contents(node, sources))
        named = _naming_source(advisories, sources)
    places = set(exact)
    if named:
        ties = list(_ties(context, node, inside))
        places.update(
            place for place in named if _in_window(advisories.items[place], ties)
        )
    return [advisories.items[place] for place in sorted(places)]


def _sources(context: Context, node: Node) -> tuple[Source, ...]:
    found = (parse_source(text) for text, _ in context.sources_of(node.id))
    return tuple(source for source in found if source is not None)


def _contents(node: Node, sources: Iterable[Source]) -> Iterator[Target]:
    """All by which an entity may be named exactly."""
    if node.digest is not None:
        yield ("digest", node.digest)
    yield from (("digest", file.digest) for file in node.files)
    for field in ("revision", "commit"):
        yield from (("revision", value) for value in node.values(field))
    yield from (("revision", s.revision) for s in sources if s.revision is not None)


def _naming_source(advisories: Advisories, sources: Collection[Source]) -> list[int]:
    if not sources:
        return []
    return [
        place
        for place in advisories.by_source
        if any(
            match.may_mean(source)
            for match in advisories.items[place].sources
            for source in sources
        )
    ]


# ── when it was ──────────────


@dataclass(frozen=True, slots=True)
class _Tie:
    """When something may have entered this lineage; no times: it is not known."""

    acts_during: bool
    times: tuple[datetime, datetime] | None


def _ties(context: Context, node: Node, inside: frozenset[str]) -> Iterator[_Tie]:
    """All that ties the node to this lineage.

    Ties are the steps that generated or used an entity, or that a party took part in.
    Where a tie is no step, its time is not known. Looking at a thing is no tie.
    """
    graph = context.graph
    for hop in graph.down(node.id):
        if hop.to in inside and carries(graph, hop.edge):
            yield _tie(context, hop)
    for hop in graph.up(node.id):
        if hop.edge.relation is Relation.GENERATED:
            yield _tie(context, hop)


def _tie(context: Context, hop: Hop) -> _Tie:
    acts_during = (
        hop.edge.relation is Relation.PERFORMED_BY and hop.edge.role in _ACTS_DURING
    )
    step = context.node(hop.to)
    try:
        times = (parse_time(step.value("started")), parse_time(step.value("finished")))
    except ValueError:
        return _Tie(acts_during, None)
    return _Tie(acts_during, times)


def _in_window(advisory: Advisory, ties: Collection[_Tie]) -> bool:
    """Whether something that ties the node to this lineage may be of the window."""
    return not ties or any(_may_be_of(advisory, tie) for tie in ties)


def _may_be_of(advisory: Advisory, tie: _Tie) -> bool:
    if tie.times is None:
        return True
    started, finished = tie.times
    before = advisory.since is not None and finished < advisory.since
    after = advisory.until is not None and started > advisory.until
    return not before and not (after and tie.acts_during)


CHECK = Check("tainted-ancestor", Settings, evaluate, ENTITY_KINDS)
