"""``aibom show``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING, paint

__all__ = ["command"]


@click.command("show")
@click.argument("path", metavar="BOM|DIR", type=EXISTING)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["tree", "json"]),
    default="tree",
    show_default=True,
    help="A tree for people, or the lineage document for programs.",
)
def command(path: Path, shape: str) -> None:
    """Draw the lineage that a BOM tells of. Nothing is verified."""
    import json

    from aibom.bom.parse import read_bytes
    from aibom.digest import BOM_NAME
    from aibom.lineage.document import to_document
    from aibom.operations.validate import load_bom
    from aibom.report.text import escape
    from aibom.report.tree import draw_tree

    file = path / BOM_NAME if path.is_dir() else path
    bom = load_bom(read_bytes(file), str(file), "schema")
    if shape == "json":
        document = to_document(bom.graph)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True))
        return
    click.echo(draw_tree(bom.graph, paint), nl=False)
    for notice in bom.notices:
        click.echo(f"note: {escape(notice)}", err=True)
