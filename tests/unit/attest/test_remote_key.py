"""Keys that stay in an HSM or a KMS: which sign, which are refused, and what is said.

The HSM is a real one in software. The clouds need accounts; in their place stands a
signer of our own, registered with securesystemslib as its documentation says.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import (
    SIGNER_FOR_URI_SCHEME,
    Signature,
    Signer,
    SSlibKey,
)
from softhsm import PIN, SoftHsm, soft_hsm

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.keys import PrivateKey, generate, load_private, load_public
from aibom.attest.remote_key import SCHEMES, RemoteKey, load_remote_key
from aibom.errors import AibomError, InputError
from aibom.statement import to_json

__all__ = ["soft_hsm"]  # the fixture

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'
HASHES = {"p256": hashes.SHA256(), "p384": hashes.SHA384()}
VALID = {
    "hsm": "hsm:1?label=some+token",
    "awskms": "awskms:alias/release",
    "gcpkms": "gcpkms:projects/p-1/locations/eu/keyRings/r/cryptoKeys/k"
    "/cryptoKeyVersions/1",
    "azurekms": "azurekms://our-vault.vault.azure.net/keys/release/0a1b2c",
    "hv": "hv:release/1",
}


def pin(_: str) -> str:
    return PIN


def made(kind: str = "p256") -> PrivateKey:
    return load_private(generate(kind, None)[0], None, "key")


def public_pem(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def refused(work: Callable[[], object]) -> AibomError:
    """The refusal: always of exit code 1, with words for a person."""
    with pytest.raises(InputError) as caught:
        work()
    assert caught.value.exit_code == 1
    assert caught.value.where
    assert len(str(caught.value)) < 1500
    return caught.value


def everything_said(error: AibomError) -> str:
    """All that an error can show, with ``--debug`` too."""
    shown = traceback.format_exception(error)
    return "\n".join([str(error), repr(error), str(error.hint), *shown])


# ── a real HSM ──────────────────


@pytest.mark.parametrize("name", ["p256", "p384"])
def test_a_bundle_signed_in_the_hsm_verifies(soft_hsm: SoftHsm, name: str) -> None:
    there, other = soft_hsm.keys[name], soft_hsm.keys["p256b"]
    key = load_remote_key(there.uri, there.public_pem, pin, "release.pub")
    bundle = parse_bundle(to_json(make_bundle(PAYLOAD, key)), "bundle")
    ours = load_public(there.public_pem, "release.pub")
    assert bundle.payload == PAYLOAD
    assert bundle.hint == ours.hint
    assert ours.verifies(bundle.signature, bundle.signed_bytes)
    assert not ours.verifies(bundle.signature, bundle.signed_bytes + b" ")
    assert not load_public(other.public_pem, "other").verifies(
        bundle.signature, bundle.signed_bytes
    )


@pytest.mark.parametrize("name", ["p256", "p384"])
def test_the_signature_is_der_and_securesystemslib_agrees(
    soft_hsm: SoftHsm, name: str
) -> None:
    there = soft_hsm.keys[name]
    signature = load_remote_key(there.uri, there.public_pem, pin, "k").sign(b"data")
    assert all(number > 0 for number in decode_dss_signature(signature))
    plain: Any = serialization.load_pem_public_key(there.public_pem.encode())
    plain.verify(signature, b"data", ec.ECDSA(HASHES[name]))
    theirs = SSlibKey.from_crypto(plain)
    theirs.verify_signature(Signature(theirs.keyid, signature.hex()), b"data")
    with pytest.raises(UnverifiedSignatureError):
        theirs.verify_signature(Signature(theirs.keyid, signature.hex()), b"Data")


def test_one_key_signs_many_times_and_asks_for_the_pin_each_time(
    soft_hsm: SoftHsm,
) -> None:
    there, asked = soft_hsm.keys["p256"], []

    def ask(name: str) -> str:
        asked.append(name)
        return PIN

    key = load_remote_key(there.uri, there.public_pem, ask, "k")
    assert asked == []
    assert key.sign(b"one") != key.sign(b"two")
    assert asked == ["pin", "pin"]


def test_a_key_shows_its_uri_and_never_its_pin(soft_hsm: SoftHsm) -> None:
    there = soft_hsm.keys["p256"]
    key = load_remote_key(there.uri, there.public_pem, pin, "k")
    key.sign(b"data")
    assert there.uri in repr(key)
    assert PIN not in repr(key)
    assert key == load_remote_key(there.uri, there.public_pem, pin, "k")
    with pytest.raises(AttributeError):
        key.uri = "hsm:"  # type: ignore[misc]


LABEL = "?label=aibom+release"

#: URI, whose public key, PIN, reason, a part of what is said
HSM_REFUSALS: dict[str, tuple[str, str, str, str, str]] = {
    "wrong-pin": (f"hsm:1{LABEL}", "p256", "7391-quinces", "key-password", "PinInc"),
    "long-pin": (f"hsm:1{LABEL}", "p256", "q" * 999, "key-password", "Pin"),
    "empty-pin": (f"hsm:1{LABEL}", "p256", "", "key-password", "none was given"),
    "no-such-id": (f"hsm:2{LABEL}", "p256", PIN, "key-not-found", "could not find"),
    "default-id": (f"hsm:{LABEL}", "p256", PIN, "key-not-found", "could not find"),
    "huge-id": (f"hsm:{'9' * 77}{LABEL}", "p256", PIN, "key-not-found", "not find"),
    "no-such-token": ("hsm:1?label=no", "p256", PIN, "key-not-found", "label no"),
    "other-token": ("hsm:1?label=another", "p256", PIN, "key-not-found", "not find"),
    "two-tokens": ("hsm:1", "p256", PIN, "key-not-found", "Multiple"),
    "key-of-another-pair": (f"hsm:3{LABEL}", "p256", PIN, "signing-unverifiable", ""),
    "larger-key": (f"hsm:41394{LABEL}", "p256", PIN, "signing-unverifiable", ""),
    "smaller-key": (f"hsm:1{LABEL}", "p384", PIN, "signing-unverifiable", ""),
}


@pytest.mark.parametrize(
    ("uri", "whose", "given", "reason", "said"),
    HSM_REFUSALS.values(),
    ids=HSM_REFUSALS,
)
def test_what_the_hsm_refuses(
    soft_hsm: SoftHsm, uri: str, whose: str, given: str, reason: str, said: str
) -> None:
    pem = soft_hsm.keys[whose].public_pem
    key = load_remote_key(uri, pem, lambda _: given, "release.pub")
    error = refused(lambda: make_bundle(PAYLOAD, key))
    assert (error.reason, error.where) == (reason, uri)
    assert said in error.message
    assert error.hint
    if given:
        assert given not in everything_said(error)
    right = soft_hsm.keys["p256"]  # and the token works as before
    assert load_remote_key(right.uri, right.public_pem, pin, "k").sign(b"data")


def test_no_way_to_ask_for_a_pin(soft_hsm: SoftHsm) -> None:
    there = soft_hsm.keys["p256"]
    error = refused(lambda: load_remote_key(there.uri, there.public_pem, None, "k"))
    assert error.reason == "key-password"


def test_no_module_to_the_hsm(
    soft_hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = soft_hsm.keys["p256"]
    monkeypatch.delenv("PYKCS11LIB")
    error = refused(lambda: load_remote_key(there.uri, there.public_pem, pin, "k"))
    assert error.reason == "key-remote-failed"
    assert "PYKCS11LIB" in str(error.hint)


@pytest.mark.parametrize("content", [None, b"no library"], ids=["absent", "no-library"])
def test_a_module_that_cannot_be_loaded(
    soft_hsm: SoftHsm,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes | None,
) -> None:
    module = tmp_path / "module.so"
    if content is not None:
        module.write_bytes(content)
    monkeypatch.setenv("PYKCS11LIB", str(module))
    there = soft_hsm.keys["p256"]
    key = load_remote_key(there.uri, there.public_pem, pin, "k")
    error = refused(lambda: key.sign(b"data"))
    assert error.reason == "key-remote-failed"
    assert "module.so" in error.message
    assert PIN not in everything_said(error)


#: AIBOM_REQUIRE_SOFTHSM, exit code of pytest, its summary
WITHOUT_SOFTHSM: dict[str, tuple[str, int, str]] = {
    "not-required": ("", 0, "1 skipped"),
    "required": ("1", 1, "1 error"),
}


@pytest.mark.parametrize(
    ("required", "code", "summary"), WITHOUT_SOFTHSM.values(), ids=WITHOUT_SOFTHSM
)
def test_without_softhsm_these_tests_say_what_to_install(
    checkout: Path, required: str, code: int, summary: str
) -> None:
    wanted = f"{__file__}::{test_no_way_to_ask_for_a_pin.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", wanted],
        env={**os.environ, "PATH": "", "AIBOM_REQUIRE_SOFTHSM": required},
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert summary in done.stdout
    assert "apt-get install softhsm2" in done.stdout


# ── URIs ────────────────────────

UNSUPPORTED = {
    "empty": "",
    "file": "file:/root/key.pem",
    "file2": "file2:key.pem?encrypted=true",
    "gnupg": "gnupg:ABCD",
    "tkey": "tkey:",
    "rfc7512": f"pkcs11:token=x;object=y?pin-value={PIN}",
    "capitals": "HSM:1",
    "no-colon": f"hsm {PIN}",
    "space-before": " hsm:1",
    "prefix": f"hsmx:{PIN}",
}
MALFORMED = {
    "hsm-host": "hsm://5",
    "hsm-path": "hsm:/5",
    "hsm-text": "hsm:mykey",
    "hsm-hex": "hsm:0x5",
    "hsm-zero": "hsm:0",
    "hsm-negative": "hsm:-1",
    "hsm-underscore": "hsm:1_0",
    "hsm-other-digits": "hsm:\u0661",
    "hsm-huge": "hsm:" + "9" * 5000,
    "hsm-misspelled": "hsm:5?lable=token",
    "hsm-empty-label": "hsm:5?label=",
    "hsm-pin": f"hsm:5?pin-value={PIN}",
    "hsm-label-and-pin": f"hsm:5?label=token&pin-value={PIN}",
    "hsm-two-labels": "hsm:5?label=a&label=b",
    "hsm-fragment": "hsm:5#6",
    "hsm-other-letters": "hsm:5?label=t\u00f6ken",
    "hsm-space": "hsm:5?label=my token",
    "hsm-newline": "hsm:5\n",
    "aws-empty": "awskms:",
    "aws-host": "awskms://alias/x",
    "aws-query": "awskms:alias/x?region=eu",
    "gcp-no-version": VALID["gcpkms"].rpartition("/cryptoKeyVersions")[0],
    "gcp-version": VALID["gcpkms"][:-1] + "latest",
    "gcp-slash": VALID["gcpkms"].replace(":", ":/", 1),
    "azure-no-version": "azurekms://our-vault.vault.azure.net/keys/release",
    "azure-no-host": "azurekms:/keys/release/0a1b",
    "azure-password": f"azurekms://user:{PIN}@our-vault.vault.azure.net/keys/k/1",
    "azure-secret": "azurekms://our-vault.vault.azure.net/secrets/release/0a1b",
    "azure-port": "azurekms://our-vault.vault.azure.net:8443/keys/release/0a1b",
    "azure-scheme": "azurekms://azurekms://x.y/keys/release/0a1b",
    "hv-no-version": "hv:release",
    "hv-latest": "hv:release/latest",
    "hv-up": "hv:../sys/seal/1",
    "hv-host": "hv://release/1",
}


@pytest.mark.parametrize("uri", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_other_schemes_are_refused_and_the_known_ones_told(uri: str) -> None:
    error = refused(lambda: load_remote_key(uri, made().public.pem, pin, "k"))
    assert error.reason == "key-uri-unsupported"
    assert all(f"{scheme}:" in error.message for scheme in SCHEMES)
    assert PIN not in everything_said(error)


@pytest.mark.parametrize("uri", MALFORMED.values(), ids=MALFORMED)
def test_a_uri_that_breaks_its_grammar_is_refused_and_not_repeated(uri: str) -> None:
    error = refused(lambda: load_remote_key(uri, made().public.pem, pin, "k"))
    assert error.reason == "key-uri-malformed"
    assert PIN not in everything_said(error)
    assert "9" * 50 not in everything_said(error)


# ── packages that are not installed ──────

WITHOUT_PACKAGES = """
import json, sys
for name in sys.argv[3:]:
    sys.modules[name] = None
