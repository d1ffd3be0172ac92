"""Geometry: nothing overlaps, lines begin and end on shapes, all of it is visible."""

from __future__ import annotations

from itertools import combinations

import pytest
from builders import QUICK, a_node, an_edge, graphs
from hypothesis import given, strategies
from picture_world import lineage, path_to_party

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Relation
from aibom.report.picture.boxes import HEAD, LABEL, NARROW, PAPER, SMALL, box_of
from aibom.report.picture.labels import text_width
from aibom.report.picture.lanes import MOST_LANES, lay_out_narrow
from aibom.report.picture.layout import lay_out
from aibom.report.picture.make import picture_of
from aibom.report.picture.model import LEVELS, Picture, PictureNode
from aibom.report.picture.place import nearest
from aibom.report.picture.units import Levels, levels_of

#: Rounding of sums of coordinates.
NEAR = 0.01


def rectangle(placed):
    """All that belongs to a node: its shape, its parties, and what stands above it."""
    box = placed.box
    head = HEAD - 2 if box.node.ends else 0
    return placed.x, placed.y - head, placed.x + box.right, placed.y + box.low


def apart(one, other):
    a, b = rectangle(one), rectangle(other)
    return (
        a[2] <= b[0] + NEAR
        or b[2] <= a[0] + NEAR
        or a[3] <= b[1] + NEAR
        or b[3] <= a[1] + NEAR
    )


def crossed(line, placed):
    """Whether a straight piece, or the room of a bent one, lies over a shape."""
    left, top, right, bottom = rectangle(placed)
    for (x, y), (to, below) in zip(line.points, line.points[1:], strict=False):
        high, low = min(y, below), max(y, below)
        inside = min(x, to) < right - NEAR and max(x, to) > left + NEAR
        if inside and high < bottom - NEAR and low > top + NEAR:
            return True
    return False


def check(layout):
    """All that must hold of every layout."""
    for one, other in combinations(layout.boxes, 2):
        assert apart(one, other)
    by_id = {placed.box.node.id: placed for placed in layout.boxes}
    for placed in layout.boxes:
        left, top, right, bottom = rectangle(placed)
        room = 10 if layout.form.margin > 10 else 6
        assert left >= room
        assert top >= room
        assert right <= layout.width - room + NEAR
        assert bottom <= layout.height - room
    for line in layout.lines:
        for x, y in line.points:
            assert 0 <= x <= layout.width
            assert 0 <= y <= layout.height
        check_ends(line, by_id)
        for placed in layout.boxes:
            if placed.box.node.id not in (line.edge.upper, line.edge.lower):
                assert not crossed(line, placed)


def check_ends(line, by_id):
    ends = [line.edge.upper, line.edge.lower]
    first, last = ends[::-1] if line.upward else ends
    if line.begins:
        assert on_side(line.points[0], by_id[first])
    if line.ends:
        assert on_side(line.points[-1], by_id[last])


def on_side(point, placed):
    x, y = point
    sides = (placed.y, placed.y + placed.box.height)
    beside = abs(x - placed.x) < NEAR and sides[0] < y < sides[1]
    across = placed.x - NEAR <= x <= placed.x + placed.box.width + NEAR
    # A line down a phone begins below a shape, which lies over its first bit.
    near = min(abs(y - side) for side in sides) < 5 + NEAR
    return beside or (across and near)


def hostile():
    names = ["x" * 10_000, "学習" * 400, "\u202e" * 50, "", "<b>&\"'", "\ud800"]
    root = a_node(Kind.MODEL, "root", {"name": "y" * 10_000})
    step = a_node(Kind.STEP, "s", {"step": "z" * 10_000})
    items = [a_node(Kind.DATASET, n, {"name": name}) for n, name in enumerate(names)]
    edges = [an_edge(step, Relation.USED, item, "a" * 500) for item in items]
    edges.append(an_edge(step, Relation.GENERATED, root))
    return Graph.of([root, step, *items], edges, root.id)


def star(count):
    root, step = a_node(Kind.MODEL, "root"), a_node(Kind.STEP, "s", {"step": "train"})
    items = [a_node(Kind.DATASET, number) for number in range(count)]
    edges = [an_edge(step, Relation.USED, item, "data") for item in items]
    edges.append(an_edge(step, Relation.GENERATED, root))
    # Of each its own level, so that the lines do not share a way.
    graph = Graph.of([root, step, *items], edges, root.id)
    base = levels_of(graph)
    words = {edge.key: LEVELS[n % len(LEVELS)] for n, edge in enumerate(graph.edges)}
    return graph, Levels(base.nodes, words)


def circle(length):
    models = [a_node(Kind.MODEL, number) for number in range(length)]
    edges = [
        an_edge(one, Relation.DERIVED_FROM, models[(n + 1) % length])
        for n, one in enumerate(models)
    ]
    return Graph.of(models, edges, models[0].id)


def dense(width, depth):
    """Every model of a layer from every one before it: nothing could be planar."""
    layers = [
        [a_node(Kind.MODEL, (row, n)) for n in range(width)] for row in range(depth)
    ]
    edges = [
        an_edge(lower, Relation.REQUIRES, upper, role)
        for row in range(1, depth)
        for lower in layers[row]
        for upper in layers[row - 1]
        for role in ("", "adapter")
    ]
    return Graph.of([n for row in layers for n in row], edges, layers[-1][0].id)


