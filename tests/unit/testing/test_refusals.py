"""What must not verify: one bundle for each way of tampering, and the wrong policies.

A test server that lets these through would prove nothing about a verifier, so each case
names what sigstore-python says, which keeps it from being refused for another reason.
"""

from __future__ import annotations

import base64
import functools
import importlib.util
import json

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import DuplicateExtension, ExtensionNotFound, InvalidVersion
from hypothesis import given, settings
from hypothesis import strategies as st
from sigstore.errors import VerificationError
from sigstore.models import Bundle, InvalidBundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_clients import (
    ALICE,
    GITHUB_JOB,
    STATEMENT,
    alice,
    sign,
    verify,
)

from aibom.testing.sigstore import GITHUB_ISSUER, LocalSigstore

GITHUB = Identity(identity=GITHUB_JOB, issuer=GITHUB_ISSUER)


def flipped(encoded, position=-1):
    """Base64 of the same bytes with one bit changed."""
    data = bytearray(base64.b64decode(encoded))
    data[position] ^= 1
    return base64.b64encode(data).decode()


def entry_of(bundle):
    return bundle["verificationMaterial"]["tlogEntries"][0]


def payload(bundle):
    other = STATEMENT.replace(b"ab", b"cd")
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(other).decode()


def signature(bundle):
    (signature,) = bundle["dsseEnvelope"]["signatures"]
    signature["sig"] = flipped(signature["sig"])


def integrated_time(bundle):
    entry = entry_of(bundle)
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)


def promise(bundle):
    given = entry_of(bundle)["inclusionPromise"]
    given["signedEntryTimestamp"] = flipped(given["signedEntryTimestamp"])


def root_hash(bundle):
    proof = entry_of(bundle)["inclusionProof"]
    proof["rootHash"] = flipped(proof["rootHash"])


def proof_hash(bundle):
    proof = entry_of(bundle)["inclusionProof"]
    proof["hashes"][0] = flipped(proof["hashes"][0])


def checkpoint_size(bundle):
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    origin, size, rest = checkpoint["envelope"].split("\n", 2)
    checkpoint["envelope"] = f"{origin}\n{int(size) + 1}\n{rest}"


def checkpoint_signature(bundle):
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    text, _, signed = checkpoint["envelope"].rstrip("\n").rpartition(" ")
    checkpoint["envelope"] = f"{text} {flipped(signed, 40)}\n"


def log_body(bundle):
    entry = entry_of(bundle)
    entry["canonicalizedBody"] = flipped(entry["canonicalizedBody"], -20)


def timestamp(bundle):
    data = bundle["verificationMaterial"]["timestampVerificationData"]
    (stamp,) = data["rfc3161Timestamps"]
    stamp["signedTimestamp"] = flipped(stamp["signedTimestamp"])


TAMPERED = {
    "payload": (payload, "v1", "invalid signature"),
    "payload-v2": (payload, "v2-tsa", "invalid signature"),
    "signature": (signature, "v1", "invalid signature"),
    # The timestamp is over the signature, so it is the first to disagree.
    "signature-stamped": (signature, "v2-tsa", "verified time"),
    "integrated-time": (integrated_time, "v1", "invalid inclusion promise"),
    "promise": (promise, "v1", "invalid inclusion promise"),
    "root-hash": (root_hash, "v1", "invalid root hash"),
    "root-hash-v2": (root_hash, "v2-tsa", "invalid root hash"),
    "proof-hash": (proof_hash, "v1", "invalid root hash"),
    "proof-hash-v2": (proof_hash, "v2-tsa", "invalid root hash"),
    "checkpoint-size": (checkpoint_size, "v1", "checkpoint: invalid signature"),
    "checkpoint-size-v2": (checkpoint_size, "v2-tsa", "checkpoint: invalid signature"),
    "checkpoint-signature": (checkpoint_signature, "v1", "checkpoint: invalid sig"),
    "checkpoint-signature-v2": (
        checkpoint_signature,
        "v2-tsa",
        "checkpoint: invalid sig",
    ),
    "log-body": (log_body, "v1", "invalid root hash"),
    "log-body-v2": (log_body, "v2-tsa", "invalid root hash"),
    "timestamp": (timestamp, "v2-tsa", "verified time"),
}


@pytest.mark.parametrize(("change", "mode", "says"), TAMPERED.values(), ids=TAMPERED)
def test_a_changed_bundle_is_refused(local_sigstore, change, mode, says):
    # Not the first entry of its log: the proof has to have hashes.
    sign(local_sigstore, mode)
    bundle = json.loads(sign(local_sigstore, mode).to_json())
    change(bundle)
    changed = Bundle.from_json(json.dumps(bundle))
    with pytest.raises(VerificationError, match=says):
        verify(local_sigstore, changed, alice(local_sigstore))


#: Old versions of the client read certificates with pyOpenSSL, which has its own error.
OF_OPENSSL = (
    (importlib.import_module("OpenSSL.crypto").Error,)
    if importlib.util.find_spec("OpenSSL")
    else ()
)
#: sigstore-python lets out whatever cryptography says of a certificate it cannot read.
REFUSALS = (
    *(VerificationError, InvalidBundle, ValueError),
    *(InvalidVersion, ExtensionNotFound, DuplicateExtension, UnsupportedAlgorithm),
    *OF_OPENSSL,
)

#: Binary parts of a bundle: where each is, as keys from the top.
ENTRY = ("verificationMaterial", "tlogEntries", 0)
BINARY = {
    "payload": ("dsseEnvelope", "payload"),
    "signature": ("dsseEnvelope", "signatures", 0, "sig"),
    "certificate": ("verificationMaterial", "certificate", "rawBytes"),
    "body": (*ENTRY, "canonicalizedBody"),
    "root-hash": (*ENTRY, "inclusionProof", "rootHash"),
    "proof": (*ENTRY, "inclusionProof", "hashes", 0),
    "promise": (*ENTRY, "inclusionPromise", "signedEntryTimestamp"),
}


