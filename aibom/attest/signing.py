"""Signers: whatever turns the bytes of a statement into a bundle.

Three stand behind one protocol: a key (in a file, an HSM or a cloud), a key with a
certificate chain, and an identity that Sigstore vouches for. Each has its verification
in :mod:`aibom.attest.verify`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from aibom.attest.bundle import Signing, bundle_document, pae
from aibom.attest.keyless_sign import sign_keyless
from aibom.attest.keyless_token import check_token
from aibom.attest.keys import PublicKey
from aibom.errors import AibomError, InputError
from aibom.statement import PAYLOAD_TYPE

__all__ = [
    "CertificateSigner",
    "IdentitySigner",
    "KeySigner",
    "Stamp",
    "StatementSigner",
    "certificate_key",
    "in_low_form",
]

#: The bytes of a signature → an RFC 3161 response in DER.
Stamp = Callable[[bytes], bytes]


class StatementSigner(Protocol):
    """What can sign statements."""

    def prepare(self) -> None:
        """Refuse what can be seen to fail, before hours are spent on hashing."""
        ...

    def sign(self, payload: bytes) -> dict[str, Any]:
        """Sign exactly these bytes of a statement; returns a bundle for JSON."""
        ...


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs with a key; ``stamp`` asks somebody to vouch for the time."""

    key: Signing
    stamp: Stamp | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Nothing: the key was loaded."""

    def sign(self, payload: bytes) -> dict[str, Any]:
        """A bundle with the key's hint; raises what key and ``stamp`` raise."""
        material = {"publicKey": {"hint": self.key.public.hint}}
        return _signed(payload, self.key, material, self.stamp)


@dataclass(frozen=True, slots=True)
class CertificateSigner:
    """Signs with a key and says whose it is by a chain of certificates.

    ``chain`` is in DER, that of the key first; the root need not be in it.
    """

    key: Signing
    chain: tuple[bytes, ...] = field(repr=False)
    stamp: Stamp | None = field(default=None, repr=False)

    def prepare(self) -> None:
        """Refuse a certificate of another key: ``certificate-key-differs``."""
        if certificate_key(self.chain[0]) != self.key.public:
            raise InputError(
                "the first certificate of the chain is not that of the signing key",
                reason="certificate-key-differs",
                hint="the file holds the signer's certificate first, then its issuers",
            )

    def sign(self, payload: bytes) -> dict[str, Any]:
        """A bundle with the chain; raises what key and ``stamp`` raise."""
        listed = [{"rawBytes": base64.b64encode(c).decode()} for c in self.chain]
        material = {"x509CertificateChain": {"certificates": listed}}
        return _signed(payload, self.key, material, self.stamp)


def certificate_key(certificate: bytes) -> PublicKey | None:
    """The key of a certificate in DER; None for one that cannot be used."""
    from cryptography import x509

    try:
        return PublicKey.of(x509.load_der_x509_certificate(certificate).public_key())
    except ValueError:
        return None


def in_low_form(signature: bytes, key: PublicKey) -> bytes:
    """The one form of a signature: an ECDSA one with the lower ``s``, in DER.

    Where (r, s) is a signature so is (r, n-s), which anybody can write without the key.
    Every verifier accepts both. Other signatures are returned as they are; ValueError
    for what is no ECDSA signature in DER. Nothing is verified.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = load_pem_public_key(key.pem.encode())
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return signature
    r, s = utils.decode_dss_signature(signature)
    return utils.encode_dss_signature(r, min(s, public.curve.group_order - s))


def _signed(
    payload: bytes, key: Signing, material: dict[str, Any], stamp: Stamp | None
) -> dict[str, Any]:
    made = key.sign(pae(PAYLOAD_TYPE, payload))
    # Here for keys in files and remote ones alike, and before anybody stamps it.
    signature = in_low_form(made, key.public)
    stamps = [stamp(signature)] if stamp is not None else []
    return bundle_document(payload, signature, material, stamps)


class IdentitySigner:
    """Signs as an identity, through the Sigstore of a trust config.

    ``token`` gives an identity token; it is asked once before anything is hashed, and
    once more where that one has expired by the time of signing. ``clock`` is asked for
    the time. Nothing is sent before :meth:`sign`.
    """

    def __init__(
        self,
        token: Callable[[], str],
        trust_config: str,
        deadline_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._ask = token
        self._trust_config = trust_config
        self._deadline_seconds = deadline_seconds
        self._clock = clock
        self._token: str | None = None

    def prepare(self) -> None:
        """Get a token and check it; raises as :func:`~.keyless_token.check_token`."""
        self._token = self._ask()
        check_token(self._token, self._clock())

    def sign(self, payload: bytes) -> dict[str, Any]:
        """A keyless bundle; raises as :func:`~.keyless_sign.sign_keyless`."""
        if self._token is None or self._has_expired(self._token):
            self.prepare()
        return sign_keyless(
            payload, str(self._token), self._trust_config, self._deadline_seconds
        )

    def _has_expired(self, token: str) -> bool:
        try:
            check_token(token, self._clock())
        except AibomError as error:
            return error.reason == "token-expired"
        return False
