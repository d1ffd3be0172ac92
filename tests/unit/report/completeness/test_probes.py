"""Each probe: what it finds, where it finds nothing, and what evidence makes of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from policy_builders import ANNE, BERT, PIPELINE, RELEASE, World, digest, sha

from aibom.digest import Digest, File, manifest_digest
from aibom.lineage.evidence import EvidenceSet, Signer
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
            "manufacturer": {"name": "Other"},
            "publisher": "NOASSERTION",
            "description": "Reads letters.",
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
    "component": ("component", "description", False, CLAIM, SIGNED),
    "who signed": ("component", "supplier.name", False, CLAIM, SIGNATURE),
    "another": ("component", "manufacturer.name", False, CLAIM, SIGNED),
    "component, unknown": ("component", "publisher", False, UNKNOWN, UNKNOWN),
    "component, absent": ("component", "authors[].name", False, ABSENT, ABSENT),
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


def a_folder(*names: str) -> tuple[World, str, Digest]:
    world = World()
    files = [File(name, 1, Digest("file", sha(name))) for name in names]
    made = manifest_digest((one.path, one.digest.value) for one in files)
    return world, world.build.entity(Kind.MODEL, made, files, name="reader"), made


def test_the_files_of_a_folder():
    world, node, made = a_folder("a.bin", "b.bin")
    assert found("digest", "files", subject(world), node).worth is CLAIM
    world.recomputed.add(made)
    assert found("digest", "files", subject(world), node).worth is BYTES


def test_other_files_than_the_digest_is_of_are_a_claim():
    world = World()
    node = world.entity(Kind.MODEL, "reader", files=("a.bin", "b.bin"))
    world.recomputed.add(digest("reader"))
    world.bom(node)
    assert found("digest", "files", subject(world), node).worth is CLAIM
    assert found("digest", "content", subject(world), node).worth is BYTES


#: Hashes that no bytes have made, in any document.
NO_HASHES = {
    "of nothing": ("SHA-256", hashlib.sha256().hexdigest()),
    "of nothing, in capitals": ("SHA-512", hashlib.sha512().hexdigest().upper()),
    "of nothing, by another": ("SHA-1", hashlib.sha1().hexdigest()),
    "zeros": ("SHA-256", "0" * 64),
    "too short": ("SHA-256", "ab" * 8),
    "another algorithm's": ("SHA-256", "ab" * 64),
    "no hex": ("MD5", "z" * 32),
    "a filler": ("SHA-256", "TBD"),
    "no algorithm": ("CRC", "ab" * 16),
    "a number": ("SHA-256", 7),
    "a list for a name": (["SHA-256"], "ab" * 32),
}


@pytest.mark.parametrize(("name", "content"), NO_HASHES.values(), ids=NO_HASHES)
def test_what_no_bytes_have_made_is_no_hash(name, content):
    world = World()
    node = world.build.entity(Kind.DATASET, None, name="named only")
    hashes = [{"alg": name, "content": content}]
    about = subject(world, {"components": [{"bom-ref": node, "hashes": hashes}]})
    assert found("digest", "content", about, node).worth is ABSENT


def test_the_digest_of_nothing_is_no_digest():
    world = World()
    nothing = Digest("file", hashlib.sha256().hexdigest())
    node = world.build.entity(Kind.DATASET, nothing, name="reviews")
    world.recomputed.add(nothing)
    assert found("digest", "content", subject(world), node).worth is ABSENT


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
    # A time alone, of a document that nobody signed, is nobody's.
    alone = subject(world, signed_at=AT)
    assert found("evidence", "document-time", alone).worth is ABSENT


#: the document's own time → what the authority's makes of it
SIGNED_AT = {
    "the same": ("2026-11-21T12:00:00Z", SIGNATURE),
    "hours before": ("2026-11-20T13:00:00Z", SIGNATURE),
    "another zone": ("2026-11-21T13:59:00+02:00", SIGNATURE),
    "no zone": ("2026-11-21T11:59:00", SIGNATURE),
    "years before": ("2020-01-01T00:00:00Z", SIGNED),
    "after": ("2026-11-21T13:00:00Z", SIGNED),
    "no time": ("once", SIGNED),
    "another type": (7, SIGNED),
    "none": (None, SIGNED),
}


@pytest.mark.parametrize(("stated", "worth"), SIGNED_AT.values(), ids=SIGNED_AT)
def test_an_authority_verifies_the_time_that_the_document_states(stated, worth):
    world, _ = a_model()
    document = {} if stated is None else {"metadata": {"timestamp": stated}}
    about = subject(world, document, signer=RELEASE, signed_at=AT)
    answer = found("evidence", "document-time", about)
    assert answer.worth is worth
    assert "2026-11-21T12:00:00Z" in answer.basis


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


def test_a_record_of_one_of_two_steps_is_none():
    world, node = a_model()
    world.step("train", node)
    world.step("quantize", node, recorded=False)
    assert found("evidence", "step-record", subject(world), node).worth is ABSENT


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


# ── who ────────────────────

ACME = "org:acme"
#: supplier as stated, signer of the document → what it is worth
WHO = {
    "the organisation behind the signer": ("Acme", RELEASE, SIGNATURE),
    "in another case": (" ACME ", RELEASE, SIGNATURE),
    "the signer's name": ("acme-release", RELEASE, SIGNATURE),
    "another": ("Famous Lab", RELEASE, SIGNED),
    "longer": ("Acme Inc.", RELEASE, SIGNED),
    "another signer": ("Acme", PIPELINE, SIGNED),
    "software behind it": ("builder", PIPELINE, SIGNATURE),
    "a person's pseudonym": ("a" * 32, Signer("anne", "maker", ANNE), SIGNED),
    "no party": ("acme", Signer("acme", "maker"), SIGNATURE),
    "a party of no form": ("it", Signer("acme", "maker", "it"), SIGNED),
    "nobody signed": ("Acme", None, CLAIM),
    "a filler": ("TBD", RELEASE, ABSENT),
    "unknown": ("unknown", RELEASE, UNKNOWN),
    "a list": (["Acme"], RELEASE, SIGNED),
}


@pytest.mark.parametrize(("stated", "signer", "worth"), WHO.values(), ids=WHO)
def test_who_made_it_is_verified_by_that_ones_signature_alone(stated, signer, worth):
    world, node = a_model()
    component = {"bom-ref": node, "supplier": {"name": stated}}
    document = {"metadata": {"component": component, "authors": [{"name": stated}]}}
    about = subject(world, document, signer=signer)
    assert found("component", "supplier.name", about, node).worth is worth
    assert found("document", "metadata.authors[].name", about).worth is worth


def test_the_maker_of_an_ancestor_is_verified_by_its_own_signature():
    world, node = a_model()
    base = world.model("base")
    world.step("fine-tune", node, {"base-model": base}, recorded=False)
    listed = {"components": [{"bom-ref": base, "supplier": {"name": "Acme"}}]}
    about = subject(world, listed, signer=RELEASE)
    assert found("component", "supplier.name", about, base).worth is CLAIM
    world.bom(base, signer=PIPELINE)
    about = subject(world, listed)
    assert found("component", "supplier.name", about, base).worth is CLAIM
    world.bom(base)
    about = subject(world, listed)
    assert found("component", "supplier.name", about, base).worth is SIGNATURE


def test_an_organization_in_a_fact():
    for name, worth in (("Acme", SIGNATURE), ("Other", SIGNED)):
        world, node = a_model(organization=name)
        assert found("fact", "organization", subject(world), node).worth is CLAIM
        world.bom(node)
        assert found("fact", "organization", subject(world), node).worth is worth


#: party → worth of its role, where acme signs for the thing
NAMED = {
    "the signer": (ACME, SIGNATURE),
    "another": ("org:other", SIGNED),
    "another case is another party": ("org:Acme", SIGNED),
    "unknown": ("org:unknown", UNKNOWN),
    "a filler": ("org:TBD", ABSENT),
}


@pytest.mark.parametrize(("party", "worth"), NAMED.values(), ids=NAMED)
def test_a_party_is_verified_by_its_own_signature(party, worth):
    world, node = a_model()
    target = world.build.party(party)
    world.build.edge(node, Relation.ATTRIBUTED_TO, target, "supplier")
    alone = min(worth, CLAIM)
    assert found("party", "supplier", subject(world), node).worth is alone
    world.bom(node)
    assert found("party", "supplier", subject(world), node).worth is worth


# ── what says nothing ────────────────────


def test_things_of_which_nothing_is_told_are_none():
    world, node = a_model()
    empty = world.build.entity(Kind.DATASET, None, name="TBD", licence="MIT")
    world.build.edge(node, Relation.DERIVED_FROM, empty, "training-data")
    about = subject(world)
    assert found("edge", "training-data", about, node).worth is ABSENT
    told = world.build.entity(Kind.DATASET, None, name="reviews")
    world.build.edge(node, Relation.DERIVED_FROM, told, "training-data")
    assert found("edge", "training-data", subject(world), node).worth is CLAIM


def test_an_edge_with_other_facts_than_the_signed_one_is_a_claim():
    world, node = a_model()
    base = world.model("base")
    step = world.step("fine-tune", node, {"base-model": base})
    statements = EvidenceSet(
        tuple(make(world.build.graph(node)) for make in world.evidence)
    )
    world.build.used(step, base, "base-model", {"source": "elsewhere"})
    about = Subject({}, world.build.graph(node), evidence=statements)
    assert found("edge", "base-model", about, node).worth is CLAIM


def test_a_description_that_repeats_the_name_is_none():
    world, node = a_model(description="reader")
    component = {"bom-ref": node, "name": "Reader", "description": " reader "}
    about = subject(world, {"components": [component]})
    assert found("fact", "description", about, node).worth is ABSENT
    assert found("component", "description", about, node).worth is ABSENT
    assert found("component", "name", about, node).worth is CLAIM


#: what ``app`` depends on → whether that is a relation between parts
RELATIONS = {
    "another part": (["part"], CLAIM),
    "itself": (["app"], ABSENT),
    "nothing that is there": (["elsewhere", "TBD"], ABSENT),
    "what has no name": (["nameless"], ABSENT),
    "another type": ([7, {"ref": "part"}], ABSENT),
    "nothing": ([], ABSENT),
}


@pytest.mark.parametrize(("others", "worth"), RELATIONS.values(), ids=RELATIONS)
def test_relations_are_between_parts_that_are_there(others, worth):
    world, _ = a_model()
    parts = [{"bom-ref": "app", "name": "app"}, {"bom-ref": "part", "name": "part"}]
    parts.append({"bom-ref": "nameless", "name": "-"})
    depends = [{"ref": "app", "dependsOn": others}, "odd", {"dependsOn": "part"}]
    about = subject(world, {"components": parts, "dependencies": depends})
    assert found("document", "dependencies[].dependsOn[]", about).worth is worth


def test_a_component_that_is_called_as_its_type_is_none():
    world, _ = a_model()
    for name, worth in (("library", ABSENT), ("numpy", CLAIM)):
        about = subject(world, {"components": [{"type": "library", "name": name}]})
        assert found("component-type", "library", about).worth is worth


#: time → whether something can have been made then, on the day AT
TIMES = {
    "now": ("2026-11-21T11:00:00Z", CLAIM),
    "a year": ("2025", CLAIM),
    "this year": ("2026", CLAIM),
    "tomorrow, in another zone": ("2026-11-22T01:00:00+14:00", CLAIM),
    "in words": ("last spring", CLAIM),
    "to come": ("2026-11-23T00:00:00Z", ABSENT),
    "next year": ("2027", ABSENT),
    "next month": ("2026-12", ABSENT),
    "far": ("9999-12-31", ABSENT),
    "a clock's zero": ("1970-01-01T00:00:00Z", ABSENT),
    "the first year": ("0001-01-01T00:00:00Z", ABSENT),
    "filler": ("TBD", ABSENT),
}


@pytest.mark.parametrize(("stated", "worth"), TIMES.values(), ids=TIMES)
def test_what_is_made_was_made_before(stated, worth):
    world, node = a_model(created=stated)
    component = {"bom-ref": node, "releaseNotes": {"timestamp": stated}}
    document = {"metadata": {"timestamp": stated, "component": component}}
    about = subject(world, document, now=AT)
    assert found("document", "metadata.timestamp", about).worth is worth
    assert found("component", "releaseNotes.timestamp", about, node).worth is worth
    assert found("fact", "created", about, node).worth is worth


def test_without_a_day_nothing_is_to_come():
    world, node = a_model(created="2099-01-01")
    assert found("fact", "created", subject(world), node).worth is CLAIM


def test_nowhere_is_absent_and_says_why():
    world, node = a_model()
    answer = found("none", "there is no place for it", subject(world), node)
    assert (answer.worth, answer.basis) == (ABSENT, "there is no place for it")


def test_every_question_is_asked_above():
    assert set(EDGES) == WORDS[ProbeKind.EDGE]
