"""What a rule knows to be wrong stands first: with its number, and as a request."""

from __future__ import annotations

import json

import pytest
from worlds import ANNE, BERT, MODEL, NOW, audit, measured, write_report

from aibom.lineage.nodes import Kind
from aibom.operations.reporting.report import Asked, make_report
from aibom.report.diligence.html import report_html
from aibom.report.diligence.machine import report_document
from aibom.report.diligence.markdown import report_markdown
from aibom.report.diligence.model import Status
from aibom.resources import read_schema

LABELS = "labelling-governance.label-audit"
RATE = "overlap-disagreement"


def reported(world):
    asked = Asked(evidence=(world.evidence,), policy=world.verifier)
    return make_report(world.bom, asked, NOW)


@pytest.fixture
def failing(world):
    """One labeler of two disagrees with everybody, on one class."""
    rate = [
        measured(RATE, 1, 40, labeler=BERT),
        measured(RATE, 2, 400, labeler=ANNE),
        measured(RATE, 39, 40, labeler=ANNE, **{"class": "3"}),
    ]
    report = write_report(world.root / "bad.json", "label-consistency", rate)
    audit(world, report, world.root / "labels", "acme/data/labels", Kind.DATASET)
    return reported(world)


def test_the_failing_number_is_told(failing):
    (note,) = failing.by_id[LABELS].failed
    assert (note.rule, note.reason, note.blocks) == (
        "labels-unaudited",
        "audit-failed",
        True,
    )
    assert note.about == "acme/data/labels"
    assert "0.975" in note.actual
    assert "class 3" in note.actual
    assert "at most" in note.expected


def test_a_signature_is_not_raised_nor_lowered_by_it(failing):
    assert failing.by_id[LABELS].status is Status.SIGNED


def test_the_extreme_stands_in_the_statement(failing):
    texts = " ".join(entry.text for entry in failing.by_id[LABELS].entries)
    assert "0.975 (39 of 40, class 3" in texts


def test_what_blocks_is_the_first_request(failing):
    first, second = failing.requests[:2]
    assert first.id == LABELS
    assert first.blocks
    assert first.why == "rule labels-unaudited blocks: audit-failed"
    assert first.about == ("acme/data/labels",)
    assert "0.975" in first.text
    assert "Say how this came about" in first.text
    assert not second.blocks


def test_it_is_asked_for_once(failing):
    ids = [one.id for one in failing.requests]
    assert ids.count(LABELS) == 1


def test_it_is_what_its_heading_asks_next(failing):
    (area,) = [one for one in failing.areas if one.id == "labelling-governance"]
    assert area.ask_id == LABELS
    assert area.ask_next.startswith("Say how this came about")
    assert [note.rule for note in area.failed] == ["labels-unaudited"]


def test_every_form_tells_it_before_the_seven_questions_end(failing):
    page = report_html(failing).decode()
    assert page.index("0.975") < page.index("The seven questions</h2>")
    assert 'data-status="signed failing"' in page
    text = report_markdown(failing).decode()
    assert text.index("fails a rule; stated and signed") < text.index("## In short")
    document = report_document(failing)
    (found,) = [one for one in document["answers"] if one["id"] == LABELS]
    assert found["rules"][0]["blocks"] is True


def test_the_schema_knows_it(failing):
    from jsonschema import Draft202012Validator

    schema = read_schema("diligence-report-1.json")
    document = json.loads(json.dumps(report_document(failing)))
    assert not list(Draft202012Validator(schema).iter_errors(document))


def test_the_regulatory_map_begins_with_it(failing):
    (table,) = failing.sections[10].tables
    assert table.rows[0][2].alarm
    assert table.rows[0][2].text == "labels-unaudited"
    assert not table.rows[-1][2].alarm


def test_a_rule_that_bears_on_no_clause_is_in_the_map(world):
    def add(policy):
        rule = {
            "id": "own-rule",
            "check": "field-required",
            "select": {"kind": "model", "scope": "artifact"},
            "settings": {"fields": ["licence"]},
            "severity": "high",
            "mode": "deny",
            "why": "No terms, no use.",
            "remedy": "State the licence.",
        }
        return {**policy, "rules": [*policy["rules"], rule]}

    path = world.verifier / "policy.yaml"
    path.write_text(json.dumps(add(json.loads(path.read_text()))))
    world.lock()
    report = reported(world)
    (table,) = report.sections[10].tables
    own = [row for row in table.rows if row[0].text == "none"]
    assert "own-rule" in own[0][3].text
    # No question of the catalogue shows that rule, so the finding is the request.
    (request,) = [one for one in report.requests if one.id == "rule.own-rule"]
    assert request.blocks
    assert "State the licence." in request.text


def test_what_blocks_because_nobody_can_tell_comes_first_too(world):
    (world.evidence / "audits").rename(world.root / "elsewhere")
    first = reported(world).requests[0]
    assert first.blocks
    assert "not provided" in first.why
    assert "blocks: audit-missing" in first.why


def test_nothing_fails_in_a_clean_world(world):
    report = reported(world)
    assert not any(one.failed for one in report.answers)
    assert not any(one.blocks for one in report.requests)
    assert b"pill failing" not in report_html(report).split(b'id="short"')[0]


def test_a_test_of_another_kind_says_nothing_about_triggers(world):
    """The rule that asks for a holdout test stands beside that question alone."""
    report = reported(world)
    assert [note.rule for note in report.by_id["anomaly-detection.evaluation"].rules]
    assert not report.by_id["anomaly-detection.backdoor-test"].rules


def test_what_it_learned_from_names_labelers_and_leaves_out_the_rest(world):
    lines = reported(world).learned_from
    assert any(line.startswith("2 labelers: person:") for line in lines)
    assert any(line.startswith("1 other model: acme/models/base") for line in lines)
    assert MODEL not in " ".join(lines)


def test_steps_tell_how_long_and_by_which_command(world):
    (table,) = [one for one in reported(world).sections[6].tables]
    assert table.head == ("Step", "Kind", "Finished", "Took", "Command", "Record")
    took = {row[3].text for row in table.rows}
    assert took == {"1 s"}
