"""Data provenance metadata: the Data & Trust Alliance's, and OASIS's of the same form.

A JSON document with the groups ``source``, ``provenance`` and ``use`` (OASIS adds
``set``). It says who issued a dataset, where it was collected, how, and for what it may
be used; it names no labelers.

Source: Data-and-Trust-Alliance/DPS 1.0.0 (``data-provenance-standards-1.0.0.schema``);
OASIS Data Provenance Metadata 1.0 CSD02 (oasis-tcs/dps ``data-provenance.json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.croissant_terms import each, text_at
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_GROUPS = ("source", "provenance", "use")
_HEAD = 64 * 1024
_MAX_DEPTH = 16
_MAX_ITEMS = 1000
_MAX_TEXT = 4000
_MAX_NAME = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")

#: A pointer's two parts and the field of its fact.
_TEXTS = {
    ("source", "title"): "name",
    ("source", "name"): "name",
    ("source", "description"): "description",
    ("source", "data-version"): "version",
    ("source", "location"): "source",
    ("provenance", "date"): "issued",
    ("provenance", "previous-date"): "issued-before",
}
#: The same, for what is kept as it was written.
_KEPT = (
    *(("provenance", key) for key in ("origin-geography", "generation-period")),
    *(("provenance", key) for key in ("generation-method", "format")),
    *(("use", key) for key in ("classification", "consents", "privacy-enhancing")),
    *(("use", key) for key in ("processing-included", "processing-excluded")),
    *(("use", key) for key in ("storage-allowed", "storage-forbidden")),
    *(("use", key) for key in ("intended-purpose", "copyright", "patent")),
    ("use", "trademark"),
)


def _wants(path: str, form: str) -> bool:
    return path.lower().endswith(".json") and form == "json"


def _read(notes: Notes) -> None:
    if not _may_be(notes):
        return
    document = read_json(notes)
    if document is UNREAD or not _is_provenance(document):
        return
    notes.subject_is(Kind.DATASET)
    for group, key, value, at in _members(document):
        if (group, key) in _TEXTS:
            text = text_at(value)
            if text is None:
                notes.odd("provenance-malformed", at)
            else:
                notes.say(_TEXTS[group, key], text[:_MAX_TEXT], at)
        elif (group, key) in _KEPT:
            told = json.dumps(value, sort_keys=True, ensure_ascii=False)
            notes.say(f"{group}.{key}", told[:_MAX_TEXT], at)
    _about(notes, document["source"])
    _licence(notes, document["use"])
    _parties(notes, document)
    _sources(notes, document["provenance"], "/provenance", 0)
    _hashes(notes, document["source"].get("id"))


def _may_be(notes: Notes) -> bool:
    """A look at the first bytes: most JSON is something else."""
    if notes.place.size(notes.path) > _HEAD:
        words: tuple[bytes, ...] = (b'"provenance"',)
    else:
        words = (b'"source"', b'"provenance"', b'"use"')
    with notes.place.open(notes.path) as stream:
        head = stream.read(_HEAD)
    return all(word in head for word in words)


def _is_provenance(document: Any) -> bool:
    """The three groups, and a member that only these standards have."""
    if not isinstance(document, dict):
        return False
    if not all(isinstance(document.get(group), dict) for group in _GROUPS):
        return False
    return "issuer" in document["source"] and (
        "origin-geography" in document["provenance"]
        or "generation-method" in document["provenance"]
    )


def _members(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, str]]:
    for group in _GROUPS:
        for key, value in document[group].items():
            yield group, key, value, f"/{group}/{key}"


def _about(notes: Notes, source: Mapping[str, Any]) -> None:
    about = source.get("about")
    if text := text_at(about, "content"):
        notes.say("description", text[:_MAX_TEXT], "/source/about/content")
    if isinstance(source.get("id"), str):
        notes.say("metadata-id", source["id"][:_MAX_TEXT], "/source/id")


def _licence(notes: Notes, use: Mapping[str, Any]) -> None:
    texts = [text_at(value) for value, _ in each(use.get("license"), "")]
    if found := sorted({text for text in texts if text}):
        notes.say("licence", ", ".join(found)[:_MAX_TEXT], "/use/license")


def _parties(notes: Notes, document: Mapping[str, Any]) -> None:
    """Both groups name legal entities, never persons: the standard says so."""
    for group, key, role in (
        ("source", "issuer", "publisher"),
        ("provenance", "origin", "supplier"),
    ):
        listed = list(each(document[group].get(key), f"/{group}/{key}"))
        for value, at in listed[:_MAX_ITEMS]:
            name = " ".join((text_at(value, "legal-name", "name") or "").split())
            name = name[:_MAX_NAME].strip()
            if not name:
                notes.odd("provenance-malformed", at)
                continue
            party = notes.party(f"org:{name}", at)
            notes.edge(SUBJECT, Relation.ATTRIBUTED_TO, party, role, at)
        if len(listed) > _MAX_ITEMS:
            notes.skip("provenance-too-long", f"/{group}/{key}", f"{len(listed):,}")


def _sources(notes: Notes, provenance: Any, at: str, depth: int) -> None:
    """The metadata of source datasets, and of theirs (``sub-provenance``)."""
    if depth > _MAX_DEPTH:
        notes.skip("provenance-too-long", at)
        return
    if not isinstance(provenance, dict):
        notes.odd("provenance-malformed", at)
        return
    listed = list(each(provenance.get("source"), f"{at}/source"))
    for value, place in listed[:_MAX_ITEMS]:
        if text := text_at(value):
            # An address of metadata: what it describes is only known as that.
            identity = {"described-at": text[:_MAX_TEXT]}
            source = notes.entity(Kind.DATASET, identity, place)
            notes.edge(SUBJECT, Relation.DERIVED_FROM, source, "source-data", place)
        else:
            notes.odd("provenance-malformed", place)
    if len(listed) > _MAX_ITEMS:
        notes.skip("provenance-too-long", f"{at}/source", f"{len(listed):,}")
    below = provenance.get("sub-provenance")
    for value, place in list(each(below, f"{at}/sub-provenance"))[:1]:
        _sources(notes, value, place, depth + 1)
    if isinstance(below, list) and len(below) > 1:
        notes.skip("provenance-too-long", f"{at}/sub-provenance", "more than one")


def _hashes(notes: Notes, identity: Any) -> None:
    """OASIS ``id.hashes``: SHA-256 of files, compared where the file is here."""
    listed = identity.get("hashes") if isinstance(identity, dict) else None
    for value, at in list(each(listed, "/source/id/hashes"))[:_MAX_ITEMS]:
        path = text_at(value, "path")
        hashes = value.get("tree-hashes") if isinstance(value, dict) else None
        for one, place in list(each(hashes, f"{at}/tree-hashes"))[:_MAX_ITEMS]:
            if text_at(one, "algorithm") == "sha256" and path:
                _compare(notes, path, text_at(one, "value") or "", place)


def _compare(notes: Notes, path: str, digest: str, at: str) -> None:
    path = f"{notes.folder}/{path}" if notes.folder else path
    if not _SHA256.fullmatch(digest.lower()):
        notes.odd("sha256-malformed", at, digest)
    elif notes.place.has(path):
        if notes.place.sha256(path) != digest.lower():
            told = f"said {digest}, is {notes.place.sha256(path)}"
            notes.odd("file-differs", at, told)
            facts = {"sha256": digest.lower()}
            notes.file_entity(Kind.DATASET, path, at, facts)
            facts = {"sha256": notes.place.sha256(path)}
            notes.file_entity(Kind.DATASET, path, at, facts)
        else:
            notes.file_entity(Kind.DATASET, path, at)


CATALOGER = Cataloger(
    id="data-provenance",
    title="Data provenance metadata (Data & Trust Alliance, OASIS)",
    wants=_wants,
    read=_read,
    supplies=(
        "name, version, licence and address of the dataset",
        "the issuer (as publisher) and, where it is another, the origin (as supplier)",
        "source datasets, by the address of their metadata",
        "collection, consent, geography and permitted use, as written",
    ),
    cannot=(
        "tell who labelled: the standards do not record it",
        "fetch the metadata of sources",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        "file-differs": "a file beside it does not have the SHA-256 that it says",
        "provenance-malformed": "not what the standard has there; that part is not "
        "known",
        "provenance-too-long": "more, or deeper, than is read; the rest is not known",
        "sha256-malformed": "something else where a SHA-256 would be; taken as absent",
    },
)
