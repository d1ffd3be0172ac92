"""Folding: what stays, what joins, in which order, and how little is left."""

from __future__ import annotations

import re

import pytest
from builders import QUICK, a_node, an_edge, graphs
from hypothesis import given
from picture_world import lineage, mixed_levels, path_to_party

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Relation
from aibom.report.picture.layers import layers_of
from aibom.report.picture.make import picture_of


def star(count, kinds=(Kind.DATASET,), labelled=False):
    """A model trained on many things, each perhaps made by a step of its own."""
    root, step = a_node(Kind.MODEL, "root"), a_node(Kind.STEP, "s", {"step": "train"})
    nodes, edges = [root, step], [an_edge(step, Relation.GENERATED, root)]
    for number in range(count):
        item = a_node(kinds[number % len(kinds)], number)
        nodes.append(item)
        edges.append(an_edge(step, Relation.USED, item, "training-data"))
        if labelled:
            made = a_node(Kind.STEP, ("label", number), {"step": "label"})
            raw = a_node(Kind.DATASET, ("raw", number))
            nodes += [made, raw]
            edges.append(an_edge(made, Relation.GENERATED, item))
            edges.append(an_edge(made, Relation.USED, raw, "items"))
    return Graph.of(nodes, edges, root.id)


def chain(length):
    models = [a_node(Kind.MODEL, number) for number in range(length)]
    steps = [
        a_node(Kind.STEP, ("s", n), {"step": "fine-tune"}) for n in range(length - 1)
    ]
    edges = []
    for number, step in enumerate(steps):
        edges.append(an_edge(step, Relation.USED, models[number], "base-model"))
        edges.append(an_edge(step, Relation.GENERATED, models[number + 1]))
    return Graph.of([*models, *steps], edges, models[-1].id)


SHAPES = {
    "the same neighbours": (lambda: star(37), ["37 datasets"]),
    "two kinds": (
        lambda: star(40, (Kind.DATASET, Kind.MODEL)),
        ["20 datasets", "20 models"],
    ),
    "branches that are alike": (
        lambda: star(30, labelled=True),
        ["30 datasets", "30 datasets", "30 \u00d7 label"],
    ),
}


@pytest.mark.parametrize(("make", "folds"), SHAPES.values(), ids=SHAPES)
def test_what_is_alike_is_one(make, folds):
    picture = picture_of(make(), budget=10)
    assert sorted(n.label for n in picture.nodes if n.folded) == folds


def test_within_the_budget_nothing_is_folded():
    graph = star(37)
    picture = picture_of(graph, budget=39)
    assert picture.groups == {}
    assert len(picture.nodes) == 39


def test_no_more_is_folded_than_has_to_be():
    """Two in one step, nine in another: the nine are enough."""
    nodes, edges = [], []
    root = a_node(Kind.MODEL, "root")
    for word, count in (("few", 2), ("many", 9)):
        step = a_node(Kind.STEP, word, {"step": word})
        items = [a_node(Kind.DATASET, (word, n)) for n in range(count)]
        nodes += [step, *items]
        edges += [an_edge(step, Relation.USED, item, "data") for item in items]
        edges.append(an_edge(step, Relation.GENERATED, root))
    picture = picture_of(Graph.of([root, *nodes], edges, root.id), budget=8)
    assert [node.label for node in picture.nodes if node.folded] == ["9 datasets"]


GRAPHS = {
    "1,000 as in life": lambda: lineage(1000),
    "4,000 as in life": lambda: lineage(4000),
    "a star of 5,000": lambda: star(5000),
    "a star of 1,500 branches": lambda: star(1500, labelled=True),
    "a chain of 3,000": lambda: chain(3000),
}


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_large_graphs_come_to_be_readable(make):
    graph = make()
    picture = picture_of(graph)
    assert len(picture.nodes) <= 180
    drawn = sorted(name for node in picture.nodes for name in node.members)
    assert drawn == sorted(n for n in graph.nodes if graph.nodes[n].kind != "party")


