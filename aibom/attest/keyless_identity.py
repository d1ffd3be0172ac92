"""Who a Fulcio certificate was issued to, read into plain values.

The subject stands in the subject alternative name, everything else in Fulcio's own
extensions (``docs/oid-info.md`` of sigstore/fulcio): arc 8 is the issuer of the token,
arcs 9 to 22 say where and how a CI job ran. Reading decides nothing: whether an
identity may sign is asked of :mod:`aibom.attest.keyless_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from aibom.errors import VerificationFailed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, SubjectAlternativeName

__all__ = ["KeylessIdentity", "SanKind", "read_identity"]

SanKind = Literal["uri", "email"]

_FULCIO = "1.3.6.1.4.1.57264.1"
#: The deprecated spelling of the issuer: raw text, where arc 8 is a DER UTF8String.
_OLD_ISSUER = f"{_FULCIO}.1"
_CLAIMS = {
    8: "issuer",
    9: "build-signer-uri",
    10: "build-signer-digest",
    11: "runner-environment",
    12: "source-repository-uri",
    13: "source-repository-digest",
    14: "source-repository-ref",
    15: "source-repository-identifier",
    16: "source-repository-owner-uri",
    17: "source-repository-owner-identifier",
    18: "build-config-uri",
    19: "build-config-digest",
    20: "build-trigger",
    21: "run-invocation-uri",
    22: "source-repository-visibility",
}
_UTF8_STRING = 0x0C


@dataclass(frozen=True, slots=True)
class KeylessIdentity:
    """What a certificate says of its holder; nothing here is a decision.

    ``claims`` has every Fulcio extension that is there, by its name in Fulcio's
    documentation. The properties are absent (None) where the identity is no CI job.
    """

    san: str
    san_kind: SanKind
    issuer: str
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def source_repository(self) -> str | None:
        """The repository that the job was started in, as a URI."""
        return self.claims.get("source-repository-uri")

    @property
    def source_ref(self) -> str | None:
        """The branch or tag that was built, such as ``refs/heads/main``."""
        return self.claims.get("source-repository-ref")

    @property
    def runner_environment(self) -> str | None:
        """Whose machine it ran on: ``github-hosted``, ``self-hosted`` and so on."""
        return self.claims.get("runner-environment")

    @property
    def workflow_ref(self) -> str | None:
        """The workflow file that signed, with its ref; it may be of a stranger's job.

        A reusable workflow keeps this name whichever repository calls it: who called
        is told by :attr:`source_repository` only.
        """
        return self.claims.get("build-signer-uri")


def read_identity(certificate: Certificate, where: str) -> KeylessIdentity:
    """Read a certificate; raises ``VerificationFailed`` with ``certificate-invalid``.

    Refused are: not exactly one name, a name that is neither URI nor e-mail, no issuer,
    two that differ, and an extension of Fulcio's that is not a DER UTF8String.
    """
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        raise _invalid("it names no subject", where) from None
    kind, san = _only_name(names, where)
    claims = _claims(certificate, where)
    issuer, old = claims.get("issuer"), _old_issuer(certificate, where)
    if old is not None and issuer not in (None, old):
        raise _invalid(f"it names two issuers, {issuer!r} and {old!r}", where)
    if not (issuer or old):
        raise _invalid("it names no issuer", where)
    return KeylessIdentity(san, kind, issuer or old or "", claims)


def _only_name(names: SubjectAlternativeName, where: str) -> tuple[SanKind, str]:
    from cryptography import x509

    listed = list(names)
    if len(listed) != 1:
        raise _invalid(f"it names {len(listed)} subjects, not one", where)
    (name,) = listed
    if isinstance(name, x509.UniformResourceIdentifier):
        return "uri", name.value
    if isinstance(name, x509.RFC822Name):
        return "email", name.value
    raise _invalid("it names its subject neither by URI nor by e-mail", where)


def _claims(certificate: Certificate, where: str) -> dict[str, str]:
    found = {}
    for arc, name in _CLAIMS.items():
        value = _extension(certificate, f"{_FULCIO}.{arc}")
        if value is not None:
            found[name] = _utf8(value, name, where)
    return found


def _old_issuer(certificate: Certificate, where: str) -> str | None:
    value = _extension(certificate, _OLD_ISSUER)
    return None if value is None else _text(value, "issuer", where)


def _extension(certificate: Certificate, oid: str) -> bytes | None:
    from cryptography import x509

    for extension in certificate.extensions:
        value = extension.value
        if extension.oid.dotted_string == oid and isinstance(
            value, x509.UnrecognizedExtension
        ):
            return value.value
    return None


def _utf8(data: bytes, name: str, where: str) -> str:
    """The text of a DER UTF8String that fills the data (X.690 8.1 and 8.23)."""
    start = 2 + (data[1] & 0x7F if data[1:2] >= b"\x80" else 0)
    if data[:start] != _utf8_header(len(data) - start):
        raise _invalid(f"its {name} is not a UTF8String", where)
    return _text(data[start:], name, where)


def _utf8_header(length: int) -> bytes:
    if length < 0x80:
        return bytes([_UTF8_STRING, max(length, 0)])
    size = (length.bit_length() + 7) // 8
    return bytes([_UTF8_STRING, 0x80 | size]) + length.to_bytes(size, "big")


def _text(data: bytes, name: str, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid(f"its {name} is not UTF-8", where) from None


def _invalid(message: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        f"the certificate cannot be used: {message}",
        reason="certificate-invalid",
        where=where,
        hint="ask the signer to sign again, with a certificate fresh from Sigstore",
    )
