"""Why sigstore-python refused a bundle, as one name that says what to do about it.

Nothing here makes a bundle valid. Its parts are looked at one by one, the cause that
explains the others first; what is left is told by the words of sigstore-python.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier

__all__ = ["diagnosed_refusal", "is_stamped", "said_refusal", "unreadable"]

#: What sigstore-python says, and what that is called here. It only names a refusal:
#: words that are not in this table are refused as ``verification-failed``.
_MEANINGS = (
    ("failed to load bundle", "bundle-malformed"),
    ("exactly one log entry", "bundle-malformed"),
    ("inclusion promise or signed timestamp", "no-trusted-time"),
    ("not enough sources of verified time", "no-trusted-time"),
    ("Integrated time only supported", "bundle-unsupported"),
    ("Expected log entry version", "bundle-unsupported"),
    ("Unsupported DSSE log entry", "bundle-unsupported"),
    ("signed timestamp", "timestamp-invalid"),
    ("duplicate timestamp", "timestamp-invalid"),
    ("Invalid Timestamp Response", "timestamp-invalid"),
    ("verify SCT", "certificate-invalid"),
    ("Key usage is not", "certificate-invalid"),
    ("Extended usage does not", "certificate-invalid"),
    ("expired at time of signing", "certificate-expired"),
    ("log entry", "log-proof-invalid"),
)


def unreadable() -> tuple[type[Exception], ...]:
    """What cryptography says of certificates; sigstore-python lets it out as it is.

    Old versions of it read chains with pyOpenSSL, whose errors come out in the same
    way; where that is not loaded, nothing can raise them.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    openssl = getattr(sys.modules.get("OpenSSL.crypto"), "Error", None)
    return (
        *((openssl,) if openssl else ()),
        *(x509.InvalidVersion, x509.DuplicateExtension, x509.ExtensionNotFound),
        *(x509.UnsupportedGeneralNameType, UnsupportedAlgorithm, ValueError),
    )


def diagnosed_refusal(verifier: Verifier, bundle: Bundle, error: Exception) -> str:
    """What to call a refusal: the cause that explains the others comes first."""
    from sigstore.errors import CertValidationError

    if _is_foreign(bundle, verifier._trusted_root):
        return "wrong-trust-root"
    if not _is_signed(bundle):
        return "signature-invalid"
    if not is_stamped(verifier, bundle):
        return "timestamp-invalid"
    if isinstance(error, CertValidationError):
        leaf = bundle.signing_certificate
        begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        times = [found.time for found in verifier._establish_time(bundle)]
        current = all(begin <= time <= end for time in times)
        return "certificate-invalid" if current else "certificate-expired"
    return said_refusal(str(error))


def _is_foreign(bundle: Bundle, root: TrustedRoot) -> bool:
    """Whether it names keys of another instance, rather than being tampered with."""
    certificate = bundle.signing_certificate
    issuers = {_subject_key(issuer) for issuer in root.get_fulcio_certs()}
    logs = {log.log_id.key_id for log in root._inner.tlogs}
    ct_logs = {log.log_id.key_id for log in root._inner.ctlogs}
    return (
        _authority_key(certificate) not in issuers
        or bundle.log_entry._inner.log_id.key_id not in logs
        or not _promised_by(certificate) <= ct_logs
    )


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


def _is_signed(bundle: Bundle) -> bool:
    """Whether the certificate's key signed the payload, whatever else disagrees."""
    from sigstore import dsse
    from sigstore.errors import VerificationError

    envelope = bundle._dsse_envelope
    key: Any = bundle.signing_certificate.public_key()
    try:
        if envelope is not None:
            dsse._verify(key, envelope)
    except VerificationError:
        return False
    return True


def is_stamped(verifier: Verifier, bundle: Bundle) -> bool:
    """Whether every timestamp that is there verifies.

    Beside a promise of Rekor v1, sigstore-python drops one that does not.
    """
    from sigstore.errors import VerificationError

    refusals: tuple[type[Exception], ...] = (VerificationError, *unreadable())
    given = bundle.verification_material.timestamp_verification_data
    if given is None:
        return True
    try:
        verified = verifier._verify_timestamp_authority(bundle)
    except refusals:
        return False
    return len(verified) == len(given.rfc3161_timestamps)


def said_refusal(text: str) -> str:
    """What sigstore-python's words are called here, else ``verification-failed``."""
    for words, reason in _MEANINGS:
        if words in text:
            return reason
    return "verification-failed"
