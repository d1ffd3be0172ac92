"""Croissant 1.0 and 1.1: the description of a dataset as JSON-LD.

Read is ``croissant.json``, and a ``metadata.json`` that says it conforms to Croissant.
Files that it names are looked for beside it, and compared by their bytes.

The Hub writes the address of an issue where a SHA-256 would be: what is not 64 hex
digits is no digest. An MD5 binds nothing.

Source: mlcommons/croissant ``docs/croissant-spec.md``, ``croissant-spec-1.1.md``,
``croissant-rai-spec.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.croissant_prov import PROV_FINDINGS, Provenance
from aibom.catalogers.croissant_terms import Terms, each, text_at
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.label_texts import utc_text
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.digest import Digest
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_CROISSANT = re.compile(r"https?://mlcommons\.org/croissant/(?P<version>\d+(\.\d+)*)/?")
_KNOWN_VERSIONS = ("1.0", "1.1")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LICENCE = re.compile(
    r"https?://(choosealicense\.com/licenses|spdx\.org/licenses)/"
    r"(?P<id>[A-Za-z0-9.+-]+?)(\.html|/)?"
)
_SIZE = re.compile(r"(\d{1,18}) ?B?")
_MAX_FILES = 10_000
_MAX_FIELDS = 10_000
_MAX_TEXT = 4000

#: A term and the field of its fact, where it is one text.
_FACTS = {
    "sc:name": "name",
    "sc:description": "description",
    "sc:version": "version",
    "sc:url": "source",
    "sc:datePublished": "published",
    "sc:dateModified": "modified",
    "cr:isLiveDataset": "live",
}
#: The same, where there may be many.
_LISTS = {"sc:license": "licence", "sc:inLanguage": "language", "sc:sameAs": "same-as"}
_PARTIES = {"sc:creator": "supplier", "sc:publisher": "publisher"}


def _wants(path: str, form: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name == "metadata.json" or name.endswith(
        ("croissant.json", "croissant.jsonld")
    )


def _read(notes: Notes) -> None:
    is_named = "croissant" in notes.path.rpartition("/")[2].lower()
    if not is_named and not _says_croissant(notes):
        return
    document = read_json(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict):
        notes.skip("croissant-malformed", "", "not an object")
        return
    terms = Terms(document.get("@context"))
    top = terms.read(document, lambda term: notes.odd("term-twice", "", term))
    if not _version(notes, top) and not is_named:
        return
    notes.subject_is(Kind.DATASET)
    provenance = Provenance(notes, terms, document)
    _facts(notes, top)
    for term, role in _PARTIES.items():
        key, value = top.get(term, ("", None))
        for one, at in each(value, pointer(key)):
            provenance.attribute(one, at, role)
    provenance.read(document, "")
    _distribution(notes, terms, top, provenance)
    _fields(notes, terms, top, provenance)


def _says_croissant(notes: Notes) -> bool:
    """Whether the word stands in it at all; most files of that name are others'."""
    with notes.place.open(notes.path) as stream:
        return b"mlcommons.org/croissant" in stream.read(1024 * 1024)


def _version(notes: Notes, top: Mapping[str, tuple[str, Any]]) -> bool:
    key, value = top.get("dct:conformsTo", top.get("sc:conformsTo", ("", None)))
    for one, at in each(value, pointer(key)):
        found = _CROISSANT.fullmatch(text_at(one, "@id") or "")
        if found:
            notes.say("format-version", f"Croissant {found['version']}", at)
            if found["version"] not in _KNOWN_VERSIONS:
                notes.odd("croissant-version", at, found["version"])
            return True
    if value is None:
        notes.odd("croissant-version", "", "none")
    return False


