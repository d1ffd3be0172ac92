"""Against the algorithms of RFC 6962 and RFC 9162, written down here a second time."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.merkle import MerkleTree, leaf_hash, root_of_proof

#: The vectors that Certificate Transparency's implementations share: eight leaves, and
#: the roots of the trees of one to eight of them.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

entries = st.lists(st.binary(max_size=4), min_size=1, max_size=64)


def tree_of(leaves):
    tree = MerkleTree()
    for index, leaf in enumerate(leaves):
        assert tree.append(leaf) == index
    return tree


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves):
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = max(2**n for n in range(7) if 2**n < len(leaves))
    return node(root_of(leaves[:k]), root_of(leaves[k:]))


def root_from_proof(leaf, index, size, proof):
    """RFC 9162 section 2.1.3.2, word for word."""
    fn, sn, r = index, size - 1, leaf_hash(leaf)
    for p in proof:
        if sn == 0:
            return None
        if fn % 2 or fn == sn:
            r = node(p, r)
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def test_the_root_of_nothing():
    assert MerkleTree().root().hex() == EMPTY


@pytest.mark.parametrize("size", range(1, 9))
def test_shared_vectors(size):
    assert tree_of(LEAVES[:size]).root().hex() == ROOTS[size - 1]


@pytest.mark.parametrize("size", range(1, 65))
def test_every_entry_of_every_size_is_proved(size):
    leaves = [bytes([n]) for n in range(size)]
    tree = tree_of(leaves)
    assert tree.root() == root_of(leaves)
    for index, leaf in enumerate(leaves):
        proof = tree.inclusion_proof(index)
        assert root_from_proof(leaf, index, size, proof) == tree.root()


@given(entries, st.data())
def test_growing_keeps_earlier_roots_and_proves_what_is_there(leaves, data):
    tree = MerkleTree()
    for size, leaf in enumerate(leaves, start=1):
        tree.append(leaf)
        assert tree.root() == root_of(leaves[:size])
        index = data.draw(st.integers(0, size - 1))
        proof = tree.inclusion_proof(index)
        assert root_from_proof(leaves[index], index, size, proof) == tree.root()


@given(entries, st.data())
def test_a_proof_is_of_one_entry_only(leaves, data):
    tree = tree_of(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = tree.inclusion_proof(index)
    other = leaves[index] + b"!"
    assert root_from_proof(other, index, len(leaves), proof) != tree.root()


@given(entries)
def test_a_node_is_never_a_leaf(leaves):
    pair = b"\x01" + leaf_hash(leaves[0]) + leaf_hash(leaves[-1])
    assert leaf_hash(pair[1:]) != hashlib.sha256(pair).digest()


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_there_has_no_proof(index):
    with pytest.raises(IndexError, match="tree of 3"):
        tree_of([b"a", b"b", b"c"]).inclusion_proof(index)


@given(entries, st.data())
def test_a_proof_leads_to_the_root_and_only_of_its_own_entry(leaves, data):
    tree = tree_of(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, size = tree.inclusion_proof(index), len(leaves)
    leaf = leaf_hash(leaves[index])
    assert root_of_proof(index, size, leaf, proof) == tree.root()
    assert root_of_proof(index, size, leaf_hash(b"other"), proof) != tree.root()
    assert root_of_proof(index, size, leaf, [*proof, leaf]) is None
    assert root_of_proof(size, size, leaf, proof) is None
    if proof:
        assert root_of_proof(index, size, leaf, proof[:-1]) is None
        swapped = [bytes(32), *proof[1:]]
        assert root_of_proof(index, size, leaf, swapped) != tree.root()


@given(entries, st.integers(0, 4))
def test_pages_of_a_power_of_two_make_the_tree_over_all(leaves, height):
    pages = MerkleTree()
    for start in range(0, len(leaves), 2**height):
        pages.append_hash(tree_of(leaves[start : start + 2**height]).root())
    assert pages.root() == tree_of(leaves).root()
