"""``aibom audit record``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, now, parse_when, progress_bar
from aibom.cli.group import Group
from aibom.cli.signing import SigningOptions, signing_options

__all__ = ["command"]


@click.group("audit", cls=Group)
def command() -> None:
    """Record examinations of data and models, bound to exact bytes."""


@command.command(
    "record",
    epilog="""\b
Example:
  aibom audit record label-statistics.json --subject labels/ \\
      --name acme/data/labels --kind dataset --key auditor.key -o evidence/audits
""",
)
@click.argument("report", type=PATH)
@click.option(
    "--subject", type=PATH, required=True, metavar="PATH", help="What was examined."
)
@click.option("--name", required=True, help="The name the lineage has for it.")
@click.option(
    "--kind",
    type=click.Choice(["model", "dataset", "system"]),
    required=True,
    help="What the subject is.",
)
@click.option(
    "--examined-on",
    metavar="TIME",
    help="When the examination took place.  [default: now]",
)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    default=Path("evidence"),
    show_default=True,
    help="Folder the audit is written to.",
)
@signing_options
def record(
    report: Path,
    subject: Path,
    name: str,
    kind: str,
    examined_on: str | None,
    output: Path,
    signing: SigningOptions,
) -> None:
    """Turn REPORT (aibom/audit-report/v1) into an audit of SUBJECT's bytes.

    The audit holds numbers, not a verdict: whether they are good enough is what a
    policy says. An unsigned audit counts for nothing at a gate; sign it later with
    `aibom sign`.
    """
    from aibom.lineage.nodes import Kind
    from aibom.operations.audit import record_audit

    signer = signing.optional_signer()
    with progress_bar("hashing") as progress:
        path = record_audit(
            report,
            subject,
            name=name,
            kind=Kind(kind),
            examined_on=parse_when(examined_on, "--examined-on") or now(),
            output=output,
            signer=signer,
            progress=progress,
        )
    click.echo(str(path))
