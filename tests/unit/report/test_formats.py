"""The registry: every format by name, pure, and with the same words for no."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
from hostile_verdicts import VERDICTS
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts import FINDING, VERDICT

from aibom.report.formats import FORMATS, Where
from aibom.report.machine import verdict_json
from aibom.report.terminal import draw_verdict
from aibom.verdict import Decision, Verification

WHERE = Where("model/aibom.cdx.json")
DENIED = replace(VERDICT, results=(FINDING,), tool="aibom 1")


def test_names():
    assert list(FORMATS) == [
        *("text", "json", "sarif", "junit", "github", "github-summary"),
        *("gitlab", "markdown", "declarations"),
    ]


def test_text_and_json_are_what_they_were():
    assert FORMATS["text"].render(DENIED, WHERE) == draw_verdict(DENIED).encode()
    assert FORMATS["json"].render(DENIED, WHERE) == verdict_json(DENIED)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_described(name):
    form = FORMATS[name]
    assert form.extension.startswith(".")
    assert form.line.endswith(".")
    assert len(inspect.signature(form.render).parameters) >= 2


@pytest.mark.parametrize("name", FORMATS)
def test_the_finding_and_the_rule_are_in_it(name):
    text = FORMATS[name].render(DENIED, WHERE).decode()
    assert "labels-unaudited" in text
    assert "disagreement 1 (labeler person:acme) on 41/41" in text
    assert text.endswith("\n")


STOPPED = Verification("failed", "file-changed", "was changed", "w.bin", "restore it")


@pytest.mark.parametrize("name", FORMATS)
def test_a_failed_verification_is_in_it(name):
    verdict = replace(
        VERDICT,
        decision=Decision.NOT_VERIFIED,
        reason="file-changed",
        verification=STOPPED,
    )
    text = FORMATS[name].render(verdict, WHERE).decode()
    assert "file-changed" in text
    assert "was changed" in text


@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("text", "json")])
@settings(max_examples=10, deadline=None)
@given(verdict=VERDICTS, data=st.data())
def test_the_order_of_results_changes_no_byte(name, verdict, data):
    results = [replace(one, node=str(n)) for n, one in enumerate(verdict.results)]
    shuffled = data.draw(st.permutations(results))
    render = FORMATS[name].render
    one = render(replace(verdict, results=tuple(results)), WHERE)
    assert one == render(replace(verdict, results=tuple(shuffled)), WHERE)
