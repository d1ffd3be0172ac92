"""A BOM that somebody else wrote: read as far as it goes, and every fault told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx_documents import bom, changed

from aibom.errors import AibomError
from aibom.lineage.assurance import Level, fact_assurance
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.nodes import Kind
from aibom.operations.scanning.bom import is_bom
from aibom.operations.scanning.scan import scan, scan_bom
from aibom.recording.reference import InputRef


def write(folder: Path, document: Any) -> Path:
    """A document as a file."""
    path = folder / "supplier.cdx.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_a_valid_one_is_read_and_every_word_of_it_is_claimed(tmp_path: Path) -> None:
    done = scan(write(tmp_path, bom("1.6")), name="supplier/model")
    assert done.findings == ()
    assert done.root.kind is Kind.SYSTEM
    assert done.root.values("name") == ("app", "supplier/model")
    worth = fact_assurance(done.root, "name", EvidenceSet(), "app")
    assert worth.level is Level.CLAIMED


@pytest.mark.parametrize("version", ["1.5", "1.6", "1.7"])
def test_every_version_of_the_format(version: str, tmp_path: Path) -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "metadata": {"component": {"type": "machine-learning-model", "name": "m"}},
    }
    done = scan(write(tmp_path, document))
    assert done.findings == ()
    assert done.root.values("name") == ("m",)


def test_a_broken_one_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    document = changed(bom("1.6"), "/metadata/timestamp", "2024-05-1T")
    document["components"][0]["name"] = 7
    path = write(tmp_path, document)
    before = path.read_bytes()
    done = scan(path)
    told = {(f.code, f.pointer, f.unread) for f in done.findings}
    assert ("schema-format", "/metadata/timestamp", False) in told
    assert ("member-malformed", "/components/0/name", True) in told
    assert done.root.values("name") == ("app",)
    assert done.root.values("unread.supplier.cdx.json#/components/0/name")
    assert path.read_bytes() == before


def test_one_that_does_not_say_what_it_is_about(tmp_path: Path) -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {"type": "machine-learning-model", "bom-ref": "m", "name": "m"},
            {"type": "data", "bom-ref": "d", "name": "d"},
        ],
        "dependencies": [{"ref": "m", "dependsOn": ["d"]}],
    }
    done = scan(write(tmp_path, document))
    assert [f.code for f in done.findings] == ["main-missing"]
    assert done.root.kind is Kind.SYSTEM
    assert done.root.values("name") == ()
    nodes = done.graph.nodes
    assert {
        (nodes[e.source].label[:6], e.role, nodes[e.target].label)
        for e in done.graph.edges
    } == {("system", "component", "m"), ("m", "depends-on", "d")}


def test_the_result_can_be_written_and_read_again(tmp_path: Path) -> None:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [7]}
    done = scan(write(tmp_path, document))
    again = tmp_path / "out.cdx.json"
    scan_bom(done, spec_version="1.7", output=again)
    assert is_bom(again)
    assert scan(again).root.values("described-by") == done.root.values("described-by")


NOT_BOMS = {
    "another JSON": b'{"model_type": "bert"}',
    "a word in a text": b'"bomFormat CycloneDX"',
    "an XML": b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>',
    "nothing": b"",
}


@pytest.mark.parametrize("data", NOT_BOMS.values(), ids=NOT_BOMS)
def test_what_is_no_bom(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    assert not is_bom(path)
    assert not is_bom(tmp_path)


@pytest.mark.parametrize(
    "options",
    [{"kind": Kind.MODEL}, {"inputs": [InputRef("base-model", Path("x"))]}],
    ids=["kind", "inputs"],
)
def test_nobody_tells_a_bom_what_it_is_about(
    options: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(AibomError) as caught:
        scan(write(tmp_path, bom("1.6")), **options)
    assert caught.value.reason == "scan-of-a-bom"


HOSTILE = {
    "cut off": (b'{"bomFormat": "CycloneDX", ', 12),
    "very deep": (
        b'{"bomFormat": "CycloneDX", "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        12,
    ),
    "a number that is none": (b'{"bomFormat": "CycloneDX", "version": NaN}', 12),
}


@pytest.mark.parametrize(("data", "code"), HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_parsed_is_refused(
    data: bytes, code: int, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(AibomError) as caught:
        scan(path)
    assert caught.value.exit_code == code
