"""sentence-transformers and SetFit: modules, prompts, versions and labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.sentence_transformers import CATALOGER
from tests.catalog_world import Read, read

NAMES = ("modules.json", "config_sentence_transformers.json", "config_setfit.json")
MODULES, CONFIG, SETFIT = NAMES
TRANSFORMER = "sentence_transformers.models.Transformer"
POOLING = "sentence_transformers.models.Pooling"
LONG = "x" * 2_001


def described(name: str, document: Any, folder: Path) -> Read:
    files = {name: json.dumps(document), "1_Pooling/config.json": "{}"}
    return read(CATALOGER, folder, files)


#: name → file, document, said, findings
CASES: dict[str, tuple[str, Any, set[Any], set[Any]]] = {
    "modules": (
        MODULES,
        [
            {"idx": 0, "name": "0", "path": "", "type": TRANSFORMER},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": POOLING},
        ],
        {("module.0", TRANSFORMER, "/0/type"), ("module.1", POOLING, "/1/type")},
        set(),
    ),
    "modules that are not here": (
        MODULES,
        [{"path": "2_Dense", "type": "a"}, {"path": "../x", "type": "b"}],
        {("module.0", "a", "/0/type"), ("module.1", "b", "/1/type")},
        {("module-missing", "/0/path"), ("module-elsewhere", "/1/path")},
    ),
    "modules of wrong types": (
        MODULES,
        [{"path": 1, "type": "a"}, {"type": 1}, "x"],
        {("module.0", "a", "/0/type")},
        {
            ("sentence-model-malformed", "/0/path"),
            ("sentence-model-malformed", "/1"),
            ("sentence-model-malformed", "/2"),
        },
    ),
    "more modules than are read": (
        MODULES,
        [{"path": "", "type": "a"}] * 1_001,
        {(f"module.{i}", "a", f"/{i}/type") for i in range(1_000)},
        {("list-too-long", "")},
    ),
    "modules of something else": (
        MODULES,
        [],
        set(),
        {("sentence-model-malformed", "")},
    ),
    "how it was made": (
        CONFIG,
        {
            "__version__": {"sentence_transformers": "3.0.1", "pytorch": "2.4"},
            "prompts": {"query": "query: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        {
            (
                "made-with.sentence_transformers",
                "3.0.1",
                "/__version__/sentence_transformers",
            ),
            ("made-with.pytorch", "2.4", "/__version__/pytorch"),
            ("prompt.query", "query: ", "/prompts/query"),
            ("parameter.similarity", "cosine", "/similarity_fn_name"),
        },
        set(),
    ),
    "how it was made, of wrong types": (
        CONFIG,
        {"__version__": [], "prompts": {"a": [], "b": LONG}},
        set(),
        {
            ("sentence-model-malformed", "/__version__"),
            ("sentence-model-malformed", "/prompts/a"),
            ("value-too-long", "/prompts/b"),
        },
    ),
    "labels": (
        SETFIT,
        {"labels": ["good", "bad"], "normalize_embeddings": False},
        {
            ("label-classes", '["good", "bad"]', "/labels"),
            ("parameter.normalize-embeddings", "false", "/normalize_embeddings"),
        },
        set(),
    ),
    "no labels": (SETFIT, {"labels": None}, set(), set()),
    "labels of a wrong type": (
        SETFIT,
        {"labels": [[]]},
        set(),
        {("sentence-model-malformed", "/labels")},
    ),
    "not an object": (SETFIT, [], set(), {("sentence-model-malformed", "")}),
}


@pytest.mark.parametrize(
    ("name", "document", "said", "found"), CASES.values(), ids=CASES
)
def test_what_is_read(
    name: str, document: Any, said: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = described(name, document, tmp_path)
    assert (done.said, done.found) == (said, found)
    assert done.kinds == ({("model", False)} if said or not found else done.kinds)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "path", "prompts", "__version__", "labels", "\n"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(NAMES), document=_VALUES)
def test_no_type_breaks_it(
    name: str, document: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = described(name, document, tmp_path_factory.mktemp("model"))
    assert done.found or done.kinds == {("model", False)}
