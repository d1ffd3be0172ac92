"""What files are made of: bytes in memory, a file on disk, or bytes worked out.

Everything is read in blocks, so a repository of gigabytes costs no memory. Digests are
worked out once, when they are first asked for.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["Blob", "Content", "Sparse", "blob_of", "pointer_of"]

_BLOCK = 1024 * 1024
_TILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sparse:
    """Bytes that stand nowhere: ``head``, then noise that ``seed`` decides.

    ``size`` counts ``head`` too. Equal arguments give equal bytes; no two blocks of one
    file are equal, and noise does not compress.
    """

    size: int
    seed: int = 0
    head: bytes = b""


#: What a file may be given as. A ``Path`` is read when it is asked for: leave it alone.
Content = bytes | str | Path | Sparse


class Blob:
    """One file's content: its size, its digests, and its bytes block by block."""

    def __init__(self, size: int) -> None:
        self.size = size

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` to ``stop``, in blocks."""
        at, end = start, self.size if stop is None else min(stop, self.size)
        while at < end:
            block = self._read(at, min(_BLOCK, end - at))
            if not block:
                return
            yield block
            at += len(block)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of all of it, in hex."""
        digest = hashlib.sha256()
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    @cached_property
    def git_sha1(self) -> str:
        """The name that git gives it as a blob."""
        digest = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        for block in self.blocks():
            digest.update(block)
        return digest.hexdigest()

    def _read(self, start: int, length: int) -> bytes:
        raise NotImplementedError


class _Memory(Blob):
    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self._data = data

    def _read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length]


class _File(Blob):
    def __init__(self, path: Path) -> None:
        super().__init__(path.stat().st_size)
        self._path = path

    def _read(self, start: int, length: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(length)


class _Noise(Blob):
    def __init__(self, sparse: Sparse) -> None:
        super().__init__(sparse.size)
        self._head = sparse.head[: sparse.size]
        self._tile = random.Random(sparse.seed).randbytes(_TILE)

    def _read(self, start: int, length: int) -> bytes:
        first, last = start // _TILE, (start + length - 1) // _TILE
        tail = self._tile[8:]
        tiles = b"".join(
            b"%s%s" % ((index ^ (1 << 63)).to_bytes(8, "big"), tail)
            for index in range(first, last + 1)
        )
        offset = start - first * _TILE
        noise = tiles[offset : offset + length]
        head = self._head[start : start + length]
        return head + noise[len(head) :]


def blob_of(content: Content) -> Blob:
    """The blob of what a test wrote down; text is UTF-8."""
    match content:
        case str():
            return _Memory(content.encode())
        case Path():
            return _File(content)
        case Sparse():
            return _Noise(content)
        case _:
            return _Memory(bytes(content))


def pointer_of(blob: Blob) -> Blob:
    """The small text that git holds in place of a file in LFS."""
    text = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{blob.sha256}\nsize {blob.size}\n"
    )
    return _Memory(text.encode())
