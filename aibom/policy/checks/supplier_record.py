"""Every organisation that something comes from is a supplier that you have on record.

What it checks: the organisations that made a node, and the sources stated for it,
against `suppliers.yaml`. An organisation is asked about in every role but auditor,
reviewer, approver and owner, also where it signed the node's BOM or its model signature
(`bom-signer`, `model-signer`), or, with `roles`, only in those. Names are compared
letter by letter and sources field by field; what is suspended, without regard to case.
Organisations under `own` need no record; that one of them signed BOM or model says who
supplied it only where a step generated it. People are not asked about: nothing says
whom they work for.

Why it matters: labels and data are bought, and somebody has to have asked who from,
under which agreement, and lately. An incident at a supplier is found by asking who
answers for it.

Passes: each has a record that is approved, has not expired, and was reviewed within
`max_age` (`suppliers-on-record`).

Fails: one is suspended (`supplier-suspended`), its record has expired
(`supplier-record-expired`), or is not for this kind of thing, nor for that role
(`supplier-out-of-scope`).

Unknown: one has no record (`supplier-record-missing`), or was reviewed too long ago
(`supplier-review-too-old`) or after this evaluation (`supplier-review-in-future`);
nothing names a supplier or a source, but perhaps your own signature, and it is not
known, well enough, that a step generated the node (`supplier-not-named`); what is named
is only claimed (`assurance-too-low`).

Not applicable: nodes that a step generated, without any organisation or source
(`generated-by-a-step`), and accepted roots without either (`accepted-root`).

What to do: review the supplier, and write record, agreement and dates into
`suppliers.yaml`; name who supplied it where it is taken in (`--by supplier=org:…`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from aibom.errors import UsageError
from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.carry import CARRYING_ROLES, EXEMPT_ROLES
from aibom.lineage.graph import Hop
from aibom.lineage.identity import parse_party
from aibom.lineage.nodes import Kind, Node
from aibom.policy.asking import worst
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.data import parse_source
from aibom.policy.duties import holders
from aibom.policy.measuring import hops_to_makers
from aibom.policy.moments import weakest
from aibom.policy.settings import Days
from aibom.policy.suppliers import Supplier, Suppliers
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_SIGNERS = ("bom-signer", "model-signer")


@dataclass(frozen=True, slots=True)
class Settings:
    """How recent the reviews must be, and in which roles organisations are asked."""

    max_age: Days = field(
        metadata={"doc": "How long ago the review may have been, for example 365d."}
    )
    roles: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Roles in which an organisation needs a record; none: every role "
            "but auditor, reviewer, approver and owner.",
            "choices": (*sorted(CARRYING_ROLES), *_SIGNERS),
        },
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """An organisation in a role, or a source, that needs a record."""

    name: str
    role: str
    worth: Assurance
    hops: tuple[Hop, ...] = ()

    @property
    def words(self) -> str:
        return f"{self.role} {self.name}"


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of its suppliers decides."""
    known = context.data.suppliers or Suppliers()
    expected = f"suppliers on record, reviewed within {settings.max_age.days} days"
    asked = [*_organisations(context, node, settings), *_sources(context, node)]
    if not context.is_generated(node.id, minimum):
        # Whoever took it in signs for it: that says nothing of where it is from.
        asked = [one for one in asked if not _is_own_signature(one, known)]
    if not asked:
        return replace(_nobody(context, node, minimum), expected=expected)
    others = [one for one in asked if one.name not in known.own]
    answers = [_of_one(context, node, settings, known, one) for one in others]
    worth = max((one.worth for one in asked), key=lambda worth: worth.level)
    if not answers:
        text = f"{asked[0].words} is your own"
        answers = [passes("suppliers-on-record", actual=text, assurance=worth)]
    answer = replace(worst(answers), expected=expected)
    if answer.status is not Status.PASS:
        # An exception is for these suppliers, and not for one more.
        names = {
            f"{found.reason}:{one.name}"
            for one, found in zip(others, answers, strict=True)
            if found.status is not Status.PASS
        }
        return replace(answer, term=" ".join(sorted(names)))
    # Further ones may be claimed by anybody; one that is assured is enough.
    if worth.level < minimum:
        return unknown(
            "assurance-too-low",
            expected=f"a supplier or source that is {minimum.word}",
            actual=answer.actual,
            assurance=worth,
        )
    return replace(answer, assurance=worth)


