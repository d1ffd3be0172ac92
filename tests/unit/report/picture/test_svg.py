"""The drawing as a file: valid, self-contained, safe, and the same each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from builders import QUICK, a_node, graphs
from hypothesis import given
from picture_hostile import HOSTILE, hostile
from picture_world import lineage, mixed_levels, path_to_party

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind
from aibom.report.picture.make import picture_of
from aibom.report.picture.model import LEVELS
from aibom.report.picture.shapes import outline
from aibom.report.picture.svg import draw_svg
from aibom.report.picture.units import Levels

SVG = "{http://www.w3.org/2000/svg}"


def drawn(graph, **options):
    return draw_svg(picture_of(graph, **options))


@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_text(name, links):
    graph = hostile(name)
    text = draw_svg(
        picture_of(graph, title=name, paths=[tuple(graph.nodes)]), links=links
    )
    root = ET.fromstring(text)
    allowed = {"svg", "title", "desc", "style", "g", "path", "text", "a"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    for element in root.iter():
        for key, value in element.attrib.items():
            assert not key.lower().startswith("on")
            assert key != "href" or value.startswith("#node-")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)
    assert len(text) < 60_000


@QUICK
@given(graphs())
def test_any_graph_is_well_formed(graph):
    ET.fromstring(drawn(graph))


def test_nothing_is_loaded():
    text = drawn(lineage(100))
    addresses = set(re.findall(r"[a-z]+://[^\"'<> ]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    for word in ("<script", "<image", "<use", "@import", "url(", "<foreignObject"):
        assert word not in text


def test_it_is_an_image_with_a_name_and_a_description():
    graph = lineage(30)
    root = ET.fromstring(drawn(graph, paths=[path_to_party(graph)]))
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    assert root.get("role") == "img"
    named = [ids[name].text for name in root.get("aria-labelledby").split()]
    assert named[0] == "Lineage of acme/support-assistant-7b-int4"
    assert "Blocking path: acme/support-assistant-7b-int4 ← quantize" in named[1]
    width, height = root.get("width"), root.get("height")
    assert root.get("viewBox") == f"0 0 {width} {height}"


def test_each_node_is_a_group_with_its_full_name():
    graph = lineage(30)
    root = ET.fromstring(drawn(graph))
    groups = [g for g in root.iter(f"{SVG}g") if (g.get("id") or "").startswith("n-")]
    assert len({g.get("id") for g in groups}) == len(groups)
    assert len(groups) == sum(node.kind != "party" for node in graph.nodes.values()) + 1
    titles = [title.text for title in root.iter(f"{SVG}title")]
    for node in graph.nodes.values():
        assert any(node.label in title for title in titles), node.label


def test_ids_of_two_pictures_are_kept_apart():
    picture = picture_of(lineage(10))
    one, two = draw_svg(picture, prefix="a-"), draw_svg(picture, prefix="b-")
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (one, two)]
    assert ids[0].isdisjoint(ids[1])


def test_links_lead_to_details():
    text = draw_svg(picture_of(lineage(10)), links=True, prefix="x-")
    assert re.findall(r'href="(#x-node-)[0-9a-f]{16}"', text)
    assert "href" not in draw_svg(picture_of(lineage(10)))


def test_every_kind_has_a_shape_of_its_own():
    kinds = [kind.value for kind in Kind]
    assert len({outline(kind, 0, 0, 100, 40) for kind in kinds}) == len(kinds)


WORDS = {
    "verified": "proved",
    "attested": "signed",
    "claimed": "stated",
    "unknown": "unknown",
    "missing": "no digest",
    "contradicted": "≠ contradicted",
}


def test_each_level_has_a_word_and_a_style():
    graph = lineage(30)
    style = drawn(graph).partition("<style>")[2].partition("</style>")[0]
    for level in LEVELS:
        levels = Levels(
            dict.fromkeys(graph.nodes, level), {e.key: level for e in graph.edges}
        )
        text = drawn(graph, levels=levels)
        assert f"dataset · {WORDS[level]}</text>" in text
        assert f'class="edge {level}"' in text
        assert level == "attested" or f".{level}" in style


def test_the_blocking_path_is_drawn_and_numbered():
    graph = lineage(30)
    path = path_to_party(graph)
    text, _, key = drawn(graph, paths=[path]).partition('class="legend"')
    assert "the path that blocks" in key
    numbers = re.findall(r'class="number"[^>]*>(\d+)<', text)
    assert sorted(map(int, numbers)) == list(range(1, len(path) + 1))
    assert text.count('class="head onpath"') == len(path) - 2
    assert "onpath" not in drawn(graph).partition("</style>")[2].partition("legend")[0]


def test_several_paths_have_letters():
    graph = lineage(30)
    whole = path_to_party(graph)
    text = drawn(graph, paths=[whole, whole[:3]])
    numbers = set(re.findall(r'class="number"[^>]*>(\w+)<', text))
    assert {"A1", "B1", "A3", "B3", f"B{len(whole)}"} <= numbers


def test_paths_that_lead_nowhere_change_little():
    graph = lineage(10)
    assert "onpath" in drawn(graph, paths=[("nowhere", str(graph.root))])
    drawn(graph, paths=[("nowhere",), ()])


ENDS = {
    "a root without anything": (a_node(Kind.DATASET, 1), "? unknown beyond"),
    "code with a digest": (a_node(Kind.CODE, 1), None),
    "a step without inputs": (a_node(Kind.STEP, 1), "? unknown beyond"),
}


@pytest.mark.parametrize(("node", "told"), ENDS.values(), ids=ENDS)
def test_open_ends(node, told):
    body = drawn(Graph.of([node], [])).partition('class="legend"')[0]
    assert ("unknown beyond" in body) == (told is not None)
    assert ('class="open"' in body) == (told is not None)


def test_an_end_by_decision():
    node = a_node(Kind.DATASET, 1)
    body = drawn(Graph.of([node], []), accepted=[node.id])
    assert "ends by decision" in body
    assert "unknown beyond" not in body.partition('class="legend"')[0]


def test_the_same_graph_gives_the_same_bytes():
    graph = lineage(100)
    other = Graph.of(reversed(graph.nodes.values()), reversed(graph.edges), graph.root)
    path = path_to_party(graph)
    one = drawn(graph, levels=mixed_levels(graph), paths=[path, path[:3]])
    assert one == drawn(other, levels=mixed_levels(other), paths=[path[:3], path])
