"""A small fine-tune with everything that other tools get wrong, point by point.

The project is the one on which eight AI-BOM tools were tried: a fine-tune of a known
base on two datasets, one revision pinned and one not, labels with their labelers, a
card for the model and one for the data. Each test is a point at which some tool made
something up, lost it, or put it in the wrong place.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from aibom.bom.encode import encode
from aibom.errors import AibomError
from aibom.lineage.graph import contradictions
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.operations.scanning.scan import Scanned, scan, scan_bom
from aibom.operations.validate import load_bom, problems_of
from aibom.policy.sources import parse_source
from aibom.recording.reference import InputRef
from tests.catalog_world import pseudonym, put

BERT = "google-bert/bert-base-uncased"
COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
KEY = "tests:0123456789abcdef0123456789abcdef"

CARD = f"""---
license: apache-2.0
language: en
base_model: {BERT}
base_model_relation: adapter
datasets:
- stanfordnlp/imdb
- acme/reviews-2026
---
# Reviews
"""
DATA_CARD = """---
license: cc-by-4.0
task_categories:
- text-classification
size_categories:
- n<1K
---
# Reviews 2026
"""
LABELS = """id,text,label,annotator
1,good,pos,ada
2,bad,neg,ada
3,fine,pos,bob
"""


def safetensors() -> bytes:
    """Two numbers, as weights."""
    tensor = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    header = json.dumps(tensor).encode()
    return struct.pack("<Q", len(header)) + header + b"\0" * 8


def project(folder: Path, *, adapter_base: str = BERT) -> Path:
    """The project on disk."""
    adapter = {
        "base_model_name_or_path": adapter_base,
        "revision": COMMIT,
        "peft_type": "LORA",
        "task_type": "SEQ_CLS",
    }
    return put(
        folder,
        {
            "model/README.md": CARD,
            "model/adapter_config.json": json.dumps(adapter),
            "model/adapter_model.safetensors": safetensors(),
            "data/README.md": DATA_CARD,
            "data/labels.csv": LABELS,
        },
    )


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """The fine-tune, and the data that its maker says it was made from."""
    folder = project(tmp_path_factory.mktemp("project"))
    return scan(
        folder / "model",
        inputs=[InputRef("training-data", folder / "data")],
        pseudonym_key=KEY,
    )


def named(scanned: Scanned, name: str) -> list[Node]:
    """All nodes that are called so."""
    return [n for n in scanned.graph.nodes.values() if name in n.values("name")]


def comes_from(scanned: Scanned, node: Node) -> set[tuple[str, str]]:
    """(role, what) of what is directly behind a node."""
    graph = scanned.graph
    return {
        (edge.role, graph.nodes[edge.target].label)
        for edge in graph.edges_from(node.id, Relation.DERIVED_FROM)
    }


def data_of(scanned: Scanned) -> Node:
    """The dataset that was scanned with the model."""
    graph = scanned.graph
    edges = graph.edges_from(scanned.root.id, Relation.DERIVED_FROM)
    held = [graph.nodes[e.target] for e in edges if e.role == "training-data"]
    return next(node for node in held if node.digest is not None)


def test_the_fine_tune_is_a_thing_of_its_own_and_its_base_another(
    scanned: Scanned,
) -> None:
    """Cdxgen has no component for the fine-tune, and gives its data to the base."""
    assert scanned.root.kind is Kind.MODEL
    assert scanned.root.digest is not None
    assert BERT not in scanned.root.values("name")
    for base in named(scanned, BERT):
        assert base.kind is Kind.MODEL
        assert base.digest is None
        assert scanned.graph.up(base.id) == ()
    roles = {role for role, _ in comes_from(scanned, scanned.root)}
    assert {"base-model", "training-data"} <= roles


def test_both_datasets_are_behind_the_fine_tune(scanned: Scanned) -> None:
    said = comes_from(scanned, scanned.root)
    assert ("training-data", "stanfordnlp/imdb") in said
    assert ("training-data", "acme/reviews-2026") in said


def test_a_dataset_with_a_card_is_a_dataset(scanned: Scanned) -> None:
    """Cdxgen makes a model named "data" of it."""
    data = data_of(scanned)
    assert data.kind is Kind.DATASET
    assert data.values("licence") == ("cc-by-4.0",)


def test_a_name_joins_nothing(scanned: Scanned) -> None:
    """The folder may be acme/reviews-2026, and nobody has shown that it is."""
    assert data_of(scanned).id not in {
        n.id for n in named(scanned, "acme/reviews-2026")
    }


def test_a_pinned_revision_is_kept_and_an_open_one_stays_open(scanned: Scanned) -> None:
    """Cdxgen drops it; others call the pinned unpinned, or any @x pinned."""
    stated = {
        source.revision
        for node in named(scanned, BERT)
        for text in node.values("source")
        if (source := parse_source(text)) is not None
    }
    assert stated == {COMMIT, None}
    for name in ("stanfordnlp/imdb", "acme/reviews-2026"):
        for node in named(scanned, name):
            assert node.values("revision") == ()


def test_every_file_has_its_digest(scanned: Scanned, tmp_path: Path) -> None:
    """Most tools give none at all."""
    assert {file.path for file in scanned.root.files} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    }


def test_labelers_are_counted_and_go_by_pseudonym(scanned: Scanned) -> None:
    """No tool has them; a name in clear would be worse than none."""
    graph = scanned.graph
    counts = {
        edge.target.removeprefix("party:"): edge.value("annotations")
        for edge in graph.edges
        if edge.relation is Relation.PERFORMED_BY and edge.role == "labeler"
    }
    assert counts == {pseudonym("ada"): "2", pseudonym("bob"): "1"}
    data = scan_bom(scanned, spec_version="1.6", output=None).decode()
    assert '"ada"' not in data
    assert "ada," not in data


def test_nothing_is_made_up(scanned: Scanned) -> None:
    """The OWASP generator invents a task, a version, a supplier, an architecture."""
    for field in ("task", "version", "revision", "supplier", "created", "name"):
        assert scanned.root.values(field) == ()
    assert scanned.root.values("licence") == ("apache-2.0",)
    assert not any(
        edge.relation is Relation.ATTRIBUTED_TO for edge in scanned.graph.edges
    )


def test_everything_says_where_it_was_read(scanned: Scanned) -> None:
    digests = {file.digest.value for file in scanned.root.files}
    for fact in scanned.root.facts:
        for origin in fact.origins:
            assert origin.digest in digests
    base = next(f for f in scanned.root.facts if f.field == "base-model")
    assert {origin.cataloger for origin in base.origins} == {"card", "adapter-config"}


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_bom_is_valid_and_every_reference_in_it_leads_somewhere(
    scanned: Scanned, version: str
) -> None:
    """One tool says "valid" of a document whose dependencies lead nowhere."""
    document = encode(scanned.graph, spec_version=version)
    assert problems_of(document, "0" * 64, "profile") == ()
    refs = {c["bom-ref"] for c in document["components"]}
    refs.add(document["metadata"]["component"]["bom-ref"])
    for entry in document["dependencies"]:
        assert {entry["ref"], *entry.get("dependsOn", ())} <= refs


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    """Random ids and times make two BOMs of one model differ."""
    boms = []
    for place in ("one", "two"):
        folder = project(tmp_path / place)
        boms.append(scan_bom(scan(folder / "model"), spec_version="1.6", output=None))
    assert boms[0] == boms[1]
    assert load_bom(boms[0], "x", "profile")


def test_an_empty_folder_is_no_bom(tmp_path: Path) -> None:
    """Several tools write an empty BOM and end with 0."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(AibomError) as caught:
        scan(tmp_path / "empty")
    assert (caught.value.reason, caught.value.exit_code) == ("folder-empty", 1)


