"""source-age: only what shows that bytes were there early makes them old enough."""

from __future__ import annotations

import pytest
from policy_builders import ACME, PIPELINE, RELEASE, Case, policy_of, verify

from aibom.errors import PolicyInvalid
from aibom.lineage.nodes import Relation

HUB = {"type": "huggingface", "namespace": "acme"}
THIS = {**HUB, "revision": "4f0c" * 10}
LATER = {"started": "2026-06-20T00:00:00Z", "finished": "2026-06-21T00:00:00Z"}
JUNE = {"started": "2026-06-01T00:00:00Z", "finished": "2026-06-02T00:00:00Z"}


def entry(**changes):
    return {"match": THIS, **changes}


PUBLISHED = entry(published="2026-01-01")


def used(*entries, when=LATER, signer=PIPELINE, source=ACME, **how):
    """A dataset that training took from somewhere, and what its list says of it."""

    def arrange(world):
        world.trust(*entries)
        data = world.data()
        world.root = world.model()
        step = {"training-data": data}
        world.step("train", world.root, step, (), signer, source=source, **when, **how)
        return data

    return arrange


def quarantined(*entries, kind="collect", when=LATER, fetched=JUNE, **how):
    """Fetched by one step; trained on, as it came, by another."""

    def arrange(world):
        world.trust(*entries)
        raw = world.data("raw")
        data = world.data("kept")
        world.step(kind, data, {"data": raw}, source=ACME, **fetched, **how)
        world.root = world.model()
        world.step("train", world.root, {"training-data": data}, **when)
        return raw

    return arrange


def twice_used(signer=PIPELINE):
    """Evaluated on in the spring, trained on in the summer."""

    def arrange(world):
        data = used()(world)
        report = world.data("report")
        world.step("review", report, {"data": data}, (), signer, **JUNE)
        return data

    return arrange


def second_use(when, recorded=True):
    """Another step of this lineage used it, too."""

    def arrange(world):
        data = used(PUBLISHED)(world)
        more = world.data("more")
        world.step("filter", more, {"data": data}, recorded=recorded, **when)
        world.step("merge", world.root, {"training-data": more}, **LATER)
        return data

    return arrange


def as_artifact(*entries):
    def arrange(world):
        world.trust(*entries)
        model = world.model(source=ACME)
        world.bom(model)
        return model

    return arrange


def derived(world):
    data = used(PUBLISHED)(world)
    world.build.edge(world.root, Relation.DERIVED_FROM, data, "training-data")
    return data


def in_a_circle(world):
    """Two collect steps make each other's inputs, round and round."""
    one, two = world.data("one", source=ACME), world.data("two")
    world.step("collect", one, {"data": two}, **JUNE)
    world.step("collect", two, {"data": one}, **JUNE)
    world.root = two
    world.trust()
    world.bom(one)
    return one


def endless(world):
    """Handed on from one collect step to the next, more often than is followed."""
    world.trust()
    first = before = world.data("0", source=ACME)
    world.bom(first)
    for number in range(1, 102):
        data = world.data(str(number))
        world.step("collect", data, {"data": before}, recorded=False, **JUNE)
        before = data
    world.root = before
    return first


def no_list(world):
    data = used(PUBLISHED)(world)
    world.sources = None
    return data


def made(world):
    data = world.data()
    world.step("filter", data, {"data": world.data("raw")}, **LATER)
    return data


def nothing_said(world):
    world.root = world.model()
    data = world.data()
    world.step("train", world.root, {"training-data": data}, **LATER)
    return data


def collected(kind="collect", when=LATER, began=JUNE, **how):
    """Feedback that was collected, then trained on."""

    def arrange(world):
        data = world.data("feedback")
        world.step(kind, data, **began, **how)
        world.root = world.model()
        world.step("train", world.root, {"training-data": data}, **when)
        return data

    return arrange


def kept(world):
    """Collected, and delivered today."""
    data = world.data("feedback")
    world.step("collect", data, **JUNE)
    return data


def accepted(world):
    nothing_said(world)
    world.accept("reviews")
    return world.data()


def taken(signer):
    def arrange(world):
        data = nothing_said(world)
        world.data(source=ACME)
        world.bom(data, signer)
        return data

    return arrange


def old(began, unit="T00:00:00Z"):
    return {"started": began + unit, "finished": "2026-06-02" + unit}


def settle(arrange, status, reason, minimum="attested", **settings):
    given = {"settle": "14d", "list": "approved", **settings}
    return Case(arrange, status, reason, given, minimum)


def stale(arrange, status, reason, minimum="attested", **settings):
    return Case(arrange, status, reason, {"max_age": "30d", **settings}, minimum)


def unsettled(arrange, reason="publication-unknown"):
    return settle(arrange, "unknown", reason)