def every_kind():
    nodes = [
        a_node(kind, number)
        for number, kind in enumerate(kind for kind in Kind if kind != "party")
    ]
    return Graph.of(nodes, [], None)


GRAPHS = {
    "nothing": lambda: Graph.of([], []),
    "10": lambda: lineage(10),
    "30": lambda: lineage(30),
    "100": lambda: lineage(100),
    "1,000": lambda: lineage(1000),
    "hostile names": hostile,
    "a circle": lambda: circle(5),
    "two in a circle": lambda: circle(2),
    "dense": lambda: dense(8, 4),
    "every kind": every_kind,
}


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_layouts(make):
    graph = make()
    path = path_to_party(graph) if graph.root else ()
    check(lay_out(picture_of(graph, paths=[path] if path else [])))


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_layouts_for_paper(make):
    graph = make()
    path = path_to_party(graph) if graph.root else ()
    check(lay_out(picture_of(graph, paths=[path] if path else [], budget=36), PAPER))


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_layouts_for_a_phone(make):
    graph = make()
    path = path_to_party(graph) if graph.root else ()
    picture = picture_of(graph, paths=[path] if path else [])
    layout = lay_out_narrow(picture)
    check(layout)
    assert layout.width == NARROW.width
    assert len(layout.boxes) == len(picture.nodes)
    rows = [placed.y for placed in layout.boxes]
    assert rows == sorted(set(rows))


@QUICK
@given(graphs(), strategies.sampled_from([2, 5, 100]))
def test_any_layout_for_a_phone(graph, budget):
    check(lay_out_narrow(picture_of(graph, budget=budget)))


def test_edges_beyond_the_lanes_are_told_in_words():
    graph = dense(8, 4)
    layout = lay_out_narrow(picture_of(graph))
    check(layout)
    lanes = {line.points[-1][0] for line in layout.lines if not line.ends}
    assert len(lanes) == MOST_LANES
    drawn = {(line.edge.upper, line.edge.lower) for line in layout.lines}
    told = sum(
        word.startswith("also into ")
        for placed in layout.boxes
        for word in placed.box.node.words
    )
    assert told > 0
    assert len(drawn) + told == len(layout.picture.edges)


def test_the_path_down_a_phone_is_one_line():
    """What blocks stands last of what went into a thing, and so just above it."""
    graph = lineage(100)
    path = path_to_party(graph)
    layout = lay_out_narrow(picture_of(graph, paths=[path]))
    marked = [line for line in layout.lines if line.edge.on_path]
    assert len(marked) == len(path) - 2
    assert all(len({x for x, _ in line.points}) == 1 for line in marked)


@pytest.mark.parametrize("count", [1, 5, 30, 60])
def test_many_lines_into_one(count):
    graph, levels = star(count)
    paths = [(graph.root, *graph.nodes)]
    check(lay_out(picture_of(graph, levels=levels, paths=paths)))


@QUICK
@given(graphs(), strategies.sampled_from([2, 5, 100]))
def test_any_layout(graph, budget):
    check(lay_out(picture_of(graph, budget=budget)))


@pytest.mark.parametrize("size", [100, 1000])
def test_the_width_is_bounded(size):
    assert lay_out(picture_of(lineage(size))).width <= 1600


def test_roots_are_above_and_the_artifact_below():
    graph = lineage(100)
    layout = lay_out(picture_of(graph, budget=200))
    place = {placed.box.node.id: placed.y for placed in layout.boxes}
    for edge in layout.picture.edges:
        assert place[edge.upper] < place[edge.lower]
    assert all(place[name] <= place[graph.root] for name in graph_above(graph))


def graph_above(graph):
    reached = graph.upstream(graph.root).reached
    return [name for name in reached if graph.nodes[name].kind is not Kind.PARTY]


def test_the_same_graph_is_placed_in_the_same_way():
    graph = lineage(60)
    other = Graph.of(reversed(graph.nodes.values()), reversed(graph.edges), graph.root)
    one, two = lay_out(picture_of(graph)), lay_out(picture_of(other))
    assert (one.boxes, one.lines) == (two.boxes, two.lines)


KINDS = (
    *("model", "dataset", "code", "guideline", "report", "service", "system"),
    *("step", "party", "relation", "several"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_fit_into_their_shape(kind):
    node = PictureNode("a", kind, "acme/" + "very-long-" * 20, ("w" * 90, "as items"))
    box = box_of(node)
    for line in box.label:
        assert text_width(line, LABEL) < box.width - 10
    for line in box.words:
        assert text_width(line, SMALL) < box.width - 10
    assert box.height >= 16 * len(box.label) + 14 * len(box.words)


NEAREST = {
    "nothing": ([], 10.0, []),
    "where they want": ([1.0, 2.0, 3.0], 10.0, [1.0, 2.0, 3.0]),
    "shared": ([3.0, 1.0], 10.0, [2.0, 2.0]),
    "within": ([-5.0, 20.0], 10.0, [0.0, 10.0]),
}


@pytest.mark.parametrize(("wanted", "room", "expected"), NEAREST.values(), ids=NEAREST)
def test_nearest(wanted, room, expected):
    assert nearest(wanted, [1.0] * len(wanted), room) == expected


def test_an_empty_picture():
    layout = lay_out(Picture("t", "d", (), ()))
    assert (layout.boxes, layout.lines) == ((), ())
