"""One incident as two small lineages that differ in one thing, and the rule between.

A :class:`Scenario` holds a rule as it would stand in a pack, a *bad* twin that it must
block for the stated reason, with the lineage path that leads to the culprit, and a
*clean* twin that it must pass. Both are put to the same small policy: the rule, and
around it what a gate asks of everything anyway (:data:`AROUND`). So a scenario also
shows that nothing else would have stopped the bad twin, unless it says so in ``also``,
and that the clean one is let through as a whole.

A scenario that fails for a good reason says something about a rule, not about the
world: its limits stand in the docstring of its module, and in ``docs/incidents.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policy_builders import World, policy_of

from aibom.policy.engine import decide, evaluate, rules_in_force
from aibom.reading import parse_yaml
from aibom.verdict import Decision, Result, Status, Tier

__all__ = ["AROUND", "Scenario", "judge", "parse_rules", "ready"]

#: What is asked around every scenario; a rule of the same id takes the place of one.
AROUND = """
- id: bom-signer-wrong
  check: signed-by
  select: {scope: artifact}
  settings: {roles: [release], statement: bom}
- id: lineage-open
  check: lineage-closed
  select: {scope: artifact}
- id: revision-unpinned
  check: pinned-revision
  select: {kind: [dataset, model], scope: artifact-and-ancestors}
- id: source-untrusted
  check: trusted-source
  select: {kind: [dataset, model], scope: artifact-and-ancestors}
  settings: {list: approved}
- id: ancestor-tainted
  check: tainted-ancestor
  select: {scope: artifact}
"""

Arrange = Callable[[Any], object]
Judge = Callable[[Arrange, list[Mapping[str, Any]]], tuple[Result, ...]]


@dataclass(frozen=True)
class Scenario:
    """A rule (YAML), its twins, and what the rule must say of the bad one.

    ``path_labels`` are the labels along the finding's lineage path, from the artifact
    to the culprit. ``also`` names the rules around it that block the bad twin as well.
    """

    rule: str
    bad: Arrange
    clean: Arrange
    reason: str
    path_labels: tuple[str, ...]
    status: str = "fail"
    also: tuple[str, ...] = ()

    @property
    def parsed(self) -> Mapping[str, Any]:
        """The rule, read from its YAML."""
        rule: Mapping[str, Any] = parse_yaml(self.rule.encode(), "rule")
        return rule

    def verify(self, judge: Judge) -> Result:
        """Put both twins to the policy; the finding on the bad one is handed back."""
        rules = parse_rules(self.parsed)
        found = self._blocked(judge(self.bad, rules))
        self._let_through(judge(self.clean, rules), found.label)
        return found

    def _blocked(self, results: tuple[Result, ...]) -> Result:
        blocking = [result for result in results if result.blocks]
        told = [(r.rule, r.label, r.reason, r.actual) for r in blocking]
        rule = self.parsed["id"]
        assert {r.rule for r in blocking} == {rule, *self.also}, told
        ours = [r for r in blocking if r.rule == rule]
        assert {(r.status.value, r.reason) for r in ours} == {
            (self.status, self.reason)
        }, told
        paths = [tuple(hop.label for hop in result.path) for result in ours]
        assert self.path_labels in paths, paths
        decision = Decision.DENIED if self.status == "fail" else Decision.UNDECIDED
        assert decide(results, 1)[0] is decision
        found = ours[paths.index(self.path_labels)]
        assert found.why, "a finding says why"
        assert self.parsed.get("remedy"), "and what to do"
        assert found.remedy.endswith(self.parsed["remedy"])
        return found

    def _let_through(self, results: tuple[Result, ...], label: str) -> None:
        told = [(r.rule, r.label, r.reason, r.actual) for r in results if r.blocks]
        assert decide(results, 1)[0] is Decision.ALLOWED, told
        twin = [r for r in results if (r.rule, r.label) == (self.parsed["id"], label)]
        assert [r.status for r in twin] == [Status.PASS], twin


def parse_rules(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rule, and those around it that it does not replace."""
    around = parse_yaml(AROUND.encode(), "around")
    return [rule, *(each for each in around if each["id"] != rule["id"])]


def judge(arrange: Arrange, rules: list[Mapping[str, Any]]) -> tuple[Result, ...]:
    """What the engine says of a small lineage with evidence, built in memory."""
    world = World()
    arrange(world)
    policy = policy_of(*rules)
    assert len(rules_in_force(policy, Tier.HIGH)) == len(rules)
    return evaluate(world.context(), policy, Tier.HIGH)


def ready(
    world: World, root: str, *accepted: str, **lists: list[Mapping[str, Any]]
) -> None:
    """What both twins have: a signed BOM, accepted roots, sources, advisories.

    ``lists`` are lists of trusted sources by name; without any, ``approved`` trusts the
    namespace of ``policy_builders.ACME``.
    """
    world.root = root
    world.bom(root)
    for name in accepted:
        world.accept(name)
    ours = {"match": {"type": "huggingface", "namespace": "acme"}}
    found: dict[str, Any] = {}
    for name, entries in {"approved": [ours], **lists}.items():
        world.trust(*entries, name=name)
        found |= world.sources["lists"]
    world.sources["lists"] = found
    if world.advisories is None:
        world.advise()
