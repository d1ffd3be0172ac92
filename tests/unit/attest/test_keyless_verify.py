"""What verifies, what it says of its signer, and one refusal for each way to break it.

Bundles are made by the unmodified sigstore-python against the loopback Sigstore.
"""

from __future__ import annotations

import base64
import functools
import inspect
import json
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest
import sigstore.models
import sigstore.verify.verifier
from hypothesis import given, settings
from hypothesis import strategies as st
from sigstore.dsse import Statement
from sigstore_clients import GITHUB_JOB, IDENTITIES, MODES, STATEMENT, sign, signer

from aibom.attest import keyless_diagnosis
from aibom.attest.bundle import make_bundle
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_verify import verify_keyless
from aibom.attest.keys import generate, load_private
from aibom.errors import AibomError, DocumentInvalid, VerificationFailed
from aibom.testing.sigstore import GITHUB_ISSUER, LocalSigstore

#: What cryptography says of odd certificates before it reads or refuses them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning"
)

SOURCES = {
    "v1": ("transparency-service",),
    "v1-tsa": ("timestamp-authority", "transparency-service"),
    "v2-tsa": ("timestamp-authority",),
}


def root_of(sigstore):
    return TrustRoot.parse(sigstore.trusted_root().encode(), "root.json")


def verified(sigstore, document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return verify_keyless(data, root_of(sigstore), "b.json")


def refusal(sigstore, document):
    """The error of a bundle that must not verify."""
    with pytest.raises(AibomError) as refused:
        verified(sigstore, document)
    assert refused.value.where.startswith("b.json")
    return refused.value


def signed(sigstore, mode="v1", token=None):
    return json.loads(sign(sigstore, mode, token).to_json())


# ── what holds ────────────────────


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("mode", MODES)
def test_every_identity_in_every_mode(local_sigstore, mode, identity):
    token_of, wanted = IDENTITIES[identity]
    before = datetime.now(UTC) - timedelta(seconds=2)
    found = verified(
        local_sigstore, signed(local_sigstore, mode, token_of(local_sigstore))
    )
    assert found.statement.payload == STATEMENT
    assert (found.identity.san, found.identity.issuer) == wanted(local_sigstore)
    assert found.identity.san_kind == ("email" if identity == "email" else "uri")
    assert found.time_sources == SOURCES[mode]
    assert before <= found.signed_at <= datetime.now(UTC) + timedelta(seconds=2)


def test_what_a_github_job_says_of_itself(local_sigstore):
    called = "acme/builders/.github/workflows/build.yml@refs/tags/v1"
    token = local_sigstore.github_token(
        ref="refs/heads/dev", claims={"job_workflow_ref": called}
    )
    identity = verified(local_sigstore, signed(local_sigstore, "v1", token)).identity
    assert identity.san == identity.workflow_ref == f"https://github.com/{called}"
    assert identity.source_repository == "https://github.com/acme/trainer"
    assert identity.source_ref == "refs/heads/dev"
    assert identity.runner_environment == "github-hosted"
    assert identity.claims["build-trigger"] == "push"
    assert len(identity.claims) == 15


def test_a_person_has_no_job(local_sigstore):
    identity = verified(local_sigstore, signed(local_sigstore)).identity
    assert identity.claims == {"issuer": local_sigstore.url}
    assert (identity.source_repository, identity.workflow_ref) == (None, None)


def test_no_server_no_network_and_no_home(tmp_path, monkeypatch):
    with LocalSigstore() as sigstore:
        bundles = [signed(sigstore, mode) for mode in MODES]
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    home.chmod(0o500)

    def no_socket(*_args, **_kwargs):
        raise AssertionError("verification opened a socket")

    monkeypatch.setattr(socket.socket, "connect", no_socket)
    for bundle in bundles:
        assert verified(sigstore, bundle).statement.payload == STATEMENT
    assert TrustRoot.embedded().load() is not None
    assert os.listdir(home) == []


# ── what does not ────────────────────


def flipped(encoded, position=-1):
    """Base64 of the same bytes with one bit changed."""
    data = bytearray(base64.b64decode(encoded))
    data[position] ^= 1
    return base64.b64encode(data).decode()


def at(*path):
    """A change of one bit in the base64 at this path."""

    def change(bundle):
        *above, last = path
        holder = functools.reduce(lambda value, key: value[key], above, bundle)
        holder[last] = flipped(holder[last])

    return change


def put(value, *path):
    """A change of what stands at this path; None takes it away."""

    def change(bundle):
        *above, last = path
        holder = functools.reduce(lambda part, key: part[key], above, bundle)
        if value is None:
            del holder[last]
        else:
            holder[last] = value

    return change


MATERIAL = "verificationMaterial"
ENTRY = (MATERIAL, "tlogEntries", 0)
PROOF = (*ENTRY, "inclusionProof")
STAMP = (MATERIAL, "timestampVerificationData", "rfc3161Timestamps")
CERTIFICATE = (MATERIAL, "certificate", "rawBytes")
OTHER = base64.b64encode(STATEMENT.replace(b"ab", b"cd")).decode()


def checkpoint(change):
    def changed(bundle):
        proof = bundle[MATERIAL]["tlogEntries"][0]["inclusionProof"]
        proof["checkpoint"]["envelope"] = change(proof["checkpoint"]["envelope"])

    return changed


def a_second_later(bundle):
    (entry,) = bundle[MATERIAL]["tlogEntries"]
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)


