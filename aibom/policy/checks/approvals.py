"""Enough different people approved exactly this, and none of them made it.

What it checks: of the people in `approvers` (party ids, letter by letter), how many
approved the node. One has who is named in one of `named_in`: by the steps that
generated it, by the node itself, or by a `review` step that used exactly these bytes;
or who signed, in one of `signer_roles` of `signers.yaml`, an approval of it, its BOM,
its model signature or a verdict that passed it. An approval (`aibom approve`) counts
for exactly these bytes, for its own tier and laxer ones, until it expires or is older
than `max_age`, and as long as `advisories.yaml` does not withdraw it. Nobody counts
twice. Nobody counts who is an author, or may be one by name: whoever took part in
making it in any role but auditor, reviewer, approver or owner, and whoever signed the
record of a step that generated it. With `only_steps`, nodes made by steps of other
kinds are not asked.

Why it matters: one person can be bribed, tricked or wrong. Two who both have to say yes
are two attacks.

Passes: `minimum` or more people are known to be different and no authors (`approved`).
Who is named in a record, and who is left out, is its signer's word; leave `named_in`
empty to count only what the approvers signed themselves.

Fails: there are too few, because an approver is, or may be, an author
(`approver-is-author`), to whom the path leads; or because an approval was withdrawn,
without which there are too few (`approval-revoked`).

Unknown: too few approved it, as far as anybody says (`approvals-too-few`); there would
be enough with approvals that have expired (`approval-expired`), are for a laxer tier
only (`approval-tier-too-low`) or are dated later than now (`approval-from-the-future`);
there are enough, but only with approvals that may have been withdrawn, since there are
no advisories (`advisories-missing`) or they have expired (`advisories-stale`); there
would be enough, but they cannot be compared with each other, or with an author, such as
people under different registrars' keys (`party-not-comparable`); nobody is known who
made it, or a step that did has no record that counts (`author-missing`); the approvals
are less well assured than the rule asks (`assurance-too-low`). With `only_steps`: it is
not known, well enough, which kind of step generated the node (`lineage-open`).

Not applicable: ancestors at which lineage ends by decision (`accepted-root`); with
`only_steps`, nodes that steps of other kinds generated (`no-such-step`).

What to do: have it approved by people who did not make it, and sign that
(`aibom approve`, by a signer of their own in `signers.yaml` with its `party`), or
record it (`--by approver=…`). What has ended or was withdrawn is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.approving import (
    Word,
    authors_of,
    count_people,
    named_approvers,
    signed_approvers,
    words_of,
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
from aibom.policy.settings import Days
from aibom.verdict import Status, Tier

__all__ = ["CHECK", "Settings"]

#: Why an approval does not count, from what is soonest put right to what never will be.
_LAPSES = (
    "approval-expired",
    "approval-tier-too-low",
    "approval-from-the-future",
    "approval-revoked",
)


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
    tier: str = field(
        default=Tier.HIGH.value,
        metadata={
            "doc": "The tier that an approval must be for; one for a stricter tier is.",
            "choices": tuple(tier.value for tier in Tier),
        },
    )
    max_age: Days | None = field(
        default=None,
        metadata={"doc": "How old an approval may be, even if it has not expired."},
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
    answer = _answer(context, node, settings, authors)
    if answer.status is Status.FAIL:
        return answer
    unrecorded = unrecorded_step(context, node.id, ("step-record-signer",))
    if unrecorded or not authors:
        step = f" by {context.node(unrecorded[-1].to).label}" if unrecorded else ""
        text = f"no allowed signer says who made it{step}"
        return unknown(
            "author-missing", expected=answer.expected, actual=text, beyond=unrecorded
        )
    return answer


def _answer(
    context: Context, node: Node, settings: Settings, authors: Sequence[Holder]
) -> Outcome:
    """The answer as far as it hangs on who approved it, and not on who made it."""
    approvers = frozenset(settings.approvers)
    expected = f"approved by {settings.minimum} of {len(approvers)}"
    roles = settings.signer_roles
    found = [
        *named_approvers(context, node, settings.named_in),
        *signed_approvers(context, node, roles),
    ]
    words = words_of(context, node, roles, Tier(settings.tier), settings.max_age)
    words = [word for word in words if word.holder.party in approvers]
    found = [holder for holder in found if holder.party in approvers]
    in_force = [word.holder for word in words if word.lapse is None]

    def count(held: Sequence[Holder]) -> Outcome:
        return _counted(held, authors, settings.minimum, expected)

    answer = count([*found, *in_force])
    if answer.status is Status.PASS:
        doubt = _not_current(context, expected) if in_force else None
        if doubt is None:
            return answer
        without = count(found)
        return without if without.status is Status.PASS else doubt
    if answer.status is Status.UNKNOWN:
        return _lapsed(words, [*found, *in_force], count) or answer
    return answer


def _not_current(context: Context, expected: str) -> Outcome | None:
    """Why it cannot be told whether an approval was withdrawn; None: it can."""
    advisories = context.data.advisories
    if advisories is None:
        actual = "there are no advisories, which could withdraw an approval"
        return unknown("advisories-missing", expected=expected, actual=actual)
    if advisories.expires <= context.now:
        day = advisories.expires.date()
        actual = f"the advisories, which could withdraw an approval, expired on {day}"
        return unknown("advisories-stale", expected=expected, actual=actual)
    return None


def _lapsed(
    words: Sequence[Word],
    counting: Sequence[Holder],
    count: Callable[[Sequence[Holder]], Outcome],
) -> Outcome | None:
    """What is to be said where there were enough, but for approvals that lapsed.

    They are taken back one kind after the other, from what is soonest put right: what
    was withdrawn is told only where there would be too few without it.
    """
    held = list(counting)
    for reason in _LAPSES:
        lapsed = [word for word in words if word.lapse == reason]
        if not lapsed:
            continue
        held += (word.holder for word in lapsed)
        answer = count(held)
        if answer.status is Status.PASS:
            revoked = reason == "approval-revoked"
            say = fails if revoked else unknown
            signers = ", ".join(sorted({word.holder.signer for word in lapsed}))
            return say(
                reason,
                expected=answer.expected,
                actual=f"{count(counting).actual}; not counted: that of {signers}",
                evidence=tuple(word.holder.location for word in lapsed),
                # An exception is for these, and not for one that is withdrawn later.
                term=" ".join(sorted({w.id for w in lapsed})) if revoked else "",
            )
    return None


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