from aibom.attest.remote_key import load_remote_key
from aibom.errors import InputError
said = {}
for scheme, uri in json.loads(sys.argv[1]).items():
    try:
        load_remote_key(uri, sys.argv[2], lambda name: "0000", "k")
    except InputError as error:
        said[scheme] = [error.reason, error.where, error.hint]
print(json.dumps(said))
"""
HIDDEN = {
    "those-of-the-signers": ("pkcs11", "boto3", "google.cloud", "azure.core", "hvac"),
    "securesystemslib": ("securesystemslib", "securesystemslib.signer"),
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_packages_that_are_not_installed(hidden: tuple[str, ...]) -> None:
    arguments = [json.dumps(VALID), made().public.pem, *hidden]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_PACKAGES, *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert list(said) == list(SCHEMES)
    for reason, where, hint in said.values():
        assert reason == "extra-missing"
        assert where
        assert "pip install 'aibom[kms]'" in hint
    assert "'securesystemslib[vault]'" in said["hv"][2]


# ── public keys ─────────────────

#: scheme, public PEM, reason
PUBLIC_KEYS: dict[str, tuple[str, str, str]] = {
    "no-key": ("hsm", "nothing", "key-unreadable"),
    "private": ("hsm", generate("p256", None)[0].decode(), "key-unreadable"),
    "rsa": (
        "awskms",
        public_pem(rsa.generate_private_key(65537, 2048)),
        "key-type-unsupported",
    ),
    "ed25519-in-hsm": ("hsm", made("ed25519").public.pem, "key-type-unsupported"),
    "ed25519-in-aws": ("awskms", made("ed25519").public.pem, "key-type-unsupported"),
    "ed25519-in-gcp": ("gcpkms", made("ed25519").public.pem, "key-type-unsupported"),
    "ed25519-in-azure": (
        "azurekms",
        made("ed25519").public.pem,
        "key-type-unsupported",
    ),
    "p521-in-hsm": (
        "hsm",
        public_pem(ec.generate_private_key(ec.SECP521R1())),
        "key-type-unsupported",
    ),
    "p384-in-vault": (
        "hv",
        public_pem(ec.generate_private_key(ec.SECP384R1())),
        "key-type-unsupported",
    ),
}


@pytest.mark.parametrize(
    ("scheme", "pem", "reason"), PUBLIC_KEYS.values(), ids=PUBLIC_KEYS
)
def test_public_keys_that_cannot_be_used(scheme: str, pem: str, reason: str) -> None:
    error = refused(lambda: load_remote_key(VALID[scheme], pem, pin, "my.pub"))
    assert (error.reason, error.where) == (reason, "my.pub")


# ── whatever a remote does ──────


class NotFoundException(Exception):
    """As botocore calls it."""


class Remote(Signer):
    """A KMS that does what a test says, in the place of one in a cloud."""

    def __init__(self, act: Callable[[bytes, Any], Any], ask: Any, key: Any) -> None:
        self.act, self.ask, self.key = act, ask, key

    @property
    def public_key(self) -> Any:
        return self.key

    @classmethod
    def from_priv_key_uri(cls, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        return Signature("", self.act(payload, self.ask))


class Scheme:
    """What securesystemslib has for a scheme: something that makes signers."""

    def __init__(self, act: Callable[[bytes, Any], Any]) -> None:
        self.act = act

    def from_priv_key_uri(self, uri: str, key: Any, ask: Any) -> Remote:
        assert uri in VALID.values()
        return Remote(self.act, ask, key)


def behind(
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[bytes, Any], Any],
    pem: str,
    secret: Callable[[str], str] | None = pin,
    scheme: str = "hv",
) -> RemoteKey:
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, scheme, Scheme(act))
    return load_remote_key(VALID[scheme], pem, secret, "my.pub")


def raising(error: BaseException) -> Callable[[bytes, Any], str]:
    def act(_: bytes, ask: Any) -> str:
        ask("pin")
        raise error

    return act


@pytest.mark.parametrize("kind", ["p256", "ed25519"])
def test_a_remote_without_a_pin_signs(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    there = made(kind)
    key = behind(monkeypatch, lambda d, _: there.sign(d).hex(), there.public.pem, None)
    bundle = parse_bundle(to_json(make_bundle(PAYLOAD, key)), "bundle")
    assert there.public.verifies(bundle.signature, bundle.signed_bytes)


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name != "hsm"])
def test_every_scheme_reaches_its_signer(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    there = made()
    key = behind(
        monkeypatch,
        lambda data, _: there.sign(data).hex(),
        there.public.pem,
        scheme=scheme,
    )
    assert there.public.verifies(key.sign(b"data"), b"data")


SHARED = made()

#: what the remote does, reason, a part of what is said
REMOTES: dict[str, tuple[Callable[[bytes, Any], Any], str, str]] = {
    "another-key": (lambda d, _: made().sign(d).hex(), "signing-unverifiable", ""),
    "other-bytes": (
        lambda d, _: SHARED.sign(d + b"!").hex(),
        "signing-unverifiable",
        "",
    ),
    "not-der": (lambda d, _: "00" * 64, "signing-unverifiable", ""),
    "empty": (lambda d, _: "", "signing-unverifiable", ""),
    "not-hex": (lambda d, _: "zz", "key-remote-failed", "ValueError"),
    "nothing": (lambda d, _: None, "key-remote-failed", "TypeError"),
    "absent": (raising(NotFoundException("no key x")), "key-not-found", "no key x"),
    "down": (raising(ConnectionError("refused")), "key-remote-failed", "refused"),
    "silent": (raising(RuntimeError()), "key-remote-failed", "RuntimeError"),
    "endless": (raising(OSError("x" * 10**6)), "key-remote-failed", "xxx…"),
    "lines": (raising(OSError("a\n\n b")), "key-remote-failed", "OSError: a b"),
    "pin-told": (
        raising(OSError(f"PIN {PIN} is wrong")),
        "key-remote-failed",
        "PIN (hidden) is wrong",
    ),
    "pin-at-the-limit": (
        raising(OSError("x" * 288 + PIN)),
        "key-remote-failed",
        "xx(",
    ),
}


@pytest.mark.parametrize(("act", "reason", "said"), REMOTES.values(), ids=REMOTES)
def test_whatever_a_remote_does_ends_in_a_bundle_that_verifies_or_an_error(
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[bytes, Any], Any],
    reason: str,
    said: str,
) -> None:
    key = behind(monkeypatch, act, SHARED.public.pem)
    error = refused(lambda: make_bundle(PAYLOAD, key))
    assert (error.reason, error.where) == (reason, VALID["hv"])
    assert said in error.message
    assert len(error.message) < 400
    assert PIN not in everything_said(error)
    assert PIN[:6] not in error.message


def test_a_pin_in_an_earlier_error_is_not_shown_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def act(_: bytes, ask: Any) -> str:
        try:
            raise OSError(f"login {ask('pin')}")
        except OSError as error:
            raise RuntimeError("no session") from error

    key = behind(monkeypatch, act, SHARED.public.pem)
    error = refused(lambda: key.sign(b"data"))
    assert "no session" in error.message
    assert PIN not in everything_said(error)


def test_securesystemslib_does_not_log_past_us(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = logging.getLogger("securesystemslib.signer._aws_signer")

    def act(*_: Any) -> str:
        theirs.error("\x1b[2J")
        raise OSError("refused")

    key = behind(monkeypatch, act, SHARED.public.pem)
    assert "refused" in refused(lambda: key.sign(b"data")).message
    assert caplog.records == []
    theirs.error("as before")
    assert [record.message for record in caplog.records] == ["as before"]


def test_a_remote_that_asks_when_there_is_nobody_to_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = behind(monkeypatch, raising(OSError()), SHARED.public.pem, None)
    assert refused(lambda: key.sign(b"data")).reason == "key-password"


#: what the caller's own function for secrets raises
OWN_ERRORS: dict[str, BaseException] = {
    "ours": InputError("no terminal to ask on", reason="key-password"),
    "runtime": RuntimeError("aborted by the user"),
    "interrupt": KeyboardInterrupt(),
}


@pytest.mark.parametrize("own", OWN_ERRORS.values(), ids=OWN_ERRORS)
def test_what_the_callers_own_function_raises_goes_through(
    monkeypatch: pytest.MonkeyPatch, own: BaseException
) -> None:
    def secret(_: str) -> str:
        raise own

    key = behind(monkeypatch, raising(OSError()), SHARED.public.pem, secret)
    with pytest.raises(type(own)) as caught:
        key.sign(b"data")
    assert caught.value is own


def test_an_interrupt_at_the_remote_goes_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = behind(monkeypatch, raising(KeyboardInterrupt()), SHARED.public.pem)
    with pytest.raises(KeyboardInterrupt):
        key.sign(b"data")
