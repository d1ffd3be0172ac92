"""What an adversarial reader tried: nothing looks better than it is, or is hidden."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import supplier_world
from worlds import COMMIT, NOW, signing

from aibom.bom.encode import encode, to_bytes
from aibom.digest import Digest
from aibom.errors import UsageError
from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Fact, Kind, Origin, Relation
from aibom.operations.reporting.output import place_for
from aibom.operations.reporting.report import Asked, make_report
from aibom.operations.signing.sign import sign_artifact
from aibom.report.diligence.machine import report_json
from aibom.report.diligence.model import Status


def whole(world, **more):
    return Asked(evidence=(world.evidence,), policy=world.verifier, **more)


# ── a signer who may not speak of this name ──


def test_a_listed_signer_of_another_name_has_not_signed_this_bom(world):
    """``acme base`` may sign acme/models/base, and this is acme/models/reader."""
    world.bundle.unlink()
    sign_artifact(world.model, signing("base"))
    found = make_report(world.bom, whole(world), NOW).by_id["integrity.bom-signature"]
    assert found.status is Status.STATED
    assert "namespace-not-allowed" in found.entries[0].basis


def test_a_signature_over_another_name_does_not_sign_this_bom(world):
    document = json.loads(world.bom.read_bytes())
    before = make_report(world.bom, whole(world), NOW)
    assert before.by_id["integrity.bom-signature"].status is Status.PROVED
    document["metadata"]["component"]["name"] = "acme/models/other"
    world.bom.write_text(json.dumps(document))
    found = make_report(world.bom, whole(world), NOW).by_id["integrity.bom-signature"]
    assert found.status is not Status.PROVED


# ── a BOM of ours whose visible parts say other things than its lineage ──


def pedigree_removed(document):
    document["metadata"]["component"].pop("pedigree")


def another_base(document):
    one = document["metadata"]["component"]["pedigree"]["ancestors"][0]
    one.update(name="meta/llama-3")


def datasets_removed(document):
    model = document["metadata"]["component"]["modelCard"]["modelParameters"]
    model["datasets"] = []


def another_file(document):
    document["metadata"]["component"]["components"][1]["name"] = "w.safetensors"


LIES = {
    "pedigree-removed": (pedigree_removed, "view-mismatch"),
    "another-base": (another_base, "view-mismatch"),
    "datasets-removed": (datasets_removed, "view-mismatch"),
    "another-file": (another_file, "manifest-mismatch"),
}


@pytest.mark.parametrize(("change", "reason"), LIES.values(), ids=LIES)
def test_what_validate_refuses_is_told(world, change, reason):
    document = json.loads(world.bom.read_bytes())
    change(document)
    bom = world.root / "changed.cdx.json"
    bom.write_text(json.dumps(document))
    report = make_report(bom, whole(world), NOW)
    assert reason in {told for _, told, _ in report.subject.problems}
    assert "document.valid" in {one.id for one in report.requests}


# ── conflicts, blockers and numbers ──


@pytest.mark.parametrize("source", [f"pkg:generic/x@{COMMIT}", "pkg:generic/x"])
def test_a_disagreement_about_a_revision_is_no_pin(tmp_path, source):
    build = GraphBuilder(Origin("bom", "0" * 64))
    root = build.entity(Kind.MODEL, Digest("file", "12" * 32), name="x/model")
    named = {"name": "x/base", "source": source, "revision": COMMIT}
    base = build.entity(Kind.MODEL, Digest("file", "34" * 32), **named)
    build.edge(root, Relation.DERIVED_FROM, base)
    graph = build.graph(root)
    other = Fact("revision", "main", frozenset({Origin("other", "1" * 64)}))
    node = graph.nodes[base]
    torn = replace(node, facts=tuple(sorted((*node.facts, other), key=str)))
    graph = replace(graph, nodes={**graph.nodes, base: torn})
    bom = tmp_path / "bom.cdx.json"
    bom.write_bytes(to_bytes(encode(graph)))
    report = make_report(bom, Asked(), NOW)
    found = report.by_id["model-supply-chain.pinned"]
    assert found.status is Status.CONFLICTING


def test_what_blocks_for_something_that_no_question_asks_about_is_asked_for(world):
    """The rule on sources blocks for datasets, which are asked about, and the base."""

    def elsewhere(document):
        document["lists"]["approved"][0]["match"]["namespace"] = "other"

    world.edit_yaml("trusted-sources.yaml", elsewhere)
    asked = [r for r in make_report(world.bom, whole(world), NOW).requests if r.blocks]
    told = " ".join(f"{one.text} {' '.join(one.about)}" for one in asked)
    assert "acme/models/base" in told
    assert "acme/data/corpus" in told


def test_two_hundred_things_that_fail_are_counted(world, tmp_path):
    build = GraphBuilder(Origin("bom", "0" * 64))
    root = build.entity(Kind.MODEL, Digest("file", "12" * 32), name="acme/models/x")
    for number in range(200):
        digest = Digest("file", hashlib.sha256(str(number).encode()).hexdigest())
        source = f"pkg:huggingface/evil/d{number}@{COMMIT}"
        data = build.entity(Kind.DATASET, digest, name=f"d{number:03}", source=source)
        build.edge(root, Relation.DERIVED_FROM, data)
    bom = tmp_path / "bom.cdx.json"
    bom.write_bytes(to_bytes(encode(build.graph(root))))
    report = make_report(bom, Asked(policy=world.verifier), NOW)
    answer = report.by_id["data-provenance.sources"]
    assert len(answer.wrong) == 200
    (request,) = [one for one in report.requests if one.id == answer.id]
    assert len(request.about) == 200
    assert "(and 197 more things)" in request.text


def test_what_a_supplier_answers_is_not_what_the_bom_states(world):
    answered = supplier_world.answering("identity.version", answer="9.9 certified")
    filled = supplier_world.filled(world, answered)
    supplier_world.imported(world, filled, output=world.evidence / "answers")
    report = make_report(world.bom, whole(world), NOW)
    assert report.subject.version == ""
    stated = report.sections[0].tables[0].rows
    assert "9.9" not in " ".join(cell.text for row in stated for cell in row)
    entries = report.by_id["identity.version"].entries
    assert any("9.9" in entry.text for entry in entries)


# ── what a first user stumbled over ──


def test_evidence_without_signers_is_a_note_and_no_conflict(world):
    asked = Asked(evidence=(world.evidence,))
    report = make_report(world.bom, asked, NOW)
    assert report.conflicts == ()
    told = [
        cell.text
        for table in report.sections[12].tables
        for row in table.rows
        for cell in row
    ]
    assert any("--signers" in text for text in told)


def nameless(tmp_path):
    bom = tmp_path / "nameless.cdx.json"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [
            {"type": "machine-learning-model", "bom-ref": "m", "name": "some/model"}
        ],
    }
    bom.write_text(json.dumps(document))
    return bom


def test_a_bom_without_a_product_is_not_called_invalid(tmp_path):
    """CycloneDX does not demand a main component, and a buyer must not say so."""
    requests = {r.id: r for r in make_report(nameless(tmp_path), Asked(), NOW).requests}
    assert "document.valid" not in requests
    assert "CycloneDX does not demand it" in requests["document.about"].text


def test_a_bom_without_a_product_is_compared_with_itself(tmp_path):
    bom = nameless(tmp_path)
    old = tmp_path / "old.json"
    old.write_bytes(report_json(make_report(bom, Asked(), NOW)))
    report = make_report(bom, Asked(compare=old), NOW)
    assert report.changes is not None
    assert report.changes.changes == ()


@pytest.mark.parametrize("folder", [".", "..", "/"])
def test_a_folder_without_a_name_has_a_place_and_is_then_refused(folder):
    """``aibom report .`` ended as a fault of the program."""
    assert place_for(Path(folder), None, "html").name.endswith("report.html")
    with pytest.raises(UsageError, match="is a folder"):
        make_report(Path(folder), Asked(), NOW)
