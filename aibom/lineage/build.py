"""A builder for lineage graphs: for readers that learn one thing after another.

The builder holds one origin, stamps it on everything it is told, and gives frozen
values back. It never joins by name and never fills in what it was not told.
"""

from __future__ import annotations

from collections.abc import Mapping

from aibom.digest import Digest, File
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, parse_party, step_id, undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation, merge_facts

__all__ = ["GraphBuilder", "facts_of"]


def facts_of(values: Mapping[str, str | None], origin: Origin) -> tuple[Fact, ...]:
    """One fact per entry, all from one origin; None means "declared unknown"."""
    return merge_facts(Fact(k, v, frozenset({origin})) for k, v in values.items())


class GraphBuilder:
    """Collects nodes and edges from one origin; :meth:`graph` gives the result."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []

    def entity(
        self,
        kind: Kind,
        digest: Digest | None,
        files: tuple[File, ...] = (),
        **facts: str | None,
    ) -> str:
        """Add an entity and return its id; keyword names have ``_`` for ``-``."""
        stated = {name.replace("_", "-"): value for name, value in facts.items()}
        if digest is None:
            known = {name: value for name, value in stated.items() if value is not None}
            name = undigested_id(kind, known)
        else:
            name = entity_id(kind, digest)
        return self._add(name, kind, stated, files)

    def step(
        self,
        payload_digest: str,
        kind: str,
        facts: Mapping[str, str | None] | None = None,
    ) -> str:
        """Add a step that has a record, and return its id."""
        return self._add(
            step_id(payload_digest), Kind.STEP, {"step": kind, **(facts or {})}
        )

    def party(self, text: str) -> str:
        """Add a party by its id text, and return the node id."""
        party = parse_party(text)
        facts: dict[str, str | None] = {"type": party.type}
        if party.key is None:
            facts["name"] = party.name
        else:
            facts["key-id"] = party.key
        return self._add(f"party:{text}", Kind.PARTY, facts)

    def _add(
        self,
        name: str,
        kind: Kind,
        facts: Mapping[str, str | None],
        files: tuple[File, ...] = (),
    ) -> str:
        stated = facts_of(facts, self.origin)
        origins = frozenset({self.origin})
        self._nodes.append(Node(stated, origins, id=name, kind=kind, files=files))
        return name

    def edge(
        self,
        source: str,
        relation: Relation,
        target: str,
        role: str = "",
        facts: Mapping[str, str | None] | None = None,
    ) -> None:
        """Add an edge of any relation."""
        self._edges.append(
            Edge(
                facts_of(facts or {}, self.origin),
                frozenset({self.origin}),
                source=source,
                relation=relation,
                target=target,
                role=role,
            )
        )

    def used(
        self,
        step: str,
        entity: str,
        role: str,
        facts: Mapping[str, str | None] | None = None,
    ) -> None:
        """The step used the entity, in this role."""
        self.edge(step, Relation.USED, entity, role, facts)

    def generated(self, step: str, entity: str) -> None:
        """The step generated the entity."""
        self.edge(step, Relation.GENERATED, entity)

    def performed_by(self, step: str, party: str, role: str) -> None:
        """The party took part in the step, in this role."""
        self.edge(step, Relation.PERFORMED_BY, party, role)

    def graph(self, root: str | None = None) -> Graph:
        """The graph as told so far, in canonical order."""
        return Graph.of(self._nodes, self._edges, root)
