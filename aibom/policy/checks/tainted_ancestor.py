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

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    existence_assurance,
)
from aibom.lineage.carry import carries
from aibom.lineage.graph import Hop
from aibom.lineage.identity import may_be_same_party
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node, Relation
from aibom.policy.ancestry import Ancestry, Nearest, amount, carrying
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.data import Advisories, Advisory, Source, Target, parse_source
from aibom.reading import parse_time

__all__ = ["CHECK", "Settings"]

#: Parties who act during the step itself; any other may have acted long before it.
_ACTS_DURING = frozenset({"labeler", "writer", "participant"})
_FILE = "advisories.yaml"
#: Advisories that one finding tells of.
_TOLD = 5
#: Hops of a way that are gone through for one ancestor.
_READ = 100


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
            advice="Put advisories.yaml into the policy's folder, and into `data` of "
            "policy.yaml. Nothing is known against this.",
        )
    taint = context.once("tainted-ancestor", _look)
    own, above = _hits(context, taint, node), taint.places(node.id)
    way: Sequence[Hop] = ()
    if own:
        nearest, place = node.id, own[0]
    elif above:
        nearest, place, way = taint.nearest(context, node.id)
    else:
        return _when_not_hit(context, advisories, taint, node.id)
    hits = {
        advisories.items[each].id: advisories.items[each] for each in (*own, *above)
    }
    first = advisories.items[place]
    rest = [hits[name] for name in sorted(hits) if name != first.id]
    others = _by_others(context, taint, node, place)
    worth, records = _proof(context, node, nearest, way)
    return fails(
        "tainted-ancestor",
        expected=expected,
        actual=f"{context.node(nearest).label}: {_listed([first, *rest])}{others}",
        beyond=way,
        assurance=worth,
        evidence=records,
        # An exception is for these advisories, and not for one that comes later.
        term=" ".join(sorted(hits)),
    )


def _listed(hits: Sequence[Advisory]) -> str:
    """What hits, and since when that is said: the nearest first."""
    told = [
        f"{hit.id}: {hit.summary} ({_FILE}, {hit.published.date()})"
        for hit in hits[:_TOLD]
    ]
    more = [f"and {len(hits) - _TOLD} more"] if len(hits) > _TOLD else []
    first, *rest = [*told, *more]
    return f"{first}; also hit by {'; '.join(rest)}" if rest else first


def _by_others(context: Context, taint: _Taint, node: Node, place: int) -> str:
    """By how many more direct inputs the artifact comes from what this one hits.

    Only of the artifact: it is the one that is to be made anew.
    """
    if not context.is_artifact(node.id):
        return ""
    ups = taint.ancestry.ups
    steps = [hop.to for hop in ups[node.id] if context.node(hop.to).kind is Kind.STEP]
    inputs = {hop.to for step in steps for hop in ups[step]}
    count = taint.hit_by(inputs, place)
    if count < 2:
        return ""
    more = f"{count - 1} other direct input{'s come' if count > 2 else ' comes'}"
    return f". {more} from what the first one hits"


def _proof(
    context: Context, node: Node, nearest: str, way: Sequence[Hop]
) -> tuple[Assurance | None, tuple[str, ...]]:
    """Who attests the edge by which the hit is in this lineage, and where.

    Long ways are read for the artifact only: one for each of its ancestors would be the
    square of a long chain.
    """
    if len(way) > _READ and not context.is_artifact(node.id):
        return None, ()
    if way:
        edge = way[-1].edge
    elif context.is_artifact(nearest):
        return existence_assurance(node, context.evidence), ()
    else:
        edge = context.walk.parents[nearest][1]
    records = context.evidence.owning(edge.source)
    return edge_assurance(edge, context.evidence), tuple(r.location for r in records)


# ── what keeps "not hit" from meaning "not tainted" ──────────────

#: What is told of the nearest gap, by its label and the way there.
_Tell = Callable[[str, Sequence[Hop]], Outcome]


