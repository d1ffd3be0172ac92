"""``aibom check``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.common import PATH, now, parse_when
from aibom.cli.evaluation import (
    Output,
    compared,
    gate_options,
    prepare_outputs,
    read_against,
    write_verdict,
)

__all__ = ["command"]


@click.command("check")
@click.argument("bom", metavar="BOM", type=PATH)
@gate_options
def command(
    bom: Path,
    policy: Path,
    evidence: tuple[Path, ...],
    effective_time: str | None,
    allow_past: bool,
    tier: str | None,
    report_only: bool,
    against: Path | None,
    policy_digest: str | None,
    outputs: tuple[Output, ...],
) -> int:
    """Dry run: evaluate a policy on what a BOM and the evidence say.

    Signatures in the evidence are verified; the artifact's bytes are not read, and the
    policy need not be locked. The verdict is marked as a dry run, and no gate accepts
    it. It exits as `aibom gate` does.
    """
    from aibom.operations.gate import check, make_options

    old = read_against(against)
    prepare_outputs(bom, policy, outputs)
    options, when = make_options(
        evidence,
        asked=parse_when(effective_time),
        clock=now(),
        allow_past=allow_past,
        tier=tier,
        report_only=report_only,
        policy_digest=policy_digest,
    )
    verdict = compared(check(bom, policy, options, when), old, policy)
    return write_verdict(verdict, outputs, bom)
