"""Lineage graphs as BOMs hold them, small and named, for tests of the BOM codec.

``everything()`` has every kind of node, every relation, and every way in which a fact
can be written; ``SMALL`` has one graph per thing that a BOM can say.
"""

from __future__ import annotations

import json
from typing import Any

from builders import a_digest, a_node, an_edge, facts, sha256

from aibom.bom.encode import encode, to_bytes
from aibom.digest import File, manifest_digest
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import Kind, Node, Origin, Relation

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PURL = f"pkg:huggingface/acme/base@{COMMIT}"
LINK = f"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1@sha256:{sha256('upstream')}"
HUB = Origin("hub", sha256("answer"), "/sha", "online")
TEST = Origin("test")


def folder(kind: Kind, seed: str, *paths: str, **values: str | None) -> Node:
    """An entity whose files are known and make its digest."""
    files = tuple(
        File(path, len(path), a_digest((seed, path), "file")) for path in sorted(paths)
    )
    tree = manifest_digest((file.path, file.digest.value) for file in files)
    name = entity_id(kind, tree)
    origins = frozenset({TEST})
    return Node(facts(values), origins, id=name, kind=kind, files=files)


def single_file(kind: Kind, seed: str, **values: str | None) -> Node:
    """An entity that is one file."""
    name = entity_id(kind, a_digest(seed, "file"))
    return Node(facts(values), frozenset({TEST}), id=name, kind=kind)


def undigested(kind: Kind, **values: str) -> Node:
    """An entity or step of which only facts are known."""
    name = undigested_id(kind, values)
    return Node(facts(values), frozenset({TEST}), id=name, kind=kind)


def party(text: str) -> Node:
    """A person, an organisation or a software, by its party id."""
    kind, _, name = text.partition(":")
    origins = frozenset({TEST})
    stated = facts({"type": kind, "name": name})
    return Node(stated, origins, id=f"party:{text}", kind=Kind.PARTY)


MODEL = folder(
    Kind.MODEL, "model", "config.json", "weights/model.safetensors", name="acme/lab-7"
)
BASE = a_node(
    Kind.MODEL,
    "base",
    {
        "name": "acme/base",
        "source": PURL,
        "revision": COMMIT,
        "licence": "Apache-2.0",
        "location": "https://hub.example/acme/base",
        "upstream-bom": LINK,
        "description": "a base\nmodel\u2028",
    },
)
OLDER = undigested(Kind.MODEL, name="acme/older")
REVIEWS = folder(Kind.DATASET, "reviews", "reviews.jsonl", name="reviews")
LABELS = single_file(Kind.DATASET, "labels", name="labels")
RAW = a_node(Kind.DATASET, "raw", {"name": "raw", "licence": None})
GUIDE = single_file(Kind.GUIDELINE, "guide", name="how to label")
CODE = a_node(Kind.CODE, "code", {"commit": COMMIT, "dirty": "false"})
REPORT = single_file(Kind.REPORT, "report", name="metrics.json")
SYSTEM = a_node(Kind.SYSTEM, "system", {"name": "assistant"})
TOOL = undigested(Kind.SERVICE, name="search", source=PURL, revision="2")
SERVER = folder(Kind.SERVICE, "server", "server.py", name="mcp server")
ALICE = party(f"person:acme-0123abcd:{'ab' * 16}")
ACME = party("org:Acme")
LABELTOOL = party("software:labeltool@1.2")
LABELLING = a_node(Kind.STEP, "labelling", {"step": "label"})
TRAINING = a_node(
    Kind.STEP,
    "training",
    {
        "step": "fine-tune",
        "label": "third try",
        "started": "2026-01-31T08:00:00Z",
        "finished": "2026-01-31T09:00:00Z",
        "parameter.seed": "7",
        "parameter.lr.warmup": "0.1",
        "env.PYTHONHASHSEED": "0",
        "inputs": "declared",
        "builder": None,
    },
)
EVALUATION = undigested(Kind.STEP, step="evaluate")

