"""One digest is one thing of one kind, whatever a place says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aibom.digest import hash_path
from aibom.errors import AibomError
from aibom.lineage.nodes import Kind
from aibom.operations.scanning.scan import Scanned, scan, scan_bom
from aibom.operations.validate import load_bom
from aibom.recording.reference import InputRef
from tests.catalog_world import put

SHA = "ab" * 32
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 12\n"


def infos(*digests: str) -> str:
    """A dataset that was built from downloads with these digests."""
    sums: dict[str, Any] = {
        f"https://example.com/{n}": {"checksum": digest}
        for n, digest in enumerate(digests)
    }
    return json.dumps({"en": {"description": "x", "download_checksums": sums}})


def named(done: Scanned, digest: str) -> set[str]:
    return {node.kind.value for n, node in done.graph.nodes.items() if digest in n}


def codes(done: Scanned) -> set[str]:
    return {finding.code for finding in done.findings}


def test_a_digest_with_two_kinds_is_one_thing_and_a_finding(tmp_path: Path) -> None:
    files = {"a/model.safetensors": LFS, "d/dataset_infos.json": infos(SHA)}
    done = scan(put(tmp_path, files), kind=Kind.MODEL)
    assert named(done, SHA) == {"dataset"}  # each is said once, and d is before m
    [found] = [f for f in done.findings if f.code == "kind-contradicted"]
    assert found.detail == f"file:{SHA}: dataset, model; read as dataset"
    scan_bom(done, spec_version="1.7", output=None)


def test_what_is_said_most_often_counts(tmp_path: Path) -> None:
    files = {
        "a/model.safetensors": LFS,
        "b/model.safetensors": LFS,
        "d/dataset_infos.json": infos(SHA),
    }
    done = scan(put(tmp_path, files), kind=Kind.MODEL)
    assert named(done, SHA) == {"model"}
    assert "kind-contradicted" in codes(done)


def test_what_was_scanned_keeps_its_kind(tmp_path: Path) -> None:
    """A claim that calls the place itself something else changes nothing."""
    weights = put(tmp_path, {"w/adapter_config.json": "{}"}) / "w"
    digest = hash_path(weights / "adapter_config.json").digest.value
    data = put(tmp_path, {"d/dataset_infos.json": infos(digest)}) / "d"
    done = scan(
        weights / "adapter_config.json",
        kind=Kind.MODEL,
        inputs=[InputRef("training-data", data, None, None, "dataset")],
    )
    assert done.root.kind is Kind.MODEL
    assert named(done, digest) == {"model"}
    assert {"kind-contradicted", "lineage-circular"} <= codes(done)
    written = scan_bom(done, spec_version="1.7", output=None)
    assert load_bom(written, "x", "profile").graph.root == done.graph.root


def test_two_kinds_by_the_caller_are_an_error(tmp_path: Path) -> None:
    top = put(tmp_path, {"a/adapter_config.json": "{}", "b/adapter_config.json": "{}"})
    try:
        scan(
            top / "a",
            kind=Kind.MODEL,
            inputs=[InputRef("training-data", top / "b", None, None, "dataset")],
        )
        reason = ""
    except AibomError as error:
        reason = error.reason
    assert reason == "kind-contradicted"
