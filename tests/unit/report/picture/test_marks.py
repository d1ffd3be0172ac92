"""Nothing that is written or stamped lies over another text, whatever the names are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import pytest
from builders import QUICK, a_node, an_edge, facts
from hypothesis import given
from hypothesis import strategies as st
from picture_world import lineage, mixed_levels, path_to_party

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node, Origin, Relation
from aibom.report.picture.boxes import badge_width
from aibom.report.picture.labels import text_width
from aibom.report.picture.make import picture_of
from aibom.report.picture.pages import draw_pages
from aibom.report.picture.svg import draw_svg

SVG = "{http://www.w3.org/2000/svg}"
#: Of DejaVu Sans, the tallest that a browser would choose.
ASCENT, DESCENT = 0.93, 0.24
BOLD = 1.1
FORMS = {
    "wide": draw_svg,
    "narrow": lambda picture: draw_svg(picture, narrow=True),
    "paper": draw_pages,
}


def size_of(style):
    words = style.split()
    if "tiny" in words:
        return 10.0
    return 11.0 if {"small", "number"} & set(words) else 13.0


def measured(element):
    """The rectangle that a text takes, on the wide side."""
    style = element.get("class")
    size = size_of(style)
    bold = BOLD if {"name", "alarm", "number"} & set(style.split()) else 1.0
    wide = text_width(element.text or "", size) * bold
    x, y = float(element.get("x")), float(element.get("y"))
    left = x - wide / 2 if element.get("text-anchor") == "middle" else x
    return left, y - ASCENT * size, left + wide, y + DESCENT * size


def stamp(element):
    """The rectangle of the mark whose number this text is."""
    x, y = float(element.get("x")), float(element.get("y"))
    half = badge_width(element.text) / 2
    return x - half, y - 13, x + half, y + 5


def rectangles(drawing):
    """Of texts and of marks, those of the legend left out."""
    texts, marks = [], []
    for element in drawing.iter(f"{SVG}text"):
        if element.get("class") == "number":
            marks.append((stamp(element), element.text))
        elif "turn" not in element.get("class"):
            texts.append((measured(element), element.text))
    return texts, marks


def apart(one, other):
    return (
        one[2] <= other[0] + 0.2
        or other[2] <= one[0] + 0.2
        or one[3] <= other[1] + 0.2
        or other[3] <= one[1] + 0.2
    )


def drawings(text):
    for part in re.findall(r"<svg .*?</svg>", text, re.DOTALL):
        root = ET.fromstring(part)
        for legend in [g for g in root if g.get("class") == "legend"]:
            root.remove(legend)
        yield root


def check(text):
    for root in drawings(text):
        texts, marks = rectangles(root)
        for (one, told), (other, told_too) in combinations(texts + marks, 2):
            assert apart(one, other), (told, told_too, one, other)
        width = float(root.get("viewBox").split()[2])
        for (left, _, right, _), told in texts + marks:
            assert left >= 0, told
            assert right <= width, told


def named(name):
    """A thing of every sort with this name, on several blocking paths, and failing."""
    origins = frozenset({Origin("test")})
    root = a_node(Kind.MODEL, "root", {"name": name})
    step = a_node(Kind.STEP, "s", {"step": name})
    data = [a_node(Kind.DATASET, n, {"name": f"{name}{n}"}) for n in range(2)]
    parties = [
        Node(facts({"name": name}), origins, id=f"party:org:{n}", kind=Kind.PARTY)
        for n in range(3)
    ]
    edges = [an_edge(step, Relation.USED, one, "data") for one in data]
    edges += [an_edge(step, Relation.PERFORMED_BY, p, "labeler") for p in parties]
    edges.append(an_edge(step, Relation.GENERATED, root))
    graph = Graph.of([root, step, *data, *parties], edges, root.id)
    ends = [*(one.id for one in parties), data[0].id]
    paths = [(root.id, step.id, end) for end in ends]
    alarms = {end: (f"✖ blocks: {name}", "✖ audit failed") for end in ends}
    return picture_of(graph, paths=[*paths, paths[0][:2]], alarms=alarms)


NAMES = {
    "one": "x",
    "long": "x" * 10_000,
    "wide": "学習データ" * 2_000,
    "emoji": "🙂" * 60,
    "right to left": "نموذج اللغة " * 50,
    "marks": "e\u0301" * 100,
    "words": "acme/data " * 30,
}


@pytest.mark.parametrize("draw", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_not_covered(name, draw):
    check(draw(named(name)))


LETTERS = st.text("aWi -/.学語ｗ한กم🙂\u0301\u202e", min_size=1, max_size=12)


@QUICK
@given(LETTERS, st.integers(1, 10_000), st.sampled_from(sorted(FORMS)))
def test_no_name_is_covered(letters, length, form):
    name = (letters * length)[:length]
    check(FORMS[form](named(name)))


@pytest.mark.parametrize("draw", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("size", [10, 100, 1000])
def test_lineages_as_in_life(size, draw):
    graph = lineage(size)
    path = path_to_party(graph)
    alarms = {path[-1]: ("✖ audit failed: labels-unaudited",), path[0]: ("✖ x",)}
    check(
        draw(
            picture_of(
                graph,
                levels=mixed_levels(graph),
                paths=[path, path[:3]],
                alarms=alarms,
                budget=40,
            )
        )
    )


def test_long_marks_have_room():
    """Of a long path each number has several digits."""
    models = [a_node(Kind.MODEL, number) for number in range(130)]
    edges = [
        an_edge(one, Relation.DERIVED_FROM, other) for one, other in pairwise(models)
    ]
    graph = Graph.of(models, edges, models[0].id)
    path = [model.id for model in models]
    paths = [path, path[:-1], path[:-2], path[1:]]
    for draw in FORMS.values():
        check(draw(picture_of(graph, paths=paths, budget=400)))
