"""What of a folder is a file to be hashed, what is left out, and what is refused.

All through the public calls of `aibom.digest`; each refusal has its own reason code.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from aibom.digest import BOM_NAME, BUNDLE_NAME, HOUSEKEEPING, hash_path, stat_snapshot
from aibom.errors import InputError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write(path: Path, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def paths(folder: Path) -> list[str]:
    return [file.path for file in hash_path(folder).files]


def refusal(call: Callable[[], object]) -> InputError:
    with pytest.raises(InputError) as caught:
        call()
    return caught.value


def nothing(folder: Path) -> None:
    folder.rmdir()


def empty(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)


def only_housekeeping(folder: Path) -> None:
    write(folder / BOM_NAME)
    write(folder / ".git" / "HEAD")


def fifo(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def socket_file(folder: Path) -> None:
    os.mknod(folder / "socket", stat.S_IFSOCK | 0o600)


def link_to_fifo(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("pipe")


def fifo_named_as_housekeeping(folder: Path) -> None:
    os.mkfifo(folder / ".gitignore")


def link_to_nothing(folder: Path) -> None:
    (folder / "link").symlink_to("gone")


def links_in_a_circle(folder: Path) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")


def link_through_a_file(folder: Path) -> None:
    write(folder / "file")
    (folder / "link").symlink_to("file/below")


def link_out(folder: Path) -> None:
    write(folder.parent / "outside")
    (folder / "link").symlink_to("../outside")


def absolute_link_out(folder: Path) -> None:
    (folder / "link").symlink_to(write(folder.parent / "outside").resolve())


def link_out_by_two_hops(folder: Path) -> None:
    write(folder.parent / "outside")
    (folder / "hop").symlink_to("../outside")
    (folder / "a-link").symlink_to("hop")


def link_to_a_neighbour_with_our_prefix(folder: Path) -> None:
    write(folder.parent / (folder.name + "-evil") / "file")
    (folder / "link").symlink_to(f"../{folder.name}-evil/file")


def link_to_a_folder_outside(folder: Path) -> None:
    (folder / "link").symlink_to("..")


def housekeeping_link_out(folder: Path) -> None:
    write(folder.parent / "outside")
    (folder / ".gitattributes").symlink_to("../outside")


def link_to_folder(folder: Path) -> None:
    write(folder / "real" / "file")
    (folder / "link").symlink_to("real")


def link_to_itself(folder: Path) -> None:
    (folder / "link").symlink_to(".")


def git_as_a_link(folder: Path) -> None:
    write(folder / "real" / "HEAD")
    (folder / ".git").symlink_to("real")


def not_utf8(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.bin")).write_bytes(b"")


def folder_not_utf8(folder: Path) -> None:
    write(folder / os.fsdecode(b"caf\xe9") / "file")


def newline(folder: Path) -> None:
    write(folder / "a\nb")


def carriage_return(folder: Path) -> None:
    write(folder / "a\rb")


def backslash(folder: Path) -> None:
    write(folder / "a\\b")


def folder_with_newline(folder: Path) -> None:
    write(folder / "a\nb" / "file")


def case(folder: Path) -> None:
    write(folder / "sub" / "Model.bin")
    write(folder / "sub" / "model.bin")


def case_of_folders(folder: Path) -> None:
    write(folder / "A" / "one")
    write(folder / "a" / "two")


def case_of_file_and_folder(folder: Path) -> None:
    write(folder / "Data" / "one")
    write(folder / "data")


def two_spellings_of_e_acute(folder: Path) -> None:
    write(folder / "caf\u00e9")
    write(folder / "cafe\u0301")


def sharp_s(folder: Path) -> None:
    write(folder / "stra\u00dfe")
    write(folder / "STRASSE")


def kelvin_sign(folder: Path) -> None:
    write(folder / "\u212a")
    write(folder / "k")


def case_of_housekeeping(folder: Path) -> None:
    write(folder / ".git" / "HEAD")
    write(folder / ".GIT" / "HEAD")


REFUSED: dict[Callable[[Path], None], str] = {
    nothing: "path-missing",
    fifo: "special-file",
    socket_file: "special-file",
    link_to_fifo: "special-file",
    fifo_named_as_housekeeping: "special-file",
    link_to_nothing: "symlink-dangling",
    links_in_a_circle: "symlink-dangling",
    link_through_a_file: "symlink-dangling",
    link_out: "symlink-escapes",
    absolute_link_out: "symlink-escapes",
    link_out_by_two_hops: "symlink-escapes",
    link_to_a_neighbour_with_our_prefix: "symlink-escapes",
    link_to_a_folder_outside: "symlink-escapes",
    housekeeping_link_out: "symlink-escapes",
    link_to_folder: "symlink-to-folder",
    link_to_itself: "symlink-to-folder",
    git_as_a_link: "symlink-to-folder",
    not_utf8: "name-not-utf8",
    folder_not_utf8: "name-not-utf8",
    newline: "name-unusable",
    carriage_return: "name-unusable",
    backslash: "name-unusable",
    folder_with_newline: "name-unusable",
    case: "case-collision",
    case_of_folders: "case-collision",
    case_of_file_and_folder: "case-collision",
    two_spellings_of_e_acute: "case-collision",
    sharp_s: "case-collision",
    kelvin_sign: "case-collision",
    case_of_housekeeping: "case-collision",
}


@pytest.mark.parametrize("call", [hash_path, stat_snapshot])
@pytest.mark.parametrize(
    ("make", "reason"),
    REFUSED.items(),
    ids=[make.__name__ for make in REFUSED],
)
def test_what_is_in_doubt_is_refused(
    tmp_path: Path,
    make: Callable[[Path], None],
    reason: str,
    call: Callable[[Path], object],
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    make(folder)
    error = refusal(lambda: call(folder))
    assert error.reason == reason
    assert str(error.where).startswith(str(folder))
    assert error.hint


@pytest.mark.parametrize("make", [empty, only_housekeeping])
def test_a_folder_without_files_has_no_digest(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path)
    assert refusal(lambda: hash_path(tmp_path)).reason == "folder-empty"
    assert stat_snapshot(tmp_path) == ()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "path-missing"),
        ("no/such/path", "path-missing"),
        ("nul\0nul", "path-missing"),
        ("\ud800", "path-missing"),
        ("x" * 5000, "path-unreadable"),
        (os.devnull, "special-file"),
    ],
    ids=["no text", "missing", "nul", "lone surrogate", "too long", "device"],
)
def test_paths_that_lead_to_no_content(path: str, reason: str) -> None:
    assert refusal(lambda: hash_path(path)).reason == reason


def test_the_place_is_named_as_the_caller_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(write(tmp_path / "model" / "sub" / "file").with_name("pipe"))
    monkeypatch.chdir(tmp_path)
    error = refusal(lambda: hash_path("model"))
    assert error.where == "model/sub/pipe"
    assert str(error) == "model/sub/pipe: neither a regular file nor a folder"


def test_a_bad_name_is_shown_without_its_bytes(tmp_path: Path) -> None:
    not_utf8(tmp_path)
    assert "caf\\\\xe9.bin" in str(refusal(lambda: hash_path(tmp_path)))


def test_a_single_file_with_a_bad_name_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a\nb")
    assert refusal(lambda: hash_path(file)).reason == "name-unusable"


def test_a_folder_that_may_not_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "file")

    def deny(path: bytes) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", deny)
    error = refusal(lambda: hash_path(tmp_path))
    assert error.reason == "path-unreadable"
    assert "Permission denied" in error.message


def test_a_link_inside_is_hashed_under_its_own_path(tmp_path: Path) -> None:
    write(tmp_path / "real" / "weights.bin", b"abc")
    (tmp_path / "model.bin").symlink_to("real/weights.bin")
    (tmp_path / "model-too.bin").symlink_to(tmp_path / "model.bin")
    linked = hash_path(tmp_path)
    assert paths(tmp_path) == ["model-too.bin", "model.bin", "real/weights.bin"]
    for name in ("model.bin", "model-too.bin"):
        (tmp_path / name).unlink()
        write(tmp_path / name, b"abc")
    assert hash_path(tmp_path) == linked


@pytest.mark.parametrize("name", ["model", "model/weights.bin"])
def test_a_link_at_the_path_itself_is_resolved(tmp_path: Path, name: str) -> None:
    write(tmp_path / "elsewhere" / "model" / "weights.bin")
    link = tmp_path / "link.bin"
    link.symlink_to(tmp_path / "elsewhere" / name)
    direct = hash_path(tmp_path / "elsewhere" / name)
    assert hash_path(link).digest == direct.digest


@pytest.mark.parametrize("target", ["gone", "link"])
def test_a_link_at_the_path_itself_that_dangles(tmp_path: Path, target: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(target)
    assert refusal(lambda: hash_path(link)).reason == "symlink-dangling"


def hub_cache(root: Path, revision: str = COMMIT) -> Path:
    """A Hugging Face cache: every file of a snapshot is a link to a blob."""
    cache = root / "models--org--name"
    snapshot = cache / "snapshots" / revision
    for name, blob in {
        "config.json": "c0ffee",
        "onnx/model.onnx": "beef",
        ".gitattributes": "f00d",
    }.items():
        write(cache / "blobs" / blob, blob.encode())
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(cache / "blobs" / blob, link.parent))
    return snapshot


def test_a_snapshot_in_a_hub_cache_equals_its_plain_copy(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    write(plain / "config.json", b"c0ffee")
    write(plain / "onnx" / "model.onnx", b"beef")
    write(plain / ".gitattributes", b"f00d")
    assert hash_path(hub_cache(tmp_path)) == hash_path(plain)


def test_a_link_to_a_snapshot_is_a_snapshot(tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(hub_cache(tmp_path))
    assert paths(link) == ["config.json", "onnx/model.onnx"]


def test_a_file_of_a_snapshot_keeps_its_name(tmp_path: Path) -> None:
    content = hash_path(hub_cache(tmp_path) / "config.json")
    assert [file.path for file in content.files] == ["config.json"]


def test_only_a_full_commit_makes_a_snapshot(tmp_path: Path) -> None:
    snapshot = hub_cache(tmp_path, revision="main")
    assert refusal(lambda: hash_path(snapshot)).reason == "symlink-escapes"


@pytest.mark.parametrize("where", ["../../refs/main", "../../../other/blobs/beef"])
def test_a_snapshot_links_to_its_own_blobs_only(tmp_path: Path, where: str) -> None:
    snapshot = hub_cache(tmp_path)
    write(Path(os.path.normpath(snapshot / where)))
    (snapshot / "extra.bin").symlink_to(where)
    assert refusal(lambda: hash_path(snapshot)).reason == "symlink-escapes"


MARK = ".huggingface-shared-blobs"


def shared_store(root: Path, *, marked: bool) -> Path:
    """A cache whose blob lies in the store that repositories share (newer clients)."""
    snapshot = hub_cache(root)
    if marked:
        write(root / "blobs" / MARK, b"1")
    shared = write(root / "blobs" / "ee" / "eeee", b"beef")
    blob = snapshot.parent.parent / "blobs" / "beef"
    blob.unlink()
    blob.symlink_to(os.path.relpath(shared, blob.parent))
    return snapshot


def test_blobs_that_repositories_share_belong_to_the_cache(tmp_path: Path) -> None:
    shared = hash_path(shared_store(tmp_path / "new", marked=True))
    assert shared == hash_path(hub_cache(tmp_path / "old"))


def test_a_folder_called_blobs_is_no_shared_store(tmp_path: Path) -> None:
    snapshot = shared_store(tmp_path, marked=False)
    assert refusal(lambda: hash_path(snapshot)).reason == "symlink-escapes"


def test_the_mark_of_a_shared_store_is_a_file(tmp_path: Path) -> None:
    snapshot = shared_store(tmp_path, marked=False)
    (tmp_path / "blobs" / MARK).symlink_to("/dev/null")
    assert refusal(lambda: hash_path(snapshot)).reason == "symlink-escapes"


def test_a_blob_that_is_a_link_out_of_the_cache_is_refused(tmp_path: Path) -> None:
    snapshot = hub_cache(tmp_path)
    blob = snapshot.parent.parent / "blobs" / "beef"
    blob.unlink()
    blob.symlink_to(write(tmp_path / "secret"))
    assert refusal(lambda: hash_path(snapshot)).reason == "symlink-escapes"


def test_housekeeping_is_listed_and_not_covered(tmp_path: Path) -> None:
    write(tmp_path / "model.bin")
    bare = hash_path(tmp_path)
    for name in HOUSEKEEPING:
        write(tmp_path / (name + "file" if name.endswith("/") else name))
    content = hash_path(tmp_path)
    assert content.digest == bare.digest
    assert content.files == bare.files
    assert content.housekeeping == (
        ".cache/huggingface/",
        ".git/",
        ".gitattributes",
        ".gitignore",
        "aibom.cdx.json",
        "aibom.sigstore.json",
        "model.sig",
        "registered_model_meta",
    )


@pytest.mark.parametrize(
    "name",
    [
        "sub/.git/hooks/x",
        "sub/.gitattributes",
        "sub/" + BOM_NAME,
        "sub/.cache/huggingface/x",
        ".cache/other/x",
        ".git",
        ".gitattributes/x",
        BUNDLE_NAME + ".bak",
        ".GITIGNORE",
    ],
)
def test_housekeeping_is_exact_and_at_the_top(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    content = hash_path(tmp_path)
    assert [file.path for file in content.files] == [name]
    assert content.housekeeping == ()


def test_a_side_car_named_itself_is_a_file_like_any_other(tmp_path: Path) -> None:
    content = hash_path(write(tmp_path / BOM_NAME))
    assert [file.path for file in content.files] == [BOM_NAME]


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda file: file.write_bytes(b"other weights"),
    "time": lambda file: os.utime(file, ns=(1, 1)),
    "rename": lambda file: file.rename(file.with_name("other")),
    "addition": lambda file: write(file.with_name("other")),
    "removal": lambda file: file.unlink(),
    "same bytes in another file": lambda file: write(
        file.with_name("new"), file.read_bytes()
    ).replace(file),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_snapshot_sees_a_change(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file = write(tmp_path / "model" / "weights.bin")
    before = stat_snapshot(tmp_path)
    assert stat_snapshot(tmp_path) == before
    change(file)
    assert stat_snapshot(tmp_path) != before


def test_a_snapshot_says_path_size_times_and_inode(tmp_path: Path) -> None:
    file = write(tmp_path / "model" / "weights.bin", b"12345")
    status = file.stat()
    assert stat_snapshot(tmp_path) == (
        (
            "model/weights.bin",
            5,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
        ),
    )
    assert stat_snapshot(file)[0][0] == "weights.bin"