def stamped_twice(bundle):
    stamps = bundle[MATERIAL]["timestampVerificationData"]["rfc3161Timestamps"]
    stamps.append(dict(stamps[0]))


#: name → change, mode, reason
TAMPERED = {
    "payload": (put(OTHER, "dsseEnvelope", "payload"), "v1", "signature-invalid"),
    "payload-v2": (
        put(OTHER, "dsseEnvelope", "payload"),
        "v2-tsa",
        "signature-invalid",
    ),
    "signature": (
        at("dsseEnvelope", "signatures", 0, "sig"),
        "v1",
        "signature-invalid",
    ),
    # The timestamp disagrees as well, but this is what was tampered with.
    "signature-stamped": (
        at("dsseEnvelope", "signatures", 0, "sig"),
        "v2-tsa",
        "signature-invalid",
    ),
    "integrated-time": (a_second_later, "v1", "log-proof-invalid"),
    "integrated-later": (
        put("4102444800", *ENTRY, "integratedTime"),
        "v1",
        "certificate-expired",
    ),
    "promise": (
        at(*ENTRY, "inclusionPromise", "signedEntryTimestamp"),
        "v1",
        "log-proof-invalid",
    ),
    "root-hash": (at(*PROOF, "rootHash"), "v1", "log-proof-invalid"),
    "root-hash-v2": (at(*PROOF, "rootHash"), "v2-tsa", "log-proof-invalid"),
    "proof-hash": (at(*PROOF, "hashes", 0), "v1", "log-proof-invalid"),
    "body": (at(*ENTRY, "canonicalizedBody"), "v1", "log-proof-invalid"),
    "checkpoint-size": (
        checkpoint(lambda text: text.replace("\n", "\n1", 1)),
        "v1",
        "log-proof-invalid",
    ),
    "checkpoint-noise": (checkpoint(lambda _: "noise"), "v1", "log-proof-invalid"),
    "checkpoint-missing": (put(None, *PROOF, "checkpoint"), "v1", "bundle-malformed"),
    "certificate-signature": (at(*CERTIFICATE), "v1", "certificate-invalid"),
    "certificate-noise": (put("AAAA", *CERTIFICATE), "v1", "certificate-invalid"),
    "promise-missing": (put(None, *ENTRY, "inclusionPromise"), "v1", "no-trusted-time"),
    "stamp-missing": (
        put(None, MATERIAL, "timestampVerificationData"),
        "v2-tsa",
        "no-trusted-time",
    ),
    "stamp": (at(*STAMP, 0, "signedTimestamp"), "v2-tsa", "timestamp-invalid"),
    # sigstore-python overlooks these: Rekor v1's promise is time enough for it.
    "stamp-beside-promise": (
        at(*STAMP, 0, "signedTimestamp"),
        "v1-tsa",
        "timestamp-invalid",
    ),
    "stamp-noise": (
        put("AAAA", *STAMP, 0, "signedTimestamp"),
        "v1-tsa",
        "timestamp-invalid",
    ),
    "stamp-twice": (stamped_twice, "v1-tsa", "timestamp-invalid"),
    "no-entry": (put([], MATERIAL, "tlogEntries"), "v1", "bundle-malformed"),
    "entry-version": (
        put("0.0.3", *ENTRY, "kindVersion", "version"),
        "v1",
        "bundle-unsupported",
    ),
    "two-signatures": (
        put([{"sig": "AA=="}] * 2, "dsseEnvelope", "signatures"),
        "v1",
        "bundle-malformed",
    ),
    "media-type": (put("text/plain", "mediaType"), "v1", "bundle-unsupported"),
    "payload-type": (
        put("text/plain", "dsseEnvelope", "payloadType"),
        "v1",
        "payload-type-unsupported",
    ),
    "no-envelope": (put(None, "dsseEnvelope"), "v1", "bundle-malformed"),
    "no-material": (put([], MATERIAL), "v1", "bundle-malformed"),
    "no-certificate": (put(None, MATERIAL, "certificate"), "v1", "bundle-malformed"),
}


