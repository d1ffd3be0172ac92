"""Data provenance metadata: both standards, and files compared by their bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from aibom.catalogers.places.data_provenance import CATALOGER
from tests.catalog_hostile import read_bytes, wrong_types
from tests.catalog_world import read

#: Data & Trust Alliance 1.0.0.
ALLIANCE: dict[str, Any] = {
    "source": {
        "version": "1.0.0",
        "title": "Reviews",
        "id": "uuid-1",
        "location": "https://example.com/reviews",
        "issuer": [{"name": "Acme Data", "address": ["1 Street"]}],
        "description": "What people think.",
    },
    "provenance": {
        "source": "https://example.com/raw/metadata.json",
        "origin": [{"name": "Raw Ltd"}],
        "origin-geography": [{"country": "FR"}],
        "date": "2024-01-01",
        "generation-method": [{"code": "web-scraping"}],
        "sub-provenance": {"source": "https://example.com/rawer.json"},
    },
    "use": {
        "license": ["https://example.com/licence"],
        "consents": ["https://example.com/consent"],
        "intended-purpose": [{"code": "x", "description": "training"}],
    },
}
DIGEST = hashlib.sha256(b"abc").hexdigest()


def oasis(*hashes: dict[str, Any], path: str = "a.csv") -> dict[str, Any]:
    """OASIS Data Provenance Metadata 1.0."""
    return {
        "set": {"schema-version": "1.0"},
        "source": {
            "name": "Reviews",
            "id": {"hashes": [{"path": path, "tree-hashes": list(hashes)}]},
            "issuer": [{"legal-name": "Acme Data"}],
            "location": "https://example.com/reviews",
            "data-version": "2.1",
            "about": {"content": "What people think.", "purpose": "learning"},
        },
        "provenance": {"origin-geography": [{"country": "FR"}], "date": "2024"},
        "use": {"intended-purpose": []},
    }


def test_the_alliance(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"p.json": json.dumps(ALLIANCE)})
    assert ("subject", "attributed-to", "Acme Data", "publisher") in done.edges
    assert ("subject", "attributed-to", "Raw Ltd", "supplier") in done.edges
    described = {node.value("described-at") for node in done.nodes.values()}
    assert described == {
        None,
        "https://example.com/raw/metadata.json",
        "https://example.com/rawer.json",
    }
    assert {
        ("name", "Reviews", "/source/title"),
        ("description", "What people think.", "/source/description"),
        ("source", "https://example.com/reviews", "/source/location"),
        ("licence", "https://example.com/licence", "/use/license"),
        ("issued", "2024-01-01", "/provenance/date"),
        (
            "provenance.origin-geography",
            '[{"country": "FR"}]',
            "/provenance/origin-geography",
        ),
    } <= done.said
    # The version of the standard is not the version of the data.
    assert "version" not in {field for field, _, _ in done.said}
    assert (done.found, done.kinds) == (set(), {("dataset", False)})


def test_oasis(tmp_path: Path) -> None:
    document = oasis({"algorithm": "sha256", "value": DIGEST.upper()})
    files = {"d/p.json": json.dumps(document), "d/a.csv": "abc"}
    done = read(CATALOGER, tmp_path, files)
    assert ("version", "2.1", "/source/data-version") in done.said
    assert ("description", "What people think.", "/source/about/content") in done.said
    assert {n.digest.value for n in done.nodes.values() if n.digest} == {DIGEST}
    assert done.found == set()


def test_a_file_that_differs_is_a_contradiction(tmp_path: Path) -> None:
    document = oasis({"algorithm": "sha256", "value": "ab" * 32})
    done = read(CATALOGER, tmp_path, {"p.json": json.dumps(document), "a.csv": "abc"})
    at = "/source/id/hashes/0/tree-hashes/0"
    assert done.found == {("file-differs", at)}
    [notes] = done.notes
    stated = {node.value("sha256") for node in notes.nodes if node.digest}
    assert stated == {DIGEST, "ab" * 32}


def deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"date": "2024"}
    for _ in range(levels):
        inner = {"sub-provenance": inner}
    return {**ALLIANCE, "provenance": {**ALLIANCE["provenance"], **inner}}


#: name → document, findings
ODD: dict[str, tuple[Any, set[str]]] = {
    "a digest that is none": (
        oasis({"algorithm": "sha256", "value": "zz"}),
        {"sha256-malformed"},
    ),
    "another algorithm": (oasis({"algorithm": "sha512", "value": "zz"}), set()),
    "an issuer without a name": (
        {**ALLIANCE, "source": {**ALLIANCE["source"], "issuer": [{}]}},
        {"provenance-malformed"},
    ),
    "too deep": (deep(20), {"provenance-too-long"}),
    "too many issuers": (
        {**ALLIANCE, "source": {"issuer": [{"name": "a"}] * 1001}},
        {"provenance-too-long"},
    ),
    "other JSON with such words": ({"source": 1, "provenance": 2, "use": 3}, set()),
    "other groups of those names": (
        {"source": {"issuer": 1}, "provenance": {}, "use": {}},
        set(),
    ),
}


@pytest.mark.parametrize(("document", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(document: Any, found: set[str], tmp_path: Path) -> None:
    assert read(CATALOGER, tmp_path, {"p.json": json.dumps(document)}).codes == found


def test_wrong_types_everywhere() -> None:
    for document in (ALLIANCE, oasis({"algorithm": "sha256", "value": DIGEST})):
        for data in wrong_types(document):
            read_bytes(CATALOGER, "p.json", data)