def _nobody(context: Context, node: Node, minimum: Level) -> Outcome:
    if context.is_generated(node.id, minimum):
        return not_applicable("generated-by-a-step")
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    text = "nothing says who supplied it, nor where it is from"
    return unknown("supplier-not-named", actual=text)


def _is_own_signature(one: _Asked, known: Suppliers) -> bool:
    return one.role in _SIGNERS and one.name in known.own


def _organisations(
    context: Context, node: Node, settings: Settings
) -> Iterator[_Asked]:
    """Every organisation that is asked about, with the way that leads to it."""
    for party, hops in hops_to_makers(context, node.id):
        role = hops[-1].edge.role
        wanted = role in settings.roles if settings.roles else role not in EXEMPT_ROLES
        if wanted and _is_organisation(party):
            worths = (edge_assurance(hop.edge, context.evidence) for hop in hops)
            yield _Asked(party, role or "party", weakest(*worths), hops)
    for holder in holders(context, node.id, settings.roles or _SIGNERS):
        if holder.duty in _SIGNERS and _is_organisation(holder.party or ""):
            yield _Asked(holder.party or "", holder.duty, holder.worth, holder.hops)


def _is_organisation(party: str) -> bool:
    try:
        return parse_party(party).type == "org"
    except UsageError:
        return False


def _sources(context: Context, node: Node) -> Iterator[_Asked]:
    for text, worth in context.sources_of(node.id):
        yield _Asked(text, "source", worth)


def _of_one(
    context: Context, node: Node, settings: Settings, known: Suppliers, one: _Asked
) -> Outcome:
    """Answer for one organisation or source, from every record that is about it."""
    key = ("supplier-record", one.role == "source", one.name)
    loose, strict = context.once(key, lambda _: _records(known, one))
    suspended = [record for record in loose if record.status == "suspended"]
    if suspended:
        text = f"{one.words}: {suspended[0].supplier} is suspended"
        return fails(
            "supplier-suspended", actual=text, assurance=one.worth, beyond=one.hops
        )
    if not strict:
        return unknown(
            "supplier-record-missing",
            actual=f"{one.words} has no record",
            assurance=one.worth,
            beyond=one.hops,
        )
    answers = [_by_record(context, node, settings, one, record) for record in strict]
    # A source that two suppliers publish at is one that either record covers.
    order = (Status.PASS, Status.UNKNOWN, Status.FAIL)
    best = min(answers, key=lambda answer: order.index(answer.status))
    return replace(best, assurance=one.worth, beyond=one.hops)


def _records(
    known: Suppliers, one: _Asked
) -> tuple[tuple[Supplier, ...], tuple[Supplier, ...]]:
    """The records that may be about it, and those that are; nodes share suppliers."""
    if one.role != "source":
        return (
            tuple(r for r in known.records if r.may_be_for(one.name)),
            tuple(r for r in known.records if r.is_for(one.name)),
        )
    source = parse_source(one.name)
    return (
        tuple(r for r in known.records if r.may_be_source(source)),
        tuple(r for r in known.records if r.is_source(source)),
    )


def _by_record(
    context: Context, node: Node, settings: Settings, one: _Asked, record: Supplier
) -> Outcome:
    about = f"{one.words}: record of {record.supplier}"
    if record.expires <= context.now:
        text = f"{about}, expired {record.expires.date()}"
        return fails("supplier-record-expired", actual=text)
    if record.serves and not {node.kind.value, one.role} & set(record.serves):
        text = f"{about} is for {', '.join(record.serves)}"
        return fails("supplier-out-of-scope", actual=text)
    reviewed = f"{about}, reviewed {record.reviewed_on.date()}"
    if record.reviewed_on > context.now:
        return unknown("supplier-review-in-future", actual=reviewed)
    if context.now - record.reviewed_on > settings.max_age:
        return unknown("supplier-review-too-old", actual=reviewed)
    return passes("suppliers-on-record", actual=reviewed)


CHECK = Check(
    "supplier-record",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET}),
    needs=("suppliers.yaml",),
)
