"""upstream-verdict: a verifier's last word, about these bytes, asked for as much."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from policy_builders import ACME, NOW, PIPELINE, Case, digest, policy_of, sha, verify

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Evidence, Signer, UpstreamVerdict
from aibom.verdict import Tier

GATE = "https://acme.example/gate"
OTHER = "https://other.example/gate"
POLICY = "sha256:" + "1" * 64
DAY = timedelta(days=1)
SETTINGS = {"verifiers": [GATE, OTHER], "max_age": "90d"}
VERIFIER = Signer("acme gate", "verifier", "org:acme")
YES = UpstreamVerdict(
    verifier_id=GATE,
    passed=True,
    reason="allowed",
    tier=Tier.HIGH,
    report_only=False,
    policy_digest=POLICY,
    verified_at=NOW - 9 * DAY,
    effective_time=NOW - 9 * DAY,
    expires=NOW + DAY,
    advisories_sequence=1,
)
NO = replace(YES, passed=False, reason="tainted-ancestor")
LATE = NOW - DAY


def tell(world, verdict, signer=VERIFIER, name="base", form="tree"):
    """One more statement with a verdict, about what has this name."""
    number = len(world.evidence)
    about = replace(digest(name), form=form)
    item = Evidence(
        sha(f"verdict {number}"),
        "https://slsa.dev/verification_summary/v1",
        (("acme/base", about),),
        f"evidence/{number}.sigstore.json",
        signer,
        None if signer else "verdict-other-verifier",
        verdict=verdict,
    )
    world.evidence.append(lambda _: item)


def base(*verdicts, advise=True, **how):
    """A model that was fine-tuned from one of somebody else's, with its verdicts."""

    def arrange(world):
        if advise:
            world.advise()
        found = world.model("base", source=ACME)
        world.root = world.model()
        world.step("fine-tune", world.root, {"base-model": found})
        for verdict in verdicts:
            tell(world, verdict, **how)
        return found

    return arrange


def changed(**changes):
    return base(replace(YES, **changes))


def at(time):
    return changed(verified_at=time, effective_time=time)


def with_stranger(world):
    found = base(YES)(world)
    tell(world, NO, None)
    return found


def own(source=None, signer=PIPELINE, unresolved=False, verdicts=()):
    """A model that a recorded step made, on the way to the artifact."""

    def arrange(world):
        found = world.model("base", **({"source": source} if source else {}))
        world.step("train", found, signer=signer)
        world.root = world.model()
        world.step("fine-tune", world.root, {"base-model": found})
        if unresolved:
            world.unresolved.add(found)
        for verdict in verdicts:
            tell(world, verdict)
        return found

    return arrange


def accepted(world):
    world.accept("base")
    return base()(world)


def accepted_artifact(world):
    world.accept("base")
    return world.model("base")


def made_artifact(world):
    found = world.model("base")
    world.step("train", found)
    return found


def child_passed(world):
    found = base()(world)
    tell(world, YES, name="sentiment")
    return found


def passing(arrange, **settings):
    return Case(arrange, "pass", "verdict-passed", {**SETTINGS, **settings})


def failing(arrange, **settings):
    return Case(arrange, "fail", "verdict-not-passed", {**SETTINGS, **settings})


def unknown(reason, arrange, minimum="attested", **settings):
    return Case(arrange, "unknown", reason, {**SETTINGS, **settings}, minimum)


def spared(reason, arrange, minimum="attested", **settings):
    return Case(arrange, "not-applicable", reason, {**SETTINGS, **settings}, minimum)


