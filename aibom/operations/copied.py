"""What somebody else's BOM says, copied into a graph as that BOM's word."""

from __future__ import annotations

from dataclasses import replace

from aibom.lineage.nodes import Edge, Fact, Node, Origin, merge_facts
from aibom.operations.validate import BomFile

__all__ = ["copied_edges", "copied_nodes"]


def copied_nodes(bom: BomFile, *, link: bool) -> tuple[Node, ...]:
    """Its nodes, whose facts come from that BOM and from nowhere else.

    With ``link`` its root names the BOM by BOM-Link and digest: what is linked is
    verified again by whoever relies on the copy. The root's files stay out, since they
    are for the BOM's own statement.
    """
    return tuple(_copied(bom, node, link) for node in bom.graph.nodes.values())


def copied_edges(bom: BomFile) -> tuple[Edge, ...]:
    """Its edges, likewise."""
    origins = frozenset({Origin("bom", bom.digest)})
    return tuple(
        replace(
            edge,
            facts=merge_facts(replace(fact, origins=origins) for fact in edge.facts),
            origins=origins,
        )
        for edge in bom.graph.edges
    )


def _copied(bom: BomFile, node: Node, link: bool) -> Node:
    origins = frozenset({Origin("bom", bom.digest)})
    facts = [replace(fact, origins=origins) for fact in node.facts]
    is_root = node.id == bom.graph.root
    if is_root and link:
        text = f"{bom.link}@sha256:{bom.digest}"
        facts.append(Fact("upstream-bom", text, origins))
    files = () if is_root else node.files
    return replace(node, facts=merge_facts(facts), origins=origins, files=files)
