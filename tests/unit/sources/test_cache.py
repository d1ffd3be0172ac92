"""The Hub's cache without network: what it knows, what it cannot, and what is refused.

The caches are written as the two clients write them; `test_the_real_client_...` looks
into one that the installed client agrees with.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aibom.errors import AibomError, UsageError
from aibom.sources.cache import CachedHub
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved

COMMIT, OTHER = "c" * 40, "d" * 40
FILES = {
    ".gitattributes": b"*.bin filter=lfs\n",
    "config.json": b"{}",
    "sub/weights.bin": b"weights" * 1000,
}
LARGE = ("sub/weights.bin",)
MODEL = Reference.parse("hf:acme/model")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def etag(path: str) -> str:
    return sha256(FILES[path]) if path in LARGE else git_blob(FILES[path])


def claimed(path: str) -> RemoteFile:
    size = len(FILES[path])
    if path in LARGE:
        return RemoteFile(path, size, sha256=etag(path))
    return RemoteFile(path, size, git_blob=etag(path))


def put(repository: Path, path: str) -> None:
    """Cache one file, as the client does after a download."""
    blob = repository / "blobs" / etag(path)
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(FILES[path])
    link = repository / "snapshots" / COMMIT / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(blob, link.parent))


def write_tree(repository: Path, **changes: object) -> None:
    files = {}
    for path, content in FILES.items():
        files[path] = {"size": len(content), "blob_id": git_blob(content)}
        if path in LARGE:
            files[path] = {
                "size": len(content),
                "blob_id": git_blob(b"the pointer"),
                "lfs_sha256": sha256(content),
                "lfs_size": len(content),
                "xet_hash": "e" * 64,
            }
    document = {"format_version": 1, "files": files, **changes}
    place = repository / "trees" / f"{COMMIT}.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(document))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "hub/models--acme--model"
    for path in FILES:
        put(folder, path)
    (folder / "refs").mkdir()
    (folder / "refs/main").write_text(COMMIT)
    return folder


def hub(repository: Path) -> CachedHub:
    return CachedHub(repository.parent)


def refusal(call) -> AibomError:
    with pytest.raises(AibomError) as caught:
        call()
    return caught.value


def test_a_branch_is_the_commit_that_it_was(repository):
    found = hub(repository).resolve(MODEL)
    assert found == Resolved(
        MODEL,
        tuple(claimed(path) for path in FILES),
        mode="offline",
        where="the cache of huggingface_hub",
        name="acme/model",
        commit=COMMIT,
        unsure=found.unsure,
        complete=False,
    )
    with pytest.raises(AibomError) as caught:
        found.require_complete()
    assert caught.value.reason == "source-not-cached"
    asked, completeness = found.unsure
    assert asked.startswith("nobody asked the hub")
    assert "every file of the commit" in completeness
    assert ".no_exist" in completeness


def test_a_tag_a_pull_request_and_a_commit_are_found(repository):
    (repository / "refs/v1").write_text(COMMIT + "\n")
    (repository / "refs/refs/pr").mkdir(parents=True)
    (repository / "refs/refs/pr/1").write_text(COMMIT)
    for revision in ("v1", "refs/pr/1", COMMIT):
        assert hub(repository).resolve(MODEL.at(revision)).commit == COMMIT


NAMED = {
    "dataset": ("hf:datasets/acme/model", "datasets--acme--model"),
    "one part": ("hf:gpt2", "models--gpt2"),
}


@pytest.mark.parametrize(("name", "folder"), NAMED.values(), ids=NAMED)
def test_each_repository_has_a_folder_of_its_own(repository, name, folder):
    source, reference = hub(repository), Reference.parse(name)
    assert refusal(lambda: source.resolve(reference)).reason == "source-not-cached"
    repository.rename(repository.with_name(folder))
    assert source.resolve(reference).commit == COMMIT


def test_every_file_is_read_and_copied(repository, tmp_path):
    source = hub(repository)
    found = source.resolve(MODEL)
    told: list[int] = []
    for file in found.files:
        to = tmp_path / "to" / file.path
        source.download(found, file, to, tmp_path / "scratch", told.append)
        assert to.read_bytes() == FILES[file.path] == source.read(found, file, 10**6)
        assert not to.is_symlink()
    assert sum(told) == sum(map(len, FILES.values()))


def test_another_object_reads_what_one_resolved(repository):
    found = hub(repository).resolve(MODEL)
    assert hub(repository).read(found, found.files[1], 10) == b"{}"


def test_a_branch_that_moves_in_between_does_not_mix_two_commits(repository):
    source = hub(repository)
    found = source.resolve(MODEL)
    (repository / "snapshots" / OTHER).mkdir()
    (repository / "snapshots" / OTHER / "config.json").write_text("[]")
    (repository / "refs/main").write_text(OTHER)
    assert source.resolve(MODEL).commit == OTHER
    assert source.read(found, found.files[1], 10) == b"{}"
    assert hub(repository).read(found, found.files[1], 10) == b"{}"


def test_with_the_list_of_the_commit_completeness_is_known(repository):
    write_tree(repository)
    found = hub(repository).resolve(MODEL)
    assert found.files == tuple(claimed(path) for path in FILES)
    assert len(found.unsure) == 1


def test_with_the_list_of_the_commit_what_is_missing_is_known_too(repository, tmp_path):
    write_tree(repository)
    (repository / "snapshots" / COMMIT / "sub/weights.bin").unlink()
    source = hub(repository)
    found = source.resolve(MODEL)
    assert found.files == tuple(claimed(path) for path in FILES)
    assert "1 of 3 files of the commit are not cached" in found.unsure
    assert source.read(found, found.files[1], 10) == b"{}"
    weights = found.files[2]
    for call in (
        lambda: source.read(found, weights, 10**6),
        lambda: source.download(found, weights, tmp_path / "to", tmp_path / "s"),
    ):
        assert refusal(call).reason == "source-not-cached"
    error = refusal(lambda: source.read(found, RemoteFile("other"), 10))
    assert error.reason == "source-file-absent"


def test_without_that_list_a_missing_file_is_not_known(repository):
    (repository / "snapshots" / COMMIT / "sub/weights.bin").unlink()
    found = hub(repository).resolve(MODEL)
    assert [file.path for file in found.files] == [".gitattributes", "config.json"]
    assert any("every file of the commit" in text for text in found.unsure)


def test_a_file_that_the_commit_does_not_have_is_refused(repository):
    write_tree(repository)
    (repository / "snapshots" / COMMIT / "modeling.py").write_text("import os")
    error = refusal(lambda: hub(repository).resolve(MODEL))
    assert error.reason == "source-file-extra"
    assert "modeling.py" in error.message


def test_a_file_that_is_no_link_has_no_digest_and_that_is_said(repository):
    (repository / "snapshots" / COMMIT / "modeling.py").write_text("import os")
    found = hub(repository).resolve(MODEL)
    assert RemoteFile("modeling.py", 9) in found.files
    assert "the cache has no digest of the hub's for 1 files" in found.unsure


TREES = {
    "another version": {"format_version": 2},
    "no files": {"files": None},
    "files as a list": {"files": ["config.json"]},
    "a file as a list": {"files": {"config.json": []}},
    "a negative size": {"files": {"a": {"size": -1, "blob_id": "a" * 40}}},
    "a size in words": {"files": {"a": {"size": "1", "blob_id": "a" * 40}}},
    "no blob": {"files": {"a": {"size": 1}}},
    "a short blob": {"files": {"a": {"size": 1, "blob_id": "a"}}},
    "a SHA-256 that is none": {"files": {"a": {"size": 1, "lfs_sha256": "../x"}}},
    "a SHA-256 as a number": {"files": {"a": {"size": 1, "lfs_sha256": 1}}},
}


@pytest.mark.parametrize("changes", TREES.values(), ids=TREES)
def test_a_list_that_cannot_be_understood_is_as_good_as_none(repository, changes):
    write_tree(repository, **changes)
    found = hub(repository).resolve(MODEL)
    assert found.files == tuple(claimed(path) for path in FILES)
    assert "cannot be understood" in found.unsure[1]


@pytest.mark.parametrize("text", ["", "<html>", "[]", "[" * 100_000])
def test_a_list_that_is_no_json_of_ours_is_as_good_as_none(repository, text):
    write_tree(repository)
    (repository / "trees" / f"{COMMIT}.json").write_text(text)
    assert "cannot be understood" in hub(repository).resolve(MODEL).unsure[1]


def test_a_list_with_a_path_that_leaves_the_folder_is_refused(repository):
    files = {path: {"size": 1, "blob_id": "a" * 40} for path in (*FILES, "../x")}
    write_tree(repository, files=files)
    error = refusal(lambda: hub(repository).resolve(MODEL))
    assert error.reason == "source-path-refused"


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("with_tree", [False, True], ids=["blobs", "tree"])
def test_a_blob_of_the_same_size_with_other_bytes_is_refused(
    repository, path, with_tree
):
    if with_tree:
        write_tree(repository)
    blob = repository / "blobs" / etag(path)
    blob.write_bytes(b"X" + FILES[path][1:])
    source = hub(repository)
    found = source.resolve(MODEL)
    file = next(file for file in found.files if file.path == path)
    error = refusal(lambda: source.read(found, file, 10**6))
    assert error.reason == "source-digest-mismatch"


SIZES = {
    "shorter": (b"w", "source-truncated"),
    "longer": (FILES["sub/weights.bin"] + b"x", "source-digest-mismatch"),
}


@pytest.mark.parametrize(("content", "reason"), SIZES.values(), ids=SIZES)
def test_a_blob_of_another_size_than_the_list_says_is_not_copied(
    repository, tmp_path, content, reason
):
    write_tree(repository)
    (repository / "blobs" / etag("sub/weights.bin")).write_bytes(content)
    source = hub(repository)
    found = source.resolve(MODEL)
    to = tmp_path / "to"
    error = refusal(lambda: source.download(found, found.files[2], to, tmp_path / "s"))
    assert error.reason == reason
    assert not to.exists()


def test_a_blob_that_changes_after_it_was_listed_is_refused(repository):
    source = hub(repository)
    found = source.resolve(MODEL)
    (repository / "blobs" / etag("config.json")).write_bytes(b"{ }")
    error = refusal(lambda: source.read(found, found.files[1], 10))
    assert error.reason == "changed-while-hashing"


def _no_ref(repository: Path) -> None:
    (repository / "refs/main").unlink()


def _ref_of(content: str):
    return lambda repository: (repository / "refs/main").write_text(content)


def _snapshot_as_link(repository: Path) -> None:
    snapshot = repository / "snapshots" / COMMIT
    snapshot.rename(snapshot.with_name(OTHER))
    snapshot.symlink_to(OTHER)


def _no_blob(repository: Path) -> None:
    (repository / "blobs" / etag("config.json")).unlink()


def _ref_to_another(repository: Path) -> None:
    (repository / "refs/main").write_text(OTHER)


NOT_CACHED = {
    "branch never asked for": _no_ref,
    "an empty ref": _ref_of(""),
    "a ref that is a path": _ref_of("../../elsewhere"),
    "a ref of endless length": _ref_of(COMMIT + " " * 1000),
    "commit never fetched": _ref_to_another,
    "commit that is a link to another": _snapshot_as_link,
    "blob was removed": _no_blob,
}


@pytest.mark.parametrize("change", NOT_CACHED.values(), ids=NOT_CACHED)
def test_what_is_not_there_is_not_guessed(repository, change):
    change(repository)
    error = refusal(lambda: hub(repository).resolve(MODEL))
    assert error.reason == "source-not-cached"
    assert error.where == "hf:acme/model"


def test_a_link_out_of_the_cache_is_refused(repository):
    (repository / "snapshots" / COMMIT / "x").symlink_to("/etc/hostname")
    assert refusal(lambda: hub(repository).resolve(MODEL)).reason == "symlink-escapes"


@pytest.mark.parametrize("revision", ["../refs/main", "a/../main", "./main", "main/"])
def test_a_revision_is_no_path(repository, revision):
    reference = Reference("hf", "acme/model", revision)
    error = refusal(lambda: hub(repository).resolve(reference))
    assert error.reason == "source-not-cached"


@pytest.mark.parametrize(
    "reference",
    [Reference("hf", "../x"), Reference("hf", "a--b"), Reference("folder", "x")],
    ids=str,
)
def test_what_names_no_repository_is_a_wrong_call(tmp_path, reference):
    with pytest.raises(UsageError) as caught:
        CachedHub(tmp_path).resolve(reference)
    assert caught.value.reason == "reference-malformed"


def test_a_resolved_thing_without_commit_reads_nothing(repository):
    nothing = Resolved(MODEL, (), "offline", "here", "acme/model", commit="../x")
    error = refusal(lambda: hub(repository).read(nothing, RemoteFile("a"), 1))
    assert error.reason == "source-file-absent"


ASK = """
import sys
from aibom.sources.cache import CachedHub
from aibom.sources.reference import Reference

assert "huggingface_hub" not in sys.modules
print(CachedHub().resolve(Reference.parse("hf:acme/model")).commit)
"""


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME"])
def test_the_cache_is_where_the_client_has_it(repository, variable):
    place = repository.parent if variable == "HF_HUB_CACHE" else repository.parents[1]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGG"))}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**clean, variable: str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{COMMIT}\n", "")


def test_the_real_client_reads_the_caches_of_these_tests_in_the_same_way(repository):
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    found = hub(repository).resolve(MODEL)
    for file in found.files:
        path = try_to_load_from_cache(
            "acme/model", file.path, cache_dir=repository.parent
        )
        assert isinstance(path, str)
        assert Path(path).read_bytes() == FILES[file.path]
    (cached,) = scan_cache_dir(repository.parent).repos
    (revision,) = cached.revisions
    assert (cached.repo_id, revision.commit_hash) == ("acme/model", found.commit)
    assert {file.file_name for file in revision.files} == {
        Path(file.path).name for file in found.files
    }
