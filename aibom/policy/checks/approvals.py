"""Enough different people approved exactly this, and none of them made it.

What it checks: of the people in `approvers` (party ids, letter by letter), how many
approved the node. One has who is named in one of `named_in`: by the steps that
generated it, by the node itself, or by a `review` step that used exactly these bytes;
or who signed, in one of `signer_roles` of `signers.yaml`, its BOM, its model signature
or a verdict that passed it. Nobody counts twice. Nobody counts who is an author, or may
be one by name: whoever took part in making it in any role but auditor, reviewer,
approver or owner, and whoever signed the record of a step that generated it. With
`only_steps`, nodes made by steps of other kinds are not asked.

Why it matters: one person can be bribed, tricked or wrong. Two who both have to say yes
are two attacks.

Passes: `minimum` or more people are known to be different and no authors (`approved`).
Who is named in a record, and who is left out, is its signer's word; leave `named_in`
empty to count only what the approvers signed themselves.

Fails: there are too few, because an approver is, or may be, an author
(`approver-is-author`); the path leads there.

Unknown: too few approved it, as far as anybody says (`approvals-too-few`); there would
be enough, but they cannot be compared with each other, or with an author, such as
people under different registrars' keys (`party-not-comparable`); nobody is known who
made it, or a step that did has no record that counts (`author-missing`); the approvals
are less well assured than the rule asks (`assurance-too-low`). With `only_steps`: it is
not known, well enough, which kind of step generated the node (`lineage-open`).

Not applicable: ancestors at which lineage ends by decision (`accepted-root`); with
`only_steps`, nodes that steps of other kinds generated (`no-such-step`).

What to do: have it approved by people who did not make it, and record or sign that
(`--by approver=…`, or a signer of their own in `signers.yaml` with its `party`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.approving import (
    authors_of,
    count_people,
    named_approvers,
    signed_approvers,
)
from aibom.policy.asking import spared
from aibom.policy.context import (
    STEP_KINDS,
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.duties import PARTY_DUTIES, Holder, may_be_one, unrecorded_step
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How many of whom, and what counts as their yes."""

    minimum: int = field(
        metadata={"doc": "How many people must approve.", "minimum": 1}
    )
    approvers: tuple[str, ...] = field(
        metadata={"doc": "Party ids of all people who may approve."}
    )
    named_in: tuple[str, ...] = field(
        default=("approver",),
        metadata={
            "doc": "Roles in which steps name whoever approved.",
            "choices": PARTY_DUTIES,
        },
    )
    signer_roles: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Roles of signers.yaml whose signature is an approval."},
    )
    only_steps: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Kinds of steps whose outputs are asked; none: every node.",
            "choices": STEP_KINDS,
        },
    )

    def __post_init__(self) -> None:
        if not self.named_in and not self.signer_roles:
            raise ValueError("needs named_in or signer_roles, or nothing could approve")
        if self.minimum > len(set(self.approvers)):
            raise ValueError("minimum is more than there are approvers")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node: how many are known to be different, and no authors."""
    if context.is_decided_root(node.id) and not context.is_artifact(node.id):
        return not_applicable("accepted-root")
    needless = spared(context, node, settings.only_steps, minimum)
    if needless is not None:
        return needless
    authors = authors_of(context, node)
    found = [
        holder
        for holder in (
            *named_approvers(context, node, settings.named_in),
            *signed_approvers(context, node, settings.signer_roles),
        )
        if holder.party in settings.approvers
    ]
    expected = f"approved by {settings.minimum} of {len(set(settings.approvers))}"
    answer = _counted(found, authors, settings.minimum, expected)
    if answer.status is Status.FAIL:
        return answer
    unrecorded = unrecorded_step(context, node.id, ("step-record-signer",))
    if unrecorded or not authors:
        step = f" by {context.node(unrecorded[-1].to).label}" if unrecorded else ""
        text = f"no allowed signer says who made it{step}"
        return unknown(
            "author-missing", expected=expected, actual=text, beyond=unrecorded
        )
    return answer


def _counted(
    found: Sequence[Holder], authors: Sequence[Holder], asked: int, expected: str
) -> Outcome:
    others = [h for h in found if not any(_is_one(h, author) for author in authors)]
    apart = [h for h in others if all(_differs(h, author) for author in authors)]
    count = count_people(apart, asked)
    text = f"approved by {count.known}"
    if count.worth is not None:
        return passes(
            "approved",
            expected=expected,
            actual=text,
            assurance=count.worth,
            evidence=tuple(holder.location for holder in apart if holder.location),
        )
    both = next((h for h in found if h not in others), None)
    if both is not None and count_people(found, asked).at_most >= asked:
        author = next(author for author in authors if _is_one(both, author))
        return fails(
            "approver-is-author",
            expected=expected,
            actual=f"{text}; {both.named} may be {author.named}",
            beyond=author.hops,
        )
    if count_people(others, asked).at_most >= asked:
        text = f"{text} who can be compared, with each other and with all authors"
        return unknown("party-not-comparable", expected=expected, actual=text)
    return unknown("approvals-too-few", expected=expected, actual=text)


def _is_one(holder: Holder, author: Holder) -> bool:
    return may_be_one(holder, author) is True


def _differs(holder: Holder, author: Holder) -> bool:
    return may_be_one(holder, author) is False


CHECK = Check("approvals", Settings, evaluate, ENTITY_KINDS)
