"""What renderers share: places, order, fingerprints, and why there is no yes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from verdicts import FINDING, VERDICT

from aibom.report.parts import (
    Where,
    by_severity,
    exception_of,
    fingerprint,
    json_bytes,
    left_standing,
    shown_path,
    stop,
)
from aibom.verdict import Decision, Mode, PathHop, Severity, Status, Verification

URIS = {
    "empty": ("", "aibom.cdx.json"),
    "relative": ("a/b.json", "a/b.json"),
    "dots": ("././a", "a"),
    "absolute": ("/a/b c", "file:///a/b%20c"),
    "no other host": ("//evil/x", "file:///evil/x"),
    "no other scheme": ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    "no line": ("a\nb", "a%0Ab"),
    "bidi": ("a\u202eb", "a%E2%80%AEb"),
    "no Unicode": ("a\udcff", "a%FF"),
    "a surrogate that is no byte": ("a\ud800", "a%EF%BF%BD"),
}


@pytest.mark.parametrize(("path", "uri"), URIS.values(), ids=URIS)
def test_the_path_as_a_reference(path, uri):
    assert Where(path).uri == uri


PATHS = {
    "as given": ("model/b.json", "model/b.json"),
    "without dots": (".//./model", "model"),
    "empty": ("", "aibom.cdx.json"),
    "visible": ("a\u202eb\n", "a\\u{202e}b\\x0a"),
}


@pytest.mark.parametrize(("path", "shown"), PATHS.values(), ids=PATHS)
def test_the_path_to_show(path, shown):
    assert Where(path).path == shown


@pytest.mark.parametrize(("line", "shown"), [(7, 7), (0, 1), (-4, 1)])
def test_lines_start_at_one(line, shown):
    assert Where("a", {"n": line}).line("n") == shown
    assert Where("a", {"n": line}).line("another") == 1


def test_blocking_comes_before_severity():
    warning = replace(FINDING, mode=Mode.WARN)
    low = replace(FINDING, severity=Severity.LOW)
    unknown = replace(low, status=Status.UNKNOWN)
    expected = [FINDING, low, unknown, warning]
    assert by_severity(reversed(expected)) == expected


def test_an_exception_counts_only_for_a_finding():
    assert exception_of(replace(FINDING, exception="EX-1")) == "EX-1"
    assert exception_of(replace(FINDING, exception="EX-1", status=Status.PASS)) == ""
    results = (FINDING, replace(FINDING, exception="EX-1"))
    assert left_standing(replace(VERDICT, results=results)) == [FINDING]


STOPPED = Verification("failed", "file-changed", "was changed", "w.bin", "restore it")
STOPS = {
    "allowed": ({"decision": Decision.ALLOWED}, None),
    "denied by a finding": ({"results": (FINDING,)}, None),
    "not verified": (
        {"decision": Decision.NOT_VERIFIED, "verification": STOPPED},
        ("aibom/verification", "file-changed", False),
    ),
    "not read": (
        {"decision": Decision.ERROR, "verification": STOPPED},
        ("aibom/verification", "file-changed", True),
    ),
    "nothing in force": (
        {"decision": Decision.UNDECIDED, "reason": "nothing-in-force"},
        ("aibom/decision", "nothing-in-force", False),
    ),
    "for a reason of another version": (
        {"decision": Decision.DENIED, "reason": "new"},
        ("aibom/decision", "new", False),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), STOPS.values(), ids=STOPS)
def test_what_stopped_it(changes, expected):
    found = stop(replace(VERDICT, **changes))
    assert (found and (found.rule, found.reason, found.broke)) == expected


def test_the_fingerprint_is_the_one_of_the_result_but_for_terms():
    assert fingerprint(FINDING) == FINDING.fingerprint
    assert fingerprint(replace(FINDING, term="A")) != FINDING.fingerprint
    assert len(fingerprint(replace(FINDING, node="\ud800"))) == 64


def test_a_long_path_says_what_is_left_out():
    path = tuple(PathHop(str(n), str(n), "step") for n in range(41))
    assert shown_path(path[:40]) == path[:40]
    labels = [hop.label for hop in shown_path(path)]
    assert (labels[19:22], len(labels)) == (["19", "… 1 more …", "21"], 41)


def test_json_holds_no_order_to_a_runner():
    data = json_bytes({"b": "##[error]x", "a": 1})
    assert b"##[" not in data
    assert json.loads(data) == {"a": 1, "b": "##[error]x"}
    assert data.index(b'"a"') < data.index(b'"b"')
