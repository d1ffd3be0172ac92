"""Whose own a statement is: the one decision behind "signed by X" in every report.

That a signature verified shows who says a thing. It shows that a thing is so only where
the signer is the one that the statement is about: who names Acme as the supplier has
not made Acme say so. Who a signer is comes from the verifier's own ``signers.yaml``.
"""

from __future__ import annotations

import unicodedata

from aibom.errors import AibomError
from aibom.lineage.evidence import EvidenceSet, Signer
from aibom.lineage.identity import parse_party

__all__ = ["document_signer", "is_named", "is_party"]


def document_signer(evidence: EvidenceSet, root: str, name: str) -> Signer | None:
    """The signer called ``name``, if that one signed for ``root`` as its own.

    ``name`` is who signed the document that ``root`` is described in. Others who signed
    for the same thing, such as the builder that recorded the step, are not meant.
    """
    found = (item.signer for item in evidence.owning(root))
    return next((one for one in found if one is not None and one.name == name), None)


def is_named(signer: Signer, stated: str) -> bool:
    """Whether a name that somebody stated is the signer's.

    That is its name in ``signers.yaml``, or that of the organisation or software behind
    it. Case and spaces make no difference; all else does, such as ``Inc.``
    """
    return _bare(stated) in {_bare(name) for name in _names(signer)} - {""}


def is_party(signer: Signer, party: str) -> bool:
    """Whether a party id is that of the signer, letter by letter."""
    return signer.party is not None and signer.party == party.removeprefix("party:")


def _names(signer: Signer) -> list[str]:
    names = [signer.name]
    if signer.party is not None:
        try:
            party = parse_party(signer.party)
        except AibomError:
            return names
        if party.type != "person":
            names.append(party.name)
    return names


def _bare(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
