"""A little certificate authority for tests: roots, intermediates and signers.

Everything has a good default, and anything can be made wrong: extensions replaced or
taken away, times, keys, the hash, and the key that signs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

__all__ = ["NOW", "Issued", "email", "key_usage", "pem", "root", "uri"]

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)

Extensions = dict[type, tuple[x509.ExtensionType, bool] | None]


@dataclass(frozen=True)
class Issued:
    """A key, its certificate, and whoever has issued it (None for a root)."""

    key: Any
    certificate: x509.Certificate
    subject: x509.Name
    issuer: Issued | None = None

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return pem(self)

    @property
    def chain(self) -> list[bytes]:
        """In DER: its certificate, then those above it, without the root."""
        if self.issuer is None:
            return []
        return [self.der, *self.issuer.chain]

    def intermediate(self, name="intermediate", *, path_length=None, **how) -> Issued:
        return _issue(self, name, _authority(path_length), **how)

    def leaf(self, *names: x509.GeneralName, name="signer", **how) -> Issued:
        """A signer's; ``names`` default to an e-mail address."""
        return _issue(self, name, _signer(names or (email("dev@acme.example"),)), **how)


def root(name="Acme Root", *, path_length=None, **how) -> Issued:
    """An authority that has signed its own certificate."""
    return _issue(None, name, _authority(path_length), **how)


def pem(*issued: Issued) -> bytes:
    return b"".join(one.certificate.public_bytes(Encoding.PEM) for one in issued)


def email(address: str) -> x509.RFC822Name:
    return x509.RFC822Name._init_without_validation(address)


def uri(value: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier._init_without_validation(value)


def key_usage(*, signing: bool = False, issuing: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signing,
        key_cert_sign=issuing,
        crl_sign=issuing,
        content_commitment=not signing and not issuing,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(path_length: int | None) -> Extensions:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return {
        x509.BasicConstraints: (constraints, True),
        x509.KeyUsage: (key_usage(issuing=True), True),
    }


def _signer(names: Iterable[x509.GeneralName]) -> Extensions:
    return {
        x509.BasicConstraints: (
            x509.BasicConstraints(ca=False, path_length=None),
            True,
        ),
        x509.KeyUsage: (key_usage(signing=True), True),
        x509.ExtendedKeyUsage: (x509.ExtendedKeyUsage([Usage.CODE_SIGNING]), False),
        x509.SubjectAlternativeName: (x509.SubjectAlternativeName(names), False),
    }


def _issue(
    issuer: Issued | None,
    name: str,
    extensions: Extensions,
    *,
    key: Any = None,
    begin: datetime = NOW - 30 * DAY,
    end: datetime = NOW + 30 * DAY,
    change: Extensions | None = None,
    digest: Any = None,
    signed_with: Any = None,
) -> Issued:
    """``change`` replaces extensions, by class, or takes them away with None."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    above = signed_with or (issuer.key if issuer else key)
    extensions = {
        **_identifiers(key, issuer.key if issuer else key),
        **extensions,
        **(change or {}),
    }
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .not_valid_before(begin)
        .not_valid_after(end)
        .public_key(key.public_key())
    )
    for extension in filter(None, extensions.values()):
        builder = builder.add_extension(*extension)
    certificate = builder.sign(above, digest or _digest(above))
    return Issued(key, certificate, subject, issuer)


def _identifiers(key: Any, issuer: Any) -> Extensions:
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    return {
        x509.SubjectKeyIdentifier: (own, False),
        x509.AuthorityKeyIdentifier: (above, False),
    }


def _digest(key: Any) -> hashes.HashAlgorithm | None:
    hashless = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
    return None if isinstance(key, hashless) else hashes.SHA256()


def _name(common: str) -> x509.Name:
    if not common:
        return x509.Name([])
    long = len(common) > 64
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if long else "default")
        attribute = x509.NameAttribute(NameOID.COMMON_NAME, common, _validate=not long)
    return x509.Name([attribute])
