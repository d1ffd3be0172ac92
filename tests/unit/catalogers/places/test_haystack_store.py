"""Haystack's document store in memory, as it is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.haystack_store import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import read
from tests.corpus_world import documents_of, index_of

TYPE = "haystack.document_stores.in_memory.document_store.InMemoryDocumentStore"
STORE = {
    "type": TYPE,
    "init_parameters": {"embedding_similarity_function": "cosine"},
    "documents": [
        {"id": "1", "content": "hunter2", "meta": {"file_path": "docs/a.txt"}},
        {"id": "2", "content": "x", "meta": {"url": "https://example.org/b"}},
    ],
}


def test_as_it_is_saved(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"s/store.json": json.dumps(STORE)})
    assert index_of(done) == {
        "index-format": "haystack-in-memory",
        "documents": "2",
        "sources": "2",
    }
    assert documents_of(done) == {
        ("location", "docs/a.txt"),
        ("source", "https://example.org/b"),
    }
    assert done.found == {("embedding-model-not-named", "")}
    assert "hunter2" not in repr(done.nodes)


#: name → document, findings
CASES: dict[str, tuple[Any, set[str]]] = {
    "no documents": (
        {"type": TYPE, "documents": 3},
        {"store-malformed", "embedding-model-not-named"},
    ),
    "documents that are none": (
        {"type": TYPE, "documents": [1]},
        {"corpus-sources-none", "embedding-model-not-named"},
    ),
    "another document that names it": ({"about": TYPE}, set()),
    "any other": ({"documents": []}, set()),
}


@pytest.mark.parametrize(("document", "codes"), CASES.values(), ids=CASES)
def test_documents(document: Any, codes: set[str], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.json": json.dumps(document)})
    assert done.codes == codes


def test_wrong_types_everywhere() -> None:
    for data in wrong_types(STORE):
        read_bytes(CATALOGER, "a.json", data)


@given(mutated(json.dumps(STORE).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.json", data)
