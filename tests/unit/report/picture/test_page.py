"""The page: complete without script, nothing leaves it, hostile text stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from builders import QUICK, a_node, an_edge, graphs
from hypothesis import given
from picture_hostile import HOSTILE, hostile
from picture_world import labels_of, lineage, mixed_levels, path_to_party

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Fact, Kind, Origin, Relation
from aibom.report.picture.make import picture_of, pictures_of
from aibom.report.picture.page import draw_html

VOID = {"meta", "input", "link", "br"}


class Page(HTMLParser):
    """What a page is made of; notes elements that are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.tags, self.attributes = [], [], [], []
        self.text = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text.append(data)

    def values(self, key):
        return [value for _, name, value in self.attributes if name == key]


def drawn(graph, **options):
    return draw_html(picture_of(graph, **options), graph)


def check(page):
    assert page.open == []
    assert page.wrong == []
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for target in page.values("href"):
        assert target.startswith("#")
        assert target[1:] in ids
    for _, key, _ in page.attributes:
        assert not key.startswith("on")
        assert key not in (
            "src",
            "srcset",
            "action",
            "formaction",
            "style",
            "background",
        )


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_text(name):
    graph = hostile(name)
    text = drawn(graph, paths=[tuple(graph.nodes)])
    check(Page(text))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)
    assert len(text) < 150_000


@QUICK
@given(graphs())
def test_any_graph_gives_a_whole_page(graph):
    check(Page(drawn(graph, budget=4)))


def test_a_page_of_a_large_lineage():
    graph = lineage(1000)
    page = Page(drawn(graph, paths=[path_to_party(graph)]))
    check(page)
    shown = "".join(page.text)
    assert all(label in shown for label in labels_of(graph))


def test_the_policy_allows_this_script_and_this_style_only():
    text = drawn(lineage(10))
    page = Page(text)
    (policy,) = [v for v in page.values("content") if "default-src" in v]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("script", "style"):
        inside = text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_no_address_of_anywhere():
    found = set(re.findall(r"[a-z]+://[^\"'<> ]+", drawn(lineage(100))))
    assert found == {"http://www.w3.org/2000/svg"}


def test_the_script_makes_no_markup_and_asks_nobody():
    script = drawn(lineage(10)).partition("<script>")[2].partition("</script>")[0]
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
        assert word not in script
    for word in ("fetch", "XMLHttp", "import(", "Function(", "WebSocket", "sendBeacon"):
        assert word not in script


def test_facts_are_told_with_their_worth_and_origin():
    said = frozenset({Origin("hub", "ab" * 32, "/a", "cached")})
    facts = [Fact("licence", v, said) for v in ("BSD", "MIT")]
    base = a_node(Kind.MODEL, 1, {"name": "acme/m", "task": None})
    node = type(base)((*base.facts, *facts), base.origins, id=base.id, kind=base.kind)
    shown = drawn(Graph.of([node], [], node.id))
    assert (
        "<td>≠ contradicted</td><td>sources disagree; read by hub in sha256:" in shown
    )
    assert "/a (cached)" in shown
    assert "<td><bdi>unknown</bdi></td><td>unknown</td>" in shown
    assert str(base.digest) in shown


def test_evidence_is_what_makes_worth():
    graph = lineage(10)
    node = graph.nodes[graph.root]
    picture = picture_of(graph)
    assert "hashed in this run" not in draw_html(picture, graph)
    evidence = EvidenceSet(recomputed=frozenset({node.digest}))
    assert "hashed in this run" in draw_html(picture, graph, evidence=evidence)


def test_folds_list_what_they_stand_for():
    graph = lineage(100)
    picture = picture_of(graph, budget=20)
    page = Page(draw_html(picture, graph))
    check(page)
    boxes = {value for value in page.values("data-box") if value}
    assert len(boxes) == sum(bool(n.members) for n in picture.nodes if n.folded)


def test_a_phone_and_paper_have_drawings_of_their_own():
    """Of the picture that is folded further, and with links into the one shown."""
    graph = lineage(100)
    path = path_to_party(graph)
    wide, few = pictures_of(graph, (80, 20), paths=[path])
    text = draw_html(wide, graph, smaller=few)
    check(Page(text))
    drawn = {
        form: set(re.findall(rf'id="({form}[0-9-]*n-[0-9a-f]{{16}})"', text))
        for form in ("", "narrow-", "paper-")
    }
    assert len(drawn[""]) == len(wide.nodes)
    assert len(drawn["narrow-"]) == len(drawn["paper-"]) == len(few.nodes)
    links = re.findall(r'<p class="(\w+)-only">In the drawing: (.*?)</p>', text)
    assert [form for form, _ in links] == ["wide", "narrow"]
    assert 'href="#n-' in links[0][1]
    assert 'href="#narrow-n-' in links[1][1]


def test_a_bound_on_what_is_listed():
    nodes = [a_node(Kind.DATASET, number) for number in range(3500)]
    text = drawn(Graph.of(nodes, []))
    check(Page(text))
    assert "500 more are not listed here" in text
    assert "and 3,200 more" in text


def test_the_same_graph_gives_the_same_bytes():
    graph = lineage(60)
    other = Graph.of(reversed(graph.nodes.values()), reversed(graph.edges), graph.root)
    assert drawn(graph, levels=mixed_levels(graph)) == drawn(
        other, levels=mixed_levels(other)
    )


def test_what_the_drawing_links_to_is_always_listed():
    """The last of more parties than are listed stands on the path, and is drawn."""
    step = a_node(Kind.STEP, "step", {"step": "label"})
    data = a_node(Kind.DATASET, "data")
    names = [f"party:org:P{number:04}" for number in range(3200)]
    parties = [type(step)((), step.origins, id=n, kind=Kind.PARTY) for n in names]
    edges = [an_edge(step, Relation.PERFORMED_BY, p, "labeler") for p in parties]
    edges.append(an_edge(step, Relation.GENERATED, data))
    graph = Graph.of([step, data, *parties], edges, data.id)
    check(Page(drawn(graph, paths=[(data.id, step.id, names[-1])])))
