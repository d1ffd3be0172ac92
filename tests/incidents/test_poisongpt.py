"""PoisonGPT: edited weights under the name of a look-alike organisation.

What happened: in July 2023 Mithril Security edited facts in an open model and published
it on Hugging Face under an organisation whose name differed by one letter from that of
its makers; benchmarks hardly moved. Source: MITRE ATLAS AML.CS0019.

Rules: `source-untrusted` (trusted-source) blocks with `source-not-trusted`: namespaces
are compared letter by letter. `base-not-vouched` (signed-by) blocks with
`signature-missing`: no allowed supplier has signed anything about these bytes.

**Limits**: if the publisher itself is malicious, or its account or key is taken over,
both rules pass; only a test of the model's behaviour may then show anything. A decision
that accepts the bytes by digest ends what is asked about their signer. Few publishers
sign their models so far.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, COMMIT

from aibom.lineage.evidence import Signer

LOOKALIKE = f"pkg:huggingface/acmee/base@{COMMIT}"
SUPPLIER = Signer("acme-base", "base", "org:acme")

SOURCE = """
id: source-untrusted
check: trusted-source
select: {kind: [dataset, model], scope: artifact-and-ancestors}
settings: {list: approved}
severity: critical
mode: deny
why: Poison usually arrives by the front door, from somebody who may publish there.
remedy: Take it from an approved source, or approve this one, dated and with a reason.
"""
SIGNER = """
id: base-not-vouched
check: signed-by
select: {kind: model, scope: ancestors}
settings: {roles: [base]}
severity: critical
mode: deny
why: Weights for which nobody answers may have been edited by anybody.
remedy: Get the weights with a signature of the supplier whom signers.yaml names.
"""


def taken_from(source):
    """Somebody has accepted the bytes, and did not look at where they are from."""

    def arrange(world):
        base, model = world.model("base"), world.model()
        world.step("fine-tune", model, {"base-model": base}, source=source)
        ready(world, model, "base")

    return arrange


def vouched_by(signer):
    """The base model comes with a BOM and a step record, signed or not."""

    def arrange(world):
        text, base, model = world.data("text"), world.model("base"), world.model()
        world.step("train", base, {"corpus": text}, signer=signer, source=ACME)
        world.bom(base, signer)
        world.step("fine-tune", model, {"base-model": base}, source=ACME)
        ready(world, model, "text")

    return arrange


SCENARIOS = {
    "one letter more": Scenario(
        rule=SOURCE,
        bad=taken_from(LOOKALIKE),
        clean=taken_from(ACME),
        reason="source-not-trusted",
        path_labels=("sentiment", "fine-tune", "base"),
    ),
    "not signed by its makers": Scenario(
        rule=SIGNER,
        bad=vouched_by(None),
        clean=vouched_by(SUPPLIER),
        status="unknown",
        reason="signature-missing",
        path_labels=("sentiment", "fine-tune", "base"),
        also=("lineage-open", "source-untrusted", "revision-unpinned"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)


def test_the_finding_names_the_look_alike():
    assert SCENARIOS["one letter more"].verify(judge).actual == LOOKALIKE
