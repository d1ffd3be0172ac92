"""What is asked of a supplier, and the three forms it is asked in."""

from __future__ import annotations

import html
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft202012Validator
from supplier_world import questions_of, requested
from worlds import ANNE, NOW, World, audit, measured, write_report

from aibom.errors import AibomError
from aibom.lineage.nodes import Kind
from aibom.operations.reporting.report import Asked, report_and_material
from aibom.operations.suppliers.forms import as_document, yaml_form
from aibom.operations.suppliers.html import html_form
from aibom.operations.suppliers.questions import Questionnaire, questionnaire
from aibom.operations.suppliers.request import (
    FORMS,
    form_of,
    load_catalogue,
    request_answers,
)
from aibom.operations.suppliers.xlsx import COLUMNS, xlsx_form
from aibom.reading import parse_yaml
from aibom.resources import read_schema
from aibom.statement import BASE_URI

SCHEMA = Draft202012Validator(read_schema("supplier-questions-1.json"))
HOSTILE = {
    "script": "</script><script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "formula": '=HYPERLINK("http://example.invalid","x")',
    "formula by sign": "@SUM(1+1)*cmd|' /C calc'!A0",
    "minus": "-1+1",
    "yaml": "x\"\n  - id: 'injected",
    "bidi": "safe\u202egnp.exe",
    "escape sequence": "\x1b[2J\x07",
    "endless": "x" * 10_000,
    "nothing to see": "\u200b",
}


def hostile(world: World, name: str) -> Questionnaire:
    """The questionnaire of a BOM that calls its product this."""
    document = json.loads(world.bom.read_bytes())
    document["metadata"]["component"]["name"] = name
    path = world.root / "hostile.json"
    path.write_text(json.dumps(document), "utf-8")
    return _questions(path)


def _questions(path: Path, *, everything: bool = True) -> Questionnaire:
    report, material = report_and_material(path, Asked(), NOW)
    return questionnaire(report, material, load_catalogue(), everything=everything)


# ── what is asked ──────────────────────


def test_the_schema_is_one_under_its_name() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)
    assert SCHEMA.schema["$id"] == f"{BASE_URI}schemas/supplier-questions-1.json"


def test_each_thing_is_asked_about_by_its_digest(world: World) -> None:
    asked = questions_of(world)
    licences = [one for one in asked.questions if one.id.startswith("licences.terms@")]
    names = {one.about.name for one in licences}
    assert {"acme/models/reader", "acme/models/base", "acme/data/labels"} <= names
    assert all(one.about.digest for one in licences)
    assert asked.things == len({one.about for one in asked.questions})


def test_an_id_says_what_it_is_about(world: World) -> None:
    ids = [one.id for one in questions_of(world, everything=True).questions]
    assert len(set(ids)) == len(ids)
    again = [one.id for one in questions_of(world, everything=True).questions]
    assert ids == again


def test_all_asks_more(world: World) -> None:
    """Evidence proves some answers; those are asked for with `everything` alone."""
    given = Asked(evidence=(world.evidence,), policy=world.verifier)
    report, material = report_and_material(world.bom, given, NOW)
    catalogue = load_catalogue()
    some = questionnaire(report, material, catalogue, everything=False)
    everything = questionnaire(report, material, catalogue, everything=True)
    assert {one.id for one in some.questions} < {one.id for one in everything.questions}
    assert len(some.questions) < len(questions_of(world).questions)
    asked = {one.id.partition("@")[0] for one in everything.questions}
    assert asked == {one.id for one in catalogue.questions}


POOR = {
    "empty": {"bomFormat": "CycloneDX", "specVersion": "1.6"},
    "one name": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "machine-learning-model", "name": "x"}},
    },
    "invalid": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "machine-learning-model", "name": 5}},
        "components": [{"type": "data", "name": ["a"]}, {"type": "data"}],
    },
}


