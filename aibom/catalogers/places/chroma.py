"""Chroma on disk: ``chroma.sqlite3``, with collections, dates and sources.

The database is opened read-only and as unchangeable, so nothing beside it is touched or
taken into account. Only plain tables with the names that Chroma gives them are read,
row by row, with a budget of steps; functions, views, triggers and virtual tables of the
file are never run. Texts of documents and vectors are not read.

Source: chroma-core/chroma ``chromadb/migrations`` (``sysdb``, ``metadb``) and
``chromadb/api/collection_configuration.py`` (``embedding_function``).
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

from aibom.catalogers.binary import field_of
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.corpus import CORPUS_FINDINGS, SOURCE_KEYS, Corpus, field_text
from aibom.catalogers.documents import DOCUMENT_FINDINGS, parse_json
from aibom.catalogers.names import NAME_FINDINGS
from aibom.catalogers.notes import Notes
from aibom.catalogers.tools import text_at

__all__ = ["CATALOGER"]

_TABLES = ("collections", "embedding_metadata", "embeddings", "segments")
_MAX_COLLECTIONS = 200
_MAX_LENGTH = 1024 * 1024
#: Steps of SQLite's machine between looks, and looks: some ten million rows.
_STEPS, _LOOKS = 100_000, 2_000
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)?")
_MODEL_KEYS = ("model_name", "model", "model_id", "deployment_id")
_ALLOWED = frozenset(
    {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
)


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "chroma.sqlite3"


def _read(notes: Notes) -> None:
    corpus = Corpus(notes, "chroma")
    facts: dict[str, str] = {}
    if notes.place.formats[notes.path] != "sqlite":
        notes.skip("database-malformed", "", "not SQLite")
    else:
        waiting = f"{notes.path}-wal"
        if notes.place.has(waiting) and notes.place.size(waiting):
            notes.skip("database-not-settled", "", waiting)
        try:
            _database(notes, corpus, facts)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            # With what was read until then: the finding says that there is more.
            notes.skip("database-malformed", "", field_text(str(error)))
    corpus.write(facts)


def _database(notes: Notes, corpus: Corpus, facts: dict[str, str]) -> None:
    with notes.place.open(notes.path) as stream:
        address = f"file:/dev/fd/{stream.fileno()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as database:
            _guard(database)
            missing = [name for name in _TABLES if not _has_table(database, name)]
            if missing:
                notes.skip("database-malformed", "", f"no table {missing[0]}")
                return
            names = _collections(notes, database, corpus, facts)
            owners = _segments(database)
            _embeddings(database, corpus, facts, {s: names.get(c) for s, c in owners})
            _sources(database, corpus)


def _guard(database: sqlite3.Connection) -> None:
    looks = 0

    def look() -> int:
        nonlocal looks
        looks += 1
        return looks > _LOOKS

    def allow(action: int, *rest: str | None) -> int:
        return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY

    database.execute("PRAGMA trusted_schema=OFF")
    database.execute("PRAGMA cell_size_check=ON")
    database.execute("PRAGMA mmap_size=0")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_LENGTH)
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    database.set_progress_handler(look, _STEPS)
    database.set_authorizer(allow)


def _has_table(database: sqlite3.Connection, name: str) -> bool:
    """Whether it is a plain table, and not a view or a virtual one of that name."""
    query = "SELECT type, sql FROM sqlite_master WHERE name = ? LIMIT 2"
    rows = database.execute(query, (name,)).fetchall()
    return len(rows) == 1 and (
        rows[0][0] == "table" and str(rows[0][1]).upper().startswith("CREATE TABLE")
    )


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    described = database.execute(f"SELECT * FROM {table} LIMIT 0").description
    return {column[0] for column in described}


def _collections(
    notes: Notes, database: sqlite3.Connection, corpus: Corpus, facts: dict[str, str]
) -> dict[str, str]:
    """The names by id; what each says of its vectors and its embedding function."""
    has = _columns(database, "collections")
    wanted = [
        key if key in has else "NULL"
        for key in ("id", "name", "dimension", "config_json_str")
    ]
    query = f"SELECT {', '.join(wanted)} FROM collections LIMIT {_MAX_COLLECTIONS + 1}"
    names: dict[str, str] = {}
    for number, row in enumerate(database.execute(query)):
        if number == _MAX_COLLECTIONS:
            notes.skip("collections-too-many", "", f"over {_MAX_COLLECTIONS:,}")
            return names
        key, name, dimension, settings = row
        shown = field_text(str(name))
        names[str(key)] = shown
        if isinstance(dimension, int):
            facts[field_of("dimension", shown)] = str(dimension)
        _embedding(notes, corpus, facts, shown, settings)
    facts["collections"] = str(len(names))
    return names


def _embedding(
    notes: Notes, corpus: Corpus, facts: dict[str, str], name: str, settings: Any
) -> None:
    at = f"collections/{name}"
    parsed = parse_json(notes, settings, at) if isinstance(settings, str) else None
    function = parsed.get("embedding_function") if isinstance(parsed, dict) else None
    called = text_at(function, "name")
    if called is None:  # "legacy": a function of the program, or an older version
        corpus.without_model(at)
        return
    facts[field_of("embedding-function", name)] = field_text(called)
    model = text_at(function.get("config"), *_MODEL_KEYS) if function else None
    if model is None:
        corpus.without_model(at, called)
    else:
        corpus.model(model, called, at)


def _segments(database: sqlite3.Connection) -> list[tuple[str, str]]:
    query = f"SELECT id, collection FROM segments LIMIT {4 * _MAX_COLLECTIONS}"
    return [(str(key), str(owner)) for key, owner in database.execute(query)]


def _embeddings(
    database: sqlite3.Connection,
    corpus: Corpus,
    facts: dict[str, str],
    owners: dict[str, str | None],
) -> None:
    """How many chunks each collection has, and since when."""
    count: Counter[str] = Counter()
    total = 0
    query = "SELECT segment_id, created_at FROM embeddings"
    for segment, created in database.execute(query):
        total += 1
        if (name := owners.get(str(segment))) is not None:
            count[name] += 1
        if isinstance(created, str) and (found := _MOMENT.fullmatch(created)):
            # CURRENT_TIMESTAMP of SQLite is in UTC.
            corpus.date("ingested", f"{found[1]}T{found[2]}Z")
    facts["chunks"] = str(total)
    for name, number in count.items():
        facts[field_of("chunks", name)] = str(number)


def _sources(database: sqlite3.Connection, corpus: Corpus) -> None:
    """Sources of all chunks; one that has several keys counts by each of them."""
    marks = ", ".join("?" * len(SOURCE_KEYS))
    query = f"SELECT string_value FROM embedding_metadata WHERE key IN ({marks})"
    for (value,) in database.execute(query, SOURCE_KEYS):
        if isinstance(value, str) and value.strip():
            corpus.source(value)


CATALOGER = Cataloger(
    id="chroma",
    title="Chroma databases (chroma.sqlite3)",
    wants=_wants,
    read=_read,
    supplies=(
        "collections, their dimension, how many chunks each has",
        "when the first and the last chunk was taken in, and from which sources",
        "the embedding function, and the model where its settings name it",
    ),
    cannot=(
        "tell who put a document in",
        "see what waits in a write-ahead log, or in the queue of embeddings",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        **CORPUS_FINDINGS,
        "collections-too-many": "more collections than are read; the rest is not known",
        "database-malformed": "not a database as Chroma writes it, or one that takes "
        "too long to read; the rest is not known",
        "database-not-settled": "changes wait in a file beside the database; they are "
        "not read",
    },
)
