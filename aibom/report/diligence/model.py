"""The report as frozen values: answers, areas, sections, requests.

Texts in it are as the documents wrote them. Whoever writes them down escapes them for
the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aibom.lineage.nodes import Origin

__all__ = [
    "API_VERSION",
    "Answer",
    "Area",
    "Cell",
    "Change",
    "Changes",
    "Entry",
    "PolicyNote",
    "Ratio",
    "Report",
    "Request",
    "RuleNote",
    "Section",
    "Status",
    "Subject",
    "Table",
    "Term",
    "combined",
]

API_VERSION = "aibom/diligence-report/v1"
_FAIL = "fail"


class Status(StrEnum):
    """What an answer is worth, computed from what was checked in this run.

    ``proved``: recomputed, or verified by a signature, in this run. ``signed``: an
    allowed signer says so about its own. ``stated``: somebody says so. ``conflicting``:
    two sources disagree. ``not-provided``: nobody says anything, or it is declared
    unknown.
    """

    PROVED = "proved"
    SIGNED = "signed"
    STATED = "stated"
    MISSING = "not-provided"
    CONFLICTING = "conflicting"
    NOT_APPLICABLE = "does-not-apply"

    @property
    def words(self) -> str:
        """As it is written for people."""
        return _WORDS[self]

    @property
    def is_answer(self) -> bool:
        """Whether something is said that does not contradict itself."""
        return self in (Status.PROVED, Status.SIGNED, Status.STATED)


_WORDS: Mapping[Status, str] = {
    Status.PROVED: "proved",
    Status.SIGNED: "stated and signed",
    Status.STATED: "stated",
    Status.MISSING: "not provided",
    Status.CONFLICTING: "conflicting",
    Status.NOT_APPLICABLE: "does not apply",
}
#: The weakest first: what an answer of several parts is called after.
_WEAKEST = (
    Status.CONFLICTING,
    Status.MISSING,
    Status.STATED,
    Status.SIGNED,
    Status.PROVED,
)


def combined(statuses: Iterable[Status]) -> Status:
    """The weakest of several; what does not apply counts for nothing."""
    found = set(statuses)
    return next((s for s in _WEAKEST if s in found), Status.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class RuleNote:
    """What a rule of the policy found that bears on an answer.

    ``about`` names the parts, ``blocks`` says whether the policy lets nothing through
    with it. What is known to be wrong has a note for each part, with its ``node``, and
    ``actual`` and ``expected`` in words; of the rest, parts of which the same is said
    share one.
    """

    rule: str
    status: str
    reason: str
    about: str = ""
    actual: str = ""
    expected: str = ""
    blocks: bool = False
    node: str = ""

    @property
    def told(self) -> str:
        """What was found to be wrong, in one line, without the name of the rule."""
        what = self.actual or self.reason
        asked = f"; the rule asks for {self.expected}" if self.expected else ""
        return f"{self.about}: {what}{asked}" if self.about else f"{what}{asked}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is said, or not, about one part of the product.

    ``name`` is what the thing is called; ``text`` what is said of it; ``basis`` why
    that has its status, in words; ``evidence`` the file a signature was found in.
    ``digest`` is that of the thing.
    """

    node: str
    name: str
    status: Status
    text: str
    basis: str = ""
    field: str = ""
    sources: tuple[Origin, ...] = ()
    digest: str = ""
    signer: str = ""
    date: str = ""
    expires: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with everything that answers it.

    ``answer`` is one sentence. ``given`` of ``total`` parts that were asked answered.
    ``request`` is what to write to the supplier; empty where nothing is left to ask.
    ``wrong`` names everything that fails a rule, also what ``rules`` has no room for.
    """

    id: str
    section: int
    question: str
    status: Status
    answer: str
    entries: tuple[Entry, ...]
    given: int
    total: int
    rules: tuple[RuleNote, ...] = ()
    request: str = ""
    wrong: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[RuleNote, ...]:
        """What rules know to be wrong about it, whatever the statements are worth."""
        return tuple(note for note in self.rules if note.status == _FAIL)

    @property
    def blocking(self) -> tuple[RuleNote, ...]:
        """What rules find that blocks: what is wrong, and what cannot be told."""
        return tuple(note for note in self.rules if note.blocks)

    @property
    def said(self) -> tuple[Entry, ...]:
        """The entries in which something is said."""
        return tuple(entry for entry in self.entries if entry.text)

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Names of what nothing is said about."""
        return tuple(entry.name for entry in self.entries if not entry.text)

    @property
    def signers(self) -> tuple[str, ...]:
        """Everybody whose signature stands behind a part of it."""
        return tuple(sorted({e.signer for e in self.entries if e.signer}))

    @property
    def sources(self) -> tuple[Origin, ...]:
        """Every place it was read from."""
        return tuple(sorted({s for e in self.entries for s in e.sources}))

    @property
    def digest(self) -> str:
        """The digest of the one thing it is about; empty for several."""
        found = {entry.digest for entry in self.entries}
        return found.pop() if len(found) == 1 else ""

    @property
    def date(self) -> str:
        """The latest date in it."""
        return max((e.date for e in self.entries if e.date), default="")

    @property
    def expires(self) -> str:
        """When the first part of it expires."""
        return min((e.expires for e in self.entries if e.expires), default="")

    @property
    def who(self) -> str:
        """The status in words, with who signed."""
        if self.status is Status.MISSING and self.given:
            left = self.total - self.given
            return f"{self.status.words} for {left:,} of {self.total:,}"
        by = ", ".join(self.signers)
        signed = self.status is Status.SIGNED and by
        return f"{self.status.words} by {by}" if signed else self.status.words


