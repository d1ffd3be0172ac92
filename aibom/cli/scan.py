"""``aibom scan``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import PATH, progress_bar, warn
from aibom.cli.scanning import (
    Remote,
    elsewhere_options,
    is_counted,
    refuse_local,
    tell_visits,
)

if TYPE_CHECKING:
    from aibom.lineage.nodes import Kind
    from aibom.operations.scanning.scan import Scanned

__all__ = ["command"]

_SHOWN = 40


@click.command(
    "scan",
    epilog="""\b
Examples:
  aibom scan model/ -o model.cdx.json
  aibom scan model/ --input training-data=data/ --name acme/reviews-bert
  aibom scan hf:acme/reviews-bert@COMMIT --depth 3 -o model.cdx.json
""",
)
@click.argument("reference", metavar="PATH|hf:NAME[@REVISION]|URL")
@click.option(
    "--kind",
    type=click.Choice(["model", "dataset", "system"]),
    help="What it is, where its files do not tell.",
)
@click.option("--name", metavar="NAME", help="What you call it, such as acme/reviews.")
@click.option(
    "--source", metavar="PURL@REV", help="What you say it was taken from. Not checked."
)
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="ROLE=PATH",
    help="Scan this too: you say that PATH was made from it. Takes ,source= ,name= "
    "and ,kind= as `aibom run` does. Repeatable.",
)
@click.option(
    "--history",
    is_flag=True,
    help="Ask git who changed it, who reviewed that, and why.",
)
@click.option(
    "--spec-version",
    type=click.Choice(["1.6", "1.7"]),
    default="1.6",
    show_default=True,
    help="CycloneDX version to write.",
)
@elsewhere_options
@click.option(
    "-o", "--output", type=PATH, metavar="FILE", help="Write the BOM here.  [stdout]"
)
@click.option("-q", "--quiet", is_flag=True, help="Do not list what was found odd.")
def command(
    reference: str,
    kind: str | None,
    name: str | None,
    source: str | None,
    inputs: tuple[str, ...],
    history: bool,
    spec_version: str,
    remote: Remote,
    output: Path | None,
    quiet: bool,
) -> None:
    """Catalog what a model or dataset says about itself into a BOM.

    Reads model files, configurations, cards, labels and manifests; executes nothing.
    What it finds is claimed, never proved: nobody saw it happen. What is odd or cannot
    be read is listed, and stands in the BOM as well.

    Of what lies on a hub or behind a URL, only small files are read.
    """
    from aibom.lineage.nodes import Kind
    from aibom.operations.scanning.scan import scan_bom
    from aibom.sources.reference import is_remote

    done: Scanned
    told = Kind(kind) if kind else None
    if is_remote(reference):
        given = {"--source": source, "--input": inputs, "--history": history}
        refuse_local(reference, {option: bool(had) for option, had in given.items()})
        done = remote.scan(reference, told, name)
    else:
        remote.refuse(reference)
        done = _scan(Path(reference), told, name, source, inputs, history)
    data = scan_bom(done, spec_version=spec_version, output=output)
    if output is None:
        click.echo(data, nl=False)
    else:
        click.echo(str(output))
    if not quiet:
        _tell(done)


def _scan(
    path: Path,
    kind: Kind | None,
    name: str | None,
    source: str | None,
    inputs: tuple[str, ...],
    history: bool,
) -> Scanned:
    from aibom.operations.scanning.scan import scan
    from aibom.recording.reference import InputRef

    with progress_bar("hashing") as progress:
        return scan(
            path,
            kind=kind,
            name=name,
            source=source,
            inputs=[InputRef.parse(text) for text in inputs],
            history=history,
            pseudonym_key=os.environ.get("AIBOM_PSEUDONYM_KEY"),
            progress=progress,
        )


def _tell(done: Scanned) -> None:
    from aibom.lineage.graph import disagreements
    from aibom.operations.scanning.remote import ScannedRemote
    from aibom.report.text import escape

    remote = isinstance(done, ScannedRemote)
    if isinstance(done, ScannedRemote):
        tell_visits(done)
    for line in disagreements(done.graph):
        warn(f"contradicted: {escape(line)}")
    _list(
        (
            f"{'not read' if f.unread else 'odd'}: "
            f"{f.path}{'#' + f.pointer if f.pointer else ''}: "
            f"{f.code}{': ' + f.detail if f.detail else ''}"
            for f in done.findings
            if not (remote and is_counted(f))
        ),
        "found odd",
    )
    if done.root.digest is None:
        warn("note: nothing here has these bytes, so this BOM cannot be signed")
    counts = ", ".join(f"{name} {count}" for name, count in done.read.items())
    warn(f"read: {counts or 'nothing but digests'}")
    if done.unclaimed:
        warn(f"known by digest and format only: {len(done.unclaimed)} files")


def _list(lines: Iterable[str], what: str) -> None:
    from aibom.report.text import escape

    found = list(lines)
    for line in found[:_SHOWN]:
        warn(escape(line))
    if len(found) > _SHOWN:
        warn(f"{len(found) - _SHOWN} more were {what}; they stand in the BOM")
