"""Merges by mergekit: ``mergekit_config.yml``, which it writes beside the merged model.

Every model in it is an input of one *merge* step: the base, ``models``, the sources of
``slices``, the same in ``modules``, experts, and the models that tokens come from. A
model is written ``path@revision+lora@revision`` or as a mapping. Hardly any has a
revision.

Sources: arcee-ai/mergekit ``config.py``, ``common.py``, ``tokenizer/config.py``,
``moe/config.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_yaml, text_of
from aibom.catalogers.names import tell_bases
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.training import (
    MAX_INPUTS,
    TRAINING_FINDINGS,
    Base,
    TrainingStep,
    parameters,
)
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_NAMES = frozenset(
    f"{stem}.{end}"
    for stem in ("mergekit_config", "mergekit_moe_config")
    for end in ("yml", "yaml")
)
_PARAMETERS = ("merge_method", "dtype", "out_dtype", "gate_mode", "chat_template")
_TOKENIZERS = ("union", "base")
_MAX_TEXT = 2_000

#: A model as mergekit means it: what is merged, and an adapter that is put on before.
_Reference = tuple[Base, Base | None]


def _wants(path: str, form: str) -> bool:
    return path.rpartition("/")[2] in _NAMES


def _read(notes: Notes) -> None:
    document = read_yaml(notes)
    if document is UNREAD:
        return
    if not isinstance(document, dict):
        notes.skip("merge-malformed", "", "not a mapping")
        return
    notes.subject_is(Kind.MODEL)
    facts = parameters(document, _PARAMETERS)
    settings = json.dumps(document.get("parameters"), sort_keys=True)
    if document.get("parameters") and len(settings) <= _MAX_TEXT:
        facts["parameter.parameters"] = settings
    step = TrainingStep(notes, notes.step("merge", {}, "", facts), notes.folder)
    notes.edge(step.id, Relation.GENERATED, SUBJECT)
    _inputs(step, document)
    for value, at in _token_sources(document):
        if value not in _TOKENIZERS and (found := _reference(notes, value, at)):
            step.use_model(found[0], role="tokenizer")


def _inputs(step: TrainingStep, document: dict[str, Any]) -> None:
    notes = step.notes
    bases: dict[tuple[str, str | None], Base] = {}
    adapters: dict[tuple[str, str | None], Base] = {}
    for value, at in _models(document):
        if len(bases) + len(adapters) >= MAX_INPUTS:
            notes.skip("too-many-inputs", at, f"over {MAX_INPUTS}")
            break
        if (found := _reference(notes, value, at)) is None:
            continue
        base, adapter = found
        bases.setdefault(base[:2], base)
        if adapter:
            adapters.setdefault(adapter[:2], adapter)
    if not bases:
        notes.odd("merge-without-inputs")
    for base in bases.values():
        step.use_model(base, facts={"relation": "merge"})
    if not adapters:  # mergekit's own card names adapters among the bases
        tell_bases(notes, [*bases.values()])
    for adapter in adapters.values():
        step.use_model(adapter, role="adapter")


def _models(document: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    if document.get("base_model") is not None:
        yield document["base_model"], "/base_model"
    yield from _merged(document, "")
    modules = document.get("modules")
    if isinstance(modules, dict):
        for name, module in modules.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            yield from _merged(module, f"/modules/{escaped}")
    for key in ("experts", "shared_experts"):
        for expert, at in _mappings(document.get(key), f"/{key}"):
            yield expert.get("source_model"), f"{at}/source_model"


def _merged(part: Any, at: str) -> Iterator[tuple[Any, str]]:
    if not isinstance(part, dict):
        return
    for each, place in _mappings(part.get("models"), f"{at}/models"):
        yield each.get("model"), f"{place}/model"
    for output, place in _mappings(part.get("slices"), f"{at}/slices"):
        if output.get("base_model") is not None:
            yield output["base_model"], f"{place}/base_model"
        for each, inner in _mappings(output.get("sources"), f"{place}/sources"):
            yield each.get("model"), f"{inner}/model"


def _token_sources(document: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    if document.get("tokenizer_source") is not None:
        yield document["tokenizer_source"], "/tokenizer_source"
    tokenizer = document.get("tokenizer")
    if isinstance(tokenizer, dict) and tokenizer.get("source") is not None:
        yield tokenizer["source"], "/tokenizer/source"


def _mappings(value: Any, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    for index, each in enumerate(value if isinstance(value, list) else []):
        yield (each if isinstance(each, dict) else {}), f"{at}/{index}"


def _reference(notes: Notes, value: Any, at: str) -> _Reference | None:
    """One model, and the adapter that is put on it; None, with a finding, for none."""
    model, lora = value, None
    if isinstance(value, dict):
        model, lora = value.get("model"), value.get("lora")
    elif isinstance(value, str):
        model, *rest = value.split("+")
        lora = rest[0] if len(rest) == 1 else None
        if len(rest) > 1:
            model = None
    base = _path(model, at)
    adapter = _path(lora, at) if lora is not None else None
    if base is None or (lora is not None and adapter is None):
        notes.skip("merge-malformed", at, (text_of(value) or "not a model reference"))
        return None
    return base, adapter


def _path(value: Any, at: str) -> Base | None:
    if isinstance(value, dict):
        path, revision = value.get("path"), value.get("revision")
    elif isinstance(value, str) and value.count("@") <= 1:
        path, _, revision = value.partition("@")
    else:
        return None
    if not isinstance(path, str) or not path.strip():
        return None
    if revision is not None and not isinstance(revision, str):
        return None
    return path.strip(), revision or None, at


CATALOGER = Cataloger(
    id="mergekit",
    title="mergekit (mergekit_config.yml)",
    wants=_wants,
    read=_read,
    supplies=(
        "a merge step with every model and adapter that went in, by name, and "
        "revisions where stated",
        "the method, types of numbers and parameters",
    ),
    cannot=("tell which bytes of the inputs were used: the file has no digests",),
    findings={
        **DOCUMENT_FINDINGS,
        **TRAINING_FINDINGS,
        "merge-malformed": "not what mergekit reads; that part is not known",
        "merge-without-inputs": "a merge that names no model",
    },
)
