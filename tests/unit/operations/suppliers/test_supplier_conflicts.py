"""What contradicts an answer: both values, and who says each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from supplier_world import allowing, answering, filled, imported, material_of
from worlds import COMMIT, MODEL, NOW, ROLES, World, signers_document, signing

from aibom.attest.signers import AllowedSigner
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Origin, Relation
from aibom.operations.signing.sign import sign_record
from aibom.operations.suppliers.answers import read_supplied
from aibom.operations.suppliers.compare import about_node, supplied_entries
from aibom.report.diligence.model import Entry, Status

BASE = "acme/models/base"
OTHER = "a" * 40
ZEROS = "0" * 64


def told(
    world: World,
    question: str,
    name: str,
    signers: tuple[AllowedSigner, ...] = (),
    signed_by: str | None = None,
    **values: Any,
) -> Entry:
    """What a report is told of one answer, with the evidence of the world."""
    edit = answering(question, name=name, **values)
    path = imported(world, filled(world, edit), output=world.evidence / "a").path
    if signed_by:
        sign_record(path, signing(signed_by))
    found = read_supplied([world.evidence], signers, NOW)
    assert found.problems == ()
    material = material_of(world, evidence=(world.evidence,), policy=world.verifier)
    (one,) = supplied_entries(found, material)[question, world.node(name).id]
    return one


Case = tuple[str, str, Mapping[str, str], tuple[str, ...]]
PINNED, BYTES = "model-supply-chain.pinned", "model-supply-chain.exact-bytes"
MODELS = "model-supply-chain.base-models"
#: Question, thing, answer, and what has to stand in the text beside it.
CONFLICTING: dict[str, Case] = {
    "another commit of the base": (
        PINNED,
        BASE,
        {"exact": OTHER},
        (OTHER, COMMIT, "attested: signed by acme pipeline"),
    ),
    "another commit in a sentence": (
        PINNED,
        BASE,
        {"answer": f"It was taken at commit {OTHER}, of May."},
        (OTHER, COMMIT, "signed by acme pipeline"),
    ),
    "another digest of the base": (
        BYTES,
        BASE,
        {"exact": f"tree-sha256:{ZEROS}"},
        (f"tree-sha256:{ZEROS}", "it is tree-sha256:", "signed by acme base"),
    ),
    "another digest in a sentence": (
        BYTES,
        BASE,
        {"answer": f"The bytes are SHA256:{ZEROS.upper()}."},
        ("it is tree-sha256:", "signed by acme base"),
    ),
    "the base at another commit": (
        MODELS,
        MODEL,
        {"exact": f"{BASE}@{OTHER}"},
        (OTHER, COMMIT, BASE, "signed by acme pipeline"),
    ),
    "the base as package url at another commit": (
        MODELS,
        MODEL,
        {"exact": f"pkg:generic/acme/base@{OTHER}?x=y"},
        (OTHER, COMMIT, "signed by acme pipeline"),
    ),
    "the base with another digest": (
        MODELS,
        MODEL,
        {"exact": f"{BASE}@sha256:{ZEROS}"},
        (ZEROS, f"{BASE} is tree-sha256:", "signed by acme base"),
    ),
    "the base, and a digest that nothing has": (
        MODELS,
        MODEL,
        {"exact": f"{BASE} sha256:{ZEROS}"},
        (ZEROS, f"{BASE} is tree-sha256:", "signed by acme base"),
    ),
    "a commit in a sentence about the base": (
        MODELS,
        MODEL,
        {"answer": f"Built on our base model, revision {OTHER}."},
        (OTHER, COMMIT, BASE),
    ),
    "a digest in a sentence about the base": (
        MODELS,
        MODEL,
        {"answer": f"Built on our base model, sha256:{ZEROS}."},
        (ZEROS, f"{BASE} is tree-sha256:"),
    ),
    "asked of the base itself": (
        MODELS,
        BASE,
        {"answer": f"It is {BASE} at {OTHER}."},
        (OTHER, COMMIT),
    ),
    "a base that its closed lineage does not have": (
        MODELS,
        BASE,
        {"exact": f"meta/llama@{OTHER}"},
        ("the lineage does not have meta/llama",),
    ),
    "another place of a dataset": (
        "data-provenance.sources",
        "acme/data/items",
        {"exact": "https://emca.example/items"},
        ("pkg:generic/acme/items", "its source is", "step-record"),
    ),
}


@pytest.mark.parametrize("case", CONFLICTING.values(), ids=CONFLICTING)
def test_what_differs_is_told_with_both_values_and_who_says_them(
    world: World, case: Case
) -> None:
    question, name, values, shown = case
    entry = told(world, question, name, **values)
    assert entry.status is Status.CONFLICTING
    assert entry.text.startswith("org:Acme answers: ")
    for text in shown:
        assert text in entry.text


AGREEING: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "the commit": (PINNED, BASE, {"exact": COMMIT.upper()}),
    "the commit in a sentence": (PINNED, BASE, {"answer": f"At {COMMIT}, I think."}),
    "one of two commits": (PINNED, BASE, {"answer": f"Not {OTHER}, but {COMMIT}."}),
    "the base at its commit": (MODELS, MODEL, {"exact": f"{BASE}@{COMMIT}"}),
    "the beginning of the commit": (MODELS, MODEL, {"exact": f"{BASE}@{COMMIT[:9]}"}),
    "the base at a name that can move": (MODELS, MODEL, {"exact": f"{BASE}@main"}),
    "the base without the type of its url": (MODELS, MODEL, {"exact": "acme/base"}),
    "the base by its commit in a sentence": (
        MODELS,
        MODEL,
        {"answer": f"Our own base model ({COMMIT})."},
    ),
    "a sentence without ids": (MODELS, MODEL, {"answer": "On emca/models/other."}),
    "half a digest in a sentence": (BYTES, BASE, {"answer": f"sha256:{ZEROS[:32]}"}),
    "the place without its type of address": (
        "data-provenance.sources",
        "acme/data/items",
        {"exact": "pkg:generic/Acme/Items"},
    ),
}


@pytest.mark.parametrize(
    ("question", "name", "values"), AGREEING.values(), ids=AGREEING
)
def test_what_does_not_differ_is_no_conflict(
    world: World, question: str, name: str, values: Mapping[str, str]
) -> None:
    assert told(world, question, name, **values).status is Status.STATED


@pytest.mark.parametrize("trusted", [True, False])
def test_only_trusted_records_say_that_there_is_no_base(
    world: World, trusted: bool
) -> None:
    edit = answering(MODELS, name=BASE, exact="meta/llama")
    imported(world, filled(world, edit), output=world.evidence / "a")
    found = read_supplied([world.evidence], (), NOW)
    roles = [role for role in ROLES if trusted or role not in ("base", "pipeline")]
    signers = json.dumps(signers_document(roles))
    (world.verifier / "signers.yaml").write_text(signers)
    world.lock()
    material = material_of(world, evidence=(world.evidence,), policy=world.verifier)
    steps = material.graph.generating_steps(world.node(BASE).id)
    found_records = [r for step in steps for r in material.evidence.records_of(step)]
    assert steps
    assert any(record.trusted for record in found_records) is trusted
    (entry,) = supplied_entries(found, material)[MODELS, world.node(BASE).id]
    assert entry.status is (Status.CONFLICTING if trusted else Status.STATED)


# ── what a BOM says beside its lineage ──────────────────────


def product(world: World, **fields: Any) -> None:
    """Fields of the product in the BOM, which nobody signs any more."""
    document = json.loads(world.bom.read_bytes())
    document["metadata"]["component"].update(fields)
    world.bom.write_text(json.dumps(document), "utf-8")


STATED: dict[str, tuple[dict[str, Any], str, str, Status]] = {
    "another version": (
        {"version": "1.3"},
        "identity.version",
        "1.2",
        Status.CONFLICTING,
    ),
    "the version": ({"version": "1.2"}, "identity.version", " 1.2", Status.STATED),
    "another supplier": (
        {"supplier": {"name": "Emca Ltd"}},
        "identity.supplier",
        "Acme GmbH",
        Status.CONFLICTING,
    ),
    "the supplier, without its form": (
        {"supplier": {"name": "Acme"}},
        "identity.supplier",
        "ACME GmbH",
        Status.STATED,
    ),
    "one of supplier and manufacturer": (
        {"supplier": {"name": "Emca"}, "manufacturer": {"name": "Acme"}},
        "identity.supplier",
        "Acme",
        Status.STATED,
    ),
    "another licence": (
        {"licenses": [{"expression": "MIT OR Apache-2.0"}]},
        "licences.terms",
        "MIT AND Apache-2.0",
        Status.CONFLICTING,
    ),
    "the licence in another order": (
        {"licenses": [{"expression": "MIT OR Apache-2.0"}]},
        "licences.terms",
        "apache-2.0 OR mit",
        Status.STATED,
    ),
}


@pytest.mark.parametrize(
    ("fields", "question", "value", "status"), STATED.values(), ids=STATED
)
def test_what_the_bom_states(
    world: World, fields: dict[str, Any], question: str, value: str, status: Status
) -> None:
    product(world, **fields)
    edit = answering(question, name=MODEL, exact=value)
    imported(world, filled(world, edit), output=world.evidence / "a")
    found = read_supplied([world.evidence / "a"], (), NOW)
    (entry,) = supplied_entries(found, material_of(world))[
        question, world.node(MODEL).id
    ]
    assert entry.status is status
    if status is Status.CONFLICTING:
        assert value.strip() in entry.text
        assert "(claimed: stated by" in entry.text


# ── two answers ──────────────────────

PAIRS = {
    "a digest without its prefix": (BYTES, BASE, ZEROS, f"sha256:{ZEROS}", False),
    "two digests": (BYTES, BASE, f"sha256:{ZEROS}", f"sha256:{'1' * 64}", True),
    "a licence in another order": (
        "licences.terms",
        MODEL,
        "MIT AND Apache-2.0",
        "Apache-2.0 AND MIT",
        False,
    ),
    "two suppliers": ("identity.supplier", MODEL, "Acme", "Emca", True),
}


@pytest.mark.parametrize("case", PAIRS.values(), ids=PAIRS)
def test_two_answers_that_differ(
    world: World, case: tuple[str, str, str, str, bool]
) -> None:
    question, name, one, other, differs = case
    for by, value in (("org:Acme", one), ("org:Emca", other)):
        edit = answering(question, name=name, exact=value)
        imported(world, filled(world, edit), output=world.evidence / "a", by=by)
    found = read_supplied([world.evidence / "a"], (), NOW)
    entries = supplied_entries(found, material_of(world))[question, world.node(name).id]
    assert len(entries) == 2
    for entry in entries:
        assert ("says" in entry.text) is differs


# ── whose it is ──────────────────────


def owned(graph: Graph, name: str, *owners: str, role: str = "supplier") -> Graph:
    """The graph, in which a thing is attributed to organisations."""
    node = next(n for n in graph.nodes.values() if name in n.values("name"))
    origin = Origin("test")
    nodes, edges = dict(graph.nodes), list(graph.edges)
    for owner in owners:
        party = Node(id=f"party:{owner}", kind=Kind.PARTY, origins=frozenset({origin}))
        nodes[party.id] = party
        edges.append(
            Edge(
                source=node.id,
                relation=Relation.ATTRIBUTED_TO,
                target=party.id,
                role=role,
                origins=frozenset({origin}),
            )
        )
    return replace(graph, nodes=nodes, edges=tuple(edges))


OWNERS: dict[str, tuple[tuple[str, ...], str, str | None]] = {
    "nobody is named": ((), "supplier", "acme release"),
    "its own": (("org:Acme",), "supplier", "acme release"),
    "its own, with a legal form": (("org:Acme GmbH",), "owner", "acme release"),
    "one whose name has its word": (("org:Meta Acme",), "owner", None),
    "one of another country": (("org:Acme Germany",), "supplier", None),
    "another's": (("org:Emca",), "supplier", None),
    "published by another": (("org:Emca",), "publisher", None),
    "both": (("org:Acme", "org:Emca"), "supplier", "acme release"),
    "a person is not asked": (
        (f"person:k:{'a' * 32}",),
        "owner",
        "acme release",
    ),
    "who labelled it is not asked": (("org:Emca",), "labeler", "acme release"),
}


@pytest.mark.parametrize(("owners", "role", "signer"), OWNERS.values(), ids=OWNERS)
def test_what_the_lineage_says_is_anothers_is_not_the_signers(
    world: World, owners: tuple[str, ...], role: str, signer: str | None
) -> None:
    """A namespace that covers everything does not make it theirs."""
    from aibom.operations.suppliers.answers import answers_of

    edit = answering("licences.terms", name=BASE, exact="MIT")
    path = imported(world, filled(world, edit), output=world.evidence / "a").path
    sign_record(path, signing("release"))
    signers = allowing(world.signers(), "release", namespaces=("**",))
    graph = owned(world.graph(), BASE, *owners, role=role)
    about = about_node(world.node(BASE), graph)
    (answer,) = answers_of(
        read_supplied([world.evidence], signers, NOW).items, about, NOW
    )
    assert answer.signed_by == signer
    assert answer.refusal == (None if signer else "not-about-its-own")


def test_signed_in_the_name_of_another_it_is_a_claim_of_that_one(world: World) -> None:
    """Acme signs what it says that Emca answered: nobody's own word."""
    edit = answering("licences.terms", name=BASE, answer="MIT")
    made = imported(world, filled(world, edit), output=world.evidence / "a", by="Emca")
    sign_record(made.path, signing("release"))
    signers = allowing(world.signers(), "release", namespaces=("**",))
    found = read_supplied([world.evidence], signers, NOW)
    entries = supplied_entries(found, material_of(world))
    (entry,) = entries["licences.terms", world.node(BASE).id]
    assert (entry.status, entry.signer) == (Status.STATED, "")
    assert "signer-other-party" in entry.basis
    assert entry.text.startswith("org:Emca answers")


