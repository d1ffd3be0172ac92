"""``aibom verify``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import (
    EXISTING,
    evidence_option,
    now,
    paint,
    parse_when,
    progress_bar,
)

__all__ = ["command"]


@click.command("verify")
@click.argument("folder", metavar="DIR", type=EXISTING)
@click.option("--signers", type=EXISTING, required=True, help="The verifier's signers.yaml.")
@evidence_option
@click.option("--depth", type=click.IntRange(0, 0), help="0: leave ancestors unverified.")
@click.option("--effective-time", help="Check key validity at this time.")
def command(
    folder: Path,
    signers: Path,
    evidence: tuple[Path, ...],
    depth: int | None,
    effective_time: str | None,
) -> None:
    """Verify signature, BOM, every byte, upstream BOMs and step records. Exit 11 if not.

    This says who signed what, and that it is unchanged. It does not say that it may be
    deployed: that is `aibom gate`.
    """
    from aibom.operations.verify import load_signers, verify
    from aibom.report.verified import draw_verified

    allowed = load_signers(signers, folder)
    with progress_bar("hashing") as progress:
        verified = verify(
            folder,
            allowed,
            evidence,
            parse_when(effective_time) or now(),
            depth=depth,
            progress=progress,
        )
    click.echo(draw_verified(verified.summary(), paint), nl=False)
