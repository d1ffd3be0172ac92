"""Certificates of a private authority: whose key is it, and does a pinned root say so?

The path is built by ``cryptography.x509.verification`` (RFC 5280 section 6, in the
profile of the web's authorities): signatures with SHA-2, RSA from 2048 bits, path
length, name constraints and unknown critical extensions are its work. Ours is what
differs for signers of documents: the usages that a signer needs (code signing, instead
of a TLS client's), and names that are addresses of people or services.

Revocation is not looked at: there is no list to be had offline. What ends a signer's
trust early is the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aibom.attest.certificates import (
    CertificateRoots,
    extension_of,
    extensions_of,
    from_pem,
    read_certificate,
    spki_of,
    to_der,
)
from aibom.attest.keys import PublicKey
from aibom.errors import InputError, VerificationFailed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Extensions
    from cryptography.x509.verification import ClientVerifier, Policy

__all__ = ["CertificateRoots", "ChainHolder", "load_chain", "verify_chain"]

# Beyond what any authority has; whoever verifies tries each of them.
_MAX_CERTIFICATES = 16

#: Names are ASCII in a certificate; without what is not shown or ends a text early.
_NAME = re.compile(r"[!-~]+")
#: What the library says around the cause, and what it says in terms of its source.
_AROUND = re.compile(
    r"^(validation failed: )?(candidates exhausted: )?"
    r"(Python extension validator failed: ValueError: )?"
    r"(?P<words>.*?)( \(encountered processing.*)?$",
    re.DOTALL,
)
_ALGORITHM = re.compile(r"AlgorithmIdentifier \{.*params: (\w+).*\}", re.DOTALL)
_NO_ISSUER = "all candidates exhausted with no interior errors"


@dataclass(frozen=True, slots=True)
class ChainHolder:
    """Whose certificate it is: a key, and names that the authority vouches for.

    ``names`` are pairs of a kind (``uri``, ``email`` or ``dns``) and a value, in the
    order of the certificate.
    """

    key: PublicKey
    names: tuple[tuple[str, str], ...]
    not_before: datetime
    not_after: datetime


def load_chain(data: bytes, where: str) -> tuple[bytes, ...]:
    """Read PEM with the signer's certificate first; returns DER.

    Nothing about it is verified. Raises :class:`~aibom.errors.InputError`,
    ``certificate-unreadable``.
    """
    try:
        return tuple(map(to_der, from_pem(data, _MAX_CERTIFICATES)))
    except ValueError as error:
        raise InputError(
            str(error),
            reason="certificate-unreadable",
            where=where,
            hint="a PEM file with your certificate first, then those of its issuers",
        ) from error


def verify_chain(
    certificates: Sequence[bytes], roots: CertificateRoots, at: datetime, where: str
) -> ChainHolder:
    """Verify that the first certificate, in DER, was a signer's at that time.

    The others only help to find a path: a root among them is trusted if it is pinned,
    and no less without being there. Revocation is not checked, nor who the signer is.

    Raises :class:`~aibom.errors.VerificationFailed`: ``certificate-invalid``
    (unreadable, not for signing, without a name, a key of an unsupported type),
    ``certificate-expired`` (all would be well at another time), ``wrong-trust-root``
    (no path to a pinned root that the rules allow). ``ValueError`` for a time without
    a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        if not 0 < len(certificates) <= _MAX_CERTIFICATES:
            raise ValueError(f"there must be 1 to {_MAX_CERTIFICATES} certificates")
        leaf, *helpers = map(read_certificate, certificates)
        holder = _holder(leaf)
    except ValueError as error:
        raise VerificationFailed(
            str(error),
            reason="certificate-invalid",
            where=where,
            hint="ask the signer for a certificate to sign with",
        ) from error
    problem = _obstacle(leaf, helpers, roots, at)
    if problem is not None:
        raise _pathless(leaf, helpers, roots, at, where, problem)
    return holder


# ── the signer's certificate; ValueError says what is wrong ────────────────────


def _holder(leaf: Certificate) -> ChainHolder:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509.oid import ExtendedKeyUsageOID

    extensions = extensions_of(leaf)
    constraints = extension_of(extensions, x509.BasicConstraints)
    usage = extension_of(extensions, x509.KeyUsage)
    purposes = extension_of(extensions, x509.ExtendedKeyUsage)
    if constraints is not None and constraints.ca:
        raise ValueError("the certificate is that of an authority, not of a signer")
    if usage is None or not usage.digital_signature:
        raise ValueError("the certificate is not for signing (no digitalSignature)")
    if purposes is None or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise ValueError("the certificate is not for signing code (no codeSigning)")
    names = tuple(_names(extensions))
    if not names:
        raise ValueError("the certificate names no URI, e-mail address or host")
    try:
        key = PublicKey.of(leaf.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"the certificate's key cannot be used: {error}") from error
    return ChainHolder(key, names, leaf.not_valid_before_utc, leaf.not_valid_after_utc)


def _names(extensions: Extensions) -> Iterator[tuple[str, str]]:
    from cryptography import x509

    kinds: dict[type[x509.GeneralName], str] = {
        x509.UniformResourceIdentifier: "uri",
        x509.RFC822Name: "email",
        x509.DNSName: "dns",
    }
    for name in extension_of(extensions, x509.SubjectAlternativeName) or ():
        kind = kinds.get(type(name))
        if kind is None:
            continue
        if not _NAME.fullmatch(name.value):
            raise ValueError(f"the certificate has a name that is none: {name.value!r}")
        yield kind, name.value


