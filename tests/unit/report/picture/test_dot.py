"""DOT, read by a small strict reader of the language's quoted strings."""

from __future__ import annotations

import re

import pytest
from builders import QUICK, graphs
from hypothesis import given
from picture_hostile import HOSTILE, hostile
from picture_world import lineage, mixed_levels, path_to_party

from aibom.report.picture.dot import draw_dot
from aibom.report.picture.make import picture_of

ID = "n[0-9a-f]{16}"
#: A quoted string in which each backslash is doubled, or means a quote or a new line.
STRING = r'"(?:[^"\\\n]|\\\\|\\"|\\n)*"'
VALUE = rf"(?:{STRING}|[a-zA-Z]+|[0-9.]+)"
LINE = re.compile(
    rf"  (?:{ID}(?: -> {ID})? \[\w+={VALUE}(?: \w+={VALUE})*\];"
    rf"|rankdir=TB;|label={STRING};|node \[fontname={STRING} fontsize=12\];)"
)


def check(text):
    lines = text.splitlines()
    assert lines[0] == "digraph lineage {"
    assert lines[-1] == "}"
    for line in lines[1:-1]:
        assert LINE.fullmatch(line), line
    named = set(re.findall(rf"^  ({ID}) \[", text, re.MULTILINE))
    for one, other in re.findall(rf"({ID}) -> ({ID})", text):
        assert {one, other} <= named


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_text(name):
    graph = hostile(name)
    text = draw_dot(picture_of(graph, title=name, paths=[tuple(graph.nodes)]))
    check(text)
    assert not re.search(r"&(?!amp;)", text)


@QUICK
@given(graphs())
def test_any_graph(graph):
    check(draw_dot(picture_of(graph, budget=5)))


def test_a_lineage_as_in_life():
    graph = lineage(100)
    path = path_to_party(graph)
    text = draw_dot(picture_of(graph, levels=mixed_levels(graph), paths=[path]))
    check(text)
    for word in (
        "cylinder",
        "octagon",
        "dashed",
        "dotted",
        "penwidth=4",
        "unknown beyond",
    ):
        assert word in text
    assert "blocking path: 1\\nthe artifact" in text
