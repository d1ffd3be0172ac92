"""What the record of one step says, and whether anybody who counts stands behind it.

Roles of parties are words of the record. So whoever is not said to have merely looked
on, or to answer for it, had a *hand* in the step, by whatever word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aibom.lineage.assurance import Assurance, edge_assurance, fact_assurance
from aibom.lineage.carry import EXEMPT_ROLES
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Node, Relation, State
from aibom.policy.context import Context, Outcome, fails, unknown
from aibom.policy.moments import weakest
from aibom.statement import PROVENANCE_V1

__all__ = ["hands_in", "not_one_of", "not_signed", "party_of", "step_worth"]


def party_of(hop: Hop) -> str:
    """The party id at the end of a hop."""
    return hop.to.removeprefix("party:")


def hands_in(context: Context, step: str) -> tuple[Hop, ...]:
    """Everybody who took part in the step in any role that is not exempt."""
    return tuple(
        Hop(edge, edge.target)
        for edge in context.graph.edges_from(step, Relation.PERFORMED_BY)
        if edge.role not in EXEMPT_ROLES
    )


def not_signed(context: Context, step: Node, roles: Collection[str]) -> Outcome | None:
    """Why nobody in one of these roles stands behind the step's record; else None.

    ``step-record-absent``, ``step-record-untrusted``, ``signer-role-not-allowed``.
    """
    records = [
        item
        for item in context.evidence.records_of(step.id)
        if item.predicate_type == PROVENANCE_V1
    ]
    if not records:
        return unknown("step-record-absent", actual=f"{step.label} has no record")
    signers = [item.signer for item in records if item.signer]
    locations = tuple(item.location for item in records)
    if not signers:
        refusals = sorted({item.refusal or "unsigned" for item in records})
        text = f"the record of {step.label} does not count: {', '.join(refusals)}"
        return unknown("step-record-untrusted", actual=text, evidence=locations)
    if any(signer.role in roles for signer in signers):
        return None
    names = sorted({f"{signer.name} ({signer.role})" for signer in signers})
    text = f"{step.label} is signed by {', '.join(names)}"
    return fails("signer-role-not-allowed", actual=text, evidence=locations)


def not_one_of(
    step: Node, parameter: str, allowed: Collection[str], word: str
) -> Outcome | None:
    """Why a parameter of the step has not one of the allowed values, letter by letter.

    ``<word>-missing`` where it is not stated in one way, ``<word>-not-allowed``.
    """
    field = f"parameter.{parameter}"
    if step.state(field) is not State.KNOWN:
        told = " / ".join(step.values(field)) or "nothing"
        text = f"{step.label} states for {parameter}: {told}"
        return unknown(f"{word}-missing", actual=text)
    (value,) = step.values(field)
    if value not in allowed:
        text = f"{step.label} states for {parameter}: {value}"
        return fails(f"{word}-not-allowed", actual=text)
    return None


def step_worth(
    context: Context, made: Hop, fields: Iterable[str], parties: Iterable[Hop]
) -> Assurance:
    """The least that is known of a step: that it made the thing, its facts, who did it.

    ``made`` leads to the step, ``parties`` on from there; ``fields`` are the step's.
    """
    step, evidence = context.node(made.to), context.evidence
    return weakest(
        edge_assurance(made.edge, evidence),
        fact_assurance(step, "step", evidence),
        *(fact_assurance(step, field, evidence) for field in fields),
        *(edge_assurance(hop.edge, evidence) for hop in parties),
    )
