"""``aibom show``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, painter, warn

if TYPE_CHECKING:
    from aibom.lineage.graph import Graph

__all__ = ["command"]

_SHAPES = ("tree", "json", "svg", "html", "mermaid", "dot")
_ENDS = {
    ".svg": "svg",
    ".html": "html",
    ".mmd": "mermaid",
    ".dot": "dot",
    ".json": "json",
}


@click.command("show")
@click.argument("path", metavar="BOM|DIR", type=PATH)
@click.option(
    "--format",
    "shape",
    type=click.Choice(_SHAPES),
    help="A tree for people, the lineage document for programs, or a picture.  "
    "[default: by the ending of --output (.svg, .html, .mmd, .dot, .json), else tree]",
)
@click.option(
    "--output",
    "-o",
    type=PATH,
    metavar="FILE",
    help="Where to write it; stdout when left out.",
)
@click.option(
    "--path",
    "verdict",
    type=PATH,
    metavar="VERDICT",
    help="A verdict (JSON) about this artifact: draw the paths that block.",
)
def command(
    path: Path, shape: str | None, output: Path | None, verdict: Path | None
) -> None:
    """Draw the lineage that a BOM tells of. Nothing is verified."""
    from aibom.bom.parse import read_bytes
    from aibom.digest import BOM_NAME
    from aibom.errors import UsageError
    from aibom.operations.files import artifact_folder, require_apart, write_named
    from aibom.operations.validate import load_bom

    if shape is None:
        shape = _ENDS.get(output.suffix.lower(), "tree") if output else "tree"
    if verdict is not None and shape in ("tree", "json"):
        raise UsageError(
            f"a path is not drawn in {shape}",
            reason="path-not-drawn",
            where="--path",
            hint="add --format svg, html, mermaid or dot",
        )
    file = path / BOM_NAME if path.is_dir() else path
    require_apart(output, (file, verdict), artifact_folder(path))
    bom = load_bom(read_bytes(file), str(file), "schema")
    text = _drawn(bom.graph, shape, verdict, output is None)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_named(output, text.encode("utf-8", "backslashreplace"))
    for notice in bom.notices:
        warn(f"note: {notice}")


def _drawn(graph: Graph, shape: str, verdict: Path | None, coloured: bool) -> str:
    from aibom.lineage.document import to_document
    from aibom.report.text import plain
    from aibom.report.tree import draw_tree
    from aibom.statement import to_json

    if shape == "json":
        return to_json(to_document(graph)).decode() + "\n"
    if shape == "tree":
        return draw_tree(graph, painter() if coloured else plain)
    return _picture(graph, shape, verdict)


def _picture(graph: Graph, shape: str, verdict: Path | None) -> str:
    from aibom.operations.files import read_small
    from aibom.report.picture.blocking import blocking_alarms, blocking_paths
    from aibom.report.picture.make import BUDGET, FEWER, pictures_of
    from aibom.statement import parse_json

    paths: tuple[tuple[str, ...], ...] = ()
    alarms: Mapping[str, tuple[str, ...]] = {}
    if verdict is not None:
        document = parse_json(read_small(verdict), str(verdict))
        paths = blocking_paths(document, graph, str(verdict))
        alarms = blocking_alarms(document, str(verdict))
    picture, smaller = pictures_of(graph, (BUDGET, FEWER), paths=paths, alarms=alarms)
    if shape == "html":
        from aibom.report.picture.page import draw_html

        return draw_html(picture, graph, smaller=smaller)
    if shape == "svg":
        from aibom.report.picture.svg import draw_svg

        return draw_svg(picture)
    if shape == "dot":
        from aibom.report.picture.dot import draw_dot

        return draw_dot(picture)
    from aibom.report.picture.mermaid import draw_mermaid

    return draw_mermaid(picture)
