"""A policy file as typed values (``schemas/policy-1.json``).

Anything the file says that is not understood is a load error with a suggestion: a rule
that is silently not in force is how every gate we studied failed open.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from aibom.errors import PolicyInvalid
from aibom.lineage.assurance import Level
from aibom.lineage.nodes import ENTITY_KINDS, Kind
from aibom.policy.checks import CHECKS
from aibom.policy.context import Check
from aibom.policy.settings import bind
from aibom.policy.tightening import (
    Tightening,
    milder_above,
    read_tightenings,
    tightened,
)
from aibom.policy.waivers import ExceptionRules, read_exception_rules
from aibom.reading import Reader, suggest
from aibom.verdict import Mode, Severity, Tier

__all__ = [
    "DATA_FILES",
    "SCOPES",
    "Policy",
    "Rule",
    "Select",
    "TierMatch",
    "combine",
    "read_policy",
]

API_VERSION = "aibom/policy/v1"
DATA_FILES = (
    "trusted-sources.yaml",
    "signers.yaml",
    "accepted-roots.yaml",
    "advisories.yaml",
    "suppliers.yaml",
    "waivers.yaml",
)
SCOPES = ("artifact", "ancestors", "artifact-and-ancestors")
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLUGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*:[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PACK = re.compile(r"builtin:[a-z][a-z0-9-]*@[0-9]+")
_FALSE = 'YAML reads off as false: write "off", with the quotation marks'
_LEVELS = {
    level.word: level for level in (Level.VERIFIED, Level.ATTESTED, Level.CLAIMED)
}


@dataclass(frozen=True, slots=True)
class Select:
    """Which nodes a rule is about. No kinds: every entity kind the check knows."""

    kinds: frozenset[Kind]
    scope: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One use of a check, with settings; ``origin`` is its file or pack.

    Before ``effective_on`` it only warns. A rule that is not ``exceptable`` takes no
    exception.
    """

    id: str
    check: Check
    select: Select
    settings: Any
    minimum_assurance: Level
    severity: Mapping[Tier, Severity]
    mode: Mapping[Tier, Mode]
    why: str
    remedy: str
    maps: Mapping[str, tuple[str, ...]]
    origin: str
    effective_on: datetime | None = None
    exceptable: bool = True

    def mode_at(self, tier: Tier, now: datetime) -> Mode:
        """The mode in a tier: before the rule's first day, ``deny`` only warns."""
        mode = self.mode[tier]
        early = self.effective_on is not None and now < self.effective_on
        return Mode.WARN if early and mode is Mode.DENY else mode


@dataclass(frozen=True, slots=True)
class TierMatch:
    """Artifacts whose name matches get this tier; see :mod:`aibom.namespaces`."""

    name: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file, before (``extends``) or after :func:`combine` added its packs."""

    name: str
    version: str
    rules: tuple[Rule, ...]
    extends: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    tiers: tuple[TierMatch, ...] = ()
    tighten: tuple[Tightening, ...] = ()
    exceptions: ExceptionRules | None = None
    #: Names (``hf/org/name``) that ``fetch`` may take by branch or tag.
    floating: tuple[str, ...] = ()
    packs: tuple[str, ...] = field(default=())
    #: Organisation checks that it uses, as ``distribution:check-id``.
    plugins: tuple[str, ...] = field(default=())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What checks say of their own settings, with the rule that has them."""
        return tuple(
            f"rule {rule.id}: {warning}"
            for rule in self.rules
            for warning in getattr(rule.settings, "warnings", ())
        )


def read_policy(
    value: Any,
    where: str,
    origin: str = "policy.yaml",
    *,
    extra_checks: Mapping[str, Check] | None = None,
) -> Policy:
    """Read one policy document, which is parsed YAML.

    ``extra_checks`` are an organisation's own, by id; only those that the document
    names under ``plugins`` can be used, and none replaces a check of ours.

    Raises :class:`~aibom.errors.PolicyInvalid`: ``policy-empty`` for a document that
    would check nothing, ``extra-missing`` for an expression without its engine, and
    ``policy-invalid`` with every problem for any other.
    """
    if value is None:
        raise _empty("the policy is empty", where)
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, API_VERSION):
        top.problem(f"is not {API_VERSION!r}", "apiVersion")
    plugins, known = _plugins(top, extra_checks or {})
    policy = Policy(
        name=top.text("name"),
        version=str(top.text("version")),
        rules=tuple(
            rule
            for entry in top.readers("rules", ())
            if (rule := _rule(entry, origin, known)) is not None
        ),
        extends=_extends(top),
        data=_data(top),
        tiers=tuple(_tier(entry) for entry in top.readers("tiers", ())),
        tighten=read_tightenings(top),
        exceptions=read_exception_rules(top),
        floating=_floating(top),
        plugins=plugins,
    )
    top.finish()
    if not policy.rules and not policy.extends:
        raise _empty("no rule and nothing extended", where)
    return policy


