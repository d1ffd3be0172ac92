"""MLflow models: the base is named, and the revision beside it is no pin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.mlflow_model import CATALOGER
from tests.catalog_world import read

RUN = "8a3fe1ab2c1d4e5f8a3fe1ab2c1d4e5f"
COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
BERT = "pkg:huggingface/google-bert/bert-base-uncased"
NAME = "google-bert/bert-base-uncased"
AT = "/flavors/transformers"

WHOLE = f"""\
artifact_path: model
flavors:
  python_function:
    env: {{conda: conda.yaml, virtualenv: python_env.yaml}}
    loader_module: mlflow.transformers
    python_version: 3.11.9
  transformers:
    components:
    - tokenizer
    framework: pt
    instance_type: TextClassificationPipeline
    source_model_name: {NAME}
    source_model_revision: {COMMIT}
    task: text-classification
    tokenizer_name: acme/tokenizer
    tokenizer_revision: {COMMIT}
    tokenizer_type: BertTokenizerFast
    torch_dtype: torch.float32
mlflow_version: 3.1.0
model_id: m-0123456789abcdef
model_size_bytes: 438009257
model_uuid: 5f1cbd33
run_id: {RUN}
signature:
  inputs: '[{{"type": "string"}}]'
  outputs: '[{{"type": "string"}}]'
  params: null
utc_time_created: '2026-05-01 12:00:00.123456'
"""
MADE = ("activity", "generated", "subject", "")
DERIVED = ("subject", "derived-from", BERT, "base-model")
REQUIRED = ("subject", "requires", BERT, "base")


def flavors(**each: Any) -> str:
    return json.dumps({"flavors": each})


def said(**facts: str) -> set[Any]:
    return {("flavors", "transformers", "/flavors")} | {
        (field.replace("_", "-"), value.split("|")[0], value.split("|")[1])
        for field, value in facts.items()
    }


#: name → document, edges, said, findings
CASES: dict[str, tuple[str, set[Any], set[Any], set[Any]]] = {
    "without weights, as MLflow writes it": (
        WHOLE,
        {
            MADE,
            DERIVED,
            REQUIRED,
            ("subject", "requires", "pkg:huggingface/acme/tokenizer", "tokenizer"),
        },
        {
            ("flavors", "python_function, transformers", "/flavors"),
            ("base-model", NAME, f"{AT}/source_model_name"),
            ("created", "2026-05-01T12:00:00Z", "/utc_time_created"),
            ("interface.inputs", '[{"type": "string"}]', "/signature/inputs"),
            ("interface.outputs", '[{"type": "string"}]', "/signature/outputs"),
            ("mlflow-model-id", "m-0123456789abcdef", "/model_id"),
            ("mlflow-model-uuid", "5f1cbd33", "/model_uuid"),
            ("mlflow-run", RUN, "/run_id"),
            ("parameter.mlflow-version", "3.1.0", "/mlflow_version"),
            (
                "parameter.loader-module",
                "mlflow.transformers",
                "/flavors/python_function/loader_module",
            ),
            (
                "parameter.python-version",
                "3.11.9",
                "/flavors/python_function/python_version",
            ),
            ("task", "text-classification", f"{AT}/task"),
        },
        {
            ("revision-at-log-time", f"{AT}/source_model_revision"),
            ("revision-at-log-time", f"{AT}/tokenizer_revision"),
        },
    ),
    "with its weights": (
        flavors(transformers={"source_model_name": NAME, "model_binary": "model"}),
        {DERIVED},
        said(base_model=f"{NAME}|{AT}/source_model_name"),
        set(),
    ),
    "an adapter": (
        flavors(transformers={"source_model_name": NAME, "peft_adaptor": "peft"}),
        {DERIVED, REQUIRED},
        said(
            base_model=f"{NAME}|{AT}/source_model_name",
            adapter_folder=f"peft|{AT}/peft_adaptor",
        ),
        set(),
    ),
    "a folder of the training host": (
        flavors(transformers={"source_model_name": "./results/checkpoint-500"}),
        {("subject", "derived-from", "./results/checkpoint-500", "base-model")},
        said(),
        {("reference-local-path", f"{AT}/source_model_name")},
    ),
    "things in the wrong place": (
        json.dumps(
            {
                "flavors": {"transformers": [], "b": {"a_name": "x", "A_name": 1}},
                "run_id": [],
                "utc_time_created": "yesterday",
                "signature": {"inputs": [1], "outputs": "x" * 5000},
            }
        ),
        set(),
        {("flavors", "b, transformers", "/flavors")},
        {
            ("mlmodel-malformed", AT),
            ("mlmodel-malformed", "/run_id"),
            ("date-unclear", "/utc_time_created"),
            ("interface-left-out", "/signature/inputs"),
            ("interface-left-out", "/signature/outputs"),
        },
    ),
    "a signature that is a list": (
        json.dumps({"flavors": {"transformers": {}}, "signature": []}),
        set(),
        said(),
        {("mlmodel-malformed", "/signature")},
    ),
    "a thousand flavors": (
        flavors(**{f"f{n}": {} for n in range(1000)}),
        set(),
        set(),
        {("mlmodel-malformed", "/flavors")},
    ),
    "a thousand components": (
        flavors(transformers={f"a{n}_name": "x" for n in range(1000)}),
        set(),
        said(),
        {("mlmodel-malformed", AT)},
    ),
    "no flavors": ("run_id: a\n", set(), set(), {("mlmodel-malformed", "/flavors")}),
    "a list": ("- 1\n", set(), set(), {("mlmodel-malformed", "/flavors")}),
    "no YAML": ("a: [", set(), set(), {("yaml-malformed", "")}),
}


@pytest.mark.parametrize(("text", "edges", "facts", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    text: str, edges: set[Any], facts: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"MLmodel": text})
    assert (done.edges, done.said, done.found) == (edges, facts, found)


def test_a_revision_at_log_time_is_no_revision(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"MLmodel": WHOLE})
    assert all(COMMIT not in repr(node) for node in done.nodes.values())
    edges = [edge for notes in done.notes for edge in notes.edges if edge.facts]
    assert {edge.role for edge in edges} == {"base-model", "base", "tokenizer"}
    assert all(edge.value("revision-at-log-time") == COMMIT for edge in edges)


def test_other_files_are_not_read(tmp_path: Path) -> None:
    assert not read(CATALOGER, tmp_path, {"model": WHOLE, "MLmodel.yaml": "a"}).notes


_KEYS = st.sampled_from(
    [
        *("flavors", "transformers", "python_function", "source_model_name", "task"),
        *("source_model_revision", "tokenizer_name", "tokenizer_revision", "run_id"),
        *("signature", "inputs", "utc_time_created", "peft_adaptor", "model_id"),
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.sampled_from("a/@.~\\ \0é"), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(document=st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_whatever_stands_there_is_read_or_told(
    document: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("model")
    done = read(CATALOGER, folder, {"MLmodel": json.dumps(document)})
    assert done.found or done.said


@settings(max_examples=100, deadline=None)
@given(
    cut=st.integers(0, len(WHOLE)),
    place=st.integers(0, len(WHOLE) - 1),
    byte=st.integers(0, 255),
)
def test_a_damaged_file_is_read_or_told(
    cut: int, place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(WHOLE.encode())
    data[place] = byte
    folder = tmp_path_factory.mktemp("model")
    done = read(CATALOGER, folder, {"MLmodel": bytes(data[:cut])})
    assert done.found or done.said
