"""Properties of the checks that go by facts, dates, owners, numbers and formats."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_builders import ACME, COMMIT, World, number, policy_of

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.nodes import Relation
from aibom.policy.context import Context
from aibom.policy.engine import evaluate
from aibom.verdict import Status, Tier

ALL = {"scope": "artifact-and-ancestors"}
MODEL = {"kind": "model", "scope": "artifact"}
NUMBERS = {
    "type": "holdout-test",
    "metric": "accuracy",
    "at_least": 0.9,
    "minimum_sample": 30,
    "not_worse_than": "revision-of",
    "better": "higher",
}
RULES = {
    "license": {"select": ALL, "settings": {"allow": ["MIT"]}},
    "field-required": {"select": MODEL, "settings": {"fields": ["name", "licence"]}},
    "source-age": {"select": ALL, "settings": {"settle": "14d", "list": "approved"}},
    "publisher-namespace": {"select": ALL, "settings": {"list": "approved"}},
    "metric-threshold": {"select": MODEL, "settings": NUMBERS},
    "format-allowed": {"settings": {"allow": ["safetensors"]}},
}
POLICY = policy_of(
    *({"id": name, "check": name, **rule} for name, rule in RULES.items())
)


def content():
    """A lineage that every rule above is content with."""
    world = World()
    pool = world.data("pool", source=ACME, licence="MIT")
    old = world.model("sentiment-1", licence="MIT")
    world.root = world.model(licence="MIT")
    times = {"started": "2026-06-20T00:00:00Z", "finished": "2026-06-21T00:00:00Z"}
    step = {"training-data": pool}
    world.step("train", world.root, step, source=ACME, **times)
    world.step("train", old, step, source=ACME, **times)
    world.build.edge(world.root, Relation.REVISION_OF, old)
    for node in (pool, old, world.root):
        world.bom(node)
    for node in (old, world.root):
        world.audit(node, [number(0.95, metric="accuracy")], type="holdout-test")
    match = {"type": "huggingface", "namespace": "acme", "revision": COMMIT}
    dates = {"published": "2026-01-01", "approved_on": "2026-02-01"}
    owner = {"owner": "org:Acme", "owner_since": "2020-01-01"}
    world.trust({"match": match, **dates, **owner})
    made = world.context()
    formats = {"w.safetensors": "safetensors"}
    return replace(made, evidence=replace(made.evidence, formats=formats))


FULL = content()


def answers(context):
    found = evaluate(context, POLICY, Tier.HIGH)
    return {(one.rule, one.node): one.status for one in found}


def with_items(items, context=FULL):
    evidence = replace(context.evidence, items=tuple(items))
    return replace(context, evidence=evidence)


def test_all_are_content():
    found = answers(FULL)
    assert {rule for rule, _ in found} == set(RULES)
    bad = {Status.FAIL, Status.UNKNOWN, Status.ERROR}
    assert [key for key, status in found.items() if status in bad] == []


@pytest.mark.parametrize("rule", RULES)
def test_without_any_evidence_nothing_passes(rule):
    bare = EvidenceSet(bytes_checked=True)
    for (name, _), status in answers(replace(FULL, evidence=bare)).items():
        if name == rule:
            assert status in (Status.UNKNOWN, Status.NOT_APPLICABLE)


PLACES = st.sets(st.sampled_from(range(len(FULL.evidence.items))))


@given(PLACES, PLACES)
def test_removing_good_evidence_never_makes_an_answer_a_pass(gone, more):
    items = list(enumerate(FULL.evidence.items))
    before = answers(with_items(item for n, item in items if n not in gone))
    after = answers(with_items(item for n, item in items if n not in gone | more))
    blocked = {Status.FAIL, Status.UNKNOWN}
    assert not [
        key
        for key, status in before.items()
        if status in blocked and after[key] is Status.PASS
    ]


@given(st.permutations(FULL.evidence.items))
def test_the_order_of_evidence_does_not_matter(items):
    assert answers(with_items(items)) == answers(FULL)


@given(st.sets(st.sampled_from(range(len(FULL.evidence.items))), min_size=1))
def test_a_strangers_word_never_makes_more_pass(taken):
    items = [
        replace(item, signer=None, refusal="signer-not-allowed") if n in taken else item
        for n, item in enumerate(FULL.evidence.items)
    ]
    found = answers(with_items(items))
    passing = {key for key, status in answers(FULL).items() if status is Status.PASS}
    assert {key for key, status in found.items() if status is Status.PASS} <= passing


def test_a_dry_run_says_nothing_of_formats():
    dry = replace(FULL.evidence, bytes_checked=False, formats={})
    context = Context(FULL.graph, FULL.root, dry, FULL.data, FULL.now)
    assert answers(context)["format-allowed", FULL.root] is Status.NOT_APPLICABLE
