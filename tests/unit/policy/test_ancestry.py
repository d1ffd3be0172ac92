"""Questions about all ancestors: as one walk for each node would answer them."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from policy_builders import World

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Relation
from aibom.policy.ancestry import Ancestry, all_above, amount, carrying, onward

SEEDS = range(60)


def some_graph(seed: int) -> tuple[Graph, random.Random]:
    """Up to twenty things, derived from one another; every third with cycles."""
    chance = random.Random(seed)
    world = World()
    count = chance.randint(2, 20)
    names = [world.data(f"data-{number}") for number in range(count)]
    for _ in range(chance.randint(count // 2, 3 * count)):
        upper, lower = chance.sample(range(count), 2)
        if seed % 3:
            upper, lower = sorted((upper, lower))
        role = chance.choice(["", "part", "teacher"])
        edge = (names[lower], Relation.DERIVED_FROM, names[upper], role)
        world.build.edge(*edge)
    return world.build.graph(), chance


def without_teachers(edge: Edge) -> bool:
    return edge.role != "teacher"


def cases() -> Iterable[tuple[Graph, Ancestry, random.Random]]:
    for seed in SEEDS:
        graph, chance = some_graph(seed)
        yield graph, Ancestry.of(graph, without_teachers), chance


def test_nearest_is_what_a_walk_reaches_first():
    for graph, ancestry, chance in cases():
        marked = {name for name in graph.nodes if chance.random() < 0.2}
        nearest = ancestry.nearest(marked)
        for name in graph.nodes:
            walk = graph.upstream(name, without_teachers)
            first = next((n for n in (name, *walk.reached) if n in marked), None)
            assert nearest.ends.get(name) == first
            if first is None:
                with pytest.raises(KeyError):
                    nearest.way(name)
            else:
                assert nearest.way(name) == walk.path(first)[1]


def test_nearest_beyond_a_node_leaves_the_node_out():
    told = 0
    for graph, ancestry, chance in cases():
        marked = {name for name in graph.nodes if chance.random() < 0.3}
        nearest = ancestry.nearest(marked)
        for name in graph.nodes.keys() - ancestry.circles:
            walk = graph.upstream(name, without_teachers)
            first = next((n for n in walk.reached if n in marked), None)
            if first is None:
                with pytest.raises(ValueError, match="empty"):
                    nearest.beyond(name, ancestry.ups[name])
            else:
                told += name in marked
                found = nearest.beyond(name, ancestry.ups[name])
                assert found == (first, walk.path(first)[1])
    assert told > 0


def test_sums_count_everything_once(monkeypatch):
    for size in (3, 8192):
        monkeypatch.setattr("aibom.policy.ancestry._BLOCK", size)
        for graph, ancestry, chance in cases():
            weights = {name: chance.randint(0, 5) for name in graph.nodes}
            sums = ancestry.sums(weights)
            for name in graph.nodes:
                walk = graph.upstream(name, without_teachers)
                above = {name, *walk.reached}
                assert ancestry.reached(name) == above
                assert sums[name] == sum(weights[upper] for upper in above)


def test_bits_are_gathered_from_all_above():
    for graph, ancestry, _ in cases():
        own = {name: 1 << place for place, name in enumerate(graph.nodes)}
        gathered = ancestry.gathered(own)
        for name in graph.nodes:
            expected = sum(own[upper] for upper in ancestry.reached(name))
            assert gathered[name] == expected
            assert (name in ancestry.circles) is any(
                name in graph.upstream(hop.to, without_teachers).reached
                for hop in ancestry.ups[name]
            )


def test_what_comes_from_a_node_is_told_once_for_each_edge():
    graph, _ = some_graph(1)
    ancestry = Ancestry.of(graph, lambda _: True)
    for name in graph.nodes:
        expected = sorted(hop.to for hop in graph.down(name))
        assert sorted(ancestry.below(name)) == expected


def labelled() -> World:
    world = World()
    data, tests = world.data(), world.data("tests")
    world.root = world.model()
    world.step("train", world.root, {"training-data": data})
    report = world.data("report")
    world.step("evaluate", report, {"model": world.root, "data": tests})
    return world


def test_an_amount_is_the_same_for_the_artifact_as_for_any_other():
    world = labelled()
    context = world.context()
    ancestry = context.once("ancestry", all_above)
    assert ancestry is context.once("ancestry", all_above)
    weights = dict.fromkeys(context.graph.nodes, 2)
    assert amount(context, "twice", ancestry, weights, world.root) == 6
    for name in context.graph.nodes:
        upper = context.graph.upstream(name).reached
        expected = 2 * (1 + len(upper))
        assert amount(context, "twice", ancestry, weights, name) == expected
    assert amount(context, "none", ancestry, {}, world.root) == 0


def test_what_carries_taint_is_left_in():
    world = labelled()
    world.step("label", world.data(), by=[("reviewer", "org:a"), ("labeler", "org:b")])
    context = world.context()
    reached = carrying(context).reached(world.root)
    assert {name for name in reached if name.startswith("party:")} == {"party:org:b"}


def test_a_way_goes_on():
    graph, _ = some_graph(1)
    ancestry = Ancestry.of(graph, lambda _: True)
    name = next(name for name in graph.nodes if graph.up(name))
    hop = graph.up(name)[0]
    way = onward(ancestry.nearest([name]).way(name), hop)
    longer = onward(way, hop)
    assert (way, longer, tuple(longer)) == ((hop,), (hop, hop), (hop, hop))
