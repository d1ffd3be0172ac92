"""Certificates before verifiers other than sigstore's: chains, profiles, promises."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from sigstore_clients import IDENTITIES, sign

from aibom.testing.sigstore import LocalSigstore
from aibom.testing.sigstore.ca import FulcioAuthority, timestamping_authority
from aibom.testing.sigstore.ctlog import CertificateLog
from aibom.testing.sigstore.identities import email_principal

NOW = datetime(2026, 11, 20, 12, 0, 0, 250000, tzinfo=UTC)
MARY = email_principal(
    {"iss": "https://a.example", "email": "mary@example.org", "email_verified": True}
)


def certificates(root, part):
    """The chain that a trusted root publishes, from below up."""
    (authority,) = json.loads(root)[part]
    return [
        x509.load_der_x509_certificate(base64.b64decode(certificate["rawBytes"]))
        for certificate in authority["certChain"]["certificates"]
    ]


def verified_chain(leaf, between, root, at):
    """The chain that cryptography's strict path building finds.

    Issuers are held to the rules of the web's PKI; of the leaf only what every kind of
    certificate has, since its purposes are not those of a web server.
    """
    leaf_rules = ExtensionPolicy.permit_all().require_present(
        x509.SubjectAlternativeName, Criticality.AGNOSTIC, None
    )
    verifier = (
        PolicyBuilder()
        .store(Store([root]))
        .time(at)
        .extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=leaf_rules
        )
        .build_client_verifier()
    )
    return verifier.verify(leaf, between).chain


@pytest.mark.parametrize("identity", IDENTITIES)
def test_the_chain_holds_for_a_strict_verifier(local_sigstore, identity):
    token, _ = IDENTITIES[identity]
    leaf = sign(local_sigstore, token=token(local_sigstore)).signing_certificate
    intermediate, root = certificates(
        local_sigstore.trusted_root(), "certificateAuthorities"
    )
    at = leaf.not_valid_before_utc
    chain = verified_chain(leaf, [intermediate], root, at)
    assert chain == [leaf, intermediate, root]


#: name → when it is looked at, counted from its issue
TIMES = {"before": timedelta(seconds=-1), "after": timedelta(minutes=10, seconds=1)}


@pytest.mark.parametrize("shift", TIMES.values(), ids=TIMES)
def test_a_leaf_holds_for_its_ten_minutes(local_sigstore, shift):
    leaf = sign(local_sigstore).signing_certificate
    intermediate, root = certificates(
        local_sigstore.trusted_root(), "certificateAuthorities"
    )
    at = leaf.not_valid_before_utc + shift
    with pytest.raises(VerificationError):
        verified_chain(leaf, [intermediate], root, at)


def test_another_root_does_not_hold(local_sigstore):
    leaf = sign(local_sigstore).signing_certificate
    intermediate, _ = certificates(
        local_sigstore.trusted_root(), "certificateAuthorities"
    )
    with LocalSigstore() as stranger:
        roots = certificates(stranger.trusted_root(), "certificateAuthorities")
    with pytest.raises(VerificationError):
        verified_chain(leaf, [intermediate], roots[-1], leaf.not_valid_before_utc)


def test_who_may_issue(local_sigstore):
    intermediate, root = certificates(
        local_sigstore.trusted_root(), "certificateAuthorities"
    )
    constraints = [
        certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        for certificate in (intermediate, root)
    ]
    assert [found.value.path_length for found in constraints] == [0, 1]
    assert all(found.critical and found.value.ca for found in constraints)


def test_the_timestamping_leaf_may_do_nothing_else():
    leaf, root = timestamping_authority(NOW).chain
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purposes.critical
    assert list(purposes.value) == [x509.ExtendedKeyUsageOID.TIME_STAMPING]
    leaf.verify_directly_issued_by(root)
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.BasicConstraints)


@pytest.fixture
def issued():
    """A leaf, its issuer, and the log that promised it; at a time held still."""
    log = CertificateLog()
    authority = FulcioAuthority(log, NOW)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    leaf, issuer, _ = authority.issue(MARY, key, NOW)
    return leaf, issuer, log


def signed_by_log(leaf, issuer, milliseconds):
    """RFC 6962 section 3.2, put together from the finished certificate."""
    spki = issuer.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    body = leaf.tbs_precertificate_bytes
    return (
        struct.pack("!BBQH", 0, 0, milliseconds, 1)
        + hashlib.sha256(spki).digest()
        + struct.pack("!I", len(body))[1:]
        + body
        + b"\x00\x00"
    )


def promise_of(leaf):
    found = leaf.extensions.get_extension_for_class(
        x509.PrecertificateSignedCertificateTimestamps
    )
    (promise,) = found.value
    return promise


def test_the_promise_is_over_the_certificate_without_it(issued):
    leaf, issuer, log = issued
    promise = promise_of(leaf)
    key = load_der_public_key(log.key.public_bytes)
    milliseconds = int(NOW.timestamp() * 1000)
    assert (
        promise.log_id
        == log.key.log_id
        == hashlib.sha256(log.key.public_bytes).digest()
    )
    assert promise.timestamp == NOW.replace(tzinfo=None)
    assert (
        promise.entry_type == x509.certificate_transparency.LogEntryType.PRE_CERTIFICATE
    )
    signed = signed_by_log(leaf, issuer, milliseconds)
    key.verify(promise.signature, signed, ec.ECDSA(SHA256()))
    later = signed_by_log(leaf, issuer, milliseconds + 1)
    with pytest.raises(InvalidSignature):
        key.verify(promise.signature, later, ec.ECDSA(SHA256()))


def test_times_of_a_leaf_are_whole_seconds(issued):
    leaf, _, _ = issued
    assert leaf.not_valid_before_utc == NOW.replace(microsecond=0)
    assert leaf.not_valid_after_utc == NOW.replace(microsecond=0, minute=10)


def test_serial_numbers_differ():
    authority = FulcioAuthority(CertificateLog(), NOW)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    serials = {authority.issue(MARY, key, NOW)[0].serial_number for _ in range(5)}
    assert len(serials) == 5
