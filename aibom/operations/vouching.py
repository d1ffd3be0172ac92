"""Whether the signer of a BOM may vouch for what it describes, under its names.

A BOM's bundle must be signed by an allowed signer (:func:`require_allowed`), and
statement, BOM and namespace must agree on digest and name (:func:`require_named`). Both
refuse with :class:`~aibom.errors.VerificationFailed` (exit 11) and a reason code of
their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from aibom.attest.bom_statement import BomSubject
from aibom.attest.verify import Identified
from aibom.errors import VerificationFailed
from aibom.lineage.nodes import Node
from aibom.operations.evidence import BomPair

__all__ = ["require_allowed", "require_named", "vouched"]

_REFUSALS = {
    "signer-not-allowed": "was not signed by any signer that is allowed",
    "signer-expired": "was signed by a signer who was not valid at that time",
    "predicate-not-allowed": "was signed by a signer who may not make this statement",
    "namespace-not-allowed": "was signed by a signer who may not speak of this name",
    "issuer-not-allowed": "was signed as an identity that another issuer vouches for",
    "identity-not-allowed": "was signed as another identity than is allowed",
    "source-repository-not-allowed": "was signed by a job of another repository",
    "source-ref-not-allowed": "was signed by a job for another branch or tag",
    "runner-not-allowed": "was signed by a job on another kind of runner",
    "wrong-trust-root": "was signed with a Sigstore, or an authority, that no trust "
    "root knows",
    "trust-root-stale": "was signed with a Sigstore whose trust root nobody has "
    "checked for too long",
    "no-trusted-time": "does not say when it was signed, and must",
    "timestamp-unverifiable": "has a timestamp, and nothing says whose to believe",
    "signed-in-future": "was signed after the time that is asked about",
}
_HINTS = {
    "trust-root-stale": "compare the root with its instance (aibom trust-root update), "
    "then renew checked_on in signers.yaml",
    "no-trusted-time": "have it signed again with --timestamp-url",
    "timestamp-unverifiable": "name timestamp_roots for this signer in signers.yaml",
    "wrong-trust-root": "if you know that instance, name its trust root",
    "signed-in-future": "compare the clocks; and its signer may not say this at any "
    "time",
}


def require_allowed(identified: Identified, where: str) -> None:
    """Refuse a bundle that no allowed signer made, or none for such a statement."""
    if identified.refusal is not None:
        names = [identified.signer.signer.name] if identified.signer else []
        who = ", ".join([*names, *([identified.who] if identified.who else [])])
        raise VerificationFailed(
            f"{_REFUSALS[identified.refusal]} ({who})",
            reason=identified.refusal,
            where=where,
            hint=_HINTS.get(
                identified.refusal,
                "if this signer is right, add it to signers.yaml and lock the policy",
            ),
        )


def require_named(
    identified: Identified,
    subject: BomSubject,
    root: Node,
    others: Iterable[str],
    where: str,
) -> None:
    """Refuse where statement, BOM and namespace disagree on digest or name.

    ``others`` are names that the thing has elsewhere.
    """
    if subject.artifact != root.digest or subject.kind != root.kind.value:
        raise VerificationFailed(
            f"is signed for {subject.kind} {subject.artifact}; the BOM describes "
            f"{root.kind} {root.digest}",
            reason="subject-mismatch",
            where=where,
            hint="ask the maker to assemble it again, and to sign that: aibom sign DIR",
        )
    if subject.name not in root.values("name"):
        raise VerificationFailed(
            f"is signed as {subject.name!r}, a name that the BOM does not give",
            reason="subject-mismatch",
            where=where,
            hint="ask the maker to sign it without --name, or to assemble it again",
        )
    signer = identified.signer
    names = {*root.values("name"), *others}
    if signer is None or not all(signer.may_name(name) for name in names):
        raise VerificationFailed(
            f"{_REFUSALS['namespace-not-allowed']}: {', '.join(sorted(names))}",
            reason="namespace-not-allowed",
            where=where,
            hint="namespaces stand in signers.yaml; inputs are called as their owner "
            "calls them",
        )


def vouched(pairs: Iterable[BomPair], root: Node, others: Iterable[str]) -> BomPair:
    """The first pair that holds; else the refusal of the first.

    The same BOM may stand in the evidence with several bundles, and anybody can add one
    that does not hold.
    """
    refusals = []
    for pair in pairs:
        try:
            require_allowed(pair.identified, pair.location)
            require_named(pair.identified, pair.subject, root, others, pair.location)
        except VerificationFailed as error:
            refusals.append(error)
        else:
            return pair
    raise refusals[0]
