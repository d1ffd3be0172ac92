"""labelers-known: who labelled it, in a record that somebody answers for."""

from __future__ import annotations

import pytest
from policy_builders import ANNE, BERT, PIPELINE, Case, World, again, policy_of, verify

from aibom.lineage.nodes import Relation
from aibom.policy.engine import evaluate
from aibom.verdict import Tier


def labelled(*parties, kind="label", role="labeler", **how):
    def arrange(world):
        data = world.data()
        world.step(kind, data, by=[(role, party) for party in parties], **how)
        return data

    return arrange


def nothing_known(world):
    return world.data()


def accepted_root(world):
    world.accept("reviews")
    return world.data()


def expired_root(world):
    world.accept("reviews", expires="2026-11-21")
    return world.data()


def two_steps(world):
    data = labelled(ANNE, signer=None)(world)
    second = world.build.step("9" * 64, "label")
    world.build.generated(second, data)
    return data


def labelled_twice(*how):
    def arrange(world):
        data = world.data()
        for number, (party, signer) in enumerate(how):
            by = [("labeler", party)] if party else []
            world.step("label", data, by=by, signer=signer, nth=number + 1)
        return data

    return arrange


def called_by_two_kinds(world):
    data = world.data()
    step = world.step("label", data)
    world.build.step(step.removeprefix("step:"), "collect")
    return data


def kind_not_said(world):
    data = world.data()
    step = "step:" + "8" * 64
    again(world.build, step)
    world.build.generated(step, data)
    return data


CASES = {
    "one": Case(labelled(ANNE), "pass", "labelers-known"),
    "two of two": Case(labelled(ANNE, BERT), "pass", "labelers-known", {"minimum": 2}),
    "claimed is enough": Case(
        labelled(ANNE, signer=None), "pass", "labelers-known", {}, "claimed"
    ),
    "none, signed": Case(labelled(), "fail", "labelers-too-few"),
    "one of two": Case(labelled(ANNE), "fail", "labelers-too-few", {"minimum": 2}),
    "only reviewers": Case(labelled(ANNE, role="reviewer"), "fail", "labelers-too-few"),
    "none, not recorded": Case(labelled(recorded=False), "unknown", "labelers-too-few"),
    "stranger's record": Case(
        labelled(ANNE, signer=None), "unknown", "assurance-too-low"
    ),
    "no record": Case(labelled(ANNE, recorded=False), "unknown", "assurance-too-low"),
    "one of two steps": Case(two_steps, "unknown", "labelers-too-few"),
    "one good, one bad": Case(
        labelled_twice((ANNE, PIPELINE), (None, PIPELINE)), "fail", "labelers-too-few"
    ),
    "one bad, one good": Case(
        labelled_twice((None, PIPELINE), (ANNE, PIPELINE)), "fail", "labelers-too-few"
    ),
    "one doubtful, one bad": Case(
        labelled_twice((ANNE, None), (None, PIPELINE)), "fail", "labelers-too-few"
    ),
    "one good, one doubtful": Case(
        labelled_twice((ANNE, PIPELINE), (BERT, None)), "unknown", "assurance-too-low"
    ),
    "no step": Case(nothing_known, "unknown", "lineage-open"),
    "another step, only claimed": Case(
        labelled(kind="collect", recorded=False), "unknown", "lineage-open"
    ),
    "step of no kind": Case(kind_not_said, "unknown", "lineage-open"),
    "expired root": Case(expired_root, "unknown", "lineage-open"),
    "two kinds count as both": Case(called_by_two_kinds, "fail", "labelers-too-few"),
    "collected": Case(labelled(kind="collect"), "not-applicable", "not-labelled"),
    "accepted root": Case(accepted_root, "not-applicable", "accepted-root"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("labelers-known", case)


def test_a_party_tied_to_the_data_but_to_no_step_is_no_labeler_of_it():
    world = World()
    data = labelled()(world)
    party = world.build.party(ANNE)
    world.build.edge(data, Relation.ATTRIBUTED_TO, party, "labeler")
    world.root = data
    rule = {"id": "a", "check": "labelers-known"}
    (result,) = evaluate(world.context(), policy_of(rule), Tier.HIGH)
    assert result.reason == "labelers-too-few"