@pytest.mark.parametrize("document", POOR.values(), ids=POOR)
def test_a_poor_bom_is_asked_about_as_well(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "bom.json"
    path.write_text(json.dumps(document), "utf-8")
    asked = _questions(path, everything=False)
    assert len(asked.questions) > 20
    for form in set(FORMS.values()):
        assert form(asked) == form(asked)
    assert list(SCHEMA.iter_errors(as_document(asked))) == []


def test_too_many_questions_are_refused(tmp_path: Path) -> None:
    data = [{"type": "data", "name": f"d{n}", "version": str(n)} for n in range(900)]
    path = tmp_path / "bom.json"
    document = {**POOR["one name"], "components": data}
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(AibomError) as caught:
        _questions(path)
    assert caught.value.reason == "questions-too-many"


def test_more_yaml_than_is_read_back_is_refused(tmp_path: Path) -> None:
    data = [{"type": "data", "name": f"d{n}{chr(0x1F600) * 140}"} for n in range(480)]
    path = tmp_path / "bom.json"
    document = {**POOR["one name"], "components": data}
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(AibomError) as caught:
        request_answers(path, tmp_path / "q.yaml", Asked(), NOW)
    assert caught.value.reason == "questions-too-many"
    assert not (tmp_path / "q.yaml").exists()


# ── files ──────────────────────


@pytest.mark.parametrize("name", ["q.yaml", "q.YML", "q.xlsx", "q.html"])
def test_the_same_questions_are_the_same_bytes(world: World, name: str) -> None:
    first = requested(world, name).read_bytes()
    assert requested(world, name).read_bytes() == first


@pytest.mark.parametrize("name", ["q.pdf", "q", "q.yaml.txt", "q.json"])
def test_another_format_is_refused_before_anything_is_read(name: str) -> None:
    with pytest.raises(AibomError) as caught:
        request_answers(Path("nowhere"), Path(name), Asked(), NOW)
    assert (caught.value.reason, caught.value.exit_code) == (
        "questions-format-unknown",
        2,
    )


def test_without_openpyxl_it_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(AibomError) as caught:
        requested(world, "q.xlsx")
    assert caught.value.reason == "extra-missing"
    assert not (world.root / "q.xlsx").exists()


def test_no_question_is_a_questionnaire_too(world: World) -> None:
    empty = Questionnaire(questions_of(world).product, "", ("n", "1"), ())
    for form in set(FORMS.values()):
        assert form(empty)
    assert parse_yaml(yaml_form(empty), "")["questions"] == []


# ── YAML ──────────────────────


def test_yaml_is_the_document_with_comments(world: World) -> None:
    asked = questions_of(world)
    data = yaml_form(asked)
    assert parse_yaml(data, "") == as_document(asked)
    assert list(SCHEMA.iter_errors(as_document(asked))) == []
    assert data.decode().count("\n# - ") >= 5


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_breaks_the_yaml(world: World, name: str) -> None:
    asked = hostile(world, name)
    assert parse_yaml(yaml_form(asked), "") == as_document(asked)


# ── HTML ──────────────────────


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_is_markup(world: World, name: str) -> None:
    page = html_form(hostile(world, name)).decode()
    assert "alert(1)</script>" not in page.replace("&lt;", "")
    assert not re.search(r"<[^>]*onmouseover", page)
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert len(page) < 1_000_000


def test_the_page_needs_nothing_else(world: World) -> None:
    page = html_form(questions_of(world)).decode()
    assert not re.search(r"""(src|href)\s*=\s*["']""", page)
    script = page[page.rindex("<script>") :]
    for word in ("http", "fetch", "XMLHttp", "sendBeacon", "WebSocket", "import"):
        assert word not in script
    assert "default-src 'none'" in page
    assert page.count("<fieldset>") == len(questions_of(world).questions)


def test_the_page_carries_the_document_for_its_script(world: World) -> None:
    asked = hostile(world, HOSTILE["script"])
    page = html_form(asked).decode()
    found = re.search(r'id="questions">([^<]*)</script>', page)
    assert found is not None
    assert json.loads(found[1]) == as_document(asked)


def test_questions_can_be_read_without_the_script(world: World) -> None:
    asked = questions_of(world)
    page = html.unescape(html_form(asked).decode())
    assert all(one.wanted in page and one.id in page for one in asked.questions)


# ── XLSX ──────────────────────


def cells(data: bytes) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return list(book["Questions"].iter_rows())


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_is_a_formula(world: World, name: str) -> None:
    data = xlsx_form(hostile(world, name))
    texts = [cell for row in cells(data) for cell in row if cell.value]
    assert {cell.data_type for cell in texts} == {"s"}
    risky = [c.value for c in texts if str(c.value).startswith(("=", "+", "-", "@"))]
    assert risky == []


def test_the_sheet_has_a_row_for_each_question(world: World) -> None:
    asked = questions_of(world)
    rows = cells(xlsx_form(asked))
    assert [cell.value for cell in rows[0]] == [title for title, _, _ in COLUMNS]
    assert [row[0].value for row in rows[1:]] == [one.id for one in asked.questions]


def test_the_sheet_holds_no_clock_and_no_links(world: World) -> None:
    data = xlsx_form(questions_of(world))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")
        assert not [n for n in archive.namelist() if "external" in n.lower()]
        relations = b"".join(
            archive.read(n) for n in archive.namelist() if n.endswith(".rels")
        )
        assert b'TargetMode="External"' not in relations


def test_forms_are_chosen_by_ending() -> None:
    makers: set[Callable[[Questionnaire], bytes]] = {
        form_of(Path(f"x{ending}")) for ending in FORMS
    }
    assert len(makers) == 3


def test_what_is_known_to_be_wrong_is_asked_about_though_it_is_signed(world):
    rate = [measured("overlap-disagreement", 39, 40, labeler=ANNE)]
    failing = write_report(world.root / "bad.json", "label-consistency", rate)
    audit(world, failing, world.root / "labels", "acme/data/labels", Kind.DATASET)
    asked = Asked(evidence=(world.evidence,), policy=world.verifier)
    report, material = report_and_material(world.bom, asked, NOW)
    found = questionnaire(report, material, load_catalogue(), everything=False)
    (one,) = [q for q in found.questions if q.asks.startswith("Were the labels")]
    assert one.about.name == "acme/data/labels"
    assert one.known.startswith("stated and signed")
    assert "This does not hold: acme/data/labels" in one.wanted
    assert "0.975" in one.wanted
