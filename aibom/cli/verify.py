"""``aibom verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aibom.cli.common import (
    PATH,
    evidence_option,
    now,
    painter,
    parse_when,
    progress_bar,
    terminal_width,
    warn,
)
from aibom.cli.verdict_options import VerdictOptions, verdict_options
from aibom.cli.whom import Whom, whom_options
from aibom.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from aibom.attest.signers import AllowedSigner

__all__ = ["command"]


@click.command(
    "verify",
    epilog="""\b
Examples:
  aibom verify model/ --signers verifier/signers.yaml --evidence evidence/
  aibom verify model/ --identity anne@acme.example --issuer https://accounts.google.com
  aibom verify model/ --github-repo acme/trainer --workflow train.yml \\
      --ref refs/heads/main
  aibom verify model/ --verdict gate.sigstore.json --policy-digest sha256:… \\
      --signers verifier/signers.yaml --require-tier high --max-age 7d
""",
)
@click.argument("path", metavar="DIR|FILE", type=PATH)
@whom_options
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
@verdict_options
def command(
    path: Path,
    whom: Whom,
    evidence: tuple[Path, ...],
    depth: int | None,
    effective_time: str | None,
    verdict: VerdictOptions,
) -> int:
    """Verify signature, BOM, every byte, upstream BOMs and step records.

    This says who signed what, and that it is unchanged; exit 11 if it is not, 3 if a
    linked BOM is not in the evidence. It does not say that the artifact may be
    deployed: that is `aibom gate`, or somebody's signed verdict about it (--verdict).
    No network is asked, and nothing is written.
    """
    asked = parse_when(effective_time)
    when = asked or now()
    verdict.require_consistent(evidence, depth)
    if verdict.verdict is not None and whom.signers is None:
        raise UsageError(
            "a verdict is believed for a signer and the verifier it speaks as",
            reason="signers-missing",
            where="--verdict",
            hint="--signers FILE, with the predicate verdict and a verifier_id",
        )
    if verdict.verdict is not None:
        from aibom.operations.gate import effective_time as checked_time

        # An earlier time would revive a verdict that has ended since.
        when = checked_time(asked, now(), allow_past=verdict.allow_past)
    allowed = whom.allowed(path)
    _tell_of(allowed, when)
    if verdict.verdict is not None:
        return _rely_on(path, allowed, verdict, when)
    from aibom.operations.verdicts.summary import summary_of
    from aibom.operations.verify import verify
    from aibom.report.verified import draw_verified

    with progress_bar("hashing") as progress:
        verified = verify(path, allowed, evidence, when, depth=depth, progress=progress)
    text = draw_verified(summary_of(verified), painter(), terminal_width())
    click.echo(text, nl=False)
    return 3 if verified.evidence.unresolved else 0


def _tell_of(allowed: tuple[AllowedSigner, ...], when: datetime) -> None:
    """What a reader should know of those who are believed."""
    from aibom.attest.signers import signer_warnings
    from aibom.operations.signing.one_off import described_roots

    for text in (*described_roots(allowed, when), *signer_warnings(allowed)):
        warn(text)


def _rely_on(
    path: Path,
    allowed: tuple[AllowedSigner, ...],
    verdict: VerdictOptions,
    when: datetime,
) -> int:
    from aibom.operations.verdicts.files import verify_verdict
    from aibom.operations.verdicts.summary import relied_on
    from aibom.report.verified import draw_relied_on

    demand = verdict.demand()
    with progress_bar("hashing") as progress:
        found, left_out = verify_verdict(
            path, verdict.required_file, allowed, demand, when, progress
        )
    words = relied_on(found, demand.minimum_sequence, left_out)
    click.echo(draw_relied_on(words, painter(), terminal_width()), nl=False)
    return 0
