"""What a context remembers: paths, labels, and what a check needs once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from policy_builders import ANNE, World

from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Relation
from aibom.policy.context import Context


def chain(length: int) -> tuple[Context, list[str]]:
    """A context, and its entities from the artifact on up, each made from the next."""
    world = World()
    data = [world.data(f"data-{number}") for number in range(length)]
    for upper, lower in pairwise(data):
        world.step("filter", lower, {"input": upper}, by=[("labeler", ANNE)])
    world.root = data[-1]
    return world.context(), data[::-1]


def test_a_path_is_the_same_whichever_is_asked_for_first():
    """Paths are made from parts that are known already."""
    near_first, names = chain(6)
    far_first, _ = chain(6)
    near = {name: near_first.path_to(name) for name in names}
    far = {name: far_first.path_to(name) for name in reversed(names)}
    assert near == far
    for place, name in enumerate(names):
        assert [hop.node for hop in near[name]][::2] == names[: place + 1]
        assert near[name][0].via == ""


def test_a_path_is_made_once():
    context, names = chain(4)
    far = context.path_to(names[-1])
    assert context.path_to(names[-1]) is far


def test_a_path_beyond_a_node_is_not_kept():
    context, names = chain(2)
    (step,) = context.generating_steps(names[0], "filter")
    (edge,) = context.graph.edges_from(step, Relation.PERFORMED_BY)
    way = context.path_to(step)
    longer = context.path_to(step, (Hop(edge, edge.target),))
    assert (longer[:-1], longer[-1].node) == (way, f"party:{ANNE}")
    assert context.path_to(step) is way


def test_a_path_to_what_the_artifact_does_not_come_from_is_a_key_error():
    world = World()
    other = world.data("other")
    world.root = world.data("it")
    with pytest.raises(KeyError):
        world.context().path_to(other)


def test_what_is_needed_once_is_made_once_for_each_context():
    made: list[Context] = []

    def make(context: Context) -> None:
        made.append(context)

    one, two = chain(2)[0], chain(2)[0]
    for context in (one, one, two):
        assert context.once("nothing", make) is None
    one.once(("other", 1), make)
    assert [id(context) for context in made] == [id(one), id(two), id(one)]


def test_sources_and_labels_are_remembered():
    context, names = chain(3)
    assert context.label(names[1]) == context.node(names[1]).label == "data-1"
    assert context.sources_of(names[1]) is context.sources_of(names[1])


def test_a_path_is_as_long_as_it_says_whichever_is_asked_for_first():
    context, names = chain(9)
    for name in reversed(names):
        path = context.path_to(name)
        assert len(path) == len(tuple(path)) == 2 * names.index(name) + 1


def test_hops_are_shared_by_paths():
    context, names = chain(5)
    near, far = context.path_to(names[2]), context.path_to(names[4])
    shared = zip(near[1:], far[1:], strict=False)
    assert [one is other for one, other in shared] == [True] * 4
