"""What is known before the bytes: what is read, what is claimed, and the digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hub_world import COMMIT, FILES, FakeSource

import aibom.operations.scanning.snapshot as operation
from aibom.catalogers.git_lfs import parse_pointer
from aibom.digest import hash_path
from aibom.errors import AibomError, InputError
from aibom.operations.scanning.snapshot import is_counted, open_snapshot
from aibom.sources.reference import Reference

REFERENCE = Reference.parse(f"hf:acme/fine@{COMMIT}")
WEIGHTS = "model.safetensors"


def tree_of(folder: Path, files: Mapping[str, bytes]) -> str:
    """What the folder's digest is once it is here."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return str(hash_path(folder).digest)


def test_small_files_are_read_and_large_ones_are_pointers(tmp_path):
    source = FakeSource()
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        assert (snapshot.folder / "config.json").read_bytes() == FILES["config.json"]
        pointer = parse_pointer((snapshot.folder / WEIGHTS).read_bytes())
        assert pointer.sha256 == hashlib.sha256(FILES[WEIGHTS]).hexdigest()
        by = {file.path: file.by for file in snapshot.files}
        assert by.pop(WEIGHTS) == "source"
        assert set(by.values()) == {"here"}
        assert str(snapshot.tree) == tree_of(tmp_path, FILES)
        assert snapshot.is_claimed
        assert snapshot.unknown == ()
        folder = snapshot.folder
    assert not folder.exists()
    assert ("download", WEIGHTS) not in source.asked
    assert ("read", WEIGHTS) not in source.asked


def test_a_card_in_lfs_is_read_and_what_was_read_counts(tmp_path):
    """Its digest is then that of the bytes, not the source's word."""
    source = FakeSource(lfs=set(FILES))
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        by = {file.path: file.by for file in snapshot.files}
        assert by["README.md"] == by["config.json"] == "here"
        assert by[".gitattributes"] == by[WEIGHTS] == "source"


def test_without_claims_what_was_not_read_is_unknown_and_there_is_no_digest():
    source = FakeSource(claims=False)
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        assert snapshot.unknown == (".gitattributes", WEIGHTS)
        assert snapshot.tree is None
        assert snapshot.is_claimed
        assert not (snapshot.folder / WEIGHTS).exists()


def test_housekeeping_that_is_unknown_leaves_the_digest(tmp_path):
    """The digest does not cover it."""
    files = {".gitattributes": b"x", "config.json": b"{}"}
    source = FakeSource(files, claims=False)
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        assert snapshot.unknown == (".gitattributes",)
        assert str(snapshot.tree) == tree_of(tmp_path, files)


def test_no_file_that_counts_has_no_digest():
    source = FakeSource({".gitattributes": b"x"})
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        assert snapshot.tree is None


@pytest.mark.parametrize("files", [{}, {"a": b""}, {"a/b/c.json": b"", "a/d": b"1"}])
def test_odd_ones(files, tmp_path):
    source = FakeSource(files)
    with open_snapshot(source, source.resolve(REFERENCE)) as snapshot:
        assert {file.path for file in snapshot.files} == set(files)
        assert not snapshot.is_claimed
        expected = tree_of(tmp_path, files) if files else "None"
        assert str(snapshot.tree) == expected


@dataclass(frozen=True)
class Limit:
    """Sizes, the limits then, and what is read; None is a refusal."""

    files: Mapping[str, int]
    one: int
    total: int
    read: tuple[str, ...] | None


LIMITS = {
    "at-the-limit": Limit({"a.json": 10}, 10, 100, ("a.json",)),
    "over-it": Limit({"a.json": 11}, 10, 100, ()),
    "together-at-the-limit": Limit(
        {"a.json": 10, "b.md": 10}, 10, 20, ("a.json", "b.md")
    ),
    "together-over-it": Limit({"a.json": 10, "b.md": 10}, 10, 19, None),
    "in-git-whatever-the-name-is": Limit({"Makefile": 10}, 10, 20, ("Makefile",)),
}


@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS)
def test_what_is_small(case, monkeypatch):
    monkeypatch.setattr(operation, "MAX_FILE_BYTES", case.one)
    monkeypatch.setattr(operation, "MAX_TOTAL_BYTES", case.total)
    source = FakeSource({path: b"x" * size for path, size in case.files.items()})
    resolved = source.resolve(REFERENCE)
    if case.read is None:
        with (
            pytest.raises(InputError) as caught,
            open_snapshot(source, resolved),
        ):
            pass
        assert caught.value.reason == "source-too-large"
        assert len(source.asked) == 1
        return
    with open_snapshot(source, resolved):
        read = sorted(path for call, path in source.asked if call == "read")
        assert tuple(read) == case.read


def test_a_lie_about_what_is_read_ends_it():
    source = FakeSource(served={"config.json": b"[]\n"})
    with (
        pytest.raises(AibomError) as caught,
        open_snapshot(source, source.resolve(REFERENCE)),
    ):
        pass
    assert caught.value.reason == "source-digest-mismatch"


def test_a_disk_without_room_is_told(monkeypatch, tmp_path):
    """Here the place of a file is taken, which the system answers the same way."""

    class Taking(FakeSource):
        def read(self, resolved, file, limit):
            for folder in Path(operation_folder[0]).glob("aibom-*"):
                (folder / file.path).mkdir(exist_ok=True)
            return super().read(resolved, file, limit)

    operation_folder = [tmp_path]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    source = Taking({"config.json": b"{}"})
    with (
        pytest.raises(InputError) as caught,
        open_snapshot(source, source.resolve(REFERENCE)),
    ):
        pass
    assert caught.value.reason == "file-not-written"
    assert not list(tmp_path.iterdir())


COUNTED = {
    "config.json": True,
    "a/.gitattributes": True,
    ".gitattributes": False,
    "aibom.cdx.json": False,
    "model.sig": False,
    ".git/config": False,
    ".cache/huggingface/x": False,
    ".cache/other": True,
}


@pytest.mark.parametrize(("path", "counted"), COUNTED.items(), ids=COUNTED)
def test_what_the_tree_digest_covers(path, counted, tmp_path):
    """As the digest of a folder says it."""
    assert is_counted(path) is counted
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    for name in ("always", path):
        (tmp_path / name).write_text("x")
    found = hash_path(tmp_path)
    assert (path in {file.path for file in found.files}) is counted
