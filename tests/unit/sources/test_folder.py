"""A folder as a source: what it lists, what is copied, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aibom.errors import AibomError
from aibom.sources.folder import FolderSource
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved

COMMIT = "c" * 40


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "sub/weights.bin").write_bytes(b"w" * 3_000_000)
    return folder


def resolve(folder: object, source: FolderSource | None = None) -> Resolved:
    return (source or FolderSource()).resolve(Reference("folder", str(folder)))


def refusal(call) -> AibomError:
    with pytest.raises(AibomError) as caught:
        call()
    return caught.value


def test_a_folder_lists_its_files_and_claims_nothing_else(mirror):
    found = resolve(mirror)
    assert found == Resolved(
        Reference("folder", str(mirror)),
        (RemoteFile("config.json", 2), RemoteFile("sub/weights.bin", 3_000_000)),
        mode="offline",
        where=str(mirror),
        name=str(mirror),
    )


def test_side_cars_are_listed_and_the_files_of_git_and_clients_are_not(mirror):
    for name in (".gitattributes", "aibom.cdx.json", "model.sig"):
        (mirror / name).write_text(name)
    for name in (".git/config", ".cache/huggingface/x.metadata"):
        (mirror / name).parent.mkdir(parents=True)
        (mirror / name).write_text("x")
    source = FolderSource()
    found = resolve(mirror, source)
    assert [file.path for file in found.files] == [
        ".gitattributes",
        "aibom.cdx.json",
        "config.json",
        "model.sig",
        "sub/weights.bin",
    ]
    assert source.read(found, found.files[0], 100) == b".gitattributes"


def test_every_file_is_copied(mirror, tmp_path):
    source = FolderSource()
    found = resolve(mirror, source)
    told: list[int] = []
    for file in found.files:
        to = tmp_path / "to" / file.path
        source.download(found, file, to, tmp_path / "scratch", told.append)
        assert to.read_bytes() == (mirror / file.path).read_bytes()
        assert source.read(found, file, 3_000_000) == to.read_bytes()
    assert sum(told) == 3_000_002


def test_another_object_reads_what_one_resolved(mirror):
    found = resolve(mirror)
    assert FolderSource().read(found, found.files[0], 2) == b"{}"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """The layout that huggingface_hub's cache has."""
    snapshot = tmp_path / "models--a--b/snapshots" / COMMIT
    (tmp_path / "models--a--b/blobs").mkdir(parents=True)
    (tmp_path / "models--a--b/blobs/1").write_bytes(b"one")
    (snapshot / "sub").mkdir(parents=True)
    (snapshot / "sub/one.txt").symlink_to("../../../blobs/1")
    (snapshot / ".gitattributes").symlink_to("../../blobs/1")
    return snapshot


def test_a_snapshot_in_the_cache_of_the_hub_is_a_folder_too(cache, tmp_path):
    source = FolderSource()
    found = resolve(cache, source)
    assert found.files == (
        RemoteFile(".gitattributes", 3),
        RemoteFile("sub/one.txt", 3),
    )
    for file in found.files:
        source.download(found, file, tmp_path / "to", tmp_path / "scratch")
        assert (tmp_path / "to").read_bytes() == b"one"
        assert not (tmp_path / "to").is_symlink()


def test_a_snapshot_with_nothing_but_git_attributes_is_one(cache):
    (cache / "sub/one.txt").unlink()
    assert resolve(cache).files == (RemoteFile(".gitattributes", 3),)


def _link(name: str, target: str):
    def make(folder: Path) -> None:
        (folder / name).symlink_to(target)

    return make


def _file(name: str):
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")

    return make


LISTINGS = {
    "link out": (_link("x", "/etc/hostname"), "symlink-escapes"),
    "side-car that leads out": (_link("model.sig", "/etc/hostname"), "symlink-escapes"),
    "link to nothing": (_link("x", "nothing"), "symlink-dangling"),
    "link to a folder": (_link("x", "sub"), "symlink-to-folder"),
    "FIFO": (lambda folder: os.mkfifo(folder / "x"), "special-file"),
    "newline": (_file("a\nb"), "name-unusable"),
    "case": (_file("CONFIG.json"), "case-collision"),
    "control character": (_file("a\x1bb"), "source-path-refused"),
    "git of a part": (_file("sub/.git/config"), "source-path-refused"),
    "a cache": (_file(".cache/other/x"), "source-path-refused"),
}


