"""``aibom gate``."""

from __future__ import annotations

from pathlib import Path

import click

from aibom.cli.attesting import Attesting, attesting_options
from aibom.cli.common import PATH, now, parse_when, progress_bar
from aibom.cli.evaluation import (
    Output,
    compared,
    gate_options,
    prepare_outputs,
    read_against,
    write_verdict,
)
from aibom.cli.signing import SigningOptions, signing_options
from aibom.errors import UsageError

__all__ = ["command"]


@click.command(
    "gate",
    epilog="""\b
Example:
  aibom gate model/ --policy verifier/ --evidence evidence/ \\
      --output text --output json=verdict.json

Exit 0 is the only yes: 10 denied, 11 verification failed, 3 it cannot be told, 12 an
invalid BOM, 2 the policy or the call is wrong, 1 could not decide.
""",
)
@click.argument("folder", metavar="DIR|FILE", type=PATH)
@gate_options
@attesting_options
@signing_options
def command(
    folder: Path,
    policy: Path,
    evidence: tuple[Path, ...],
    effective_time: str | None,
    allow_past: bool,
    tier: str | None,
    report_only: bool,
    against: Path | None,
    policy_digest: str | None,
    outputs: tuple[Output, ...],
    attesting: Attesting,
    signing: SigningOptions,
) -> int:
    """Decide whether the artifact in DIR may be deployed.

    Verifies its signature, its BOM, every byte, every upstream BOM and step record;
    then evaluates the policy. When verification fails no rule is evaluated, and the
    verdict says so. With --attest the verdict is signed, whatever it is, for those who
    rely on it later (`aibom verify --verdict`).
    """
    from aibom.operations.gate import gate, make_options
    from aibom.operations.place import Place

    if against is not None and attesting.attest is not None:
        raise UsageError(
            "a verdict that lets known findings pass is not signed for others",
            reason="usage",
            where="--against",
            hint="leave out --attest, or decide about the known findings: exceptions "
            "are signed, and have an end",
        )
    old = read_against(against)
    prepare_outputs(folder, policy, attesting.outputs(outputs))
    signer = attesting.signer(signing)
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
    verdict = compared(verdict, old, policy)
    attesting.write(verdict, folder, signer)
    return write_verdict(verdict, outputs, Place(folder).bom)
