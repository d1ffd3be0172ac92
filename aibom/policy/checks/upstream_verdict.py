"""Another verifier has passed exactly this, lately, and strictly enough.

What it checks: of a node that was taken from elsewhere, the signed verdicts (SLSA
verification summaries that `aibom gate --attest` makes) that name its exact digest. One
counts when an allowed signer who speaks as one of `verifiers` signed it, it was decided
by one of `policies` (if any are listed), not in report-only mode, for `tier` or a
stricter one, no longer ago than `max_age`, has not reached its own end of validity,
and, with `current_advisories`, rests on advisories at least as new as those here. Of
the time at which a verdict was made and the one that it was evaluated as of, the older
is its age.

Why it matters: whoever passes a foundation model on has seen evidence that you never
get. Their signed verdict is the part of it that travels; a signature alone says nothing
about what was asked, of which bytes, or when.

Passes: such a verdict exists (`verdict-passed`), and no later one by the same verifier
says otherwise.

Fails: one of the verifiers did not pass these bytes (`verdict-not-passed`), and has not
passed them since.

Unknown: there is no verdict about this digest (`verdict-missing`), or none by a signer
who may speak as one of the verifiers (`verdict-other-verifier`); it was decided by
another policy (`verdict-other-policy`), in report-only mode (`verdict-report-only`),
for a less strict tier (`verdict-tier-too-low`), too long ago (`verdict-too-old`) or in
the future (`verdict-from-the-future`); its validity has ended (`verdict-expired`); it
rests on older advisories than those here, or on none (`verdict-before-advisory`). The
rule asks for more than a signature can give (`assurance-too-low`).

Not applicable: nodes that a step generated, as well assured as the rule asks, and that
were not taken from elsewhere (`generated-by-a-step`), unless `every` is set; accepted
roots other than the artifact, for which a decision stands in (`accepted-root`).

What to do: ask whoever supplied it for a verdict of this digest, or put the thing
through a gate of your own and add its verdict to the evidence folder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.evidence import Evidence, UpstreamVerdict
from aibom.lineage.nodes import Kind, Node
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.settings import Days
from aibom.verdict import Tier

__all__ = ["CHECK", "Settings"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_STRICTEST_FIRST = (Tier.HIGH, Tier.MEDIUM, Tier.LOW)
#: How far the verifier's clock may be ahead of ours.
_SKEW = timedelta(minutes=5)

#: A statement with the verdict that it is, which is never None here.
_Told = tuple[Evidence, UpstreamVerdict]


@dataclass(frozen=True, slots=True)
class Settings:
    """Whose verdict, and what it must have asked."""

    verifiers: tuple[str, ...] = field(
        metadata={"doc": "Ids of verifiers, as `verifier_id` in signers.yaml."}
    )
    max_age: Days = field(
        metadata={"doc": "How old the verdict may be, for example 90d."}
    )
    tier: str = field(
        default="high",
        metadata={
            "doc": "The least strict tier that will do.",
            "choices": tuple(tier.value for tier in _STRICTEST_FIRST),
        },
    )
    policies: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Digests (sha256:…) of policies that count; none: any."},
    )
    current_advisories: bool = field(
        default=True,
        metadata={
            "doc": "Ask for advisories as new as ours; false where theirs are others."
        },
    )
    every: bool = field(
        default=False,
        metadata={"doc": "Ask also of what recorded steps generated."},
    )

    def __post_init__(self) -> None:
        for text in self.policies:
            if not _DIGEST.fullmatch(text):
                raise ValueError(f"policies: {text!r} is not a digest sha256:HEX")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node: a verifier's last word counts, and a no before any yes."""
    needless = _needless(context, node, settings, minimum)
    if needless is not None:
        return needless
    told = [
        (item, item.verdict)
        for item in context.evidence.about(node.digest)
        if item.verdict is not None
    ]
    asked = [each for each in told if _is_asked(each, settings)]
    answer = _judge(context, settings, asked) if asked else _not_asked(told, settings)
    return replace(answer, expected=_expected(settings))


