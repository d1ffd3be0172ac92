"""The verdict at a glance: what blocks, why, the path, what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from verdicts import FINDING, VERDICT

from aibom.report.terminal import draw_path, draw_verdict
from aibom.verdict import Decision, Mode, Status, Verification

PASS = replace(FINDING, status=Status.PASS, reason="audit-passed")
WARNING = replace(FINDING, mode=Mode.WARN)


def drawn(*results, **changes):
    width = changes.pop("width", 100)
    file = changes.pop("file", None)
    verdict = replace(VERDICT, results=results, **changes)
    return draw_verdict(verdict, verdict_file=file, width=width)


def elsewhere(number, **changes):
    return replace(FINDING, node=f"dataset:tree:{number:064}", **changes)


def test_a_finding_tells_what_why_where_and_what_to_do():
    text = drawn(FINDING, PASS)
    order = ("about", "found", "expected", "why", "path", "proof", "do")
    places = [text.index(f"\n    {name} ") for name in order]
    assert places == sorted(places)
    assert "✗ labels-unaudited  audit-failed  (fail, critical, blocks)" in text
    assert "acme/model ← train ← acme/labels ← labeler person:acme" in text
    assert "\n1 finding blocks · 1 pass\n" in text


COUNTS = {
    "one": ((FINDING,), "1 finding blocks"),
    "two": ((FINDING, elsewhere(1)), "2 findings block"),
    "none": ((PASS,), "nothing blocks · 1 pass"),
    "a warning": ((WARNING, PASS), "nothing blocks · 1 fail without blocking · 1 pass"),
}


@pytest.mark.parametrize(("results", "told"), COUNTS.values(), ids=COUNTS)
def test_every_result_is_counted_once(results, told):
    assert f"\n{told}\n" in drawn(*results)


def test_findings_of_one_rule_share_a_heading():
    text = drawn(elsewhere(1), elsewhere(2), elsewhere(3))
    assert text.count("labels-unaudited") == 1
    assert "blocks, 3 places" in text
    assert text.count("    about ") == 3
    assert text.count("    expected ") == text.count("    do ") == 1


def test_what_differs_is_told_at_each_place():
    text = drawn(elsewhere(1), elsewhere(2, expected="something else"))
    assert text.count("    expected ") == 2


def test_another_reason_has_a_heading_of_its_own():
    text = drawn(elsewhere(1), elsewhere(2, reason="audit-stale"))
    assert text.count("labels-unaudited") == 2


def test_many_places_are_cut_and_counted():
    text = drawn(*(elsewhere(number) for number in range(1_000)))
    assert "… and 995 more places" in text
    assert text.count("\n") < 60
    assert "\n1000 findings block\n" in text


def test_the_line_to_paste_is_never_broken():
    text = drawn(FINDING, width=40, file="a folder/verdict.json")
    told = f"aibom explain 'a folder/verdict.json' labels-unaudited {FINDING.node}\n"
    assert told in text


UNKNOWN = replace(FINDING, status=Status.UNKNOWN, mode=Mode.WARN, rule="licence")


def test_what_does_not_block_and_is_not_known_takes_a_line_where_something_blocks():
    other = replace(UNKNOWN, node=elsewhere(1).node)
    text = drawn(FINDING, UNKNOWN, other, file="a folder/v.json")
    line = (
        "? licence  audit-failed  (unknown, critical, warn, does not block, 2 places)"
    )
    assert f"\n\n{line}\n\n" in text
    assert text.count("    about ") == 1
    assert "in full: `aibom explain 'a folder/v.json' RULE`" in text
    assert "in full" not in drawn(FINDING, file="v.json")
    assert "`aibom explain verdict.json RULE`" in drawn(FINDING, UNKNOWN)


@pytest.mark.parametrize("other", [PASS, WARNING], ids=["pass", "warning"])
def test_it_is_told_in_full_where_nothing_blocks(other):
    assert drawn(UNKNOWN, other).count("    do ") == (2 if other is WARNING else 1)


def test_the_digest_stands_there_in_full_once():
    text = drawn(FINDING)
    assert text.splitlines()[1] == VERDICT.artifact
    assert text.count(VERDICT.artifact) == 1


def test_a_next_step_of_its_own_stands_at_its_place():
    text = drawn(elsewhere(1), elsewhere(2, remedy="Ask Bob."))
    assert text.count("    do ") == 2
    assert "    do        Ask Bob.\n" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_lines_are_as_wide_as_the_terminal_but_for_what_must_be_whole(width):
    for line in drawn(FINDING, WARNING, width=width).splitlines():
        assert len(line) <= width or len(line.split()) <= 2


def test_allowed_says_what_is_proved_and_what_is_not():
    found = Verification(
        "verified",
        signer="acme release",
        upstream=("acme/base, signed by acme base",),
        steps=4,
        steps_recorded=3,
        lineage_closed=True,
        accepted_roots=tuple(f"root-{number}" for number in range(7)),
    )
    text = drawn(PASS, decision=Decision.ALLOWED, verification=found)
    assert "✓ proved" in text
    assert "by acme release; acme/base, signed by acme base" in text
    assert "3 of 4 have a signed record" in text
    assert "closed; ends by decision at root-0, " in text
    assert "and 2 more" in text
    assert "says nothing about" in text
    assert "docs/threat-model.md" in text


def test_a_dry_run_proves_nothing():
    found = Verification("not-done", "dry-run")
    text = drawn(PASS, decision=Decision.ALLOWED, verification=found, dry_run=True)
    assert "proved" not in text
    assert "[dry run]" in text
    assert "not read: this was a dry run" in text
    assert "OPEN: not everything is known" in text


def test_not_verified_says_that_no_rule_was_asked():
    found = Verification("failed", "digest-mismatch", "is other", "m/w.bin", "fetch it")
    text = drawn(decision=Decision.NOT_VERIFIED, verification=found)
    for told in ("NOT VERIFIED", "digest-mismatch", "m/w.bin", "no rule was evaluated"):
        assert told in text


@pytest.mark.parametrize(
    ("reason", "told"),
    [("nothing-in-force", "is off in this tier"), ("nothing-applicable", "no rule")],
)
def test_a_decision_without_a_finding_is_explained(reason, told):
    text = drawn(decision=Decision.UNDECIDED, reason=reason)
    assert reason in text
    assert told in text


def test_marks_and_overrides_are_shown():
    text = drawn(FINDING, report_only=True, overrides=("report-only", "tier=high"))
    assert "[report only]" in text
    assert "overrides: report-only, tier=high" in text


HOSTILE = "\x1b[2J\u202e\nALLOWED"


@pytest.mark.parametrize(
    "field", ["label", "actual", "expected", "basis", "why", "remedy", "node"]
)
def test_no_part_of_a_finding_can_paint(field):
    text = drawn(replace(FINDING, **{field: HOSTILE}), file="v.json")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\nALLOWED" not in text


def test_no_name_or_warning_can_paint():
    text = drawn(
        *(FINDING, UNKNOWN),
        file=HOSTILE,
        artifact=HOSTILE,
        artifact_name=HOSTILE,
        warnings=(HOSTILE,),
    )
    assert "\x1b" not in text
    assert "\nALLOWED" not in text


def test_styles_go_around_text_only():
    painted = draw_path(FINDING.path, lambda style, text: f"<{style}:{text}>")
    assert painted == (
        "<bold:acme/model> ← train ← <bold:acme/labels> ← <bold:labeler person:acme>"
    )
