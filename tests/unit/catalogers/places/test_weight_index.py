"""Indexes are compared with the files that are here, tensor by tensor."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.weight_index import CATALOGER
from tests.catalog_world import read

NAME = "model.safetensors.index.json"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def shard(*names: str) -> bytes:
    tensors = {
        name: {"dtype": "U8", "shape": [4], "data_offsets": [4 * n, 4 * n + 4]}
        for n, name in enumerate(names)
    }
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text + bytes(4 * len(names))


def index(mapped: Any, total: Any = 12) -> str:
    return json.dumps({"metadata": {"total_size": total}, "weight_map": mapped})


MAPPED = {"a": ONE, "b": ONE, "c": TWO}
SHARDS = {ONE: shard("a", "b"), TWO: shard("c")}
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 9\n"

CASES: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "as it should be": ({NAME: index(MAPPED), **SHARDS}, set()),
    "a float": ({NAME: index(MAPPED, 12.0), **SHARDS}, set()),
    "another size": (
        {NAME: index(MAPPED, 13), **SHARDS},
        {("total-size-differs", "/metadata/total_size")},
    ),
    "no size": (
        {NAME: index(MAPPED, None), **SHARDS},
        {("index-malformed", "/metadata/total_size")},
    ),
    "a size that is a truth": (
        {NAME: index(MAPPED, True), **SHARDS},
        {("index-malformed", "/metadata/total_size")},
    ),
    "no metadata": (
        {NAME: json.dumps({"weight_map": MAPPED, "metadata": []}), **SHARDS},
        {("index-malformed", "/metadata/total_size")},
    ),
    "a shard is missing": (
        {NAME: index(MAPPED), ONE: SHARDS[ONE]},
        {("shard-missing", "/weight_map")},
    ),
    "a shard is a pointer": (
        {NAME: index(MAPPED), ONE: SHARDS[ONE], TWO: POINTER},
        set(),
    ),
    "a file more": (
        {NAME: index(MAPPED), **SHARDS, "extra.safetensors": shard("x")},
        {("shard-not-in-index", "")},
    ),
    "a pointer more": (
        {NAME: index(MAPPED), **SHARDS, "extra.safetensors": POINTER},
        {("shard-not-in-index", "")},
    ),
    "a file of another folder": (
        {NAME: index(MAPPED), **SHARDS, "sub/extra.safetensors": shard("x")},
        set(),
    ),
    "other tensors": (
        {NAME: index({"a": ONE, "z": ONE, "c": TWO}), **SHARDS},
        {("shard-other-tensors", "/weight_map")},
    ),
    "a shard that is no safetensors": (
        {NAME: index(MAPPED), ONE: SHARDS[ONE], TWO: b"x"},
        set(),
    ),
    "outside": (
        {NAME: index({**MAPPED, "d": "../x.safetensors"}), **SHARDS},
        {("shard-outside", "/weight_map/d")},
    ),
    "absolute": (
        {NAME: index({**MAPPED, "d": "/x.safetensors"}), **SHARDS},
        {("shard-outside", "/weight_map/d")},
    ),
    "no text": (
        {NAME: index({**MAPPED, "d": 1, "e": None, "f": []}), **SHARDS},
        {("shard-outside", f"/weight_map/{k}") for k in "def"},
    ),
    "backslashes": (
        {NAME: index({**MAPPED, "d": "a\\b"}), **SHARDS},
        {("shard-outside", "/weight_map/d")},
    ),
    "no map": ({NAME: "{}"}, {("index-malformed", "/weight_map")}),
    "a list": ({NAME: "[]"}, {("index-malformed", "/weight_map")}),
    "a map that is a text": (
        {NAME: index("x")},
        {("index-malformed", "/weight_map")},
    ),
}


@pytest.mark.parametrize(("files", "found"), CASES.values(), ids=CASES)
def test_indexes(
    files: dict[str, Any], found: set[tuple[str, str]], tmp_path: Path
) -> None:
    assert read(CATALOGER, tmp_path, files).found == found


def test_in_a_folder(tmp_path: Path) -> None:
    files = {NAME: index(MAPPED), **SHARDS}
    done = read(CATALOGER, tmp_path, {f"m/{k}": v for k, v in files.items()})
    assert not done.found
    assert done.said == {(f"shards.m/{NAME}", "2", "/weight_map")}
    assert done.kinds == {("model", False)}


def test_pickled_shards_by_name(tmp_path: Path) -> None:
    name = "pytorch_model.bin.index.json"
    files = {name: index({"a": "x.bin", "b": "y.bin"}), "x.bin": b"1", "z.bin": b"2"}
    assert read(CATALOGER, tmp_path, files).found == {
        ("shard-missing", "/weight_map"),
        ("shard-not-in-index", ""),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["weight_map", "metadata", "total_size"]), inner
        )
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_no_document_raises(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    done = read(
        CATALOGER, tmp_path_factory.mktemp("i"), {NAME: json.dumps(document), **SHARDS}
    )
    assert done.said or done.codes