def test_of_a_long_lineage_roots_data_and_models_are_told_apart():
    picture = picture_of(lineage(1000), budget=60)
    folds = [node for node in picture.nodes if node.folded]
    mixed = {node.label for node in folds if "," in node.label}
    assert any(re.fullmatch(r"\d+ datasets, \d+ steps", label) for label in mixed)
    assert any(re.fullmatch(r"\d+ models, \d+ steps", label) for label in mixed)
    assert not any("guideline" in label for label in mixed)
    assert not any("dataset" in label and "model" in label for label in mixed)
    roots = [node for node in folds if node.ends == "open"]
    assert {node.kind for node in roots} == {"dataset"}
    assert sum(len(node.members) for node in roots) > 200


def test_what_matters_stays():
    graph = lineage(1000)
    levels, path = mixed_levels(graph), path_to_party(graph)
    other = next(n for n in sorted(graph.nodes) if n.startswith("code:"))
    picture = picture_of(graph, levels=levels, paths=[path], highlight=[other])
    alone = {node.id for node in picture.nodes if not node.folded}
    torn = {name for name, level in levels.nodes.items() if level == "contradicted"}
    assert {graph.root, other, *path[:-1], *torn} <= alone


def test_too_much_that_matters_is_folded_too():
    graph = chain(2000)
    path = tuple(hop for hop in graph.nodes)
    picture = picture_of(graph, paths=[path])
    assert len(picture.nodes) <= 250
    assert any(node.folded and node.on_path and node.marks for node in picture.nodes)
    assert graph.root in {node.id for node in picture.nodes}


def test_a_fold_says_what_its_parts_are_worth():
    graph = star(12)
    items = sorted(n for n in graph.nodes if n.startswith("dataset:"))
    base = mixed_levels(graph)
    words = dict(base.nodes) | dict.fromkeys(items, "claimed") | {items[0]: "unknown"}
    picture = picture_of(graph, levels=type(base)(words, base.edges), budget=5)
    fold = next(node for node in picture.nodes if node.folded)
    assert fold.words[0] == "11 stated, 1 unknown"
    assert fold.level == "unknown"
    assert fold.members == tuple(items)


@QUICK
@given(graphs())
def test_folds_never_close_a_circle_nor_lose_a_node(graph):
    for budget in (1, 3, 6):
        picture = picture_of(graph, budget=budget)
        whole = picture_of(graph, budget=10_000)
        assert {m for n in picture.nodes for m in n.members} == {
            m for n in whole.nodes for m in n.members
        }
        if circles(whole) == 0:
            assert circles(picture) == 0


def circles(picture):
    layer = layers_of(
        [node.id for node in picture.nodes], [(e.upper, e.lower) for e in picture.edges]
    )
    return sum(layer[e.upper] >= layer[e.lower] for e in picture.edges)


def test_a_fold_is_an_open_end_only_where_all_of_it_is():
    graph = lineage(1000)
    picture = picture_of(graph)
    for node in picture.nodes:
        ups = [
            any(not h.to.startswith("party:") for h in graph.up(n))
            for n in node.members
        ]
        assert not (node.ends and any(ups))


def test_a_fold_of_which_some_are_open_says_how_many():
    graph = star(10)
    items = sorted(name for name in graph.nodes if name.startswith("dataset:"))[:4]
    steps = [a_node(Kind.STEP, ("l", n), {"step": "label"}) for n in range(4)]
    made = [
        an_edge(step, Relation.GENERATED, graph.nodes[item])
        for step, item in zip(steps, items, strict=True)
    ]
    whole = Graph.of([*graph.nodes.values(), *steps], [*graph.edges, *made], graph.root)
    picture = picture_of(whole, budget=5)
    (fold,) = [node for node in picture.nodes if node.label == "10 datasets"]
    assert "6 with nothing known beyond" in fold.words
    assert fold.ends == ""
