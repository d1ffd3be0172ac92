"""A policy as it is in force: after packs, tightenings, tier and time."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from aibom.policy.document import Policy, Rule
from aibom.report.policy_text import ShownPolicy, ShownRule
from aibom.verdict import Mode, Tier

__all__ = ["effective_policy"]


def effective_policy(policy: Policy, tier: Tier, now: datetime) -> ShownPolicy:
    """What a gate would evaluate in this tier at this time, in words."""
    limits = policy.exceptions
    told = "none are allowed"
    if limits is not None:
        days = limits.max_days[tier]
        told = f"signed by {' or '.join(limits.roles)}, for {days} days at most"
    return ShownPolicy(
        name=policy.name,
        version=policy.version,
        tier=tier.value,
        time=f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        packs=policy.packs,
        exceptions=told,
        rules=tuple(_shown(rule, tier, now) for rule in policy.rules),
    )


def _shown(rule: Rule, tier: Tier, now: datetime) -> ShownRule:
    mode = rule.mode_at(tier, now)
    early = mode is not rule.mode[tier] and rule.effective_on is not None
    kinds = ", ".join(sorted(kind.value for kind in rule.select.kinds))
    if mode is Mode.OFF:
        return _off(rule)
    return ShownRule(
        id=rule.id,
        check=rule.check.id,
        mode=mode.value,
        severity=rule.severity[tier].value,
        selects=f"{rule.select.scope} ({kinds})",
        settings=_settings(rule.settings),
        minimum_assurance=rule.minimum_assurance.word,
        exceptable=rule.exceptable,
        origin=rule.origin,
        begins=f"{rule.effective_on:%Y-%m-%d}" if early else "",
    )


def _off(rule: Rule) -> ShownRule:
    return ShownRule(
        rule.id, rule.check.id, "off", "", "", (), "", rule.exceptable, rule.origin
    )


def _settings(settings: Any) -> tuple[tuple[str, str], ...]:
    """Every setting, those left to their default included: nothing acts unseen."""
    shown = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        if value is None or value == ():
            continue
        if isinstance(value, timedelta):
            text = f"{value.days}d"
        elif isinstance(value, tuple):
            text = ", ".join(map(str, value))
        else:
            text = str(value)
        shown.append((field.name, text))
    return tuple(shown)
