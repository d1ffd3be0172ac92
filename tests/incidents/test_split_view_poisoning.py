"""Split-view poisoning: other pictures at the addresses that were curated.

What happened: in 2023 Carlini and others showed that lists of web addresses such as
LAION-400M and COYO fix where pictures are, not what they are: buying expired domains
for about 60 dollars would have let them control 0.01 % of what is downloaded later.
Source: arXiv 2302.10149; MITRE ATLAS AML.CS0025.

Rules: `name-substituted` (substitution) blocks with `substituted`: the dataset at this
name and version was curated as one set of bytes and trained on as another.
`bytes-between-steps` (step-match) blocks with `step-mismatch` where no version is
stated: what one step made under a name is not what the next one used under it.

**Limits**: somebody must have recorded a digest when the data was curated, and that
record must be in the evidence. What was poisoned already at curation has one digest and
passes. The digest is of the whole; which pictures differ is for whoever compares the
two. The rule does not say which of the two is the bad one.
"""

from __future__ import annotations

import pytest
from incidents.on_disk import CLEAN, released
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, digest

from aibom.lineage.nodes import Kind

RULE = """
id: name-substituted
check: substitution
select: {kind: [dataset, model], scope: artifact-and-ancestors}
severity: critical
mode: deny
why: A list of addresses stays as it is while what lies there changes.
remedy: Train on the bytes that were curated; drop what no longer has the same digest.
"""
STEPS = """
id: bytes-between-steps
check: step-match
select: {scope: artifact}
severity: critical
mode: deny
why: What was curated and examined is then not what the model learned from.
remedy: Find out which bytes are right, then run the later step again on those.
"""


def downloaded(then, now):
    """Curated in one download; trained on in a later one from the same addresses."""

    def arrange(world):
        addresses, model = world.data("addresses"), world.model()
        for nth, seed in enumerate((then, now), 1):
            name = {"name": "acme/pictures", "version": "2026-01"}
            pictures = world.build.entity(Kind.DATASET, digest(seed), **name)
            uses = {"items": addresses}
            world.step("collect", pictures, uses, source=ACME, nth=nth)
        world.step("train", model, {"training-data": pictures})
        ready(world, model, "addresses")

    return arrange


def used_later(text):
    """On disk: a folder that one recorded step made is what the next one finds."""

    def arrange(world):
        (world.root / "labels/labels.jsonl").write_text(text)
        released(CLEAN)(world)

    return arrange


AS_CURATED = '{"text": "good", "label": 1}\n'
ON_DISK = {
    "other bytes lie there when training starts": Scenario(
        rule=STEPS,
        bad=used_later('{"text": "good", "label": 0}\n'),
        clean=used_later(AS_CURATED),
        reason="step-mismatch",
        path_labels=("acme/models/reader", "tune model", "acme/data/labels"),
        also=("lineage-open", "revision-unpinned", "source-untrusted"),
    ),
}
IN_MEMORY = {
    "domains were bought in between": Scenario(
        rule=RULE,
        bad=downloaded("as curated", "as bought"),
        clean=downloaded("as curated", "as curated"),
        reason="substituted",
        path_labels=("sentiment", "train", "acme/pictures"),
    ),
}
SCENARIOS = {**IN_MEMORY, **ON_DISK}


@pytest.mark.parametrize("scenario", IN_MEMORY.values(), ids=IN_MEMORY)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)


@pytest.mark.parametrize("scenario", ON_DISK.values(), ids=ON_DISK)
def test_the_gate_stops_it_and_lets_its_twin_through(scenario, on_disk):
    scenario.verify(on_disk)
