"""What suppliers stated, in a dossier: all of it, by clause, and as what it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dossier_world import archived, check, make, read, resigned, same_signer
from supplier_world import SUPPLIER, allowing, answering, filled, imported
from worlds import NOW, World, signing

from aibom.errors import VerificationFailed
from aibom.operations.dossiers.clauses import ANSWERED
from aibom.operations.reporting.coverage import load_profile, profile_ids
from aibom.operations.reporting.report import load_catalogue
from aibom.operations.signing.sign import sign_record
from aibom.operations.suppliers.evidence_add import add_evidence

PDF = b"%PDF-1.7 we are certified"
LABELS = answering("labelling-governance.labelers", "labels", answer="Two of us *<b>*.")
ROLLBACK = answering("rollback.previous-version", answer="Version 1.")


def given(
    world: World, edit: Callable[[dict[str, Any]], object], role: str | None = None
) -> Path:
    """A statement with these answers in the evidence, signed by a role or by nobody."""
    path = imported(world, filled(world, edit), output=world.evidence / "answers").path
    if role is None:
        return path
    return sign_record(path, signing(role))


def believed(world: World) -> None:
    """The verifier believes the releaser about what its organisation says."""

    def edit(document: dict[str, Any]) -> None:
        for one in document["signers"]:
            if one["role"] == "release":
                one["party"] = SUPPLIER
                one["predicates"] += ["supplier-answers", "document"]
                one["namespaces"] = ["acme/**"]

    world.edit_yaml("signers.yaml", edit)


def document(world: World, **options: Any) -> Path:
    path = world.root / "certificate.pdf"
    path.write_bytes(PDF)
    added = add_evidence(
        path,
        about=world.model,
        by=SUPPLIER,
        now=NOW,
        received=NOW,
        output=world.evidence,
        **options,
    )
    return added.statement


def made(world: World, **how: Any) -> tuple[Path, dict[str, bytes], dict[str, Any]]:
    path, _ = make(world, **how)
    files = read(path)
    return path, files, json.loads(files["index.json"])


def test_an_answer_stands_under_the_clause_that_it_answers(world: World) -> None:
    given(world, LABELS)
    path, files, index = made(world)
    (one,) = index["supplied"]
    assert (one["status"], one["signer"]) == ("claim", None)
    assert (one["refusal"], one["from"]) == ("signature-absent", SUPPLIER)
    assert one["points"] == ["2(d)-labelling"]
    assert one["file"] in files
    points = [point for point in index["points"] if point["supplied"]]
    assert [(p["id"], p["supplied"]) for p in points] == [("2(d)-labelling", [0])]
    text = files["index.md"].decode()
    clause = text.split("## 2(d)-labelling", 1)[1].split("\n## ", 1)[0]
    assert "**claim**, unsigned: org:Acme answered on 2026-11-21" in clause
    assert "Two of us \\*\\<b\\>\\*." in clause
    assert f"`{one['file']}`" in clause
    found = check(world, path)
    assert (found.lost, found.claims) == ((), 1)


def test_a_signed_one_is_marked_as_such(world: World) -> None:
    given(world, answering("identity.version", answer="It is 1.2."), "release")
    believed(world)
    path, files, index = made(world, profile="g7-2026")
    (one,) = index["supplied"]
    assert (one["status"], one["signer"]) == ("signed-statement", "acme release")
    assert "G7AI-SLP-04" in one["points"]
    assert b"**signed statement** of acme release: org:Acme" in files["index.md"]
    found = check(world, path)
    assert (found.lost, found.claims) == ((), 0)


def test_a_reader_who_does_not_believe_the_supplier_is_told(world: World) -> None:
    signed = given(world, ROLLBACK, "release")
    before = world.signers()
    believed(world)
    path, *_ = made(world)
    found = check(world, path, signers=before)
    (lost,) = found.lost
    assert (lost.path, lost.signer) == (
        f"evidence/1/answers/{signed.name}",
        "acme release",
    )
    assert (lost.reason, found.claims) == ("predicate-not-allowed", 1)
    assert check(world, path).confirmed == found.confirmed + 1


def test_an_answer_changes_nothing_of_what_was_found(world: World) -> None:
    _, _, without = made(world)
    given(world, LABELS)
    _, _, index = made(world)
    for point in index["points"]:
        point["supplied"] = []
    assert index["points"] == without["points"]
    assert index["answered"] == without["answered"]


def test_an_answer_that_no_clause_asks_for_is_told_at_the_end(world: World) -> None:
    given(world, ROLLBACK)
    _, files, index = made(world)
    assert index["supplied"][0]["points"] == []
    text = files["index.md"].decode()
    assert "Version 1." in text.split("## What suppliers answered to other", 1)[1]


def test_what_an_answer_conflicts_with_is_told(world: World) -> None:
    wrong = "tree-sha256:" + "0" * 64
    given(world, answering("identity.digest", answer="See.", exact=wrong))
    _, files, index = made(world, profile="g7-2026")
    assert index["supplied"][0]["conflicts"]
    assert b"  - conflicts with: " in files["index.md"]


def test_an_answer_that_has_lapsed_says_so(world: World) -> None:
    past = f"{NOW - timedelta(days=9):%Y-%m-%d}"
    given(world, answering("rollback.previous-version", answer="1", valid_until=past))
    _, files, index = made(world)
    assert index["supplied"][0]["lapsed"]
    assert f"it held until {past}, which has passed".encode() in files["index.md"]


def test_a_document_lies_beside_its_statement(world: World) -> None:
    statement = document(world)
    path, files, index = made(world)
    (one,) = index["documents"]
    digest = hashlib.sha256(PDF).hexdigest()
    assert (one["sha256"], one["status"]) == (digest, "claim")
    assert one["file"] == f"evidence/1/documents/{statement.name}"
    assert one["files"] == [f"evidence/1/documents/{digest}.pdf"]
    assert files[one["files"][0]] == PDF
    assert digest.encode() in files["SHA256SUMS"]
    assert f"`{one['files'][0]}`" in files["index.md"].decode()
    assert check(world, path).claims == 1


def test_a_document_that_is_not_there_is_told_as_missing(world: World) -> None:
    document(world)
    next(iter(world.evidence.rglob("*.pdf"))).unlink()
    _, files, index = made(world)
    assert index["documents"][0]["files"] == []
    assert b"certificate.pdf" in files["index.md"]
    assert b"not in this dossier" in files["index.md"]


def test_a_file_that_an_answer_names_is_found_by_its_digest(world: World) -> None:
    digest = hashlib.sha256(PDF).hexdigest()
    named = [{"name": "guideline.pdf", "sha256": digest}]
    given(
        world,
        answering("rollback.previous-version", answer="See it.", evidence=named),
    )
    (world.evidence / "anything.pdf").write_bytes(PDF)
    _, files, index = made(world)
    (support,) = index["supplied"][0]["support"]
    assert support == {
        "name": "guideline.pdf",
        "sha256": digest,
        "files": ["evidence/1/anything.pdf"],
    }
    assert b"named as support: guideline.pdf" in files["index.md"]


def test_a_bit_of_a_document_is_found(world: World) -> None:
    document(world)
    path, files, index = made(world)
    place = index["documents"][0]["files"][0]
    path.write_bytes(archived({**files, place: PDF + b"!"}))
    with pytest.raises(VerificationFailed) as refused:
        check(world, path)
    assert refused.value.reason == "dossier-changed"


def test_a_statement_that_is_no_answer_counts_for_nothing(world: World) -> None:
    path = given(world, LABELS)
    statement = json.loads(path.read_bytes())
    statement["predicate"]["answers"] = []
    path.write_text(json.dumps(statement))
    out, result = make(world)
    index = json.loads(read(out)["index.json"])
    assert index["supplied"] == []
    assert len(index["problems"]) == len(result.problems) == 1
    assert "[answers-malformed]" in index["problems"][0]
    assert index["problems"][0].startswith("evidence/1/answers/")


def test_a_signer_that_the_index_invents_is_not_believed(world: World) -> None:
    given(world, LABELS)
    _, files, index = made(world)
    for one in index["statements"]:
        if "/answers/" in one["path"]:
            one["signer"] = "somebody"
    files["index.json"] = json.dumps(index).encode()
    (lost,) = check(world, resigned(world, files)).lost
    assert lost.reason == "signature-absent"


def test_the_same_is_the_same_bytes(world: World) -> None:
    given(world, LABELS)
    document(world)
    signer = same_signer()
    first = make(world, signer=signer)[0].read_bytes()
    assert make(world, signer=signer)[0].read_bytes() == first


# ── which clause ────────────────────


def test_every_question_has_its_line_in_the_table() -> None:
    assert ANSWERED.keys() == {one.id for one in load_catalogue().questions}


def test_every_probe_in_the_table_is_one_that_a_profile_has() -> None:
    known = {
        str(probe)
        for name in profile_ids()
        for element in load_profile(name).elements
        for probe in element.where
    }
    assert {probe for probes in ANSWERED.values() for probe in probes} <= known


#: profile → question, about, and the points that it stands under
UNDER: dict[str, tuple[str, str, str, set[str]]] = {
    "a dataset's licence": ("g7-2026", "licences.terms", "labels", {"G7AI-DP-10"}),
    "and not the model's": ("aiact-annex-xi", "licences.terms", "labels", set()),
    "labels of the product": (
        "aiact-annex-iv-2",
        "labelling-governance.guideline",
        "labels",
        {"2(d)-labelling"},
    ),
    "screening": (
        "aiact-annex-iv-2",
        "anomaly-detection.data-screening",
        "",
        {"2(d)-cleaning"},
    ),
    "a test": (
        "aiact-annex-iv-2",
        "anomaly-detection.backdoor-test",
        "",
        {"2(g)-tests", "2(g)-reports"},
    ),
    "a contact": ("g7-2026", "incident-evidence.contact", "", {"G7AI-SP-03"}),
}


@pytest.mark.parametrize(
    ("profile", "question", "about", "points"), UNDER.values(), ids=UNDER
)
def test_under_which_point(
    world: World, profile: str, question: str, about: str, points: set[str]
) -> None:
    given(world, answering(question, about, answer="So it is."))
    _, _, index = made(world, profile=profile)
    (one,) = index["supplied"]
    assert set(one["points"]) == points


def test_the_reader_may_believe_the_supplier_where_the_maker_did_not(
    world: World,
) -> None:
    given(world, ROLLBACK, "release")
    path, *_ = made(world)
    found = check(world, path, signers=allowing(world.signers(), "release"))
    assert (found.lost, found.claims) == ((), 0)
