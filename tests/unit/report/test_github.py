"""GitHub Actions: each line one command that was meant, a summary within its limit.

The runner is played by :func:`commands`, written from how the runner reads a line: a
command starts with ``::`` after white space, or is ``##[…]`` anywhere; properties are
split at commas and undone, then the message.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hostile_verdicts import PLACES, TEXTS, VERDICTS, require_visible
from hypothesis import given, settings
from verdicts import FINDING, VERDICT

from aibom.report.github import MAX_COMMANDS, MAX_SUMMARY, github, github_summary
from aibom.report.parts import Where, exception_of, stop
from aibom.report.text import escape
from aibom.verdict import Decision, Mode, Severity, Status, Verification

WHERE = Where("model/aibom.cdx.json", {FINDING.node: 7})
COMMAND = re.compile(r"::(?P<name>[^ :]+)(?: (?P<properties>.*?))?::(?P<data>.*)")


def undo(text, more=()):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(code, character)
    return text


def commands(data):
    """(name, properties, message) of every line; a line that is none is refused."""
    told = []
    for line in re.split(r"\r\n|\r|\n", data.decode()):
        if not line:
            continue
        found = COMMAND.fullmatch(line)
        assert found, line
        pairs = (pair.split("=", 1) for pair in found["properties"].split(","))
        more = (("%3A", ":"), ("%2C", ","))
        properties = {key: undo(value, more) for key, value in pairs}
        told.append((found["name"], properties, undo(found["data"])))
    return told


def annotations(*results, **changes):
    return commands(github(replace(VERDICT, results=results, **changes), WHERE))


def test_a_finding():
    assert annotations(FINDING) == [
        (
            "error",
            {
                "file": "model/aibom.cdx.json",
                "line": "7",
                "title": "labels-unaudited: audit-failed",
            },
            "acme/labels: audit-failed; found: disagreement 1 (labeler person:acme) on "
            "41/41; expected: an audit by the auditor: disagreement at most 0.2\n"
            "path: acme/model ← train ← acme/labels ← labeler person:acme\n"
            "Look at the labeler (`aibom explain`).",
        )
    ]


LEVELS = {
    "deny": ({}, "error"),
    "unknown": ({"status": Status.UNKNOWN}, "error"),
    "an error": ({"status": Status.ERROR}, "error"),
    "warn": ({"mode": Mode.WARN}, "warning"),
    "report-only": ({"mode": Mode.REPORT_ONLY}, "notice"),
    "excepted": ({"exception": "EX-1"}, "notice"),
}


@pytest.mark.parametrize(("changes", "level"), LEVELS.values(), ids=LEVELS)
def test_level(changes, level):
    found = annotations(replace(FINDING, **changes), decision=Decision.ALLOWED)
    assert [name for name, _, _ in found] == [level, "notice"]


def test_an_allowed_verdict_is_one_notice():
    found = annotations(decision=Decision.ALLOWED, reason="allowed", dry_run=True)
    assert found == [
        ("notice", {"title": "aibom: allowed"}, "acme/model: allowed, dry run")
    ]


def test_what_did_not_count_says_so():
    *_, last = annotations(FINDING, report_only=True, dry_run=True)
    assert last == (
        "notice",
        {"title": "aibom: denied"},
        "acme/model: audit-failed, dry run, report only",
    )


def test_a_failed_verification_is_an_error():
    stopped = Verification("failed", "file-changed", "was changed", "w.bin", "restore")
    ((name, properties, message),) = annotations(
        decision=Decision.NOT_VERIFIED, verification=stopped
    )
    assert name == "error"
    assert properties["title"] == "aibom: not-verified: file-changed"
    assert message == "w.bin: was changed\nrestore"


def test_no_more_commands_than_anybody_reads():
    many = [
        replace(FINDING, node=str(n), severity=Severity.LOW)
        for n in range(MAX_COMMANDS + 8)
    ]
    found = annotations(*many, FINDING)
    assert len(found) == MAX_COMMANDS + 1
    assert found[0][1]["line"] == "7"
    assert found[-1][2] == "9 more findings: see the JSON verdict"


ESCAPED = {
    "percent": ("100%0A", "100%0A"),
    "line": ("a\r\n::error::b", "a\\x0d\\x0a::error::b"),
    "separator": ("a::b", "a::b"),
    "comma and colon": ("a,file=b:c", "a,file=b:c"),
    "old command": ("##[add-path]x", "#\\x23[add-path]x"),
}


@pytest.mark.parametrize(("text", "shown"), ESCAPED.values(), ids=ESCAPED)
def test_text_comes_back_as_text(text, shown):
    ((_, properties, message),) = annotations(replace(FINDING, rule=text, label=text))
    assert properties["title"] == f"{shown}: audit-failed"
    assert message.startswith(f"{shown}: audit-failed; found")


@given(TEXTS)
def test_a_path_stays_one_property(text):
    where = Where(text)
    data = github(replace(VERDICT, results=(FINDING,)), where)
    ((_, properties, _),) = commands(data)
    assert properties["file"] == where.path
    assert set(properties) == {"file", "line", "title"}


@settings(max_examples=80, deadline=None)
@given(VERDICTS, PLACES)
def test_whatever_it_holds_there_is_no_other_command(verdict, where):
    data = github(verdict, where)
    require_visible(data.decode())
    found = commands(data)
    assert {name for name, _, _ in found} <= {"error", "warning", "notice"}
    assert all(set(one) <= {"file", "line", "title"} for _, one, _ in found)
    told = len(verdict.findings) + (stop(verdict) is not None)
    marked = verdict.dry_run or verdict.report_only
    assert len(found) == told + (verdict.decision is Decision.ALLOWED or marked)
    errors = [1 for name, _, _ in found if name == "error"]
    denied = [
        one
        for one in verdict.findings
        if one.mode is Mode.DENY and not exception_of(one)
    ]
    assert len(errors) == len(denied) + (stop(verdict) is not None)


def test_the_summary_is_the_report():
    text = github_summary(replace(VERDICT, results=(FINDING,)), WHERE).decode()
    assert text.startswith("# DENIED: acme/model\n")
    assert "**Cut:**" not in text


def test_the_summary_stays_below_its_limit_and_says_that_it_was_cut():
    long = "ä" * 2000
    many = [
        replace(FINDING, node=f"{n:05}", actual=long, expected=long, severity=severity)
        for n, severity in enumerate([Severity.LOW] * 400 + [Severity.CRITICAL])
    ]
    data = github_summary(replace(VERDICT, results=tuple(many)), WHERE)
    text = data.decode()
    assert MAX_SUMMARY - 10_000 < len(data) <= MAX_SUMMARY
    assert text.endswith(
        "\n**Cut:** the report is longer than a step summary may be.\n"
    )
    assert text.index("00400") < text.index("00000")


def test_a_long_path_does_not_fill_the_line():
    hops = tuple(replace(FINDING.path[0], label=f"hop {n}") for n in range(5_000))
    ((_, _, message),) = annotations(replace(FINDING, path=hops))
    assert "← hop 19 ← … 4,960 more … ← hop 4980 ←" in message
    assert escape(message.split("\n")[1], 10_000).count("←") == 40
