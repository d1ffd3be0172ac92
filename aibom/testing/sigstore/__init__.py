"""A Sigstore on loopback that speaks the real protocols, for tests without a network.

:class:`LocalSigstore` is one process-local server with fresh keys: an OIDC issuer, a
Fulcio with its CT log, a Rekor v1, a Rekor v2 and an RFC 3161 timestamp authority.
Unmodified clients sign against it and verify what they signed, also once it is gone::

    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    with LocalSigstore() as sigstore:
        config = ClientTrustConfig.from_json(sigstore.trust_config(rekor=2))
        token = IdentityToken(sigstore.identity_token("alice@example.org"))
        with SigningContext.from_trust_config(config).signer(token) as signer:
            bundle = signer.sign_artifact(b"weights")

How one signature travels through the modules::

    oidc ── token ──> fulcio ── claims ──> identities    who is it, in certificate form
                        ├─ certificate ──> ca            a leaf that lives ten minutes
                        └─ precertificate ─> ctlog       a promise, embedded in the leaf
    signature ──> timestamps                             when, by RFC 3161
    entry ─────> rekor ──> translog ──> merkle           proof, checkpoint, promise

``trust_config`` writes what a client has to know, ``faults`` breaks answers on request,
``server`` carries all of it over HTTP.

What it is not: there are no witnesses, no monitors, no search in the logs, no TUF
repository, no consistency proofs and no storage; the CT log promises inclusion and
keeps no tree, since no Sigstore client asks it for one; keys are unprotected in memory.

Tokens for GitHub and GitLab carry the real issuers' names, so that policies can be
tested as they are. What keeps them apart from real ones is the trusted root: it names
only this instance's keys.
"""

from __future__ import annotations

from aibom.testing.sigstore.faults import FaultKind
from aibom.testing.sigstore.identities import GITHUB_ISSUER, GITLAB_ISSUER
from aibom.testing.sigstore.server import LocalSigstore

__all__ = ["GITHUB_ISSUER", "GITLAB_ISSUER", "FaultKind", "LocalSigstore"]
