"""Digests: the value itself, manifests, and one pass over the bytes of files."""

from __future__ import annotations

import copy
import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.digest import (
    Digest,
    File,
    Form,
    Progress,
    hash_around_pointers,
    hash_path,
    manifest_digest,
)
from aibom.errors import DocumentInvalid, InputError

A = "a" * 64
B = "b" * 64
MIB = 1024 * 1024
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:" + A.encode() + b"\nsize 12345\n"
)
COREUTILS = (
    r"find . -type f | cut -c3- | LC_ALL=C sort"
    r" | xargs -d '\n' sha256sum -- | sha256sum | cut -d' ' -f1"
)

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
forms = st.sampled_from(cast("list[Form]", ["file", "tree"]))
# Lower case and composed, so that names differ for every file system.
names = st.text("ab0é中 .-_$'\"\x1b", min_size=1, max_size=6).filter(
    lambda name: name not in (".", "..")
)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map("/".join),
    st.binary(max_size=40).filter(lambda body: not body.startswith(b"version https:")),
    min_size=1,
    max_size=6,
).filter(lambda tree: not any(is_folder_in(path, tree) for path in tree))


def is_folder_in(path: str, tree: Mapping[str, bytes]) -> bool:
    return any(other.startswith(path + "/") for other in tree)


def build(root: Path, tree: Mapping[str, bytes]) -> Path:
    for path, content in tree.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root


def digest_of(tree: Mapping[str, bytes]) -> Digest:
    """The digest of a folder made for this, from what hash_path reads there."""
    with tempfile.TemporaryDirectory() as folder:
        return hash_path(build(Path(folder), tree)).digest


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# The value


@pytest.mark.parametrize(
    ("digest", "text"),
    [(Digest("file", A), f"sha256:{A}"), (Digest("tree", A), f"tree-sha256:{A}")],
)
def test_a_digest_says_its_form(digest: Digest, text: str) -> None:
    assert str(digest) == text


@given(forms, hexes)
def test_parse_is_the_inverse_of_str(form: Form, value: str) -> None:
    digest = Digest(form, value)
    assert Digest.parse(str(digest)) == digest


def test_form_and_value_make_the_identity() -> None:
    assert Digest("file", A) != Digest("tree", A)
    assert Digest("file", A, where="here") == Digest("file", A, "there")
    assert sorted([Digest("tree", A), Digest("file", B), Digest("file", A)]) == [
        Digest("file", A),
        Digest("file", B),
        Digest("tree", A),
    ]
    assert len({Digest("file", A), Digest("file", A), Digest("tree", A)}) == 2


def test_a_digest_survives_copy_and_pickle() -> None:
    digest = Digest("tree", A)
    assert pickle.loads(pickle.dumps(digest)) == digest
    assert copy.deepcopy(digest) == digest


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("file", ""),
        ("file", "a" * 63),
        ("file", "a" * 65),
        ("file", "A" * 64),
        ("file", "g" * 64),
        ("file", A + "\n"),
        ("file", "sha256:" + A),
        ("file", "\u0661" * 64),
        ("file", None),
        ("file", 1),
        ("file", A.encode()),
        ("folder", A),
        (None, A),
        ([], A),
    ],
)
def test_a_malformed_digest_is_never_made(form: Any, value: Any) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        Digest(form, value, where="bom.json#/hashes/0")
    assert caught.value.reason == "digest-malformed"
    assert caught.value.where == "bom.json#/hashes/0"