def _facts(notes: Notes, top: Mapping[str, tuple[str, Any]]) -> None:
    for term, (key, value) in top.items():
        at = pointer(key)
        if term in _FACTS:
            text = text_of(value)
            if text is None:
                notes.odd("croissant-malformed", at)
            else:
                notes.say(_FACTS[term], text[:_MAX_TEXT], at)
        elif term in _LISTS:
            found = [text_at(v, "url", "name", "@id") for v, _ in each(value, at)]
            if texts := sorted({_licence_id(text) for text in found if text}):
                notes.say(_LISTS[term], ", ".join(texts)[:_MAX_TEXT], at)
        elif term == "sc:dateCreated":
            if created := utc_text(value):
                notes.say("created", created, at)
        elif term.startswith("rai:") and len(term) > 4:
            _responsible(notes, term[4:], value, at)


def _licence_id(text: str) -> str:
    """The id in the address of a known list: cards state the same licence by its id."""
    known = _LICENCE.fullmatch(text)
    return known["id"] if known else text


def _responsible(notes: Notes, name: str, value: Any, at: str) -> None:
    """A field of Croissant RAI, by whichever spelling the document uses."""
    texts = [text_of(one) for one, _ in each(value, at)]
    is_plain = bool(texts) and all(text is not None for text in texts)
    told = "\n".join(text or "" for text in texts) if is_plain else json.dumps(value)
    if not is_plain and value is None:
        return
    safe = re.sub(r"[\x00-\x1f\x7f]", "", name)[:100]
    notes.say(f"rai.{safe or 'unnamed'}", told[:_MAX_TEXT], at)
    if name in ("dataAnnotationProtocol", "annotationProtocol") and told.strip():
        identity = {"file": notes.place.sha256(notes.path), "at": at}
        facts = {"description": told[:_MAX_TEXT]}
        guideline = notes.entity(Kind.GUIDELINE, identity, at, facts)
        notes.edge(SUBJECT, Relation.DERIVED_FROM, guideline, "guideline", at)


def _distribution(
    notes: Notes,
    terms: Terms,
    top: Mapping[str, tuple[str, Any]],
    provenance: Provenance,
) -> None:
    key, value = top.get("sc:distribution", ("", None))
    for index, (one, at) in enumerate(each(value, pointer(key))):
        if index >= _MAX_FILES:
            notes.skip("files-too-many", pointer(key), f"more than {_MAX_FILES:,}")
            return
        if not isinstance(one, dict):
            notes.odd("croissant-malformed", at)
        elif "cr:FileObject" in terms.types(one):
            file = _file(notes, terms, one, at, provenance)
            if file is not None:
                provenance.read(one, at, file)


def _file(
    notes: Notes, terms: Terms, value: dict[str, Any], at: str, provenance: Provenance
) -> str | None:
    """One file: here, or elsewhere; its id."""
    found = {
        term: inner for term, (_, inner) in terms.read(value, lambda _: None).items()
    }
    url = text_at(found.get("sc:contentUrl"), "@id")
    if str(found.get("sc:encodingFormat")).startswith("git+"):
        return provenance.source(url, at) if url else None
    digest = _digest(notes, found.get("sc:sha256"), at)
    path = _local(notes, url)
    if path is not None and notes.place.has(path):
        name = _compare(notes, path, digest, found, at)
    else:
        is_inside = "cr:containedIn" in found or "sc:containedIn" in found
        # One whose Git LFS pointer is here lacks as much, but that is said elsewhere.
        is_there = path is None or path in notes.place.formats
        if not is_inside and not is_there:
            notes.odd("file-missing", at, url or "")
        facts = _file_facts(found, url)
        identity: Digest | dict[str, str] = (
            Digest("file", digest)
            if digest
            else {
                "source" if url and "://" in url else "stated-as": url or at,
                "described-in": notes.place.sha256(notes.path),
            }
        )
        name = notes.entity(Kind.DATASET, identity, at, facts)
    notes.edge(SUBJECT, Relation.DERIVED_FROM, name, "data", at)
    return name


