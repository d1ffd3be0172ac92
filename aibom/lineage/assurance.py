"""What a fact is worth in this run: a pure function, never a stored level.

``verified``  recomputed here from bytes
``attested``  signature checked here; signer allowed for this predicate and this subject
``claimed``   everything else, a stranger's signature included
``unknown``   declared as unknown
``missing``   nobody says anything
``contradicted``  two origins disagree; never settled silently, worth less than nothing

Facts of a step's edges (``used``, ``generated``, ``performed-by``) belong to the step:
the signer of its record is believed about them. Facts of a node belong to the node:
only a statement that has the node as its own subject attests them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from aibom.lineage.evidence import Evidence, EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import (
    ENTITY_KINDS,
    MULTI_VALUED,
    Edge,
    Facts,
    Node,
    State,
)

__all__ = [
    "Assurance",
    "Level",
    "edge_assurance",
    "existence_assurance",
    "fact_assurance",
]


class Level(IntEnum):
    """Assurance levels, the higher the better."""

    CONTRADICTED = 0
    MISSING = 1
    UNKNOWN = 2
    CLAIMED = 3
    ATTESTED = 4
    VERIFIED = 5

    @property
    def word(self) -> str:
        """The level as documents and messages write it."""
        return _WORDS[self]


#: By level, for they are asked for in every result.
_WORDS = tuple(level.name.lower() for level in Level)


@dataclass(frozen=True, slots=True)
class Assurance:
    """A level with the reason for it, in words that name signer or source."""

    level: Level
    basis: str


_STATES = {
    State.CONTRADICTED: (Level.CONTRADICTED, "sources disagree"),
    State.MISSING: (Level.MISSING, "no source says anything"),
    State.UNKNOWN: (Level.UNKNOWN, "declared as unknown"),
}


def fact_assurance(
    node: Node, field: str, evidence: EvidenceSet, value: str | None = None
) -> Assurance:
    """What the node's field is worth, or one ``value`` of a field with several."""
    state = node.state(field)
    if state in _STATES:
        return Assurance(*_STATES[state])
    held = node.values(field)
    wanted = set(held) if value is None else {value}
    attesting: Evidence | None = None
    for item in evidence.owning(node.id):
        stated = item.graph.nodes.get(node.id) if item.graph else None
        said = State.MISSING if stated is None else stated.state(field)
        if stated is None or said is State.MISSING:
            continue
        values = stated.values(field)
        # What may have several values only gets further ones.
        if field not in MULTI_VALUED and _disagrees(said, values, held):
            basis = f"{_who(item)} says {', '.join(values)}"
            return Assurance(Level.CONTRADICTED, basis)
        if attesting is None and wanted.issubset(values):
            attesting = item
    if attesting is not None:
        return Assurance(Level.ATTESTED, _who(attesting))
    return Assurance(Level.CLAIMED, _claimed(node))


def edge_assurance(edge: Edge, evidence: EvidenceSet) -> Assurance:
    """What it is worth that this edge exists, with the facts on it.

    A step's edges are attested by the trusted record of that step when it states the
    same edge with the same facts; other edges by a trusted statement that has the
    edge's source as its own.
    """
    # It takes two facts to disagree, and most edges have none.
    if len(edge.facts) > 1 and any(
        edge.state(field) is State.CONTRADICTED for field in edge.fields()
    ):
        return Assurance(Level.CONTRADICTED, "sources disagree about this edge")
    for item in evidence.owning(edge.source):
        if item.graph is not None and _states(item.graph, edge):
            return Assurance(Level.ATTESTED, _who(item))
    return Assurance(Level.CLAIMED, _claimed(edge))


def existence_assurance(node: Node, evidence: EvidenceSet) -> Assurance:
    """What it is worth that something with exactly this digest exists as described.

    Verified when the digest was recomputed in this run; attested when a trusted
    statement names it as its own; claimed otherwise; missing when the node has no
    digest at all.
    """
    if node.digest is not None and node.digest in evidence.recomputed:
        return Assurance(Level.VERIFIED, "hashed in this run")
    owners = evidence.owning(node.id)
    if owners:
        return Assurance(Level.ATTESTED, _who(owners[0]))
    if node.digest is None and node.kind in ENTITY_KINDS:
        return Assurance(Level.MISSING, "no content digest")
    return Assurance(Level.CLAIMED, _claimed(node))


def _disagrees(said: State, values: tuple[str, ...], held: tuple[str, ...]) -> bool:
    """Whether a statement says anything else than what is held; "unknown" does not."""
    if said is State.UNKNOWN:
        return False
    return said is State.CONTRADICTED or values != held


def _states(graph: Graph, edge: Edge) -> bool:
    """Whether the graph has the same edge, with the same facts."""
    stated = graph.edge(edge.key)
    if stated is None:
        return False
    # Most edges have no facts: then there is nothing to compare.
    return not (stated.facts or edge.facts) or _said(stated) == _said(edge)


def _said(edge: Edge) -> set[tuple[str, str | None]]:
    return {(fact.field, fact.value) for fact in edge.facts}


def _who(item: Evidence) -> str:
    name = item.signer.name if item.signer else "nobody"
    return f"signed by {name} ({item.location})"


def _claimed(facts: Facts) -> str:
    sources = sorted({origin.cataloger for origin in facts.origins})
    return (
        f"stated by {', '.join(sources)}, not attested" if sources else "not attested"
    )
