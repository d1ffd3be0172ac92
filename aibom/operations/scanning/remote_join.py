"""What several repositories say, as one graph: nearer ones are not undone by others.

Whoever publishes a base can write anything into its card or BOM, also that the base
comes from what was made of it. Then one of the claims is wrong. Those that were met
first, on the way up from the root, stay; of what was met later, every edge in the knot
is left out, and that is a finding. Else a base could cut itself off from a lineage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aibom.catalogers.findings import Finding
from aibom.lineage.graph import Graph, upstream_first
from aibom.lineage.nodes import Edge, Node, Relation
from aibom.operations.scanning.circles import told
from aibom.operations.scanning.kinds import with_one_kind

__all__ = ["Said", "joined"]

_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Said:
    """Edges that one repository says, or that were found under one reference."""

    by: str
    edges: tuple[Edge, ...]


def joined(
    nodes: Iterable[Node], said: Sequence[Said], root: str, by: str
) -> tuple[Graph, tuple[Finding, ...]]:
    """One graph without circles, and what did not fit.

    ``said`` is in the order in which it counts; ``by`` is what findings about all of it
    are told of. Findings: ``lineage-circular``, ``kind-contradicted``.
    """
    before = list(nodes)
    after, _, settled = with_one_kind(before, [], [root])
    findings = [
        Finding(by, "", "kind-contradicted", "hub", text, True) for text in settled
    ]
    ids = {old.id: new.id for old, new in zip(before, after, strict=True)}
    groups = [replace(one, edges=_renamed(one.edges, ids)) for one in said]
    graph = Graph.of(after, [edge for one in groups for edge in one.edges], root)
    if len(upstream_first(graph)) == len(graph.nodes):
        return graph, tuple(findings)
    kept: list[Edge] = []
    for group, dropped in _without_knots(groups):
        kept += [edge for edge in group.edges if edge.key not in dropped]
        circular = sorted({told(graph, e) for e in group.edges if e.key in dropped})
        findings += [
            Finding(group.by, "", "lineage-circular", "hub", text, True)
            for text in circular[:_MOST_TOLD]
        ]
    return Graph.of(after, kept, root), tuple(findings)


def _renamed(edges: Iterable[Edge], ids: dict[str, str]) -> tuple[Edge, ...]:
    """Edges between the ids that were settled on; none from a thing to itself."""
    moved = (
        edge
        if (ids[edge.source], ids[edge.target]) == (edge.source, edge.target)
        else replace(edge, source=ids[edge.source], target=ids[edge.target])
        for edge in edges
        if ids[edge.source] != ids[edge.target]
    )
    return tuple(moved)


def _without_knots(
    groups: Iterable[Said],
) -> Iterable[tuple[Said, set[tuple[str, str, str, str]]]]:
    """Each group, and the keys of its edges that would close a circle.

    What is kept so far has no circle, and an edge between two strongly connected parts
    is on none: so without the group's own edges inside of such parts there is none.
    """
    import networkx

    kept: networkx.DiGraph[str] = networkx.DiGraph()
    for group in groups:
        new = [edge for edge in group.edges if not kept.has_edge(*_ends(edge))]
        kept.add_edges_from(_ends(edge) for edge in new)
        part_of = _parts(kept)
        knotted = [e for e in new if len({part_of[end] for end in _ends(e)}) == 1]
        kept.remove_edges_from([_ends(edge) for edge in knotted])
        yield group, {edge.key for edge in knotted}


def _parts(graph: Any) -> dict[str, int]:
    """The strongly connected part that each node is in."""
    import networkx

    parts = networkx.strongly_connected_components(graph)
    return {name: number for number, part in enumerate(parts) for name in part}


def _ends(edge: Edge) -> tuple[str, str]:
    """What comes from what."""
    if edge.relation is Relation.GENERATED:
        return edge.target, edge.source
    return edge.source, edge.target
