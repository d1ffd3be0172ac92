"""rollback-target: the last good version is known before anybody needs it."""

from __future__ import annotations

import pytest
from policy_builders import (
    NOW,
    PIPELINE,
    RELEASE,
    Case,
    digest,
    policy_of,
    sha,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Evidence, Signer, UpstreamVerdict
from aibom.lineage.nodes import Kind, Relation
from aibom.verdict import Tier

GATE = "https://acme.example/gate"
SETTINGS = {"bom_roles": ["release"]}
VERDICT = {"verifiers": [GATE], "max_age": "365d"}
BOTH = {**SETTINGS, **VERDICT}


def said(world, passed=True, tier=Tier.HIGH):
    """A gate's verdict about the previous version."""
    verdict = UpstreamVerdict(
        GATE, passed, "allowed", tier, False, "sha256:" + "1" * 64, NOW, NOW, None, 1
    )
    item = Evidence(
        sha("verdict"),
        "https://slsa.dev/verification_summary/v1",
        (("acme/previous", digest("previous")),),
        "evidence/verdict.sigstore.json",
        Signer("gate", "verifier"),
        verdict=verdict,
    )
    world.evidence.append(lambda _: item)


def revision(bom=RELEASE, own=RELEASE, kind=Kind.MODEL, **verdict):
    """A model that its BOM calls a revision of another, with what is said of that."""

    def arrange(world):
        model, previous = world.model(), world.entity(kind, "previous")
        world.build.edge(model, Relation.REVISION_OF, previous)
        world.bom(model, own)
        if bom:
            world.bom(previous, bom)
        if verdict:
            said(world, **verdict)
        return model

    return arrange


def passed(**changes):
    return revision(None, passed=True, **changes)


def tainted(name):
    def arrange(world):
        model = revision()(world)
        data, previous = world.data(), world.model("previous")
        world.step("train", previous, {"training-data": data})
        world.advise(digests=[str(digest(name))])
        return model

    return arrange


def undigested(world):
    model = world.model()
    previous = world.build.entity(Kind.MODEL, None, (), name="previous")
    world.build.edge(model, Relation.REVISION_OF, previous)
    world.bom(model)
    return model


def first_version(world):
    model = world.model()
    world.bom(model)
    return model


def derived(world):
    model, base = world.model(), world.model("base")
    world.build.edge(model, Relation.DERIVED_FROM, base)
    world.bom(model)
    world.bom(base)
    return model


def in_a_circle(world):
    model = revision()(world)
    world.build.edge(world.model("previous"), Relation.REVISION_OF, model)
    return model


def two_targets(world):
    """One that nobody vouches for, and one that somebody does."""
    model = revision()(world)
    world.build.edge(model, Relation.REVISION_OF, world.model("nobody's"))
    return model


def claimed_beside_attested(world):
    """Somebody adds a target that the model's own BOM does not name."""
    model, world.root = world.model(), world.model()
    previous = world.model("previous")
    world.bom(previous)
    world.build.edge(model, Relation.REVISION_OF, previous)
    return model


def accepted_target(world):
    world.accept("previous")
    return revision(None)(world)


def ancestor(world):
    model, world.root = revision()(world), world.entity(Kind.SYSTEM, "answers")
    world.build.edge(world.root, Relation.REQUIRES, model)
    return model


def accepted(world):
    model = revision(None)(world)
    world.accept("sentiment")
    world.root = world.entity(Kind.SYSTEM, "answers")
    world.build.edge(world.root, Relation.REQUIRES, model)
    return model


def accepted_artifact(world):
    world.accept("sentiment")
    return first_version(world)


def passing(arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "pass", "rollback-target-known", settings, minimum)


def failing(reason, arrange, settings=SETTINGS):
    return Case(arrange, "fail", reason, settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


CASES = {
    "its BOM is signed": passing(revision()),
    "a gate has passed it": passing(passed(), VERDICT),
    "both": passing(revision(passed=True), BOTH),
    "for the tier that is asked": passing(
        passed(tier=Tier.LOW), {**VERDICT, "tier": "low"}
    ),
    "accepted by decision": passing(accepted_target),
    "one of two": passing(two_targets),
    "of an ancestor": passing(ancestor),
    "claimed, where that is enough": passing(revision(own=None), SETTINGS, "claimed"),
    "an advisory names it": failing("rollback-target-tainted", tainted("previous")),
    "an advisory names its data": failing(
        "rollback-target-tainted", tainted("reviews")
    ),
    "its BOM is signed by others": failing(
        "rollback-target-refused", revision(PIPELINE)
    ),
    "a gate did not pass it": failing(
        "rollback-target-refused", revision(passed=False), BOTH
    ),
    "the first version": unknown("rollback-target-missing", first_version),
    "derived is not revised": unknown("rollback-target-missing", derived),
    "of another kind": unknown("rollback-target-missing", revision(kind=Kind.DATASET)),
    "in a circle": unknown("rollback-target-missing", in_a_circle),
    "the artifact, though accepted": unknown(
        "rollback-target-missing", accepted_artifact
    ),
    "without a digest": unknown("rollback-target-undigested", undigested),
    "no BOM": unknown("rollback-target-unproven", revision(None)),
    "a verdict is no BOM": unknown("rollback-target-unproven", passed()),
    "a BOM is no verdict": unknown("rollback-target-unproven", revision(), BOTH),
    "passed for too low a tier": unknown(
        "rollback-target-unproven", passed(tier=Tier.LOW), VERDICT
    ),
    "the model's BOM is a stranger's": unknown("assurance-too-low", revision(own=None)),
    "its BOM does not say so": unknown("assurance-too-low", claimed_beside_attested),
    "accepted": Case(accepted, "not-applicable", "accepted-root", SETTINGS),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("rollback-target", case)


def test_the_path_leads_on_to_the_target():
    path = verify("rollback-target", CASES["no BOM"]).path
    assert [(hop.label, hop.via) for hop in path][-1] == ("previous", "revision-of")


WRONG = {
    "nobody": ({}, "needs bom_roles or verifiers"),
    "no age": ({"verifiers": [GATE]}, "given together"),
    "an age of nothing": ({**SETTINGS, "max_age": "9d"}, "given together"),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_somebody_has_to_vouch_for_it(settings, message):
    rule = {"id": "r", "check": "rollback-target", "settings": settings}
    with pytest.raises(PolicyInvalid, match=message):
        policy_of(rule)
