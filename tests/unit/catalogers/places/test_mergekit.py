"""Merges: every model that went in is an input of one step, however it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.mergekit import CATALOGER
from aibom.catalogers.training import MAX_INPUTS
from tests.catalog_world import Read, read

COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
HUB = "pkg:huggingface"
MADE = ("merge", "generated", "subject", "")


def used(name: str, role: str = "base-model") -> tuple[str, str, str, str]:
    return ("merge", "used", name, role)


def merge(text: str, folder: Path) -> Read:
    return read(CATALOGER, folder, {"mergekit_config.yml": text})


#: name → the configuration, its inputs, what the subject says, findings
CASES: dict[str, tuple[str, set[Any], set[Any], set[Any]]] = {
    "models": (
        "merge_method: ties\nbase_model: acme/base\nmodels:\n- model: acme/a\n"
        f"- model: acme/b@{COMMIT}\n  parameters: {{weight: 0.3}}",
        {
            used(f"{HUB}/acme/base"),
            used(f"{HUB}/acme/a"),
            used(f"{HUB}/acme/b@{COMMIT}"),
        },
        {("base-model", "acme/a, acme/b, acme/base", "")},
        set(),
    ),
    "slices": (
        "merge_method: passthrough\nslices:\n"
        "- sources: [{model: acme/a, layer_range: [0, 16]}]\n"
        "- sources: [{model: acme/a, layer_range: [8, 24]}]\n  base_model: acme/b",
        {used(f"{HUB}/acme/a"), used(f"{HUB}/acme/b")},
        {("base-model", "acme/a, acme/b", "")},
        set(),
    ),
    "modules": (
        "merge_method: linear\nmodules:\n"
        "  text_decoder: {models: [{model: acme/a}]}\n"
        "  vision_tower: {slices: [{sources: [{model: acme/b}]}]}",
        {used(f"{HUB}/acme/a"), used(f"{HUB}/acme/b")},
        {("base-model", "acme/a, acme/b", "")},
        set(),
    ),
    "experts": (
        "base_model: acme/base\ngate_mode: hidden\n"
        "experts: [{source_model: acme/a, positive_prompts: [x]}]",
        {used(f"{HUB}/acme/base"), used(f"{HUB}/acme/a")},
        {("base-model", "acme/a, acme/base", "")},
        set(),
    ),
    "an adapter": (
        f"models: [{{model: acme/a+acme/lora@{COMMIT}}}]",
        {used(f"{HUB}/acme/a"), used(f"{HUB}/acme/lora@{COMMIT}", "adapter")},
        set(),
        set(),
    ),
    "mappings": (
        f"base_model: {{model: {{path: acme/a, revision: {COMMIT}}}, "
        "lora: {path: acme/lora}, override_architecture: X}",
        {used(f"{HUB}/acme/a@{COMMIT}"), used(f"{HUB}/acme/lora", "adapter")},
        set(),
        set(),
    ),
    "a mapping around a text": (
        "base_model: {model: acme/a}",
        {used(f"{HUB}/acme/a")},
        {("base-model", "acme/a", "/base_model")},
        set(),
    ),
    "a tokenizer of one's own": (
        "base_model: acme/a\ntokenizer_source: acme/t",
        {used(f"{HUB}/acme/a"), used(f"{HUB}/acme/t", "tokenizer")},
        {("base-model", "acme/a", "/base_model")},
        set(),
    ),
    "a tokenizer in its mapping": (
        "base_model: acme/a\ntokenizer: {source: acme/t}",
        {used(f"{HUB}/acme/a"), used(f"{HUB}/acme/t", "tokenizer")},
        {("base-model", "acme/a", "/base_model")},
        set(),
    ),
    "the tokenizers of all": (
        "base_model: acme/a\ntokenizer_source: union",
        {used(f"{HUB}/acme/a")},
        {("base-model", "acme/a", "/base_model")},
        set(),
    ),
    "a folder of the host": (
        "models: [{model: ./out/a}, {model: acme/b}]",
        {used("./out/a"), used(f"{HUB}/acme/b")},
        set(),
        {("reference-local-path", "/models/0/model")},
    ),
    "two revisions in one": (
        "models: [{model: a@b@c}]",
        set(),
        set(),
        {("merge-malformed", "/models/0/model"), ("merge-without-inputs", "")},
    ),
    "two adapters in one": (
        "models: [{model: a+b+c}]",
        set(),
        set(),
        {("merge-malformed", "/models/0/model"), ("merge-without-inputs", "")},
    ),
    "nothing in the list": (
        "models: [x, {model: }]",
        set(),
        set(),
        {
            ("merge-malformed", "/models/0/model"),
            ("merge-malformed", "/models/1/model"),
            ("merge-without-inputs", ""),
        },
    ),
    "no input": ("merge_method: ties", set(), set(), {("merge-without-inputs", "")}),
}


@pytest.mark.parametrize(("text", "inputs", "said", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    text: str, inputs: set[Any], said: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = merge(text, tmp_path)
    assert (done.edges, done.said, done.found) == (inputs | {MADE}, said, found)
    assert done.kinds == {("model", False)}


def test_a_list_is_no_merge(tmp_path: Path) -> None:
    done = merge("[a]", tmp_path)
    assert (done.edges, done.found) == (set(), {("merge-malformed", "")})


def test_the_step_has_the_parameters(tmp_path: Path) -> None:
    text = "merge_method: ties\ndtype: bfloat16\nparameters: {t: [0, 1.10]}"
    (step,) = merge(text, tmp_path).nodes.values()
    assert {fact.field: fact.value for fact in step.facts} == {
        "step": "merge",
        "parameter.merge-method": "ties",
        "parameter.dtype": "bfloat16",
        "parameter.parameters": '{"t": ["0", "1.10"]}',
    }


def test_a_folder_of_the_place_is_known_by_its_bytes(tmp_path: Path) -> None:
    files = {"base/x.bin": "x", "out/mergekit_config.yaml": "base_model: base"}
    done = read(CATALOGER, tmp_path, files)
    forms = {
        node.label: node.digest and node.digest.form for node in done.nodes.values()
    }
    assert forms == {"merge": None, "base": "tree"}
    assert done.found == set()


def test_more_inputs_than_are_read(tmp_path: Path) -> None:
    models = ", ".join(f"{{model: acme/m{i}}}" for i in range(MAX_INPUTS + 1))
    done = merge(f"models: [{models}]", tmp_path)
    assert len(done.edges) == MAX_INPUTS + 1
    assert done.found == {("too-many-inputs", f"/models/{MAX_INPUTS}/model")}


_KEYS = st.sampled_from(
    [
        "base_model",
        "models",
        "slices",
        "sources",
        "model",
        "lora",
        "path",
        "revision",
        "modules",
        "experts",
        "source_model",
        "tokenizer",
        "tokenizer_source",
        "source",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.sampled_from("a/@+.~\\ "), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(_KEYS, _VALUES, max_size=8))
def test_no_type_breaks_it(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = merge(json.dumps(document), tmp_path_factory.mktemp("merge"))
    assert MADE in done.edges
