"""Signing as an identity: bundles that verify, and servers that do not behave.

Whatever a server does, signing ends within its deadline, says what is wrong and with
whom, in the server's own words, and there is no bundle.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sigstore_clients import ALICE, IDENTITIES, MODES, STATEMENT

from aibom.attest import keyless_sign
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_sign import sign_keyless
from aibom.attest.keyless_verify import verify_keyless
from aibom.errors import AibomError, DocumentInvalid, InputError
from aibom.testing.sigstore import LocalSigstore

#: Enough for a loaded machine; nothing waits for it.
PLENTY = 60.0
#: Time to start and to ask a server; the next is for a machine that was too slow.
SHORT = (3.0, 9.0, 27.0)
#: What a stalled machine may add to a deadline.
SLACK = 30.0
#: For how long a server keeps one waiting: longer than any deadline and its slack.
WAIT = 60.0

FULCIO, REKOR, STAMPS = "signingCert", "log/entries", "timestamp"
SERVICES = {
    "fulcio": (FULCIO, "Fulcio"),
    "rekor": (REKOR, "Rekor"),
    "timestamps": (STAMPS, "the timestamp authority"),
}


@pytest.fixture
def faulty(local_sigstore):
    yield local_sigstore
    local_sigstore.recover()


def signed(sigstore, deadline=PLENTY, **config):
    return sign_keyless(
        STATEMENT,
        sigstore.identity_token(ALICE),
        sigstore.trust_config(**config),
        deadline,
    )


def verified(sigstore, bundle):
    root = TrustRoot.parse(sigstore.trusted_root().encode(), "root.json")
    return verify_keyless(json.dumps(bundle).encode(), root, "b.json")


def refusal(sigstore, deadline=PLENTY, **config):
    """The error of a signing that must fail, and does so in time."""
    began = time.monotonic()
    with pytest.raises(AibomError) as refused:
        signed(sigstore, deadline, **config)
    assert time.monotonic() - began < deadline + SLACK
    assert refused.value.exit_code == 1
    assert refused.value.hint
    return refused.value


# ── what works ────────────────────


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(local_sigstore, mode):
    found = verified(local_sigstore, signed(local_sigstore, **MODES[mode]))
    assert found.statement.payload == STATEMENT
    assert found.identity.san == ALICE


@pytest.mark.parametrize("identity", ["github", "gitlab"])
def test_jobs(local_sigstore, identity):
    token_of, wanted = IDENTITIES[identity]
    bundle = sign_keyless(
        STATEMENT, token_of(local_sigstore), local_sigstore.trust_config(), PLENTY
    )
    found = verified(local_sigstore, bundle).identity
    assert (found.san, found.issuer) == wanted(local_sigstore)


def test_several_at_once_and_then_no_server():
    with LocalSigstore() as sigstore, ThreadPoolExecutor(4) as pool:
        bundles = list(pool.map(lambda _: signed(sigstore, rekor=2), range(4)))
    assert len({json.dumps(bundle) for bundle in bundles}) == 4
    for bundle in bundles:
        assert verified(sigstore, bundle).identity.san == ALICE


@pytest.mark.parametrize("mode", MODES)
def test_the_log_keeps_digests_only(local_sigstore, mode):
    bundle = signed(local_sigstore, **MODES[mode])
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    body = b64decode(entry["canonicalizedBody"])
    assert b"in-toto" not in body
    assert bundle["dsseEnvelope"]["payload"].encode() not in body


def test_nothing_is_written(local_sigstore, tmp_path, monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    signed(local_sigstore)
    assert os.listdir(tmp_path) == []


def test_a_module_in_the_working_directory_is_not_run(
    local_sigstore, tmp_path, monkeypatch
):
    (tmp_path / "json.py").write_text("raise SystemExit('hijacked')")
    (tmp_path / "sigstore.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert verified(local_sigstore, signed(local_sigstore)).identity.san == ALICE


# ── before anybody is asked ────────────────────

TOKENS = {
    "expired": (
        lambda s: s.identity_token(lifetime=timedelta(minutes=-5)),
        "token-expired",
    ),
    "audience": (lambda s: s.identity_token(audience="vault"), "token-wrong-audience"),
    "noise": (lambda _: "noise", "token-malformed"),
}


@pytest.mark.parametrize(("token", "reason"), TOKENS.values(), ids=TOKENS)
def test_a_bad_token_is_not_sent(local_sigstore, token, reason):
    asked = local_sigstore.requests
    text, config = token(local_sigstore), local_sigstore.trust_config()
    with pytest.raises(InputError) as refused:
        sign_keyless(STATEMENT, text, config, PLENTY)
    assert refused.value.reason == reason
    assert local_sigstore.requests == asked


PAYLOADS = {
    "no-statement": (b"{}", "statement-type-unsupported"),
    "git-commit": (
        STATEMENT.replace(b'"sha256"', b'"gitCommit"'),
        "statement-not-signable",
    ),
}


@pytest.mark.parametrize(("payload", "reason"), PAYLOADS.values(), ids=PAYLOADS)
def test_a_payload_that_cannot_be_signed(local_sigstore, payload, reason):
    asked = local_sigstore.requests
    token, config = local_sigstore.identity_token(), local_sigstore.trust_config()
    with pytest.raises((AibomError, DocumentInvalid)) as refused:
        sign_keyless(payload, token, config, PLENTY)
    assert refused.value.reason == reason
    assert local_sigstore.requests == asked


def without(config, member):
    document = json.loads(config)
    document["signingConfig"][member] = []
    return json.dumps(document)


CONFIGS = {
    "empty": lambda _: "",
    "not-json": lambda _: "{",
    "root-only": lambda sigstore: sigstore.trusted_root(),
    "no-fulcio": lambda sigstore: without(sigstore.trust_config(), "caUrls"),
    "no-rekor": lambda sigstore: without(sigstore.trust_config(), "rekorTlogUrls"),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_trust_config_that_is_none(local_sigstore, config):
    token = local_sigstore.identity_token()
    with pytest.raises(AibomError) as refused:
        sign_keyless(STATEMENT, token, config(local_sigstore), PLENTY)
    assert refused.value.reason == "trust-config-invalid"


# ── servers that do not behave ────────────────────

FAULTS = {
    "refused": ("status", {"status": 403}, "service-refused", "planned by the test"),
    "unavailable": ("status", {"status": 503}, "service-failed", "planned by the test"),
    "busy": ("status", {"status": 429}, "service-failed", "429"),
    "html": ("html", {}, "service-failed", "else than an answer"),
    "html-error": ("html", {"status": 502}, "service-failed", "Sign in"),
    "dropped": ("drop", {}, "service-unreachable", "no answer"),
    "truncated": ("truncated", {}, "service-unreachable", "no answer"),
}


@pytest.mark.parametrize(("path", "who"), SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize(("kind", "how", "reason", "says"), FAULTS.values(), ids=FAULTS)
def test_an_answer_that_is_none(faulty, path, who, kind, how, reason, says):
    faulty.fail(path, kind, times=None, **how)
    error = refusal(faulty, rekor=2)
    assert error.reason == reason
    assert error.message.startswith(who)
    assert says in error.message
    assert len(error.message) < 600


def test_rekor_v1_as_well(faulty):
    faulty.fail(REKOR, "status", status=400)
    error = refusal(faulty)
    assert (error.reason, "planned by the test" in error.message) == (
        "service-refused",
        True,
    )


def test_a_forged_token_is_told_in_fulcios_words(local_sigstore):
    with LocalSigstore() as stranger:
        forged = stranger.identity_token(ALICE)
    with pytest.raises(AibomError) as refused:
        sign_keyless(STATEMENT, forged, local_sigstore.trust_config(), PLENTY)
    assert refused.value.reason == "service-refused"
    assert "processing the identity token" in refused.value.message
    assert forged not in refused.value.message


def test_without_its_timestamp_nothing_is_logged(faulty):
    # sigstore-python would warn, log the entry, and return a bundle without one.
    faulty.fail(STAMPS, "status", times=None)
    entries = [request for request in faulty.requests if REKOR in request]
    refusal(faulty)
    assert [request for request in faulty.requests if REKOR in request] == entries


def test_nobody_there():
    with LocalSigstore() as sigstore:
        pass
    assert refusal(sigstore).reason == "service-unreachable"


def test_keys_of_another_instance(local_sigstore):
    config = json.loads(local_sigstore.trust_config())
    with LocalSigstore() as stranger:
        config["trustedRoot"] = json.loads(stranger.trusted_root())
    token = local_sigstore.identity_token()
    with pytest.raises(AibomError) as refused:
        sign_keyless(STATEMENT, token, json.dumps(config), PLENTY)
    assert refused.value.reason == "signing-unverifiable"


@pytest.mark.parametrize("kind", ["hang", "trickle"])
@pytest.mark.parametrize(("path", "who"), SERVICES.values(), ids=SERVICES)
def test_a_server_that_never_comes_to_an_end(faulty, path, who, kind):
    faulty.fail(path, kind, delay=WAIT, times=None)
    said = []
    for deadline in SHORT:
        error = refusal(faulty, deadline)
        assert error.reason == "signing-timed-out"
        said.append(error.message)
        if f"waiting for {who}" in error.message:
            return
    raise AssertionError(f"it never told whom it waited for: {said}")


def test_an_answer_within_the_deadline_is_waited_for(faulty):
    faulty.fail(FULCIO, "slow", delay=0.3)
    faulty.fail(REKOR, "trickle", delay=0.3)
    assert verified(faulty, signed(faulty)).identity.san == ALICE


def test_a_worker_that_breaks(local_sigstore, monkeypatch):
    broken = "import sys; sys.stdin.read(); print('noise'); raise SystemExit('broken')"
    monkeypatch.setattr(keyless_sign, "_START", broken)
    error = refusal(local_sigstore)
    assert error.reason == "signing-failed"
    assert "broken" in error.message


def test_a_worker_that_cannot_start(local_sigstore, monkeypatch, tmp_path):
    monkeypatch.setattr(keyless_sign.sys, "executable", str(tmp_path / "none"))
    with pytest.raises(AibomError) as refused:
        signed(local_sigstore)
    assert refused.value.reason == "signing-failed"
