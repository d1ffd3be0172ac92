"""DSSE envelopes as Sigstore bundles v0.3 with a public-key hint.

Reading is strict: one JSON form, one envelope, one signature, base64 without strangers
in it. What comes out is exactly the bytes that were signed. A hint says where to look
first; it is never trusted. DSSE v1 defines the pre-authentication encoding (PAE); the
bundle form is ``dev.sigstore.bundle`` v0.3.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.statement import MAX_STATEMENT_BYTES, PAYLOAD_TYPE, parse_json

__all__ = ["MEDIA_TYPE", "Bundle", "Signing", "make_bundle", "pae", "parse_bundle"]

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


class Signing(Protocol):
    """Whatever can sign bytes and name its public half."""

    def sign(self, data: bytes) -> bytes:
        """Sign exactly these bytes."""
        ...

    @property
    def public(self) -> Any:
        """The public key, which has a ``hint``."""
        ...


@dataclass(frozen=True, slots=True)
class Bundle:
    """A parsed bundle; nothing about it has been verified."""

    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    hint: str
    where: str

    @property
    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return pae(PAYLOAD_TYPE, self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The DSSE v1 pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def make_bundle(payload: bytes, key: Signing) -> dict[str, Any]:
    """Sign a statement's bytes; returns the bundle as JSON-ready values."""
    signature = key.sign(pae(PAYLOAD_TYPE, payload))
    return {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.public.hint}},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }


def parse_bundle(data: bytes, where: str) -> Bundle:
    """Read a bundle; raises :class:`~aibom.errors.VerificationFailed` (exit 11).

    Reason codes: ``bundle-malformed``, ``bundle-unsupported`` (another media type, or a
    certificate instead of a key), ``payload-type-unsupported``.
    """
    try:
        document = parse_json(data, where, limit=2 * MAX_STATEMENT_BYTES)
    except DocumentInvalid as error:
        raise VerificationFailed(
            f"not a bundle: {error.message}", reason="bundle-malformed", where=where
        ) from error
    top = _object(document, "bundle", where)
    if top.get("mediaType") != MEDIA_TYPE:
        raise _refused(
            "bundle-unsupported", f"is no bundle of type {MEDIA_TYPE}", where
        )
    material = _object(top.get("verificationMaterial"), "verificationMaterial", where)
    if "publicKey" not in material:
        raise _refused("bundle-unsupported", "was not signed with a key", where)
    hint = _object(material["publicKey"], "publicKey", where).get("hint", "")
    envelope = _object(top.get("dsseEnvelope"), "dsseEnvelope", where)
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise _refused(
            "payload-type-unsupported", f"the payload is not {PAYLOAD_TYPE}", where
        )
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise _refused("bundle-malformed", "must hold exactly one signature", where)
    signature = _object(signatures[0], "signatures[0]", where)
    return Bundle(
        _decode(envelope.get("payload"), "payload", where),
        _decode(signature.get("sig"), "sig", where),
        hint if isinstance(hint, str) else "",
        where,
    )


def _refused(reason: str, message: str, where: str) -> VerificationFailed:
    return VerificationFailed(message, reason=reason, where=where)


def _object(value: Any, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _refused("bundle-malformed", f"{name} is not an object", where)
    return value


def _decode(text: Any, name: str, where: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (AttributeError, UnicodeEncodeError, binascii.Error):
        raise _refused("bundle-malformed", f"{name} is not base64", where) from None
