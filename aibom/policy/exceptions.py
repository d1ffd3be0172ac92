"""Exceptions (risk acceptances): findings that somebody decided to live with.

``waivers.yaml`` holds them. One function, :func:`judge`, says what each is worth, for
the gate, the dry run and every report; there is no second place that could forget an
expiry. An exception is for one rule, the exact digest of one thing, and one reason (and
where the rule says more exactly what it found, for that): what changes is not covered.
It hides nothing: the result stays what it is and says which exception stands on it.

An exception that cannot be used is shown with the reason why, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from aibom.digest import Digest
from aibom.lineage.evidence import Evidence
from aibom.lineage.identity import may_be_same_party
from aibom.lineage.nodes import Relation
from aibom.namespaces import name_matches
from aibom.policy.context import Context
from aibom.policy.waivers import ExceptionEntry, ExceptionRules, Waivers
from aibom.verdict import ExceptionNote, Result, Status, Tier

__all__ = [
    "EXPIRING",
    "Subject",
    "apply",
    "digests_of",
    "judge",
]

#: So long before its end an exception is shown as expiring.
EXPIRING = timedelta(days=14)

_EXCEPTABLE = (Status.FAIL, Status.UNKNOWN)
_IN_FORCE = ("active", "expiring")


@dataclass(frozen=True, slots=True)
class Subject:
    """What exceptions are judged against: one evaluation, and the policy's rules."""

    context: Context
    results: tuple[Result, ...]
    exceptable: Mapping[str, bool]
    tier: Tier
    allowed: ExceptionRules | None


def judge(waivers: Waivers, subject: Subject) -> tuple[ExceptionNote, ...]:
    """What each exception is worth now, by id.

    States: ``invalid`` (with the reason), ``pending`` (approved on a day to come),
    ``expired``, ``orphan`` (no finding fits), ``expiring`` and ``active``. Only the
    last two change anything.
    """
    notes = [_note(waivers, entry, subject) for entry in waivers.entries]
    return tuple(sorted(notes, key=lambda note: note.id))


def apply(
    results: Iterable[Result],
    notes: Iterable[ExceptionNote],
    graph_digests: Mapping[str, str],
) -> tuple[Result, ...]:
    """The results, with the id of the exception on each that one is in force for.

    ``graph_digests`` has the digest text of each node.
    """
    in_force = {
        (note.rule, note.subject, note.reason_code, note.term): note.id
        for note in reversed(tuple(notes))
        if note.state in _IN_FORCE
    }
    return tuple(
        replace(result, exception=in_force.get(_result_key(result, graph_digests), ""))
        if result.status in _EXCEPTABLE
        else result
        for result in results
    )


def _result_key(
    result: Result, digests: Mapping[str, str]
) -> tuple[str, str, str, str]:
    return result.rule, digests.get(result.node, ""), result.reason, result.term


def _note(waivers: Waivers, entry: ExceptionEntry, subject: Subject) -> ExceptionNote:
    why = _invalid(waivers, entry, subject)
    now = subject.context.now
    if why:
        state = "invalid"
    elif now < entry.approved_on:
        state = "pending"
    elif now >= entry.expires:
        state = "expired"
    elif not _matching(entry, subject):
        state = "orphan"
    else:
        state = "expiring" if entry.expires - now <= EXPIRING else "active"
    return ExceptionNote(
        id=entry.id,
        state=state,
        why=why,
        rule=entry.rule,
        subject=str(entry.subject),
        reason_code=entry.reason_code,
        term=entry.term,
        reason=entry.reason,
        ticket=entry.ticket,
        requested_by=entry.requested_by,
        approved_by=entry.approved_by,
        expires=entry.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _matching(entry: ExceptionEntry, subject: Subject) -> list[Result]:
    digests = digests_of(subject.context)
    wanted = (entry.rule, str(entry.subject), entry.reason_code, entry.term)
    return [
        result
        for result in subject.results
        if result.status in _EXCEPTABLE and _result_key(result, digests) == wanted
    ]


def digests_of(context: Context) -> Mapping[str, str]:
    """The digest of each node as text; those without one cannot be excepted."""
    return {
        name: str(node.digest)
        for name, node in context.graph.nodes.items()
        if node.digest is not None
    }


def _invalid(waivers: Waivers, entry: ExceptionEntry, subject: Subject) -> str:
    """Why an exception cannot be used at all; empty where it can."""
    allowed = subject.allowed
    if allowed is None:
        return "the policy allows no exceptions"
    if waivers.signed_by not in allowed.roles:
        return f"the file is not signed by {' or '.join(allowed.roles)}"
    if entry.rule not in subject.exceptable:
        return "no rule in force has this id"
    if not subject.exceptable[entry.rule]:
        return "this rule allows no exception"
    limit = allowed.max_days[subject.tier]
    if entry.expires - entry.approved_on > timedelta(days=limit):
        return f"lasts longer than the {limit} days of tier {subject.tier}"
    names = _names(entry.subject, subject.context)
    foreign = [n for n in names if not _may_name(waivers, n)]
    if foreign:
        return f"its signer may not speak of {foreign[0]}"
    return _not_independent(entry, waivers.party, subject)


def _names(digest: Digest, context: Context) -> list[str]:
    nodes = [n for n in context.graph.nodes.values() if n.digest == digest]
    return sorted({name for node in nodes for name in node.values("name")})


def _may_name(waivers: Waivers, name: str) -> bool:
    return any(name_matches(pattern, name) for pattern in waivers.namespaces)


def _not_independent(
    entry: ExceptionEntry, signer: str | None, subject: Subject
) -> str:
    """Nobody approves what they asked for, nor what they made; nor signs that."""
    if signer is None:
        return "signers.yaml does not say who stands behind the signature"
    made = {a for a in _authors(entry.subject, subject.context) if a}
    if any(_same(one, signer) is not False for one in (entry.requested_by, *made)):
        return "whoever signed the file requested it, or made the subject"
    same = _same(entry.requested_by, entry.approved_by)
    if same is not False:
        told = "is" if same else "cannot be told from"
        return f"whoever approved it {told} whoever requested it"
    authors = _authors(entry.subject, subject.context)
    if "" in authors:
        return "signers.yaml does not say who stands behind a signer of the subject"
    for author in sorted(authors):
        same = _same(author, entry.approved_by)
        if same is not False:
            told = "is" if same else "cannot be told from"
            return f"whoever approved it {told} an author of the subject ({author})"
    return ""


def _same(one: str, other: str) -> bool | None:
    """Whether two parties may be one; a person is no organisation.

    Whose employee somebody is stands nowhere, and a risk owner is of the house.
    """
    if one.partition(":")[0] != other.partition(":")[0]:
        return False
    return may_be_same_party(one, other)


def _authors(digest: Digest, context: Context) -> set[str]:
    """The parties behind a thing: of the steps that made it, and who signed for it."""
    authors: set[str] = set()
    for name, node in context.graph.nodes.items():
        if node.digest != digest:
            continue
        for step in context.graph.generating_steps(name):
            edges = context.graph.edges_from(step, Relation.PERFORMED_BY)
            authors.update(edge.target.removeprefix("party:") for edge in edges)
            authors.update(_signers(context.evidence.owning(step)))
        authors.update(_signers(context.evidence.owning(name)))
    return authors


def _signers(items: Iterable[Evidence]) -> set[str]:
    """Who stands behind statements; empty where ``signers.yaml`` does not say."""
    return {item.signer.party or "" for item in items if item.signer is not None}
