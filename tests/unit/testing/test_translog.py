"""A log's checkpoints, checked with nothing but the public key; and many writers."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from aibom.merkle import MerkleTree
from aibom.testing.sigstore.keys import LogKey
from aibom.testing.sigstore.translog import TransparencyLog

NAME = "127.0.0.1:8080"
KEYS = {"ecdsa": LogKey.ecdsa, "ed25519": lambda: LogKey.ed25519(NAME)}


@pytest.fixture(params=KEYS.values(), ids=KEYS)
def log(request):
    return TransparencyLog(NAME, f"{NAME} - 7", request.param())


def check(key, signature, text):
    """Verify a log's signature with what a trusted root publishes of its key."""
    public = load_der_public_key(key.public_bytes)
    if isinstance(public, Ed25519PublicKey):
        public.verify(signature, text)
    else:
        public.verify(signature, text, ec.ECDSA(SHA256()))


def opened(note):
    """The signed text, and the name, key hint and signature below it."""
    text, _, line = note.partition("\n\n")
    dash, name, encoded = line.removesuffix("\n").split(" ")
    assert dash == "\N{EM DASH}"
    raw = base64.b64decode(encoded)
    return text + "\n", name, raw[:4], raw[4:]


def test_a_checkpoint_is_signed(log):
    log.append(b"one")
    included = log.append(b"two")
    text, name, hint, signature = opened(included.checkpoint)
    root = base64.b64encode(included.root).decode()
    assert text == f"{NAME} - 7\n2\n{root}\n"
    assert (name, hint) == (NAME, log.key.log_id[:4])
    check(log.key, signature, text.encode())
    with pytest.raises(InvalidSignature):
        check(log.key, signature, text.replace("\n2\n", "\n3\n").encode())


def test_the_log_id_of_ed25519_is_that_of_signed_notes():
    key = LogKey.ed25519("log.example")
    public = load_der_public_key(key.public_bytes)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert key.log_id == hashlib.sha256(b"log.example\n\x01" + raw).digest()
    assert LogKey.ed25519("log.example").log_id != key.log_id


def test_the_log_grows_like_a_tree(log):
    tree = MerkleTree()
    for index, entry in enumerate([b"a", b"b", b"a", b""]):
        tree.append(entry)
        included = log.append(entry)
        assert (included.index, included.size) == (index, index + 1)
        assert included.root == tree.root()
        assert list(included.hashes) == tree.inclusion_proof(index)
    assert len(log) == 4


def test_many_writers_get_one_order(log):
    entries = [b"%d" % number for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(log.append, entries))
    assert sorted(included.index for included in found) == list(range(200))
    tree = MerkleTree()
    roots = []
    for _, entry in sorted(
        zip((included.index for included in found), entries, strict=True)
    ):
        tree.append(entry)
        roots.append(tree.root())
    # Each proof is against the tree as it was just then, never against a later one.
    for included in found:
        assert included.size == included.index + 1
        assert included.root == roots[included.index]
