"""Bundles signed with a certificate: below which pinned root, for whom, and when."""

from __future__ import annotations

from datetime import datetime

from aibom.attest.authority import ByCertificate
from aibom.attest.bundle import Bundle, ChainMaterial
from aibom.attest.chain import ChainHolder, verify_chain
from aibom.attest.signers import AllowedSigner
from aibom.attest.timestamps import verified_time
from aibom.attest.verify_result import Recognised
from aibom.errors import VerificationFailed

__all__ = ["by_certificate"]


def by_certificate(
    bundle: Bundle,
    material: ChainMaterial,
    signers: tuple[AllowedSigner, ...],
    now: datetime,
) -> Recognised:
    """Recognise the signer of a bundle with a certificate chain.

    The chain must hold at the time that a timestamp authority vouches for, or now where
    the entry names no such authority. Raises
    :class:`~aibom.errors.VerificationFailed` for a chain that leads to a pinned root
    and does not hold, or whose certificate did not make the signature.
    """
    answers = [
        _asked(bundle, material, signer, signer.authority, now)
        for signer in signers
        if isinstance(signer.authority, ByCertificate)
    ]
    if not answers:
        return Recognised((), "signer-not-allowed", who="a certificate")
    matching = tuple(s for a in answers if a.refusal is None for s in a.signers)
    best = min(answers, key=lambda a: _RANK.get(a.refusal, 0))
    if not matching:
        return best
    return Recognised(matching, None, best.signed_at, best.who)


#: A refusal says more, the later it comes.
_RANK = {None: -1, "identity-not-allowed": 1, "wrong-trust-root": 2}


def _asked(
    bundle: Bundle,
    material: ChainMaterial,
    signer: AllowedSigner,
    authority: ByCertificate,
    now: datetime,
) -> Recognised:
    if not _is_known(bundle, material, authority, now):
        text = "a certificate of another authority"
        return Recognised((), "wrong-trust-root", who=text)
    roots = authority.timestamp_roots
    if (roots is None) != (not bundle.timestamps):
        absent = roots is not None
        reason = "no-trusted-time" if absent else "timestamp-unverifiable"
        return Recognised((), reason, who="a certificate")
    stamped = None
    if roots is not None:
        stamps = (bundle.timestamps, bundle.signature, roots)
        stamped = verified_time(*stamps, bundle.where)
    holder = verify_chain(
        material.certificates, authority.roots, stamped or now, bundle.where
    )
    _require_signed(bundle, holder)
    who = "certificate of " + ", ".join(value for _, value in holder.names)
    if not authority.names_one_of(holder.names):
        return Recognised((), "identity-not-allowed", stamped, who)
    return Recognised((signer,), None, stamped, who)


def _is_known(
    bundle: Bundle, material: ChainMaterial, authority: ByCertificate, now: datetime
) -> bool:
    """Whether the chain leads to the pinned roots; expired is known as well.

    Asked before the timestamps, which of a stranger are a stranger's as well.
    """
    try:
        verify_chain(material.certificates, authority.roots, now, bundle.where)
    except VerificationFailed as error:
        return error.reason != "wrong-trust-root"
    return True


def _require_signed(bundle: Bundle, holder: ChainHolder) -> None:
    if not holder.key.verifies(bundle.signature, bundle.signed_bytes):
        raise VerificationFailed(
            "the signature does not verify under the key of its certificate",
            reason="signature-invalid",
            where=bundle.where,
            hint="the bundle or its payload was changed; fetch it again",
        )
