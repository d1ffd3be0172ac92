"""Small files that change what a model does: tokenizer, chat template, generation.

A model with the same weights and another template, another end-of-text token or another
temperature behaves in another way. Each of these is a fact by its digest, so that two
deliveries, or a model and its base, can be compared.

Source: huggingface/transformers ``tokenization_utils_base.py``, ``utils/hub.py`` and
``generation/configuration_utils.py`` (names of files; ``chat_template`` of
``tokenizer_config.json`` and ``chat_template.json``).
"""

from __future__ import annotations

from typing import Any

from aibom.catalogers.binary import field_of, text_sha256
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_json
from aibom.catalogers.notes import Notes, pointer
from aibom.lineage.nodes import Kind

__all__ = ["CATALOGER"]

_FILES = {
    "tokenizer.json": "tokenizer",
    "tokenizer.model": "tokenizer-model",
    "sentencepiece.bpe.model": "tokenizer-sentencepiece",
    "spiece.model": "tokenizer-spiece",
    "tekken.json": "tokenizer-tekken",
    "vocab.json": "vocabulary",
    "vocab.txt": "vocabulary-text",
    "merges.txt": "merges",
    "added_tokens.json": "added-tokens",
    "special_tokens_map.json": "special-tokens",
    "tokenizer_config.json": "tokenizer-config",
    "generation_config.json": "generation-config",
    "preprocessor_config.json": "preprocessor-config",
    "processor_config.json": "processor-config",
}
_TEMPLATE = "chat-template.sha256"
_WITH_TEMPLATE = (
    "chat_template.json",
    "processor_config.json",
    "tokenizer_config.json",
)
_TEMPLATE_FILE = "chat_template.jinja"
_MORE_TEMPLATES = "additional_chat_templates"
_KEY = "chat_template"
_MAX_TEMPLATES = 100


def _wants(path: str, form: str) -> bool:
    folder, _, name = path.rpartition("/")
    more = folder.rpartition("/")[2] == _MORE_TEMPLATES and name.endswith(".jinja")
    return more or name in (*_FILES, *_WITH_TEMPLATE, _TEMPLATE_FILE)


def _read(notes: Notes) -> None:
    name = notes.path.rpartition("/")[2]
    digest = notes.place.sha256(notes.path)
    if name in _FILES:
        notes.subject_is(Kind.MODEL)
        notes.say(field_of(_FILES[name], "sha256"), digest)
    if name == _TEMPLATE_FILE:
        notes.subject_is(Kind.MODEL)
        notes.say(_TEMPLATE, digest)
    elif name.endswith(".jinja"):
        notes.say(field_of(_TEMPLATE, name.removesuffix(".jinja")), digest)
    if name in _WITH_TEMPLATE:
        _templates(notes)


def _templates(notes: Notes) -> None:
    """Templates within a configuration: one, or a list of named ones."""
    document = read_json(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict):
        notes.skip("behaviour-malformed", "", "not an object")
        return
    value = document.get(_KEY)
    if isinstance(value, str):
        notes.say(_TEMPLATE, text_sha256(value), pointer(_KEY))
    elif isinstance(value, list):
        _named(notes, [(entry, pointer(_KEY, i)) for i, entry in enumerate(value)])
    elif isinstance(value, dict):
        entries = [
            ({"name": name, "template": text}, pointer(_KEY, name))
            for name, text in value.items()
        ]
        _named(notes, entries)
    elif value is not None:
        notes.skip("behaviour-malformed", pointer(_KEY), "no template")


def _named(notes: Notes, entries: list[tuple[Any, str]]) -> None:
    if len(entries) > _MAX_TEMPLATES:
        more = f"{len(entries) - _MAX_TEMPLATES:,} more"
        notes.skip("behaviour-malformed", pointer(_KEY), more)
    for entry, at in entries[:_MAX_TEMPLATES]:
        name = entry.get("name") if isinstance(entry, dict) else None
        text = entry.get("template") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not isinstance(text, str):
            notes.skip("behaviour-malformed", at, "no template with a name")
            continue
        # The one that is used where nobody asks for another.
        field = _TEMPLATE if name == "default" else field_of(_TEMPLATE, name[:200])
        notes.say(field, text_sha256(text), at)


CATALOGER = Cataloger(
    id="behaviour-files",
    title="Tokenizer, chat template, generation settings",
    wants=_wants,
    read=_read,
    supplies=(
        "the digest of each file that changes what the model does: tokenizer, "
        "vocabulary, special tokens, chat templates, generation, preprocessing",
        "the digest of chat templates within a configuration, so that two copies that "
        "differ contradict each other",
    ),
    cannot=(
        "tell what a template or a setting does",
        "tell whether the files are the base model's",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        "behaviour-malformed": "not what transformers writes; that part is not known",
    },
)
