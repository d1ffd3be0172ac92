"""Claims that call one digest two kinds: the same bytes are one thing, of one kind.

A graph in which they were two things would fall apart there: what is known of the bytes
would no longer reach all that came from them. So they are one thing here as well, of
one of the kinds that were said, and that is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Node

__all__ = ["with_one_kind"]


def with_one_kind(
    nodes: Iterable[Node], edges: Iterable[Edge], own: Collection[str]
) -> tuple[list[Node], list[Edge], tuple[str, ...]]:
    """Nodes and edges in which each digest has one kind, and what was settled.

    ``own`` are ids of what was scanned: their kinds are decided, and where the caller
    gave one of them two, nothing is settled here (a graph refuses it). Of others the
    kind that is stated most often counts, or the first of several in the order of the
    alphabet. What would then come from itself is left out.
    """
    nodes, edges = list(nodes), list(edges)
    said: dict[str, Counter[Kind]] = {}
    for node in nodes:
        if node.kind in ENTITY_KINDS and _is_digest(_rest(node.id)):
            said.setdefault(_rest(node.id), Counter())[node.kind] += 1
    decided: dict[str, set[Kind]] = {}
    for name in own:
        decided.setdefault(_rest(name), set()).add(Kind(name.partition(":")[0]))
    several = {
        rest: kinds
        for rest, kinds in said.items()
        if len(kinds) > 1 and len(decided.get(rest, ())) < 2
    }
    if not several:
        return nodes, edges, ()
    kind_of = {
        rest: next(iter(decided.get(rest, ())), _most_often(kinds))
        for rest, kinds in several.items()
    }
    ids = {
        f"{kind}:{rest}": f"{kind_of[rest]}:{rest}"
        for rest, kinds in several.items()
        for kind in kinds
    }
    return (
        [_renamed(node, ids, kind_of) for node in nodes],
        [edge for edge in (_moved(edge, ids) for edge in edges) if edge is not None],
        tuple(
            f"{rest}: {', '.join(sorted(kinds))}; read as {kind_of[rest]}"
            for rest, kinds in sorted(several.items())
        ),
    )


def _rest(name: str) -> str:
    return name.partition(":")[2]


def _is_digest(rest: str) -> bool:
    return rest.startswith(("file:", "tree:"))


def _most_often(kinds: Counter[Kind]) -> Kind:
    return min(kinds, key=lambda kind: (-kinds[kind], kind.value))


def _renamed(node: Node, ids: dict[str, str], kind_of: dict[str, Kind]) -> Node:
    name = ids.get(node.id, node.id)
    if name == node.id:
        return node
    return replace(node, id=name, kind=kind_of[_rest(name)])


def _moved(edge: Edge, ids: dict[str, str]) -> Edge | None:
    source = ids.get(edge.source, edge.source)
    target = ids.get(edge.target, edge.target)
    if (source, target) == (edge.source, edge.target):
        return edge
    return None if source == target else replace(edge, source=source, target=target)
