"""``aibom explain``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING, paint

__all__ = ["command"]


@click.command("explain")
@click.argument("verdict", type=EXISTING)
@click.argument("rule", required=False)
@click.argument("node", required=False)
def command(verdict: Path, rule: str | None, node: str | None) -> None:
    """Tell what VERDICT (JSON) says: all results, those of RULE, or of RULE at NODE."""
    from aibom.operations.files import read_small
    from aibom.report.explain import explain
    from aibom.statement import parse_json

    document = parse_json(read_small(verdict), str(verdict))
    click.echo(explain(document, rule, node, paint), nl=False)
