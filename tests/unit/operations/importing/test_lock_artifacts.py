"""Writing ``aibom.lock``: what goes in, what is refused, and that nothing is half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hub_world import COMMIT, FILES, OTHER_COMMIT, OWNER, FakeSource

from aibom.digest import hash_path
from aibom.errors import AibomError, InputError
from aibom.operations.importing.artifact_lock import (
    MAX_LOCK_BYTES,
    LockedArtifact,
    read_artifact_lock,
)
from aibom.operations.importing.lock_artifacts import (
    LockPlan,
    Opener,
    plan_lock,
    write_lock,
)
from aibom.operations.importing.lock_diff import differences
from aibom.operations.importing.lock_reading import take
from aibom.sources.folder import FolderSource
from aibom.sources.hub import HubSource
from aibom.sources.reference import Reference
from aibom.testing.hub import Fault, LocalHub

MAIN = "hf:acme/base@main"
CHANGED = {**FILES, "config.json": b'{"a": 1}\n', "new.bin": b"1"}


def one(source: FakeSource) -> Opener:
    return lambda _: source


def many(sources: Mapping[str, FakeSource]) -> Opener:
    return lambda reference: sources[str(reference)]


def lock(
    path: Path,
    opener: Opener,
    *texts: str,
    update: bool = False,
    accept: tuple[str, ...] = (),
) -> LockPlan:
    plan = plan_lock(
        path,
        [Reference.parse(text) for text in texts],
        opener,
        update=update,
        accept_owner=[Reference.parse(text) for text in accept],
    )
    write_lock(plan)
    return plan


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lock of one model at COMMIT."""
    place = tmp_path / "aibom.lock"
    lock(place, one(FakeSource()), MAIN)
    return place


def entry_of(path: Path, key: str = MAIN) -> LockedArtifact:
    return read_artifact_lock(path).artifacts[key]


def test_what_is_locked(path: Path) -> None:
    entry = entry_of(path)
    assert (entry.commit, entry.repository, entry.owner) == (COMMIT, "repo-1", OWNER)
    assert [file.path for file in entry.files] == sorted(FILES)


def test_large_files_are_not_downloaded(tmp_path: Path) -> None:
    source = FakeSource()
    lock(tmp_path / "l", one(source), MAIN)
    assert {path for call, path in source.asked if call == "download"} == set()
    assert ("read", "model.safetensors") not in source.asked


def test_what_nobody_claims_is_downloaded_and_dropped(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "sub").mkdir(parents=True)
    for name, data in {**FILES, "sub/w.bin": b"0" * 3_000_000}.items():
        (mirror / name).write_bytes(data)
    done: list[tuple[int, int]] = []
    reference = Reference.parse(str(mirror))
    opener = one(FolderSource())  # type: ignore[arg-type]
    plan = plan_lock(
        tmp_path / "l", [reference], opener, told=lambda *now: done.append(now)
    )
    write_lock(plan)
    entry = entry_of(tmp_path / "l", str(mirror))
    assert entry.tree == hash_path(mirror).digest
    assert {file.by for file in entry.files} == {"here"}
    assert done[-1][0] == done[-1][1] > 3_000_000


