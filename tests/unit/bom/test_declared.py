"""The claims of a verdict, in the BOM that the verdict is about."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from bom_graphs import BASE, MODEL, everything

from aibom.bom.declared import with_declarations
from aibom.bom.encode import encode
from aibom.bom.profile import profile_problems
from aibom.bom.properties import prop
from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.errors import AibomError

NODE = "aibom:node"


def verdict() -> dict[str, Any]:
    """What ``--output declarations`` writes about the model, small."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "machine-learning-model",
                "bom-ref": "artifact",
                "name": "m",
                "properties": [prop("aibom:verdict:artifact", str(MODEL.digest))],
            }
        },
        "definitions": {
            "standards": [
                {
                    "bom-ref": "policy",
                    "name": "acme",
                    "requirements": [{"bom-ref": "rule-1", "identifier": "open"}],
                }
            ]
        },
        "declarations": {
            "assessors": [{"bom-ref": "assessor", "organization": {"name": "aibom"}}],
            "attestations": [
                {
                    "assessor": "assessor",
                    "map": [
                        {"requirement": "rule-1", "counterClaims": ["claim-1"]},
                        {"requirement": "rule-1", "claims": ["claim-2"]},
                    ],
                }
            ],
            "claims": [
                {
                    "bom-ref": "claim-1",
                    "target": "target-1",
                    "counterEvidence": ["evidence-1"],
                },
                {
                    "bom-ref": "claim-2",
                    "target": "target-2",
                    "evidence": ["evidence-2"],
                },
            ],
            "evidence": [
                {"bom-ref": "evidence-1", "description": "evidence-1"},
                {"bom-ref": "evidence-2", "description": "evidence-2"},
            ],
            "targets": {
                "components": [
                    target("target-1", BASE.id),
                    target("target-2", "step:elsewhere"),
                ]
            },
        },
    }


def target(ref: str, node: str) -> dict[str, Any]:
    """A copy of a component, as a verdict has them."""
    return {
        "type": "file",
        "bom-ref": ref,
        "name": ref,
        "properties": [prop(NODE, node)],
    }


def test_claims_point_to_the_components_of_the_bom() -> None:
    graph, given = everything(), verdict()
    plain = encode(graph, spec_version="1.7")
    before = copy.deepcopy((plain, given))
    found, losses = with_declarations(plain, given, graph, "v.json")
    assert (plain, given) == before
    assert schema_problems(found) == ()
    assert reference_problems(found) == ()
    assert profile_problems(found, "") == profile_problems(plain, "")
    (claim,) = found["declarations"]["claims"]
    assert claim["target"] == BASE.id
    # Texts are left alone, whatever they look like.
    (proof,) = found["declarations"]["evidence"]
    assert proof["description"] == "evidence-1"
    assert claim["counterEvidence"] == [proof["bom-ref"]]
    assert found["declarations"]["targets"] == plain["declarations"]["targets"]
    (attestation,) = found["declarations"]["attestations"]
    listed = [
        entry.get("claims") or entry.get("counterClaims")
        for entry in attestation["map"]
    ]
    assert listed == [[claim["bom-ref"]], None]
    # The other claim is about something that only another BOM tells of.
    told = [(loss.kind.value, loss.field, loss.count) for loss in losses]
    assert told == [("not-carried", "declarations.claims", 1)]


def without(*path: str) -> Any:
    """A change that takes a member out."""

    def change(document: dict[str, Any]) -> None:
        owner: Any = document
        for step in path[:-1]:
            owner = owner[step]
        owner.pop(path[-1])

    return change


def about(digest: str) -> Any:
    """A change of what the verdict is about."""

    def change(document: dict[str, Any]) -> None:
        properties = document["metadata"]["component"]["properties"]
        properties[0] = prop("aibom:verdict:artifact", digest)

    return change


REFUSED = {
    "no-declarations": (without("declarations"), "declarations-malformed"),
    "about-nothing": (
        without("metadata", "component", "properties"),
        "declarations-malformed",
    ),
    "another": (about("sha256:" + "0" * 64), "declarations-of-another"),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_about_this_bom_is_refused(change: Any, reason: str) -> None:
    given = verdict()
    change(given)
    with pytest.raises(AibomError) as refused:
        with_declarations(encode(everything()), given, everything(), "v.json")
    assert refused.value.reason == reason


def test_two_assessments_are_not_mixed() -> None:
    graph = everything()
    once, _ = with_declarations(encode(graph), verdict(), graph, "v.json")
    with pytest.raises(AibomError) as refused:
        with_declarations(once, verdict(), graph, "v.json")
    assert refused.value.reason == "declarations-there"


AFFIRMED: dict[str, dict[str, Any]] = {
    "affirmation": {"statement": "All claims herein are true.", "signatories": []},
    "signature": {"algorithm": "ES256", "value": "x"},
}


@pytest.mark.parametrize("member", AFFIRMED)
def test_nobody_has_affirmed_or_signed_claims_that_are_put_in(member: str) -> None:
    """What a supplier affirmed would stand over claims it never saw."""
    graph = everything()
    given = encode(graph)
    given["declarations"][member] = AFFIRMED[member]
    with pytest.raises(AibomError) as refused:
        with_declarations(given, verdict(), graph, "v.json")
    assert refused.value.reason == "declarations-there"
