"""PEFT adapters: the base is named, and what is odd about the name is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aibom.catalogers.places.adapter_config import CATALOGER
from tests.catalog_world import read

BASE = "base_model_name_or_path"
BERT = "pkg:huggingface/google-bert/bert-base-uncased"
COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"

#: name → document, edges, said, findings
CASES: dict[str, tuple[Any, set[Any], set[Any], set[Any]]] = {
    "as peft writes it": (
        {BASE: "google-bert/bert-base-uncased", "revision": None, "peft_type": "LORA"},
        {
            ("subject", "derived-from", BERT, "base-model"),
            ("subject", "requires", BERT, "base"),
        },
        {
            ("adapter-type", "LORA", "/peft_type"),
            ("base-model", "google-bert/bert-base-uncased", f"/{BASE}"),
        },
        set(),
    ),
    "with a revision": (
        {BASE: "google-bert/bert-base-uncased", "revision": COMMIT},
        {
            ("subject", "derived-from", f"{BERT}@{COMMIT}", "base-model"),
            ("subject", "requires", f"{BERT}@{COMMIT}", "base"),
        },
        {
            ("base-model", "google-bert/bert-base-uncased", f"/{BASE}"),
            ("base-model-revision", COMMIT, f"/{BASE}"),
        },
        set(),
    ),
    "a path of the training host": (
        {BASE: "/mnt/nfs/models/llama"},
        {
            ("subject", "derived-from", "/mnt/nfs/models/llama", "base-model"),
            ("subject", "requires", "/mnt/nfs/models/llama", "base"),
        },
        set(),
        {("reference-local-path", f"/{BASE}")},
    ),
    "no base": ({}, set(), set(), {("adapter-without-base", f"/{BASE}")}),
    "a base that is no text": (
        {BASE: ["a"]},
        set(),
        set(),
        {("adapter-without-base", f"/{BASE}")},
    ),
    "not an object": ([], set(), set(), {("adapter-malformed", "")}),
}


@pytest.mark.parametrize(
    ("document", "edges", "said", "found"), CASES.values(), ids=CASES
)
def test_what_is_read(
    document: Any, edges: set[Any], said: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"adapter_config.json": json.dumps(document)})
    assert (done.edges, done.said, done.found) == (edges, said, found)
