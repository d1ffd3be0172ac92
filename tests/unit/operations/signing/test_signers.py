"""Options in, a signer out; and what is refused before anything is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import certificates
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from softhsm import PIN, soft_hsm
from worlds import key, signing

from aibom.attest.keys import generate, load_private
from aibom.attest.remote_key import RemoteKey
from aibom.attest.signing import CertificateSigner, KeySigner
from aibom.errors import AibomError, InputError
from aibom.operations.signing.signers import (
    OFFLINE,
    PUBLIC,
    Keyless,
    certified,
    identity_signer,
    remote_key,
)
from aibom.statement import PROVENANCE_V1, Resource, Statement
from aibom.testing.sigstore import LocalSigstore

__all__ = ["soft_hsm"]

NOBODY = "http://127.0.0.1:9"
PAYLOAD = Statement.build(
    [Resource("acme/models/reader", {"sha256": "a" * 64})],
    PROVENANCE_V1,
    {"buildDefinition": {}},
).payload


@pytest.fixture(scope="module")
def sigstore():
    with LocalSigstore(user="anne@acme.example") as served:
        yield served


@pytest.fixture
def config(sigstore, tmp_path) -> str:
    path = tmp_path / "sigstore.json"
    path.write_text(sigstore.trust_config())
    return str(path)


def keyless(sigstore: str, token: str | None = None, may_ask: bool = False) -> Keyless:
    return Keyless(sigstore, token, 60.0, may_ask)


def refused(work, *arguments) -> AibomError:
    with pytest.raises(AibomError) as found:
        work(*arguments)
    return found.value


# ── identities ────────────────────


def test_a_token_that_was_given_counts(sigstore, config, monkeypatch):
    """Also inside of a job: somebody named whom to sign as."""
    for name, value in sigstore.github_environment().items():
        monkeypatch.setenv(name, value)
    token = sigstore.identity_token("bert@acme.example")
    document = identity_signer(keyless(config, token)).sign(PAYLOAD)
    assert b"bert@acme.example" in certificate_of(document)


def test_then_that_of_the_job(sigstore, config, monkeypatch):
    for name, value in sigstore.gitlab_environment().items():
        monkeypatch.setenv(name, value)
    signer = identity_signer(keyless(config))
    assert b"https://gitlab.com/" in certificate_of(signer.sign(PAYLOAD))


def certificate_of(document) -> bytes:
    import base64

    material = document["verificationMaterial"]
    return base64.b64decode(material["certificate"]["rawBytes"])


def test_nobody_is_asked_who_may_not_be(sigstore, config):
    signer = identity_signer(keyless(config))
    before = sigstore.requests
    error = refused(signer.prepare)
    assert sigstore.requests == before
    assert (error.reason, error.exit_code) == ("token-unavailable", 1)
    assert "--identity-token" in error.hint


def test_no_server_is_asked_for_a_signer(sigstore, config):
    before = sigstore.requests
    identity_signer(keyless(config, "anything"))
    assert sigstore.requests == before


def test_the_public_instance_needs_no_network_to_be_named():
    signer = identity_signer(keyless(PUBLIC, "anything"))
    assert refused(signer.prepare).reason == "token-malformed"


CONFIGS = {
    "gone": (None, "path-missing"),
    "no config": (b"{}", "trust-config-invalid"),
    "no JSON": (b"\xff", "trust-config-invalid"),
}


@pytest.mark.parametrize(("data", "reason"), CONFIGS.values(), ids=CONFIGS)
def test_a_sigstore_that_is_none(tmp_path, data, reason):
    path = tmp_path / "config.json"
    if data is not None:
        path.write_bytes(data)
    error = refused(identity_signer, keyless(str(path)))
    assert (error.reason, error.exit_code) == (reason, 1)


def test_a_wish_does_not_show_its_token():
    assert "s3cret" not in repr(keyless(PUBLIC, "s3cret"))


# ── offline ────────────────────

ASKING = {
    "an identity": lambda: identity_signer(keyless(PUBLIC, "anything")),
    "a time": lambda: certified(key("release"), None, NOBODY, 1.0),
    "a cloud": lambda: remote_key("awskms:key", Path("release.pub"), None),
    "a vault": lambda: remote_key("hv:key/1", Path("release.pub"), None),
    "no key at all": lambda: remote_key("nonsense", Path("release.pub"), None),
}


@pytest.mark.parametrize("work", ASKING.values(), ids=ASKING)
def test_offline_nothing_is_asked(work, monkeypatch):
    monkeypatch.setenv(OFFLINE, "1")
    error = refused(work)
    assert (error.reason, error.exit_code) == ("offline", 1)
    assert f"unset {OFFLINE}" in error.hint


def test_offline_a_key_signs(monkeypatch, root_and_leaf):
    monkeypatch.setenv(OFFLINE, "1")
    chain, pair = root_and_leaf
    for signer in (
        certified(pair, None, None, 1.0),
        certified(pair, chain, None, 1.0),
    ):
        signer.prepare()
        assert signer.sign(PAYLOAD)["dsseEnvelope"]


def test_offline_an_hsm_signs(monkeypatch, soft_hsm, tmp_path):
    monkeypatch.setenv(OFFLINE, "1")
    assert hsm_key(soft_hsm, tmp_path).sign(b"data")


# ── keys ────────────────────


@pytest.fixture
def root_and_leaf(tmp_path):
    secret, _ = generate("p256", None)
    own = load_pem_private_key(secret, None)
    today = datetime.now(UTC)
    window = {"begin": today - timedelta(days=1), "end": today + timedelta(days=9)}
    leaf = certificates.root(**window).leaf(key=own, **window)
    path = tmp_path / "chain.pem"
    path.write_bytes(leaf.pem)
    return path, load_private(secret, None, "own")


def test_a_chain_makes_another_signer(root_and_leaf):
    chain, pair = root_and_leaf
    assert isinstance(certified(pair, None, None, 1.0), KeySigner)
    assert isinstance(certified(pair, chain, None, 1.0), CertificateSigner)


def test_a_chain_of_another_key(root_and_leaf):
    chain, _ = root_and_leaf
    signer = certified(key("release"), chain, None, 1.0)
    assert refused(signer.prepare).reason == "certificate-key-differs"


CHAINS = {
    "gone": (None, "path-missing"),
    "no certificate": (b"nothing\n", "certificate-unreadable"),
    "a key": (key("release").public.pem.encode(), "certificate-unreadable"),
}


@pytest.mark.parametrize(("data", "reason"), CHAINS.values(), ids=CHAINS)
def test_a_chain_that_is_none(tmp_path, data, reason):
    path = tmp_path / "chain.pem"
    if data is not None:
        path.write_bytes(data)
    error = refused(certified, key("release"), path, None, 1.0)
    assert error.reason == reason


def test_an_authority_is_asked_when_signing(sigstore):
    url = f"{sigstore.url}/api/v1/timestamp"
    signer = certified(key("release"), None, url, 30.0)
    before = sigstore.requests
    signer.prepare()
    assert sigstore.requests == before
    material = signer.sign(PAYLOAD)["verificationMaterial"]
    assert material["timestampVerificationData"]["rfc3161Timestamps"]
    assert sigstore.requests[len(before) :] == ("POST /api/v1/timestamp",)


def test_an_authority_that_is_not_there():
    signer = certified(key("release"), None, NOBODY, 5.0)
    assert refused(signer.sign, PAYLOAD).reason == "service-unreachable"


# ── keys that stay where they are ────────────────────


def hsm_key(hsm, folder: Path, name: str = "p256", secret=lambda _: PIN):
    found = hsm.keys[name]
    path = folder / "hsm.pub"
    path.write_text(found.public_pem)
    return remote_key(found.uri, path, secret)


def test_a_key_in_an_hsm(soft_hsm, tmp_path):
    found = hsm_key(soft_hsm, tmp_path)
    assert isinstance(found, RemoteKey)
    assert found.public.verifies(found.sign(b"data"), b"data")


@pytest.mark.parametrize(
    ("pem", "reason"),
    [(None, "path-missing"), ("nothing", "key-unreadable")],
    ids=["gone", "no key"],
)
def test_a_public_half_that_is_none(tmp_path, pem, reason):
    path = tmp_path / "hsm.pub"
    if pem is not None:
        path.write_text(pem)
    error = refused(remote_key, "hsm:1", path, lambda _: PIN)
    assert isinstance(error, InputError)
    assert error.reason == reason


def test_a_uri_with_a_pin_in_it_is_not_repeated(tmp_path):
    path = tmp_path / "hsm.pub"
    path.write_text(signing("release").key.public.pem)
    error = refused(remote_key, f"pkcs11:x?pin-value={PIN}", path, lambda _: PIN)
    assert error.reason == "key-uri-unsupported"
    assert PIN not in f"{error} {error.hint}"
