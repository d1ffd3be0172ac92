"""Signing keys in files: P-256 (default) and Ed25519, encrypted unless asked otherwise.

Private keys are PKCS#8 PEM, public keys SubjectPublicKeyInfo PEM, so that any other
tool can read them. ECDSA signatures are DER, over SHA-256, SHA-384 or SHA-512 by the
size of the curve; Ed25519 signatures are raw. P-256 and Ed25519 are accepted by the
other implementations of DSSE we know of. P-384 and P-521 can be read and used, as other
people's keys, certificates and HSMs have them; they are not made here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from aibom.errors import InputError, PolicyInvalid

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    Private = EllipticCurvePrivateKey | Ed25519PrivateKey

__all__ = [
    "KEY_TYPES",
    "PrivateKey",
    "PublicKey",
    "generate",
    "load_private",
    "load_public",
]

KEY_TYPES = ("p256", "ed25519")
TYPES_TEXT = "P-256, P-384, P-521 or Ed25519"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its PEM text as kept, and what signature checks need."""

    pem: str
    _key: Any = field(repr=False, compare=False)

    @property
    def hints(self) -> frozenset[str]:
        """What a bundle may hint at this key by: SHA-256 of its PEM text, or DER."""
        return frozenset({self.hint, hashlib.sha256(self._der()).hexdigest()})

    @property
    def hint(self) -> str:
        """The hint that we write: SHA-256 of the PEM, as OpenSSF Model Signing does."""
        return hashlib.sha256(self.pem.encode()).hexdigest()

    def _der(self) -> bytes:
        from cryptography.hazmat.primitives import serialization

        encoded: bytes = self._key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return encoded

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over the data was made with this key's private half."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(signature, data, *_scheme(self._key))
        except InvalidSignature:
            return False
        return True

    @property
    def is_elliptic(self) -> bool:
        """Whether it is a key for ECDSA, as OpenSSF Model Signing demands."""
        return bool(_scheme(self._key))

    @classmethod
    def of(cls, key: object) -> PublicKey:
        """A key of the library ``cryptography``; ValueError for an unsupported type."""
        if not _is_supported(key):
            raise ValueError(f"keys are {TYPES_TEXT}")
        return cls(_public_pem(key).decode(), key)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key that can sign; it never shows itself."""

    public: PublicKey
    _key: Private = field(repr=False, compare=False)

    def sign(self, data: bytes) -> bytes:
        """Sign: DER-encoded ECDSA, or a raw Ed25519 signature."""
        signature: bytes = self._key.sign(data, *_scheme(self._key))
        return signature


def generate(kind: str, password: bytes | None) -> tuple[bytes, bytes]:
    """Make a key pair; returns the private and the public PEM.

    ``password`` encrypts the private PEM; None leaves it in the clear. Raises
    ValueError for a type that is not in :data:`KEY_TYPES`, and for an empty password,
    which would look like encryption and be none.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if kind not in KEY_TYPES:
        raise ValueError(f"{kind!r} is not one of {KEY_TYPES}")
    if password is not None and not password:
        raise ValueError("an empty password encrypts nothing")
    key: Private = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else ec.generate_private_key(ec.SECP256R1())
    )
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password)
        if password is not None
        else serialization.NoEncryption()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    return private, _public_pem(key.public_key())


def _public_pem(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    encoded: bytes = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def load_private(data: bytes, password: bytes | None, where: str) -> PrivateKey:
    """Load a private key; raises :class:`~aibom.errors.InputError` with what to do.

    Reason codes: ``key-password`` (one is missing, or one too many), ``key-unreadable``
    (no private key, or the wrong password), ``key-type-unsupported``.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_private_key(data, password)
    except TypeError as error:
        needed = password is None
        raise InputError(
            "the key is encrypted, and no password was given"
            if needed
            else "a password was given, but the key is not encrypted",
            reason="key-password",
            where=where,
            hint="set AIBOM_KEY_PASSWORD" if needed else "unset AIBOM_KEY_PASSWORD",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            "not a private key in PEM form, or the password is wrong",
            reason="key-unreadable",
            where=where,
            hint="name the .key file, not the .pub, and look at AIBOM_KEY_PASSWORD",
        ) from error
    if not _is_private(key):
        raise InputError(
            f"keys are {TYPES_TEXT}",
            reason="key-type-unsupported",
            where=where,
            hint="aibom keygen makes one",
        )
    return PrivateKey(PublicKey.of(key.public_key()), key)


def load_public(pem: str, where: str) -> PublicKey:
    """Load a public key of a policy; raises :class:`~aibom.errors.PolicyInvalid`.

    Reason codes: ``key-unreadable``, ``key-type-unsupported``. The same key always
    gives the same ``pem``, however its text was laid out.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PolicyInvalid(
            "not a public key in PEM form",
            reason="key-unreadable",
            where=where,
            hint="take the whole .pub file, or ask the key's owner for it",
        ) from error
    try:
        return PublicKey.of(key)
    except ValueError as error:
        raise PolicyInvalid(
            str(error),
            reason="key-type-unsupported",
            where=where,
            hint="ask the key's owner for another; aibom keygen makes one",
        ) from error


def _is_private(key: object) -> TypeGuard[Private]:
    public = getattr(key, "public_key", None)
    return public is not None and _is_supported(public())


def _is_supported(key: object) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    return isinstance(key, ed25519.Ed25519PublicKey) or (
        isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(key.curve, (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1))
    )


def _scheme(key: Any) -> tuple[Any, ...]:
    """What signing and verifying take beside the data: the hash, for ECDSA."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey)):
        return ()
    hashed = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
    return (ec.ECDSA(hashed[key.curve.key_size]),)
