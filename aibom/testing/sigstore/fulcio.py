"""Fulcio's v2 API: a token and a certificate request in, a short-lived certificate out.

Errors are Fulcio's own texts, in the order in which it checks: the token, the request,
the key, the proof of possession. As there, they do not say what was wrong with a token.
Only certificate requests are understood, not the older bare key with a challenge.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from aibom.testing.sigstore.ca import FulcioAuthority
from aibom.testing.sigstore.identities import Principal
from aibom.testing.sigstore.oidc import IdentityProvider
from aibom.testing.sigstore.wire import (
    Clock,
    Request,
    Response,
    grpc_refusal,
    json_response,
    read_json,
    unb64,
)

__all__ = ["Fulcio"]

INVALID_TOKEN = "There was an error processing the identity token"
INVALID_REQUEST = "The certificate signing request could not be parsed"
INSECURE_KEY = "The public key supplied in the request is insecure"
INVALID_SIGNATURE = "The signature supplied in the request could not be verified"


class Fulcio:
    """The certificate service; keys are on P-256, P-384 or P-521, others refused."""

    def __init__(
        self, provider: IdentityProvider, authority: FulcioAuthority, now: Clock
    ) -> None:
        self._provider = provider
        self._authority = authority
        self._now = now

    def signing_certificate(self, request: Request) -> Response:
        """``POST /api/v2/signingCert``."""
        body = _body(request)
        principal = self._principal(request, body)
        key = _proved_key(body.get("certificateSigningRequest"))
        chain = self._authority.issue(principal, key, self._now())
        certificates = [c.public_bytes(Encoding.PEM).decode() for c in chain]
        return json_response(
            {"signedCertificateEmbeddedSct": {"chain": {"certificates": certificates}}}
        )

    def trust_bundle(self, _request: Request) -> Response:
        """``GET /api/v2/trustBundle``: the chain, without a leaf."""
        chain = self._authority.issuer.chain
        certificates = [c.public_bytes(Encoding.PEM).decode() for c in chain]
        return json_response({"chains": [{"certificates": certificates}]})

    def _principal(self, request: Request, body: dict[str, Any]) -> Principal:
        """Whom the token speaks for: in the body for some clients, else in a header."""
        credentials = body.get("credentials")
        token = (
            credentials.get("oidcIdentityToken")
            if isinstance(credentials, dict)
            else request.headers.get("authorization", "").removeprefix("Bearer ")
        )
        try:
            return self._provider.principal(str(token))
        except ValueError:
            raise grpc_refusal(INVALID_TOKEN) from None


def _body(request: Request) -> dict[str, Any]:
    try:
        body = read_json(request.body)
    except ValueError as error:
        raise grpc_refusal(f"invalid JSON: {error}") from error
    if not isinstance(body, dict):
        raise grpc_refusal("the body is not a JSON object")
    return body


def _proved_key(encoded: Any) -> ec.EllipticCurvePublicKey:
    """The request's key, once its own signature has shown that the caller holds it."""
    try:
        request = x509.load_pem_x509_csr(unb64(encoded))
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise grpc_refusal(INVALID_REQUEST) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
    ):
        raise grpc_refusal(INSECURE_KEY)
    if not request.is_signature_valid:
        raise grpc_refusal(INVALID_SIGNATURE)
    return key
