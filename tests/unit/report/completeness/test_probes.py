"""Each probe: what it finds, where it finds nothing, and what evidence makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from policy_builders import BERT, RELEASE, World, digest

from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.nodes import Kind, Relation
from aibom.report.completeness.found import Place, Worth
from aibom.report.completeness.probes import look
from aibom.report.completeness.profile import WORDS, Probe, ProbeKind
from aibom.report.completeness.subject import Subject

ABSENT, UNKNOWN, CLAIM = Worth.ABSENT, Worth.UNKNOWN, Worth.CLAIM
SIGNED, SIGNATURE, BYTES = Worth.SIGNED, Worth.SIGNATURE, Worth.BYTES
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def subject(world: World, document=None, **more) -> Subject:
    graph = world.build.graph(world.root or None)
    statements = tuple(make(graph) for make in world.evidence)
    evidence = EvidenceSet(statements, frozenset(world.recomputed))
    return Subject(document or {}, graph, evidence=evidence, **more)


def found(kind: str, argument: str, about: Subject, node: str | None = None):
    named = None if node is None else about.graph.nodes[node]
    return look(Place.of(about, named), Probe(ProbeKind(kind), argument))


def a_model(**facts) -> tuple[World, str]:
    world = World()
    world.root = world.model("reader", **facts)
    return world, world.root


# ── the document ────────────────────


DOCUMENT = {
    "metadata": {
        "authors": [{"name": "Anne"}],
        "timestamp": "unknown",
        "properties": [{"name": "p", "value": "x"}],
        "component": {
            "type": "machine-learning-model",
            "bom-ref": f"model:tree:{digest('reader').value}",
            "name": "reader",
            "supplier": {"name": "Acme"},
            "publisher": "NOASSERTION",
            "hashes": [{"alg": "SHA-512", "content": "ab" * 64}],
            "properties": [{"name": "own", "value": "1"}],
            "modelCard": {"properties": [{"name": "card", "value": "1"}]},
            "externalReferences": [
                {"type": "vcs", "url": "https://acme.example/reader"},
                {"type": "website", "url": "tbd"},
            ],
            "components": [{"type": "file", "name": "weights.bin"}],
        },
    },
    "components": [{"type": "device", "name": "a card"}, {"type": "data"}, "odd"],
    "externalReferences": [{"type": "bom", "url": "urn:x"}],
}
#: kind, argument, of the document (else of the node), worth alone, worth when signed
WRITTEN = {
    "document": ("document", "metadata.authors[].name", True, CLAIM, SIGNED),
    "document, unknown": ("document", "metadata.timestamp", True, UNKNOWN, UNKNOWN),
    "document, absent": ("document", "metadata.tools[].name", True, ABSENT, ABSENT),
    "component": ("component", "supplier.name", False, CLAIM, SIGNED),
    "component, unknown": ("component", "publisher", False, UNKNOWN, UNKNOWN),
    "component, absent": ("component", "manufacturer.name", False, ABSENT, ABSENT),
    "type": ("component-type", "device", True, CLAIM, SIGNED),
    "type without a name": ("component-type", "data", True, ABSENT, ABSENT),
    "type, absent": ("component-type", "library", True, ABSENT, ABSENT),
    "property of the metadata": ("property", "p", True, CLAIM, SIGNED),
    "property of the node": ("property", "own", False, CLAIM, SIGNED),
    "property of the card": ("property", "card", False, CLAIM, SIGNED),
    "property, absent": ("property", "none", False, ABSENT, ABSENT),
    "reference": ("reference", "vcs", False, CLAIM, SIGNED),
    "reference that fills": ("reference", "website", False, ABSENT, ABSENT),
    "reference of the document": ("reference", "bom", True, CLAIM, SIGNED),
    "reference, absent": ("reference", "bom", False, ABSENT, ABSENT),
    "SHA-512": ("digest", "sha-512", False, CLAIM, SIGNED),
    "names of files": ("digest", "files", False, CLAIM, SIGNED),
}


@pytest.mark.parametrize("case", WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_is_a_claim_until_its_document_is_signed(case):
    kind, argument, of_document, alone, signed = case
    world, node = a_model()
    where = None if of_document else node
    about = subject(world, DOCUMENT)
    assert found(kind, argument, about, where).worth is alone
    about = replace(about, signer=RELEASE)
    assert found(kind, argument, about, where).worth is signed


def test_the_signer_of_a_document_is_not_believed_about_ancestors():
    world, node = a_model()
    base = world.model("base")
    world.step("fine-tune", node, {"base-model": base}, recorded=False)
    listed = {"components": [{"bom-ref": base, "supplier": {"name": "Other"}}]}
    about = subject(world, listed, signer=RELEASE)
    assert found("component", "supplier.name", about, base).worth is CLAIM


def test_an_id_that_stands_in_for_a_name_is_no_name():
    world = World()
    node = world.build.entity(Kind.DATASET, digest("nameless"))
    about = subject(world, {"components": [{"bom-ref": node, "name": node}]})
    assert found("component", "name", about, node).worth is ABSENT
    about = subject(world, {"components": [{"bom-ref": node, "name": "reviews"}]})
    assert found("component", "name", about, node).worth is CLAIM


# ── facts ────────────────────


def test_facts():
    world, node = a_model(licence="MIT", description=None, task="todo")
    about = subject(world)
    assert found("fact", "licence", about, node).worth is CLAIM
    assert found("fact", "description", about, node).worth is UNKNOWN
    assert found("fact", "task", about, node).worth is ABSENT
    assert found("fact", "version", about, node).worth is ABSENT
    assert found("fact", "licence", about).worth is ABSENT


def test_a_fact_whose_thing_is_signed_for():
    world, node = a_model(licence="MIT")
    world.bom(node)
    answer = found("fact", "licence", subject(world), node)
    assert (answer.worth, answer.conflict) == (SIGNED, "")
    assert RELEASE.name in answer.basis


def test_a_fact_that_a_stranger_signs_for_is_a_claim():
    world, node = a_model(licence="MIT")
    world.bom(node, signer=None)
    assert found("fact", "licence", subject(world), node).worth is CLAIM


def test_a_disagreement_is_told_beside_the_answer():
    world, node = a_model(licence="MIT")
    world.build.entity(Kind.MODEL, digest("reader"), licence="Apache-2.0")
    answer = found("fact", "licence", subject(world), node)
    assert (answer.worth, answer.conflict) == (CLAIM, "sources disagree")


def test_facts_of_steps():
    world, node = a_model()
    world.step("train", node, recorded=False, **{"parameter.seed": "1"})
    about = subject(world)
    assert found("step-fact", "parameter.*", about, node).worth is CLAIM
    assert found("step-fact", "parameter.seed", about, node).worth is CLAIM
    assert found("step-fact", "finished", about, node).worth is ABSENT
    assert found("step-fact", "parameter.*", about).worth is ABSENT


def test_facts_of_steps_with_a_signed_record():
    world, node = a_model()
    world.step("train", node, finished="2026-11-01T00:00:00Z")
    assert found("step-fact", "finished", subject(world), node).worth is SIGNED


# ── digests ────────────────────


def test_the_digest_of_the_content():
    world, node = a_model()
    assert found("digest", "content", subject(world), node).worth is CLAIM
    world.bom(node)
    assert found("digest", "content", subject(world), node).worth is SIGNED
    world.recomputed.add(digest("reader"))
    answer = found("digest", "content", subject(world), node)
    assert answer.worth is BYTES
    assert "computed here" in answer.basis


def test_what_has_no_digest_has_none():
    world = World()
    node = world.build.entity(Kind.DATASET, None, name="named only")
    about = subject(world)
    assert found("digest", "content", about).worth is ABSENT
    assert found("digest", "content", about, node).worth is ABSENT
    assert found("digest", "files", about, node).worth is ABSENT
    assert found("digest", "sha-512", about, node).worth is ABSENT


def test_a_hash_in_another_algorithm_is_a_claim():
    world = World()
    node = world.build.entity(Kind.DATASET, None, name="named only")
    hashes = [{"alg": "SHA-1", "content": "ab" * 20}]
    about = subject(world, {"components": [{"bom-ref": node, "hashes": hashes}]})
    assert found("digest", "content", about, node).worth is CLAIM
    assert found("digest", "sha-512", about, node).worth is ABSENT


def test_the_files_of_a_folder():
    world = World()
    node = world.entity(Kind.MODEL, "reader", files=("a.bin", "b.bin"))
    assert found("digest", "files", subject(world), node).worth is CLAIM
    world.recomputed.add(digest("reader"))
    assert found("digest", "files", subject(world), node).worth is BYTES


# ── the graph ────────────────────


def lineage(*, recorded: bool = True) -> tuple[World, dict[str, str]]:
    """Labels ← label; model ← fine-tune ← base, labels, code; an evaluation beside."""
    world, model = a_model()
    items, labels = world.data("items"), world.data("labels")
    base, tests = world.model("base"), world.data("tests")
    code = world.entity(Kind.CODE, "trainer")
    library = world.entity(Kind.CODE, "library")
    report = world.entity(Kind.REPORT, "report")
    told = {"recorded": recorded}
    world.step("label", labels, {"items": items}, by=[("labeler", BERT)], **told)
    uses = {"base-model": base, "training-data": labels, "code": code}
    world.step("fine-tune", model, uses, **told)
    scored = {"model": model, "evaluation-data": tests}
    world.step("evaluate", report, scored, **told)
    world.build.edge(model, Relation.REQUIRES, library, "library")
    names = {"model": model, "items": items, "labels": labels, "base": base}
    return world, {**names, "tests": tests, "code": code}


#: question → node it is answered for, node it is not answered for
EDGES = {
    "base-model": ("model", "base"),
    "training-data": ("model", "base"),
    "evaluation-data": ("model", "base"),
    "sources": ("labels", "items"),
    "used-by": ("labels", "model-alone"),
    "requires": ("model", "labels"),
    "software": ("model", "labels"),
    "any": ("items", "model-alone"),
}


@pytest.mark.parametrize("question", EDGES)
def test_questions_to_the_graph(question):
    yes, no = EDGES[question]
    world, names = lineage(recorded=False)
    names["model-alone"] = world.model("alone")
    about = subject(world)
    assert found("edge", question, about, names[yes]).worth is CLAIM
    assert found("edge", question, about, names[no]).worth is ABSENT
    assert found("edge", question, about).worth is ABSENT


@pytest.mark.parametrize("question", ["base-model", "training-data", "sources"])
def test_an_edge_that_a_signed_record_states(question):
    world, names = lineage()
    node = "labels" if question == "sources" else "model"
    answer = found("edge", question, subject(world), names[node])
    assert answer.worth is SIGNED
    assert "acme-pipeline" in answer.basis


def test_steps():
    for recorded, worth in ((False, CLAIM), (True, SIGNED)):
        world, names = lineage(recorded=recorded)
        about = subject(world)
        model = names["model"]
        assert found("step", "fine-tune", about, model).worth is worth
        assert found("step", "any", about, model).worth is worth
        assert found("step", "label", about, model).worth is ABSENT
        assert found("upstream-step", "label", about, model).worth is worth
        assert found("upstream-step", "merge", about, model).worth is ABSENT
        assert found("upstream-step", "label", about).worth is ABSENT
        assert found("step", "any", about, names["base"]).worth is ABSENT


def test_parties():
    for recorded, worth in ((False, CLAIM), (True, SIGNED)):
        world, names = lineage(recorded=recorded)
        about = subject(world)
        assert found("party", "labeler", about, names["labels"]).worth is worth
        assert found("party", "any", about, names["labels"]).worth is worth
        assert found("party", "supplier", about, names["labels"]).worth is ABSENT
        assert found("party", "labeler", about).worth is ABSENT


# ── evidence ────────────────────


def test_a_document_that_is_valid():
    world, _ = a_model()
    assert found("evidence", "schema-valid", subject(world)).worth is ABSENT
    assert found("evidence", "schema-valid", subject(world, valid=True)).worth is BYTES


def test_the_signature_of_a_document():
    world, _ = a_model()
    word = "document-signature"
    assert found("evidence", word, subject(world, DOCUMENT)).worth is ABSENT
    signed = subject(world, signer=RELEASE)
    assert found("evidence", word, signed).worth is SIGNATURE
    assert found("evidence", "document-time", signed).worth is ABSENT
    timed = replace(signed, signed_at=AT)
    answer = found("evidence", "document-time", timed)
    assert answer.worth is SIGNATURE
    assert "2026-11-21T12:00:00Z" in answer.basis
    # A time alone, of a document that nobody signed, is nobody's.
    alone = subject(world, signed_at=AT)
    assert found("evidence", "document-time", alone).worth is ABSENT


def test_who_vouches_for_a_thing():
    world, node = a_model()
    assert found("evidence", "owner", subject(world), node).worth is ABSENT
    world.bom(node, signer=None)
    assert found("evidence", "owner", subject(world), node).worth is ABSENT
    world.bom(node)
    assert found("evidence", "owner", subject(world), node).worth is SIGNATURE


def test_a_record_of_the_step():
    for recorded, worth in ((False, ABSENT), (True, SIGNATURE)):
        world, names = lineage(recorded=recorded)
        answer = found("evidence", "step-record", subject(world), names["model"])
        assert answer.worth is worth


def test_audits():
    world, node = a_model()
    other = world.model("other")
    assert found("audit", "any", subject(world), node).worth is ABSENT
    world.audit(other)
    assert found("audit", "any", subject(world), node).worth is ABSENT
    world.audit(node, signer=None)
    assert found("audit", "any", subject(world), node).worth is CLAIM
    world.audit(node, type="backdoor-test")
    about = subject(world)
    assert found("audit", "any", about, node).worth is SIGNATURE
    assert found("audit", "backdoor-test", about, node).worth is SIGNATURE
    assert found("audit", "label-consistency", about, node).worth is CLAIM
    assert found("audit", "red-team", about, node).worth is ABSENT
    assert found("audit", "any", about).worth is ABSENT


def test_nowhere_is_absent_and_says_why():
    world, node = a_model()
    answer = found("none", "there is no place for it", subject(world), node)
    assert (answer.worth, answer.basis) == (ABSENT, "there is no place for it")


def test_every_question_is_asked_above():
    assert set(EDGES) == WORDS[ProbeKind.EDGE]
