"""Signers as callers ask for them: options in, a signer out."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aibom.attest.bundle import Signing
from aibom.attest.chain import load_chain
from aibom.attest.keyless_source import (
    ambient_token,
    browser_token,
    public_trust_config,
    read_trust_config,
)
from aibom.attest.remote_key import load_remote_key
from aibom.attest.signing import (
    CertificateSigner,
    IdentitySigner,
    KeySigner,
    StatementSigner,
)
from aibom.attest.timestamps import request_timestamp
from aibom.errors import AibomError, InputError
from aibom.operations.files import read_small

__all__ = [
    "OFFLINE",
    "PUBLIC",
    "Keyless",
    "certified",
    "identity_signer",
    "remote_key",
    "require_online",
]

#: What ``--sigstore`` calls the public instance.
PUBLIC = "public"
#: When this environment variable is set, nothing of ours asks a network.
OFFLINE = "AIBOM_OFFLINE"


@dataclass(frozen=True, slots=True)
class Keyless:
    """How to sign as an identity.

    ``sigstore`` is :data:`PUBLIC` or the path of a trust config. ``token`` is a token,
    or None for that of the job, or of a person at a browser where ``may_ask``.
    """

    sigstore: str
    token: str | None = field(repr=False)
    deadline_seconds: float
    may_ask: bool


def require_online(what: str) -> None:
    """Refuse (``offline``) what needs a network, where that was switched off."""
    if os.environ.get(OFFLINE):
        raise AibomError(
            f"{what} needs the network, and {OFFLINE} is set",
            reason="offline",
            hint=f"unset {OFFLINE}, or sign with a key",
        )


def identity_signer(asked: Keyless) -> IdentitySigner:
    """A signer for an identity; no server is asked yet."""
    require_online("signing as an identity")
    if asked.sigstore == PUBLIC:
        config = public_trust_config()
    else:
        path = Path(asked.sigstore)
        config = read_trust_config(read_small(path), str(path))
    return IdentitySigner(
        _token(asked, config),
        config,
        asked.deadline_seconds,
        partial(datetime.now, UTC),
    )


def _token(asked: Keyless, config: str) -> Callable[[], str]:
    def find() -> str:
        found = asked.token or ambient_token()
        if found is None and asked.may_ask:
            found = browser_token(config)
        if found is None:
            raise InputError(
                "there is no identity to sign as: no token, no CI job, no terminal",
                reason="token-unavailable",
                where="--identity-token",
                hint="give one: --identity-token env:NAME, or sign with --key",
            )
        return found

    return find


def remote_key(
    uri: str, public_key: Path, secret: Callable[[str], str] | None
) -> Signing:
    """A key that stays in an HSM or a cloud."""
    if not uri.startswith("hsm:"):
        require_online("a key in a cloud")
    pem = read_small(public_key)
    return load_remote_key(uri, pem.decode("utf-8", "replace"), secret, str(public_key))


def certified(
    key: Signing, chain: Path | None, timestamp_url: str | None, deadline: float
) -> StatementSigner:
    """A signer for a key, with its certificates and trusted time where asked for."""
    stamp = None
    if timestamp_url is not None:
        require_online("a timestamp")
        stamp = partial(_stamp, timestamp_url, deadline)
    if chain is None:
        return KeySigner(key, stamp)
    return CertificateSigner(key, load_chain(read_small(chain), str(chain)), stamp)


def _stamp(url: str, deadline: float, signature: bytes) -> bytes:
    return request_timestamp(url, signature, deadline)
