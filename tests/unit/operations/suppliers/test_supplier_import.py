"""Answers that come back: what is read, what is written, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from supplier_world import (
    SUPPLIER,
    answering,
    filled,
    imported,
    one,
    questions_of,
    requested,
    rezipped,
)
from worlds import MODEL, NOW, World

from aibom.attest.answers_statement import ANSWERS_V1, read_answers
from aibom.digest import Digest
from aibom.errors import AibomError
from aibom.operations.suppliers.answers import answers_of, read_supplied
from aibom.operations.suppliers.compare import about_node
from aibom.operations.suppliers.filled import read_filled
from aibom.operations.suppliers.forms import as_document
from aibom.operations.suppliers.xlsx import COLUMNS, xlsx_form
from aibom.resources import read_schema
from aibom.statement import Statement

VERSION = answering("identity.version", answer="It is 1.2.", exact="1.2")


def refused(call: Any, *args: Any, **options: Any) -> AibomError:
    with pytest.raises(AibomError) as caught:
        call(*args, **options)
    return caught.value


def statement_in(path: Path) -> Statement:
    return Statement.parse(path.read_bytes(), str(path))


# ── round trip ──────────────────────


def _by_yaml(world: World) -> Path:
    document = yaml.safe_load(requested(world).read_text("utf-8"))
    _answer_all(document)
    path = world.root / "answers.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


def _by_html(world: World) -> Path:
    return filled(world, _answer_all)


def _by_xlsx(world: World) -> Path:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    keys = [key for _, key, _ in COLUMNS]
    for row in book["Questions"].iter_rows(min_row=2):
        given = _answer_to(row[0].value)
        for key in ("answer", "since", "valid_until"):
            row[keys.index(key)].value = given[key]
        (file,) = given["evidence"]
        row[keys.index("evidence.name")].value = file["name"]
        row[keys.index("evidence.sha256")].value = file["sha256"]
    path = world.root / "answers.xlsx"
    book.save(path)
    return path


def _answer_to(name: str) -> dict[str, Any]:
    return {
        "answer": f'What we say to {name}, with ünïcode and "quotes".',
        "since": "2026-01-01",
        "valid_until": "2027-01-01",
        "evidence": [{"name": "letter.pdf", "sha256": "d" * 64}],
    }


def _answer_all(document: dict[str, Any]) -> None:
    for entry in document["questions"]:
        entry.update(_answer_to(entry["id"]))


FORMS: dict[str, Callable[[World], Path]] = {
    "yaml": _by_yaml,
    "html": _by_html,
    "xlsx": _by_xlsx,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_answer_comes_back_in_every_form(
    world: World, form: Callable[[World], Path]
) -> None:
    done = imported(world, form(world))
    asked = questions_of(world)
    statement = statement_in(done.path)
    given = read_answers(statement, "")
    assert statement.predicate_type == ANSWERS_V1
    assert (given.by, given.received.date()) == (SUPPLIER, NOW.date())
    assert (given.subject, given.subject_name) == (asked.product.digest, MODEL)
    assert {answer.id for answer in given.answers} == {q.id for q in asked.questions}
    for answer in given.answers:
        expected = _answer_to(answer.id)
        assert answer.text == expected["answer"]
        assert f"{answer.since:%Y-%m-%d}" == expected["since"]
        assert answer.evidence == (("letter.pdf", "d" * 64),)
    assert done.absent == ("letter.pdf",)
    assert set(done.given.answers) == set(given.answers)
    assert done.asked == len(asked.questions)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_same_file_is_the_same_statement(
    world: World, form: Callable[[World], Path]
) -> None:
    path = form(world)
    first = imported(world, path)
    again = imported(world, path)
    assert again.path == first.path
    assert first.path.name == (
        f"{statement_in(first.path).payload_digest}.statement.json"
    )
    assert [p.name for p in first.path.parent.iterdir()] == [first.path.name]


def test_what_is_left_open_is_no_answer(world: World) -> None:
    done = imported(world, filled(world, VERSION))
    (answer,) = done.given.answers
    assert (answer.question, answer.text, answer.exact) == (
        "identity.version",
        "It is 1.2.",
        "1.2",
    )
    assert done.asked > 1


def test_where_it_came_from_is_kept_by_digest(world: World) -> None:
    path = filled(world, VERSION)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert imported(world, path).given.source == ("answers.json", digest)


def test_a_name_alone_is_an_organisation(world: World) -> None:
    done = imported(world, filled(world, VERSION), by="Acme")
    assert done.given.by == SUPPLIER


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"])
    | st.just("\n"),
    min_size=1,
    max_size=60,
)


def _as_yaml(document: dict[str, Any], _: World) -> bytes:
    return yaml.safe_dump(document).encode()


def _as_json(document: dict[str, Any], _: World) -> bytes:
    return json.dumps(document).encode()


def _as_xlsx(document: dict[str, Any], world: World) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_form(questions_of(world))))
    column = [key for _, key, _ in COLUMNS].index("answer") + 1
    for number, entry in enumerate(document["questions"], start=2):
        if entry["answer"]:
            cell = book["Questions"].cell(number, column)
            cell.value, cell.data_type = entry["answer"], "s"
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


MAKERS = {"yaml": _as_yaml, "json": _as_json, "xlsx": _as_xlsx}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@given(texts=st.lists(TEXTS.filter(str.strip), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_whatever_is_answered_is_told_again(
    pristine: World,
    tmp_path_factory: pytest.TempPathFactory,
    make: Callable[[dict[str, Any], World], bytes],
    texts: list[str],
) -> None:
    """From the question to what a report is told, in each form."""
    asked = questions_of(pristine)
    document = as_document(asked)
    for entry, text in zip(document["questions"], texts, strict=False):
        entry["answer"] = text
    folder = tmp_path_factory.mktemp("answers")
    (folder / "answers").write_bytes(make(document, pristine))
    imported(pristine, folder / "answers", output=folder / "evidence")
    items = read_supplied([folder / "evidence"], (), NOW).items
    node = pristine.node(MODEL)
    told = answers_of(items, about_node(node), NOW)
    expected = {
        one.id.partition("@")[0]: text.strip()
        for one, text in zip(asked.questions, texts, strict=False)
        if one.about.digest == str(node.digest)
    }
    assert {one.question: one.text for one in told} == expected


# ── cells as people type them ──────────────────────

TYPED = {
    "a date": (date(2026, 1, 2), "2026-01-02"),
    "a moment": (datetime(2026, 1, 2), "2026-01-02"),
    "text": ("2026-01-02", "2026-01-02"),
}


def in_sheet(world: World, key: str, value: Any, question: str) -> Path:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    keys = [column for _, column, _ in COLUMNS]
    for row in book["Questions"].iter_rows(min_row=2):
        if str(row[0].value).startswith(f"{question}@"):
            row[keys.index("answer")].value = "Yes."
            row[keys.index(key)].value = value
            break
    path = world.root / "answers.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(("value", "day"), TYPED.values(), ids=TYPED)
def test_dates_in_a_sheet(world: World, value: Any, day: str) -> None:
    done = imported(world, in_sheet(world, "since", value, "identity.version"))
    assert f"{done.given.answers[0].since:%Y-%m-%d}" == day


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (1.0, "1"), (1.5, "1.5"), (True, "true")]
)
def test_numbers_in_a_sheet_are_texts(world: World, value: Any, text: str) -> None:
    done = imported(world, in_sheet(world, "exact", value, "identity.version"))
    assert done.given.answers[0].exact == text


# ── files that answers name ──────────────────────


def naming(name: str, digest: str | None) -> Callable[[dict[str, Any]], object]:
    file = {"name": name} if digest is None else {"name": name, "sha256": digest}
    return answering("identity.version", answer="See there.", evidence=[file])


def test_a_file_beside_the_answers_is_compared(world: World) -> None:
    (world.root / "letter.pdf").write_bytes(b"%PDF-1.7")
    digest = hashlib.sha256(b"%PDF-1.7").hexdigest()
    for stated in (digest, f"SHA256:{digest}".lower(), digest.upper(), None):
        done = imported(world, filled(world, naming("letter.pdf", stated)))
        assert done.checked == ("letter.pdf",)
        assert done.given.answers[0].evidence == (("letter.pdf", digest),)


def test_another_file_than_the_answers_name(world: World) -> None:
    (world.root / "letter.pdf").write_bytes(b"%PDF-1.7")
    path = filled(world, naming("letter.pdf", "d" * 64))
    error = refused(imported, world, path)
    assert (error.reason, error.exit_code) == ("answer-evidence-differs", 1)
    assert not (world.root / "answers").exists()


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", ".hidden", "link", "d"])
def test_a_name_leads_nowhere_else(world: World, name: str) -> None:
    (world.root.parent / "secret").write_text("s")
    (world.root / ".hidden").write_text("s")
    (world.root / "link").symlink_to(world.bom)
    (world.root / "d").mkdir()
    error = refused(imported, world, filled(world, naming(name, None)))
    assert (error.reason, "not here" in error.message) == ("answers-invalid", True)
    done = imported(world, filled(world, naming(name, "d" * 64)))
    assert done.absent == (name,)


LONG = {"in two bytes": "é" * 130, "in three": "漢" * 150, "in four": "🎻" * 150}


@pytest.mark.parametrize("name", LONG.values(), ids=LONG)
def test_a_name_that_no_file_can_have_is_not_there(world: World, name: str) -> None:
    """Short in characters, and longer in bytes than file systems take."""
    error = refused(imported, world, filled(world, naming(name, None)))
    assert (error.reason, "not here" in error.message) == ("answers-invalid", True)
    done = imported(world, filled(world, naming(name, "d" * 64)))
    assert (done.absent, done.checked) == ((name,), ())


# ── what they must be about ──────────────────────


def test_answers_about_another_product(world: World) -> None:
    path = filled(world, VERSION)
    other = Digest("file", "0" * 64)
    error = refused(imported, world, path, about=other)
    assert (error.reason, error.exit_code) == ("answers-about-another", 1)
    same = Digest.parse(questions_of(world).product.digest)
    assert imported(world, path, about=same).given.subject == str(same)


def test_answers_about_a_bom_without_a_digest(world: World) -> None:
    def without(document: dict[str, Any]) -> None:
        VERSION(document)
        document["product"].pop("digest")

    done = imported(world, filled(world, without))
    assert done.given.is_bom
    assert done.given.subject == questions_of(world).bom
    told = imported(world, filled(world, without), about=Digest("file", "0" * 64))
    assert (told.given.subject, told.given.is_bom) == (f"sha256:{'0' * 64}", False)


# ── what is refused ──────────────────────

Edit = Callable[[dict[str, Any]], object]
PROBLEMS: dict[str, tuple[Edit, str]] = {
    "another format": (lambda d: d.update(apiVersion="aibom/x/v1"), "apiVersion"),
    "no product": (lambda d: d.pop("product"), "product: is missing"),
    "a bom that is none": (lambda d: d.update(bom="x"), "sha256:HEX"),
    "an unknown key": (lambda d: d.update(trusted=True), "unknown key"),
    "an unknown key of an entry": (
        answering("identity.version", level="proved"),
        "unknown key",
    ),
    "an answer that is a number": (
        answering("identity.version", answer=5),
        "put it in quotes",
    ),
    "an answer that is a list": (
        answering("identity.version", answer=["a"]),
        "must be a text",
    ),
    "an endless answer": (answering("identity.version", answer="x" * 20_001), "longer"),
    "another day": (
        answering("identity.version", answer="x", since="next week"),
        "is no day",
    ),
    "ends first": (
        answering(
            "identity.version", answer="x", since="2026-02-01", valid_until="2026-01-01"
        ),
        "ends before",
    ),
    "a date without an answer": (
        answering("identity.version", since="2026-02-01"),
        "says nothing",
    ),
    "an exact value where none is asked": (
        answering("integrity.formats", exact="x"),
        "no exact value",
    ),
    "another digest than it is about": (
        lambda d: one(d, "identity.version")["about"].update(
            digest=f"sha256:{'0' * 64}"
        ),
        "do not change",
    ),
    "a question that does not exist": (
        lambda d: one(d, "identity.version").update(
            id=one(d, "identity.version")["id"].replace("version", "vision")
        ),
        "no question",
    ),
    "an id that is none": (
        lambda d: one(d, "identity.version").update(id="=cmd"),
        "id of a question",
    ),
    "an id that is no text": (lambda d: d["questions"][0].update(id=7), "be a text"),
    "twice": (
        lambda d: d["questions"].append(one(d, "identity.version")),
        "stands twice",
    ),
    "an entry that is a text": (lambda d: d["questions"].append("x"), "be a mapping"),
    "evidence that is a text": (
        answering("identity.version", answer="x", evidence="x.pdf"),
        "must be a list",
    ),
    "a file without a name": (
        answering("identity.version", answer="x", evidence=[{"sha256": "0" * 64}]),
        "name: is missing",
    ),
    "a file with half a digest": (
        answering(
            "identity.version", answer="x", evidence=[{"name": "a", "sha256": "0"}]
        ),
        "64 hex",
    ),
    "too many files": (
        answering(
            "identity.version",
            answer="x",
            evidence=[{"name": "a", "sha256": "0" * 64}] * 51,
        ),
        "more than 50",
    ),
    "an endless file name": (
        answering(
            "identity.version",
            answer="x",
            evidence=[{"name": "a" * 151, "sha256": "0" * 64}],
        ),
        "longer",
    ),
}


@pytest.mark.parametrize(("edit", "told"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_has_problems(world: World, edit: Edit, told: str) -> None:
    error = refused(imported, world, filled(world, edit))
    assert (error.reason, error.exit_code) == ("answers-invalid", 12)
    assert told in error.message
    assert not (world.root / "answers").exists()


def test_every_problem_is_told_at_once(world: World) -> None:
    def both(document: dict[str, Any]) -> None:
        document.update(bom="x")
        one(document, "identity.version").update(answer=5)
        one(document, "licences.terms").update(answer="x", since="soon")

    error = refused(imported, world, filled(world, both))
    assert len(error.message.splitlines()) == 3


def test_more_questions_than_there_can_be(world: World) -> None:
    path = filled(world, lambda d: d.update(questions=d["questions"] * 200))
    error = refused(imported, world, path)
    assert "more than 5,000" in error.message


# ── more than anybody fills in ──────────────────────

MANY = 400_000
TOO_MANY: dict[str, tuple[bytes, str]] = {
    "entries in yaml": (b"questions:\n" + b"- a\n" * MANY, "5,000 questions"),
    "entries in one line of yaml": (
        b"questions: [" + b"a," * MANY + b"a]",
        "5,000 questions",
    ),
    "other values in yaml": (b"x: [" + b"a," * MANY + b"a]", "250,000 values"),
    "values in one entry": (
        b"questions: [{x: [" + b"a," * MANY + b"a]}]",
        "250,000 values",
    ),
    "entries in json": (b'{"questions":[' + b"1," * MANY + b"1]}", "250,000 values"),
    "lists in json": (b'{"questions":' + b"[" * MANY, "250,000 values"),
}


@pytest.mark.parametrize(("data", "told"), TOO_MANY.values(), ids=TOO_MANY)
def test_what_has_too_many_parts_is_never_parsed(
    monkeypatch: pytest.MonkeyPatch, data: bytes, told: str
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("it was parsed")

    for name in ("yaml.compose", "yaml.load", "json.loads"):
        monkeypatch.setattr(name, never)
    error = refused(read_filled, data, "answers")
    assert (error.reason, error.exit_code) == ("document-too-large", 12)
    assert told in error.message
    assert "at most 5,000 questions" in str(error.hint)


def test_as_many_questions_as_there_can_be(world: World) -> None:
    document = as_document(questions_of(world))
    VERSION(document)
    left = range(5_000 - len(document["questions"]))
    document["questions"] += [{"id": f"x{n}", "about": {}} for n in left]
    path = world.root / "answers"
    for made in (json.dumps(document), _yaml_of(document)):
        path.write_text(made, "utf-8")
        error = refused(imported, world, path)
        assert error.reason == "answers-invalid"
        assert len(error.message.splitlines()) == 51
        assert error.message.endswith(" more")


def _yaml_of(document: dict[str, Any]) -> str:
    """Without aliases, which nobody writes by hand."""
    entries = "".join(f"- {json.dumps(one)}\n" for one in document["questions"])
    head = {key: value for key, value in document.items() if key != "questions"}
    return f"{yaml.safe_dump(head)}questions:\n{entries}"


RAW: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "answers-unreadable"),
    "a text": (b"hello", "answers-unreadable"),
    "a list": (b"- a", "answers-unreadable"),
    "no questions": (b"apiVersion: aibom/supplier-questions/v1", "answers-unreadable"),
    "questions that are none": (b"questions: {a: b}", "answers-unreadable"),
    "not yaml": (b"a: [", "answers-unreadable"),
    "not utf-8": (b"a: \xff", "answers-unreadable"),
    "two documents": (b"a: 1\n---\nb: 2", "answers-unreadable"),
    "a yaml bomb": (b"a: &a [x, x]\nb: [*a, *a]", "yaml-alias"),
    "a yaml tag": (b"a: !!python/object/apply:os.system [ls]", "yaml-tag"),
    "deep yaml": (b"a: " + b"[" * 60 + b"]" * 60, "document-too-deep"),
    "a key twice": (b"a: 1\na: 2", "duplicate-key"),
    "endless yaml": (b"a: " + b"x" * (5 << 20), "document-too-large"),
    "deep json": (b'{"a":' * 300 + b"1" + b"}" * 300, "document-too-deep"),
    "a json key twice": (b'{"a":1,"a":2}', "duplicate-key"),
    "not json": (b'{"a":', "document-unreadable"),
    "the page": (b"<!doctype html><html>", "answers-unreadable"),
    "a zip that is none": (b"PK\x03\x04garbage", "answers-unreadable"),
    "endless": (b"x" * (17 << 20), "document-too-large"),
}


@pytest.mark.parametrize(("data", "reason"), RAW.values(), ids=RAW)
def test_what_is_no_questionnaire(world: World, data: bytes, reason: str) -> None:
    path = world.root / "answers.bin"
    path.write_bytes(data)
    error = refused(imported, world, path)
    assert (error.reason, error.exit_code) == (reason, 12)


def test_one_too_long_is_asked_in_parts(world: World) -> None:
    path = world.root / "answers.yaml"
    path.write_bytes(RAW["endless yaml"][0])
    assert "ask with one for each part" in str(refused(imported, world, path).hint)


def test_nothing_answered(world: World) -> None:
    error = refused(imported, world, filled(world, lambda _: None))
    assert (error.reason, error.exit_code) == ("answers-empty", 12)
    error = refused(imported, world, requested(world, "questions.xlsx"))
    assert error.reason == "answers-empty"


@pytest.mark.parametrize("by", ["person:k:" + "a" * 32, "software:x@1", "", "org:"])
def test_who_is_no_organisation(world: World, by: str) -> None:
    error = refused(imported, world, filled(world, VERSION), by=by)
    assert (error.reason, error.exit_code) == ("supplier-not-an-organisation", 2)


def test_received_on_a_day_to_come(world: World) -> None:
    path = filled(world, VERSION)
    error = refused(imported, world, path, received=NOW + timedelta(days=2))
    assert (error.reason, error.exit_code) == ("received-in-future", 2)


# ── hostile spreadsheets ──────────────────────

Change = Callable[[bytes], bytes]
SHEET = "xl/worksheets/sheet1.xml"


def _large(data: bytes) -> bytes:
    return rezipped(data, {"xl/media/zeros.xml": bytes(70 << 20)})


def _many(data: bytes) -> bytes:
    return rezipped(data, {f"xl/x{n}.bin": b"x" for n in range(300)})


def _prefixed(text: bytes) -> Change:
    def change(data: bytes) -> bytes:
        def edit(name: str, part: bytes) -> bytes:
            if name != SHEET:
                return part
            head, mark, rest = part.partition(b"?>")
            return head + mark + text + rest if mark else text + part

        return rezipped(data, edit=edit)

    return change


def _utf16(data: bytes) -> bytes:
    def edit(name: str, part: bytes) -> bytes:
        return part.decode().encode("utf-16") if name == SHEET else part

    return rezipped(data, edit=edit)


def _twice(data: bytes) -> bytes:
    held = io.BytesIO(data)
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(held, "a") as archive,
    ):
        archive.writestr(SHEET, b"<x/>")
    return held.getvalue()


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _entities(data: bytes) -> bytes:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    return _prefixed(bomb)(data)


def _broken_sheet(data: bytes) -> bytes:
    return rezipped(data, {SHEET: b"<worksheet><sheetData><row r='x'>"})


def _shared(data: bytes) -> bytes:
    """Few bytes that are a million texts."""
    return rezipped(data, {"xl/sharedStrings.xml": b"<sst>" + b"<si/>" * 1_100_000})


def _wide(data: bytes) -> bytes:
    row = b'<row r="1">' + b"<c/>" * 1_100_000 + b"</row>"
    return rezipped(data, {SHEET: b"<worksheet><sheetData>" + row})


HOSTILE: dict[str, tuple[Change, str]] = {
    "a million texts": (_shared, "document-too-large"),
    "a row without end": (_wide, "document-too-large"),
    "another program's": (
        lambda d: rezipped(d, {"mimetype": b"application/vnd.oasis"}),
        "answers-unreadable",
    ),
    "a zip bomb": (_large, "document-too-large"),
    "a thousand parts": (_many, "document-too-large"),
    "entities": (_entities, "answers-active-content"),
    "an entity of a file": (
        _prefixed(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
        "answers-active-content",
    ),
    "utf-16": (_utf16, "answers-unreadable"),
    "macros": (
        lambda d: rezipped(d, {"xl/vbaProject.bin": b"x"}),
        "answers-active-content",
    ),
    "links": (
        lambda d: rezipped(d, {"xl/externalLinks/externalLink1.xml": b"<x/>"}),
        "answers-active-content",
    ),
    "embedded files": (
        lambda d: rezipped(d, {"xl/embeddings/oleObject1.bin": b"x"}),
        "answers-active-content",
    ),
    "a part twice": (_twice, "answers-unreadable"),
    "half of it": (_truncated, "answers-unreadable"),
    "no workbook": (
        lambda d: rezipped(d, {"xl/workbook.xml": None}),
        "answers-unreadable",
    ),
    "a broken sheet": (_broken_sheet, "answers-unreadable"),
    "another archive": (
        lambda d: rezipped(d, dict.fromkeys(zipfile.ZipFile(io.BytesIO(d)).namelist())),
        "answers-unreadable",
    ),
}


@pytest.mark.parametrize(("change", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_spreadsheets(world: World, change: Change, reason: str) -> None:
    path = requested(world, "questions.xlsx")
    path.write_bytes(change(path.read_bytes()))
    error = refused(imported, world, path)
    assert (error.reason, error.exit_code) == (reason, 12)
    assert not (world.root / "answers").exists()


FORMULAS = {
    "a sum": "=1+1",
    "a link": '=HYPERLINK("http://example.invalid")',
    "data from elsewhere": '=WEBSERVICE("http://example.invalid")',
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_is_refused(world: World, formula: str) -> None:
    path = in_sheet(world, "exact", formula, "identity.version")
    error = refused(imported, world, path)
    assert (error.reason, error.exit_code) == ("answers-formula", 12)
    assert "cell I2 (Exact value)" in error.message


def test_a_sheet_without_openpyxl(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = requested(world, "questions.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    error = refused(imported, world, path)
    assert (error.reason, error.exit_code) == ("extra-missing", 1)


# ── what people get wrong, told where it stands ──────────────────────

Typed = Callable[[Any], object]


def sheet_with(world: World, edit: Callable[[Any, Any], object]) -> Path:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    edit(book["Questions"], book)
    path = world.root / "answers.xlsx"
    book.save(path)
    return path


def _put(**cells: Any) -> Callable[[Any, Any], object]:
    def edit(sheet: Any, _: Any) -> None:
        for name, value in cells.items():
            sheet[name] = value

    return edit


def _same_twice(sheet: Any, _: Any) -> None:
    sheet["H2"], sheet["H3"], sheet["A3"] = "x", "y", sheet["A2"].value


IN_CELLS: dict[str, tuple[Callable[[Any, Any], object], tuple[str, ...]]] = {
    "a wrong id": (
        _put(A2="identity.version@000000000000", H2="x"),
        ("cell A2 (Question id): ", "put back what was sent"),
    ),
    "no id": (_put(A2=None, H2="x"), ("cell A2 (Question id): is missing",)),
    "an id twice": (
        _same_twice,
        ("cell A3 (Question id): ", "stands twice, first at cell A2 (Question id)"),
    ),
    "a digest with a digit too few": (
        _put(I4="sha256:" + "a" * 63),
        ("cell I4 (Exact value): is not a SHA-256 of 64 hex digits: it has 63",),
    ),
    "a digest with another letter": (
        _put(I4="sha256:" + "a" * 63 + "o"),
        ("cell I4 (Exact value): ", "'o' is no hex digit"),
    ),
    "a file with a mistyped digest": (
        _put(H2="x", L2="a.pdf", M2="a" * 63),
        ("cell M2 (Evidence: SHA-256): ", "it has 63"),
    ),
    "a file that is not here": (
        _put(H2="x", L2="a.pdf"),
        ("cell M2 (Evidence: SHA-256): 'a.pdf' has no SHA-256, and is not here",),
    ),
    "a day as people write it": (
        _put(H2="x", J2="20.11.2026"),
        ("cell J2 (Since (YYYY-MM-DD)): '20.11.2026' is no day", "as in 2026-11-21"),
    ),
    "a day as a number": (
        _put(H2="x", K2=46000),
        ("cell K2 (Valid until (YYYY-MM-DD)): '46000' is no day",),
    ),
    "another thing": (
        _put(H2="x", D2="sha256:1"),
        ("cell D2 (Digest of that): ",),
    ),
}


@pytest.mark.parametrize(("edit", "told"), IN_CELLS.values(), ids=IN_CELLS)
def test_problems_are_told_by_cell(
    world: World, edit: Callable[[Any, Any], object], told: tuple[str, ...]
) -> None:
    error = refused(imported, world, sheet_with(world, edit))
    assert error.reason == "answers-invalid"
    for text in told:
        assert text in error.message
    assert "correct these places" in str(error.hint)


def test_all_formulas_are_told_at_once(world: World) -> None:
    error = refused(
        imported, world, sheet_with(world, _put(H2="=A1", H3="=1+1", I4="=2"))
    )
    assert error.reason == "answers-formula"
    for cell in ("H2 (Your answer)", "H3 (Your answer)", "I4 (Exact value)"):
        assert f"cell {cell}" in error.message


def _commented(sheet: Any, _: Any) -> None:
    sheet["H2"] = "x"
    sheet["H2"].comment = openpyxl.comments.Comment("A word to you", "me")


def _noted(sheet: Any, book: Any) -> None:
    sheet["H2"] = "x"
    book.create_sheet("Notes")["A1"] = "Our answers to the rest"


UNREAD: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "to the right": (_put(H2="x", N3="1.2"), "cell N3, to the right of the form"),
    "over what is known": (
        _put(H2="x", F3="Acme"),
        "cell F3 (Known now), which was changed",
    ),
    "a comment": (_commented, "comments on cells"),
    "another sheet": (_noted, "sheet 'Notes'"),
}


@pytest.mark.parametrize(("edit", "place"), UNREAD.values(), ids=UNREAD)
def test_what_stands_where_nothing_is_read_is_told(
    world: World, edit: Callable[[Any, Any], object], place: str
) -> None:
    done = imported(world, sheet_with(world, edit))
    assert done.unread == (place,)
    assert len(done.given.answers) == 1


def test_what_is_asked_is_locked_and_what_is_answered_is_not(world: World) -> None:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    sheet = book["Questions"]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert [cell.protection.locked for cell in sheet[2]] == [True] * 7 + [False] * 6
    rows = sheet.iter_rows(min_row=2)
    row = next(r for r in rows if str(r[0].value).startswith("integrity.formats@"))
    assert row[8].protection.locked


def test_an_answer_in_lines_and_in_another_language(world: World) -> None:
    text = "Es ist 1.2.\n\n日本語: はい, ünïcode"
    done = imported(world, sheet_with(world, _put(H2=text)))
    assert [answer.text for answer in done.given.answers] == [text]


def yaml_with(world: World, old: str, new: str) -> Path:
    """The form as somebody edited it, at the first place of a text."""
    text = requested(world).read_text("utf-8")
    assert old in text
    path = world.root / "answers.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


EMPTY = 'answer: ""'
IN_LINES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "a number": (
        EMPTY,
        "answer: 1.2",
        "answers-invalid",
        ("line 20, identity.version@", "answer: must be a text; put it in quotes"),
    ),
    "a misspelt key": (EMPTY, "anwser: x", "answers-invalid", ("did you mean",)),
    "a day": (
        'since: ""',
        "since: 20.11.2026",
        "answers-invalid",
        ("since: '20.11.2026' is no day",),
    ),
    "a colon": (EMPTY, "answer: so: yes", "answers-unreadable", ("at line 28",)),
    "quotes": (EMPTY, 'answer: "a "b" c"', "answers-unreadable", ("at line 28",)),
    "a file without a name": (
        "evidence: []",
        "evidence: [a.pdf]",
        "answers-invalid",
        ("evidence: each is written as  - {name: FILE, sha256: …}",),
    ),
    "a question that was renamed": (
        "identity.version@",
        "identity.versoin@",
        "answers-invalid",
        ("no question 'identity.versoin'; did you mean 'identity.version'?",),
    ),
}


@pytest.mark.parametrize("case", IN_LINES.values(), ids=IN_LINES)
def test_problems_are_told_by_line(
    world: World, case: tuple[str, str, str, tuple[str, ...]]
) -> None:
    old, new, reason, told = case
    error = refused(imported, world, yaml_with(world, old, new))
    assert error.reason == reason
    assert error.hint
    for text in told:
        assert text in error.message
    assert "unicode string" not in error.message


INSTEAD = {
    "a pdf": (b"%PDF-1.7\xff", "evidence add"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xlsx"),
    "latin": ("answer: Münch".encode("latin-1"), "UTF-8"),
    "a table": (b"id,answer\n", "filled in"),
}


@pytest.mark.parametrize(("data", "hint"), INSTEAD.values(), ids=INSTEAD)
def test_what_people_send_instead(world: World, data: bytes, hint: str) -> None:
    path = world.root / "answers"
    path.write_bytes(data)
    error = refused(imported, world, path)
    assert error.reason == "answers-unreadable"
    assert hint in str(error.hint)


def test_answers_that_only_point_somewhere_are_named(world: World) -> None:
    done = imported(
        world, filled(world, answering("identity.version", answer="See attachment."))
    )
    assert [name.partition("@")[0] for name in done.pointing] == ["identity.version"]
    named = naming("letter.pdf", "d" * 64)
    assert imported(world, filled(world, named)).pointing == ()


def test_what_comes_back_is_of_the_schema(world: World) -> None:
    schema = Draft202012Validator(read_schema("supplier-questions-1.json"))
    document = json.loads(_by_html(world).read_bytes())
    assert list(schema.iter_errors(document)) == []


def test_other_titles_are_refused(world: World) -> None:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    book["Questions"]["H1"].value = "Antwort"
    path = world.root / "answers.xlsx"
    book.save(path)
    assert refused(imported, world, path).reason == "answers-unreadable"


def test_a_sheet_renamed_is_refused(world: World) -> None:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    book["About"].title = "Info"
    path = world.root / "answers.xlsx"
    book.save(path)
    assert "no sheet 'About'" in refused(imported, world, path).message


def test_rows_without_end(world: World) -> None:
    book = openpyxl.load_workbook(requested(world, "questions.xlsx"))
    book["Questions"].cell(1_048_576, 1).value = "x"
    path = world.root / "answers.xlsx"
    book.save(path)
    assert refused(imported, world, path).reason == "document-too-large"


def test_a_name_that_was_made_harmless_is_the_same_question(world: World) -> None:
    document = json.loads(world.bom.read_bytes())
    document["metadata"]["component"]["name"] = "=1+1"
    world.bom.write_text(json.dumps(document), "utf-8")
    done = imported(world, in_sheet(world, "exact", "1.2", "identity.version"))
    assert done.given.subject_name == "=1+1"
