"""What configurations ask loaders to import becomes code that the model requires."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places.remote_code_requests import CATALOGER
from tests.catalog_world import read

PHI = "microsoft/Phi-3-mini-4k-instruct"
PHI_SOURCE = f"pkg:huggingface/{PHI}"
MODULE = "class C: pass\n"


def config(**more: Any) -> str:
    return json.dumps({"model_type": "x", **more})


def mapped(value: Any) -> str:
    return config(auto_map={"AutoModel": value})


CASES: dict[str, tuple[str, set[Any], set[tuple[str, str]]]] = {
    "nothing": (config(), set(), set()),
    "a module that is here": (
        mapped("modeling.C"),
        {("subject", "requires", "modeling.py", "remote-code")},
        {("remote-code", "key:auto_map")},
    ),
    "a module that is not": (
        mapped("other.C"),
        set(),
        {("remote-code-missing", "key:auto_map")},
    ),
    "another repository": (
        mapped(f"{PHI}--modeling.C"),
        {("subject", "requires", PHI_SOURCE, "remote-code")},
        {("remote-code-elsewhere", "key:auto_map")},
    ),
    "another place that is no repository": (
        mapped("a b/c d/e--modeling.C"),
        {("subject", "requires", "a b/c d/e", "remote-code")},
        {("remote-code-elsewhere", "key:auto_map")},
    ),
    "both, and twice": (
        config(auto_map={"A": "modeling.C", "B": ["modeling.D", f"{PHI}--m.C"]}),
        {
            ("subject", "requires", "modeling.py", "remote-code"),
            ("subject", "requires", PHI_SOURCE, "remote-code"),
        },
        {("remote-code", "key:auto_map"), ("remote-code-elsewhere", "key:auto_map")},
    ),
    "trust": (
        config(trust_remote_code=True),
        set(),
        {("remote-code-trusted", "key:trust_remote_code")},
    ),
    "a reference to nothing": (
        mapped("no reference"),
        set(),
        {("remote-code-unclear", "key:auto_map")},
    ),
    "a number": (mapped(7), set(), {("remote-code-unclear", "")}),
    "broken": ('{"auto_map": ', set(), {("remote-code-unclear", "")}),
    "many": (
        mapped([f"acme/r{n}--m.C" for n in range(300)]),
        {
            ("subject", "requires", f"pkg:huggingface/acme/r{n}", "remote-code")
            for n in sorted(range(300), key=lambda n: f"acme/r{n}")[:200]
        },
        {("remote-code-elsewhere", "key:auto_map"), ("remote-code-cut", "")},
    ),
}


@pytest.mark.parametrize(("text", "edges", "found"), CASES.values(), ids=CASES)
def test_requests(
    text: str, edges: set[Any], found: set[tuple[str, str]], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"m/config.json": text, "m/modeling.py": MODULE})
    assert (done.edges, done.found) == (edges, found)


def test_a_module_is_known_by_its_bytes(tmp_path: Path) -> None:
    files = {"config.json": mapped("modeling.C"), "modeling.py": MODULE}
    done = read(CATALOGER, tmp_path, files)
    assert set(done.nodes) == {
        f"code:file:{hashlib.sha256(MODULE.encode()).hexdigest()}"
    }


LFS = b"version https://git-lfs.github.com/spec/"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(LFS)
@given(st.binary(max_size=60) | st.text(max_size=20).map(lambda t: mapped(t).encode()))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    done = read(CATALOGER, tmp_path_factory.mktemp("r"), {"config.json": data})
    # A pointer of Git LFS stands for bytes that are elsewhere: another one's to tell.
    assert len(done.notes) == (0 if data.startswith(LFS) else 1)
