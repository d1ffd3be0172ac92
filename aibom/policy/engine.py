"""Evaluate a policy over a lineage graph and decide. Pure, deterministic, closed.

Every rule in force answers for every node it selects. A check that breaks is an
``error`` result with its own reason code, which blocks in deny mode: it never looks
like a pass, nor like a denial. The order of rules, nodes and evidence never changes the
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter

from aibom.lineage.assurance import Level
from aibom.namespaces import name_matches
from aibom.policy.context import Context, Outcome, not_applicable, unknown
from aibom.policy.document import Policy, Rule, Select
from aibom.verdict import Decision, Mode, Result, Severity, Status, Tier

__all__ = ["assign_tier", "decide", "evaluate", "rules_in_force"]

_STRICTEST_FIRST = (Tier.HIGH, Tier.MEDIUM, Tier.LOW)
_RULE_AND_NODE = attrgetter("rule", "node")


@dataclass(frozen=True, slots=True)
class _Told:
    """A rule with what every result of it says alike in one tier, at one time."""

    rule: Rule
    mode: Mode
    severity: Severity
    maps: Mapping[str, tuple[str, ...]]


def assign_tier(policy: Policy, name: str | None, raised: Tier | None) -> Tier:
    """The tier of an artifact: the first match by name, else high.

    ``name`` is None when no verified signer vouches for it; then the tier is high,
    because a name that anybody may write must not choose how strict the gate is.
    ``raised`` is what the caller asks for, and counts only where it is stricter.
    """
    tier = Tier.HIGH
    if name is not None:
        tier = next(
            (m.tier for m in policy.tiers if name_matches(m.name, name)), Tier.HIGH
        )
    if raised is not None:
        return min(tier, raised, key=_STRICTEST_FIRST.index)
    return tier


def rules_in_force(policy: Policy, tier: Tier) -> tuple[Rule, ...]:
    """The rules that are not off in this tier."""
    return tuple(rule for rule in policy.rules if rule.mode[tier] is not Mode.OFF)


def evaluate(context: Context, policy: Policy, tier: Tier) -> tuple[Result, ...]:
    """One result per (rule in force, selected node), sorted by rule and node.

    A rule that selects nothing gives one result on the artifact: unknown while lineage
    is open (what it looks for may be in the part nobody sees), not applicable once
    closed.
    """
    results: list[Result] = []
    for rule in rules_in_force(policy, tier):
        results.extend(_answers(context, rule, tier))
    # Results of one rule come sorted by node, so there is not much left to sort.
    return tuple(sorted(results, key=_RULE_AND_NODE))


def _answers(context: Context, rule: Rule, tier: Tier) -> Iterator[Result]:
    """The results of one rule; what is the same in all of them is made once."""
    told = _Told(
        rule,
        rule.mode_at(tier, context.now),
        rule.severity[tier],
        {key: rule.maps[key] for key in sorted(rule.maps)},
    )
    names = _selected(context, rule)
    for name in names:
        yield _result(context, told, name, _run(context, rule, name))
    if not names:
        empty = (
            not_applicable("nothing-selected")
            if context.lineage_is_closed
            else unknown(
                "lineage-open",
                expected="closed lineage, so that nothing can be hidden",
                actual="the rule selects nothing, but the lineage is open",
            )
        )
        yield _result(context, told, context.root, empty)


def _selected(context: Context, rule: Rule) -> tuple[str, ...]:
    """The names a rule is about, sorted; rules that select alike share them."""
    select = rule.select
    return context.once(
        ("selected", select.scope, select.kinds), partial(_select, select)
    )


def _select(select: Select, context: Context) -> tuple[str, ...]:
    names = [] if select.scope == "ancestors" else [context.root]
    if select.scope != "artifact":
        names.extend(context.walk.reached)
    nodes = context.graph.nodes
    return tuple(sorted(name for name in names if nodes[name].kind in select.kinds))


def _run(context: Context, rule: Rule, name: str) -> Outcome:
    minimum = rule.minimum_assurance
    try:
        outcome = rule.check.evaluate(
            context, context.node(name), rule.settings, minimum
        )
    except Exception as error:  # noqa: BLE001  the plug-in boundary
        return Outcome(
            Status.ERROR,
            "check-broke",
            expected="an answer",
            actual=f"{type(error).__name__}: {error}",
        )
    return _at_least(outcome, minimum) if outcome.assurance else outcome


def _at_least(outcome: Outcome, minimum: Level) -> Outcome:
    """Refuse a pass that rests on less than the rule asks for, whatever the check."""
    worth = outcome.assurance
    if outcome.status is not Status.PASS or worth is None or worth.level >= minimum:
        return outcome
    return replace(
        outcome,
        status=Status.UNKNOWN,
        reason="assurance-too-low",
        expected=f"{outcome.expected or outcome.reason}, {minimum.word}",
        actual=f"{outcome.actual or outcome.reason}, {worth.level.word}",
    )


def _result(context: Context, told: _Told, name: str, outcome: Outcome) -> Result:
    rule, assurance = told.rule, outcome.assurance
    good = outcome.status is Status.PASS or outcome.status is Status.NOT_APPLICABLE
    return Result(
        rule=rule.id,
        check=rule.check.id,
        node=name,
        label=context.label(name),
        status=outcome.status,
        reason=outcome.reason,
        mode=told.mode,
        severity=told.severity,
        expected=outcome.expected,
        actual=outcome.actual,
        assurance=assurance.level.word if assurance else "",
        basis=assurance.basis if assurance else "",
        path=context.path_to(name, outcome.beyond),
        evidence=_sorted(outcome.evidence),
        why="" if good else rule.why,
        remedy="" if good else rule.remedy,
        maps=told.maps,
        term=outcome.term,
    )


def _sorted(locations: tuple[str, ...]) -> tuple[str, ...]:
    """Each once; most results have one, or none."""
    return tuple(locations if len(locations) < 2 else sorted(set(locations)))


def decide(results: Iterable[Result], in_force: int) -> tuple[Decision, str, int]:
    """The decision, its reason code and the exit code: the first that applies.

    10 a blocking fail · 1 a blocking rule broke · 3 blocking unknowns only, or nothing
    in force, or nothing applicable · 0 allowed. ``in_force`` is the number of rules
    that are not off.
    """
    listed = list(results)
    blocking = [result for result in listed if result.blocks]
    for status, decision, code in (
        (Status.FAIL, Decision.DENIED, 10),
        (Status.ERROR, Decision.ERROR, 1),
        (Status.UNKNOWN, Decision.UNDECIDED, 3),
    ):
        found = [result for result in blocking if result.status is status]
        if found:
            return decision, min(found, key=_worst).reason, code
    if in_force == 0:
        return Decision.UNDECIDED, "nothing-in-force", 3
    if all(result.status is Status.NOT_APPLICABLE for result in listed):
        return Decision.UNDECIDED, "nothing-applicable", 3
    return Decision.ALLOWED, "allowed", 0


def _worst(result: Result) -> tuple[int, str, str]:
    return (list(Severity).index(result.severity), result.rule, result.node)
