"""The tree of a lineage, and graphs that would have it run for ever."""

from __future__ import annotations

from itertools import pairwise

import pytest
from builders import a_digest

from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.report.tree import draw_tree

ORIGIN = frozenset({Origin("test")})


def model(number, **values):
    facts = {"name": f"m{number}", **values}
    return Node(
        tuple(Fact(name, value, ORIGIN) for name, value in sorted(facts.items())),
        ORIGIN,
        id=entity_id(Kind.MODEL, a_digest(number)),
        kind=Kind.MODEL,
    )


def derived(lower, upper):
    return Edge(
        (), ORIGIN, source=lower.id, relation=Relation.DERIVED_FROM, target=upper.id
    )


def graph_of(nodes, edges):
    return Graph.of(nodes, edges, nodes[0].id)


def chain(length):
    nodes = [model(number) for number in range(length)]
    return graph_of(nodes, [derived(*pair) for pair in pairwise(nodes)])


def fan(width):
    nodes = [model(number) for number in range(width + 1)]
    return graph_of(nodes, [derived(nodes[0], node) for node in nodes[1:]])


def diamonds(count):
    """Two ways at every level: 2 to the power of ``count`` paths to the last."""
    layers = [[model((level, side)) for side in (0, 1)] for level in range(count)]
    root = model("root")
    edges = [derived(root, node) for node in layers[0]]
    for lower, upper in pairwise(layers):
        edges += [derived(one, other) for one in lower for other in upper]
    return graph_of([root, *(node for layer in layers for node in layer)], edges)


def cycle():
    nodes = [model(number) for number in range(3)]
    edges = [derived(nodes[i], nodes[(i + 1) % 3]) for i in range(3)]
    return graph_of(nodes, edges)


def test_a_chain():
    lines = draw_tree(chain(3)).splitlines()
    starts = ("m0 [", "└─ derived from: m1 [", "   └─ derived from: m2 [")
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)


def test_the_last_of_several_ends_the_branch():
    lines = draw_tree(fan(3)).splitlines()
    assert [line[:2] for line in lines[1:]] == ["├─", "├─", "└─"]


def test_a_cycle_ends_where_it_began():
    text = draw_tree(cycle())
    assert text.count("\n") == 4
    assert text.rstrip().endswith("(see above)")


BIG = {
    "a chain of 50,000": (lambda: chain(50_000), 70, "deeper than is drawn"),
    "a fan of 20,000": (lambda: fan(20_000), 2_002, "cut after 2,000 lines"),
    "2^200 paths": (lambda: diamonds(200), 2_002, "deeper than is drawn"),
}


@pytest.mark.parametrize(("make", "most", "told"), BIG.values(), ids=BIG)
def test_a_hostile_graph_stays_small(make, most, told):
    text = draw_tree(make())
    assert text.count("\n") <= most
    assert told in text
    assert max(map(len, text.splitlines())) < 500


def test_doubts_are_shown():
    doubted = model(1, licence=None)
    facts = [Fact("licence", value, ORIGIN) for value in ("MIT", "BSD")]
    torn = Node((*doubted.facts[:1], *facts), ORIGIN, id=doubted.id, kind=Kind.MODEL)
    assert "unknown: licence" in draw_tree(graph_of([doubted], []))
    assert "contradicted: licence" in draw_tree(graph_of([torn], []))


def test_hostile_names_are_text():
    text = draw_tree(graph_of([model(1, name="\x1b[2J\n\u202e")], []))
    assert text.startswith("\\x1b[2J\\x0a\\u{202e} [model]")


def test_code_is_called_by_its_commit():
    commit = "1234abcd" * 5
    code = Node(
        (Fact("commit", commit, ORIGIN),),
        ORIGIN,
        id=undigested_id(Kind.CODE, {"commit": commit}),
        kind=Kind.CODE,
    )
    assert draw_tree(graph_of([code], [])) == "commit 1234abcd1234 [code]\n"
