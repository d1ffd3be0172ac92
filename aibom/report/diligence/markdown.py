"""The report in GitHub Flavored Markdown, in the order of the HTML form.

Foreign text is never at the start of a line, and is text wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aibom.report.diligence.model import (
    Answer,
    Area,
    Cell,
    Entry,
    Report,
    RuleNote,
    Section,
    Table,
)
from aibom.report.diligence.words import STATUS_MEANINGS
from aibom.report.markup import markdown_text

__all__ = ["report_markdown"]

_LONG = 800
#: Rows of one table; the JSON form has all of them.
_MOST_ROWS = 200
_MOST_NAMES = 20


def report_markdown(report: Report) -> bytes:
    """The whole report in UTF-8; the same report gives the same bytes."""
    return "\n".join([*_lines(report), ""]).encode()


def _lines(report: Report) -> Iterator[str]:
    yield from _head(report)
    yield from _first_page(report)
    yield from _found(report)
    yield from _changes(report)
    for section in report.sections:
        yield from _section(report, section)
    yield "## Words"
    yield ""
    for term in report.glossary:
        yield f"- **{_text(term.word)}**: {_text(term.meaning)}"


def _text(text: str) -> str:
    return markdown_text(text, _LONG)


def _head(report: Report) -> Iterator[str]:
    subject = report.subject
    yield f"# Due-diligence report: {_text(subject.name) or 'a product without a name'}"
    yield ""
    for name, text in (
        ("Kind", subject.kind),
        ("Version", subject.version or "not provided"),
        ("Digest", subject.digest or "not provided"),
        ("Supplier", subject.supplier or "not provided"),
        ("BOM", f"{subject.bom_name}, sha256:{subject.bom_digest}"),
        ("Made as of", f"{report.made} with {report.tool}"),
        ("Policy", report.policy),
    ):
        yield f"- **{name}:** {_text(text)}"
    if not subject.readable:
        yield "- **Note:** this file does not call itself CycloneDX; nothing was read."
    blocking = sum(1 for one in report.findings if one.blocks)
    if blocking:
        yield f"- **Blocks:** {blocking:,} findings block by this policy; see below."
    if subject.problems:
        count = len(subject.problems)
        yield f"- **Note:** the document has {count:,} problems; see section 1."
    yield ""
    for title, texts in (
        ("What this is", report.is_this),
        ("What this is not", report.is_not),
    ):
        yield f"**{title}**"
        yield ""
        yield from (f"- {_text(text)}" for text in texts)
        yield ""


def _first_page(report: Report) -> Iterator[str]:
    yield "## The seven questions"
    yield ""
    for area in report.areas:
        yield from _area(area)
    yield "## In short"
    yield ""
    yield "| Status | Questions | Meaning |"
    yield "| --- | --- | --- |"
    for status, count in report.counts.items():
        yield f"| {status.words} | {count:,} | {_text(STATUS_MEANINGS[status])} |"
    failing = sum(1 for one in report.answers if one.failed)
    meaning = "Beside its status: a rule of the policy found that it is wrong."
    yield f"| fails a rule | {failing:,} | {meaning} |"
    yield ""
    yield "**What it learned from, as far as anybody says**"
    yield ""
    yield from (f"- {_text(line)}" for line in report.learned_from)
    yield ""
    if report.weakest:
        yield f"- **Weakest path:** {_text(report.weakest)}"
        yield f"- **Why:** {_text(report.weakest_why)}"
    yield ""
    if report.conflicts:
        yield f"**Conflicts: {len(report.conflicts):,}**"
        yield ""
        yield from (f"- {_text(text)}" for text in report.conflicts)
        yield ""


def _area(area: Area) -> Iterator[str]:
    answered = f"{area.answered} of {area.total} questions answered"
    fails = "fails a rule; " if area.failed else ""
    yield f"### {_text(area.title)}: {fails}{_text(area.who)}"
    yield ""
    yield f"*{_text(area.asks)}*"
    yield ""
    yield f"- **Answer:** {_text(area.answer)} ({answered})"
    yield from _failures(area.failed)
    if area.ask_next:
        yield f"- **Ask next:** {_text(area.ask_next)} (`{area.ask_id}`)"
    yield ""


def _failures(notes: Sequence[RuleNote]) -> Iterator[str]:
    for note in notes:
        effect = "blocks" if note.blocks else "does not block"
        rule = f"rule {_text(note.rule)}: {_text(note.reason)}, {effect}"
        yield f"- **Known to be wrong:** {_text(note.told)} ({rule})"


def _found(report: Report) -> Iterator[str]:
    blocking = [one for one in report.findings if one.blocks]
    yield f"## What blocks: {len(blocking):,}"
    yield ""
    if not blocking:
        yield "Nothing blocks by this policy. That is no approval: a gate decides."
        yield ""
    if not report.findings:
        return
    yield "| Rule | Result | About | Found | Asked for | Path | What to do |"
    yield f"|{' --- |' * 7}"
    for one in report.findings:
        effect = "blocks" if one.blocks else "does not block"
        yield _row(
            one.rule,
            f"{one.status}: {one.reason} ({one.severity}, {effect})",
            one.about,
            one.actual,
            one.expected,
            one.path,
            one.remedy,
        )
    yield ""


def _changes(report: Report) -> Iterator[str]:
    if report.changes is None:
        return
    count = len(report.changes.changes)
    made = _text(report.changes.made)
    yield f"## What changed since {made}: {count:,} answers"
    yield ""
    for one in report.changes.changes:
        yield f"- **{_text(one.id)}**: {_text(one.question)}"
        yield f"  - before: {_text(one.before)}"
        yield f"  - now: {_text(one.after)}"
        yield from (f"  - {_text(text)}" for text in one.details)
    yield ""


def _section(report: Report, section: Section) -> Iterator[str]:
    yield f"## {section.number} {_text(section.title)}"
    yield ""
    yield _text(section.note)
    yield ""
    if section.number == 2:
        # Four blanks: whatever a name holds, it cannot end a block that is indented.
        yield from (f"    {line}" for line in report.tree.splitlines())
        yield ""
    for table in section.tables:
        yield from _table(table)
    for name in section.answers:
        yield from _answer(report.by_id[name])
    if not section.tables and not section.answers:
        yield "Nothing."
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield f"**{_text(table.title)}**"
    yield ""
    if table.note:
        yield _text(table.note)
        yield ""
    yield _row(*table.head)
    yield f"|{' --- |' * len(table.head)}"
    for row in table.rows[:_MOST_ROWS]:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    if len(table.rows) > _MOST_ROWS:
        yield ""
        yield f"… and {len(table.rows) - _MOST_ROWS:,} more, in the JSON form."
    yield ""


def _cell(cell: Cell) -> str:
    return _text(cell.text)


def _row(*cells: str) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _answer(one: Answer) -> Iterator[str]:
    yield f"### {_text(one.question)}"
    yield ""
    yield f"- **{_text(one.who)}** (`{one.id}`): {_text(one.answer)}"
    yield from _failures(one.failed)
    for note in one.rules:
        told = f"{_text(note.status)}, {_text(note.reason)}"
        about = f" ({_text(note.about)})" if note.about else ""
        yield f"- rule {_text(note.rule)}: {told}{about}"
    if one.request:
        yield f"- **Ask the supplier:** {_text(one.request)}"
    yield ""
    if one.said:
        yield from _entries(one.said)
    if one.unsaid:
        names = ", ".join(one.unsaid[:_MOST_NAMES])
        left = len(one.unsaid) - _MOST_NAMES
        more = f" and {left:,} more" if left > 0 else ""
        yield f"Nothing is said about: {_text(f'{names}{more}')}"
        yield ""


def _entries(entries: Sequence[Entry]) -> Iterator[str]:
    yield "| Part | Status | What is said | Why this status | Read from |"
    yield "| --- | --- | --- | --- | --- |"
    for entry in entries[:_MOST_ROWS]:
        yield _row(
            entry.name,
            f"{entry.status.words}{_dates(entry)}",
            entry.text,
            entry.basis,
            _sources(entry),
        )
    if len(entries) > _MOST_ROWS:
        yield ""
        yield f"… and {len(entries) - _MOST_ROWS:,} more, in the JSON form."
    yield ""


def _dates(entry: Entry) -> str:
    dated = f", {entry.date}" if entry.date else ""
    return f"{dated}{f', until {entry.expires}' if entry.expires else ''}"


def _sources(entry: Entry) -> str:
    told = [
        " ".join(
            part
            for part in (
                one.cataloger,
                f"sha256:{one.digest[:12]}…" if one.digest else "",
                one.pointer,
                one.mode,
            )
            if part
        )
        for one in entry.sources
    ]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return f"{'; '.join(told[:3])}{more}"
