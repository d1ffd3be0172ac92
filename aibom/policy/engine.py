"""Evaluate a policy over a lineage graph and decide. Pure, deterministic, closed.

Every rule in force answers for every node it selects. A check that breaks is an
``error`` result with its own reason code, which blocks in deny mode: it never looks
like a pass, nor like a denial. The order of rules, nodes and evidence never changes the
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from aibom.lineage.assurance import Level
from aibom.lineage.nodes import Kind, Node
from aibom.namespaces import name_matches
from aibom.policy.context import Context, Outcome, not_applicable, unknown
from aibom.policy.document import Policy, Rule
from aibom.verdict import Decision, Mode, Result, Severity, Status, Tier

__all__ = ["assign_tier", "decide", "evaluate", "rules_in_force"]

_PACK = "builtin:"
_STRICTEST_FIRST = (Tier.HIGH, Tier.MEDIUM, Tier.LOW)


@dataclass(frozen=True, slots=True)
class _Told:
    """A rule with what every result of it says alike in one tier, at one time.

    ``results`` is filled while nodes are gone through.
    """

    rule: Rule
    mode: Mode
    severity: Severity
    maps: Mapping[str, tuple[str, ...]]
    results: list[Result]

    def selects(self, kind: Kind, *, is_artifact: bool) -> bool:
        """Whether the rule is about such a node."""
        select = self.rule.select
        elsewhere = "ancestors" if is_artifact else "artifact"
        return select.scope != elsewhere and kind in select.kinds


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
    rules = [_told(context, rule, tier) for rule in rules_in_force(policy, tier)]
    of_root, of_ancestors = (
        {
            kind: [r for r in rules if r.selects(kind, is_artifact=artifact)]
            for kind in Kind
        }
        for artifact in (True, False)
    )
    # All rules about one node, and then the next: what they look at is the same.
    for name in sorted((context.root, *context.walk.reached)):
        node = context.node(name)
        asked = (of_root if context.is_artifact(name) else of_ancestors)[node.kind]
        for told in asked:
            told.results.append(_result(context, told, node, _run(context, told, node)))
    for told in rules:
        if not told.results:
            root = context.node(context.root)
            told.results.append(_result(context, told, root, _of_nothing(context)))
    results = sorted(rules, key=lambda told: told.rule.id)
    return tuple(chain.from_iterable(told.results for told in results))


def _told(context: Context, rule: Rule, tier: Tier) -> _Told:
    """What is the same in all results of a rule is made once."""
    return _Told(
        rule,
        rule.mode_at(tier, context.now),
        rule.severity[tier],
        {key: rule.maps[key] for key in sorted(rule.maps)},
        [],
    )


def _of_nothing(context: Context) -> Outcome:
    """The answer of a rule that selects nothing."""
    if context.lineage_is_closed:
        return not_applicable("nothing-selected")
    return unknown(
        "lineage-open",
        expected="closed lineage, so that nothing can be hidden",
        actual="the rule selects nothing, but the lineage is open",
        advice="Close the lineage first: a rule with the check `lineage-closed` tells "
        "what is open. Then there is something to ask, or certainly nothing.",
    )


def _run(context: Context, told: _Told, node: Node) -> Outcome:
    rule = told.rule
    minimum = rule.minimum_assurance
    try:
        outcome = rule.check.evaluate(context, node, rule.settings, minimum)
        return _at_least(outcome, minimum) if outcome.assurance else outcome
    except Exception as error:  # noqa: BLE001  the plug-in boundary
        return Outcome(
            Status.ERROR,
            "check-broke",
            expected="an answer",
            actual=f"{type(error).__name__}: {error}",
            advice="This is a fault of the check, and says nothing of the artifact: "
            "report it to who maintains the check, with this verdict.",
        )


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
        actual=f"{(outcome.actual or outcome.reason).rstrip('.')}, {worth.level.word}",
    )


def _result(context: Context, told: _Told, node: Node, outcome: Outcome) -> Result:
    rule, assurance = told.rule, outcome.assurance
    good = outcome.status is Status.PASS or outcome.status is Status.NOT_APPLICABLE
    return Result(
        rule=rule.id,
        check=rule.check.id,
        node=node.id,
        label=context.label(node.id),
        status=outcome.status,
        reason=outcome.reason,
        mode=told.mode,
        severity=told.severity,
        expected=outcome.expected,
        actual=outcome.actual,
        assurance=assurance.level.word if assurance else "",
        basis=assurance.basis if assurance else "",
        path=context.path_to(node.id, outcome.beyond),
        evidence=_sorted(outcome.evidence),
        why="" if good else rule.why,
        remedy="" if good else _remedy(rule, outcome),
        maps=told.maps,
        term=outcome.term,
    )


def _remedy(rule: Rule, outcome: Outcome) -> str:
    """What to do now: never empty.

    A pack's remedy is for the usual reason, so advice about this one stands instead of
    it. What the user wrote is always told.
    """
    if not outcome.advice:
        ask = f"Ask who wrote the rule ({rule.origin}) what to do."
        return rule.remedy or rule.check.what_to_do or ask
    own = "" if rule.origin.startswith(_PACK) else rule.remedy
    return f"{outcome.advice} {own}".rstrip()


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