def test_a_digest_of_a_dataset_is_that_of_a_gate(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    source = FakeSource()
    reference = Reference.parse("hf:datasets/acme/reviews")
    assert take(source, source.resolve(reference)).tree == hash_path(tmp_path).digest


def test_the_same_again_writes_nothing(path: Path) -> None:
    before = path.stat()
    for update in (False, True):
        plan = lock(path, one(FakeSource()), MAIN, update=update)
        assert [change.lines for change in plan.changes] == [()]
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_a_second_entry_leaves_the_first(path: Path) -> None:
    lock(path, one(FakeSource()), "hf:datasets/acme/reviews")
    assert set(read_artifact_lock(path).artifacts) == {MAIN, "hf:datasets/acme/reviews"}


def test_one_reference_twice_is_one(tmp_path: Path) -> None:
    source = FakeSource()
    lock(tmp_path / "l", one(source), MAIN, MAIN)
    assert [call for call, _ in source.asked].count("resolve") == 1


def test_without_references_all_entries_are_meant(path: Path) -> None:
    lock(path, one(FakeSource()), "hf:datasets/acme/reviews")
    plan = lock(path, one(FakeSource()))
    assert [change.after.reference for change in plan.changes] == sorted(
        [MAIN, "hf:datasets/acme/reviews"]
    )


def test_update_of_one_leaves_the_others(path: Path) -> None:
    lock(path, one(FakeSource()), "hf:datasets/acme/reviews")
    source = FakeSource(CHANGED, commit=OTHER_COMMIT)
    lock(path, one(source), MAIN, update=True)
    assert entry_of(path).commit == OTHER_COMMIT
    assert entry_of(path, "hf:datasets/acme/reviews").commit == COMMIT


def test_update_says_what_differed(path: Path) -> None:
    source = FakeSource(CHANGED, commit=OTHER_COMMIT)
    [change] = lock(path, one(source), update=True).changes
    told = "\n".join(change.lines)
    assert f"{COMMIT} → {OTHER_COMMIT}" in told
    assert "~ 3 → 9 bytes" in told
    assert "+ 1 bytes" in told
    assert "README.md" not in told
    assert differences(entry_of(path), change.after) == ()


def test_where_a_digest_comes_from_is_no_difference(path: Path) -> None:
    entry = entry_of(path)
    here = tuple(replace(file, by="here") for file in entry.files)
    assert differences(entry, replace(entry, files=here)) == ()


def test_a_path_cannot_write_a_column(path: Path) -> None:
    evil = "a.bin  sha256:0000"
    source = FakeSource({**FILES, evil: b"1"}, commit=OTHER_COMMIT)
    [change] = plan_lock(path, [], one(source)).changes
    [line] = [line for line in change.lines if evil in line]
    assert line.endswith(evil)


# ── refused, and the file as it was ────────────────────

REFUSED: dict[str, tuple[int, str, FakeSource, bool]] = {
    "another-commit": (
        *(11, "lock-outdated"),
        *(FakeSource(CHANGED, commit=OTHER_COMMIT), False),
    ),
    "another-date": (11, "lock-outdated", FakeSource(committed="2027-01-01"), False),
    "owner-has-an-id-now": (
        *(11, "source-owner-changed"),
        *(FakeSource(owner=replace(OWNER, id="64bb")), False),
    ),
    "owner-changed": (
        *(11, "source-owner-changed"),
        *(FakeSource(owner=replace(OWNER, id="64bb")), True),
    ),
    "owner-untold": (11, "source-owner-changed", FakeSource(owner=None), True),
    "repository-made-anew": (
        *(11, "source-owner-changed"),
        *(FakeSource(repository="repo-2"), True),
    ),
    "other-bytes-of-the-commit": (
        *(11, "source-digest-mismatch"),
        *(FakeSource({**FILES, "config.json": b"{ }"}), True),
    ),
    "more-files-in-the-commit": (
        *(11, "source-file-extra"),
        *(FakeSource({**FILES, "x.py": b""}), True),
    ),
    "fewer-files-in-the-commit": (
        *(11, "source-file-missing"),
        *(FakeSource({"config.json": b"{}\n"}), True),
    ),
    "not-as-announced": (
        *(11, "source-digest-mismatch"),
        *(FakeSource(served={"config.json": b"!!\n"}), True),
    ),
    "path-that-leaves": (
        *(11, "source-path-refused"),
        *(FakeSource({"../x": b""}, commit=OTHER_COMMIT), True),
    ),
    "path-that-nobody-can-write": (
        *(12, "path-unusable"),
        *(
            FakeSource(
                {"a\nb": b"x"}, commit=OTHER_COMMIT, checked=False, lfs=["a\nb"]
            ),
            True,
        ),
    ),
    "vanished": (
        *(1, "source-missing-or-private"),
        *(
            FakeSource(fails=InputError("no", reason="source-missing-or-private")),
            True,
        ),
    ),
    "no-files": (1, "folder-empty", FakeSource({}, commit=OTHER_COMMIT), True),
    "a-nameless-owner": (
        *(12, "artifact-lock-invalid"),
        *(
            FakeSource(CHANGED, commit=OTHER_COMMIT, owner=replace(OWNER, name="")),
            True,
        ),
    ),
    "a-name-that-is-no-text": (
        *(12, "document-unreadable"),
        *(
            FakeSource(
                CHANGED, commit=OTHER_COMMIT, owner=replace(OWNER, name="\ud800")
            ),
            True,
        ),
    ),
}


@pytest.mark.parametrize(
    ("code", "reason", "source", "update"), REFUSED.values(), ids=REFUSED
)
def test_refused(
    path: Path, code: int, reason: str, source: FakeSource, update: bool
) -> None:
    before = path.read_bytes()
    with pytest.raises(AibomError) as refused:
        lock(path, one(source), update=update)
    assert (refused.value.exit_code, refused.value.reason) == (code, reason)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["aibom.lock"]


def test_an_error_at_the_last_leaves_all_as_it_was(path: Path) -> None:
    before = path.read_bytes()
    gone = FakeSource(fails=InputError("no", reason="source-gated"))
    sources = {
        MAIN: FakeSource(CHANGED, commit=OTHER_COMMIT),
        "hf:acme/new": FakeSource(),
        "hf:acme/gone": gone,
    }
    with pytest.raises(InputError):
        lock(path, many(sources), *sources, update=True)
    assert path.read_bytes() == before


def test_an_outdated_entry_holds_back_a_new_one(path: Path) -> None:
    before = path.read_bytes()
    sources = {
        MAIN: FakeSource(CHANGED, commit=OTHER_COMMIT),
        "hf:acme/new": FakeSource(repository="repo-9"),
    }
    plan = plan_lock(path, map(Reference.parse, sources), many(sources))
    assert [change.is_new for change in plan.changes] == [False, True]
    with pytest.raises(AibomError, match="hf:acme/base@main"):
        write_lock(plan)
    assert path.read_bytes() == before


def test_somebody_else_wrote_it_meanwhile(path: Path) -> None:
    source = FakeSource(CHANGED, commit=OTHER_COMMIT)
    plan = plan_lock(path, [], one(source), update=True)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(InputError) as refused:
        write_lock(plan)
    assert refused.value.reason == "lock-changed"


USES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "nothing-to-lock": (
        "lock-names-nothing",
        lambda path: lock(path.with_name("new"), one(FakeSource())),
    ),
    "accepted-and-not-named": (
        "accept-owner-unused",
        lambda path: lock(path, one(FakeSource()), accept=("hf:acme/base",)),
    ),
    "no-such-folder": (
        "path-missing",
        lambda path: lock(path / ".." / "no" / "l", one(FakeSource()), MAIN),
    ),
    "a-folder": (
        "path-unreadable",
        lambda path: lock(path.parent, one(FakeSource()), MAIN),
    ),
}


