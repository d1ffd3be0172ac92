"""The verdict for GitHub Actions: annotations as workflow commands, and a step summary.

A line that starts with ``::`` is an order to the runner. Each of ours is one command
that was meant; whatever a document brings cannot end its property, its message or its
line. The runner undoes ``%25``, ``%0D`` and ``%0A`` in messages, and ``%3A`` and
``%2C`` beside them in properties, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aibom.report.markdown import markdown_lines
from aibom.report.markup import github_data, github_property
from aibom.report.parts import (
    LONG,
    Where,
    by_severity,
    exception_of,
    exception_reason,
    left_standing,
    message,
    shown_path,
    stop,
    title,
)
from aibom.report.terminal import draw_path
from aibom.verdict import Decision, Mode, Result, Verdict

__all__ = ["MAX_COMMANDS", "MAX_SUMMARY", "github", "github_summary"]

#: GitHub shows ten annotations of each level of a step; the rest is only in the log.
MAX_COMMANDS = 50
#: A step summary that is larger is refused as a whole (1 MiB).
MAX_SUMMARY = 1024 * 1024

_LEVELS = {Mode.DENY: "error", Mode.WARN: "warning"}
_WHOLE = 4 * LONG


def github(verdict: Verdict, where: Where) -> bytes:
    """A command a line: what stopped it, then findings, worst first.

    ``error`` blocks, ``warning`` does not; ``notice`` is report-only, or excepted. At
    most fifty findings, and a notice of how many more. One that is allowed, a dry run
    or report-only says so in a last notice.
    """
    lines = [*_stopped(verdict, where)]
    findings = left_standing(verdict)
    excepted = by_severity(one for one in verdict.findings if exception_of(one))
    commands = [
        *(_finding(one, where) for one in findings[:MAX_COMMANDS]),
        *(
            _excepted(verdict, one, where)
            for one in excepted[: max(0, MAX_COMMANDS - len(findings))]
        ),
    ]
    lines += commands
    more = len(findings) + len(excepted) - len(commands)
    if more > 0:
        lines.append(
            _command("notice", "aibom", f"{more:,} more findings: see the JSON verdict")
        )
    marks = [*(["dry run"] * verdict.dry_run), *(["report only"] * verdict.report_only)]
    if verdict.decision is Decision.ALLOWED or marks:
        name = verdict.artifact_name or "the artifact"
        told = ", ".join([f"{name}: {verdict.reason}", *marks])
        lines.append(_command("notice", f"aibom: {verdict.decision.value}", told))
    return "\n".join([*lines, ""]).encode()


def _stopped(verdict: Verdict, where: Where) -> Iterator[str]:
    stopped = stop(verdict)
    if stopped is None:
        return
    place = f"{stopped.where}: " if stopped.where else ""
    parts = [f"{place}{stopped.message}", stopped.hint]
    yield _command(
        "error",
        f"aibom: {verdict.decision.value}: {stopped.reason}",
        *filter(None, parts),
        where=where,
    )


def _finding(result: Result, where: Where) -> str:
    path = ""
    if len(result.path) > 1:
        path = f"path: {draw_path(shown_path(result.path))}"
    level = _LEVELS.get(result.mode, "notice")
    parts = filter(None, (message(result), path, result.remedy))
    return _command(level, title(result), *parts, where=where, node=result.node)


def _excepted(verdict: Verdict, result: Result, where: Where) -> str:
    told = (exception_reason(verdict, result), message(result))
    return _command("notice", title(result), *told, where=where, node=result.node)


def _command(
    level: str, name: str, *parts: str, where: Where | None = None, node: str = ""
) -> str:
    """``::level file=…,line=…,title=…::message``; parts are lines of the message."""
    properties = [f"title={github_property(name, _WHOLE)}"]
    if where is not None:
        file = github_property(where.path, _WHOLE)
        properties = [f"file={file}", f"line={where.line(node)}", *properties]
    told = "%0A".join(github_data(part, _WHOLE) for part in parts)
    return f"::{level} {','.join(properties)}::{told}"


def github_summary(verdict: Verdict, where: Where) -> bytes:
    """The Markdown report for ``$GITHUB_STEP_SUMMARY``: whole lines, at most 1 MiB."""
    return _cut(markdown_lines(verdict, where), MAX_SUMMARY)


def _cut(lines: Iterable[str], limit: int) -> bytes:
    """Whole lines up to a size, and a last one that says that there was more."""
    note = b"\n**Cut:** the report is longer than a step summary may be.\n"
    kept: list[bytes] = []
    size = 0
    held = False
    for line in lines:
        data = f"{line}\n".encode()
        if size + len(data) + len(note) > limit:
            held = True
            break
        kept.append(data)
        size += len(data)
    return b"".join([*kept, *([note] if held else ())])
