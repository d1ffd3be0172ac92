"""The verdict as a report for people, in GitHub Flavored Markdown.

What was decided, what verification found, every finding with its path, exceptions, a
table of rules, and what was evaluated by digest. Foreign text is never at the start of
a line, and is text wherever it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from aibom.report.markup import markdown_text
from aibom.report.parts import (
    LONG,
    Where,
    by_severity,
    exception_of,
    exception_reason,
    left_standing,
    rules,
    shown_path,
    stop,
)
from aibom.report.terminal import draw_path
from aibom.verdict import Decision, Result, Status, Verdict, Verification

__all__ = ["markdown", "markdown_lines"]

_WORDS = {
    Decision.ALLOWED: "ALLOWED",
    Decision.DENIED: "DENIED",
    Decision.UNDECIDED: "BLOCKED: cannot be told",
    Decision.NOT_VERIFIED: "NOT VERIFIED",
    Decision.ERROR: "COULD NOT DECIDE",
}
_WHOLE = 8 * LONG


def markdown(verdict: Verdict, where: Where) -> bytes:
    """The whole report in UTF-8; the same verdict gives the same bytes."""
    lines = markdown_lines(verdict, where)
    # A surrogate cannot be left: all foreign text is escaped.
    return "\n".join([*lines, ""]).encode()


def markdown_lines(verdict: Verdict, where: Where) -> Iterator[str]:
    """Its lines, the most important first, so that it can be cut anywhere."""
    yield from _decision(verdict, where)
    yield from _verification(verdict.verification)
    standing = left_standing(verdict)
    yield from _findings("What blocks", [one for one in standing if one.blocks])
    yield from _findings("Other findings", [one for one in standing if not one.blocks])
    yield from _excepted(verdict)
    yield from _exceptions(verdict)
    yield from _rules(verdict)
    yield from _inputs(verdict)


def _decision(verdict: Verdict, where: Where) -> Iterator[str]:
    name = _text(verdict.artifact_name) or "the artifact"
    yield f"# {_WORDS[verdict.decision]}: {name}"
    yield ""
    if verdict.dry_run:
        yield "**Dry run:** the artifact was not read. No gate accepts this."
        yield ""
    if verdict.report_only:
        yield "**Report only:** findings did not change the exit code."
        yield ""
    stopped = stop(verdict)
    if stopped:
        yield from _rows(
            ("Stopped", stopped.reason),
            ("Where", stopped.where),
            ("Found", stopped.message),
            ("What to do", stopped.hint),
        )
        yield ""
    inputs = verdict.inputs
    yield from _rows(
        ("Reason", verdict.reason),
        ("Exit code", str(verdict.exit_code)),
        ("Artifact", verdict.artifact),
        ("BOM", where.path),
        ("Policy", f"{inputs.policy} {inputs.policy_version}".strip()),
        ("Tier", verdict.tier.value),
        ("Evaluated as of", verdict.effective_time),
        ("By", verdict.tool),
        ("Overrides", ", ".join(verdict.overrides)),
    )
    for text in verdict.warnings:
        yield f"- **Note:** {_text(text)}"
    yield ""


def _verification(found: Verification) -> Iterator[str]:
    yield "## Verification"
    yield ""
    steps = f"{found.steps_recorded} of {found.steps} have a signed record that agrees"
    closed = "closed" if found.lineage_closed else "open: not everything is known"
    yield from _rows(
        ("State", found.state),
        ("Signed by", found.signer or "nobody known here"),
        ("Ancestors", found.ancestors),
        ("Upstream", "; ".join(found.upstream)),
        ("Steps", steps),
        ("Lineage", closed),
        ("Ends by decision at", ", ".join(found.accepted_roots)),
    )
    yield ""


def _findings(heading: str, findings: Sequence[Result]) -> Iterator[str]:
    if not findings:
        return
    yield f"## {heading}: {len(findings):,}"
    yield ""
    for result in findings:
        yield from _finding(result)


def _finding(result: Result) -> Iterator[str]:
    yield f"### {_text(result.rule)}: {_text(result.reason)}"
    yield ""
    effect = "blocks" if result.blocks else f"{result.mode.value}, does not block"
    yield from _rows(
        ("Result", f"{result.status.value}, {result.severity.value}, {effect}"),
        ("About", f"{result.label} {result.node}"),
        ("Found", result.actual),
        ("Expected", result.expected),
        ("Path", _path(result)),
        ("Proof", f"{result.assurance}: {result.basis}" if result.assurance else ""),
        ("Evidence", ", ".join(result.evidence)),
        ("Why it matters", result.why),
        ("What to do", result.remedy),
        ("Supports", _maps(result)),
    )
    yield ""


def _path(result: Result) -> str:
    return draw_path(shown_path(result.path)) if len(result.path) > 1 else ""


def _maps(result: Result) -> str:
    return "; ".join(f"{k}: {', '.join(v)}" for k, v in sorted(result.maps.items()))


def _excepted(verdict: Verdict) -> Iterator[str]:
    """Findings that would count but for an exception."""
    excepted = by_severity(one for one in verdict.findings if exception_of(one))
    if not excepted:
        return
    yield f"## Excepted findings: {len(excepted):,}"
    yield ""
    yield from _table("Rule", "Finding", "About", "Exception")
    for result in excepted:
        yield _row(
            result.rule,
            f"{result.status.value}: {result.reason}",
            f"{result.label} {result.node}",
            exception_reason(verdict, result),
        )
    yield ""


def _exceptions(verdict: Verdict) -> Iterator[str]:
    """All exceptions, those that change nothing as well."""
    if not verdict.exceptions:
        return
    yield "## Exceptions"
    yield ""
    yield from _table("Exception", "State", "Rule", "Approved by", "Expires", "Why")
    for note in sorted(
        verdict.exceptions, key=lambda one: (one.id, one.state, one.rule)
    ):
        yield _row(
            *(note.id, note.state, note.rule, note.approved_by, note.expires),
            note.why or note.reason,
        )
    yield ""


def _rules(verdict: Verdict) -> Iterator[str]:
    if not verdict.results:
        return
    yield "## Rules"
    yield ""
    heads = ("Pass", "Fail", "Unknown", "Error", "Not applicable", "Excepted")
    yield from _table("Rule", "Check", "Mode", *heads)
    for rule, group in rules(verdict.results).items():
        counts = Counter(one.status for one in group if not exception_of(one))
        excepted = sum(1 for one in group if exception_of(one))
        numbers = [counts[status] for status in Status]
        told = [str(number or "") for number in (*numbers, excepted)]
        yield _row(rule, group[0].check, group[0].mode.value, *told)
    yield ""


def _inputs(verdict: Verdict) -> Iterator[str]:
    inputs = verdict.inputs
    yield "## What was evaluated"
    yield ""
    yield from _table("Input", "Digest")
    policy = f"policy {inputs.policy} {inputs.policy_version}"
    locked = "" if inputs.locked else " (not locked)"
    yield _row(policy.strip(), f"{inputs.policy_digest}{locked}")
    for kind, pairs in (
        ("data", inputs.data),
        ("BOM", inputs.boms),
        ("evidence", inputs.evidence),
    ):
        for name, digest in sorted(pairs):
            yield _row(f"{kind} {name}", digest)
    if inputs.advisories_sequence is not None:
        yield _row("advisories, sequence", str(inputs.advisories_sequence))
    for name in sorted(inputs.housekeeping):
        yield _row(f"not hashed: {name}", "")
    yield ""
    yield (
        "This says nothing about what no rule asks for, nor that the model is safe. "
        "The JSON verdict is the document that counts."
    )


def _rows(*rows: tuple[str, str]) -> Iterator[str]:
    """A list, those without a text left out."""
    for name, text in rows:
        if text:
            yield f"- **{name}:** {_text(text)}"


def _table(*heads: str) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _text(text: str) -> str:
    return markdown_text(text, _WHOLE)
