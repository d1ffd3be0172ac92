"""There is a version to go back to, and it is known to be good itself.

What it checks: a statement that has the node as its own says that it is a `revision-of`
another thing of the same kind (in a BOM: an ancestor in the pedigree). That one has a
digest, does not come from the node in turn, is not named, nor anything upstream of it,
by an advisory, and is vouched for by itself: with `bom_roles`, its own BOM is signed in
one of these roles; with `verifiers`, one of them has passed exactly its digest, as
`upstream-verdict` asks. For an accepted root the decision stands in. Of several such
targets one good one is enough.

Why it matters: when poison is found, everybody looks for the last good version. Who has
to search for it first goes back too late, or to one with the same poison in it.

Passes: there is such a target (`rollback-target-known`). That its bytes can still be
had, nobody has tried here: keep them.

Fails: an advisory names the target, or something upstream of it
(`rollback-target-tainted`); those who vouch for it may not, or did not pass it
(`rollback-target-refused`).

Unknown: nothing says what it is a revision of (`rollback-target-missing`); the target
has no digest (`rollback-target-undigested`); nobody who counts vouches for it, or not
lately enough (`rollback-target-unproven`); that it is the target is less well assured
than the rule asks (`assurance-too-low`).

Not applicable: ancestors at which lineage ends by decision (`accepted-root`).

What to do: name the previous version in the BOM, and keep its BOM, or a verdict of it,
in the evidence folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Level, edge_assurance
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.policy.asking import worst
from aibom.policy.checks import signed_by, tainted_ancestor, upstream_verdict
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.settings import Days
from aibom.verdict import Status, Tier

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Who has to vouch for the version to go back to."""

    bom_roles: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Roles of signers.yaml that must have signed its BOM."},
    )
    verifiers: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Ids of verifiers, of which one must have passed it."},
    )
    max_age: Days | None = field(
        default=None,
        metadata={"doc": "How old that verdict may be, for example 365d."},
    )
    tier: str = field(
        default="high",
        metadata={
            "doc": "The least strict tier of that verdict.",
            "choices": tuple(tier.value for tier in Tier),
        },
    )

    def __post_init__(self) -> None:
        if not self.bom_roles and not self.verifiers:
            raise ValueError("needs bom_roles or verifiers, or any target would pass")
        if bool(self.verifiers) != (self.max_age is not None):
            raise ValueError("verifiers and max_age are given together")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node: one good target is enough."""
    if context.is_decided_root(node.id) and not context.is_artifact(node.id):
        return not_applicable("accepted-root")
    expected = "a previous version to go back to, vouched for itself"
    answers = [
        _of_target(context, hop, settings, minimum) for hop in _targets(context, node)
    ]
    good = [
        answer
        for answer in answers
        if answer.status is Status.PASS
        and answer.assurance is not None
        and answer.assurance.level >= minimum
    ]
    if not answers:
        text = "nothing says which version came before"
        return unknown("rollback-target-missing", expected=expected, actual=text)
    return replace(good[0] if good else worst(answers), expected=expected)


def _targets(context: Context, node: Node) -> list[Hop]:
    """What it is said to be a revision of; not what is said to come from it."""
    return [
        hop
        for hop in context.graph.up(node.id)
        if hop.edge.relation is Relation.REVISION_OF
        and context.node(hop.to).kind is node.kind
        and node.id not in context.graph.upstream(hop.to).parents
    ]


def _of_target(
    context: Context, hop: Hop, settings: Settings, minimum: Level
) -> Outcome:
    target = context.node(hop.to)
    if target.digest is None:
        text = f"{target.label} has no digest"
        return unknown("rollback-target-undigested", actual=text, beyond=(hop,))
    taint = tainted_ancestor.evaluate(
        context, target, tainted_ancestor.Settings(), minimum
    )
    if taint.status is Status.FAIL:
        hops = (hop, *taint.beyond)
        return fails("rollback-target-tainted", actual=taint.actual, beyond=hops)
    for answer in _vouched(context, target, settings, minimum):
        text = f"{target.label}: {answer.actual} ({answer.reason})"
        details = {"actual": text, "beyond": (hop,), "evidence": answer.evidence}
        if answer.status is Status.FAIL:
            return fails("rollback-target-refused", **details)
        if answer.status is Status.UNKNOWN:
            return unknown("rollback-target-unproven", **details)
    return passes(
        "rollback-target-known",
        actual=f"{target.label} ({target.digest})",
        assurance=edge_assurance(hop.edge, context.evidence),
        beyond=(hop,),
    )


def _vouched(
    context: Context, target: Node, settings: Settings, minimum: Level
) -> list[Outcome]:
    """What the checks say that are asked of the target; a decision is as good."""
    answers = []
    if settings.bom_roles:
        asked = signed_by.Settings(settings.bom_roles, "bom")
        answers.append(signed_by.evaluate(context, target, asked, minimum))
    if settings.verifiers and settings.max_age is not None:
        wanted = upstream_verdict.Settings(
            settings.verifiers, settings.max_age, settings.tier, every=True
        )
        answers.append(upstream_verdict.evaluate(context, target, wanted, minimum))
    return answers


CHECK = Check(
    "rollback-target",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