def _when_not_hit(
    context: Context, advisories: Advisories, taint: _Taint, name: str
) -> Outcome:
    """Unknown where something could not be compared, else passed."""
    for marks, tell in context.once("tainted-ancestor-gaps", partial(_gaps, taint)):
        nearest = marks.ends.get(name)
        if nearest is not None:
            return tell(context.node(nearest).label, marks.way(name))
    if advisories.expires <= context.now:
        return unknown(
            "advisories-stale",
            expected="advisories that are current",
            actual=f"the advisories expired on {advisories.expires.date()}",
            advice="Get the current advisories.yaml (this one ended "
            f"{advisories.expires.date()}). Nothing is known against this "
            f"{context.node(name).kind.value}. Whoever writes that file: look for "
            "news, raise `sequence`, and move `expires` on; no new lock is needed.",
        )
    count = amount(context, "ancestors", taint.ancestry, taint.weights, name) - 1
    return passes(
        "no-advisory",
        actual=f"{count} ancestors, {len(advisories.items)} advisories",
    )


def _gaps(taint: _Taint, context: Context) -> list[tuple[Nearest, _Tell]]:
    """What could not be compared, by why."""
    advisories, nodes = context.data.advisories, context.graph.nodes
    if advisories is None:
        return []
    foreign = [name for name in nodes if _is_not_comparable(advisories, name)]
    missing = nodes.keys() & context.evidence.unresolved
    closed = [name for name, node in nodes.items() if _is_closed_folder(node)]
    nearest = taint.ancestry.nearest
    return [
        (nearest(foreign), _not_comparable),
        (nearest(missing), _bom_missing),
        (nearest(closed if advisories.name_files else ()), _files_not_known),
    ]


def _is_not_comparable(advisories: Advisories, name: str) -> bool:
    """Whether it is a person of whom it cannot be told if an advisory names them."""
    party = name.removeprefix("party:")
    if party == name or not party.startswith("person:"):
        return False
    return any(may_be_same_party(party, other) is None for other in advisories.people)


def _is_closed_folder(node: Node) -> bool:
    """Whether it is a folder without a list of its files."""
    digest = None if node.files else node.digest
    return digest is not None and digest.form == "tree"


def _not_comparable(label: str, way: Sequence[Hop]) -> Outcome:
    return unknown(
        "party-not-comparable",
        expected="people under one registrar's key",
        actual=f"{label}: an advisory names a person under another key id",
        beyond=way,
        advice="Ask who issued the advisory, and the registrar, whether it is this "
        "person; write the id under the key of this lineage into advisories.yaml.",
    )


def _bom_missing(label: str, way: Sequence[Hop]) -> Outcome:
    """More may stand above what links a BOM that is not here."""
    return unknown(
        "upstream-bom-missing",
        expected="everything upstream known, to compare it with advisories",
        actual=f"the BOM that {label} links is not in the evidence",
        beyond=way,
        advice=f"Get the signed BOM of {label}, and put it into the evidence. Nothing "
        "is known against it.",
    )


def _files_not_known(label: str, way: Sequence[Hop]) -> Outcome:
    return unknown(
        "files-not-known",
        expected="the files of every folder, to compare them with advisories",
        actual=f"an advisory names single files; those of {label} are not known",
        beyond=way,
        advice=f"Have {label} recorded with its files (`aibom run`, or a BOM of its "
        "own). Nothing is known against it.",
    )


# ── everything that is hit, found once for all nodes below it ──────────────


@dataclass(frozen=True, slots=True)
class _Taint:
    """What is hit, for what comes from it.

    Each bit stands for an advisory, by its place in ``told``. ``hits`` are the bits of
    each node, ``above`` those of all upstream of each. A bit in ``windows`` belongs to
    one node and one advisory whose window keeps it to some of the node's ties: it is
    above what comes from those, and not above the rest. Every node weighs one.
    """

    ancestry: Ancestry
    told: Sequence[int]
    windows: int
    hits: Mapping[str, Sequence[int]]
    above: Mapping[str, int]
    weights: Mapping[str, int]

    def places(self, name: str) -> list[int]:
        """The places of the advisories that hit anything above a node."""
        bits, found = self.above.get(name, 0), []
        while bits:
            lowest = bits & -bits
            found.append(self.told[lowest.bit_length() - 1])
            bits ^= lowest
        return found

    def hit_by(self, names: Iterable[str], place: int) -> int:
        """How many of some nodes this advisory hits, or hits anything above of."""
        bits = sum(1 << bit for bit, told in enumerate(self.told) if told == place)
        return sum(
            bool(self.above.get(name, 0) & bits)
            or any(bits >> bit & 1 for bit in self.hits.get(name, ()))
            for name in names
        )

    def nearest(self, context: Context, name: str) -> tuple[str, int, Sequence[Hop]]:
        """The nearest above a node that is hit, the first advisory, and the way."""
        inside = self.above[name] & self.windows
        key = ("tainted-ancestor", inside)
        marks = context.once(key, lambda _: self._marked(inside))
        found, way = marks.beyond(name, self.ancestry.ups[name])
        return found, min(self._hitting(found, inside)), way

    def _marked(self, inside: int) -> Nearest:
        hit = [name for name in self.hits if self._hitting(name, inside)]
        return self.ancestry.nearest(hit)

    def _hitting(self, name: str, inside: int) -> list[int]:
        counting = ~self.windows | inside
        return [self.told[bit] for bit in self.hits[name] if 1 << bit & counting]


