"""Models of transformers: ``config.json``.

``_name_or_path`` is what the model was loaded from when it was saved: the base of a
fine-tune, but in the repository of a published model also that model itself, or a
folder of the training host. So it is a fact of its own, ``loaded-from``, and no lineage
is made of it. (Versions since 4.5x write it no more.) Code that ``auto_map`` names is
another cataloger's; a ``config.json`` of anything else gives nothing.

Source: huggingface/transformers ``configuration_utils.py``,
``utils/quantization_config.py``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.names import NAME_FINDINGS
from aibom.catalogers.notes import SUBJECT, Notes, pointer
from aibom.lineage.hub_names import is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

#: Any of these makes it a configuration of transformers.
_OWN = ("model_type", "architectures", "transformers_version", "_name_or_path")
_FACTS = {
    "model_type": "model-type",
    "transformers_version": "library-version.transformers",
    "torch_dtype": "parameter.dtype",
    "dtype": "parameter.dtype",
}
_QUANTIZATION = {
    "quant_method": "quantization",
    "bits": "parameter.quantization-bits",
    "load_in_4bit": "parameter.quantization-load-in-4bit",
    "load_in_8bit": "parameter.quantization-load-in-8bit",
    "bnb_4bit_quant_type": "parameter.quantization-type",
    "fmt": "parameter.quantization-format",
    "version": "parameter.quantization-version",
}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MAX_ARCHITECTURES = 100
_MAX_NAME = 500


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "config.json"


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if not isinstance(document, dict):
        if document is not UNREAD:
            notes.skip("config-malformed", "", "not an object")
        return
    if not any(key in document for key in _OWN):
        return
    notes.subject_is(Kind.MODEL)
    for key, field in _FACTS.items():
        value = document.get(key)
        if (text := text_of(value)) is not None:
            notes.say(field, text, pointer(key))
        elif value is not None:
            notes.skip("config-malformed", pointer(key), "neither text nor number")
    _architectures(notes, document)
    _loaded_from(notes, document)
    _quantization(notes, document)


def _architectures(notes: Notes, document: dict[str, Any]) -> None:
    stated = document.get("architectures")
    if stated is None:
        return
    names = stated if isinstance(stated, list) else [stated]
    texts = [name for name in names[:_MAX_ARCHITECTURES] if isinstance(name, str)]
    if len(texts) != len(names):
        notes.skip("config-malformed", "/architectures", "not a short list of texts")
    if texts:
        notes.say("architecture-class", ", ".join(sorted(set(texts))), "/architectures")


def _loaded_from(notes: Notes, document: dict[str, Any]) -> None:
    at = "/_name_or_path"
    stated = document.get("_name_or_path")
    if stated is not None and not isinstance(stated, str):
        notes.skip("config-malformed", at, "not a text")
    name = stated.strip() if isinstance(stated, str) else ""
    if not name:
        return
    if is_hub_name(name):
        notes.say("loaded-from", name, at)
        notes.odd("loaded-from-only", at, name)
    else:
        notes.odd("reference-local-path", at, name)
    commit = document.get("_commit_hash")
    if isinstance(commit, str) and _COMMIT.fullmatch(commit):
        notes.say("loaded-from-revision", commit, "/_commit_hash")


def _quantization(notes: Notes, document: dict[str, Any]) -> None:
    key = "quantization_config"
    stated = document.get(key)
    if not isinstance(stated, dict):
        if stated is not None:
            notes.skip("config-malformed", pointer(key), "not an object")
        return
    for name, field in _QUANTIZATION.items():
        if (text := text_of(stated.get(name))) is not None:
            notes.say(field, text, pointer(key, name))
    _calibration(notes, stated.get("dataset"), pointer(key, "dataset"))


def _calibration(notes: Notes, stated: Any, at: str) -> None:
    """Data that the weights were fitted to: a short name of a library, or the texts."""
    if isinstance(stated, str) and stated.strip():
        identity = {"stated-as": stated.strip()[:_MAX_NAME]}
    elif isinstance(stated, list) and stated:
        count = f"{len(stated):,} texts in the file"
        identity = {"file": notes.place.sha256(notes.path), "at": at, "texts": count}
    elif stated is None:
        return
    else:
        notes.skip("config-malformed", at, json.dumps(stated)[:_MAX_NAME])
        return
    data = notes.entity(Kind.DATASET, identity, at)
    notes.edge(SUBJECT, Relation.DERIVED_FROM, data, "calibration-data", at)


CATALOGER = Cataloger(
    id="transformers-config",
    title="transformers model (config.json)",
    wants=_wants,
    read=_read,
    supplies=(
        "model type, classes, number type, version of transformers",
        "how it was quantized, and with which calibration data, where stated",
        "what it was loaded from when it was saved, in files of older versions",
    ),
    cannot=(
        "tell the base model: what it was loaded from may be itself",
        "tell any training data",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        "reference-local-path": NAME_FINDINGS["reference-local-path"],
        "config-malformed": "not what transformers writes; that part is not known",
        "loaded-from-only": "names what the model was loaded from, which may be its "
        "base or the model itself; no lineage is made of it",
    },
)
