"""Who had which part: signers by trusted statements, parties as they are named."""

from __future__ import annotations

import pytest
from policy_builders import ANNE, PIPELINE, RELEASE, STRANGER, World

from aibom.lineage.assurance import Assurance, Level
from aibom.policy.duties import Holder, holders, may_be_one, unrecorded_step

CLAIMED = Assurance(Level.CLAIMED, "")


def held(party, signer=""):
    return Holder("model:tree:x", "labeler", party, signer, (), CLAIMED)


def world(**how):
    made = World()
    made.root = made.data()
    made.step("label", made.root, by=[("labeler", ANNE)], **how)
    made.bom(made.root, RELEASE)
    made.bom(made.root, None)
    return made.context()


PAIRS = {
    "one party": (held("org:a"), held("org:A"), True),
    "two parties": (held("org:a"), held("org:b"), False),
    "two keys of nobody": (held(None, "k"), held(None, "l"), None),
    "one key of nobody": (held(None, "k"), held(None, "k"), True),
    "one key, said to be two": (held("org:a", "k"), held("org:b", "k"), True),
    "two registrars": (held(ANNE), held(STRANGER), None),
    "no known form": (held("whoever"), held("org:a"), None),
    "no known form, twice": (held("whoever"), held("whoever"), True),
}


@pytest.mark.parametrize(("one", "other", "same"), PAIRS.values(), ids=PAIRS)
def test_two_may_be_one(one, other, same):
    assert may_be_one(one, other) is same
    assert may_be_one(other, one) is same


def test_signers_and_parties_of_a_node():
    context = world()
    duties = ["bom-signer", "step-record-signer", "audit-signer", "labeler", "writer"]
    found = list(holders(context, context.root, duties))
    assert [(h.duty, h.signer, h.party) for h in found] == [
        ("bom-signer", "acme-release", RELEASE.party),
        ("step-record-signer", "acme-pipeline", PIPELINE.party),
        ("labeler", "", ANNE),
    ]
    assert {h.worth.level for h in found} == {Level.ATTESTED}


STEPS = {
    "recorded": ({}, "step-record-signer", False),
    "by a stranger": ({"signer": None}, "step-record-signer", True),
    "by nobody": ({"recorded": False}, "step-record-signer", True),
    "nobody asks": ({"recorded": False}, "labeler", False),
}


@pytest.mark.parametrize(("how", "duty", "open_"), STEPS.values(), ids=STEPS)
def test_a_step_for_which_nobody_stands(how, duty, open_):
    context = world(**how)
    assert bool(unrecorded_step(context, context.root, [duty])) is open_
