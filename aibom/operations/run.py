"""What `aibom run` needs beside the recording: a signer, and a gate for its inputs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.signing import StatementSigner
from aibom.digest import Content
from aibom.errors import RecordingFailed
from aibom.lineage.nodes import ROOT_KINDS, Kind
from aibom.operations.gate import Options, gate
from aibom.operations.policies.folder import load_folder
from aibom.recording.predicate import UsedInput
from aibom.verdict import Decision, Verdict

__all__ = ["gate_inputs", "record_signer"]

#: Known by their commit or digest alone.
_PINNED = frozenset({Kind.CODE, Kind.GUIDELINE})


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
    own and are not asked: their commit or digest stands in the record. Of other kinds
    none is allowed. ``tell`` hears of each that was judged, with its verdict, and of
    each that was not asked, with None.

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
        if used.kind in _PINNED:
            tell(used.name, None)
            return
        _require_judged(path, used)
        asked = replace(options, kind=used.kind)
        verdict = gate(path, policy, asked, now, content=content)
        tell(used.name, verdict)
        _require_allowed(path, verdict, _command(path, policy, evidence))
        _require_named(path, used, verdict)

    return approve


def _require_judged(path: Path, used: UsedInput) -> None:
    if used.kind not in ROOT_KINDS:
        raise RecordingFailed(
            f"a {used.kind} has no BOM of its own, so no gate can allow it",
            reason="input-not-allowed",
            where=str(path),
            hint="what a step learns from is a dataset or a model: name that role",
        )


def _require_allowed(path: Path, verdict: Verdict, command: str) -> None:
    if verdict.decision is not Decision.ALLOWED:
        raise RecordingFailed(
            f"the policy does not allow this input: {verdict.decision.value} "
            f"[{verdict.reason}]",
            reason="input-not-allowed",
            where=str(path),
            hint=f"see why: {command}",
        )


def _require_named(path: Path, used: UsedInput, verdict: Verdict) -> None:
    if "/" in used.name and used.name != verdict.verification.name:
        known = verdict.verification.name or "nothing that everybody calls it by"
        raise RecordingFailed(
            f"is allowed as {known}, and used as {used.name}",
            reason="input-name-differs",
            where=str(path),
            hint="compare it with what you ordered; inputs are called as their "
            "supplier calls them",
        )


def _command(path: Path, policy: Path, evidence: tuple[Path, ...]) -> str:
    words = ["aibom", "gate", str(path), "--policy", str(policy)]
    for folder in evidence:
        words += ["--evidence", str(folder)]
    return shlex.join(words)
