"""Whose receipt counts: a plain file that nobody but the folder's owner can write.

Each receipt here is right in every word; only the file that it stands in is not.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aibom.digest import hash_path, stat_snapshot
from aibom.recording.fetched import API_VERSION, Receipt, read_receipt, receipt_of

NOBODY = 65534
#: More than any run waits for a file that is there; nothing waits for it.
DEADLINE = 60.0
TOO_LARGE = 64 * 1024 * 1024

Patch = pytest.MonkeyPatch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "base"
    made.mkdir()
    (made / "weights.bin").write_text("w")
    hashed = {file.path: file.digest.value for file in hash_path(made).files}
    document = {
        "apiVersion": API_VERSION,
        "source": None,
        "digest": str(hash_path(made).digest),
        "files": [[*entry, hashed[entry[0]]] for entry in stat_snapshot(made)],
    }
    receipt_of(made).write_text(json.dumps(document))
    receipt_of(made).chmod(0o644)
    return made


def read(folder: Path) -> Receipt | None:
    return read_receipt(folder, stat_snapshot(folder))


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o444, 0o755], ids=oct)
def test_a_plain_file_counts(folder: Path, mode: int) -> None:
    receipt_of(folder).chmod(mode)
    found = read(folder)
    assert found is not None
    assert found.content == hash_path(folder)


def to_a_link(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere.json")))


def to_a_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def to_too_much(path: Path) -> None:
    text = path.read_bytes()
    path.write_bytes(text + b" " * (TOO_LARGE + 1 - len(text)))


HARM: dict[str, Callable[[Path], object]] = {
    "group-writable": lambda path: path.chmod(0o664),
    "world-writable": lambda path: path.chmod(0o646),
    "link": to_a_link,
    "dangling-link": to_a_dangling_link,
    "too-large": to_too_much,
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_others_are_as_good_as_none(
    folder: Path, harm: Callable[[Path], object]
) -> None:
    harm(receipt_of(folder))
    assert read(folder) is None


def test_the_largest_that_is_read(folder: Path) -> None:
    path = receipt_of(folder)
    path.write_bytes(path.read_bytes() + b" " * 1024 * 1024)
    assert read(folder) is not None


def test_one_of_somebody_else(folder: Path, monkeypatch: Patch) -> None:
    """In a folder with a sticky bit anybody can put one beside what is not theirs."""
    if os.geteuid() == 0:
        os.chown(receipt_of(folder), NOBODY, NOBODY)
    else:
        real = os.fstat

        def fstat(handle: int) -> os.stat_result:
            values = list(real(handle))
            values[4] = NOBODY  # st_uid
            return os.stat_result(values)

        monkeypatch.setattr(os, "fstat", fstat)
    assert read(folder) is None


def test_one_of_the_owner_of_the_folder(folder: Path, monkeypatch: Patch) -> None:
    """Whoever owns the folder could as well have written what is in it."""
    if os.geteuid() == 0:
        os.chown(receipt_of(folder), NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    assert read(folder) is not None


@pytest.mark.parametrize("kind", ["fifo", "link-to-a-fifo"])
def test_nothing_waits_for_a_pipe(folder: Path, kind: str) -> None:
    path = receipt_of(folder)
    path.unlink()
    pipe = path if kind == "fifo" else path.with_name("pipe")
    os.mkfifo(pipe)
    if kind == "link-to-a-fifo":
        path.symlink_to(pipe)
    found: list[object] = []
    reader = threading.Thread(target=lambda: found.append(read(folder)), daemon=True)
    reader.start()
    reader.join(DEADLINE)
    hangs = reader.is_alive()
    if hangs:  # let it go, or the run would not end
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    assert not hangs
    assert found == [None]


def test_a_pipe_with_a_receipt_in_it_is_no_file(folder: Path) -> None:
    """Whoever holds its other end could give each reader another."""
    path = receipt_of(folder)
    told = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    other = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert os.write(other, told) == len(told)
        assert read(folder) is None
    finally:
        os.close(other)
