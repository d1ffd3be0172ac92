"""Keys: which kinds, which passwords, and that other tools agree with us."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from hypothesis import given
from hypothesis import strategies as st

from aibom.attest.bundle import make_bundle, parse_bundle
from aibom.attest.keys import KEY_TYPES, PrivateKey, generate, load_private, load_public
from aibom.errors import AibomError, InputError, PolicyInvalid
from aibom.statement import to_json

PEM = serialization.Encoding.PEM


def private_pem(key: PrivateKeyTypes) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain)


def public_pem(key: PrivateKeyTypes) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(PEM, form).decode()


def made(kind: str) -> PrivateKey:
    return load_private(generate(kind, None)[0], None, "key")


@pytest.mark.parametrize("kind", KEY_TYPES)
def test_what_is_signed_verifies_and_nothing_else_does(kind: str) -> None:
    key, other = made(kind), made(kind)
    signature = key.sign(b"data")
    assert key.public.verifies(signature, b"data")
    assert not key.public.verifies(signature, b"Data")
    assert not other.public.verifies(signature, b"data")
    assert not key.public.verifies(signature[:-1], b"data")
    assert not key.public.verifies(b"", b"data")


@pytest.mark.parametrize("kind", KEY_TYPES)
@given(noise=st.binary(max_size=80))
def test_noise_is_no_signature(kind: str, noise: bytes) -> None:
    assert not SHARED[kind].public.verifies(noise, b"data")


SHARED = {kind: made(kind) for kind in KEY_TYPES}

#: key's password, given password, reason
PASSWORDS: dict[str, tuple[bytes | None, bytes | None, str]] = {
    "none-needed": (None, None, ""),
    "right": (b"secret", b"secret", ""),
    "wrong": (b"secret", b"Secret", "key-unreadable"),
    "missing": (b"secret", None, "key-password"),
    "one-too-many": (None, b"secret", "key-password"),
}


@pytest.mark.parametrize("kind", KEY_TYPES)
@pytest.mark.parametrize(("own", "given_", "reason"), PASSWORDS.values(), ids=PASSWORDS)
def test_passwords(
    kind: str, own: bytes | None, given_: bytes | None, reason: str
) -> None:
    private, public = generate(kind, own)
    if not reason:
        assert load_private(private, given_, "key").public.pem == public.decode()
        return
    with pytest.raises(InputError) as caught:
        load_private(private, given_, "my.key")
    assert (caught.value.reason, caught.value.where) == (reason, "my.key")


def test_empty_password_is_refused_rather_than_ignored() -> None:
    with pytest.raises(ValueError, match="empty password"):
        generate("p256", b"")


def test_unknown_kind_of_key() -> None:
    with pytest.raises(ValueError, match="p256"):
        generate("rsa", None)


OTHERS: dict[str, PrivateKeyTypes] = {
    "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    "rsa": rsa.generate_private_key(65537, 2048),
    "dsa": dsa.generate_private_key(1024),
}


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_keys_of_other_makers_sign_and_verify(curve: ec.EllipticCurve) -> None:
    theirs = ec.generate_private_key(curve)
    private = load_private(private_pem(theirs), None, "key")
    assert load_public(public_pem(theirs), "signers") == private.public
    signature = private.sign(b"data")
    assert private.public.verifies(signature, b"data")
    assert not private.public.verifies(signature, b"date")


@pytest.mark.parametrize("key", OTHERS.values(), ids=OTHERS)
def test_other_types_are_refused(key: PrivateKeyTypes) -> None:
    with pytest.raises(InputError) as private:
        load_private(private_pem(key), None, "key")
    assert private.value.reason == "key-type-unsupported"
    with pytest.raises(PolicyInvalid) as public:
        load_public(public_pem(key), "signers")
    assert public.value.reason == "key-type-unsupported"


NOT_KEYS = {
    "empty": "",
    "text": "no key",
    "pem-of-nothing": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "a-private-key": generate("p256", None)[0].decode(),
    "der-as-text": base64.b64encode(b"0" * 90).decode(),
}


@pytest.mark.parametrize("text", NOT_KEYS.values(), ids=NOT_KEYS)
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load_public(text, "signers")
    assert caught.value.reason == "key-unreadable"


def test_public_key_is_no_private_key() -> None:
    with pytest.raises(InputError) as caught:
        load_private(generate("p256", None)[1], None, "key")
    assert caught.value.reason == "key-unreadable"


def test_one_key_has_one_text_however_it_was_laid_out() -> None:
    pem = SHARED["p256"].public.pem
    odd = pem.replace("\n", "\r\n") + "\n\n"
    assert load_public(odd, "a").pem == load_public(pem, "b").pem == pem
    assert load_public(odd, "a") == load_public(pem, "b")


@pytest.mark.parametrize("kind", KEY_TYPES)
def test_hints_are_digests_of_pem_and_der(kind: str) -> None:
    public = SHARED[kind].public
    der = base64.b64decode("".join(public.pem.splitlines()[1:-1]))
    assert public.hint == hashlib.sha256(public.pem.encode()).hexdigest()
    assert public.hints == {public.hint, hashlib.sha256(der).hexdigest()}


@pytest.mark.parametrize("kind", KEY_TYPES)
def test_private_key_never_shows_itself(kind: str) -> None:
    secret = generate(kind, None)[0]
    shown = repr(load_private(secret, None, "key"))
    assert not any(line in shown for line in secret.decode().splitlines()[1:-1])


PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'


@pytest.mark.parametrize("kind", KEY_TYPES)
def test_securesystemslib_verifies_ours_and_we_theirs(kind: str) -> None:
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner, SSlibKey

    secret, public = generate(kind, None)
    ours = load_private(secret, None, "key")
    key = SSlibKey.from_crypto(serialization.load_pem_public_key(public))
    document = make_bundle(PAYLOAD, ours)["dsseEnvelope"]
    signatures = [{**s, "keyid": key.keyid} for s in document["signatures"]]
    envelope = Envelope.from_dict({**document, "signatures": signatures})
    assert set(envelope.verify([key], 1)) == {key.keyid}

    crypto = serialization.load_pem_private_key(secret, None)
    assert isinstance(crypto, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey)
    theirs = Envelope(PAYLOAD, document["payloadType"], {})
    signed = theirs.sign(CryptoSigner(crypto, key))
    signature = base64.b64encode(bytes.fromhex(signed.signature)).decode()
    bundle = make_bundle(PAYLOAD, ours)
    bundle["dsseEnvelope"]["signatures"] = [{"sig": signature}]
    parsed = parse_bundle(to_json(bundle), "theirs")
    assert ours.public.verifies(parsed.signature, parsed.signed_bytes)


def test_openssl_verifies_ours(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        # Nothing to compare with here; securesystemslib above is the one we rely on.
        assert SHARED["p256"].public.verifies(SHARED["p256"].sign(b"x"), b"x")
        return
    key = SHARED["p256"]
    for name, data in (("data", b"x"), ("sig", key.sign(b"x"))):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "pub").write_text(key.public.pem)
    command = [
        openssl,
        "dgst",
        "-sha256",
        "-verify",
        "pub",
        "-signature",
        "sig",
        "data",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "Verified OK"


def test_errors_are_of_our_tree() -> None:
    for data in (b"", b"\xff\xfe", b"-----BEGIN", generate("p256", b"x")[0][:100]):
        with pytest.raises(AibomError):
            load_private(data, None, "key")
