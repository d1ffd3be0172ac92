"""Steps and statements of a lineage that a policy test describes, in the making."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aibom.digest import Digest
from aibom.lineage.build import GraphBuilder, facts_of
from aibom.lineage.evidence import (
    Approval,
    Audit,
    Evidence,
    Signer,
    UpstreamVerdict,
)
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Node, Origin, Relation
from aibom.operations.ptest import parts

__all__ = ["Item", "Said", "Step"]


@dataclass(frozen=True, slots=True)
class Item:
    """A statement to be; a BOM's is about the whole graph, which is not there yet."""

    place: str
    predicate: str
    subjects: tuple[tuple[str, Digest], ...]
    signer: Signer | None
    own: frozenset[str] = frozenset()
    record: Graph | None = None
    audit: Audit | None = None
    verdict: UpstreamVerdict | None = None
    approval: Approval | None = None

    def evidence(self, whole: Graph) -> Evidence:
        """The statement as a gate would have it."""
        return Evidence(
            parts.sha(self.place),
            self.predicate,
            self.subjects,
            self.place,
            self.signer,
            None if self.signer else "signer-not-allowed",
            self.record or (whole if self.own else None),
            self.own,
            self.audit,
            self.verdict,
            self.approval,
        )


@dataclass
class Said:
    """What one source says: steps and parties by a builder, edges beside it."""

    origin: Origin
    edges: list[Edge] = field(default_factory=list)
    build: GraphBuilder = field(init=False)

    def __post_init__(self) -> None:
        self.build = GraphBuilder(self.origin)

    def edge(
        self,
        source: str,
        relation: Relation,
        target: str,
        role: str = "",
        facts: Mapping[str, str | None] | None = None,
    ) -> None:
        """Add an edge of any relation."""
        origins = frozenset({self.origin})
        said = facts_of(facts or {}, self.origin)
        self.edges.append(
            Edge(
                said,
                origins,
                source=source,
                relation=relation,
                target=target,
                role=role,
            )
        )

    def graph(self, nodes: Iterable[Node], root: str | None = None) -> Graph:
        """All that was said, with these nodes."""
        told = self.build.graph().nodes.values()
        return Graph.of((*nodes, *told), self.edges, root)


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the test tells it."""

    id: str
    kind: str
    facts: Mapping[str, str | None]
    uses: tuple[tuple[str, str, Mapping[str, str | None]], ...]
    by: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]
