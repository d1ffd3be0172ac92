"""GitLab Code Quality: every standing finding once, and nothing looks like a pass."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hostile_verdicts import PLACES, VERDICTS, json_of
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from verdicts import FINDING, VERDICT

from aibom.report.gitlab import gitlab
from aibom.report.parts import Where, exception_of, stop
from aibom.verdict import Decision, Mode, Severity, Status, Verification

WHERE = Where("model/aibom.cdx.json", {FINDING.node: 7})

#: The format, from GitLab's documentation (Code Quality, report format).
ENTRY = {
    "type": "object",
    "properties": {
        "check_name": {"type": "string"},
        "description": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "properties": {
                "path": {"type": "string", "minLength": 1, "pattern": "^(?!\\./)"},
                "lines": {
                    "type": "object",
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                    "required": ["begin"],
                    "additionalProperties": False,
                },
            },
            "required": ["path", "lines"],
            "additionalProperties": False,
        },
    },
    "required": ["check_name", "description", "fingerprint", "severity", "location"],
    "additionalProperties": False,
}
VALIDATOR = Draft202012Validator({"type": "array", "items": ENTRY})


def entries(*results, **changes):
    document = json.loads(gitlab(replace(VERDICT, results=results, **changes), WHERE))
    VALIDATOR.validate(document)
    return document


def test_a_finding():
    (entry,) = entries(FINDING)
    assert entry == {
        "check_name": "labels-unaudited",
        "description": (
            "acme/labels: audit-failed; found: disagreement 1 (labeler person:acme) on "
            "41/41; expected: an audit by the auditor: disagreement at most 0.2"
        ),
        "fingerprint": FINDING.fingerprint,
        "severity": "blocker",
        "location": {"path": "model/aibom.cdx.json", "lines": {"begin": 7}},
    }


SEVERITIES = {
    "critical": ({"severity": Severity.CRITICAL}, "blocker"),
    "high": ({"severity": Severity.HIGH}, "critical"),
    "medium": ({"severity": Severity.MEDIUM}, "major"),
    "low": ({"severity": Severity.LOW}, "minor"),
    "a warning": ({"mode": Mode.WARN}, "info"),
    "unknown blocks as a fail does": ({"status": Status.UNKNOWN}, "blocker"),
}


@pytest.mark.parametrize(("changes", "severity"), SEVERITIES.values(), ids=SEVERITIES)
def test_severity(changes, severity):
    (entry,) = entries(replace(FINDING, **changes), decision=Decision.ALLOWED)
    assert entry["severity"] == severity


DOUBTS = {
    Status.UNKNOWN: "cannot be told: ",
    Status.ERROR: "could not be evaluated: ",
}


@pytest.mark.parametrize("status", DOUBTS, ids=str)
def test_what_is_not_known_is_said_to_be(status):
    (entry,) = entries(replace(FINDING, status=status))
    assert entry["description"].startswith(DOUBTS[status])


NOT_LISTED = {
    "a pass": {"status": Status.PASS},
    "not applicable": {"status": Status.NOT_APPLICABLE},
    "excepted": {"exception": "EX-1"},
}


@pytest.mark.parametrize("changes", NOT_LISTED.values(), ids=NOT_LISTED)
def test_what_is_no_standing_finding_is_not_listed(changes):
    assert entries(replace(FINDING, **changes), decision=Decision.ALLOWED) == []


STOPPED = {
    "not verified": (
        Decision.NOT_VERIFIED,
        Verification("failed", "file-changed", "was changed", "w.bin", "restore it"),
        "aibom/verification",
        "file-changed: w.bin: was changed; restore it",
    ),
    "undecided without a finding": (
        Decision.UNDECIDED,
        VERDICT.verification,
        "aibom/decision",
        "nothing-in-force: every rule of the policy is off in this tier",
    ),
}


@pytest.mark.parametrize(
    ("decision", "found", "rule", "told"), STOPPED.values(), ids=STOPPED
)
def test_no_yes_is_never_an_empty_report(decision, found, rule, told):
    (entry,) = entries(decision=decision, verification=found, reason="nothing-in-force")
    assert (entry["check_name"], entry["description"]) == (rule, told)
    assert entry["severity"] == "blocker"


def test_two_findings_never_share_a_fingerprint():
    marks = [e["fingerprint"] for e in entries(FINDING, replace(FINDING, actual="x"))]
    assert len(set(marks)) == 2
    assert FINDING.fingerprint in marks


@settings(max_examples=60, deadline=None)
@given(VERDICTS, PLACES)
def test_whatever_it_holds_it_is_valid_and_visible(verdict, where):
    document = json_of(gitlab(verdict, where))
    VALIDATOR.validate(document)
    standing = [one for one in verdict.findings if not exception_of(one)]
    assert len(document) == len(standing) + (stop(verdict) is not None)
    assert len({entry["fingerprint"] for entry in document}) == len(document)
