"""Coverage of documents on disk: ours, a poor one, an invalid one; with evidence."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import NOW, World, make_world

from aibom.errors import DocumentInvalid, UsageError, VerificationFailed
from aibom.operations.reporting.completeness import completeness
from aibom.operations.reporting.coverage import (
    DEFAULT_PROFILE,
    load_profile,
    measure,
    profile_ids,
    read_subject,
)
from aibom.operations.reporting.report import (
    Asked,
    make_report,
    report_and_material,
)
from aibom.report.completeness.coverage import State
from aibom.report.completeness.machine import coverage_document
from aibom.statement import to_json

#: Shaped like what tools write from a model's page, and valid.
POOR = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "version": 1,
    "metadata": {
        "timestamp": "2026-05-01T10:00:00Z",
        "tools": {
            "components": [
                {"type": "application", "name": "some-generator", "version": "1.0.0"}
            ]
        },
        "component": {
            "type": "application",
            "bom-ref": "app",
            "name": "acme-reader",
            "version": "1.0",
        },
    },
    "components": [
        {
            "type": "machine-learning-model",
            "bom-ref": "model",
            "name": "reader",
            "version": "1.0",
            "purl": "pkg:huggingface/acme/reader@1.0",
            "description": "Reads letters.",
            "licenses": [{"license": {"name": "NOASSERTION"}}],
            "modelCard": {
                "modelParameters": {
                    "task": "text-classification",
                    "architectureFamily": "unknown",
                    "datasets": [{"type": "dataset", "name": "letters"}],
                },
                "considerations": {"useCases": ["sorting letters"]},
            },
            "externalReferences": [
                {"type": "website", "url": "https://hub.example/acme/reader"}
            ],
        }
    ],
    "dependencies": [{"ref": "app", "dependsOn": ["model"]}],
}
#: The same with what one tool really writes: no type of the dataset, a day as a time.
INVALID = copy.deepcopy(POOR)
INVALID["metadata"]["timestamp"] = "2026-05-1T"
INVALID["components"][0]["modelCard"]["modelParameters"]["datasets"] = [
    {"name": "letters", "url": "https://hub.example/letters"}
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("coverage") / "world")


@pytest.fixture
def world(built, tmp_path) -> World:
    return built.copy(tmp_path / "world")


@pytest.fixture
def write(tmp_path):
    def written(document) -> Path:
        path = tmp_path / "bom.json"
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text)
        return path

    return written


def numbers(path: Path, *names: str, **options) -> dict[str, tuple[int, ...]]:
    """By profile: answered, verified by bytes and by signature, applicable."""
    measured = read_subject(path, NOW, **options)
    found = measure(measured, map(load_profile, names or profile_ids()))
    return {
        one.profile.id: (
            one.answered.part,
            one.by_bytes,
            one.by_signature,
            one.applicable,
        )
        for one in found
    }


def with_evidence(world: World) -> dict[str, object]:
    return {
        "evidence": (world.evidence,),
        "signers": world.verifier / "signers.yaml",
    }


GOLDEN_OURS = {
    "aiact-annex-iv-2": (4, 0, 0, 13),
    "aiact-annex-xi": (3, 0, 0, 14),
    "aiact-annex-xii": (1, 0, 0, 11),
    "bsi-tr-03183-2-v2.1.0": (18, 0, 0, 105),
    "cert-in-aibom-v2": (6, 0, 0, 34),
    "cisa-2025-draft": (22, 0, 0, 46),
    "g7-2026": (33, 2, 0, 83),
    "gpai-summary": (2, 0, 0, 13),
    "ntia-2021": (15, 0, 0, 32),
    "owasp-aibom-registry": (13, 0, 0, 80),
    "spdx-3.0.1-ai": (6, 1, 0, 15),
    "spdx-3.0.1-dataset": (10, 1, 0, 24),
}
GOLDEN_VERIFIED = {
    "aiact-annex-iv-2": (6, 0, 2, 13),
    "aiact-annex-xi": (5, 0, 0, 14),
    "aiact-annex-xii": (1, 0, 0, 11),
    "bsi-tr-03183-2-v2.1.0": (19, 1, 0, 105),
    "cert-in-aibom-v2": (7, 0, 1, 34),
    "cisa-2025-draft": (23, 1, 0, 46),
    "g7-2026": (37, 4, 1, 83),
    "gpai-summary": (2, 0, 0, 13),
    "ntia-2021": (16, 0, 0, 32),
    "owasp-aibom-registry": (13, 0, 0, 80),
    "spdx-3.0.1-ai": (7, 1, 0, 15),
    "spdx-3.0.1-dataset": (11, 1, 0, 24),
}
GOLDEN_POOR = {
    "aiact-annex-iv-2": (2, 0, 0, 11),
    "aiact-annex-xi": (4, 0, 0, 14),
    "aiact-annex-xii": (4, 0, 0, 11),
    "bsi-tr-03183-2-v2.1.0": (13, 0, 0, 54),
    "cert-in-aibom-v2": (7, 0, 0, 19),
    "cisa-2025-draft": (12, 0, 0, 25),
    "g7-2026": (19, 2, 0, 50),
    "gpai-summary": (2, 0, 0, 13),
    "ntia-2021": (10, 0, 0, 17),
    "owasp-aibom-registry": (17, 0, 0, 48),
    "spdx-3.0.1-ai": (6, 1, 0, 9),
    "spdx-3.0.1-dataset": (4, 1, 0, 10),
}
GOLDEN_INVALID = {
    "aiact-annex-iv-2": (2, 0, 0, 11),
    "aiact-annex-xi": (4, 0, 0, 14),
    "aiact-annex-xii": (4, 0, 0, 11),
    "bsi-tr-03183-2-v2.1.0": (10, 0, 0, 37),
    "cert-in-aibom-v2": (7, 0, 0, 19),
    "cisa-2025-draft": (9, 0, 0, 18),
    "g7-2026": (16, 0, 0, 50),
    "gpai-summary": (2, 0, 0, 13),
    "ntia-2021": (7, 0, 0, 12),
    "owasp-aibom-registry": (17, 0, 0, 48),
    "spdx-3.0.1-ai": (5, 0, 0, 9),
    "spdx-3.0.1-dataset": (1, 0, 0, 10),
}


def test_golden_numbers_of_our_example(world):
    assert numbers(world.bom) == GOLDEN_OURS


def test_golden_numbers_of_our_example_when_it_is_verified(world):
    assert numbers(world.model, **with_evidence(world)) == GOLDEN_VERIFIED


def test_golden_numbers_of_a_poor_one(write):
    assert numbers(write(POOR)) == GOLDEN_POOR


def test_golden_numbers_of_an_invalid_one(write):
    assert numbers(write(INVALID)) == GOLDEN_INVALID


def test_what_breaks_the_format_is_no_answer(write):
    (one,) = measure(read_subject(write(INVALID), NOW), [load_profile("g7-2026")])
    states = {answer.element.id: answer.state for answer in one.answers}
    assert states["G7AI-MD-09"] is State.ABSENT
    # Nor is the form of the document verified.
    assert states["G7AI-MD-03"] is State.CLAIM
    # The dataset has a name, in an entry that cannot be read as one.
    assert states["G7AI-DP-01"] is State.ABSENT


def test_a_time_that_is_still_to_come_is_no_answer(write):
    metadata = {**POOR["metadata"], "timestamp": "2026-12-01T00:00:00Z"}
    path = write({**POOR, "metadata": metadata})
    for now, state in ((NOW, State.ABSENT), (NOW.replace(year=2027), State.CLAIM)):
        (one,) = measure(read_subject(path, now), [load_profile("g7-2026")])
        (answer,) = (a for a in one.answers if a.element.id == "G7AI-MD-09")
        assert answer.state is state


# ── bytes ────────────────────


def test_bytes_are_hashed_where_there_is_a_folder(world):
    alone = numbers(world.bom, DEFAULT_PROFILE)[DEFAULT_PROFILE]
    folder = numbers(world.model, DEFAULT_PROFILE)[DEFAULT_PROFILE]
    # The digest of the model, and its algorithm.
    assert folder[1] == alone[1] + 2
    assert folder[0] == alone[0]


def test_other_bytes_are_told_and_verify_nothing(world):
    (world.model / "added.bin").write_bytes(b"x")
    measured = read_subject(world.model, NOW)
    assert "not those that the BOM names" in measured.warnings[0]
    (one,) = measure(measured, [load_profile(DEFAULT_PROFILE)])
    assert one.by_bytes == 2


@pytest.mark.parametrize("verified", [False, True], ids=["hashed", "verified"])
def test_a_file_of_the_product_verifies_nothing_else(world, verified):
    """Neither way of reading a folder counts its files as what was used."""
    measured = read_subject(
        world.model, NOW, **(with_evidence(world) if verified else {})
    )
    root = measured.subject.root
    assert root.files
    assert measured.subject.evidence.recomputed == {root.digest}


# ── evidence ────────────────────


def test_evidence_raises_and_nothing_is_lost(world):
    plain = read_subject(world.bom, NOW)
    more = read_subject(world.bom, NOW, **with_evidence(world))
    whole = read_subject(world.model, NOW, **with_evidence(world))
    order = list(State)
    for name in profile_ids():
        profile = load_profile(name)
        rows = [measure(m, [profile])[0].answers for m in (plain, more, whole)]
        for answers in zip(*rows, strict=True):
            assert len({(a.element.id, a.node) for a in answers}) == 1
            ranks = [order.index(answer.state) for answer in answers]
            assert ranks == sorted(ranks, reverse=True)


def test_strangers_raise_nothing(world):
    def without_the_maker(document):
        known = ("auditor", "base")
        kept = [one for one in document["signers"] if one["role"] in known]
        document["signers"] = kept

    world.edit_yaml("signers.yaml", without_the_maker, lock=False)
    found = read_subject(world.bom, NOW, **with_evidence(world))
    (one,) = measure(found, [load_profile(DEFAULT_PROFILE)])
    assert one.by_signature == 0
    worth = {State.SIGNED_CLAIM, State.VERIFIED}
    mine = [a for a in one.answers if a.node == found.subject.graph.root]
    assert {a.element.id for a in mine if a.state in worth} == {"G7AI-KPI-01"}


def test_evidence_about_the_document_of_another_tool(world, write):
    found = read_subject(write(POOR), NOW, **with_evidence(world))
    (one,) = measure(found, [load_profile(DEFAULT_PROFILE)])
    assert (one.answered.part, one.by_signature) == (GOLDEN_POOR[DEFAULT_PROFILE][0], 0)
    assert found.warnings == ()


def test_an_invalid_document_is_measured_without_evidence_and_that_is_told(
    world, write
):
    found = read_subject(write(INVALID), NOW, **with_evidence(world))
    assert "the evidence was not used" in found.warnings[0]
    (one,) = measure(found, [load_profile(DEFAULT_PROFILE)])
    assert one.answered.part == GOLDEN_INVALID[DEFAULT_PROFILE][0]


def test_evidence_that_does_not_hold_ends_the_run(world):
    world.bundle.unlink()
    with pytest.raises(VerificationFailed) as raised:
        read_subject(world.model, NOW, **with_evidence(world))
    assert raised.value.reason == "signature-absent"


def test_evidence_without_signers_is_refused(world):
    with pytest.raises(UsageError) as raised:
        read_subject(world.bom, NOW, evidence=(world.evidence,))
    assert raised.value.reason == "signers-missing"


# ── the same in a report ────────────────────


def late(document):
    document["metadata"]["timestamp"] = "nonsense"


def elsewhere(document):
    document["metadata"]["component"]["components"].pop()


SAME = {
    "ours, nothing given": (None, False),
    "ours, with its signature beside": (None, True),
    "a broken time": (late, False),
    "a broken time, with evidence": (late, True),
    "files that do not make the digest": (elsewhere, True),
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_a_report_counts_the_same(world, case):
    change, given = case
    if change is not None:
        document = json.loads(world.bom.read_text())
        change(document)
        world.bom.write_text(json.dumps(document))
    assert_same(world.bom, **(with_evidence(world) if given else {}))


def test_a_report_counts_the_same_where_the_signature_is_in_the_evidence(
    world, tmp_path
):
    pair = tmp_path / "pair"
    pair.mkdir()
    for path in (world.bom, world.bundle):
        (pair / path.name).write_bytes(path.read_bytes())
    alone = tmp_path / "supplier.cdx.json"
    alone.write_bytes(world.bom.read_bytes())
    signers = world.verifier / "signers.yaml"
    found = assert_same(alone, evidence=(world.evidence, pair), signers=signers)
    assert found[2] == 1


@pytest.mark.parametrize("document", [POOR, INVALID], ids=["poor", "invalid"])
def test_a_report_on_the_bom_of_another_tool_counts_the_same(write, document):
    assert_same(write(document))


def assert_same(path: Path, **given) -> tuple[int, ...]:
    report = make_report(path, Asked(**given), NOW)
    found = numbers(path, DEFAULT_PROFILE, **given)[DEFAULT_PROFILE]
    (one,) = report.completeness
    told = (one.answered, one.by_bytes, one.by_signature, one.applicable)
    assert told == found
    return found


# ── documents and profiles ────────────────────

ODD = {
    "nothing in it": {"bomFormat": "CycloneDX", "specVersion": "1.6"},
    "an empty object": {},
    "no main component": {**POOR, "metadata": {}},
    "an older version": {**POOR, "specVersion": "1.5"},
    "a version that is none": {**POOR, "specVersion": ["1.6"]},
    "texts for lists": {**POOR, "metadata": {"authors": "Anne", "tools": "mine"}},
    "lists for objects": {**POOR, "metadata": [], "components": {}},
    "circular dependencies": {
        **POOR,
        "dependencies": [
            {"ref": "app", "dependsOn": ["model"]},
            {"ref": "model", "dependsOn": ["app"]},
        ],
    },
    "one reference twice": {
        **POOR,
        "components": [POOR["components"][0], POOR["components"][0]],
    },
}


@pytest.mark.parametrize("document", ODD.values(), ids=ODD)
def test_odd_documents_are_measured(document, write):
    found = numbers(write(document))
    assert set(found) == set(profile_ids())
    assert all(0 <= part <= of for part, _, _, of in found.values())


def test_an_empty_document_answers_nothing_of_the_system(write):
    (one,) = measure(read_subject(write({}), NOW), [load_profile(DEFAULT_PROFILE)])
    assert one.answered.part == 0
    assert one.applicable == 50


@pytest.mark.parametrize("text", ["{", "[]", "[" * 1000], ids=["cut", "list", "deep"])
def test_what_is_no_document_is_refused(text, write):
    with pytest.raises(DocumentInvalid):
        read_subject(write(text), NOW)


def test_an_unknown_profile_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'g7-2026'") as raised:
        load_profile("g7-2025")
    assert raised.value.reason == "profile-unknown"


@pytest.mark.parametrize("name", ["../frameworks/mitre-atlas", "", "g7-2026.yaml"])
def test_a_profile_is_an_id_and_not_a_path(name):
    with pytest.raises(UsageError) as raised:
        load_profile(name)
    assert raised.value.reason == "profile-unknown"


def test_same_input_same_bytes(world):
    def once() -> bytes:
        measured = read_subject(world.model, NOW, **with_evidence(world))
        found = measure(measured, map(load_profile, profile_ids()))
        digest = measured.subject.digest
        return to_json(coverage_document(found, digest, "1.6", valid=True))

    assert once() == once()


def test_a_time_that_an_authority_vouches_for_counts_in_a_report_as_well(world):
    _, material = report_and_material(world.bom, Asked(**with_evidence(world)), NOW)
    told = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    metadata = {**material.document["metadata"], "timestamp": told}
    dated = replace(material, document={**material.document, "metadata": metadata})
    (before,) = completeness(dated)
    vouched = replace(dated.signature, signed_at=NOW)
    (after,) = completeness(replace(dated, signature=vouched))
    assert after.by_signature == before.by_signature + 1
