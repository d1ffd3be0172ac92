"""GGUF: ``*.gguf``, the format of llama.cpp. Its keys are read, and no tensor.

A folder often has one file for each quantisation, so what belongs to one file stands
under its path. Who made it stays a pseudonym. The file names what it was made from in
words; it has no digest of it.

Source: GGUF specification (ggml ``docs/gguf.md``); keys as gguf-py's
``gguf/constants.py`` lists them; file types as ``llama.h`` numbers them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aibom.catalogers.binary import (
    TEXT_FINDINGS,
    field_of,
    say_person,
    say_text,
    text_sha256,
)
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.gguf_header import Gguf, Value, numbers_of, read_gguf
from aibom.catalogers.names import (
    NAME_FINDINGS,
    refer_to_dataset,
    refer_to_model,
)
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.lineage.hub_names import is_hub_name
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

#: Keys about the model as such.
_FACTS = {
    "general.architecture": "gguf-architecture",
    "general.name": "name",
    "general.basename": "basename",
    "general.finetune": "finetune",
    "general.version": "version",
    "general.description": "description",
    "general.organization": "organization",
    "general.license": "licence",
    "general.license.name": "licence-name",
    "general.license.link": "licence-link",
    "general.url": "homepage",
    "general.repo_url": "repository",
    "general.doi": "doi",
    "general.uuid": "uuid",
    "general.source.url": "source-homepage",
    "general.source.repo_url": "source-repository",
    "general.source.doi": "source-doi",
    "general.source.uuid": "source-uuid",
    "general.source.huggingface.repository": "source-repository",
}
#: Keys about one file of several.
_FILE_FACTS = {
    "general.file_type": "file-type",
    "general.quantization_version": "quantization-version",
    "general.size_label": "size-label",
    "split.no": "shard",
    "split.count": "shards",
    "split.tensors.count": "shards-tensors",
}
_LISTS = {"general.tags": "gguf-tags", "general.languages": "language"}
_TEMPLATE = "tokenizer.chat_template"
_PARTS = ("name", "version", "organization", "url", "doi", "uuid", "repo_url")
_MAX_ORIGINS = 100
_HUB = re.compile(
    r"https?://(?:huggingface\.co|hf\.co)/(?P<data>datasets/)?(?P<name>[^/?#]+/[^/?#]+)/?"
)
_FILE_TYPES = dict(
    enumerate(
        (
            *("F32", "F16", "Q4_0", "Q4_1", "", "", "", "Q8_0", "Q5_0", "Q5_1", "Q2_K"),
            *("Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M"),
            *("Q6_K", "IQ2_XXS", "IQ2_XS", "Q2_K_S", "IQ3_XS", "IQ3_XXS", "IQ1_S"),
            *("IQ4_NL", "IQ3_S", "IQ3_M", "IQ2_S", "IQ2_M", "IQ4_XS", "IQ1_M", "BF16"),
            *("", "", "", "TQ1_0", "TQ2_0", "MXFP4_MOE"),
        )
    )
)
_Keys = Mapping[str, Value]


def _wants(path: str, form: str) -> bool:
    return form == "gguf" or path.lower().endswith(".gguf")


def _read(notes: Notes) -> None:
    with notes.place.open(notes.path) as stream:
        found = read_gguf(stream, notes.place.size(notes.path))
    for code, key in found.odd[:_MAX_ORIGINS]:
        notes.odd(code, f"kv:{key[:200]}")
    if found.defect:
        notes.skip(found.defect.code, "", found.defect.detail)
    if not found.version:
        return
    notes.subject_is(Kind.MODEL, by_bytes=True)
    _about_file(notes, found)
    _facts(notes, found.keys)
    _people(notes, found.keys)
    _templates(notes, found.keys)
    _origins(notes, found.keys, "general.base_model", Kind.MODEL)
    _origins(notes, found.keys, "general.dataset", Kind.DATASET)
    _source(notes, found.keys)


def _about_file(notes: Notes, found: Gguf) -> None:
    version = f"{found.version}{' big-endian' if found.big_endian else ''}"
    notes.say(field_of("gguf-version", notes.path), version)
    notes.say(field_of("tensors", notes.path), str(found.tensors))
    if found.defect is None and found.parameters:
        count = str(sum(found.parameters.values()))
        notes.say(field_of("parameter-count", notes.path), count)
    for key, field in _FILE_FACTS.items():
        value = _scalar(found.keys.get(key))
        if value is not None:
            if key == "general.file_type" and value.isdigit():
                name = _FILE_TYPES.get(int(value))
                value = f"{value} ({name})" if name else value
            say_text(notes, field_of(field, notes.path), value, f"kv:{key}")


def _scalar(value: Value) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def _facts(notes: Notes, keys: _Keys) -> None:
    for key, field in _FACTS.items():
        if (text := _scalar(keys.get(key))) is not None:
            say_text(notes, field, text, f"kv:{key}")
    for key, field in _LISTS.items():
        texts = keys.get(key)
        if isinstance(texts, tuple) and texts:
            say_text(notes, field, ", ".join(sorted(set(texts))), f"kv:{key}")
    named = keys.get("general.datasets")  # older than general.dataset.{i}
    for text in named[:_MAX_ORIGINS] if isinstance(named, tuple) else ():
        refer_to_dataset(notes, text, "kv:general.datasets")


def _people(notes: Notes, keys: _Keys) -> None:
    """Who wrote it and who quantised it: an organisation is not told from a person."""
    author = keys.get("general.author")
    if isinstance(author, str) and (
        party := say_person(notes, author, "kv:general.author")
    ):
        notes.edge(
            SUBJECT, Relation.ATTRIBUTED_TO, party, "author", "kv:general.author"
        )
    at = "kv:general.quantized_by"
    by = keys.get("general.quantized_by")
    if isinstance(by, str) and by.strip():
        step = notes.step("quantize", {}, at)
        notes.edge(step, Relation.GENERATED, SUBJECT, "", at)
        if party := say_person(notes, by, at):
            notes.edge(step, Relation.PERFORMED_BY, party, "", at)


def _templates(notes: Notes, keys: _Keys) -> None:
    """A template is a program that writes the prompt: it is known by its digest."""
    for key, value in keys.items():
        if key != _TEMPLATE and not key.startswith(f"{_TEMPLATE}."):
            continue
        at = f"kv:{key[:200]}"
        if isinstance(value, str):
            name = key[len(_TEMPLATE) + 1 :][:200]
            notes.say(field_of("chat-template.sha256", name), text_sha256(value), at)
        elif value is None:
            notes.skip("text-too-long", at)


def _origins(notes: Notes, keys: _Keys, prefix: str, kind: Kind) -> None:
    """What it was made from: ``prefix.count`` and ``prefix.i.…``."""
    numbers = numbers_of(keys, prefix, _MAX_ORIGINS)
    count = keys.get(f"{prefix}.count")
    if count is not None and count != len(numbers):
        detail = f"{str(count)[:40]} said, {len(numbers)} described"
        notes.skip("gguf-origins-differ", f"kv:{prefix}.count", detail)
    hubs = []
    for number in numbers:
        name = _origin(notes, keys, f"{prefix}.{number}", kind)
        hubs += [name] if name else []
    if kind is Kind.MODEL and hubs and len(hubs) == len(numbers):
        notes.say("base-model", ", ".join(sorted(set(hubs))), f"kv:{prefix}")


def _origin(notes: Notes, keys: _Keys, prefix: str, kind: Kind) -> str | None:
    """One of them; returns its name on the Hub, where the file gives one."""
    at = f"kv:{prefix}"
    stated = {}
    for part in _PARTS:
        value = keys.get(f"{prefix}.{part}")
        if isinstance(value, str) and value.strip():
            stated[part.replace("_", "-")] = value.strip()[:500]
    hub = _hub_name(stated.get("repo-url", ""), kind)
    role = "base-model" if kind is Kind.MODEL else "training-data"
    if hub:
        refer = refer_to_model if kind is Kind.MODEL else refer_to_dataset
        refer(notes, hub, f"{at}.repo_url", role=role)
        return hub
    if not stated:
        notes.skip("gguf-origin-nameless", at)
        return None
    facts = {key: value for key, value in stated.items() if key != "repo-url"}
    if "repo-url" in stated:
        facts["repository"] = stated["repo-url"]
    other = notes.entity(kind, facts, at)
    notes.edge(SUBJECT, Relation.DERIVED_FROM, other, role, at)
    return None


def _hub_name(url: str, kind: Kind) -> str | None:
    match = _HUB.fullmatch(url)
    if not match or bool(match["data"]) != (kind is Kind.DATASET):
        return None
    return match["name"] if is_hub_name(match["name"]) else None


def _source(notes: Notes, keys: _Keys) -> None:
    """The repository that it was converted from, which is one step less than a base."""
    for key in ("general.source.repo_url", "general.source.huggingface.repository"):
        value = keys.get(key)
        text = value.strip() if isinstance(value, str) else ""
        is_name = key.endswith("repository") and is_hub_name(text)
        if name := text if is_name else _hub_name(text, Kind.MODEL):
            at = f"kv:{key}"
            refer_to_model(notes, name, at, role="model", facts={"relation": "source"})


CATALOGER = Cataloger(
    id="gguf",
    title="GGUF weights (*.gguf)",
    wants=_wants,
    read=_read,
    supplies=(
        "base models, datasets and source, by the names and addresses in the file",
        "name, architecture, licence, file type, number of tensors and parameters",
        "the digest of each chat template",
        "who wrote and who quantised it, as pseudonyms",
    ),
    cannot=(
        "tell which revision or bytes it was made from",
        "tell what an array holds, other than tags, languages and datasets",
    ),
    findings={
        **TEXT_FINDINGS,
        **NAME_FINDINGS,
        "gguf-malformed": "not what the specification says; what follows is not known",
        "gguf-version": "a version other than 1, 2 or 3; nothing in it is known",
        "gguf-cut-short": "the file ends before what its header says",
        "gguf-too-large": "more keys, tensors or members than are read",
        "gguf-key-twice": "a key stands twice; the last one counts here, elsewhere "
        "maybe not",
        "gguf-origins-differ": "the stated number of base models or datasets is not "
        "the number described",
        "gguf-origin-nameless": "a base model or dataset of which nothing is said",
    },
)