@pytest.mark.parametrize(("reason", "use"), USES.values(), ids=USES)
def test_uses_that_are_refused(
    path: Path, reason: str, use: Callable[[Path], object]
) -> None:
    with pytest.raises(AibomError) as refused:
        use(path)
    assert refused.value.reason == reason


def test_a_lock_too_large_to_be_read_is_not_written(tmp_path: Path) -> None:
    source = FakeSource(committed="x" * MAX_LOCK_BYTES)
    with pytest.raises(InputError) as refused:
        lock(tmp_path / "l", one(source), MAIN)
    assert refused.value.reason == "source-too-large"
    assert list(tmp_path.iterdir()) == []


# ── owners ────────────────────

ANEW = replace(OWNER, id="64bb")
NEIGHBOURS: dict[str, tuple[str, FakeSource]] = {
    "another-revision": ("hf:acme/base@v2", FakeSource(owner=ANEW)),
    "another-revision-untold": ("hf:acme/base@v2", FakeSource(owner=None)),
    "repository-made-anew": ("hf:acme/base@v2", FakeSource(repository="repo-2")),
    "another-repository": ("hf:acme/other", FakeSource(owner=ANEW, repository="r9")),
    "a-dataset": ("hf:datasets/acme/base", FakeSource(owner=ANEW, repository="r9")),
}


