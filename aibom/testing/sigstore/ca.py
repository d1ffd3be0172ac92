"""Certificate authorities: the one behind Fulcio, and the one behind the timestamps.

Extensions are those that Sigstore's certificate specification demands of real ones, so
that strict verifiers accept these for the same reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from aibom.testing.sigstore.ctlog import SCT_LIST_OID, CertificateLog
from aibom.testing.sigstore.identities import Principal
from aibom.testing.sigstore.keys import new_ec_key, spki

__all__ = ["LEAF_LIFETIME", "Authority", "FulcioAuthority", "timestamping_authority"]

LEAF_LIFETIME = timedelta(minutes=10)
_BACKDATED, _LIFETIME = timedelta(days=1), timedelta(days=365)

Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True, slots=True)
class Authority:
    """A key, its certificate, and those above it up to the root."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of ``key``."""
        return self.chain[0]

    def below(
        self, name: str, extensions: Sequence[Extension], at: datetime
    ) -> Authority:
        """A fresh key with a certificate from this one."""
        key = new_ec_key()
        builder = _long_lived(_name(name), key, at).issuer_name(
            self.certificate.subject
        )
        builder = _extended(builder, [*extensions, _issued_by(self.key)])
        return Authority(key, (builder.sign(self.key, SHA256()), *self.chain))


def _root(name: str, at: datetime) -> Authority:
    key = new_ec_key()
    builder = _long_lived(_name(name), key, at).issuer_name(_name(name))
    builder = _extended(builder, [*_issuing(1), _issued_by(key)])
    return Authority(key, (builder.sign(key, SHA256()),))


def timestamping_authority(at: datetime) -> Authority:
    """A root, and below it a key that may sign timestamps and nothing else."""
    extensions: list[Extension] = [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
        (_key_usage(signing=True), True),
    ]
    return _root("timestamp root", at).below("timestamps", extensions, at)


class FulcioAuthority:
    """Fulcio's CA: a root, an intermediate, and the CT log that it asks."""

    def __init__(self, ctlog: CertificateLog, at: datetime) -> None:
        self._ctlog = ctlog
        self.issuer = _root("root", at).below("intermediate", _issuing(0), at)

    def issue(
        self, principal: Principal, key: ec.EllipticCurvePublicKey, at: datetime
    ) -> tuple[x509.Certificate, ...]:
        """A certificate for ``key`` with its SCT, and the chain up to the root."""
        begin = at.replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .subject_name(x509.Name([]))
            .issuer_name(self.issuer.certificate.subject)
            .not_valid_before(begin)
            .not_valid_after(begin + LEAF_LIFETIME)
            .public_key(key)
        )
        builder = _extended(builder, self._leaf_extensions(principal, key))
        # What the log signs is the certificate without the log's own extension; that
        # comes last, so that taking it away again gives the same bytes.
        unlogged = builder.sign(self.issuer.key, SHA256()).tbs_certificate_bytes
        promise = self._ctlog.promise(unlogged, spki(self.issuer.key), at)
        embedded = x509.UnrecognizedExtension(ObjectIdentifier(SCT_LIST_OID), promise)
        leaf = builder.add_extension(embedded, False).sign(self.issuer.key, SHA256())
        return (leaf, *self.issuer.chain)

    def _leaf_extensions(
        self, principal: Principal, key: ec.EllipticCurvePublicKey
    ) -> list[Extension]:
        return [
            (_key_usage(signing=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (x509.SubjectKeyIdentifier.from_public_key(key), False),
            _issued_by(self.issuer.key),
            (x509.SubjectAlternativeName([principal.name]), True),
            *((extension, False) for extension in principal.extensions()),
        ]


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "aibom loopback sigstore"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _long_lived(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime
) -> x509.CertificateBuilder:
    begin = at.replace(microsecond=0) - _BACKDATED
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(subject)
        .not_valid_before(begin)
        .not_valid_after(begin + _LIFETIME)
        .public_key(key.public_key())
        .add_extension(identifier, False)
    )


def _extended(
    builder: x509.CertificateBuilder, extensions: Sequence[Extension]
) -> x509.CertificateBuilder:
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder


def _issuing(path_length: int) -> list[Extension]:
    return [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_key_usage(signing=False), True),
    ]


def _issued_by(key: ec.EllipticCurvePrivateKey) -> Extension:
    public = key.public_key()
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False


def _key_usage(*, signing: bool) -> x509.KeyUsage:
    """For signing data, or else for signing certificates and revocation lists."""
    return x509.KeyUsage(
        digital_signature=signing,
        key_cert_sign=not signing,
        crl_sign=not signing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
