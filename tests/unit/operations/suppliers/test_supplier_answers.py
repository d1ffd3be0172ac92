"""What suppliers' answers are worth, what contradicts them, and that no gate asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from supplier_world import (
    SUPPLIER,
    allowing,
    answering,
    filled,
    imported,
    material_of,
)
from worlds import MODEL, NOW, World, signing

from aibom.attest.answers_statement import ANSWERS_V1
from aibom.attest.document_statement import DOCUMENT_V1
from aibom.attest.signers import AllowedSigner
from aibom.lineage.nodes import Node
from aibom.operations.gate import Options, decided
from aibom.operations.policies.folder import load_folder
from aibom.operations.signing.sign import sign_record
from aibom.operations.suppliers.answers import (
    About,
    SupplierAnswer,
    answers_of,
    documents_of,
    read_supplied,
)
from aibom.operations.suppliers.compare import (
    about_node,
    document_notes,
    supplied_entries,
)
from aibom.operations.suppliers.evidence_add import add_evidence
from aibom.operations.verify import verify
from aibom.report.diligence.model import Entry, Status
from aibom.verdict import Verdict

Edit = Callable[[dict[str, Any]], object]
VERSION = answering("identity.version", answer="It is 1.2.", exact="1.2")


def given(
    world: World, edit: Edit, *, signed_by: str | None = None, **options: Any
) -> Path:
    """A statement with these answers in the evidence, signed by a role or by nobody."""
    options.setdefault("output", world.evidence / "answers")
    path = imported(world, filled(world, edit), **options).path
    return sign_record(path, signing(signed_by)) if signed_by else path


def read(
    world: World, signers: tuple[AllowedSigner, ...] = ()
) -> tuple[SupplierAnswer, ...]:
    """The answers about the model."""
    found = read_supplied([world.evidence], signers, NOW)
    assert found.problems == ()
    return answers_of(found.items, about_node(world.node(MODEL)), NOW)


def entries(
    world: World, signers: tuple[AllowedSigner, ...] = (), **asked: Any
) -> dict[tuple[str, str], tuple[Entry, ...]]:
    found = read_supplied([world.evidence], signers, NOW)
    return supplied_entries(found, material_of(world, **asked))


def entry_for(world: World, question: str, name: str, **options: Any) -> Entry:
    found = entries(world, **options)
    (entry,) = found[question, world.node(name).id]
    return entry


# ── who is believed ──────────────────────


def test_an_unsigned_answer_is_a_claim_of_whom_it_names(world: World) -> None:
    given(world, VERSION)
    (answer,) = read(world)
    assert (answer.by, answer.signed_by, answer.refusal) == (
        SUPPLIER,
        None,
        "signature-absent",
    )
    assert (answer.text, answer.exact, answer.conflicts) == ("It is 1.2.", "1.2", ())
    assert answer.received == datetime(2026, 11, 21, tzinfo=UTC)
    entry = entry_for(world, "identity.version", MODEL)
    assert (entry.status, entry.signer, entry.date) == (
        Status.STATED,
        "",
        "2026-11-21",
    )
    assert entry.text == "org:Acme answers: It is 1.2.; exactly: 1.2"


def test_a_signed_one_is_the_signers_word_about_its_own(world: World) -> None:
    given(world, VERSION, signed_by="release")
    signers = allowing(world.signers(), "release")
    (answer,) = read(world, signers)
    assert (answer.signed_by, answer.refusal) == ("acme release", None)
    entry = entry_for(world, "identity.version", MODEL, signers=signers)
    assert (entry.status, entry.signer) == (Status.SIGNED, "acme release")


NOT_BELIEVED: dict[str, tuple[dict[str, Any], str]] = {
    "another organisation": ({"party": "org:Emca"}, "signer-other-party"),
    "spelt otherwise": ({"party": "org:acme"}, "signer-other-party"),
    "nobody behind the key": ({"party": None}, "signer-other-party"),
    "another namespace": ({"namespaces": ("emca/*",)}, "namespace-not-allowed"),
}


@pytest.mark.parametrize(("entry", "refusal"), NOT_BELIEVED.values(), ids=NOT_BELIEVED)
def test_who_is_not_believed(world: World, entry: dict[str, Any], refusal: str) -> None:
    given(world, VERSION, signed_by="release")
    (answer,) = read(world, allowing(world.signers(), "release", **entry))
    assert (answer.signed_by, answer.refusal) == (None, refusal)


def test_whoever_may_not_answer_is_not_believed(world: World) -> None:
    given(world, VERSION, signed_by="release")
    (answer,) = read(world, world.signers())
    assert (answer.signed_by, answer.refusal) == (None, "predicate-not-allowed")


def test_a_stranger_is_not_believed(world: World) -> None:
    given(world, VERSION, signed_by="stranger")
    (answer,) = read(world, allowing(world.signers(), "release"))
    assert (answer.signed_by, answer.refusal) == (None, "signer-not-allowed")
    entry = entry_for(world, "identity.version", MODEL)
    assert "not believed" in entry.basis


def test_about_what_is_anothers_a_signature_is_only_a_claim(world: World) -> None:
    given(
        world,
        answering("licences.terms", name="data/labels", answer="MIT"),
        signed_by="release",
    )
    signers = allowing(world.signers(), "release", namespaces=("acme/models/*",))
    entry = entry_for(world, "licences.terms", "acme/data/labels", signers=signers)
    assert entry.status is Status.STATED
    assert "not-about-its-own" in entry.basis
    both = allowing(world.signers(), "release")
    entry = entry_for(world, "licences.terms", "acme/data/labels", signers=both)
    assert entry.status is Status.SIGNED


CALLED = {
    "by another as well": (MODEL, "emca/models/reader"),
    "another name of its own": ("acme/models/other",),
    "nothing": (),
}


@pytest.mark.parametrize("names", CALLED.values(), ids=CALLED)
def test_what_the_lineage_calls_otherwise_is_not_its_own(
    world: World, names: tuple[str, ...]
) -> None:
    given(world, VERSION, signed_by="release")
    signers = allowing(world.signers(), "release")
    found = read_supplied([world.evidence], signers, NOW)
    node = world.node(MODEL)
    (answer,) = answers_of(found.items, About(node.id, node.digest, names), NOW)
    assert (answer.signed_by, answer.refusal) == (None, "not-about-its-own")


def test_a_thing_without_a_digest_can_only_be_claimed(world: World) -> None:
    def undigested(document: dict[str, Any]) -> None:
        from aibom.attest.answers_statement import Thing, answer_id

        thing = Thing("dataset:undigested:" + "0" * 64, "acme/data/more")
        name = answer_id("licences.terms", thing)
        about = {"node": thing.node, "name": thing.name}
        document["questions"].append({"id": name, "about": about, "answer": "MIT"})

    given(world, undigested, signed_by="release")
    signers = allowing(world.signers(), "release")
    found = read_supplied([world.evidence], signers, NOW)
    node = "dataset:undigested:" + "0" * 64
    (answer,) = answers_of(found.items, About(node, None, ()), NOW)
    assert (answer.signed_by, answer.refusal) == (None, "not-about-its-own")
    assert answers_of(found.items, About(node + "1", None, ()), NOW) == ()


# ── several answers ──────────────────────


def test_the_latest_of_one_supplier_counts(world: World) -> None:
    given(world, VERSION, received=NOW - timedelta(days=9))
    later = answering("identity.version", answer="It is 1.3 now.", exact="1.3")
    given(world, later)
    (answer,) = read(world)
    assert (answer.exact, answer.conflicts) == ("1.3", ())


def test_an_unsigned_answer_never_takes_the_place_of_a_signed_one(
    world: World,
) -> None:
    given(world, VERSION, signed_by="release", received=NOW - timedelta(days=9))
    given(world, answering("identity.version", exact="1.3"))
    found = read(world, allowing(world.signers(), "release"))
    assert {answer.signed_by for answer in found} == {None, "acme release"}
    assert all(len(answer.conflicts) == 1 for answer in found)


def test_two_suppliers_who_disagree(world: World) -> None:
    given(world, VERSION)
    given(world, answering("identity.version", exact="2.0"), by="org:Emca")
    statuses = {e.status for es in entries(world).values() for e in es}
    assert statuses == {Status.CONFLICTING}


def test_the_same_said_twice_is_no_conflict(world: World) -> None:
    given(world, VERSION)
    given(world, answering("identity.version", exact=" 1.2 "), by="org:Emca")
    assert [answer.conflicts for answer in read(world)] == [(), ()]


def test_an_answer_that_has_lapsed_is_none(world: World) -> None:
    def until(day: datetime) -> Edit:
        return answering("identity.version", answer="x", valid_until=f"{day:%Y-%m-%d}")

    given(world, until(NOW - timedelta(days=1)))
    entry = entry_for(world, "identity.version", MODEL)
    assert entry.status is Status.MISSING
    assert "was valid until 2026-11-20" in entry.basis
    given(world, until(NOW), by="org:Emca")
    assert [answer.lapsed for answer in read(world)] == [True, False]


# ── what contradicts them ──────────────────────

ZEROS = "0" * 64
CONTRADICTED: dict[str, tuple[str, str, str, str]] = {
    "another digest": (
        "model-supply-chain.exact-bytes",
        "acme/models/base",
        f"sha256:{ZEROS}",
        "attested",
    ),
    "another commit": ("model-supply-chain.pinned", "acme/models/base", "a" * 40, "4f"),
    "another source": (
        "data-provenance.sources",
        "acme/data/items",
        "pkg:generic/emca/items",
        "pkg:generic/acme/items",
    ),
    "another base model": (
        "model-supply-chain.base-models",
        MODEL,
        "emca/models/other",
        "does not have emca/models/other",
    ),
    "from scratch": (
        "model-supply-chain.base-models",
        MODEL,
        "none",
        "the base model acme/models/base",
    ),
}


@pytest.mark.parametrize(
    ("question", "name", "value", "told"), CONTRADICTED.values(), ids=CONTRADICTED
)
def test_what_the_lineage_contradicts(
    world: World, question: str, name: str, value: str, told: str
) -> None:
    given(world, answering(question, name=name, answer="So it is.", exact=value))
    asked = {"evidence": (world.evidence,), "policy": world.verifier}
    entry = entry_for(world, question, name, **asked)
    assert entry.status is Status.CONFLICTING
    assert told in entry.text


def _licensed(world: World, licence: str) -> None:
    """The BOM states a licence of the model."""
    document = json.loads(world.bom.read_bytes())
    document["metadata"]["component"]["licenses"] = [{"license": {"id": licence}}]
    world.bom.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize(
    ("value", "status"),
    [("MIT", Status.CONFLICTING), (" apache-2.0", Status.STATED)],
)
def test_another_licence(world: World, value: str, status: Status) -> None:
    _licensed(world, "Apache-2.0")
    given(world, answering("licences.terms", name=MODEL, exact=value))
    assert entry_for(world, "licences.terms", MODEL).status is status


AGREEING: dict[str, tuple[str, str, Callable[[Node], str]]] = {
    "the digest": (
        "model-supply-chain.exact-bytes",
        "acme/models/base",
        lambda node: str(node.digest).upper(),
    ),
    "the commit": (
        "model-supply-chain.pinned",
        "acme/models/base",
        lambda _: "4F0C" * 10,
    ),
    "the base by name": (
        "model-supply-chain.base-models",
        MODEL,
        lambda _: "Acme/Models/Base",
    ),
    "the base by source": (
        "model-supply-chain.base-models",
        MODEL,
        lambda _: "pkg:generic/acme/base",
    ),
}


@pytest.mark.parametrize(("question", "name", "value"), AGREEING.values(), ids=AGREEING)
def test_what_the_lineage_says_as_well(
    world: World, question: str, name: str, value: Callable[[Node], str]
) -> None:
    exact = value(world.node(name))
    given(world, answering(question, name=name, exact=exact))
    assert entry_for(world, question, name).status is Status.STATED


def test_a_free_text_is_nobodys_to_judge(world: World) -> None:
    text = "It was trained from scratch, and is another model."
    given(world, answering("model-supply-chain.base-models", name=MODEL, answer=text))
    entry = entry_for(world, "model-supply-chain.base-models", MODEL)
    assert entry.status is Status.STATED


def test_where_nobody_says_anything_nothing_contradicts(world: World) -> None:
    given(world, answering("licences.terms", name=MODEL, exact="MIT"))
    assert entry_for(world, "licences.terms", MODEL).status is Status.STATED


# ── what is not used ──────────────────────


def test_nothing_there_is_nothing(world: World) -> None:
    assert entries(world) == {}
    assert document_notes(read_supplied([world.evidence], (), NOW)) == ()


def test_a_malformed_statement_is_told_and_counts_for_nothing(world: World) -> None:
    path = given(world, VERSION)
    document = json.loads(path.read_bytes())
    document["predicate"]["from"] = "nobody"
    path.write_text(json.dumps(document), "utf-8")
    found = read_supplied([world.evidence], (), NOW)
    assert (found.items, len(found.problems)) == ((), 1)
    assert "answers-malformed" in found.problems[0]
    assert "left out" in document_notes(found)[0]


def test_changed_after_signing_it_counts_for_nothing(world: World) -> None:
    from base64 import b64decode, b64encode

    path = given(world, VERSION, signed_by="release")
    bundle = json.loads(path.read_bytes())
    payload = b64decode(bundle["dsseEnvelope"]["payload"])
    changed = payload.replace(b"It is 1.2.", b"It is 9.9.")
    bundle["dsseEnvelope"]["payload"] = b64encode(changed).decode()
    path.write_text(json.dumps(bundle), "utf-8")
    found = read_supplied([world.evidence], allowing(world.signers(), "release"), NOW)
    assert (found.items, len(found.problems)) == ((), 1)
    assert "signature-invalid" in found.problems[0]


def test_documents_are_listed_by_what_they_are_about(world: World) -> None:
    file = world.root / "report.pdf"
    file.write_bytes(b"%PDF-1.7")
    add_evidence(
        file, about=world.bom, by=SUPPLIER, now=NOW, output=world.evidence / "papers"
    )
    found = read_supplied([world.evidence], (), NOW)
    (document,) = documents_of(found.items, world.node(MODEL).digest)
    assert (document.by, document.media_type) == (SUPPLIER, "application/pdf")
    assert documents_of(found.items, None) == ()
    assert "report.pdf" in document_notes(found)[0]


def test_the_order_of_files_does_not_matter(world: World) -> None:
    given(world, VERSION)
    given(world, answering("identity.version", exact="2.0"), by="org:Emca")
    found = read_supplied([world.evidence], (), NOW)
    about = about_node(world.node(MODEL))
    assert answers_of(found.items, about, NOW) == answers_of(
        found.items[::-1], about, NOW
    )


# ── no gate asks ──────────────────────


def told(verdict: Verdict) -> Any:
    return (
        verdict.decision.value,
        verdict.reason,
        [(r.rule, r.node, r.status, r.reason) for r in verdict.results],
    )


def answer_everything(document: dict[str, Any]) -> None:
    for entry in document["questions"]:
        entry["answer"] = "All of it is in order."


def remove(world: World, pattern: str) -> None:
    for path in world.evidence.rglob(pattern):
        if path.is_file():
            path.unlink()


LEFT_OUT: dict[str, tuple[str, str]] = {
    "everything there": ("nothing", "allowed"),
    "no audits": ("audits/*", "undecided"),
    "no evidence": ("*", "undecided"),
}


@pytest.mark.parametrize("signed_by", [None, "release", "auditor", "stranger"])
@pytest.mark.parametrize(("pattern", "decision"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_gate_says_the_same_with_and_without(
    world: World, signed_by: str | None, pattern: str, decision: str
) -> None:
    """Also where the signer may say such things: they are nothing a rule asks for."""
    remove(world, pattern)
    before, plain = _gated(world), told(world.gate())
    assert before[0] == decision
    given(world, answer_everything, signed_by=signed_by)
    _with_document(world, signed_by)
    assert _gated(world) == before
    assert told(world.gate()) == plain


def _with_document(world: World, signed_by: str | None) -> None:
    file = world.root / "report.pdf"
    file.write_bytes(b"%PDF-1.7")
    about = world.node(MODEL).digest
    assert about is not None
    done = add_evidence(
        file, about=about, by=SUPPLIER, now=NOW, output=world.evidence, name=MODEL
    )
    if signed_by:
        sign_record(done.statement, signing(signed_by))


def _gated(world: World) -> Any:
    """The verdict, where every signer may sign suppliers' statements."""
    signers = tuple(
        replace(one, predicates=one.predicates | {ANSWERS_V1, DOCUMENT_V1})
        for one in world.signers()
    )
    verified = verify(world.model, signers, [world.evidence], NOW)
    folder = load_folder(world.verifier, require_lock=False)
    return told(decided(folder, verified, Options(), NOW, dry_run=False))
