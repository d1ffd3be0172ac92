"""What to ask a supplier: the open questions of a report, each about one thing.

Asked is what the report leaves not provided, only stated, or conflicting; of the
product, and of each dataset and model where the answer is open for that one. The id of
a question is that of the catalogue and a digest of what it is about, so that an answer
can be told to belong to it without the questionnaire it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aibom.attest.answers_statement import (
    MAX_ANSWERS,
    MAX_NAME,
    Thing,
    answer_id,
)
from aibom.errors import InputError
from aibom.lineage.nodes import Node
from aibom.report.diligence.catalogue import Catalogue, Question
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import (
    Answer,
    Entry,
    Report,
    RuleNote,
    Status,
)
from aibom.report.text import escape

__all__ = [
    "API_VERSION",
    "EXACT",
    "OpenQuestion",
    "Questionnaire",
    "questionnaire",
    "thing",
]

API_VERSION = "aibom/supplier-questions/v1"

#: Question → what its exact value is: such a value is compared with bytes and records.
EXACT: Mapping[str, str] = MappingProxyType(
    {
        "identity.version": "the version alone",
        "identity.supplier": "its name alone, as registered",
        "identity.digest": "sha256:… of the file, or tree-sha256:… of the folder",
        "data-provenance.sources": "its package URL or address alone",
        "data-provenance.collector": "the name of the organisation alone",
        "data-provenance.exact-bytes": "sha256:… of the file, or tree-sha256:…",
        "model-supply-chain.base-models": (
            "each by package URL, name, name@commit or sha256:…, separated by spaces; "
            "or: none"
        ),
        "model-supply-chain.pinned": "the full commit id",
        "model-supply-chain.exact-bytes": "sha256:… of the file, or tree-sha256:…",
        "licences.terms": "the licence as SPDX expression",
    }
)
#: Asked of the whole product as well: a list of them is what is wanted.
_LISTS = ("model-supply-chain.base-models", "data-provenance.sources")
_OPEN = (Status.CONFLICTING, Status.MISSING, Status.STATED)
_BEST_FIRST = (
    *(Status.CONFLICTING, Status.PROVED, Status.SIGNED, Status.STATED),
    *(Status.MISSING, Status.NOT_APPLICABLE),
)
_SHOWN = 3
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One question about one thing: ``known`` is what is known now, and its worth.

    ``exact`` says what the exact value is, empty where there is none.
    """

    id: str
    about: Thing
    heading: str
    asks: str
    known: str
    wanted: str
    exact: str = ""


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What is asked of a supplier about one BOM, in the order of the catalogue."""

    product: Thing
    bom: str
    catalogue: tuple[str, str]
    questions: tuple[OpenQuestion, ...]

    @property
    def things(self) -> int:
        """How many things are asked about."""
        return len({one.about.key for one in self.questions})


def thing(node: Node) -> Thing:
    """A node as a questionnaire names it: visible text only, and not endless."""
    digest = str(node.digest) if node.digest else ""
    called = node.values("name")
    name = escape(called[0] if called else node.label, MAX_NAME // 2).strip()
    name = name or "(without a name)"
    return Thing(_bounded(node.id), name[:MAX_NAME], digest)


def _bounded(node: str) -> str:
    """Ids of ours are short; those that a document chose may not be."""
    if len(node) <= MAX_NAME and node.isprintable() and node.strip():
        return node
    import hashlib

    found = hashlib.sha256(node.encode("utf-8", "surrogatepass")).hexdigest()
    return f"id-sha256:{found}"


def questionnaire(
    report: Report, material: Material, catalogue: Catalogue, *, everything: bool
) -> Questionnaire:
    """The questions that a report leaves open; all of them with ``everything``.

    Raises :class:`~aibom.errors.InputError` (``questions-too-many``) beyond
    ``MAX_ANSWERS`` of them.
    """
    titles = {area.id: area.title for area in catalogue.areas}
    parts = {section.number: section.title for section in report.sections}
    asked: dict[str, OpenQuestion] = {}
    for question in catalogue.questions:
        heading = titles.get(question.area) or parts.get(question.section, "")
        answer = report.by_id[question.id]
        for known in _open(material, question, answer, everything):
            one = _asked(material, question, known, heading)
            asked.setdefault(one.id, one)
    if len(asked) > MAX_ANSWERS:
        raise InputError(
            f"{len(asked):,} questions, more than {MAX_ANSWERS:,} that anybody reads",
            reason="questions-too-many",
            where=material.file.name,
            hint="ask for a BOM of each part, and for answers about those",
        )
    return Questionnaire(
        thing(material.node(material.root)),
        f"sha256:{material.file.digest}",
        (catalogue.name, catalogue.version),
        tuple(asked.values()),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one thing: its worth, what is said, what rules find."""

    name: str
    status: Status
    said: tuple[Entry, ...] = ()
    failed: tuple[RuleNote, ...] = ()


def _open(
    material: Material, question: Question, answer: Answer, everything: bool
) -> Iterator[_Known]:
    """What there is to ask about one question, thing by thing."""
    said: dict[str, list[Entry]] = {}
    for entry in answer.entries:
        said.setdefault(entry.node, []).append(entry)
    failed: dict[str, list[RuleNote]] = {}
    for note in answer.failed:
        failed.setdefault(note.node, []).append(note)
        said.setdefault(note.node, [])
    wanted = tuple(Status) if everything else _OPEN
    nodes = set(material.about(question.about))
    whole = material.root not in nodes and (question.id in _LISTS or not said)
    if whole and answer.status in wanted:
        yield _Known(material.root, answer.status)
    for name, entries in said.items():
        status, wrong = _worth(entries), tuple(failed.get(name, ()))
        if status in wanted or wrong:
            yield _Known(name, status, tuple(entries), wrong)


def _worth(entries: list[Entry]) -> Status:
    found = {entry.status for entry in entries}
    return next((one for one in _BEST_FIRST if one in found), Status.MISSING)


def _asked(
    material: Material,
    question: Question,
    known: _Known,
    heading: str,
) -> OpenQuestion:
    about = thing(material.node(known.name))
    of_list = known.name == material.root and question.id in _LISTS
    exact = EXACT.get(question.id, "")
    if question.id in _LISTS and of_list != (question.id == _LISTS[0]):
        exact = ""
    texts = [entry.text for entry in known.said if entry.text][:_SHOWN]
    told = f": {'; '.join(texts)}" if texts else ""
    return OpenQuestion(
        answer_id(question.id, about),
        about,
        heading or "Further questions",
        question.asks,
        escape(f"{known.status.words}{told}", _LONGEST),
        escape(_request(question, known), 4 * _LONGEST),
        exact,
    )


def _request(question: Question, known: _Known) -> str:
    """What to write: what is wrong, wanted, or only stated so far."""
    if known.failed:
        told = ". ".join(note.told for note in known.failed[:_SHOWN])
        return (
            f"This does not hold: {told}. Say how this came about, correct it, and "
            f"show the same again for the corrected version. {question.request}"
        )
    if known.status is Status.CONFLICTING:
        return f"What we have disagrees. Which is right, and why? {question.request}"
    if known.status is Status.STATED:
        return (
            "So far this is only stated: provide it as a statement signed by whoever "
            f"answers for it, bound to the digest. {question.request}"
        )
    return question.request
