"""``aibom policy test``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, painter

if TYPE_CHECKING:
    from aibom.operations.policy_test import CaseOutcome, Report
    from aibom.report.text import Paint

__all__ = ["command"]

_DIFFERS = 10


@click.command("test")
@click.argument("paths", metavar="DIR|FILE…", nargs=-1, required=True, type=PATH)
@click.option(
    "--policy",
    type=PATH,
    metavar="DIR",
    help="Test this folder, or builtin:PACK@N, whatever the files name.",
)
@click.option(
    "--require-coverage",
    is_flag=True,
    help="Exit 10 as well when a rule has no case that passes, or none with a finding.",
)
def command(
    paths: tuple[Path, ...], policy: Path | None, require_coverage: bool
) -> int:
    """Run policy tests: *.ptest.yaml, in folders at any depth.

    Each case says what is expected of the rules, for a BOM with evidence or for a
    lineage that it describes. A dry run: no artifact is read, and no lock is needed.
    Exit 0 all as expected, 10 when a case differs, 2 for a test that cannot be run.
    """
    from aibom.operations.policy_test import run_ptests

    report = run_ptests(paths, policy)
    for line in _lines(report, painter()):
        click.echo(line)
    uncovered = require_coverage and bool(report.uncovered)
    return _DIFFERS if uncovered or not report.as_expected else 0


def _lines(report: Report, paint: Paint) -> Iterator[str]:
    for case in report.cases:
        yield from _case(case, paint)
    differ = sum(bool(case.differences) for case in report.cases)
    declared = sum(case.declared for case in report.cases)
    yield f"{len(report.cases)} cases: {len(report.cases) - differ} as expected, " + (
        paint("bad" if differ else "good", f"{differ} not")
    )
    if declared:
        yield f"{declared} with signers that are declared, not verified"
    for kind, words in (("pass", "that passes"), ("finding", "with a finding")):
        rules = [o.rule for o in report.uncovered if kind in o.missing]
        if rules:
            yield f"rules without a case {words}: {', '.join(dict.fromkeys(rules))}"


def _case(case: CaseOutcome, paint: Paint) -> Iterator[str]:
    from aibom.report.text import escape

    mark = paint("bad", "DIFFERS") if case.differences else paint("good", "ok     ")
    note = " (declared)" if case.declared else ""
    yield f"{mark} {escape(case.file)}: {escape(case.name)}{note}"
    for one in case.differences:
        yield f"        {escape(one.about)}"
        yield f"          expected  {escape(one.expected)}"
        yield f"          found     {escape(one.found)}"
