"""A tool for agents that turns bad in a later version.

What happened: in September 2025 version 1.0.16 of the npm package postmark-mcp, a tool
server for agents, began to send a hidden copy of each mail to its author; the fifteen
versions before it had done nothing of the kind. Sources: Koi Security, September 2025;
MITRE ATLAS AML.CS0053.

Rule: `lineage-open` (lineage-closed) blocks with `root-not-accepted`: the new version
has another digest, and nobody has decided about that.

**Limits**: the tool must stand in the BOM of the system, with its digest; a server that
somebody else runs has none, and can change under the same name. What a step only used
as code is asked for its pin, and not for a decision, unless it was fetched from a hub
of models, or goes by a name that weights or data have. That a version was accepted does
not mean that anybody read it. A tool that was bad from the start, and was accepted,
passes until an advisory names it.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME

from aibom.lineage.nodes import Kind, Relation

RULE = """
id: lineage-open
check: lineage-closed
select: {scope: artifact}
severity: {high: critical, medium: high, low: medium}
mode: {high: deny, medium: deny, low: warn}
why: What nobody decided about may be anything, also in the next version.
remedy: Look at what has changed, then accept this digest with a reason and an expiry.
"""


def requires(version):
    """An agent that needs a tool, of which 1.0.15 was looked at and accepted."""

    def arrange(world):
        base, agent = world.model("base"), world.entity(Kind.SYSTEM, "agent")
        tool = world.entity(Kind.CODE, f"mail tool {version}", version=version)
        world.step("merge", agent, {"base-model": base}, source=ACME)
        world.build.edge(agent, Relation.REQUIRES, tool, "tool")
        ready(world, agent, "base", "mail tool 1.0.15")

    return arrange


SCENARIOS = {
    "the next version": Scenario(
        rule=RULE,
        bad=requires("1.0.16"),
        clean=requires("1.0.15"),
        status="unknown",
        reason="root-not-accepted",
        path_labels=("agent", "mail tool 1.0.16"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)


def used_as_code(source, name="mail tool 1.0.16"):
    def arrange(world):
        base, agent = world.model("base"), world.entity(Kind.SYSTEM, "agent")
        uses = {"base-model": base, "code": world.entity(Kind.CODE, name)}
        world.step("merge", agent, uses, source=source)
        ready(world, agent, "base")

    return arrange


USED_AS_CODE = {
    "limit: a tool": (used_as_code(None), ("pass", "steps-recorded")),
    "from a hub of models": (used_as_code(ACME), ("unknown", "root-not-accepted")),
    "weights": (used_as_code(None, "w.gguf"), ("unknown", "root-not-accepted")),
}


@pytest.mark.parametrize("name", USED_AS_CODE)
def test_what_a_step_used_as_code_is_asked_for_its_pin_only(name):
    arrange, told = USED_AS_CODE[name]
    results = judge(arrange, [SCENARIOS["the next version"].parsed])
    assert [(r.status.value, r.reason) for r in results] == [told]