@dataclass(frozen=True, slots=True)
class Area:
    """One of the seven questions of the first page.

    ``status`` is that of the weakest answer; not provided where less than half of the
    questions are answered, conflicting where one is. ``answered`` of ``total`` were.
    ``failed`` is what rules know to be wrong. ``answers`` are the ids of its questions.
    """

    id: str
    title: str
    asks: str
    status: Status
    who: str
    answer: str
    answered: int
    total: int
    ask_next: str
    ask_id: str
    answers: tuple[str, ...]
    failed: tuple[RuleNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    ``status`` marks it, ``exact`` is for digests and codes, ``alarm`` marks what is
    wrong.
    """

    text: str
    status: Status | None = None
    exact: bool = False
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; every row has as many cells as ``head``."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the report: what it is about, tables, ids of answers."""

    number: int
    title: str
    note: str
    tables: tuple[Table, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyNote:
    """A finding of the policy, as far as a reader needs it."""

    rule: str
    status: str
    reason: str
    severity: str
    blocks: bool
    about: str
    expected: str
    actual: str
    path: str
    remedy: str
    why: str


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask next: the text, why, for which parts, whether something blocks."""

    id: str
    area: str
    text: str
    why: str
    about: tuple[str, ...] = ()
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Ratio:
    """How complete the BOM is by one published profile; counts, never a grade."""

    profile: str
    edition: str
    legal_status: str
    applicable: int
    answered: int
    by_bytes: int
    by_signature: int


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the report, explained."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Which product this is about, and which document said so."""

    name: str
    kind: str
    version: str
    digest: str
    supplier: str
    bom_name: str
    bom_digest: str
    bom_date: str
    bom_format: str
    bom_tool: str
    serial: str
    problems: tuple[tuple[str, str, str], ...] = ()
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What changed about one answer since an earlier report."""

    id: str
    question: str
    before: str
    after: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since an earlier report of the same product."""

    against: str
    made: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report; the same input gives the same value."""

    subject: Subject
    made: str
    tool: str
    is_this: tuple[str, ...]
    is_not: tuple[str, ...]
    learned_from: tuple[str, ...]
    areas: tuple[Area, ...]
    answers: tuple[Answer, ...]
    counts: Mapping[Status, int]
    weakest: str
    weakest_why: str
    conflicts: tuple[str, ...]
    findings: tuple[PolicyNote, ...]
    requests: tuple[Request, ...]
    sections: tuple[Section, ...]
    glossary: tuple[Term, ...]
    tree: str
    policy: str
    policy_digest: str
    completeness: tuple[Ratio, ...] = ()
    changes: Changes | None = None
    by_id: Mapping[str, Answer] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {one.id: one for one in self.answers})
