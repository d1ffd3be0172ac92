"""The weakest path: along which way from the product is the least known?

The worth of a way is that of its weakest edge or thing. Of all ways with the least
worth the one is told that gets there first.
"""

from __future__ import annotations

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    existence_assurance,
)
from aibom.lineage.closure import ClosureState
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.report.diligence.facts import plain_basis
from aibom.report.diligence.material import Material

__all__ = ["weakest_path"]


def weakest_path(material: Material) -> tuple[str, str]:
    """The way in words, and why it is weak; empty where nothing is upstream."""
    worst: tuple[Level, str, str] | None = None
    for name in material.walk.reached:
        node = material.node(name)
        if node.kind is Kind.PARTY:
            continue
        _, edge = material.walk.parents[name]
        if edge.relation in (Relation.PERFORMED_BY, Relation.ATTRIBUTED_TO):
            continue
        state = material.closure[name].state
        for worth in _worths(material, node, edge, state):
            if worst is None or worth.level < worst[0]:
                worst = (worth.level, name, _why(worth, node.label, state))
    if worst is None:
        return "", ""
    return _path(material, worst[1]), worst[2]


def _worths(
    material: Material, node: Node, edge: Edge, state: ClosureState
) -> tuple[Assurance, ...]:
    """Of the edge, and of the thing; code that a commit pins needs no digest."""
    worth = edge_assurance(edge, material.evidence)
    pinned = node.digest is None and state is ClosureState.CLOSED
    if pinned:
        return (worth,)
    return (worth, existence_assurance(node, material.evidence))


def _why(worth: Assurance, label: str, state: ClosureState) -> str:
    accepted = "; the lineage ends there because your accepted-roots.yaml lists it"
    told = accepted if state is ClosureState.ACCEPTED else ""
    return f"{label}: {plain_basis(worth.basis)}{told}"


def _path(material: Material, name: str) -> str:
    start, hops = material.walk.path(name)
    told = [material.node(start).label]
    for hop in hops:
        role = f"{hop.edge.role}: " if hop.edge.role else ""
        told.append(f"{role}{material.node(hop.to).label}")
    if len(told) > 12:
        told = [*told[:6], f"… {len(told) - 12:,} more …", *told[-6:]]
    return " ← ".join(told)