@pytest.fixture(scope="module")
def genuine(local_sigstore):
    """The JSON of a bundle that verifies and that has all of these parts."""
    sign(local_sigstore, "v1")
    bundle = sign(local_sigstore, "v1")
    verify(local_sigstore, bundle, alice(local_sigstore))
    return bundle.to_json()


def read_and_verify(sigstore, text):
    verify(sigstore, Bundle.from_json(text), alice(sigstore))


@settings(max_examples=50)
@pytest.mark.parametrize("path", BINARY.values(), ids=BINARY)
@given(st.data())
def test_no_bit_may_differ(local_sigstore, genuine, path, data):
    bundle = json.loads(genuine)
    *above, last = path
    holder = functools.reduce(lambda value, key: value[key], above, bundle)
    raw = bytearray(base64.b64decode(holder[last]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    holder[last] = base64.b64encode(raw).decode()
    with pytest.raises(REFUSALS):
        read_and_verify(local_sigstore, json.dumps(bundle))


def test_rekor_v2_without_a_timestamp_is_refused(local_sigstore):
    bundle = json.loads(sign(local_sigstore, "v2-tsa").to_json())
    del bundle["verificationMaterial"]["timestampVerificationData"]
    with pytest.raises(InvalidBundle, match="signed timestamp"):
        Bundle.from_json(json.dumps(bundle))


POLICIES = {
    "identity": (lambda s: Identity(identity="eve@example.org", issuer=s.url), "SANs"),
    "issuer": (lambda _: Identity(identity=ALICE, issuer=GITHUB_ISSUER), "OIDCIssuer"),
    "kind": (lambda s: Identity(identity=GITHUB_JOB, issuer=s.url), "SANs"),
}


@pytest.mark.parametrize(("policy", "says"), POLICIES.values(), ids=POLICIES)
def test_another_signer_is_refused(local_sigstore, policy, says):
    bundle = sign(local_sigstore)
    with pytest.raises(VerificationError, match=says):
        verify(local_sigstore, bundle, policy(local_sigstore))


@pytest.mark.parametrize("mode", ["v1", "v1-tsa", "v2-tsa"])
def test_another_instance_does_not_vouch_for_ours(local_sigstore, mode):
    token = local_sigstore.github_token()
    bundle = sign(local_sigstore, mode, token)
    verify(local_sigstore, bundle, GITHUB)
    # With a promise the certificate fails first; without, there is no time to check it.
    says = "verified time" if mode == "v2-tsa" else "failed to build"
    with LocalSigstore() as stranger, pytest.raises(VerificationError, match=says):
        verify(stranger, bundle, GITHUB)


#: What a stranger's trusted root replaces in ours: each part has its own say.
ROOTS = {
    "certificates": ("certificateAuthorities", "v1", "failed to build"),
    "ct-log": ("ctlogs", "v1", "failed to verify SCT"),
    "rekor-v1": ("tlogs", "v1", "checkpoint: invalid signature"),
    "rekor-v2": ("tlogs", "v2-tsa", "checkpoint: invalid signature"),
    "timestamps": ("timestampAuthorities", "v2-tsa", "verified time"),
}


@pytest.mark.parametrize(("part", "mode", "says"), ROOTS.values(), ids=ROOTS)
def test_every_part_of_the_root_counts(local_sigstore, tmp_path, part, mode, says):
    bundle = sign(local_sigstore, mode)
    root = json.loads(local_sigstore.trusted_root())
    with LocalSigstore() as stranger:
        root[part] = json.loads(stranger.trusted_root())[part]
    path = tmp_path / "root.json"
    path.write_text(json.dumps(root))
    mixed = Verifier(trusted_root=TrustedRoot.from_file(str(path)))
    with pytest.raises(VerificationError, match=says):
        mixed.verify_dsse(bundle, alice(local_sigstore))


#: What comes from a bundle that a stranger made as the same identity.
GRAFTS = {
    "certificate": ("certificate", "v1", "failed to build"),
    "certificate-v2": ("certificate", "v2-tsa", "failed to build"),
    "log-entry": ("tlogEntries", "v1", "checkpoint"),
    "log-entry-v2": ("tlogEntries", "v2-tsa", "checkpoint"),
    "timestamps": ("timestampVerificationData", "v2-tsa", "verified time"),
}


def grafted(ours, name, mode):
    """Our bundle, with some of the material of a stranger's bundle in its place."""
    bundle = json.loads(sign(ours, mode, ours.github_token()).to_json())
    with LocalSigstore() as stranger:
        theirs = json.loads(sign(stranger, mode, stranger.github_token()).to_json())
    bundle["verificationMaterial"][name] = theirs["verificationMaterial"][name]
    return Bundle.from_json(json.dumps(bundle))


@pytest.mark.parametrize(("name", "mode", "says"), GRAFTS.values(), ids=GRAFTS)
def test_a_strangers_material_is_refused(local_sigstore, name, mode, says):
    bundle = grafted(local_sigstore, name, mode)
    with pytest.raises(VerificationError, match=says):
        verify(local_sigstore, bundle, GITHUB)


def test_sigstore_python_overlooks_a_bad_timestamp_beside_a_promise(local_sigstore):
    # Why aibom's verifier has to look at timestamps itself: Rekor v1's promise is time
    # enough here, and a stranger's timestamp, or a broken one, is passed over.
    bundle = grafted(local_sigstore, "timestampVerificationData", "v1-tsa")
    assert verify(local_sigstore, bundle, GITHUB) == STATEMENT
