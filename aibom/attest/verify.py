"""A bundle and the allowed signers → a statement, and who stands behind it.

What a refusal means depends on what the bundle is for: on the artifact's own BOM it
ends the run, on other evidence it makes the statement a claim. So :func:`identify`
reports it as a value. One thing always ends the run: a signature that names an allowed
key, hangs on a pinned root or comes from a known Sigstore, and does not hold. Then
somebody changed signed bytes.

How a signature was made decides who can have made it: a key is compared with keys, an
identity with identities, a certificate with certificates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aibom.attest.authority import ByKey
from aibom.attest.bundle import Bundle, ChainMaterial, KeylessMaterial, KeyMaterial
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify_result import Recognised
from aibom.errors import VerificationFailed
from aibom.statement import Statement

if TYPE_CHECKING:
    from aibom.attest.timestamps import TimestampRoots

__all__ = ["Identified", "identify", "namespace_refusal"]

#: A machine that signed a moment ago may have a clock that is a little ahead of ours.
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Identified:
    """A statement with its signer, or with the reason why there is none.

    ``signer`` may be set together with ``refusal``: the signature is that signer's, who
    may not say this. ``signed_at`` is a time that an authority vouches for: the
    signature existed by then; None where nobody does. ``who`` is what the signature
    says of whoever made it, in words; believed only as far as there is no refusal.
    """

    statement: Statement
    signer: AllowedSigner | None
    refusal: str | None
    signed_at: datetime | None = None
    who: str = ""


def identify(
    bundle: Bundle, signers: Iterable[AllowedSigner], now: datetime
) -> Identified:
    """Find the allowed signer of a bundle, check time and predicate type.

    Refusals: ``signer-not-allowed`` (no allowed key made this signature, or signers of
    this kind there are none), for identities those of
    :meth:`~aibom.attest.keyless_rules.IdentityRule.identity_refusal`,
    ``wrong-trust-root``, ``trust-root-stale``, ``no-trusted-time``,
    ``signed-in-future``, ``signer-expired``, ``predicate-not-allowed``.

    Raises :class:`~aibom.errors.VerificationFailed` when the bundle names an allowed
    key, or comes from a root that is known, and does not hold (``signature-invalid``,
    ``timestamp-invalid``, ``log-proof-invalid``, ``certificate-invalid``,
    ``certificate-expired`` and what else :func:`~.keyless_verify.verify_keyless`
    raises), and :class:`~aibom.errors.DocumentInvalid` when the payload is not a
    statement. Namespaces are checked later: see :func:`namespace_refusal`.
    """
    listed = tuple(signers)
    found = _recognised(bundle, listed, now)
    # After the signature: what a known key did not sign is tampered with.
    statement = Statement.parse(bundle.payload, bundle.where)
    chosen = _chosen(found, statement, now)
    signer = chosen.signers[0] if chosen.signers else None
    return Identified(statement, signer, chosen.refusal, found.signed_at, found.who)


def _recognised(
    bundle: Bundle, signers: tuple[AllowedSigner, ...], now: datetime
) -> Recognised:
    # Each way is loaded where a bundle needs it: most runs need one of them.
    match bundle.material:
        case KeyMaterial():
            return _by_key(bundle, signers)
        case ChainMaterial():
            from aibom.attest.verify_certificate import by_certificate

            return by_certificate(bundle, bundle.material, signers, now)
        case KeylessMaterial():
            from aibom.attest.verify_identity import by_identity

            return by_identity(bundle, signers, now)


def _by_key(bundle: Bundle, signers: tuple[AllowedSigner, ...]) -> Recognised:
    signed = bundle.signed_bytes
    keys = [(s, s.authority) for s in signers if isinstance(s.authority, ByKey)]
    for signer, authority in keys:
        if authority.key.verifies(bundle.signature, signed):
            who = f"key {authority.key.hint[:16]}…"
            roots = authority.timestamp_roots
            if roots is None and bundle.timestamps:
                # Present, and nothing to verify it with: it must not pass unseen.
                return Recognised((signer,), "timestamp-unverifiable", who=who)
            if roots is not None and not bundle.timestamps:
                return Recognised((signer,), "no-trusted-time", who=who)
            return Recognised((signer,), None, _time(bundle, roots), who)
    for signer, authority in keys:
        if bundle.hint in authority.key.hints:
            raise VerificationFailed(
                f"the signature does not verify under the key of {signer.signer.name}",
                reason="signature-invalid",
                where=bundle.where,
                hint="the bundle or its payload was changed; fetch it again",
            )
    return Recognised((), "signer-not-allowed", who="a key that nobody listed")


def _time(bundle: Bundle, roots: TimestampRoots | None) -> datetime | None:
    if roots is None:
        return None
    from aibom.attest.timestamps import verified_time

    return verified_time(bundle.timestamps, bundle.signature, roots, bundle.where)


def _chosen(found: Recognised, statement: Statement, now: datetime) -> Recognised:
    """Who of the signers may say this; else the first, and why it may not.

    Identities can overlap: one rule may cover what another one names exactly, or one
    stands twice, for two namespaces. Of several it is the one who may name most.
    """
    if found.refusal is not None or not found.signers:
        return found
    first = found.signers[:1]
    when = found.signed_at or now
    late = "signed-in-future" if when > now + _CLOCK_SKEW else None
    may = [s for s in found.signers if _refusal(s, statement, when) is None]
    if not may:
        return Recognised(first, late or _refusal(first[0], statement, when))
    names = [subject.name or "" for subject in statement.subjects]
    # A preference only: whether these names are allowed is asked later, of the chosen.
    best = max(may, key=lambda signer: sum(map(signer.may_name, names)))
    return Recognised((best,), late)


def _refusal(signer: AllowedSigner, statement: Statement, when: datetime) -> str | None:
    if not signer.is_valid_at(when):
        return "signer-expired"
    if statement.predicate_type not in signer.predicates:
        return "predicate-not-allowed"
    return None


def namespace_refusal(identified: Identified) -> str | None:
    """``namespace-not-allowed`` unless the signer may name every subject.

    For statements of which every subject is an entity: step records and audits. The
    names are those the statement itself gives; whether they are the right ones for
    these digests only a lineage can tell.
    """
    signer = identified.signer
    names = [subject.name or "" for subject in identified.statement.subjects]
    if signer is None or not all(signer.may_name(name) for name in names):
        return "namespace-not-allowed"
    return None
