"""Keys of the logs: one that signs, the bytes a trusted root publishes, the log's id.

Two kinds, because the two Rekors differ: ECDSA P-256 with the id of RFC 6962 (section
3.2), and Ed25519 with the id that C2SP signed-note derives from name and key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["LogKey", "new_ec_key", "spki"]

#: Type byte of Ed25519 in a signed note's key id.
_NOTE_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class LogKey:
    """A signing key of a log. ``details`` is the name sigstore's protobuf gives it."""

    private: ec.EllipticCurvePrivateKey | Ed25519PrivateKey
    log_id: bytes
    details: str

    @classmethod
    def ecdsa(cls) -> LogKey:
        """A fresh P-256 key, as CT logs and Rekor v1 have."""
        private = new_ec_key()
        log_id = hashlib.sha256(spki(private)).digest()
        return cls(private, log_id, "PKIX_ECDSA_P256_SHA_256")

    @classmethod
    def ed25519(cls, name: str) -> LogKey:
        """A fresh Ed25519 key, as Rekor v2 has; ``name`` is that of its checkpoints."""
        private = Ed25519PrivateKey.generate()
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        identified = name.encode() + b"\n" + _NOTE_ED25519 + raw
        return cls(private, hashlib.sha256(identified).digest(), "PKIX_ED25519")

    @property
    def public_bytes(self) -> bytes:
        """The public key as SubjectPublicKeyInfo."""
        return spki(self.private)

    def sign(self, data: bytes) -> bytes:
        """Sign; ECDSA signatures are in DER."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        return self.private.sign(data, ec.ECDSA(SHA256()))


def new_ec_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def spki(private: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """The public half as DER SubjectPublicKeyInfo."""
    return private.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