def _empty(what: str, where: str) -> PolicyInvalid:
    return PolicyInvalid(
        f"{what}: nothing would be checked",
        reason="policy-empty",
        where=where,
        hint="start from: extends: [builtin:baseline@1]",
    )


def combine(policy: Policy, packs: Mapping[str, Policy]) -> Policy:
    """Put the rules of extended packs before the policy's own, and make them stricter.

    ``packs`` holds every pack that is reached, by reference. Raises
    :class:`~aibom.errors.PolicyInvalid`: ``pack-unknown``, ``pack-cycle``, what
    :func:`~aibom.policy.tightening.tightened` refuses, and ``rule-duplicate`` for a
    rule id that stands twice: rules of a pack are not overridden, neither by accident
    nor on purpose.
    """
    order: list[str] = []
    _reach(policy.extends, packs, order, ())
    rules = [rule for name in order for rule in packs[name].rules] + list(policy.rules)
    seen: dict[str, str] = {}
    for rule in rules:
        if rule.id in seen:
            raise PolicyInvalid(
                f"the rule id {rule.id!r} of {rule.origin} is already in "
                f"{seen[rule.id]}",
                reason="rule-duplicate",
                where="policy.yaml",
                hint="give your rule another id; rules of a pack cannot be replaced",
            )
        seen[rule.id] = rule.origin
    own = frozenset(rule.id for rule in policy.rules)
    strict = tightened(rules, policy.tighten, own)
    return replace(policy, rules=strict, packs=tuple(order))


def _reach(
    names: tuple[str, ...],
    packs: Mapping[str, Policy],
    order: list[str],
    inside: tuple[str, ...],
) -> None:
    for name in names:
        if name in inside:
            raise PolicyInvalid(
                f"extends itself: {' → '.join((*inside, name))}",
                reason="pack-cycle",
                where=name,
                hint="take one of them out of the extends of another",
            )
        if name not in packs:
            raise PolicyInvalid(
                f"there is no pack {name!r}{suggest(name, packs)}",
                reason="pack-unknown",
                where=inside[-1] if inside else "policy.yaml",
                hint="aibom policy list shows the packs",
            )
        if name not in order:
            _reach(packs[name].extends, packs, order, (*inside, name))
            order.append(name)


def _extends(top: Reader) -> tuple[str, ...]:
    names: tuple[str, ...] = top.texts("extends", ()) or ()
    for name in names:
        if not _PACK.fullmatch(name):
            top.problem(f"{name!r} is not a pack such as builtin:baseline@1", "extends")
    return names


def _plugins(
    top: Reader, extra: Mapping[str, Check]
) -> tuple[tuple[str, ...], Mapping[str, Check]]:
    """The plugins that are named, and every check that rules may use because of it."""
    named: tuple[str, ...] = top.texts("plugins", ()) or ()
    ours: dict[str, Check] = {}
    known = ChainMap(ours, cast(dict[str, Check], CHECKS))
    for name in named:
        check = name.partition(":")[2]
        if not _PLUGIN.fullmatch(name):
            top.problem(f"{name!r} is not DISTRIBUTION:CHECK-ID", "plugins")
        elif check in known:
            top.problem(f"there is a check {check!r} already", "plugins")
        elif check not in extra or extra[check].id != check:
            top.problem(f"{name!r} was not loaded", "plugins")
        else:
            ours[check] = extra[check]
    return named, known


def _data(top: Reader) -> tuple[str, ...]:
    names: tuple[str, ...] = top.texts("data", ()) or ()
    for name in names:
        if name not in DATA_FILES:
            top.problem(
                f"unknown data file {name!r}{suggest(name, DATA_FILES)}", "data"
            )
    return names


