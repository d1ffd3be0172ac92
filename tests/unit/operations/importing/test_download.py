"""Files into the quarantine, and whether they are what was announced and locked."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hub_world import COMMIT, FILES, OWNER, FakeSource

from aibom.catalogers.place import Place
from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.operations.importing.download import download_all, require_claimed
from aibom.operations.importing.locked import LockedArtifact, tree_of
from aibom.operations.importing.quarantine import Quarantine
from aibom.operations.scanning.snapshot import KnownFile, Snapshot, open_snapshot
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved

REFERENCE = Reference.parse(f"hf:acme/fine@{COMMIT}")
WANTED = {"commit": COMMIT}
WEIGHTS = "model.safetensors"
DEEP = {**FILES, "a/b/c.bin": b"c" * 100, "a/d.bin": b"d" * 50, "empty.bin": b""}
LFS = (WEIGHTS, "a/b/c.bin", "a/d.bin", "empty.bin")


class Parallel(FakeSource):
    """The fake, with a part of its own for each file: downloads are at once here."""

    def download(
        self,
        resolved: Resolved,
        file: RemoteFile,
        to: Path,
        scratch: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        own = scratch / hashlib.sha256(file.path.encode()).hexdigest()
        own.mkdir(exist_ok=True)
        super().download(resolved, file, to, own, progress)


@dataclass
class Work:
    """A snapshot of a source, and a quarantine to fill."""

    source: FakeSource
    snapshot: Snapshot
    quarantine: Quarantine

    @property
    def files(self) -> Path:
        return self.quarantine.files

    def download(self, **more: Any) -> None:
        download_all(self.source, self.snapshot, self.quarantine, **more)

    def require(self, locked: LockedArtifact | None = None) -> None:
        place = Place.of(self.files, pointers=True)
        require_claimed(place, self.snapshot, locked)

    def downloaded(self) -> list[str]:
        return sorted(path for call, path in self.source.asked if call == "download")


@contextmanager
def working(target: Path, source: FakeSource) -> Iterator[Work]:
    resolved = source.resolve(REFERENCE)
    with (
        open_snapshot(source, resolved) as snapshot,
        Quarantine.held(target, WANTED) as quarantine,
    ):
        yield Work(source, snapshot, quarantine)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path / "fine", Parallel(DEEP, lfs=LFS)) as found:
        yield found


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# ── download_all ────────────────────


def test_all_of_it_arrives(work):
    work.download()
    assert content_of(work.files) == DEEP
    work.require()
    # What was read and compared already is not asked for twice.
    assert work.downloaded() == sorted(LFS)
    assert not any(work.quarantine.scratch.glob("*.part"))


def test_what_is_there_in_full_is_not_asked_for_again(work):
    work.download()
    work.source.asked.clear()
    (work.files / "a" / "d.bin").unlink()
    (work.files / WEIGHTS).write_bytes(b"short")
    work.download()
    assert work.downloaded() == sorted(["a/d.bin", WEIGHTS])
    assert content_of(work.files) == DEEP


@pytest.mark.parametrize("umask", [0, 0o077])
def test_modes_are_the_same_whatever_the_umask_is(work, umask):
    before = os.umask(umask)
    try:
        work.download()
    finally:
        os.umask(before)
    for path in work.files.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o755 if path.is_dir() else 0o644), path


def _instead(work: Work, path: str, make: Callable[[Path], object]) -> None:
    place = work.files / path
    place.unlink()
    make(place)


LEFT: dict[str, Callable[[Work], object]] = {
    "file": lambda w: (w.files / "evil.py").write_text("x"),
    "file-deep": lambda w: (w.files / "a" / "b" / "evil.py").write_text("x"),
    "own-bom": lambda w: (w.files / "aibom.cdx.json").write_text("{}"),
    "half-written": lambda w: (w.files / ".aibom-x1y2").write_text("{}"),
    "folder": lambda w: (w.files / "x" / "y").mkdir(parents=True),
    "folder-with-a-file": lambda w: (
        (w.files / "x").mkdir(),
        (w.files / "x" / "y").write_text("x"),
    ),
    "folder-of-git": lambda w: (
        (w.files / ".git" / "hooks").mkdir(parents=True),
        (w.files / ".git" / "hooks" / "post-checkout").write_text("x"),
    ),
    "link": lambda w: (w.files / "link").symlink_to("/etc/passwd"),
    "link-to-a-folder": lambda w: (w.files / "link").symlink_to("/etc"),
    "dangling-link": lambda w: (w.files / "link").symlink_to("nowhere"),
    "fifo": lambda w: os.mkfifo(w.files / "pipe"),
    "folder-for-a-file": lambda w: _instead(
        w, WEIGHTS, lambda path: (path.mkdir(), (path / "x").write_text("x"))
    ),
    "empty-folder-for-a-file": lambda w: _instead(w, WEIGHTS, Path.mkdir),
    "link-for-a-file": lambda w: _instead(
        w, WEIGHTS, lambda path: path.symlink_to("README.md")
    ),
    "fifo-for-a-file": lambda w: _instead(w, WEIGHTS, os.mkfifo),
    "hard-link": lambda w: os.link(w.files / WEIGHTS, w.quarantine.path / "other"),
    "file-for-a-folder": lambda w: (
        (w.files / "a").rename(w.quarantine.path / "moved"),
        (w.files / "a").write_text("x"),
    ),
    "link-for-a-folder": lambda w: (
        (w.files / "a").rename(w.quarantine.path / "moved"),
        (w.files / "a").symlink_to(w.quarantine.path / "moved"),
    ),
}


@pytest.mark.parametrize("plant", LEFT.values(), ids=LEFT)
def test_only_what_is_announced_is_there_in_the_end(work, plant):
    work.download()
    plant(work)
    work.download()
    assert content_of(work.files) == DEEP
    folders = {p.relative_to(work.files) for p in work.files.rglob("*") if p.is_dir()}
    assert folders == {Path("a"), Path("a/b")}
    for path in work.files.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.stat().st_nlink == 1
    work.require()


def test_what_a_planted_link_led_to_is_not_touched(work, tmp_path):
    work.download()
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine")
    (work.files / "link").symlink_to(victim)
    (work.files / "a" / "file").symlink_to(victim / "precious")
    work.download()
    assert (victim / "precious").read_text() == "mine"


def test_what_was_set_aside_by_another_run_is_gone(work):
    work.quarantine.aside.mkdir()
    (work.quarantine.aside / "evil").write_text("x")
    work.download()
    assert not work.quarantine.aside.exists()


def test_the_first_error_ends_it_and_what_was_complete_stays(work):
    work.source.served[WEIGHTS] = b"short"
    with pytest.raises(InputError) as caught:
        work.download()
    assert caught.value.reason == "source-truncated"
    assert not (work.files / WEIGHTS).exists()
    work.source.served.clear()
    work.source.asked.clear()
    work.download()
    assert WEIGHTS in work.downloaded()
    assert content_of(work.files) == DEEP


def test_an_error_stops_those_that_are_under_way(tmp_path):
    """The others are told at their next bytes; nothing waits for all of them."""
    gate, never = threading.Event(), threading.Event()
    stopped: list[str] = []

    class Slow(FakeSource):
        def download(self, resolved, file, to, scratch, progress=None):
            if file.path == WEIGHTS:
                gate.wait(60)
                raise InputError("broken", reason="source-unreachable")
            gate.set()
            try:
                for _ in range(6000):
                    progress(1)
                    never.wait(0.01)
            except BaseException:
                stopped.append(file.path)
                raise

    with working(tmp_path / "fine", Slow(DEEP, lfs=LFS)) as work:
        with pytest.raises(InputError) as caught:
            work.download()
        assert caught.value.reason == "source-unreachable"
    assert stopped


def test_progress_goes_up_to_the_end_and_not_beyond(work):
    told: list[tuple[int, int]] = []
    work.download(progress=lambda done, total: told.append((done, total)))
    total = sum(len(data) for data in DEEP.values())
    assert {all_of_it for _, all_of_it in told} == {total}
    done = [each for each, _ in told]
    assert done == sorted(done)
    assert done[-1] == total


def test_a_place_that_cannot_be_written_to(work):
    """As when the disk is full: no bare error of the system gets out."""
    work.quarantine.scratch.rmdir()
    resolved = work.snapshot.resolved
    card = tuple(file for file in resolved.files if file.path == "README.md")
    work.snapshot = replace(work.snapshot, resolved=replace(resolved, files=card))
    with pytest.raises(InputError) as caught:
        work.download()
    assert caught.value.reason == "file-not-written"


# ── require_claimed ────────────────────


def locked(files: Mapping[str, bytes] = DEEP) -> LockedArtifact:
    known = tuple(
        KnownFile(path, len(data), hashlib.sha256(data).hexdigest(), "here")
        for path, data in sorted(files.items())
    )
    tree = tree_of(known)
    return LockedArtifact(
        str(REFERENCE), "model", COMMIT, None, None, OWNER, tree, known
    )


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


REFUSED: dict[str, tuple[Callable[[Work], object], str]] = {
    "flipped": (lambda w: _flip(w.files / WEIGHTS), "source-digest-mismatch"),
    "flipped-in-git": (
        lambda w: _flip(w.files / "config.json"),
        "source-digest-mismatch",
    ),
    "flipped-housekeeping": (
        lambda w: _flip(w.files / ".gitattributes"),
        "source-digest-mismatch",
    ),
    "missing": (lambda w: (w.files / WEIGHTS).unlink(), "source-file-missing"),
    "missing-housekeeping": (
        lambda w: (w.files / ".gitattributes").unlink(),
        "source-file-missing",
    ),
    "extra": (lambda w: (w.files / "x").write_text(""), "source-file-extra"),
    "both": (
        lambda w: (w.files / WEIGHTS).rename(w.files / "x"),
        "source-file-missing",
    ),
}


@pytest.mark.parametrize("with_lock", [True, False], ids=["locked", "unlocked"])
@pytest.mark.parametrize(("harm", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_arrived_differs(work, harm, reason, with_lock):
    work.download()
    harm(work)
    with pytest.raises(VerificationFailed) as caught:
        work.require(locked() if with_lock else None)
    assert caught.value.reason == reason


def test_what_is_locked_counts_where_the_source_tells_no_digest(tmp_path):
    source = Parallel(DEEP, claims=False)
    with working(tmp_path / "fine", source) as work:
        work.download()
        work.require()
        work.require(locked())
        other = locked({**DEEP, WEIGHTS: b"\x02\0\0\0\0\0\0\0[]"})
        with pytest.raises(VerificationFailed) as caught:
            work.require(other)
        assert caught.value.reason == "source-digest-mismatch"
        assert caught.value.where == WEIGHTS
        assert "the lock has" in caught.value.message


@pytest.mark.parametrize("path", [".gitattributes", "README.md"])
def test_the_git_object_counts_where_nothing_was_read(work, path):
    """A file too large to be read before, of which the hub tells only that."""
    work.download()
    known = tuple(one for one in work.snapshot.files if one.path != path)
    work.snapshot = replace(work.snapshot, files=known, unknown=(path,))
    work.require()
    _flip(work.files / path)
    with pytest.raises(VerificationFailed) as caught:
        work.require()
    assert caught.value.reason == "source-digest-mismatch"
    assert "git object" in caught.value.message


def test_a_pointer_in_the_place_of_a_file(work):
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'1f' * 32}\nsize 9\n"
    )
    work.download()
    (work.files / "config.json").write_text(pointer)
    with pytest.raises(AibomError) as caught:
        work.require()
    assert caught.value.reason == "git-lfs-pointer"


def test_a_source_that_tells_nothing_is_believed_nothing(tmp_path):
    """Without digest and lock all that can be compared is which files there are."""
    with working(tmp_path / "fine", Parallel(DEEP, claims=False)) as work:
        work.download()
        work.require()
        (work.files / "x").write_text("")
        with pytest.raises(VerificationFailed) as caught:
            work.require()
        assert caught.value.reason == "source-file-extra"


def test_the_pairs_are_of_the_whole_listing(work):
    assert {file.path for file in work.snapshot.resolved.files} == set(DEEP)
    assert all(isinstance(file, RemoteFile) for file in work.snapshot.resolved.files)
