"""A token is refused for what can be seen here, before anything costs time."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.attest.keyless_token import check_token
from aibom.errors import InputError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def seconds(**since_now):
    return int((NOW + timedelta(**since_now)).timestamp())


CLAIMS = {
    "iss": "https://accounts.example.org",
    "sub": "alice",
    "aud": "sigstore",
    "iat": seconds(minutes=-1),
    "exp": seconds(minutes=9),
}


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(text=None, **changes):
    claims = {k: v for k, v in {**CLAIMS, **changes}.items() if v is not None}
    body = json.dumps(claims) if text is None else text
    return f"{encoded(b'{}')}.{encoded(body.encode())}.c2ln"


ACCEPTED = {
    "plain": token(),
    "audiences": token(aud=["other", "sigstore"]),
    "fraction": token(exp=seconds(minutes=9) + 0.5),
    "clock-skew": token(iat=seconds(seconds=4)),
    "last-second": token(exp=seconds(seconds=1)),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_a_current_token_for_sigstore(text):
    claims = check_token(text, NOW)
    assert (claims.issuer, claims.subject) == (CLAIMS["iss"], "alice")
    assert claims.expires > NOW


REFUSED = {
    "expired": (token(exp=seconds(minutes=-1)), "token-expired"),
    "just-expired": (token(exp=seconds()), "token-expired"),
    "audience": (token(aud="vault"), "token-wrong-audience"),
    "audience-list": (token(aud=["vault"]), "token-wrong-audience"),
    "audience-part": (token(aud="sigstore-x"), "token-wrong-audience"),
    "audience-missing": (token(aud=None), "token-wrong-audience"),
    "future": (token(iat=seconds(minutes=1)), "token-not-yet-valid"),
    "not-before": (token(nbf=seconds(minutes=1)), "token-not-yet-valid"),
    "undated": (token(iat=None), "token-not-yet-valid"),
    "no-subject": (token(sub=None), "token-malformed"),
    "no-issuer": (token(iss=""), "token-malformed"),
    "no-expiry": (token(exp=None), "token-malformed"),
    "expiry-text": (token(exp="never"), "token-malformed"),
    "expiry-true": (token(exp=True), "token-malformed"),
    "expiry-beyond": (token(exp=10**30), "token-malformed"),
    "empty": ("", "token-malformed"),
    "two-parts": ("a.b", "token-malformed"),
    "not-base64": ("a.!.c", "token-malformed"),
    "not-ascii": ("a.é.c", "token-malformed"),
    "not-json": (token("no"), "token-malformed"),
    "not-an-object": (token("[]"), "token-malformed"),
    "aud-twice": (
        token('{"aud": "vault", "aud": "sigstore"}'),
        "token-malformed",
    ),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_token_that_would_be_refused_later(text, reason):
    with pytest.raises(InputError) as refused:
        check_token(text, NOW)
    assert refused.value.reason == reason
    assert refused.value.hint
    assert not text or text not in str(refused.value)


@given(st.text(max_size=40), st.text(max_size=40))
def test_noise_is_refused_as_such(text, body):
    for noise in (text, token(body)):
        with pytest.raises(InputError) as refused:
            check_token(noise, NOW)
        assert refused.value.reason.startswith("token-")


def test_checking_a_token_loads_nothing_heavy(checkout):
    code = (
        "import sys, aibom.attest.keyless_token, aibom.attest.keyless_sign,"
        "aibom.attest.keyless_verify, aibom.attest.keyless_rules\n"
        "heavy = {'sigstore', 'pydantic', 'requests', 'cryptography', 'jwt'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
