"""Fulcio and the identity provider from below sigstore-python, over plain HTTP.

What an attacker or a broken client would send: each has to be refused in the words of
the real services, and nothing may be issued.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore._internal.fulcio.client import FulcioClientError
from sigstore.oidc import IdentityError, IdentityToken
from sigstore_clients import sign

from aibom.testing.sigstore import LocalSigstore
from aibom.testing.sigstore.fulcio import (
    INSECURE_KEY,
    INVALID_REQUEST,
    INVALID_SIGNATURE,
    INVALID_TOKEN,
)
from aibom.testing.sigstore.oidc import AUDIENCE

EXPIRED = timedelta(minutes=-1)


def encoded(data):
    return base64.b64encode(data).decode()


def csr(key=None):
    """A certificate request in DER, without a subject as sigstore-python makes them."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    key = key or ec.generate_private_key(ec.SECP256R1())
    algorithm = None if isinstance(key, Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def pem(der):
    body = base64.encodebytes(der).decode()
    kind = "CERTIFICATE REQUEST"
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n".encode()


def ask_fulcio(sigstore, token, request=None):
    return requests.post(
        f"{sigstore.url}/api/v2/signingCert",
        json={"certificateSigningRequest": encoded(pem(request or csr()))},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )


def unsigned(sigstore):
    claims = jwt.decode(sigstore.github_token(), options={"verify_signature": False})
    return jwt.encode(claims, None, "none")


def forged(sigstore):
    with LocalSigstore() as stranger:
        return stranger.github_token()


#: name → a token that Fulcio must not believe
TOKENS = {
    "forged": forged,
    "unsigned": unsigned,
    "expired": lambda s: s.github_token(lifetime=EXPIRED),
    "expired-email": lambda s: s.identity_token(lifetime=EXPIRED),
    "wrong-audience": lambda s: s.github_token(audience="pypi"),
    "from-the-future": lambda s: s.github_token(claims={"iat": 4102444800}),
    "no-expiry": lambda s: s.github_token(claims={"exp": None}),
    "no-audience": lambda s: s.github_token(claims={"aud": None}),
    "no-subject": lambda s: s.github_token(claims={"sub": None}),
    "no-repository": lambda s: s.github_token(claims={"repository": None}),
    "number-as-ref": lambda s: s.github_token(claims={"ref": 7}),
    "gitlab-without-project": lambda s: s.gitlab_token(claims={"project_path": ""}),
    "gitlab-odd-ref": lambda s: s.gitlab_token(claims={"ref_type": "note"}),
    "unverified-email": lambda s: s.identity_token(claims={"email_verified": False}),
    "unknown-issuer": lambda s: s.identity_token(claims={"iss": "https://a.example"}),
    "cut": lambda s: s.identity_token()[:-4],
    "none": lambda _: "",
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_fulcio_refuses_the_token(local_sigstore, token):
    answer = ask_fulcio(local_sigstore, token(local_sigstore))
    assert answer.status_code == 400
    assert answer.json() == {"code": 3, "message": INVALID_TOKEN, "details": []}


def test_fulcio_takes_the_token_from_the_body_too(local_sigstore):
    body = {
        "credentials": {"oidcIdentityToken": local_sigstore.github_token()},
        "certificateSigningRequest": encoded(pem(csr())),
    }
    url = f"{local_sigstore.url}/api/v2/signingCert"
    answer = requests.post(url, json=body, timeout=60)
    chain = answer.json()["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    assert len(chain) == 3


def test_a_token_is_as_old_as_the_instance_says():
    times = [datetime(2030, 1, 2, tzinfo=UTC)]
    with LocalSigstore(now=lambda: times[-1]) as sigstore:
        token = sigstore.identity_token()
        issued = ask_fulcio(sigstore, token)
        times.append(times[0] + timedelta(minutes=10))
        expired = ask_fulcio(sigstore, token)
    assert issued.status_code == 200
    chain = issued.json()["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    leaf = x509.load_pem_x509_certificate(chain[0].encode())
    assert leaf.not_valid_before_utc.year == 2030
    assert expired.json()["message"] == INVALID_TOKEN


def another_key():
    """A request that carries a key whose owner did not sign it."""
    ours, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    point = [
        key.public_key().public_numbers().x.to_bytes(32, "big")
        + key.public_key().public_numbers().y.to_bytes(32, "big")
        for key in (ours, theirs)
    ]
    return csr(ours).replace(*point)


def changed_signature():
    """A request whose signature is off by one bit."""
    request = csr()
    return request[:-1] + bytes([request[-1] ^ 1])


#: name → a certificate request, and why it is refused
REQUESTS = {
    "another-key": (another_key, INVALID_SIGNATURE),
    "signature": (changed_signature, INVALID_SIGNATURE),
    "garbage": (lambda: b"\x30\x03abc", INVALID_REQUEST),
    "rsa": (lambda: csr(rsa.generate_private_key(65537, 2048)), INSECURE_KEY),
    "ed25519": (lambda: csr(Ed25519PrivateKey.generate()), INSECURE_KEY),
    "odd-curve": (lambda: csr(ec.generate_private_key(ec.SECP256K1())), INSECURE_KEY),
}


@pytest.mark.parametrize(("request_of", "says"), REQUESTS.values(), ids=REQUESTS)
def test_fulcio_refuses_the_request(local_sigstore, request_of, says):
    token = local_sigstore.identity_token()
    answer = ask_fulcio(local_sigstore, token, request_of())
    assert answer.status_code == 400
    assert answer.json()["message"] == says


BODIES = [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "path", ["/api/v2/signingCert", "/api/v1/log/entries", "/api/v2/log/entries"]
)
def test_a_body_that_is_no_object(local_sigstore, path, body):
    answer = requests.post(local_sigstore.url + path, data=body, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "token",
    [
        lambda s: s.identity_token(lifetime=EXPIRED),
        lambda s: s.identity_token(audience="pypi"),
    ],
    ids=["expired", "wrong-audience"],
)
def test_sigstore_python_refuses_the_token_before_it_asks(local_sigstore, token):
    before = local_sigstore.requests
    with pytest.raises(IdentityError):
        IdentityToken(token(local_sigstore))
    assert local_sigstore.requests == before


def test_the_text_of_fulcio_is_behind_the_empty_error(local_sigstore):
    with pytest.raises(FulcioClientError) as caught:
        sign(local_sigstore, token=forged(local_sigstore))
    assert str(caught.value) == ""
    assert INVALID_TOKEN in caught.value.__cause__.response.text


def test_tokens_are_checked_with_published_keys(local_sigstore):
    base = local_sigstore.url
    found = requests.get(f"{base}/.well-known/openid-configuration", timeout=60).json()
    assert found["issuer"] == base
    (key,) = requests.get(found["jwks_uri"], timeout=60).json()["keys"]
    token = local_sigstore.identity_token("bob@example.org")
    claims = jwt.decode(token, jwt.PyJWK(key), ["ES256"], audience=AUDIENCE)
    assert (claims["email"], claims["iss"]) == ("bob@example.org", base)


AUTHORIZE = {
    "redirect_uri": "http://127.0.0.1:9/",
    "code_challenge": "x",
    "code_challenge_method": "S256",
    "state": "s",
}


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": None},
        {"redirect_uri": "http://evil.example/"},
        {"redirect_uri": "https://127.0.0.1.evil.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_login_that_is_refused(local_sigstore, change):
    query = {**AUTHORIZE, **change}
    answer = requests.get(
        f"{local_sigstore.url}/auth", query, timeout=60, allow_redirects=False
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_a_login_adds_no_headers(local_sigstore):
    query = {**AUTHORIZE, "redirect_uri": "http://127.0.0.1:9/\r\nX-Added: yes"}
    answer = requests.get(
        f"{local_sigstore.url}/auth", query, timeout=60, allow_redirects=False
    )
    assert answer.status_code == 302
    assert "X-Added" not in answer.headers


def test_a_login_code_is_for_whoever_asked(local_sigstore):
    answer = requests.get(
        f"{local_sigstore.url}/auth", AUTHORIZE, timeout=60, allow_redirects=False
    )
    code = answer.headers["Location"].partition("code=")[2].partition("&")[0]
    form = {"code": code, "code_verifier": "guessed"}
    refused = requests.post(f"{local_sigstore.url}/token", form, timeout=60)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
