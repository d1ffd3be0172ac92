"""The identity provider: tokens, keys to check them with, and a login that says yes.

One ES256 key signs for three issuers: an e-mail provider, which is this server itself,
and GitHub Actions and GitLab under their real names (the package's docstring says why).
``authorize`` and ``exchange`` are OAuth's authorization code flow with PKCE (RFC 7636),
for clients that open a browser: whoever comes is logged in as one fixed user.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from jwt.algorithms import ECAlgorithm

from aibom.testing.sigstore.identities import (
    GITHUB_ISSUER,
    GITLAB_ISSUER,
    Claims,
    Principal,
    email_claims,
    email_principal,
    github_principal,
    gitlab_principal,
)
from aibom.testing.sigstore.keys import new_ec_key
from aibom.testing.sigstore.wire import (
    Clock,
    Refused,
    Request,
    Response,
    b64,
    json_response,
)

__all__ = ["AUDIENCE", "IdentityProvider"]

AUDIENCE = "sigstore"
LIFETIME = timedelta(minutes=10)
_KEY_ID = "loopback"
_NATIVE_CLIENTS = (("http", "localhost"), ("http", "127.0.0.1"))
_REQUIRED = ["aud", "exp", "iat", "iss", "sub"]


class IdentityProvider:
    """Issues and checks tokens; ``url`` is both its address and the e-mail issuer."""

    def __init__(self, url: str, user: str, now: Clock) -> None:
        self.url = url
        self._user = user
        self._now = now
        self._key = new_ec_key()
        self._principals: dict[str, Callable[[Claims], Principal]] = {
            url: email_principal,
            GITHUB_ISSUER: github_principal,
            GITLAB_ISSUER: gitlab_principal,
        }
        self._lock = threading.Lock()
        self._logins: dict[str, str] = {}
        self._jobs: dict[str, Claims] = {}

    def token(
        self,
        issuer: str,
        claims: Claims,
        audience: str = AUDIENCE,
        lifetime: timedelta = LIFETIME,
    ) -> str:
        """Sign claims into a token; one of them that is None is left out.

        A negative lifetime makes a token that has expired.
        """
        issued = int(self._now().timestamp())
        expires = issued + int(lifetime.total_seconds())
        # Back-dated with its expiry: a token from the future would be refused for that.
        times = {"iat": min(issued, expires), "exp": expires}
        filled = {"iss": issuer, "aud": audience, **times, **claims}
        kept = {name: value for name, value in filled.items() if value is not None}
        return jwt.encode(kept, self._key, "ES256", headers={"kid": _KEY_ID})

    def principal(self, token: str) -> Principal:
        """Whom a token speaks for.

        Raises ``ValueError`` unless it is ours, current, made for Sigstore, and says
        everything that its issuer's tokens say.
        """
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["ES256"],
                audience=AUDIENCE,
                # Times are checked below, by the clock of this instance.
                options={
                    "require": _REQUIRED,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise ValueError(str(error)) from error
        self._require_current(claims)
        read = self._principals.get(claims["iss"])
        if read is None:
            raise ValueError(f"unsupported issuer: {claims['iss']}")
        return read(claims)

    def _require_current(self, claims: Claims) -> None:
        issued, expires = claims["iat"], claims["exp"]
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise ValueError("iat and exp are whole seconds")
        if not issued <= self._now().timestamp() < expires:
            raise ValueError("the token is not valid now")

    def configuration(self, _request: Request) -> Response:
        """``/.well-known/openid-configuration`` (OpenID Connect Discovery 1.0)."""
        return json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def keys(self, _request: Request) -> Response:
        """The public key as a JWK set (RFC 7517)."""
        key = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        return json_response(
            {"keys": [{**key, "kid": _KEY_ID, "alg": "ES256", "use": "sig"}]}
        )

    def job_secret(self, token: str) -> str:
        """A bearer secret for which :meth:`job_token` gives tokens like this one."""
        claims = jwt.decode(token, options={"verify_signature": False})
        secret = secrets.token_urlsafe(24)
        with self._lock:
            self._jobs[secret] = {
                name: value
                for name, value in claims.items()
                if name not in ("iss", "aud", "iat", "exp")
            }
        return secret

    def job_token(self, request: Request) -> Response:
        """GitHub's token endpoint: the job's claims, for the audience asked for."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            claims = self._jobs.get(secret)
        if scheme.lower() != "bearer" or claims is None:
            raise Refused(json_response({"message": "Not authorized"}, 401))
        owner = f"https://github.com/{claims.get('repository_owner')}"
        audience = request.query.get("audience", owner)
        return json_response({"value": self.token(GITHUB_ISSUER, claims, audience)})

    def authorize(self, request: Request) -> Response:
        """OAuth's authorization endpoint: sends the browser back with a code.

        Back is this machine, where native clients listen (RFC 8252 section 7.3).
        """
        query = request.query
        target, challenge = query.get("redirect_uri", ""), query.get("code_challenge")
        back = urlsplit(target)
        if (
            (back.scheme, back.hostname) not in _NATIVE_CLIENTS
            or not challenge
            or query.get("code_challenge_method") != "S256"
        ):
            raise Refused(json_response({"error": "invalid_request"}, 400))
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._logins[code] = challenge
        answer = urlencode({"code": code, "state": query.get("state", "")})
        return Response(302, b"", headers=(("Location", f"{back.geturl()}?{answer}"),))

    def exchange(self, request: Request) -> Response:
        """OAuth's token endpoint: a code, used once, for the user's token."""
        form = parse_qs(request.body.decode("utf-8", "replace"))
        code, verifier = (form.get(k, [""])[0] for k in ("code", "code_verifier"))
        with self._lock:
            challenge = self._logins.pop(code, None)
        digest = b64(hashlib.sha256(verifier.encode()).digest())
        if challenge is None or challenge != digest.translate(_URL_SAFE):
            raise Refused(json_response({"error": "invalid_grant"}, 400))
        token = self.token(self.url, email_claims(self._user))
        return json_response(
            {"access_token": token, "id_token": token, "token_type": "Bearer"}
        )


#: Standard base64 to the unpadded, URL-safe one of RFC 7636.
_URL_SAFE = str.maketrans("+/", "-_", "=")
