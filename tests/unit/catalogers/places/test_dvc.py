"""DVC: stages, data and imports; what lies here is joined only where its MD5 agrees."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers import dvc_entries, pipelines
from aibom.catalogers.places import dvc
from aibom.catalogers.places.dvc import CATALOGER
from aibom.recording.roles import STEP_OUTPUT_KINDS
from tests.catalog_world import Read, read

COMMIT = "0c46b2a5a1d7c3b1ad5c1b1b0c46b2a5a1d7c3b1"
CODE, DATA, OTHER = "print(1)\n", "a,b\n1,2\n", "x\n"


def md5(data: str | bytes) -> str:
    data = data if isinstance(data, bytes) else data.encode()
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def folder_md5(**files: str) -> str:
    listed = [{"md5": md5(text), "relpath": name} for name, text in files.items()]
    listed.sort(key=lambda one: one["relpath"])
    return md5(json.dumps(listed, sort_keys=True)) + ".dir"


LOCK = f"""\
schema: '2.0'
stages:
  prepare:
    cmd: python src/prepare.py data/raw.csv --token=hunter2
    deps:
    - path: data/raw.csv
      hash: md5
      md5: {md5(DATA)}
      size: {len(DATA)}
    - path: src/prepare.py
      hash: md5
      md5: {md5(CODE)}
      size: {len(CODE)}
    params:
      params.yaml:
        prepare.seed: 20170428
        prepare:
          split: 0.2
          api_key: hunter2
          columns: [a, b]
    outs:
    - path: data/prepared
      hash: md5
      md5: {folder_md5(**{"test.csv": OTHER, "sub/train.csv": DATA})}
      size: 10
      nfiles: 2
  train:
    cmd:
    - python src/train.py
    - python src/report.py
    deps:
    - path: data/prepared
      hash: md5
      md5: {folder_md5(**{"test.csv": OTHER, "sub/train.csv": DATA})}
    outs:
    - path: model.bin
      hash: md5
      md5: {"0" * 32}
