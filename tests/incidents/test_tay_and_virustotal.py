"""Tay and VirusTotal: what users send in is learned, and nobody looked at it.

What happened: in March 2016 users of Microsoft's chatbot Tay taught it abuse within a
day; in 2020 variants of a sample were uploaded to VirusTotal until detectors that learn
from it called harmless files malicious. Sources: MITRE ATLAS AML.CS0009, AML.CS0002.

Rule: `feedback-unreviewed` (trust-separation) blocks with `unreviewed`: a dataset that
a step used as feedback reaches training without a review by one of the reviewers.

**Limits**: the rule shows that a named person or program let the data through, and not
that the look was a good one. It goes by the role in which data was used and by listed
sources; feedback that its recorder calls something else, from a source on no list, is
not known to be feedback. A model that learns while it runs never comes to a gate.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, BERT

RULE = f"""
id: feedback-unreviewed
check: trust-separation
select: {{scope: artifact-and-ancestors}}
settings: {{reviewers: ["{BERT}"], roles: [feedback]}}
severity: critical
mode: deny
why: Whoever can write feedback writes training data.
remedy: Keep it in quarantine until a reviewer has let it through in a recorded step.
"""


def learned(kind):
    """Feedback, a step that handles or reviews it, and training on what came out."""

    def arrange(world):
        raw, kept, model = world.data("messages"), world.data("kept"), world.model()
        by = [("reviewer", BERT)] if kind == "review" else []
        world.step(kind, kept, {"feedback": raw}, by, source=ACME)
        world.step("train", model, {"training-data": kept})
        ready(world, model, "messages")

    return arrange


SCENARIOS = {
    "filtered by a program, reviewed by nobody": Scenario(
        rule=RULE,
        bad=learned("filter"),
        clean=learned("review"),
        reason="unreviewed",
        path_labels=("sentiment", "train", "kept", "filter", "messages"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
