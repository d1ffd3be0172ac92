"""Haystack's document store in memory, as it is saved: one JSON file of any name.

Source: deepset-ai/haystack ``document_stores/in_memory/document_store.py``
(``save_to_disk``: ``type``, ``init_parameters``, ``documents[].meta``).
"""

from __future__ import annotations

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.corpus import CORPUS_FINDINGS, Corpus
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.names import NAME_FINDINGS
from aibom.catalogers.notes import Notes

__all__ = ["CATALOGER"]

_HEAD = 4 * 1024
_TYPE = "haystack.document_stores.in_memory.document_store.InMemoryDocumentStore"
_MAX_DOCUMENT = 32 * 1024 * 1024


def _wants(path: str, form: str) -> bool:
    return form == "json" and path.lower().endswith(".json")


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        if _TYPE.encode() not in stream.read(_HEAD):
            return
    corpus = Corpus(notes, "haystack-in-memory")
    document = read_json(notes, _MAX_DOCUMENT)
    if not isinstance(document, dict) or document.get("type") != _TYPE:
        if document is UNREAD:
            corpus.write({})
        return
    documents = document.get("documents")
    if not isinstance(documents, list):
        notes.skip("store-malformed", "/documents", "not a list")
        documents = []
    for item in documents:
        corpus.document(item.get("meta") if isinstance(item, dict) else None)
    corpus.write({"documents": str(len(documents))})


CATALOGER = Cataloger(
    id="haystack-store",
    title="Haystack document store (in memory, saved)",
    wants=_wants,
    read=_read,
    supplies=("how many documents, and where they came from",),
    cannot=("tell when a document was taken in, or by which model it was embedded",),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        **CORPUS_FINDINGS,
        "store-malformed": "not what Haystack writes; that part is not known",
    },
)
