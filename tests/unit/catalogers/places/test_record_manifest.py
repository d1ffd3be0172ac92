"""Record manifests: which bytes here they speak of, if any."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.place import Place
from aibom.catalogers.places import record_manifest
from aibom.catalogers.places.record_manifest import CATALOGER
from aibom.catalogers.record_documents import manifest_document
from aibom.catalogers.records import Reading
from aibom.digest import Digest
from aibom.lineage.identity import entity_id
from aibom.lineage.nodes import Kind
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import put, read

DATA = b'{"a": 1}\n{"a": 2}\n'
MANIFEST = manifest_document(
    Reading("jsonl", header=False, progress=None).manifest(io.BytesIO(DATA))
)
TEXT = json.dumps(MANIFEST)
CHANGED = TEXT.replace(MANIFEST["root"], "0" * 64, 1)

#: name → files, name of the data found, findings
CASES: dict[str, tuple[dict[str, bytes | str], str | None, set[Any]]] = {
    "beside it": (
        {"d/a.jsonl": DATA, "d/a.jsonl.manifest.json": TEXT},
        "a.jsonl",
        set(),
    ),
    "under another name": (
        {"x/b.jsonl": DATA, "a.jsonl.manifest.json": TEXT},
        "b.jsonl",
        set(),
    ),
    "changed since": (
        {"a.jsonl": DATA + b"{}\n", "a.jsonl.manifest.json": TEXT},
        None,
        {("records-file-differs", "/digest")},
    ),
    "not here": (
        {"b.jsonl": b"{}\n", "a.jsonl.manifest.json": TEXT},
        None,
        {("records-file-elsewhere", "/digest")},
    ),
    "contradicts itself": (
        {"a.jsonl": DATA, "a.jsonl.manifest.json": CHANGED},
        None,
        {("records-unreadable", "")},
    ),
    "malformed": (
        {"a.manifest.json": '{"apiVersion": "aibom/manifest/v1"}', "b": ""},
        None,
        {("records-unreadable", "")},
    ),
    "of another tool": ({"a.manifest.json": '{"files": []}', "b": ""}, None, set()),
}


@pytest.mark.parametrize(("files", "name", "found"), CASES.values(), ids=CASES)
def test_what_it_speaks_of(
    files: dict[str, bytes | str], name: str | None, found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, files)
    told = [{f.field: f.value for f in node.facts} for node in done.nodes.values()]
    assert done.found == found
    if name is None:
        assert told == []
        return
    assert told == [
        {
            "name": name,
            "records": "2",
            "records-root": MANIFEST["root"],
            "records-format": "jsonl",
        }
    ]
    assert set(done.nodes) == {
        entity_id(Kind.DATASET, Digest.parse(MANIFEST["digest"], ""))
    }
    assert done.edges == {("subject", "derived-from", name, "part")}
    is_beside = name == "a.jsonl"
    assert done.kinds == ({("dataset", False)} if is_beside else set())


def test_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "p", {"data/a": b"1", "data/b": b"2"})
    content = Place.of(tmp_path / "p").folder("data")
    manifest = Reading("files", header=False, progress=None).of_folder(content)
    text = json.dumps(manifest_document(manifest))
    done = read(CATALOGER, tmp_path / "p", {"data.manifest.json": text})
    assert set(done.nodes) == {entity_id(Kind.DATASET, manifest.dataset)}
    (tmp_path / "p" / "data" / "c").write_text("3")
    assert read(CATALOGER, tmp_path / "p", {}).codes == {"records-file-elsewhere"}


def test_in_a_large_place_only_the_file_beside_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_manifest, "_MAX_FILES", 1)
    files = {"b.jsonl": DATA, "a.jsonl.manifest.json": TEXT}
    assert read(CATALOGER, tmp_path, files).codes == {"records-file-elsewhere"}


def test_a_larger_one_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_manifest, "_MAX_BYTES", 10)
    done = read(CATALOGER, tmp_path, {"a.manifest.json": TEXT, "b": ""})
    assert done.unread == {"records-unreadable"}


def test_wrong_types_everywhere() -> None:
    for data in wrong_types(MANIFEST):
        read_bytes(CATALOGER, "a.manifest.json", data)


@given(mutated(TEXT.encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.manifest.json", data)
