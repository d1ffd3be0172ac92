"""Verdicts that travel: made for a signature here, judged by a consumer there.

A consumer that cannot evaluate (an admission controller, a loader on a device) relies
on a verifier's signed verdict instead. What makes that safe is not the signature but
what is asked beside it, because a signed verdict can be shown again: for another
artifact, another purpose, or long after what it rested on was withdrawn.

This module reads no file and checks no signature: :func:`accept_verdict` starts from
what :func:`aibom.attest.verify.identify` found.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aibom.attest.summary_statement import (
    FAILED,
    Summary,
    read_summary,
    summary_statement,
    tier_level,
)
from aibom.attest.verify import Identified, namespace_refusal
from aibom.digest import Digest
from aibom.errors import UsageError, VerificationFailed
from aibom.lineage.nodes import ENTITY_KINDS
from aibom.operations.vouching import require_allowed
from aibom.report.machine import verdict_json
from aibom.statement import Statement
from aibom.verdict import Result, Status, Tier, Verdict

__all__ = [
    "CLOCK_SKEW",
    "Demand",
    "accept_verdict",
    "dependency_levels",
    "make_summary",
    "require_acceptable",
]

#: How far the verifier's clock may be ahead of the consumer's.
CLOCK_SKEW = timedelta(minutes=5)

_STRICTEST_FIRST = (Tier.HIGH, Tier.MEDIUM, Tier.LOW)
_ENTITIES = frozenset(kind.value for kind in ENTITY_KINDS)


@dataclass(frozen=True, slots=True)
class Demand:
    """What the consumer asks of a verdict; none of it is taken from the verdict.

    ``tier`` is the least strict one that will do. ``minimum_sequence`` is that of the
    newest advisories the consumer knows, None where it knows none. ``name`` is what the
    consumer is about to use the artifact as; None leaves that to the digest, and then a
    verdict for the same bytes under another name counts as well.
    """

    policy_digest: str
    tier: Tier
    max_age: timedelta
    minimum_sequence: int | None
    name: str | None = None


def make_summary(
    verdict: Verdict,
    *,
    name: str,
    artifact: Digest,
    verifier_id: str,
    verified_at: datetime,
    expires: datetime | None = None,
) -> Statement:
    """The statement to sign for a verdict, with the counts and digest taken from it.

    The digest is that of the bytes which ``--output json`` writes. Raises what
    :func:`~aibom.attest.summary_statement.summary_statement` raises.
    """
    if any(result.known for result in verdict.results):
        raise UsageError(
            "lets findings through because an old verdict has them too",
            reason="usage",
            where=verdict.artifact_name or None,
            hint="gate without --against: who relies on a verdict knows no old one",
        )
    digest = hashlib.sha256(verdict_json(verdict)).hexdigest()
    return summary_statement(
        verdict,
        name=name,
        artifact=artifact,
        verifier_id=verifier_id,
        verified_at=verified_at,
        expires=expires,
        verdict_digest=f"sha256:{digest}",
        dependency_levels=dependency_levels(verdict),
    )


def dependency_levels(verdict: Verdict) -> Mapping[str, int] | None:
    """How many things upstream are at which level, from the verdict's results.

    Counted is each thing (model, dataset, code, …; no step, no party) other than the
    artifact that a rule in force answered for, once:

    * ``FAILED`` when a result of its own blocks
    * ``AIBOM_TIER_X_UNEVALUATED`` when every answer is that the rule does not apply
    * ``AIBOM_TIER_X_PASSED`` for the others, so also with findings that only warn

    ``X`` is the tier of the artifact: its policy was applied, not one of their own.
    Things that no rule selects are not counted. None, which claims nothing, when no
    thing is: the specification reads an empty object as "has no dependencies", and that
    a verdict does not know.
    """
    own = _own_suffix(verdict)
    answers: dict[str, list[Result]] = defaultdict(list)
    for result in verdict.results:
        kind, _, rest = result.node.partition(":")
        if kind in _ENTITIES and rest != own:
            answers[result.node].append(result)
    counts: dict[str, int] = defaultdict(int)
    for results in answers.values():
        counts[_level(results, verdict.tier)] += 1
    return dict(sorted(counts.items())) or None


def _own_suffix(verdict: Verdict) -> str:
    """The artifact's node id without its kind; empty where the verdict has none."""
    if not verdict.artifact:
        return ""
    digest = Digest.parse(verdict.artifact)
    return f"{digest.form}:{digest.value}"


def _level(results: list[Result], tier: Tier) -> str:
    if any(result.blocks for result in results):
        return FAILED
    asked = any(result.status is not Status.NOT_APPLICABLE for result in results)
    return tier_level(tier, "PASSED" if asked else "UNEVALUATED")


def accept_verdict(
    identified: Identified,
    artifact: Digest,
    demand: Demand,
    now: datetime,
    where: str,
) -> Summary:
    """Rely on a signed verdict, or say why not.

    Asked in this order, the first that fails is raised as
    :class:`~aibom.errors.VerificationFailed` (exit 11): an allowed signer (the refusals
    of :func:`~aibom.attest.verify.identify`), the type of the predicate
    (``predicate-not-allowed``), its form (``verdict-malformed``), the signer's
    namespaces (``namespace-not-allowed``), then :func:`require_acceptable`.

    ``artifact`` is what the caller hashed itself, ``now`` its own clock.
    """
    require_allowed(identified, where)
    summary = read_summary(identified.statement, where)
    refusal = namespace_refusal(identified)
    if refusal is not None:
        raise VerificationFailed(
            f"was signed by a signer who may not speak of {summary.name}",
            reason=refusal,
            where=where,
            hint="namespaces stand in signers.yaml",
        )
    signer = identified.signer
    verifier_id = signer.verifier_id if signer is not None else None
    require_acceptable(summary, artifact, verifier_id, demand, now, where)
    return summary


