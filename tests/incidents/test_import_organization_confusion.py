"""A look-alike organisation, met at the import.

What happened: in 2023 models appeared on a hub under organisations whose names were one
letter away from a known one (PoisonGPT), or that nobody of that company had made
(organisation confusion), and were taken for the real ones. Sources: Mithril Security,
July 2023; MITRE ATLAS AML.CS0019 and AML.CS0027.

Rule: `import-source-untrusted` (trusted-source) of `builtin:model-import@1` blocks with
`source-not-trusted`, before any weights are downloaded: the namespace is compared with
the list letter by letter, and so is the hub that answered.

**Limits**: whoever takes the false organisation for the real one puts it on the list.
A publisher on the list who is malicious, or whose account was taken over, passes. What
the cache of huggingface_hub holds does not say which hub it is from, so that with
`--offline` only the name is compared.
"""

from __future__ import annotations

import pytest
from import_world import TOKEN
from incidents.through_fetch import CLEAN, Fetched

from aibom.testing.hub import LocalHub


def from_organization(name):
    return lambda one: (one.publish(CLEAN, f"{name}/reader"),)


def called_as_the_real_one(one):
    """What the importer calls it does not say where it is from."""
    reference = one.publish(CLEAN, "acme-ai/reader")
    return (reference, "--name", "hf/acme/reader")


def stopped(bad):
    return Fetched(
        rule="import-source-untrusted",
        bad=bad,
        clean=from_organization("acme"),
        reason="source-not-trusted",
        bytes_asked=False,
    )


SCENARIOS = {
    "one letter away": stopped(from_organization("acne")),
    "with a word added": stopped(from_organization("acme-ai")),
    "in capital letters": stopped(from_organization("ACME")),
    "under the name of the real one": stopped(called_as_the_real_one),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)


def test_the_same_name_on_another_hub_is_another_source(importing):
    """A mirror has to be on the list by its address."""
    with importing() as one, LocalHub() as mirror:
        reference = one.publish()
        mirror.tokens.add(TOKEN)
        mirror.model("acme/reader").commit(CLEAN, lfs={"model.safetensors"})
        ran = one.fetch(reference, "--endpoint", mirror.url)
        assert (ran.code, ran.out.split()[0]) == (10, "DENIED")
        assert {found["reason"] for found in one.blocking()} == {"source-not-trusted"}
        assert one.world.left() == []
