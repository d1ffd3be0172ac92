"""LlamaIndex stores on disk: ``docstore.json``, with what lies beside it.

The document store has every chunk with its text, and of each document what its reader
wrote about it: path, name, and the file's own dates. Those are dates of files, not of
the day on which they were taken in: the store does not say when that was.

Source: run-llama/llama_index ``core/storage/docstore`` (``docstore/data``,
``docstore/ref_doc_info``), ``readers/file`` (``file_path``, ``creation_date``,
``last_modified_date``).
"""

from __future__ import annotations

from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.corpus import CORPUS_FINDINGS, Corpus
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.names import NAME_FINDINGS
from aibom.catalogers.notes import Notes, pointer

__all__ = ["CATALOGER"]

_HEAD = 64 * 1024
_DATA, _DOCUMENTS = "docstore/data", "docstore/ref_doc_info"
_MAX_DOCUMENT = 32 * 1024 * 1024
_DATES = {
    "creation_date": "document-created",
    "last_modified_date": "document-modified",
}


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "docstore.json"


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        if b'"docstore/' not in stream.read(_HEAD):
            return  # something else of this name
    corpus = Corpus(notes, "llama-index")
    document = read_json(notes, _MAX_DOCUMENT)
    facts: dict[str, str] = {}
    if isinstance(document, dict):
        chunks = _part(notes, document, _DATA)
        documents = _part(notes, document, _DOCUMENTS)
        facts = {"chunks": str(len(chunks)), "documents": str(len(documents))}
        for metadata in _metadata(chunks, documents):
            corpus.document(metadata)
            for key, field in _DATES.items():
                corpus.date(field, metadata.get(key))
    elif document is not UNREAD:
        notes.skip("store-malformed", "", "not an object")
    corpus.write(facts)


def _part(notes: Notes, document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        notes.skip("store-malformed", pointer(key), "not an object")
        return {}
    return value


def _metadata(
    chunks: dict[str, Any], documents: dict[str, Any]
) -> list[dict[str, Any]]:
    """What is written about each document, else about each chunk."""
    if documents:
        found = [_member(item, "metadata", "extra_info") for item in documents.values()]
    else:
        inner = [_member(item, "__data__") for item in chunks.values()]
        found = [_member(item, "metadata", "extra_info") for item in inner]
    return found


def _member(item: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = item.get(key) if isinstance(item, dict) else None
        if isinstance(value, dict):
            return value
    return {}


CATALOGER = Cataloger(
    id="llama-index",
    title="LlamaIndex stores (docstore.json)",
    wants=_wants,
    read=_read,
    supplies=(
        "how many documents and chunks, and where the documents came from",
        "the first and the last date of the documents' files",
    ),
    cannot=(
        "tell when a document was taken in, or by whom: the store does not say",
        "tell the embedding model: the store does not name it",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        **CORPUS_FINDINGS,
        "store-malformed": "not what LlamaIndex writes; that part is not known",
    },
)
