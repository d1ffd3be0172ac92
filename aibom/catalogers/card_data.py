"""What a dataset card says of files, records and columns, and of where they come from.

``dataset_info`` and ``configs`` (the loader's words), ``source_datasets``, and who is
said to have annotated. "crowdsourced" is what kind of people labelled, not who: it
makes no labeler.

Sources: huggingface/datasets ``info.py``, ``splits.py``; the Hub's dataset card
specification (``datasetcard.md``) for the other keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aibom.catalogers.card_values import MAX_TEXT, CardValues, joined
from aibom.catalogers.names import refer_to_dataset

__all__ = ["DATA_CARD_FINDINGS", "read_dataset_card"]

#: What :func:`read_dataset_card` may find; a cataloger that calls it declares it too.
DATA_CARD_FINDINGS: Mapping[str, str] = {
    "annotators-by-kind-only": "says what kind of people or machines annotated, and "
    "names no labeler",
    "source-not-named": "says that the data extends other data, and not which",
}

_LISTS = {
    "task_categories": "task",
    "task_ids": "task-ids",
    "size_categories": "size-category",
    "multilinguality": "multilinguality",
    "language_creators": "language-creators",
}
_SIZES = {"download_size": "download-bytes", "dataset_size": "dataset-bytes"}
_NO_ANNOTATION = "no-annotation"
_INFO_KEYS = frozenset({"config_name", "splits", "features", *_SIZES})
_CONFIG_KEYS = frozenset({"config_name", "data_files"})


def read_dataset_card(values: CardValues) -> None:
    """Write down what only dataset cards have."""
    for key, field in _LISTS.items():
        if texts := values.texts(key):
            values.notes.say(field, joined(texts), f"/{key}")
    if name := values.text("pretty_name"):
        values.notes.say("name", *name)
    _annotators(values)
    _sources(values)
    for info, at in values.mappings_in(values.values, "dataset_info", "", one=True):
        _info(values, info, at)
    for config, at in values.mappings_in(values.values, "configs", ""):
        _config(values, config, at)


def _annotators(values: CardValues) -> None:
    key = "annotations_creators"
    if texts := values.texts(key):
        values.notes.say("annotations-creators", joined(texts), f"/{key}")
        if {text for text, _ in texts} != {_NO_ANNOTATION}:
            values.notes.odd("annotators-by-kind-only", f"/{key}", joined(texts))


def _sources(values: CardValues) -> None:
    key = "source_datasets"
    texts = values.texts(key)
    if texts:
        values.notes.say("source-datasets", joined(texts), f"/{key}")
    for text, at in texts:
        if text == "original":
            continue
        name = text.removeprefix("extended|") if text != "extended" else "other"
        if name.startswith("other"):
            values.notes.odd("source-not-named", at, text)
        else:
            refer_to_dataset(values.notes, name, at, role="source-data")


def _info(values: CardValues, info: dict[str, Any], at: str) -> None:
    named = values.text_in(info, "config_name", at)
    config = _plain(named[0]) if named else "default"
    for key, field in _SIZES.items():
        if number := values.number_in(info, key, at):
            values.notes.say(f"{field}.{config}", *number)
    for split, place in values.mappings_in(info, "splits", at):
        name = values.text_in(split, "name", place)
        examples = values.number_in(split, "num_examples", place)
        size = values.number_in(split, "num_bytes", place)
        label = f"{config}/{_plain(name[0])}" if name else config
        if examples:
            values.notes.say(f"examples.{label}", *examples)
        if size:
            values.notes.say(f"bytes.{label}", *size)
    columns = [
        text
        for feature, place in values.mappings_in(info, "features", at)
        if (text := values.text_in(feature, "name", place))
    ]
    if columns:
        listed = json.dumps([text for text, _ in columns], ensure_ascii=False)
        _say(values, f"columns.{config}", listed, f"{at}/features")
    values.leave(info, _INFO_KEYS, at)


def _config(values: CardValues, config: dict[str, Any], at: str) -> None:
    named = values.text_in(config, "config_name", at)
    label = _plain(named[0]) if named else "default"
    files = config.get("data_files")
    if files is not None:
        stated = json.dumps(files, ensure_ascii=False, sort_keys=True)
        _say(values, f"data-files.{label}", stated, f"{at}/data_files")
    values.leave(config, _CONFIG_KEYS, at)


def _say(values: CardValues, field: str, text: str, at: str) -> None:
    if len(text) > MAX_TEXT:
        values.notes.skip("value-too-long", at, f"{len(text):,} characters")
    else:
        values.notes.say(field, text, at)


def _plain(name: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", name)[:200] or "default"
