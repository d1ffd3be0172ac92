"""What tests of indexes ask: the index, what went into it, and by which model."""

from __future__ import annotations

from aibom.lineage.nodes import Node
from tests.catalog_world import Read

__all__ = ["documents_of", "facts_of", "index_of", "models_of"]


def _by_role(done: Read, relation: str, role: str) -> list[Node]:
    names = {
        edge.target
        for notes in done.notes
        for edge in notes.edges
        if (edge.relation.value, edge.role) == (relation, role)
    }
    return [node for notes in done.notes for node in notes.nodes if node.id in names]


def facts_of(nodes: list[Node]) -> set[tuple[str, str | None]]:
    """Everything that is said of these nodes."""
    return {(fact.field, fact.value) for node in nodes for fact in node.facts}


def index_of(done: Read) -> dict[str, str | None]:
    """The facts of the one index, without its name."""
    facts = dict(facts_of(_by_role(done, "generated", "index")))
    return {field: value for field, value in facts.items() if field != "name"}


def documents_of(done: Read) -> set[tuple[str, str | None]]:
    """Where the documents are from that went into it."""
    told = facts_of(_by_role(done, "used", "retrieval-corpus"))
    return {fact for fact in told if fact[0] in ("source", "location")}


def models_of(done: Read) -> set[tuple[str, str | None]]:
    """The embedding models that it needs."""
    return facts_of(_by_role(done, "requires", "embedding-model"))