@pytest.mark.parametrize(("change", "mode", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_a_changed_bundle_is_refused(local_sigstore, change, mode, reason):
    sign(local_sigstore, mode)  # so that proofs have hashes
    bundle = signed(local_sigstore, mode)
    verified(local_sigstore, bundle)
    change(bundle)
    assert refusal(local_sigstore, bundle).reason == reason


UNREADABLE = {
    "empty": b"",
    "not-json": b"{",
    "duplicate-key": b'{"mediaType": "a", "mediaType": "b"}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_bundle(local_sigstore, data):
    assert refusal(local_sigstore, data).reason == "bundle-malformed"


@pytest.mark.parametrize("data", [b"[]", b"{}", b"null"])
def test_another_document(local_sigstore, data):
    assert refusal(local_sigstore, data).reason == "bundle-unsupported"


def test_a_key_is_no_identity(local_sigstore):
    private, _ = generate("p256", None)
    bundle = make_bundle(STATEMENT, load_private(private, None, "key"))
    error = refusal(local_sigstore, bundle)
    assert error.reason == "bundle-unsupported"
    assert "key" in error.message


BINARY = {
    "payload": ("dsseEnvelope", "payload"),
    "signature": ("dsseEnvelope", "signatures", 0, "sig"),
    "certificate": CERTIFICATE,
    "body": (*ENTRY, "canonicalizedBody"),
    "root-hash": (*PROOF, "rootHash"),
    "promise": (*ENTRY, "inclusionPromise", "signedEntryTimestamp"),
}


@pytest.fixture(scope="module")
def genuine(local_sigstore):
    return json.dumps(signed(local_sigstore, "v1-tsa"))


def with_another_bit(document, path, data):
    """The bundle with one bit changed, of those at this path."""
    bundle = json.loads(document)
    *above, last = path
    holder = functools.reduce(lambda value, key: value[key], above, bundle)
    raw = bytearray(base64.b64decode(holder[last]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    holder[last] = base64.b64encode(raw).decode()
    return bundle


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("path", BINARY.values(), ids=BINARY)
@given(st.data())
def test_no_bit_may_differ(local_sigstore, genuine, path, data):
    with pytest.raises(VerificationFailed):
        verified(local_sigstore, with_another_bit(genuine, path, data))


def test_a_certificate_that_not_all_libraries_can_read_is_refused(
    local_sigstore, genuine
):
    """OpenSSL stumbles over the tag of a text in a name, and cryptography does not."""
    bundle = json.loads(genuine)
    certificate = bundle["verificationMaterial"]["certificate"]
    raw = base64.b64decode(certificate["rawBytes"])
    name = b"\x17aibom loopback sigstore"
    assert raw.count(b"\x0c" + name) == 1
    changed = raw.replace(b"\x0c" + name, b"\x04" + name)
    certificate["rawBytes"] = base64.b64encode(changed).decode()
    with pytest.raises(VerificationFailed):
        verified(local_sigstore, bundle)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_timestamp_holds_or_is_refused(local_sigstore, genuine, data):
    # The certificates inside a timestamp are not protected by it, nor believed: those
    # of the trust root count. So a bit may differ there, and nothing may follow.
    changed = with_another_bit(genuine, (*STAMP, 0, "signedTimestamp"), data)
    try:
        outcome = verified(local_sigstore, changed)
    except VerificationFailed as error:
        outcome = error.reason
    assert outcome in ("timestamp-invalid", verified(local_sigstore, genuine.encode()))


# ── whose root ────────────────────


@pytest.mark.parametrize("mode", MODES)
def test_another_instance_does_not_vouch_for_ours(local_sigstore, mode):
    bundle = signed(local_sigstore, mode, local_sigstore.github_token())
    with LocalSigstore() as stranger:
        error = refusal(stranger, bundle)
    assert error.reason == "wrong-trust-root"
    assert "trust root" in error.hint


def test_the_public_instance_does_not_vouch_for_ours(local_sigstore):
    bundle = json.dumps(signed(local_sigstore)).encode()
    with pytest.raises(VerificationFailed) as refused:
        verify_keyless(bundle, TrustRoot.embedded(), "b.json")
    assert refused.value.reason == "wrong-trust-root"


#: part of our root that is a stranger's → mode, reason
PARTS = {
    "certificates": ("certificateAuthorities", "v1", "wrong-trust-root"),
    "ct-log": ("ctlogs", "v1", "wrong-trust-root"),
    "rekor": ("tlogs", "v1", "wrong-trust-root"),
    "rekor-v2": ("tlogs", "v2-tsa", "wrong-trust-root"),
    "timestamps": ("timestampAuthorities", "v2-tsa", "timestamp-invalid"),
    "timestamps-unneeded": ("timestampAuthorities", "v1-tsa", "timestamp-invalid"),
}


@pytest.mark.parametrize(("part", "mode", "reason"), PARTS.values(), ids=PARTS)
def test_every_part_of_the_root_counts(local_sigstore, part, mode, reason):
    bundle = json.dumps(signed(local_sigstore, mode)).encode()
    document = json.loads(local_sigstore.trusted_root())
    with LocalSigstore() as stranger:
        document[part] = json.loads(stranger.trusted_root())[part]
    mixed = TrustRoot.parse(json.dumps(document).encode(), "root.json")
    with pytest.raises(VerificationFailed) as refused:
        verify_keyless(bundle, mixed, "b.json")
    assert refused.value.reason == reason


def test_a_certificate_used_after_its_time():
    late = []

    def now():
        return datetime.now(UTC) + sum(late, timedelta())

    with LocalSigstore(now=now) as sigstore:
        with signer(sigstore, "v1") as signing:
            late.append(timedelta(hours=1))
            bundle = json.loads(signing.sign_dsse(Statement(STATEMENT)).to_json())
        assert refusal(sigstore, bundle).reason == "certificate-expired"


def test_the_payload_has_to_be_a_statement_of_ours_too(local_sigstore):
    # sigstore-python signs it: it looks at the names of digests, not at their values.
    statement = STATEMENT.replace(b"ab" * 32, b"no digest")
    bundle = json.loads(sign(local_sigstore, statement=statement).to_json())
    error = refusal(local_sigstore, bundle)
    assert isinstance(error, DocumentInvalid)
    assert error.reason == "digest-malformed"


def test_the_words_that_name_refusals_are_still_sigstores():
    said = inspect.getsource(sigstore.verify.verifier) + inspect.getsource(
        sigstore.models
    )
    said = " ".join(said.replace('"\n', '"').split())
    assert [w for w, _ in keyless_diagnosis._MEANINGS if w not in said] == []


def test_a_reusable_name_is_not_the_job(local_sigstore):
    bundle = signed(local_sigstore, "v1", local_sigstore.github_token())
    identity = verified(local_sigstore, bundle).identity
    assert (identity.san, identity.issuer) == (GITHUB_JOB, GITHUB_ISSUER)
