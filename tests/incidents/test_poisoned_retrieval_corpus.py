"""A poisoned retrieval corpus: a few passages decide what is answered.

What happened: in 2024 Zou and others showed that five passages for each question, put
into a corpus of millions, make a retrieving system give the attacker's answer most of
the time. Sources: arXiv 2402.07867; OWASP LLM Top 10.

Rule: `corpus-unapproved` (corpus-source) blocks with `writer-not-allowed` where
somebody wrote into the corpus who is none of its writers, and with
`used-before-review` where the index was built before anybody had looked.

**Limits**: the rule shows who wrote and who reviewed, not that the passages are true; a
writer on the list can poison. It goes by what the steps recorded: a page that changes
at its source before it is collected comes in under an approved name. An index that is
written to while it runs is not the one that came to the gate.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import ACME, ANNE, BERT, CARL

MARCH = {"started": "2026-03-01T00:00:00Z", "finished": "2026-03-02T00:00:00Z"}
APRIL = {"started": "2026-04-01T00:00:00Z", "finished": "2026-04-02T00:00:00Z"}
MAY = {"started": "2026-05-01T00:00:00Z", "finished": "2026-05-02T00:00:00Z"}

RULE = f"""
id: corpus-unapproved
check: corpus-source
select: {{kind: dataset, scope: artifact-and-ancestors}}
settings: {{list: approved, writers: ["{ANNE}"], reviewers: ["{BERT}"]}}
severity: critical
mode: deny
why: Whoever can write into the corpus speaks with the model's voice.
remedy: Build the index again, only from what a review let through.
"""


def indexed(*writers, when=MAY):
    """Pages, written by somebody, reviewed in April, and made into an index."""

    def arrange(world):
        site, pages = world.data("site"), world.data("pages")
        corpus, index = world.data("corpus"), world.data("index")
        by = [("writer", party) for party in writers]
        world.step("collect", pages, {"items": site}, by, source=ACME, **MARCH)
        looked = [("reviewer", BERT)]
        world.step("review", corpus, {"data": pages}, looked, **APRIL)
        world.step("embed", index, {"corpus": corpus}, **when)
        ready(world, index, "site")

    return arrange


TO_CORPUS = ("index", "embed", "corpus")
CARL_SHORT = "person:acme-2026:cccccccccccc"
SCENARIOS = {
    "a stranger wrote a page": Scenario(
        rule=RULE,
        bad=indexed(ANNE, CARL),
        clean=indexed(ANNE),
        reason="writer-not-allowed",
        path_labels=(*TO_CORPUS, "review", "pages", "collect", CARL_SHORT),
    ),
    "indexed before anybody had looked": Scenario(
        rule=RULE,
        bad=indexed(ANNE, when=MARCH),
        clean=indexed(ANNE),
        reason="used-before-review",
        path_labels=TO_CORPUS,
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
