"""Who approved a thing, who made it, and how many of the former are known to be others.

Only people approve: an organisation or a program in that role is nobody in particular.
Two people are known to be different only under one registrar's key, so approvals are
counted key by key, and the best count is the one that is known.

An *approval* is a statement of its own (``aibom approve``), which ends and can be
withdrawn; the other words for a thing are what its makers sign anyway.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from aibom.errors import UsageError
from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.carry import EXEMPT_ROLES
from aibom.lineage.evidence import Approval, Evidence, UpstreamVerdict
from aibom.lineage.identity import parse_party
from aibom.lineage.nodes import Node, Relation
from aibom.policy.context import Context
from aibom.policy.duties import Holder, holders
from aibom.policy.measuring import hops_to_makers
from aibom.policy.moments import weakest
from aibom.policy.reviewing import is_called_review
from aibom.policy.settings import Days
from aibom.statement import OMS_V1, REFERENCE_V01
from aibom.verdict import Tier

__all__ = [
    "Count",
    "Word",
    "authors_of",
    "count_people",
    "named_approvers",
    "signed_approvers",
    "words_of",
]

_STRICTEST_FIRST = tuple(Tier)
_HEX = re.compile(r"([0-9a-f]{8})[0-9a-f]{8,}")


def authors_of(context: Context, node: Node) -> list[Holder]:
    """Everybody who had a hand in it, by any word, and who signed how it was made."""
    found = list(holders(context, node.id, ("step-record-signer",)))
    for party, hops in hops_to_makers(context, node.id):
        edge = hops[-1].edge
        if edge.role not in EXEMPT_ROLES:
            worth = edge_assurance(edge, context.evidence)
            found.append(Holder(node.id, edge.role, party, "", hops, worth))
    return found


def named_approvers(
    context: Context, node: Node, roles: Collection[str]
) -> Iterator[Holder]:
    """Those whom the steps name that made it, or that reviewed exactly these bytes."""
    yield from holders(context, node.id, tuple(roles))
    for used in context.graph.edges_into(node.id, Relation.USED):
        step = context.node(used.source)
        if not is_called_review(context, step.id):
            continue
        for role in roles:
            for hop in context.parties_of(step.id, role):
                worth = weakest(
                    edge_assurance(used, context.evidence),
                    fact_assurance(step, "step", context.evidence),
                    edge_assurance(hop.edge, context.evidence),
                )
                party = hop.to.removeprefix("party:")
                yield Holder(node.id, role, party, "", (), worth)


def signed_approvers(
    context: Context,
    node: Node,
    roles: Collection[str],
    tier: Tier,
    max_age: Days | None = None,
) -> Iterator[Holder]:
    """Those who signed in one of these roles what can be a word for it.

    That is its BOM, its model signature, or a verdict that passed it for this tier or a
    stricter one, and still holds. Approvals, which may have ended, are
    :func:`words_of`.
    """
    for holder, item in _signers(context, node, roles):
        if item.verdict is not None:
            counts = _still_passes(context, item.verdict, tier, max_age)
        else:
            counts = item.predicate_type in (REFERENCE_V01, OMS_V1)
        if counts:
            yield holder


def _signers(
    context: Context, node: Node, roles: Collection[str]
) -> Iterator[tuple[Holder, Evidence]]:
    """All that is said of exactly these bytes by signers in these roles."""
    for item in context.evidence.about(node.digest):
        signer = item.signer
        if signer is not None and signer.role in roles:
            worth = Assurance(Level.ATTESTED, f"signed by {signer.name}")
            party, name = signer.party, signer.name
            where = item.location
            yield Holder(node.id, signer.role, party, name, (), worth, where), item


@dataclass(frozen=True, slots=True)
class Word:
    """An approval by somebody who may approve; ``lapse`` is why it does not count.

    ``told`` is that in words, with dates: who reads them can look it up.
    """

    id: str
    holder: Holder
    lapse: str | None
    told: str = ""


def words_of(
    context: Context,
    node: Node,
    roles: Collection[str],
    tier: Tier,
    max_age: Days | None = None,
) -> list[Word]:
    """The approvals of exactly this node by signers in these roles, lapsed or not.

    Whether the advisories that may withdraw one are there, and current, is not asked.
    """
    return [
        Word(item.id, holder, *_lapse(context, item, item.approval, tier, max_age))
        for holder, item in _signers(context, node, roles)
        if item.approval is not None
    ]


def _lapse(
    context: Context,
    item: Evidence,
    approval: Approval,
    tier: Tier,
    max_age: Days | None,
) -> tuple[str | None, str]:
    """Why an approval does not count: of several reasons the least to be put right."""
    advisories = context.data.advisories
    named = advisories.naming([("approval", f"sha256:{item.id}")]) if advisories else ()
    if advisories and named:
        by = advisories.items[named[0]]
        told = f'withdrawn {by.published.date()} by {_short(by.id)} ("{by.summary}")'
        return "approval-revoked", told
    given = approval.approved_at.date()
    if approval.approved_at > context.now:
        told = f"dated {approval.approved_at:%Y-%m-%dT%H:%M:%SZ}, which is to come"
        return "approval-from-the-future", told
    if _STRICTEST_FIRST.index(approval.tier) > _STRICTEST_FIRST.index(tier):
        told = f"approved for tier {approval.tier.value}, not for {tier.value}"
        return "approval-tier-too-low", told
    if approval.expires <= context.now:
        return "approval-expired", f"expired {approval.expires.date()}"
    if max_age is not None and context.now - approval.approved_at > max_age:
        told = f"approved {given}, more than {max_age.days} days ago"
        return "approval-expired", told
    ends = approval.expires
    if max_age is not None and ends - approval.approved_at > max_age:
        ends = approval.approved_at + max_age
    return None, f"counts (until {ends.date()})"


def _short(text: str) -> str:
    """An id with the digests in it cut short."""
    return _HEX.sub(r"\1…", text)


def _still_passes(
    context: Context, said: UpstreamVerdict, tier: Tier, max_age: Days | None
) -> bool:
    """Whether a verdict is a yes that is in force, by the same rules as an approval.

    It is as old as the moment that it was asked for, if that is further back.
    """
    if not said.passed or said.report_only:
        return False
    if _STRICTEST_FIRST.index(said.tier) > _STRICTEST_FIRST.index(tier):
        return False
    if said.expires is not None and said.expires <= context.now:
        return False
    times = (said.verified_at, said.effective_time)
    if max(times) > context.now:
        return False
    return max_age is None or context.now - min(times) <= max_age


@dataclass(frozen=True, slots=True)
class Count:
    """``known`` people are known to be different; ``at_most`` there can be.

    ``worth`` is the least that is known of the ``asked`` best of them; None where there
    are fewer.
    """

    known: int
    at_most: int
    worth: Assurance | None


def count_people(found: Iterable[Holder], asked: int) -> Count:
    """Count the different people among some holders."""
    groups: dict[str, dict[str, Assurance]] = {}
    for holder in found:
        key = _registrar(holder)
        if key is None or holder.party is None:
            continue
        group = groups.setdefault(key, {})
        held = group.get(holder.party)
        if held is None or holder.worth.level > held.level:
            group[holder.party] = holder.worth
    known = max((len(group) for group in groups.values()), default=0)
    worths = (_nth(group, asked) for group in groups.values() if len(group) >= asked)
    best = max(worths, key=lambda worth: worth.level, default=None)
    return Count(known, sum(len(group) for group in groups.values()), best)


def _nth(group: Mapping[str, Assurance], asked: int) -> Assurance:
    ordered = sorted(group.values(), key=lambda worth: worth.level, reverse=True)
    return ordered[asked - 1]


def _registrar(holder: Holder) -> str | None:
    """The key under which a person is named; None for whoever is no person."""
    try:
        return parse_party(holder.party or "").key
    except UsageError:
        return None
