"""Zips by their directory: what other readers could read otherwise is said."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers import archives
from aibom.catalogers.archives import (
    Archive,
    ArchiveUnreadable,
    open_archive,
    read_member,
)
from aibom.catalogers.binary import Window


def zipped(
    members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, **more: bytes
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, data)
        archive.comment = more.get("comment", b"")
    return buffer.getvalue()


def window(data: bytes) -> Window:
    return Window(io.BytesIO(data), len(data))


def opened(data: bytes) -> Archive:
    return open_archive(window(data))


def first(data: bytes, limit: int = 1000) -> tuple[bytes, list[str]]:
    return read_member(window(data), opened(data).members[0], limit)


TEXT = b"hello " * 20
SOUND = {
    "stored": zipped({"a": TEXT}, zipfile.ZIP_STORED),
    "deflated": zipped({"a": TEXT}),
    "with a comment": zipped({"a": TEXT}, comment=b"c" * 0xFFFF),
}


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND)
def test_sound_archives(data: bytes) -> None:
    assert opened(data).doubts == ()
    assert first(data) == (TEXT, [])
    assert first(data, 5) == (TEXT[:5], [])


def test_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = zipped({"a": TEXT, "b": b""})
    assert b"PK\x06\x06" in data
    assert opened(data).doubts == ()
    assert [m.name for m in opened(data).members] == ["a", "b"]


def changed(data: bytes, magic: bytes, place: int, value: bytes) -> bytes:
    at = data.rindex(magic) + place
    return data[:at] + value + data[at + len(value) :]


CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
ONE = zipped({"a": TEXT})
ODD = {
    "wrong checksum": (changed(ONE, CENTRAL, 16, b"\0\0\0\0"), ["checksum"]),
    "flag of encryption": (changed(ONE, CENTRAL, 8, b"\1"), ["encrypted"]),
    "another name before the member": (changed(ONE, LOCAL, 30, b"b"), ["local-header"]),
    "another method before it": (changed(ONE, LOCAL, 8, b"\0"), ["local-header"]),
}


@pytest.mark.parametrize(("data", "odd"), ODD.values(), ids=ODD)
def test_odd_members_are_read_all_the_same(data: bytes, odd: list[str]) -> None:
    assert first(data) == (TEXT, odd)


DOUBTS = {
    "something before it": (b"rubbish" + ONE, ("data-before",)),
    "two ends": (zipped({"a": TEXT}, comment=END + b"x" * 30), ("several-ends",)),
}


@pytest.mark.parametrize(("data", "doubts"), DOUBTS.values(), ids=DOUBTS)
def test_what_is_read_in_two_ways(data: bytes, doubts: tuple[str, ...]) -> None:
    try:
        assert opened(data).doubts == doubts
    except ArchiveUnreadable:
        assert doubts == ("several-ends",)  # the last end is none: as good a reason


def test_a_name_twice() -> None:
    data = zipped({"a": TEXT, "b": TEXT}).replace(b"b", b"a")
    assert "name-twice" in opened(data).doubts


BAD = {
    "empty": b"",
    "no zip": b"hello",
    "end cut": ONE[:-1],
    "more members than there are": changed(ONE, END, 10, b"\2"),
    "a directory of gigabytes": changed(ONE, END, 12, b"\xff\xff\xff\x7f"),
    "a directory that is none": changed(ONE, CENTRAL, 0, b"XX"),
    "zip64 nowhere": ONE[:-22]
    + b"PK\x06\x07"
    + struct.pack("<IQI", 0, 2**62, 1)
    + ONE[-22:],
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_unreadable_archives(data: bytes) -> None:
    with pytest.raises(ArchiveUnreadable):
        opened(data)


BAD_MEMBERS = {
    "method": changed(ONE, CENTRAL, 10, b"\x5d"),
    "place beyond the end": changed(ONE, CENTRAL, 42, b"\xff\xff\xff\x7f"),
    "no local header": changed(ONE, LOCAL, 0, b"XX"),
    "does not unpack": changed(ONE, LOCAL, 31, b"\xff\xff\xff"),
    "longer than the file": changed(
        zipped({"a": TEXT}, zipfile.ZIP_STORED), CENTRAL, 20, b"\xff\xff\xff\x7f"
    ),
}


@pytest.mark.parametrize("data", BAD_MEMBERS.values(), ids=BAD_MEMBERS)
def test_unreadable_members(data: bytes) -> None:
    with pytest.raises(ArchiveUnreadable):
        first(data, 10**9 if b"longer" in data else 2**32)


def test_a_bomb_unpacks_to_what_is_asked_for() -> None:
    data = zipped({"a": bytes(64 * 1024 * 1024)})
    assert len(data) < 100_000
    assert first(data, 4096) == (bytes(4096), [])


def test_more_members_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    with pytest.raises(ArchiveUnreadable, match="3 members"):
        opened(zipped({"a": b"", "b": b"", "c": b""}))


@given(st.integers(0, 300), st.binary(max_size=12))
def test_damage_is_read_or_refused(place: int, damage: bytes) -> None:
    data = ONE[:place] + damage + ONE[place + len(damage) :]
    try:
        for member in opened(data).members:
            read_member(window(data), member, 100)
    except ArchiveUnreadable:
        pass
    for cut in range(0, len(ONE), 7):
        with pytest.raises(ArchiveUnreadable):
            opened(ONE[:cut])
