"""The document form: nothing is lost, and the reader agrees with the schema."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema_rs
import pytest
from builders import QUICK, a_digest, graphs, sha256
from hypothesis import given

from aibom.errors import DocumentInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.document import API_VERSION, SCHEMA, from_document, to_document
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin
from aibom.resources import read_schema
from aibom.statement import parse_json, to_json

VALIDATOR = jsonschema_rs.validator_for(read_schema("lineage-1.json"))


@QUICK
@given(graphs())
def test_a_graph_survives_its_document(graph: Graph) -> None:
    data = to_json(to_document(graph))
    document = parse_json(data, "bytes")
    assert VALIDATOR.is_valid(document)
    again = from_document(document, "bytes")
    assert again == graph
    assert to_json(to_document(again)) == data


@QUICK
@given(graphs(rooted=False))
def test_a_graph_without_a_root_survives_too(graph: Graph) -> None:
    document = to_document(graph)
    assert "root" not in document
    assert from_document(document, "x") == graph


def example() -> dict[str, Any]:
    """A model that a step made from one file, with everything that can be said."""
    build = GraphBuilder(Origin("hub", sha256("x"), "/a", "online"))
    data = build.entity(Kind.DATASET, a_digest("d", "file"), name="d", licence=None)
    model = build.entity(Kind.MODEL, a_digest("m"), name="m")
    step = build.step(sha256("s"), "train", {"parameter.learning rate": "1"})
    build.used(step, data, "training-data", {"source": "x"})
    build.generated(step, model)
    document = to_document(build.graph(model))
    model_node = next(n for n in document["nodes"] if n["id"] == model)
    model_node["files"] = [{"path": "a", "size": 1, "sha256": sha256("a")}]
    parsed: dict[str, Any] = json.loads(to_json(document))
    return parsed


def changed(path: str, value: Any = ...) -> Any:
    """The example with a value set, or deleted, at a path of keys."""
    document = example()
    *steps, last = [int(p) if p.isdigit() else p for p in path.split("/")]
    place: Any = document
    for key in steps:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


def node(kind: str) -> str:
    """The path of the example's node of one kind."""
    kinds = [item["kind"] for item in example()["nodes"]]
    return f"nodes/{kinds.index(kind)}"


MODEL, DATASET = node("model"), node("dataset")
USED = 1 if example()["edges"][1]["relation"] == "used" else 0

VALID: dict[str, Any] = {
    "the example": example(),
    "empty": {"apiVersion": API_VERSION, "nodes": [], "edges": []},
    "no root": changed("root", None),
    "another $schema": changed("$schema", "https://example.com/x"),
    "no $schema": changed("$schema"),
    "a member on top": changed("x-note", {"a": [1, None]}),
    "a member of a node": changed(f"{MODEL}/x-note", "x"),
    "a member of an edge": changed("edges/0/x-note", 1),
    "no origins of a node": changed(f"{MODEL}/origins", []),
    "no facts of a node": changed(f"{MODEL}/facts"),
    "an unknown value": changed(f"{MODEL}/facts/0/value", None),
    "an empty value": changed(f"{MODEL}/facts/0/value", ""),
    "an empty role": changed("edges/0/role", ""),
    "an empty file": changed(f"{MODEL}/files/0/size", 0),
    "a dotted field": changed(f"{MODEL}/facts/0/field", "env.größe: x"),
}

INVALID: dict[str, Any] = {
    "a list": [],
    "nothing": None,
    "another version": changed("apiVersion", "aibom/lineage/v2"),
    "no version": changed("apiVersion"),
    "no nodes": changed("nodes"),
    "no edges": changed("edges"),
    "nodes is an object": changed("nodes", {}),
    "a node is a text": changed(MODEL, "model:x"),
    "origins is nothing": changed("origins", None),
    "root is a number": changed("root", 1),
    "a node without an id": changed(f"{MODEL}/id"),
    "a node of no kind": changed(f"{MODEL}/kind", "thing"),
    "a kind that is a list": changed(f"{MODEL}/kind", ["model"]),
    "a node without a kind": changed(f"{MODEL}/kind"),
    "facts is nothing": changed(f"{MODEL}/facts", None),
    "a fact is a text": changed(f"{MODEL}/facts/0", "name"),
    "a fact without a value": changed(f"{MODEL}/facts/0/value"),
    "a fact without a field": changed(f"{MODEL}/facts/0/field"),
    "a fact without an origin": changed(f"{MODEL}/facts/0/origins", []),
    "a fact without origins": changed(f"{MODEL}/facts/0/origins"),
    "a fact with a member more": changed(f"{MODEL}/facts/0/level", "verified"),
    "a value that is a number": changed(f"{MODEL}/facts/0/value", 5),
    "a value that is a list": changed(f"{MODEL}/facts/0/value", ["x"]),
    "a field in capitals": changed(f"{MODEL}/facts/0/field", "Name"),
    "a field with a newline": changed(f"{MODEL}/facts/0/field", "name\n"),
    "a parameter without a name": changed(f"{MODEL}/facts/0/field", "parameter."),
    "an origin by name": changed(f"{MODEL}/origins/0", "hub"),
    "an origin that is true": changed(f"{MODEL}/origins/0", True),
    "an origin before the first": changed(f"{MODEL}/origins/0", -1),
    "an origin without a reader": changed("origins/0/cataloger"),
    "an origin with an empty reader": changed("origins/0/cataloger", ""),
    "an origin of another mode": changed("origins/0/mode", "live"),
    "an origin with a member more": changed("origins/0/trusted", "yes"),
    "an origin with a number": changed("origins/0/digest", 5),
    "an origin is a text": changed("origins/0", "hub"),
    "a file of negative size": changed(f"{MODEL}/files/0/size", -1),
    "a file whose size is true": changed(f"{MODEL}/files/0/size", True),
    "a file whose size is a text": changed(f"{MODEL}/files/0/size", "1"),
    "a file with a short digest": changed(f"{MODEL}/files/0/sha256", "ab"),
    "a file with a digest in capitals": changed(
        f"{MODEL}/files/0/sha256", sha256("a").upper()
    ),
    "a file without a path": changed(f"{MODEL}/files/0/path"),
    "a file with a member more": changed(f"{MODEL}/files/0/mode", "0644"),
    "files is an object": changed(f"{MODEL}/files", {}),
    "an edge is a list": changed("edges/0", []),
    "an edge without a source": changed("edges/0/source"),
    "an edge without a target": changed("edges/0/target"),
    "an edge without a relation": changed("edges/0/relation"),
    "an edge of no relation": changed("edges/0/relation", "likes"),
    "a role that is nothing": changed("edges/0/role", None),
    "a role in capitals": changed(f"edges/{USED}/role", "Data"),
    "a role with a newline": changed(f"edges/{USED}/role", "data\n"),
}

