"""Certificates in PEM and DER, and those of authorities that a verifier has pinned.

Reading is separate from trust: what is read here may be anybody's. Functions raise
``ValueError`` with a text for people, whatever the library raises; whoever calls them
knows whose file it is and what to do.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aibom.errors import PolicyInvalid

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Extensions, ExtensionType

__all__ = [
    "MAX_ROOTS",
    "CertificateRoots",
    "extension_of",
    "extensions_of",
    "from_pem",
    "read_certificate",
    "spki_of",
    "to_der",
]

# Beyond what anybody pins; a verifier may try each of them.
MAX_ROOTS = 64
_MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class CertificateRoots:
    """Pinned certificates of authorities, in DER. Each of them is where trust ends.

    One that another authority has issued is as good as a root, once it is pinned.
    """

    name: str
    data: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def parse(cls, data: bytes, where: str) -> CertificateRoots:
        """Read PEM with one certificate or more, each of them an authority's.

        Raises :class:`~aibom.errors.PolicyInvalid`, ``certificate-unreadable``: also
        for a certificate that no chain could end in, as it may not issue others or has
        a key of an unsupported type. Whether they have expired is not looked at.
        """
        try:
            found = from_pem(data, MAX_ROOTS)
            for certificate in found:
                _require_authority(certificate)
        except ValueError as error:
            raise PolicyInvalid(
                str(error),
                reason="certificate-unreadable",
                where=where,
                hint="pin the authority's own certificate, in PEM form",
            ) from error
        return cls(where, data, tuple(map(to_der, found)))

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """Who they are, as in RFC 4514; names alone prove nothing."""
        return tuple(
            c.subject.rfc4514_string() for c in map(read_certificate, self.certificates)
        )


def from_pem(data: bytes, limit: int) -> list[Certificate]:
    """The certificates of a PEM file: one or more, up to a limit."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificates

    try:
        found = load_pem_x509_certificates(data)
    # KeyError: of cryptography 47, for a type of text that no name has.
    except (ValueError, KeyError, InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError("no certificates in PEM form") from error
    if len(found) > limit:
        raise ValueError(f"more than {limit} certificates")
    return [read_certificate(to_der(certificate)) for certificate in found]


def read_certificate(data: bytes) -> Certificate:
    """A certificate in DER, with nothing behind it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate

    try:
        # Warnings are of names that are too long, and of odd serial numbers: nothing
        # that its reader could do anything about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificate = load_der_x509_certificate(data)
            # Names are parsed only here, and later steps ask for them.
            _ = certificate.subject, certificate.issuer
    # KeyError: of cryptography 47, for a type of text that no name has.
    except (ValueError, KeyError, InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError(f"the certificate cannot be read: {error}") from error
    return certificate


def to_der(certificate: Certificate) -> bytes:
    """A certificate as DER."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def spki_of(certificate: Certificate) -> bytes:
    """Its key in DER; for one that cannot be read, something of its own."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return to_der(certificate)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def extensions_of(certificate: Certificate) -> Extensions:
    """What a certificate says beyond names, times and key."""
    from cryptography import x509

    try:
        return certificate.extensions
    except (ValueError, x509.DuplicateExtension) as error:
        raise ValueError(f"the certificate cannot be read: {error}") from error
    except x509.UnsupportedGeneralNameType as error:
        raise ValueError(f"the certificate has an unusual name: {error}") from error


def extension_of(extensions: Extensions, kind: type[ExtensionType]) -> Any:
    """What an extension says; None without it."""
    from cryptography.x509 import ExtensionNotFound

    try:
        return extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None


def _require_authority(certificate: Certificate) -> None:
    from cryptography import x509

    extensions = extensions_of(certificate)
    name = certificate.subject.rfc4514_string()
    constraints = extension_of(extensions, x509.BasicConstraints)
    usage = extension_of(extensions, x509.KeyUsage)
    if constraints is None or not constraints.ca:
        raise ValueError(f"the certificate of {name!r} is not that of an authority")
    if not extensions.get_extension_for_class(x509.BasicConstraints).critical:
        raise ValueError(f"{name!r}: basic constraints of an authority are critical")
    if usage is not None and not usage.key_cert_sign:
        raise ValueError(f"{name!r} may not sign certificates")
    if not _can_issue(certificate):
        text = f"P-256, P-384, P-521, or RSA from {_MIN_RSA_BITS} bits"
        raise ValueError(f"{name!r}: keys of authorities are {text}")


def _can_issue(certificate: Certificate) -> bool:
    """Whether the library lets this key sign certificates; Ed25519 it does not."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _MIN_RSA_BITS
    curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, curves)
