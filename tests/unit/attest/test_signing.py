"""Signers: what each puts into a bundle, what it refuses, and when it asks whom."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import certificates
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from worlds import NOW, key, signing

from aibom.attest.authority import ByCertificate, ByKey
from aibom.attest.bundle import parse_bundle
from aibom.attest.chain import CertificateRoots
from aibom.attest.keys import PublicKey, generate, load_private
from aibom.attest.signers import PREDICATES, AllowedSigner
from aibom.attest.signing import (
    CertificateSigner,
    IdentitySigner,
    KeySigner,
    in_low_form,
)
from aibom.attest.timestamps import TimestampRoots, request_timestamp
from aibom.attest.verify import identify
from aibom.digest import Digest
from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.lineage.evidence import Signer
from aibom.statement import PROVENANCE_V1, Resource, Statement, to_json

HOME = "https://acme.example/release"
PAYLOAD = Statement.build(
    [Resource.subject("acme/models/reader", Digest("tree", "a" * 64))],
    PROVENANCE_V1,
    {"buildDefinition": {}},
).payload


def allowed(authority) -> AllowedSigner:
    words = PREDICATES["step-record"]
    return AllowedSigner(Signer("acme", "release"), authority, words, ("**",))


def identified(document, *authorities, now=NOW):
    bundle = parse_bundle(to_json(document), "b.json")
    return identify(bundle, [allowed(one) for one in authorities], now)


@pytest.fixture(scope="module")
def root():
    # The real clock: the authority for timestamps has no other.
    today = datetime.now(UTC)
    window = {"begin": today - timedelta(days=1), "end": today + timedelta(days=9)}
    return certificates.root(**window), window


@pytest.fixture(scope="module")
def certified(root):
    """A leaf for the key of ``release``, and the pinned root above it."""
    authority, window = root
    own = _private(key("release"))
    between = authority.intermediate(**window)
    leaf = between.leaf(certificates.uri(HOME), key=own, **window)
    return leaf, CertificateRoots.parse(authority.pem, "roots.pem")


def _private(pair):
    """The key of ours as cryptography has it, for the test's authority."""
    (found,) = [
        value
        for name in type(pair).__slots__
        if hasattr(value := getattr(pair, name), "private_bytes")
    ]
    return found


@pytest.fixture
def authority(local_sigstore):
    """The loopback timestamp authority: how to ask it, and its pinned root."""
    chain = json.loads(local_sigstore.trusted_root())["timestampAuthorities"][0]
    listed = chain["certChain"]["certificates"]
    pem = b"".join(
        b"-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(base64.b64decode(one["rawBytes"]))
        + b"-----END CERTIFICATE-----\n"
        for one in listed
    )

    def stamp(signature: bytes) -> bytes:
        url = f"{local_sigstore.url}/api/v1/timestamp"
        return request_timestamp(url, signature, 30.0)

    return stamp, TimestampRoots.parse(pem, "tsa.pem")


# ── a key ────────────────────


def test_a_key_says_which_one_it_is():
    signer = signing("release")
    signer.prepare()
    document = signer.sign(PAYLOAD)
    material = document["verificationMaterial"]
    assert material["publicKey"] == {"hint": key("release").public.hint}
    assert "timestampVerificationData" not in material or not (
        material["timestampVerificationData"].get("rfc3161Timestamps")
    )
    found = identified(document, ByKey(key("release").public))
    assert (found.refusal, found.signed_at) == (None, None)
    assert found.statement.payload == PAYLOAD
    assert found.who == f"key {key('release').public.hint[:16]}…"


CURVES = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}


class OtherForm:
    """A key, as of an HSM, that only ever gives the higher of both signatures."""

    def __init__(self, curve):
        self._key = ec.generate_private_key(curve)
        self._order = curve.group_order
        self._hash = {256: SHA256(), 384: SHA384(), 521: SHA512()}[curve.key_size]
        self.public = PublicKey.of(self._key.public_key())

    def sign(self, data: bytes) -> bytes:
        return self.higher(self._key.sign(data, ec.ECDSA(self._hash)))

    def higher(self, signature: bytes) -> bytes:
        r, s = decode_dss_signature(signature)
        return encode_dss_signature(r, max(s, self._order - s))


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_of_both_signatures_the_lower_is_written(curve):
    pair, stamped = OtherForm(curve), []

    def noted(signature: bytes) -> bytes:
        stamped.append(signature)
        return b""

    document = KeySigner(pair, noted).sign(PAYLOAD)
    bundle = parse_bundle(to_json(KeySigner(pair).sign(PAYLOAD)), "b.json")
    for found in (*stamped, bundle.signature):
        assert decode_dss_signature(found)[1] <= curve.group_order // 2
        assert in_low_form(found, pair.public) == found
        assert pair.public.verifies(found, bundle.signed_bytes)
        higher = pair.higher(found)
        assert pair.public.verifies(higher, bundle.signed_bytes)
        assert in_low_form(higher, pair.public) == found
    assert base64.b64encode(stamped[0]).decode() in to_json(document).decode()


