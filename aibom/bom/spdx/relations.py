"""Edges → SPDX relationships, the views that other tools look for, and known gaps.

==============================================  ====================================
edge                                            relationship
==============================================  ====================================
used (step → entity)                            ``hasInput`` of the Build
generated (step → entity)                       ``hasOutput`` of the Build
performed-by, no role or one of who did it      ``invokedBy`` (nearest)
performed-by, auditor, reviewer, …              ``other``
attributed-to                                   ``suppliedBy``, ``originatedBy``, else
                                                ``other``
derived-from, model from training data          ``trainedOn``
derived-from, model from test data              ``testedOn``
derived-from, any other                         ``descendantOf``
revision-of                                     ``descendantOf`` (nearest)
requires                                        ``dependsOn``
==============================================  ====================================

Roles, and which of ours it is, stand in the extension of each. From steps follow, as
derived views: a model ``trainedOn`` the datasets, and ``descendantOf`` the models, that
the steps behind it used, and ``testedOn`` the datasets that an evaluation of it used.
An entity of which nothing says where it comes from is ``descendantOf``
``NoAssertionElement``: SPDX's way to say that there is something, and not what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aibom.bom import properties as names
from aibom.bom.losses import Loss, LossKind
from aibom.bom.spdx.elements import attributed_natively
from aibom.bom.spdx.facts import extension_facts
from aibom.bom.spdx.names import NO_ASSERTION, Ids, Pairs, element, extension
from aibom.bom.views import Views
from aibom.lineage.carry import EXEMPT_ROLES
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Relation

__all__ = ["Relations", "relationship_type"]

_PLAIN = {
    Relation.USED: "hasInput",
    Relation.GENERATED: "hasOutput",
    Relation.REVISION_OF: "descendantOf",
    Relation.REQUIRES: "dependsOn",
}
#: Relationship types that hold during a time of a thing's life, and which.
_SCOPES = {"hasInput": "build", "hasOutput": "build", "invokedBy": "build"}
_TRAINING = frozenset({"training-data", "pretraining-data", "preference-data"})
_TESTING = frozenset({"test-data", "evaluation-data", "validation-data"})
#: Pairs of relation and role that a relationship type of SPDX says in full.
_EXACT = frozenset(
    {
        ("trainedOn", "training-data"),
        ("testedOn", "test-data"),
        ("descendantOf", "ancestor"),
        ("dependsOn", "depends-on"),
    }
)


def relationship_type(graph: Graph, edge: Edge) -> str:
    """What SPDX calls an edge; ``other`` where nothing of SPDX means it."""
    if edge.relation is Relation.PERFORMED_BY:
        return "other" if edge.role in EXEMPT_ROLES else "invokedBy"
    if edge.relation is Relation.ATTRIBUTED_TO:
        return "other"
    if edge.relation is not Relation.DERIVED_FROM:
        return _PLAIN[edge.relation]
    ends = (graph.nodes[edge.source].kind, graph.nodes[edge.target].kind)
    if ends == (Kind.MODEL, Kind.DATASET):
        if edge.role in _TRAINING:
            return "trainedOn"
        if edge.role in _TESTING:
            return "testedOn"
    return "descendantOf"


class Relations:
    """The relationships of one graph, and what each of them loses."""

    def __init__(self, graph: Graph, ids: Ids) -> None:
        self.graph = graph
        self.ids = ids
        self.losses: list[Loss] = []
        self._native = {
            edge.key
            for node in graph.nodes.values()
            for edges in attributed_natively(graph, node).values()
            for edge in edges
        }

    def all(self) -> Iterator[dict[str, Any]]:
        """Every edge, then the derived views, then the known gaps."""
        for edge in self.graph.edges:
            if edge.key in self._native:
                self._native_edge(edge)
            else:
                yield self._edge(edge)
        yield from self._views()
        yield from self._gaps()

    def _native_edge(self, edge: Edge) -> None:
        """A property of the package holds the party: only what is beside it is lost."""
        where = _where(edge)
        if edge.role != "supplier":
            detail = "originatedBy does not say in which role"
            self.losses.append(Loss(LossKind.APPROXIMATED, "role", where, detail))
        _, losses = extension_facts(edge, where)
        self.losses += [
            Loss(LossKind.NOT_CARRIED, loss.field, where, loss.detail, loss.count)
            for loss in losses
        ]

    def _edge(self, edge: Edge) -> dict[str, Any]:
        where = _where(edge)
        kind = relationship_type(self.graph, edge)
        pairs: Pairs = [(names.RELATION, edge.relation.value)]
        if edge.role:
            pairs.append((names.ROLE, edge.role))
            if (kind, edge.role) not in _EXACT:
                self.losses.append(Loss(LossKind.EXTENSION_ONLY, "role", where))
        if kind == "other" or (kind, edge.relation) in _NEAREST:
            detail = f"{edge.relation} is {kind} in SPDX"
            loss = Loss(LossKind.APPROXIMATED, "relation", where, detail)
            self.losses.append(loss)
        found, losses = extension_facts(edge, where)
        self.losses += losses
        return self._relation(
            edge.source, kind, edge.target, edge.role, [*pairs, *found]
        )

    def _relation(
        self, source: str, kind: str, target: str, role: str, pairs: Pairs
    ) -> dict[str, Any]:
        parts = (source, kind, target, role, *(text for pair in pairs for text in pair))
        members: dict[str, Any] = {
            "from": self.ids.of(source),
            "relationshipType": kind,
            "to": [target if target == NO_ASSERTION else self.ids.of(target)],
            **extension(pairs),
        }
        type_ = "Relationship"
        if kind in _SCOPES:
            type_, members["scope"] = "LifecycleScopedRelationship", _SCOPES[kind]
        return element(type_, self.ids.hashed("relationship", *parts), **members)

    def _views(self) -> Iterator[dict[str, Any]]:
        """What the steps come to, without them; told as derived, and no loss."""
        views = Views(self.graph)
        mark: Pairs = [(names.VIEW, "derived")]
        tested = self._tested_on()
        for node in self.graph.nodes.values():
            if node.kind is not Kind.MODEL:
                continue
            found = {
                "trainedOn": views.training_data(node.id),
                "descendantOf": views.base_models(node.id),
                "testedOn": sorted(tested.get(node.id, ())),
            }
            for kind, targets in found.items():
                for target in targets:
                    yield self._relation(node.id, kind, target, "", mark)

    def _tested_on(self) -> dict[str, set[str]]:
        """For each model, the datasets that evaluations used together with it."""
        found: dict[str, set[str]] = {}
        for step in self.graph.nodes.values():
            if step.kind is not Kind.STEP or step.values("step") != ("evaluate",):
                continue
            used = self.graph.edges_from(step.id, Relation.USED)
            kinds = {edge.target: self.graph.nodes[edge.target].kind for edge in used}
            data = {name for name, kind in kinds.items() if kind is Kind.DATASET}
            for name, kind in kinds.items():
                if kind is Kind.MODEL:
                    found.setdefault(name, set()).update(data)
        return found

    def _gaps(self) -> Iterator[dict[str, Any]]:
        for composition in Views(self.graph).compositions():
            for name in composition["dependencies"]:
                relation = self._relation(name, "descendantOf", NO_ASSERTION, "", [])
                yield {**relation, "completeness": "noAssertion"}


#: Where the relationship type is the nearest, and says more or less than the edge.
_NEAREST = frozenset(
    {
        ("invokedBy", Relation.PERFORMED_BY),
        ("descendantOf", Relation.REVISION_OF),
    }
)


def _where(edge: Edge) -> str:
    return f"{edge.source} {edge.relation.value} {edge.target}"
