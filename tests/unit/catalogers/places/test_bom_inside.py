"""A BOM that lies in a place is said to be there, and nothing of it is taken over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.places.bom_inside import CATALOGER
from tests.catalog_hostile import read_bytes
from tests.catalog_world import read

CYCLONEDX = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
SPDX2 = {"spdxVersion": "SPDX-2.3", "packages": []}
SPDX3 = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}

#: name → path, document, whether it is a BOM
CASES = {
    "CycloneDX": ("a.cdx.json", CYCLONEDX, True),
    "CycloneDX, bom.json": ("deep/bom.json", CYCLONEDX, True),
    "of aibom, further down": ("deep/aibom.cdx.json", CYCLONEDX, True),
    "SPDX 2": ("a.spdx.json", SPDX2, True),
    "SPDX 3": ("sbom.json", SPDX3, True),
    "something else": ("bom.json", {"parts": ["bolt"]}, False),
    "another name": ("a.json", CYCLONEDX, False),
}


@pytest.mark.parametrize(("path", "document", "is_bom"), CASES.values(), ids=CASES)
def test_what_is_a_bom(
    path: str, document: object, is_bom: bool, tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {path: json.dumps(document)})
    assert done.unread == ({"bom-inside"} if is_bom else set())
    assert (done.nodes, done.edges, done.said, done.kinds) == ({}, set(), set(), set())


@given(st.binary(max_size=100))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "bom.json", data)
