"""The quarantine by itself: who may use it, what counts of what is left, the rename."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aibom.digest import stat_snapshot
from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.operations.importing.quarantine import (
    Quarantine,
    quarantine_of,
    require_free,
)

WANTED = {"commit": "1f" * 20, "reference": "hf:acme/fine", "tree": "tree-sha256:x"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Not there yet; its parent is."""
    (tmp_path / "models").mkdir()
    return tmp_path / "models" / "fine"


def filled(target: Path, wanted: dict[str, str] | None = WANTED) -> Path:
    """A quarantine that a run left, with a file and a part of one."""
    with Quarantine.held(target, wanted) as quarantine:
        (quarantine.files / "a").write_bytes(b"a")
        (quarantine.scratch / "b.part").write_bytes(b"b")
        quarantine.aside.mkdir()
    return quarantine.path


# ── what is left ────────────────────


def test_it_lies_beside_the_target_and_only_we_can_look_into_it(target):
    with Quarantine.held(target, WANTED) as quarantine:
        assert quarantine.path == quarantine_of(target)
        assert quarantine.path.parent == target.parent
        for folder in (quarantine.path, quarantine.files, quarantine.scratch):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert quarantine.path.is_dir()


@pytest.mark.parametrize("umask", [0, 0o077])
def test_whatever_the_umask_is(target, umask):
    before = os.umask(umask)
    try:
        path = filled(target)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_what_is_left_of_the_same_counts(target):
    filled(target)
    with Quarantine.held(target, dict(WANTED)) as quarantine:
        assert (quarantine.files / "a").read_bytes() == b"a"
        assert (quarantine.scratch / "b.part").read_bytes() == b"b"


OTHERS = {
    "commit": {**WANTED, "commit": "2e" * 20},
    "reference": {**WANTED, "reference": "hf:evil/fine"},
    "tree": {**WANTED, "tree": "tree-sha256:y"},
    "nothing-is-known": None,
}


@pytest.mark.parametrize("wanted", OTHERS.values(), ids=OTHERS)
def test_what_is_left_of_another_does_not(target, wanted):
    filled(target)
    with Quarantine.held(target, wanted) as quarantine:
        assert not any(quarantine.files.iterdir())
        assert not any(quarantine.scratch.iterdir())
        assert not quarantine.aside.exists()


def test_what_was_left_of_nothing_known_counts_for_nothing(target):
    filled(target, None)
    for wanted in (None, WANTED):
        with Quarantine.held(target, wanted) as quarantine:
            assert not any(quarantine.files.iterdir())


STATES = {
    "torn": lambda path: path.write_text('{"commit": '),
    "empty": lambda path: path.write_text(""),
    "doubled-key": lambda path: path.write_text('{"commit": 1, "commit": 2}'),
    "list": lambda path: path.write_text("[]"),
    "missing": Path.unlink,
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "dangling-link": lambda path: (path.unlink(), path.symlink_to("nowhere")),
}


@pytest.mark.parametrize("harm", STATES.values(), ids=STATES)
def test_a_state_that_cannot_be_read_is_that_of_another(target, harm):
    path = filled(target)
    harm(path / "state.json")
    with Quarantine.held(target, WANTED) as quarantine:
        assert not any(quarantine.files.iterdir())
    assert filled(target) == path


@pytest.mark.parametrize("name", ["files", "scratch"])
@pytest.mark.parametrize("plant", ["link", "file"])
def test_a_folder_of_it_that_is_something_else_is_made_anew(target, name, plant):
    path = filled(target)
    victim = target.parent / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine")
    (path / name).rename(target.parent / "moved")
    if plant == "link":
        (path / name).symlink_to(victim)
    else:
        (path / name).write_text("x")
    with Quarantine.held(target, WANTED):
        assert (path / name).is_dir()
        assert not (path / name).is_symlink()
    assert (victim / "precious").read_text() == "mine"


def test_a_link_in_it_is_removed_and_not_what_it_leads_to(target):
    path = filled(target)
    victim = target.parent / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine")
    (path / "link").symlink_to(victim)
    with Quarantine.held(target, None) as quarantine:
        assert not os.path.lexists(path / "link")
        quarantine.discard()
    assert (victim / "precious").read_text() == "mine"
    assert not path.exists()


# ── who may use it ────────────────────


def _folder(path: Path, mode: int) -> None:
    path.mkdir()
    path.chmod(mode)


