"""Views derived from the lineage, for tools that look at nothing else.

Some consumers keep ``dependencies[]`` and drop formulation, some read only
``pedigree.ancestors`` or the model card's datasets. So each of these is written from
the same graph, marked as derived, ignored when lineage is read, and compared by the
profile check: a view that says something else than the lineage is a finding.
"""

from __future__ import annotations

from typing import Any

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node, Relation

__all__ = ["Views", "is_person_or_organization"]

_DIRECT = (Relation.DERIVED_FROM, Relation.REVISION_OF, Relation.REQUIRES)


def is_person_or_organization(node: Node) -> bool:
    """Whether a party is listed among organisations; software is a component."""
    return node.kind is Kind.PARTY and node.values("type") != ("software",)


class Views:
    """The derived views of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def dependencies(self) -> list[dict[str, Any]]:
        """Every entity with the entities directly behind it, leaving out the steps."""
        listed = []
        for node in self._graph.nodes.values():
            if node.kind not in ENTITY_KINDS:
                continue
            behind = self._behind(node.id)
            entry: dict[str, Any] = {"ref": node.id}
            if behind:
                entry["dependsOn"] = behind
            listed.append(entry)
        return listed

    def _behind(self, entity: str) -> list[str]:
        behind = {
            edge.target
            for step in self._graph.generating_steps(entity)
            for edge in self._graph.edges_from(step, Relation.USED)
        }
        for relation in _DIRECT:
            behind |= {edge.target for edge in self._graph.edges_from(entity, relation)}
        return sorted(behind - {entity})

    def compositions(self) -> list[dict[str, Any]]:
        """The known gaps: entities of which nothing says where they come from."""
        ends = [
            node.id
            for node in self._graph.nodes.values()
            if node.kind in ENTITY_KINDS and not self._behind(node.id)
        ]
        return [{"aggregate": "unknown", "dependencies": ends}] if ends else []

    def organizations(self) -> list[dict[str, Any]]:
        """People and organisations under their labels: people as contacts."""
        return [
            {"contact": [{"bom-ref": node.id, "name": node.label}]}
            if node.values("type") == ("person",)
            else {"bom-ref": node.id, "name": node.label}
            for node in self._graph.nodes.values()
            if is_person_or_organization(node)
        ]

    def training_data(self, entity: str) -> list[str]:
        """For a model: the datasets that the steps behind it used."""
        return self._used(entity, Kind.DATASET)

    def base_models(self, entity: str) -> list[str]:
        """For a model: the models that the steps behind it used."""
        return self._used(entity, Kind.MODEL)

    def _used(self, entity: str, kind: Kind) -> list[str]:
        if self._graph.nodes[entity].kind is not Kind.MODEL:
            return []
        return sorted(
            {
                edge.target
                for step in self._graph.generating_steps(entity)
                for edge in self._graph.edges_from(step, Relation.USED)
                if self._graph.nodes[edge.target].kind is kind and edge.target != entity
            }
        )
