"""Packs can be made stricter, and in no way milder; and rules that begin on a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import NOW

from aibom.errors import PolicyInvalid
from aibom.lineage.assurance import Level
from aibom.policy.document import Rule, combine, read_policy
from aibom.verdict import Mode, Severity, Tier

BASE: dict[str, Any] = {"apiVersion": "aibom/policy/v1", "name": "p", "version": "1"}
PACK = {
    **BASE,
    "rules": [
        {
            "id": "lineage-open",
            "check": "lineage-closed",
            "mode": {"high": "deny", "medium": "warn", "low": "off"},
            "severity": {"high": "high", "medium": "medium", "low": "low"},
            "exceptable": False,
        }
    ],
}
OWN = {"id": "ours", "check": "lineage-closed"}


def combined(*tighten: dict[str, Any]) -> dict[str, Rule]:
    policy = {
        **BASE,
        "extends": ["builtin:pack@1"],
        "rules": [OWN],
        "tighten": list(tighten),
    }
    packs = {"builtin:pack@1": read_policy(PACK, "pack", origin="builtin:pack@1")}
    return {r.id: r for r in combine(read_policy(policy, "p"), packs).rules}


STRICTER: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "nothing": ({}, ("deny", "warn", "off")),
    "one word": ({"mode": "deny"}, ("deny", "deny", "deny")),
    "one tier": ({"mode": {"low": "report-only"}}, ("deny", "warn", "report-only")),
    "the same": ({"mode": {"medium": "warn"}}, ("deny", "warn", "off")),
}


@pytest.mark.parametrize("name", STRICTER)
def test_stricter(name: str) -> None:
    change, modes = STRICTER[name]
    rule = combined({"rule": "lineage-open", **change})["lineage-open"]
    assert tuple(rule.mode[tier].value for tier in Tier) == modes
    assert not rule.exceptable


def test_severity_assurance_and_exceptions() -> None:
    change = {"severity": {"low": "critical"}, "minimum_assurance": "verified"}
    rule = combined({"rule": "lineage-open", **change})["lineage-open"]
    assert rule.severity[Tier.LOW] is Severity.CRITICAL
    assert rule.severity[Tier.HIGH] is Severity.HIGH
    assert rule.minimum_assurance is Level.VERIFIED


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "milder mode": ({"mode": "warn"}, "tighten-loosens"),
    "off": ({"mode": {"high": "off"}}, "tighten-loosens"),
    "milder in one tier of three": (
        {"mode": {"high": "deny", "medium": "report-only", "low": "deny"}},
        "tighten-loosens",
    ),
    "less severe": ({"severity": "low"}, "tighten-loosens"),
    "less assured": ({"minimum_assurance": "claimed"}, "tighten-loosens"),
    "exceptable again": ({"exceptable": True}, "tighten-loosens"),
    "misspelt": ({"rule": "lineage-opne"}, "tighten-unknown"),
    "our own": ({"rule": "ours"}, "tighten-unknown"),
    "a lower tier more than a higher one": (
        {"mode": {"low": "deny"}},
        "policy-invalid",
    ),
    "a setting": ({"settings": {}}, "policy-invalid"),
    "another check": ({"check": "signed-by"}, "policy-invalid"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    change, reason = REFUSED[name]
    with pytest.raises(PolicyInvalid) as caught:
        combined({"rule": "lineage-open", **change})
    assert caught.value.reason == reason


@given(modes=st.lists(st.sampled_from(list(Mode)), min_size=3, max_size=3))
def test_never_milder(modes: list[Mode]) -> None:
    order = [Mode.OFF, Mode.REPORT_ONLY, Mode.WARN, Mode.DENY]
    asked = {tier.value: mode.value for tier, mode in zip(Tier, modes, strict=True)}
    before = combined()["lineage-open"]
    try:
        after = combined({"rule": "lineage-open", "mode": asked})["lineage-open"]
    except PolicyInvalid:
        return
    for tier in Tier:
        assert order.index(after.mode[tier]) >= order.index(before.mode[tier])


DAYS = {
    "before": (-1, Mode.WARN),
    "at its first moment": (0, Mode.DENY),
    "after": (1, Mode.DENY),
}


@pytest.mark.parametrize("name", DAYS)
def test_a_rule_that_begins_on_a_day(name: str) -> None:
    days, mode = DAYS[name]
    start = datetime(2026, 11, 21, tzinfo=UTC)
    policy = {
        **BASE,
        "rules": [
            {**OWN, "effective_on": "2026-11-21", "mode": {"low": "report-only"}}
        ],
    }
    (rule,) = read_policy(policy, "p").rules
    when = start + timedelta(days=days)
    assert rule.mode_at(Tier.HIGH, when) is mode
    # It only ever makes a denial milder, never anything else.
    assert rule.mode_at(Tier.LOW, when) is Mode.REPORT_ONLY


def test_a_rule_without_a_day_is_in_force() -> None:
    (rule,) = read_policy({**BASE, "rules": [OWN]}, "p").rules
    assert rule.mode_at(Tier.HIGH, NOW) is Mode.DENY
