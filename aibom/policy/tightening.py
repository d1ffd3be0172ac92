"""Making rules of a pack stricter, which is the only change that a policy can make.

What would loosen a rule is a load error, tier by tier: otherwise a policy that extends
a pack could say its name and mean nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from aibom.errors import PolicyInvalid
from aibom.lineage.assurance import Level
from aibom.reading import Reader, suggest
from aibom.verdict import Mode, Severity, Tier

if TYPE_CHECKING:
    from aibom.policy.document import Rule

__all__ = ["Tightening", "milder_above", "read_tightenings", "tightened"]

_LAXEST_FIRST = (Mode.OFF, Mode.REPORT_ONLY, Mode.WARN, Mode.DENY)
_LEAST_FIRST = tuple(reversed(Severity))
_LEVELS = {
    level.word: level for level in (Level.CLAIMED, Level.ATTESTED, Level.VERIFIED)
}


@dataclass(frozen=True, slots=True)
class Tightening:
    """What a policy asks of one rule of a pack; what it leaves out stays."""

    rule: str
    mode: Mapping[Tier, Mode]
    severity: Mapping[Tier, Severity]
    minimum_assurance: Level | None
    exceptable: bool | None


def read_tightenings(top: Reader) -> tuple[Tightening, ...]:
    """The policy's list ``tighten``."""
    return tuple(_tightening(entry) for entry in top.readers("tighten", ()))


def _tightening(entry: Reader) -> Tightening:
    level = entry.choice("minimum_assurance", _LEVELS, None)
    found = Tightening(
        str(entry.text("rule")),
        _per_tier(entry, "mode", Mode),
        _per_tier(entry, "severity", Severity),
        _LEVELS[level] if level else None,
        entry.flag("exceptable", None),
    )
    entry.close()
    return found


def _per_tier(entry: Reader, key: str, choices: Any) -> Mapping[Tier, Any]:
    """One word for all tiers, or a word for some; nothing where it is left out."""
    words = [choice.value for choice in choices]
    if not entry.has(key):
        entry.raw(key, None)
        return {}
    if isinstance(entry.raw(key), str):
        word = entry.choice(key, words)
        return dict.fromkeys(Tier, choices(word)) if word else {}
    reader = entry.reader(key)
    stated = {tier: reader.choice(tier.value, words, None) for tier in Tier}
    reader.close()
    return {tier: choices(word) for tier, word in stated.items() if word}


def tightened(
    rules: Iterable[Rule], asked: Iterable[Tightening], own: frozenset[str]
) -> tuple[Rule, ...]:
    """The rules with what was asked; ``own`` are ids of the policy's own rules.

    Raises :class:`~aibom.errors.PolicyInvalid`: ``tighten-unknown`` for a rule that no
    pack has, or that stands in the policy itself; ``tighten-loosens``.
    """
    by_id = {rule.id: rule for rule in rules}
    for change in asked:
        if change.rule not in by_id or change.rule in own:
            known = sorted(set(by_id) - own)
            raise PolicyInvalid(
                f"no extended pack has a rule {change.rule!r}"
                f"{suggest(change.rule, known)}",
                reason="tighten-unknown",
                where="policy.yaml: tighten",
                hint="a rule of this policy is changed where it stands",
            )
        by_id[change.rule] = _stricter(by_id[change.rule], change)
    return tuple(by_id.values())


def _stricter(rule: Rule, change: Tightening) -> Rule:
    for tier in Tier:
        mode, severity = change.mode.get(tier), change.severity.get(tier)
        if mode and _LAXEST_FIRST.index(mode) < _LAXEST_FIRST.index(rule.mode[tier]):
            raise _loosens(rule, f"mode {mode} in tier {tier}", str(rule.mode[tier]))
        if severity and _below(severity, rule.severity[tier]):
            text = f"severity {severity} in tier {tier}"
            raise _loosens(rule, text, str(rule.severity[tier]))
    level = change.minimum_assurance
    if level is not None and level < rule.minimum_assurance:
        raise _loosens(
            rule, f"minimum_assurance {level.word}", rule.minimum_assurance.word
        )
    if change.exceptable and not rule.exceptable:
        raise _loosens(rule, "exceptable true", "false")
    modes = {**rule.mode, **change.mode}
    if told := milder_above(modes):
        raise PolicyInvalid(
            f"{told}, once {rule.id!r} of {rule.origin} is tightened",
            reason="policy-invalid",
            where="policy.yaml: tighten",
            hint="tighten the higher tiers as much",
        )
    return replace(
        rule,
        mode=modes,
        severity={**rule.severity, **change.severity},
        minimum_assurance=level or rule.minimum_assurance,
        exceptable=rule.exceptable and change.exceptable is not False,
    )


def milder_above(mode: Mapping[Tier, Mode]) -> str:
    """Where a rule asks for less in a higher tier, in words; empty where it does not.

    Who calls the gate may raise the tier (``--tier``). That must never be a way to be
    asked for less.
    """
    for higher, lower in pairwise(tier for tier in Tier if tier in mode):
        if _LAXEST_FIRST.index(mode[higher]) < _LAXEST_FIRST.index(mode[lower]):
            return (
                f"{mode[higher]} in tier {higher} is milder than {mode[lower]} in "
                f"tier {lower}"
            )
    return ""


def _below(one: Severity, other: Severity) -> bool:
    return _LEAST_FIRST.index(one) < _LEAST_FIRST.index(other)


def _loosens(rule: Rule, asked: str, has: str) -> PolicyInvalid:
    return PolicyInvalid(
        f"{asked} is less than the {has} that {rule.id!r} has in {rule.origin}",
        reason="tighten-loosens",
        where="policy.yaml: tighten",
        hint="a rule of a pack can only be made stricter; for one artifact, there are "
        "exceptions (waivers.yaml)",
    )