UNUSABLE: dict[str, Callable[[Path], object]] = {
    "file": lambda path: path.write_text(""),
    "link": lambda path: path.symlink_to(path.parent),
    "dangling-link": lambda path: path.symlink_to("nowhere"),
    "fifo": os.mkfifo,
    "for-all": lambda path: _folder(path, 0o777),
    "for-the-group": lambda path: _folder(path, 0o770),
    "to-be-read-by-others": lambda path: _folder(path, 0o704),
}


@pytest.mark.parametrize("make", UNUSABLE.values(), ids=UNUSABLE)
def test_one_that_others_could_use_is_refused_and_left(target, make):
    path = quarantine_of(target)
    make(path)
    before = path.lstat()
    with (
        pytest.raises(InputError) as caught,
        Quarantine.held(target, WANTED),
    ):
        pass
    assert caught.value.reason == "quarantine-unusable"
    after = path.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_one_of_another_user_is_refused(target, monkeypatch):
    filled(target)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with (
        pytest.raises(InputError) as caught,
        Quarantine.held(target, WANTED),
    ):
        pass
    assert caught.value.reason == "quarantine-unusable"


def test_two_at_once(target):
    with Quarantine.held(target, WANTED) as first:
        (first.files / "a").write_bytes(b"a")
        with (
            pytest.raises(InputError) as caught,
            Quarantine.held(target, None),
        ):
            pass
        assert caught.value.reason == "quarantine-busy"
        assert (first.files / "a").read_bytes() == b"a"
    with Quarantine.held(target, WANTED):
        pass


def test_it_is_let_go_after_an_error(target):
    with pytest.raises(ZeroDivisionError), Quarantine.held(target, WANTED):
        raise ZeroDivisionError
    with Quarantine.held(target, WANTED):
        pass


def test_whoever_waited_for_one_that_is_gone_makes_their_own(target):
    """Many come and go; nobody ever works where somebody else does."""
    at_work = threading.Lock()
    problems: list[str] = []
    done: list[int] = []

    def work(nth: int) -> None:
        for _ in range(30):
            try:
                with Quarantine.held(target, WANTED) as quarantine:
                    if not at_work.acquire(blocking=False):
                        problems.append("two at once")
                        continue
                    place = quarantine.files / f"of-{nth}"
                    place.write_text("x")
                    if os.listdir(quarantine.files) != [place.name]:
                        problems.append(f"not alone: {os.listdir(quarantine.files)}")
                    at_work.release()
                    quarantine.discard()
                    done.append(nth)
            except AibomError as error:
                if error.reason != "quarantine-busy":
                    problems.append(str(error))

    threads = [threading.Thread(target=work, args=(nth,)) for nth in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert done


def test_a_lock_that_somebody_keeps_after_it_was_discarded_is_no_lock(target):
    path = filled(target)
    with Quarantine.held(target, WANTED) as quarantine:
        handle = os.open(path / "lock", os.O_RDWR)
        quarantine.discard()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with Quarantine.held(target, WANTED):
            pass
    finally:
        os.close(handle)


NOT_TO_BE_MADE = {
    "parent-is-a-file": "file/fine",
    "above-is-a-file": "file/a/b/fine",
    "name-is-too-long": "x" * 240,
}


@pytest.mark.parametrize("name", NOT_TO_BE_MADE.values(), ids=NOT_TO_BE_MADE)
def test_one_that_cannot_be_made(tmp_path, name):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError) as caught,
        Quarantine.held(tmp_path / name, WANTED),
    ):
        pass
    assert caught.value.reason == "file-not-written"


# ── promote ────────────────────


def ready(quarantine: Quarantine) -> None:
    (quarantine.files / "sub").mkdir()
    for name in ("a", "sub/b"):
        (quarantine.files / name).write_text(name)


def test_all_of_it_by_one_rename(target):
    with Quarantine.held(target, WANTED) as quarantine:
        ready(quarantine)
        inode = quarantine.files.stat().st_ino
        quarantine.promote(target, stat_snapshot(quarantine.files))
        assert target.stat().st_ino == inode
        assert stat.S_IMODE(target.stat().st_mode) == 0o755
        assert not quarantine.files.exists()
        quarantine.discard()
    assert os.listdir(target.parent) == ["fine"]


