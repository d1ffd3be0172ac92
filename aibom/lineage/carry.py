"""Along which edges taint flows: the carry table, in one place.

====================================  =======  =======================================
edge                                  carries  why
====================================  =======  =======================================
step generated entity                 yes      what went in is in what came out
step used entity, any role            yes      a role is a word that the user chose
… of a pure evaluation                no       measuring a thing is not learning from it
derived-from, revision-of, requires   yes      bytes, or behaviour, come from there
party: labeler, collector, supplier,  yes      they put something into it
writer, participant, publisher
party: auditor, reviewer, approver,   no       they looked at it, or answer for it
owner
party in any other role               yes      an unknown role must not be a way around
====================================  =======  =======================================

An evaluation is *pure* when it generates nothing but reports, and nothing is made from
those. Calling a training step ``evaluate`` therefore clears nothing. Fine-tuning,
aligning, quantising and distilling are not in the table, because they clear nothing
either.
"""

from __future__ import annotations

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Relation, State

__all__ = ["CARRYING_ROLES", "EXEMPT_ROLES", "carries", "is_pure_evaluation"]

#: Parties that put something into what they touched. Any role that is not exempt
#: carries: this list is for readers, and for who has to choose a role.
CARRYING_ROLES = frozenset(
    {"labeler", "collector", "supplier", "writer", "participant", "publisher"}
)
#: Parties that looked at a thing, or answer for it; the only roles that do not carry.
EXEMPT_ROLES = frozenset({"auditor", "reviewer", "approver", "owner"})


def carries(graph: Graph, edge: Edge) -> bool:
    """Whether taint at the upstream end of ``edge`` reaches the downstream end."""
    if edge.relation in (Relation.PERFORMED_BY, Relation.ATTRIBUTED_TO):
        return edge.role not in EXEMPT_ROLES
    if edge.relation is Relation.USED:
        return not is_pure_evaluation(graph, edge.source)
    return True


def is_pure_evaluation(graph: Graph, step: str) -> bool:
    """Whether the step only measured: it evaluates, and nothing is made of its reports.

    A step that says nothing about its outputs is not pure, nor is one of which somebody
    says that it did more than evaluate.
    """
    kind = graph.nodes[step]
    if kind.state("step") is not State.KNOWN or kind.value("step") != "evaluate":
        return False
    outputs = [edge.target for edge in graph.edges_from(step, Relation.GENERATED)]
    return bool(outputs) and all(
        graph.nodes[output].kind is Kind.REPORT and not graph.down(output)
        for output in outputs
    )
