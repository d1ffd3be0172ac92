"""A questionnaire as YAML, and as the plain document that every form comes down to.

What is filled in has the same shape as what was sent, with answers in it
(``schemas/supplier-questions-1.json``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aibom.operations.suppliers.questions import (
    API_VERSION,
    OpenQuestion,
    Questionnaire,
)

__all__ = ["ABOUT_THIS", "FILLED_IN", "as_document", "yaml_form"]

#: How to answer, for people; in every form.
ABOUT_THIS = (
    "Leave what you do not want to say empty: nothing is taken from silence.",
    "Answer in your own words. Where an exact value is asked for, give it as well: it "
    "is compared with the bytes and with signed records.",
    "Dates are YYYY-MM-DD: since when the answer holds, and until when.",
    "Name files that support an answer, each with its SHA-256, or send them along.",
    "Do not change what is asked: an answer is told apart by it.",
    "Unsigned answers count as your claims. How to sign them: "
    "`aibom supplier import` this file, `aibom sign` the result, and send that.",
)
#: What is filled in.
FILLED_IN = frozenset({"answer", "exact", "since", "valid_until", "evidence"})


def as_document(asked: Questionnaire) -> dict[str, Any]:
    """The questionnaire as plain values, with nothing filled in."""
    name, version = asked.catalogue
    return {
        "apiVersion": API_VERSION,
        "catalogue": {"name": name, "version": version},
        "product": _thing(asked.product),
        "bom": asked.bom,
        "questions": [_question(one) for one in asked.questions],
    }


def _thing(about: Any) -> dict[str, str]:
    found = {"node": about.node, "name": about.name}
    if about.digest:
        found["digest"] = about.digest
    return found


def _question(one: OpenQuestion) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": one.id,
        "about": _thing(one.about),
        "asks": one.asks,
        "known": one.known,
        "wanted": one.wanted,
        "answer": "",
    }
    if one.exact:
        found["exact"] = ""
    return {**found, "since": "", "valid_until": "", "evidence": []}


def yaml_form(asked: Questionnaire) -> bytes:
    """The questionnaire as YAML with comments; every text in it is in quotes."""
    return "\n".join(_lines(asked)).encode() + b"\n"


def _text(value: str) -> str:
    """A text that YAML reads back as it is, whatever it holds."""
    return json.dumps(value, ensure_ascii=False)


def _lines(asked: Questionnaire) -> Iterator[str]:
    name, version = asked.catalogue
    yield f"# Questions about {asked.product.name}"
    yield "#"
    yield from (f"# - {line}" for line in ABOUT_THIS)
    yield f"apiVersion: {API_VERSION}"
    yield f"catalogue: {{name: {_text(name)}, version: {_text(version)}}}"
    yield "product:"
    yield from _about(asked.product, "  ")
    yield f"bom: {_text(asked.bom)}"
    yield "questions:" if asked.questions else "questions: []"
    heading = ""
    for one in asked.questions:
        if one.heading != heading:
            heading = one.heading
            yield f"\n  # ── {heading} ──"
        yield from _entry(one)


def _about(about: Any, lead: str) -> Iterator[str]:
    yield from (f"{lead}{key}: {_text(text)}" for key, text in _thing(about).items())


def _entry(one: OpenQuestion) -> Iterator[str]:
    yield f"\n  - id: {_text(one.id)}"
    yield "    about:"
    yield from _about(one.about, "      ")
    for key, text in (("asks", one.asks), ("known", one.known), ("wanted", one.wanted)):
        yield f"    {key}: {_text(text)}"
    yield '    answer: ""'
    if one.exact:
        yield f'    exact: ""  # {one.exact}'
    yield '    since: ""'
    yield '    valid_until: ""'
    yield '    evidence: []  # [{name: report.pdf, sha256: "…"}]'
