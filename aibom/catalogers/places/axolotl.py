"""Training by axolotl: a YAML file of any name with ``base_model`` and ``datasets``.

One of the few configurations with a revision of the base (``revision_of_model``; older
files say ``model_revision``). The name of the file says nothing, so it is recognised by
its keys; one that is not axolotl's gives no facts and no findings.

Source: axolotl ``utils/schemas/config.py``, ``utils/schemas/model.py``,
``utils/schemas/datasets.py``.
"""

from __future__ import annotations

from typing import Any

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.documents import DOCUMENT_FINDINGS, UNREAD, read_yaml, text_of
from aibom.catalogers.notes import Notes
from aibom.catalogers.training import (
    MAX_INPUTS,
    TRAINING_FINDINGS,
    TrainingStep,
    holds_words,
    open_step,
    parameters,
)

__all__ = ["CATALOGER"]

#: Beside a base and data, one of these makes it axolotl's.
_OWN = (
    "adapter",
    "dataset_prepared_path",
    "flash_attention",
    "gradient_accumulation_steps",
    "lora_r",
    "micro_batch_size",
    "num_epochs",
    "sample_packing",
    "sequence_len",
    "val_set_size",
)
_PARAMETERS = (
    *_OWN,
    "bf16",
    "chat_template",
    "learning_rate",
    "load_in_4bit",
    "load_in_8bit",
    "lora_alpha",
    "lora_dropout",
    "lr_scheduler",
    "max_steps",
    "optimizer",
    "rl",
    "seed",
    "warmup_steps",
    "weight_decay",
)
_REVISIONS = ("revision_of_model", "model_revision")
_DATA = {
    "datasets": "training-data",
    "pretraining_dataset": "training-data",
    "test_datasets": "evaluation-data",
}
#: ``path`` may be the kind of files instead, and these are in ``data_files``.
_BUILDERS = frozenset({"arrow", "csv", "json", "parquet", "text"})


def _wants(path: str, form: str) -> bool:
    return path.endswith((".yml", ".yaml")) and form in ("text", "json")


def _read(notes: Notes) -> None:
    data = ("datasets", "pretraining_dataset")
    if not holds_words(notes, "base_model") or not any(
        holds_words(notes, word) for word in data
    ):
        return
    if not any(holds_words(notes, word) for word in _OWN):
        return
    document = read_yaml(notes)
    if not isinstance(document, dict):
        if document is not UNREAD:
            notes.skip("training-malformed", "", "not a mapping")
        return
    if "base_model" in document:
        _step(notes, document)


def _step(notes: Notes, document: dict[str, Any]) -> None:
    kind = "align" if text_of(document.get("rl")) else "fine-tune"
    facts = parameters(document, _PARAMETERS)
    step = open_step(notes, kind, facts, document, "output_dir")
    base = text_of(document.get("base_model"))
    if not base or not base.strip():
        notes.odd("training-without-base", "/base_model")
    else:
        how = "adapter" if text_of(document.get("adapter")) else "fine-tune"
        step.use_bases([(base, _revision(notes, document), "/base_model")], how=how)
    if adapter := text_of(document.get("lora_model_dir")):
        step.use_model((adapter, None, "/lora_model_dir"), role="adapter")
    count = sum(_datasets(step, document, key) for key in _DATA)
    if not count:
        notes.odd("training-without-data")


def _revision(notes: Notes, document: dict[str, Any]) -> str | None:
    stated = [text for key in _REVISIONS if (text := text_of(document.get(key)))]
    if len(set(stated)) > 1:
        notes.odd("revisions-differ", "/revision_of_model", " and ".join(stated))
        return None
    return stated[0].strip() if stated else None


def _datasets(step: TrainingStep, document: dict[str, Any], key: str) -> int:
    value = document.get(key)
    entries = value if isinstance(value, list) else [value] if value else []
    if len(entries) > MAX_INPUTS:
        step.notes.skip("too-many-inputs", f"/{key}", f"{len(entries):,}")
    for index, entry in enumerate(entries[:MAX_INPUTS]):
        at = f"/{key}/{index}" if isinstance(value, list) else f"/{key}"
        _dataset(step, entry, at, _DATA[key])
    return len(entries)


def _dataset(step: TrainingStep, entry: Any, at: str, role: str) -> None:
    stated = entry if isinstance(entry, dict) else {"path": entry}
    path = text_of(stated.get("path"))
    if not path or not path.strip():
        step.notes.skip("training-malformed", at, "a dataset without a path")
        return
    keys = ("name", "split", "type", "ds_type", "shards")
    facts = {
        key.replace("_", "-"): text
        for key in keys
        if (text := text_of(stated.get(key)))
    }
    revision = text_of(stated.get("revision"))
    files = stated.get("data_files")
    paths = [path]
    if path in _BUILDERS and files:
        if isinstance(files, dict):
            files = list(files.values())
        listed = files if isinstance(files, list) else [files]
        paths = [text for each in listed[:MAX_INPUTS] if (text := text_of(each))]
    for each in paths:
        step.use_dataset(each, at, revision=revision, role=role, facts=facts)


CATALOGER = Cataloger(
    id="axolotl",
    title="axolotl training configuration (YAML)",
    wants=_wants,
    read=_read,
    supplies=(
        "a fine-tune or align step with base model, adapter and datasets, and their "
        "revisions where stated",
        "training parameters",
        "files of the place that it names, by digest",
    ),
    cannot=(
        "tell that the training ran, or ran with this file",
        "recognise a file over one megabyte, or without base_model and datasets",
    ),
    findings={
        **DOCUMENT_FINDINGS,
        **TRAINING_FINDINGS,
        "training-malformed": "not what axolotl reads; that part is not known",
        "training-without-base": "training without the name of a base model",
        "training-without-data": "training without any dataset",
        "revisions-differ": "two keys for the revision of the base, with two values; "
        "none is taken",
    },
)
