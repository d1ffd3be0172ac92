"""The node's own statement is signed by a signer in one of these roles.

What it checks: among the statements that name the node's exact digest as their own
subject, at least one is signed by an allowed signer whose role is listed. For the
artifact and for datasets or base models with a BOM of their own that is the BOM's
signer; for anything a recorded step generated, the signer of the step's record counts
too, and so does an OpenSSF model signature (`model.sig`) over exactly the same files,
unless `statement` asks for one of them.

Why it matters: a signature says who answers for something. One that nobody asked for,
or by someone who may not say it, answers nothing.

Passes: a statement about this digest is signed in a listed role (`signed`).

Fails: statements about this digest are signed by allowed signers, all in other roles
(`signer-role-not-allowed`).

Unknown: nobody who is allowed has signed anything about this digest
(`signature-missing`). The rule asks for more than a signature can give
(`assurance-too-low`).

Not applicable: accepted roots, for which a decision stands in (`accepted-root`).

What to do: have it signed by the role that owns it (`aibom sign`), and put the bundle
into the evidence folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.evidence import Evidence
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.statement import OMS_V1, PROVENANCE_V1, REFERENCE_V01

__all__ = ["CHECK", "Settings"]

_TYPES = {
    "bom": REFERENCE_V01,
    "step-record": PROVENANCE_V1,
    "model-signature": OMS_V1,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Who must have signed what."""

    roles: tuple[str, ...] = field(
        metadata={"doc": "Roles of signers.yaml, of which one must have signed."}
    )
    statement: str = field(
        default="any",
        metadata={
            "doc": "Which statement must carry the signature.",
            "choices": ("any", "bom", "step-record", "model-signature"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer from the trusted statements that have the node as their own."""
    if context.is_decided_root(node.id) and not context.is_artifact(node.id):
        return not_applicable("accepted-root")
    found = [item for item in _trusted(context, node) if _counts(item, settings)]
    expected = f"signed by {' or '.join(settings.roles)}"
    if settings.statement != "any":
        expected = f"its {settings.statement} {expected}"
    for item in found:
        if item.signer and item.signer.role in settings.roles:
            return passes(
                "signed",
                expected=expected,
                actual=f"signed by {item.signer.name} ({item.signer.role})",
                assurance=Assurance(Level.ATTESTED, item.location),
                evidence=(item.location,),
            )
    if found:
        names = sorted(
            {f"{i.signer.name} ({i.signer.role})" for i in found if i.signer}
        )
        return fails(
            "signer-role-not-allowed",
            expected=expected,
            actual=f"signed by {', '.join(names)}",
            evidence=tuple(item.location for item in found),
        )
    refused = sorted(
        {i.refusal for i in context.evidence.about(node.digest) if i.refusal}
    )
    because = f" (there are statements that do not count: {', '.join(refused)})"
    return unknown(
        "signature-missing",
        expected=expected,
        actual="no statement of an allowed signer about it"
        + (because if refused else ""),
    )


def _trusted(context: Context, node: Node) -> tuple[Evidence, ...]:
    """Statements of allowed signers about it; a model signature owns no node."""
    signatures = (
        item
        for item in context.evidence.about(node.digest)
        if item.trusted and item.predicate_type == OMS_V1
    )
    return (*context.evidence.owning(node.id), *signatures)


def _counts(item: Evidence, settings: Settings) -> bool:
    if settings.statement == "any":
        return item.predicate_type in _TYPES.values()
    return item.predicate_type == _TYPES[settings.statement]


CHECK = Check("signed-by", Settings, evaluate, ENTITY_KINDS)
