"""Frontrunning a snapshot: edits made just before a crowd-sourced text is frozen.

What happened: in 2023 Carlini and others showed that the time at which each Wikipedia
article gets into a dump can be foretold well enough to edit it just before; they
estimate that up to 6.5 % of a dump could be poisoned although the edits are soon
reverted. Source: arXiv 2302.10149.

Rule: `source-unsettled` (source-age with `settle`) blocks with `source-too-fresh`: the
snapshot was used before the time in which somebody would notice had gone by.

**Limits**: waiting does not clean a snapshot: what was frozen with the poison in it
still has it. The delay gives its publisher and others time to withdraw it; subtle edits
that nobody notices survive. When it was published is what `trusted-sources.yaml` says,
or a record of an earlier step.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, COMMIT

JUNE = {"started": "2026-06-20T00:00:00Z", "finished": "2026-06-21T00:00:00Z"}
SNAPSHOT = {"type": "huggingface", "namespace": "acme", "revision": COMMIT}

RULE = """
id: source-unsettled
check: source-age
select: {kind: [dataset, model], scope: artifact-and-ancestors}
settings: {settle: 14d, list: approved}
severity: {high: high, medium: high, low: medium}
mode: {high: deny, medium: deny, low: warn}
why: Fresh poison is usually noticed by somebody, within days.
remedy: Wait until the delay has gone by, then train; or take an older snapshot.
"""


def published(day):
    def arrange(world):
        data, model = world.data("snapshot"), world.model()
        world.step("train", model, {"training-data": data}, source=ACME, **JUNE)
        entry = {"match": SNAPSHOT, "published": day}
        ready(world, model, "snapshot", approved=[entry])

    return arrange


SCENARIOS = {
    "trained on the day after": Scenario(
        rule=RULE,
        bad=published("2026-06-19"),
        clean=published("2026-05-19"),
        reason="source-too-fresh",
        path_labels=("sentiment", "train", "snapshot"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
