"""What changed between two policies, and whether anything got looser.

Compared are the rules as they are in force, packs and tightenings included, and the
entries of every data file. What nobody but a person can judge (most settings, another
check, another signer) ``cannot be compared``, and needs eyes like what is looser.

One limit: a rule that is added is called stricter, though a policy of which nothing
applied to an artifact (exit 3) can say yes once something does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

from aibom.operations.policies.change import (
    Change,
    Way,
    in_order,
    moment,
    words,
)
from aibom.operations.policies.diff_data import data_changes
from aibom.operations.ptest.tested import Tested
from aibom.policy.checks import CHECKS
from aibom.policy.document import Policy, Rule
from aibom.verdict import Mode, Severity, Tier

__all__ = ["policy_changes"]

_MODES = (Mode.OFF, Mode.REPORT_ONLY, Mode.WARN, Mode.DENY)
_SEVERITIES = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_TIERS = (Tier.LOW, Tier.MEDIUM, Tier.HIGH)
#: Settings of our own checks that mean the same wherever they occur.
_MORE_IS_STRICTER = frozenset({"at_least", "minimum_sample", "settle"})
_LESS_IS_STRICTER = frozenset({"at_most", "max_age", "max_items"})
_FEWER_IS_STRICTER = frozenset(
    {"auditor_roles", "signer_roles", "builders", "verifiers", "allow"}
)


def policy_changes(old: Tested, new: Tested) -> tuple[Change, ...]:
    """Every difference: the policy itself, then rules by id, then data by file."""
    return (
        *_head(old.policy, new.policy),
        *_rules(old.policy, new.policy),
        *data_changes(old, new),
    )


def _head(old: Policy, new: Policy) -> Iterator[Change]:
    for what in ("name", "version", "extends"):
        before, after = getattr(old, what), getattr(new, what)
        if before != after:
            # What packs bring is compared rule by rule.
            yield Change("policy", what, words(before), words(after), Way.SAME)
    if set(old.plugins) != set(new.plugins):
        told = words(old.plugins), words(new.plugins)
        yield Change("policy", "plugins", *told, Way.UNCLEAR)
    if old.tiers != new.tiers:
        told = _tiers(old), _tiers(new)
        yield Change("policy", "tiers", *told, _tiers_way(old, new))
    floating = _fewer(set(old.floating), set(new.floating))
    if floating is not None:
        told = words(old.floating), words(new.floating)
        yield Change("policy", "import: floating", *told, floating)
    yield from _exceptions(old, new)


def _tiers(policy: Policy) -> str:
    return words([f"{m.name}={m.tier}" for m in policy.tiers])


def _tiers_way(old: Policy, new: Policy) -> Way:
    """The first name that matches counts, and high where none does."""
    if all(match.tier is Tier.HIGH for match in new.tiers):
        return Way.STRICTER
    if not old.tiers:
        return Way.LOOSER
    if [m.name for m in old.tiers] != [m.name for m in new.tiers]:
        return Way.UNCLEAR
    pairs = zip(old.tiers, new.tiers, strict=True)
    ways = {in_order(a.tier, b.tier, _TIERS) for a, b in pairs if a.tier != b.tier}
    return Way.LOOSER if Way.LOOSER in ways else Way.STRICTER


def _exceptions(old: Policy, new: Policy) -> Iterator[Change]:
    one, other = old.exceptions, new.exceptions
    if one is None or other is None:
        if one is not other:
            way = Way.LOOSER if one is None else Way.STRICTER
            told = ("allowed" if one else "none", "allowed" if other else "none")
            yield Change("policy", "exceptions", *told, way)
        return
    roles = _fewer(set(one.roles), set(other.roles))
    if roles is not None:
        told = words(one.roles), words(other.roles)
        yield Change("policy", "exceptions: roles", *told, roles)
    for tier in Tier:
        days = one.max_days[tier], other.max_days[tier]
        if days[0] != days[1]:
            way = Way.LOOSER if days[1] > days[0] else Way.STRICTER
            what = f"exceptions: max_days, tier {tier}"
            yield Change("policy", what, str(days[0]), str(days[1]), way)


def _fewer(old: set[Any], new: set[Any]) -> Way | None:
    """Which way a set goes of which fewer are stricter; None where it is the same."""
    if old == new:
        return None
    if new < old:
        return Way.STRICTER
    return Way.LOOSER if old < new else Way.UNCLEAR


def _rules(old: Policy, new: Policy) -> Iterator[Change]:
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one is not None and other is not None:
            yield from _rule(one, other)
        elif one is not None:
            way = Way.SAME if _is_off(one) else Way.LOOSER
            yield Change(f"rule {name}", "removed", _modes(one), "", way)
        elif other is not None:
            way = Way.SAME if _is_off(other) else Way.STRICTER
            yield Change(f"rule {name}", "added", "", _modes(other), way)


def _is_off(rule: Rule) -> bool:
    return all(mode is Mode.OFF for mode in rule.mode.values())


def _modes(rule: Rule) -> str:
    return f"{rule.check.id}, " + " ".join(f"{t}={m}" for t, m in rule.mode.items())


def _rule(old: Rule, new: Rule) -> Iterator[Change]:
    about = f"rule {old.id}"
    for tier in Tier:
        mode = old.mode[tier], new.mode[tier]
        if mode[0] is not mode[1]:
            yield Change(about, f"mode, tier {tier}", *mode, in_order(*mode, _MODES))
        grade = old.severity[tier], new.severity[tier]
        if grade[0] is not grade[1]:
            way = in_order(*grade, _SEVERITIES)
            yield Change(about, f"severity, tier {tier}", *grade, way)
    yield from _demands(about, old, new)
    yield from _settings(about, old, new)
    for what in ("why", "remedy", "maps", "origin"):
        if getattr(old, what) != getattr(new, what):
            told = words(getattr(old, what)), words(getattr(new, what))
            yield Change(about, what, *told, Way.SAME)


def _demands(about: str, old: Rule, new: Rule) -> Iterator[Change]:
    level = old.minimum_assurance, new.minimum_assurance
    if level[0] != level[1]:
        way = Way.STRICTER if level[1] > level[0] else Way.LOOSER
        told = level[0].word, level[1].word
        yield Change(about, "minimum_assurance", *told, way)
    if old.exceptable != new.exceptable:
        way = Way.LOOSER if new.exceptable else Way.STRICTER
        told = str(old.exceptable).lower(), str(new.exceptable).lower()
        yield Change(about, "exceptable", *told, way)
    if old.effective_on != new.effective_on:
        way = _first_day(old, new)
        told = words(old.effective_on), words(new.effective_on)
        yield Change(about, "effective_on", *told, way)
    if old.select != new.select:
        yield _select(about, old, new)


def _first_day(old: Rule, new: Rule) -> Way:
    """Without a first day, a rule has always denied."""
    if new.effective_on is None:
        return Way.STRICTER
    if old.effective_on is None:
        return Way.LOOSER
    return moment(old.effective_on, new.effective_on, later=Way.LOOSER)


def _select(about: str, old: Rule, new: Rule) -> Change:
    """Narrower is looser. Wider is not simply stricter.

    While lineage is open a rule that finds nothing to ask is unknown; a wider one may
    find something, and pass.
    """
    parts = {"artifact": {0}, "ancestors": {1}, "artifact-and-ancestors": {0, 1}}
    kinds = new.select.kinds <= old.select.kinds
    scope = parts[new.select.scope] <= parts[old.select.scope]
    way = Way.LOOSER if kinds and scope else Way.UNCLEAR
    return Change(about, "select", _selects(old), _selects(new), way)


def _selects(rule: Rule) -> str:
    return f"{rule.select.scope} ({words({k.value for k in rule.select.kinds})})"


def _settings(about: str, old: Rule, new: Rule) -> Iterator[Change]:
    if old.check.id != new.check.id or type(old.settings) is not type(new.settings):
        yield Change(about, "check", old.check.id, new.check.id, Way.UNCLEAR)
        return
    ours = CHECKS.get(new.check.id) is new.check
    for field in fields(new.settings):
        before, after = (getattr(r.settings, field.name) for r in (old, new))
        if before != after:
            way = _setting(field.name, before, after) if ours else Way.UNCLEAR
            told = words(before), words(after)
            yield Change(about, f"settings: {field.name}", *told, way)


def _setting(name: str, old: Any, new: Any) -> Way:
    """Which way a setting goes whose meaning is known; none is no limit."""
    if name in _MORE_IS_STRICTER | _LESS_IS_STRICTER:
        if old is None or new is None:
            return Way.STRICTER if old is None else Way.LOOSER
        if not isinstance(new, (int, float, timedelta)):
            return Way.UNCLEAR
        return (
            Way.STRICTER if (new > old) == (name in _MORE_IS_STRICTER) else Way.LOOSER
        )
    if name in _FEWER_IS_STRICTER and old and new:
        return _fewer(set(old), set(new)) or Way.SAME
    return Way.UNCLEAR
