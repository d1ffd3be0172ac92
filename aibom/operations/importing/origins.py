"""How what the files say was learned: from a source that was asked, or from a disk.

Files are read where they lie, so catalogers know nothing else than ``offline``. What
was fetched a moment ago was read there because the source was asked for it.
"""

from __future__ import annotations

from dataclasses import replace

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Fact, Origin, merge_facts
from aibom.sources.remote import Mode

__all__ = ["as_fetched"]


def as_fetched(graph: Graph, mode: Mode) -> Graph:
    """The graph with every origin in the mode in which its files were fetched.

    But for the caller's own word (``user``), which no source gave. Nothing else of the
    graph changes; raises nothing.
    """
    nodes = [
        replace(node, facts=_facts(node.facts, mode), origins=_all(node.origins, mode))
        for node in graph.nodes.values()
    ]
    edges = [
        replace(edge, facts=_facts(edge.facts, mode), origins=_all(edge.origins, mode))
        for edge in graph.edges
    ]
    return Graph.of(nodes, edges, graph.root, graph.extra)


def _facts(facts: tuple[Fact, ...], mode: Mode) -> tuple[Fact, ...]:
    return merge_facts(
        replace(fact, origins=_all(fact.origins, mode)) for fact in facts
    )


def _all(origins: frozenset[Origin], mode: Mode) -> frozenset[Origin]:
    return frozenset(
        one if one.cataloger == "user" else replace(one, mode=mode) for one in origins
    )
