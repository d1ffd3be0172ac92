from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from aibom.errors import RecordingFailed
from aibom.recording.store import failed_folder, prepare, write_failure, write_new


def listed(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def no_links(source: object, target: object) -> None:
    raise OSError(errno.EOPNOTSUPP, "no hard links here")


@pytest.fixture(params=["links", "no-links"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "no-links":
        monkeypatch.setattr(os, "link", no_links)
    return str(request.param)


@pytest.mark.usefixtures("file_system")
def test_a_record_is_written_whole_and_alone(tmp_path: Path) -> None:
    write_new(tmp_path / "r.json", b"record")
    assert (tmp_path / "r.json").read_bytes() == b"record"
    assert listed(tmp_path) == ["r.json"]


@pytest.mark.usefixtures("file_system")
def test_the_same_record_twice_is_one(tmp_path: Path) -> None:
    write_new(tmp_path / "r.json", b"record")
    before = (tmp_path / "r.json").stat()
    write_new(tmp_path / "r.json", b"record")
    assert (tmp_path / "r.json").stat() == before
    assert listed(tmp_path) == ["r.json"]


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("in_the_way", ["file", "link", "dangling-link"])
def test_what_is_there_is_never_overwritten(tmp_path: Path, in_the_way: str) -> None:
    target = tmp_path / "target"
    path = tmp_path / "r.json"
    if in_the_way == "file":
        path.write_bytes(b"other")
    else:
        path.symlink_to(target)
    if in_the_way == "link":
        target.write_bytes(b"record")
    before = listed(tmp_path)
    with pytest.raises(RecordingFailed) as refused:
        write_new(path, b"record")
    assert refused.value.reason == "record-exists"
    assert listed(tmp_path) == before
    assert path.is_symlink() or path.read_bytes() == b"other"


@pytest.mark.parametrize("call", ["fsync", "link"])
@pytest.mark.parametrize(
    "problem", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()]
)
def test_a_crash_on_the_way_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    problem: BaseException,
) -> None:
    def crash(*arguments: object) -> None:
        raise problem

    monkeypatch.setattr(os, call, crash)
    expected = RecordingFailed if isinstance(problem, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_new(tmp_path / "r.json", b"record")
    assert listed(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_known_before_the_work(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RecordingFailed) as refused:
        prepare(tmp_path / "file" / "steps")
    assert refused.value.reason == "record-not-written"
    assert refused.value.exit_code == 125


def test_a_folder_that_refuses_new_files_is_known_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a read-only mount does, where even root is refused."""

    def refuse(path: object, flags: int, mode: int = 0o777) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RecordingFailed, match="Read-only file system"):
        prepare(tmp_path)


def test_preparing_leaves_nothing_behind(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "steps")
    assert listed(tmp_path / "a" / "steps") == []


def test_the_umask_decides_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_new(tmp_path / "r.json", b"record")
    finally:
        os.umask(before)
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("file_system")
def test_many_writers_of_one_record_agree(tmp_path: Path) -> None:
    problems: list[BaseException] = []

    def write() -> None:
        try:
            write_new(tmp_path / "r.json", b"record")
        except RecordingFailed as problem:
            problems.append(problem)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert listed(tmp_path) == ["r.json"]


def test_of_writers_that_disagree_one_wins_and_the_others_know(tmp_path: Path) -> None:
    refused: list[str] = []

    def write(data: bytes) -> None:
        try:
            write_new(tmp_path / "r.json", data)
        except RecordingFailed as problem:
            refused.append(problem.reason)

    threads = [threading.Thread(target=write, args=(b"%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["record-exists"] * 7
    assert len((tmp_path / "r.json").read_bytes()) == 1


def test_a_failure_is_logged_beside_the_records(tmp_path: Path) -> None:
    steps = tmp_path / "steps"
    path = write_failure(steps, {"step": "train", "startedOn": "2023-11-14T22:13:20Z"})
    assert path.parent == failed_folder(steps) == tmp_path / "failed"
    assert path.name.startswith("20231114T221320Z-train-")
    assert not steps.exists()
