"""DSSE envelopes as Sigstore bundles, whatever stands behind them.

Three kinds of verification material can be in a bundle: a public key (named by a hint,
or in full by model-signing up to 1.0.1), a chain of X.509 certificates, or the
certificate of a keyless signature with its log entries. :func:`parse_bundle` says
which; :mod:`aibom.attest.verify` finds out whether it holds. Nothing that a bundle
brings along is trusted for being in it: neither hint, nor key, nor certificates.

Reading is strict: one JSON form, one envelope, one signature, base64 without strangers
in it. What comes out is exactly the bytes that were signed. DSSE v1 defines the
pre-authentication encoding (PAE); the bundle form is ``dev.sigstore.bundle``. Bundles
are written in version 0.3; older ones are read where they are keyless.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.reading import Reader
from aibom.statement import MAX_STATEMENT_BYTES, PAYLOAD_TYPE, parse_json

__all__ = [
    "MEDIA_TYPE",
    "Bundle",
    "ChainMaterial",
    "KeyMaterial",
    "KeylessMaterial",
    "Signing",
    "bundle_document",
    "make_bundle",
    "pae",
    "parse_bundle",
]

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_KEYLESS_MEDIA_TYPES = frozenset(
    {
        MEDIA_TYPE,
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
    }
)

# Beyond what any chain or bundle has; whoever verifies parses each of them.
_MAX_CERTIFICATES = 16
_MAX_TIMESTAMPS = 16
_MAX_VALUES = 5_000


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
class Bundle:
    """A parsed bundle; nothing about it has been verified.

    ``timestamps`` are RFC 3161 responses in DER; ``data`` is the whole document.
    """

    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    material: KeyMaterial | ChainMaterial | KeylessMaterial
    timestamps: tuple[bytes, ...] = field(repr=False)
    data: bytes = field(repr=False)
    where: str

    @property
    def hint(self) -> str:
        """What it says about its key; empty where it was not signed with one."""
        return self.material.hint if isinstance(self.material, KeyMaterial) else ""

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
    return bundle_document(payload, signature, {"publicKey": {"hint": key.public.hint}})


def bundle_document(
    payload: bytes,
    signature: bytes,
    material: Mapping[str, Any],
    timestamps: Iterable[bytes] = (),
) -> dict[str, Any]:
    """A bundle as JSON-ready values; ``timestamps`` are RFC 3161 responses in DER."""
    stamped = [{"signedTimestamp": _encode(stamp)} for stamp in timestamps]
    times: dict[str, Any] = (
        {"timestampVerificationData": {"rfc3161Timestamps": stamped}} if stamped else {}
    )
    return {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {**material, **times},
        "dsseEnvelope": {
            "payload": _encode(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": _encode(signature), "keyid": ""}],
        },
    }


def parse_bundle(data: bytes, where: str) -> Bundle:
    """Read a bundle; raises :class:`~aibom.errors.VerificationFailed` (exit 11).

    Reason codes: ``bundle-malformed``, ``bundle-unsupported`` (another media type, or
    not one of the three kinds of material), ``payload-type-unsupported``.
    """
    try:
        document = parse_json(data, where, limit=2 * MAX_STATEMENT_BYTES)
    except DocumentInvalid as error:
        raise _malformed(f"not a bundle: {error.message}", where) from error
    if not isinstance(document, dict):
        raise _malformed("not a bundle: no object", where)
    if _has_more(document, _MAX_VALUES):
        raise _malformed(f"more than {_MAX_VALUES} values", where)
    top = Reader(document, where)
    kind = top.raw("mediaType", None)
    if not isinstance(kind, str) or kind not in _KEYLESS_MEDIA_TYPES:
        raise _unsupported(f"is no bundle of type {MEDIA_TYPE}", where)
    read = top.reader("verificationMaterial")
    material = _material(read)
    stamps = _timestamps(read)
    envelope = top.reader("dsseEnvelope")
    payload = _bytes(envelope, "payload")
    signatures = envelope.readers("signatures")
    if len(signatures) != 1:
        envelope.problem("must hold exactly one signature", "signatures")
    signature = b"".join(_bytes(entry, "sig") for entry in signatures)
    if top.problems:
        raise _malformed("\n  ".join(top.problems[:20]), where)
    if material is None:
        text = "holds no material to verify it with, or of several kinds"
        raise _unsupported(text, where)
    if kind != MEDIA_TYPE and not isinstance(material, KeylessMaterial):
        raise _unsupported(f"is no bundle of type {MEDIA_TYPE}", where)
    if envelope.raw("payloadType", None) != PAYLOAD_TYPE:
        raise VerificationFailed(
            f"the payload is not {PAYLOAD_TYPE}",
            reason="payload-type-unsupported",
            where=where,
            hint="ask the signer to sign an in-toto statement, as aibom sign does",
        )
    return Bundle(payload, signature, material, stamps, data, where)


def _material(reader: Reader) -> KeyMaterial | ChainMaterial | KeylessMaterial | None:
    """The one kind of material; None for none or several.

    Before version 0.3 a keyless certificate came as a chain, beside its log entries.
    """
    kinds = ("publicKey", "x509CertificateChain", "certificate")
    present = [kind for kind in kinds if reader.has(kind)]
    if len(present) != 1:
        return None
    inner = reader.reader(present[0])
    entries = reader.readers("tlogEntries", ())
    if present == ["publicKey"]:
        claimed = _bytes(inner, "rawBytes") if inner.has("rawBytes") else b""
        hint = inner.raw("hint", "")
        if not isinstance(hint, str):
            inner.problem("is not a text", "hint")
        return KeyMaterial(str(hint), claimed)
    if present == ["certificate"]:
        return KeylessMaterial(_bytes(inner, "rawBytes"), len(entries))
    listed = inner.readers("certificates")
    if not 0 < len(listed) <= _MAX_CERTIFICATES:
        inner.problem(f"must be 1 to {_MAX_CERTIFICATES}", "certificates")
    chain = tuple(_bytes(entry, "rawBytes") for entry in listed)
    return KeylessMaterial(chain[0], len(entries)) if entries else ChainMaterial(chain)


def _timestamps(material: Reader) -> tuple[bytes, ...]:
    if material.raw("timestampVerificationData", None) is None:
        return ()
    listed = material.reader("timestampVerificationData").readers(
        "rfc3161Timestamps", ()
    )
    if len(listed) > _MAX_TIMESTAMPS:
        material.problem(
            f"more than {_MAX_TIMESTAMPS} timestamps", "timestampVerificationData"
        )
    return tuple(_bytes(entry, "signedTimestamp") for entry in listed)


def _has_more(document: Any, limit: int) -> bool:
    """Whether it has more members than any bundle: libraries note each one's fault."""
    waiting, seen = [document], 0
    while waiting:
        one = waiting.pop()
        members = one.values() if isinstance(one, dict) else one
        seen += len(one)
        if seen > limit:
            return True
        waiting.extend(m for m in members if isinstance(m, (dict, list)))
    return False


def _malformed(message: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        message,
        reason="bundle-malformed",
        where=where,
        hint="name a signature (….sigstore.json); if it is one, ask the signer for it",
    )


def _unsupported(message: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        message,
        reason="bundle-unsupported",
        where=where,
        hint="ask the signer for a Sigstore bundle v0.3, as aibom sign writes it",
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(reader: Reader, key: str) -> bytes:
    """Bytes in base64, none of them a stranger to it; a problem otherwise."""
    text = reader.raw(key)
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (AttributeError, UnicodeEncodeError, binascii.Error):
        reader.problem("is not base64", key)
        return b""
