"""Model namespace reuse: somebody else registers a publisher's name again.

What happened: in September 2025 Unit 42 (Palo Alto Networks) showed that names of
deleted or transferred Hugging Face accounts can be registered again, and that catalogs
of large clouds resolved models by `Author/Name` alone, so that they would have deployed
what the new owner put there. Source: Unit 42, "Model Namespace Reuse", September 2025.

Rules: `namespace-changed-hands` (publisher-namespace) blocks with `owner-changed`: the
name went to another owner after it had been approved. `revision-unpinned`
(pinned-revision) blocks with `revision-not-pinned`: a name without a commit means
whatever lies there today.

**Limits**: that a namespace changed hands is known only once somebody has written it
into `trusted-sources.yaml`; the check asks no hub. A new owner is not known to be bad,
nor an old one to be good. A pinned commit keeps other bytes out, but does not bring
back those that were deleted: keep a copy.
"""

from __future__ import annotations

import pytest
from incidents.scenario import Scenario, judge, ready
from policy_builders import COMMIT

BASE = "pkg:huggingface/acme/base"
JUNE = {"started": "2026-06-20T00:00:00Z", "finished": "2026-06-21T00:00:00Z"}
APPROVED = {
    "match": {"type": "huggingface", "namespace": "acme"},
    "owner": "org:Acme",
    "owner_since": "2020-01-01",
    "approved_on": "2026-01-01",
}

OWNER = """
id: namespace-changed-hands
check: publisher-namespace
select: {kind: [dataset, model], scope: artifact-and-ancestors}
settings: {list: approved}
severity: critical
mode: deny
why: A name on a hub outlives its owner; the next one publishes under its reputation.
remedy: Find out who owns the name now, decide again, and fetch from there or a mirror.
"""
PIN = """
id: revision-unpinned
check: pinned-revision
select: {kind: [dataset, model], scope: artifact-and-ancestors}
severity: critical
mode: deny
why: A branch or a name is whatever somebody puts there tomorrow.
remedy: Resolve it to a full commit id, fetch that, and record the step again.
"""


def fetched_in_june(source=f"{BASE}@{COMMIT}", **entry):
    """A base model that was taken from the namespace in June, and fine-tuned."""

    def arrange(world):
        base, model = world.model("base"), world.model()
        world.step("fine-tune", model, {"base-model": base}, source=source, **JUNE)
        ready(world, model, "base", approved=[{**APPROVED, **entry}])

    return arrange


SCENARIOS = {
    "the name changed hands in spring": Scenario(
        rule=OWNER,
        bad=fetched_in_june(owner="org:Somebody", owner_changed="2026-05-01"),
        clean=fetched_in_june(),
        reason="owner-changed",
        path_labels=("sentiment", "fine-tune", "base"),
    ),
    "resolved by its name alone": Scenario(
        rule=PIN,
        bad=fetched_in_june(BASE),
        clean=fetched_in_june(),
        reason="revision-not-pinned",
        path_labels=("sentiment", "fine-tune", "base"),
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_rule_stops_it_and_lets_its_twin_through(scenario):
    scenario.verify(judge)


def test_approved_anew_after_the_change_it_may_be_used():
    again = fetched_in_june(owner_changed="2026-05-01", approved_on="2026-05-15")
    results = judge(again, [SCENARIOS["the name changed hands in spring"].parsed])
    assert not any(result.blocks for result in results)
