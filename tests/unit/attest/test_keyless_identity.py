"""Certificates that say too little, too much, or it in the wrong form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from aibom.attest.keyless_identity import KeylessIdentity, read_identity
from aibom.errors import VerificationFailed

KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = "https://accounts.example.org"
ALICE = x509.RFC822Name("alice@example.org")
JOB = x509.UniformResourceIdentifier("https://github.com/acme/x/y.yml@refs/heads/m")
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def utf8(text):
    """A DER UTF8String, of at most 65,535 bytes."""
    data = text.encode()
    size = len(data)
    if size < 0x80:
        return bytes([0x0C, size]) + data
    length = size.to_bytes(1 if size < 0x100 else 2, "big")
    return bytes([0x0C, 0x80 | len(length)]) + length + data


def certificate(*names, **arcs):
    """A self-signed certificate with these names, and Fulcio's arcs as ``_8=…``."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), True)
    for arc, value in arcs.items():
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{arc.strip('_')}")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), False)
    return builder.sign(KEY, hashes.SHA256())


def test_a_person():
    found = read_identity(certificate(ALICE, _1=ISSUER.encode(), _8=utf8(ISSUER)), "c")
    assert found == KeylessIdentity(
        "alice@example.org", "email", ISSUER, {"issuer": ISSUER}
    )


def test_an_old_certificate_has_its_issuer_in_raw_text():
    found = read_identity(certificate(JOB, _1=ISSUER.encode()), "c")
    assert (found.san, found.san_kind, found.issuer) == (JOB.value, "uri", ISSUER)
    assert found.claims == {}


def test_arcs_that_are_not_known_are_no_claims():
    found = read_identity(certificate(ALICE, _8=utf8(ISSUER), _99=b"x"), "c")
    assert set(found.claims) == {"issuer"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_claims_are_read_as_they_were_written(text):
    found = read_identity(certificate(JOB, _8=utf8(ISSUER), _12=utf8(text)), "c")
    assert found.source_repository == text


INVALID = {
    "no-name": (certificate(_8=utf8(ISSUER)), "names no subject"),
    "two-names": (certificate(ALICE, JOB, _8=utf8(ISSUER)), "2 subjects"),
    "host": (certificate(x509.DNSName("a.example"), _8=utf8(ISSUER)), "neither by URI"),
    "no-issuer": (certificate(ALICE), "no issuer"),
    "empty-issuer": (certificate(ALICE, _8=utf8("")), "no issuer"),
    "two-issuers": (
        certificate(ALICE, _1=b"https://a.example", _8=utf8(ISSUER)),
        "two issuers",
    ),
    "issuer-not-utf8": (certificate(ALICE, _1=b"\xff"), "not UTF-8"),
    "claim-not-utf8": (certificate(ALICE, _8=b"\x0c\x01\xff"), "not UTF-8"),
    "raw-text": (certificate(ALICE, _8=ISSUER.encode()), "not a UTF8String"),
    "empty": (certificate(ALICE, _8=b""), "not a UTF8String"),
    "tag-only": (certificate(ALICE, _8=b"\x0c"), "not a UTF8String"),
    "other-tag": (certificate(ALICE, _8=b"\x13\x01a"), "not a UTF8String"),
    "trailing": (certificate(ALICE, _8=utf8("a") + b"b"), "not a UTF8String"),
    "too-short": (certificate(ALICE, _8=b"\x0c\x05abc"), "not a UTF8String"),
    "long-form": (certificate(ALICE, _8=b"\x0c\x81\x01a"), "not a UTF8String"),
    "indefinite": (certificate(ALICE, _8=b"\x0c\x80"), "not a UTF8String"),
    "length-beyond": (certificate(ALICE, _8=b"\x0c\xffab"), "not a UTF8String"),
}


@pytest.mark.parametrize(("hostile", "says"), INVALID.values(), ids=INVALID)
def test_a_certificate_that_cannot_be_told(hostile, says):
    with pytest.raises(VerificationFailed, match=says) as refused:
        read_identity(hostile, "c")
    assert (refused.value.reason, refused.value.where) == ("certificate-invalid", "c")


@given(st.binary(max_size=300))
def test_noise_is_read_or_refused(noise):
    try:
        outcome = utf8(read_identity(certificate(ALICE, _8=noise), "c").issuer)
    except VerificationFailed as error:
        outcome = error.reason
    assert outcome in ("certificate-invalid", noise)
