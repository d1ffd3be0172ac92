"""separation-of-duty: two who may be one are one, by key, by name or by claim."""

from __future__ import annotations

import pytest
from policy_builders import (
    ANNE,
    AUDITOR,
    BERT,
    CARL,
    PIPELINE,
    RELEASE,
    STRANGER,
    Case,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Kind, Relation
from aibom.statement import OMS_V1

SIGNERS = {"one": ["bom-signer"], "other": ["step-record-signer"]}
LABELS = {"one": ["reviewer"], "other": ["labeler"]}
UPSTREAM = {**LABELS, "upstream": True}
AUTHORS = {"one": ["approver"], "other": ["writer", "collector"]}
AUDITS = {"one": ["audit-signer"], "other": ["labeler", "model-signer"]}


def released(bom=RELEASE, record=PIPELINE, **how):
    """A trained model; who signed its BOM, and who the record of its training."""

    def arrange(world):
        model = world.model()
        world.step("train", model, signer=record, **how)
        if bom:
            world.bom(model, bom)
        return model

    return arrange


def made(*by, kind="label", **how):
    """A dataset, with pairs of role and party of the step that made it."""

    def arrange(world):
        data = world.data()
        world.step(kind, data, by=by, **how)
        return data

    return arrange


def reviewed(labeler, reviewer, **how):
    """A dataset that was labelled in one step and reviewed in the next."""

    def arrange(world):
        labels, data = world.data("labels"), world.data()
        world.step("label", labels, by=[("labeler", labeler)], **how)
        world.step("review", data, {"data": labels}, by=[("reviewer", reviewer)])
        return data

    return arrange


def attributed(approver, writer):
    def arrange(world):
        data = world.data()
        for role, party in (("approver", approver), ("writer", writer)):
            node = world.build.party(party)
            world.build.edge(data, Relation.ATTRIBUTED_TO, node, role)
        return data

    return arrange


def audited(signer, labeler=ANNE):
    def arrange(world):
        data = made(("labeler", labeler))(world)
        world.audit(data, signer=signer)
        return data

    return arrange


def audited_and_signed(signer):
    def arrange(world):
        model = world.model()
        world.audit(model)
        world.say(OMS_V1, model, signer)
        return model

    return arrange


def strangers_bom(world):
    model = released(None)(world)
    world.bom(model, None)
    return model


def second_step(world):
    """Somebody says that another step made the model as well."""
    model = released()(world)
    world.step("merge", model, signer=None)
    return model


def malformed_party(world):
    data = world.data()
    step = world.step("label", data, by=[("labeler", ANNE)])
    name = "party:nobody knows"
    world.build._add(name, Kind.PARTY, {})
    world.build.performed_by(step, name, "reviewer")
    return data


def accepted(world):
    data, world.root = world.data(), world.model()
    world.accept("reviews")
    world.step("train", world.root, {"training-data": data})
    return data


def accepted_artifact(world):
    world.accept("reviews")
    return world.data()


def above_a_decided_root(world):
    """What is said of the labels is a stranger's word, but they were accepted."""
    data = reviewed(ANNE, BERT)(world)
    labels = world.data("labels")
    raw = world.data("raw")
    world.step("merge", labels, {"a": raw}, [("labeler", BERT)], signer=None)
    filtered = world.data("filtered")
    world.accept("labels")
    by = [("labeler", CARL), ("reviewer", BERT)]
    world.step("filter", filtered, {"data": data}, by)
    return filtered


def own_ancestor(world):
    data, other = world.data(), world.data("other")
    world.step("review", data, {"data": other}, by=[("reviewer", ANNE)])
    world.step("label", other, {"data": data}, by=[("labeler", BERT)])
    return data


def key(name, party):
    return Signer(name, "release", party)


def passing(arrange, settings=SIGNERS, minimum="attested"):
    return Case(arrange, "pass", "duties-separate", settings, minimum)


def same(arrange, settings=SIGNERS):
    return Case(arrange, "fail", "same-party", settings)


def unknown(reason, arrange, settings=SIGNERS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


def spared(reason, arrange, settings):
    return Case(arrange, "not-applicable", reason, settings)


FLIPPED = {"one": SIGNERS["other"], "other": SIGNERS["one"]}
ONLY = {**LABELS, "only_steps": ["label"]}
BOTH = (("labeler", ANNE), ("reviewer", BERT))
CASES = {
    "release and pipeline": passing(released()),
    "the other way round": passing(released(), FLIPPED),
    "two people": passing(released(key("a", ANNE), key("b", BERT))),
    "labeler and reviewer": passing(made(*BOTH), LABELS),
    "many labelers": passing(made(("labeler", CARL), *BOTH), LABELS),
    "approved by another": passing(
        made(("approver", BERT), ("writer", ANNE), kind="filter"), AUTHORS
    ),
    "reviewed a step later": passing(reviewed(ANNE, BERT), UPSTREAM),
    "above a decided root nobody is compared": passing(above_a_decided_root, UPSTREAM),
    "audited by another": passing(audited(AUDITOR), AUDITS),
    "claimed, and that is enough": passing(
        made(*BOTH, recorded=False), LABELS, "claimed"
    ),
    "in a circle": passing(own_ancestor, UPSTREAM),
    "of labels only": passing(made(*BOTH), ONLY),
    "one key": same(released(RELEASE, RELEASE)),
    "one key of nobody": same(released(key("k", None), key("k", None))),
    "two keys of one person": same(released(key("a", ANNE), key("b", ANNE))),
    "one organisation, spelt otherwise": same(
        released(key("a", "org:Acme Labs"), key("b", "org:acme  labs"))
    ),
    "one program, of some version": same(
        released(key("a", "software:CI"), key("b", "software:ci@2"))
    ),
    "one of two BOM signers": same(
        lambda w: (released()(w), w.bom(w.model(), key("x", PIPELINE.party)))[0]
    ),
    "reviews the own labels": same(made(*BOTH, ("reviewer", ANNE)), LABELS),
    "only claimed": same(
        made(("labeler", ANNE), ("reviewer", ANNE), recorded=False), LABELS
    ),
    "by a stranger's record": same(
        made(("labeler", ANNE), ("reviewer", ANNE), signer=None), LABELS
    ),
    "approves the own writing": same(attributed(ANNE, ANNE), AUTHORS),
    "labelled it a step before": same(reviewed(ANNE, ANNE), UPSTREAM),
    "labeler audits": same(audited(key("dora", ANNE)), AUDITS),
    "auditor signs the model": same(audited_and_signed(AUDITOR), AUDITS),
    "one of each cannot be compared, another is the same": same(
        made(("labeler", STRANGER), ("labeler", ANNE), ("reviewer", ANNE)), LABELS
    ),
    "no BOM": unknown("duty-unfilled", released(None)),
    "a stranger's BOM": unknown("duty-unfilled", strangers_bom),
    "no record": unknown("duty-unfilled", released(recorded=False)),
    "a stranger's record": unknown("duty-unfilled", released(record=None)),
    "a second step that nobody vouches for": unknown("duty-unfilled", second_step),
    "no reviewer": unknown("duty-unfilled", made(("labeler", ANNE)), LABELS),
    "a reviewer by another word": unknown(
        "duty-unfilled", made(("labeler", ANNE), ("reviewers", BERT)), LABELS
    ),
    "the labelers are a step before": unknown(
        "duty-unfilled", reviewed(ANNE, BERT), LABELS
    ),
    "no audit": unknown("duty-unfilled", made(("labeler", ANNE)), AUDITS),
    "a stranger audits": unknown("duty-unfilled", audited(None), AUDITS),
    "nobody behind the key": unknown(
        "signer-unidentified", released(key("k", None), PIPELINE)
    ),
    "another registrar": unknown(
        "party-not-comparable", made(("labeler", ANNE), ("reviewer", STRANGER)), LABELS
    ),
    "a person and an organisation": unknown(
        "party-not-comparable",
        made(("labeler", ANNE), ("reviewer", "org:acme")),
        LABELS,
    ),
    "written in no known form": unknown(
        "party-not-comparable", malformed_party, LABELS
    ),
    "claimed": unknown("assurance-too-low", made(*BOTH, recorded=False), LABELS),
    "labels claimed": unknown(
        "assurance-too-low", reviewed(ANNE, BERT, signer=None), UPSTREAM
    ),
    "attributed by nobody": unknown(
        "assurance-too-low", attributed(ANNE, BERT), AUTHORS
    ),
    "more than a signature": unknown(
        "assurance-too-low", released(), minimum="verified"
    ),
    "of labels only, step claimed": unknown(
        "lineage-open", made(*BOTH, kind="collect", signer=None), ONLY
    ),
    "of labels only, step unknown": unknown("lineage-open", lambda w: w.data(), ONLY),
    "of labels only, label claimed": unknown(
        "assurance-too-low", made(*BOTH, signer=None), ONLY
    ),
    "of labels only, collected": spared(
        "no-such-step", made(*BOTH, kind="collect"), ONLY
    ),
    "accepted root": spared("accepted-root", accepted, LABELS),
    "accepted artifact": unknown("duty-unfilled", accepted_artifact, LABELS),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("separation-of-duty", case)


PATHS = {
    "reviews the own labels": f"party:{ANNE}",
    "labelled it a step before": f"party:{ANNE}",
    "labeler audits": f"party:{ANNE}",
}


@pytest.mark.parametrize(("name", "end"), PATHS.items(), ids=PATHS)
def test_the_path_leads_on_to_the_party(name, end):
    assert verify("separation-of-duty", CASES[name]).path[-1].node == end


def test_the_path_leads_on_to_the_step_that_the_key_signed():
    result = verify("separation-of-duty", CASES["one key"])
    assert [hop.kind for hop in result.path] == ["model", "step"]
    assert result.actual == (
        "bom-signer acme-release may be step-record-signer acme-release"
    )
    assert len(result.evidence) == 2


def test_a_duty_cannot_be_apart_from_itself():
    settings = {"one": ["labeler"], "other": ["reviewer", "labeler"]}
    rule = {"id": "r", "check": "separation-of-duty", "settings": settings}
    with pytest.raises(PolicyInvalid, match="'labeler' is on both sides"):
        policy_of(rule)
