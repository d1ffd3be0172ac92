"""Answers and documents of suppliers in evidence folders, and what they are worth.

An unsigned answer is a claim of whom it names. A signed one is a statement of its
signer, if that is an allowed signer for such statements and *is* the organisation that
it names; and of that signer only about its own: things that the statement names as
subjects, under names in the signer's namespaces. Nothing here decides, and a gate does
not read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from aibom.attest.answers_statement import (
    ANSWERS_V1,
    SuppliedAnswer,
    SuppliedAnswers,
    read_answers,
)
from aibom.attest.bundle import parse_bundle
from aibom.attest.document_statement import (
    DOCUMENT_V1,
    SuppliedDocument,
    read_document,
)
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import Identified, identify
from aibom.digest import Digest
from aibom.errors import AibomError, DocumentInvalid
from aibom.operations.files import read_small, shown
from aibom.operations.records import BUNDLE_END, STATEMENT_END
from aibom.operations.suppliers.exact import is_one_organisation, is_same
from aibom.statement import Statement

__all__ = [
    "About",
    "Supplied",
    "SuppliedFiles",
    "SupplierAnswer",
    "answers_of",
    "documents_of",
    "read_supplied",
]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class About:
    """A thing of the lineage: its id, its digest where it has one, all its names.

    ``owners`` are the organisations of which the lineage says that it is theirs.
    """

    node: str
    digest: Digest | None
    names: tuple[str, ...]
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Supplied:
    """One statement with answers or a document, and who stands behind it.

    ``signer`` is set only for an allowed signer who is the organisation that the
    statement names; else ``refusal`` is the reason code.
    """

    id: str
    location: str
    subjects: tuple[tuple[str, Digest], ...]
    answers: SuppliedAnswers | None = None
    document: SuppliedDocument | None = None
    signer: AllowedSigner | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class SuppliedFiles:
    """What evidence folders hold; ``problems`` are files that could not be used."""

    items: tuple[Supplied, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SupplierAnswer:
    """One answer about one thing, as a report tells it.

    ``signed_by`` is the name of the signer where it is that one's own word about its
    own; else None, and ``refusal`` says why (``signature-absent`` for none). ``lapsed``
    says that it held until a day that has passed, ``not_yet`` that it holds from a day
    to come. ``conflicts`` are what it disagrees with, in words.
    """

    question: str
    text: str
    exact: str
    by: str
    signed_by: str | None
    refusal: str | None
    received: datetime
    since: datetime | None
    valid_until: datetime | None
    evidence: tuple[tuple[str, str], ...]
    location: str
    statement: str
    lapsed: bool = False
    not_yet: bool = False
    conflicts: tuple[str, ...] = ()


# ── reading ──


def read_supplied(
    folders: Iterable[Path], signers: Sequence[AllowedSigner], now: datetime
) -> SuppliedFiles:
    """Read the statements of suppliers in evidence folders, at any depth.

    Other statements are passed over, and so is what cannot be read as one: whoever
    collects the evidence of a run answers for those. A statement of ours that is
    malformed, whose signature does not hold, or that says it was received after it was
    signed or on a day to come, is a problem and counts for nothing.
    """
    found: dict[str, Supplied] = {}
    problems: list[str] = []
    for folder in folders:
        for path in _files(folder):
            location = shown(path, folder)
            try:
                one = _read(path, location, tuple(signers), now)
            except AibomError as error:
                # Messages of the operating system name the whole path.
                told = error.message.replace(str(path), location)
                problems.append(f"{location}: {told} [{error.reason}]")
                continue
            if one is not None:
                held = found.get(one.id)
                if held is None or (held.signer is None and one.signer is not None):
                    found[one.id] = one
    ordered = sorted(found.values(), key=lambda one: (one.id, one.location))
    return SuppliedFiles(tuple(ordered), tuple(sorted(problems)))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        named = path.name.endswith((BUNDLE_END, STATEMENT_END))
        if named and not path.name.startswith(".") and path.is_file():
            yield path


def _read(
    path: Path, location: str, signers: tuple[AllowedSigner, ...], now: datetime
) -> Supplied | None:
    data = read_small(path)
    signed = path.name.endswith(BUNDLE_END)
    try:
        payload = parse_bundle(data, location).payload if signed else data
        statement = Statement.parse(payload, location)
    except AibomError:
        return None
    if statement.predicate_type not in (ANSWERS_V1, DOCUMENT_V1):
        return None
    found = Identified(statement, None, "signature-absent")
    if signed:
        found = identify(parse_bundle(data, location), signers, now)
    return _supplied(found, location, now)


def _supplied(found: Identified, location: str, now: datetime) -> Supplied:
    statement = found.statement
    subjects = tuple(
        (subject.name or "", digest)
        for subject in statement.subjects
        if (digest := subject.content()) is not None
    )
    item = Supplied(statement.payload_digest, location, subjects)
    if statement.predicate_type == ANSWERS_V1:
        item = replace(item, answers=read_answers(statement, location))
    else:
        item = replace(item, document=read_document(statement, location))
    _require_possible(item, found.signed_at, now, location)
    refusal = found.refusal
    if refusal is None:
        refusal = _party_refusal(item, found.signer)
    signer = None if refusal else found.signer
    return replace(item, signer=signer, refusal=refusal)


def _require_possible(
    item: Supplied, signed_at: datetime | None, now: datetime, where: str
) -> None:
    """Refuse what cannot have been received when it says so.

    That is a day, somewhere on Earth, so that it may be one more than it is in UTC.
    """
    said = item.answers or item.document
    received = said.received if said else None
    if received is None:
        return
    if signed_at is not None and received - signed_at > _DAY:
        raise DocumentInvalid(
            f"says that it was received on {received:%Y-%m-%d}, but was signed on "
            f"{signed_at:%Y-%m-%d}",
            reason="received-after-signing",
            where=where,
            hint="ask the signer for a statement with the day on which it was given",
        )
    if received - now > _DAY:
        raise DocumentInvalid(
            f"says that it was received on {received:%Y-%m-%d}, which is still to come",
            reason="received-in-future",
            where=where,
            hint="import it again, with the day on which you got it",
        )


def _party_refusal(item: Supplied, signer: AllowedSigner | None) -> str | None:
    """Why an allowed signer is not whom the statement names, or may not name this."""
    if signer is None:
        return "signer-not-allowed"
    said = item.answers or item.document
    if said is None or signer.signer.party != said.by:
        return "signer-other-party"
    if not (item.subjects and signer.may_name(item.subjects[0][0])):
        return "namespace-not-allowed"
    return None


# ── telling ──


def answers_of(
    items: Iterable[Supplied], about: About, now: datetime
) -> tuple[SupplierAnswer, ...]:
    """Every answer about one thing, and which of them disagree; pure.

    Answers belong to a thing by its digest; to one without a digest by its id. Of
    several answers of one party to one question the latest counts, but an unsigned one
    never takes the place of a signed one. Two exact values that differ are a conflict,
    whoever gave them.
    """
    found = [
        _told(item, answer, about, now)
        for item in items
        if item.answers is not None
        for answer in item.answers.answers
        if _is_about(answer, about)
    ]
    latest: dict[tuple[str, str, str | None], datetime] = {}
    for one in found:
        key = (one.question, one.by, one.signed_by)
        latest[key] = max(latest.get(key, one.received), one.received)
    kept = [
        one
        for one in found
        if one.received == latest[(one.question, one.by, one.signed_by)]
    ]
    ordered = sorted(kept, key=lambda one: (one.question, one.by, one.statement))
    return tuple(replace(one, conflicts=_rivals(one, ordered)) for one in ordered)


def documents_of(
    items: Iterable[Supplied], about: Digest | None
) -> tuple[SuppliedDocument, ...]:
    """The documents that somebody handed over about exactly these bytes; pure."""
    found = [
        item.document
        for item in items
        if item.document is not None and item.document.subject == str(about)
    ]
    return tuple(sorted(found, key=lambda one: (one.by, one.name, one.digest)))


def _is_about(answer: SuppliedAnswer, about: About) -> bool:
    if about.digest is not None:
        return answer.about.digest == str(about.digest)
    return not answer.about.digest and answer.about.node == about.node


def _told(
    item: Supplied, answer: SuppliedAnswer, about: About, now: datetime
) -> SupplierAnswer:
    given = item.answers
    assert given is not None
    refusal = item.refusal
    if item.signer is not None:
        refusal = _own_refusal(item, item.signer, about)
    signer = item.signer if refusal is None else None
    until, since = answer.valid_until, answer.since
    return SupplierAnswer(
        question=answer.question,
        text=answer.text,
        exact=answer.exact,
        by=given.by,
        signed_by=signer.signer.name if signer else None,
        refusal=refusal,
        received=given.received,
        since=since,
        valid_until=until,
        evidence=answer.evidence,
        location=item.location,
        statement=item.id,
        lapsed=until is not None and now - until >= _DAY,
        not_yet=since is not None and since - now > _DAY,
    )


def _own_refusal(item: Supplied, signer: AllowedSigner, about: About) -> str | None:
    """``not-about-its-own`` unless statement and lineage say that it is theirs.

    Where the lineage says whose it is, it has to be the signer's: a namespace that is
    wide does not make the words of one organisation those of another.
    """
    party = signer.signer.party or ""
    theirs = (is_one_organisation(party, owner) for owner in about.owners)
    if about.owners and not any(theirs):
        return "not-about-its-own"
    named = {name for name, digest in item.subjects if digest == about.digest}
    if named & {*about.names} and all(map(signer.may_name, (*named, *about.names))):
        return None
    return "not-about-its-own"


def _rivals(one: SupplierAnswer, others: Sequence[SupplierAnswer]) -> tuple[str, ...]:
    if not one.exact or one.lapsed or one.not_yet:
        return ()
    return tuple(
        f"{other.by} says {other.exact} ({other.location})"
        for other in others
        if other.question == one.question
        and other.exact
        and not (other.lapsed or other.not_yet)
        and not is_same(one.question, one.exact, other.exact)
    )
