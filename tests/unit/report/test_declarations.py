"""CycloneDX declarations: valid, no loose reference, no better than it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hostile_verdicts import PLACES, VERDICTS, json_of
from hypothesis import given, settings
from verdicts import FINDING, VERDICT

from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.report.declarations import MAX_CLAIMS, declarations
from aibom.report.parts import Where
from aibom.verdict import Decision, Mode, Status, Verification

WHERE = Where("model/aibom.cdx.json")
PASS = replace(FINDING, status=Status.PASS, reason="audit-passed")
VERSIONS = ("1.6", "1.7")


def require_valid(document):
    assert [str(problem) for problem in schema_problems(document)] == []
    assert [str(problem) for problem in reference_problems(document)] == []


def declared(*results, version="1.6", **changes):
    verdict = replace(VERDICT, results=results, **changes)
    document = json.loads(declarations(verdict, WHERE, version))
    require_valid(document)
    return document


def mapped(*results, **changes):
    (attestation,) = declared(*results, **changes)["declarations"]["attestations"]
    (one,) = attestation["map"]
    return one


@pytest.mark.parametrize("version", VERSIONS)
def test_a_document_of_either_version(version):
    document = declared(FINDING, PASS, version=version)
    assert document["specVersion"] == version
    assert document["metadata"]["component"]["name"] == "acme/model"
    assert document["metadata"]["component"]["type"] == "machine-learning-model"
    assert document["metadata"]["timestamp"] == VERDICT.effective_time


def test_the_policy_is_the_standard_and_a_rule_a_requirement():
    (standard,) = declared(FINDING)["definitions"]["standards"]
    assert (standard["name"], standard["version"]) == ("acme", "1")
    (requirement,) = standard["requirements"]
    assert requirement["identifier"] == "labels-unaudited"
    assert requirement["text"] == "One labeler hides in averages."


def test_a_claim_has_its_evidence():
    block = declared(PASS)["declarations"]
    (claim,) = block["claims"]
    (evidence,) = block["evidence"]
    (target,) = block["targets"]["components"]
    assert claim["target"] == target["bom-ref"]
    assert (target["type"], target["name"]) == ("data", "acme/labels")
    assert claim["evidence"] == [evidence["bom-ref"]]
    assert evidence["description"] == "signed by the auditor"
    assert evidence["created"] == VERDICT.effective_time
    assert evidence["data"][0]["contents"] == {"url": "evidence/audit.sigstore.json"}


def test_a_finding_is_a_counter_claim():
    one = mapped(FINDING, replace(PASS, node="other"))
    assert (len(one["claims"]), len(one["counterClaims"])) == (1, 1)
    claims = declared(FINDING)["declarations"]["claims"]
    assert "evidence" not in claims[0]
    assert claims[0]["counterEvidence"] == ["evidence-1"]


def other(**changes):
    return replace(PASS, node="other", **changes)


CONFORMANCE = {
    "all pass": ((PASS, other()), 1),
    "one fails": ((FINDING, other()), 0),
    "one fails, and only warns": ((replace(FINDING, mode=Mode.WARN), other()), 0),
    "one fails, excepted": ((replace(FINDING, exception="EX-1"), other()), 0),
    "one cannot be told": ((PASS, other(status=Status.UNKNOWN)), None),
    "one broke": ((PASS, other(status=Status.ERROR)), None),
    "a fail beats a doubt": ((FINDING, other(status=Status.UNKNOWN)), 0),
}


@pytest.mark.parametrize(("results", "score"), CONFORMANCE.values(), ids=CONFORMANCE)
def test_conformance(results, score):
    assert mapped(*results)["conformance"].get("score") == score


def test_an_exception_is_told():
    told = mapped(replace(FINDING, exception="EX-1"))["conformance"]["rationale"]
    assert told == "1 fail; excepted by EX-1"


CONFIDENCE = {
    "verified": (("verified",), 1),
    "attested": (("attested", "verified"), 0.75),
    "claimed": (("verified", "claimed"), 0.5),
    "missing": (("missing", "verified"), 0),
    "unknown word": (("sworn",), 0),
    "nothing compared": (("",), None),
    "only where it was": (("", "verified"), 1),
}


@pytest.mark.parametrize(("levels", "score"), CONFIDENCE.values(), ids=CONFIDENCE)
def test_confidence_is_that_of_the_weakest(levels, score):
    results = [
        replace(PASS, node=str(n), assurance=level) for n, level in enumerate(levels)
    ]
    assert mapped(*results)["confidence"].get("score") == score


def test_what_is_not_applicable_is_neither():
    block = declared(replace(FINDING, status=Status.NOT_APPLICABLE))["declarations"]
    assert block["claims"] == []
    assert block["attestations"][0]["map"] == []


def test_the_summary_does_not_hide_the_decision():
    found = Verification("failed", "file-changed", "was changed")
    document = declared(
        decision=Decision.NOT_VERIFIED,
        reason="file-changed",
        verification=found,
        dry_run=True,
        report_only=True,
    )
    assert document["declarations"]["attestations"][0]["summary"] == (
        "not-verified (file-changed), tier high, not signed; file-changed: was "
        "changed; dry run: the bytes of the artifact were not read; report only"
    )


def test_nobody_affirms_or_signs():
    block = declared(FINDING)["declarations"]
    assert "affirmation" not in block
    assert "signature" not in block
    assert "thirdParty" not in block["assessors"][0]


def test_a_time_that_is_none_is_left_out():
    document = declared(FINDING, effective_time="today")
    assert "timestamp" not in document["metadata"]
    assert "created" not in document["declarations"]["evidence"][0]


def test_too_many_claims_are_cut_passes_first_and_said_so():
    passes = [replace(PASS, node=str(n), path=()) for n in range(MAX_CLAIMS)]
    verdict = replace(VERDICT, results=(*passes, FINDING))
    document = json.loads(declarations(verdict, WHERE))
    block = document["declarations"]
    assert len(block["claims"]) == MAX_CLAIMS
    assert block["claims"][0]["reasoning"].startswith("fail ")
    assert block["attestations"][0]["summary"].endswith(
        "20,000 of 20,001 claims are listed, findings first"
    )
    (one,) = block["attestations"][0]["map"]
    assert one["conformance"]["rationale"] == "20,000 pass, 1 fail"
    assert len(one["claims"]) == MAX_CLAIMS - 1


def test_ids_that_look_alike_stay_two():
    results = (replace(PASS, node="\x1b"), replace(PASS, node="\\x1b"))
    block = declared(*results)["declarations"]
    assert len(block["targets"]["components"]) == 2
    assert len({claim["target"] for claim in block["claims"]}) == 2


@settings(max_examples=50, deadline=None)
@given(VERDICTS, PLACES)
def test_whatever_it_holds_it_is_valid_and_visible(verdict, where):
    for version in VERSIONS:
        require_valid(json_of(declarations(verdict, where, version)))
