"""The Merkle tree of RFC 6962 (section 2.1), growing, with inclusion proofs.

Hashes of complete subtrees never change once they are full, so they are kept, level by
level; whatever is not complete is put together from them. A proof costs O(log² n). Not
here: consistency proofs, which no Sigstore client asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

__all__ = ["MerkleTree", "leaf_hash", "root_of_proof"]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry, prefixed so that no leaf is ever taken for a node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """An append-only list of entries, known by their hashes. Not safe for threads."""

    def __init__(self) -> None:
        #: ``_levels[k][i]`` covers the leaves from ``i * 2**k`` to ``(i + 1) * 2**k``.
        self._levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, entry: bytes) -> int:
        """Add one entry; returns its index."""
        return self.append_hash(leaf_hash(entry))

    def append_hash(self, carried: bytes) -> int:
        """Add an entry by its hash: a leaf's, or the root of one complete subtree.

        In one tree all subtrees have the same size, a power of two; only the last may
        be smaller. Then the root is that of the tree over all leaves.
        """
        for level in self._levels:
            level.append(carried)
            if len(level) % 2:
                break
            carried = _node_hash(*level[-2:])
        else:
            self._levels.append([carried])
        return len(self) - 1

    def root(self) -> bytes:
        """The root hash; of an empty tree, the hash of nothing."""
        return self._subtree(0, len(self)) if len(self) else hashlib.sha256().digest()

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The siblings from the leaf up to the root; raises ``IndexError``."""
        if not 0 <= index < len(self):
            raise IndexError(f"no entry {index} in a tree of {len(self)}")
        start, end = 0, len(self)
        siblings = []
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                siblings.append(self._subtree(middle, end))
                end = middle
            else:
                siblings.append(self._subtree(start, middle))
                start = middle
        return siblings[::-1]

    def _subtree(self, start: int, end: int) -> bytes:
        """The hash of a range; it starts where a complete subtree that long could."""
        size = end - start
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _split(size)
        return _node_hash(self._subtree(start, middle), self._subtree(middle, end))


def root_of_proof(
    index: int, size: int, leaf: bytes, siblings: Sequence[bytes]
) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2).

    ``leaf`` is the hash of the entry, ``siblings`` go from the leaf up. None where
    their number does not fit an entry at ``index`` of ``size``.
    """
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for sibling in siblings:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = _node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