def test_a_later_unbelieved_one_does_not_replace_the_signers_word(
    world: World,
) -> None:
    edit = answering("licences.terms", name=BASE, answer="MIT")
    one = imported(world, filled(world, edit), output=world.evidence / "a")
    sign_record(one.path, signing("release"))
    edit = answering("licences.terms", name=BASE, answer="None at all.")
    two = imported(world, filled(world, edit), output=world.evidence / "b")
    sign_record(two.path, signing("stranger"))
    signers = allowing(world.signers(), "release")
    found = read_supplied([world.evidence], signers, NOW)
    entries = supplied_entries(found, material_of(world))
    told = {e.text: e.status for e in entries["licences.terms", world.node(BASE).id]}
    assert told == {
        "org:Acme answers: MIT": Status.SIGNED,
        "org:Acme answers: None at all.": Status.STATED,
    }


# ── what only points somewhere ──────────────────────


@pytest.mark.parametrize(
    ("text", "evidence", "status"),
    [
        ("See attachment.", [], Status.MISSING),
        ("siehe Anhang", [], Status.MISSING),
        ("See attachment.", [{"name": "a.pdf", "sha256": ZEROS}], Status.STATED),
        ("See attachment A of our contract.", [], Status.STATED),
    ],
)
def test_see_attachment_is_no_answer_without_one(
    world: World, text: str, evidence: list[dict[str, str]], status: Status
) -> None:
    entry = told(world, "licences.terms", BASE, answer=text, evidence=evidence)
    assert entry.status is status
    if status is Status.MISSING:
        assert entry.basis == "points elsewhere, and names no file"
