"""Bundles of OpenSSF Model Signing: what stands behind them, and keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from oms_vectors import DATA, MODEL, VERSIONS, oms_key, vector

from aibom.attest.authority import ByKey
from aibom.attest.bundle import (
    Bundle,
    ChainMaterial,
    KeylessMaterial,
    KeyMaterial,
    parse_bundle,
)
from aibom.attest.keys import generate, load_private, load_public
from aibom.attest.oms import emit
from aibom.attest.oms_bundle import make_oms_bundle, verify_with_key
from aibom.attest.oms_folder import verify_folder
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import identify
from aibom.digest import hash_path
from aibom.errors import AibomError
from aibom.lineage.evidence import Signer
from aibom.statement import OMS_V1, to_json

KEY_VECTORS = [
    *[(version, name) for version in VERSIONS for name in ("key", "shards", "p384")],
    ("1.1.1", "p521"),
    ("1.1.1", "blake2b"),
    ("1.1.1", "blake2b-shards"),
]


def key_of(name: str) -> str:
    return name if name in ("p384", "p521") else "p256"


def document_of(version: str = "1.1.1", name: str = "key") -> dict[str, Any]:
    """A bundle of the reference tool as JSON values, to be changed."""
    document: dict[str, Any] = json.loads((DATA / version / f"{name}.sig").read_text())
    return document


def parsed(document: Any) -> Bundle:
    return parse_bundle(to_json(document), "model.sig")


def reason_of(call: Callable[[], object]) -> str:
    with pytest.raises(AibomError) as caught:
        call()
    return caught.value.reason


# ── bundles of the reference tool ────────────────────


@pytest.mark.parametrize(("version", "name"), KEY_VECTORS)
def test_bundles_of_every_version_verify(version, name):
    manifest = verify_with_key(vector(version, name), oms_key(key_of(name)))
    assert verify_folder(manifest, MODEL).differences == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_single_file_verifies(version):
    manifest = verify_with_key(vector(version, "single-file"), oms_key())
    assert manifest.name == "weights.bin"
    assert verify_folder(manifest, MODEL / "weights.bin").differences == ()


@pytest.mark.parametrize(("version", "name"), KEY_VECTORS)
def test_another_key_does_not_verify(version, name):
    for other in {"p256", "p384", "p521"} - {key_of(name)}:
        key = oms_key(other)
        bundle = vector(version, name)
        assert reason_of(lambda b=bundle, k=key: verify_with_key(b, k)) == (
            "signer-not-allowed"
        )


def test_version_0_2_is_refused_as_such_and_not_as_tampering():
    bundle = vector("0.2.0", "key")
    assert not oms_key().verifies(bundle.signature, bundle.signed_bytes)
    assert reason_of(lambda: verify_with_key(bundle, oms_key())) == (
        "oms-version-unsupported"
    )


def test_blake3_is_refused_only_after_its_signature_verified():
    bundle = vector("1.1.1", "blake3")
    assert reason_of(lambda: verify_with_key(bundle, oms_key())) == (
        "oms-hash-unsupported"
    )
    assert reason_of(lambda: verify_with_key(bundle, oms_key("p384"))) == (
        "signer-not-allowed"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_old_bundles_bring_their_key_and_new_ones_a_hint(version):
    material = vector(version, "key").material
    assert isinstance(material, KeyMaterial)
    if version == "1.1.1":
        assert (material.hint, material.claimed_key) == (oms_key().hint, b"")
    else:
        assert (material.hint, material.claimed_key) == ("", oms_key().pem.encode())


def test_a_chain_is_handed_on_with_the_signer_first():
    from cryptography import x509

    bundle = vector("1.1.1", "certificate")
    assert isinstance(bundle.material, ChainMaterial)
    leaf, root = map(x509.load_der_x509_certificate, bundle.material.certificates)
    assert leaf.issuer == root.subject == root.issuer
    pinned = x509.load_pem_x509_certificate((DATA / "keys/root.crt").read_bytes())
    assert root == pinned


def test_a_keyless_bundle_is_handed_on():
    from cryptography import x509

    bundle = vector("1.1.1", "keyless")
    assert isinstance(bundle.material, KeylessMaterial)
    assert bundle.material.log_entries == 1
    certificate = x509.load_der_x509_certificate(bundle.material.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.RFC822Name) == ["alice@example.org"]


@pytest.mark.parametrize("name", ["certificate", "keyless"])
def test_a_certificate_is_not_taken_for_a_key(name):
    """Not even with the very key that the certificate is for."""
    bundle = vector("1.1.1", name)
    assert reason_of(lambda: verify_with_key(bundle, oms_key())) == "bundle-unsupported"


# ── tampering ────────────────────


def with_payload(change: Callable[[bytes], bytes], document: Any) -> Any:
    envelope = document["dsseEnvelope"]
    payload = change(base64.b64decode(envelope["payload"]))
    envelope["payload"] = base64.b64encode(payload).decode()
    return document


@pytest.mark.parametrize("version", VERSIONS)
def test_a_changed_payload_does_not_verify(version):
    document = with_payload(
        lambda payload: payload.replace(b"weights.bin", b"weights.bit"),
        document_of(version),
    )
    assert reason_of(lambda: verify_with_key(parsed(document), oms_key())) == (
        "signature-invalid"
    )


def test_the_signature_of_another_bundle_does_not_verify():
    document = document_of()
    other = document_of("1.1.1", "ignoring")["dsseEnvelope"]
    document["dsseEnvelope"]["signatures"] = other["signatures"]
    assert reason_of(lambda: verify_with_key(parsed(document), oms_key())) == (
        "signature-invalid"
    )


def test_neither_a_hint_nor_a_key_in_the_bundle_is_trusted():
    private, public = generate("p256", None)
    statement = emit(hash_path(MODEL), "model")
    document = make_oms_bundle(statement, load_private(private, None, "x"))
    document["verificationMaterial"]["publicKey"] = {
        "rawBytes": base64.b64encode(public).decode()
    }
    bundle = parsed(document)
    assert verify_with_key(bundle, load_public(public.decode(), "x")).name == "model"
    assert reason_of(lambda: verify_with_key(bundle, oms_key())) == "signer-not-allowed"


def test_a_wrong_hint_changes_nothing():
    document = document_of()
    document["verificationMaterial"]["publicKey"]["hint"] = oms_key("p384").hint
    assert verify_with_key(parsed(document), oms_key()).name == "model"


# ── parsing ────────────────────


def at(*path: str | int, value: Any = None) -> Callable[[Any], None]:
    """Set a value in a document; None removes it."""

    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        if value is None:
            del document[path[-1]]
        else:
            document[path[-1]] = value

    return change


MATERIAL = "verificationMaterial"
ENVELOPE = "dsseEnvelope"
CERTIFICATE = {"rawBytes": "AAAA"}

#: name → change of a good bundle, and the reason for refusing it
REFUSED: dict[str, tuple[Callable[[Any], None], str]] = {
    "no-media-type": (at("mediaType"), "bundle-unsupported"),
    "older-bundle": (
        at("mediaType", value="application/vnd.dev.sigstore.bundle+json;version=0.1"),
        "bundle-unsupported",
    ),
    "no-material": (at(MATERIAL), "bundle-malformed"),
    "material-no-object": (at(MATERIAL, value=[]), "bundle-malformed"),
    "material-empty": (at(MATERIAL, "publicKey"), "bundle-unsupported"),
    "two-materials": (
        at(MATERIAL, "certificate", value=CERTIFICATE),
        "bundle-unsupported",
    ),
    "key-no-object": (at(MATERIAL, "publicKey", value="x"), "bundle-malformed"),
    "hint-number": (at(MATERIAL, "publicKey", "hint", value=1), "bundle-malformed"),
    "raw-key-no-base64": (
        at(MATERIAL, "publicKey", "rawBytes", value="-"),
        "bundle-malformed",
    ),
    "chain-empty": (
        at(MATERIAL, value={"x509CertificateChain": {"certificates": []}}),
        "bundle-malformed",
    ),
    "chain-endless": (
        at(
            MATERIAL,
            value={"x509CertificateChain": {"certificates": [CERTIFICATE] * 17}},
        ),
        "bundle-malformed",
    ),
    "chain-no-bytes": (
        at(MATERIAL, value={"x509CertificateChain": {"certificates": [{}]}}),
        "bundle-malformed",
    ),
    "certificate-no-bytes": (
        at(MATERIAL, value={"certificate": {}}),
        "bundle-malformed",
    ),
    "no-envelope": (at(ENVELOPE), "bundle-malformed"),
    "no-payload": (at(ENVELOPE, "payload"), "bundle-malformed"),
    "payload-no-base64": (at(ENVELOPE, "payload", value="é"), "bundle-malformed"),
    "payload-with-strangers": (
        at(ENVELOPE, "payload", value="AA\nAA"),
        "bundle-malformed",
    ),
    "other-payload": (
        at(ENVELOPE, "payloadType", value="text/plain"),
        "payload-type-unsupported",
    ),
    "no-signature": (at(ENVELOPE, "signatures", value=[{}]), "bundle-malformed"),
    "no-signatures": (at(ENVELOPE, "signatures"), "bundle-malformed"),
    "two-signatures": (
        at(ENVELOPE, "signatures", value=[{"sig": "AAAA"}, {"sig": "AAAA"}]),
        "bundle-malformed",
    ),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_bundle_of_ours_is_refused(change, reason):
    document = document_of()
    change(document)
    assert reason_of(lambda: parsed(document)) == reason


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"mediaType":1,"mediaType":2}', b"\xff", b"[" * 5000],
    ids=["empty", "list", "cut", "duplicate-key", "no-utf8", "deep"],
)
def test_what_is_no_object_is_refused(data):
    reason = reason_of(lambda: parse_bundle(data, "model.sig"))
    assert reason in ("bundle-malformed", "bundle-unsupported")


def test_a_payload_that_is_no_statement_is_refused_before_its_signature():
    document = with_payload(lambda _: b"{}", document_of())
    assert reason_of(lambda: verify_with_key(parsed(document), oms_key())) == (
        "statement-type-unsupported"
    )


# ── keys, and bundles of ours ────────────────────


@pytest.mark.parametrize("name", ["p256", "p384", "p521"])
def test_the_hint_is_of_the_pem_text_however_it_is_laid_out(name):
    pem = (DATA / "keys" / f"{name}.pub").read_text()
    assert load_public("\n" + pem.replace("\n", "\r\n") + "\n\n", "x") == oms_key(name)
    assert oms_key(name).hint == load_public(pem, "x").hint


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (generate("p256", None)[0].decode(), "key-unreadable"),
        ("", "key-unreadable"),
    ],
    ids=["private", "empty"],
)
def test_other_keys_are_refused(pem, reason):
    assert reason_of(lambda: load_public(pem, "x")) == reason


def test_what_we_sign_verifies_and_can_be_identified():
    private, public = generate("p256", None)
    statement = emit(hash_path(MODEL), "model", ["model.sig"])
    bundle = parsed(make_oms_bundle(statement, load_private(private, None, "x")))
    key = load_public(public.decode(), "x")
    assert bundle.material == KeyMaterial(key.hint)
    assert verify_with_key(bundle, key).files.keys() == {
        str(path.relative_to(MODEL)) for path in MODEL.rglob("*") if path.is_file()
    }
    signer = AllowedSigner(
        Signer("acme", "release", None),
        ByKey(load_public(public.decode(), "x")),
        frozenset({OMS_V1}),
        ("acme/*",),
    )
    found = identify(bundle, [signer], datetime(2026, 11, 21, tzinfo=UTC))
    assert (found.signer, found.refusal) == (signer, None)


def test_a_key_that_no_oms_verifier_takes_does_not_sign():
    private, _ = generate("ed25519", None)
    statement = emit(hash_path(MODEL), "model")
    key = load_private(private, None, "x")
    assert reason_of(lambda: make_oms_bundle(statement, key)) == "key-type-unsupported"
