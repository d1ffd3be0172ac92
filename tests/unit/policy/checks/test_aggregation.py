"""aggregation: which rule, how much of each, and from whom."""

from __future__ import annotations

import pytest
from policy_builders import (
    ANNE,
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

SETTINGS = {
    "rules": ["trimmed-mean", "median"],
    "participants": [ANNE, BERT, "software:aggregator@1"],
    "signer_roles": ["pipeline"],
    "max_contribution": 10,
}
BY = (("participant", ANNE), ("participant", BERT), ("writer", "software:aggregator@1"))
RULE, CAP = "parameter.aggregation", "parameter.contribution-cap"
STATED = {RULE: "trimmed-mean", CAP: "10"}


def made(by=BY, kind="federated-round", signer=PIPELINE, recorded=True, **facts):
    """A model that one round made; a fact that is None is left out."""

    def arrange(world):
        model = world.model()
        stated = {k: v for k, v in {**STATED, **facts}.items() if v is not None}
        world.step(kind, model, {}, by, signer, recorded, **stated)
        return model

    return arrange


def capped(text):
    return made(**{CAP: text})


def ruled(text):
    return made(**{RULE: text})


def twice(**second):
    """Two rounds are said to have made the same model."""

    def arrange(world):
        model = made()(world)
        facts = {**STATED, **second}
        world.step("federated-round", model, {}, BY, nth=2, **facts)
        return model

    return arrange


def called_otherwise(world):
    """Somebody calls the round by another kind as well."""
    model = made()(world)
    (step,) = world.build.graph().generating_steps(model)
    world.build.step(step.removeprefix("step:"), "train")
    return model


def told_twice(world):
    """Somebody says that another rule was used."""
    model = made()(world)
    (step,) = world.build.graph().generating_steps(model)
    other = {RULE: "median"}
    world.build.step(step.removeprefix("step:"), "federated-round", other)
    return model


def added(party, role):
    """Somebody says that one more took part."""

    def arrange(world):
        model = made()(world)
        (step,) = world.build.graph().generating_steps(model)
        world.build.performed_by(step, world.build.party(party), role)
        return model

    return arrange


def accepted(world):
    world.accept("sentiment")
    return made(**{RULE: "mean"})(world)


def passing(arrange, minimum="attested", **settings):
    settings = {**SETTINGS, **settings}
    return Case(arrange, "pass", "aggregation-allowed", settings, minimum)


def failing(reason, arrange, **settings):
    return Case(arrange, "fail", reason, {**SETTINGS, **settings})


def unknown(reason, arrange, minimum="attested", **settings):
    return Case(arrange, "unknown", reason, {**SETTINGS, **settings}, minimum)


def spared(reason, arrange):
    return Case(arrange, "not-applicable", reason, SETTINGS)


CASES = {
    "good": passing(made()),
    "another allowed rule": passing(ruled("median")),
    "a small cap": passing(capped("2.5e-1")),
    "as many as are asked": passing(made(), minimum_participants=2),
    "those who look on need not be listed": passing(made((*BY, ("auditor", CARL)))),
    "other words for it": passing(
        made(**{"parameter.rule": "median", "parameter.clip": "1"}),
        rule_parameter="rule",
        cap_parameter="clip",
    ),
    "two rounds": passing(twice()),
    "a round by another name": passing(made(kind="train")),
    "plain mean": failing("aggregation-rule-not-allowed", ruled("mean")),
    "in capitals": failing("aggregation-rule-not-allowed", ruled("Median")),
    "with a space": failing("aggregation-rule-not-allowed", ruled("median ")),
    "one round of two": failing(
        "aggregation-rule-not-allowed", twice(**{RULE: "mean"})
    ),
    "mean, by another name": failing(
        "aggregation-rule-not-allowed", made(kind="train", **{RULE: "mean"})
    ),
    "just above": failing("contribution-over-cap", capped("10.000001")),
    "very large": failing("contribution-over-cap", capped("9e99")),
    "somebody else": failing(
        "participant-not-allowed", made((*BY, ("participant", CARL)))
    ),
    "somebody else by another word": failing(
        "participant-not-allowed", made((*BY, ("helper", CARL)))
    ),
    "the same number of another registrar": failing(
        "participant-not-allowed", made((("participant", STRANGER),))
    ),
    "somebody else, as somebody says": failing(
        "participant-not-allowed", added(CARL, "participant")
    ),
    "another version of the aggregator": failing(
        "participant-not-allowed", made((*BY, ("writer", "software:aggregator@2")))
    ),
    "nobody is named": failing("participants-too-few", made(())),
    "one too few": failing("participants-too-few", made(), minimum_participants=3),
    "one who is named twice": failing(
        "participants-too-few",
        made((("participant", ANNE), ("participant", ANNE))),
        minimum_participants=2,
    ),
    "signed in another role": failing("signer-role-not-allowed", made(signer=RELEASE)),
    "no record": unknown("step-record-absent", made(recorded=False)),
    "nobody is named, no record": unknown(
        "step-record-absent", made((), recorded=False)
    ),
    "a stranger's record": unknown("step-record-untrusted", made(signer=None)),
    "a stranger's record, where claims do": unknown(
        "step-record-untrusted", made(signer=None), "claimed"
    ),
    "no rule": unknown("aggregation-rule-missing", made(**{RULE: None})),
    "two rules": unknown("aggregation-rule-missing", told_twice),
    "no cap": unknown("contribution-cap-missing", made(**{CAP: None})),
    "no cap, in a number": unknown("contribution-cap-missing", capped("-1")),
    "a cap of nothing": unknown("contribution-cap-missing", capped("0")),
    "infinite": unknown("contribution-cap-missing", capped("inf")),
    "not a number": unknown("contribution-cap-missing", capped("nan")),
    "a share": unknown("contribution-cap-missing", capped("5%")),
    "in other digits": unknown("contribution-cap-missing", capped("\u0661")),
    "of many digits": unknown("contribution-cap-missing", capped("9" * 5000)),
    "a participant is only claimed": unknown(
        "assurance-too-low", added(BERT, "writer")
    ),
    "of two kinds": unknown("assurance-too-low", called_otherwise),
    "more than a signature": unknown("assurance-too-low", made(), "verified"),
    "nothing tells how": unknown("lineage-open", lambda world: world.model()),
    "trained, a stranger says": unknown("lineage-open", made((), "train", None)),
    "trained": spared("no-such-step", made((), "train")),
    "accepted": spared("accepted-root", accepted),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("aggregation", case)


def test_the_path_leads_on_to_whoever_took_part():
    path = verify("aggregation", CASES["somebody else"]).path
    assert [hop.kind for hop in path] == ["model", "step", "party"]
    assert path[-1].node == f"party:{CARL}"


def test_no_cap_can_be_under_nothing():
    settings = {**SETTINGS, "max_contribution": 0}
    rule = {"id": "r", "check": "aggregation", "settings": settings}
    with pytest.raises(PolicyInvalid, match="no cap could pass"):
        policy_of(rule)
