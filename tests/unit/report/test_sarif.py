"""SARIF: valid against the schema, findings where a reader looks, nothing foreign."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import pytest
from hostile_verdicts import PLACES, VERDICTS, json_of
from hypothesis import given, settings
from verdicts import FINDING, VERDICT

from aibom.report.parts import Where
from aibom.report.sarif import MAX_FLOW, MAX_RESULTS, sarif
from aibom.report.sarif_rules import MAX_TAGS
from aibom.verdict import (
    Decision,
    ExceptionNote,
    Mode,
    PathHop,
    Severity,
    Status,
    Verification,
)

WHERE = Where("model/aibom.cdx.json")
NOTE = ExceptionNote(
    id="EX-7",
    state="active",
    why="",
    rule=FINDING.rule,
    subject=FINDING.node,
    reason_code="",
    term="",
    reason="vendor fixes it in March",
    ticket="SEC-1",
    requested_by="a@acme.example",
    approved_by="b@acme.example",
    expires="2027-03-01",
)


@pytest.fixture(scope="module")
def validator(checkout):
    path = checkout / "tests" / "data" / "sarif" / "sarif-2.1.0.schema.json"
    return jsonschema_rs.Draft202012Validator(
        json.loads(path.read_text()), validate_formats=True
    )


@pytest.fixture
def run(validator):
    def make(*results, where=WHERE, waived=False, **changes):
        verdict = replace(VERDICT, results=results, **changes)
        document = json.loads(sarif(verdict, where, waived=waived))
        validator.validate(document)
        return document["runs"][0]

    return make


def notes(run):
    return [
        (note["level"], note["message"]["text"])
        for note in run["invocations"][0]["toolExecutionNotifications"]
    ]


def test_the_schema_refuses_something(validator):
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"tool": {}}]})


KINDS = {
    "fail, deny": (Status.FAIL, Mode.DENY, "fail", "error"),
    "fail, warn": (Status.FAIL, Mode.WARN, "fail", "warning"),
    "fail, report-only": (Status.FAIL, Mode.REPORT_ONLY, "fail", "note"),
    "unknown, deny": (Status.UNKNOWN, Mode.DENY, "open", "none"),
    "unknown, warn": (Status.UNKNOWN, Mode.WARN, "open", "none"),
}


@pytest.mark.parametrize(("status", "mode", "kind", "level"), KINDS.values(), ids=KINDS)
def test_kind_and_level(run, status, mode, kind, level):
    (result,) = run(replace(FINDING, status=status, mode=mode))["results"]
    assert (result["kind"], result["level"]) == (kind, level)
    assert result["properties"]["blocks"] is (mode is Mode.DENY)


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE], ids=str)
def test_what_is_no_finding_is_not_listed_but_its_rule_is(run, status):
    found = run(replace(FINDING, status=status), decision=Decision.ALLOWED)
    assert found["results"] == []
    assert [rule["id"] for rule in found["tool"]["driver"]["rules"]] == [FINDING.rule]
    assert notes(found) == []


def test_a_rule_that_broke_is_a_notification(run):
    found = run(replace(FINDING, status=Status.ERROR))
    assert found["results"] == []
    (note,) = found["invocations"][0]["toolExecutionNotifications"]
    assert note["level"] == "error"
    assert note["associatedRule"] == {"id": FINDING.rule}


def test_the_path_is_the_code_flow(run):
    (result,) = run(FINDING)["results"]
    (flow,) = result["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    names = [step["location"]["logicalLocations"][0]["name"] for step in steps]
    assert names == ["acme/model", "train", "acme/labels", "person:acme"]
    assert steps[2]["location"]["message"]["text"] == (
        "used as training-data dataset acme/labels"
    )


def test_where_it_is_and_what_it_is_about(run):
    where = Where("./model/aibom.cdx.json", {FINDING.node: 12})
    (result,) = run(FINDING, where=where)["results"]
    (place,) = result["locations"]
    assert place == {
        "physicalLocation": {
            "artifactLocation": {"uri": "model/aibom.cdx.json"},
            "region": {"startLine": 12},
        },
        "logicalLocations": [
            {
                "name": "acme/labels",
                "fullyQualifiedName": FINDING.node,
                "kind": "dataset",
            }
        ],
    }


def test_fingerprints_are_stable_and_tell_terms_apart(run):
    others = (replace(FINDING, term="A"), replace(FINDING, term="B"))
    marks = [
        result["partialFingerprints"]["aibomRuleNode/v1"]
        for result in run(FINDING, *others)["results"]
    ]
    assert len(set(marks)) == 3
    assert FINDING.fingerprint in marks


def test_the_rule_helps(run):
    (rule,) = run(FINDING)["tool"]["driver"]["rules"]
    assert "One labeler hides in averages." in rule["help"]["text"]
    assert "Look at the labeler" in rule["help"]["markdown"]
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert "security" in rule["properties"]["tags"]
    assert "owasp-llm/LLM04:2025" in rule["properties"]["tags"]


SCORES = {
    Severity.CRITICAL: (9.0, 10.0),
    Severity.HIGH: (7.0, 9.0),
    Severity.MEDIUM: (4.0, 7.0),
    Severity.LOW: (0.1, 4.0),
}


@pytest.mark.parametrize("severity", SCORES, ids=str)
def test_the_score_lies_in_the_range_of_the_severity(run, severity):
    (rule,) = run(replace(FINDING, severity=severity))["tool"]["driver"]["rules"]
    low, high = SCORES[severity]
    assert low < float(rule["properties"]["security-severity"]) < high


def test_the_worst_severity_of_a_rule_counts(run):
    results = [replace(FINDING, node=str(n), severity=s) for n, s in enumerate(SCORES)]
    (rule,) = run(*reversed(results))["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == "9.5"


def test_at_most_ten_tags(run):
    maps = {f"f{n}": ("a", "b") for n in range(20)}
    (rule,) = run(replace(FINDING, maps=maps))["tool"]["driver"]["rules"]
    assert len(rule["properties"]["tags"]) == MAX_TAGS


def test_what_is_excepted_is_left_out_and_told(run):
    excepted = replace(FINDING, exception="EX-7")
    found = run(excepted, exceptions=(NOTE,), decision=Decision.ALLOWED)
    assert found["results"] == []
    assert notes(found) == [("note", "excepted and not listed: 1 (EX-7)")]


def test_on_demand_it_is_suppressed(run):
    excepted = replace(FINDING, exception="EX-7")
    found = run(excepted, exceptions=(NOTE,), waived=True, decision=Decision.ALLOWED)
    (result,) = found["results"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "vendor fixes it in March" in suppression["justification"]


def test_an_exception_that_is_not_in_force_hides_nothing(run):
    note = replace(NOTE, state="expired")
    (result,) = run(FINDING, exceptions=(note,))["results"]
    assert "suppressions" not in result


def test_too_many_findings_are_cut_by_severity_and_said_so(run):
    low = [
        replace(FINDING, node=f"n{n}", severity=Severity.LOW, path=())
        for n in range(MAX_RESULTS)
    ]
    warning = replace(FINDING, node="warning", mode=Mode.WARN)
    found = run(*low, warning, FINDING)
    assert len(found["results"]) == MAX_RESULTS
    logical = [r["locations"][0]["logicalLocations"][0] for r in found["results"]]
    names = [one["fullyQualifiedName"] for one in logical]
    assert names[0] == FINDING.node
    assert "warning" not in names
    ((level, text),) = notes(found)
    assert level == "warning"
    assert text.startswith("5,000 of 5,002 findings are listed")


def test_a_path_that_is_too_long_keeps_both_ends(run):
    hops = tuple(PathHop(str(n), f"hop {n}", "step") for n in range(MAX_FLOW + 5))
    (result,) = run(replace(FINDING, path=hops))["results"]
    (flow,) = result["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    names = [step["location"]["logicalLocations"][0]["name"] for step in steps]
    assert len(names) == MAX_FLOW
    assert (names[0], names[-1]) == ("hop 0", f"hop {MAX_FLOW + 4}")
    assert "5 hops before the last are left out" in flow["message"]["text"]


STOPPED = Verification(
    "failed", "file-changed", "was changed", "model/w.bin", "restore"
)


def test_a_failed_verification_is_a_result(run):
    found = run(verification=STOPPED, decision=Decision.NOT_VERIFIED)
    (result,) = found["results"]
    assert (result["ruleId"], result["level"]) == ("aibom/verification", "error")
    assert result["message"]["text"] == (
        "file-changed: model/w.bin: was changed; restore"
    )
    assert found["tool"]["driver"]["rules"][0]["id"] == "aibom/verification"


BROKEN = {
    "could not decide": (Decision.ERROR, STOPPED, False),
    "nothing in force": (Decision.UNDECIDED, VERDICT.verification, True),
}


@pytest.mark.parametrize(
    ("decision", "verification", "successful"), BROKEN.values(), ids=BROKEN
)
def test_no_decision_is_an_error_of_the_tool(run, decision, verification, successful):
    found = run(verification=verification, decision=decision, reason="nothing-in-force")
    assert found["results"] == []
    assert found["invocations"][0]["executionSuccessful"] is successful
    assert [level for level, _ in notes(found)] == ["error"]


def test_a_dry_run_says_so(run):
    found = run(dry_run=True, report_only=True, decision=Decision.ALLOWED)
    assert found["properties"]["dryRun"] is True
    assert [text.partition(":")[0] for _, text in notes(found)] == [
        "dry run",
        "report only",
    ]


def test_messages_hold_no_links(run):
    (result,) = run(replace(FINDING, label="[x](https://evil)"))["results"]
    assert result["message"]["text"].startswith("\\[x\\](https://evil): audit-failed")


def test_the_order_of_results_does_not_matter():
    results = [replace(FINDING, node=str(n)) for n in range(5)]
    one = sarif(replace(VERDICT, results=tuple(results)), WHERE)
    assert one == sarif(replace(VERDICT, results=tuple(reversed(results))), WHERE)


@settings(max_examples=60, deadline=None)
@given(VERDICTS, PLACES)
def test_whatever_it_holds_it_is_valid_and_visible(validator, verdict, where):
    for waived in (False, True):
        document = json_of(sarif(verdict, where, waived=waived))
        validator.validate(document)
        (run,) = document["runs"]
        known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        assert {result["ruleId"] for result in run["results"]} <= known
