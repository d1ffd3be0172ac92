"""Quantisation that wakes a backdoor: what was tested is not what is deployed.

What happened: in 2024 Egashira and others trained models that behave at full precision
and turn harmful once they are quantised by common methods; the same goes for adapters
that are harmless until they are merged. Sources: arXiv 2405.18137; OWASP LLM Top 10.

Rule: `changed-untested` (test-after-change) blocks with `audit-of-ancestor`: the only
test names the parent's digest, and tests are never inherited.

**Limits**: the rule asks that the exact digest was tested after the change, by somebody
who may. Whether that test would find this backdoor depends on the test; how good the
numbers must be is for required-audit. A quantisation that nobody recorded is an open
lineage, not a missing test; one that its signed record calls training, and that leaves
out the model it began from, is not asked.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, number

from aibom.reading import parse_yaml

MARCH = {"started": "2026-03-01T00:00:00Z", "finished": "2026-03-02T00:00:00Z"}

RULE = """
id: changed-untested
check: test-after-change
select: {kind: model, scope: artifact}
settings: {types: [backdoor-test], auditor_roles: [auditor]}
severity: critical
mode: deny
why: What was tested before it was quantised or merged is another model.
remedy: Run the test on the bytes that will be deployed, and record it for their digest.
"""


def changed(kind, tested):
    def arrange(world):
        full, model = world.model("full"), world.model()
        world.step(kind, model, {"model": full}, source=ACME, **MARCH)
        world.audit(world.model(tested), [number(0.0)], type="backdoor-test")
        ready(world, model, "full")

    return arrange


SCENARIOS = {
    f"{kind}, tested before": Scenario(
        rule=RULE,
        bad=changed(kind, "full"),
        clean=changed(kind, "sentiment"),
        status="unknown",
        reason="audit-of-ancestor",
        path_labels=("sentiment", kind, "full"),
    )
    for kind in ("quantize", "merge", "train", "collect")
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)


def from_data_alone(world):
    model = world.model()
    world.step("train", model, {"training-data": world.data()}, source=ACME, **MARCH)
    ready(world, model, "reviews")


def test_limit_a_change_recorded_as_training_on_data_alone_is_not_asked():
    results = judge(from_data_alone, [parse_yaml(RULE.encode(), "rule")])
    assert [(r.status.value, r.reason) for r in results] == [
        ("not-applicable", "no-such-step")
    ]
