"""``aibom verify``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import (
    PATH,
    evidence_option,
    now,
    painter,
    parse_when,
    progress_bar,
    refuse_folder,
    terminal_width,
)

__all__ = ["command"]


@click.command("verify")
@click.argument("folder", metavar="DIR", type=PATH)
@click.option(
    "--signers",
    type=PATH,
    required=True,
    metavar="FILE",
    help="The verifier's signers.yaml: whom to believe about what.",
)
@evidence_option
@click.option(
    "--depth",
    type=click.IntRange(0, 0),
    metavar="0",
    help="Leave ancestors unverified; the answer says so.",
)
@click.option(
    "--effective-time",
    metavar="TIME",
    help="Ask which signers are allowed at this time.  [default: now]",
)
def command(
    folder: Path,
    signers: Path,
    evidence: tuple[Path, ...],
    depth: int | None,
    effective_time: str | None,
) -> int:
    """Verify signature, BOM, every byte, upstream BOMs and step records.

    This says who signed what, and that it is unchanged; exit 11 if it is not, 3 if a
    linked BOM is not in the evidence. It does not say that the artifact may be
    deployed: that is `aibom gate`.
    """
    from aibom.operations.summary import summary_of
    from aibom.operations.verify import load_signers, verify
    from aibom.report.verified import draw_verified

    refuse_folder(signers, f"name the file, as in: --signers {signers}/signers.yaml")
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
    text = draw_verified(summary_of(verified), painter(), terminal_width())
    click.echo(text, nl=False)
    return 3 if verified.evidence.unresolved else 0
