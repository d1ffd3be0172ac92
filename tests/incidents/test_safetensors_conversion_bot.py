"""The safetensors conversion bot: a conversion that somebody else could steer.

What happened: in February 2024 HiddenLayer showed that the service which converts
models on Hugging Face to safetensors ran what it was given, so that its token could be
stolen and changed weights proposed to many repositories in the bot's name. Source:
HiddenLayer, "Hijacking Safetensors Conversion on Hugging Face", 2024.

Rules: `converted-elsewhere` (provenance-builder) blocks with `builder-not-allowed`: a
conversion is a step like any other, and its builder is on no list.
`converted-untested` (test-after-change) blocks with `audit-of-ancestor`: the model was
tested before the conversion only.

**Limits**: the first rule judges who converted, not what came out; a hijacked builder
that is on the list passes. The second asks that somebody tested what came out, not that
the test would find a backdoor. Weights whose conversion nobody states look like any
other download: then source and acceptance decide. What kind of step it was is the word
of a signed record.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, number

OURS = "https://ci.example/convert@v1"
BOT = "https://hub.example/convert-bot"
MARCH = {"started": "2026-03-01T00:00:00Z", "finished": "2026-03-02T00:00:00Z"}

BUILDER = f"""
id: converted-elsewhere
check: provenance-builder
select: {{kind: model, scope: artifact-and-ancestors}}
settings:
  builders: [{OURS}]
  signer_roles: [pipeline]
  only_steps: [convert]
severity: high
mode: deny
why: Whoever converts weights can change every one of them.
remedy: Convert the original weights in the pipeline that is on the list.
"""
TESTED = """
id: converted-untested
check: test-after-change
select: {kind: model, scope: artifact-and-ancestors}
settings: {types: [backdoor-test], auditor_roles: [auditor], steps: [convert]}
severity: high
mode: deny
why: What was tested before the conversion is another model.
remedy: Run the test again on the converted weights, and record it for their digest.
"""


def converted(by=OURS, tested="sentiment"):
    def arrange(world):
        original, model = world.model("original"), world.model()
        told = {"builder": by, **MARCH}
        world.step("convert", model, {"model": original}, source=ACME, **told)
        world.audit(world.model(tested), [number(0.0)], type="backdoor-test")
        ready(world, model, "original")

    return arrange


SCENARIOS = {
    "by a bot that is on no list": Scenario(
        rule=BUILDER,
        bad=converted(BOT),
        clean=converted(),
        reason="builder-not-allowed",
        path_labels=("sentiment", "convert"),
    ),
    "tested before, not after": Scenario(
        rule=TESTED,
        bad=converted(tested="original"),
        clean=converted(),
        status="unknown",
        reason="audit-of-ancestor",
        path_labels=("sentiment", "convert", "original"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
