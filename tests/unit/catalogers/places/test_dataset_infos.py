"""Hugging Face datasets: downloads with their digests, splits, and no fingerprint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aibom.catalogers.places.dataset_infos import CATALOGER
from tests.catalog_hostile import read_bytes, wrong_types
from tests.catalog_world import read

SHA = "ab" * 32
URL = "https://example.com/train.csv"
COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
HUB = f"hf://datasets/acme/reviews@{COMMIT}/train.csv"
INFO = {
    "description": "Reviews.",
    "license": "mit",
    "features": {"text": {"dtype": "string"}},
    "builder_name": "csv",
    "config_name": "en",
    "version": {"version_str": "1.0.0", "major": 1},
    "splits": {"train": {"name": "train", "num_bytes": 5, "num_examples": 7}},
    "download_checksums": {
        URL: {"num_bytes": 5, "checksum": SHA},
        HUB: {"num_bytes": 5, "checksum": None},
    },
}


def test_infos(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"dataset_infos.json": json.dumps({"en": INFO})})
    assert done.edges == {
        ("subject", "derived-from", URL, "source-data"),
        ("subject", "derived-from", HUB, "source-data"),
    }
    assert {n.digest.value for n in done.nodes.values() if n.digest} == {SHA}
    assert {n.value("revision") for n in done.nodes.values()} == {None, COMMIT}
    assert done.said == {
        ("description", "Reviews.", "/en/description"),
        ("licence", "mit", "/en/license"),
        ("builder-version", "1.0.0", "/en/version"),
        ("records.en/train", "7", "/en/splits/train"),
    }
    assert (done.found, done.kinds) == (set(), {("dataset", False)})


def test_of_several_configurations_none_speaks_for_all(tmp_path: Path) -> None:
    infos = {"en": INFO, "fr": {**INFO, "config_name": "fr", "license": "gpl"}}
    done = read(CATALOGER, tmp_path, {"dataset_infos.json": json.dumps(infos)})
    fields = {field for field, _, _ in done.said}
    assert fields == {"records.en/train", "records.fr/train"}


def test_a_saved_dataset(tmp_path: Path) -> None:
    state = {
        "_data_files": [{"filename": "data-00000-of-00001.arrow"}],
        "_fingerprint": "0123abc",
        "_split": "train",
    }
    files = {
        "d/state.json": json.dumps(state),
        "d/dataset_info.json": json.dumps(INFO),
        "d/data-00000-of-00001.arrow": "x",
    }
    done = read(CATALOGER, tmp_path, files)
    edge = ("subject", "derived-from", "data-00000-of-00001.arrow", "data")
    assert edge in done.edges
    assert ("weak-digest.fingerprint", "0123abc", "/_fingerprint") in done.said
    assert ("split", "train", "/_split") in done.said
    assert ("builder-version", "1.0.0", "/version") in done.said
    assert done.found == set()


def many(count: int) -> dict[str, Any]:
    return {f"https://example.com/{n}": {"checksum": SHA} for n in range(count)}


def state_of(*files: Any) -> dict[str, Any]:
    return {"_fingerprint": "a", "_data_files": list(files)}


#: name → file name, document, findings
ODD: dict[str, tuple[str, Any, set[Any]]] = {
    "a digest that is none": (
        "dataset_infos.json",
        {"a": {"download_checksums": {"u": {"checksum": "https://x.org/80"}}}},
        {("sha256-malformed", "/a/download_checksums/u")},
    ),
    "not an object": ("dataset_infos.json", [], {("info-malformed", "")}),
    "an info that is none": (
        "dataset_infos.json",
        {"a": 1},
        {("info-malformed", "/a")},
    ),
    "splits that are none": (
        "dataset_info.json",
        {"features": {}, "splits": {"t": {"num_examples": 10**40}}},
        {("info-malformed", "/splits/t")},
    ),
    "more downloads than are read": (
        "dataset_info.json",
        {"features": {}, "download_checksums": many(10_001)},
        {("downloads-too-many", "/download_checksums")},
    ),
    "more configurations than are read": (
        "dataset_infos.json",
        {str(n): {} for n in range(1001)},
        {("infos-too-many", "")},
    ),
    "a file that lacks": (
        "state.json",
        state_of({"filename": "a.arrow"}),
        {("file-missing", "/_data_files/0")},
    ),
    "a file elsewhere": (
        "state.json",
        state_of({"filename": "../a.arrow"}, 3),
        {("info-malformed", "/_data_files/0"), ("info-malformed", "/_data_files/1")},
    ),
    "another program's state": ("state.json", {"version": 4}, set()),
    "LLaMA-Factory's list": ("dataset_info.json", {"a": {"file_name": "b"}}, set()),
}


@pytest.mark.parametrize(("name", "document", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(name: str, document: Any, found: set[Any], tmp_path: Path) -> None:
    assert read(CATALOGER, tmp_path, {name: json.dumps(document)}).found == found


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("dataset_infos.json", {"en": INFO}),
        ("dataset_info.json", INFO),
        ("state.json", state_of({"filename": "a"})),
    ],
)
def test_wrong_types_everywhere(name: str, document: Any) -> None:
    for data in wrong_types(document):
        read_bytes(CATALOGER, name, data)