BEYOND_THE_SCHEMA: dict[str, tuple[Any, str]] = {
    "an origin after the last": (
        changed(f"{MODEL}/origins/0", 1),
        "document-invalid",
    ),
    "a fact's origin after the last": (
        changed(f"{MODEL}/facts/0/origins", [0, 99]),
        "document-invalid",
    ),
    "a root that is not there": (changed("root", "model:x"), "root-missing"),
    "an edge to nowhere": (changed("edges/0/target", "model:x"), "edge-dangling"),
    "an edge the wrong way": (
        changed(f"edges/{USED}/relation", "performed-by"),
        "edge-invalid",
    ),
    "an id of another kind": (changed(f"{MODEL}/kind", "code"), "node-id-invalid"),
    "an id with a malformed digest": (
        changed(f"{MODEL}/id", "model:tree:ab"),
        "digest-malformed",
    ),
    "one digest, two kinds": (
        changed(f"{DATASET}/id", f"dataset:tree:{sha256('m')}"),
        "kind-contradicted",
    ),
}


@pytest.mark.parametrize("document", VALID.values(), ids=VALID)
def test_reader_and_schema_accept(document: Any) -> None:
    before = copy.deepcopy(document)
    assert VALIDATOR.is_valid(document)
    graph = from_document(document, "x")
    assert from_document(to_document(graph), "x") == graph
    assert document == before


@pytest.mark.parametrize("document", INVALID.values(), ids=INVALID)
def test_reader_and_schema_refuse(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(DocumentInvalid) as caught:
        from_document(document, "lineage.json")
    where = caught.value.where
    assert where is not None
    assert where.startswith(("lineage.json", "step:"))


@pytest.mark.parametrize(
    ("document", "reason"), BEYOND_THE_SCHEMA.values(), ids=BEYOND_THE_SCHEMA
)
def test_the_reader_checks_what_no_schema_can(document: Any, reason: str) -> None:
    assert VALIDATOR.is_valid(document)
    with pytest.raises(DocumentInvalid) as caught:
        from_document(document, "x")
    assert caught.value.reason == reason


def test_the_error_names_the_member() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        from_document(changed("origins/0/mode", "live"), "lineage.json")
    assert caught.value.where == "lineage.json#/origins/0"
    with pytest.raises(DocumentInvalid) as caught:
        from_document(changed(f"{MODEL}/facts/0/field", "Name"), "lineage.json")
    assert caught.value.where == f"lineage.json#/{MODEL}/facts/0"
    assert caught.value.reason == "fact-invalid"


def test_members_that_nobody_knows_are_written_back_where_they_stood() -> None:
    document = example()
    note = {"since": "v2", "list": [1, None, {"a": "b"}]}
    document["x-top"] = note
    document["nodes"][0]["x-node"] = note
    document["edges"][0]["x-edge"] = note
    again = to_document(from_document(document, "x"))
    assert again["x-top"] == note
    assert [n.get("x-node") for n in again["nodes"]] == [note, None, None]
    assert [e.get("x-edge") for e in again["edges"]] == [note, None]


def test_order_in_the_document_does_not_matter() -> None:
    document = example()
    turned = copy.deepcopy(document)
    turned["nodes"].reverse()
    turned["edges"].reverse()
    for item in turned["nodes"]:
        item["facts"].reverse()
    assert from_document(turned, "x") == from_document(document, "x")


def test_origins_stand_once_in_a_table() -> None:
    document = to_document(from_document(example(), "x"))
    assert document["origins"] == [
        {"cataloger": "hub", "digest": sha256("x"), "pointer": "/a", "mode": "online"}
    ]
    assert document["$schema"] == SCHEMA == read_schema("lineage-1.json")["$id"]


def test_the_schema_is_valid_itself() -> None:
    jsonschema_rs.meta.validate(read_schema("lineage-1.json"))
