"""What a report says of suppliers' answers: stated, signed, conflicting, kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supplier_world import SUPPLIER, answering, filled, imported
from worlds import MODEL, NOW, World, signing

from aibom.operations.reporting.report import Asked, make_report, report_and_material
from aibom.operations.signing.sign import sign_record
from aibom.operations.suppliers.evidence_add import add_evidence
from aibom.operations.suppliers.forms import as_document
from aibom.operations.suppliers.imported import import_answers
from aibom.operations.suppliers.questions import questionnaire
from aibom.operations.suppliers.request import known_questions, load_catalogue
from aibom.report.diligence.model import Report, Status

VERSION = answering("identity.version", answer="It is 1.2.", exact="1.2")


def reported(world: World) -> Report:
    asked = Asked(evidence=(world.evidence,), policy=world.verifier)
    return make_report(world.bom, asked, NOW)


def put(
    world: World, edit: Callable[[dict[str, Any]], object], signer: str | None = None
) -> None:
    path = imported(world, filled(world, edit), output=world.evidence / "a").path
    if signer:
        sign_record(path, signing(signer))


def allow(world: World) -> None:
    def edit(document: dict[str, Any]) -> None:
        for entry in document["signers"]:
            if entry["role"] == "release":
                entry["predicates"] = ["bom", "supplier-answers", "document"]
                entry["party"] = SUPPLIER

    world.edit_yaml("signers.yaml", edit)


def test_an_unsigned_answer_is_stated_and_still_asked_for(world: World) -> None:
    assert reported(world).by_id["identity.version"].status is Status.MISSING
    put(world, VERSION)
    after = reported(world).by_id["identity.version"]
    assert after.status is Status.STATED
    assert "It is 1.2." in after.answer
    assert after.request


def test_a_signed_answer_is_stated_and_signed(world: World) -> None:
    allow(world)
    put(world, VERSION, "release")
    after = reported(world).by_id["identity.version"]
    assert (after.status, after.signers) == (Status.SIGNED, ("acme release",))
    assert after.request == ""


def test_what_records_contradict_is_conflicting(world: World) -> None:
    put(world, answering("model-supply-chain.base-models", name=MODEL, exact="none"))
    after = reported(world).by_id["model-supply-chain.base-models"]
    assert after.status is Status.CONFLICTING
    assert "acme/models/base" in after.answer


def test_answers_about_parts_that_nobody_names_count(tmp_path: Path) -> None:
    component = {"type": "machine-learning-model", "name": "x"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": component},
    }
    bom = tmp_path / "bom.json"
    bom.write_text(json.dumps(document), "utf-8")
    report, material = report_and_material(bom, Asked(), NOW)
    catalogue = load_catalogue()
    asked = questionnaire(report, material, catalogue, everything=False)
    given = as_document(asked)
    for entry in given["questions"]:
        entry["answer"] = "Our word."
    (tmp_path / "a.json").write_text(json.dumps(given), "utf-8")
    import_answers(
        tmp_path / "a.json",
        by="Acme",
        received=NOW,
        now=NOW,
        output=tmp_path / "evidence",
        known=known_questions(),
    )
    after = make_report(bom, Asked(evidence=(tmp_path / "evidence",)), NOW)
    for answer in after.answers:
        if answer.id == "model-supply-chain.closed-lineage":
            # This run computed that it is open; a word does not close it.
            assert answer.status is Status.MISSING
            continue
        assert answer.status is Status.STATED
        assert "Our word" in answer.answer
        assert answer.given <= answer.total


def test_documents_are_listed_as_claims(world: World) -> None:
    path = world.root / "report.pdf"
    path.write_bytes(b"%PDF-1.7")
    add_evidence(path, about=world.bom, by="Acme", now=NOW, output=world.evidence)
    assert "kept as a claim, not read" in str(reported(world).sections)
