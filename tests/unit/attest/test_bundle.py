"""Bundles: one form, read strictly; what comes out is what was signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.attest.bundle import MEDIA_TYPE, make_bundle, pae, parse_bundle
from aibom.attest.keys import generate, load_private
from aibom.errors import VerificationFailed
from aibom.statement import MAX_STATEMENT_BYTES, PAYLOAD_TYPE, to_json

KEY = load_private(generate("ed25519", None)[0], None, "key")
Change = Callable[[dict[str, Any]], object]


def envelope(change: Change) -> Change:
    return lambda bundle: change(bundle["dsseEnvelope"])


def material(value: Any) -> Change:
    return lambda bundle: bundle.update(verificationMaterial=value)


CASES: dict[str, tuple[str, Change]] = {
    "no-media-type": ("bundle-unsupported", lambda b: b.pop("mediaType")),
    "older-bundle": (
        "bundle-unsupported",
        lambda b: b.update(mediaType=MEDIA_TYPE.replace("v0.3", "v0.2")),
    ),
    "other-spelling": (
        "bundle-unsupported",
        lambda b: b.update(
            mediaType="application/vnd.dev.sigstore.bundle+json;version=0.3"
        ),
    ),
    "no-material": ("bundle-malformed", lambda b: b.pop("verificationMaterial")),
    "material-is-text": ("bundle-malformed", material("key")),
    "nothing": ("bundle-unsupported", material({})),
    "key-and-certificate": (
        "bundle-unsupported",
        material({"publicKey": {"hint": ""}, "certificate": {"rawBytes": ""}}),
    ),
    "certificate-is-text": ("bundle-malformed", material({"certificate": "AAAA"})),
    "chain-empty": (
        "bundle-malformed",
        material({"x509CertificateChain": {"certificates": []}}),
    ),
    "chain-endless": (
        "bundle-malformed",
        material({"x509CertificateChain": {"certificates": [{"rawBytes": ""}] * 17}}),
    ),
    "values-endless": (
        "bundle-malformed",
        material({"publicKey": {}, "tlogEntries": [{}] * 6000}),
    ),
    "hint-is-number": ("bundle-malformed", material({"publicKey": {"hint": 5}})),
    "timestamps-are-text": (
        "bundle-malformed",
        material({"publicKey": {}, "timestampVerificationData": "now"}),
    ),
    "timestamps-endless": (
        "bundle-malformed",
        material(
            {
                "publicKey": {},
                "timestampVerificationData": {
                    "rfc3161Timestamps": [{"signedTimestamp": ""}] * 17
                },
            }
        ),
    ),
    "key-is-text": ("bundle-malformed", material({"publicKey": "hint"})),
    "no-envelope": ("bundle-malformed", lambda b: b.pop("dsseEnvelope")),
    "message-signature": (
        "bundle-malformed",
        lambda b: b.update(messageSignature=b.pop("dsseEnvelope")),
    ),
    "no-payload": ("bundle-malformed", envelope(lambda e: e.pop("payload"))),
    "payload-is-object": ("bundle-malformed", envelope(lambda e: e.update(payload={}))),
    "payload-type": (
        "payload-type-unsupported",
        envelope(lambda e: e.update(payloadType="application/json")),
    ),
    "no-payload-type": (
        "payload-type-unsupported",
        envelope(lambda e: e.pop("payloadType")),
    ),
    "no-signature": ("bundle-malformed", envelope(lambda e: e.update(signatures=[]))),
    "two-signatures": (
        "bundle-malformed",
        envelope(lambda e: e["signatures"].append(e["signatures"][0])),
    ),
    "signatures-is-object": (
        "bundle-malformed",
        envelope(lambda e: e.update(signatures={"0": {}})),
    ),
    "signature-is-text": (
        "bundle-malformed",
        envelope(lambda e: e.update(signatures=["AAAA"])),
    ),
    "signature-missing": (
        "bundle-malformed",
        envelope(lambda e: e["signatures"][0].pop("sig")),
    ),
}


@pytest.mark.parametrize(("reason", "change"), CASES.values(), ids=CASES)
def test_other_forms_are_refused(reason: str, change: Change) -> None:
    document = make_bundle(b"payload", KEY)
    change(document)
    with pytest.raises(VerificationFailed) as caught:
        parse_bundle(to_json(document), "here")
    assert (caught.value.reason, caught.value.where) == (reason, "here")


NOT_BASE64 = {
    "space": "cGF5 bG9hZA==",
    "newline": "cGF5\nbG9hZA==",
    "url-alphabet": "_-8=",
    "no-padding": "cGF5bG9hZA",
    "after-padding": "cGF5bG9hZA==AA",
    "not-ascii": "cGF5bG9hZ€==",
    "number": 5,
    "null": None,
}


@pytest.mark.parametrize("text", NOT_BASE64.values(), ids=NOT_BASE64)
@pytest.mark.parametrize("place", ["payload", "sig"])
def test_base64_without_strangers(text: Any, place: str) -> None:
    document = make_bundle(b"payload", KEY)
    holder = document["dsseEnvelope"]
    (holder if place == "payload" else holder["signatures"][0])[place] = text
    with pytest.raises(VerificationFailed) as caught:
        parse_bundle(to_json(document), "here")
    assert caught.value.reason == "bundle-malformed"


NOT_JSON = {
    "empty": b"",
    "cut": to_json(make_bundle(b"payload", KEY))[:-1],
    "two": to_json(make_bundle(b"payload", KEY)) * 2,
    "duplicate-key": b'{"mediaType":"a","mediaType":"b"}',
    "nan": b'{"mediaType":NaN}',
    "not-utf8": b'{"mediaType":"\xff"}',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "too-large": b'"' + b"a" * (2 * MAX_STATEMENT_BYTES) + b'"',
    "list": b"[]",
    "null": b"null",
}


@pytest.mark.parametrize("data", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_object(data: bytes) -> None:
    with pytest.raises(VerificationFailed) as caught:
        parse_bundle(data, "here")
    assert caught.value.reason == "bundle-malformed"


def test_duplicate_key_inside_is_refused() -> None:
    text = to_json(make_bundle(b"payload", KEY)).decode()
    twice = text.replace('"payload":', '"payload":"e30=","payload":', 1)
    with pytest.raises(VerificationFailed) as caught:
        parse_bundle(twice.encode(), "here")
    assert caught.value.reason == "bundle-malformed"


@given(payload=st.binary(max_size=300))
def test_what_was_signed_comes_out(payload: bytes) -> None:
    parsed = parse_bundle(to_json(make_bundle(payload, KEY)), "here")
    assert parsed.payload == payload
    assert KEY.public.verifies(parsed.signature, parsed.signed_bytes)
    assert parsed.hint == KEY.public.hint


@given(data=st.binary(max_size=200))
def test_noise_is_refused_as_ours(data: bytes) -> None:
    with pytest.raises(VerificationFailed):
        parse_bundle(data, "here")


def test_pae_is_that_of_the_specification() -> None:
    """The example of DSSE's protocol.md."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_pae_counts_bytes_and_not_letters() -> None:
    assert pae("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


def test_bundle_is_plain_json_with_the_names_of_its_format() -> None:
    document = json.loads(to_json(make_bundle(b"payload", KEY)))
    assert document["mediaType"] == MEDIA_TYPE
    assert document["dsseEnvelope"]["payloadType"] == PAYLOAD_TYPE
    assert base64.b64decode(document["dsseEnvelope"]["payload"]) == b"payload"
