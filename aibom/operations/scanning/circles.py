"""Claims that go in a circle: no thing is its own ancestor, so one of them is wrong.

Which one cannot be told from here. The edge that closes a circle is left out, the same
one each time, and that is a finding; a BOM with a circle could not be written.
"""

from __future__ import annotations

from collections.abc import Iterable

from aibom.lineage.graph import Graph, find_cycles
from aibom.lineage.nodes import Edge, Node, Relation

__all__ = ["told", "without_circles"]


def without_circles(
    nodes: Iterable[Node], edges: Iterable[Edge], root: str
) -> tuple[Graph, tuple[Edge, ...]]:
    """The graph without the edges that close circles, and those edges."""
    graph = Graph.of(nodes, edges, root)
    dropped: list[Edge] = []
    while circles := find_cycles(graph):
        closing = {_closing(graph, circle).key for circle in circles}
        dropped += [edge for edge in graph.edges if edge.key in closing]
        kept = [edge for edge in graph.edges if edge.key not in closing]
        graph = Graph.of(graph.nodes.values(), kept, root, graph.extra)
    return graph, tuple(dropped)


def _closing(graph: Graph, circle: tuple[str, ...]) -> Edge:
    """The edge of the last move around a circle, back to where it began."""
    below, above = circle[-2], circle[-1]
    hop = next(hop for hop in graph.up(below) if hop.to == above)
    return hop.edge


def told(graph: Graph, edge: Edge) -> str:
    """The edge in words: what it claimed to come from what."""
    below, above = edge.source, edge.target
    if edge.relation is Relation.GENERATED:
        below, above = above, below
    return f"{graph.nodes[below].label} from {graph.nodes[above].label}"
