"""A hashed folder as a node: its digest, its files, where they were read, no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from aibom.catalogers.artifact import artifact_node
from aibom.digest import hash_path
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Origin


@pytest.mark.parametrize("kind", sorted(ENTITY_KINDS))
def test_folder(tmp_path: Path, kind: Kind) -> None:
    for name in ("weights.bin", "config.json"):
        (tmp_path / name).write_text(name)
    content = hash_path(tmp_path)
    node = artifact_node(kind, content)
    assert (node.kind, node.digest) == (kind, content.digest)
    assert node.id == f"{kind}:tree:{content.digest.value}"
    assert [file.path for file in node.files] == ["config.json", "weights.bin"]
    assert node.origins == {Origin("artifact-folder", content.digest.value)}


def test_single_file_lists_no_files(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("1,2\n")
    node = artifact_node(Kind.DATASET, hash_path(path))
    assert node.digest is not None
    assert node.digest.form == "file"
    assert node.files == ()


def test_nothing_is_said_that_was_not_read(tmp_path: Path) -> None:
    """Not even a name: that of a folder is whatever somebody called it."""
    (tmp_path / "weights.bin").write_text("w")
    assert artifact_node(Kind.MODEL, hash_path(tmp_path)).facts == ()


def test_housekeeping_is_no_file_of_the_artifact(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_text("w")
    before = artifact_node(Kind.MODEL, hash_path(tmp_path))
    (tmp_path / ".gitattributes").write_text("*.bin filter=lfs\n")
    assert artifact_node(Kind.MODEL, hash_path(tmp_path)) == before
