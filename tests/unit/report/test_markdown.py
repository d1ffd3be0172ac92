"""Markdown: all that was decided, and foreign text that is text wherever it stands.

A CommonMark parser with tables, as GitHub's is, reads the reports. What it does not
know, and GitHub adds (mentions, references, bare addresses), is looked for in the texts
that come out.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hostile_verdicts import (
    PLACES,
    TEXTS,
    VERDICTS,
    require_no_command,
    require_visible,
)
from hypothesis import given, settings
from markdown_it import MarkdownIt
from verdicts import FINDING, VERDICT

from aibom.report.markdown import markdown
from aibom.report.markup import markdown_text
from aibom.report.parts import Where
from aibom.report.text import escape
from aibom.verdict import (
    Decision,
    ExceptionNote,
    Inputs,
    Mode,
    Status,
    Verification,
)

WHERE = Where("model/aibom.cdx.json")
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
#: What there may be: headings, lists, tables, our bold words, and texts.
ALLOWED = {
    *("heading", "bullet_list", "list_item", "paragraph", "inline", "text", "strong"),
    *("table", "thead", "tbody", "tr", "th", "td", "html_inline"),
}
#: Mentions and issues, as GitHub finds them in one text after rendering.
REFERENCES = re.compile(r"@\w|#\d")
NOTE = ExceptionNote(
    *("EX-1", "expired", "", FINDING.rule, FINDING.node, "", ""),
    *("vendor fixes it", "SEC-1", "a@acme.example", "b@acme.example", "2026-03-01"),
)


def tokens(text):
    """All tokens, those inside paragraphs and cells as well."""
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def require_plain(text):
    """Nothing but structure that is ours, and texts."""
    found = list(tokens(text))
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in found}
    assert kinds <= ALLOWED
    html = {token.content for token in found if token.type == "html_inline"}
    assert html <= {"<span>", "</span>"}


def report(*results, **changes):
    verdict = replace(VERDICT, results=results, **changes)
    text = markdown(verdict, WHERE).decode()
    require_plain(text)
    return text


def section(text, heading):
    """The lines below a heading of the second level."""
    _, _, rest = text.partition(f"## {heading}")
    return rest.partition("\n## ")[0]


def test_a_denial_tells_what_why_where_and_what_to_do():
    text = section(report(FINDING), "What blocks")
    names = re.findall(r"\*\*(.*?):\*\*", text)
    assert names == [
        *("Result", "About", "Found", "Expected", "Path", "Proof", "Evidence"),
        *("Why it matters", "What to do", "Supports"),
    ]
    assert "acme/model ← train ← acme/labels ← labeler person:acme" in text
    assert text.startswith(": 1\n\n### labels-unaudited: audit-failed\n")


SECTIONS = {
    "a fail blocks": ({}, "What blocks"),
    "unknown blocks": ({"status": Status.UNKNOWN}, "What blocks"),
    "a warning": ({"mode": Mode.WARN}, "Other findings"),
    "excepted": ({"exception": "EX-1"}, "Excepted findings"),
}


@pytest.mark.parametrize(("changes", "heading"), SECTIONS.values(), ids=SECTIONS)
def test_every_finding_stands_in_one_section(changes, heading):
    text = report(replace(FINDING, **changes))
    known = sorted({name for _, name in SECTIONS.values()})
    headings = [name for name in known if f"## {name}: 1" in text]
    assert headings == [heading]
    assert FINDING.node in section(text, heading)


def test_exceptions_that_change_nothing_are_shown():
    text = section(report(FINDING, exceptions=(NOTE,)), "Exceptions")
    assert "| EX-1 | expired | labels-unaudited |" in text
    assert "vendor fixes it" in text


def test_rules_are_counted():
    results = (
        FINDING,
        replace(FINDING, node="1", status=Status.PASS),
        replace(FINDING, node="2", status=Status.NOT_APPLICABLE),
        replace(FINDING, node="3", exception="EX-1"),
    )
    text = section(report(*results), "Rules")
    row = "| labels-unaudited | required-audit | deny | 1 | 1 |  |  | 1 | 1 |"
    assert row in text


def test_inputs_are_named_by_digest():
    inputs = Inputs(
        policy="acme",
        policy_version="1",
        policy_digest="sha256:77",
        boms=(("model/aibom.cdx.json", "sha256:88"),),
        evidence=(("audit.json", "sha256:99"),),
        housekeeping=(".git",),
        advisories_sequence=4,
    )
    text = section(report(inputs=inputs), "What was evaluated")
    for row in (
        "| policy acme 1 | sha256:77 (not locked) |",
        "| BOM model/aibom.cdx.json | sha256:88 |",
        "| evidence audit.json | sha256:99 |",
        "| advisories, sequence | 4 |",
        "| not hashed: .git |  |",
    ):
        assert row in text


def test_what_stopped_it_stands_first():
    found = Verification("failed", "file-changed", "was changed", "w.bin", "restore it")
    text = report(decision=Decision.NOT_VERIFIED, verification=found)
    assert text.startswith(
        "# NOT VERIFIED: acme/model\n\n- **Stopped:** file-changed\n"
        "- **Where:** w.bin\n"
    )


def test_a_dry_run_is_marked():
    assert "**Dry run:**" in report(dry_run=True)
    assert "**Report only:**" in report(report_only=True)


@given(TEXTS)
def test_text_is_text_in_a_line_and_in_a_cell(text):
    told = escape(text).strip() or "-"
    shown = markdown_text(told, 10_000)
    assert "://" not in shown
    assert "www." not in shown.lower()
    for document in (f"- **x:** {shown}", f"| a |\n| --- |\n| {shown} |\n"):
        require_plain(document)
        *_, inline = (t for t in READER.parse(document) if t.type == "inline")
        texts = [t.content for t in inline.children if t.type == "text"]
        assert "".join(texts).endswith(told)
        assert [one for one in texts if REFERENCES.search(one)] == []


@settings(max_examples=80, deadline=None)
@given(VERDICTS, PLACES)
def test_whatever_it_holds_its_structure_is_ours(verdict, where):
    text = markdown(verdict, where).decode()
    require_visible(text)
    require_no_command(text)
    require_plain(text)
    headings = [t for t in READER.parse(text) if t.type == "heading_open"]
    assert sum(t.tag == "h1" for t in headings) == 1
    excepted = [one for one in verdict.findings if one.exception]
    assert sum(t.tag == "h3" for t in headings) == len(verdict.findings) - len(excepted)
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in text.split("\n")]
    for before, line, width in zip(
        widths, text.split("\n")[1:], widths[1:], strict=False
    ):
        if line.startswith("|") and before > 1:
            assert width == before
