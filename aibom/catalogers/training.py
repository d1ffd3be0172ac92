"""What configurations of training and merging programs have in common.

Such a file describes a step: models and data that it used, parameters, and where its
product went. What it names and what lies in the same place is joined by digest; what
does not lie there is known by its name only, or not at all. That the file describes
what really ran, and that its product is the thing beside it, is the file's word.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aibom.catalogers.documents import text_of
from aibom.catalogers.names import (
    NAME_FINDINGS,
    refer_to_dataset,
    refer_to_model,
    tell_bases,
)
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.digest import Digest
from aibom.lineage.nodes import Kind, Relation

__all__ = [
    "MAX_INPUTS",
    "TRAINING_FINDINGS",
    "Base",
    "TrainingStep",
    "holds_words",
    "open_step",
    "parameters",
    "path_in_place",
]

#: A model that a file names: name, revision, pointer.
Base = tuple[str, str | None, str]

#: More inputs than this of one step are not read.
MAX_INPUTS = 200
_SNIFF_BYTES = 1024 * 1024
_MAX_TEXT = 2_000
_MAX_NAME = 500
_WEIGHTS = frozenset(
    {"gguf", "hdf5", "keras-zip", "onnx", "pickle", "pytorch-zip", "safetensors"}
)
_DATA_FILE = re.compile(
    r"\.(jsonl?|ndjson|csv|tsv|txt|parquet|arrow)(\.(gz|zst|xz|bz2))?$", re.IGNORECASE
)

#: What these functions may find; a cataloger that calls them declares it too.
TRAINING_FINDINGS: Mapping[str, str] = {
    **NAME_FINDINGS,
    "input-holds-product": "names as an input what holds the product of the step, or "
    "is the same; it is known by its path only",
    "product-not-here": "describes a step whose product does not lie in this place",
    "too-many-inputs": "names more inputs than are read; the rest is not known",
}


def holds_words(notes: Notes, *words: str) -> bool:
    """Whether every word begins a line, or is a JSON key, in the first megabyte.

    A file of any name may be such a configuration; only one that is may give findings.
    """
    with notes.place.open(notes.path) as stream:
        head = stream.read(_SNIFF_BYTES)
    return all(
        re.search(rb'(?:^|[\r\n{,])[ \t]*"?' + word.encode() + rb'"?[ \t]*:', head)
        for word in words
    )


def path_in_place(notes: Notes, text: str, *folders: str) -> str | None:
    """The file or folder of the place that a relative path means, if there is one.

    Tried from the file's own folder, from ``folders`` within it, and from the place.
    """
    text = text.strip()
    if not text or text.startswith(("/", "~")) or "\\" in text or "\0" in text:
        return None
    below = [posixpath.join(notes.folder, folder) for folder in folders]
    for folder in (notes.folder, *below, *folders, ""):
        path = posixpath.normpath(posixpath.join(folder, text))
        if path == ".." or path.startswith(("../", "/")):
            continue
        path = "" if path == "." else path
        if notes.place.has(path) or notes.place.files_under(path):
            return path
    return None


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """A step that a file describes; ``product`` is the folder of its product.

    That is a path in the place, or None where the product does not lie here. What holds
    the product cannot have gone into it, whatever the file says.
    """

    notes: Notes
    id: str
    product: str | None

    @property
    def makes_subject(self) -> bool:
        """Whether the product is what the file lies in."""
        return self.product == self.notes.folder

    def use_bases(self, bases: Sequence[Base], *, how: str) -> None:
        """Base models; where the subject is the product, its facts name them."""
        for base in bases:
            self.use_model(base, facts={"relation": how})
        if self.makes_subject:
            tell_bases(self.notes, bases)

    def use_model(
        self,
        model: Base,
        *,
        role: str = "base-model",
        facts: Mapping[str, str | None] | None = None,
    ) -> None:
        """A model: a folder of the place, or one that is only named."""
        text, revision, at = model
        here = self._input(Kind.MODEL, text, at)
        if here is not None and not self.notes.place.has(here[0]):
            self.notes.edge(self.id, Relation.USED, here[1], role, at, facts)
            return
        refer_to_model(
            self.notes,
            text,
            at,
            revision=revision,
            role=role,
            source=self.id,
            relation=Relation.USED,
            facts=facts,
        )

    def use_dataset(
        self,
        text: str,
        at: str,
        *,
        revision: str | None = None,
        role: str = "training-data",
        facts: Mapping[str, str | None] | None = None,
    ) -> str | None:
        """Data; returns its path, if it is a file or folder of the place.

        ``data/train.jsonl`` could be the name of a repository, and is none: a name that
        ends as data files do is a path.
        """
        here = self._input(Kind.DATASET, text, at)
        if here is not None:
            self.notes.edge(self.id, Relation.USED, here[1], role, at, facts)
            return here[0]
        if _DATA_FILE.search(text):
            self.notes.odd("reference-local-path", at, text)
            stated = {"stated-as": text.strip()[:_MAX_NAME]}
            name = self.notes.entity(Kind.DATASET, stated, at)
            self.notes.edge(self.id, Relation.USED, name, role, at, facts)
            return None
        refer_to_dataset(
            self.notes,
            text,
            at,
            revision=revision,
            role=role,
            source=self.id,
            relation=Relation.USED,
            facts=facts,
        )
        return None

    def _input(self, kind: Kind, text: str, at: str) -> tuple[str, str] | None:
        """The path and node of an input that lies here, and does not hold the product.

        Nor may it have the same bytes: then it could not be told from the product.
        """
        notes = self.notes
        path = path_in_place(notes, text)
        if not path:
            return None
        if notes.place.has(path):
            return path, notes.file_entity(kind, path, at)
        product = self.product
        if f"{notes.folder}/".startswith(f"{path}/") or (
            product is not None
            and (
                f"{product}/".startswith(f"{path}/")
                or notes.place.folder(path).digest == _digest(notes, product)
            )
        ):
            notes.odd("input-holds-product", at, text)
            return None
        return path, _folder(notes, kind, path, at)


def open_step(
    notes: Notes,
    kind: str,
    facts: Mapping[str, str | None],
    document: Mapping[str, Any],
    folder_key: str,
) -> TrainingStep:
    """A step with what it generated.

    That is the folder that it was told to write to, if it lies in the place; else the
    folder of the file, if weights lie in it; else the repository that it was told to
    upload to (``hub_model_id``).
    """
    step = notes.step(kind, {}, "", facts)
    at = pointer(folder_key)
    text = text_of(document.get(folder_key)) or ""
    folder = path_in_place(notes, text)
    if folder and folder != notes.folder and not notes.place.has(folder):
        product = _folder(notes, Kind.MODEL, folder, at)
        notes.edge(step, Relation.GENERATED, product, "", at)
        return TrainingStep(notes, step, folder)
    if folder == notes.folder or has_weights(notes):
        notes.subject_is(Kind.MODEL)
        notes.edge(step, Relation.GENERATED, SUBJECT, "", at)
        return TrainingStep(notes, step, notes.folder)
    uploaded = text_of(document.get("hub_model_id"))
    if uploaded and uploaded.strip():
        place, made = "/hub_model_id", Relation.GENERATED
        refer_to_model(notes, uploaded, place, role="", source=step, relation=made)
    else:
        notes.odd("product-not-here", at, text)
    return TrainingStep(notes, step, None)


def has_weights(notes: Notes) -> bool:
    """Whether files of weights lie in the folder of this file, by their bytes."""
    place, folder = notes.place, notes.folder
    return any(
        place.formats[name] in _WEIGHTS
        and posixpath.dirname(name) == folder
        and posixpath.basename(name) != "training_args.bin"
        for name in place.paths_under(folder)
    )


def parameters(
    document: Mapping[str, Any], keys: Sequence[str]
) -> dict[str, str | None]:
    """Scalars of a document as facts ``parameter.KEY``, by their own names."""
    facts: dict[str, str | None] = {}
    for key in keys:
        text = text_of(document.get(key))
        if text is not None and len(text) <= _MAX_TEXT:
            facts[f"parameter.{key.replace('_', '-')}"] = text
    return facts


def _digest(notes: Notes, folder: str) -> Digest:
    return notes.place.folder(folder).digest


def _folder(notes: Notes, kind: Kind, path: str, at: str) -> str:
    content = notes.place.folder(path)
    return notes.entity(kind, content.digest, at, {"name": posixpath.basename(path)})
