"""Exceptions: what each is worth, and that none is worth more than it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import (
    ANNE,
    BERT,
    CARL,
    NOW,
    PIPELINE,
    STRANGER,
    World,
    digest,
    number,
)

from aibom.errors import PolicyInvalid
from aibom.lineage.evidence import Signer
from aibom.policy.document import Policy, read_policy
from aibom.policy.engine import decide, evaluate, rules_in_force
from aibom.policy.exceptions import EXPIRING, Subject, apply, digests_of, judge
from aibom.policy.waivers import ExceptionRules, Waivers, read_waivers
from aibom.verdict import Decision, ExceptionNote, Result, Tier

RISK = "risk-owner"
ENTRY: dict[str, Any] = {
    "id": "E-1",
    "rule": "labelers-unknown",
    "subject": str(digest("reviews")),
    "reason_code": "labelers-too-few",
    "reason": "the archive names nobody",
    "ticket": "RISK-12",
    "requested_by": ANNE,
    "approved_by": CARL,
    "approved_on": "2026-11-01",
    "expires": "2026-12-31",
}
LIMITS = ExceptionRules((RISK,), {Tier.HIGH: 90, Tier.MEDIUM: 180, Tier.LOW: 365})
POLICY = {
    "apiVersion": "aibom/policy/v1",
    "name": "acme",
    "version": "1",
    "rules": [
        {
            "id": "labelers-unknown",
            "check": "labelers-known",
            "select": {"kind": "dataset", "scope": "artifact-and-ancestors"},
            "minimum_assurance": "claimed",
        },
        {
            "id": "never",
            "check": "labelers-known",
            "select": {"kind": "dataset", "scope": "artifact-and-ancestors"},
            "minimum_assurance": "claimed",
            "exceptable": False,
        },
    ],
}


def entries(*changes: dict[str, Any]) -> dict[str, Any]:
    listed = [{**ENTRY, **change} for change in changes]
    return {"apiVersion": "aibom/waivers/v1", "waivers": listed}


def world(**step: Any) -> World:
    """A labelled dataset under a model; nobody is named as labeler."""
    made = World()
    data, raw = made.data(), made.data("raw")
    made.step("label", data, {"items": raw}, **step)
    made.root = made.model()
    made.step("train", made.root, {"training-data": data})
    return made


def judged(
    waivers: dict[str, Any],
    *,
    of: World | None = None,
    signed_by: str | None = RISK,
    signer_party: str | None = "org:Acme risk office",
    namespaces: tuple[str, ...] = ("*",),
    allowed: ExceptionRules | None = LIMITS,
    tier: Tier = Tier.HIGH,
    now: datetime = NOW,
) -> tuple[tuple[ExceptionNote, ...], tuple[Result, ...], Policy]:
    made = of or world()
    made.now = now
    context, policy = made.context(), read_policy(POLICY, "policy.yaml")
    results = evaluate(context, policy, tier)
    exceptable = {r.id: r.exceptable for r in rules_in_force(policy, tier)}
    entries = read_waivers(waivers, "waivers.yaml")
    read = Waivers(entries, signed_by, signer_party, namespaces)
    notes = judge(read, Subject(context, results, exceptable, tier, allowed))
    return notes, apply(results, notes, digests_of(context)), policy


#: name → change of the entry, what judging is told, state, words in ``why``
STATES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "active": ({}, {}, "active", ""),
    "expiring": ({"expires": "2026-11-30"}, {}, "expiring", ""),
    "expires today": ({"expires": "2026-11-21"}, {}, "expired", ""),
    "expired": ({"expires": "2026-11-20"}, {}, "expired", ""),
    "pending": ({"approved_on": "2026-11-22"}, {}, "pending", ""),
    "another digest": ({"subject": str(digest("raw"))}, {}, "orphan", ""),
    "the form of a file": (
        {"subject": str(digest("reviews")).removeprefix("tree-")},
        {},
        "orphan",
        "",
    ),
    "another reason": ({"reason_code": "not-labelled"}, {}, "orphan", ""),
    "a term that was not found": ({"term": "A-1"}, {}, "orphan", ""),
    "no such rule": ({"rule": "labelers-unknow"}, {}, "invalid", "no rule"),
    "not exceptable": ({"rule": "never"}, {}, "invalid", "no exception"),
    "not signed": ({}, {"signed_by": None}, "invalid", "not signed by risk-owner"),
    "signed by another role": ({}, {"signed_by": "release"}, "invalid", "not signed"),
    "none allowed": ({}, {"allowed": None}, "invalid", "allows no exceptions"),
    "signed by nobody in particular": (
        {},
        {"signer_party": None},
        "invalid",
        "who stands behind the signature",
    ),
    "signed by whoever requested it": (
        {},
        {"signer_party": ANNE},
        "invalid",
        "requested it",
    ),
    "signed by who signed the step": (
        {},
        {"signer_party": str(PIPELINE.party)},
        "invalid",
        "made the subject",
    ),
    "signed by who may not speak of it": (
        {},
        {"namespaces": ("acme/*",)},
        "invalid",
        "may not speak of reviews",
    ),
    "too long": ({"expires": "2027-02-01"}, {}, "invalid", "90 days"),
    "not too long in a lower tier": (
        {"expires": "2027-02-01"},
        {"tier": Tier.MEDIUM},
        "active",
        "",
    ),
    "self-approved": ({"approved_by": ANNE}, {}, "invalid", "is whoever requested"),
    "perhaps self-approved": (
        {"approved_by": STRANGER},
        {},
        "invalid",
        "cannot be told from whoever requested",
    ),
    "self-approved, spelt otherwise": (
        {"requested_by": "org:Acme Risk", "approved_by": "org:ACME  risk"},
        {},
        "invalid",
        "is whoever requested",
    ),
    "approved by who signed the step": (
        {"approved_by": str(PIPELINE.party)},
        {},
        "invalid",
        "an author of the subject",
    ),
    "approved by who took part": (
        {"approved_by": BERT},
        {"of": world(by=[("collector", BERT)])},
        "invalid",
        "an author of the subject",
    ),
    "nobody knows who signed the step": (
        {},
        {"of": world(signer=Signer("somebody", "data"))},
        "invalid",
        "does not say who stands behind",
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_states(name: str) -> None:
    change, told, state, why = STATES[name]
    (note,), results, _ = judged(entries(change), **told)
    assert (note.state, why in note.why) == (state, True), note
    assert bool(note.why) is (state == "invalid")
    wanted = {"E-1"} if state in ("active", "expiring") else set()
    assert {r.exception for r in results if r.exception} == wanted


def test_it_hides_nothing_and_takes_nothing_else_along() -> None:
    _, results, policy = judged(entries({}))
    excepted = [r for r in results if r.exception]
    assert [(r.rule, r.status, r.blocks) for r in excepted] == [
        ("labelers-unknown", "fail", False)
    ]
    assert excepted[0] in [r for r in results if r.is_finding]
    # The same finding of a rule that takes no exception still decides.
    decision, _, code = decide(results, len(policy.rules))
    assert (decision, code) == (Decision.DENIED, 10)


def test_two_for_one_rule_and_two_digests() -> None:
    """Keyed by rule alone, one of them would have been refused or have covered both."""
    notes, results, _ = judged(
        entries({}, {"id": "E-2", "subject": str(digest("other"))})
    )
    assert [(n.id, n.state) for n in notes] == [("E-1", "active"), ("E-2", "orphan")]
    assert sum(bool(r.exception) for r in results) == 1


def test_a_new_advisory_is_not_covered_by_an_exception_for_another() -> None:
    policy = {
        **POLICY,
        "rules": [{"id": "taint", "check": "tainted-ancestor"}],
    }
    made = world()
    made.advise(digests=[str(digest("raw"))])
    read = read_policy(policy, "policy.yaml")
    context = made.context()
    (result,) = evaluate(context, read, Tier.HIGH)
    assert (result.reason, result.term) == ("tainted-ancestor", "A-1")
    entry = {
        "rule": "taint",
        "subject": str(digest("sentiment")),
        "reason_code": "tainted-ancestor",
        "term": "A-1",
    }
    waivers = Waivers(
        read_waivers(entries(entry), "w"), RISK, "org:Acme risk office", ("*",)
    )

    def state(results: tuple[Result, ...]) -> str:
        subject = Subject(context, results, {"taint": True}, Tier.HIGH, LIMITS)
        return judge(waivers, subject)[0].state

    assert state((result,)) == "active"
    assert state((replace(result, term="A-1 A-2"),)) == "orphan"


MALFORMED: dict[str, tuple[dict[str, Any], str]] = {
    **{f"no {key}": ({key: None}, key) for key in ENTRY},
    "a date that is none": ({"expires": "soon"}, "expires"),
    "a date without a zone": ({"expires": "2026-12-31T10:00:00"}, "expires"),
    "over before it began": ({"expires": "2026-10-01"}, "not after approved_on"),
    "a tag": ({"subject": "acme/models/reader:latest"}, "no subject"),
    "a short digest": ({"subject": "sha256:abc"}, "subject"),
    "a person by name": ({"approved_by": "Carl"}, "approved_by"),
    "an unknown key": ({"expire": "2027-01-01"}, "did you mean 'expires'"),
    "an empty reason": ({"reason": " "}, "reason"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_a_load_error(name: str) -> None:
    change, words = MALFORMED[name]
    entry = {k: v for k, v in {**ENTRY, **change}.items() if v is not None}
    value = {"apiVersion": "aibom/waivers/v1", "waivers": [entry]}
    with pytest.raises(PolicyInvalid) as caught:
        read_waivers(value, "waivers.yaml")
    assert words in caught.value.message


@pytest.mark.parametrize("twice", ["id", "key"])
def test_what_stands_twice_is_a_load_error(twice: str) -> None:
    other = {"rule": "other"} if twice == "id" else {"id": "E-2"}
    with pytest.raises(PolicyInvalid, match="two exceptions have one"):
        read_waivers(entries({}, other), "waivers.yaml")


@given(
    approved=st.integers(-400, 60),
    lasts=st.integers(1, 500),
    now=st.integers(-60, 460),
    tier=st.sampled_from(list(Tier)),
)
def test_in_force_only_inside_its_window(
    approved: int, lasts: int, now: int, tier: Tier
) -> None:
    begin = NOW + timedelta(days=approved)
    end = begin + timedelta(days=lasts)
    change = {"approved_on": begin.isoformat(), "expires": end.isoformat()}
    when = NOW + timedelta(days=now)
    (note,), results, _ = judged(entries(change), tier=tier, now=when)
    in_force = begin <= when < end and lasts <= LIMITS.max_days[tier]
    assert (note.state in ("active", "expiring")) is in_force
    assert any(r.exception for r in results) is in_force
    if in_force:
        assert (note.state == "expiring") is (end - when <= EXPIRING)


def test_another_failing_audit_and_another_open_end_are_other_findings() -> None:
    def terms(*failing: float, more: bool = False) -> dict[str, str]:
        made = World()
        made.root = made.model()
        uses = {"training-data": made.data()}
        if more:
            uses["base-model"] = made.model("base")
        made.step("train", made.root, uses)
        for value in failing:
            made.audit(made.root, [number(value)])
        settings = {
            "type": "label-consistency",
            "metric": "overlap-disagreement",
            "at_most": 0.2,
            "minimum_sample": 1,
            "auditor_roles": ["auditor"],
        }
        audit = {"id": "audit", "check": "required-audit", "settings": settings}
        rules = [audit, {"id": "open", "check": "lineage-closed"}]
        policy = read_policy({**POLICY, "rules": rules}, "policy.yaml")
        results = evaluate(made.context(), policy, Tier.HIGH)
        assert all(r.blocks for r in results)
        return {r.rule: r.term for r in results}

    one, two = terms(0.3), terms(0.3, 0.9, more=True)
    assert one["audit"]
    assert one["open"]
    assert one["audit"] != two["audit"]
    assert one["open"] != two["open"]
