"""The questions as data: ``policies/report/supplier-questions.yaml``, typed.

What is misspelt is refused: a question that nothing can answer would be "not provided"
for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.reading import Reader

__all__ = ["API_VERSION", "AreaText", "Catalogue", "Question", "Way", "read_catalogue"]

API_VERSION = "aibom/report-questions/v1"

ABOUT = ("artifact", "model", "dataset", "entity")
NEED = ("each", "any")
#: What can answer a question; each way has exactly one of these, and may have `steps`.
WAYS = (
    *("facts", "edge-facts", "parties", "inputs", "step-facts", "parameters"),
    *("audits", "relations", "elements", "document"),
)
PROOFS = (
    *("digest", "identity", "pinned", "signature", "bom-signature", "closure"),
    *("records", "approval", "rollback-target", "advisories", "files"),
)
SECTIONS = 13


@dataclass(frozen=True, slots=True)
class Way:
    """One way to answer: its kind, the words it looks for, the kinds of steps."""

    kind: str
    words: tuple[str, ...]
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and everything that the report needs to know of it."""

    id: str
    area: str
    section: int
    asks: str
    about: str
    need: str
    ways: tuple[Way, ...]
    checks: tuple[str, ...]
    conflicts: tuple[str, ...]
    request: str


@dataclass(frozen=True, slots=True)
class AreaText:
    """One of the headings of the first page."""

    id: str
    title: str
    asks: str
    lead: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All headings and questions, in the order of the file."""

    name: str
    version: str
    areas: tuple[AreaText, ...]
    questions: tuple[Question, ...]


def read_catalogue(value: Any, where: str) -> Catalogue:
    """Read a catalogue; :class:`~aibom.errors.PolicyInvalid` (``policy-invalid``)."""
    top = Reader(value, where)
    top.choice("apiVersion", (API_VERSION,))
    name, version = top.text("name"), top.text("version")
    areas = tuple(_area(entry) for entry in top.readers("areas"))
    questions = tuple(_question(entry) for entry in top.readers("questions"))
    _require_consistent(top, areas, questions)
    top.finish()
    return Catalogue(name, version, areas, questions)


def _area(entry: Reader) -> AreaText:
    area = AreaText(*(entry.text(key) for key in ("id", "title", "asks", "lead")))
    entry.close()
    return area


def _question(entry: Reader) -> Question:
    question = Question(
        id=entry.text("id"),
        area=entry.text("area", ""),
        section=entry.integer("section"),
        asks=entry.text("asks"),
        about=entry.choice("about", ABOUT),
        need=entry.choice("need", NEED),
        ways=tuple(_way(one) for one in entry.readers("from")),
        checks=entry.texts("checks", ()) or (),
        conflicts=entry.texts("conflicts", ()) or (),
        request=entry.text("request"),
    )
    if not 1 <= (question.section or 0) <= SECTIONS:
        entry.problem("there is no such section", "section")
    entry.close()
    return question


def _way(entry: Reader) -> Way:
    steps = entry.texts("steps", ()) or ()
    if entry.has("proof"):
        way = Way("proof", (entry.choice("proof", PROOFS),))
    else:
        kinds = [kind for kind in WAYS if entry.has(kind)]
        if not kinds and steps:
            way = Way("steps", steps, steps)
        elif len(kinds) == 1:
            way = Way(kinds[0], entry.texts(kinds[0], ()) or (), steps)
        else:
            entry.problem(f"has exactly one of: proof, steps, {', '.join(WAYS)}")
            way = Way("", ())
    entry.close()
    return way


def _require_consistent(
    top: Reader, areas: tuple[AreaText, ...], questions: tuple[Question, ...]
) -> None:
    """Ids stand once, and lead to something."""
    ids = [question.id for question in questions]
    for twice in sorted({name for name in ids if ids.count(name) > 1}, key=str):
        top.problem(f"the id {twice!r} stands twice", "questions")
    by_area: Mapping[str, Any] = {area.id: area for area in areas}
    for question in questions:
        if question.area and question.area not in by_area:
            top.problem(f"there is no area {question.area!r}", "questions")
    for area in areas:
        if area.lead not in ids:
            top.problem(f"there is no question {area.lead!r}", "areas")