# ── the path ────────────────────


def _obstacle(
    leaf: Certificate,
    helpers: list[Certificate],
    roots: CertificateRoots,
    at: datetime,
) -> str | None:
    """Why there is no path at that time, in the library's words; None if there is."""
    from cryptography import x509
    from cryptography.x509.verification import VerificationError

    try:
        _verifier(roots, at).verify(leaf, _useful(helpers, at))
    except (VerificationError, ValueError, x509.DuplicateExtension) as error:
        return _words(str(error))
    except x509.UnsupportedGeneralNameType as error:
        return str(error)
    return None


def _useful(helpers: list[Certificate], at: datetime) -> list[Certificate]:
    """Those that are valid, and of one name and key the first.

    With several for one key, paths multiply at every step. Later versions of the
    library count signatures and give up; 47 tries all of them, which takes hours.
    """
    found: dict[tuple[bytes, bytes], Certificate] = {}
    for one in helpers:
        if one.not_valid_before_utc <= at <= one.not_valid_after_utc:
            key = (one.subject.public_bytes(), spki_of(one))
            found.setdefault(key, one)
    return list(found.values())


def _words(text: str) -> str:
    found = _AROUND.match(text)
    words = _ALGORITHM.sub(r"\1", found["words"] if found else text)
    if words == _NO_ISSUER:
        return "the certificate of an issuer is missing"
    return words[:300]


def _verifier(roots: CertificateRoots, at: datetime) -> ClientVerifier:
    """A verifier of clients: that of servers wants the name of a host.

    It asks for the usage of a TLS client by default, of signers and authorities alike;
    both are replaced here, which is what extension policies are for.
    """
    from cryptography import x509
    from cryptography.x509.verification import (
        Criticality,
        ExtensionPolicy,
        PolicyBuilder,
        Store,
    )

    either = Criticality.AGNOSTIC
    authority = (
        ExtensionPolicy.webpki_defaults_ca()
        # RFC 5280 section 6.1.4 (n): only where there is one. `openssl req -x509`
        # leaves it out.
        .may_be_present(x509.KeyUsage, either, _may_issue)
        .may_be_present(x509.ExtendedKeyUsage, either, _may_issue_for_code)
    )
    # Of the signer, _holder has looked at what these say, which gives better messages.
    signer = (
        ExtensionPolicy.webpki_defaults_ee()
        .require_present(x509.KeyUsage, either, None)
        .require_present(x509.ExtendedKeyUsage, either, None)
        .require_present(x509.SubjectAlternativeName, either, None)
        .may_be_present(x509.AuthorityKeyIdentifier, either, None)
    )
    return (
        PolicyBuilder()
        .store(Store([read_certificate(root) for root in roots.certificates]))
        .time(at.astimezone(UTC))
        .extension_policies(ca_policy=authority, ee_policy=signer)
        .build_client_verifier()
    )


def _may_issue(policy: Policy, certificate: Certificate, usage: Any) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an issuer may not sign certificates")


def _may_issue_for_code(policy: Policy, certificate: Certificate, usage: Any) -> None:
    """An authority that is limited to some usages has to have ours among them."""
    from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

    fitting = (Usage.CODE_SIGNING, Usage.ANY_EXTENDED_KEY_USAGE)
    if usage is not None and not any(one in usage for one in fitting):
        raise ValueError("an issuer may not issue certificates for signing code")


def _pathless(
    leaf: Certificate,
    helpers: list[Certificate],
    roots: CertificateRoots,
    at: datetime,
    where: str,
    problem: str,
) -> VerificationFailed:
    """Tell a path that holds at another time from none at all."""
    every = [leaf, *helpers, *map(read_certificate, roots.certificates)]
    # Where a path holds at all, it does when the last certificate on it has begun to.
    for begin in sorted({certificate.not_valid_before_utc for certificate in every}):
        if _obstacle(leaf, helpers, roots, begin) is None:
            return VerificationFailed(
                f"not valid at {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}: "
                f"{_out_of_date(every, at)}",
                reason="certificate-expired",
                where=where,
                hint="ask the signer to sign again, with a timestamp",
            )
    return VerificationFailed(
        f"no path from the certificate of {_names_text(leaf)} to a root in "
        f"{roots.name}: {problem}",
        reason="wrong-trust-root",
        where=where,
        hint="check which authority issues the signer's certificates",
    )


def _out_of_date(certificates: Sequence[Certificate], at: datetime) -> str:
    told = [
        f"{c.subject.rfc4514_string() or 'the certificate'!r} is for "
        f"{c.not_valid_before_utc:%Y-%m-%d %H:%M:%S} to "
        f"{c.not_valid_after_utc:%Y-%m-%d %H:%M:%S}"
        for c in certificates
        if not c.not_valid_before_utc <= at <= c.not_valid_after_utc
    ]
    return "; ".join(told[:3])


def _names_text(leaf: Certificate) -> str:
    return ", ".join(value for _, value in list(_names(extensions_of(leaf)))[:3])
