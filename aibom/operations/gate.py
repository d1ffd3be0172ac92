"""The gate: verify → re-hash → evaluate → verdict. And ``check``, its dry run.

A verdict is written whatever happens after the policy was read: when verification fails
it says so, rules are not evaluated, and the exit code is 11.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import aibom
from aibom.digest import BOM_NAME, Content, Progress
from aibom.errors import AibomError, PolicyInvalid, UsageError, VerificationFailed
from aibom.operations.policies.folder import Folder, load_folder, require_outside
from aibom.operations.verify import Looks, Verified, verify, verify_document
from aibom.policy.context import Context
from aibom.policy.engine import assign_tier, decide, evaluate, rules_in_force
from aibom.verdict import (
    Decision,
    ExceptionNote,
    Inputs,
    Tier,
    Verdict,
    Verification,
)

__all__ = [
    "Options",
    "check",
    "decided",
    "effective_time",
    "gate",
    "make_options",
    "policy_folder",
]


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller may set; everything that differs from the default is recorded.

    ``kind`` is what the artifact is used as, where the caller knows it: another one in
    its BOM is refused.
    """

    evidence: tuple[Path, ...] = ()
    tier: Tier | None = None
    report_only: bool = False
    policy_digest: str | None = None
    overrides: tuple[str, ...] = ()
    kind: str | None = None


def make_options(
    evidence: tuple[Path, ...],
    *,
    asked: datetime | None,
    clock: datetime,
    allow_past: bool,
    tier: str | None,
    report_only: bool,
    policy_digest: str | None,
) -> tuple[Options, datetime]:
    """Options and effective time from what a caller asked for; overrides are listed."""
    when = effective_time(asked, clock, allow_past=allow_past)
    overrides = [
        text
        for text, on in (
            (f"effective-time={when.isoformat()}", asked is not None),
            ("allow-past", asked is not None and asked < clock),
            (f"tier={tier}", tier is not None),
            ("report-only", report_only),
        )
        if on
    ]
    options = Options(
        evidence,
        Tier(tier) if tier else None,
        report_only,
        policy_digest,
        tuple(overrides),
    )
    return options, when


def effective_time(
    asked: datetime | None, clock: datetime, *, allow_past: bool
) -> datetime:
    """The time to evaluate at; a past one can revive evidence, so it needs the flag."""
    if asked is None:
        return clock
    if asked < clock and not allow_past:
        raise UsageError(
            f"{asked.isoformat()} is in the past",
            reason="effective-time-past",
            where="--effective-time",
            hint="add --allow-past if you mean it; the verdict will say so",
        )
    return asked


def gate(
    folder: Path,
    policy: Path,
    options: Options,
    now: datetime,
    progress: Progress | None = None,
    content: Content | None = None,
) -> Verdict:
    """Decide about an artifact: a folder, or one file.

    ``content`` is what was hashed there a moment ago, if it was.

    Raises :class:`~aibom.errors.PolicyInvalid` and :class:`~aibom.errors.UsageError`
    (exit 2) before anything is verified; failures of verification come back as a
    verdict.
    """
    loaded = policy_folder(policy, folder, options)
    try:
        verified = verify(
            folder,
            loaded.signers,
            options.evidence,
            now,
            progress=progress,
            content=content,
            looks=Looks(
                formats=_asks(loaded, "format-allowed", "remote-code"),
                code=_asks(loaded, "remote-code"),
            ),
            kind=options.kind,
        )
    except AibomError as error:
        return _not_verified(loaded, options, now, error)
    return decided(loaded, verified, options, now, dry_run=False)


def _asks(folder: Folder, *checks: str) -> bool:
    """Whether a rule uses one of these checks, which need more than digests."""
    return any(rule.check.id in checks for rule in folder.policy.rules)


def check(path: Path, policy: Path, options: Options, now: datetime) -> Verdict:
    """Evaluate a BOM alone, reading no artifact bytes; the verdict says dry run."""
    if path.is_dir():
        raise UsageError(
            "is a folder; check reads one BOM",
            reason="usage",
            where=str(path),
            hint=f"aibom check {path / BOM_NAME}, or aibom gate {path}",
        )
    loaded = _folder(policy, None, options, require_lock=False)
    try:
        verified = verify_document(path, loaded.signers, options.evidence, now)
    except AibomError as error:
        return replace(_not_verified(loaded, options, now, error), dry_run=True)
    return decided(loaded, verified, options, now, dry_run=True)


