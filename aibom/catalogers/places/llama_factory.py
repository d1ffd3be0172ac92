"""Training by LLaMA-Factory: YAML or JSON with ``model_name_or_path`` and ``stage``.

Datasets are named by keys of a second file, ``dataset_info.json`` in ``dataset_dir``,
which says where each comes from: a repository, or a file. A file that lies in the place
is joined by its SHA-256. ``file_sha1`` is weak: it is computed again and compared, and
binds nothing.

Sources: hiyouga/LLaMA-Factory ``data/parser.py``, ``hparams/model_args.py``,
``hparams/data_args.py``, ``hparams/finetuning_args.py``.
"""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass, field, replace
from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import (
    DOCUMENT_FINDINGS,
    UNREAD,
    read_json,
    read_yaml,
    text_of,
)
from aibom.catalogers.notes import Notes, pointer
from aibom.catalogers.training import (
    MAX_INPUTS,
    TRAINING_FINDINGS,
    TrainingStep,
    holds_words,
    open_step,
    parameters,
    path_in_place,
)
from aibom.lineage.nodes import Kind, Relation

__all__ = ["CATALOGER"]

_INFO = "dataset_info.json"
_STEPS = {
    "dpo": "align",
    "kto": "align",
    "ppo": "align",
    "pt": "train",
    "rm": "train",
    "sft": "fine-tune",
}
_PARAMETERS = (
    "stage",
    "bf16",
    "cutoff_len",
    "finetuning_type",
    "gradient_accumulation_steps",
    "learning_rate",
    "lora_alpha",
    "lora_rank",
    "lora_target",
    "lr_scheduler_type",
    "max_samples",
    "num_train_epochs",
    "per_device_train_batch_size",
    "pref_loss",
    "quantization_bit",
    "seed",
    "template",
    "val_size",
    "warmup_ratio",
)
_ROLES = {"dataset": "training-data", "eval_dataset": "evaluation-data"}
_ADAPTER_KINDS = frozenset({"lora", "oft"})
#: SHA-1 is computed again of files up to this size.
_MAX_SHA1_BYTES = 1 << 30
_MAX_CONFIG_BYTES = 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Info:
    """The second file, with notes of its own: what it says has another origin."""

    notes: Notes
    entries: dict[str, Any]
    #: SHA-1 of files, by path: many names may mean one file.
    sha1: dict[str, str] = field(default_factory=dict)


def _wants(path: str, form: str) -> bool:
    return path.endswith((".yml", ".yaml", ".json")) and form in ("text", "json")


def _read(notes: Notes) -> None:
    if notes.place.size(notes.path) > _MAX_CONFIG_BYTES:
        return
    if not holds_words(notes, "model_name_or_path", "stage"):
        return
    if not (holds_words(notes, "dataset") or holds_words(notes, "finetuning_type")):
        return
    is_json = notes.path.endswith(".json")
    document = read_json(notes) if is_json else read_yaml(notes)
    if not isinstance(document, dict):
        if document is not UNREAD:
            notes.skip("training-malformed", "", "not a mapping")
        return
    if "model_name_or_path" in document and "stage" in document:
        _step(notes, document)


def _step(notes: Notes, document: dict[str, Any]) -> None:
    stage = text_of(document["stage"]) or ""
    if stage not in _STEPS:
        notes.skip("stage-unknown", "/stage", stage)
        return
    facts = parameters(document, _PARAMETERS)
    step = open_step(notes, _STEPS[stage], facts, document, "output_dir")
    base = text_of(document["model_name_or_path"])
    if not base or not base.strip():
        notes.odd("training-without-base", "/model_name_or_path")
    else:
        kind = text_of(document.get("finetuning_type"))
        how = "adapter" if kind in _ADAPTER_KINDS else "fine-tune"
        revision = text_of(document.get("model_revision"))
        step.use_bases([(base, revision, "/model_name_or_path")], how=how)
    for key, role in (
        ("adapter_name_or_path", "adapter"),
        ("ref_model", "reference-model"),
        ("reward_model", "reward-model"),
    ):
        for name in _names(notes, document, key):
            step.use_model((name, None, pointer(key)), role=role)
    _datasets(step, document)


def _names(notes: Notes, document: dict[str, Any], key: str) -> list[str]:
    value = document.get(key)
    stated = value if isinstance(value, list) else [value] if value else []
    texts = [text_of(each) for each in stated]
    if None in texts:
        notes.skip("training-malformed", pointer(key), "not a text")
    names = [n.strip() for text in texts if text for n in text.split(",") if n.strip()]
    if len(names) > MAX_INPUTS:
        notes.skip("too-many-inputs", pointer(key), f"{len(names):,}")
    return names[:MAX_INPUTS]


