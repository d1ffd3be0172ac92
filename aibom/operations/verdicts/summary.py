"""What a verification established, in words and counts, for people to read."""

from __future__ import annotations

from datetime import UTC, datetime

from aibom.attest.summary_statement import Summary as VerificationSummary
from aibom.operations.verify import Verified
from aibom.report.verified import RelyOn, Summary

__all__ = ["relied_on", "summary_of"]


def summary_of(verified: Verified) -> Summary:
    """The summary that ``aibom verify`` draws."""
    steps, recorded = verified.steps()
    root = verified.graph.nodes[verified.root]
    return Summary(
        name=verified.name or root.label,
        digest=str(root.digest),
        signer=verified.signer.name if verified.signer else "nobody",
        role=verified.signer.role if verified.signer else "",
        ancestors=verified.ancestors,
        upstream=verified.upstream,
        steps=steps,
        steps_recorded=recorded,
        housekeeping=verified.housekeeping,
        not_believed=tuple(
            (item.location, item.refusal)
            for item in verified.evidence.items
            if item.refusal is not None
        ),
        warnings=verified.warnings,
        signed_as=verified.signed_as,
        signed_at=_time(verified.signed_at),
    )


def _time(time: datetime | None) -> str:
    if time is None:
        return "a time that nobody vouches for"
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, by an authority of the root"


def relied_on(
    summary: VerificationSummary,
    minimum_sequence: int | None,
    left_out: tuple[str, ...] = (),
) -> RelyOn:
    """The words that ``aibom verify --verdict`` draws."""
    compared = "not compared (--advisories FILE)"
    if minimum_sequence is not None:
        compared = (
            f"sequence {summary.advisories_sequence}, at least {minimum_sequence}"
        )
    return RelyOn(
        name=summary.name,
        digest=str(summary.artifact),
        verifier=summary.verifier_id,
        tier=summary.tier.value,
        policy=summary.policy_uri,
        policy_digest=summary.policy_digest,
        verified_at=f"{summary.verified_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        advisories=compared,
        left_out=left_out,
    )
