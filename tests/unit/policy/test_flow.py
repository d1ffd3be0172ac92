"""What steps made and used, by name, from the graph and from trusted records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from policy_builders import World, sha

from aibom.lineage.build import facts_of
from aibom.lineage.nodes import Node, Origin, Relation
from aibom.policy.flow import CLOCK_SKEW, Flow, described, flow_of, qualified

NINE = datetime(2026, 11, 1, 9, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
FLOW = Flow(
    {},
    {},
    {
        "first": (NINE, NINE + HOUR),
        "second": (NINE + HOUR, NINE + 2 * HOUR),
        "during": (NINE + HOUR / 2, NINE + 2 * HOUR),
        "close": (NINE + HOUR - CLOCK_SKEW, NINE + 2 * HOUR),
        "closer": (NINE + HOUR - CLOCK_SKEW / 5, NINE + 2 * HOUR),
        "not quite": (NINE + HOUR - CLOCK_SKEW - SECOND, NINE + 2 * HOUR),
    },
)
NAMED = {
    "a base name": ("train.jsonl", ()),
    "a namespace": ("acme/reviews", ("acme/reviews",)),
    "another case": ("Acme/Reviews", ("acme/reviews",)),
    "wide letters": ("\uff41cme/reviews", ("acme/reviews",)),
    "declared unknown": (None, ()),
}
#: the one, the other → whether it may follow, and whether that is known
FOLLOWS = {
    "after it": ("second", "first", True, True),
    "before it": ("first", "second", False, False),
    "while it ran": ("during", "first", False, False),
    "as far apart as clocks may be": ("close", "first", True, False),
    "a second apart": ("closer", "first", True, False),
    "further apart": ("not quite", "first", False, False),
    "nobody knows when": ("first", "never heard of", True, True),
    "itself": ("never heard of", "never heard of", False, True),
}


@pytest.mark.parametrize(("name", "found"), NAMED.values(), ids=NAMED)
def test_only_names_with_a_namespace_count(name, found):
    facts = facts_of({"name": name}, Origin("test"))
    assert qualified(Node(facts, id="model:x")) == found


@pytest.mark.parametrize("name", FOLLOWS)
def test_what_ended_later_was_not_before(name):
    later, earlier, may, known = FOLLOWS[name]
    assert FLOW.may_follow(later, earlier) is may
    assert FLOW.is_order_known(later, earlier) is known


TIMES = {"started": "2026-11-01T09:00:00Z", "finished": "2026-11-01T10:00:00Z"}


@pytest.mark.parametrize("recorded", [True, False])
def test_times_are_those_of_trusted_records(recorded):
    world = World()
    world.root = world.data()
    step = world.step("filter", world.root, recorded=recorded, **TIMES)
    times = {step: (NINE, NINE + HOUR)} if recorded else {}
    assert flow_of(world.context()).times == times


def test_what_a_step_made_goes_by_the_steps_own_word():
    world = World()
    world.root = world.data("acme/lent")
    step = world.step("filter", world.root)
    world.build.edge(step, Relation.GENERATED, world.root, "out", {"name": "acme/own"})
    assert list(flow_of(world.context()).made) == ["acme/own"]


def test_a_node_is_described_so_that_it_can_be_found():
    world = World()
    name = world.data("reviews")
    (node,) = world.build.graph().nodes.values()
    assert node.id == name
    assert described(node) == f"reviews (dataset:tree:{sha('reviews')[:12]})"
