"""A supplier's answers as a statement: ``https://w3id.org/aibom/supplier-answers/v1``.

The predicate is that of ``schemas/supplier-answers-1.json``. The first subject is the
product that was asked about, by its digest; where its BOM has none, the BOM itself.
Further subjects are the other things with a digest that answers are about. Unsigned,
the answers are what somebody passed on in the name of ``from``.

Whether an answer is true, still holds, or is the word of whom it names, is not told
here.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aibom.digest import Digest
from aibom.errors import AibomError, DocumentInvalid
from aibom.lineage.identity import parse_party
from aibom.reading import Reader
from aibom.statement import ANSWERS_V1, Resource, Statement

__all__ = [
    "ANSWERS_V1",
    "MAX_ANSWERS",
    "MAX_EVIDENCE",
    "MAX_EXACT",
    "MAX_NAME",
    "MAX_TEXT",
    "SuppliedAnswer",
    "SuppliedAnswers",
    "Thing",
    "answer_id",
    "answers_statement",
    "read_answer",
    "read_answers",
    "read_thing",
    "require_party",
]

#: Answers in one statement, and files named by one answer.
MAX_ANSWERS, MAX_EVIDENCE = 5_000, 50
#: Characters: of an answer, of an exact value, of a name.
MAX_TEXT, MAX_EXACT, MAX_NAME = 20_000, 2_000, 300

#: Reads the files that one answer names: (name, SHA-256 in hex) of each.
Files = Callable[[Reader], tuple[tuple[str, str], ...]]

_QUESTION = re.compile(r"[a-z0-9][a-z0-9.-]{0,98}")
_HEX = re.compile(r"[0-9a-f]{64}")
_ID_DIGITS = 12
_SUBJECT = "aibom:subject"


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """What a question is about: its id in the lineage, what it is called, its digest.

    ``digest`` is the text of a :class:`~aibom.digest.Digest`, empty without one.
    """

    node: str
    name: str
    digest: str = ""

    @property
    def key(self) -> str:
        """What makes it this thing: its digest, else its id."""
        return self.digest or self.node


@dataclass(frozen=True, slots=True)
class SuppliedAnswer:
    """One answer as it was given; empty texts and None are what was left open.

    ``exact`` is a value that can be compared with bytes and records, such as a digest;
    ``evidence`` are names and SHA-256 of files, in hex.
    """

    question: str
    about: Thing
    text: str = ""
    exact: str = ""
    since: datetime | None = None
    valid_until: datetime | None = None
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The id of the question as it was asked."""
        return answer_id(self.question, self.about)


@dataclass(frozen=True, slots=True)
class SuppliedAnswers:
    """A set of answers: from which organisation, received when, about which product.

    ``catalogue`` is name and version of the questions; ``source`` name and SHA-256 of
    the file that they were read from. ``is_bom`` says that ``subject`` is the digest of
    a BOM, as that had none for the product.
    """

    by: str
    received: datetime
    subject: str
    subject_name: str
    is_bom: bool
    catalogue: tuple[str, str]
    source: tuple[str, str]
    answers: tuple[SuppliedAnswer, ...]