CASES = {
    "published": settle(used(PUBLISHED), "pass", "source-settled"),
    "approved long ago": settle(
        used(entry(approved_on="2026-01-01")), "pass", "source-settled"
    ),
    "exactly as long": settle(
        used(entry(published="2026-06-06")), "pass", "source-settled"
    ),
    "quarantined": Case(quarantined(), "pass", "source-settled", {"settle": "14d"}),
    "seen in another step": settle(twice_used(), "pass", "source-settled"),
    "artifact, used now": settle(as_artifact(PUBLISHED), "pass", "source-settled"),
    "claimed is enough": settle(
        used(PUBLISHED, recorded=False), "pass", "source-settled", "claimed"
    ),
    "young enough": stale(collected(), "pass", "source-settled"),
    "both": settle(quarantined(), "pass", "source-settled", max_age="30d"),
    "in a circle": settle(in_a_circle, "pass", "source-settled"),
    "too fresh when fetched, old when used": settle(
        quarantined(entry(published="2026-05-31")), "pass", "source-settled"
    ),
    "a stranger says that it was only fetched": settle(
        quarantined(entry(published="2026-05-31"), signer=None),
        "fail",
        "source-too-fresh",
    ),
    "too fresh": settle(
        used(entry(published="2026-06-19")), "fail", "source-too-fresh"
    ),
    "published after its use": settle(
        used(entry(published="2026-11-01")), "fail", "source-too-fresh"
    ),
    "artifact too fresh": settle(
        as_artifact(entry(published="2026-11-20")), "fail", "source-too-fresh"
    ),
    "too old": stale(collected(began=old("2026-01-01")), "fail", "source-too-old"),
    "too old by now": stale(kept, "fail", "source-too-old"),
    "old by a stranger's word": stale(
        collected(began=old("2026-01-01"), signer=None), "fail", "source-too-old"
    ),
    "an entry without dates": unsettled(used(entry())),
    "approved yesterday": unsettled(used(entry(approved_on="2026-06-20"))),
    "another revision": unsettled(
        used(entry(match={**HUB, "revision": "0" * 40}, published="2026-01-01"))
    ),
    "the namespace, not the revision": unsettled(
        used({"match": HUB, "approved_on": "2020-01-01"})
    ),
    "blocked entry": unsettled(used({**PUBLISHED, "trust": "blocked"})),
    "look-alike": unsettled(
        used(PUBLISHED, source=ACME.replace("acme", "аcme"))  # noqa: RUF001
    ),
    "no package url": unsettled(used(PUBLISHED, source="https://acme.example/x")),
    "seen by a stranger only": unsettled(twice_used(None)),
    "quarantine too short": unsettled(
        quarantined(fetched={"finished": "2026-06-20T00:00:00Z"})
    ),
    "another word for quarantine": unsettled(quarantined(kind="filter")),
    "a stranger's quarantine": unsettled(
        quarantined(signer=None), "publication-unknown"
    ),
    "used, nobody knows when": unsettled(used(PUBLISHED, when={}), "time-missing"),
    "time that is none": unsettled(
        used(PUBLISHED, when={"started": "2026-13-45"}), "time-missing"
    ),
    "time without a zone": unsettled(
        used(PUBLISHED, when={"started": "2026-06-20T00:00:00"}), "time-missing"
    ),
    "one use without a time": unsettled(second_use({}), "time-missing"),
    "used by what nobody recorded": unsettled(derived, "time-missing"),
    "handed on without end": settle(endless, "unknown", "time-missing", "claimed"),
    "collected, nobody knows when": stale(
        collected(began={}), "unknown", "time-missing"
    ),
    "used in the future": unsettled(
        used(PUBLISHED, when={"started": "2999-01-01T00:00:00Z"}), "time-contradicted"
    ),
    "used before it was collected": stale(
        collected(began=old("2026-07-01")), "unknown", "time-contradicted"
    ),
    "no source": unsettled(nothing_said, "source-missing"),
    "no list": unsettled(no_list, "source-list-missing"),
    "stated by a stranger": settle(
        used(PUBLISHED, recorded=False), "unknown", "assurance-too-low"
    ),
    "one use by a stranger": settle(
        second_use(LATER, recorded=False), "unknown", "assurance-too-low"
    ),
    "collected, a stranger says": stale(
        collected(signer=None), "unknown", "assurance-too-low"
    ),
    "made by nobody": stale(nothing_said, "unknown", "lineage-open"),
    "from elsewhere, says a stranger": stale(taken(None), "unknown", "lineage-open"),
    "made here": settle(made, "not-applicable", "generated-by-a-step"),
    "filtered": stale(collected(kind="filter"), "not-applicable", "not-collected"),
    "from elsewhere": stale(taken(RELEASE), "not-applicable", "not-collected"),
    "accepted root": stale(accepted, "not-applicable", "accepted-root"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_answer(case):
    verify("source-age", case)


REFUSED = {
    "nothing asked": ({}, "needs settle or max_age"),
    "no days": ({"settle": 14}, "is not a number of days"),
    "list for nothing": ({"max_age": "1d", "list": "a"}, "which only settle reads"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED)
def test_settings_that_ask_nothing_are_refused(settings, message):
    rule = {"id": "rule", "check": "source-age", "settings": settings}
    with pytest.raises(PolicyInvalid, match=message):
        policy_of(rule)


def test_what_is_awaited_is_told_and_until_when():
    told = verify("source-age", CASES["artifact too fresh"]).actual
    assert told == (
        "published 2026-11-20 (settled from 2026-12-04 on), used 2026-11-21"
    )
    late = as_artifact(entry(approved_on="9999-12-31"))
    told = verify("source-age", settle(late, "unknown", "publication-unknown")).actual
    assert told == "known since 9999-12-31, used 2026-11-21"