def _floating(top: Reader) -> tuple[str, ...]:
    if not top.has("import"):
        top.raw("import", None)
        return ()
    entry = top.reader("import")
    names: tuple[str, ...] = entry.texts("floating", ()) or ()
    entry.close()
    return names


def _tier(entry: Reader) -> TierMatch:
    match = entry.reader("match")
    found = TierMatch(
        match.text("name"), Tier(entry.choice("tier", list(Tier)) or "high")
    )
    match.close()
    entry.close()
    return found


def _rule(entry: Reader, origin: str, known: Mapping[str, Check]) -> Rule | None:
    before = len(entry.problems)
    name = entry.text("id")
    if isinstance(name, str) and not _ID.fullmatch(name):
        entry.problem(f"{name!r} is not a rule id (kebab-case)", "id")
    check = _check(entry, known)
    select = _select(entry, check)
    settings = _settings(entry, check)
    level = entry.choice("minimum_assurance", _LEVELS, "attested")
    mode = _by_tier(entry, "mode", Mode, Mode.DENY)
    if told := milder_above(mode):
        entry.problem(f"{told}; a raised tier must not ask for less", "mode")
    rule = (
        _by_tier(entry, "severity", Severity, Severity.HIGH),
        mode,
        entry.text("why", ""),
        entry.text("remedy", ""),
        _maps(entry),
        origin,
        entry.time("effective_on", None),
        entry.flag("exceptable", True),
    )
    entry.close()
    if len(entry.problems) > before or check is None:
        return None
    return Rule(name, check, select, settings, _LEVELS[level], *rule)


def _settings(entry: Reader, check: Check | None) -> Any:
    given = entry.raw("settings", {})
    if check is None:
        return None
    where = f"{entry.where}.settings"
    try:
        return bind(check.settings, Reader(given, where, entry.problems))
    except PolicyInvalid as error:
        error.where = error.where or where
        raise


def _check(entry: Reader, known: Mapping[str, Check]) -> Check | None:
    name = entry.text("check")
    if not isinstance(name, str):
        return None
    if name not in known:
        entry.problem(f"unknown check {name!r}{suggest(name, known)}", "check")
        return None
    return known[name]


def _select(entry: Reader, check: Check | None) -> Select:
    allowed = check.kinds if check else ENTITY_KINDS
    if not entry.has("select"):
        entry.raw("select", None)
        return Select(allowed, "artifact")
    select = entry.reader("select")
    scope = select.choice("scope", SCOPES, "artifact")
    stated = select.raw("kind", None)
    names = (stated,) if isinstance(stated, str) else select.texts("kind", None)
    kinds = allowed
    if names is not None:
        known = {kind.value: kind for kind in allowed}
        for name in names:
            if name not in known:
                select.problem(f"unknown kind {name!r}{suggest(name, known)}", "kind")
        kinds = frozenset(known[name] for name in names if name in known)
        if not names:
            select.problem("names no kind; leave it out to mean every kind", "kind")
    select.close()
    return Select(kinds, scope)


def _by_tier(entry: Reader, key: str, choices: Any, default: Any) -> Mapping[Tier, Any]:
    """One word for all tiers, or a word per tier; a tier left out gets the default."""
    words = [choice.value for choice in choices]
    if not entry.has(key):
        entry.raw(key, None)
        return dict.fromkeys(Tier, default)
    if entry.raw(key) is False:
        entry.problem(_FALSE, key)
        return dict.fromkeys(Tier, default)
    if isinstance(entry.raw(key), str):
        word = entry.choice(key, words)
        return dict.fromkeys(Tier, choices(word) if word else default)
    reader = entry.reader(key)
    found = {}
    for tier in Tier:
        if reader.raw(tier.value, None) is False:
            reader.problem(_FALSE, tier.value)
            continue
        word = reader.choice(tier.value, words, default.value)
        found[tier] = choices(word) if word else default
    reader.close()
    return found


def _maps(entry: Reader) -> Mapping[str, tuple[str, ...]]:
    if not entry.has("maps"):
        entry.raw("maps", None)
        return {}
    reader = entry.reader("maps")
    return {name: reader.texts(name) or () for name in reader.keys()}  # noqa: SIM118