@pytest.mark.parametrize(
    "text",
    ["", A, f"sha512:{A}", f"SHA256:{A}", f"tree:{A}", f"sha256:{A} ", "sha256:"],
)
def test_text_that_is_no_digest(text: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        Digest.parse(text, "line 3")
    assert caught.value.reason == "digest-malformed"
    assert caught.value.where == "line 3"


def test_a_huge_malformed_value_is_not_repeated_in_full() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        Digest("file", "x" * 1_000_000)
    assert len(str(caught.value)) < 300


# Manifests


def test_the_manifest_text_is_that_of_sha256sum() -> None:
    text = f"{B}  a-b\n{A}  a/b\n{A}  é\n{B}  \U0001f600\n"
    pairs = [("\U0001f600", B), ("é", A), ("a/b", A), ("a-b", B)]
    assert manifest_digest(pairs) == Digest("tree", sha256(text.encode()))
    assert manifest_digest(iter(pairs)) == manifest_digest(reversed(pairs))


def test_paths_sort_as_utf8_not_as_utf16() -> None:
    # In UTF-16 the emoji's surrogates come before U+FF5E.
    text = f"{A}  \uff5e\n{A}  \U0001f600\n"
    digest = manifest_digest([("\U0001f600", A), ("\uff5e", A)])
    assert digest.value == sha256(text.encode())


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([], "manifest-empty"),
        ([("a", A), ("b", A), ("a", A)], "path-duplicate"),
        ([("a", A), ("a", B)], "path-duplicate"),
        ([("a", "A" * 64)], "digest-malformed"),
        ([("a", A[:63])], "digest-malformed"),
        ([("", A)], "path-unusable"),
        ([("/a", A)], "path-unusable"),
        ([("a/", A)], "path-unusable"),
        ([("a//b", A)], "path-unusable"),
        ([("./a", A)], "path-unusable"),
        ([("a/./b", A)], "path-unusable"),
        ([("..", A)], "path-unusable"),
        ([("a/../b", A)], "path-unusable"),
        ([(f"a\n{A}  b", A)], "path-unusable"),
        ([("a\rb", A)], "path-unusable"),
        ([("a\\b", A)], "path-unusable"),
        ([("\udcff", A)], "path-unusable"),
    ],
)
def test_a_manifest_that_two_readers_could_read_differently(
    pairs: list[tuple[str, str]], reason: str
) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        manifest_digest(pairs)
    assert caught.value.reason == reason


@pytest.mark.parametrize("path", ["...", ".a", "a..b", "a b", "-a", "a\tb", "c:d"])
def test_odd_paths_that_are_clear_all_the_same(path: str) -> None:
    assert manifest_digest([(path, A)]).value == sha256(f"{A}  {path}\n".encode())


# Folders


# No deadline: an example is as slow as the disk that its files are made on.
on_disk = settings(deadline=None, max_examples=50)


@on_disk
@given(trees, st.randoms(use_true_random=False))
def test_a_tree_digest_does_not_depend_on_order(
    tree: dict[str, bytes], random: Any
) -> None:
    shuffled = list(tree.items())
    random.shuffle(shuffled)
    expected = manifest_digest((path, sha256(body)) for path, body in tree.items())
    assert digest_of(tree) == digest_of(dict(shuffled)) == expected


def flip(tree: dict[str, bytes], path: str) -> dict[str, bytes]:
    body = tree[path]
    middle = len(body) // 2
    changed = bytes([body[middle] ^ 1]) if body else b"\0"
    return tree | {path: body[:middle] + changed + body[middle + 1 :]}


def rename(tree: dict[str, bytes], path: str) -> dict[str, bytes]:
    return {(key + "x" if key == path else key): body for key, body in tree.items()}


def add(tree: dict[str, bytes], path: str) -> dict[str, bytes]:
    return tree | {path + "x": b""}


def remove(tree: dict[str, bytes], path: str) -> dict[str, bytes]:
    # A folder without files has no digest, so one file always stays.
    rest = {key: body for key, body in tree.items() if key != path}
    return rest or rename(tree, path)


@pytest.mark.parametrize("change", [flip, rename, add, remove])
@on_disk
@given(data=st.data(), tree=trees)
def test_any_change_changes_the_digest(
    change: Callable[[dict[str, bytes], str], dict[str, bytes]],
    data: st.DataObject,
    tree: dict[str, bytes],
) -> None:
    path = data.draw(st.sampled_from(sorted(tree)))
    assert digest_of(change(tree, path)) != digest_of(tree)


def test_two_files_that_swap_contents_change_the_digest() -> None:
    assert digest_of({"a": b"1", "b": b"2"}) != digest_of({"a": b"2", "b": b"1"})


def test_coreutils_agree(tmp_path: Path) -> None:
    tree = {
        "model.safetensors": os.urandom(3 * MIB + 1),
        "empty": b"",
        "a-b": b"-",
        "a/b": b"/",
        "a.b": b".",
        "a/c/deep er/é.txt": b"e",
        "-n": b"dash",
        "\U0001f600": b"smile",
        "\uff5e": b"wave",
        "Z": b"upper",
        "quote'\"$(x)`y`": b"shell",
        ".hidden": b"dot",
    }
    build(tmp_path, tree)
    (tmp_path / "no files" / "here").mkdir(parents=True)
    process = subprocess.run(
        ["sh", "-c", COREUTILS], cwd=tmp_path, capture_output=True, check=True
    )
    assert hash_path(tmp_path).digest.value == process.stdout.decode().strip()


def test_the_content_of_a_folder_in_full(tmp_path: Path) -> None:
    tree = {"b": b"2", "a/c": b"", "a.txt": b"three"}
    content = hash_path(build(tmp_path, tree))
    assert content.files == tuple(
        File(path, len(tree[path]), Digest("file", sha256(tree[path])))
        for path in ("a.txt", "a/c", "b")
    )
    assert content.digest.form == "tree"
    assert content.housekeeping == ()


