"""Labels that fit, whatever they are made of."""

from __future__ import annotations

import re

import pytest
from builders import QUICK
from hypothesis import given
from hypothesis import strategies as st

from aibom.report.picture.labels import (
    anchor,
    apart,
    elide,
    fit,
    text_width,
    told_plainly,
    told_xml,
)

#: Widths are sums of fractions, in whatever order.
ROUNDING = 1e-6

NAMES = {
    "short": "acme/base",
    "broken at a sign": "acme/support-assistant-7b-instruct",
    "no place to break": "x" * 60,
    "ten thousand": "a" * 10_000,
    "wide letters": "学習データセット大規模言語モデル評価用",
    "emoji": "🙂" * 40,
    "right to left": "نموذج اللغة العربية الكبير للدعم",
    "bidi controls": "acme/\u202egnp.exe",
    "control characters": "\x00\x1b[31m\n\tacme",
    "marks": "e\u0301" * 200,
    "empty": "",
    "spaces": " " * 50,
    "lone surrogate": "\ud800x",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_lines_fit(name, lines):
    found = fit(name, 150.0, 13.0, lines)
    assert 1 <= len(found) <= lines
    for line in found:
        assert text_width(line, 13.0) <= 150.0
        assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", line)


@QUICK
@given(st.text(max_size=400), st.integers(40, 300), st.integers(1, 3))
def test_any_text_fits(text, width, lines):
    for line in fit(text, width, 13.0, lines):
        assert text_width(line, 13.0) <= width + ROUNDING


TOLD = {
    "whole": ("acme/base", ("acme/base",)),
    "at the hyphen": (
        "acme/support-assistant-7b-instruct",
        ("acme/support-", "assistant-7b-instruct"),
    ),
    "both ends of what is too long": (
        "acme/" + "m" * 80 + "-final-v2",
        ("acme/mmmmmmmmm", "mmmmm…-final-v2"),
    ),
}


@pytest.mark.parametrize(("name", "lines"), TOLD.values(), ids=TOLD)
def test_where_it_is_broken(name, lines):
    assert fit(name, 165.0, 13.0) == lines


def test_elided_texts_keep_both_ends():
    shown = elide("sha256:0123456789abcdef0123456789abcdef", 120.0, 11.0)
    assert shown.startswith("sha256:")
    assert shown.endswith("def")
    assert "…" in shown


def test_an_anchor_is_the_same_for_the_same_id_only():
    assert anchor("a") == anchor("a")
    assert anchor("a") != anchor("b")
    assert re.fullmatch(r"[0-9a-f]{16}", anchor("\ud800<script>"))


APART = {
    "latin": ("acme/größe", "acme/größe"),
    "arabic": ("نموذج", "\u2068نموذج\u2069"),
    "hebrew among others": ("a/מודל", "\u2068a/מודל\u2069"),
    "chinese": ("学習", "学習"),
}


@pytest.mark.parametrize(("text", "shown"), APART.values(), ids=APART)
def test_scripts_from_right_to_left_are_set_apart(text, shown):
    assert apart(text) == shown
    assert told_xml(f"{apart(text)} <b>") == f"{shown} &lt;b&gt;"
    assert told_plainly(shown) == text


def test_what_sets_apart_is_not_taken_from_a_document():
    assert told_xml("\u202e\u2067") == "\\u{202e}\\u{2067}"
