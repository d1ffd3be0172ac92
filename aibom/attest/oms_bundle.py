"""The bundle around an OMS statement: what stands behind it, and keys that verify it.

OMS uses Sigstore bundles v0.3 with one of three kinds of verification material: a
public key (named by a hint, or in full by model-signing up to 1.0.1), a chain of X.509
certificates, or the certificate of a keyless signature. :func:`parse_oms_bundle` says
which. Keys are verified here; the others are handed on with what their verification
needs. Nothing that a bundle brings along is trusted for being in it: neither its hint
nor its key.

OMS keys are P-256, P-384 or P-521, each with the hash of its size. Ours are P-256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aibom.attest.bundle import MEDIA_TYPE, Bundle, Signing, make_bundle
from aibom.attest.oms_manifest import OmsManifest, check_predicate_type, read
from aibom.errors import DocumentInvalid, InputError, VerificationFailed
from aibom.reading import Reader
from aibom.statement import MAX_STATEMENT_BYTES, PAYLOAD_TYPE, Statement, parse_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = [
    "ChainMaterial",
    "KeyMaterial",
    "KeylessMaterial",
    "OmsBundle",
    "OmsKey",
    "load_oms_key",
    "make_oms_bundle",
    "parse_oms_bundle",
    "verify_with_key",
]

# Beyond what any chain has; each certificate is parsed by whoever verifies it.
_MAX_CERTIFICATES = 16


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """Signed with a key. ``hint`` and ``claimed_key`` only help to find out which."""

    hint: str
    claimed_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ChainMaterial:
    """Signed with a certificate of some authority: DER, that of the signer first."""

    certificates: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeylessMaterial:
    """Signed through Sigstore: the certificate in DER, and how many log entries."""

    certificate: bytes = field(repr=False)
    log_entries: int


@dataclass(frozen=True, slots=True)
class OmsBundle:
    """A parsed bundle and what stands behind it; nothing has been verified."""

    bundle: Bundle
    material: KeyMaterial | ChainMaterial | KeylessMaterial


@dataclass(frozen=True, slots=True)
class OmsKey:
    """A public key that OMS allows; equal keys have equal ``pem``."""

    pem: str
    _key: EllipticCurvePublicKey = field(repr=False, compare=False)

    @property
    def hint(self) -> str:
        """SHA-256 of the PEM text with its last newline, as OMS hints at keys."""
        return hashlib.sha256(self.pem.encode()).hexdigest()

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether this is an ECDSA signature (DER) of this key over the data.

        The hash is SHA-256, SHA-384 or SHA-512, by the size of the curve.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        size = self._key.curve.key_size
        hashed = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
        try:
            self._key.verify(signature, data, ec.ECDSA(hashed[size]))
        except InvalidSignature:
            return False
        return True


def load_oms_key(pem: str, where: str) -> OmsKey:
    """Load a public key; raises :class:`~aibom.errors.InputError`.

    Reason codes: ``key-unreadable``, and ``key-type-unsupported`` for what is not on
    one of the three curves, Ed25519 included: no OMS verifier would take it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            "not a public key in PEM form", reason="key-unreadable", where=where
        ) from error
    curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        key.curve, curves
    ):
        raise InputError(
            "keys for OpenSSF model signatures are P-256, P-384 or P-521",
            reason="key-type-unsupported",
            where=where,
            hint="aibom keygen makes one that is P-256",
        )
    encoded = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return OmsKey(encoded.decode(), key)


def make_oms_bundle(statement: Statement, key: Signing) -> dict[str, Any]:
    """Sign a statement of :func:`aibom.attest.oms.emit`; returns the bundle for JSON.

    Raises :class:`~aibom.errors.InputError` (``key-type-unsupported``) for a key that
    OMS does not allow, and what signing raises.
    """
    load_oms_key(key.public.pem, "signing key")
    return make_bundle(statement.payload, key)


