"""Reports on a signed world, and on what suppliers really send; kept as files.

``tests/golden/reports/`` has the BOMs (``*.cdx.json``) and the reports on them. Digests
that depend on keys are replaced by words. ``UPDATE_GOLDEN=1`` writes the reports anew;
read the difference before you commit it.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from worlds import (
    ANNE,
    MODEL,
    NOW,
    audit,
    measured,
    signers_document,
    write_report,
)

from aibom.bom.encode import encode, to_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME, Digest, hash_path
from aibom.errors import AibomError, DocumentInvalid, InputError, UsageError
from aibom.lineage.build import GraphBuilder
from aibom.lineage.nodes import Kind, Origin, Relation
from aibom.operations.reporting.output import place_for
from aibom.operations.reporting.preset import preset_folder
from aibom.operations.reporting.report import (
    Asked,
    load_catalogue,
    make_report,
    report_and_material,
)
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.drawing import draw_lineage
from aibom.report.diligence.html import report_html
from aibom.report.diligence.machine import report_document, report_json
from aibom.report.diligence.markdown import report_markdown
from aibom.report.diligence.model import Status
from aibom.report.diligence.pointers import resolve
from aibom.report.diligence.proofs import PROOFS
from aibom.resources import read_schema

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "reports"
SCRUBBED = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\b[0-9a-f]{12,20}…"), "<digest>…"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<id>"),
    (re.compile(r"urn:uuid:[0-9a-f-]{36}"), "<serial>"),
)
SIDECARS = (BOM_NAME, BUNDLE_NAME)
BOMS = ("poor", "invalid", "empty")


def whole(world, **more):
    """Everything that the reader of a report can bring."""
    return Asked(evidence=(world.evidence,), policy=world.verifier, **more)


def of(name, *, asked=None, now=NOW):
    return make_report(GOLDEN / f"{name}.cdx.json", asked or Asked(), now)


# ── kept as files ──


def scrubbed(data: bytes) -> str:
    text = data.decode()
    for pattern, word in SCRUBBED:
        text = pattern.sub(word, text)
    return text


def forms(report):
    """Without the picture, which has tests of its own."""
    return {
        "html": report_html(report),
        "md": report_markdown(report),
        "json": report_json(report),
    }


def compared(name, found):
    for form, data in found.items():
        kept = GOLDEN / f"{name}.report.{form}"
        text = scrubbed(data)
        if os.environ.get("UPDATE_GOLDEN") == "1":
            kept.write_text(text, "utf-8")
        assert text == kept.read_text("utf-8"), f"{kept.name} differs"


@pytest.mark.parametrize("name", BOMS)
def test_golden(name):
    path = GOLDEN / f"{name}.cdx.json"
    compared(name, forms(make_report(path, Asked(), NOW)))


def test_golden_main(world):
    compared("main", forms(make_report(world.bom, whole(world), NOW)))


def test_golden_main_alone(world):
    world.bundle.unlink()
    compared("main-alone", forms(make_report(world.bom, Asked(), NOW)))


@pytest.mark.parametrize("name", BOMS)
def test_same_input_same_bytes(name):
    path = GOLDEN / f"{name}.cdx.json"
    once, again = (report_and_material(path, Asked(), NOW) for _ in range(2))
    assert forms(once[0]) == forms(again[0])
    pages = [
        report_html(one, draw_lineage(material)) for one, material in (once, again)
    ]
    assert pages[0] == pages[1]
    assert b"<svg" in pages[0]


def test_the_json_form_is_as_its_schema_says(world):
    schema = Draft202012Validator(read_schema("diligence-report-1.json"))
    old = world.root / "old.json"
    old.write_bytes(report_json(make_report(world.bom, Asked(), NOW)))
    asked = whole(world, compare=old)
    schema.validate(json.loads(report_json(make_report(world.bom, asked, NOW))))
    for name in BOMS:
        schema.validate(json.loads(report_json(of(name))))


# ── every answer comes from somewhere ──


@pytest.mark.parametrize("name", ["poor", "invalid"])
def test_each_answer_stands_where_its_source_says(name):
    document = json.loads((GOLDEN / f"{name}.cdx.json").read_text())
    traced = 0
    for answer in of(name).answers:
        for entry in answer.entries:
            if not entry.text or entry.status is Status.MISSING:
                continue
            for source in entry.sources:
                assert source.digest == of(name).subject.bom_digest
                ((_, element),) = resolve(document, source.pointer)
                if entry.field and entry.field != "digest" and " / " not in entry.text:
                    assert entry.text in json.dumps(element), entry
                    traced += 1
            assert entry.sources or "in this run" in entry.basis, entry
    assert traced >= 2


@pytest.mark.parametrize("asked", ["alone", "whole"])
def test_nothing_is_answered_without_a_source(world, asked):
    chosen = whole(world) if asked == "whole" else Asked()
    for answer in make_report(world.bom, chosen, NOW).answers:
        for entry in answer.entries:
            if entry.status.is_answer:
                computed = any(
                    word in entry.basis
                    for word in ("this run", "both directions", "your")
                )
                assert entry.sources or computed, (answer.id, entry)
                assert entry.basis
        if answer.status is Status.SIGNED:
            assert answer.signers


def test_nothing_is_proved_or_signed_without_evidence(world):
    found = {one.status for one in make_report(world.bom, Asked(), NOW).answers}
    assert found == {Status.STATED, Status.MISSING}


# ── what evidence adds, and what it cannot ──


def answers(world, asked=None, now=NOW):
    return make_report(world.bom, asked or whole(world), now).by_id


def test_evidence_says_who_signed_and_what_is_proved(world):
    found = answers(world)
    signed = found["labelling-governance.labelers"]
    assert (signed.status, signed.signers) == (Status.SIGNED, ("acme data",))
    assert any(ANNE in entry.text for entry in signed.entries)
    assert found["model-supply-chain.closed-lineage"].status is Status.PROVED
    assert found["integrity.bom-signature"].status is Status.PROVED
    audit = found["labelling-governance.label-audit"]
    assert (audit.status, audit.date) == (Status.SIGNED, "2026-11-20")
    assert audit.signers == ("acme auditor",)


def test_a_bundle_beside_the_bom_counts_by_itself(world):
    signers = world.root / "mine" / "signers.yaml"
    signers.parent.mkdir()
    signers.write_text(json.dumps(signers_document()))
    found = answers(world, Asked(signers=signers))
    assert found["integrity.bom-signature"].status is Status.PROVED
    assert found["identity.digest"].signers == ("acme release",)


def test_a_signature_of_a_stranger_is_said_and_counts_for_nothing(world):
    found = answers(world, Asked())["integrity.bom-signature"]
    assert found.status is Status.STATED
    assert "not among the signers you listed" in found.entries[0].basis


def test_a_bom_that_was_changed_after_it_was_signed_is_a_conflict(world):
    text = world.bom.read_text().replace('"acme/data/items"', '"acme/data/other"')
    world.bom.write_text(text)
    found = answers(world, whole(world))["integrity.bom-signature"]
    assert found.status is Status.CONFLICTING


def flip(path):
    data = bytearray(path.read_bytes())
    place = data.index(b'"sig"') + 12
    data[place] ^= 1 if chr(data[place] ^ 1).isalnum() else 3
    path.write_bytes(bytes(data))


def test_evidence_that_does_not_hold_counts_for_nothing_and_is_told(world):
    flip(world.record_of("label"))
    report = make_report(world.bom, whole(world), NOW)
    assert any("[signature-invalid]" in text for text in report.conflicts)
    assert report.by_id["labelling-governance.labelers"].status is Status.STATED
    assert report.by_id["model-supply-chain.closed-lineage"].status is Status.MISSING


def test_what_expires_soon_is_told(world):
    report = make_report(world.bom, whole(world), NOW + timedelta(days=400))
    closed = report.by_id["model-supply-chain.closed-lineage"]
    assert closed.status is Status.MISSING
    assert "accepted-root-expired" in closed.answer


def test_what_blocks_by_the_readers_policy_comes_first(world):
    (world.evidence / "audits").rename(world.root / "elsewhere")
    first = make_report(world.bom, whole(world), NOW).findings[0]
    assert first.blocks
    assert first.reason == "audit-missing"


def test_a_heading_says_what_is_known_to_be_wrong_below_it(world):
    rate = [measured("overlap-disagreement", 39, 40, labeler=ANNE)]
    failing = write_report(world.root / "bad.json", "label-consistency", rate)
    audit(world, failing, world.root / "labels", "acme/data/labels", Kind.DATASET)
    report = make_report(world.bom, whole(world), NOW)
    (area,) = [one for one in report.areas if one.id == "labelling-governance"]
    failed = [(note.rule, note.reason) for note in area.failed]
    assert failed == [("labels-unaudited", "audit-failed")]
    # That somebody signed for a number does not make the number good.
    found = report.by_id["labelling-governance.label-audit"]
    assert found.status is Status.SIGNED
    page = report_html(report).decode()
    assert page.index("1 finding blocks") < page.index("The seven questions</h2>")
    assert b"Known to be wrong" in report_markdown(report)


def made_from_half_of_the_data(path):
    """One step splits data in two; the model learns from one half."""
    build = GraphBuilder(Origin("editor"))
    names = ("all", "train", "test")
    whole_data, train, test = (
        build.entity(Kind.DATASET, Digest("file", letter * 64), name=name)
        for letter, name in zip("abc", names, strict=True)
    )
    code = build.entity(Kind.CODE, None, commit="4f0c" * 10, dirty="false")
    model = build.entity(Kind.MODEL, Digest("file", "d" * 64), name="m")
    split, learn = build.step("1" * 64, "split"), build.step("2" * 64, "train")
    build.used(split, whole_data, "data")
    build.generated(split, train)
    build.generated(split, test)
    build.used(learn, train, "training-data")
    build.used(learn, code, "code")
    build.generated(learn, model)
    path.write_bytes(to_bytes(encode(build.graph(model))))
    return path


def test_what_was_split_off_is_nothing_that_it_learned_from(tmp_path):
    path = made_from_half_of_the_data(tmp_path / "split.cdx.json")
    report = make_report(path, Asked(), NOW)
    assert report.learned_from[0] == "2 datasets: train, all"
    sources = report.by_id["data-provenance.exact-bytes"]
    assert [entry.name for entry in sources.entries] == ["train", "all"]


def test_code_that_a_commit_pins_is_not_the_weakest(tmp_path):
    path = made_from_half_of_the_data(tmp_path / "split.cdx.json")
    assert "commit" not in make_report(path, Asked(), NOW).weakest


def test_the_weakest_path_says_where_it_ends_by_decision(world):
    report = make_report(world.bom, whole(world), NOW)
    assert report.weakest.endswith("items: acme/data/items")
    assert report.weakest_why.endswith("because your accepted-roots.yaml lists it")


def test_what_is_listed_without_a_connection_is_told_as_such(tmp_path):
    path = tmp_path / "loose.cdx.json"
    main = {"type": "application", "name": "p", "bom-ref": "p"}
    loose = {"type": "machine-learning-model", "name": "loose", "bom-ref": "l"}
    document = json.loads((GOLDEN / "empty.cdx.json").read_text())
    document.update(metadata={"component": main}, components=[loose])
    path.write_text(json.dumps(document))
    found = make_report(path, Asked(), NOW).by_id["model-supply-chain.base-models"]
    assert found.answer.startswith("loose: listed, without how it is connected")


def test_the_preset_never_blocks(world):
    assert not any(one.blocks for one in make_report(world.bom, Asked(), NOW).findings)
    folder, not_asked = preset_folder()
    assert folder.policy.name == "supplier"
    assert {text.partition(" ")[0] for text in not_asked} == {
        *("supplier-not-reviewed", "supplier-source-untrusted"),
        "supplier-ancestor-tainted",
    }


def test_a_level_that_a_bom_claims_for_itself_is_not_believed(world):
    document = json.loads(world.bom.read_text())
    for part in document["components"]:
        part.setdefault("properties", []).append(
            {"name": "aibom:assurance", "value": "verified"}
        )
    world.bom.write_text(json.dumps(document))
    found = {one.status for one in make_report(world.bom, Asked(), NOW).answers}
    assert Status.PROVED not in found
    assert Status.SIGNED not in found


# ── poor documents ──


def test_a_name_that_can_move_is_no_pin():
    found = of("invalid").by_id["model-supply-chain.pinned"]
    assert found.status is Status.MISSING
    assert "can be moved" in found.answer


def test_a_word_for_nothing_is_no_answer():
    licence = of("poor").by_id["licences.terms"]
    assert licence.given == 0
    assert "declared as unknown (unknown)" in {entry.text for entry in licence.entries}


def test_several_licences_disagree():
    assert of("invalid").by_id["licences.terms"].status is Status.CONFLICTING


def test_a_contact_is_found_at_its_place():
    found = of("invalid").by_id["incident-evidence.contact"]
    assert [e.sources[0].pointer for e in found.entries] == [
        "/externalReferences/0/url"
    ]


def test_an_empty_bom_answers_nothing():
    report = of("empty")
    assert {one.status for one in report.answers} == {Status.MISSING}
    assert all(one.request for one in report.answers)
    assert len(report.requests) == len(report.answers) + 1


def test_a_document_of_another_format_answers_nothing(tmp_path):
    path = tmp_path / "spdx.json"
    parts = json.loads((GOLDEN / "poor.cdx.json").read_text())
    del parts["bomFormat"]
    path.write_text(json.dumps({"spdxVersion": "SPDX-2.3", **parts}))
    report = make_report(path, Asked(), NOW)
    assert not report.subject.readable
    assert {one.status for one in report.answers} == {Status.MISSING}
    assert b"does not call itself CycloneDX" in report_html(report)


@pytest.mark.parametrize("text", ["", "x", "[]", '{"a":'], ids=str)
def test_what_is_no_json_object_is_refused(tmp_path, text):
    path = tmp_path / "bom.json"
    path.write_text(text)
    with pytest.raises(DocumentInvalid):
        make_report(path, Asked(), NOW)


REFUSED = {
    "missing": (lambda w: (w.root / "none.json", Asked()), "path-missing", 1),
    "folder": (lambda w: (w.model, Asked()), "usage", 2),
    "no-evidence": (
        lambda w: (w.bom, Asked(evidence=(w.root / "none",))),
        "path-missing",
        1,
    ),
    "policy-inside": (
        lambda w: (w.bom, Asked(policy=w.model / "policy")),
        "policy-inside-artifact",
        2,
    ),
    "no-policy": (lambda w: (w.bom, Asked(policy=w.root)), "policy-unreadable", 2),
    "no-profile": (lambda w: (w.bom, Asked(profiles=("x",))), "profile-unknown", 2),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refusals(world, case):
    make, reason, code = case
    (world.model / "policy").mkdir()
    path, asked = make(world)
    with pytest.raises(AibomError) as caught:
        make_report(path, asked, NOW)
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)


# ── the artifact's bytes ──


def with_model(world, **more):
    return Asked(artifact=world.model, **more)


def test_bytes_that_match_are_proved(world):
    world.bundle.unlink()
    report, material = report_and_material(world.bom, with_model(world), NOW)
    digest = report.by_id["identity.digest"]
    assert digest.status is Status.PROVED
    assert digest.entries[0].basis == "hashed in this run"
    assert material.artifact.agrees is True
    assert material.artifact.digest == digest.entries[0].text
    assert report.conflicts == ()
    # Nothing was signed for, and bytes prove nothing but themselves.
    assert report.by_id["labelling-governance.labelers"].status is Status.STATED
    assert report.completeness[0].by_bytes > 1


def test_bytes_that_differ_are_a_conflict_that_tells_both(world):
    """Also with everything signed: other bytes are not what was signed for."""
    stated = make_report(world.bom, Asked(), NOW).by_id["identity.digest"].entries[0]
    there = (p for p in world.model.iterdir() if p.name not in SIDECARS)
    files = [p for p in there if p.is_file()]
    changed = sorted(files)[0]
    changed.write_bytes(changed.read_bytes() + b"x")
    (world.model / "extra.bin").write_bytes(b"new")
    asked = whole(world, artifact=world.model)
    report, material = report_and_material(world.bom, asked, NOW)
    found = report.by_id["identity.digest"]
    assert found.status is Status.CONFLICTING
    told = [e.text for e in found.entries if e.status is Status.CONFLICTING]
    assert told == [material.artifact.differences[0]]
    assert material.artifact.digest in told[0]
    assert stated.text in told[0]
    assert material.artifact.agrees is False
    assert any(f"{changed.name}: is sha256:" in text for text in report.conflicts)
    assert any("extra.bin: is there, and not in" in text for text in report.conflicts)
    assert any(one.id == "identity.digest" for one in report.requests)


def test_rules_are_not_asked_of_other_bytes(world):
    """They would pass or fail for something that the BOM is not about."""
    honest = make_report(world.bom, whole(world), NOW)
    (world.model / "extra.bin").write_bytes(b"new")
    report = make_report(world.bom, whole(world, artifact=world.model), NOW)
    assert report.findings == honest.findings


def test_many_differences_are_counted(world):
    for number in range(30):
        (world.model / f"extra-{number:02}.bin").write_bytes(b"new")
    report = make_report(world.bom, with_model(world), NOW)
    lines = [text for text in report.conflicts if text.startswith("artifact model: ")]
    assert len(lines) == 12
    assert lines[-1] == "artifact model: and 20 more files differ"


def another_tools_bom(tmp_path, content: bytes) -> Path:
    """A BOM that names the SHA-256 of one file, and lists none."""
    path = tmp_path / "their.cdx.json"
    document = json.loads((GOLDEN / "empty.cdx.json").read_text())
    good = hashlib.sha256(content).hexdigest()
    model = {
        "type": "machine-learning-model",
        "name": "m",
        "bom-ref": "m",
        "hashes": [{"alg": "SHA-256", "content": good}],
    }
    document.update(metadata={"component": model}, components=[])
    path.write_text(json.dumps(document))
    return path


def test_a_file_that_another_tools_bom_names_agrees_as_that_file(tmp_path):
    """Under whatever name it was delivered."""
    weights = tmp_path / "renamed.bin"
    weights.write_bytes(b"weights")
    bom = another_tools_bom(tmp_path, b"weights")
    report, material = report_and_material(bom, Asked(artifact=weights), NOW)
    assert report.by_id["identity.digest"].status is Status.PROVED
    assert (material.artifact.agrees, material.artifact.differences) == (True, ())
    weights.write_bytes(b"others")
    report = make_report(bom, Asked(artifact=weights), NOW)
    assert report.by_id["identity.digest"].status is Status.CONFLICTING


def test_one_file_of_a_folder_with_the_named_digest_is_not_the_product(tmp_path):
    """Else a licence beside exchanged weights would prove them."""
    folder = tmp_path / "delivered"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"anybody's")
    (folder / "LICENSE").write_bytes(b"MIT")
    bom = another_tools_bom(tmp_path, b"MIT")
    report, material = report_and_material(bom, Asked(artifact=folder), NOW)
    assert report.by_id["identity.digest"].status is Status.CONFLICTING
    assert material.artifact.agrees is False
    assert "1 of 2 files is the named one (LICENSE)" in material.artifact.differences[1]
    assert report.completeness == make_report(bom, Asked(), NOW).completeness


def bom_of(path, root_digest, *, files=(), **others):
    """A BOM in our profile, signed by nobody: ``others`` are (kind, digest)."""
    build = GraphBuilder(Origin("bom", "0" * 64))
    root = build.entity(Kind.MODEL, root_digest, tuple(files), name="evil/model")
    for name, (kind, digest) in others.items():
        above = build.entity(kind, digest, name=name)
        build.edge(root, Relation.DERIVED_FROM, above)
    path.write_bytes(to_bytes(encode(build.graph(root))))
    return path


def delivered(tmp_path) -> Path:
    folder = tmp_path / "delivered"
    folder.mkdir()
    for name in ("weights.bin", "README.md", "LICENSE"):
        (folder / name).write_text(name)
    return folder


def test_bytes_of_the_product_prove_nothing_of_what_it_was_made_from(tmp_path):
    """That a file lies there does not show that a step ever used it."""
    folder = delivered(tmp_path)
    content = hash_path(folder)
    files = {one.path: one.digest for one in content.files}
    bom = bom_of(
        tmp_path / "s.cdx.json",
        content.digest,
        corpus=(Kind.DATASET, files["README.md"]),
        base=(Kind.MODEL, files["LICENSE"]),
    )
    report, material = report_and_material(bom, Asked(artifact=folder), NOW)
    assert material.artifact.agrees is True
    assert report.by_id["identity.digest"].status is Status.PROVED
    for name in ("data-provenance.exact-bytes", "model-supply-chain.exact-bytes"):
        assert report.by_id[name].status is Status.STATED


def test_other_bytes_than_the_products_raise_nothing(world):
    """Not even what lies among them and was used in training."""
    (world.model / "weights.bin").write_bytes(b"others")
    for name in ("items.jsonl", "corpus.txt"):
        shutil.copy(world.root / "raw" / name, world.model / name)
    before = make_report(world.bom, whole(world), NOW)
    after = make_report(world.bom, whole(world, artifact=world.model), NOW)
    assert after.completeness == before.completeness
    found = {one.id: one.status for one in before.answers}
    raised = [
        one.id
        for one in after.answers
        if one.status is Status.PROVED and found[one.id] is not Status.PROVED
    ]
    assert raised == []


# ── lists of files ──


def safe(files):
    """The same bytes under another ending."""
    return [replace(f, path=f.path.replace(".bin", ".safetensors")) for f in files]


def larger(files):
    return [replace(one, size=one.size + 1) for one in files]


def more(files):
    return [*files, replace(files[0], path="more.safetensors")]


LISTS = {
    "renamed": (safe, Status.CONFLICTING, Status.STATED),
    "one more": (more, Status.CONFLICTING, Status.STATED),
    "other sizes": (larger, Status.CONFLICTING, Status.STATED),
    "true": (list, Status.PROVED, Status.STATED),
}


@pytest.mark.parametrize("case", LISTS.values(), ids=LISTS)
def test_a_list_of_files_is_compared_also_where_the_digest_is_the_same(tmp_path, case):
    change, read, alone = case
    folder = delivered(tmp_path)
    content = hash_path(folder)
    bom = bom_of(tmp_path / "s.cdx.json", content.digest, files=change(content.files))
    report, material = report_and_material(bom, Asked(artifact=folder), NOW)
    assert material.artifact.agrees is True
    assert report.by_id["integrity.formats"].status is read
    assert bool(material.artifact.differences) is (read is not Status.PROVED)
    assert bool(report.conflicts) is (read is not Status.PROVED)
    report = make_report(bom, Asked(), NOW)
    assert report.by_id["integrity.formats"].status is alone


def test_a_list_that_is_not_what_was_signed_is_worth_no_signature(world):
    honest, material = report_and_material(world.bom, whole(world), NOW)
    assert honest.by_id["integrity.formats"].status is Status.SIGNED
    root = material.node(material.root)
    nodes = {**material.graph.nodes, root.id: replace(root, files=safe_tuple(root))}
    lying = replace(material, graph=replace(material.graph, nodes=nodes))
    (entry,) = PROOFS["proof"](lying, root.id, Way("proof", ("files",)))
    assert (entry.status, entry.signer) == (Status.STATED, "")


def safe_tuple(node):
    return tuple(safe(node.files))


def test_what_no_digest_covers_is_told(world):
    (world.model / "registered_model_meta").write_text("a program")
    (world.model / ".git").mkdir()
    (world.model / ".git" / "config").write_text("[core]")
    report, material = report_and_material(world.bom, with_model(world), NOW)
    assert material.artifact.agrees is True
    (note,) = [text for text in material.notes if "part of no digest" in text]
    assert ".git/" in note
    assert "registered_model_meta" in note
    assert note in report_json(report).decode()


def test_without_a_digest_there_is_nothing_to_compare(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"weights")
    asked = Asked(artifact=tmp_path / "weights.bin")
    report, material = report_and_material(GOLDEN / "poor.cdx.json", asked, NOW)
    assert report.by_id["identity.digest"].status is Status.MISSING
    assert material.artifact.agrees is None
    assert material.artifact.differences == ()
    assert (material.artifact.files, material.artifact.size) == (1, 7)
    assert report.conflicts == of("poor").conflicts


def test_an_invalid_bom_is_compared_as_well(tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"weights")
    asked = Asked(artifact=tmp_path / "weights.bin")
    report = make_report(GOLDEN / "invalid.cdx.json", asked, NOW)
    assert report.subject.problems


NO_ARTIFACTS = {
    "missing": (lambda folder: None, "path-missing"),
    "empty": (lambda folder: folder.mkdir(), "folder-empty"),
    "pipe": (os.mkfifo, "special-file"),
}


@pytest.mark.parametrize("case", NO_ARTIFACTS.values(), ids=NO_ARTIFACTS)
def test_an_artifact_that_cannot_be_read_is_an_input_error(tmp_path, case):
    make, reason = case
    make(tmp_path / "artifact")
    asked = Asked(artifact=tmp_path / "artifact")
    with pytest.raises(InputError) as caught:
        make_report(GOLDEN / "poor.cdx.json", asked, NOW)
    assert (caught.value.reason, caught.value.exit_code) == (reason, 1)


@pytest.mark.parametrize("kind", ["policy", "signers"])
def test_an_artifact_does_not_bring_its_own_judges(world, tmp_path, kind):
    """The BOM lies elsewhere, so that only --artifact says what the artifact is."""
    bom = shutil.copy(world.bom, tmp_path / "supplier.cdx.json")
    shutil.copytree(world.verifier, world.model / "verifier")
    inside = world.model / "verifier"
    given = inside if kind == "policy" else inside / "signers.yaml"
    asked = Asked(artifact=world.model, **{kind: given})
    with pytest.raises(AibomError) as caught:
        make_report(Path(bom), asked, NOW)
    assert caught.value.reason == "policy-inside-artifact"


def test_the_collector_of_the_process_is_left_as_it_was():
    for on in (False, True):
        (gc.enable if on else gc.disable)()
        try:
            of("poor")
            with pytest.raises(UsageError):
                of("poor", asked=Asked(profiles=("x",)))
            assert gc.isenabled() is on
        finally:
            gc.enable()


# ── two reports of one supplier ──


def test_compare_tells_what_changed_answer_by_answer(world):
    old = world.root / "old.json"
    old.write_bytes(report_json(make_report(world.bom, Asked(), NOW)))
    report = make_report(world.bom, whole(world, compare=old), NOW)
    assert report.changes is not None
    changed = {one.id: one for one in report.changes.changes}
    labelers = changed["labelling-governance.labelers"]
    assert labelers.before.startswith("stated:")
    assert labelers.after.startswith("stated and signed:")
    assert any("was stated, is stated and signed" in text for text in labelers.details)
    assert "rollback.previous-version" not in changed


def test_nothing_changed(world):
    old = world.root / "old.json"
    old.write_bytes(report_json(make_report(world.bom, Asked(), NOW)))
    report = make_report(world.bom, Asked(compare=old), NOW)
    assert report.changes is not None
    assert report.changes.changes == ()


def test_another_product_cannot_be_compared(world):
    old = world.root / "old.json"
    old.write_bytes(report_json(of("poor")))
    with pytest.raises(UsageError) as caught:
        make_report(world.bom, Asked(compare=old), NOW)
    assert caught.value.reason == "report-other-product"


NO_REPORTS = {
    "text": b"x",
    "list": b"[]",
    "deep": b"[" * 100_000,
    "other": b'{"apiVersion": "aibom/verdict/v1"}',
    "half": b'{"apiVersion": "aibom/diligence-report/v1", "answers": 1}',
    "status": json.dumps(
        {
            "apiVersion": "aibom/diligence-report/v1",
            "made": "",
            "product": {"name": MODEL, "digest": ""},
            "answers": [
                {
                    "id": "x.y",
                    "status": "?",
                    "answer": "",
                    "question": "",
                    "entries": [],
                }
            ],
        }
    ).encode(),
}


@pytest.mark.parametrize("data", NO_REPORTS.values(), ids=NO_REPORTS)
def test_what_is_no_report_cannot_be_compared(world, data):
    old = world.root / "old.json"
    old.write_bytes(data)
    with pytest.raises(DocumentInvalid) as caught:
        make_report(world.bom, Asked(compare=old), NOW)
    assert caught.value.reason == "not-a-report"


# ── where it is written ──

PLACES = {
    "beside": ("supplier.cdx.json", None, "supplier.cdx.json.report.html"),
    "of-an-artifact": ("model/aibom.cdx.json", None, "model.report.html"),
    "of-a-file": ("a.aibom.cdx.json", None, "a.aibom.cdx.json.report.html"),
    "named": ("supplier.cdx.json", "x.html", "x.html"),
    "named-outside": ("model/aibom.cdx.json", "x.html", "x.html"),
}


@pytest.mark.parametrize("case", PLACES.values(), ids=PLACES)
def test_place(tmp_path, monkeypatch, case):
    bom, output, expected = case
    monkeypatch.chdir(tmp_path)
    found = place_for(Path(bom), Path(output) if output else None, "html")
    assert found == Path(expected)


def test_place_of_an_artifact_that_one_stands_in(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    folder.mkdir()
    monkeypatch.chdir(folder)
    found = place_for(Path("aibom.cdx.json"), None, "html")
    assert found == tmp_path / "model.report.html"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("model/aibom.cdx.json", "output-is-input"),
        ("model/report.html", "output-inside-artifact"),
    ],
)
def test_places_that_are_refused(tmp_path, monkeypatch, output, reason):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        place_for(Path("model/aibom.cdx.json"), Path(output), "html")
    assert caught.value.reason == reason


def test_every_question_can_be_asked_for(world):
    catalogue = load_catalogue()
    report = of("empty")
    assert [one.id for one in report.answers] == [q.id for q in catalogue.questions]
    assert len(report.areas) == 7
    shown = {name for section in report.sections for name in section.answers}
    assert shown == set(report.by_id)
    assert report_document(report)["product"]["name"] == ""


def test_a_bom_alone_in_a_folder_that_cannot_be_left_is_read(tmp_path):
    path = tmp_path / "aibom.cdx.json"
    shutil.copy(GOLDEN / "poor.cdx.json", path)
    assert make_report(path, Asked(), NOW).subject.name == "support-bert"
