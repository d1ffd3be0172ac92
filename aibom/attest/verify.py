"""A bundle and the allowed signers → a statement, and who stands behind it.

What a refusal means depends on what the bundle is for: on the artifact's own BOM it
ends the run, on other evidence it makes the statement a claim. So :func:`identify`
reports it as a value. One thing always ends the run: a signature that names an allowed
signer's key and does not verify, because then somebody changed signed bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aibom.attest.bundle import Bundle
from aibom.attest.signers import AllowedSigner
from aibom.errors import VerificationFailed
from aibom.statement import Statement

__all__ = ["Identified", "identify", "namespace_refusal"]


@dataclass(frozen=True, slots=True)
class Identified:
    """A statement with its signer, or with the reason why there is none.

    ``signer`` may be set together with ``refusal``: the signature is that signer's, who
    may not say this.
    """

    statement: Statement
    signer: AllowedSigner | None
    refusal: str | None


def identify(
    bundle: Bundle, signers: Iterable[AllowedSigner], now: datetime
) -> Identified:
    """Find the allowed signer of a bundle, check validity and predicate type.

    Refusals: ``signer-not-allowed`` (no allowed key made this signature),
    ``signer-expired``, ``predicate-not-allowed``. Raises
    :class:`~aibom.errors.VerificationFailed` with ``signature-invalid`` when the bundle
    names an allowed key and the signature does not verify under it, and
    :class:`~aibom.errors.DocumentInvalid` when the payload is not a statement.
    Namespaces are checked later: see :func:`namespace_refusal`.
    """
    listed, signed = tuple(signers), bundle.signed_bytes
    found = next((s for s in listed if s.key.verifies(bundle.signature, signed)), None)
    if found is None:
        named = next((s for s in listed if bundle.hint in s.key.hints), None)
        if named is not None:
            raise VerificationFailed(
                f"the signature does not verify under the key of {named.signer.name}",
                reason="signature-invalid",
                where=bundle.where,
                hint="the bundle or its payload was changed; fetch it again",
            )
        statement = Statement.parse(bundle.payload, bundle.where)
        return Identified(statement, None, "signer-not-allowed")
    statement = Statement.parse(bundle.payload, bundle.where)
    refusal = None
    if not found.is_valid_at(now):
        refusal = "signer-expired"
    elif statement.predicate_type not in found.predicates:
        refusal = "predicate-not-allowed"
    return Identified(statement, found, refusal)


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