def parse_oms_bundle(data: bytes, where: str) -> OmsBundle:
    """Read a ``model.sig``; raises :class:`~aibom.errors.VerificationFailed` (exit 11).

    Reason codes: ``bundle-malformed``, ``bundle-unsupported`` (another media type, or
    none of the three kinds of material), ``payload-type-unsupported``.
    """
    try:
        document = parse_json(data, where, limit=2 * MAX_STATEMENT_BYTES)
    except DocumentInvalid as error:
        message = f"not a bundle: {error.message}"
        raise _refused("bundle-malformed", message, where) from error
    top = Reader(document, where)
    if top.raw("mediaType", None) != MEDIA_TYPE:
        raise _refused(
            "bundle-unsupported", f"is no bundle of type {MEDIA_TYPE}", where
        )
    material = _material(top.reader("verificationMaterial"))
    envelope = top.reader("dsseEnvelope")
    payload = _bytes(envelope, "payload")
    signatures = envelope.readers("signatures")
    if len(signatures) != 1:
        envelope.problem("must hold exactly one signature", "signatures")
    signature = b"".join(_bytes(entry, "sig") for entry in signatures)
    if top.problems:
        raise _refused("bundle-malformed", "\n  ".join(top.problems[:20]), where)
    if material is None:
        raise _refused(
            "bundle-unsupported", "names no key and no certificate, or several", where
        )
    if envelope.raw("payloadType", None) != PAYLOAD_TYPE:
        raise _refused(
            "payload-type-unsupported", f"the payload is not {PAYLOAD_TYPE}", where
        )
    hint = material.hint if isinstance(material, KeyMaterial) else ""
    return OmsBundle(Bundle(payload, signature, hint, where), material)


def _material(reader: Reader) -> KeyMaterial | ChainMaterial | KeylessMaterial | None:
    """The one kind of material; None for none or several."""
    kinds = ("publicKey", "x509CertificateChain", "certificate")
    present = [kind for kind in kinds if reader.has(kind)]
    if len(present) != 1:
        return None
    inner = reader.reader(present[0])
    if present == ["publicKey"]:
        claimed = _bytes(inner, "rawBytes") if inner.has("rawBytes") else b""
        return KeyMaterial(inner.text("hint", None) or "", claimed)
    if present == ["certificate"]:
        entries = reader.readers("tlogEntries", ())
        return KeylessMaterial(_bytes(inner, "rawBytes"), len(entries))
    listed = inner.readers("certificates")
    if not 0 < len(listed) <= _MAX_CERTIFICATES:
        inner.problem(f"must be 1 to {_MAX_CERTIFICATES}", "certificates")
    return ChainMaterial(tuple(_bytes(entry, "rawBytes") for entry in listed))


def _bytes(reader: Reader, key: str) -> bytes:
    """Bytes in base64, none of them a stranger to it; a problem otherwise."""
    text = reader.text(key)
    if not isinstance(text, str):
        return b""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        reader.problem("is not base64", key)
        return b""


def verify_with_key(signed: OmsBundle, key: OmsKey) -> OmsManifest:
    """Verify the signature under this key, and read what it signs.

    Says nothing about files: compare them with
    :func:`aibom.attest.oms_folder.verify_folder`. Whether to trust the key is for the
    caller to know. Raises :class:`~aibom.errors.VerificationFailed`:
    ``bundle-unsupported`` when it was signed with a certificate, ``signature-invalid``
    when the bundle names this key and the signature does not verify,
    ``signer-not-allowed`` when it does not verify and names another key or none; and
    what :func:`aibom.attest.oms_manifest.read` raises.
    """
    bundle = signed.bundle
    if not isinstance(signed.material, KeyMaterial):
        raise _refused(
            "bundle-unsupported",
            "was signed with a certificate, not with a key",
            bundle.where,
        )
    statement = Statement.parse(bundle.payload, bundle.where)
    # First: what model-signing 0.2 signed cannot verify, and nobody tampered with it.
    check_predicate_type(statement, bundle.where)
    if not key.verifies(bundle.signature, bundle.signed_bytes):
        if _names(signed.material, key):
            raise _refused(
                "signature-invalid",
                "the signature does not verify under the key that the bundle names",
                bundle.where,
            )
        raise _refused(
            "signer-not-allowed", "was not signed with this key", bundle.where
        )
    return read(statement, bundle.where)


def _names(material: KeyMaterial, key: OmsKey) -> bool:
    return material.hint == key.hint or material.claimed_key == key.pem.encode()


def _refused(reason: str, message: str, where: str) -> VerificationFailed:
    return VerificationFailed(message, reason=reason, where=where)
