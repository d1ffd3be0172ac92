"""What was put into an index, from where, and by which model it was embedded.

An index that is retrieved from was made by an ``embed`` step, from documents that are
not here: the step and its inputs are written down as the index tells them, without a
record and without digests. So whoever asks after the corpus finds it, and finds that
nothing pins it.

A document's source is what the loader wrote beside its text: ``source`` (LangChain),
``file_path`` (LlamaIndex, Haystack) or ``url``. The folder of a user is left out of a
path.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from aibom.catalogers.data_file import add_data_file
from aibom.catalogers.label_texts import clean
from aibom.catalogers.names import refer_to_model
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.tools import address
from aibom.lineage.hub_names import is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CORPUS_FINDINGS", "SOURCE_KEYS", "Corpus", "field_text"]

#: Under which keys a loader writes where a document came from; the first one counts.
SOURCE_KEYS = ("source", "file_path", "url")
MAX_SOURCES = 100_000
MAX_TOLD = 200
_MAX_TEXT = 500
_MAX_PATH = 4096
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][0-9:.+Z-]{1,29})?")
_HOME = re.compile(r"^(?:/?[A-Za-z]:)?[/\\]+(?:home|Users)[/\\]+[^/\\]+")
_HUB = frozenset({"huggingface", "sentence_transformer"})

#: What a corpus may find; a cataloger that writes one declares it too.
CORPUS_FINDINGS: Mapping[str, str] = {
    "corpus-sources-none": "documents that do not say where they came from",
    "corpus-sources-many": "more sources than are told one by one; they are counted",
    "corpus-sources-too-many": "more sources than are counted; how many is not known",
    "embedding-model-not-named": "an index that does not say which model made it",
}


def field_text(text: str) -> str:
    """A text as it may stand in a fact: one line, of bounded length."""
    return clean(text)[:_MAX_TEXT]


class Corpus:
    """Collects what an index tells of its documents, and writes it down once."""

    def __init__(self, notes: Notes, form: str) -> None:
        self._notes = notes
        self._form = form
        self._seen: set[bytes] = set()
        self._told: set[tuple[str, str]] = set()
        self._is_full = False
        self._without = 0
        self._models: dict[tuple[str, str], str] = {}
        self._without_model = False
        self._dates: dict[str, tuple[str, str]] = {}

    def document(self, metadata: Any) -> None:
        """Count a document by its metadata: one more with, or without, a source."""
        found = metadata if isinstance(metadata, dict) else {}
        values = (found.get(key) for key in SOURCE_KEYS)
        value = next((v for v in values if isinstance(v, str) and v.strip()), None)
        if value is None:
            self._without += 1
        else:
            self.source(value)

    def source(self, text: str) -> None:
        """One document's source, as its loader wrote it."""
        key = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        if key in self._seen or self._is_full:
            return
        self._is_full = len(self._seen) >= MAX_SOURCES
        if not self._is_full:
            self._seen.add(key)
            self._tell(text)

    def _tell(self, text: str) -> None:
        told = _told(text)
        if len(self._told) < MAX_TOLD:
            self._told.add(told)
        elif told < (last := max(self._told)):  # which are told is not by their order
            self._told.discard(last)
            self._told.add(told)

    def date(self, field: str, value: Any) -> None:
        """A day or moment of a document, of which the first and the last are kept."""
        if isinstance(value, str) and _DAY.fullmatch(value):
            first, last = self._dates.get(field, (value, value))
            self._dates[field] = (min(first, value), max(last, value))

    def model(self, name: str, function: str, at: str) -> None:
        """The model, by a name of its own, and the function that calls it."""
        self._models[field_text(name), field_text(function)] = at

    def without_model(self, at: str, function: str = "") -> None:
        """Part of the index does not name its model."""
        self._without_model = True
        self._notes.odd("embedding-model-not-named", at, function)

    def write(self, facts: Mapping[str, str], at: str = "") -> None:
        """Write the index, the step that made it, and what that used."""
        notes = self._notes
        told: dict[str, str | None] = {"index-format": self._form, **facts}
        for field, (first, last) in self._dates.items():
            told |= {f"first-{field}": first, f"last-{field}": last}
        if self._seen and not self._is_full:
            told["sources"] = str(len(self._seen))
        index = add_data_file(notes, "index", told)
        step = notes.step("embed", {}, at)
        notes.edge(step, Relation.GENERATED, index, "index", at)
        self._documents(step, at)
        for (name, function), where in sorted(self._models.items()):
            self._embedding(step, name, function, where)
        if not self._models and not self._without_model:
            self.without_model(at)

    def _documents(self, step: str, at: str) -> None:
        notes = self._notes
        identity = {"index": notes.place.sha256(notes.path)}
        about = {"name": f"documents of {notes.path}"[:_MAX_TEXT]}
        if self._is_full:
            notes.skip("corpus-sources-too-many", at, f"over {MAX_SOURCES:,}")
        if len(self._seen) > MAX_TOLD:
            notes.odd("corpus-sources-many", at, f"{MAX_TOLD} are told")
        if self._without:
            notes.odd("corpus-sources-none", at, f"{self._without:,} documents")
        name = notes.entity(Kind.DATASET, identity, at, about)
        for field, value in sorted(self._told):
            notes.entity(Kind.DATASET, identity, at, {**about, field: value})
        notes.edge(step, Relation.USED, name, "retrieval-corpus", at)

    def _embedding(self, step: str, name: str, function: str, at: str) -> None:
        notes, role = self._notes, "embedding-model"
        if function in _HUB and "/" in name and is_hub_name(name):
            model = refer_to_model(
                notes, name, at, role=role, relation=Relation.REQUIRES
            )
        else:  # a name that a service, or a library, gives it
            identity = {"name": name, "embedding-function": function}
            model = notes.entity(Kind.MODEL, identity, at)
            notes.edge(SUBJECT, Relation.REQUIRES, model, role, at)
        if model is not None:
            notes.edge(step, Relation.USED, model, role, at)


def _told(text: str) -> tuple[str, str]:
    """The field and value of a source: an address, or a path without its user."""
    if (found := address(text)) is not None:
        return "source", field_text(found[0])
    place = text.strip()[:_MAX_PATH].removeprefix("file://")
    place = _HOME.sub("~", place, count=1)
    if "://" in place or "@" in place.partition("/")[0]:
        place = PurePath(place).name  # may hold a password, in no form that is known
    return "location", field_text(place) or "?"
