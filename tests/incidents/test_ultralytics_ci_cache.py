"""Ultralytics: a poisoned build cache, and a release that is properly signed.

What happened: in December 2024 attackers put code into the CI cache of the Ultralytics
project by way of pull requests; the next releases were built from it and published with
valid attestations. Source: PyPI blog, "Supply-chain attack analysis: Ultralytics",
December 2024.

Rule: `inputs-not-isolated` (provenance-builder with `inputs: isolated`) blocks with
`inputs-only-declared`: the record is signed by the right pipeline, which only says what
it meant to use, and not that nothing else could be reached.

**Limits**: signatures pass, and so does the list of builders: the right builder made
it. That inputs were isolated is a word of the builder's own record; a builder that
lies, or is wrong about its cache, passes. The rule is only as good as the look that was
taken at the builder before it came onto the list.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME

CI = "https://ci.example/release@v1"

RULE = f"""
id: inputs-not-isolated
check: provenance-builder
select: {{kind: model, scope: artifact}}
settings: {{builders: [{CI}], signer_roles: [pipeline], inputs: isolated}}
severity: critical
mode: deny
why: A build that others can reach into signs whatever they put there.
remedy: Build where nothing but the recorded inputs can be reached, caches included.
"""


def built(**stated):
    def arrange(world):
        data, model = world.data(), world.model()
        told = {"builder": CI, **stated}
        world.step("train", model, {"training-data": data}, source=ACME, **told)
        ready(world, model, "reviews")

    return arrange


SCENARIOS = {
    "a cache that nobody recorded": Scenario(
        rule=RULE,
        bad=built(inputs="declared"),
        clean=built(inputs="isolated"),
        status="unknown",
        reason="inputs-only-declared",
        path_labels=("sentiment", "train"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
