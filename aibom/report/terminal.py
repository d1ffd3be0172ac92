"""The verdict in a terminal: what blocks, why, the path that leads there, what to do.

Findings of one rule that say the same stand under one heading, each with its own place
and path. What is allowed says in a few lines what that rests on, and what it does not
say.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence

from aibom.report.parts import WORDS
from aibom.report.text import WIDTH, Paint, escape, plain, row, short_digest, wrap
from aibom.verdict import Decision, PathHop, Result, Status, Verdict, Verification

__all__ = ["draw_path", "draw_verdict"]

#: Decisions that no single finding explains.
_WHY_NOT = {
    "nothing-in-force": "every rule of the policy is off in this tier",
    "nothing-applicable": "no rule in force applies to anything in this lineage",
}
_MARKS = {Status.FAIL: "✗", Status.UNKNOWN: "?", Status.ERROR: "!"}
#: Places of one finding that are drawn; the JSON has all of them.
_PLACES = 5
_LONG = 600


def draw_verdict(
    verdict: Verdict,
    paint: Paint = plain,
    verdict_file: str | None = None,
    width: int = WIDTH,
) -> str:
    """The whole verdict, in lines of ``width`` columns where words allow it.

    ``verdict_file`` is where its JSON went, for the line to paste.
    """
    lines = [*_head(verdict, paint, width), ""]
    if verdict.verification.message:
        lines += _stopped(verdict, paint, width)
    if verdict.reason in _WHY_NOT:
        head = f"{paint('bad', '?')} {paint('bold', verdict.reason)}"
        lines += [head, *row("found", _WHY_NOT[verdict.reason], width), ""]
    groups = _groups(verdict.findings)
    for group in groups:
        if not _is_short(group[0], verdict):
            lines += [*_finding(group, paint, verdict_file, width), ""]
    short = [group for group in groups if _is_short(group[0], verdict)]
    for group in short:
        lines += _heading(group, paint, width)
    lines += [""] if short else []
    if verdict.decision is Decision.ALLOWED:
        lines += [
            *_proved(verdict.verification, verdict.inputs.housekeeping, paint, width),
            "",
        ]
    lines += _exceptions(verdict, width)
    lines += _foot(verdict, paint, verdict_file, width)
    return "\n".join(lines) + "\n"


def _head(verdict: Verdict, paint: Paint, width: int) -> list[str]:
    style = "good" if verdict.decision is Decision.ALLOWED else "bad"
    name = escape(verdict.artifact_name) or "the artifact"
    parts = [paint(style, WORDS[verdict.decision]), paint("bold", name)]
    if verdict.dry_run:
        early = verdict.verification.reason == "before-bytes"
        word = "[before any download]" if early else "[dry run]"
        parts.append(paint("warn", word))
    if verdict.report_only:
        parts.append(paint("warn", "[report only]"))
    if any(result.exception for result in verdict.results):
        parts.append(paint("warn", "[exceptions]"))
    if any(result.known for result in verdict.results):
        parts.append(paint("warn", "[known findings]"))
    inputs = verdict.inputs
    about = (
        f"policy {escape(inputs.policy)} {escape(inputs.policy_version)} · tier "
        f"{verdict.tier.value} · at {verdict.effective_time}"
    )
    policy = [paint("dim", line) for line in wrap(about, width)]
    # In full, once: to compare with, and to look for elsewhere.
    digest = [escape(verdict.artifact)] if verdict.artifact else []
    return [*wrap("  ".join(parts), width, hang=2), *digest, *policy]


def _stopped(verdict: Verdict, paint: Paint, width: int) -> list[str]:
    """What verification stopped at."""
    found = verdict.verification
    rows = (
        ("where", found.where),
        ("found", found.message),
        ("do", found.hint),
        ("so", "no rule was evaluated"),
    )
    head = f"{paint('bad', '✗')} {paint('bold', escape(found.reason))}"
    return [head, *_rows(width, *rows), ""]


def _groups(findings: Iterable[Result]) -> list[list[Result]]:
    """Findings of one rule with one reason and effect, in the order they come."""
    groups: dict[tuple[object, ...], list[Result]] = {}
    for result in findings:
        effect = (result.blocks, result.exception, result.known)
        key = (result.rule, result.status, result.reason, *effect)
        groups.setdefault(key, []).append(result)
    return list(groups.values())


def _is_short(result: Result, verdict: Verdict) -> bool:
    """Whether it is told in one line: not known, not blocking, and others block."""
    unknown = result.status is Status.UNKNOWN
    return unknown and not result.blocks and bool(verdict.blocking)


def _heading(group: Sequence[Result], paint: Paint, width: int) -> list[str]:
    """Rule, reason and effect of findings that have them in common."""
    first = group[0]
    style = "bad" if first.blocks else "warn"
    effect = "blocks" if first.blocks else f"{_spared(first)}, does not block"
    places = f", {len(group)} places" if len(group) > 1 else ""
    head = (
        f"{paint('bold', escape(first.rule))}  {paint(style, escape(first.reason))}  "
        f"({first.status.value}, {first.severity.value}, {effect}{places})"
    )
    return wrap(head, width, f"{paint(style, _MARKS[first.status])} ", 2)


def _finding(
    group: Sequence[Result], paint: Paint, verdict_file: str | None, width: int
) -> list[str]:
    first = group[0]
    lines = _heading(group, paint, width)
    remedies = {result.remedy for result in group}
    remedy = _rows(width, ("do", first.remedy)) if len(remedies) == 1 else []
    if len(group) == 1:
        lines += [*_what(first, width), *_expected(first, width)]
        lines += [*_trail(first, paint, width), *remedy]
        return [*lines, *_more(first, paint, verdict_file)]
    shared = len({result.expected for result in group}) == 1
    lines += _expected(first, width) if shared else _rows(width, ("why", first.why))
    for result in group[:_PLACES]:
        lines += ["", *_what(result, width)]
        if not shared:
            lines += _rows(width, ("expected", result.expected))
        lines += _trail(result, paint, width)
        if not remedy:
            lines += _rows(width, ("do", result.remedy))
        lines += _more(result, paint, verdict_file)
    if len(group) > _PLACES:
        lines += ["", *row("", f"… and {len(group) - _PLACES} more places", width)]
    return [*lines, "", *remedy] if remedy else lines


def _spared(result: Result) -> str:
    """Why a finding does not block."""
    if result.exception:
        return f"excepted by {escape(result.exception)}"
    return "known" if result.known else result.mode.value


def _exceptions(verdict: Verdict, width: int) -> list[str]:
    """Every exception of the folder with its state, also those that change nothing."""
    lines: list[str] = []
    for note in verdict.exceptions:
        why = f": {escape(note.why)}" if note.why else ""
        told = (
            f"{escape(note.id)} is {note.state}{why}; for {escape(note.rule)} "
            f"[{escape(note.reason_code)}] until {escape(note.expires)}, approved by "
            f"{escape(note.approved_by)}, {escape(note.ticket)}"
        )
        lines += row("exception", told, width, 0)
    return [*lines, ""] if lines else []


def _rows(width: int, *rows: tuple[str, str]) -> list[str]:
    """Named rows, those without a text left out."""
    return [
        line
        for name, text in rows
        if text
        for line in row(name, escape(text, _LONG), width)
    ]


def _what(result: Result, width: int) -> list[str]:
    about = f"{escape(result.label)} {short_digest(result.node)}"
    return _rows(width, ("about", about), ("found", result.actual))


def _expected(result: Result, width: int) -> list[str]:
    return _rows(width, ("expected", result.expected), ("why", result.why))


def _trail(result: Result, paint: Paint, width: int) -> list[str]:
    """How the artifact comes to it, and what the finding rests on."""
    lines = []
    if len(result.path) > 1:
        lines += row("path", draw_path(result.path, paint), width)
    if result.assurance:
        lines += _rows(width, ("proof", f"{result.assurance}: {result.basis}"))
    return lines


def _more(result: Result, paint: Paint, verdict_file: str | None) -> list[str]:
    """The command that tells the rest: never broken, however long, to be pasted."""
    if verdict_file is None:
        return []
    words = ["aibom", "explain", verdict_file, result.rule, result.node]
    command = " ".join(shlex.quote(escape(word)) for word in words)
    return [f"    {'more':<9} {paint('dim', command)}"]


def draw_path(path: Iterable[PathHop], paint: Paint = plain) -> str:
    """``model ← fine-tune ← labels ← label ← labeler …``: from the artifact upwards."""
    parts = []
    for hop in path:
        name = escape(hop.label, 80)
        if hop.kind == "party" and hop.role:
            name = f"{escape(hop.role, 80)} {name}"
        parts.append(name if hop.kind == "step" else paint("bold", name))
    return " ← ".join(parts)


def _proved(
    found: Verification, left_out: tuple[str, ...], paint: Paint, width: int
) -> list[str]:
    """What an allowed verdict rests on beside the rules, and what it leaves open."""
    signed = [f"by {escape(found.signer)}" if found.signer else "by nobody known here"]
    signed += [escape(text) for text in found.upstream]
    steps = f"{found.steps_recorded} of {found.steps} have a signed record that agrees"
    lineage = "closed" if found.lineage_closed else "OPEN: not everything is known"
    roots = found.accepted_roots
    if roots:
        shown = ", ".join(escape(label) for label in roots[:_PLACES])
        more = f" and {len(roots) - _PLACES} more" if len(roots) > _PLACES else ""
        lineage += f"; ends by decision at {shown}{more}"
    read = found.state == "verified"
    files = "every file hashed" if read else "not read: this was a dry run"
    if left_out:
        files += f", but for housekeeping: {', '.join(map(escape, left_out))}"
    mark = paint("good", "✓") if read else paint("warn", "·")
    limits = (
        "This says nothing about what no rule asks for, nor that the model is safe: "
        "see docs/threat-model.md."
    )
    return [
        f"{mark} {paint('bold', 'proved' if read else 'told by the documents')}",
        *row("bytes", files, width),
        *row("signed", "; ".join(signed), width),
        *row("steps", steps, width),
        *row("lineage", lineage, width),
        *wrap(limits, width, "  ", 2),
    ]


def _foot(
    verdict: Verdict, paint: Paint, verdict_file: str | None, width: int
) -> list[str]:
    lines = []
    for text in verdict.warnings:
        lines += wrap(escape(text, _LONG), width, f"{paint('warn', 'note')} ", 5)
    if verdict.overrides:
        text = f"overrides: {', '.join(map(escape, verdict.overrides))}"
        lines += wrap(text, width, hang=2)
    if verdict.results:
        lines += [paint("dim", line) for line in wrap(_counts(verdict), width, hang=2)]
    if verdict.blocking:
        story = _whole_story(verdict, verdict_file)
        lines += wrap(story, width) if story else []
    return lines


def _whole_story(verdict: Verdict, verdict_file: str | None) -> str:
    """How to read what is told in short here."""
    if verdict_file is None:
        return (
            "for the whole story of a finding: `--output json=verdict.json`, then "
            "`aibom explain verdict.json RULE`"
        )
    if not any(_is_short(result, verdict) for result in verdict.findings):
        return ""
    file = shlex.quote(escape(verdict_file))
    return f"what is told in one line, in full: `aibom explain {file} RULE`"


def _counts(verdict: Verdict) -> str:
    """``1 finding blocks · 10 pass``: every result once."""
    blocking = len(verdict.blocking)
    counts = Counter(result.status for result in verdict.results if not result.blocks)
    told = ["nothing blocks"]
    if blocking:
        told = [f"{blocking} {'findings block' if blocking > 1 else 'finding blocks'}"]
    for status, words in (
        (Status.FAIL, "fail without blocking"),
        (Status.UNKNOWN, "unknown without blocking"),
        (Status.ERROR, "broke without blocking"),
        (Status.PASS, "pass"),
        (Status.NOT_APPLICABLE, "not applicable"),
    ):
        if counts[status]:
            told.append(f"{counts[status]} {words}")
    return " · ".join(told)