def test_a_single_file_has_form_file_and_its_base_name(tmp_path: Path) -> None:
    build(tmp_path, {"sub/model.bin": b"weights", "sub/aibom.cdx.json": b"{}"})
    content = hash_path(tmp_path / "sub" / "model.bin")
    assert content.digest == Digest("file", sha256(b"weights"))
    assert content.files == (File("model.bin", 7, content.digest),)
    assert content.housekeeping == ()


def test_one_file_in_a_folder_is_not_the_file(tmp_path: Path) -> None:
    build(tmp_path, {"model.bin": b"weights"})
    folder, file = hash_path(tmp_path), hash_path(tmp_path / "model.bin")
    assert folder.files == file.files
    assert folder.digest != file.digest


@pytest.mark.parametrize("spelling", [".", "./", "../model", str])
def test_the_spelling_of_the_path_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: Any
) -> None:
    folder = build(tmp_path / "model", {"a": b"1"})
    monkeypatch.chdir(folder)
    path = str(folder) if spelling is str else spelling
    assert hash_path(path) == hash_path(folder)


# Sizes, threads and progress


@pytest.mark.parametrize(
    "size", [0, 1, 1023, MIB - 1, MIB, MIB + 1, 2 * MIB - 1, 2 * MIB, 3 * MIB]
)
def test_every_byte_around_a_block_is_hashed(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    file = build(tmp_path, {"file": content}) / "file"
    assert hash_path(file).digest.value == sha256(content)


def many(root: Path) -> Path:
    tree = {f"small/{number:04}": b"%d" % number for number in range(1100)}
    return build(root, tree | {"z": os.urandom(9 * MIB)})


@pytest.mark.parametrize("threads", [1, 2, 8, None])
def test_threads_do_not_change_the_result(tmp_path: Path, threads: int | None) -> None:
    content = hash_path(many(tmp_path), threads=threads)
    assert len(content.files) == 1101
    assert content.digest == manifest_digest(
        (file.path, sha256((tmp_path / file.path).read_bytes()))
        for file in content.files
    )


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_cannot_work(tmp_path: Path, threads: int) -> None:
    with pytest.raises(ValueError, match="threads"):
        hash_path(build(tmp_path, {"a": b""}), threads=threads)


@pytest.mark.parametrize("threads", [1, 3])
def test_progress_rises_from_nothing_to_all(tmp_path: Path, threads: int) -> None:
    reports: list[tuple[int, int]] = []
    hash_path(
        many(tmp_path),
        progress=lambda done, total: reports.append((done, total)),
        threads=threads,
    )
    total = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    done = [count for count, _ in reports]
    assert {whole for _, whole in reports} == {total}
    assert done[0] == 0
    assert done[-1] == total
    assert len(done) >= 4
    assert done == sorted(set(done))


def test_the_first_error_in_order_of_path_is_raised(tmp_path: Path) -> None:
    many(tmp_path)
    for name in ("small/0003", "small/0900", "zz"):
        (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(InputError) as caught:
        hash_path(tmp_path, threads=4)
    assert caught.value.where == str(tmp_path / "small/0003")


def test_a_failing_progress_stops_every_thread(tmp_path: Path) -> None:
    tree = {str(number): bytes(40 * MIB) for number in range(3)}
    build(tmp_path, tree)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        hash_path(tmp_path, progress=stop, threads=3)
    assert threading.active_count() == before


def test_a_few_small_files_need_no_pool(tmp_path: Path) -> None:
    build(tmp_path, {"a": b"1", "b": b"2"})
    code = (
        "import sys; from aibom.digest import hash_path; hash_path(sys.argv[1]);"
        "print([name for name in sys.modules if name.startswith('concurrent')])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout.strip() == "[]"


# What happens between the listing and the last byte


def at(moment: int, change: Callable[[], object]) -> Progress:
    """A progress that makes a change once, when ``moment`` bytes are done."""
    pending = [change]

    def progress(done: int, total: int) -> None:
        if pending and done >= moment:
            pending.pop()()

    return progress


def to_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def to_link(file: Path) -> None:
    file.rename(file.with_name("moved"))
    file.symlink_to("moved")


def to_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def append(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"more")


def rewrite(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.write(b"new")
    os.utime(file, ns=(1, 1))


BEFORE_OPEN: dict[str, Callable[[Path], object]] = {
    "removed": lambda file: file.unlink(),
    "a FIFO": to_fifo,
    "a link": to_link,
    "a folder": to_folder,
    "longer": append,
    "shorter": lambda file: os.truncate(file, 3),
    "empty": lambda file: os.truncate(file, 0),
    "rewritten in place": rewrite,
}


@pytest.mark.parametrize("content", [b"", b"weights"], ids=["empty", "some"])
@pytest.mark.parametrize("change", BEFORE_OPEN.values(), ids=BEFORE_OPEN)
def test_a_file_that_changed_since_it_was_listed(
    tmp_path: Path, change: Callable[[Path], object], content: bytes
) -> None:
    file = build(tmp_path, {"file": content}) / "file"
    os.utime(file, ns=(5, 5))
    with pytest.raises(InputError) as caught:
        hash_path(tmp_path, progress=at(0, lambda: change(file)))
    assert caught.value.reason == "changed-while-hashing"
    assert caught.value.where == str(file)


WHILE_READ: dict[str, Callable[[Path], object]] = {
    "longer": append,
    "shorter": lambda file: os.truncate(file, 6 * MIB),
    "rewritten in place": rewrite,
}


@pytest.mark.parametrize("change", WHILE_READ.values(), ids=WHILE_READ)
def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file = build(tmp_path, {"file": bytes(9 * MIB)}) / "file"
    with pytest.raises(InputError) as caught:
        hash_path(file, progress=at(1, lambda: change(file)))
    assert caught.value.reason == "changed-while-hashing"


def test_a_file_replaced_by_rename_is_read_as_it_was(tmp_path: Path) -> None:
    # The open file, not the name, is hashed; it did not change.
    content = os.urandom(9 * MIB)
    file = build(tmp_path, {"file": content, "new": b"new"}) / "file"
    replace = at(1, lambda: (tmp_path / "new").replace(file))
    assert hash_path(file, progress=replace).digest.value == sha256(content)


def test_a_file_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = build(tmp_path, {"file": b"secret"}) / "file"

    def deny(path: bytes, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", deny)
    with pytest.raises(InputError) as caught:
        hash_path(file)
    assert caught.value.reason == "path-unreadable"
    assert str(caught.value) == f"{file}: cannot be read: Permission denied"


# Git LFS


@pytest.mark.parametrize("name", ["model.safetensors", "sub/tokenizer.json"])
def test_a_git_lfs_pointer_is_not_the_model(tmp_path: Path, name: str) -> None:
    build(tmp_path, {name: POINTER})
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(InputError) as caught:
            hash_path(path)
        assert caught.value.reason == "git-lfs-pointer"
        assert caught.value.hint == "git lfs pull"
        assert caught.value.where == str(tmp_path / name)


@pytest.mark.parametrize(
    ("size", "refused"), [(1023, True), (1024, False)], ids=["below", "at the limit"]
)
def test_a_pointer_is_small(tmp_path: Path, size: int, refused: bool) -> None:
    content = POINTER.ljust(size, b"\n")
    file = build(tmp_path, {"file": content}) / "file"
    if refused:
        with pytest.raises(InputError, match="Git LFS pointer"):
            hash_path(file)
    else:
        assert hash_path(file).digest.value == sha256(content)


@pytest.mark.parametrize("content", [b"see " + POINTER, POINTER[:30]])
def test_text_about_git_lfs_is_no_pointer(tmp_path: Path, content: bytes) -> None:
    file = build(tmp_path, {"README.md": content}) / "README.md"
    assert hash_path(file).digest.value == sha256(content)


def test_around_pointers_there_is_no_digest(tmp_path: Path) -> None:
    build(tmp_path, {"a": b"a", "sub/w.safetensors": POINTER, "z": b"z"})
    found = hash_around_pointers(tmp_path)
    assert found.content is None
    assert [(f.path, f.digest.value) for f in found.files] == [
        ("a", sha256(b"a")),
        ("z", sha256(b"z")),
    ]
    assert [(f.path, f.digest.value) for f in found.pointers] == [
        ("sub/w.safetensors", sha256(POINTER))
    ]
    single = hash_around_pointers(tmp_path / "sub/w.safetensors")
    assert (single.content, single.files) == (None, ())


@pytest.mark.parametrize("threads", [1, 4])
def test_without_pointers_it_is_the_same(tmp_path: Path, threads: int) -> None:
    build(tmp_path, {f"f{n}": b"x" * n for n in range(50)} | {".gitignore": b"x"})
    for path in (tmp_path, tmp_path / "f7"):
        found = hash_around_pointers(path, threads=threads)
        assert found.content == hash_path(path)


def test_around_pointers_all_else_is_refused(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "folder-empty"), (tmp_path / "x", "path-missing")):
        with pytest.raises(InputError) as caught:
            hash_around_pointers(path)
        assert caught.value.reason == reason
