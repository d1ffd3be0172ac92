"""Walks, named cycles, contradictions, and what a graph refuses to be."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from builders import QUICK, a_node, an_edge, graphs
from hypothesis import given
from hypothesis import strategies as st

from aibom.errors import DocumentInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.graph import (
    Contradiction,
    Graph,
    contradictions,
    find_cycles,
    nearest_above,
    upstream_first,
)
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation

USED, GENERATED = Relation.USED, Relation.GENERATED
DERIVED = Relation.DERIVED_FROM


def entities(*names: str) -> dict[str, Node]:
    """Named datasets."""
    return {name: a_node(Kind.DATASET, name, {"name": name}) for name in names}


def graph_of(*pairs: str) -> tuple[Graph, dict[str, str]]:
    """A graph from texts such as ``b<a``: b is derived from a; and names of its ids."""
    names = sorted({name for pair in pairs for name in pair.split("<")})
    nodes = entities(*names)
    edges = [an_edge(nodes[x], DERIVED, nodes[y]) for x, y in map(_ends, pairs)]
    ids = {node.id: name for name, node in nodes.items()}
    return Graph.of(nodes.values(), edges), ids


def _ends(pair: str) -> tuple[str, str]:
    lower, _, upper = pair.partition("<")
    return lower, upper


def stepped() -> tuple[Graph, dict[str, Node]]:
    """Two outputs of one step, which used one input, by a labeler."""
    step, party = (
        a_node(Kind.STEP, "s"),
        Node(id="party:org:Acme", kind=Kind.PARTY),
    )
    nodes = {**entities("in", "out", "sibling"), "step": step, "party": party}
    edges = [
        an_edge(step, USED, nodes["in"], "training-data"),
        an_edge(step, GENERATED, nodes["out"]),
        an_edge(step, GENERATED, nodes["sibling"]),
        an_edge(step, Relation.PERFORMED_BY, party, "labeler"),
        an_edge(nodes["in"], Relation.ATTRIBUTED_TO, party, "supplier"),
    ]
    return Graph.of(nodes.values(), edges), nodes


# ── walks ──────────────

SHAPES = {
    "diamond": (("d<b", "d<c", "b<a", "c<a"), "d", {"a": 2, "b": 1, "c": 1}),
    "merge of two": (("m<x", "m<y"), "m", {"x": 1, "y": 1}),
    "short cut wins": (("d<c", "c<b", "b<a", "d<a"), "d", {"a": 1, "b": 2, "c": 1}),
    "cycle": (("a<b", "b<c", "c<a"), "a", {"b": 1, "c": 2}),
    "nothing below": (("b<a", "c<a"), "b", {"a": 1}),
}


@pytest.mark.parametrize(("pairs", "start", "expected"), SHAPES.values(), ids=SHAPES)
def test_upstream_reaches_every_ancestor_by_a_shortest_path(
    pairs: tuple[str, ...], start: str, expected: dict[str, int]
) -> None:
    graph, names = graph_of(*pairs)
    ids = {name: node for node, name in names.items()}
    walk = graph.upstream(ids[start])
    found = {names[node]: len(walk.path(node)[1]) for node in walk.reached}
    assert found == expected
    assert list(found.values()) == sorted(found.values()), "nearest first"


def test_order_of_discovery_is_by_distance_then_id() -> None:
    graph, names = graph_of("d<b", "d<c", "b<a", "c<a")
    ids = {name: node for node, name in names.items()}
    walk = graph.upstream(ids["d"])
    first, second = sorted((ids["b"], ids["c"]))
    assert walk.reached == (first, second, ids["a"])
    start, hops = walk.path(ids["a"])
    assert start == ids["d"]
    assert [hop.to for hop in hops] == [first, ids["a"]]
    assert walk.path(ids["d"]) == (ids["d"], ())


def test_a_path_to_what_was_not_reached_is_a_key_error() -> None:
    graph, names = graph_of("b<a")
    ids = {name: node for node, name in names.items()}
    with pytest.raises(KeyError):
        graph.upstream(ids["a"]).path(ids["b"])


def test_a_sibling_output_is_not_upstream() -> None:
    graph, nodes = stepped()
    reached = graph.upstream(nodes["out"].id).reached
    assert set(reached) == {nodes[name].id for name in ("step", "in", "party")}
    below = graph.downstream(nodes["in"].id).reached
    assert set(below) == {nodes[name].id for name in ("step", "out", "sibling")}


def test_along_keeps_a_walk_to_some_edges() -> None:
    graph, nodes = stepped()
    walk = graph.upstream(nodes["out"].id, along=lambda edge: edge.relation is not USED)
    assert set(walk.reached) == {nodes["step"].id, nodes["party"].id}


def test_edges_by_relation_and_direction() -> None:
    graph, nodes = stepped()
    step, out, data = nodes["step"].id, nodes["out"].id, nodes["in"].id
    made = {edge.target for edge in graph.edges_from(step, GENERATED)}
    assert made == {out, nodes["sibling"].id}
    assert [edge.role for edge in graph.edges_from(step, USED)] == ["training-data"]
    assert [edge.source for edge in graph.edges_into(data, USED)] == [step]
    assert [edge.source for edge in graph.edges_into(out, GENERATED)] == [step]
    assert graph.edges_from(out, GENERATED) == ()
    assert graph.edges_into(step, USED) == ()
    assert graph.generating_steps(out) == (step,)
    assert graph.generating_steps(data) == ()


def test_a_chain_of_fifty_thousand_nodes_needs_no_stack() -> None:
    nodes = [a_node(Kind.DATASET, number) for number in range(50_000)]
    pairs = zip(nodes[1:], nodes[:-1], strict=True)
    graph = Graph.of(nodes, [an_edge(low, DERIVED, up) for low, up in pairs])
    walk = graph.upstream(nodes[-1].id)
    assert len(walk.reached) == 49_999
    assert len(walk.path(nodes[0].id)[1]) == 49_999
    assert find_cycles(graph) == ()


@QUICK
@given(graphs())
def test_upstream_and_downstream_are_inverse(graph: Graph) -> None:
    above = {(low, up) for low in graph.nodes for up in graph.upstream(low).reached}
    below = {(low, up) for up in graph.nodes for low in graph.downstream(up).reached}
    assert above == below


@QUICK
@given(graphs())
def test_every_path_is_made_of_edges_that_are_there(graph: Graph) -> None:
    assert graph.root is not None
    walk = graph.upstream(graph.root)
    for node in walk.reached:
        current, hops = walk.path(node)
        for hop in hops:
            assert hop in graph.up(current)
            current = hop.to
        assert current == node


# ── canonical form ──────────────


@QUICK
@given(graphs(), st.data())
def test_nearest_above_leads_to_the_nearest_marked_ancestor(
    graph: Graph, data: st.DataObject
) -> None:
    marked = data.draw(st.sets(st.sampled_from(sorted(graph.nodes))))
    moves = nearest_above(graph, marked)
    for name in graph.nodes.keys() - marked:
        walk = graph.upstream(name)
        above = [len(walk.path(other)[1]) for other in walk.reached if other in marked]
        current, steps = name, 0
        while current in moves:
            assert moves[current] in graph.up(current)
            current, steps = moves[current].to, steps + 1
        assert steps == min(above, default=0)
        assert (current in marked) == bool(above)
    assert not moves.keys() & marked


@given(graphs())
def test_an_edge_is_found_by_its_key(graph: Graph) -> None:
    assert [graph.edge(edge.key) for edge in graph.edges] == list(graph.edges)
    assert graph.edge(("step:x", "used", "dataset:x", "")) is None


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_told_does_not_matter(
    graph: Graph, rng: random.Random
) -> None:
    nodes, edges = list(graph.nodes.values()), list(graph.edges)
    rng.shuffle(nodes)
    rng.shuffle(edges)
    again = Graph.of(nodes, edges, graph.root, graph.extra)
    assert again == graph
    assert list(again.nodes) == list(graph.nodes) == sorted(graph.nodes)


@QUICK
@given(graphs(rooted=False))
def test_telling_everything_twice_changes_nothing(graph: Graph) -> None:
    nodes, edges = list(graph.nodes.values()), list(graph.edges)
    assert Graph.of(nodes + nodes, edges + edges, None, graph.extra) == graph


def described(**members: Any) -> Node:
    """A description of one and the same dataset."""
    node = a_node(Kind.DATASET, "one")
    return Node(id=node.id, kind=node.kind, **members)


ONE, OTHER = Origin("one"), Origin("other")
DESCRIPTIONS = {
    "facts": (
        {"facts": (Fact("name", "a", frozenset({ONE})),)},
        {"facts": (Fact("name", "a", frozenset({OTHER})),)},
    ),
    "origins": ({"origins": frozenset({ONE})}, {"origins": frozenset({OTHER})}),
    "members nobody knows": (
        {"extra": {"x": [1], "y": 1}},
        {"extra": {"x": {"a": None}, "z": 2}},
    ),
    "files and none": ({"files": ()}, {"files": ()}),
}


@pytest.mark.parametrize(("one", "other"), DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_merging_is_commutative_and_idempotent(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    left, right = described(**one), described(**other)
    assert left.merged(right) == right.merged(left)
    assert left.merged(left) == left
    assert left.merged(right).merged(right) == left.merged(right)


def test_merging_keeps_every_origin_of_a_fact() -> None:
    one = described(facts=(Fact("name", "a", frozenset({ONE})),))
    other = described(facts=(Fact("name", "a", frozenset({OTHER})),))
    assert one.merged(other).facts == (Fact("name", "a", frozenset({ONE, OTHER})),)


def test_two_different_things_cannot_be_merged() -> None:
    one, other = entities("a", "b").values()
    with pytest.raises(ValueError, match="one node"):
        one.merged(other)
    edge = an_edge(one, DERIVED, other)
    with pytest.raises(ValueError, match="one edge"):
        edge.merged(an_edge(other, DERIVED, one))


# ── what is refused ──────────────


def one_digest_two_kinds() -> Graph:
    return Graph.of([a_node(Kind.DATASET, 1), a_node(Kind.MODEL, 1)], [])


def self_loop() -> Graph:
    node = a_node(Kind.MODEL, 1)
    return Graph.of([node], [an_edge(node, DERIVED, node)])


def dangling_target() -> Graph:
    one, other = entities("a", "b").values()
    return Graph.of([one], [an_edge(one, DERIVED, other)])


def dangling_source() -> Graph:
    one, other = entities("a", "b").values()
    return Graph.of([other], [an_edge(one, DERIVED, other)])


def between(source: Kind, relation: Relation, target: Kind) -> Graph:
    def make(kind: Kind, seed: int) -> Node:
        if kind is Kind.PARTY:
            return Node(id=f"party:org:{seed}", kind=kind)
        return a_node(kind, seed)

    one, other = make(source, 1), make(target, 2)
    return Graph.of([one, other], [an_edge(one, relation, other)])


def doubled_edge() -> Graph:
    one, other = entities("a", "b").values()
    edge = an_edge(one, DERIVED, other)
    return Graph({one.id: one, other.id: other}, (edge, edge))


def one_id_two_kinds() -> Graph:
    node = a_node(Kind.MODEL, 1)
    return Graph.of([node, Node(id=node.id, kind=Kind.DATASET)], [])


def id_of(kind: Kind, name: str) -> Graph:
    return Graph.of([Node(id=name, kind=kind)], [])


def filed_wrongly() -> Graph:
    node = a_node(Kind.MODEL, 1)
    return Graph({"model:other": node}, ())


REFUSED = {
    "one digest, two kinds": (one_digest_two_kinds, "kind-contradicted"),
    "one id, two kinds": (one_id_two_kinds, "kind-contradicted"),
    "self loop": (self_loop, "edge-invalid"),
    "target not there": (dangling_target, "edge-dangling"),
    "source not there": (dangling_source, "edge-dangling"),
    "the same edge twice": (doubled_edge, "edge-invalid"),
    "id of another kind": (
        lambda: id_of(Kind.MODEL, a_node(Kind.DATASET, 1).id),
        "node-id-invalid",
    ),
    "id with a prefix of the kind": (
        lambda: id_of(Kind.MODEL, "models:x"),
        "node-id-invalid",
    ),
    "no id": (lambda: id_of(Kind.MODEL, ""), "node-id-invalid"),
    "filed under another id": (filed_wrongly, "node-id-invalid"),
    "digest in capitals": (
        lambda: id_of(Kind.MODEL, f"model:file:{'AB' * 32}"),
        "digest-malformed",
    ),
    "root not there": (lambda: Graph.of([], [], "model:x"), "root-missing"),
    "root is a step": (
        lambda: Graph.of([a_node(Kind.STEP, 1)], [], a_node(Kind.STEP, 1).id),
        "root-missing",
    ),
}


@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_graph_is_refused(make: Any, reason: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        make()
    assert caught.value.reason == reason


STEP, PARTY, ENTITY = Kind.STEP, Kind.PARTY, Kind.DATASET
JOINS = {
    Relation.USED: (STEP, ENTITY),
    Relation.GENERATED: (STEP, ENTITY),
    Relation.PERFORMED_BY: (STEP, PARTY),
    Relation.ATTRIBUTED_TO: (ENTITY, PARTY),
    Relation.DERIVED_FROM: (ENTITY, ENTITY),
    Relation.REVISION_OF: (ENTITY, ENTITY),
    Relation.REQUIRES: (ENTITY, ENTITY),
}


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("source", [STEP, PARTY, ENTITY])
@pytest.mark.parametrize("target", [STEP, PARTY, ENTITY])
def test_a_relation_joins_its_own_kinds_only(
    relation: Relation, source: Kind, target: Kind
) -> None:
    if (source, target) == JOINS[relation]:
        assert len(between(source, relation, target).edges) == 1
        return
    with pytest.raises(DocumentInvalid) as caught:
        between(source, relation, target)
    assert caught.value.reason == "edge-invalid"


# ── cycles ──────────────

KNOTS = {
    "none": (("c<b", "b<a"), []),
    "two nodes": (("a<b", "b<a"), ["aba"]),
    "three nodes": (("a<b", "b<c", "c<a"), ["abca"]),
    "two knots": (("a<b", "b<a", "x<a", "x<y", "y<x"), ["aba", "xyx"]),
    "a tail is no part of it": (("t<a", "a<b", "b<a", "b<r"), ["aba"]),
}


@pytest.mark.parametrize(("pairs", "expected"), KNOTS.values(), ids=KNOTS)
def test_cycles_are_named(pairs: tuple[str, ...], expected: list[str]) -> None:
    graph, names = graph_of(*pairs)
    found = find_cycles(graph)
    rotated = {"".join(sorted({names[node] for node in cycle})) for cycle in found}
    assert rotated == {"".join(sorted(set(cycle))) for cycle in expected}
    for cycle in found:
        assert cycle[0] == cycle[-1] == min(cycle)
        for low, up in pairwise(cycle):
            assert up in [hop.to for hop in graph.up(low)]


def test_the_shortest_cycle_of_a_knot_is_named() -> None:
    graph, _ = graph_of("a<b", "b<c", "c<a", "a<c", "c<b", "b<a")
    (cycle,) = find_cycles(graph)
    assert len(cycle) == 3, "there and back"


def test_many_knots_in_a_chain_are_named_in_linear_time() -> None:
    pairs = [f"a{n:05}<b{n:05}" for n in range(5_000)]
    pairs += [f"b{n:05}<a{n:05}" for n in range(5_000)]
    pairs += [f"a{n:05}<a{n + 1:05}" for n in range(4_999)]
    graph, _ = graph_of(*pairs)
    assert len(find_cycles(graph)) == 5_000


@QUICK
@given(graphs())
def test_a_cycle_is_named_exactly_where_a_node_is_its_own_ancestor(
    graph: Graph,
) -> None:
    knotted = {
        name
        for name in graph.nodes
        if any(
            name in graph.upstream(hop.to).reached or hop.to == name
            for hop in graph.up(name)
        )
    }
    named = {name for cycle in find_cycles(graph) for name in cycle}
    assert named <= knotted
    assert bool(named) == bool(knotted)


@QUICK
@given(graphs())
def test_everything_stands_after_what_it_learned_from(graph: Graph) -> None:
    order = upstream_first(graph)
    place = {name: number for number, name in enumerate(order)}
    assert len(place) == len(order)
    for name in order:
        for hop in graph.up(name):
            assert place[hop.to] < place[name]
    knotted = {name for cycle in find_cycles(graph) for name in cycle}
    for name in graph.nodes.keys() - place.keys():
        assert knotted & {name, *graph.upstream(name).reached}


# ── contradictions ──────────────


def with_facts(*facts: tuple[str, str | None]) -> tuple[Node, ...]:
    return tuple(
        described(facts=(Fact(name, value, frozenset({Origin(f"o{number}")})),))
        for number, (name, value) in enumerate(facts)
    )


SAID = {
    "agreement": ([("licence", "MIT"), ("licence", "MIT")], ()),
    "two licences": ([("licence", "MIT"), ("licence", "BSD")], ("BSD", "MIT")),
    "unknown and known": ([("licence", None), ("licence", "MIT")], ("unknown", "MIT")),
    "several names": ([("name", "a"), ("name", "b")], ()),
    "several sources": ([("source", "a"), ("source", None)], ()),
}


@pytest.mark.parametrize(("facts", "values"), SAID.values(), ids=SAID)
def test_a_field_of_one_value_is_contradicted_by_two(
    facts: list[tuple[str, str | None]], values: tuple[str, ...]
) -> None:
    graph = Graph.of(with_facts(*facts), [])
    found = contradictions(graph)
    expected = (Contradiction(*graph.nodes, "licence", values),) if values else ()
    assert found == expected


def test_edges_can_be_contradicted_as_well() -> None:
    one, other = entities("a", "b").values()
    edges = [
        an_edge(one, DERIVED, other, "quantized", {"tool": "x"}),
        an_edge(one, DERIVED, other, "quantized", {"tool": "y"}),
        an_edge(one, DERIVED, other, "merged"),
    ]
    found = contradictions(Graph.of([one, other], edges))
    written = f"{one.id} derived-from {other.id}"
    assert found == (
        Contradiction(written, "relation", ("merged", "quantized")),
        Contradiction(written, "tool", ("x", "y")),
    )


def test_two_roles_of_one_input_are_no_contradiction() -> None:
    graph, nodes = stepped()
    edge = an_edge(nodes["step"], USED, nodes["in"], "evaluation-data")
    assert contradictions(Graph.of(graph.nodes.values(), [*graph.edges, edge])) == ()


# ── the values ──────────────

BAD_VALUES = {
    "field in capitals": (lambda: Fact("Name", "x", frozenset({ONE})), "fact-invalid"),
    "field with a colon": (lambda: Fact("a:b", "x", frozenset({ONE})), "fact-invalid"),
    "parameter without a name": (
        lambda: Fact("parameter.", "x", frozenset({ONE})),
        "fact-invalid",
    ),
    "parameter with a newline": (
        lambda: Fact("parameter.a\nb", "x", frozenset({ONE})),
        "fact-invalid",
    ),
    "field with a newline at the end": (
        lambda: Fact("name\n", "x", frozenset({ONE})),
        "fact-invalid",
    ),
    "fact without an origin": (lambda: Fact("name", "x", frozenset()), "fact-invalid"),
    "origin without a reader": (lambda: Origin(""), "origin-invalid"),
    "origin of another mode": (lambda: Origin("x", mode="live"), "origin-invalid"),
    "role in capitals": (lambda: Edge(role="Labeler"), "edge-invalid"),
    "role with a space": (lambda: Edge(role="a b"), "edge-invalid"),
}


@pytest.mark.parametrize(("make", "reason"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_value_checks_its_own_shape(make: Any, reason: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        make()
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["learning rate", "optim:lr", "a.b", "größe", "-x"])
def test_parameters_are_named_by_others(name: str) -> None:
    fact = Fact(f"parameter.{name}", "1", frozenset({ONE}))
    assert described(facts=(fact,)).value(f"parameter.{name}") == "1"


LABELS = {
    "its label": ({"label": "run 7", "name": "x"}, "run 7"),
    "its name": ({"name": "reviews"}, "reviews"),
    "its id, shortened": ({}, f"dataset:tree:{a_node(Kind.DATASET, 'l').id[13:25]}"),
}


@pytest.mark.parametrize(("facts", "label"), LABELS.values(), ids=LABELS)
def test_what_a_person_would_call_it(facts: dict[str, str], label: str) -> None:
    assert a_node(Kind.DATASET, "l", facts).label == label


CODE_FACTS = {
    "its commit": ({"commit": "4f0c" * 10}, "commit 4f0c4f0c4f0c"),
    "its name, if it has one": ({"commit": "4f0c" * 10, "name": "train"}, "train"),
    "its id": ({}, f"code:tree:{a_node(Kind.CODE, 'l').id[10:22]}"),
}


@pytest.mark.parametrize(("facts", "label"), CODE_FACTS.values(), ids=CODE_FACTS)
def test_code_is_called_by_its_commit(facts: dict[str, str], label: str) -> None:
    assert a_node(Kind.CODE, "l", facts).label == label


def test_values_and_states_of_a_field() -> None:
    node = described(
        facts=(
            Fact("name", "b", frozenset({ONE})),
            Fact("name", "a", frozenset({ONE})),
            Fact("licence", None, frozenset({ONE})),
        )
    )
    node = node.merged(node)
    assert node.values("name") == ("a", "b")
    assert node.value("name") is None
    assert node.state("name") == "known"
    assert node.state("licence") == "unknown"
    assert node.state("revision") == "missing"
    assert node.fields() == ("licence", "name")


def test_a_builder_gives_back_what_it_was_told() -> None:
    build = GraphBuilder(ONE)
    model = build.entity(Kind.MODEL, None, name="m", key_id=None)
    step = build.step("33" * 32, "train", {"label": "x"})
    build.generated(step, model)
    party = build.party("software:tool@1")
    build.edge(model, Relation.ATTRIBUTED_TO, party, "publisher")
    graph = build.graph(model)
    assert graph.root == model
    assert graph.nodes[model].digest is None
    assert graph.nodes[model].state("key-id") == "unknown"
    assert graph.nodes[step].value("step") == "train"
    assert graph.nodes[party].value("name") == "tool@1"
    assert {edge.relation for edge in graph.edges} == {
        GENERATED,
        Relation.ATTRIBUTED_TO,
    }
