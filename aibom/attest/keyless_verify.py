"""A keyless bundle and a trust root → a statement, when it was signed, and by whom.

sigstore-python decides. Before it is asked, this module looks at what it passes over,
and at what tells one kind of refusal from another:

    read ──> known ──> signature ──> timestamps ──> sigstore-python ──> identity, time
    one JSON   issuer and   the bytes    every one      chain, promise,
    form       logs are in  are those    verifies       proof, checkpoint,
               the root     signed                      entry

No step replaces one of sigstore-python's. No network is used, nothing is written.
Who may sign is not asked here: see :mod:`aibom.attest.keyless_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aibom.attest.keyless_identity import KeylessIdentity, read_identity
from aibom.attest.keyless_root import TrustRoot
from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.statement import MAX_STATEMENT_BYTES, PAYLOAD_TYPE, Statement, parse_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier

__all__ = ["KeylessStatement", "verify_keyless"]

_MEDIA_TYPES = frozenset(
    {
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
    }
)

#: What sigstore-python says, and what that is called here. It only names a refusal:
#: words that are not in this table are refused as ``verification-failed``.
_MEANINGS = (
    ("inclusion promise or signed timestamp", "no-trusted-time"),
    ("not enough sources of verified time", "no-trusted-time"),
    ("Integrated time only supported", "bundle-unsupported"),
    ("Expected log entry version", "bundle-unsupported"),
    ("Unsupported DSSE log entry", "bundle-unsupported"),
    ("timestamp", "timestamp-invalid"),
    ("Timestamp", "timestamp-invalid"),
    ("SCT", "certificate-invalid"),
    ("usage", "certificate-invalid"),
    ("expired at time of signing", "certificate-expired"),
    ("DSSE: invalid signature", "signature-invalid"),
    ("log entry", "log-proof-invalid"),
)


@dataclass(frozen=True, slots=True)
class KeylessStatement:
    """A statement whose signature holds; whether to believe its signer is open.

    ``signed_at`` is the earliest time that an authority of the trust root vouches for:
    the signature existed by then. ``time_sources`` says who does, as
    ``timestamp-authority`` or ``transparency-log``.
    """

    statement: Statement
    signed_at: datetime
    time_sources: tuple[str, ...]
    identity: KeylessIdentity


def verify_keyless(
    bundle_json: bytes, trust_root: TrustRoot, where: str
) -> KeylessStatement:
    """Verify a bundle against a trust root.

    Raises :class:`~aibom.errors.VerificationFailed`: ``bundle-malformed``,
    ``bundle-unsupported``, ``payload-type-unsupported``, ``signature-invalid``,
    ``certificate-invalid``, ``certificate-expired`` (it was, when the signature was
    made), ``wrong-trust-root`` (issued or logged by an instance that the root does not
    know), ``log-proof-invalid``, ``no-trusted-time``, ``timestamp-invalid`` (also
    where another source of time would do), ``verification-failed``; and
    :class:`~aibom.errors.DocumentInvalid` for a payload that is no statement, or with
    ``trust-root-invalid``.
    """
    from sigstore.errors import Error, VerificationError
    from sigstore.verify import Verifier

    root = trust_root.load()
    _check_shape(bundle_json, where)
    bundle = _read(bundle_json, where)
    try:
        verifier = Verifier(trusted_root=root)
        _require_known(bundle, root, where)
        _require_signature(bundle, where)
        _require_timestamps(verifier, bundle, where)
        payload = _decide(verifier, bundle, where)
        times = verifier._establish_time(bundle)
    except VerificationError as error:
        raise _refused(_said_refusal(str(error)), str(error), where) from error
    except (Error, ValueError) as error:
        raise _refused("verification-failed", str(error), where) from error
    return KeylessStatement(
        Statement.parse(payload, where),
        min(time.time for time in times),
        tuple(sorted({time.source.name.lower().replace("_", "-") for time in times})),
        read_identity(bundle.signing_certificate, where),
    )


def _check_shape(data: bytes, where: str) -> None:
    """Refuse what two readers could read differently, and what is no keyless bundle."""
    try:
        document = parse_json(data, where, limit=2 * MAX_STATEMENT_BYTES)
    except DocumentInvalid as error:
        text = f"not a bundle: {error.message}"
        raise _refused("bundle-malformed", text, where) from error
    top = document if isinstance(document, dict) else {}
    if top.get("mediaType") not in _MEDIA_TYPES:
        raise _refused("bundle-unsupported", "not a bundle of a known type", where)
    material, envelope = top.get("verificationMaterial"), top.get("dsseEnvelope")
    if not isinstance(material, dict) or not isinstance(envelope, dict):
        text = "the bundle lacks an envelope, or the material to verify it with"
        raise _refused("bundle-malformed", text, where)
    if "publicKey" in material:
        text = "signed with a key, which says nothing about an identity"
        raise _refused("bundle-unsupported", text, where)
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        text = f"the payload is not {PAYLOAD_TYPE}"
        raise _refused("payload-type-unsupported", text, where)


def _read(data: bytes, where: str) -> Bundle:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from sigstore.errors import Error
    from sigstore.models import Bundle, InvalidBundle

    unreadable = (
        *(x509.InvalidVersion, x509.DuplicateExtension, x509.ExtensionNotFound),
        *(UnsupportedAlgorithm, ValueError),
    )
    try:
        bundle = Bundle.from_json(data)
        certificate = bundle.signing_certificate
        _ = certificate.extensions  # parsed here, where its errors are at home
        key = certificate.public_key()
        _ = bundle.signature, bundle.verification_material.timestamp_verification_data
    except InvalidBundle as error:
        known = _said_refusal(str(error))
        raise _refused(
            "bundle-malformed" if known == "verification-failed" else known,
            str(error),
            where,
        ) from error
    except Error as error:
        malformed = "timestamp" not in str(error).lower()
        raise _refused(
            "bundle-malformed" if malformed else "timestamp-invalid", str(error), where
        ) from error
    except unreadable as error:
        text = f"the certificate cannot be read: {error}"
        raise _refused("certificate-invalid", text, where) from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        text = "the certificate is for a key that is not of an elliptic curve"
        raise _refused("certificate-invalid", text, where)
    return bundle


def _require_known(bundle: Bundle, root: TrustedRoot, where: str) -> None:
    """Tell another instance's bundle from a tampered one, by the ids of keys."""
    issuers = {_subject_key(certificate) for certificate in root.get_fulcio_certs()}
    certificate = bundle.signing_certificate
    if _authority_key(certificate) not in issuers:
        raise _foreign("its certificate was issued", where)
    logs = {log.log_id.key_id for log in root._inner.tlogs}
    if bundle.log_entry._inner.log_id.key_id not in logs:
        raise _foreign("it was logged", where)
    ct_logs = {log.log_id.key_id for log in root._inner.ctlogs}
    if not _promised_by(certificate) <= ct_logs:
        raise _foreign("its certificate was logged", where)


