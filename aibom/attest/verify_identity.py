"""Keyless bundles: which allowed identity signed, by which Sigstore, and when.

Each trust root that ``signers.yaml`` names is asked in turn. A bundle that no root
knows is a stranger's; one that a root knows and that holds under none was changed.
Under an older root of an instance whose keys have changed since, it may seem so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from aibom.attest.authority import ByIdentity, NamedTrustRoot
from aibom.attest.bundle import Bundle
from aibom.attest.keyless_identity import KeylessIdentity
from aibom.attest.keyless_verify import KeylessStatement, verify_keyless
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify_result import Recognised
from aibom.errors import VerificationFailed

__all__ = ["by_identity", "described"]

#: What an identity can fail at, the last question first. The rule that came furthest
#: says most about what to correct.
_FURTHEST_FIRST = (
    "runner-not-allowed",
    "source-ref-not-allowed",
    "source-repository-not-allowed",
    "identity-not-allowed",
    "issuer-not-allowed",
)


def by_identity(
    bundle: Bundle, signers: tuple[AllowedSigner, ...], now: datetime
) -> Recognised:
    """Recognise the signer of a keyless bundle.

    Raises :class:`~aibom.errors.VerificationFailed` for a bundle of a Sigstore that is
    known which does not hold.
    """
    asked = [(s, s.authority) for s in signers if isinstance(s.authority, ByIdentity)]
    if not asked:
        return Recognised((), "signer-not-allowed", who="an identity")
    answers, broken = [], []
    for root in _roots(authority.trust_root for _, authority in asked):
        rules = [(s, a) for s, a in asked if a.trust_root == root]
        try:
            found = verify_keyless(bundle.data, root.root, bundle.where)
        except VerificationFailed as error:
            if error.reason != "wrong-trust-root":
                broken.append(error)
            continue
        _require_same_payload(bundle, found)
        answers.append(_matched(found, rules, root, now))
    if not answers and broken:
        raise broken[0]
    if not answers:
        return Recognised((), "wrong-trust-root", who="an identity of another Sigstore")
    return min(answers, key=lambda answer: answer.refusal is not None)


def _require_same_payload(bundle: Bundle, found: KeylessStatement) -> None:
    """What we read must be what was verified: two readers, one document."""
    if found.statement.payload != bundle.payload:
        raise VerificationFailed(
            "two readers find two payloads in the bundle",
            reason="bundle-malformed",
            where=bundle.where,
            hint="whoever wrote it meant to be read in two ways; do not use it",
        )


def _roots(roots: Iterable[NamedTrustRoot]) -> list[NamedTrustRoot]:
    return list(dict.fromkeys(roots))


def _matched(
    found: KeylessStatement,
    rules: list[tuple[AllowedSigner, ByIdentity]],
    root: NamedTrustRoot,
    now: datetime,
) -> Recognised:
    identity, who = found.identity, described(found.identity)
    if root.is_stale(now):
        return Recognised((), "trust-root-stale", found.signed_at, who)
    refusals = {s: a.rule.identity_refusal(identity) for s, a in rules}
    matching = tuple(signer for signer, refusal in refusals.items() if refusal is None)
    if matching:
        return Recognised(matching, None, found.signed_at, who)
    furthest = _furthest_refusal(set(refusals.values()))
    return Recognised((), furthest, found.signed_at, who)


def _furthest_refusal(refusals: set[str | None]) -> str:
    for reason in _FURTHEST_FIRST:
        if reason in refusals:
            return reason
    raise AssertionError("asked only where every rule refused")


def described(identity: KeylessIdentity) -> str:
    """An identity in words: who, vouched for by whom, and where the job ran."""
    job = [
        f"{name} {value}"
        for name, value in (
            ("for repository", identity.source_repository),
            ("at", identity.source_ref),
            ("on", identity.runner_environment),
        )
        if value
    ]
    return ", ".join((f"{identity.san} (by {identity.issuer})", *job))