def test_other_signatures_have_one_form():
    pair = load_private(generate("ed25519", None)[0], None, "key")
    assert in_low_form(pair.sign(b"x"), pair.public) == pair.sign(b"x")


def test_what_is_no_ecdsa_signature_has_no_form():
    with pytest.raises(ValueError, match=r"ASN.1|parsing"):
        in_low_form(b"x" * 64, key("release").public)


def test_a_key_with_a_time(authority):
    stamp, roots = authority
    document = KeySigner(key("release"), stamp).sign(PAYLOAD)
    now = datetime.now(UTC)
    found = identified(document, ByKey(key("release").public, roots), now=now)
    assert found.refusal is None
    assert abs(found.signed_at - now) < timedelta(minutes=5)


def test_what_is_stamped_is_the_signature(authority):
    stamp, _ = authority
    seen = []

    def noted(signature: bytes) -> bytes:
        seen.append(signature)
        return stamp(signature)

    document = KeySigner(key("release"), noted).sign(PAYLOAD)
    (listed,) = document["dsseEnvelope"]["signatures"]
    assert seen == [base64.b64decode(listed["sig"])]


#: name → (with a time, roots are pinned), what the verifier says
TIMES = {
    "asked for, and absent": (False, True, "no-trusted-time"),
    "there, and nobody can tell": (True, False, "timestamp-unverifiable"),
    "neither": (False, False, None),
    "both": (True, True, None),
}


