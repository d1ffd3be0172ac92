"""axolotl: recognised by its keys, and read as one step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.axolotl import CATALOGER
from aibom.catalogers.training import MAX_INPUTS
from tests.catalog_world import read

COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
BASE = "pkg:huggingface/acme/base"
DATA = "pkg:huggingface/datasets/acme/data"
HEAD = "base_model: acme/base\nnum_epochs: 3\n"
WITH_DATA = HEAD + "datasets: [{path: acme/data, type: alpaca}]\n"
NOWHERE = {("product-not-here", "/output_dir")}
#: The first bytes of an empty file of weights.
WEIGHTS = b"\x02\0\0\0\0\0\0\0{}"

#: name → files, edges, said, findings
CASES: dict[str, tuple[dict[str, str | bytes], set[Any], set[Any], set[Any]]] = {
    "a fine-tune": (
        {"ft.yml": WITH_DATA},
        {
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        NOWHERE,
    ),
    "with revisions": (
        {
            "ft.yaml": HEAD + f"revision_of_model: {COMMIT}\n"
            f"datasets: [{{path: acme/data, revision: {COMMIT}}}]\n"
        },
        {
            ("fine-tune", "used", f"{BASE}@{COMMIT}", "base-model"),
            ("fine-tune", "used", f"{DATA}@{COMMIT}", "training-data"),
        },
        set(),
        NOWHERE,
    ),
    "an older name of the revision": (
        {"ft.yml": WITH_DATA + f"model_revision: {COMMIT}\n"},
        {
            ("fine-tune", "used", f"{BASE}@{COMMIT}", "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        NOWHERE,
    ),
    "two revisions": (
        {"ft.yml": WITH_DATA + "model_revision: a\nrevision_of_model: b\n"},
        {
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        NOWHERE | {("revisions-differ", "/revision_of_model")},
    ),
    "preferences, and an adapter to go on from": (
        {"dpo.yml": WITH_DATA + "rl: dpo\nadapter: lora\nlora_model_dir: acme/lora\n"},
        {
            ("align", "used", BASE, "base-model"),
            ("align", "used", "pkg:huggingface/acme/lora", "adapter"),
            ("align", "used", DATA, "training-data"),
        },
        set(),
        NOWHERE,
    ),
    "more data, and data to test": (
        {
            "pt.yml": HEAD + "pretraining_dataset: acme/data\n"
            "test_datasets: [{path: acme/test}]\n"
        },
        {
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
            (
                "fine-tune",
                "used",
                "pkg:huggingface/datasets/acme/test",
                "evaluation-data",
            ),
        },
        set(),
        NOWHERE,
    ),
    "files of the place": (
        {
            "ft.yml": HEAD + "datasets:\n- path: data/a.jsonl\n"
            "- {path: json, data_files: [data/b.jsonl]}\n- path: more\n",
            "data/a.jsonl": "{}",
            "data/b.jsonl": "[]",
            "more/c.jsonl": "{}",
        },
        {
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", "a.jsonl", "training-data"),
            ("fine-tune", "used", "b.jsonl", "training-data"),
            ("fine-tune", "used", "more", "training-data"),
        },
        set(),
        NOWHERE,
    ),
    "a file that is not here": (
        {"ft.yml": HEAD + "datasets: [{path: data/a.jsonl}]\n"},
        {
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", "data/a.jsonl", "training-data"),
        },
        set(),
        NOWHERE | {("reference-local-path", "/datasets/0")},
    ),
    "beside its weights": (
        {"ft.yml": WITH_DATA, "model.safetensors": WEIGHTS},
        {
            ("fine-tune", "generated", "subject", ""),
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        {("base-model", "acme/base", "/base_model")},
        set(),
    ),
    "with its product below": (
        {"ft.yml": WITH_DATA + "output_dir: ./out\n", "out/model.safetensors": WEIGHTS},
        {
            ("fine-tune", "generated", "out", ""),
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        set(),
    ),
    "uploaded": (
        {"ft.yml": WITH_DATA + "hub_model_id: acme/tuned\n"},
        {
            ("fine-tune", "generated", "pkg:huggingface/acme/tuned", ""),
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        set(),
    ),
    "no base": (
        {"ft.yml": "base_model:\nnum_epochs: 1\ndatasets: [{path: acme/data}]\n"},
        {("fine-tune", "used", DATA, "training-data")},
        set(),
        NOWHERE | {("training-without-base", "/base_model")},
    ),
    "no data": (
        {"ft.yml": HEAD + "datasets: []\n"},
        {("fine-tune", "used", BASE, "base-model")},
        set(),
        NOWHERE | {("training-without-data", "")},
    ),
    "data without a path": (
        {"ft.yml": HEAD + "datasets: [{type: alpaca}]\n"},
        {("fine-tune", "used", BASE, "base-model")},
        set(),
        NOWHERE | {("training-malformed", "/datasets/0")},
    ),
    "above itself": (
        {"a/ft.yml": HEAD + "datasets: [{path: ..}, {path: ../../x.json}]\n"},
        {
            ("fine-tune", "used", BASE, "base-model"),
            ("fine-tune", "used", "..", "training-data"),
            ("fine-tune", "used", "../../x.json", "training-data"),
        },
        set(),
        NOWHERE
        | {
            ("reference-local-path", "/datasets/0"),
            ("reference-local-path", "/datasets/1"),
        },
    ),
    "into the base itself": (
        {
            "ft.yml": WITH_DATA.replace("acme/base", "./base") + "output_dir: base/a\n",
            "base/x.bin": "x",
            "base/a/model.safetensors": WEIGHTS,
        },
        {
            ("fine-tune", "generated", "a", ""),
            ("fine-tune", "used", "./base", "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        {
            ("input-holds-product", "/base_model"),
            ("reference-local-path", "/base_model"),
        },
    ),
    "a copy of the base": (
        {
            "ft.yml": WITH_DATA.replace("acme/base", "./base") + "output_dir: out\n",
            "base/model.safetensors": WEIGHTS,
            "out/model.safetensors": WEIGHTS,
        },
        {
            ("fine-tune", "generated", "out", ""),
            ("fine-tune", "used", "./base", "base-model"),
            ("fine-tune", "used", DATA, "training-data"),
        },
        set(),
        {
            ("input-holds-product", "/base_model"),
            ("reference-local-path", "/base_model"),
        },
    ),
    "a list": (
        {"ft.yml": "- base_model: a\n  num_epochs: 1\n  datasets: []\n"},
        set(),
        set(),
        set(),
    ),
    "another program's": (
        {"compose.yml": "datasets: []\nservices: {}\n", "x.yml": "base_model: a\n"},
        set(),
        set(),
        set(),
    ),
    "not YAML": (
        {"ft.yml": HEAD + "datasets: [\n"},
        set(),
        set(),
        {("yaml-malformed", "")},
    ),
}


@pytest.mark.parametrize(("files", "edges", "said", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    files: dict[str, str | bytes],
    edges: set[Any],
    said: set[Any],
    found: set[Any],
    tmp_path: Path,
) -> None:
    done = read(CATALOGER, tmp_path, files)
    assert (done.edges, done.said, done.found) == (edges, said, found)


def test_the_step_has_the_parameters(tmp_path: Path) -> None:
    text = WITH_DATA + "learning_rate: 1e-5\nsequence_len: 4_096\n"
    done = read(CATALOGER, tmp_path, {"ft.yml": text})
    (step,) = [node for node in done.nodes.values() if node.value("step")]
    assert {fact.field: fact.value for fact in step.facts} == {
        "step": "fine-tune",
        "parameter.num-epochs": "3",
        "parameter.learning-rate": "1e-5",
        "parameter.sequence-len": "4_096",
    }


def test_more_inputs_than_are_read(tmp_path: Path) -> None:
    many = ", ".join(["{path: acme/data}"] * (MAX_INPUTS + 1))
    done = read(CATALOGER, tmp_path, {"ft.yml": f"{HEAD}datasets: [{many}]\n"})
    assert ("too-many-inputs", "/datasets") in done.found


_KEYS = st.sampled_from(
    [
        "adapter",
        "datasets",
        "path",
        "data_files",
        "revision",
        "output_dir",
        "rl",
        "hub_model_id",
        "lora_model_dir",
        "test_datasets",
        "model_revision",
        "name",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.sampled_from("a/@.~\\ \0"), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(_KEYS, _VALUES, max_size=8), base=_VALUES)
def test_no_type_breaks_it(
    document: dict[str, Any], base: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = {"base_model": base, "datasets": [], "lora_r": 8, **document}
    folder = tmp_path_factory.mktemp("training")
    done = read(CATALOGER, folder, {"ft.yml": json.dumps(whole)})
    assert done.found
