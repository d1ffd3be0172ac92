"""PEFT adapters: ``adapter_config.json``.

An adapter is of no use without the model that it was trained on, so it *requires* that
base, and is derived from it. The file names the base as its author's machine called it;
most say no revision.

Source: huggingface/peft ``src/peft/config.py``.
"""

from __future__ import annotations

from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json, text_of
from aibom.catalogers.names import NAME_FINDINGS, say_bases
from aibom.catalogers.notes import Notes, pointer
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_FACTS = {
    "peft_type": "adapter-type",
    "peft_version": "parameter.peft-version",
    "task_type": "adapter-task",
    "r": "parameter.lora-rank",
    "lora_alpha": "parameter.lora-alpha",
}


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] == "adapter_config.json"


def _read(notes: Notes) -> None:
    document = read_json(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict):
        notes.skip("adapter-malformed", "", "not an object")
        return
    notes.subject_is(Kind.MODEL)
    for key, field in _FACTS.items():
        if (text := text_of(document.get(key))) is not None:
            notes.say(field, text, pointer(key))
    _base(notes, document)


def _base(notes: Notes, document: dict[str, Any]) -> None:
    key = "base_model_name_or_path"
    base = document.get(key)
    if not isinstance(base, str) or not base.strip():
        notes.odd("adapter-without-base", pointer(key))
        return
    revision = document.get("revision")
    if revision is not None and not isinstance(revision, str):
        notes.odd("adapter-malformed", "/revision", "not a text")
        revision = None
    say_bases(notes, [(base, revision, pointer(key))], how="adapter", requires=True)


CATALOGER = Cataloger(
    id="adapter-config",
    title="PEFT adapter (adapter_config.json)",
    wants=_wants,
    read=_read,
    supplies=(
        "the base model, by the name its author used, and its revision where stated",
        "adapter type, task, rank and alpha",
    ),
    cannot=(
        "tell which bytes of the base were used: the file has no digest",
        "tell the data it was trained on",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **NAME_FINDINGS,
        "adapter-malformed": "not what PEFT writes; that part is not known",
        "adapter-without-base": "an adapter that names no base model",
    },
)
