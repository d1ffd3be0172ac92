"""A transparency log: a Merkle tree, and a key that signs how far it has grown.

What both Rekors share. An entry and its proof are taken under one lock, so each proof
fits the checkpoint that comes with it, whoever else is writing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from aibom.merkle import MerkleTree
from aibom.testing.sigstore.keys import LogKey
from aibom.testing.sigstore.wire import b64

__all__ = ["Inclusion", "TransparencyLog"]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where an entry is, and the proof of it against one signed checkpoint."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


class TransparencyLog:
    """An append-only log; safe for threads.

    ``name`` signs the checkpoints and has to be part of the log's URL: sigstore-python
    does not check that, ``@sigstore/verify`` does. ``origin`` is their first line.
    """

    def __init__(self, name: str, origin: str, key: LogKey) -> None:
        self.key = key
        self._name = name
        self._origin = origin
        self._tree = MerkleTree()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._tree)

    def append(self, entry: bytes) -> Inclusion:
        """Add an entry, and prove that it is there."""
        with self._lock:
            index = self._tree.append(entry)
            size, root = len(self._tree), self._tree.root()
            hashes = tuple(self._tree.inclusion_proof(index))
        return Inclusion(index, size, root, hashes, self._checkpoint(size, root))

    def _checkpoint(self, size: int, root: bytes) -> str:
        """A signed note (C2SP tlog-checkpoint, signed-note)."""
        text = f"{self._origin}\n{size}\n{b64(root)}\n"
        signature = self.key.log_id[:4] + self.key.sign(text.encode())
        return f"{text}\n\N{EM DASH} {self._name} {b64(signature)}\n"
