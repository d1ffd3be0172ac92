"""``aibom show``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, painter, warn

__all__ = ["command"]


@click.command("show")
@click.argument("path", metavar="BOM|DIR", type=PATH)
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
    from aibom.bom.parse import read_bytes
    from aibom.digest import BOM_NAME
    from aibom.lineage.document import to_document
    from aibom.operations.validate import load_bom
    from aibom.report.tree import draw_tree
    from aibom.statement import to_json

    file = path / BOM_NAME if path.is_dir() else path
    bom = load_bom(read_bytes(file), str(file), "schema")
    if shape == "json":
        click.echo(to_json(to_document(bom.graph)))
    else:
        click.echo(draw_tree(bom.graph, painter()), nl=False)
    for notice in bom.notices:
        warn(f"note: {notice}")
