"""``aibom assemble``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, progress_bar, warn

__all__ = ["command"]


@click.command(
    "assemble",
    epilog="""\b
Example:
  aibom assemble model/ --steps records/ --with base/aibom.cdx.json
""",
)
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "--steps",
    type=PATH,
    multiple=True,
    metavar="DIR",
    help="Folder of step records. Repeatable.  [default: .aibom/steps]",
)
@click.option(
    "--step",
    "chosen",
    multiple=True,
    metavar="ID",
    help="The record to take where several made the same bytes. Repeatable.",
)
@click.option(
    "--with",
    "boms",
    type=PATH,
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
@click.option(
    "-o", "--output", type=PATH, metavar="FILE", help="Write the BOM here instead."
)
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
    explains are listed; there the lineage is open until a verifier accepts it.
    """
    from aibom.operations.assemble import assemble

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
        used = f"{end.label} [{end.kind}], used by {end.used_by}"
        warn(f"not explained: {used}: {end.node}")
