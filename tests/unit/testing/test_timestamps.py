"""Timestamps: verified with rfc3161-client, and asked for in hostile ways."""

from __future__ import annotations

import base64
import json

import pytest
import requests
from cryptography import x509
from rfc3161_client import (
    TimestampRequestBuilder,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.base import HashAlgorithm
from rfc3161_client.errors import VerificationError

from aibom.testing.sigstore import LocalSigstore


def stamp(sigstore, body):
    url = f"{sigstore.url}/api/v1/timestamp"
    answer = requests.post(url, data=body, timeout=60)
    assert answer.headers["Content-Type"] == "application/timestamp-reply"
    return decode_timestamp_response(answer.content)


def authority(sigstore):
    (found,) = json.loads(sigstore.trusted_root())["timestampAuthorities"]
    return [
        x509.load_der_x509_certificate(base64.b64decode(certificate["rawBytes"]))
        for certificate in found["certChain"]["certificates"]
    ]


def verifier(sigstore, nonce=None):
    leaf, root = authority(sigstore)
    builder = VerifierBuilder().tsa_certificate(leaf).add_root_certificate(root)
    return (builder.nonce(nonce) if nonce else builder).build()


@pytest.mark.parametrize("certificates", [True, False], ids=["with", "without"])
@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
def test_a_timestamp_verifies(local_sigstore, algorithm, certificates):
    request = (
        TimestampRequestBuilder()
        .data(b"signature")
        .hash_algorithm(algorithm)
        .nonce(nonce=True)
        .cert_request(cert_request=certificates)
        .build()
    )
    response = stamp(local_sigstore, request.as_bytes())
    assert response.tst_info.nonce == request.nonce
    assert len(response.signed_data.certificates) == (2 if certificates else 0)
    checks = verifier(local_sigstore, request.nonce)
    assert checks.verify_message(response, b"signature")
    with pytest.raises(VerificationError, match="Mismatch between messages"):
        checks.verify_message(stamp(local_sigstore, request.as_bytes()), b"other")


def test_a_timestamp_is_one_instances(local_sigstore):
    request = TimestampRequestBuilder().data(b"signature").build()
    response = stamp(local_sigstore, request.as_bytes())
    with LocalSigstore() as stranger, pytest.raises(VerificationError):
        verifier(stranger).verify_message(response, b"signature")


SHA1 = bytes.fromhex("300906052b0e03021a0500")
HOSTILE_STAMPS = {
    "empty": b"",
    "text": b"please",
    "cut": TimestampRequestBuilder().data(b"x").build().as_bytes()[:-1],
    "two": TimestampRequestBuilder().data(b"x").build().as_bytes() * 2,
    "no-fields": bytes.fromhex("3000"),
    "version-2": bytes.fromhex("300502010230000a00"),
    "indefinite": bytes.fromhex("30800000"),
    "huge": bytes.fromhex("3084ffffffff"),
    "sha1": bytes.fromhex("3024020101301f") + SHA1 + bytes.fromhex("0414") + bytes(20),
}


@pytest.mark.parametrize("body", HOSTILE_STAMPS.values(), ids=HOSTILE_STAMPS)
def test_what_cannot_be_stamped_is_rejected(local_sigstore, body):
    assert stamp(local_sigstore, body).status == 2
