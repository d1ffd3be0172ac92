"""LLaMA-Factory: a step, and its datasets by way of a second file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places import llama_factory
from aibom.catalogers.places.llama_factory import CATALOGER
from aibom.catalogers.training import MAX_INPUTS
from tests.catalog_world import read

COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
BASE = "pkg:huggingface/acme/base"
DATA = "pkg:huggingface/datasets/acme/data"
ROWS = '[{"instruction": "a"}]'
SHA1 = hashlib.sha1(ROWS.encode(), usedforsecurity=False).hexdigest()
HEAD = "model_name_or_path: acme/base\nstage: sft\nfinetuning_type: lora\n"
SFT = HEAD + "dataset: mine\n"
NOWHERE = {("product-not-here", "/output_dir")}
USED_BASE = ("fine-tune", "used", BASE, "base-model")


def used(name: str, role: str = "training-data") -> tuple[str, str, str, str]:
    return ("fine-tune", "used", name, role)


def info(**entries: Any) -> str:
    return json.dumps(entries)


#: name → files, edges, findings
CASES: dict[str, tuple[dict[str, str | bytes], set[Any], set[Any]]] = {
    "a repository": (
        {
            "sft.yaml": SFT + f"model_revision: {COMMIT}\n",
            "data/dataset_info.json": info(
                mine={"hf_hub_url": "acme/data", "revision": COMMIT}
            ),
        },
        {
            ("fine-tune", "used", f"{BASE}@{COMMIT}", "base-model"),
            used(f"{DATA}@{COMMIT}"),
        },
        NOWHERE,
    ),
    "as JSON": (
        {
            "sft.json": json.dumps(
                {"model_name_or_path": "acme/base", "stage": "sft", "dataset": ["mine"]}
            ),
            "data/dataset_info.json": info(mine={"hf_hub_url": "acme/data"}),
        },
        {USED_BASE, used(DATA)},
        NOWHERE,
    ),
    "a file of the place": (
        {
            "sft.yaml": SFT,
            "data/dataset_info.json": info(
                mine={"file_name": "rows.json", "file_sha1": SHA1}
            ),
            "data/rows.json": ROWS,
        },
        {USED_BASE, used("rows.json")},
        NOWHERE,
    ),
    "a file that is another": (
        {
            "sft.yaml": SFT,
            "data/dataset_info.json": info(
                mine={"file_name": "rows.json", "file_sha1": "0" * 40}
            ),
            "data/rows.json": ROWS,
        },
        {USED_BASE, used("rows.json")},
        NOWHERE | {("sha1-differs", "/mine/file_sha1")},
    ),
    "a file that is not here": (
        {
            "sft.yaml": SFT,
            "data/dataset_info.json": info(
                mine={"file_name": "rows.json", "file_sha1": SHA1}
            ),
        },
        {USED_BASE, used("rows.json")},
        NOWHERE
        | {
            ("reference-local-path", "/mine/file_name"),
            ("sha1-not-compared", "/mine/file_sha1"),
        },
    ),
    "several, and one to evaluate": (
        {
            "configs/sft.yaml": HEAD + "dataset: mine, other ,\neval_dataset: test\n"
            "dataset_dir: elsewhere\n",
            "elsewhere/dataset_info.json": info(
                mine={"hf_hub_url": "acme/data"},
                other={"ms_hub_url": "AI/other"},
                test={"script_url": "acme/script"},
            ),
        },
        {
            USED_BASE,
            used(DATA),
            used("AI/other"),
            used("pkg:huggingface/datasets/acme/script", "evaluation-data"),
        },
        NOWHERE,
    ),
    "on two hubs": (
        {
            "sft.yaml": SFT,
            "data/dataset_info.json": info(
                mine={"hf_hub_url": "acme/data", "ms_hub_url": "AI/data"}
            ),
        },
        {USED_BASE, used(DATA)},
        NOWHERE | {("dataset-source-unclear", "/mine/hf_hub_url")},
    ),
    "names of the Hub": (
        {"sft.yaml": HEAD + "dataset: acme/data\ndataset_dir: ONLINE\n"},
        {USED_BASE, used(DATA)},
        NOWHERE,
    ),
    "no second file": (
        {"sft.yaml": SFT},
        {USED_BASE, used("mine")},
        NOWHERE | {("dataset-info-missing", "/dataset_dir")},
    ),
    "a name that the second file does not have": (
        {"sft.yaml": SFT, "data/dataset_info.json": "{}"},
        {USED_BASE, used("mine")},
        NOWHERE | {("dataset-not-described", "/dataset")},
    ),
    "an entry without a source": (
        {"sft.yaml": SFT, "data/dataset_info.json": info(mine={"columns": {}})},
        {USED_BASE},
        NOWHERE | {("training-malformed", "/mine")},
    ),
    "a second file that is a list": (
        {"sft.yaml": SFT, "data/dataset_info.json": "[]"},
        {USED_BASE, used("mine")},
        NOWHERE | {("training-malformed", ""), ("dataset-not-described", "/dataset")},
    ),
    "a second file that is cut off": (
        {"sft.yaml": SFT, "data/dataset_info.json": "{"},
        {USED_BASE, used("mine")},
        NOWHERE | {("json-malformed", ""), ("dataset-not-described", "/dataset")},
    ),
    "preferences, with other models": (
        {
            "dpo.yaml": "model_name_or_path: acme/base\nstage: dpo\n"
            "adapter_name_or_path: acme/one,acme/two\nref_model: acme/ref\n"
            "reward_model: acme/reward\ndataset:\n",
        },
        {
            ("align", "used", BASE, "base-model"),
            ("align", "used", "pkg:huggingface/acme/one", "adapter"),
            ("align", "used", "pkg:huggingface/acme/two", "adapter"),
            ("align", "used", "pkg:huggingface/acme/ref", "reference-model"),
            ("align", "used", "pkg:huggingface/acme/reward", "reward-model"),
        },
        NOWHERE | {("training-without-data", "/dataset")},
    ),
    "a new stage": (
        {"sft.yaml": SFT.replace("sft", "new")},
        set(),
        {("stage-unknown", "/stage")},
    ),
    "no base": (
        {"sft.yaml": "model_name_or_path:\nstage: sft\ndataset:\n"},
        set(),
        NOWHERE
        | {
            ("training-without-base", "/model_name_or_path"),
            ("training-without-data", "/dataset"),
        },
    ),
    "a dataset that is a mapping": (
        {"sft.yaml": HEAD + "dataset: {a: b}\n"},
        {USED_BASE},
        NOWHERE
        | {("training-malformed", "/dataset"), ("training-without-data", "/dataset")},
    ),
    "another program's": (
        {"a.yaml": "stage: build\ndataset: x\n", "b.json": "{}", "c.json": "[1"},
        set(),
        set(),
    ),
}


@pytest.mark.parametrize(("files", "edges", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    files: dict[str, str | bytes], edges: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, files)
    assert (done.edges, done.found) == (edges, found)


def test_a_file_is_known_by_its_sha256_and_keeps_its_sha1(tmp_path: Path) -> None:
    files, _, _ = CASES["a file of the place"]
    done = read(CATALOGER, tmp_path, files)
    rows = [node for node in done.nodes.values() if node.digest]
    assert {node.digest.value for node in rows if node.digest} == {
        hashlib.sha256(ROWS.encode()).hexdigest()
    }
    assert [node.values("weak-digest.sha1") for node in rows] == [(SHA1,)]


def test_what_the_second_file_says_has_its_origin(tmp_path: Path) -> None:
    files, _, _ = CASES["a repository"]
    done = read(CATALOGER, tmp_path, files)
    stated = hashlib.sha256(str(files["data/dataset_info.json"]).encode()).hexdigest()
    origins = {
        (origin.digest, origin.pointer)
        for notes in done.notes
        for edge in notes.edges
        if edge.role == "training-data"
        for origin in edge.origins
    }
    assert origins == {(stated, "/mine/hf_hub_url")}


def test_a_sha1_of_a_large_file_is_not_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_factory, "_MAX_SHA1_BYTES", 4)
    files, _, _ = CASES["a file of the place"]
    done = read(CATALOGER, tmp_path, files)
    assert ("sha1-not-compared", "/mine/file_sha1") in done.found


def test_more_inputs_than_are_read(tmp_path: Path) -> None:
    many = ",".join(["mine"] * (MAX_INPUTS + 1))
    done = read(CATALOGER, tmp_path, {"sft.yaml": f"{HEAD}dataset: {many}\n"})
    assert ("too-many-inputs", "/dataset") in done.found


_KEYS = st.sampled_from(
    ["dataset", "eval_dataset", "dataset_dir", "output_dir", "adapter_name_or_path"]
)
_ENTRY = st.sampled_from(
    ["hf_hub_url", "ms_hub_url", "file_name", "file_sha1", "split"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.sampled_from("a/@,.~\\ \0"), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(
    document=st.dictionaries(_KEYS, _VALUES, max_size=8),
    base=_VALUES,
    stage=st.sampled_from(["sft", "pt"]) | _VALUES,
    entry=st.dictionaries(_ENTRY, _VALUES) | _VALUES,
)
def test_no_type_breaks_it(
    document: dict[str, Any],
    base: Any,
    stage: Any,
    entry: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    whole = {"model_name_or_path": base, "stage": stage, "dataset": "a", **document}
    files = {
        "sft.json": json.dumps(whole),
        "data/dataset_info.json": json.dumps({"a": entry}),
    }
    assert read(CATALOGER, tmp_path_factory.mktemp("training"), files).found
