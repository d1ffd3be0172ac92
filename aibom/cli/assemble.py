"""``aibom assemble``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING, progress_bar

__all__ = ["command"]


@click.command("assemble")
@click.argument("folder", metavar="DIR", type=EXISTING)
@click.option(
    "--steps",
    type=EXISTING,
    multiple=True,
    help="Folder of step records. Repeatable; default .aibom/steps.",
)
@click.option("--step", "chosen", multiple=True, metavar="ID", help="Which of several.")
@click.option(
    "--with",
    "boms",
    type=EXISTING,
    multiple=True,
    metavar="BOM",
    help="Copy another's BOM as claims, and link it. Repeatable.",
)
@click.option(
    "--spec-version",
    type=click.Choice(["1.6", "1.7"]),
    default="1.6",
    show_default=True,
    help="CycloneDX version to write.",
)
@click.option("-o", "--output", type=EXISTING, help="Write the BOM here instead.")
def command(
    folder: Path,
    steps: tuple[Path, ...],
    chosen: tuple[str, ...],
    boms: tuple[Path, ...],
    spec_version: str,
    output: Path | None,
) -> None:
    """Write DIR/aibom.cdx.json: what the folder's bytes came from, by digest.

    Starts at the digest of DIR and walks back over step records. Inputs that nothing
    explains are listed; there the lineage is open until somebody accepts it.
    """
    from aibom.operations.assemble import assemble
    from aibom.report.text import escape

    with progress_bar("hashing") as progress:
        done = assemble(
            folder,
            steps or (Path(".aibom/steps"),),
            chosen=chosen,
            boms=boms,
            spec_version=spec_version,
            output=output,
            progress=progress,
        )
    click.echo(str(done.path))
    for end in done.open_ends:
        click.echo(
            f"aibom: not explained: {escape(end.label)} [{end.kind}], used by "
            f"{escape(end.used_by)}: {end.node}",
            err=True,
        )
