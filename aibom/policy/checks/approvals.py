"""Enough different people approved exactly this, and none of them made it.

What it checks: of the people in `approvers` (party ids, letter by letter), how many
approved the node. One has who is named in one of `named_in`: by the steps that
generated it, by the node itself, or by a `review` step that used exactly these bytes;
or who signed, in one of `signer_roles` of `signers.yaml`, an approval of it, its BOM,
its model signature or a verdict that passed it. An approval (`aibom approve`) counts
for exactly these bytes, for its own tier and laxer ones, until it expires or is older
than `max_age`, and as long as `advisories.yaml` does not withdraw it. A verdict counts
for its own tier and laxer ones, until it expires or is older than `max_age`, and not if
it is dated later than now. Nobody counts twice. Nobody counts who is an author, or may
be one by name: whoever took part in making it in any role but auditor, reviewer,
approver or owner, and whoever signed the record of a step that generated it. With
`only_steps`, nodes made by steps of other kinds are not asked.

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

from collections.abc import Sequence
from dataclasses import dataclass, field

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import ENTITY_KINDS, Node
from aibom.policy.approval_account import Account, listed
from aibom.policy.approving import (
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
            "author-missing",
            expected=answer.expected,
            actual=text,
            beyond=unrecorded,
            advice="Put the signed record of the step that made it into the evidence: "
            "else any approver may have made it.",
        )
    return answer


def _answer(
    context: Context, node: Node, settings: Settings, authors: Sequence[Holder]
) -> Outcome:
    """The answer as far as it hangs on who approved it, and not on who made it."""
    approvers = frozenset(settings.approvers)
    roles = settings.signer_roles
    tier = Tier(settings.tier)
    found = [
        *named_approvers(context, node, settings.named_in),
        *signed_approvers(context, node, roles, tier, settings.max_age),
    ]
    words = words_of(context, node, roles, tier, settings.max_age)
    words = [word for word in words if word.holder.party in approvers]
    found = [holder for holder in found if holder.party in approvers]
    in_force = [word.holder for word in words if word.lapse is None]
    held = [*found, *in_force]
    account = Account(
        context, node, settings.approvers, roles, held, words, tuple(authors)
    )
    asking = _Asking(settings, account)
    answer = asking.count(held)
    if answer.status is Status.PASS:
        doubt = asking.not_current() if in_force else None
        if doubt is None:
            return answer
        without = asking.count(found)
        return without if without.status is Status.PASS else doubt
    if answer.status is Status.UNKNOWN:
        return asking.lapsed() or answer
    return answer


@dataclass(frozen=True, slots=True)
class _Asking:
    """One question, with all there is to tell of it."""

    settings: Settings
    account: Account

    @property
    def expected(self) -> str:
        of = len(set(self.settings.approvers))
        return f"approved by {self.settings.minimum} of {of}"

    def not_current(self) -> Outcome | None:
        """Why it cannot be told whether an approval was withdrawn; None: it can."""
        context = self.account.context
        advisories = context.data.advisories
        if advisories is None:
            actual = "there are no advisories, which could withdraw an approval"
            return unknown(
                "advisories-missing",
                expected=self.expected,
                actual=f"{actual}. {self.account.people()}",
                advice="Put advisories.yaml into the policy's folder, and into `data` "
                "of policy.yaml; it may be empty of advisories.",
            )
        if advisories.expires <= context.now:
            day = advisories.expires.date()
            actual = (
                f"the advisories, which could withdraw an approval, expired on {day}"
            )
            return unknown(
                "advisories-stale",
                expected=self.expected,
                actual=f"{actual}. {self.account.people()}",
                advice=f"Get the current advisories.yaml (this one ended {day}). "
                "Nothing is known to have been withdrawn.",
            )
        return None

    def lapsed(self) -> Outcome | None:
        """What is to be said where there were enough, but for approvals that lapsed.

        They are taken back one kind after the other, from what is soonest put right:
        what was withdrawn is told only where there would be too few without it.
        """
        words = self.account.words
        held = list(self.account.counting)
        for reason in _LAPSES:
            lapsed = [word for word in words if word.lapse == reason]
            if not lapsed:
                continue
            held += (word.holder for word in lapsed)
            if self.count(held).status is Status.PASS:
                revoked = reason == "approval-revoked"
                say = fails if revoked else unknown
                return say(
                    reason,
                    expected=self.expected,
                    actual=self._told(self.account.counting),
                    evidence=tuple(word.holder.location for word in lapsed),
                    # An exception is for these, and not for one withdrawn later.
                    term=" ".join(sorted({w.id for w in lapsed})) if revoked else "",
                    advice=self._again(reason),
                )
        return None

    def count(self, found: Sequence[Holder]) -> Outcome:
        """The answer if these were all who approved it."""
        authors, asked = self.account.authors, self.settings.minimum
        others = [h for h in found if not any(_is_one(h, author) for author in authors)]
        apart = _apart(others, authors)
        count = count_people(apart, asked)
        if count.worth is not None:
            return passes(
                "approved",
                expected=self.expected,
                actual=self._told(found),
                assurance=count.worth,
                evidence=tuple(holder.location for holder in apart if holder.location),
            )
        both = next((h for h in found if h not in others), None)
        if both is not None and count_people(found, asked).at_most >= asked:
            author = next(author for author in authors if _is_one(both, author))
            return fails(
                "approver-is-author",
                expected=self.expected,
                actual=self._told(found),
                beyond=author.hops,
                advice=f"Whoever made it does not count. {self._more(found)}",
            )
        if count_people(others, asked).at_most >= asked:
            return self._not_comparable(found)
        return unknown(
            "approvals-too-few",
            expected=self.expected,
            actual=self._told(found),
            advice=self._more(found),
        )

    def _not_comparable(self, found: Sequence[Holder]) -> Outcome:
        who, todo = self.account.apart()
        known = f"{self._known(found)} of {self.settings.minimum} needed"
        advice = listed(todo, "; ") or "name all under one registrar's key"
        return unknown(
            "party-not-comparable",
            expected=self.expected,
            actual=f"{known} are known to be different people, and no authors. "
            f"{listed(who, '; ')}",
            advice=f"{advice[:1].upper()}{advice[1:]}. Only people under one "
            "registrar's key can be told apart.",
        )

    def _known(self, found: Sequence[Holder]) -> int:
        authors = self.account.authors
        others = _apart(found, authors)
        return count_people(others, self.settings.minimum).known

    def _told(self, found: Sequence[Holder]) -> str:
        head = f"{self._known(found)} of {self.settings.minimum} needed."
        return f"{head} {self.account.people()}"

    def _more(self, found: Sequence[Holder]) -> str:
        """Who is left to be asked, and how."""
        missing = self.account.missing()
        if not missing:
            return (
                "Nobody is left of `approvers`: have somebody who did not make it "
                "added to the rule."
            )
        more = self.settings.minimum - self._known(found)
        who = f"Have exactly these bytes approved by {more} more ({listed(missing)})"
        if len(missing) < more:
            who = f"Too few are left: have somebody added to the rule. {who}"
        if not self.settings.signer_roles:
            roles = " or ".join(self.settings.named_in)
            return f"{who}, and record it (`--by {roles}=…`, or a `review` step)."
        return f"{who}: `{self._command()}`, into the evidence."

    def _again(self, reason: str) -> str:
        who = listed(self.account.lapsed(reason))
        if reason == "approval-revoked":
            return (
                "Find out why it was withdrawn, and use the build that is meant. Where "
                f"these bytes are meant after all, have them approved anew by {who} or "
                f"another approver: `{self._command()}`."
            )
        if reason == "approval-from-the-future":
            return (
                f"See whose clock is wrong, here or that of {who}; then approve anew."
            )
        return (
            f"Have it approved anew by {who}: `{self._command()}`, into the evidence."
        )

    def _command(self) -> str:
        tier = self.settings.tier
        return f"aibom approve REF --tier {tier} --expires DATE --ticket ID --key KEY"


def _apart(found: Sequence[Holder], authors: Sequence[Holder]) -> list[Holder]:
    """Those who are known to be no authors."""
    return [h for h in found if all(_differs(h, author) for author in authors)]


def _is_one(holder: Holder, author: Holder) -> bool:
    return may_be_one(holder, author) is True


def _differs(holder: Holder, author: Holder) -> bool:
    return may_be_one(holder, author) is False


CHECK = Check("approvals", Settings, evaluate, ENTITY_KINDS)