def _datasets(step: TrainingStep, document: dict[str, Any]) -> None:
    notes = step.notes
    named = {key: _names(notes, document, key) for key in _ROLES}
    if not named["dataset"]:
        notes.odd("training-without-data", "/dataset")
    if not any(named.values()):
        return
    folder = text_of(document.get("dataset_dir")) or "data"
    if folder == "ONLINE":
        for key, names in named.items():
            for name in names:
                step.use_dataset(name, pointer(key), role=_ROLES[key])
        return
    info = _info(notes, folder)
    for key, names in named.items():
        for name in names:
            _dataset(step, info, name, _ROLES[key], pointer(key))
    if info is not None:
        notes.nodes += info.notes.nodes
        notes.edges += info.notes.edges
        notes.findings += info.notes.findings


def _info(notes: Notes, folder: str) -> _Info | None:
    path = path_in_place(notes, posixpath.join(folder, _INFO))
    if path is None or not notes.place.has(path):
        notes.skip("dataset-info-missing", "/dataset_dir", folder)
        return None
    beside = Notes(notes.cataloger, notes.place, path)
    entries = read_json(beside)
    if not isinstance(entries, dict):
        if entries is not UNREAD:
            beside.skip("training-malformed", "", "not an object")
        entries = {}
    return _Info(beside, entries)


def _dataset(
    step: TrainingStep, info: _Info | None, name: str, role: str, at: str
) -> None:
    """One named dataset, by its entry; without one it is known by this name only."""
    entry = info.entries.get(name) if info else None
    if info is not None and isinstance(entry, dict):
        _source(replace(step, notes=info.notes), info, name, entry, role)
        return
    notes = step.notes
    if info is not None:
        notes.odd("dataset-not-described", at, name)
    stated = notes.entity(Kind.DATASET, {"stated-as": name}, at)
    notes.edge(step.id, Relation.USED, stated, role, at)


def _source(
    step: TrainingStep, info: _Info, name: str, entry: dict[str, Any], role: str
) -> None:
    notes = info.notes
    facts: dict[str, str | None] = {"label": name}
    for key in ("subset", "split", "num_samples"):
        if text := text_of(entry.get(key)):
            facts[key.replace("_", "-")] = text
    hub, other = text_of(entry.get("hf_hub_url")), text_of(entry.get("ms_hub_url"))
    if hub:
        at = pointer(name, "hf_hub_url")
        if other:
            notes.odd("dataset-source-unclear", at, other)
        revision = text_of(entry.get("revision"))
        step.use_dataset(hub, at, revision=revision, role=role, facts=facts)
    elif other:
        at = pointer(name, "ms_hub_url")
        stated = notes.entity(Kind.DATASET, {"modelscope": other, "name": other}, at)
        notes.edge(step.id, Relation.USED, stated, role, at, facts)
    elif file := text_of(entry.get("file_name")) or text_of(entry.get("script_url")):
        at = pointer(name, "file_name" if entry.get("file_name") else "script_url")
        path = step.use_dataset(file, at, role=role, facts=facts)
        _compare(info, name, entry, path)
    else:
        notes.skip("training-malformed", pointer(name), "a dataset without a source")


def _compare(info: _Info, name: str, entry: dict[str, Any], path: str | None) -> None:
    notes = info.notes
    stated, at = text_of(entry.get("file_sha1")), pointer(name, "file_sha1")
    if not stated:
        return
    if path is None or not notes.place.has(path):
        notes.skip("sha1-not-compared", at, "the file does not lie here")
    elif notes.place.size(path) > _MAX_SHA1_BYTES:
        notes.skip("sha1-not-compared", at, f"{notes.place.size(path):,} bytes")
    else:
        found = info.sha1[path] = info.sha1.get(path) or _sha1(notes, path)
        notes.file_entity(Kind.DATASET, path, at, {"weak-digest.sha1": found})
        if stated.strip().lower() != found:
            notes.odd("sha1-differs", at, f"stated {stated}, the file has {found}")


def _sha1(notes: Notes, path: str) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    with notes.place.open(path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


CATALOGER = Cataloger(
    id="llama-factory",
    title="LLaMA-Factory training configuration (YAML, JSON)",
    wants=_wants,
    read=_read,
    supplies=(
        "a train, fine-tune or align step with base model, adapters and datasets, and "
        "revisions where stated",
        "where each dataset comes from (dataset_info.json), and the digests of files "
        "that lie here",
        "training parameters",
    ),
    cannot=(
        "tell that the training ran, or ran with this file",
        "tell which of two hubs a dataset was taken from: an environment variable said",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **TRAINING_FINDINGS,
        "training-malformed": "not what LLaMA-Factory reads; that part is not known",
        "training-without-base": "training without the name of a base model",
        "training-without-data": "training without any dataset",
        "stage-unknown": "a stage of training that is not known; nothing is read",
        "dataset-info-missing": "dataset_info.json does not lie in this place; which "
        "data the names mean is not known",
        "dataset-not-described": "a dataset that dataset_info.json does not have",
        "dataset-source-unclear": "the dataset has a repository on two hubs; the first "
        "is taken, as the program does unless told otherwise",
        "sha1-differs": "the file that lies here has not the SHA-1 that was stated",
        "sha1-not-compared": "a stated SHA-1 of a file that is not here, or too large",
    },
)
