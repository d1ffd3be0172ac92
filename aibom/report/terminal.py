"""The verdict in a terminal: what blocks, why, the path that leads there, what to do."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

from aibom.report.text import Paint, escape, plain, short_digest
from aibom.verdict import Decision, PathHop, Result, Status, Verdict

__all__ = ["draw_path", "draw_verdict"]

_WORDS = {
    Decision.ALLOWED: ("good", "ALLOWED"),
    Decision.DENIED: ("bad", "DENIED"),
    Decision.UNDECIDED: ("bad", "BLOCKED: cannot be told"),
    Decision.NOT_VERIFIED: ("bad", "NOT VERIFIED"),
    Decision.ERROR: ("bad", "COULD NOT DECIDE"),
}
_MARKS = {Status.FAIL: "✗", Status.UNKNOWN: "?", Status.ERROR: "!"}


def draw_verdict(
    verdict: Verdict, paint: Paint = plain, verdict_file: str | None = None
) -> str:
    """The whole verdict. ``verdict_file`` is where its JSON went, for the line to paste."""
    lines = [*_head(verdict, paint), ""]
    if verdict.verification.state == "failed" or verdict.decision is Decision.ERROR:
        lines += _verification(verdict, paint)
    for result in verdict.findings:
        lines += [*_finding(result, paint, verdict_file), ""]
    lines += _foot(verdict, paint)
    if verdict.blocking and verdict_file is None:
        lines.append("for the whole story of a finding: --output json=verdict.json, then")
        lines.append("aibom explain verdict.json")
    return "\n".join(lines) + "\n"


def _head(verdict: Verdict, paint: Paint) -> list[str]:
    style, word = _WORDS[verdict.decision]
    marks = "".join(
        f"  [{mark}]"
        for mark, on in (
            ("dry run", verdict.dry_run),
            ("report only", verdict.report_only),
        )
        if on
    )
    name = escape(verdict.artifact_name) or "the artifact"
    digest = f"  {short_digest(verdict.artifact)}" if verdict.artifact else ""
    inputs = verdict.inputs
    head = f"{paint(style, word)}  {paint('bold', name)}{digest}{marks}"
    about = (
        f"policy {escape(inputs.policy)} {escape(inputs.policy_version)} · tier "
        f"{verdict.tier.value} · at {verdict.effective_time}"
    )
    return [head, paint("dim", about)]


def _verification(verdict: Verdict, paint: Paint) -> list[str]:
    check = verdict.verification
    lines = [f"{paint('bad', '✗')} {paint('bold', check.reason or verdict.reason)}"]
    if check.where:
        lines.append(_row("where", escape(check.where)))
    if check.message:
        lines.append(_row("what", escape(check.message)))
    if check.hint:
        lines.append(_row("do", escape(check.hint)))
    return [*lines, ""]


def _row(name: str, text: str) -> str:
    return f"    {name:<9} {text}"


def _finding(result: Result, paint: Paint, verdict_file: str | None) -> list[str]:
    style = "bad" if result.blocks else "warn"
    effect = "blocks" if result.blocks else result.mode.value
    lines = [
        f"{paint(style, _MARKS[result.status])} {paint('bold', result.rule)}  "
        f"{paint(style, result.reason)}  ({result.status.value}, "
        f"{result.severity.value}, {effect})",
        _row("about", f"{escape(result.label)}  {short_digest(result.node)}"),
        _row("found", escape(result.actual)),
        _row("expected", escape(result.expected)),
    ]
    if len(result.path) > 1:
        lines.append(_row("path", draw_path(result.path, paint)))
    if result.assurance:
        lines.append(_row("proof", f"{result.assurance}: {escape(result.basis)}"))
    if result.remedy:
        lines.append(_row("do", escape(result.remedy)))
    if verdict_file is not None:
        words = ["aibom", "explain", verdict_file, result.rule, result.node]
        lines.append(_row("more", " ".join(shlex.quote(word) for word in words)))
    return lines


def draw_path(path: Iterable[PathHop], paint: Paint = plain) -> str:
    """``model ← fine-tune ← labels ← label ← labeler …``: roles where an edge has one."""
    parts = []
    for hop in path:
        name = escape(hop.label, 80)
        if hop.kind == "party" and hop.role:
            name = f"{hop.role} {name}"
        parts.append(paint("bold", name) if hop.kind not in ("step",) else name)
    return " ← ".join(parts)


def _foot(verdict: Verdict, paint: Paint) -> list[str]:
    lines = [f"{paint('warn', 'note')} {escape(text)}" for text in verdict.warnings]
    if verdict.overrides:
        lines.append(f"overrides: {escape(', '.join(verdict.overrides))}")
    if verdict.results:
        counts = Counter(result.status for result in verdict.results)
        told = [
            f"{counts[status]} {word}"
            for status, word in (
                (Status.FAIL, "fail"),
                (Status.UNKNOWN, "unknown"),
                (Status.ERROR, "error"),
                (Status.PASS, "pass"),
                (Status.NOT_APPLICABLE, "not applicable"),
            )
            if counts[status]
        ]
        lines.append(paint("dim", f"{len(verdict.blocking)} block · " + " · ".join(told)))
    return lines
