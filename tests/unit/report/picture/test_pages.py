"""On paper: cut between rows, legible, and nothing lost; and which drawing is shown."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from builders import QUICK, a_node, an_edge, graphs
from hypothesis import given
from picture_world import lineage, path_to_party

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Relation
from aibom.report.picture.labels import anchor
from aibom.report.picture.layout import lay_out
from aibom.report.picture.make import FEWER, picture_of, pictures_of
from aibom.report.picture.model import Picture
from aibom.report.picture.pages import PAGE_HEIGHT, draw_every, draw_pages
from aibom.report.picture.style import css

SVG = "{http://www.w3.org/2000/svg}"
#: Pixels of CSS between the margins of A4, and of the smallest letters.
SHEET, TINY = 680, 10
POINTS = 0.75


def pages(text):
    return [ET.fromstring(page) for page in re.findall(r"<svg .*?</svg>", text, re.S)]


def nodes_of(page):
    return [g.get("data-node") for g in page.iter(f"{SVG}g") if g.get("data-node")]


def check(picture, found):
    drawn = [name for page in found for name in nodes_of(page)]
    assert len(drawn) == len(set(drawn)) == len(picture.nodes)
    ids = [e.get("id") for page in found for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    legends = [g for page in found for g in page if g.get("class") == "legend"]
    assert len(legends) == 1
    assert not any(list(page.iter(f"{SVG}a")) for page in found)


SIZES = {"nothing": 0, "10": 10, "100": 100, "1,000": 1000}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_each_thing_is_on_one_page(size):
    graph = lineage(size) if size else Graph.of([], [])
    paths = [path_to_party(graph)] if size else []
    picture = picture_of(graph, paths=paths, budget=FEWER)
    found = pages(draw_pages(picture))
    check(picture, found)
    for page in found:
        width, height = float(page.get("width")), float(page.get("height"))
        assert height <= PAGE_HEIGHT
        seen = min(width, SHEET) / float(page.get("viewBox").split()[2])
        assert TINY * seen * POINTS >= 6.99


def test_a_page_is_saved_where_it_stays_legible():
    graph = lineage(10)
    found = pages(draw_pages(picture_of(graph, paths=[path_to_party(graph)])))
    assert graph.root is not None
    assert anchor(graph.root) in nodes_of(found[0])
    (width,) = {float(page.get("width")) for page in found}
    assert width < float(found[0].get("viewBox").split()[2])


@QUICK
@given(graphs())
def test_any_graph_on_paper(graph):
    picture = picture_of(graph)
    check(picture, pages(draw_pages(picture)))


def test_pages_are_cut_between_rows():
    picture = picture_of(lineage(100), budget=FEWER)
    found = pages(draw_pages(picture))
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        title = page.find(f"{SVG}title").text
        assert title.endswith(f", part {number} of {len(found)}")
        told = "".join(text.text for text in page.iter(f"{SVG}text"))
        assert ("(continued)" in told) == (number > 1)
        assert ("(continued on the next page)" in told) == (number < len(found))
        top, high = map(float, page.get("viewBox").split()[1::2])
        for name in nodes_of(page):
            (group,) = [g for g in page.iter(f"{SVG}g") if g.get("data-node") == name]
            heights = [float(text.get("y")) for text in group.iter(f"{SVG}text")]
            assert top <= min(heights)
            assert max(heights) <= top + high
    assert len(page.findall(f"{SVG}desc")) == 0
    assert len(found[0].findall(f"{SVG}desc")) == 1


def test_a_thing_higher_than_a_page_is_on_one_all_the_same():
    step = a_node(Kind.STEP, "s", {"step": "train"})
    models = [a_node(Kind.MODEL, number) for number in range(2)]
    edges = [
        an_edge(step, Relation.USED, models[0]),
        an_edge(step, Relation.GENERATED, models[1]),
    ]
    graph = Graph.of([step, *models], edges, models[1].id)
    alarms = {step.id: tuple(f"✖ {number}" for number in range(90))}
    picture = picture_of(graph, alarms=alarms)
    check(picture, pages(draw_pages(picture)))


def test_one_drawing_of_three_is_shown():
    """Each is hidden where another one is shown, and in no way but by its place."""
    rules = css()
    screen = rules.partition("@media screen and (max-width:48rem)")[2]
    assert ".wide:not(:only-of-type){display:none}" in screen.partition("@media")[0]
    assert ".narrow{display:block" in screen.partition("@media")[0]
    before = rules.partition("@media screen")[0]
    assert ".narrow,svg.lineage.paper{display:none}" in before
    wide, few = pictures_of(lineage(100))
    text = draw_every(wide, few, links=True)
    kinds = [page.get("class").split()[1] for page in pages(text)]
    assert kinds[:2] == ["wide", "narrow"]
    assert set(kinds[2:]) == {"paper"}
    assert "aria-hidden" not in text.replace('class="legend" aria-hidden="true"', "")
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    # Both lead to the same places.
    assert set(re.findall(r'href="#([^"]*?)[0-9a-f]{16}"', text)) == {"node-"}


def test_pictures_of_several_budgets_are_those_of_each():
    graph = lineage(100)
    path = path_to_party(graph)
    both = pictures_of(graph, (80, 36), paths=[path])
    assert both == tuple(picture_of(graph, paths=[path], budget=b) for b in (80, 36))
    few = pictures_of(lineage(10))
    assert few[0] is few[1]


def test_the_same_picture_gives_the_same_bytes():
    wide, few = pictures_of(lineage(60))
    graph = lineage(60)
    other = Graph.of(reversed(graph.nodes.values()), reversed(graph.edges), graph.root)
    assert draw_every(wide, few) == draw_every(*pictures_of(other))


def test_an_empty_picture():
    assert len(pages(draw_pages(Picture("t", "d", (), ())))) == 1
    assert lay_out(Picture("t", "d", (), ())).cuts == ()
