"""Reports of policy tests for machines: nothing is green that is not."""

from __future__ import annotations

import json
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from aibom.operations.ptest.expect import Unlike
from aibom.operations.ptest.output import ptest_json, ptest_junit
from aibom.operations.ptest.policy_test import CaseOutcome, Report, Uncovered

OK = CaseOutcome("a.ptest.yaml", "all is well", "policy", True, ("one-rule",), ())
UNLIKE = Unlike("one-rule", "pass", "fail [bad] on model by model > train")
WRONG = CaseOutcome(
    "b.ptest.yaml", "it differs", "policy", False, ("one-rule",), (UNLIKE, UNLIKE)
)
MISSING = Uncovered("policy", "other-rule", ("pass", "finding"), "builtin:baseline@1")
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
HOSTILE = 'a"\n<b>&]]>\x1b[31m\u202e{{x}}\ud800'


def suites(report: Report, *, partial: bool = False) -> dict[str, list[Element]]:
    """Test cases by suite; every count is the number of what it counts."""
    root = fromstring(ptest_junit(report, partial=partial))
    assert root.tag == "testsuites"
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        for name in set(COUNTED) & set(element.attrib):
            assert int(element.attrib[name]) == len(list(element.iter(COUNTED[name])))
    return {suite.attrib["name"]: list(suite) for suite in root}


def test_a_suite_for_each_file_and_a_failure_for_each_case_that_differs() -> None:
    found = suites(Report((OK, WRONG), ()))
    assert list(found) == ["a.ptest.yaml", "b.ptest.yaml"]
    assert list(found["a.ptest.yaml"][0]) == []
    (failure,) = found["b.ptest.yaml"][0]
    assert (failure.tag, failure.attrib["type"]) == ("failure", "differs")
    told = "one-rule: expected pass, found fail [bad] on model by model > train"
    assert (failure.text or "").splitlines() == [told, told]


@pytest.mark.parametrize(("partial", "tag"), [(False, "failure"), (True, "skipped")])
def test_a_rule_without_a_case_fails_unless_that_is_not_asked(
    partial: bool, tag: str
) -> None:
    (case,) = suites(Report((OK,), (MISSING,)), partial=partial)["rules without a case"]
    (child,) = case
    assert (case.attrib["name"], child.tag) == ("other-rule", tag)
    assert child.attrib["message"] == "no case that passes, none with a finding"


def test_json_says_all_of_it() -> None:
    found = json.loads(ptest_json(Report((OK, WRONG), (MISSING,)), partial=False))
    assert found["apiVersion"] == "aibom/ptest-report/v1"
    assert (found["asExpected"], found["complete"], found["partial"]) == (
        False,
        False,
        False,
    )
    first, second = found["cases"]
    assert (first["asExpected"], first["declared"]) == (True, True)
    assert second["rules"] == ["one-rule"]
    assert second["differences"][0] == {
        "about": "one-rule",
        "expected": "pass",
        "found": "fail [bad] on model by model > train",
    }
    assert found["uncovered"] == [
        {"policy": "policy", "rule": "other-rule", "missing": ["pass", "finding"]}
    ]


def test_the_same_tests_give_the_same_bytes() -> None:
    report = Report((OK, WRONG), (MISSING,))
    for make in (ptest_json, ptest_junit):
        assert make(report, partial=False) == make(report, partial=False)


def test_hostile_texts_stay_text() -> None:
    unlike = Unlike(HOSTILE, HOSTILE, HOSTILE)
    case = CaseOutcome(HOSTILE, HOSTILE, HOSTILE, True, (), (unlike,))
    report = Report((case,), (Uncovered(HOSTILE, "rule", ("pass",)),))
    data = ptest_junit(report, partial=False)
    suites(report)
    assert b"\x1b" not in data
    assert b"<b>" not in data
    written = ptest_json(report, partial=False)
    assert written.isascii()
    assert b"\x1b" not in written
    assert json.loads(written)["cases"][0]["name"] == HOSTILE
