"""What could be drawn of a graph if there were room: one unit per thing and step.

A party is no unit of its own: it stands beside what it had a part in, so that it is
read there, and a labeler of forty datasets does not tie them into a knot. Words on an
edge between two things (``derived-from``: no step is known) are a unit, which keeps
them from lying over a line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aibom.lineage.assurance import edge_assurance, existence_assurance
from aibom.lineage.closure import is_full_commit
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Relation, State
from aibom.report.picture.labels import anchor
from aibom.report.picture.model import LEVELS, STATED_RELATION

__all__ = [
    "Beside",
    "EdgeKey",
    "Flow",
    "Levels",
    "Unit",
    "Units",
    "levels_of",
    "units_of",
]

EdgeKey = tuple[str, str, str, str]
_OF_PARTIES = frozenset({Relation.PERFORMED_BY, Relation.ATTRIBUTED_TO})
_BETWEEN = frozenset({Relation.DERIVED_FROM, Relation.REVISION_OF, Relation.REQUIRES})
_PINNED = frozenset({Kind.CODE, Kind.GUIDELINE})


@dataclass(frozen=True, slots=True)
class Levels:
    """Assurance in words: of nodes by id, of edges by key."""

    nodes: Mapping[str, str]
    edges: Mapping[EdgeKey, str]


def levels_of(graph: Graph, evidence: EvidenceSet | None = None) -> Levels:
    """What each node and edge is worth by this evidence; without any, what is said.

    A node of which sources disagree about any fact is contradicted, whatever else.
    """
    given = evidence or EvidenceSet()
    nodes = {
        name: (
            "contradicted"
            if _is_contradicted(node)
            else existence_assurance(node, given).level.word
        )
        for name, node in graph.nodes.items()
    }
    edges = {edge.key: edge_assurance(edge, given).level.word for edge in graph.edges}
    nodes |= _of_parties(graph, edges)
    return Levels(nodes, edges)


def _of_parties(graph: Graph, edges: Mapping[EdgeKey, str]) -> dict[str, str]:
    """What is best known of each party: that it took part is all that can be."""
    best: dict[str, str] = {}
    for edge in graph.edges:
        if edge.relation in _OF_PARTIES:
            known, level = best.get(edge.target), edges[edge.key]
            if known is None or LEVELS.index(level) < LEVELS.index(known):
                best[edge.target] = level
    return best


def _is_contradicted(node: Node) -> bool:
    """Whether sources disagree about a fact; where each stands once, none can."""
    fields = [fact.field for fact in node.facts]
    return len(set(fields)) < len(fields) and any(
        node.state(field) is State.CONTRADICTED for field in fields
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing or step (``members`` is itself), or the words on an edge (none)."""

    id: str
    kind: str
    word: str
    level: str
    members: tuple[str, ...] = ()
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """An edge between units, in the direction in which taint would flow."""

    upper: str
    lower: str
    role: str
    level: str
    on_path: bool


@dataclass(frozen=True, slots=True, order=True)
class Beside:
    """A party that had a part in a unit."""

    party: str
    role: str
    level: str
    on_path: bool


@dataclass(frozen=True, slots=True)
class Units:
    """Units by id, the flows between them, and the parties beside each."""

    by_id: Mapping[str, Unit]
    flows: tuple[Flow, ...]
    parties: Mapping[str, tuple[Beside, ...]]
    on_path: frozenset[str]


def units_of(
    graph: Graph,
    levels: Levels,
    paths: Sequence[Sequence[str]],
    accepted: Collection[str],
) -> Units:
    """Everything in ``graph`` as units; linear in its nodes and edges."""
    steps = {
        pair
        for path in paths
        for one, other in pairwise(path)
        for pair in ((one, other), (other, one))
    }
    units = {
        name: _unit(graph, node, levels.nodes.get(name, "claimed"), accepted)
        for name, node in graph.nodes.items()
        if node.kind is not Kind.PARTY or not graph.down(name)
    }
    flows: list[Flow] = []
    parties: dict[str, list[Beside]] = {}
    on_path = {name for path in paths for name in path}
    for edge in graph.edges:
        level = levels.edges.get(edge.key, "claimed")
        marked = (edge.source, edge.target) in steps
        if edge.relation in _OF_PARTIES:
            told = Beside(edge.target, edge.role, level, marked)
            parties.setdefault(edge.source, []).append(told)
        elif edge.relation in _BETWEEN:
            words = _words(edge, level)
            units[words.id] = words
            on_path |= {words.id} if marked else set()
            flows.append(Flow(edge.target, words.id, edge.role, level, marked))
            flows.append(Flow(words.id, edge.source, edge.role, level, marked))
        elif edge.relation is Relation.GENERATED:
            flows.append(Flow(edge.source, edge.target, edge.role, level, marked))
        else:
            flows.append(Flow(edge.target, edge.source, edge.role, level, marked))
    beside = {name: tuple(sorted(found)) for name, found in parties.items()}
    return Units(units, tuple(flows), beside, frozenset(on_path))


def _unit(graph: Graph, node: Node, level: str, accepted: Collection[str]) -> Unit:
    word = " / ".join(node.values("step")) if node.kind is Kind.STEP else ""
    ends = _ends(graph, node, accepted)
    return Unit(node.id, node.kind.value, word, level, (node.id,), ends)


def _ends(graph: Graph, node: Node, accepted: Collection[str]) -> str:
    """Whether anything is known beyond; what people said of itself settles nothing."""
    if node.id in accepted:
        return "accepted"
    if node.kind is Kind.PARTY or any(
        graph.nodes[hop.to].kind is not Kind.PARTY for hop in graph.up(node.id)
    ):
        return ""
    pinned = node.digest is not None or is_full_commit(node.value("commit"))
    return "" if node.kind in _PINNED and pinned else "open"


def _words(edge: Edge, level: str) -> Unit:
    """The words on an edge; edges from several things into one share them."""
    word = edge.relation.value.replace("-", " ")
    name = f"{edge.source} {edge.relation} {edge.role} {level}"
    told = f"{word}: {edge.role}" if edge.role else word
    return Unit(f"{STATED_RELATION}:{anchor(name)}", STATED_RELATION, told, level)
