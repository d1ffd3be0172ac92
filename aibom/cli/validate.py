"""``aibom validate``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from aibom.cli.common import PATH, painter, warn

__all__ = ["command"]


@click.command(
    "validate",
    epilog="""\b
Levels:
  schema      the CycloneDX schema, formats included
  references  what no schema says: every reference leads somewhere
  profile     ours: the lineage in it is whole, and what other tools see agrees
""",
)
@click.argument("path", metavar="BOM", type=PATH)
@click.option(
    "--level",
    type=click.Choice(["schema", "references", "profile"]),
    default="profile",
    show_default=True,
    help="How far to check; each level includes the ones before.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    default=None,
    help="Refuse larger files unread.  [default: 192 MiB]",
)
def command(path: Path, level: str, max_bytes: int | None) -> int:
    """Check a CycloneDX BOM and list every problem. Exit 12 when there is one."""
    from aibom.bom.parse import MAX_BYTES
    from aibom.operations.validate import validate
    from aibom.report.text import escape

    found = validate(path, level, limit=max_bytes or MAX_BYTES)
    for problem in found.problems:
        place = escape(problem.pointer, 200) or "/"
        click.echo(f"{place}: {escape(problem.message)} [{problem.reason}]")
        if problem.hint:
            click.echo(f"  {escape(problem.hint)}")
    for notice in found.notices:
        warn(f"note: {notice}")
    paint = painter(sys.stderr)
    word = paint("good", "valid") if found.valid else paint("bad", "invalid")
    at = level if found.valid else found.problems[0].level
    click.echo(f"{word} at level {at}: {escape(str(path))}", err=True)
    return 0 if found.valid else 12
