"""The audits of a digest: which there are, why none counts, and whether one is current.

What an audit measured, and whether its auditor was independent, is not looked at here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from aibom.lineage.evidence import Audit, Evidence
from aibom.lineage.graph import Hop, nearest_above
from aibom.lineage.nodes import Node
from aibom.policy.context import Context, Outcome, unknown
from aibom.policy.settings import Days
from aibom.statement import AUDIT_V1

__all__ = ["audits_of", "no_audit", "not_fresh"]


def audits_of(context: Context, node: Node, kind: str) -> list[Evidence]:
    """The audits of this type that name exactly the node's digest, trusted or not."""
    return [
        item
        for item in context.evidence.about(node.digest)
        if item.predicate_type == AUDIT_V1
        and item.audit is not None
        and item.audit.type == kind
    ]


def no_audit(
    context: Context, node: Node, kind: str, about: Sequence[Evidence]
) -> Outcome:
    """Why no audit counts: none at all, only of an ancestor, or by nobody who may.

    ``about`` are those of the node itself, none of them by an allowed auditor.
    """
    if about:
        refusals = {
            i.signer.role if i.signer else i.refusal or "unsigned" for i in about
        }
        return unknown(
            "auditor-not-allowed",
            actual=f"audited, but by: {', '.join(sorted(refusals))}",
            evidence=tuple(item.location for item in about),
        )
    moves = context.once(("audited", kind), partial(_moves_to_audited, kind=kind))
    hops = []
    name = node.id
    while name in moves:
        hops.append(moves[name])
        name = moves[name].to
    if hops:
        above = next(iter(audits_of(context, context.node(name), kind)))
        return unknown(
            "audit-of-ancestor",
            actual=f"only {context.node(name).label} was audited; evidence is "
            "never inherited",
            beyond=tuple(hops),
            evidence=(above.location,),
        )
    return unknown("audit-missing", actual="no such audit of this digest was found")


def _moves_to_audited(context: Context, kind: str) -> Mapping[str, Hop]:
    """From each node the way to the nearest ancestor that has such an audit."""
    nodes = context.graph.nodes.values()
    audited = (node.id for node in nodes if audits_of(context, node, kind))
    return nearest_above(context.graph, audited)


def not_fresh(
    context: Context, audit: Audit, max_age: Days | None = None
) -> Outcome | None:
    """Why the audit's date keeps it from counting: too old, or not yet; else None."""
    day = audit.examined_on.date()
    if audit.examined_on > context.now:
        return unknown("audit-from-the-future", actual=f"examined on {day}")
    if max_age and context.now - audit.examined_on > max_age:
        return unknown("audit-stale", actual=f"examined on {day}")
    return None
