"""``aibom.lock``: its form, what it refuses, and what is held against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hub_world import COMMIT, FILES, OTHER_COMMIT, OWNER, FakeSource
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aibom.errors import AibomError, DocumentInvalid, VerificationFailed
from aibom.operations.importing.artifact_lock import (
    ArtifactLock,
    LockedArtifact,
    parse_artifact_lock,
    read_artifact_lock,
    render,
    require_as_locked,
    tree_of,
)
from aibom.operations.importing.lock_reading import take
from aibom.operations.scanning.snapshot import KnownFile
from aibom.resources import read_schema
from aibom.sources.reference import Reference
from aibom.sources.remote import Owner

MAIN = Reference.parse("hf:acme/base@main")
PINNED = MAIN.at(COMMIT)


def entry(source: FakeSource | None = None, text: str = str(MAIN)) -> LockedArtifact:
    source = source or FakeSource()
    return take(source, source.resolve(Reference.parse(text)))


def lock_of(*entries: LockedArtifact) -> ArtifactLock:
    return ArtifactLock({one.reference: one for one in entries})


BASE = entry()
FOLDER = entry(
    FakeSource(commit=None, committed=None, owner=None, repository=None, claims=False),
    "mirror/base",
)
DATA = entry(text="hf:datasets/acme/reviews")


# ── the file ────────────────────


def test_a_lock_reads_as_people_review_it(tmp_path: Path) -> None:
    path = tmp_path / "aibom.lock"
    path.write_bytes(render(lock_of(BASE, FOLDER, DATA)))
    assert read_artifact_lock(path) == lock_of(BASE, FOLDER, DATA)
    lines = path.read_text("ascii").splitlines()
    for file in BASE.files:
        [line] = [x for x in lines[:20] if f'"{file.path}"' in x]
        assert file.sha256 in line
        assert f'"by": "{file.by}"' in line
    Draft202012Validator(read_schema("artifact-lock-1.json")).validate(
        json.loads(path.read_bytes())
    )


def test_claims_are_told_from_what_was_hashed() -> None:
    by = {file.path: file.by for file in BASE.files}
    assert by.pop("model.safetensors") == "source"
    assert set(by.values()) == {"here"}
    assert {file.by for file in FOLDER.files} == {"here"}
    assert FOLDER.tree == BASE.tree


def test_the_digest_leaves_housekeeping_out_and_the_lock_does_not() -> None:
    assert ".gitattributes" in {file.path for file in BASE.files}
    without = [file for file in BASE.files if file.path != ".gitattributes"]
    assert tree_of(without) == BASE.tree


def test_hidden_characters_are_seen_by_a_reviewer() -> None:
    name = "model\u202esrotcennoc.bin"
    shown = render(lock_of(entry(FakeSource({name: b"x"}, checked=False))))
    assert shown.isascii()
    assert b"\\u202e" in shown


def test_the_order_of_entries_does_not_matter() -> None:
    assert render(lock_of(BASE, DATA)) == render(lock_of(DATA, BASE))


def test_a_lock_of_nothing() -> None:
    assert parse_artifact_lock(render(ArtifactLock({})), "x").artifacts == {}


SEGMENT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="/\\\n\r"),
    min_size=1,
    max_size=8,
).filter(lambda text: text not in (".", ".."))
PATHS = st.lists(SEGMENT, min_size=1, max_size=3).map("/".join)
SHA256 = st.binary(min_size=32, max_size=32).map(bytes.hex)
KNOWN = st.builds(
    KnownFile,
    PATHS,
    st.integers(0, 2**60),
    SHA256,
    st.sampled_from(["here", "source"]),
)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip)
MAYBE = st.none() | WORDS
OWNERS = st.builds(
    Owner, WORDS, st.sampled_from([None, "organisation", "user"]), MAYBE, MAYBE
)
COMMITS = st.binary(min_size=20, max_size=20).map(bytes.hex)
HUB = st.sampled_from(
    [
        Reference.parse(f"hf:{kind}a/{n}@v{n}")
        for kind in ("", "datasets/")
        for n in "12"
    ]
)


@st.composite
def entries(draw: st.DrawFn) -> LockedArtifact:
    listed = draw(
        st.lists(KNOWN, min_size=1, max_size=5, unique_by=lambda file: file.path)
    )
    files = tuple(sorted((*listed, KnownFile("w.bin", 1, "ab" * 32, "here"))))
    if len({file.path for file in files}) < len(files):
        files = (KnownFile("w.bin", 1, "ab" * 32, "here"),)
    reference, tree = draw(HUB), tree_of(files)
    commit, committed = draw(COMMITS), draw(MAYBE)
    repository, owner = draw(MAYBE), draw(st.none() | OWNERS)
    text, kind = str(reference), reference.kind
    return LockedArtifact(text, kind, commit, committed, repository, owner, tree, files)


@given(st.lists(entries(), max_size=4, unique_by=lambda one: one.pinned))
def test_what_is_written_is_what_is_read(listed: list[LockedArtifact]) -> None:
    lock = lock_of(*listed)
    data = render(lock)
    assert parse_artifact_lock(data, "x") == lock
    assert render(parse_artifact_lock(data, "x")) == data
    Draft202012Validator(read_schema("artifact-lock-1.json")).validate(json.loads(data))


Edit = Callable[[dict[str, Any]], object]


def base_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["artifacts"][str(MAIN)]
    return found


def put(key: str, value: Any) -> Edit:
    return lambda document: base_of(document).update({key: value})


def put_file(path: str, **members: Any) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        files = base_of(document)["files"]
        files[path] = {**files.get(path, files["config.json"]), **members}

    return edit


def rename(key: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        document["artifacts"][key] = document["artifacts"].pop(str(MAIN))

    return edit


def twin(document: dict[str, Any]) -> None:
    other = json.loads(json.dumps(base_of(document)))
    other["files"] = {"w.bin": {"size": 1, "sha256": "ab" * 32, "by": "here"}}
    other["tree"] = str(tree_of([KnownFile("w.bin", 1, "ab" * 32, "here")]))
    document["artifacts"][str(PINNED)] = other


INVALID: dict[str, tuple[str, Edit]] = {
    "version": ("artifact-lock-invalid", lambda d: d.update(apiVersion="v9")),
    "unknown-key": ("artifact-lock-invalid", lambda d: d.update(artefacts={})),
    "artifacts-missing": ("artifact-lock-invalid", lambda d: d.pop("artifacts")),
    "artifacts-a-list": ("artifact-lock-invalid", lambda d: d.update(artifacts=[])),
    "entry-a-text": (
        "artifact-lock-invalid",
        lambda d: d["artifacts"].update({str(MAIN): "x"}),
    ),
    "entry-unknown-key": ("artifact-lock-invalid", put("sha", "x")),
    "kind-other": ("artifact-lock-invalid", put("kind", "dataset")),
    "kind-null": ("artifact-lock-invalid", put("kind", None)),
    "kind-unknown": ("artifact-lock-invalid", put("kind", "space")),
    "commit-short": ("artifact-lock-invalid", put("commit", "1f1f1f1")),
    "commit-upper": ("artifact-lock-invalid", put("commit", "1F" * 20)),
    "commit-a-number": ("artifact-lock-invalid", put("commit", 1)),
    "commit-missing": ("artifact-lock-invalid", lambda d: base_of(d).pop("commit")),
    "owner-a-text": ("artifact-lock-invalid", put("owner", "acme")),
    "owner-nameless": ("artifact-lock-invalid", put("owner", {"id": "1"})),
    "owner-unknown-key": ("artifact-lock-invalid", put("owner", {"name": "a", "x": 1})),
    "owner-kind": ("artifact-lock-invalid", put("owner", {"name": "a", "kind": "bot"})),
    "repository-empty": ("artifact-lock-invalid", put("repository", "")),
    "tree-a-file": ("artifact-lock-invalid", put("tree", "sha256:" + "ab" * 32)),
    "tree-no-digest": ("artifact-lock-invalid", put("tree", "ab")),
    "tree-other": (
        "artifact-lock-tree-mismatch",
        put("tree", f"tree-sha256:{'a' * 64}"),
    ),
    "files-none": ("artifact-lock-invalid", put("files", {})),
    "files-housekeeping-only": (
        "artifact-lock-invalid",
        put("files", {".gitignore": {"size": 1, "sha256": "ab" * 32, "by": "here"}}),
    ),
    "file-unknown-key": ("artifact-lock-invalid", put_file("config.json", mode=1)),
    "file-size-negative": ("artifact-lock-invalid", put_file("config.json", size=-1)),
    "file-size-true": ("artifact-lock-invalid", put_file("config.json", size=True)),
    "file-size-text": ("artifact-lock-invalid", put_file("config.json", size="3")),
    "file-sha-upper": (
        "artifact-lock-invalid",
        put_file("config.json", sha256="A" * 64),
    ),
    "file-sha-changed": (
        "artifact-lock-tree-mismatch",
        put_file("config.json", sha256="ab" * 32),
    ),
    "file-by": ("artifact-lock-invalid", put_file("config.json", by="me")),
    "file-added": ("artifact-lock-tree-mismatch", put_file("new.bin")),
    "file-outside": ("artifact-lock-invalid", put_file("../x")),
    "file-outside-as-housekeeping": ("artifact-lock-invalid", put_file(".git/../../x")),
    "file-absolute": ("artifact-lock-invalid", put_file("/etc/passwd")),
    "file-with-newline": ("artifact-lock-invalid", put_file("a\nb")),
    "reference-empty": ("artifact-lock-invalid", rename("")),
    "reference-malformed": ("artifact-lock-invalid", rename("hf:a/b@..")),
    "reference-a-folder": ("artifact-lock-invalid", rename("mirror/base")),
    "reference-another-commit": (
        "artifact-lock-invalid",
        rename(str(MAIN.at(OTHER_COMMIT))),
    ),
    "two-entries-disagree": ("artifact-lock-contradictory", twin),
}


@pytest.mark.parametrize(("reason", "edit"), INVALID.values(), ids=INVALID)
def test_a_lock_that_is_refused(reason: str, edit: Edit) -> None:
    document = json.loads(render(lock_of(BASE)))
    edit(document)
    with pytest.raises(DocumentInvalid) as refused:
        parse_artifact_lock(json.dumps(document).encode(), "aibom.lock")
    assert refused.value.reason == reason
    assert "aibom.lock" in str(refused.value)


BYTES: dict[str, tuple[str, bytes]] = {
    "no-json": ("document-unreadable", b"apiVersion: x"),
    "a-path-twice": (
        "duplicate-key",
        render(lock_of(BASE)).replace(b'"README.md"', b'"config.json"'),
    ),
    "an-entry-twice": (
        "duplicate-key",
        render(lock_of(BASE, DATA)).replace(
            str(MAIN).encode(), b"hf:datasets/acme/reviews"
        ),
    ),
    "too-deep": ("document-too-deep", b"[" * 5000 + b"]" * 5000),
    "a-list": ("artifact-lock-invalid", b"[]"),
}


@pytest.mark.parametrize(("reason", "data"), BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_lock(reason: str, data: bytes) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        parse_artifact_lock(data, "aibom.lock")
    assert refused.value.reason == reason
    assert refused.value.hint == "take it from version control again, or lock anew"


# ── what a reference finds ────────────────────

FOUND: dict[str, tuple[str, str | None]] = {
    "exactly": ("hf:acme/base@main", "hf:acme/base@main"),
    "pinned": (f"hf:acme/base@{COMMIT}", "hf:acme/base@main"),
    "another-commit": (f"hf:acme/base@{OTHER_COMMIT}", None),
    "no-revision": ("hf:acme/base", None),
    "another-branch": ("hf:acme/base@dev", None),
    "as-a-dataset": ("hf:datasets/acme/base@main", None),
    "no-revision-is-locked": ("hf:datasets/acme/reviews", "hf:datasets/acme/reviews"),
    "folder": ("mirror/base", "mirror/base"),
    "folder-by-another-path": ("./mirror/base", None),
}


@pytest.mark.parametrize(("asked", "key"), FOUND.values(), ids=FOUND)
def test_find(asked: str, key: str | None) -> None:
    found = lock_of(BASE, DATA, FOLDER).find(Reference.parse(asked))
    assert (found and found.reference) == key


# ── what is held against an entry ────────────────────

EVIL = {**FILES, "config.json": b"!!\n"}
LONGER = {**FILES, "model.safetensors": b"longer than it was before"}
NO_ID = Owner("acme", "organisation", None, "2020-01-01T00:00:00.000Z")

AS_LOCKED: dict[str, FakeSource] = {
    "the-same": FakeSource(),
    "offline-and-mute": FakeSource(mode="offline", owner=None, repository=None),
    "owner-renamed": FakeSource(owner=replace(OWNER, name="acme-ai")),
    "committed-otherwise": FakeSource(committed=None),
    "no-digest-told": FakeSource(claims=False),
}


@pytest.mark.parametrize("source", AS_LOCKED.values(), ids=AS_LOCKED)
def test_as_locked(source: FakeSource) -> None:
    require_as_locked(BASE, source.resolve(PINNED), None)
    require_as_locked(BASE, source.resolve(PINNED), BASE.files)


OTHERWISE: dict[str, tuple[str, FakeSource]] = {
    "repository-made-anew": ("source-owner-changed", FakeSource(repository="repo-2")),
    "repository-untold": ("source-owner-changed", FakeSource(repository=None)),
    "owner-made-anew": (
        "source-owner-changed",
        FakeSource(owner=replace(OWNER, id="64bb")),
    ),
    "owner-untold": ("source-owner-changed", FakeSource(owner=None)),
    "owner-without-id": ("source-owner-changed", FakeSource(owner=NO_ID)),
    "owner-untold-by-a-cache": (
        "source-owner-changed",
        FakeSource(owner=None, mode="cached"),
    ),
    "owner-other-offline": (
        "source-owner-changed",
        FakeSource(owner=replace(OWNER, id="64bb"), mode="offline"),
    ),
    "commit-other": ("commit-contradicted", FakeSource(commit=OTHER_COMMIT)),
    "commit-none": ("commit-contradicted", FakeSource(commit=None)),
    "file-gone": ("source-file-missing", FakeSource({"config.json": b"{}\n"})),
    "file-new": ("source-file-extra", FakeSource({**FILES, "evil.py": b""})),
    "size-other": ("source-digest-mismatch", FakeSource(LONGER)),
    "digest-other": (
        "source-digest-mismatch",
        FakeSource({**FILES, "model.safetensors": b"\x02\0\0\0\0\0\0\0[]"}),
    ),
}


@pytest.mark.parametrize(("reason", "source"), OTHERWISE.values(), ids=OTHERWISE)
def test_not_as_locked(reason: str, source: FakeSource) -> None:
    resolved = source.resolve(MAIN)
    with pytest.raises(VerificationFailed) as refused:
        require_as_locked(BASE, resolved, None)
    assert refused.value.reason == reason
    assert refused.value.where == str(MAIN)


ARRIVED: dict[str, tuple[str, dict[str, bytes]]] = {
    "changed": ("source-digest-mismatch", EVIL),
    "extra": ("source-file-extra", {**FILES, "evil.py": b"import os"}),
    "missing": ("source-file-missing", {"config.json": b"{}\n"}),
    "extra-housekeeping": ("source-file-extra", {**FILES, ".gitignore": b"*"}),
    "changed-housekeeping": (
        "source-digest-mismatch",
        {**FILES, ".gitattributes": b"*"},
    ),
}


@pytest.mark.parametrize(("reason", "files"), ARRIVED.values(), ids=ARRIVED)
def test_what_arrived_is_not_what_was_locked(
    reason: str, files: dict[str, bytes]
) -> None:
    arrived = entry(FakeSource(files)).files
    with pytest.raises(VerificationFailed) as refused:
        require_as_locked(BASE, FakeSource().resolve(PINNED), arrived)
    assert refused.value.reason == reason


BY_NAME: dict[str, tuple[bool, Owner]] = {
    "the-same": (True, NO_ID),
    "an-id-since": (True, OWNER),
    "another-name": (False, replace(NO_ID, name="acmee")),
    "another-kind": (False, replace(NO_ID, kind="user")),
    "made-anew": (False, replace(NO_ID, created="2026-05-05T00:00:00.000Z")),
    "untold": (False, Owner("acme")),
}


@pytest.mark.parametrize(("same", "owner"), BY_NAME.values(), ids=BY_NAME)
def test_an_owner_without_id_is_known_by_what_is_told(same: bool, owner: Owner) -> None:
    locked = replace(BASE, owner=NO_ID)
    resolved = FakeSource(owner=owner).resolve(PINNED)
    if same:
        require_as_locked(locked, resolved, None)
        return
    with pytest.raises(AibomError) as refused:
        require_as_locked(locked, resolved, None)
    assert refused.value.reason == "source-owner-changed"


def test_a_message_names_the_files_without_their_controls() -> None:
    files = {**FILES, **{f"x{number}\x1b[2J": b"" for number in range(9)}}
    resolved = FakeSource(files, checked=False).resolve(PINNED)
    with pytest.raises(VerificationFailed) as refused:
        require_as_locked(BASE, resolved, None)
    assert "\x1b" not in refused.value.message
    assert "4 more are there, and not locked" in refused.value.message
