"""A system prompt that one person changed: nobody else had looked at it.

What happened: in May 2025 xAI said that somebody had changed the system prompt of its
chatbot Grok without authorisation, past the review that changes were meant to get; for
hours it answered unrelated questions with one political topic. Source: xAI's statement
of 15 May 2025.

Rule: `reviewed-by-author` (separation-of-duty) blocks with `same-party` where the
author is the reviewer, and with `duty-unfilled` where nobody reviewed.

**Limits**: the rule compares who is on record in a signed step. Two accounts of one
person, under two registered names, are two. It does not see a change that is made in
the running service and never comes to a gate, and does not judge the text.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, ANNE, BERT

from aibom.lineage.nodes import Kind, Relation

RULE = """
id: reviewed-by-author
check: separation-of-duty
select: {kind: guideline, scope: ancestors}
settings: {one: [reviewer, approver], other: [writer]}
severity: critical
mode: deny
why: Whoever can change a prompt alone can make every answer say what they want.
remedy: Have somebody else review the change, and record it as a step.
"""


def changed(*by):
    """A prompt that a recorded step made of a draft, and that a system runs with."""

    def arrange(world):
        draft, base = world.data("draft"), world.model("base")
        prompt = world.entity(Kind.GUIDELINE, "prompt")
        system = world.entity(Kind.SYSTEM, "assistant")
        world.step("review", prompt, {"data": draft}, by, source=ACME)
        world.step("merge", system, {"base-model": base}, source=ACME)
        world.build.edge(system, Relation.REQUIRES, prompt)
        ready(world, system, "draft", "base")

    return arrange


WROTE = ("writer", ANNE)
SCENARIOS = {
    "the author is the reviewer": Scenario(
        rule=RULE,
        bad=changed(WROTE, ("reviewer", ANNE)),
        clean=changed(WROTE, ("reviewer", BERT)),
        reason="same-party",
        path_labels=("assistant", "prompt", "review", "person:acme-2026:aaaaaaaaaaaa"),
    ),
    "nobody reviewed": Scenario(
        rule=RULE,
        bad=changed(WROTE),
        clean=changed(WROTE, ("reviewer", BERT)),
        status="unknown",
        reason="duty-unfilled",
        path_labels=("assistant", "prompt"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