def require_acceptable(
    summary: Summary,
    artifact: Digest,
    signer_verifier_id: str | None,
    demand: Demand,
    now: datetime,
    where: str,
) -> None:
    """Refuse a verdict that does not answer this demand for this artifact, now.

    ``signer_verifier_id`` is who the signer may speak as, from ``signers.yaml``: only
    (signer, verifier) pairs are believed, as the specification demands.

    Raises :class:`~aibom.errors.VerificationFailed`, asking in this order:

    =========================== ========================================================
    ``verdict-other-verifier``  the signer does not speak as this verifier, or as any
    ``verdict-other-artifact``  another digest or form, or not the name demanded
    ``verdict-other-policy``    decided by another policy
    ``verdict-report-only``     made by a run that lets everything through
    ``verdict-not-passed``      the decision is not ``allowed``
    ``verdict-tier-too-low``    asked less than the tier demanded
    ``verdict-too-old``         made, or evaluated as of, longer ago than ``max_age``
    ``verdict-from-the-future`` the same, more than :data:`CLOCK_SKEW` ahead of ``now``
    ``verdict-expired``         its own end of validity has come
    ``verdict-before-advisory`` rests on older advisories than are known here, or none
    =========================== ========================================================

    Of the time it was made and the time it was evaluated as of
    (``--effective-time``), the older counts as its age and neither may be ahead: a time
    that is chosen can make evidence valid that has expired, or is not yet valid.
    """
    _require_about(summary, artifact, signer_verifier_id, demand, where)
    _require_yes(summary, demand, where)
    _require_fresh(summary, demand, now, where)


def _require_about(
    summary: Summary,
    artifact: Digest,
    signer_verifier_id: str | None,
    demand: Demand,
    where: str,
) -> None:
    _refuse_if(
        summary.verifier_id != signer_verifier_id,
        f"speaks as the verifier {summary.verifier_id}; its signer may speak as "
        f"{signer_verifier_id or 'none'}",
        reason="verdict-other-verifier",
        where=where,
        hint="signers.yaml pairs a signer with its verifier_id",
    )
    named = demand.name if demand.name is not None else summary.name
    _refuse_if(
        (summary.artifact, summary.name) != (artifact, named),
        f"is about {summary.name} ({summary.artifact}), not {named} ({artifact})",
        reason="verdict-other-artifact",
        where=where,
        hint="get the verdict of this artifact, or put it through a gate",
    )
    _refuse_if(
        summary.policy_digest != demand.policy_digest,
        f"was decided by the policy {summary.policy_digest}, not "
        f"{demand.policy_digest}",
        reason="verdict-other-policy",
        where=where,
        hint="the digest stands in policy.lock; have it decided again by that policy",
    )


def _require_yes(summary: Summary, demand: Demand, where: str) -> None:
    _refuse_if(
        summary.report_only,
        "comes from a run with --report-only, which no gate accepts",
        reason="verdict-report-only",
        where=where,
        hint="put the artifact through a gate without --report-only",
    )
    _refuse_if(
        not summary.passed,
        f"says {summary.decision.value}: {summary.reason}",
        reason="verdict-not-passed",
        where=where,
        hint=f"its findings are in the verdict with the digest "
        f"{summary.verdict_digest}: aibom explain verdict.json",
    )
    strictness = _STRICTEST_FIRST.index
    _refuse_if(
        strictness(summary.tier) > strictness(demand.tier),
        f"asked for the tier {summary.tier.value}, not {demand.tier.value}",
        reason="verdict-tier-too-low",
        where=where,
        hint=f"decide again with: aibom gate --tier {demand.tier.value}",
    )


def _require_fresh(summary: Summary, demand: Demand, now: datetime, where: str) -> None:
    times = (summary.verified_at, summary.effective_time)
    _refuse_if(
        now - min(times) > demand.max_age,
        f"is of {min(times).isoformat()}, more than {demand.max_age} ago",
        reason="verdict-too-old",
        where=where,
        hint="put the artifact through a gate again",
    )
    _refuse_if(
        max(times) - now > CLOCK_SKEW,
        f"is of {max(times).isoformat()}, which is still to come",
        reason="verdict-from-the-future",
        where=where,
        hint="compare the clocks; a later --effective-time makes a forecast",
    )
    _refuse_if(
        summary.expires is not None and summary.expires <= now,
        f"was valid until {summary.expires}",
        reason="verdict-expired",
        where=where,
        hint="put the artifact through a gate again",
    )
    known, used = demand.minimum_sequence, summary.advisories_sequence
    _refuse_if(
        known is not None and (used is None or used < known),
        f"rests on advisories {'that it does not have' if used is None else used}; "
        f"{known} is known here",
        reason="verdict-before-advisory",
        where=where,
        hint="put the artifact through a gate with the newest advisories",
    )


def _refuse_if(
    broken: bool, message: str, *, reason: str, where: str, hint: str
) -> None:
    if broken:
        raise VerificationFailed(message, reason=reason, where=where, hint=hint)
