"""Vector indexes that tell little, and of which no pickle is opened."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.vector_index import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import read
from tests.corpus_world import index_of


def faiss(
    kind: bytes = b"IxFI", dimension: int = 384, count: int = 12, metric: int = 1
) -> bytes:
    return struct.pack(
        "<4siqqqBi", kind, dimension, count, 1 << 20, 1 << 20, 1, metric
    ) + bytes(64)


NO_MODEL = "embedding-model-not-named"
READ = {"index-kind": "IxFI", "dimension": "384", "vectors": "12", "metric": "l2"}
#: name → bytes, facts
FAISS: dict[str, tuple[bytes, dict[str, str]]] = {
    "flat": (faiss(), READ),
    "inner product": (faiss(metric=0), {**READ, "metric": "inner-product"}),
    "another kind": (faiss(b"IHNf"), {**READ, "index-kind": "IHNf"}),
    "no kind": (faiss(b"\0\0\0\0"), {}),
    "a huge dimension": (faiss(dimension=2**31 - 1), {}),
    "less than nothing": (faiss(count=-1), {}),
    "a huge count": (faiss(count=2**62), {}),
    "empty": (b"", {}),
}


@pytest.mark.parametrize(("data", "facts"), FAISS.values(), ids=FAISS)
def test_faiss(data: bytes, facts: dict[str, str], tmp_path: Path) -> None:
    files = {"i/index.faiss": data, "i/index.pkl": b"\x80\x04."}
    done = read(CATALOGER, tmp_path, files)
    assert index_of(done) == {"index-format": "faiss", **facts}
    told = {"index-documents-pickled", NO_MODEL}
    assert done.codes == told | (set() if facts else {"index-header-unknown"})
    assert done.kinds == {("dataset", False)}


def test_faiss_alone_does_not_say_what_is_in_it(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"i/a.faiss": faiss()})
    assert done.codes == {"index-opaque", NO_MODEL}


def test_every_cut_of_a_header(tmp_path: Path) -> None:
    for end in range(39):
        done = read(CATALOGER, tmp_path, {"a.faiss": faiss()[:end]})
        assert ("index-header-unknown" in done.codes) == (end < 37)


META = {
    "collections": {
        "docs": {"vectors": {"size": 384, "distance": "Cosine"}, "on_disk": None},
        "many": {"vectors": {"a": {"size": 3, "distance": "Dot"}}},
    },
    "aliases": {},
}
DATABASE = {"q/collection/docs/storage.sqlite": b"SQLite format 3\0"}


def test_qdrant(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"q/meta.json": json.dumps(META), **DATABASE})
    assert index_of(done) == {
        "index-format": "qdrant-local",
        "collections": "2",
        "dimension.docs": "384",
        "metric.docs": "Cosine",
    }
    assert done.codes == {"index-documents-pickled", NO_MODEL}


def test_another_meta_json_is_left_alone(tmp_path: Path) -> None:
    files = {"meta.json": json.dumps(META), "x/meta.json": "{}"}
    done = read(CATALOGER, tmp_path, files)
    assert (done.nodes, done.found) == ({}, set())


#: name → document, finding
QDRANT: dict[str, tuple[Any, str]] = {
    "no collections": ({"collections": 3}, "index-malformed"),
    "too many": ({"collections": {str(n): {} for n in range(201)}}, "index-too-many"),
    "cut": ('{"collections": {', ""),
}


@pytest.mark.parametrize(("document", "code"), QDRANT.values(), ids=QDRANT)
def test_qdrant_oddities(document: Any, code: str, tmp_path: Path) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    done = read(CATALOGER, tmp_path, {"q/meta.json": text, **DATABASE})
    assert code in done.codes if code else not done.nodes


def test_a_lance_table_is_said_once(tmp_path: Path) -> None:
    files = {f"db/t.lance/_versions/{n}.manifest": b"x" for n in range(1, 4)}
    other = {"db/u.lance/_versions/1.manifest": b"y", "a/1.manifest": b"z"}
    done = read(CATALOGER, tmp_path, {**files, **other})
    details = [f.detail for notes in done.notes for f in notes.findings]
    assert details == ["a Lance table: db/t.lance", "a Lance table: db/u.lance"]
    assert done.unread == {"index-opaque"}
    assert done.nodes == {}


def test_wrong_types_everywhere(tmp_path: Path) -> None:
    for data in wrong_types(META):
        read(CATALOGER, tmp_path, {"q/meta.json": data, **DATABASE})


@given(mutated(faiss()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.faiss", data)
