"""metric-threshold: the policy's bounds, and the numbers of the previous version."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from policy_builders import (
    AUDITOR,
    NOW,
    RELEASE,
    Case,
    digest,
    number,
    policy_of,
    verify,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Kind, Relation

BOUND = {
    "type": "holdout-test",
    "metric": "accuracy",
    "at_least": 0.9,
    "minimum_sample": 50,
}
CHANGE = {
    "type": "holdout-test",
    "metric": "accuracy",
    "minimum_sample": 50,
    "not_worse_than": "revision-of",
    "better": "higher",
    "by": 0.02,
}
PINNED = {**CHANGE, "not_worse_than": str(digest("sentiment-1"))}
OTHER = Signer("carla", "pipeline", "software:carla")
DAY = timedelta(days=1)


def acc(value, samples=100, metric="accuracy", **slices):
    return number(value, samples, metric, **slices)


def measured(*numbers, **audit):
    def arrange(world):
        model = world.model()
        world.audit(model, numbers, **{"type": "holdout-test", **audit})
        return model

    return arrange


def twice(*audits):
    """Several audits of one model."""

    def arrange(world):
        return [one(world) for one in audits][-1]

    return arrange


def revision(before, now, signer=RELEASE, linked=True, **audit):
    """A model that is a revision of another; both were measured, one after another."""

    def arrange(world):
        old = world.model("sentiment-1")
        world.audit(old, before, **{"type": "holdout-test", **audit})
        model = measured(*now)(world)
        if linked:
            world.build.edge(model, Relation.REVISION_OF, old)
            world.bom(model, signer)
        return model

    return arrange


def of_two(world):
    """A revision of two versions; worse than one of them."""
    model = revision([acc(0.9)], [acc(0.9)])(world)
    other = world.model("sentiment-0")
    world.audit(other, [acc(0.99)], type="holdout-test")
    world.build.edge(model, Relation.REVISION_OF, other)
    return model


def of_nothing_that_is_there(world):
    model = measured(acc(0.9))(world)
    old = world.build.entity(Kind.MODEL, None, name="old")
    world.build.edge(model, Relation.REVISION_OF, old)
    world.bom(model)
    return model


def approved_itself(world):
    """The artifact is the very version that the policy names."""
    model = world.model("sentiment-1")
    world.audit(model, [acc(0.9)], type="holdout-test")
    return model


def parent_measured(world):
    old = world.model("sentiment-1")
    world.audit(old, [acc(0.99)], type="holdout-test")
    model = world.model()
    world.step("fine-tune", model, {"base-model": old})
    return model


def nothing(world):
    return world.model()


def undigested(world):
    return world.build.entity(Kind.MODEL, None, name="x")


def bound(arrange, status, reason, **settings):
    given = {k: v for k, v in {**BOUND, **settings}.items() if v is not None}
    return Case(arrange, status, reason, given)


def change(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {**CHANGE, **settings}, minimum)


def ok(*numbers, **settings):
    return bound(measured(*numbers), "pass", "metric-within-bounds", **settings)


def bad(*numbers, **settings):
    return bound(measured(*numbers), "fail", "audit-failed", **settings)


def lacks(reason, *numbers, **settings):
    return bound(measured(*numbers), "unknown", reason, **settings)


def worse(before, now, **settings):
    return change(revision(before, now), "fail", "worse-than-before", **settings)


def kept(before, now, **settings):
    return change(revision(before, now), "pass", "metric-within-bounds", **settings)


CLASSES = {"slices": ["overall", "class=*"]}
A, B = {"class": "a"}, {"class": "b"}
CASES = {
    "good": ok(acc(0.95)),
    "at the bound": ok(acc(0.9)),
    "all slices": ok(acc(0.95), acc(0.9, **A), **CLASSES),
    "slice that is not asked": ok(
        acc(0.95), acc(0.1, language="de"), slices=["overall"]
    ),
    "another metric is bad": ok(acc(0.95), acc(0.1, metric="f1")),
    "by a role that may": ok(acc(0.95), auditor_roles=["auditor"]),
    "one good, one stale": bound(
        twice(measured(acc(0.95)), measured(acc(0.95), on=NOW - 100 * DAY)),
        "pass",
        "metric-within-bounds",
        max_age="90d",
    ),
    "no worse": kept([acc(0.9)], [acc(0.9)]),
    "worse by as much as allowed": kept([acc(0.92)], [acc(0.9)]),
    "better": kept([acc(0.5)], [acc(0.9), acc(0.1, **A)]),
    "lower is better": kept([acc(0.3)], [acc(0.1)], better="lower"),
    "pinned, not linked": Case(
        revision([acc(0.9)], [acc(0.9)], linked=False),
        "pass",
        "metric-within-bounds",
        PINNED,
    ),
    "the approved version": Case(
        approved_itself, "pass", "metric-within-bounds", PINNED
    ),
    "claimed is enough": change(
        revision([acc(0.9)], [acc(0.9)], None),
        "pass",
        "metric-within-bounds",
        "claimed",
    ),
    "old version's audit may be old": change(
        revision([acc(0.9)], [acc(0.9)], on=NOW - 400 * DAY),
        "pass",
        "metric-within-bounds",
        max_age="90d",
    ),
    "too low": bad(acc(0.89)),
    "one slice": bad(acc(0.99), acc(0.5, **A)),
    "one asked slice": bad(acc(0.99), acc(0.5, **A), **CLASSES),
    "no number": bad(acc(math.nan)),
    "infinite": bad(acc(math.inf)),
    "too high": bad(acc(0.95), at_least=None, at_most=0.9),
    "one of two audits": bound(
        twice(measured(acc(0.1)), measured(acc(0.95))), "fail", "audit-failed"
    ),
    "bad and stale": bound(
        measured(acc(0.1), on=NOW - 100 * DAY), "fail", "audit-failed", max_age="90d"
    ),
    "bad, and no baseline": change(
        measured(acc(0.1)), "fail", "audit-failed", at_least=0.9
    ),
    "worse": worse([acc(0.93)], [acc(0.9)]),
    "worse in one slice": worse([acc(0.9), acc(0.9, **A)], [acc(0.95), acc(0.5, **A)]),
    "worse, and one slice gone": worse(
        [acc(0.9), acc(0.9, **A)], [acc(0.5), acc(0.9, **B)]
    ),
    "worse, lower is better": worse([acc(0.1)], [acc(0.3)], better="lower"),
    "no number now": worse([acc(0.9)], [acc(math.nan)]),
    "worse, by a stranger's revision": change(
        revision([acc(0.99)], [acc(0.9)], None), "fail", "worse-than-before"
    ),
    "worse than one of two": change(of_two, "fail", "worse-than-before"),
    "worse than pinned": Case(
        revision([acc(0.99)], [acc(0.9)], linked=False),
        "fail",
        "worse-than-before",
        PINNED,
    ),
    "within bounds, but worse": worse([acc(0.99)], [acc(0.95)], at_least=0.9),
    "no audit": bound(nothing, "unknown", "audit-missing"),
    "another type": bound(
        measured(acc(0.95), type="canary"), "unknown", "audit-missing"
    ),
    "the parent's": bound(parent_measured, "unknown", "audit-of-ancestor"),
    "without a digest": bound(undigested, "unknown", "audit-missing"),
    "a stranger's": bound(
        measured(acc(0.95), signer=None), "unknown", "auditor-not-allowed"
    ),
    "a role that may not": bound(
        measured(acc(0.95), signer=OTHER),
        "unknown",
        "auditor-not-allowed",
        auditor_roles=["auditor"],
    ),
    "stale": bound(
        measured(acc(0.95), on=NOW - 100 * DAY), "unknown", "audit-stale", max_age="90d"
    ),
    "tomorrow's": bound(
        measured(acc(0.95), on=NOW + DAY), "unknown", "audit-from-the-future"
    ),
    "no such metric": lacks("metric-missing", acc(0.95, metric="f1")),
    "nothing measured": lacks("metric-missing"),
    "no such slice": lacks("slice-missing", acc(0.95), **CLASSES),
    "only another slice": lacks("slice-missing", acc(0.95, **A), slices=["overall"]),
    "slice gone": change(
        revision([acc(0.9), acc(0.9, **A)], [acc(0.9)]), "unknown", "slice-missing"
    ),
    "slice too small now": change(
        revision([acc(0.9), acc(0.9, **A)], [acc(0.9), acc(0.9, 5, **A)]),
        "unknown",
        "sample-too-small",
    ),
    "worse, but small": change(
        revision([acc(0.9)], [acc(0.1, 5)]), "unknown", "sample-too-small"
    ),
    "sample": lacks("sample-too-small", acc(0.95, 49)),
    "bad, but small": lacks("sample-too-small", acc(0.1, 49)),
    "no previous version": change(measured(acc(0.9)), "unknown", "baseline-missing"),
    "previous not measured": change(
        revision([], [acc(0.9)]), "unknown", "baseline-unmeasured"
    ),
    "previous by a stranger": change(
        revision([acc(0.5)], [acc(0.9)], signer=RELEASE, type="other"),
        "unknown",
        "baseline-unmeasured",
    ),
    "previous without a number": change(
        revision([acc(math.nan)], [acc(0.9)]), "unknown", "baseline-unmeasured"
    ),
    "previous on too few": change(
        revision([acc(0.5, 10)], [acc(0.9)]), "unknown", "baseline-unmeasured"
    ),
    "previous without a digest": change(
        of_nothing_that_is_there, "unknown", "baseline-unmeasured"
    ),
    "pinned, never seen": Case(
        measured(acc(0.9)),
        "unknown",
        "baseline-unmeasured",
        PINNED,
    ),
    "a stranger says what came before": change(
        revision([acc(0.5)], [acc(0.9)], None), "unknown", "assurance-too-low"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("metric-threshold", case)


REFUSED = {
    "nothing asked": ({"at_least": None}, "or any number would pass"),
    "impossible": ({"at_most": 0.1}, "no number could pass"),
    "no direction": ({"not_worse_than": "revision-of"}, "go together"),
    "direction of nothing": ({"better": "higher"}, "go together"),
    "baseline by name": (
        {"not_worse_than": "sentiment-1", "better": "higher"},
        "neither revision-of nor a digest",
    ),
    "slice": ({"slices": ["class"]}, "is not a slice"),
    "negative": ({"by": -0.1}, "is not between"),
    "not a number": ({"by": math.nan}, "must be a finite number"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_settings_that_ask_nothing_are_refused(settings, message):
    given = {k: v for k, v in {**BOUND, **settings}.items() if v is not None}
    rule = {"id": "rule", "check": "metric-threshold", "settings": given}
    with pytest.raises(PolicyInvalid, match=message):
        policy_of(rule)


def test_the_path_leads_on_to_the_previous_version():
    result = CASES["worse in one slice"].answer("metric-threshold")
    assert [hop.label for hop in result.path] == ["sentiment", "sentiment-1"]
    assert result.actual == (
        "before: accuracy 0.9 (over 100, class a); "
        "now: accuracy 0.5 (over 100, class a)"
    )


def test_the_auditor_is_named():
    result = CASES["good"].answer("metric-threshold")
    assert AUDITOR.name in result.basis
