"""``aibom evidence add``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, now, parse_when, progress_bar
from aibom.cli.group import Group

__all__ = ["command"]


@click.group("evidence", cls=Group)
def command() -> None:
    """Keep what others handed over, as claims."""


@command.command(
    "add",
    epilog="""\b
Example:
  aibom evidence add pentest.pdf --about model/aibom.cdx.json --from org:Acme \\
      --received 2026-11-20 -o evidence
""",
)
@click.argument("file", type=PATH)
@click.option(
    "--about",
    required=True,
    metavar="REF",
    help="What it is about: a BOM, a folder, a file, or its digest.",
)
@click.option(
    "--from", "by", required=True, metavar="ORG", help="Who handed it over: org:NAME."
)
@click.option("--received", metavar="DATE", help="When; not stated unless given.")
@click.option(
    "--name",
    metavar="NAME",
    help="The name the lineage has for REF.  [default: what its BOM says]",
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    default=Path("evidence"),
    show_default=True,
    help="Evidence folder it is put into.",
)
def add(
    file: Path,
    about: str,
    by: str,
    received: str | None,
    name: str | None,
    output: Path,
) -> None:
    """Keep FILE under its digest, with a statement from whom it came, about REF.

    FILE may be anything: a report in PDF, a contract, a certificate. It is not read for
    what it says, and counts for nothing at a gate; a report lists it as a claim.
    """
    from aibom.operations.approve import parse_ref
    from aibom.operations.files import require_no_artifact
    from aibom.operations.suppliers.evidence_add import add_evidence

    require_no_artifact(output)
    with progress_bar("hashing") as progress:
        done = add_evidence(
            file,
            about=parse_ref(about),
            by=by,
            now=now(),
            output=output,
            received=parse_when(received, "--received"),
            name=name,
            progress=progress,
        )
    click.echo(str(done.file))
    click.echo(str(done.statement))
