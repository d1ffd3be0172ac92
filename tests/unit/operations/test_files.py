"""Whole files: read bounded, written at once or not at all."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aibom.errors import AibomError, InputError
from aibom.operations import files
from aibom.operations.files import (
    is_inside,
    read_small,
    remove_old,
    shown,
    write_atomic,
    write_named,
)


def test_written_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomic(path, b"one", mode=0o600)
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_not_written_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"mine")
    with pytest.raises(InputError) as caught:
        write_atomic(path, b"yours", replace=False)
    assert (caught.value.reason, caught.value.where) == ("file-exists", str(path))
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"mine")]


def test_link_is_replaced_and_what_it_leads_to_is_not(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"mine")
    (tmp_path / "x").symlink_to(tmp_path / "target")
    write_atomic(tmp_path / "x", b"new")
    assert (tmp_path / "target").read_bytes() == b"mine"
    assert not (tmp_path / "x").is_symlink()


@pytest.mark.parametrize("failing", ["replace", "fsync"])
def test_failure_leaves_the_old_bytes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x"
    path.write_bytes(b"old")
    monkeypatch.setattr(files.os, failing, full)
    with pytest.raises(InputError) as caught:
        write_atomic(path, b"new")
    assert caught.value.reason == "file-not-written"
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"old")]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_atomic(tmp_path / "none/x", b"")
    assert caught.value.reason == "file-not-written"


def test_a_named_link_leads_to_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "x").symlink_to("target")
    write_named(tmp_path / "x", b"new")
    assert (tmp_path / "x").readlink() == Path("target")
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_named_link_to_nothing_makes_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to("target")
    write_named(tmp_path / "x", b"new")
    assert (tmp_path / "x").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_named(pipe, b"new")
    reader.join(timeout=120)
    assert read == [b"new"]
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_an_open_file_is_written_where_it_stands(tmp_path: Path, place: str) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.write(b"before ")
        file.flush()
        path = Path(place.format(file.fileno()))
        remove_old(path)
        write_named(path, b"new ")
        file.write(b"after")
    assert (tmp_path / "x").read_bytes() == b"before new after"


#: what is there → what cannot be written to it
UNWRITABLE = {
    "no folder": lambda place: place / "none" / "x",
    "a folder": lambda place: place,
    "a closed file": lambda place: Path("/dev/fd/999999"),
    "a circle": lambda place: _circle(place / "x"),
}


def _circle(path: Path) -> Path:
    path.symlink_to(path.name)
    return path


@pytest.mark.parametrize("make", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_named_place_that_cannot_be_written(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as caught:
        write_named(path, b"new")
    assert caught.value.reason == "file-not-written"


def test_old_files_are_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe", "none", "none/x"):
        remove_old(tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "link", "pipe"]


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(files.MAX_SMALL)
    assert len(read_small(path)) == files.MAX_SMALL
    os.truncate(path, files.MAX_SMALL + 1)
    with pytest.raises(AibomError) as caught:
        read_small(path)
    assert caught.value.reason == "document-too-large"


def test_shown_is_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    for place in ("a", "b/c"):
        folder = tmp_path / place / "evidence"
        folder.mkdir(parents=True)
        assert shown(folder / "x" / "y.json", folder) == "evidence/x/y.json"


def test_inside_sees_through_links(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "model")
    assert is_inside(tmp_path / "link/policy", tmp_path / "model")
    assert is_inside(tmp_path / "model", tmp_path / "link")
    assert not is_inside(tmp_path / "model-2", tmp_path / "model")
