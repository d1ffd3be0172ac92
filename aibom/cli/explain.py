"""``aibom explain``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, painter, terminal_width

__all__ = ["command"]


@click.command("explain")
@click.argument("verdict", type=PATH)
@click.argument("rule", required=False)
@click.argument("node", required=False)
def command(verdict: Path, rule: str | None, node: str | None) -> None:
    """Tell what VERDICT (JSON) says: a line per result, or RULE in full.

    RULE is the id of a rule, or a reason code. NODE narrows it to one place: a name, an
    id or a digest, or how one begins (model:tree:1a2b3c…). Nothing is evaluated again.
    """
    from aibom.operations.files import read_small
    from aibom.report.explain import explain
    from aibom.statement import parse_json

    document = parse_json(read_small(verdict), str(verdict))
    text = explain(document, str(verdict), rule, node, painter(), terminal_width())
    click.echo(text, nl=False)