def policy_folder(policy: Path, artifact: Path, options: Options) -> Folder:
    """The verifier's folder, locked and outside of the artifact; ``PolicyInvalid``."""
    return _folder(policy, artifact, options, require_lock=True)


def _folder(
    policy: Path, artifact: Path | None, options: Options, *, require_lock: bool
) -> Folder:
    if artifact is not None:
        require_outside(policy, artifact)
    loaded = load_folder(policy, require_lock=require_lock)
    if options.policy_digest is not None and options.policy_digest != loaded.digest:
        raise PolicyInvalid(
            f"is {loaded.digest}, not {options.policy_digest}",
            reason="policy-digest-mismatch",
            where=str(policy),
            hint="review what changed; the digest stands in policy.lock",
        )
    return loaded


def _inputs(folder: Folder, verified: Verified | None) -> Inputs:
    return Inputs(
        policy=folder.policy.name,
        policy_version=folder.policy.version,
        policy_digest=folder.digest,
        locked=folder.locked,
        data=folder.digests,
        advisories_sequence=folder.advisories_sequence,
        boms=verified.boms if verified else (),
        evidence=verified.evidence_digests if verified else (),
        housekeeping=verified.housekeeping if verified else (),
    )


def _base(folder: Folder, options: Options, now: datetime) -> Verdict:
    return Verdict(
        artifact="",
        artifact_name="",
        decision=Decision.ERROR,
        reason="",
        exit_code=1,
        tier=Tier.HIGH,
        effective_time=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        verification=Verification("not-done"),
        inputs=_inputs(folder, None),
        report_only=options.report_only,
        overrides=options.overrides,
        tool=f"aibom {aibom.__version__}",
    )


def _not_verified(
    folder: Folder, options: Options, now: datetime, error: AibomError
) -> Verdict:
    """The verdict when verification did not come to its end: rules were not evaluated.

    Exit 11 for what does not verify, 12 for a document that breaks its format, 1 for
    what could not be read.
    """
    state = "failed" if isinstance(error, VerificationFailed) else "not-done"
    decision = Decision.NOT_VERIFIED if state == "failed" else Decision.ERROR
    if isinstance(error, (PolicyInvalid, UsageError)):
        raise error
    return replace(
        _base(folder, options, now),
        decision=decision,
        reason=error.reason,
        exit_code=error.exit_code,
        verification=Verification(
            state, error.reason, error.message, error.where or "", error.hint or "", ""
        ),
    )


def decided(
    folder: Folder,
    verified: Verified,
    options: Options,
    now: datetime,
    *,
    dry_run: bool,
) -> Verdict:
    """The verdict about what was verified, or, for a dry run, read."""
    tier = assign_tier(folder.policy, verified.name, options.tier)
    context = Context(
        verified.graph, verified.root, verified.evidence, folder.data, now
    )
    results = evaluate(context, folder.policy, tier)
    exceptions: tuple[ExceptionNote, ...] = ()
    if folder.waivers is not None:
        from aibom.operations.policies.exceptions import excepted

        results, exceptions = excepted(folder, context, results, tier)
    decision, reason, code = decide(results, len(rules_in_force(folder.policy, tier)))
    root = verified.graph.nodes[verified.root]
    return replace(
        _base(folder, options, now),
        artifact=str(root.digest),
        artifact_name=verified.name or root.label,
        decision=decision,
        reason=reason,
        exit_code=0 if options.report_only and code in (10, 3) else code,
        tier=tier,
        verification=_verification(verified, context, dry_run=dry_run),
        inputs=_inputs(folder, verified),
        results=results,
        dry_run=dry_run,
        warnings=(*folder.warnings, *verified.warnings),
        exceptions=exceptions,
    )


def _verification(
    verified: Verified, context: Context, *, dry_run: bool
) -> Verification:
    """What was proved before any rule was asked, for people to read."""
    steps, recorded = verified.steps()
    reached = (context.root, *context.walk.reached)
    accepted = {
        context.node(name).label for name in reached if context.is_decided_root(name)
    }
    return Verification(
        "not-done" if dry_run else "verified",
        "dry-run" if dry_run else "",
        ancestors=verified.ancestors,
        signer=verified.signer.name if verified.signer else "",
        upstream=verified.upstream,
        steps=steps,
        steps_recorded=recorded,
        lineage_closed=context.lineage_is_closed,
        accepted_roots=tuple(sorted(accepted)),
        name=verified.name or "",
    )
