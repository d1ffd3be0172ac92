"""A table of labels in what is imported is a part of it, not what it came from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub_world import FakeSource

from aibom.catalogers.place import Place
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Relation
from aibom.operations.imported import bom_of_place
from aibom.operations.scan import scan
from aibom.operations.validate import load_bom
from aibom.sources.reference import Reference

LABELS = b"text,label,annotator\ngood,1,anne\nbad,0,ben\nfine,1,anne\n"
FILES = {"README.md": b"---\nlicense: mit\n---\n", "rows/labels.csv": LABELS}
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def placed(folder: Path) -> Place:
    for path, data in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return Place.of(folder)


def imported(tmp_path: Path) -> Graph:
    source = FakeSource(FILES, lfs=())
    resolved = source.resolve(Reference.parse("hf:datasets/acme/rows"))
    place, bom = placed(tmp_path / "files"), tmp_path / "bom.json"
    data = bom_of_place(
        place, resolved, "hf/datasets/acme/rows", Kind.DATASET, NOW, bom
    )
    return load_bom(data, str(bom)).graph


def labelling(graph: Graph) -> list[Edge]:
    return [e for e in graph.edges if e.relation is Relation.ATTRIBUTED_TO]


def test_nothing_is_left_that_a_rule_about_ancestors_would_ask(tmp_path):
    before = scan(tmp_path / "other", place=placed(tmp_path / "other")).graph
    assert before.edges_from(str(before.root), Relation.DERIVED_FROM)  # as scanned
    graph = imported(tmp_path)
    assert [edge.relation for edge in graph.edges if edge.target in graph.nodes]
    assert not graph.edges_from(str(graph.root), Relation.DERIVED_FROM)
    of_things = [n for n in graph.nodes.values() if n.kind is not Kind.PARTY]
    assert [node.id for node in of_things] == [graph.root]


def test_who_labelled_the_file_worked_on_the_whole(tmp_path):
    graph = imported(tmp_path)
    found = labelling(graph)
    assert len(found) == 2
    assert {edge.source for edge in found} == {graph.root}
    assert {graph.nodes[edge.target].kind for edge in found} == {Kind.PARTY}
    before = scan(tmp_path / "other", place=placed(tmp_path / "other")).graph
    assert sorted(e.facts for e in found) == sorted(e.facts for e in labelling(before))


def test_what_is_known_of_the_file_is_kept_under_its_path(tmp_path):
    folder = tmp_path / "other"
    before = scan(folder, place=placed(folder)).graph
    (table,) = (
        before.nodes[edge.target]
        for edge in before.edges_from(str(before.root), Relation.DERIVED_FROM)
    )
    graph = imported(tmp_path)
    root = graph.nodes[str(graph.root)]
    assert table.facts
    for fact in table.facts:
        assert fact.value in root.values(f"part.rows/labels.csv.{fact.field}")
    assert root.values("name") == ("hf/datasets/acme/rows",)
