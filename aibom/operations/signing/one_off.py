"""Signers for one call, without a ``signers.yaml``.

Whoever is named so may say everything about everything: that is what somebody means who
asks "did they sign this?". It says nothing about who should have.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from aibom.attest.authority import ByIdentity, ByKey, NamedTrustRoot
from aibom.attest.keyless_root import TrustRoot
from aibom.attest.keyless_rules import GITHUB_ISSUER, IdentityRule
from aibom.attest.keys import load_public
from aibom.attest.signers import PREDICATES, AllowedSigner
from aibom.errors import UsageError
from aibom.lineage.evidence import Signer
from aibom.operations.files import read_small

__all__ = [
    "PUBLIC",
    "anybody_with_key",
    "anybody_with_rule",
    "described_roots",
    "github_rule",
    "identity_rule",
    "trust_root",
]

_WORDS = ("bom", "step-record", "audit", "approval", "model-signature")

#: What the trust root of the public instance is called, as this program carries it.
PUBLIC = "public"


def trust_root(named: str) -> NamedTrustRoot:
    """The root in a file, or the embedded one of the public instance."""
    if named == PUBLIC:
        return NamedTrustRoot(PUBLIC, TrustRoot.embedded(), embedded=True)
    return NamedTrustRoot(named, TrustRoot.parse(read_small(Path(named)), named))


def anybody_with_rule(rule: IdentityRule, root: NamedTrustRoot) -> AllowedSigner:
    """The one signer: whoever fits the rule."""
    return _signer("the identity asked for", ByIdentity(rule, root))


def anybody_with_key(path: Path) -> AllowedSigner:
    """The one signer: whoever has this key."""
    pem = read_small(path).decode("utf-8", "replace")
    return _signer("the key asked for", ByKey(load_public(pem, str(path))))


def identity_rule(identity: str | None, issuer: str | None) -> IdentityRule:
    """The rule for one identity, exactly, that one issuer vouches for.

    Raises :class:`~aibom.errors.UsageError` (``identity-rule-invalid``).
    """
    if identity is None or issuer is None:
        raise _unusable("an identity is worth what its issuer is: name it", "--issuer")
    return IdentityRule(issuer, identity=identity)


def github_rule(
    repository: str, workflow: str | None, ref: str | None, issuer: str | None
) -> IdentityRule:
    """The rule for a job of a GitHub repository: ``acme/trainer``.

    A workflow without a ref would be accepted from any branch that somebody can push
    to, so one goes with the other. Raises :class:`~aibom.errors.UsageError`
    (``identity-rule-invalid``).
    """
    # No pattern: all repositories of somebody are for signers.yaml to trust.
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        raise _unusable(f"{repository!r} is not OWNER/NAME", "--github-repo")
    if workflow is not None and "*" in f"{workflow}{ref}":
        raise _unusable("a workflow and its ref are named exactly", "--workflow")
    if workflow is not None and ref is None:
        raise _unusable(
            "a workflow can be changed on any branch: name the ref as well",
            "--workflow",
        )
    home = f"https://github.com/{repository}"
    identity = None
    if workflow is not None:
        identity = f"{home}/.github/workflows/{workflow}@{ref}"
    return IdentityRule(
        issuer or GITHUB_ISSUER,
        identity=identity,
        source_repository=home,
        source_ref=ref,
    )


def described_roots(
    signers: tuple[AllowedSigner, ...], now: datetime
) -> tuple[str, ...]:
    """Each trust root that signers hang on, with its digest and its age."""
    roots = {
        signer.authority.trust_root: None
        for signer in signers
        if isinstance(signer.authority, ByIdentity)
    }
    return tuple(
        f"trust root {root.name}: {root.root.name}, sha256:{root.root.digest[:16]}…, "
        f"newest key {root.root.newest_key:%Y-%m-%d} "
        f"({root.root.age(now).days} days old)"
        for root in roots
    )


def _signer(name: str, authority: ByIdentity | ByKey) -> AllowedSigner:
    predicates = frozenset().union(*(PREDICATES[word] for word in _WORDS))
    return AllowedSigner(Signer(name, "asked"), authority, predicates, ("**",))


def _unusable(message: str, where: str) -> UsageError:
    return UsageError(
        message,
        reason="identity-rule-invalid",
        where=where,
        hint="for example: --identity anne@acme.example --issuer https://…, or "
        "--github-repo acme/trainer --workflow train.yml --ref refs/heads/main",
    )
