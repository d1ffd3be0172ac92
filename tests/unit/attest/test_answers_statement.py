"""Suppliers' answers as statements: there and back, and what of others' is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aibom.attest.answers_statement import (
    ANSWERS_V1,
    MAX_ANSWERS,
    SuppliedAnswer,
    SuppliedAnswers,
    Thing,
    answer_id,
    answers_statement,
    read_answers,
    require_party,
)
from aibom.errors import DocumentInvalid
from aibom.resources import read_schema
from aibom.statement import BASE_URI, Statement, to_json

SCHEMA = Draft202012Validator(read_schema("supplier-answers-1.json"))
WHEN = datetime(2026, 11, 20, tzinfo=UTC)
MODEL = Thing(f"model:tree:{'a' * 64}", "acme/m", f"tree-sha256:{'a' * 64}")
DATA = Thing(f"dataset:file:{'b' * 64}", "acme/d", f"sha256:{'b' * 64}")
UNKNOWN = Thing(f"dataset:undigested:{'c' * 64}", "some data")
ANSWERS = (
    SuppliedAnswer("identity.version", MODEL, "It is 1.2.", "1.2"),
    SuppliedAnswer("licences.terms", DATA, exact="MIT"),
    SuppliedAnswer(
        "licences.terms",
        UNKNOWN,
        "We do not know.",
        since=WHEN,
        valid_until=datetime(2027, 1, 1, tzinfo=UTC),
        evidence=(("letter.pdf", "d" * 64),),
    ),
)
GIVEN = SuppliedAnswers(
    "org:Acme",
    WHEN,
    MODEL.digest,
    "acme/m",
    False,
    ("supplier-questions", "1"),
    ("answers.xlsx", "e" * 64),
    ANSWERS,
)


def parsed(given: SuppliedAnswers = GIVEN) -> Statement:
    return Statement.parse(answers_statement(given).payload, "there")


def test_the_schema_is_one_under_its_name() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)
    assert SCHEMA.schema["$id"] == f"{BASE_URI}schemas/supplier-answers-1.json"


@pytest.mark.parametrize("is_bom", [True, False])
def test_round_trip(is_bom: bool) -> None:
    given = replace(GIVEN, is_bom=is_bom)
    statement = parsed(given)
    assert statement.predicate_type == ANSWERS_V1
    assert read_answers(statement, "there") == given
    assert list(SCHEMA.iter_errors(statement.predicate)) == []


def test_the_product_is_the_first_subject_and_what_has_a_digest_follows() -> None:
    subjects = [(s.name, str(s.content())) for s in parsed().subjects]
    assert subjects == [("acme/m", MODEL.digest), ("acme/d", DATA.digest)]


def test_the_order_of_answers_does_not_matter() -> None:
    turned = replace(GIVEN, answers=ANSWERS[::-1])
    assert answers_statement(turned).payload == answers_statement(GIVEN).payload


def test_an_id_is_of_the_question_and_the_thing() -> None:
    ids = {answer_id(q, t) for q in ("a", "b") for t in (MODEL, DATA, UNKNOWN)}
    assert len(ids) == 6
    assert answer_id("a", MODEL) == answer_id("a", replace(MODEL, name="other"))


def _entry(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["predicate"]["answers"][0]
    return found


Edit = Callable[[dict[str, Any]], object]
REFUSED: dict[str, tuple[Edit, str]] = {
    "a person": (
        lambda d: d["predicate"].update({"from": f"person:acme-2026:{'a' * 32}"}),
        "not an organisation",
    ),
    "no party": (lambda d: d["predicate"].update({"from": "Acme"}), "not a party"),
    "no day": (lambda d: d["predicate"].update(received="soon"), "not a date"),
    "no answers": (lambda d: d["predicate"].update(answers=[]), "not 1 to"),
    "answers that are no list": (
        lambda d: d["predicate"].update(answers={}),
        "must be a list",
    ),
    "an unknown key": (lambda d: d["predicate"].update(level="proved"), "unknown key"),
    "twice": (
        lambda d: d["predicate"]["answers"].append(_entry(d)),
        "is answered twice",
    ),
    "an id of something else": (
        lambda d: _entry(d).update(id=f"identity.version@{'0' * 12}"),
        "do not change",
    ),
    "an id that is none": (lambda d: _entry(d).update(id="=1+1"), "id of a question"),
    "about nothing": (lambda d: _entry(d).pop("about"), "about: is missing"),
    "a digest that is none": (
        lambda d: _entry(d)["about"].update(digest="sha256:00"),
        "SHA-256",
    ),
    "an answer that is a number": (lambda d: _entry(d).update(answer=1), "be a text"),
    "an endless answer": (lambda d: _entry(d).update(answer="x" * 20_001), "longer"),
    "an endless value": (lambda d: _entry(d).update(exact="x" * 2_001), "longer"),
    "an endless name": (
        lambda d: _entry(d)["about"].update(name="x" * 301),
        "longer",
    ),
    "ended before it began": (
        lambda d: _entry(d).update(since="2026-02-01", validUntil="2026-01-01"),
        "ends before",
    ),
    "a file without a digest": (
        lambda d: _entry(d).update(evidence=[{"name": "x"}]),
        "digest: is missing",
    ),
    "a file with half a digest": (
        lambda d: _entry(d).update(
            evidence=[{"name": "x", "digest": {"sha256": "00"}}]
        ),
        "64 lower-case hex",
    ),
    "too many files": (
        lambda d: _entry(d).update(
            evidence=[{"name": "x", "digest": {"sha256": "0" * 64}}] * 51
        ),
        "more than 50",
    ),
    "a git commit as first subject": (
        lambda d: d["subject"][0].update(digest={"gitCommit": "0" * 40}),
        "no sha256",
    ),
}


@pytest.mark.parametrize(("edit", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(edit: Edit, told: str) -> None:
    document = json.loads(answers_statement(GIVEN).payload)
    edit(document)
    statement = Statement.parse(to_json(document), "there")
    with pytest.raises(DocumentInvalid, match=told) as caught:
        read_answers(statement, "there")
    assert caught.value.reason == "answers-malformed"


def test_every_problem_is_told_at_once() -> None:
    document = json.loads(answers_statement(GIVEN).payload)
    document["predicate"].update({"from": "Acme", "received": "soon"})
    statement = Statement.parse(to_json(document), "there")
    with pytest.raises(DocumentInvalid) as caught:
        read_answers(statement, "there")
    assert len(caught.value.message.splitlines()) == 2


def test_more_answers_than_anybody_gives() -> None:
    things = [Thing(f"dataset:x:{n}", "d") for n in range(MAX_ANSWERS + 1)]
    many = tuple(SuppliedAnswer("licences.terms", thing, "MIT") for thing in things)
    with pytest.raises(DocumentInvalid, match="not 1 to"):
        read_answers(parsed(replace(GIVEN, answers=many)), "there")


@pytest.mark.parametrize("text", ["Acme", "software:x", f"person:k:{'a' * 32}", "org:"])
def test_only_an_organisation_supplies(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        require_party(text)
