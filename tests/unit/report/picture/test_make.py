"""The words of a picture, and what stands beside what."""

from __future__ import annotations

import pytest
from builders import a_node, an_edge, facts
from picture_world import lineage, mixed_levels, path_to_party

from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node, Origin, Relation
from aibom.report.picture.make import picture_of


def party(name):
    origins = frozenset({Origin("test")})
    return Node(facts({"name": name}), origins, id=f"party:org:{name}", kind=Kind.PARTY)


def by_label(picture, label):
    (found,) = [node for node in picture.nodes if node.label == label]
    return found


def trained(values=None, parties=()):
    root, data = a_node(Kind.MODEL, "root", values), a_node(Kind.DATASET, "data")
    step = a_node(Kind.STEP, "step", {"step": "train"})
    edges = [
        an_edge(step, Relation.GENERATED, root),
        an_edge(step, Relation.USED, data, "training-data"),
        *(an_edge(step, Relation.PERFORMED_BY, p, role) for p, role in parties),
    ]
    found = [p for p, _ in parties]
    return Graph.of([root, data, step, *found], edges, root.id)


def test_words_of_a_thing():
    graph = lineage(10)
    node = by_label(picture_of(graph), "acme/data/reviews-labelled-000")
    assert node.words == ("dataset · stated", "as training-data")
    assert by_label(picture_of(graph), "label").words == ("step · stated",)


def test_sources_that_disagree_are_seen_without_evidence():
    graph = trained()
    said = facts({"licence": "MIT"}) + facts({"licence": "BSD"})
    torn = Node(said, graph.nodes[graph.root].origins, id=graph.root, kind=Kind.MODEL)
    picture = picture_of(Graph.of([torn], [], torn.id))
    assert picture.nodes[0].level == "contradicted"
    assert picture.nodes[0].words == ("model · ≠ contradicted",)


def test_a_thing_without_digest_says_so():
    node = Node((), frozenset(), id="model:undigested:" + "0" * 64, kind=Kind.MODEL)
    picture = picture_of(Graph.of([node], []))
    assert picture.nodes[0].words == ("model · no digest",)


PARTIES = {
    "none": (0, []),
    "three": (3, ["P0", "P1", "P2"]),
    "thirty": (30, ["P0", "P1", "28 more parties"]),
}


@pytest.mark.parametrize(("count", "labels"), PARTIES.values(), ids=PARTIES)
def test_parties_stand_beside_the_step(count, labels):
    parties = [(party(f"P{n}"), "labeler") for n in range(count)]
    graph = trained(parties=parties)
    step = by_label(picture_of(graph), "train")
    assert [pill.label for pill in step.parties] == labels
    assert sum(len(pill.members) for pill in step.parties) == count
    assert len(picture_of(graph).nodes) == 3


def test_a_party_on_the_path_is_never_among_the_rest():
    parties = [(party(f"P{n:02}"), "labeler") for n in range(30)]
    graph = trained(parties=parties)
    step = next(n for n in graph.nodes if n.startswith("step:"))
    picture = picture_of(graph, paths=[(graph.root, step, "party:org:P29")])
    pills = by_label(picture, "train").parties
    assert (pills[0].label, pills[0].marks, pills[0].on_path) == ("P29", ("3",), True)
    assert not any(pill.on_path for pill in pills[1:])


def test_a_party_of_two_roles_stands_once():
    one = party("P")
    graph = trained(parties=[(one, "labeler"), (one, "reviewer")])
    (pill,) = by_label(picture_of(graph), "train").parties
    assert pill.role == "labeler, reviewer"


def test_a_party_that_did_nothing_is_drawn_too():
    picture = picture_of(Graph.of([party("P")], []))
    assert [(node.kind, node.ends) for node in picture.nodes] == [("party", "")]


def test_words_between_things_where_no_step_is_known():
    root, base = a_node(Kind.MODEL, 1), a_node(Kind.MODEL, 2)
    edge = an_edge(root, Relation.DERIVED_FROM, base, "fine-tune")
    picture = picture_of(Graph.of([root, base], [edge], root.id))
    words = by_label(picture, "derived from: fine-tune")
    ends = {(edge.upper, edge.lower): edge.arrow for edge in picture.edges}
    assert ends == {(base.id, words.id): False, (words.id, root.id): True}


def test_the_description_tells_what_the_eye_sees():
    graph = lineage(10)
    path = path_to_party(graph)
    told = picture_of(graph, levels=mixed_levels(graph), paths=[path]).description
    for part in (
        "from top to bottom",
        "2 datasets, 1 guideline, 3 models, 2 parties, 3 steps",
        "1 ≠ contradicted",
        "At 2, nothing is known beyond",
        "Blocking path: acme/support-assistant-7b-int4 ← quantize ←",
    ):
        assert part in told


def test_paths_beyond_the_numbered_are_counted():
    graph = lineage(100)
    ends = [n for n in graph.upstream(graph.root).reached if n.startswith("dataset:")]
    walk = graph.upstream(graph.root)
    paths = [(graph.root, *(h.to for h in walk.path(end)[1])) for end in ends[:8]]
    picture = picture_of(graph, paths=paths)
    assert len(picture.paths) == 5
    assert "3 more blocking paths have no numbers" in picture.description
    drawn = {node.id for node in picture.nodes if node.on_path}
    assert {name for path in paths for name in path} <= drawn


def test_the_order_of_paths_does_not_matter():
    graph = lineage(30)
    path = path_to_party(graph)
    assert picture_of(graph, paths=[path, path[:2]]) == picture_of(
        graph, paths=[path[:2], path]
    )


def test_titles():
    graph = lineage(10)
    assert picture_of(graph).title == "Lineage of acme/support-assistant-7b-int4"
    assert picture_of(graph, title="T").title == "T"
    assert picture_of(Graph.of([], [])).title == "Lineage"
