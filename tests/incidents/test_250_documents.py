"""250 documents: a backdoor that needs a number, not a share.

What happened: in October 2025 Anthropic, the UK AI Security Institute and the Alan
Turing Institute showed that about 250 poisoned documents put a backdoor into models of
600 million to 13 billion parameters alike; in the largest they were 0.00016 % of the
tokens, and 100 were not enough. Source: arXiv 2510.07192.

Rule: `low-trust-over-cap` (trust-separation with `max_items`) blocks with
`items-over-cap`: the items let in from one source of low trust are counted, however
large the corpus is.

**Limits**: the numbers are of one backdoor, which made models write nonsense at a
trigger; other behaviours and larger models are open, so a cap of 100 is a choice and no
proof. How many items a review let through is its own word. One author who writes under
several sources is counted as several. Data of trusted sources is not counted.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import BERT

FORUM = "pkg:huggingface/forum/posts@" + "1f" * 20
LOW = {"match": {"type": "huggingface", "namespace": "forum"}}

RULE = f"""
id: low-trust-over-cap
check: trust-separation
select: {{scope: artifact-and-ancestors}}
settings: {{reviewers: ["{BERT}"], list: low-trust, max_items: 100}}
severity: critical
mode: deny
why: A few hundred poisoned documents are enough in a corpus of any size.
remedy: Let fewer items in from one source, each of them looked at.
"""


def let_in(items):
    def arrange(world):
        posts, kept, model = world.data("posts"), world.data("kept"), world.model()
        by, facts = [("reviewer", BERT)], {"parameter.items": str(items)}
        world.step("review", kept, {"data": posts}, by, source=FORUM, **facts)
        world.step("train", model, {"training-data": kept})
        ready(world, model, "posts", approved=[LOW], **{"low-trust": [LOW]})

    return arrange


SCENARIOS = {
    "as many as were enough": Scenario(
        rule=RULE,
        bad=let_in(250),
        clean=let_in(100),
        reason="items-over-cap",
        path_labels=("sentiment", "train", "kept", "review", "posts"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)
