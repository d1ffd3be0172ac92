"""``aibom gate``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import EXISTING, gate_options, now, parse_when, progress_bar, write_verdict

__all__ = ["command"]


@click.command("gate")
@click.argument("folder", metavar="DIR", type=EXISTING)
@gate_options
def command(
    folder: Path,
    policy: Path,
    evidence: tuple[Path, ...],
    effective_time: str | None,
    allow_past: bool,
    tier: str | None,
    report_only: bool,
    policy_digest: str | None,
    outputs: tuple[str, ...],
) -> int:
    """Decide whether the artifact in DIR may be deployed.

    Verifies its signature, its BOM, every byte, every upstream BOM and step record; then
    evaluates the policy. Exit 0 is the only yes.
    """
    from aibom.operations.gate import gate, make_options

    options, when = make_options(
        evidence,
        asked=parse_when(effective_time),
        clock=now(),
        allow_past=allow_past,
        tier=tier,
        report_only=report_only,
        policy_digest=policy_digest,
    )
    with progress_bar("hashing") as progress:
        verdict = gate(folder, policy, options, when, progress)
    return write_verdict(verdict, outputs)
