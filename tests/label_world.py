"""What a cataloger of labels wrote down, in a form that tests compare."""

from __future__ import annotations

from aibom.lineage.nodes import Relation
from tests.catalog_world import Read

__all__ = ["counts_of", "step_of"]


def step_of(done: Read) -> dict[str, str | None]:
    """The facts of the one step."""
    [step] = [node for node in done.nodes.values() if node.kind == "step"]
    return {fact.field: fact.value for fact in step.facts}


def counts_of(done: Read) -> dict[str, dict[str, str | None]]:
    """The facts of the edges to those who labelled, by party."""
    return {
        edge.target: {fact.field: fact.value for fact in edge.facts}
        for notes in done.notes
        for edge in notes.edges
        if edge.relation is Relation.PERFORMED_BY
    }
