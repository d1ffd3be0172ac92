"""A keyless bundle and a trust root → a statement, when it was signed, and by whom.

sigstore-python decides, and what it refuses is refused. Two things are added: a
timestamp that is there must verify, also where sigstore-python has another source of
time and passes over it; and each refusal has a name, found by looking at the parts of
the bundle one by one. No network is used, and nothing is written. Who may sign is not
asked here: see :mod:`aibom.attest.keyless_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aibom.attest.keyless_diagnosis import (
    diagnosed_refusal,
    is_stamped,
    said_refusal,
    unreadable,
)
from aibom.attest.keyless_identity import KeylessIdentity, read_identity
from aibom.attest.keyless_root import TrustRoot
from aibom.errors import DocumentInvalid, VerificationFailed
from aibom.statement import MAX_STATEMENT_BYTES, PAYLOAD_TYPE, Statement, parse_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import Bundle

__all__ = ["KeylessStatement", "verify_keyless"]

_MEDIA_TYPES = frozenset(
    {
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
    }
)

#: Characters of what sigstore-python says, which repeats parts of the bundle.
_MAX_QUOTED = 300
_TEXTS = {
    "certificate-expired": "the certificate was not valid at the time of signing",
    "certificate-invalid": "the certificate cannot be relied on",
    "log-proof-invalid": "the transparency log does not hold this signature",
    "no-trusted-time": "nobody vouches for the time of signing",
    "signature-invalid": "the signature is not one of this certificate over this text",
    "timestamp-invalid": "a timestamp is not of this signature, or of nobody known",
    "wrong-trust-root": "made with a Sigstore that the trust root does not know",
}
_HINTS = {
    "certificate-expired": "have it signed again",
    "certificate-invalid": "the bundle was changed; fetch it again",
    "log-proof-invalid": "the bundle was changed; fetch it again",
    "no-trusted-time": "have it signed again, with a Sigstore that vouches for times",
    "signature-invalid": "the bundle was changed; fetch it again",
    "timestamp-invalid": "fetch the bundle again; if it is the same, compare the trust "
    "root with its instance",
    "wrong-trust-root": "name the trust root of the instance that the signer uses",
}


@dataclass(frozen=True, slots=True)
class KeylessStatement:
    """A statement whose signature holds; whether to believe its signer is open.

    ``signed_at`` is the earliest time that an authority of the trust root vouches for:
    the signature existed by then. ``time_sources`` says who does, as
    ``timestamp-authority`` or ``transparency-service``.
    """

    statement: Statement
    signed_at: datetime
    time_sources: tuple[str, ...]
    identity: KeylessIdentity


class _Anybody:
    """The policy that asks nothing: the identity is in the result, for the caller."""

    def verify(self, cert: Certificate) -> None:
        """Accept any certificate that the chain accepts."""


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
    from sigstore.errors import Error
    from sigstore.verify import Verifier

    refusals: tuple[type[Exception], ...] = (Error, *unreadable())
    root = trust_root.load()
    _check_shape(bundle_json, where)
    bundle = _read(bundle_json, where)
    try:
        verifier = Verifier(trusted_root=root)
        _ = (
            root.get_timestamp_authorities()
        )  # parsed here, where its errors are at home
    except (Error, ValueError) as error:
        raise DocumentInvalid(
            f"the trust root cannot be used: {error}",
            reason="trust-root-invalid",
            where=trust_root.name,
            hint="get the trusted_root.json of your Sigstore instance again",
        ) from error
    try:
        kind, payload = verifier.verify_dsse(bundle, _Anybody())
        times = verifier._establish_time(bundle)
    except refusals as error:
        reason = diagnosed_refusal(verifier, bundle, error)
        raise _refused(reason, str(error), where) from error
    # Again, as read by the one who verified: names in JSON can have two spellings.
    if kind != PAYLOAD_TYPE:
        raise _refused("payload-type-unsupported", f"{kind!r} was signed", where)
    if not is_stamped(verifier, bundle):
        raise _refused("timestamp-invalid", "it does not verify", where)
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
    from cryptography.hazmat.primitives.asymmetric import ec
    from sigstore.errors import Error
    from sigstore.models import Bundle

    try:
        bundle = Bundle.from_json(data)
        certificate = bundle.signing_certificate
        _ = certificate.extensions  # parsed here, where its errors are at home
        key = certificate.public_key()
        _ = bundle.signature, bundle.verification_material.timestamp_verification_data
    except Error as error:
        reason = said_refusal(str(error))
        if reason == "verification-failed":
            reason = "bundle-malformed"
        raise _refused(reason, str(error), where) from error
    except unreadable() as error:
        text = f"the certificate cannot be read: {error}"
        raise _refused("certificate-invalid", text, where) from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        text = "the certificate is for a key that is not of an elliptic curve"
        raise _refused("certificate-invalid", text, where)
    return bundle


def _refused(reason: str, message: str, where: str) -> VerificationFailed:
    known, said = _TEXTS.get(reason), " ".join(message.split())[:_MAX_QUOTED]
    text = f"{known} ({said})" if known else said
    return VerificationFailed(text, reason=reason, where=where, hint=_HINTS.get(reason))
