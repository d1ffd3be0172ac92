"""A table of labels in what is imported is a part of it, not what it came from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hub_world import FakeSource

from aibom.catalogers.place import Place
from aibom.digest import Digest, File, hash_path
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.importing.imported import (
    _without_parts,
    bom_of_place,
    bom_of_snapshot,
)
from aibom.operations.importing.origins import as_fetched
from aibom.operations.scanning.scan import scan
from aibom.operations.scanning.snapshot import open_snapshot
from aibom.operations.validate import load_bom
from aibom.sources.reference import Reference

NAME = "hf/datasets/acme/rows"
REFERENCE = Reference.parse("hf:datasets/acme/rows")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ORIGINS = frozenset({Origin("some-cataloger")})
CARD = b"---\nlicense: mit\n---\n"
LABELS = b"text,label,annotator\ngood,1,agathe\nbad,0,ben\nfine,1,agathe\n"
PLAIN = b"text,label\ngood,1\n"
OTHER = b"text,label,annotator\nodd,0,carl\n"
TOP: Mapping[str, bytes] = {"README.md": CARD, "labels.csv": LABELS}
#: How repositories of data are laid out.
LAYOUTS: Mapping[str, Mapping[str, bytes]] = {
    "at-the-top": TOP,
    "in-a-folder": {"README.md": CARD, "data/labels.csv": LABELS},
    "two-in-folders": {
        "README.md": CARD,
        "data/train/a.csv": LABELS,
        "data/test/a.csv": OTHER,
    },
    "twice-the-same": {"README.md": CARD, "data/a.csv": LABELS, "data/b.csv": LABELS},
    "nobody-named": {"README.md": CARD, "data/train.csv": PLAIN},
    "records": {"README.md": CARD, "data/train.jsonl": b'{"a": 1}\n'},
    "other-files-beside": {"data/a.csv": LABELS, "data/notes.md": b"hello\n"},
}


def placed(folder: Path, files: Mapping[str, bytes]) -> Place:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return Place.of(folder)


def scanned(folder: Path, files: Mapping[str, bytes]) -> Graph:
    """As ``aibom scan`` reads a folder."""
    return scan(folder, kind=Kind.DATASET, place=placed(folder, files)).graph


def imported(tmp_path: Path, files: Mapping[str, bytes]) -> Graph:
    resolved = FakeSource(files, lfs=()).resolve(REFERENCE)
    place, bom = placed(tmp_path / "files", files), tmp_path / "bom.json"
    data = bom_of_place(place, resolved, NAME, Kind.DATASET, NOW, bom)
    return load_bom(data, str(bom)).graph


def foreseen(files: Mapping[str, bytes], lfs: Collection[str]) -> Graph:
    source = FakeSource(files, lfs=lfs)
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        data = bom_of_snapshot(snapshot, NAME, Kind.DATASET, NOW)
        return load_bom(data, "foreseen").graph


def labelling(graph: Graph) -> list[Node]:
    """The steps in which somebody labelled."""
    return [node for node in graph.nodes.values() if node.value("step") == "label"]


def entities(graph: Graph) -> list[str]:
    others = (Kind.STEP, Kind.PARTY)
    return [node.id for node in graph.nodes.values() if node.kind not in others]


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
def test_nothing_is_left_that_a_rule_about_ancestors_would_ask(tmp_path, files):
    before = scanned(tmp_path / "scanned", files)
    assert len(entities(before)) > 1
    graph = imported(tmp_path, files)
    assert entities(graph) == [graph.root]
    assert graph.root == before.root
    assert graph.nodes[str(graph.root)].values("name") == (NAME,)


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
def test_who_labelled_a_file_worked_on_the_whole(tmp_path, files):
    before = scanned(tmp_path / "scanned", files)
    graph = imported(tmp_path, files)
    assert labelling(graph) == labelling(as_fetched(before, "online"))
    made = [e for e in graph.edges if e.relation is Relation.GENERATED]
    assert {edge.target for edge in made} <= {graph.root}
    assert {e.source for e in made} == {node.id for node in labelling(before)}


def test_with_a_key_each_labeler_is_kept_by_a_pseudonym(tmp_path):
    files = LAYOUTS["in-a-folder"]
    key = "acme-2026:" + "k" * 32
    folder = tmp_path / "scanned"
    place = placed(folder, files)
    before = scan(folder, kind=Kind.DATASET, place=place, pseudonym_key=key).graph
    resolved = FakeSource(files, lfs=()).resolve(REFERENCE)
    place, bom = placed(tmp_path / "files", files), tmp_path / "bom.json"
    data = bom_of_place(place, resolved, NAME, Kind.DATASET, NOW, bom, key)
    assert b"agathe" not in data
    graph = load_bom(data, str(bom)).graph
    (step,) = labelling(graph)
    people = [e for e in graph.edges if e.relation is Relation.PERFORMED_BY]
    assert [edge.source for edge in people] == [step.id] * 2
    told = [e for e in before.edges if e.relation is Relation.PERFORMED_BY]
    assert {e.target for e in people} == {e.target for e in told}


def drawn(source: str, relation: Relation, target: str) -> Edge:
    return Edge((), ORIGINS, source=source, relation=relation, target=target)


#: layout → the files that a source keeps apart as large
LARGE = {
    "none": (LAYOUTS["in-a-folder"], ()),
    "the-table": (LAYOUTS["in-a-folder"], ("data/labels.csv",)),
    "one-beside-it": ({**TOP, "big.bin": b"x" * 99}, ("big.bin",)),
    "one-in-its-folder": (LAYOUTS["two-in-folders"], ("data/test/a.csv",)),
    "one-in-the-same": ({"data/a.csv": LABELS, "data/b.csv": OTHER}, ("data/b.csv",)),
}


@pytest.mark.parametrize(("files", "lfs"), LARGE.values(), ids=LARGE)
def test_what_is_foreseen_asks_no_part_either(tmp_path, files, lfs):
    """Else what is denied before the bytes would be allowed with them."""
    graph = foreseen(files, lfs)
    assert entities(graph) == [graph.root]
    assert graph.root == imported(tmp_path, files).root


@pytest.mark.parametrize("path", ["labels.csv", "data/labels.csv"])
def test_what_is_known_of_the_file_is_kept_under_its_path(path):
    """Said of the file it counts for the whole, and does not pass for the whole's."""
    digest = Digest("file", "2e" * 32)
    root = Node(
        (Fact("licence", "mit", ORIGINS),),
        ORIGINS,
        id=f"dataset:tree:{'1f' * 32}",
        kind=Kind.DATASET,
        files=(File(path, 9, digest),),
    )
    facts = (Fact("licence", "gpl-3.0", ORIGINS), Fact("name", "x", ORIGINS))
    part = Node(facts, ORIGINS, id=f"dataset:file:{'2e' * 32}", kind=Kind.DATASET)
    edge = drawn(root.id, Relation.DERIVED_FROM, part.id)
    graph = Graph.of([root, part], [edge], root.id)
    whole = _without_parts(graph, root.files).nodes[root.id]
    assert whole.values("licence") == ("mit",)
    assert whole.values(f"part.{path}.licence") == ("gpl-3.0",)
    assert whole.values(f"part.{path}.name") == ("x",)
    assert whole.values("name") == ()