OLD_NO = replace(NO, verified_at=NOW - 10 * DAY)
LOW = replace(YES, tier=Tier.LOW)
CASES = {
    "good": passing(base(YES)),
    "the policy asked for": passing(base(YES), policies=[POLICY]),
    "stricter than asked": passing(base(YES), tier="medium"),
    "as strict as asked": passing(base(LOW), tier="low"),
    "90 days old": passing(at(NOW - 90 * DAY)),
    "without an end": passing(changed(expires=None)),
    "clocks a little apart": passing(at(NOW + timedelta(minutes=5))),
    "newer advisories": passing(changed(advisories_sequence=2)),
    "no advisories here": passing(
        base(replace(YES, advisories_sequence=None), advise=False)
    ),
    "other advisories there": passing(
        changed(advisories_sequence=None), current_advisories=False
    ),
    "a good one beside a useless one": passing(
        base(replace(YES, verified_at=NOW - 900 * DAY), YES)
    ),
    "passed since": passing(base(OLD_NO, YES)),
    "a no of nobody's": passing(with_stranger),
    "a no by another policy": passing(
        base(YES, replace(NO, policy_digest="sha256:" + "2" * 64)), policies=[POLICY]
    ),
    "recorded here, and passed": passing(own(verdicts=[YES]), every=True),
    "no": failing(base(NO)),
    "no, long ago": failing(base(replace(NO, verified_at=NOW - 900 * DAY))),
    "no, in report-only mode": failing(base(replace(NO, report_only=True))),
    "no, for the lowest tier": failing(base(replace(NO, tier=Tier.LOW))),
    "no since": failing(base(YES, replace(NO, verified_at=LATE))),
    "no at the same moment": failing(base(YES, NO)),
    "passed since, by another verifier": failing(
        base(OLD_NO, replace(YES, verifier_id=OTHER))
    ),
    "passed since, for too low a tier": failing(base(OLD_NO, LOW)),
    "no, of tomorrow": failing(base(YES, replace(NO, verified_at=NOW + DAY))),
    "nothing": unknown("verdict-missing", base()),
    "the child's": unknown("verdict-missing", child_passed),
    "another form": unknown("verdict-missing", base(YES, form="file")),
    "a verifier nobody asked for": unknown(
        "verdict-other-verifier", base(YES), verifiers=[OTHER]
    ),
    "a verifier by its first letters": unknown(
        "verdict-other-verifier", changed(verifier_id=GATE + "-evil")
    ),
    "a verifier in capitals": unknown(
        "verdict-other-verifier", changed(verifier_id=GATE.upper())
    ),
    "speaks as another": unknown("verdict-other-verifier", base(YES, signer=None)),
    "no, by nobody": unknown("verdict-other-verifier", base(NO, signer=None)),
    "another policy": unknown(
        "verdict-other-policy", base(YES), policies=["sha256:" + "2" * 64]
    ),
    "report-only": unknown("verdict-report-only", changed(report_only=True)),
    "tier too low": unknown("verdict-tier-too-low", changed(tier=Tier.MEDIUM)),
    "too old": unknown("verdict-too-old", at(NOW - 90 * DAY - timedelta(seconds=1))),
    "made new, evaluated as of long ago": unknown(
        "verdict-too-old", changed(effective_time=NOW - 91 * DAY)
    ),
    "of tomorrow": unknown("verdict-from-the-future", at(NOW + DAY)),
    "evaluated as of tomorrow": unknown(
        "verdict-from-the-future", changed(effective_time=NOW + DAY)
    ),
    "expires now": unknown("verdict-expired", changed(expires=NOW)),
    "older advisories": unknown(
        "verdict-before-advisory", changed(advisories_sequence=0)
    ),
    "no advisories": unknown(
        "verdict-before-advisory", changed(advisories_sequence=None)
    ),
    "more than a signature": unknown("assurance-too-low", base(YES), "verified"),
    "recorded here, all are asked": unknown("verdict-missing", own(), every=True),
    "recorded here, but taken from elsewhere": unknown("verdict-missing", own(ACME)),
    "recorded by a stranger": unknown("verdict-missing", own(signer=None)),
    "links a BOM that is not here": unknown("verdict-missing", own(unresolved=True)),
    "the artifact, though a step made it": unknown("verdict-missing", made_artifact),
    "the artifact, though accepted": unknown("verdict-missing", accepted_artifact),
    "accepted": spared("accepted-root", accepted),
    "recorded here": spared("generated-by-a-step", own()),
    "claimed, where that is enough": spared(
        "generated-by-a-step", own(signer=None), "claimed"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("upstream-verdict", case)


def test_what_the_verifier_said_is_told():
    result = verify("upstream-verdict", CASES["no"])
    assert result.actual == f"{GATE}: tainted-ancestor, on 2026-11-12"
    assert len(result.evidence) == 1


def test_the_newest_that_does_not_count_is_told():
    old = replace(YES, verified_at=NOW - 200 * DAY)
    low = replace(YES, tier=Tier.LOW, verified_at=LATE)
    for verdicts in ((old, low), (low, old)):
        verify("upstream-verdict", unknown("verdict-tier-too-low", base(*verdicts)))


def test_a_policy_is_named_by_its_digest():
    settings = {**SETTINGS, "policies": ["acme"]}
    rule = {"id": "r", "check": "upstream-verdict", "settings": settings}
    with pytest.raises(PolicyInvalid, match="'acme' is not a digest"):
        policy_of(rule)
