"""sigstore-python, unmodified, signs against LocalSigstore and verifies its bundles."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sigstore.dsse import Statement
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_clients import (
    ALICE,
    ARTIFACT,
    IDENTITIES,
    MODES,
    STATEMENT,
    alice,
    sign,
    signer,
    verifier,
    verify,
)

from aibom.testing.sigstore import LocalSigstore


def log_entry(bundle):
    return json.loads(bundle.to_json())["verificationMaterial"]["tlogEntries"][0]


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("mode", MODES)
def test_every_identity_in_every_mode(local_sigstore, mode, identity):
    token, (name, issuer) = (make(local_sigstore) for make in IDENTITIES[identity])
    policy = Identity(identity=name, issuer=issuer)
    with signer(local_sigstore, mode, token) as signing:
        attested = signing.sign_dsse(Statement(STATEMENT))
        signed = signing.sign_artifact(ARTIFACT)
    assert verify(local_sigstore, attested, policy) == STATEMENT
    verifier(local_sigstore).verify_artifact(ARTIFACT, signed, policy)


#: mode → what an entry holds beside the proof: kind, promise, and timestamps
PARTS = {
    "v1": ("dsse", "0.0.1", True, 0),
    "v1-tsa": ("dsse", "0.0.1", True, 1),
    "v2-tsa": ("hashedrekord", "0.0.2", False, 1),
}


@pytest.mark.parametrize("mode", MODES)
def test_what_a_bundle_holds(local_sigstore, mode):
    material = json.loads(sign(local_sigstore, mode).to_json())["verificationMaterial"]
    (entry,) = material["tlogEntries"]
    stamps = material.get("timestampVerificationData", {}).get("rfc3161Timestamps", [])
    kind = entry["kindVersion"]
    promised = "inclusionPromise" in entry
    assert (kind["kind"], kind["version"], promised, len(stamps)) == PARTS[mode]
    assert "hashes" in entry["inclusionProof"]


@pytest.mark.parametrize("mode", MODES)
def test_the_log_learns_digests_only(local_sigstore, mode):
    private = STATEMENT.replace(b'"model"', b'"secret-name"')
    entry = log_entry(sign(local_sigstore, mode, statement=private))
    assert "c2VjcmV0LW5hbWU" not in json.dumps(entry)
    assert private not in json.dumps(entry).encode()


def test_verification_asks_nobody(local_sigstore):
    bundle = sign(local_sigstore)
    before = local_sigstore.requests
    verify(local_sigstore, bundle, alice(local_sigstore))
    assert local_sigstore.requests == before


def test_everything_verifies_once_the_server_has_stopped(tmp_path):
    with LocalSigstore() as sigstore:
        bundles = {mode: sign(sigstore, mode).to_json() for mode in MODES}
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sigstore.url}/keys", timeout=5)
    root = tmp_path / "trusted_root.json"
    root.write_text(sigstore.trusted_root())
    offline = Verifier(trusted_root=TrustedRoot.from_file(str(root)))
    for text in bundles.values():
        _, payload = offline.verify_dsse(Bundle.from_json(text), alice(sigstore))
        assert payload == STATEMENT


@pytest.mark.parametrize("mode", ["v1-tsa", "v2-tsa"])
def test_forty_at_once(mode):
    statements = [STATEMENT.replace(b"model", b"model-%d" % n) for n in range(40)]
    with LocalSigstore() as sigstore, ThreadPoolExecutor(8) as pool:
        bundles = list(
            pool.map(
                lambda statement: sign(sigstore, mode, None, statement), statements
            )
        )
    for bundle, statement in zip(bundles, statements, strict=True):
        assert verify(sigstore, bundle, alice(sigstore)) == statement
    entries = [log_entry(bundle) for bundle in bundles]
    # v1 leaves the first index out of its JSON, as protobuf does with zeros.
    indexes = sorted(int(entry.get("logIndex", 0)) for entry in entries)
    assert indexes == list(range(40))
    assert max(len(entry["inclusionProof"]["hashes"]) for entry in entries) >= 5


def test_one_context_signs_many_times(local_sigstore):
    with signer(local_sigstore, "v2-tsa") as signing:
        bundles = [signing.sign_dsse(Statement(STATEMENT)) for _ in range(3)]
    certificates = {bundle.signing_certificate for bundle in bundles}
    assert len(certificates) == 1
    for bundle in bundles:
        assert verify(local_sigstore, bundle, alice(local_sigstore)) == STATEMENT


def test_two_instances_share_nothing(local_sigstore):
    with LocalSigstore() as other:
        assert other.url != local_sigstore.url
        assert other.trusted_root() != local_sigstore.trusted_root()
        bundle = sign(other)
    verify(other, bundle, alice(other))
    assert ALICE in str(bundle.signing_certificate.extensions)