def test_sources_that_disagree_are_both_shown(tmp_path: Path) -> None:
    folder = project(tmp_path, adapter_base="acme/other-base")
    done = scan(folder / "model")
    told = {item.field: item.values for item in contradictions(done.graph)}
    assert told["base-model"] == ("acme/other-base", BERT)
    said = {
        fact.value: {origin.cataloger for origin in fact.origins}
        for fact in done.root.facts
        if fact.field == "base-model"
    }
    assert said == {"acme/other-base": {"adapter-config"}, BERT: {"card"}}
    assert {
        label for role, label in comes_from(done, done.root) if role == "base-model"
    } == {"acme/other-base", BERT}


def test_sources_that_agree_do_not_contradict(scanned: Scanned) -> None:
    assert contradictions(scanned.graph) == ()


def test_a_path_of_the_training_host_is_no_base(tmp_path: Path) -> None:
    folder = project(tmp_path, adapter_base="/mnt/nfs/checkpoints/bert")
    done = scan(folder / "model")
    assert done.root.values("base-model") == (BERT,)
    assert ("reference-local-path", "/base_model_name_or_path") in {
        (finding.code, finding.pointer) for finding in done.findings
    }
    assert not named(done, "/mnt/nfs/checkpoints/bert")


def test_a_whole_project_is_asked_what_it_is(tmp_path: Path) -> None:
    """A model and a dataset in one folder: what the folder is, its owner says."""
    folder = project(tmp_path)
    with pytest.raises(AibomError) as caught:
        scan(folder)
    assert caught.value.reason == "kind-undecided"
    done = scan(folder, kind=Kind.SYSTEM)
    parts = {role for role, _ in comes_from(done, done.root)}
    assert parts == {"part"}
    assert len(comes_from(done, done.root)) == 2