@pytest.mark.parametrize(("text", "source"), NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_a_new_entry_is_held_against_what_the_lock_knows(
    path: Path, text: str, source: FakeSource
) -> None:
    before = path.read_bytes()
    with pytest.raises(AibomError) as refused:
        lock(path, one(source), text, update=True)
    assert refused.value.reason == "source-owner-changed"
    assert refused.value.hint
    assert f"--accept-owner {text}" in refused.value.hint
    assert path.read_bytes() == before
    lock(path, one(source), text, accept=(text,))
    # Once it is in, it is held against itself only.
    lock(path, one(source), text)


def test_two_new_entries_are_held_against_each_other(tmp_path: Path) -> None:
    sources = {
        "hf:acme/a": FakeSource(),
        "hf:acme/b": FakeSource(owner=ANEW, repository="r2"),
    }
    with pytest.raises(AibomError) as refused:
        lock(tmp_path / "l", many(sources), *sources)
    assert refused.value.reason == "source-owner-changed"


def test_another_repository_of_the_same_owner(path: Path) -> None:
    lock(path, one(FakeSource(repository="repo-2")), "hf:acme/other")
    assert entry_of(path, "hf:acme/other").repository == "repo-2"


def test_an_owner_that_somebody_accepts(path: Path) -> None:
    source = FakeSource(owner=ANEW, repository="repo-2")
    with pytest.raises(AibomError) as refused:
        lock(path, one(source), accept=(MAIN,))
    assert refused.value.reason == "lock-outdated"
    [change] = lock(path, one(source), update=True, accept=(MAIN,)).changes
    assert any("64aa" in line and "64bb" in line for line in change.lines)
    assert entry_of(path).owner == ANEW


def test_accepting_an_owner_accepts_no_other_bytes(path: Path) -> None:
    source = FakeSource(CHANGED, owner=ANEW)
    with pytest.raises(AibomError) as refused:
        lock(path, one(source), update=True, accept=(MAIN,))
    assert refused.value.reason == "source-file-extra"


def test_offline_forgets_no_owner(path: Path) -> None:
    mute = FakeSource(mode="offline", owner=None, repository=None, committed=None)
    [change] = lock(path, one(mute), update=True).changes
    assert change.lines == ()
    later = FakeSource(
        CHANGED,
        commit=OTHER_COMMIT,
        mode="offline",
        owner=None,
        repository=None,
        committed=None,
    )
    lock(path, one(later), update=True)
    entry = entry_of(path)
    assert (entry.commit, entry.owner, entry.repository) == (
        OTHER_COMMIT,
        OWNER,
        "repo-1",
    )
    assert entry.committed is None


def test_an_owner_told_for_the_first_time_is_a_difference(tmp_path: Path) -> None:
    place = tmp_path / "l"
    lock(place, one(FakeSource(owner=None, repository=None)), MAIN)
    with pytest.raises(AibomError) as refused:
        lock(place, one(FakeSource()), MAIN)
    assert refused.value.reason == "lock-outdated"


def test_what_a_source_did_not_tell_is_passed_on(tmp_path: Path) -> None:
    source = FakeSource(unsure=("no owner",))
    [change] = lock(tmp_path / "l", one(source), MAIN).changes
    assert change.unsure == ("no owner",)


# ── against a hub ────────────────────


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        running.model("acme/base").commit(FILES, lfs={"model.safetensors"})
        yield running


def hub_opener(hub: LocalHub) -> Opener:
    return lambda _: HubSource(endpoint=hub.url, timeout=5, sleep=lambda _: None)


FILE = "GET .*/resolve/"
FAULTS: dict[str, tuple[int, str, Fault]] = {
    "server-error": (1, "source-unreachable", Fault.error("/api/")),
    "file-server-error": (1, "source-unreachable", Fault.error(FILE)),
    "dropped": (1, "source-unreachable", Fault.dropped("/api/")),
    "rate-limited": (
        *(1, "source-rate-limited"),
        Fault.rate_limited("/api/", times=None),
    ),
    "html": (1, "source-answer-malformed", Fault.html("/api/")),
    "gated": (1, "source-gated", Fault.gated()),
    "html-file": (1, "source-answer-malformed", Fault.html(FILE)),
    "truncated": (1, "source-truncated", Fault.truncated(FILE, after=1)),
    "list-truncated": (1, "source-truncated", Fault.truncated("/tree/", after=9)),
    "lying-commit": (11, "commit-contradicted", Fault.lying_commit("9a" * 20, FILE)),
    "tampered": (11, "source-digest-mismatch", Fault.tampered()),
    "owner-made-anew": (11, "source-owner-changed", Fault.changed_owner()),
}


@pytest.mark.parametrize(("code", "reason", "fault"), FAULTS.values(), ids=FAULTS)
def test_faults(
    tmp_path: Path, hub: LocalHub, code: int, reason: str, fault: Fault
) -> None:
    place = tmp_path / "aibom.lock"
    lock(place, hub_opener(hub), MAIN)
    before = place.read_bytes()
    hub.fail(fault)
    for update in (False, True):
        with pytest.raises(AibomError) as refused:
            lock(place, hub_opener(hub), MAIN, update=update)
        assert (refused.value.exit_code, refused.value.reason) == (code, reason)
    assert place.read_bytes() == before
    hub.recover()
    lock(place, hub_opener(hub), MAIN)


def test_a_file_of_another_commit(tmp_path: Path, hub: LocalHub) -> None:
    repository = hub.model("acme/base")
    old = repository.branches()["main"]
    repository.commit({"config.json": b"[]\n"})
    hub.fail(Fault.swapped(old))
    with pytest.raises(AibomError) as refused:
        lock(tmp_path / "l", hub_opener(hub), MAIN)
    assert refused.value.exit_code == 11
    assert list(tmp_path.iterdir()) == []


PASSING: dict[str, Fault] = {
    "second-port": Fault.redirected(),
    "server-error-once": Fault.error(FILE, times=1),
    "dropped-once": Fault.dropped(FILE, times=1),
    "truncated-once": Fault.truncated(FILE, after=1, times=1),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_faults_that_pass(tmp_path: Path, hub: LocalHub, fault: Fault) -> None:
    large = {"tokenizer.json": b"{}" * 999}
    hub.model("acme/base").commit(large, lfs=large)
    hub.fail(fault)
    lock(tmp_path / "l", hub_opener(hub), MAIN)
    source = FakeSource({**FILES, **large})
    expected = take(source, source.resolve(Reference.parse(MAIN)))
    assert entry_of(tmp_path / "l").tree == expected.tree


def test_a_repository_deleted_and_made_again(tmp_path: Path, hub: LocalHub) -> None:
    place = tmp_path / "aibom.lock"
    lock(place, hub_opener(hub), MAIN)
    hub.delete("model", "acme/base")
    hub.model("acme/base").commit(FILES, lfs={"model.safetensors"})
    with pytest.raises(AibomError) as refused:
        lock(place, hub_opener(hub), MAIN, update=True)
    assert refused.value.reason == "source-owner-changed"


def test_a_branch_that_moves_while_it_is_locked(tmp_path: Path, hub: LocalHub) -> None:
    place, repository = tmp_path / "aibom.lock", hub.model("acme/base")
    before = repository.branches()["main"]
    hub.fail(Fault.moving(FILE, lambda: repository.commit({"config.json": b"[]\n"})))
    lock(place, hub_opener(hub), MAIN)
    entry = entry_of(place)
    assert entry.commit == before
    source = FakeSource()
    assert entry.tree == take(source, source.resolve(Reference.parse(MAIN))).tree
