"""Sentence-transformers and SetFit: their files beside the weights.

``modules.json`` says which folders are put together,
``config_sentence_transformers.json`` with which versions it was made and which prompts
are put before a text, ``config_setfit.json`` the labels. None names a base or data; the
card does.

Sources: UKPLab/sentence-transformers ``SentenceTransformer.py``; huggingface/setfit
``modeling.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.notes import Notes, pointer
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_MAX_ITEMS = 1_000
_MAX_TEXT = 2_000


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] in _READERS


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if document is UNREAD:
        return
    kind, reader = _READERS[notes.path.rpartition("/")[2]]
    if not isinstance(document, kind):
        notes.skip("sentence-model-malformed", "", "not of the type it has")
        return
    reader(notes, document)


def _modules(notes: Notes, document: list[Any]) -> None:
    types = [each.get("type") if isinstance(each, dict) else None for each in document]
    if not any(isinstance(kind, str) for kind in types):
        notes.skip("sentence-model-malformed", "", "no module has a type")
        return
    notes.subject_is(Kind.MODEL)
    if len(document) > _MAX_ITEMS:
        notes.skip("list-too-long", "", f"{len(document):,} modules")
    for index, each in enumerate(document[:_MAX_ITEMS]):
        if not isinstance(each, dict) or not isinstance(each.get("type"), str):
            notes.skip("sentence-model-malformed", pointer(index), "no type")
            continue
        _say(notes, f"module.{index}", each["type"], pointer(index, "type"))
        _folder(notes, each.get("path"), pointer(index, "path"))


def _folder(notes: Notes, path: Any, at: str) -> None:
    """A module's folder lies below this one; the first module may be this one."""
    if not isinstance(path, str):
        notes.skip("sentence-model-malformed", at, "not a text")
    elif path.startswith("/") or ".." in path.replace("\\", "/").split("/"):
        notes.odd("module-elsewhere", at, path)
    elif path and not notes.place.files_under(
        "/".join(filter(None, (notes.folder, path.strip("/"))))
    ):
        notes.odd("module-missing", at, path)


def _config(notes: Notes, document: dict[str, Any]) -> None:
    notes.subject_is(Kind.MODEL)
    for key, field in (
        ("similarity_fn_name", "parameter.similarity"),
        ("default_prompt_name", "parameter.default-prompt"),
    ):
        if (text := text_of(document.get(key))) is not None:
            _say(notes, field, text, pointer(key))
    for key, field in (("__version__", "made-with"), ("prompts", "prompt")):
        stated = document.get(key)
        if stated is not None and not isinstance(stated, dict):
            notes.skip("sentence-model-malformed", pointer(key), "not an object")
            continue
        named = stated or {}
        if len(named) > _MAX_ITEMS:
            notes.skip("list-too-long", pointer(key), f"{len(named):,} entries")
        for name in sorted(named)[:_MAX_ITEMS]:
            text, at = text_of(named[name]), pointer(key, name)
            if text is None:
                notes.skip("sentence-model-malformed", at, "not a text")
            else:
                _say(notes, f"{field}.{_plain(name)}", text, at)


def _setfit(notes: Notes, document: dict[str, Any]) -> None:
    notes.subject_is(Kind.MODEL)
    if (text := text_of(document.get("normalize_embeddings"))) is not None:
        notes.say("parameter.normalize-embeddings", text, "/normalize_embeddings")
    labels = document.get("labels")
    if labels is None:
        return
    if not isinstance(labels, list) or any(text_of(one) is None for one in labels):
        notes.skip("sentence-model-malformed", "/labels", "not a list of texts")
        return
    text = json.dumps(labels, ensure_ascii=False)
    _say(notes, "label-classes", text, "/labels")


def _say(notes: Notes, field: str, text: str, at: str) -> None:
    if len(text) > _MAX_TEXT:
        notes.skip("value-too-long", at, f"{len(text):,} characters")
    else:
        notes.say(field, text, at)


def _plain(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)[:200] or " "


_READERS: Mapping[str, tuple[type, Callable[[Notes, Any], None]]] = {
    "modules.json": (list, _modules),
    "config_sentence_transformers.json": (dict, _config),
    "config_setfit.json": (dict, _setfit),
}

CATALOGER = Cataloger(
    id="sentence-transformers",
    title="sentence-transformers and SetFit models",
    wants=_wants,
    read=_read,
    supplies=(
        "modules and their classes, prompts, similarity, versions it was made with",
        "the labels of a SetFit model",
    ),
    cannot=("tell the base model or the data: the card names them, if anything does",),
    findings={
        **DOCUMENT_FINDINGS,
        "sentence-model-malformed": "not what the library writes; that part is not "
        "known",
        "module-missing": "a module whose folder does not lie here",
        "module-elsewhere": "a module outside the folder of the model",
        "list-too-long": "more entries than are read; the rest is not known",
        "value-too-long": "a text longer than is read",
    },
)
