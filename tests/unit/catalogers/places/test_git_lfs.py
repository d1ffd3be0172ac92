"""A pointer's digest names a part that nobody has seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places import catalogers
from aibom.catalogers.places.git_lfs import CATALOGER
from aibom.catalogers.places.safetensors import CATALOGER as SAFETENSORS
from tests.catalog_world import read

OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
START = "version https://git-lfs.github.com/spec/v1\n"
POINTER = f"{START}oid sha256:{OID}\nsize 12345\n"

#: name → kind of the part, if it is told
NAMES = {
    "model.safetensors": "model",
    "m.gguf": "model",
    "m.onnx": "model",
    "m.keras": "model",
    "m.pt": "model",
    "m.h5": "model",
    "pytorch_model-00001-of-00002.bin": "model",
    "train.parquet": "dataset",
    "train.CSV": "dataset",
    "other.bin": None,
    "tokenizer.json": None,
    "picture.png": None,
}


@pytest.mark.parametrize(("name", "kind"), NAMES.items(), ids=NAMES)
def test_parts(name: str, kind: str | None, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {f"m/{name}": POINTER})
    assert done.said == {(f"elsewhere.m/{name}", f"sha256:{OID}", "line:2")}
    assert done.unread == {"pointer-not-pulled"}
    assert set(done.nodes) == ({f"{kind}:file:{OID}"} if kind else set())
    assert {edge[:2] for edge in done.edges} == (
        {("subject", "derived-from")} if kind else set()
    )
    assert done.kinds == ({("model", False)} if kind == "model" else set())
    for node in done.nodes.values():
        assert {f.field: f.value for f in node.facts} == {"name": name, "size": "12345"}


def test_a_malformed_pointer(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"m.safetensors": f"{START}oid md5:1\nsize 1\n"})
    assert (done.unread, done.said, done.nodes) == ({"pointer-malformed"}, set(), {})


def test_no_other_cataloger_reads_a_pointer(tmp_path: Path) -> None:
    files = {"model.safetensors": POINTER, "adapter_config.json": POINTER}
    for other in (SAFETENSORS, *catalogers()):
        if other.id != CATALOGER.id:
            assert not read(other, tmp_path, files).notes
    assert not read(CATALOGER, tmp_path / "b", {"model.safetensors": "x"}).notes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_pointer_raises(
    tmp_path_factory: pytest.TempPathFactory, rest: bytes
) -> None:
    data = START.encode() + rest
    done = read(CATALOGER, tmp_path_factory.mktemp("l"), {"m.gguf": data})
    assert done.unread