def _look(context: Context) -> _Taint:
    """Compare every node of the graph once, for all that come from it."""
    ancestry = context.once("carrying", carrying)
    told: list[int] = []
    always: dict[int, int] = {}
    windows = 0
    hits: dict[str, list[int]] = {}
    own: dict[str, int] = {}
    for name, node in context.graph.nodes.items():
        everywhere = frozenset(ancestry.below(name))
        for place, lower in _hit_from(context, node, everywhere):
            bit = len(told)
            if lower == everywhere:
                bit = always.setdefault(place, bit)
            else:
                windows |= 1 << bit
            if bit == len(told):
                told.append(place)
            hits.setdefault(name, []).append(bit)
            for each in lower:
                own[each] = own.get(each, 0) | 1 << bit
    above = ancestry.gathered(own) if own else {}
    weights = dict.fromkeys(context.graph.nodes, 1)
    return _Taint(ancestry, told, windows, hits, above, weights)


def _hit_from(
    context: Context, node: Node, everywhere: frozenset[str]
) -> Iterator[tuple[int, frozenset[str]]]:
    """The advisories that hit a node, each with the ties that it hits it by."""
    exact, named = _naming(context, node)
    yield from ((place, everywhere) for place in exact)
    items = _items(context)
    for place in named:
        if place in exact:
            continue
        made = (_tie(context, hop) for hop in _makers(context, node))
        if any(_may_be_of(items[place], tie) for tie in made):
            yield place, everywhere
            continue
        learned = _learners(context, node)
        timely = (h for h in learned if _may_be_of(items[place], _tie(context, h)))
        yield place, frozenset(hop.to for hop in timely)


# ── what is hit ──────────────


def _hits(context: Context, taint: _Taint, node: Node) -> list[int]:
    """The places of the advisories that hit the very node that is asked about."""
    exact, named = _naming(context, node)
    if not named:
        return exact
    inside = {node.id}
    if node.id in taint.ancestry.circles:
        inside = taint.ancestry.reached(node.id)
    hops = [hop for hop in _learners(context, node) if hop.to in inside]
    ties = [_tie(context, hop) for hop in (*hops, *_makers(context, node))]
    items = _items(context)
    timely = [place for place in named if _in_window(items[place], ties)]
    return sorted({*exact, *timely})


def _items(context: Context) -> Sequence[Advisory]:
    return context.data.advisories.items if context.data.advisories else ()


def _naming(context: Context, node: Node) -> tuple[list[int], list[int]]:
    """The places of the advisories that name a node: exactly, and by party or source.

    Only for the latter a window counts.
    """
    advisories = context.data.advisories
    if advisories is None:
        return [], []
    if node.kind is Kind.STEP:
        return advisories.naming([("step", node.id.removeprefix("step:"))]), []
    if node.kind is Kind.PARTY:
        return [], advisories.naming_party(node.id.removeprefix("party:"))
    sources = _sources(context, node)
    exact = advisories.naming(_contents(node, sources))
    return exact, _naming_source(advisories, sources)


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


def _learners(context: Context, node: Node) -> Iterator[Hop]:
    """The hops to what took something from a node. Looking at a thing is no tie."""
    for hop in context.graph.down(node.id):
        if carries(context.graph, hop.edge):
            yield hop


def _makers(context: Context, node: Node) -> Iterator[Hop]:
    """The hops to the steps that generated an entity."""
    for hop in context.graph.up(node.id):
        if hop.edge.relation is Relation.GENERATED:
            yield hop


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
