"""Nothing that a document says reaches a terminal as anything but visible text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aibom.report.text import escape, row, short_digest, wrap

SHOWN = {
    "plain": ("acme/models/reviews", "acme/models/reviews"),
    "markup": ("[bold green]ALLOWED[/]", "[bold green]ALLOWED[/]"),
    "letters of the world": ("модель 模型 Việt ﷺ 🙂", "модель 模型 Việt ﷺ 🙂"),
    "colour": ("\x1b[31mred", "\\x1b[31mred"),
    "clear screen": ("\x1b[2J", "\\x1b[2J"),
    "hyperlink": (
        "\x1b]8;;http://x\x1b\\y",
        "\\x1b]8;;http://x\\x1b\\y",
    ),
    "title, by the bell": ("\x1b]0;t\x07", "\\x1b]0;t\\x07"),
    "one-byte CSI (C1)": ("\x9b31m", "\\x9b31m"),
    "null, backspace, delete": ("\0\x08\x7f", "\\x00\\x08\\x7f"),
    "line breaks": ("a\nb\r\nc", "a\\x0ab\\x0d\\x0ac"),
    "line and paragraph": ("a\u2028b\u2029", "a\\u{2028}b\\u{2029}"),
    "next line": ("a\x85b", "a\\x85b"),
    "tab": ("a\tb", "a\\x09b"),
    "right to left": ("\u202eevil\u202c", "\\u{202e}evil\\u{202c}"),
    "isolates": ("\u2066a\u2069", "\\u{2066}a\\u{2069}"),
    "zero width": ("a\u200b\u200d\u2060b", "a\\u{200b}\\u{200d}\\u{2060}b"),
    "byte order mark": ("\ufeffa", "\\u{feff}a"),
    "soft hyphen": ("a\xadb", "a\\xadb"),
    "other spaces": ("a\xa0b\u3000", "a\\xa0b\\u{3000}"),
    "variation selectors": ("a\ufe0f\U000e0101", "a\\u{fe0f}\\u{e0101}"),
    "tags": ("a\U000e0041", "a\\u{e0041}"),
    "fillers": ("\u3164\u115f\uffa0\u2800", "\\u{3164}\\u{115f}\\u{ffa0}\\u{2800}"),
    "private use": ("\ue000\U0010fffd", "\\u{e000}\\u{10fffd}"),
    "lone surrogate": ("\ud800", "\\u{d800}"),
    "unassigned": ("\u0378", "\\u{0378}"),
    "a flood of marks": (
        "e" + "\u0301" * 5,
        "e\u0301\u0301\u0301\\u{0301}\\u{0301}",
    ),
    "empty": ("", ""),
    "a command of a CI runner": ("::error::x", "\\x3a:error::x"),
    "one that wrapping would put first": (
        "a ::stop-commands::t",
        "a \\x3a:stop-commands::t",
    ),
    "the other form of one": ("a##[error]b", "a#\\x23[error]b"),
    "a path of modules is none": ("a::b", "a::b"),
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.values(), ids=SHOWN)
def test_escape(text, shown):
    assert escape(text) == shown


def test_a_long_text_is_cut_and_says_so():
    assert escape("a" * 1_000_000) == "a" * 300 + "…(1,000,000 characters)"
    assert len(escape("\x1b" * 1_000_000)) < 2_000


@given(st.text())
def test_what_is_shown_is_one_visible_line(text):
    shown = escape(text)
    assert len(shown.splitlines()) <= 1
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not hidden & {unicodedata.category(character) for character in shown}


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"])))
def test_visible_ascii_is_left_alone(text):
    assume(not text.startswith("::") and "##[" not in text)
    assert escape(text) == text


@given(
    st.lists(st.sampled_from(["::error::", "##[", "word", "x" * 30, ":", "#"])),
    st.integers(20, 60),
)
def test_no_line_of_text_is_a_command(words, width):
    for line in wrap(escape(" ".join(words)), width, "    ", 8):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


DIGEST = "f" * 64
WRAPPED = {
    "fits": ("a  b", 10, ["a  b"]),
    "empty": ("", 10, [""]),
    "between words": ("aaaa bbbb cccc dddd eeee", 20, ["aaaa bbbb cccc dddd", "eeee"]),
    "a digest stays whole": (f"is {DIGEST} now", 20, ["is", DIGEST, "now"]),
    "a command stays whole": (
        "then (`aibom policy lock verifier`) again",
        24,
        ["then", "(`aibom policy lock verifier`)", "again"],
    ),
    "one backtick": ("`aaaa bbbb cccc dddd eeee", 20, ["`aaaa bbbb cccc dddd", "eeee"]),
    "wide letters take two": (
        "模型模型模 型模型模型 模",
        22,
        ["模型模型模 型模型模型", "模"],
    ),
    "marks take none": ("e\u0301" * 10 + " b", 20, ["e\u0301" * 10 + " b"]),
    "colours take none": ("\x1b[1maaaa\x1b[0m bbbb", 20, ["\x1b[1maaaa\x1b[0m bbbb"]),
}


@pytest.mark.parametrize(("text", "width", "lines"), WRAPPED.values(), ids=WRAPPED)
def test_wrap(text, width, lines):
    assert wrap(text, width) == lines


def test_a_row_hangs_beside_its_name():
    assert row("found", "one two three four five", 34) == [
        "    found     one two three four",
        "              five",
    ]


@given(st.lists(st.text("ab`", min_size=1, max_size=30)), st.integers(1, 120))
def test_wrapping_loses_no_word(words, width):
    text = " ".join(words)
    assert " ".join(" ".join(wrap(text, width, "", 2)).split()) == text


def test_wrapping_is_linear():
    lines = wrap("` " * 50_000, 80)
    assert "".join(lines).count("`") == 50_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"tree-sha256:{DIGEST}", "tree-sha256:ffffffffffff…"),
        (f"model:tree:{DIGEST}", "model:tree:ffffffffffff…"),
        ("step:short", "step:short"),
        (DIGEST, DIGEST),
        ("", ""),
    ],
)
def test_short_digest(text, shown):
    assert short_digest(text) == shown
