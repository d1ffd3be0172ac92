"""Folders against OMS statements: every pair of path and digest, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import QUICK, write_tree
from hypothesis import given
from hypothesis import strategies as st
from oms_vectors import (
    copy_of_the_model,
    hex_of,
    oms_key,
    predicate_of,
    statement_of,
    vector,
)

from aibom.attest.oms import emit
from aibom.attest.oms_bundle import verify_with_key
from aibom.attest.oms_folder import Difference, OmsComparison, verify_folder
from aibom.attest.oms_manifest import OmsManifest, read
from aibom.digest import hash_path
from aibom.errors import InputError
from aibom.listing import list_files

SIGNED = ["key", "shards", "blake2b", "blake2b-shards"]


def manifest_of(files: dict[str, str], **serialization: Any) -> OmsManifest:
    return read(statement_of(predicate_of(files, **serialization)), "x")


def differences(found: OmsComparison) -> dict[str, str]:
    return {difference.path: difference.reason for difference in found.differences}


def swap(folder: Path) -> None:
    (folder / "a-b.txt").rename(folder / "x")
    (folder / "a.b.txt").rename(folder / "a-b.txt")
    (folder / "x").rename(folder / "a.b.txt")


def at_end(folder: Path) -> None:
    """Change the last byte: of shards, only the last differs."""
    path = folder / "weights.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


M, X, D = "file-missing", "file-extra", "digest-mismatch"

#: name → what is done to the folder, and the differences that must be found
ATTACKS: dict[str, tuple[Callable[[Path], Any], dict[str, str]]] = {
    "nothing": (lambda f: None, {}),
    "changed": (lambda f: write_tree(f, {"weights.bin": "poison"}), {"weights.bin": D}),
    "changed-at-the-end": (at_end, {"weights.bin": D}),
    "cut": (lambda f: os.truncate(f / "weights.bin", 16), {"weights.bin": D}),
    "emptied": (lambda f: os.truncate(f / "weights.bin", 0), {"weights.bin": D}),
    "grown": (lambda f: os.truncate(f / "weights.bin", 31), {"weights.bin": D}),
    "removed": (lambda f: (f / "weights.bin").unlink(), {"weights.bin": M}),
    "added": (lambda f: write_tree(f, {"run.py": "x"}), {"run.py": X}),
    "added-empty": (lambda f: write_tree(f, {"__init__.py": ""}), {"__init__.py": X}),
    "added-hidden": (lambda f: write_tree(f, {".run/x": "x"}), {".run/x": X}),
    "added-git-deeper": (lambda f: write_tree(f, {"a/.git/x": "x"}), {"a/.git/x": X}),
    "renamed": (
        lambda f: (f / "weights.bin").rename(f / "weights2.bin"),
        {"weights.bin": M, "weights2.bin": X},
    ),
    "renamed-by-case": (
        lambda f: (f / "weights.bin").rename(f / "Weights.bin"),
        {"weights.bin": M, "Weights.bin": X},
    ),
    "look-alike": (
        lambda f: (f / "naïve.txt").rename(f / "nai\u0308ve.txt"),
        {"naïve.txt": M, "nai\u0308ve.txt": X},
    ),
    "moved": (
        lambda f: (f / "weights.bin").rename(f / "a/weights.bin"),
        {"weights.bin": M, "a/weights.bin": X},
    ),
    "swapped": (swap, {"a-b.txt": D, "a.b.txt": D}),
    "our-bom-added": (
        lambda f: write_tree(f, {"aibom.cdx.json": "{}"}),
        {"aibom.cdx.json": X},
    ),
    "hub-cache-added": (
        lambda f: write_tree(f, {".cache/huggingface/.gitignore": "*"}),
        {".cache/huggingface/.gitignore": X},
    ),
}


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize(("attack", "expected"), ATTACKS.values(), ids=ATTACKS)
def test_what_was_done_to_a_folder_is_told(tmp_path, name, attack, expected):
    manifest = verify_with_key(vector("1.1.1", name), oms_key())
    folder = copy_of_the_model(tmp_path)
    attack(folder)
    assert differences(verify_folder(manifest, folder)) == expected
    content = hash_path(folder)
    assert differences(verify_folder(manifest, folder, content=content)) == expected


def test_a_root_is_no_identity(tmp_path):
    """Renaming keeps the root of an OMS statement, as names are not in it."""
    signed, renamed = (
        manifest_of({"a.bin": "1", "b.bin": "2"}),
        manifest_of({"a.bin": "1", "c.bin": "2"}),
    )
    assert signed.root == renamed.root
    folder = write_tree(tmp_path, {"a.bin": "1", "c.bin": "2"})
    assert verify_folder(renamed, folder).differences == ()
    assert differences(verify_folder(signed, folder)) == {"b.bin": M, "c.bin": X}


@pytest.mark.parametrize("name", ["model", "model/weights.bin"])
def test_what_was_just_hashed_is_not_read_again(tmp_path, name):
    """Content counts as it was hashed, so one pass serves BOM, statement and OMS."""
    copy_of_the_model(tmp_path)
    path = tmp_path / name
    manifest = read(emit(hash_path(path), path.name), "x")
    content = hash_path(path)
    (tmp_path / "model" / "weights.bin").write_text("changed after it was hashed")
    assert verify_folder(manifest, path, content=content).differences == ()
    assert len(verify_folder(manifest, path).differences) == 1


# ── what is ignored ────────────────────

GIT = [".git/", ".gitattributes", ".github/x", ".gitignore"]


def test_what_git_and_the_signature_need_is_no_difference_but_told(tmp_path):
    manifest = verify_with_key(vector("1.0.1", "key"), oms_key())
    folder = copy_of_the_model(tmp_path)
    files = [".git/HEAD", ".gitattributes", ".github/x", ".gitignore", "model.sig"]
    write_tree(folder, dict.fromkeys(files, "x"))
    found = verify_folder(manifest, folder, ignore_paths=["model.sig"])
    assert found == OmsComparison((), (*GIT, "model.sig"))
    assert differences(verify_folder(manifest, folder)) == {"model.sig": X}


def test_a_manifest_that_ignores_the_weights_says_so(tmp_path):
    manifest = manifest_of({"w": "1"}, ignore_paths=["weights", "b"])
    files = {"w": "1", "weights/1.bin": "x", "b": "x", "b.bin": "x"}
    found = verify_folder(manifest, write_tree(tmp_path, files))
    assert found.uncovered == ("b", "weights/1.bin")
    assert differences(found) == {"b.bin": X}


@pytest.mark.parametrize("ignored", [".", "", "*", "/", "..", "../m", "*.bin"])
def test_an_ignored_path_is_exact(tmp_path, ignored):
    listed = [ignored] if ignored else []
    manifest = manifest_of({"w": "1"}, ignore_paths=listed)
    folder = write_tree(tmp_path / "m", {"w": "1", "x.bin": "x"})
    assert differences(verify_folder(manifest, folder)) == {"x.bin": X}


def test_a_list_that_does_not_name_git_does_not_ignore_it(tmp_path):
    manifest = manifest_of({"w": "1"}, ignore_paths=["logs"])
    files = {"w": "1", ".git/config": "x", ".git/.git/x": "x", ".gitignore": "x"}
    found = verify_folder(manifest, write_tree(tmp_path, files))
    assert differences(found) == dict.fromkeys(set(files) - {"w"}, X)


#: paths that our own digests leave out, and OMS signs
HOUSEKEEPING = [
    "aibom.cdx.json",
    "registered_model_meta",
    ".gitattributes",
    ".cache/huggingface/download/w.lock",
    ".git/hooks/x",
]


@pytest.mark.parametrize("path", HOUSEKEEPING)
@pytest.mark.parametrize("hash_type", ["sha256", "blake2b"])
def test_housekeeping_that_is_signed_is_compared(tmp_path, path, hash_type):
    manifest = manifest_of({"w": "1", path: "2"}, hash_type=hash_type)
    folder = write_tree(tmp_path, {"w": "1", path: "2"})
    assert verify_folder(manifest, folder) == OmsComparison((), ())
    write_tree(tmp_path, {path: "3"})
    assert differences(verify_folder(manifest, folder)) == {path: D}
    (tmp_path / path).unlink()
    assert differences(verify_folder(manifest, folder)) == {path: M}


def test_a_signed_file_counts_even_where_it_is_ignored(tmp_path):
    manifest = manifest_of({"w": "1"}, ignore_paths=["w"])
    folder = write_tree(tmp_path, {"w": "2"})
    assert differences(verify_folder(manifest, folder)) == {"w": D}


def test_an_empty_file_has_no_shards_to_cover_it(tmp_path):
    predicate = predicate_of({}, method="shards", shard_size=4)
    predicate["resources"] = [
        {"name": "w:0:1", "algorithm": "sha256", "digest": hex_of("1")}
    ]
    manifest = read(statement_of(predicate), "x")
    folder = write_tree(tmp_path, {"w": "1", "empty": ""})
    assert differences(verify_folder(manifest, folder)) == {"empty": X}


# ── links, and what cannot be hashed ────────────────────


def test_a_link_inside_is_followed_and_one_that_leaves_is_refused(tmp_path):
    manifest = manifest_of({"w": "1", "v": "1"}, allow_symlinks=True)
    folder = write_tree(tmp_path / "m", {"w": "1"})
    (folder / "v").symlink_to("w")
    assert verify_folder(manifest, folder).differences == ()
    write_tree(tmp_path, {"outside": "1"})
    (folder / "v").unlink()
    (folder / "v").symlink_to("../outside")
    with pytest.raises(InputError) as caught:
        verify_folder(manifest, folder)
    assert caught.value.reason == "symlink-escapes"


def test_housekeeping_that_is_a_link_out_of_the_folder_is_refused(tmp_path):
    manifest = manifest_of({"w": "1", "aibom.cdx.json": "1"})
    folder = write_tree(tmp_path / "m", {"w": "1"})
    write_tree(tmp_path, {"outside": "1"})
    (folder / "aibom.cdx.json").symlink_to("../outside")
    with pytest.raises(InputError) as caught:
        verify_folder(manifest, folder)
    assert caught.value.reason == "symlink-escapes"


def test_a_snapshot_of_a_hub_cache_is_verified_through_its_links(tmp_path):
    manifest = verify_with_key(vector("1.1.1", "key"), oms_key())
    model = copy_of_the_model(tmp_path)
    snapshot = tmp_path / "models--a--b" / "snapshots" / ("4f0c" * 10)
    blobs = tmp_path / "models--a--b" / "blobs"
    blobs.mkdir(parents=True)
    for path in [p for p in model.rglob("*") if p.is_file()]:
        name = path.relative_to(model)
        blob = blobs / hex_of(path.read_bytes())
        path.rename(blob)
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).symlink_to(blob)
    assert verify_folder(manifest, snapshot).differences == ()


#: name → what happens to the file between its listing and its reading
MEANWHILE: dict[str, Callable[[Path], Any]] = {
    "touched": lambda path: os.utime(path, ns=(1, 1)),
    "grown": lambda path: path.write_text("12"),
    "cut": lambda path: path.write_text(""),
    "gone": lambda path: path.unlink(),
    "made-a-link": lambda path: (path.rename(path.parent / "x"), path.symlink_to("x")),
}


@pytest.mark.parametrize("change", MEANWHILE.values(), ids=MEANWHILE)
def test_a_file_that_changes_meanwhile_is_not_judged(tmp_path, monkeypatch, change):
    manifest = manifest_of({"w": "1"}, hash_type="blake2b")
    listing = list_files(write_tree(tmp_path, {"w": "1"}))
    change(tmp_path / "w")
    monkeypatch.setattr("aibom.attest.oms_folder.list_files", lambda _: listing)
    with pytest.raises(InputError) as caught:
        verify_folder(manifest, tmp_path)
    assert caught.value.reason == "changed-while-hashing"


def test_a_folder_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError) as caught:
        verify_folder(manifest_of({"w": "1"}), tmp_path / "no")
    assert caught.value.reason == "path-missing"


def test_a_folder_in_place_of_a_single_file_and_the_other_way_round(tmp_path):
    single = verify_with_key(vector("1.1.1", "single-file"), oms_key())
    folder = copy_of_the_model(tmp_path)
    assert differences(verify_folder(single, folder))["."] == M
    whole = verify_with_key(vector("1.1.1", "key"), oms_key())
    assert differences(verify_folder(whole, folder / "weights.bin"))["."] == X


@pytest.mark.parametrize("content", ["weights of a very small modem\n", "", "x"])
def test_a_changed_single_file_is_told(tmp_path, content):
    single = verify_with_key(vector("1.1.1", "single-file"), oms_key())
    write_tree(tmp_path, {"w": content})
    found = verify_folder(single, tmp_path / "w")
    assert found.differences == (Difference(".", D),)


NAMES = st.sampled_from(["a", "b", "c/d", "c/e", "é", ".github/x", ".gitignore", "z z"])
TREES = st.dictionaries(NAMES, st.sampled_from(["", "1", "2"]))


@QUICK
@given(signed=TREES.filter(lambda tree: "a" in tree), present=TREES)
def test_nothing_differs_exactly_if_what_counts_is_the_same(
    tmp_path_factory, signed, present
):
    """Over what we make ourselves, whatever was signed and whatever is there."""
    there = write_tree(tmp_path_factory.mktemp("m"), {"w": "", **present})
    made = write_tree(tmp_path_factory.mktemp("m"), {"w": "", **signed})
    manifest = read(emit(hash_path(made), "m"), "x")

    def counted(tree: dict[str, str]) -> dict[str, str]:
        return {path: text for path, text in tree.items() if not path.startswith(".g")}

    same = counted(signed) == counted(present)
    assert (verify_folder(manifest, there).differences == ()) is same
    assert verify_folder(manifest, made).differences == ()