def _file_facts(found: Mapping[str, Any], url: str | None) -> dict[str, str | None]:
    facts: dict[str, str | None] = {}
    if name := text_at(found.get("sc:name")):
        facts["name"] = name[:_MAX_TEXT]
    if url and "://" in url:
        facts["source"] = url
    for term in ("sc:md5", "cr:md5"):
        if md5 := text_at(found.get(term)):
            facts["weak-digest.md5"] = md5[:_MAX_TEXT]
    return facts


def _digest(notes: Notes, value: Any, at: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and _SHA256.fullmatch(value.lower()):
        return value.lower()
    notes.odd("sha256-malformed", f"{at}/sha256", text_of(value) or "")
    return None


def _local(notes: Notes, url: str | None) -> str | None:
    """The path within the place that a relative address means."""
    if not url or "://" in url or url.startswith(("/", "\\", "data:")):
        return None
    parts = [part for part in url.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        return None
    return "/".join([*filter(None, [notes.folder]), *parts])


def _compare(
    notes: Notes, path: str, digest: str | None, found: Mapping[str, Any], at: str
) -> str:
    """The file that is here, by its bytes, with what does not fit said."""
    actual = notes.place.sha256(path)
    facts = _file_facts(found, None)
    if digest is not None and digest != actual:
        notes.odd("file-differs", at, f"said {digest}, is {actual}")
        # Two values of one field: whoever reads the graph sees the contradiction.
        notes.file_entity(Kind.DATASET, path, at, {"sha256": digest})
        facts["sha256"] = actual
    size = _SIZE.fullmatch(text_of(found.get("sc:contentSize")) or "")
    if size and int(size[1]) != notes.place.size(path):
        told = f"said {int(size[1]):,} bytes, is {notes.place.size(path):,}"
        notes.odd("file-size-differs", at, told)
    return notes.file_entity(Kind.DATASET, path, at, facts)


def _fields(
    notes: Notes,
    terms: Terms,
    top: Mapping[str, tuple[str, Any]],
    provenance: Provenance,
) -> None:
    """Where record sets and their fields say that they come from."""
    key, value = top.get("cr:recordSet", top.get("sc:recordSet", ("", None)))
    seen = 0
    for record_set, at in each(value, pointer(key)):
        if not isinstance(record_set, dict):
            notes.odd("croissant-malformed", at)
            continue
        provenance.read(record_set, at)
        found = terms.read(record_set, lambda _: None)
        name, fields = found.get("cr:field", found.get("sc:field", ("", None)))
        for one, place in each(fields, at + pointer(name)):
            seen += 1
            if seen > _MAX_FIELDS:
                notes.skip("fields-too-many", at, f"more than {_MAX_FIELDS:,}")
                return
            if isinstance(one, dict):
                provenance.read(one, place)


CATALOGER = Cataloger(
    id="croissant",
    title="Croissant description of a dataset",
    wants=_wants,
    read=_read,
    supplies=(
        "name, version, licence, language and address of the dataset",
        "its files: those beside it compared by their bytes, others by their SHA-256, "
        "or by their address",
        "sources, steps and agents of the dataset, its files and its fields (PROV); "
        "the creator as its supplier",
        "the fields of Croissant RAI, and the annotation protocol as a guideline",
    ),
    cannot=(
        "tell whether what it says is so: only files beside it are compared",
        "fetch anything, or read contexts that are elsewhere",
        "compare an MD5, or files within archives and repositories",
        "read who labelled each record: that is in the files",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **PROV_FINDINGS,
        "croissant-malformed": "not what Croissant has there; that part is not known",
        "croissant-version": "no version of Croissant that is known here (1.0, 1.1)",
        "fields-too-many": "more fields than are read; where the rest come from is not "
        "known",
        "file-differs": "a file beside it does not have the SHA-256 that it says",
        "file-missing": "a file that should be beside it is not there",
        "file-size-differs": "a file beside it does not have the size that it says",
        "files-too-many": "more files than are read; the rest is not known",
        "sha256-malformed": "something else where a SHA-256 would be; taken as absent",
        "term-twice": "two keys mean one term; the last one counts",
    },
)
