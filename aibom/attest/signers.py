"""The verifier's ``signers.yaml``: who may say what, about which names, until when.

A signer is a key with a role, allowed predicate types, namespaces, and the person or
organisation behind it. Nothing in a bundle can add to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aibom.attest.keys import PublicKey, load_public
from aibom.errors import AibomError
from aibom.lineage.evidence import Signer
from aibom.lineage.identity import parse_party
from aibom.namespaces import name_matches
from aibom.reading import Reader, suggest
from aibom.statement import AUDIT_V1, PROVENANCE_V1, REFERENCE_V01

__all__ = ["PREDICATES", "AllowedSigner", "read_signers"]

#: What ``predicates`` may list, and the predicate type each word stands for.
PREDICATES = {"bom": REFERENCE_V01, "step-record": PROVENANCE_V1, "audit": AUDIT_V1}


@dataclass(frozen=True, slots=True)
class AllowedSigner:
    """One entry of ``signers.yaml``."""

    signer: Signer
    key: PublicKey
    predicates: frozenset[str]
    namespaces: tuple[str, ...]
    valid_from: datetime | None
    valid_until: datetime | None

    def is_valid_at(self, now: datetime) -> bool:
        """Whether the key may be used at this time.

        Bundles made with keys carry no trusted time, so the time that counts is that of
        the evaluation, not that of the signing.
        """
        return (self.valid_from is None or self.valid_from <= now) and (
            self.valid_until is None or now < self.valid_until
        )

    def may_name(self, name: str) -> bool:
        """Whether the name is in one of this signer's namespaces."""
        return any(name_matches(pattern, name) for pattern in self.namespaces)


def read_signers(value: Any, where: str) -> tuple[AllowedSigner, ...]:
    """Read a parsed ``signers.yaml``; raises ``PolicyInvalid`` with every problem."""
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, "aibom/signers/v1"):
        top.problem("is not 'aibom/signers/v1'", "apiVersion")
    found = [_signer(entry) for entry in top.readers("signers")]
    for field, values in (
        ("name", [s.signer.name for s in found if s]),
        ("public_key", [s.key.pem for s in found if s]),
    ):
        if len(set(values)) != len(values):
            top.problem(f"two signers have one {field}", "signers")
    top.finish()
    return tuple(signer for signer in found if signer)


def _signer(entry: Reader) -> AllowedSigner | None:
    before = len(entry.problems)
    name, role = entry.text("name"), entry.text("role")
    party = entry.text("party", None)
    if party is not None:
        try:
            parse_party(party)
        except AibomError as error:
            entry.problem(error.message, "party")
    key = _key(entry, entry.text("public_key"))
    predicates = _predicates(entry)
    namespaces = entry.texts("namespaces") or ()
    if not namespaces:
        entry.problem("names no namespace: this signer could say nothing", "namespaces")
    window = (entry.time("valid_from", None), entry.time("valid_until", None))
    entry.close()
    if len(entry.problems) > before or key is None:
        return None
    return AllowedSigner(
        Signer(name, role, party), key, predicates, namespaces, *window
    )


def _key(entry: Reader, pem: Any) -> PublicKey | None:
    if not isinstance(pem, str):
        return None
    try:
        return load_public(pem, entry.where)
    except AibomError as error:
        entry.problem(error.message, "public_key")
        return None


def _predicates(entry: Reader) -> frozenset[str]:
    listed = entry.texts("predicates") or ()
    if not listed:
        entry.problem("names none: this signer could say nothing", "predicates")
    for word in listed:
        if word not in PREDICATES:
            entry.problem(
                f"unknown predicate {word!r}{suggest(word, PREDICATES)}", "predicates"
            )
    return frozenset(PREDICATES[word] for word in listed if word in PREDICATES)
