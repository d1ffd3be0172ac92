"""Writing a fetched file: complete or not at all, whoever else writes there."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from aibom.errors import AibomError
from aibom.sources.local import read_blocks, write_blocks
from aibom.sources.remote import RemoteFile

CONTENT = b"abcdef"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
GIT_BLOB = hashlib.sha1(b"blob 6\0abcdef").hexdigest()


def blocks(content=CONTENT):
    yield from (content[at : at + 4] for at in range(0, len(content), 4))


CLAIMS = {
    "nothing claimed": (RemoteFile("f"), None),
    "all that is claimed holds": (RemoteFile("f", 6, SHA256, GIT_BLOB), None),
    "more bytes": (RemoteFile("f", 5), "source-digest-mismatch"),
    "fewer bytes": (RemoteFile("f", 7), "source-truncated"),
    "another SHA-256": (RemoteFile("f", 6, "0" * 64), "source-digest-mismatch"),
    "another git blob": (RemoteFile("f", 6, None, "0" * 40), "source-digest-mismatch"),
    "one of two": (RemoteFile("f", 6, SHA256, "0" * 40), "source-digest-mismatch"),
    "said to be too large": (RemoteFile("f", 101), "source-too-large"),
}


@pytest.mark.parametrize(("file", "reason"), CLAIMS.values(), ids=CLAIMS)
def test_bytes_are_read_if_every_claim_about_them_holds(file, reason):
    if reason is None:
        assert read_blocks(blocks(), file, 100, "here") == CONTENT
        return
    with pytest.raises(AibomError) as caught:
        read_blocks(blocks(), file, 100, "here")
    assert (caught.value.reason, caught.value.where) == (reason, "here")


def test_no_more_than_the_limit_is_read():
    given = []

    def endless():
        while True:
            given.append(1)
            yield b"x"

    with pytest.raises(AibomError) as caught:
        read_blocks(endless(), RemoteFile("f"), 10, "here")
    assert (caught.value.reason, len(given)) == ("source-too-large", 11)


def test_a_file_appears_whole_with_folders_and_progress(tmp_path):
    to, scratch, told = tmp_path / "a/b/f", tmp_path / "scratch", []
    write_blocks(blocks(), RemoteFile("f", 6), to, scratch, "here", told.append)
    assert to.read_bytes() == CONTENT
    assert told == [4, 2]
    assert list(scratch.iterdir()) == []


SIZES = {"truncated": (7, "source-truncated"), "longer": (5, "source-digest-mismatch")}


@pytest.mark.parametrize(("size", "reason"), SIZES.values(), ids=SIZES)
def test_a_file_of_another_size_does_not_appear(tmp_path, size, reason):
    to = tmp_path / "f"
    to.write_bytes(b"before")
    with pytest.raises(AibomError) as caught:
        write_blocks(blocks(), RemoteFile("f", size), to, tmp_path / "s", "here")
    assert caught.value.reason == reason
    assert to.read_bytes() == b"before"
    assert list((tmp_path / "s").iterdir()) == []


def test_nothing_is_left_where_the_reading_breaks(tmp_path):
    def breaking():
        yield b"abc"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_blocks(breaking(), RemoteFile("f"), tmp_path / "f", tmp_path / "s", "x")
    assert [path.name for path in tmp_path.rglob("*")] == ["s"]


def test_what_an_earlier_run_left_is_not_taken_for_a_part(tmp_path):
    to, scratch = tmp_path / "f", tmp_path / "s"

    def dying():
        yield b"a much longer text than the second time"
        left.extend(scratch.iterdir())
        kept.append(left[0].read_bytes())
        raise KeyboardInterrupt

    left: list = []
    kept: list = []
    with pytest.raises(KeyboardInterrupt):
        write_blocks(dying(), RemoteFile("f"), to, scratch, "here")
    left[0].write_bytes(kept[0])  # as after a kill -9
    write_blocks(blocks(), RemoteFile("f", 6), to, scratch, "here")
    assert to.read_bytes() == CONTENT


def test_two_that_write_the_same_file_do_not_mix(tmp_path):
    def slowly(number):
        for _ in range(50):
            yield bytes([number]) * 1000

    def write(number):
        file = RemoteFile("f", 50_000)
        write_blocks(slowly(number), file, tmp_path / "f", tmp_path / "s", "here")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    content = (tmp_path / "f").read_bytes()
    assert content == content[:1] * 50_000
    assert list((tmp_path / "s").iterdir()) == []


def test_a_place_that_takes_no_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    places = {
        "target": (tmp_path / "file/f", tmp_path / "s"),
        "scratch": (tmp_path / "f", tmp_path / "file"),
    }
    for to, scratch in places.values():
        with pytest.raises(AibomError) as caught:
            write_blocks(blocks(), RemoteFile("f"), to, scratch, "here")
        assert caught.value.reason == "file-not-written"


def test_a_link_in_place_of_the_part_is_not_followed(tmp_path):
    scratch = tmp_path / "s"
    scratch.mkdir()
    to = tmp_path / "f"
    name = hashlib.sha256(str(to).encode()).hexdigest()[:32] + ".part"
    (scratch / name).symlink_to(tmp_path / "other")
    with pytest.raises(AibomError) as caught:
        write_blocks(blocks(), RemoteFile("f"), to, scratch, "here")
    assert caught.value.reason == "file-not-written"
    assert not to.exists()
    assert not (tmp_path / "other").exists()
