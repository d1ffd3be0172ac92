"""The BOM of what is imported: our name, the source's word, and no name of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fetch_world import safetensors
from hub_world import COMMIT, FILES, FakeSource

from aibom.catalogers.place import Place
from aibom.digest import Digest
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.importing.imported import (
    _named,
    bom_of_place,
    bom_of_snapshot,
    default_name,
    kind_of,
)
from aibom.operations.naming import made_as
from aibom.operations.scanning.scan import Scanned, scan
from aibom.operations.scanning.snapshot import open_snapshot
from aibom.operations.validate import load_bom
from aibom.sources.reference import Reference

REFERENCE = Reference.parse(f"hf:acme/fine@{COMMIT}")
WEIGHTS = "model.safetensors"
CARD = b"---\nlicense: mit\nmodel_name: acme/prod\nbase_model: acme/base\n---\n"
GOOD = {**FILES, WEIGHTS: safetensors()}

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def imported(
    tmp_path: Path, files: Mapping[str, bytes], name: str = "hf/acme/fine"
) -> Graph:
    """The graph of the BOM that is written beside the files."""
    source = FakeSource(files)
    folder = tmp_path / "files"
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    bom = tmp_path / "bom.json"
    resolved = source.resolve(REFERENCE)
    data = bom_of_place(Place.of(folder), resolved, name, Kind.MODEL, NOW, bom)
    assert bom.read_bytes() == data
    return load_bom(data, str(bom)).graph


def folder_of(tmp_path: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def foreseen(files: Mapping[str, bytes]) -> Graph:
    """The graph of the BOM that is made of what is known before."""
    source = FakeSource(files)
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        data = bom_of_snapshot(snapshot, "hf/acme/fine", Kind.MODEL, NOW)
        return load_bom(data, "foreseen").graph


def root_of(graph: Graph) -> Node:
    return graph.nodes[str(graph.root)]


NAMES = {
    "hf:acme/fine": "hf/acme/fine",
    f"hf:acme/fine@{COMMIT}": "hf/acme/fine",
    "hf:datasets/acme/rows": "hf/datasets/acme/rows",
    "some/folder": None,
    "s3://bucket/prefix": None,
}


@pytest.mark.parametrize(("text", "name"), NAMES.items(), ids=NAMES)
def test_what_it_is_called_unless_somebody_says_otherwise(text, name):
    assert default_name(Reference.parse(text)) == name


KINDS = {"hf:acme/fine": Kind.MODEL, "hf:datasets/a/b": Kind.DATASET, "folder": None}


@pytest.mark.parametrize(("text", "kind"), KINDS.items(), ids=KINDS)
def test_what_the_reference_says_it_is(text, kind):
    assert kind_of(Reference.parse(text)) is kind


CLAIMANTS: dict[str, dict[str, bytes]] = {
    "nobody": {},
    "card": {"README.md": CARD},
    "config": {
        "config.json": b'{"_name_or_path": "acme/prod", "name": "acme/prod"}',
    },
    "model-index": {
        "README.md": b"---\nmodel-index: [{name: acme/prod, results: []}]\n---\n"
    },
    "training": {
        "adapter_config.json": b'{"base_model_name_or_path": "acme/prod"}',
        "README.md": CARD,
    },
    "our-own-words": {"README.md": b"---\nname: hf/acme/other\ntitle: x/y\n---\n"},
}


@pytest.mark.parametrize("more", CLAIMANTS.values(), ids=CLAIMANTS)
def test_its_only_name_is_the_importers(tmp_path, more):
    """A name decides which signers may speak, and how strict a gate is."""
    for graph in (imported(tmp_path, {**GOOD, **more}), foreseen({**GOOD, **more})):
        root = root_of(graph)
        assert root.values("name") == ("hf/acme/fine",)
        assert not made_as(graph, root)


def test_what_it_calls_itself_is_kept_as_that(tmp_path):
    root = root_of(imported(tmp_path, {**GOOD, "README.md": CARD}))
    assert root.values("stated-name") == ("acme/prod",)


def test_what_the_source_says_stands_in_it(tmp_path):
    root = root_of(imported(tmp_path, GOOD))
    assert root.value("revision") == COMMIT
    assert root.value("owner-id") == "64aa"
    assert COMMIT in str(root.value("source"))
    assert root.values("licence") == ("mit",)


def modes(graph: Graph) -> dict[str, set[str]]:
    """How all of a graph was learned, by who tells it."""
    carriers = [*graph.nodes.values(), *graph.edges]
    found: dict[str, set[str]] = {}
    for carrier in carriers:
        for origin in (
            *carrier.origins,
            *(o for fact in carrier.facts for o in fact.origins),
        ):
            found.setdefault(origin.cataloger, set()).add(origin.mode)
    return found


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_what_the_files_say_was_learned_as_they_were_fetched(tmp_path, mode):
    scanned = scan(folder_of(tmp_path, {**GOOD, "README.md": CARD}), kind=Kind.MODEL)
    assert {m for one in modes(scanned.graph).values() for m in one} == {"offline"}
    resolved = replace(FakeSource(GOOD).resolve(REFERENCE), mode=mode)
    found = modes(_named(scanned, resolved, "hf/acme/fine", NOW).graph)
    assert found.pop("user") == {"offline"}
    assert len(found) > 1
    assert {m for one in found.values() for m in one} == {mode}


def test_what_is_foreseen_is_what_is_found(tmp_path):
    """The same root, by digest, files and facts but for those of the large files."""
    files = {**GOOD, "README.md": CARD}
    before, after = root_of(foreseen(files)), root_of(imported(tmp_path, files))
    assert (before.id, before.files) == (after.id, after.files)
    for field in ("name", "stated-name", "licence", "source", "revision", "owner-id"):
        assert before.values(field) == after.values(field)


def test_large_files_are_no_things_of_their_own_before_they_are_here(tmp_path):
    """Else rules about ancestors would ask them, and never again afterwards."""
    more = {**GOOD, "sub/model.safetensors": safetensors(b"\1")}
    before, after = foreseen(more), imported(tmp_path, more)

    def of_files(graph: Graph) -> list[str]:
        nodes = [node for node in graph.nodes.values() if node.digest]
        return [node.id for node in nodes if node.digest.form == "file"]

    assert of_files(before) == of_files(after) == []


def test_without_a_claimed_digest_it_is_not_about_the_artifact():
    source = FakeSource(GOOD, claims=False)
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        data = bom_of_snapshot(snapshot, "hf/acme/fine", Kind.MODEL, NOW)
    root = root_of(load_bom(data, "x").graph)
    assert {file.path for file in root.files} == {"README.md", "config.json"}


def test_the_same_files_give_the_same_bytes(tmp_path):
    first = imported(tmp_path / "a", {**GOOD, "README.md": CARD})
    second = imported(tmp_path / "b", {**GOOD, "README.md": CARD})
    assert first == second


def test_what_a_step_in_its_files_called_it_is_no_name_of_it():
    """A record that somebody put there; elsewhere, what it says counts as a name."""
    origin = frozenset({Origin("some-cataloger", digest="1f" * 32)})
    digest = Digest("tree", "1f" * 32)
    root = Node((), origin, id=f"model:tree:{digest.value}", kind=Kind.MODEL)
    step = Node((), origin, id="step:" + "2e" * 32, kind=Kind.STEP)
    called: tuple[Any, ...] = (Fact("name", "acme/prod", origin),)
    edge = Edge(
        called, origin, source=step.id, relation=Relation.GENERATED, target=root.id
    )
    graph = Graph.of([root, step], [edge], root.id)
    assert made_as(graph, root) == {"acme/prod"}
    resolved = FakeSource(GOOD).resolve(REFERENCE)
    named = _named(Scanned(graph, (), {}, ()), resolved, "hf/acme/fine", NOW)
    assert not made_as(named.graph, named.root)
    assert named.root.values("name") == ("hf/acme/fine",)
    assert "stated-name" in json.dumps(
        [fact.field for fact in named.graph.edges[0].facts]
    )
