"""The directory of a zip, and the first bytes of its members, within bounds.

Python's ``zipfile`` refuses archives that other loaders take (a wrong checksum, flag
bits, an odd name in a local header), and so is no help against those who make them on
purpose. This reads what the central directory says, and notes what a second reader
could read in another way. No member is unpacked beyond the bytes that are asked for.

Source: APPNOTE.TXT 6.3 (zip), 4.3.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from aibom.catalogers.binary import Truncated, Window

__all__ = ["Archive", "ArchiveUnreadable", "Member", "open_archive", "read_member"]

MAX_MEMBERS = 50_000
MAX_DIRECTORY = 16 * 1024 * 1024

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_TAIL = 22 + 0xFFFF + 20
_STORED, _DEFLATED = 0, 8
_FULL32 = 0xFFFFFFFF
_CHUNK = 64 * 1024


class ArchiveUnreadable(Exception):
    """Not a zip that can be read, or one larger than is read."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory; ``size`` is what it claims to unpack to."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class Archive:
    """Members as the directory lists them, and what other readers may read otherwise.

    ``doubts``: ``several-ends``, ``data-before``, ``name-twice``.
    """

    members: tuple[Member, ...]
    doubts: tuple[str, ...]


def open_archive(window: Window) -> Archive:
    """Read the directory of a zip; raises :class:`ArchiveUnreadable`."""
    try:
        return _opened(window)
    except (Truncated, struct.error) as error:
        raise ArchiveUnreadable("cut short, or no zip") from error


def _opened(window: Window) -> Archive:
    start = max(0, window.size - _TAIL)
    window.seek(start)
    tail = window.take(window.size - start)
    place = _end_of(tail)
    doubts = {"several-ends"} if tail.count(_END) > 1 else set()
    count, length, offset = struct.unpack("<HII", tail[place + 10 : place + 20])
    end = start + place
    locator = tail[max(0, place - 20) : place]
    if locator.startswith(_LOCATOR64) and len(locator) == 20:
        count, length, offset, end = _zip64(window, locator, end)
    if count > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise ArchiveUnreadable(f"{count:,} members, {length:,} bytes of directory")
    # What precedes the archive shifts every offset, as it does for zipfile.
    shift = end - length - offset
    if shift:
        doubts.add("data-before")
    window.seek(max(0, end - length))
    members = _members(window.take(length), max(shift, 0))
    if len(members) != count:
        raise ArchiveUnreadable("another number of members than its end says")
    if len({member.name for member in members}) < count:
        doubts.add("name-twice")
    return Archive(members, tuple(sorted(doubts)))


def _end_of(tail: bytes) -> int:
    """The last end record that fits; zipfile and miniz look from the end as well."""
    place = tail.rfind(_END)
    while place >= 0:
        if len(tail) - place >= 22:
            return place
        place = tail.rfind(_END, 0, place)
    raise ArchiveUnreadable("no end of a zip")


def _zip64(window: Window, locator: bytes, end: int) -> tuple[int, int, int, int]:
    (stated,) = struct.unpack("<Q", locator[8:16])
    # Directly before the locator, wherever the locator says that it is.
    for at in (stated, end - 20 - 56):
        window.seek(at)
        record = window.take(56)
        if record.startswith(_END64):
            count, length, offset = struct.unpack("<QQQ", record[32:56])
            return count, length, offset, at
    raise ArchiveUnreadable("no zip64 end")


def _members(directory: bytes, shift: int) -> tuple[Member, ...]:
    found: list[Member] = []
    at = 0
    while at < len(directory):
        fields = struct.unpack_from("<4s4xHHxxxxIIIHHH8xI", directory, at)
        magic, flags, method, crc, packed, size, name, extra, comment, offset = fields
        if magic != _CENTRAL or len(found) >= MAX_MEMBERS:
            raise ArchiveUnreadable("a directory that is none")
        raw = directory[at + 46 : at + 46 + name]
        more = directory[at + 46 + name : at + 46 + name + extra]
        size, packed, offset = _large(more, size, packed, offset)
        text = raw.decode("utf-8" if flags & 0x800 else "cp437", "replace")
        found.append(
            Member(text, raw, flags, method, crc, packed, size, offset + shift)
        )
        at += 46 + name + extra + comment
    return tuple(found)


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and place from the zip64 field, for those that say so."""
    values = [size, packed, offset]
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            body = extra[at + 4 : at + 4 + length]
            for index, value in enumerate(values):
                if value == _FULL32 and len(body) >= 8:
                    (values[index],), body = struct.unpack("<Q", body[:8]), body[8:]
        at += 4 + length
    return values[0], values[1], values[2]


def read_member(window: Window, member: Member, limit: int) -> tuple[bytes, list[str]]:
    """At most ``limit`` unpacked bytes of a member, and what is odd about it.

    Oddities: ``local-header``, ``encrypted``, ``checksum`` (only where all was read).
    Raises :class:`ArchiveUnreadable` for a method other than stored and deflated, and
    for what does not unpack.
    """
    try:
        window.seek(member.offset)
        header = window.take(30)
        magic, flags, method, name, extra = struct.unpack("<4s2xHH16xHH", header)
        local = window.take(name)
        window.skip(extra)
        odd = []
        if magic != _LOCAL:
            raise ArchiveUnreadable("no local header where one should be")
        if (local, method) != (member.raw_name, member.method):
            odd.append("local-header")
        if (flags | member.flags) & 1:
            odd.append("encrypted")
        data = _unpacked(window, member, limit)
    except (Truncated, zlib.error) as error:
        raise ArchiveUnreadable("does not unpack") from error
    if len(data) < limit and zlib.crc32(data) != member.crc:
        odd.append("checksum")
    return data, odd


def _unpacked(window: Window, member: Member, limit: int) -> bytes:
    if member.method == _STORED:
        return window.take(min(limit, member.packed))
    if member.method != _DEFLATED:
        raise ArchiveUnreadable(f"compressed by method {member.method}")
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    parts: list[bytes] = []
    got, left = 0, member.packed
    while left and got < limit and not unpacker.eof:
        packed = window.take(min(_CHUNK, left))
        left -= len(packed)
        parts.append(unpacker.decompress(packed, limit - got))
        got += len(parts[-1])
    return b"".join(parts)
