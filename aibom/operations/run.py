"""What `aibom run` needs beside the recording: a signer, and a gate for its inputs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.signing import StatementSigner
from aibom.digest import Content
from aibom.errors import RecordingFailed
from aibom.lineage.nodes import ROOT_KINDS
from aibom.operations.folder import load_folder
from aibom.operations.gate import Options, gate
from aibom.recording.predicate import UsedInput
from aibom.verdict import Decision, Verdict

__all__ = ["gate_inputs", "record_signer"]


def record_signer(signer: StatementSigner) -> Callable[[bytes], Mapping[str, Any]]:
    """A signer for :func:`aibom.record`: payload bytes → bundle document.

    What can be seen to fail is refused now, before the step begins.
    """
    signer.prepare()
    return signer.sign


def gate_inputs(
    policy: Path,
    evidence: tuple[Path, ...],
    now: datetime,
    tell: Callable[[str, Verdict | None], object],
) -> Callable[[Path, UsedInput, Content], None]:
    """What approves the inputs of a step: each must be allowed by the policy.

    A model, dataset or system is put through the gate as an artifact of its own, over
    the bytes that were hashed for the record. Code and guidelines have no BOM of their
    own and are not asked: their commit or digest stands in the record. ``tell`` hears
    of every input, with its verdict or None.

    An input that the caller gives a name with a namespace must be signed as that: else
    another delivery of the same supplier could be put in its place.

    The policy is loaded at once, so that a wrong one stops steps without inputs too.
    Raises what that raises; and what it returns raises
    :class:`~aibom.errors.RecordingFailed` (``input-not-allowed``,
    ``input-name-differs``), and what :func:`~aibom.operations.gate.gate` raises.
    """
    load_folder(policy, require_lock=True)
    options = Options(evidence)

    def approve(path: Path, used: UsedInput, content: Content) -> None:
        if used.kind not in ROOT_KINDS:
            tell(used.name, None)
            return
        verdict = gate(path, policy, options, now, content=content)
        tell(used.name, verdict)
        if verdict.decision is not Decision.ALLOWED:
            raise RecordingFailed(
                f"the policy does not allow this input: {verdict.decision.value} "
                f"[{verdict.reason}]",
                reason="input-not-allowed",
                where=str(path),
                hint=f"see why: {_command(path, policy, evidence)}",
            )
        if "/" in used.name and used.name != verdict.artifact_name:
            raise RecordingFailed(
                f"is allowed as {verdict.artifact_name}, and used as {used.name}",
                reason="input-name-differs",
                where=str(path),
                hint="compare it with what you ordered; inputs are called as their "
                "supplier calls them",
            )

    return approve


def _command(path: Path, policy: Path, evidence: tuple[Path, ...]) -> str:
    words = ["aibom", "gate", str(path), "--policy", str(policy)]
    for folder in evidence:
        words += ["--evidence", str(folder)]
    return shlex.join(words)