def answer_id(question: str, about: Thing) -> str:
    """``QUESTION@HEX``: the same for the same question about the same thing."""
    found = hashlib.sha256(about.key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{question}@{found[:_ID_DIGITS]}"


def require_party(text: str) -> str:
    """The party id of an organisation; ``ValueError`` says why it is none."""
    try:
        party = parse_party(text)
    except AibomError as error:
        raise ValueError(error.message) from None
    if party.type != "org":
        raise ValueError(f"{text!r} is not an organisation (org:NAME)")
    return text


# ── writing ──


def answers_statement(given: SuppliedAnswers) -> Statement:
    """Make the statement; the same answers give the same bytes."""
    subject = Digest.parse(given.subject)
    notes = {_SUBJECT: "bom"} if given.is_bom else {}
    subjects = [Resource.subject(given.subject_name, subject, **notes)]
    others = {
        (answer.about.digest, answer.about.name)
        for answer in given.answers
        if answer.about.digest not in ("", given.subject)
    }
    subjects += [
        Resource.subject(name, Digest.parse(digest)) for digest, name in sorted(others)
    ]
    name, version = given.catalogue
    file, digest = given.source
    predicate = {
        "from": given.by,
        "received": _day(given.received),
        "questions": {"name": name, "version": version},
        "source": {"name": file, "digest": {"sha256": digest}},
        "answers": [_document(one) for one in sorted(given.answers, key=_order)],
    }
    return Statement.build(subjects, ANSWERS_V1, predicate)


def _order(answer: SuppliedAnswer) -> tuple[str, Thing]:
    return answer.question, answer.about


def _day(time: datetime) -> str:
    # Of year 1 as well, of which strftime writes one digit.
    return time.astimezone(UTC).date().isoformat()


def _document(answer: SuppliedAnswer) -> dict[str, Any]:
    about = {"node": answer.about.node, "name": answer.about.name}
    if answer.about.digest:
        about["digest"] = answer.about.digest
    document: dict[str, Any] = {"id": answer.id, "about": about}
    for key, text in (("answer", answer.text), ("exact", answer.exact)):
        if text:
            document[key] = text
    for key, day in (("since", answer.since), ("validUntil", answer.valid_until)):
        if day is not None:
            document[key] = _day(day)
    if answer.evidence:
        document["evidence"] = [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in answer.evidence
        ]
    return document


# ── reading ──


def read_answers(statement: Statement, where: str) -> SuppliedAnswers:
    """Read them back, strictly.

    Raises :class:`~aibom.errors.DocumentInvalid` (``answers-malformed``) with every
    problem.
    """
    top = Reader(dict(statement.predicate), where)
    by = top.text("from")
    _organisation(top, by)
    received = top.time("received")
    questions, source = top.reader("questions"), top.reader("source")
    catalogue = (questions.text("name"), questions.text("version"))
    named, digest = source.text("name"), source.reader("digest")
    file = (named, _hex(digest, "sha256"))
    for reader in (questions, digest, source):
        reader.close()
    answers = _answers(top)
    first = statement.subjects[0]
    content = first.content()
    if content is None:
        top.problem("the first subject has no sha256")
    top.finish(
        DocumentInvalid,
        "answers-malformed",
        hint="make it again from what they sent: aibom supplier import ANSWERS",
    )
    is_bom = first.annotations.get(_SUBJECT) == "bom"
    return SuppliedAnswers(
        by, received, str(content), first.name or "", is_bom, catalogue, file, answers
    )


def _answers(top: Reader) -> tuple[SuppliedAnswer, ...]:
    entries = top.readers("answers")
    if not 1 <= len(entries) <= MAX_ANSWERS:
        top.problem(f"holds {len(entries):,}, not 1 to {MAX_ANSWERS:,}", "answers")
        entries = entries[:MAX_ANSWERS]
    answers = tuple(read_answer(entry, "validUntil", _evidence) for entry in entries)
    ids = Counter(one.id for one in answers if one is not None)
    for twice in sorted(name for name, count in ids.items() if count > 1)[:20]:
        top.problem(f"{twice} is answered twice", "answers")
    return tuple(one for one in answers if one is not None)


def read_answer(
    entry: Reader, until: str, files: Files, ignored: tuple[str, ...] = ()
) -> SuppliedAnswer | None:
    """One answer, from a statement or from a questionnaire that was filled in.

    ``until`` is the key of the day on which it ends, ``files`` reads the files it
    names. What is wrong is noted in the reader; None where it is no answer at all.
    """
    name = entry.text("id")
    about = read_thing(entry.reader("about"))
    for key in ignored:
        entry.raw(key, None)
    text = _short(entry, "answer", MAX_TEXT)
    exact = _short(entry, "exact", MAX_EXACT)
    since, ends = entry.time("since", None), entry.time(until, None)
    if since is not None and ends is not None and ends < since:
        entry.problem("ends before it begins", until)
    evidence = files(entry)
    entry.close()
    if not isinstance(name, str) or about is None:
        return None
    question = name.partition("@")[0]
    if not _QUESTION.fullmatch(question):
        entry.problem(f"{name[:100]!r} is not the id of a question", "id")
        return None
    if name != answer_id(question, about):
        entry.problem(
            f"{name[:100]!r} is not the id of a question about {about.name[:100]!r}: "
            "do not change what says what is asked, put back what was sent",
            "id",
        )
        return None
    return SuppliedAnswer(question, about, text, exact, since, ends, evidence)


def read_thing(reader: Reader) -> Thing | None:
    """What a question is about; None, with the problem noted, where that is wrong."""
    before = len(reader.problems)
    node, name = reader.text("node"), reader.text("name")
    digest = reader.text("digest", "")
    reader.close()
    if isinstance(digest, str) and digest:
        try:
            Digest.parse(digest)
        except DocumentInvalid as error:
            reader.problem(error.message, "digest")
    for key, text in (("node", node), ("name", name)):
        if isinstance(text, str) and len(text) > MAX_NAME:
            reader.problem(f"is longer than {MAX_NAME} characters", key)
    if len(reader.problems) > before:
        return None
    return Thing(node, name, digest)


def _short(entry: Reader, key: str, most: int) -> str:
    value = entry.raw(key, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        entry.problem("must be a text; put it in quotes", key)
        return ""
    if len(value) > most:
        entry.problem(f"is longer than {most:,} characters", key)
    return value.strip()


def _evidence(entry: Reader) -> tuple[tuple[str, str], ...]:
    found = []
    for one in entry.readers("evidence", ())[: MAX_EVIDENCE + 1]:
        name, digest = one.text("name"), one.reader("digest")
        found.append((name, _hex(digest, "sha256")))
        if isinstance(name, str) and len(name) > MAX_NAME:
            one.problem(f"is longer than {MAX_NAME} characters", "name")
        digest.close()
        one.close()
    if len(found) > MAX_EVIDENCE:
        entry.problem(f"names more than {MAX_EVIDENCE} files", "evidence")
    return tuple(found)


def _hex(reader: Reader, key: str) -> str:
    text = reader.text(key)
    if isinstance(text, str) and not _HEX.fullmatch(text):
        reader.problem("is not a SHA-256 in 64 lower-case hex digits", key)
    return str(text)


def _organisation(top: Reader, text: Any) -> None:
    if isinstance(text, str):
        try:
            require_party(text)
        except ValueError as error:
            top.problem(str(error), "from")