@pytest.mark.parametrize(("make", "reason"), LISTINGS.values(), ids=LISTINGS)
def test_a_folder_with_such_an_entry_is_refused(mirror, make, reason):
    make(mirror)
    assert refusal(lambda: resolve(mirror)).reason == reason


def test_what_is_no_folder_with_files_is_refused(mirror, tmp_path):
    (tmp_path / "empty").mkdir()
    assert refusal(lambda: resolve(tmp_path / "no")).reason == "path-missing"
    assert refusal(lambda: resolve(mirror / "config.json")).reason == "path-missing"
    assert refusal(lambda: resolve(tmp_path / "empty")).reason == "folder-empty"
    elsewhere = Reference.parse("hf:acme/model")
    error = refusal(lambda: FolderSource().resolve(elsewhere))
    assert error.reason == "reference-malformed"


def _replace(path: Path) -> None:
    before = path.stat()
    new = path.with_name("new")
    new.write_bytes(b"[]")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def _rewrite(path: Path) -> None:
    path.write_bytes(b"[]")
    os.utime(path, ns=(1, 1))


def _grow(path: Path) -> None:
    path.write_bytes(b"{} ")


def _to_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("sub/weights.bin")


def _to_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES = {
    "replaced": _replace,
    "written again": _rewrite,
    "grown": _grow,
    "removed": Path.unlink,
    "now a link": _to_link,
    "now a FIFO": _to_fifo,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changed_since_it_was_listed_is_refused(mirror, tmp_path, change):
    source = FolderSource()
    found = resolve(mirror, source)
    change(mirror / "config.json")
    to = tmp_path / "to"
    for call in (
        lambda: source.read(found, found.files[0], 100),
        lambda: source.download(found, found.files[0], to, tmp_path / "scratch"),
    ):
        assert refusal(call).reason == "changed-while-hashing"
    assert not to.exists()


def test_a_file_that_changes_while_it_is_copied_is_refused(mirror, tmp_path):
    source = FolderSource()
    found = resolve(mirror, source)
    weights = mirror / "sub/weights.bin"

    def change(_: int) -> None:
        with weights.open("r+b") as handle:
            handle.seek(2_999_999)
            handle.write(b"x")
        os.utime(weights, ns=(1, 1))

    error = refusal(
        lambda: source.download(
            found, found.files[1], tmp_path / "to", tmp_path / "scratch", change
        )
    )
    assert error.reason == "changed-while-hashing"
    assert not (tmp_path / "to").exists()


def test_a_file_that_shrinks_while_it_is_copied_is_refused(mirror, tmp_path):
    source = FolderSource()
    found = resolve(mirror, source)

    def shrink(_: int) -> None:
        os.truncate(mirror / "sub/weights.bin", 1)

    error = refusal(
        lambda: source.download(
            found, found.files[1], tmp_path / "to", tmp_path / "scratch", shrink
        )
    )
    assert error.reason == "changed-while-hashing"


def test_what_was_not_listed_is_not_read(mirror):
    source = FolderSource()
    found = resolve(mirror, source)
    (mirror / "late.txt").write_text("x")
    for path in ("late.txt", "../mirror/config.json", "sub"):
        error = refusal(lambda path=path: source.read(found, RemoteFile(path), 10))
        assert error.reason == "source-file-absent"


def test_limits_and_claims_of_the_caller_hold(mirror):
    source = FolderSource()
    found = resolve(mirror, source)
    error = refusal(lambda: source.read(found, found.files[1], 100))
    assert error.reason == "source-too-large"
    claimed = RemoteFile("config.json", 2, "0" * 64)
    error = refusal(lambda: source.read(found, claimed, 100))
    assert error.reason == "source-digest-mismatch"
