"""Vector indexes that tell little: FAISS, Qdrant's local mode, Lance tables.

A FAISS header has the kind of the index, its dimension and how many vectors. LangChain
keeps the documents beside it in ``index.pkl``, and Qdrant's local mode keeps each point
in its database as a pickle: those are not opened, here or anywhere in aibom.

Sources: facebookresearch/faiss ``impl/index_write.cpp`` (``write_index_header``);
qdrant/qdrant-client ``local/qdrant_local.py`` (``meta.json``) and
``local/persistence.py``; lance-format/lance ``format`` (``_versions/*.manifest``).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from typing import Any

from aibom.catalogers.binary import field_of
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.corpus import CORPUS_FINDINGS, Corpus, field_text
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.names import NAME_FINDINGS
from aibom.catalogers.notes import Notes, pointer

__all__ = ["CATALOGER"]

#: Kind, dimension, vectors, two that mean nothing, trained, metric; little-endian.
_FAISS = struct.Struct("<4siqqqBi")
_MAX_VECTORS = 2**48
_MAX_DIMENSION = 2**20
_HEAD = 64 * 1024
_MAX_COLLECTIONS = 200
_QDRANT = "meta.json"


def _wants(path: str, form: str) -> bool:
    folder, _, name = path.rpartition("/")
    if name.lower().endswith(".faiss"):
        return True
    if name == _QDRANT:
        return form == "json"
    top, _, last = folder.rpartition("/")
    return name.endswith(".manifest") and last == "_versions" and top.endswith(".lance")


def _read(notes: Notes) -> None:
    name = notes.path.rpartition("/")[2]
    if name == _QDRANT:
        _qdrant(notes)
    elif name.endswith(".manifest"):
        _lance(notes)
    else:
        _faiss(notes)


def _faiss(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        head = stream.read(_FAISS.size)
    facts: dict[str, str] = {}
    if len(head) == _FAISS.size:
        kind, dimension, count, _, _, trained, metric = _FAISS.unpack(head)
        sane = 0 < dimension <= _MAX_DIMENSION and 0 <= count <= _MAX_VECTORS
        if kind.isalnum() and kind[:1] == b"I" and sane and trained in (0, 1):
            facts["index-kind"] = kind.decode("ascii")
            facts |= {"dimension": str(dimension), "vectors": str(count)}
            facts["metric"] = {0: "inner-product", 1: "l2"}.get(metric, str(metric))
    if not facts:
        notes.skip("index-header-unknown")
    beside = notes.path[: -len(".faiss")] + ".pkl"
    if notes.place.has(beside):
        notes.skip("index-documents-pickled", "", beside)
    else:
        notes.skip("index-opaque", "", "documents are kept elsewhere")
    Corpus(notes, "faiss").write(facts)


def _qdrant(notes: Notes) -> None:
    """``meta.json`` is a name that many files have: only with its databases."""
    with notes.place.open(notes.path) as stream:
        if b'"collections"' not in stream.read(_HEAD):
            return
    if not _is_qdrant(notes):
        return
    document = read_json(notes)
    listed = document.get("collections") if isinstance(document, dict) else None
    facts: dict[str, str] = {}
    if isinstance(listed, dict):
        facts["collections"] = str(len(listed))
        if len(listed) > _MAX_COLLECTIONS:
            notes.skip("index-too-many", "/collections", f"{len(listed):,}")
        for name in sorted(listed)[:_MAX_COLLECTIONS]:
            facts |= _vectors(name, listed[name])
    elif document is not UNREAD:
        notes.skip("index-malformed", pointer("collections"))
    notes.skip("index-documents-pickled", "", "collection/*/storage.sqlite")
    Corpus(notes, "qdrant-local").write(facts)


def _is_qdrant(notes: Notes) -> bool:
    """Whether a folder ``collection`` lies beside it, with a database."""
    start = f"{notes.folder}/collection/" if notes.folder else "collection/"
    files = notes.place.listing.entries
    key = start.encode("utf-8", "surrogateescape")
    index = bisect_left(
        files, key, key=lambda file: file.path.encode("utf-8", "surrogateescape")
    )
    return index < len(files) and files[index].path.startswith(start)


def _vectors(name: str, collection: Any) -> dict[str, str]:
    """Size and distance, where a collection has one kind of vector."""
    vectors = collection.get("vectors") if isinstance(collection, dict) else None
    if not isinstance(vectors, dict):
        return {}
    size, distance = vectors.get("size"), vectors.get("distance")
    found = {}
    if isinstance(size, int) and not isinstance(size, bool):
        found[field_of("dimension", field_text(name))] = str(size)[:20]
    if isinstance(distance, str):
        found[field_of("metric", field_text(name))] = field_text(distance)
    return found


def _lance(notes: Notes) -> None:
    """Once for each table: its first version that is still there."""
    files = notes.place.listing.entries
    top = notes.folder + "/"
    index = bisect_left(
        files,
        notes.path.encode("utf-8", "surrogateescape"),
        key=lambda file: file.path.encode("utf-8", "surrogateescape"),
    )
    before = files[index - 1].path if index else ""
    if not (before.startswith(top) and before.endswith(".manifest")):
        table = notes.folder.rpartition("/")[0]
        notes.skip("index-opaque", "", f"a Lance table: {table}")


CATALOGER = Cataloger(
    id="vector-index",
    title="Vector indexes (FAISS, Qdrant local mode, Lance)",
    wants=_wants,
    read=_read,
    supplies=(
        "FAISS: kind, dimension, number of vectors; Qdrant: collections with size and "
        "distance",
        "that an index was made from documents which nothing here names",
    ),
    cannot=(
        "tell which documents are in it, from where, since when, or which model "
        "embedded them",
        "read Lance tables: that they are there is all that is said",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        **CORPUS_FINDINGS,
        "index-documents-pickled": "the documents are in pickles, which are not "
        "opened; which they are is not known",
        "index-header-unknown": "not a header of FAISS as it is known; its dimension "
        "and size are not known",
        "index-malformed": "not what the format has there; that part is not known",
        "index-opaque": "an index that does not say what is in it",
        "index-too-many": "more collections than are read; the rest is not known",
    },
)