EDGES = {
    "labelled": an_edge(LABELLING, Relation.USED, REVIEWS, "training-data"),
    "guided": an_edge(LABELLING, Relation.USED, GUIDE, "guideline"),
    "labels": an_edge(LABELLING, Relation.GENERATED, LABELS),
    "labeler": an_edge(LABELLING, Relation.PERFORMED_BY, ALICE, "labeler"),
    "with-tool": an_edge(LABELLING, Relation.PERFORMED_BY, LABELTOOL, "labeler"),
    "trained-on": an_edge(TRAINING, Relation.USED, LABELS, "training-data"),
    "tested-on": an_edge(TRAINING, Relation.USED, LABELS, "test-data"),
    "base": an_edge(
        TRAINING, Relation.USED, BASE, "base-model", {"source": PURL, "revision": None}
    ),
    "code": an_edge(TRAINING, Relation.USED, CODE, "code"),
    "model": an_edge(TRAINING, Relation.GENERATED, MODEL),
    "evaluated": an_edge(EVALUATION, Relation.USED, MODEL, "subject"),
    "report": an_edge(EVALUATION, Relation.GENERATED, REPORT),
    "derived": an_edge(BASE, Relation.DERIVED_FROM, OLDER, "fine-tune", {"name": "?"}),
    "revision": an_edge(REVIEWS, Relation.REVISION_OF, RAW),
    "served-from": an_edge(TOOL, Relation.DERIVED_FROM, SERVER, "deployment"),
    "tool": an_edge(SYSTEM, Relation.REQUIRES, TOOL, "tool"),
    "needs": an_edge(MODEL, Relation.REQUIRES, BASE, "base-model"),
    "in": an_edge(SYSTEM, Relation.REQUIRES, MODEL),
    "supplier": an_edge(RAW, Relation.ATTRIBUTED_TO, ACME, "supplier", {"since": "1"}),
    "owner": an_edge(MODEL, Relation.ATTRIBUTED_TO, ACME, "owner"),
    "operator": an_edge(TOOL, Relation.ATTRIBUTED_TO, ACME, "owner"),
}
NODES = {
    node.id: node
    for node in (
        *(MODEL, BASE, OLDER, REVIEWS, LABELS, RAW, GUIDE, CODE, REPORT, SYSTEM),
        *(TOOL, SERVER, ALICE, ACME, LABELTOOL, LABELLING, TRAINING, EVALUATION),
    )
}
#: The licence of the raw data, as somebody else has it: the two disagree.
DISAGREEING = Node(
    facts({"licence": "CC0-1.0"}, HUB), frozenset({HUB}), id=RAW.id, kind=RAW.kind
)


def around(root: Node, *edges: str, more: tuple[Node, ...] = ()) -> Graph:
    """The graph of these edges and their ends."""
    chosen = [EDGES[name] for name in edges]
    ends = [NODES[end] for edge in chosen for end in (edge.source, edge.target)]
    return Graph.of([root, *ends, *more], chosen, root.id)


def everything() -> Graph:
    """Every kind, every relation, with members that nobody knows."""
    extra = {"x-note": {"a": [1, 2.5, None, True, "\u2028;0 1"]}}
    return Graph.of([*NODES.values(), DISAGREEING], EDGES.values(), MODEL.id, extra)


#: name → a graph that shows one thing
SMALL = {
    "root-alone": around(MODEL),
    "dataset-root": around(REVIEWS),
    "system-root": around(SYSTEM, "tool", "in"),
    "report": around(MODEL, "evaluated", "report"),
    "labelling": around(LABELS, "labelled", "guided", "labels", "labeler", "with-tool"),
    "fine-tune": around(MODEL, "trained-on", "tested-on", "base", "code", "model"),
    "pedigree": around(BASE, "derived"),
    "revision": around(REVIEWS, "revision", "supplier"),
    "services": around(SYSTEM, "tool", "served-from", "operator"),
    "disagreement": around(RAW, more=(DISAGREEING,)),
    "everything": everything(),
}


def written(graph: Graph, spec_version: str = "1.6") -> dict[str, Any]:
    """The document of a graph, as it is read back from its bytes."""
    document: dict[str, Any] = json.loads(
        to_bytes(encode(graph, spec_version=spec_version))
    )
    return document


def element(document: dict[str, Any], ref: str) -> dict[str, Any]:
    """The component, service or workflow of this bom-ref."""
    every = [
        document["metadata"]["component"],
        *document.get("components", ()),
        *document.get("services", ()),
        *(w for f in document.get("formulation", ()) for w in f["workflows"]),
    ]
    (found,) = [item for item in every if item["bom-ref"] == ref]
    return found


def set_property(owner: dict[str, Any], name: str, value: str | None) -> None:
    """Give a property another value, or take it out; there is at least one."""
    kept = [item for item in owner["properties"] if item["name"] != name]
    assert len(kept) < len(owner["properties"])
    if value is not None:
        kept.append({"name": name, "value": value})
    owner["properties"] = kept


def add_property(owner: dict[str, Any], name: str, value: str) -> None:
    """Add a property, whatever is there."""
    owner.setdefault("properties", []).append({"name": name, "value": value})


def entry(document: dict[str, Any], ref: str) -> dict[str, Any]:
    """The entry of ``dependencies`` of this bom-ref."""
    found: dict[str, Any]
    (found,) = [item for item in document["dependencies"] if item["ref"] == ref]
    return found


def inputs(document: dict[str, Any], step: Node) -> list[dict[str, Any]]:
    """The inputs of a step that are references."""
    return [item for item in element(document, step.id)["inputs"] if "resource" in item]


def metadata_property(document: dict[str, Any], name: str, value: str | None) -> None:
    """Give a property of the metadata another value, or take it out."""
    set_property(document["metadata"], name, value)


def stubs(document: dict[str, Any], node: Node) -> list[dict[str, Any]]:
    """The ancestors of a component."""
    return element(document, node.id)["pedigree"]["ancestors"]


def named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The one item of this name."""
    (found,) = [item for item in items if item["name"] == name]
    return found


def files(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of the main component."""
    return document["metadata"]["component"]["components"]
