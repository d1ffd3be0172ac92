"""JUnit: a suite a rule, a case a node, and no green report without a yes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from defusedxml.ElementTree import fromstring
from hostile_verdicts import PLACES, VERDICTS, require_no_command, require_visible
from hypothesis import given, settings
from verdicts import FINDING, VERDICT

from aibom.report.junit import junit
from aibom.report.parts import Where
from aibom.report.text import escape
from aibom.verdict import Decision, ExceptionNote, Mode, Status, Verification

WHERE = Where("model/aibom.cdx.json")
PASS = replace(FINDING, status=Status.PASS)

#: element → attributes it must have, attributes it may have, elements it may hold. The
#: part of Jenkins' junit-10.xsd that is used here.
GRAMMAR = {
    "testsuites": ({"name", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped"},
        set(),
        {"properties", "testcase"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name", "classname"}, set(), {"failure", "error", "skipped"}),
    "failure": ({"message", "type"}, set(), set()),
    "error": ({"message", "type"}, set(), set()),
    "skipped": ({"message"}, set(), set()),
}
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def require_valid(element):
    """The structure, and that every count is the number of what it counts."""
    required, optional, inside = GRAMMAR[element.tag]
    assert required <= set(element.attrib) <= required | optional
    assert {child.tag for child in element} <= inside
    if element.tag == "testcase":
        assert len(element) <= 1
    if element.tag in ("testsuites", "testsuite"):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        for name in set(COUNTED) & set(element.attrib):
            found = list(element.iter(COUNTED[name]))
            assert int(element.get(name)) == len(found)
    for child in element:
        require_valid(child)


def suites(*results, **changes):
    verdict = replace(VERDICT, results=results, **changes)
    root = fromstring(junit(verdict, WHERE))
    require_valid(root)
    return {suite.get("name"): suite.findall("testcase") for suite in root}


def case(*results, **changes):
    (one,) = suites(*results, **changes)[FINDING.rule]
    return one


def test_a_suite_for_each_rule_and_a_case_for_each_node():
    other = replace(PASS, node="dataset:other", label="other")
    found = suites(FINDING, other, replace(PASS, rule="z-rule"))
    assert list(found) == ["aibom decision", FINDING.rule, "z-rule"]
    names = [one.get("name") for one in found[FINDING.rule]]
    assert names == [f"acme/labels {FINDING.node}", "other dataset:other"]
    assert {one.get("classname") for one in found["z-rule"]} == {"aibom.z-rule"}


OUTCOMES = {
    "a pass": ({"status": Status.PASS}, None, None),
    "a fail": ({}, "failure", "fail"),
    "unknown": ({"status": Status.UNKNOWN}, "failure", "unknown"),
    "an error is no failure": ({"status": Status.ERROR}, "error", "error"),
    "not applicable": ({"status": Status.NOT_APPLICABLE}, "skipped", None),
    "does not block": ({"mode": Mode.WARN}, "skipped", None),
    "an error that does not block": (
        {"mode": Mode.REPORT_ONLY, "status": Status.ERROR},
        "skipped",
        None,
    ),
    "excepted": ({"exception": "EX-1"}, "skipped", None),
}


@pytest.mark.parametrize(("changes", "tag", "kind"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcomes(changes, tag, kind):
    one = case(replace(FINDING, **changes))
    assert [child.tag for child in one] == ([tag] if tag else [])
    assert [child.get("type") for child in one] == ([kind] if tag else [])


def test_a_failure_tells_what_and_the_path_and_what_to_do():
    (failure,) = case(FINDING)
    assert failure.get("message").startswith("acme/labels: audit-failed; found: disag")
    assert failure.text.splitlines() == [
        "path: acme/model ← train ← acme/labels ← labeler person:acme",
        "why: One labeler hides in averages.",
        "do: Look at the labeler (`aibom explain`).",
        "evidence: evidence/audit.sigstore.json",
    ]


def test_what_is_excepted_gives_the_reason():
    note = ExceptionNote(
        *("EX-1", "active", "", FINDING.rule, FINDING.node, "", ""),
        *("vendor fixes it", "SEC-1", "a@acme.example", "b@acme.example", "2027-03-01"),
    )
    (skipped,) = case(replace(FINDING, exception="EX-1"), exceptions=(note,))
    assert skipped.get("message").startswith(
        "excepted by EX-1 until 2027-03-01, approved by b@acme.example, SEC-1: "
        "vendor fixes it; acme/labels: audit-failed"
    )


def test_what_does_not_block_says_so():
    (skipped,) = case(replace(FINDING, mode=Mode.WARN))
    assert skipped.get("message").startswith("fail, does not block (warn): acme/labels")


DECISIONS = {
    Decision.ALLOWED: None,
    Decision.DENIED: "failure",
    Decision.UNDECIDED: "failure",
    Decision.NOT_VERIFIED: "failure",
    Decision.ERROR: "error",
}


@pytest.mark.parametrize("decision", Decision, ids=str)
def test_only_allowed_is_green_even_without_rules(decision):
    (one,) = suites(decision=decision)["aibom decision"]
    assert [child.tag for child in one] == [DECISIONS[decision]][: len(one)]
    assert (len(one) == 0) is (decision is Decision.ALLOWED)


def test_a_failed_verification_says_what_stopped_it():
    found = Verification("failed", "file-changed", "was changed", "w.bin", "restore it")
    (one,) = suites(
        decision=Decision.NOT_VERIFIED, reason="file-changed", verification=found
    )["aibom decision"]
    assert one[0].get("message") == "file-changed: was changed"
    assert one[0].text == "where: w.bin\ndo: restore it"


def test_the_order_of_results_does_not_matter():
    results = [replace(FINDING, node=str(n)) for n in range(5)]
    one = junit(replace(VERDICT, results=tuple(results)), WHERE)
    assert one == junit(replace(VERDICT, results=tuple(reversed(results))), WHERE)


HOSTILE = {
    "an element": "</failure><failure/>",
    "an attribute": '" type="pass',
    "the end of CDATA": "]]>",
    "a reference": "&#0;&evil;",
    "not allowed in XML 1.0": "\x00\x0b\x1f\ufffe\ud800",
    "a line": "a\nb\r\u2028c",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_comes_back_as_text(text):
    result = replace(FINDING, label=text, actual=text, why=text, remedy=text)
    one = case(result)
    assert one.get("name") == f"{escape(text)} {FINDING.node}"
    assert f"why: {escape(text)}\ndo: {escape(text)}" in one[0].text


@settings(max_examples=80, deadline=None)
@given(VERDICTS, PLACES)
def test_whatever_it_holds_it_is_valid_and_visible(verdict, where):
    text = junit(verdict, where).decode()
    require_visible(text)
    require_no_command(text)
    root = fromstring(text)
    require_valid(root)
    assert len(list(root.iter("testcase"))) == len(verdict.results) + 1
    assert (
        len(list(root.iter("testsuite"))) == len({r.rule for r in verdict.results}) + 1
    )
    bad = [*root.iter("failure"), *root.iter("error")]
    assert len(bad) == len(verdict.blocking) + (
        verdict.decision is not Decision.ALLOWED
    )
    for element in root.iter():
        for one in (element.text or "", *element.attrib.values()):
            require_visible(one)