"""
HERE = {
    "data/raw.csv": DATA,
    "src/prepare.py": CODE,
    "data/prepared/test.csv": OTHER,
    "data/prepared/sub/train.csv": DATA,
}
PART = ("subject", "derived-from", "data.xml", "part")


def lock(path: str, digest: str, more: str = "", key: str = "deps") -> str:
    return (
        f"schema: '2.0'\nstages:\n  go:\n    cmd: x\n    {key}:\n"
        f"    - path: {path}\n      md5: {digest}\n{more}"
    )


def used(name: str, role: str = "data", step: str = "go") -> tuple[str, str, str, str]:
    return (step, "used", name, role)


#: name → files, edges, findings
CASES: dict[str, tuple[dict[str, str | bytes], set[Any], set[Any]]] = {
    "a lock file": (
        {"dvc.lock": LOCK, **HERE},
        {
            used("raw.csv", step="prepare"),
            used("prepare.py", "code", step="prepare"),
            ("prepare", "generated", "prepared", ""),
            ("subject", "derived-from", "prepared", "part"),
            used("prepared", step="train"),
            ("train", "generated", "model.bin", ""),
        },
        {("parameter-left-out", "/stages/prepare/params")},
    ),
    "a lock file of DVC 0.x": (
        {"dvc.lock": "go:\n  cmd: x\n"},
        set(),
        {("dvc-schema-unknown", "/schema")},
    ),
    "another file than the one that was read": (
        {"dvc.lock": lock("a.csv", md5(DATA)), "a.csv": OTHER},
        {used("a.csv")},
        {("weak-digest-differs", "/stages/go/deps/0")},
    ),
    "a folder with one file more": (
        {"dvc.lock": lock("d", folder_md5(a=DATA)), "d/a": DATA, "d/b": DATA},
        {used("d")},
        {("weak-digest-differs", "/stages/go/deps/0")},
    ),
    "a file of DVC 2, with line ends of Windows": (
        {"dvc.lock": lock("a.csv", md5(DATA)), "a.csv": DATA.replace("\n", "\r\n")},
        {used("a.csv")},
        set(),
    ),
    "the same, of DVC 3": (
        {
            "dvc.lock": lock("a.csv", md5(DATA), "      hash: md5\n"),
            "a.csv": DATA.replace("\n", "\r\n"),
        },
        {used("a.csv")},
        {("weak-digest-differs", "/stages/go/deps/0")},
    ),
    "a working folder": (
        {
            "p/dvc.lock": lock("raw.csv", md5(DATA)),
            "p/dvc.yaml": "stages:\n  go:\n    cmd: x\n    wdir: ../data\n",
            "data/raw.csv": DATA,
        },
        {used("raw.csv")},
        set(),
    ),
    "paths that lead out, and an address": (
        {
            "dvc.lock": lock(
                "/home/jane/a.csv",
                md5(DATA),
                "    - path: ../../b\n      md5: none\n"
                "    - path: s3://u:p@bucket/c\n      etag: abc\n"
                "    - {md5: x}\n",
            )
        },
        {used("/home/jane/a.csv"), used("../../b"), used("s3://bucket/c")},
        {
            ("reference-local-path", "/stages/go/deps/0"),
            ("reference-local-path", "/stages/go/deps/1"),
            ("weak-digest-malformed", "/stages/go/deps/1"),
            ("credentials-left-out", "/stages/go/deps/2"),
            ("entry-malformed", "/stages/go/deps/3"),
        },
    ),
    "a folder that holds the lock file": (
        {"a/b/dvc.lock": lock("../../a", folder_md5(a=DATA)), "a/b/x": DATA},
        {used("a")},
        set(),
    ),
    "named data sets": (
        {
            "dvc.lock": "schema: '2.0'\ndatasets:\n- name: cats\n  type: dvc\n"
            f"  url: https://git.example/cats\n  rev: main\n  rev_lock: {COMMIT}\n"
            "- name: dogs\n  type: dc\n  url: dc://dogs\n  version: 3\n- {}\n"
            "stages:\n  go:\n    cmd: x\n    deps:\n    - path: ds://cats\n"
        },
        {used("https://git.example/cats")},
        {("dvc-malformed", "/datasets/2")},
    ),
    "stages that are none": (
        {
            "dvc.lock": "schema: '2.0'\nstages:\n  a: 1\n  b: {deps: 2, cmd: {}}\n"
            "  c: {cmd: x, params: [], deps: []}\n"
        },
        set(),
        {
            ("dvc-malformed", "/stages/a"),
            ("dvc-malformed", "/stages/b/cmd"),
            ("dvc-malformed", "/stages/b/deps"),
            ("dvc-malformed", "/stages/c/params"),
        },
    ),
    "stages that are a list": (
        {"dvc.lock": "schema: '2.0'\nstages: []\n"},
        set(),
        {("dvc-malformed", "/stages")},
    ),
    "a pipeline of which nothing ran": (
        {
            "dvc.yaml": "stages:\n  evaluate:\n    cmd: python e.py\n    desc: Why.\n"
            "    deps: [e.py, model.pkl]\n    params: [seed]\n"
            "    outs: [out.csv]\n    metrics:\n    - m.json: {cache: false}\n"
            "    plots:\n    - roc.csv\n",
            "e.py": CODE,
        },
        {
            used("e.py", "code", "evaluate"),
            used("model.pkl", step="evaluate"),
            ("evaluate", "generated", "out.csv", ""),
            ("evaluate", "generated", "m.json", "metrics"),
            ("evaluate", "generated", "roc.csv", "plots"),
        },
        {("stage-not-locked", "/stages/evaluate")},
    ),
    "a pipeline that ran": (
        {
            "dvc.yaml": "stages:\n  go:\n    cmd: x\n    deps: [a.csv]\n",
            "dvc.lock": lock("a.csv", md5(DATA)),
            "a.csv": DATA,
        },
        {used("a.csv")},
        set(),
    ),
    "a pipeline that was changed since": (
        {
            "dvc.yaml": "stages:\n  go:\n    cmd: y\n    deps: [b.csv]\n",
            "dvc.lock": lock("a.csv", md5(DATA)),
        },
        {used("a.csv")},
        {("stage-changed", "/stages/go")},
    ),
    "templates": (
        {
            "dvc.yaml": "stages:\n  a:\n    foreach: [1]\n    do: {cmd: x}\n"
            "  b:\n    matrix: {m: [1]}\n    cmd: x\n  c:\n    cmd: x ${item}\n"
            "  d:\n    cmd: x\n    outs: [{'${out}': {cache: true}}]\n"
        },
        set(),
        {("dvc-template", f"/stages/{name}") for name in "abcd"},
    ),
    "artifacts": (
        {
            "dvc.yaml": "artifacts:\n  classifier:\n    path: m.txt\n    type: model\n"
            "    desc: Cats.\n  none: 1\n",
            "m.txt": DATA,
        },
        {("subject", "derived-from", "m.txt", "part")},
        {("entry-malformed", "/artifacts/none")},
    ),
    "artifacts that are a list": (
        {"dvc.yaml": "artifacts: [a]\n"},
        set(),
        {("dvc-malformed", "/artifacts")},
    ),
    "data that was added": (
        {
            "data.xml.dvc": f"outs:\n- md5: {md5(DATA)}\n  size: 8\n  hash: md5\n"
            "  path: data.xml\nmeta:\n  name: Jane Doe\n",
            "data.xml": DATA,
        },
        {PART},
        set(),
    ),
    "data that is elsewhere": (
        {"data.xml.dvc": f"outs:\n- md5: {md5(DATA)}\n  path: data.xml\n"},
        {PART},
        set(),
    ),
    "an import": (
        {
            "data.xml.dvc": "md5: 1\nfrozen: true\ndeps:\n- path: get/data.xml\n"
            "  repo:\n    url: https://jane:pw@git.example/reg\n    rev: main\n"
            f"    rev_lock: {COMMIT}\nouts:\n- md5: {md5(DATA)}\n  path: data.xml\n"
        },
        {
            PART,
            ("data.xml", "derived-from", "https://git.example/reg", "source-data"),
        },
        {("credentials-left-out", "/deps/0")},
    ),
    "an import of a branch, of a folder beside": (
        {
            "data.xml.dvc": "deps:\n- path: d\n  repo: {url: ../reg, rev: main}\n"
            "outs:\n- path: data.xml\n"
        },
        {PART, ("data.xml", "derived-from", "../reg", "source-data")},
        {("import-not-pinned", "/deps/0"), ("reference-local-path", "/deps/0")},
    ),
    "an import by an address": (
        {
            "data.xml.dvc": "deps:\n- path: https://example.com/data.xml?sig=abc\n"
            "  etag: '\"1\"'\n  size: 8\nouts:\n- path: data.xml\n"
        },
        {
            PART,
            ("data.xml", "derived-from", "https://example.com/data.xml", "source-data"),
        },
        {("credentials-left-out", "/deps/0")},
    ),
    "an import that is none": (
        {"a.dvc": "deps:\n- repo: 1\n- {repo: {rev: x}}\nouts: []\n"},
        set(),
        {
            ("dvc-malformed", "/deps/0/repo"),
            ("dvc-malformed", "/deps/1"),
            ("dvc-malformed", "/outs"),
        },
    ),
    "not a mapping": ({"a.dvc": "- 1\n"}, set(), {("dvc-malformed", "")}),
    "an alias": (
        {"dvc.lock": "schema: &a '2.0'\nb: *a\n"},
        set(),
        {("yaml-alias", "")},
    ),
    "other files": ({".dvc/config": "[core]\n", "a.yaml": "b: 1\n"}, set(), set()),
}


@pytest.mark.parametrize(("files", "edges", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    files: dict[str, str | bytes], edges: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, files)
    assert done.found == found
    assert done.edges == edges


def facts_of(done: Read, label: str) -> dict[str, set[str | None]]:
    facts: dict[str, set[str | None]] = {}
    for notes in done.notes:
        for node in notes.nodes:
            if node.label == label:
                for fact in node.facts:
                    facts.setdefault(fact.field, set()).add(fact.value)
    return facts


def test_a_stage_has_its_kind_parameters_and_no_command(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, CASES["a lock file"][0])
    command = "python src/prepare.py data/raw.csv --token=hunter2"
    assert facts_of(done, "prepare") == {
        "step": {"activity"},
        "name": {"prepare"},
        "command.sha256": {hashlib.sha256(command.encode()).hexdigest()},
        "parameter.prepare.seed": {"20170428"},
        "parameter.prepare.split": {"0.2"},
    }
    assert facts_of(done, "train")["step"] == {"train"}
    assert "hunter2" not in repr(done)


def test_what_agrees_is_known_by_its_sha256(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, CASES["a lock file"][0])
    by_label = {node.label: node for node in done.nodes.values()}
    place = done.notes[0].place
    assert by_label["raw.csv"].digest is not None
    assert by_label["raw.csv"].digest.value == place.sha256("data/raw.csv")
    assert by_label["raw.csv"].values("weak-digest.md5") == (md5(DATA),)
    assert by_label["prepared"].digest == place.folder("data/prepared").digest
    assert by_label["prepare.py"].kind == "code"
    assert by_label["model.bin"].digest is None
    assert by_label["model.bin"].values("path") == ("model.bin",)


def test_what_differs_is_not_the_file_and_contradicts_itself(tmp_path: Path) -> None:
    done = read(
        CATALOGER, tmp_path, CASES["another file than the one that was read"][0]
    )
    assert all(node.digest is None for node in done.nodes.values())
    assert facts_of(done, "a.csv")["weak-digest.md5"] == {md5(DATA), md5(OTHER)}


def test_a_file_of_dvc_2_keeps_what_its_md5_is_of(tmp_path: Path) -> None:
    files = CASES["a file of DVC 2, with line ends of Windows"][0]
    done = read(CATALOGER, tmp_path, files)
    assert facts_of(done, "a.csv")["weak-digest.md5-crlf"] == {md5(DATA)}
    assert any(node.digest for node in done.nodes.values())


def test_the_same_md5_of_the_same_path_is_one_thing(tmp_path: Path) -> None:
    files = {
        "dvc.lock": lock("d/a.csv", md5(DATA)),
        "d/a.csv.dvc": f"outs:\n- path: a.csv\n  md5: {md5(DATA)}\n",
        "p/dvc.lock": lock("../d/a.csv", md5(DATA)),
    }
    done = read(CATALOGER, tmp_path, files)
    assert len([n for n in done.nodes.values() if n.label == "a.csv"]) == 1


def test_weights_are_a_model_by_their_bytes(tmp_path: Path) -> None:
    weights = b"GGUF\x03\0\0\0" + bytes(16)
    files = {"dvc.lock": lock("m.bin", md5(weights)), "m.bin": weights}
    done = read(CATALOGER, tmp_path, files)
    assert done.edges == {used("m.bin", "model")}


def test_an_import_names_the_commit_and_not_the_person(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, CASES["an import"][0])
    source = next(n for n in done.nodes.values() if n.values("revision"))
    assert source.value("revision") == COMMIT
    assert source.value("revision-asked") == "main"
    assert source.value("path") == "get/data.xml"
    assert "jane" not in repr(done)


LIMITS: dict[str, tuple[Any, str, int, str]] = {
    "a file": (dvc_entries, "MAX_FILE_BYTES", 1, "weak-digest-not-compared"),
    "all files": (dvc_entries, "MAX_BYTES", 1, "weak-digest-not-compared"),
    "folders": (dvc_entries, "MAX_FOLDERS", 0, "weak-digest-not-compared"),
    "stages": (dvc, "_MAX_STAGES", 1, "stages-too-many"),
    "entries": (dvc, "_MAX_ENTRIES", 1, "entries-too-many"),
    "parameters": (pipelines, "_MAX_PARAMETERS", 1, "parameters-too-many"),
}


@pytest.mark.parametrize(
    ("module", "name", "limit", "code"), LIMITS.values(), ids=LIMITS
)
def test_limits(
    module: Any,
    name: str,
    limit: int,
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, name, limit)
    assert code in read(CATALOGER, tmp_path, CASES["a lock file"][0]).unread


def test_more_sources_than_an_import_has(tmp_path: Path) -> None:
    deps = "".join(f"- path: https://example.com/{n}\n" for n in range(21))
    done = read(CATALOGER, tmp_path, {"a.dvc": f"deps:\n{deps}outs:\n- path: a\n"})
    assert ("entries-too-many", "/deps") in done.found
    assert len(done.edges) == 21


@pytest.mark.parametrize(
    "text",
    [
        f"schema: '2.0'\nstages:\n  {'n' * 600}: {{cmd: x}}\n",
        "schema: '2.0'\nstages:\n  go:\n    cmd: x\n    deps:\n"
        f"    - path: {'p' * 5000}\n",
    ],
    ids=["a name without end", "a path without end"],
)
def test_what_has_no_end_is_not_read(text: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"dvc.lock": text})
    assert done.unread
    assert not done.edges
    assert all(len(at) < 600 for _, at in done.found)


def test_stages_are_of_the_kinds_that_there_are() -> None:
    assert set(STEP_OUTPUT_KINDS) == pipelines.STEP_KINDS


_KEYS = st.sampled_from(
    [
        *("schema", "stages", "datasets", "deps", "outs", "cmd", "params", "path"),
        *("md5", "hash", "repo", "url", "rev_lock", "name", "wdir", "artifacts"),
        *("metrics", "plots", "foreach", "type", "etag"),
    ]
)
_VALUES = st.recursive(
    st.none()
    | st.sampled_from(["2.0", "a.csv", "..", ".", "d", md5(DATA), "ds://a", "s3://[a"])
    | st.text(st.sampled_from("a/@:.~\\ \0${\x85\ud800"), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(["dvc.lock", "dvc.yaml", "a.csv.dvc"]),
    document=st.dictionaries(_KEYS, _VALUES, max_size=6)
    | st.fixed_dictionaries(
        {
            "schema": st.just("2.0"),
            "stages": st.dictionaries(
                st.text(max_size=3), st.dictionaries(_KEYS, _VALUES, max_size=5)
            ),
        }
    ),
)
def test_whatever_stands_there_is_read_or_told(
    name: str, document: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = json.dumps(document)  # which is YAML as well
    folder = tmp_path_factory.mktemp("dvc")
    done = read(CATALOGER, folder, {name: text, "a.csv": DATA, "d/a": DATA})
    assert len(done.notes) == 1


@settings(max_examples=100, deadline=None)
@given(
    cut=st.integers(0, len(LOCK)),
    place=st.integers(0, len(LOCK) - 1),
    byte=st.integers(0, 255),
)
def test_a_damaged_lock_file_is_read_or_told(
    cut: int, place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(LOCK.encode())
    data[place] = byte
    files = {"dvc.lock": bytes(data[:cut]), **HERE}
    read(CATALOGER, tmp_path_factory.mktemp("dvc"), files)
