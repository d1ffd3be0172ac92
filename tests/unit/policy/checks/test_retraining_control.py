"""retraining-control: who had it trained, who took part, and why."""

from __future__ import annotations

import pytest
from policy_builders import (
    ANNE,
    BERT,
    CARL,
    PIPELINE,
    STRANGER,
    Case,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid

SETTINGS = {"may_start": [ANNE]}
WRITERS = {**SETTINGS, "may_write": [BERT, "software:trainer@1"]}
CAUSED = {**SETTINGS, "causes": ["schedule", "drift"]}
CAUSE = "parameter.cause"
OWNED = {**SETTINGS, "start_roles": ["writer"]}


def trained(*by, kind="train", signer=PIPELINE, recorded=True, **facts):
    def arrange(world):
        model = world.model()
        world.step(kind, model, {}, by, signer, recorded, **facts)
        return model

    return arrange


def caused(text):
    return trained(("approver", ANNE), **{CAUSE: text})


def also(kind, *by, signer=PIPELINE):
    """A second step is said to have made the same model."""

    def arrange(world):
        model = trained(("approver", ANNE))(world)
        world.step(kind, model, {}, by, signer, nth=2)
        return model

    return arrange


def added(party, role):
    """Somebody says that one more had a part in it."""

    def arrange(world):
        model = trained(("approver", ANNE))(world)
        (step,) = world.build.graph().generating_steps(model)
        world.build.performed_by(step, world.build.party(party), role)
        return model

    return arrange


def two_causes(world):
    model = caused("drift")(world)
    (step,) = world.build.graph().generating_steps(model)
    world.build.step(step.removeprefix("step:"), "train", {CAUSE: "schedule"})
    return model


def accepted(world):
    world.accept("sentiment")
    return trained(("approver", CARL))(world)


def passing(arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "pass", "retraining-allowed", settings, minimum)


def failing(reason, arrange, settings=SETTINGS):
    return Case(arrange, "fail", reason, settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


def spared(reason, arrange, settings=SETTINGS):
    return Case(arrange, "not-applicable", reason, settings)


CASES = {
    "approved": passing(trained(("approver", ANNE))),
    "owned": passing(trained(("owner", ANNE))),
    "a fine-tune": passing(trained(("approver", ANNE), kind="fine-tune")),
    "whoever starts it may write": passing(trained(("owner", ANNE), ("writer", ANNE))),
    "others may write": passing(
        trained(("owner", ANNE), ("writer", BERT), ("helper", "software:trainer@1")),
        WRITERS,
    ),
    "those who look on": passing(trained(("approver", ANNE), ("reviewer", CARL))),
    "for a known cause": passing(caused("drift"), CAUSED),
    "the cause is not asked": passing(caused("a tweet")),
    "whoever wrote it had it done": passing(trained(("writer", ANNE)), OWNED),
    "claimed, where that is enough": passing(
        trained(("approver", ANNE), signer=None), SETTINGS, "claimed"
    ),
    "converted by others as well": passing(also("convert", ("owner", CARL))),
    "somebody else had it done": failing(
        "starter-not-allowed", trained(("approver", CARL))
    ),
    "somebody else as well": failing(
        "starter-not-allowed", trained(("approver", ANNE), ("owner", CARL))
    ),
    "of another registrar": failing(
        "starter-not-allowed", trained(("approver", STRANGER))
    ),
    "spelt otherwise": failing(
        "starter-not-allowed",
        trained(("approver", "org:ACME")),
        {"may_start": ["org:acme"]},
    ),
    "somebody says that somebody else did": failing(
        "starter-not-allowed", added(CARL, "owner")
    ),
    "whoever may write may not start": failing(
        "starter-not-allowed", trained(("approver", BERT)), WRITERS
    ),
    "one of two steps": failing("starter-not-allowed", also("merge", ("owner", CARL))),
    "somebody else wrote": failing(
        "writer-not-allowed", trained(("approver", ANNE), ("writer", CARL)), WRITERS
    ),
    "nobody may write": failing(
        "writer-not-allowed", trained(("approver", ANNE), ("writer", BERT))
    ),
    "by another word": failing(
        "writer-not-allowed", trained(("approver", ANNE), ("helper", CARL)), WRITERS
    ),
    "somebody says that somebody wrote": failing(
        "writer-not-allowed", added(CARL, "supplier"), WRITERS
    ),
    "for another cause": failing("cause-not-allowed", caused("a tweet"), CAUSED),
    "the cause in capitals": failing("cause-not-allowed", caused("Drift"), CAUSED),
    "nobody had it done": unknown("starter-missing", trained()),
    "a reviewer does not start": unknown(
        "starter-missing", trained(("reviewer", ANNE))
    ),
    "whoever wrote it is not asked": unknown(
        "starter-missing", trained(("writer", ANNE))
    ),
    "nobody, in the second step": unknown("starter-missing", also("train")),
    "no cause": unknown("cause-missing", trained(("approver", ANNE)), CAUSED),
    "two causes": unknown("cause-missing", two_causes, CAUSED),
    "a stranger's record": unknown(
        "assurance-too-low", trained(("approver", ANNE), signer=None)
    ),
    "no record": unknown(
        "assurance-too-low", trained(("approver", ANNE), recorded=False)
    ),
    "a second start is claimed": unknown("assurance-too-low", added(ANNE, "owner")),
    "a hand is only claimed": unknown(
        "assurance-too-low", added(BERT, "writer"), WRITERS
    ),
    "nothing tells how": unknown("lineage-open", lambda world: world.model()),
    "filtered, a stranger says": unknown(
        "lineage-open", trained(kind="filter", signer=None)
    ),
    "converted": spared("no-such-step", trained(kind="convert")),
    "only merges are asked": spared(
        "no-such-step", trained(), {**SETTINGS, "steps": ["merge"]}
    ),
    "accepted": spared("accepted-root", accepted),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("retraining-control", case)


def test_the_path_leads_on_to_whoever_had_it_done():
    path = verify("retraining-control", CASES["somebody else had it done"]).path
    assert path[-1].node == f"party:{CARL}"
    assert path[-1].role == "approver"


EMPTY = {"steps": {"steps": []}, "start roles": {"start_roles": []}}


@pytest.mark.parametrize("settings", EMPTY.values(), ids=EMPTY)
def test_something_has_to_be_asked(settings):
    settings = {**SETTINGS, **settings}
    rule = {"id": "r", "check": "retraining-control", "settings": settings}
    with pytest.raises(PolicyInvalid, match="need a word each"):
        policy_of(rule)
