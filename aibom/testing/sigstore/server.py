"""The whole Sigstore as one object: wires the services, hands out what tests need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from aibom.errors import UsageError
from aibom.testing.sigstore.ca import FulcioAuthority, timestamping_authority
from aibom.testing.sigstore.ctlog import CertificateLog
from aibom.testing.sigstore.faults import FaultKind, Faults
from aibom.testing.sigstore.fulcio import Fulcio
from aibom.testing.sigstore.identities import (
    GITHUB_ISSUER,
    GITLAB_ISSUER,
    email_claims,
    github_claims,
    gitlab_claims,
)
from aibom.testing.sigstore.oidc import AUDIENCE, LIFETIME, IdentityProvider
from aibom.testing.sigstore.rekor import RekorV1, RekorV2
from aibom.testing.sigstore.timestamps import TimestampAuthority
from aibom.testing.sigstore.transport import LoopbackServer, Service
from aibom.testing.sigstore.trust_config import (
    Anchors,
    client_trust_config,
    trusted_root,
)
from aibom.testing.sigstore.wire import Clock, utc_now

__all__ = ["LocalSigstore"]

_JOB_TOKEN_PATH = "/github/actions/token"


class LocalSigstore:
    """A running Sigstore with fresh keys; a context manager.

    ``host`` has to be an IPv4 loopback address, else ``UsageError``; port 0 takes a
    free one. ``user`` is who logs in through a browser. ``now`` tells every service the
    time; clients go by their own. The address is taken at once and answered inside
    ``with``; tokens, trust configuration and trusted root can be had afterwards too.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str = "user@example.org",
        now: Clock = utc_now,
    ) -> None:
        def clock() -> datetime:
            return now().astimezone(UTC)

        self._faults = Faults()
        self._server = LoopbackServer(host, port, self._faults)
        self._provider = IdentityProvider(self.url, user, clock)
        begin = clock()
        ctlog = CertificateLog()
        authority = FulcioAuthority(ctlog, begin)
        fulcio = Fulcio(self._provider, authority, clock)
        # The name that checkpoints are signed with: the logs' URL without its scheme.
        name = self.url.removeprefix("http://")
        rekor_v1, rekor_v2 = RekorV1(name, clock), RekorV2(name)
        timestamps = TimestampAuthority(timestamping_authority(begin), clock)
        self._anchors = Anchors(
            url=self.url,
            since=begin - timedelta(days=1),
            rekor=(rekor_v1.log.key, rekor_v2.log.key),
            ctlog=ctlog.key,
            fulcio=authority.issuer.chain,
            timestamps=timestamps.authority.chain,
        )
        self._server.routes = {
            **_routes_of(self._provider),
            ("POST", "/api/v2/signingCert"): fulcio.signing_certificate,
            ("GET", "/api/v2/trustBundle"): fulcio.trust_bundle,
            ("POST", "/api/v1/log/entries"): rekor_v1.create,
            ("POST", "/api/v2/log/entries"): rekor_v2.create,
            ("POST", "/api/v1/timestamp"): timestamps.stamp,
        }

    def __enter__(self) -> LocalSigstore:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """Where it listens; also the issuer of e-mail identities."""
        return self._server.url

    @property
    def requests(self) -> tuple[str, ...]:
        """Every request so far as ``METHOD path``, in the order of arrival."""
        return self._server.seen

    # ── what a client is configured with ────────────────────

    def trust_config(self, *, rekor: int = 1, timestamps: bool = True) -> str:
        """A ClientTrustConfig in JSON: sign with Rekor v1 or v2, with or without TSA.

        Raises ``UsageError`` for v2 without timestamps, which nobody could verify: it
        has no other source of time.
        """
        if rekor not in (1, 2):
            raise UsageError(f"there is no Rekor v{rekor}", reason="rekor-version")
        if rekor == 2 and not timestamps:
            raise UsageError(
                "Rekor v2 keeps no time, so it needs timestamps", reason="no-time"
            )
        return json.dumps(client_trust_config(self._anchors, rekor, timestamps))

    def trusted_root(self) -> str:
        """The trusted root in JSON, for those who only verify."""
        return json.dumps(trusted_root(self._anchors))

    # ── identities ────────────────────

    def identity_token(
        self,
        email: str = "user@example.org",
        *,
        audience: str = AUDIENCE,
        lifetime: timedelta = LIFETIME,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A token of someone with an e-mail address.

        ``claims`` adds to the claims or replaces some, None takes one away. A negative
        ``lifetime`` makes a token that has expired.
        """
        filled = {**email_claims(email), **(claims or {})}
        return self._provider.token(self.url, filled, audience, lifetime)

    def github_token(
        self,
        *,
        repository: str = "acme/trainer",
        ref: str = "refs/heads/main",
        workflow: str = "train.yml",
        audience: str = AUDIENCE,
        lifetime: timedelta = LIFETIME,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A token of a GitHub Actions job; ``workflow`` is a file's name.

        For a reusable workflow of another repository, set ``job_workflow_ref`` in
        ``claims``, which otherwise works as in :meth:`identity_token`.
        """
        filled = {**github_claims(repository, ref, workflow), **(claims or {})}
        return self._provider.token(GITHUB_ISSUER, filled, audience, lifetime)

    def gitlab_token(
        self,
        *,
        project: str = "acme/trainer",
        ref: str = "main",
        config: str = ".gitlab-ci.yml",
        audience: str = AUDIENCE,
        lifetime: timedelta = LIFETIME,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A token of a GitLab job on branch ``ref``; ``claims`` as above."""
        filled = {**gitlab_claims(project, ref, config), **(claims or {})}
        return self._provider.token(GITLAB_ISSUER, filled, audience, lifetime)

    def github_environment(self, token: str | None = None) -> dict[str, str]:
        """The variables of a GitHub job with ``id-token: write``.

        Whoever follows them gets a fresh token with the claims of ``token``, for the
        audience that they ask for. Needs the server to run.
        """
        secret = self._provider.job_secret(token or self.github_token())
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": secret,
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.url + _JOB_TOKEN_PATH,
        }

    def gitlab_environment(self, token: str | None = None) -> dict[str, str]:
        """The variables of a GitLab job with an id token for Sigstore."""
        return {
            "GITLAB_CI": "true",
            "SIGSTORE_ID_TOKEN": token or self.gitlab_token(),
        }

    # ── faults ────────────────────

    def fail(
        self,
        pattern: str,
        kind: FaultKind = "status",
        *,
        status: int | None = None,
        delay: float | None = None,
        times: int | None = 1,
    ) -> None:
        """Let the next ``times`` requests go wrong whose ``METHOD path`` matches.

        ``pattern`` is searched for as a regular expression; ``times=None`` lasts until
        :meth:`recover`. ``status`` is for kinds ``status`` and ``html``; ``delay`` is
        in seconds and at most 60. Kinds are told at :data:`FaultKind`. Raises
        ``UsageError``.
        """
        self._faults.plan(pattern, kind, status=status, delay=delay, times=times)

    def recover(self) -> None:
        """Forget every planned fault, and let go of clients that still wait."""
        self._faults.clear()


def _routes_of(provider: IdentityProvider) -> dict[tuple[str, str], Service]:
    return {
        ("GET", "/.well-known/openid-configuration"): provider.configuration,
        ("GET", "/keys"): provider.keys,
        ("GET", "/auth"): provider.authorize,
        ("POST", "/token"): provider.exchange,
        ("GET", _JOB_TOKEN_PATH): provider.job_token,
    }
