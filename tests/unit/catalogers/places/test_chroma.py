"""Chroma: collections, dates and sources, from a database that may be hostile."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places import chroma
from aibom.catalogers.places.chroma import CATALOGER
from tests.catalog_world import Read, put, read
from tests.corpus_world import documents_of, index_of, models_of

SCHEMA = """
CREATE TABLE collections (id TEXT PRIMARY KEY, name TEXT NOT NULL,
  dimension INTEGER, database_id TEXT NOT NULL, config_json_str TEXT);
CREATE TABLE collection_metadata (collection_id TEXT, key TEXT NOT NULL,
  str_value TEXT, int_value INTEGER, float_value REAL, bool_value INTEGER);
CREATE TABLE segments (id TEXT PRIMARY KEY, type TEXT NOT NULL,
  scope TEXT NOT NULL, collection TEXT NOT NULL);
CREATE TABLE embeddings (id INTEGER PRIMARY KEY, segment_id TEXT NOT NULL,
  embedding_id TEXT NOT NULL, seq_id BLOB NOT NULL,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE embedding_metadata (id INTEGER, key TEXT NOT NULL,
  string_value TEXT, int_value INTEGER, float_value REAL, bool_value INTEGER,
  PRIMARY KEY (id, key));
"""
CONFIG = {
    "hnsw": {"space": "l2"},
    "spann": None,
    "embedding_function": {
        "name": "sentence_transformer",
        "type": "known",
        "config": {"model_name": "BAAI/bge-small-en", "device": "cpu"},
    },
}
FULL = f"""
INSERT INTO collections VALUES ('c1', 'docs', 384, 'd', '{json.dumps(CONFIG)}');
INSERT INTO segments VALUES ('s1', 'sqlite', 'METADATA', 'c1');
INSERT INTO segments VALUES ('s2', 'hnsw', 'VECTOR', 'c1');
INSERT INTO embeddings VALUES (1, 's1', 'a', 1, '2026-01-02 03:04:05');
INSERT INTO embeddings VALUES (2, 's1', 'b', 2, '2026-02-03 04:05:06');
INSERT INTO embedding_metadata VALUES (1, 'source', 'docs/a.md', 0, 0, 0);
INSERT INTO embedding_metadata VALUES (2, 'source', 'docs/a.md', 0, 0, 0);
INSERT INTO embedding_metadata VALUES (1, 'chroma:document', 'hunter2', 0, 0, 0);
"""


def database(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as made:
        made.executescript(script)
    return folder


def told(folder: Path, script: str) -> Read:
    return read(CATALOGER, database(folder, script), {})


def test_as_chroma_writes_it(tmp_path: Path) -> None:
    done = told(tmp_path, SCHEMA + FULL)
    assert index_of(done) == {
        "index-format": "chroma",
        "collections": "1",
        "dimension.docs": "384",
        "embedding-function.docs": "sentence_transformer",
        "chunks": "2",
        "chunks.docs": "2",
        "sources": "1",
        "first-ingested": "2026-01-02T03:04:05Z",
        "last-ingested": "2026-02-03T04:05:06Z",
    }
    assert documents_of(done) == {("location", "docs/a.md")}
    assert ("source", "pkg:huggingface/BAAI/bge-small-en") in models_of(done)
    assert done.found == set()
    assert "hunter2" not in repr(done.nodes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chroma.sqlite3"]


def config(function: Any) -> str:
    text = json.dumps({"embedding_function": function})
    return f"INSERT INTO collections VALUES ('c', 'n', 3, 'd', '{text}');"


NO_MODEL = {("embedding-model-not-named", "collections/n")}
#: name → the function, models, findings
FUNCTIONS: dict[str, tuple[Any, set[Any], set[Any]]] = {
    "of a service": (
        {"name": "openai", "type": "known", "config": {"model_name": "e-3"}},
        {("name", "e-3"), ("embedding-function", "openai")},
        set(),
    ),
    "default": ({"name": "default", "type": "known", "config": {}}, set(), NO_MODEL),
    "legacy": ({"type": "legacy"}, set(), NO_MODEL),
    "none": (None, set(), NO_MODEL),
    "a list": ([1], set(), NO_MODEL),
}


@pytest.mark.parametrize(
    ("function", "models", "found"), FUNCTIONS.values(), ids=FUNCTIONS
)
def test_embedding_functions(
    function: Any, models: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = told(tmp_path, SCHEMA + config(function))
    assert models_of(done) == models
    assert done.found == found


def test_older_databases_have_no_configuration(tmp_path: Path) -> None:
    script = SCHEMA.replace(", config_json_str TEXT", "")
    script += "INSERT INTO collections VALUES ('c', 'n', 3, 'd');"
    assert told(tmp_path, script).found == NO_MODEL


VIEW = SCHEMA.replace("CREATE TABLE embeddings", "CREATE TABLE other") + (
    "CREATE VIEW embeddings AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL "
    "SELECT x + 1 FROM n) SELECT x AS segment_id, 'a' AS created_at FROM n;"
)
COMPUTED = SCHEMA.replace(
    "seq_id BLOB NOT NULL,",
    "seq_id BLOB NOT NULL, more TEXT AS (hex(zeroblob(100000000))),",
).replace(
    "created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "x TEXT, created_at TEXT AS (hex(zeroblob(100000000)))",
)
HOSTILE = {
    "a view in place of a table": VIEW,
    "a column that is computed": COMPUTED
    + "INSERT INTO embeddings (segment_id, embedding_id, seq_id) VALUES (1, 2, 3);",
    "a table that lacks": "CREATE TABLE collections (id);",
    "a virtual table": SCHEMA.replace(
        "CREATE TABLE segments (id TEXT PRIMARY KEY, type TEXT NOT NULL,\n"
        "  scope TEXT NOT NULL, collection TEXT NOT NULL)",
        "CREATE VIRTUAL TABLE segments USING fts5(id, collection)",
    ),
    "a text that is too long": SCHEMA
    + "INSERT INTO embedding_metadata (id, key, string_value) VALUES "
    "(1, 'source', hex(zeroblob(2000000)));",
}


@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_hostile_databases(script: str, tmp_path: Path) -> None:
    done = told(tmp_path, script)
    assert "database-malformed" in done.unread
    assert index_of(done)["index-format"] == "chroma"


def test_a_database_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "_STEPS", 10)
    monkeypatch.setattr(chroma, "_LOOKS", 10)
    assert "database-malformed" in told(tmp_path, SCHEMA + FULL).unread


def test_many_collections(tmp_path: Path) -> None:
    rows = "".join(
        f"INSERT INTO collections VALUES ('c{n}', 'n{n}', 3, 'd', NULL);"
        for n in range(201)
    )
    done = told(tmp_path, f"{SCHEMA}BEGIN;{rows}COMMIT;")
    assert "collections-too-many" in done.unread


def test_what_waits_beside_the_database_is_said(tmp_path: Path) -> None:
    put(database(tmp_path, SCHEMA + FULL), {"chroma.sqlite3-wal": b"x"})
    assert "database-not-settled" in read(CATALOGER, tmp_path, {}).unread


@pytest.mark.parametrize("data", [b"", b"x", b"SQLite format 3\0" + bytes(84)])
def test_what_is_no_database(data: bytes, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"chroma.sqlite3": data})
    assert "database-malformed" in done.unread


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 40_000), st.binary(min_size=1, max_size=40), st.booleans())
def test_damaged_databases_never_raise(
    tmp_path_factory: pytest.TempPathFactory, place: int, piece: bytes, cut: bool
) -> None:
    folder = database(tmp_path_factory.mktemp("chroma"), SCHEMA + FULL)
    data = (folder / "chroma.sqlite3").read_bytes()
    changed = data[:place] + piece + (b"" if cut else data[place + len(piece) :])
    done = read(CATALOGER, folder, {"chroma.sqlite3": changed})
    assert index_of(done)["index-format"] == "chroma"
