"""monitoring-fresh: an approval that nothing renews runs out by itself."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from policy_builders import NOW, PIPELINE, Case, number, policy_of, verify

from aibom.errors import PolicyInvalid

DAY = timedelta(days=1)
SETTINGS = {
    "metric": "trigger-rate",
    "at_most": 0.01,
    "minimum_sample": 1000,
    "max_age": "30d",
    "auditor_roles": ["auditor"],
}
ACCURACY = {k: v for k, v in SETTINGS.items() if k != "at_most"} | {
    "metric": "accuracy",
    "at_least": 0.9,
}
GRACE = {**SETTINGS, "grace": "7d"}
WEEK_AGO = (NOW - 7 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


def rate(value, samples=1000, metric="trigger-rate", **slices):
    return number(value, samples, metric, **slices)


GOOD, BAD = rate(0.01), rate(0.02)


def watched(*numbers, **audit):
    def arrange(world):
        model = world.model()
        world.audit(model, numbers, **{"type": "monitoring", **audit})
        return model

    return arrange


def both(*arrangements):
    def arrange(world):
        return [one(world) for one in arrangements][-1]

    return arrange


def made(finished=WEEK_AGO, signer=PIPELINE, **facts):
    """A model that a step made, and that nobody has watched yet."""

    def arrange(world):
        model = world.model()
        stated = {"finished": finished, **facts} if finished else facts
        world.step("train", model, {}, (), signer, **stated)
        return model

    return arrange


def made_before(world):
    """Another step made the same bytes long ago."""
    model = made()(world)
    world.step("train", model, nth=2, finished="2026-01-01T00:00:00Z")
    return model


def base_watched(world):
    base, model = world.model("base"), world.model()
    world.step("fine-tune", model, {"base-model": base})
    world.audit(base, [GOOD], type="monitoring")
    return model


def passing(arrange, settings=SETTINGS):
    return Case(arrange, "pass", "monitoring-good", settings)


def failing(arrange, settings=SETTINGS):
    return Case(arrange, "fail", "audit-failed", settings)


def unknown(reason, arrange, settings=SETTINGS, minimum="attested"):
    return Case(arrange, "unknown", reason, settings, minimum)


def spared(arrange, minimum="attested"):
    return Case(arrange, "not-applicable", "not-yet-due", GRACE, minimum)


OLD = NOW - 31 * DAY
CASES = {
    "good": passing(watched(GOOD)),
    "30 days old": passing(watched(GOOD, on=NOW - 30 * DAY)),
    "another type, asked for": passing(
        watched(GOOD, type="canary"), {**SETTINGS, "type": "canary"}
    ),
    "at least": passing(
        watched(rate(0.9, metric="accuracy")),
        ACCURACY,
    ),
    "bad once, and good since": passing(both(watched(BAD, on=OLD), watched(GOOD))),
    "a stranger says bad": passing(both(watched(BAD, signer=None), watched(GOOD))),
    "watched in its grace": passing(both(made(), watched(GOOD)), GRACE),
    "bad": failing(watched(BAD)),
    "bad in one slice": failing(watched(GOOD, rate(0.5, region="eu"))),
    "bad, and good since": failing(both(watched(BAD, on=NOW - 9 * DAY), watched(GOOD))),
    "bad, and good before": failing(
        both(watched(GOOD, on=NOW - 9 * DAY), watched(BAD))
    ),
    "bad of tomorrow": failing(both(watched(BAD, on=NOW + DAY), watched(GOOD))),
    "not a number": failing(watched(rate(math.nan))),
    "bad in its grace": failing(both(made(), watched(BAD)), GRACE),
    "nothing": unknown("audit-missing", watched(GOOD, type="backdoor")),
    "of the base": unknown("audit-of-ancestor", base_watched),
    "by a stranger": unknown("auditor-not-allowed", watched(GOOD, signer=None)),
    "by the pipeline": unknown("auditor-not-allowed", watched(GOOD, signer=PIPELINE)),
    "31 days old": unknown("audit-stale", watched(GOOD, on=OLD)),
    "bad, and 31 days old": unknown("audit-stale", watched(BAD, on=OLD)),
    "of tomorrow": unknown("audit-from-the-future", watched(GOOD, on=NOW + DAY)),
    "another metric": unknown("metric-missing", watched(rate(0, metric="uptime"))),
    "too few": unknown("sample-too-small", watched(rate(0, 999))),
    "bad, of too few": unknown("sample-too-small", watched(rate(1, 999))),
    "more than a signature": unknown(
        "assurance-too-low", watched(GOOD), SETTINGS, "verified"
    ),
    "new, and no grace": unknown("audit-missing", made()),
    "made eight days ago": unknown(
        "audit-missing", made("2026-11-14T11:59:59Z"), GRACE
    ),
    "made tomorrow": unknown("audit-missing", made("2026-11-22T12:00:00Z"), GRACE),
    "made nobody says when": unknown("audit-missing", made(None), GRACE),
    "made soon": unknown("audit-missing", made("soon"), GRACE),
    "made by a stranger's word": unknown("audit-missing", made(signer=None), GRACE),
    "made of nothing": unknown("audit-missing", lambda world: world.model(), GRACE),
    "made before as well": unknown("audit-missing", made_before, GRACE),
    "made a week ago": spared(made()),
    "made now": spared(made(NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))),
    "new, and watched by a stranger": spared(both(made(), watched(GOOD, signer=None))),
    "claimed, where that is enough": spared(made(signer=None), "claimed"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("monitoring-fresh", case)


def test_what_was_seen_is_told():
    result = verify("monitoring-fresh", CASES["good"])
    assert result.actual == "2026-11-21, worst of 1: trigger-rate 0.01 (over 1,000)"
    assert len(result.evidence) == 1


WRONG = {
    "no bound": ({"at_most": None}, "needs at_most or at_least"),
    "crossed": ({"at_least": 0.5}, "no number could pass"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_bounds_have_to_be_possible(change, message):
    settings = {k: v for k, v in {**SETTINGS, **change}.items() if v is not None}
    rule = {"id": "r", "check": "monitoring-fresh", "settings": settings}
    with pytest.raises(PolicyInvalid, match=message):
        policy_of(rule)
