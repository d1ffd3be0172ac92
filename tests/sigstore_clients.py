"""Signing and verifying with the unmodified sigstore-python, against a LocalSigstore.

What tests say in one line: which way of signing, as whom, over what.
"""

from __future__ import annotations

import json
from typing import Any

from sigstore.dsse import Statement
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from aibom.testing.sigstore import GITHUB_ISSUER, GITLAB_ISSUER, LocalSigstore

ALICE = "alice@example.org"
GITHUB_JOB = (
    "https://github.com/acme/trainer/.github/workflows/train.yml@refs/heads/main"
)
GITLAB_JOB = "https://gitlab.com/acme/trainer//.gitlab-ci.yml@refs/heads/main"
ARTIFACT = b"weights\n"
STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://in-toto.io/attestation/reference/v0.1",
        "predicate": {},
    }
).encode()

#: name → how to sign
MODES: dict[str, dict[str, Any]] = {
    "v1": {"rekor": 1, "timestamps": False},
    "v1-tsa": {"rekor": 1, "timestamps": True},
    "v2-tsa": {"rekor": 2, "timestamps": True},
}

#: name → how to get a token; and the identity and the issuer of its certificates
IDENTITIES = {
    "email": (
        lambda sigstore: sigstore.identity_token(ALICE),
        lambda sigstore: (ALICE, sigstore.url),
    ),
    "github": (
        lambda sigstore: sigstore.github_token(),
        lambda _: (GITHUB_JOB, GITHUB_ISSUER),
    ),
    "gitlab": (
        lambda sigstore: sigstore.gitlab_token(),
        lambda _: (GITLAB_JOB, GITLAB_ISSUER),
    ),
}


def alice(sigstore: LocalSigstore) -> Identity:
    """The policy that demands Alice."""
    return Identity(identity=ALICE, issuer=sigstore.url)


def signer(sigstore: LocalSigstore, mode: str = "v1-tsa", token: str | None = None):
    """A context manager that signs; without a token, as Alice."""
    config = ClientTrustConfig.from_json(sigstore.trust_config(**MODES[mode]))
    identity = IdentityToken(token or sigstore.identity_token(ALICE))
    return SigningContext.from_trust_config(config).signer(identity)


def sign(
    sigstore: LocalSigstore,
    mode: str = "v1-tsa",
    token: str | None = None,
    statement: bytes = STATEMENT,
) -> Bundle:
    """A bundle over a statement."""
    with signer(sigstore, mode, token) as signing:
        return signing.sign_dsse(Statement(statement))


def verifier(sigstore: LocalSigstore) -> Verifier:
    """Verifies what was signed against this instance; never talks to it."""
    config = ClientTrustConfig.from_json(sigstore.trust_config())
    return Verifier(trusted_root=config.trusted_root)


def verify(sigstore: LocalSigstore, bundle: Bundle, policy: Any) -> bytes:
    """The payload of a bundle that holds; raises what sigstore-python raises."""
    kind, payload = verifier(sigstore).verify_dsse(bundle, policy)
    assert kind == "application/vnd.in-toto+json"
    return payload
