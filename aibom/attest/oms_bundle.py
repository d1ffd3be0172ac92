"""Signatures of OpenSSF Model Signing made and verified with a key.

OMS uses the bundles of :mod:`aibom.attest.bundle`, and keys on one of three curves:
P-256, P-384 or P-521, each with the hash of its size.
"""

from __future__ import annotations

from typing import Any

from aibom.attest.bundle import Bundle, KeyMaterial, Signing, make_bundle
from aibom.attest.keys import PublicKey
from aibom.attest.oms_manifest import OmsManifest, check_predicate_type, read
from aibom.errors import InputError, VerificationFailed
from aibom.statement import Statement

__all__ = ["make_oms_bundle", "require_oms_key", "verify_with_key"]


def require_oms_key(key: PublicKey, where: str) -> None:
    """Refuse a key that no OMS verifier takes: ``key-type-unsupported``, exit 1."""
    if not key.is_elliptic:
        raise InputError(
            "keys for OpenSSF model signatures are P-256, P-384 or P-521",
            reason="key-type-unsupported",
            where=where,
            hint="aibom keygen makes one that is P-256",
        )


def make_oms_bundle(statement: Statement, key: Signing) -> dict[str, Any]:
    """Sign a statement of :func:`aibom.attest.oms.emit`; returns the bundle for JSON.

    Raises :class:`~aibom.errors.InputError` (``key-type-unsupported``) for a key that
    OMS does not allow, and what signing raises.
    """
    require_oms_key(key.public, "signing key")
    return make_bundle(statement.payload, key)


def verify_with_key(bundle: Bundle, key: PublicKey) -> OmsManifest:
    """Verify the signature under this key, and read what it signs.

    Says nothing about files: compare them with
    :func:`aibom.attest.oms_folder.verify_folder`. Whether to trust the key is for the
    caller to know. Raises :class:`~aibom.errors.VerificationFailed`:
    ``bundle-unsupported`` when it was signed with a certificate, ``signature-invalid``
    when the bundle names this key and the signature does not verify,
    ``signer-not-allowed`` when it does not verify and names another key or none; and
    what :func:`aibom.attest.oms_manifest.read` raises.
    """
    if not isinstance(bundle.material, KeyMaterial):
        raise VerificationFailed(
            "was signed with a certificate, not with a key",
            reason="bundle-unsupported",
            where=bundle.where,
            hint="list the signer in signers.yaml: "
            "docs/how-to/openssf-model-signing.md",
        )
    statement = Statement.parse(bundle.payload, bundle.where)
    # First: what model-signing 0.2 signed cannot verify, and nobody tampered with it.
    check_predicate_type(statement, bundle.where)
    if not key.verifies(bundle.signature, bundle.signed_bytes):
        named = _names(bundle.material, key)
        raise VerificationFailed(
            "the signature does not verify under the key that the bundle names"
            if named
            else "was not signed with this key",
            reason="signature-invalid" if named else "signer-not-allowed",
            where=bundle.where,
            hint="use nothing of it; fetch it again, or ask the signer"
            if named
            else "ask the signer for their public key, in a way that you trust",
        )
    return read(statement, bundle.where)


def _names(material: KeyMaterial, key: PublicKey) -> bool:
    return material.hint in key.hints or material.claimed_key == key.pem.encode()
