"""The verifier's ``signers.yaml``: who may say what, about which names, until when.

A signer is a key, an identity or a certificate, with a role, allowed predicate types,
namespaces, and the person or organisation behind it. Nothing in a bundle can add to
that. The roots that identities and certificates hang on are files beside it, named
without a folder; they are read here, so that whoever pins them knows their bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aibom.attest.authority import (
    Authority,
    ByIdentity,
    ByKey,
    NamedTrustRoot,
)
from aibom.attest.authority_reading import ReadFile, read_authority, read_trust_roots
from aibom.errors import AibomError
from aibom.lineage.evidence import Signer
from aibom.lineage.identity import parse_party
from aibom.namespaces import name_matches
from aibom.reading import Reader, suggest
from aibom.statement import (
    ANSWERS_V1,
    APPROVAL_V1,
    AUDIT_V1,
    CYCLONEDX_BOM,
    DOCUMENT_V1,
    OMS_V1,
    PROVENANCE_V1,
    REFERENCE_V01,
    SUMMARY_V1,
    WAIVERS_V1,
)

__all__ = ["PREDICATES", "AllowedSigner", "read_signers", "signer_warnings"]

#: What ``predicates`` may list, and the predicate types each word stands for.
PREDICATES: Mapping[str, frozenset[str]] = {
    "bom": frozenset({REFERENCE_V01, CYCLONEDX_BOM}),
    "step-record": frozenset({PROVENANCE_V1}),
    "audit": frozenset({AUDIT_V1}),
    "approval": frozenset({APPROVAL_V1}),
    "verdict": frozenset({SUMMARY_V1}),
    "model-signature": frozenset({OMS_V1}),
    "waivers": frozenset({WAIVERS_V1}),
    "supplier-answers": frozenset({ANSWERS_V1}),
    "document": frozenset({DOCUMENT_V1}),
}


@dataclass(frozen=True, slots=True)
class AllowedSigner:
    """One entry of ``signers.yaml``.

    ``verifier_id`` is what this signer calls itself in verdicts; one who signs as
    another verifier is not believed.
    """

    signer: Signer
    authority: Authority
    predicates: frozenset[str]
    namespaces: tuple[str, ...]
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    verifier_id: str | None = None

    def is_valid_at(self, time: datetime) -> bool:
        """Whether the signer may sign at this time.

        That is the time of signing where somebody vouches for it. Where nobody does, as
        for keys without timestamps, it can only be the time of the evaluation.
        """
        return (self.valid_from is None or self.valid_from <= time) and (
            self.valid_until is None or time < self.valid_until
        )

    def may_name(self, name: str) -> bool:
        """Whether the name is in one of this signer's namespaces."""
        return any(name_matches(pattern, name) for pattern in self.namespaces)

    @property
    def warning(self) -> str | None:
        """Why this entry accepts more than it seems to, if it does."""
        text = None
        if isinstance(self.authority, ByIdentity):
            text = self.authority.rule.warning
        return f"signer {self.signer.name}: {text}" if text else None


def signer_warnings(signers: tuple[AllowedSigner, ...]) -> tuple[str, ...]:
    """What a reader of ``signers.yaml`` should know before relying on it."""
    return tuple(text for signer in signers if (text := signer.warning))


def read_signers(
    value: Any, where: str, read_file: ReadFile | None = None
) -> tuple[AllowedSigner, ...]:
    """Read a parsed ``signers.yaml``; raises ``PolicyInvalid`` with every problem.

    ``read_file`` gives the bytes of a file beside it by name; without it, entries that
    name a file are problems.
    """
    top = Reader(value, where)
    if top.text("apiVersion") not in (None, "aibom/signers/v1"):
        top.problem("is not 'aibom/signers/v1'", "apiVersion")
    files = _Files(read_file)
    roots = read_trust_roots(top, files.read)
    found = [_signer(entry, roots, files.read) for entry in top.readers("signers")]
    names = [s.signer.name for s in found if s]
    keys = [s.authority.key.pem for s in found if s and isinstance(s.authority, ByKey)]
    for field, values in (("name", names), ("public_key", keys)):
        if len(set(values)) != len(values):
            top.problem(f"two signers have one {field}", "signers")
    top.finish()
    return tuple(signer for signer in found if signer)


class _Files:
    """Files beside signers.yaml, each read once."""

    def __init__(self, read_file: ReadFile | None) -> None:
        self._read_file = read_file
        self._kept: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        if self._read_file is None:
            raise AibomError(
                "files cannot be read here",
                hint="write out what the file holds in its place",
            )
        if name not in self._kept:
            self._kept[name] = self._read_file(name)
        return self._kept[name]


def _signer(
    entry: Reader, roots: Mapping[str, NamedTrustRoot | None], read_file: ReadFile
) -> AllowedSigner | None:
    before = len(entry.problems)
    name, role = entry.text("name"), entry.text("role")
    party = entry.text("party", None)
    if party is not None:
        try:
            parse_party(party)
        except AibomError as error:
            entry.problem(error.message, "party")
    authority = read_authority(entry, roots, read_file)
    predicates = _predicates(entry)
    namespaces = entry.texts("namespaces") or ()
    if not namespaces:
        entry.problem("names no namespace: this signer could say nothing", "namespaces")
    window = (entry.time("valid_from", None), entry.time("valid_until", None))
    verifier_id = entry.text("verifier_id", None)
    if (SUMMARY_V1 in predicates) != (verifier_id is not None):
        entry.problem(
            "goes together with the predicate 'verdict': a verdict is worth what its "
            "verifier is",
            "verifier_id",
        )
    entry.close()
    if len(entry.problems) > before or authority is None:
        return None
    who = Signer(name, role, party)
    return AllowedSigner(who, authority, predicates, namespaces, *window, verifier_id)


def _predicates(entry: Reader) -> frozenset[str]:
    listed = entry.texts("predicates") or ()
    if not listed:
        entry.problem("names none: this signer could say nothing", "predicates")
    for word in listed:
        if word not in PREDICATES:
            entry.problem(
                f"unknown predicate {word!r}{suggest(word, PREDICATES)}", "predicates"
            )
    return frozenset().union(*(PREDICATES.get(word, frozenset()) for word in listed))