def _keep_times(path: Path, change: Callable[[], object]) -> None:
    status = path.stat()
    change()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGED: dict[str, Callable[[Path], object]] = {
    "written": lambda files: (files / "a").write_text("b"),
    "written-with-its-old-times": lambda files: _keep_times(
        files / "a", lambda: (files / "a").write_text("b")
    ),
    "replaced": lambda files: (
        (files / "x").write_text("a"),
        (files / "x").replace(files / "a"),
    ),
    "added": lambda files: (files / "sub" / "c").write_text("c"),
    "removed": lambda files: (files / "a").unlink(),
    "renamed": lambda files: (files / "a").rename(files / "c"),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_what_changed_since_it_was_decided_about_is_not_promoted(target, change):
    with Quarantine.held(target, WANTED) as quarantine:
        ready(quarantine)
        decided = stat_snapshot(quarantine.files)
        change(quarantine.files)
        with pytest.raises(VerificationFailed) as caught:
            quarantine.promote(target, decided)
        assert caught.value.reason == "changed-since-decided"
        assert not os.path.lexists(target)
        assert quarantine.files.is_dir()


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_what_changes_during_the_rename_goes_back(target, change, monkeypatch):
    """Somebody who has the folder open writes between the look and the rename."""
    real = os.rename

    def rename(source, destination):
        if Path(destination) == target:
            change(Path(source))
        real(source, destination)

    with Quarantine.held(target, WANTED) as quarantine:
        ready(quarantine)
        decided = stat_snapshot(quarantine.files)
        monkeypatch.setattr(os, "rename", rename)
        with pytest.raises(VerificationFailed) as caught:
            quarantine.promote(target, decided)
        assert caught.value.reason == "changed-since-decided"
        assert not os.path.lexists(target)
        assert (quarantine.files / "sub" / "b").exists()


TAKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "file": (lambda path: path.write_text(""), "target-exists"),
    "folder": (lambda path: (path.mkdir(), (path / "x").touch()), "target-exists"),
    "link": (lambda path: path.symlink_to(path.parent), "target-exists"),
    "dangling-link": (lambda path: path.symlink_to("nowhere"), "target-exists"),
    "fifo": (os.mkfifo, "target-exists"),
}


@pytest.mark.parametrize(("take", "reason"), TAKEN.values(), ids=TAKEN)
def test_a_target_that_is_there_is_not_replaced(target, take, reason):
    take(target)
    before = target.lstat()
    with pytest.raises(InputError) as caught:
        require_free(target)
    assert caught.value.reason == reason
    with Quarantine.held(target, WANTED) as quarantine:
        ready(quarantine)
        with pytest.raises(InputError) as caught:
            quarantine.promote(target, stat_snapshot(quarantine.files))
        assert caught.value.reason == reason
    after = target.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_an_empty_folder_is(target):
    target.mkdir()
    require_free(target)
    with Quarantine.held(target, WANTED) as quarantine:
        ready(quarantine)
        quarantine.promote(target, stat_snapshot(quarantine.files))
    assert (target / "a").read_text() == "a"


def test_a_parent_that_is_gone_by_then(target):
    with Quarantine.held(target, WANTED) as quarantine:
        ready(quarantine)
        with pytest.raises(InputError) as caught:
            quarantine.promote(
                target.parent / "gone" / "fine", stat_snapshot(quarantine.files)
            )
    assert caught.value.reason == "file-not-written"


# ── put ────────────────────


def test_put_writes_beside_and_leaves_nothing_else(target):
    place = target.parent / "fine.verdict.json"
    place.write_text("old")
    with Quarantine.held(target, WANTED) as quarantine:
        quarantine.put(place, b"new")
        assert os.listdir(quarantine.path).count("beside") == 0
    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o644


def test_put_replaces_a_link_and_leaves_alone_what_it_leads_to(target):
    place, victim = target.parent / "fine.verdict.json", target.parent / "victim"
    victim.write_text("mine")
    place.symlink_to(victim)
    with Quarantine.held(target, WANTED) as quarantine:
        quarantine.put(place, b"new")
    assert (victim.read_text(), place.read_bytes()) == ("mine", b"new")
    assert not place.is_symlink()


def test_put_where_a_folder_is(target):
    place = target.parent / "fine.verdict.json"
    place.mkdir()
    with (
        pytest.raises(InputError) as caught,
        Quarantine.held(target, WANTED) as quarantine,
    ):
        quarantine.put(place, b"new")
    assert caught.value.reason == "file-not-written"
