"""Organisation confusion: a false organisation that a company's own people join.

What happened: in 2023 a researcher opened accounts on a model hub in the names of
companies that had none there; employees took them for official, joined, and used them
for their work. Source: MITRE ATLAS AML.CS0027.

Rule: `source-untrusted` (trusted-source) blocks with `source-not-trusted`: whose name
an organisation bears does not matter, only whether somebody put it on the list.

**Limits**: the list is only as good as the look that its entries got: somebody who
takes the false organisation for the real one approves it. The rule reads no badge of a
hub. What was uploaded to the false organisation, and is lost, is nothing that a gate
sees.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, COMMIT

FALSE = f"pkg:huggingface/acme-inc/reviews@{COMMIT}"

RULE = """
id: source-untrusted
check: trusted-source
select: {kind: [dataset, model], scope: artifact-and-ancestors}
settings: {list: approved}
severity: critical
mode: deny
why: Anybody may call an organisation by your name; who is trusted is a decision.
remedy: Ask whoever runs your account on the hub, and move the data to the approved one.
"""


def trained_on(source):
    def arrange(world):
        data, model = world.data(), world.model()
        world.step("train", model, {"training-data": data}, source=source)
        ready(world, model, "reviews")

    return arrange


SCENARIOS = {
    "the company's name, not its account": Scenario(
        rule=RULE,
        bad=trained_on(FALSE),
        clean=trained_on(ACME),
        reason="source-not-trusted",
        path_labels=("sentiment", "train", "reviews"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
