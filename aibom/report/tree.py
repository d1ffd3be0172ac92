"""The lineage as a tree in the terminal: what it learned from below the artifact.

A node that was already drawn is named again and not opened again, so that a graph with
shared ancestors, or a cycle, stays finite. Depth and length of the drawing are bounded,
and it says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from aibom.lineage.graph import Graph, Hop
from aibom.lineage.nodes import Kind, Node, State
from aibom.report.text import Paint, escape, plain

__all__ = ["draw_tree"]

_DEPTH = 60
_STYLES = {Kind.STEP: "dim", Kind.PARTY: "warn"}


def draw_tree(graph: Graph, paint: Paint = plain, max_nodes: int = 2000) -> str:
    """The tree upstream of the graph's root; at most ``max_nodes`` lines of it."""
    root = str(graph.root)
    lines = [_line(graph.nodes[root], paint)]
    for text in _branches(graph, root, paint):
        if len(lines) > max_nodes:
            lines.append(f"… cut after {max_nodes:,} lines")
            break
        lines.append(text)
    return "\n".join(lines) + "\n"


def _branches(graph: Graph, root: str, paint: Paint) -> Iterator[str]:
    """Depth-first with a stack of our own: documents choose how deep they are."""
    seen = {root}
    stack = [(hop, "", last) for hop, last in _children(graph, root)]
    stack.reverse()
    while stack:
        hop, prefix, last = stack.pop()
        again = hop.to in seen
        seen.add(hop.to)
        mark = "└─ " if last else "├─ "
        node = graph.nodes[hop.to]
        told = paint("dim", " (see above)") if again and graph.up(hop.to) else ""
        yield f"{prefix}{mark}{_via(hop)}{_line(node, paint)}{told}"
        if again:
            continue
        below = prefix + ("   " if last else "│  ")
        if len(below) > 3 * _DEPTH:
            if graph.up(hop.to):
                yield f"{below}└─ … deeper than is drawn"
            continue
        children = [(child, below, end) for child, end in _children(graph, hop.to)]
        stack.extend(reversed(children))


def _children(graph: Graph, name: str) -> list[tuple[Hop, bool]]:
    hops = graph.up(name)
    return [(hop, index == len(hops) - 1) for index, hop in enumerate(hops)]


def _via(hop: Hop) -> str:
    relation = hop.edge.relation.value.replace("-", " ")
    if hop.edge.role:
        return f"{hop.edge.role}: "
    return "" if relation == "generated" else f"{relation}: "


def _line(node: Node, paint: Paint) -> str:
    name = paint(_STYLES.get(node.kind, "bold"), escape(node.label, 120))
    kind = "" if node.kind is Kind.PARTY else f" [{_kind(node)}]"
    digest = f"  {node.digest}"[:26] + "…" if node.digest else ""
    doubts = [
        field for field in node.fields() if node.state(field) is State.CONTRADICTED
    ]
    unknown = [field for field in node.fields() if node.state(field) is State.UNKNOWN]
    told = ""
    if doubts:
        told += paint("bad", f"  contradicted: {escape(', '.join(doubts))}")
    if unknown:
        told += paint("warn", f"  unknown: {escape(', '.join(unknown))}")
    source = node.values("source")
    where = f"  from {escape(source[0], 100)}" if source else ""
    return f"{name}{kind}{paint('dim', digest)}{where}{told}"


def _kind(node: Node) -> str:
    if node.kind is not Kind.STEP:
        return node.kind.value
    return f"step {escape(node.value('step') or '', 40)}".strip()
