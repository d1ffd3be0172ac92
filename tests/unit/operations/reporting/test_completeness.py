"""Counts in a report: coverage and report never disagree about the same thing."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from worlds import NOW, World, make_world

from aibom.lineage.nodes import Relation
from aibom.operations.reporting.completeness import completeness
from aibom.operations.reporting.coverage import load_profile, measure, read_subject
from aibom.operations.reporting.report import Asked, report_and_material
from aibom.report.completeness.coverage import State
from aibom.report.completeness.found import Place, Worth
from aibom.report.completeness.probes import look
from aibom.report.completeness.profile import Probe, ProbeKind
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.edges import EDGE_WAYS, making_steps
from aibom.report.diligence.facts import fact_entries
from aibom.report.diligence.material import Signature
from aibom.report.diligence.model import Status
from aibom.report.diligence.proofs import PROOFS
from aibom.report.diligence.ways import WAYS


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("completeness") / "world")


@pytest.fixture
def world(built, tmp_path) -> World:
    return built.copy(tmp_path / "world")


# ── the report says the same ────────────────────

#: What the report calls an answer, and what coverage does. Verified by a signature is
#: a statement that is signed, by the one that it names.
SAME = {
    State.VERIFIED: {Status.SIGNED, Status.PROVED},
    State.SIGNED_CLAIM: {Status.SIGNED},
    State.CLAIM: {Status.STATED},
    State.UNKNOWN: {Status.MISSING},
    State.ABSENT: {Status.MISSING},
}


def reported(world: World):
    signers = world.verifier / "signers.yaml"
    asked = Asked(evidence=(world.evidence,), signers=signers)
    return report_and_material(world.bom, asked, NOW)


def ways_of(material, node):
    """Probes with the entries that the report has for the same place."""
    for field in sorted(node.fields()):
        if "." not in field:
            yield f"fact {field}", fact_entries(material, node, node, field)
    parties = material.graph.edges_from(node.id, Relation.ATTRIBUTED_TO)
    for role in sorted({edge.role for edge in parties}):
        way = Way("parties", (role,))
        yield f"party {role}", EDGE_WAYS["parties"](material, node.id, way)
    steps = making_steps(material, node.id, ())
    for field in sorted({field for step in steps for field in step.fields()}):
        if "." not in field and field != "step":
            way = Way("step-facts", (field,))
            yield (
                f"step-fact {field}",
                EDGE_WAYS["step-facts"](material, node.id, way),
            )
    yield "audit any", WAYS["audits"](material, node.id, Way("audits", ("*",)))
    yield (
        "digest content",
        PROOFS["proof"](material, node.id, Way("proof", ("digest",))),
    )


#: roles that are believed → whether anything is a signed claim
BELIEVED = {
    "everybody": (None, True),
    "all but the maker": (("auditor", "base"), True),
    "nobody": ((), False),
}


@pytest.mark.parametrize(("roles", "signed"), BELIEVED.values(), ids=BELIEVED)
def test_coverage_and_report_say_the_same_of_one_thing(world, roles, signed):
    def believed(document):
        every = document["signers"]
        document["signers"] = [s for s in every if roles is None or s["role"] in roles]

    given = {}
    if roles != ():
        world.edit_yaml("signers.yaml", believed, lock=False)
        signers = world.verifier / "signers.yaml"
        given = {"evidence": (world.evidence,), "signers": signers}
    _, material = report_and_material(world.bom, Asked(**given), NOW)
    about = read_subject(world.bom, NOW, **given).subject
    seen = set()
    for node in about.nodes():
        place = Place.of(about, node)
        for text, entries in ways_of(material, node):
            kind, _, argument = text.partition(" ")
            found = look(place, Probe(ProbeKind(kind), argument))
            state = STATE_OF[found.worth]
            statuses = {entry.status for entry in entries} or {Status.MISSING}
            if found.conflict:
                assert Status.CONFLICTING in statuses
            else:
                assert best_of(statuses) in SAME[state], (node.label, text)
            seen.add(state)
    assert State.CLAIM in seen
    assert (State.SIGNED_CLAIM in seen) is signed


STATE_OF = {
    Worth.BYTES: State.VERIFIED,
    Worth.SIGNATURE: State.VERIFIED,
    Worth.SIGNED: State.SIGNED_CLAIM,
    Worth.CLAIM: State.CLAIM,
    Worth.UNKNOWN: State.UNKNOWN,
    Worth.ABSENT: State.ABSENT,
}


def best_of(statuses: set[Status]) -> Status:
    order = (Status.PROVED, Status.SIGNED, Status.STATED, Status.MISSING)
    return next(one for one in order if one in statuses)


def test_the_counts_in_a_report_are_those_of_coverage(world, tmp_path):
    signers = world.verifier / "signers.yaml"
    report, material = reported(world)
    beside = tmp_path / "beside"
    beside.mkdir()
    for path in (world.bom, world.bundle):
        shutil.copy(path, beside)
    evidence = (world.evidence, beside)
    found = read_subject(world.bom, NOW, evidence=evidence, signers=signers)
    (one,) = measure(found, [load_profile("g7-2026")])
    (ratio,) = report.completeness
    assert (ratio.applicable, ratio.answered, ratio.by_bytes, ratio.by_signature) == (
        one.applicable,
        one.answered.part,
        one.by_bytes,
        one.by_signature,
    )
    assert ratio.by_signature == 1
    assert completeness(material) == (ratio,)


def test_the_signer_of_the_document_is_not_whoever_recorded_the_step(world):
    """The builder's record names the model as well, and its id may come first."""
    _, material = reported(world)
    assert len(material.evidence.owning(material.root)) > 1
    without = replace(material.signature, state="stranger", signer="")
    (ratio,) = completeness(replace(material, signature=without))
    assert ratio.by_signature == 0
    (ratio,) = completeness(replace(material, signature=Signature("allowed", "acme x")))
    assert ratio.by_signature == 0


def test_both_count_on_the_same_day(tmp_path):
    path = tmp_path / "bom.json"
    metadata = {"timestamp": "2026-12-01T00:00:00Z"}
    top = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    path.write_text(json.dumps({**top, "metadata": metadata}))
    answered = []
    for now in (NOW, NOW.replace(year=2027)):
        report, _ = report_and_material(path, Asked(), now)
        (ratio,) = report.completeness
        (one,) = measure(read_subject(path, now), [load_profile("g7-2026")])
        assert ratio.answered == one.answered.part
        answered.append(ratio.answered)
    assert answered[1] == answered[0] + 1


def test_an_unreadable_document_has_no_counts(world):
    _, material = reported(world)
    unread = replace(material, file=replace(material.file, readable=False))
    assert completeness(unread) == ()
