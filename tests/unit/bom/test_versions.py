"""A CycloneDX document in another version: what stays, and what is told as gone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from bom_graphs import SMALL, written
from builders import QUICK, graphs
from cyclonedx_documents import SERIAL, bom
from hypothesis import given

from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.bom.versions import numbered, to_version
from aibom.errors import UsageError
from aibom.lineage.graph import Graph

WHEN = "2026-01-31T08:00:00Z"


def of_1_7(**members: Any) -> dict[str, Any]:
    """A document of 1.7 whose main component has these members."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": SERIAL,
        "version": 3,
        "metadata": {"component": {"type": "application", "name": "m", **members}},
    }


def component(**members: Any) -> dict[str, Any]:
    """What is left of the main component."""
    return {"type": "application", "name": "m", **members}


PATENT = {
    "bom-ref": "patent-1",
    "patentNumber": "US987654321",
    "jurisdiction": "US",
    "patentLegalStatus": "granted",
}
ALGORITHM = {
    "assetType": "algorithm",
    "algorithmProperties": {"primitive": "key-wrap"},
}
#: name → members of 1.7, what 1.6 has of them, and what is told
NEW = {
    "external": ({"isExternal": True}, {}, {("not-carried", "isExternal")}),
    "version-range": (
        {"isExternal": True, "versionRange": "vers:pypi/>=1"},
        {},
        {("not-carried", "isExternal"), ("not-carried", "versionRange")},
    ),
    "reference-properties": (
        {
            "externalReferences": [
                {"type": "vcs", "url": "https://a.example", "properties": []}
            ]
        },
        {"externalReferences": [{"type": "vcs", "url": "https://a.example"}]},
        {("not-carried", "properties")},
    ),
    "reference-type": (
        {"externalReferences": [{"type": "patent", "url": "https://a.example"}]},
        {"externalReferences": [{"type": "other", "url": "https://a.example"}]},
        {("approximated", "type")},
    ),
    "hash": (
        {
            "hashes": [
                {"alg": "Streebog-256", "content": "a" * 64},
                {"alg": "SHA-256", "content": "a" * 64},
            ]
        },
        {"hashes": [{"alg": "SHA-256", "content": "a" * 64}]},
        {("not-carried", "hashes.Streebog-256")},
    ),
    "only-hash": (
        {"hashes": [{"alg": "Streebog-512", "content": "a" * 128}]},
        {},
        {("not-carried", "hashes.Streebog-512")},
    ),
    "licences": (
        {"licenses": [{"expression": "MIT"}, {"license": {"id": "Zlib"}}]},
        {"licenses": [{"license": {"name": "MIT"}}, {"license": {"id": "Zlib"}}]},
        {("approximated", "licenses")},
    ),
    "expression-details": (
        {
            "licenses": [
                {
                    "expression": "MIT",
                    "expressionDetails": [{"licenseIdentifier": "MIT"}],
                }
            ]
        },
        {"licenses": [{"expression": "MIT"}]},
        {("not-carried", "licenses.expressionDetails")},
    ),
    "cryptography": (
        {"type": "cryptographic-asset", "cryptoProperties": ALGORITHM},
        {"type": "cryptographic-asset"},
        {("not-carried", "cryptoProperties")},
    ),
    "nested": (
        {"components": [component(isExternal=True)]},
        {"components": [component()]},
        {("not-carried", "isExternal")},
    ),
}


@pytest.mark.parametrize(("members", "left", "told"), NEW.values(), ids=NEW)
def test_what_1_7_brought_is_taken_out_and_told(
    members: dict[str, Any], left: dict[str, Any], told: set[tuple[str, str]]
) -> None:
    document = of_1_7(**members)
    assert schema_problems(document) == ()
    before = copy.deepcopy(document)
    changed, losses = to_version(document, "1.6")
    assert document == before
    assert schema_problems(changed) == ()
    assert changed["metadata"]["component"] == {**component(), **left}
    assert {(loss.kind.value, loss.field) for loss in losses} == told
    assert all(loss.where.startswith("/metadata/component") for loss in losses)


TOP = {
    "citations": {
        "citations": [
            {"pointers": ["/metadata"], "timestamp": WHEN, "attributedTo": "who"}
        ]
    },
    "patents": {"definitions": {"patents": [PATENT]}},
    "distributionConstraints": {
        "metadata": {
            "component": component(),
            "distributionConstraints": {"tlp": "RED"},
        }
    },
}


@pytest.mark.parametrize("field", TOP)
def test_what_1_7_brought_for_the_whole_document(field: str) -> None:
    document = {**of_1_7(), **TOP[field]}
    assert schema_problems(document) == ()
    changed, losses = to_version(document, "1.6")
    assert schema_problems(changed) == ()
    assert [loss.field for loss in losses] == [field]


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_documents_of_others_lose_nothing_upwards(version: str) -> None:
    document = bom("1.6")
    changed, losses = to_version(document, version)
    assert losses == ()
    assert schema_problems(changed) == ()
    assert reference_problems(changed) == ()
    kept = {k: v for k, v in changed.items() if k not in ("specVersion", "$schema")}
    assert kept == {
        k: v for k, v in document.items() if k not in ("specVersion", "$schema")
    }


@QUICK
@given(graph=graphs())
def test_ours_is_the_same_to_the_letter_in_either_version(graph: Graph) -> None:
    old, new = written(graph, "1.6"), written(graph, "1.7")
    for one, other in ((old, new), (new, old)):
        changed, losses = to_version(one, other["specVersion"])
        assert numbered(changed) == other
        assert list(numbered(changed)) == list(other)
        assert losses == ()


def test_a_changed_document_has_another_number_and_begins_at_one() -> None:
    document = of_1_7()
    other = numbered(document)
    assert other["serialNumber"] != SERIAL
    assert other["version"] == 1
    assert numbered(other) == other
    document.pop("serialNumber")
    assert numbered(document) == document


def test_versions_that_are_not_written() -> None:
    with pytest.raises(UsageError) as refused:
        to_version(written(SMALL["root-alone"]), "1.5")
    assert refused.value.reason == "spec-version-unsupported"
