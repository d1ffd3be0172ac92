"""LlamaIndex stores: documents with their sources, and dates that are files' dates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.llama_index import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import read
from tests.corpus_world import documents_of, index_of


def metadata(name: str, created: str, modified: str) -> dict[str, Any]:
    return {
        "file_path": f"/home/ada/docs/{name}",
        "file_name": name,
        "file_type": "text/plain",
        "file_size": 10,
        "creation_date": created,
        "last_modified_date": modified,
    }


A = metadata("a.txt", "2026-01-02", "2026-02-03")
B = metadata("b.txt", "2026-01-01", "2026-01-05")
STORE = {
    "docstore/metadata": {
        "n1": {"doc_hash": "x", "ref_doc_id": "d1"},
        "d1": {"doc_hash": "y"},
    },
    "docstore/data": {
        "n1": {
            "__data__": {"id_": "n1", "metadata": A, "text": "hunter2"},
            "__type__": "1",
        },
        "n2": {"__data__": {"id_": "n2", "metadata": A}, "__type__": "1"},
        "n3": {"__data__": {"id_": "n3", "metadata": B}, "__type__": "1"},
    },
    "docstore/ref_doc_info": {
        "d1": {"node_ids": ["n1", "n2"], "metadata": A},
        "d2": {"node_ids": ["n3"], "metadata": B},
    },
}
SOURCES = {("location", "~/docs/a.txt"), ("location", "~/docs/b.txt")}
DATES = {
    "first-document-created": "2026-01-01",
    "last-document-created": "2026-01-02",
    "first-document-modified": "2026-01-05",
    "last-document-modified": "2026-02-03",
}
NO_MODEL = ("embedding-model-not-named", "")


def test_as_it_is_persisted(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"storage/docstore.json": json.dumps(STORE)})
    assert index_of(done) == {
        "index-format": "llama-index",
        "documents": "2",
        "chunks": "3",
        "sources": "2",
        **DATES,
    }
    assert documents_of(done) == SOURCES
    assert done.found == {NO_MODEL}
    assert "hunter2" not in repr(done.nodes)
    assert "ada" not in repr(done.nodes)


#: name → the store, sources, findings
CASES: dict[str, tuple[Any, Any, set[Any]]] = {
    "chunks alone": (
        {"docstore/data": STORE["docstore/data"]},
        SOURCES,
        {NO_MODEL},
    ),
    "of older versions": (
        {"docstore/ref_doc_info": {"d": {"extra_info": A}}},
        {("location", "~/docs/a.txt")},
        {NO_MODEL},
    ),
    "no sources": (
        {"docstore/ref_doc_info": {"d": {"metadata": {}}}},
        set(),
        {NO_MODEL, ("corpus-sources-none", "")},
    ),
    "empty": ({"docstore/data": {}}, set(), {NO_MODEL}),
    "a part that is none": (
        {"docstore/data": [], "docstore/ref_doc_info": {}},
        set(),
        {NO_MODEL, ("store-malformed", "/docstore~1data")},
    ),
    "a list": (
        ["docstore/data", '"docstore/'],
        set(),
        {NO_MODEL, ("store-malformed", "")},
    ),
}


@pytest.mark.parametrize(("store", "sources", "found"), CASES.values(), ids=CASES)
def test_stores(store: Any, sources: Any, found: set[Any], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"docstore.json": json.dumps(store)})
    assert documents_of(done) == sources
    assert done.found == found


def test_a_store_that_cannot_be_read_is_an_index_still(tmp_path: Path) -> None:
    text = json.dumps(STORE)[:-1]
    done = read(CATALOGER, tmp_path, {"docstore.json": text})
    assert done.unread == {"json-malformed"}
    assert index_of(done) == {"index-format": "llama-index"}


def test_another_docstore_is_left_alone(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"docstore.json": "{}"})
    assert (done.nodes, done.found, done.kinds) == ({}, set(), set())


def test_wrong_types_everywhere() -> None:
    for data in wrong_types(STORE):
        read_bytes(CATALOGER, "docstore.json", data)


@given(mutated(json.dumps(STORE).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "docstore.json", data)
