"""test-after-change: what was tested before the change is another thing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from policy_builders import (
    NOW,
    PIPELINE,
    Case,
    again,
    number,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Origin
from aibom.statement import PROVENANCE_V1

SETTINGS = {"types": ["backdoor-test"], "auditor_roles": ["auditor"]}
TWO = {**SETTINGS, "types": ["backdoor-test", "holdout-test"]}
MERGED = {**SETTINGS, "steps": ["merge"]}
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ENDED = NOW - 2 * DAY
END = ENDED.isoformat()


def changed(kind="fine-tune", end=END, **how):
    def arrange(world):
        base, model = world.model("base"), world.model()
        facts = {"finished": end} if end is not None else {}
        world.step(kind, model, {"base-model": base}, **how, **facts)
        return model

    return arrange


def examined(types=("backdoor-test",), change=None, **audit):
    """A changed model with one audit of each type, the day after."""

    def arrange(world):
        model = (change or changed())(world)
        for kind in types:
            told = {"on": NOW - DAY, "type": kind, **audit}
            world.audit(model, told.pop("numbers", [number(0.0)]), **told)
        return model

    return arrange


def both(*arrangements):
    def arrange(world):
        return [one(world) for one in arrangements][-1]

    return arrange


def parent_tested(world):
    model = changed()(world)
    world.audit(world.model("base"), [number(0.0)], type="backdoor-test")
    return model


def child_tested(world):
    """The one that was fine-tuned is asked; only what was quantised later is tested."""
    model, child = changed()(world), world.model("small")
    world.step("quantize", child, {"model": model}, finished=END)
    world.audit(child, [number(0.0)], type="backdoor-test")
    return model


def changed_again(end):
    """The same digest came out of a second step as well."""
    second = changed("convert", end, nth=2)
    return examined(change=both(changed(), second))


def end_claimed(world):
    """The signed record does not say when it ended; somebody else does."""
    model = changed(end=None)(world)
    (step,) = world.build.graph().generating_steps(model)
    told = {"finished": "2020-01-01"}
    world.build.step(step.removeprefix("step:"), "fine-tune", told)
    return examined(change=lambda w: model)(world)


def end_contradicted(world):
    model = changed()(world)
    (step,) = world.build.graph().generating_steps(model)
    told = {"finished": "2020-01-01"}
    world.build.step(step.removeprefix("step:"), "fine-tune", told)
    return examined(change=lambda w: model)(world)


def end_unknown(world):
    model = world.model()
    record = GraphBuilder(Origin("step-record"))
    step = world.step("fine-tune", model, recorded=False)
    for build in (world.build, record):
        build.step(step.removeprefix("step:"), "fine-tune", {"finished": None})
        again(build, model)
        build.generated(step, model)
    world.say(PROVENANCE_V1, model, PIPELINE, record.graph(), frozenset({step, model}))
    return examined(change=lambda w: model)(world)


def from_data(world):
    model = world.model()
    world.step("train", model, {"training-data": world.data()}, finished=END)
    return model


def labelled_by_a_model(world):
    """What a model made of data is no model."""
    data = world.data()
    uses = {"items": world.data("pool"), "model": world.model("base")}
    world.step("label", data, uses, finished=END)
    return data


def unchanged(world):
    model = world.model()
    world.step("review", model, {"model": model}, finished=END)
    return model


def accepted(world):
    world.accept("sentiment")
    return changed()(world)


def passing(arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "pass", "tested-after-change", settings, minimum)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


def spared(reason, arrange, settings=SETTINGS):
    return Case(arrange, "not-applicable", reason, settings)


def of_kind(kind):
    return examined(change=changed(kind))


BOTH = ("backdoor-test", "holdout-test")
KINDS = ("align", "convert", "distill", "merge", "prune", "quantize")
CASES = {
    "tested the day after": passing(examined()),
    **{f"{kind}, and tested": passing(of_kind(kind)) for kind in KINDS},
    "at the very end": passing(examined(on=ENDED)),
    "now": passing(examined(on=NOW)),
    "both types": passing(examined(types=BOTH), TWO),
    "tested before and after": passing(both(examined(on=ENDED - DAY), examined())),
    "a useless one first": passing(
        both(examined(signer=None), examined(numbers=()), examined())
    ),
    "claimed step, and that is enough": passing(
        examined(change=changed(recorded=False)), SETTINGS, "claimed"
    ),
    "a second change, before the test": passing(changed_again("2026-11-01")),
    "bad numbers are asked elsewhere": passing(examined(numbers=[number(0.99)])),
    "nobody tested": unknown("audit-missing", changed()),
    **{
        f"{kind}, and nobody tested": unknown("audit-missing", changed(kind))
        for kind in KINDS
    },
    "a stranger's step, and nobody tested": unknown(
        "audit-missing", changed(signer=None)
    ),
    "one type of two": unknown("audit-missing", examined(), TWO),
    "another type": unknown("audit-missing", examined(types=("Backdoor-test",))),
    "the child is tested": unknown("audit-missing", child_tested),
    "the parent is tested": unknown("audit-of-ancestor", parent_tested),
    "a stranger tests": unknown("auditor-not-allowed", examined(signer=None)),
    "the pipeline tests": unknown("auditor-not-allowed", examined(signer=PIPELINE)),
    "role look-alike": unknown(
        "auditor-not-allowed", examined(signer=Signer("dora", "Auditor", None))
    ),
    "a second before the end": unknown(
        "audit-before-change", examined(on=ENDED - SECOND)
    ),
    "a second change, after the test": unknown(
        "audit-before-change", changed_again(NOW.isoformat())
    ),
    "a change that has not ended yet": unknown(
        "audit-before-change",
        examined(change=changed(end=(NOW + DAY).isoformat()), on=NOW),
    ),
    "tested tomorrow": unknown("audit-from-the-future", examined(on=NOW + DAY)),
    "nothing was measured": unknown("metric-missing", examined(numbers=())),
    "no end": unknown("step-time-unknown", examined(change=changed(end=None))),
    "the end is no time": unknown(
        "step-time-unknown", examined(change=changed(end="2026-11-31"))
    ),
    "the end has no zone": unknown(
        "step-time-unknown", examined(change=changed(end="2026-11-01T00:00:00"))
    ),
    "the end is out of range": unknown(
        "step-time-unknown", examined(change=changed(end="9999-12-31T23:59:59-23:59"))
    ),
    "the end is declared unknown": unknown("step-time-unknown", end_unknown),
    "two ends": unknown("step-time-unknown", end_contradicted),
    "a second change without an end": unknown("step-time-unknown", changed_again(None)),
    "the end is only claimed": unknown("assurance-too-low", end_claimed),
    "the step is only claimed": unknown(
        "assurance-too-low", examined(change=changed(recorded=False))
    ),
    "more than a signature": unknown(
        "assurance-too-low", examined(), minimum="verified"
    ),
    "nothing made it": unknown("lineage-open", lambda w: w.model()),
    "trained, says a stranger": unknown("lineage-open", changed("train", signer=None)),
    "trained, from a model": unknown("audit-missing", changed("train")),
    "trained, from a model, and tested": passing(of_kind("train")),
    "collected, from a model": unknown("audit-missing", changed("collect")),
    "trained, from data": spared("no-such-step", from_data),
    "labelled by a model": spared("no-such-step", labelled_by_a_model),
    "looked at, and unchanged": spared("no-such-step", unchanged),
    "trained, only merged are asked": spared("no-such-step", changed("train"), MERGED),
    "fine-tuned, only merged are asked": spared("no-such-step", changed(), MERGED),
    "accepted root": spared("accepted-root", accepted),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("test-after-change", case)


def test_a_parents_test_is_shown_where_it_is():
    result = verify("test-after-change", CASES["the parent is tested"])
    assert [hop.label for hop in result.path][-1] == "base"
    assert "never inherited" in result.actual


def test_what_is_expected_names_type_and_time():
    result = verify("test-after-change", CASES["one type of two"])
    assert result.expected == (
        "an audit 'holdout-test' of this digest by auditor since 2026-11-19T12:00:00Z"
    )


def test_an_early_test_is_told_with_both_times():
    result = verify("test-after-change", CASES["a second before the end"])
    assert result.actual == (
        "examined at 2026-11-19T11:59:59Z, changed until 2026-11-19T12:00:00Z"
    )
    assert result.evidence == ("evidence/1.sigstore.json",)


def test_a_rule_must_ask_of_some_step():
    rule = {
        "id": "r",
        "check": "test-after-change",
        "settings": {**SETTINGS, "steps": []},
    }
    with pytest.raises(PolicyInvalid, match="nothing would be asked"):
        policy_of(rule)


ADVICE = {
    "step-time-unknown": "Have the step recorded again",
}


@pytest.mark.parametrize(("reason", "advice"), ADVICE.items(), ids=ADVICE)
def test_the_next_step_is_for_the_reason(reason, advice):
    case = next(case for case in CASES.values() if case.reason == reason)
    assert advice in verify("test-after-change", case).remedy