def _needless(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome | None:
    if context.is_artifact(node.id):
        return None
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    taken = bool(context.sources_of(node.id)) or node.id in context.evidence.unresolved
    if not settings.every and not taken and context.is_generated(node.id, minimum):
        return not_applicable("generated-by-a-step")
    return None


def _expected(settings: Settings) -> str:
    by = " or ".join(settings.verifiers)
    return (
        f"a verdict of {by}: passed for tier {settings.tier} or stricter, not older "
        f"than {settings.max_age.days} days"
    )


# ── which verdicts are listened to ──────────────


def _speaks(each: _Told, settings: Settings) -> bool:
    item, said = each
    return item.trusted and said.verifier_id in settings.verifiers


def _is_asked(each: _Told, settings: Settings) -> bool:
    other = settings.policies and each[1].policy_digest not in settings.policies
    return _speaks(each, settings) and not other


def _not_asked(told: Sequence[_Told], settings: Settings) -> Outcome:
    """Why no verdict is listened to, though there may be some."""
    locations = tuple(item.location for item, _ in told)
    if not told:
        return unknown("verdict-missing", actual="no verdict about this digest")
    speaking = [said for item, said in told if _speaks((item, said), settings)]
    if speaking:
        digests = sorted({said.policy_digest for said in speaking})
        text = f"decided by: {', '.join(digests)}"
        return unknown("verdict-other-policy", actual=text, evidence=locations)
    by = sorted(
        {f"{said.verifier_id} ({item.refusal or 'not asked'})" for item, said in told}
    )
    text = f"verdicts, but by: {', '.join(by)}"
    return unknown("verdict-other-verifier", actual=text, evidence=locations)


# ── what they are worth ──────────────


def _judge(context: Context, settings: Settings, asked: Sequence[_Told]) -> Outcome:
    """The answer of those that are listened to, of which there is one at least."""
    good = [each for each in asked if _objection(context, settings, each[1]) is None]
    for item, said in asked:
        if not said.passed and not _was_passed_since(said, good):
            text = f"{said.verifier_id}: {said.reason}, on {_day(said)}"
            evidence = (item.location,)
            return fails("verdict-not-passed", actual=text, evidence=evidence)
    # Of equally new ones the first by location, so that order never matters.
    ordered = sorted(good or asked, key=lambda each: each[0].location)
    newest, said = max(ordered, key=lambda each: each[1].verified_at)
    objection = _objection(context, settings, said)
    if objection is not None:
        return replace(objection, evidence=(newest.location,))
    signer = newest.signer.name if newest.signer else "nobody"
    return passes(
        "verdict-passed",
        actual=f"{said.verifier_id}: passed for tier {said.tier} on {_day(said)}",
        assurance=Assurance(Level.ATTESTED, f"signed by {signer} ({newest.location})"),
        evidence=(newest.location,),
    )


def _was_passed_since(said: UpstreamVerdict, good: Sequence[_Told]) -> bool:
    """Whether the same verifier has passed it later; at the same time is not later."""
    return any(
        later.verifier_id == said.verifier_id and later.verified_at > said.verified_at
        for _, later in good
    )


def _objection(
    context: Context, settings: Settings, said: UpstreamVerdict
) -> Outcome | None:
    """Why a verdict does not count; None when it does."""
    strictness = _STRICTEST_FIRST.index
    if not said.passed:
        return fails("verdict-not-passed", actual=said.reason)
    if said.report_only:
        return unknown("verdict-report-only", actual="its gate lets everything through")
    if strictness(said.tier) > strictness(Tier(settings.tier)):
        return unknown("verdict-tier-too-low", actual=f"asked for tier {said.tier}")
    return _not_current(context, settings, said)


def _not_current(
    context: Context, settings: Settings, said: UpstreamVerdict
) -> Outcome | None:
    times = (said.verified_at, said.effective_time)
    if max(times) - context.now > _SKEW:
        text = f"is of {max(times).date()}"
        return unknown("verdict-from-the-future", actual=text)
    if context.now - min(times) > settings.max_age:
        return unknown("verdict-too-old", actual=f"is of {min(times).date()}")
    if said.expires is not None and said.expires <= context.now:
        text = f"was valid until {said.expires.date()}"
        return unknown("verdict-expired", actual=text)
    advisories = context.data.advisories
    if not settings.current_advisories or advisories is None:
        return None
    used = said.advisories_sequence
    if used is None or used < advisories.sequence:
        told = "no advisories" if used is None else f"advisories {used}"
        text = f"rests on {told}, here is {advisories.sequence}"
        return unknown("verdict-before-advisory", actual=text)
    return None


def _day(said: UpstreamVerdict) -> str:
    return said.verified_at.date().isoformat()


CHECK = Check(
    "upstream-verdict",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
