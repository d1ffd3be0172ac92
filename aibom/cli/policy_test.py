"""``aibom policy test``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, painter
from aibom.errors import UsageError

if TYPE_CHECKING:
    from aibom.operations.ptest.policy_test import CaseOutcome, Report
    from aibom.report.text import Paint

__all__ = ["command"]

_DIFFERS = 10


def _outputs(
    _context: click.Context, _option: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    """``FORMAT=FILE``, before any case is read."""
    from aibom.operations.ptest.output import FORMATS
    from aibom.reading import suggest

    found: dict[Path, str] = {}
    for text in texts:
        shape, _, file = text.partition("=")
        if shape not in FORMATS or not file:
            known = [f"{name}=FILE" for name in FORMATS]
            raise UsageError(
                f"{text!r} is no format with a file{suggest(shape, FORMATS)}",
                reason="output-unknown",
                where="--output",
                hint=f"one of {', '.join(known)}",
            )
        if Path(file) in found:
            raise UsageError(
                f"{shape} and {found[Path(file)]} would both go to {file}",
                reason="output-place-twice",
                where="--output",
                hint="give each a place of its own",
            )
        found[Path(file)] = shape
    return tuple((shape, file) for file, shape in found.items())


@click.command("test")
@click.argument("paths", metavar="DIR|FILE…", nargs=-1, required=True, type=PATH)
@click.option(
    "--policy",
    type=PATH,
    metavar="DIR",
    help="Test this folder, or builtin:PACK@N, whatever the files name.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Do not exit 10 for a rule without a case that passes, or with a finding.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_outputs,
    help="json or junit, into FILE, beside the text. Repeatable.",
)
def command(
    paths: tuple[Path, ...],
    policy: Path | None,
    partial: bool,
    outputs: tuple[tuple[str, Path], ...],
) -> int:
    """Run policy tests: *.ptest.yaml, in folders at any depth.

    Each case says what is expected of the rules, for a BOM with evidence or for a
    lineage that it describes. builtin:PACK@N runs our own tests of a pack. A dry run:
    no artifact is read, and a lock only for plugins. Exit 0 all as expected, 10 when a
    case differs or a rule has no case of each kind, 2 for a test that cannot be run.
    """
    from aibom.operations.files import remove_old, write_named
    from aibom.operations.ptest.output import FORMATS
    from aibom.operations.ptest.policy_test import run_ptests

    for _, file in outputs:
        remove_old(file)
    report = run_ptests(paths, policy, within=(Path(),))
    for shape, file in outputs:
        write_named(file, FORMATS[shape](report, partial=partial))
    for line in _lines(report, painter()):
        click.echo(line)
    uncovered = bool(report.uncovered) and not partial
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
    packs = sorted({one.origin for one in report.uncovered if one.origin})
    if packs:
        yield f"tests of rules that packs bring: add {' '.join(packs)}"


def _case(case: CaseOutcome, paint: Paint) -> Iterator[str]:
    from aibom.report.text import escape

    mark = paint("bad", "DIFFERS") if case.differences else paint("good", "ok     ")
    note = " (declared)" if case.declared else ""
    yield f"{mark} {escape(case.file)}: {escape(case.name)}{note}"
    for one in case.differences:
        yield f"        {escape(one.about)}"
        yield f"          expected  {escape(one.expected)}"
        yield f"          found     {escape(one.found)}"