@pytest.mark.parametrize(("stamped", "pinned", "refusal"), TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("kind", ["key", "certificate"])
def test_a_time_is_verified_or_it_does_not_pass(
    authority, certified, kind, stamped, pinned, refusal
):
    stamp, roots = authority
    leaf, pinned_roots = certified
    asked = stamp if stamped else None
    trusted = roots if pinned else None
    if kind == "key":
        signer = KeySigner(key("release"), asked)
        rule = ByKey(key("release").public, trusted)
    else:
        signer = CertificateSigner(key("release"), tuple(leaf.chain), asked)
        rule = ByCertificate(pinned_roots, HOME, trusted)
    signer.prepare()
    found = identified(signer.sign(PAYLOAD), rule, now=datetime.now(UTC))
    assert found.refusal == refusal


def test_when_there_is_no_time_there_is_no_bundle():
    def refuses(signature: bytes) -> bytes:
        raise AibomError("out of order", reason="service-failed")

    with pytest.raises(AibomError) as refused:
        KeySigner(key("release"), refuses).sign(PAYLOAD)
    assert refused.value.reason == "service-failed"


def test_a_time_for_another_signature_is_not_taken(authority):
    stamp, roots = authority
    document = KeySigner(key("release"), lambda _: stamp(b"another")).sign(PAYLOAD)
    with pytest.raises(VerificationFailed) as refused:
        identified(document, ByKey(key("release").public, roots))
    assert refused.value.reason == "timestamp-invalid"


# ── a key with its certificates ────────────────────


def test_the_chain_is_in_the_bundle_as_it_was_given(certified):
    leaf, roots = certified
    document = CertificateSigner(key("release"), tuple(leaf.chain)).sign(PAYLOAD)
    material = document["verificationMaterial"]
    listed = material["x509CertificateChain"]["certificates"]
    assert [base64.b64decode(one["rawBytes"]) for one in listed] == leaf.chain
    assert "publicKey" not in material
    found = identified(document, ByCertificate(roots, HOME), now=datetime.now(UTC))
    assert (found.refusal, found.who) == (None, f"certificate of {HOME}")


def test_a_key_is_not_believed_for_its_certificate(certified):
    """Nor the other way round: each entry says how its signer is recognised."""
    leaf, roots = certified
    chained = CertificateSigner(key("release"), tuple(leaf.chain)).sign(PAYLOAD)
    bare = signing("release").sign(PAYLOAD)
    now = datetime.now(UTC)
    only_key = identified(chained, ByKey(key("release").public), now=now)
    only_name = identified(bare, ByCertificate(roots, HOME), now=now)
    assert only_key.refusal == only_name.refusal == "signer-not-allowed"


OTHERS = {
    "another key's": lambda leaf, other: (other.der, *leaf.chain[1:]),
    "its issuer's first": lambda leaf, _: tuple(reversed(leaf.chain)),
    "no certificate at all": lambda leaf, _: (b"\x30\x00", *leaf.chain[1:]),
}


@pytest.mark.parametrize("chain", OTHERS.values(), ids=OTHERS)
def test_a_certificate_of_another_key_is_refused_before_anything(certified, chain):
    leaf, _ = certified
    other = leaf.issuer.leaf(certificates.uri(HOME))
    with pytest.raises(InputError) as refused:
        CertificateSigner(key("release"), chain(leaf, other)).prepare()
    assert refused.value.reason == "certificate-key-differs"
    assert refused.value.hint


def test_who_did_not_prepare_makes_no_signature_that_holds(certified, root):
    leaf, roots = certified
    other = leaf.issuer.leaf(certificates.uri(HOME), **root[1])
    wrong = CertificateSigner(key("release"), tuple(other.chain)).sign(PAYLOAD)
    with pytest.raises(VerificationFailed) as refused:
        identified(wrong, ByCertificate(roots, HOME), now=datetime.now(UTC))
    assert refused.value.reason == "signature-invalid"


# ── an identity ────────────────────


class Tokens:
    """Gives one token after the other, and counts how often it was asked."""

    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return self.left.pop(0)


def identity_signer(sigstore, tokens, clock=lambda: datetime.now(UTC)):
    return IdentitySigner(tokens, sigstore.trust_config(), 60.0, clock)


def test_a_token_is_asked_for_once(local_sigstore):
    tokens = Tokens(local_sigstore.identity_token("a@acme.example"))
    signer = identity_signer(local_sigstore, tokens)
    before = local_sigstore.requests
    signer.prepare()
    assert local_sigstore.requests == before
    document = signer.sign(PAYLOAD)
    assert tokens.asked == 1
    assert "certificate" in document["verificationMaterial"]
    assert len(local_sigstore.requests) > len(before)


def test_who_did_not_prepare_is_asked_when_signing(local_sigstore):
    tokens = Tokens(local_sigstore.identity_token("a@acme.example"))
    identity_signer(local_sigstore, tokens).sign(PAYLOAD)
    assert tokens.asked == 1


def test_a_token_that_expired_while_hashing_is_replaced(local_sigstore):
    """The hash of a large model takes longer than a token lives."""
    now = datetime.now(UTC)
    first, second = (local_sigstore.identity_token("a@acme.example") for _ in range(2))
    times = [now, now + timedelta(days=1), now]
    tokens = Tokens(first, second)
    signer = identity_signer(local_sigstore, tokens, lambda: times.pop(0))
    signer.prepare()
    signer.sign(PAYLOAD)
    assert (tokens.asked, times) == (2, [])


WRONG = {
    "no token": ("eyJ", "token-malformed"),
    "expired": (None, "token-expired"),
}


@pytest.mark.parametrize(("token", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_refused_before_anything_is_hashed(
    local_sigstore, token, reason
):
    given = token or local_sigstore.identity_token("a@acme.example")
    later = datetime.now(UTC) + timedelta(days=1)
    signer = identity_signer(local_sigstore, lambda: given, lambda: later)
    before = local_sigstore.requests
    with pytest.raises(InputError) as refused:
        signer.prepare()
    assert refused.value.reason == reason
    assert given not in str(refused.value)
    assert local_sigstore.requests == before


def test_the_replacement_is_checked_as_well(local_sigstore):
    good = local_sigstore.identity_token("a@acme.example")
    now = datetime.now(UTC)
    times = [now, now + timedelta(days=1), now + timedelta(days=1)]
    signer = identity_signer(local_sigstore, lambda: good, lambda: times.pop(0))
    signer.prepare()
    with pytest.raises(InputError) as refused:
        signer.sign(PAYLOAD)
    assert refused.value.reason == "token-expired"


def test_no_signer_shows_a_token(local_sigstore):
    token = local_sigstore.identity_token("a@acme.example")
    signer = identity_signer(local_sigstore, lambda: token)
    signer.prepare()
    assert token not in repr(signer)
