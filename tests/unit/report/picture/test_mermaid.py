"""Mermaid: every line is one of five forms, whatever things are called."""

from __future__ import annotations

import re

import pytest
from builders import QUICK, graphs
from hypothesis import given
from picture_hostile import HOSTILE, hostile
from picture_world import lineage, mixed_levels, path_to_party

from aibom.report.picture.make import picture_of
from aibom.report.picture.mermaid import draw_mermaid

ID = "n[0-9a-f]{16}"
LABEL = r'"(?:[A-Za-z0-9 .,/()+=-]|#\d+;|<br/>)*"'
OPEN, CLOSE = r"[\[({>/]{1,2}", r"[\])}/]{1,2}"
FORMS = {
    "node": re.compile(rf"  {ID}{OPEN}{LABEL}{CLOSE}:::[a-z]+"),
    "link": re.compile(rf"  {ID} (?:-->|==>|-\.->|--x|===|-\.-)(?:\|{LABEL}\|)? {ID}"),
    "class": re.compile(r"  classDef [a-z]+ [a-z0-9:#., -]+"),
    "style": re.compile(r"  linkStyle [0-9,]+ stroke:#a8071a,stroke-width:4px"),
    "title": re.compile(r"  accTitle: [\w .,/-]+"),
}


def forms(text):
    lines = text.splitlines()
    assert lines[0] == "flowchart TB"
    found = []
    for line in lines[1:]:
        names = [name for name, form in FORMS.items() if form.fullmatch(line)]
        assert names, line
        found += names
    return found


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_text(name):
    graph = hostile(name)
    text = draw_mermaid(picture_of(graph, title=name, paths=[tuple(graph.nodes)]))
    forms(text)
    assert not re.search(r"(?i)https?:|www\.|javascript|%%", text.partition("\n  n")[2])


@QUICK
@given(graphs())
def test_any_graph(graph):
    forms(draw_mermaid(picture_of(graph, budget=5)))


def test_the_path_is_thick():
    graph = lineage(30)
    path = path_to_party(graph)
    text = draw_mermaid(picture_of(graph, levels=mixed_levels(graph), paths=[path]))
    found = forms(text)
    links = [line for line in text.splitlines() if FORMS["link"].fullmatch(line)]
    places = re.search(r"linkStyle ([0-9,]+)", text)[1].split(",")
    assert len(places) == len(path) - 2
    assert all("==>" in links[int(place)] for place in places)
    assert found.count("node") >= 35


def test_letters_stay_readable():
    text = draw_mermaid(picture_of(lineage(10)))
    assert "acme/data/reviews-labelled-000" in text