def _subject_key(certificate: Certificate) -> bytes | None:
    from cryptography import x509

    kind = x509.SubjectKeyIdentifier
    try:
        return certificate.extensions.get_extension_for_class(kind).value.digest
    except x509.ExtensionNotFound:
        return None


def _authority_key(certificate: Certificate) -> bytes | None:
    from cryptography import x509

    kind = x509.AuthorityKeyIdentifier
    try:
        return certificate.extensions.get_extension_for_class(kind).value.key_identifier
    except x509.ExtensionNotFound:
        return None


def _promised_by(certificate: Certificate) -> set[bytes]:
    from cryptography import x509

    kind = x509.PrecertificateSignedCertificateTimestamps
    try:
        promises = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return set()
    return {promise.log_id for promise in promises}


def _require_signature(bundle: Bundle, where: str) -> None:
    """Name a changed payload or signature as that, whatever else disagrees with it."""
    from sigstore import dsse
    from sigstore.errors import VerificationError

    envelope = bundle._dsse_envelope
    key: Any = bundle.signing_certificate.public_key()
    try:
        if envelope is not None:
            dsse._verify(key, envelope)
    except VerificationError as error:
        text = "the signature is not one of the certificate's key over this payload"
        raise _refused("signature-invalid", text, where) from error


def _require_timestamps(verifier: Verifier, bundle: Bundle, where: str) -> None:
    """Every timestamp that is there must verify.

    Beside a promise of Rekor v1, sigstore-python drops one that does not.
    """
    given = bundle.verification_material.timestamp_verification_data
    count = len(given.rfc3161_timestamps) if given else 0
    if count and len(verifier._verify_timestamp_authority(bundle)) != count:
        text = "a timestamp is not of this signature, or of no authority in the root"
        raise _refused("timestamp-invalid", text, where)


def _decide(verifier: Verifier, bundle: Bundle, where: str) -> bytes:
    from sigstore.errors import CertValidationError
    from sigstore.verify.policy import UnsafeNoOp

    try:
        # Unsafe where nobody looks at the identity afterwards; it is in the result.
        kind, payload = verifier.verify_dsse(bundle, UnsafeNoOp())
    except CertValidationError as error:
        leaf = bundle.signing_certificate
        begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        times = [found.time for found in verifier._establish_time(bundle)]
        current = all(begin <= time <= end for time in times)
        raise _refused(
            "certificate-invalid" if current else "certificate-expired",
            str(error),
            where,
        ) from error
    if kind != PAYLOAD_TYPE:
        text = f"the payload is not {PAYLOAD_TYPE}"
        raise _refused("payload-type-unsupported", text, where)
    return payload


def _said_refusal(text: str) -> str:
    for words, reason in _MEANINGS:
        if words in text:
            return reason
    return "verification-failed"


def _foreign(what: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        f"{what} by an instance of Sigstore that the trust root does not know",
        reason="wrong-trust-root",
        where=where,
        hint="name the trust root of the instance that the signer uses",
    )


def _refused(reason: str, message: str, where: str) -> VerificationFailed:
    return VerificationFailed(message, reason=reason, where=where)
