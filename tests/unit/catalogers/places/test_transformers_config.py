"""config.json: what was loaded is a claim of its own, and no base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.transformers_config import CATALOGER
from tests.catalog_world import read

COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
MODEL = {("model", False)}
TYPE = {("model-type", "bert", "/model_type")}

#: name → document, kinds, said, edges, findings
CASES: dict[str, tuple[Any, set[Any], set[Any], set[Any], set[Any]]] = {
    "as transformers 4.44 wrote it": (
        {
            "_name_or_path": "google-bert/bert-base-uncased",
            "architectures": ["BertForSequenceClassification"],
            "model_type": "bert",
            "torch_dtype": "float32",
            "transformers_version": "4.44.0",
        },
        MODEL,
        {
            *TYPE,
            ("loaded-from", "google-bert/bert-base-uncased", "/_name_or_path"),
            ("architecture-class", "BertForSequenceClassification", "/architectures"),
            ("parameter.dtype", "float32", "/torch_dtype"),
            ("library-version.transformers", "4.44.0", "/transformers_version"),
        },
        set(),
        {("loaded-from-only", "/_name_or_path")},
    ),
    "as newer ones write it": (
        {"model_type": "bert", "dtype": "bfloat16"},
        MODEL,
        {*TYPE, ("parameter.dtype", "bfloat16", "/dtype")},
        set(),
        set(),
    ),
    "with the commit that was loaded": (
        {"_name_or_path": "acme/a", "_commit_hash": COMMIT},
        MODEL,
        {
            ("loaded-from", "acme/a", "/_name_or_path"),
            ("loaded-from-revision", COMMIT, "/_commit_hash"),
        },
        set(),
        {("loaded-from-only", "/_name_or_path")},
    ),
    "a folder of the training host": (
        {"_name_or_path": "output_a/", "model_type": "bert"},
        MODEL,
        TYPE,
        set(),
        {("reference-local-path", "/_name_or_path")},
    ),
    "loaded from nothing": (
        {"_name_or_path": "", "model_type": "bert"},
        MODEL,
        TYPE,
        set(),
        set(),
    ),
    "quantized": (
        {
            "model_type": "bert",
            "quantization_config": {
                "quant_method": "gptq",
                "bits": 4,
                "dataset": "wikitext2",
            },
        },
        MODEL,
        {
            *TYPE,
            ("quantization", "gptq", "/quantization_config/quant_method"),
            ("parameter.quantization-bits", "4", "/quantization_config/bits"),
        },
        {("subject", "derived-from", "wikitext2", "calibration-data")},
        set(),
    ),
    "everything of a wrong type": (
        {
            "model_type": {},
            "architectures": [1],
            "_name_or_path": 1,
            "quantization_config": [],
        },
        MODEL,
        set(),
        set(),
        {
            ("config-malformed", "/model_type"),
            ("config-malformed", "/architectures"),
            ("config-malformed", "/_name_or_path"),
            ("config-malformed", "/quantization_config"),
        },
    ),
    "calibration data of a wrong type": (
        {"model_type": "bert", "quantization_config": {"dataset": 7}},
        MODEL,
        TYPE,
        set(),
        {("config-malformed", "/quantization_config/dataset")},
    ),
    "another program's": ({"word_embedding_dimension": 8}, set(), set(), set(), set()),
    "a list": ([], set(), set(), set(), {("config-malformed", "")}),
}


@pytest.mark.parametrize(
    ("document", "kinds", "said", "edges", "found"), CASES.values(), ids=CASES
)
def test_what_is_read(
    document: Any,
    kinds: set[Any],
    said: set[Any],
    edges: set[Any],
    found: set[Any],
    tmp_path: Path,
) -> None:
    done = read(CATALOGER, tmp_path, {"config.json": json.dumps(document)})
    assert (done.kinds, done.said, done.found) == (kinds, said, found)
    assert done.edges == edges


def test_calibration_texts_are_counted(tmp_path: Path) -> None:
    document = {"model_type": "bert", "quantization_config": {"dataset": ["a", "b"]}}
    done = read(CATALOGER, tmp_path, {"config.json": json.dumps(document)})
    (node,) = done.nodes.values()
    assert node.values("texts") == ("2 texts in the file",)
    assert {edge[3] for edge in done.edges} == {"calibration-data"}


def test_any_other_name_is_another_file(tmp_path: Path) -> None:
    files = {"my_config.json": '{"model_type": "bert"}'}
    assert read(CATALOGER, tmp_path, files).notes == ()


_KEYS = st.sampled_from(
    ["model_type", "architectures", "_name_or_path", "dataset", "_commit_hash", "bits"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(_KEYS, _VALUES), quantization=_VALUES)
def test_no_type_breaks_it(
    document: dict[str, Any],
    quantization: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    whole = {**document, "model_type": "x", "quantization_config": quantization}
    folder = tmp_path_factory.mktemp("config")
    done = read(CATALOGER, folder, {"config.json": json.dumps(whole)})
    assert ("model-type", "x", "/model_type") in done.said
