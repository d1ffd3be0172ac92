"""The one way in which a dossier is a zip (APPNOTE 6.3.10, 4.3).

::

    local header, bytes │ local header, bytes │ … │ directory │ end

Entries stand in the order of their names' bytes, stored, dated 1980-01-01, as regular
files of mode 644, without extra fields, comments, descriptors, or zip64. So header,
directory and end follow from names, sizes and checksums alone, and a reader needs to
read nothing else: it makes them again, and compares. What another reader may find by
other ways (by the directory, by local headers, from the end) is then the same.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["NotOurs", "ZipEntry", "read_zip", "tail"]

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UNIX = 20, 3 << 8
_UTF8 = 0x800
#: The first day that a zip can name, at midnight.
_TIME, _DATE = 0, 1 << 5 | 1
_MODE = (stat.S_IFREG | 0o644) << 16
_MOST = 0xFFFFFFFF


class NotOurs(Exception):
    """The bytes are not those that this module writes; the text says where."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One stored file: ``offset`` is where its local header begins."""

    name: str
    size: int
    crc: int
    offset: int

    @property
    def start(self) -> int:
        """Where its bytes begin."""
        return self.offset + _LOCAL.size + len(self.name.encode())

    @property
    def end(self) -> int:
        """Where the next header begins."""
        return self.start + self.size

    def local(self) -> bytes:
        """The header before its bytes."""
        name = self.name.encode()
        return (
            _LOCAL.pack(b"PK\3\4", _VERSION, *self._told(), len(name), 0)  # no extra
            + name
        )

    def central(self) -> bytes:
        """Its entry in the directory."""
        name = self.name.encode()
        made = (_UNIX | _VERSION, _VERSION)
        rest = (len(name), 0, 0, 0, 0, _MODE, self.offset)
        return _CENTRAL.pack(b"PK\1\2", *made, *self._told(), *rest) + name

    def _told(self) -> tuple[int, ...]:
        flags = 0 if self.name.isascii() else _UTF8
        return flags, 0, _TIME, _DATE, self.crc, self.size, self.size


def tail(entries: Sequence[ZipEntry]) -> bytes:
    """The directory and the end, which stand behind the last file."""
    start = entries[-1].end if entries else 0
    directory = b"".join(entry.central() for entry in entries)
    count = len(entries)
    end = (0, 0, count, count, len(directory), start, 0)
    return directory + _END.pack(b"PK\5\6", *end)


def read_zip(
    file: BinaryIO, size: int, most_files: int, most_bytes: int
) -> tuple[ZipEntry, ...]:
    """The entries of a file of this size, every byte but those of its files compared.

    Names are compared as bytes and else not judged. Raises :class:`NotOurs`.
    """
    entries: list[ZipEntry] = []
    offset, total, last = 0, 0, b""
    while (entry := _entry(file, offset, size)) is not None:
        total += entry.size
        if len(entries) >= most_files or total > most_bytes:
            raise NotOurs("it holds more than a dossier may")
        name = entry.name.encode()
        if entries and name <= last:
            raise NotOurs(f"at byte {offset:,}, a file twice, or out of order")
        entries.append(entry)
        offset, last = entry.end, name
    expected = tail(entries)
    file.seek(offset)
    if size - offset != len(expected) or file.read(len(expected)) != expected:
        raise NotOurs(
            f"from byte {offset:,} on, its directory is not that of its files"
            if entries
            else "it is no zip of files"
        )
    return tuple(entries)


def _entry(file: BinaryIO, offset: int, size: int) -> ZipEntry | None:
    """The entry at this place; None where there is none."""
    file.seek(offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        return None
    *_, crc, _, length, name_length, _ = _LOCAL.unpack(head)
    name = file.read(name_length)
    try:
        entry = ZipEntry(name.decode(), length, crc, offset)
    except UnicodeDecodeError:
        raise NotOurs(f"at byte {offset:,}, a name that is not UTF-8") from None
    if head + name != entry.local():
        raise NotOurs(
            f"at byte {offset:,}, a file that is compressed, or has a header that is "
            "not ours"
        )
    if entry.end > size or entry.end > _MOST:
        raise NotOurs(f"at byte {offset:,}, a file that goes on behind the end")
    return entry