def related(*edges: tuple[str, Relation, str]) -> list[tuple[str, Relation, str]]:
    """A whole of two files, a base from elsewhere, and a step, related so."""
    ids = {
        "whole": f"dataset:tree:{'1f' * 32}",
        "raw": f"dataset:file:{'2e' * 32}",
        "clean": f"dataset:file:{'3d' * 32}",
        "base": f"dataset:file:{'4c' * 32}",
        "step": f"step:undigested:{'5b' * 32}",
    }
    parts = {"raw": "2e" * 32, "clean": "3d" * 32}
    files = tuple(File(n, 1, Digest("file", value)) for n, value in parts.items())
    nodes = [
        Node(
            (),
            ORIGINS,
            id=text,
            kind=Kind.STEP if name == "step" else Kind.DATASET,
            files=files if name == "whole" else (),
        )
        for name, text in ids.items()
    ]
    found = [drawn(ids[a], how, ids[b]) for a, how, b in edges]
    graph = Graph.of(nodes, found, ids["whole"])
    done = _without_parts(graph, files)
    names = {text: name for name, text in ids.items()}
    return sorted((names[e.source], e.relation, names[e.target]) for e in done.edges)


WHOLE_FROM_RAW = ("whole", Relation.DERIVED_FROM, "raw")
RELATED = {
    "a-part-came-from-elsewhere": (
        [WHOLE_FROM_RAW, ("raw", Relation.DERIVED_FROM, "base")],
        [("whole", Relation.DERIVED_FROM, "base")],
    ),
    "one-part-made-of-another": (
        [
            ("whole", Relation.DERIVED_FROM, "clean"),
            ("step", Relation.USED, "raw"),
            ("step", Relation.USED, "base"),
            ("step", Relation.GENERATED, "clean"),
        ],
        [("step", Relation.GENERATED, "whole"), ("step", Relation.USED, "base")],
    ),
    "elsewhere-and-back": (
        [
            ("whole", Relation.DERIVED_FROM, "clean"),
            ("clean", Relation.DERIVED_FROM, "base"),
            ("base", Relation.DERIVED_FROM, "raw"),
        ],
        [("whole", Relation.DERIVED_FROM, "base")],
    ),
}


@pytest.mark.parametrize(("edges", "left"), RELATED.values(), ids=RELATED)
def test_the_whole_never_becomes_its_own_ancestor(edges, left):
    """And what a part came from is what the whole came from."""
    assert related(*edges) == left


def test_a_folder_is_known_by_its_digest_alone(tmp_path):
    """One of the same name that holds something else is another thing."""
    place = placed(tmp_path, LAYOUTS["in-a-folder"])
    data, other = hash_path(tmp_path / "data").digest, Digest("tree", "6a" * 32)
    whole = Node(
        (),
        ORIGINS,
        id=f"dataset:tree:{place.content.digest.value}",
        kind=Kind.DATASET,
        files=place.content.files,
    )
    found = [
        Node(
            (Fact("name", "data", ORIGINS),),
            ORIGINS,
            id=f"dataset:tree:{digest.value}",
            kind=Kind.DATASET,
        )
        for digest in (data, other)
    ]
    edges = [drawn(whole.id, Relation.DERIVED_FROM, node.id) for node in found]
    done = _without_parts(Graph.of([whole, *found], edges, whole.id), whole.files)
    assert set(done.nodes) == {whole.id, found[1].id}
    assert done.nodes[whole.id].values("part.data.name") == ("data",)
