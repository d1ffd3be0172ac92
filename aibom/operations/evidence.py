"""Evidence folders: every statement in them, read, checked, and turned into values.

Four kinds of file count, everything else is passed over: ``*.sigstore.json`` (a
bundle), ``*.statement.json`` (a statement nobody signed), ``model.sig`` or
``*.model.sig`` (an OpenSSF model signature), and a BOM ``aibom.cdx.json`` with its
``aibom.sigstore.json`` in the same folder, or both behind the name of a single file
(``labels.jsonl.aibom.cdx.json``). A bundle that cannot be read, or whose signature
names an allowed signer and does not verify, ends the run: what it would have said is
unknown.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aibom.attest.approval_statement import read_approval
from aibom.attest.bom_statement import (
    BOM_PREDICATES,
    BomSubject,
    read_bom_statement,
)
from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner
from aibom.attest.verify import Identified, identify, namespace_refusal
from aibom.audits.predicate import read_audit
from aibom.bom.parse import read_bytes
from aibom.digest import OMS_NAME
from aibom.errors import InputError, VerificationFailed
from aibom.lineage.evidence import Evidence, UpstreamVerdict
from aibom.lineage.step_record import is_step_record, step_fragment
from aibom.operations.files import read_small, shown
from aibom.operations.not_before import require_not_before
from aibom.operations.place import bom_beside, bundle_beside, is_bom_name
from aibom.operations.records import BUNDLE_END, STATEMENT_END
from aibom.operations.signing.inline import require_inline_equal
from aibom.statement import (
    ANSWERS_V1,
    APPROVAL_V1,
    AUDIT_V1,
    DOCUMENT_V1,
    OMS_V1,
    SUMMARY_V1,
    Statement,
)

__all__ = ["BomPair", "Found", "collect"]


#: Read for reports alone (:mod:`aibom.operations.suppliers.answers`).
CLAIMS_ONLY = frozenset({ANSWERS_V1, DOCUMENT_V1})


@dataclass(frozen=True, slots=True)
class BomPair:
    """A BOM and its bundle, found in one folder of the evidence."""

    data: bytes
    digest: str
    identified: Identified
    subject: BomSubject
    location: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the evidence folders hold.

    ``pairs`` are by the digest of the BOM: one BOM may be there with several bundles.
    ``unsigned_boms`` are BOMs without a bundle, digest to location; ``digests`` has the
    location and digest of every file that was read.
    """

    items: tuple[Evidence, ...]
    pairs: Mapping[str, tuple[BomPair, ...]]
    digests: tuple[tuple[str, str], ...]
    unsigned_boms: Mapping[str, str]

    def with_item(self, item: Evidence) -> Found:
        """With one more statement, found elsewhere."""
        return replace(self, items=(*self.items, item))

    def with_file(self, location: str, data: bytes) -> Found:
        """With the digest of one more file that was read."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return replace(self, digests=tuple(sorted({*self.digests, (location, digest)})))


def collect(
    folders: Iterable[Path], signers: tuple[AllowedSigner, ...], now: datetime
) -> Found:
    """Read evidence folders, recursively, in a fixed order.

    Raises :class:`~aibom.errors.InputError` when a folder or file cannot be read,
    :class:`~aibom.errors.VerificationFailed` for a bundle that is malformed or was
    changed, and for a BOM pair that disagrees (``bom-digest-mismatch``), and what
    :func:`~aibom.operations.not_before.require_not_before` raises.
    """
    reader = _Collector(signers, now)
    for folder in folders:
        if not folder.is_dir():
            raise InputError(
                "no such evidence folder",
                reason="path-missing",
                where=str(folder),
                hint="look for it with ls: paths count from the folder you are in",
            )
        for path in _files(folder):
            reader.take(path, shown(path, folder))
    return Found(
        tuple(reader.items),
        {d: tuple(sorted(p, key=_place)) for d, p in reader.pairs.items()},
        tuple(sorted(reader.digests)),
        reader.unsigned,
    )


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, links to folders not followed, sorted by path."""

    def failed(error: OSError) -> None:
        raise InputError(
            f"cannot be read: {error.strerror}",
            reason="path-unreadable",
            where=str(error.filename),
            hint="look at its owner and permissions",
        ) from error

    found: list[Path] = []
    for parent, _, names in os.walk(folder, onerror=failed):
        found.extend(Path(parent, name) for name in names)
    return iter(sorted(found))


def _place(pair: BomPair) -> tuple[str, str]:
    return pair.location, pair.identified.statement.payload_digest


class _Collector:
    def __init__(self, signers: tuple[AllowedSigner, ...], now: datetime) -> None:
        self.signers = signers
        self.now = now
        self.items: list[Evidence] = []
        self.pairs: dict[str, list[BomPair]] = {}
        self.digests: set[tuple[str, str]] = set()
        self.unsigned: dict[str, str] = {}

    def take(self, path: Path, location: str) -> None:
        if is_bom_name(path.name):
            self._bom_alone(path, location)
        elif path.name == OMS_NAME or path.name.endswith("." + OMS_NAME):
            from aibom.operations.signing.model_signature import model_signature

            data = read_small(path)
            self._note(location, data)
            self.items.append(model_signature(data, location, self.signers, self.now))
        elif path.name.endswith(BUNDLE_END) and not path.name.startswith("."):
            data = read_small(path)
            self._note(location, data)
            found = identify(parse_bundle(data, location), self.signers, self.now)
            require_not_before(found, self.now, location)
            self._statement(path, location, found)
        elif path.name.endswith(STATEMENT_END) and not path.name.startswith("."):
            data = read_small(path)
            self._note(location, data)
            statement = Statement.parse(data, location)
            self._statement(
                path, location, Identified(statement, None, "signature-absent")
            )

    def _note(self, location: str, data: bytes) -> None:
        self.digests.add((location, f"sha256:{hashlib.sha256(data).hexdigest()}"))

    def _bom_alone(self, path: Path, location: str) -> None:
        if not bundle_beside(path).exists():
            data = read_bytes(path)
            self._note(location, data)
            self.unsigned[hashlib.sha256(data).hexdigest()] = location

    def _statement(self, path: Path, location: str, found: Identified) -> None:
        if found.statement.predicate_type in BOM_PREDICATES:
            bom = bom_beside(path)
            if bom is not None and bom.exists():
                self._pair(bom, location, found)
            return
        if found.statement.predicate_type in CLAIMS_ONLY:
            # Words of suppliers: a report tells them, and no rule may ask for them.
            return
        refusal = found.refusal
        if refusal is None:
            refusal = namespace_refusal(found)
        self.items.append(_evidence(found, refusal, location))

    def _pair(self, path: Path, location: str, found: Identified) -> None:
        subject = read_bom_statement(found.statement, location)
        data = read_bytes(path)
        digest = hashlib.sha256(data).hexdigest()
        place = location.removesuffix(location.rpartition("/")[2]) + path.name
        if digest != subject.bom.value:
            raise VerificationFailed(
                f"the BOM is sha256:{digest}, but its bundle names {subject.bom}",
                reason="bom-digest-mismatch",
                where=place,
                hint="the BOM or its bundle was changed; fetch both again",
            )
        require_inline_equal(data, subject, place)
        self._note(place, data)
        pair = BomPair(data, digest, found, subject, place)
        self.pairs.setdefault(digest, []).append(pair)


def _evidence(found: Identified, refusal: str | None, location: str) -> Evidence:
    statement = found.statement
    trusted = found.signer.signer if found.signer and refusal is None else None
    subjects = tuple(
        (subject.name or "", digest)
        for subject in statement.subjects
        if (digest := subject.content()) is not None
    )
    item = Evidence(
        statement.payload_digest,
        statement.predicate_type,
        subjects,
        location,
        signer=trusted,
        refusal=refusal,
    )
    if is_step_record(statement):
        fragment = step_fragment(statement, location)
        return replace(item, graph=fragment.graph, own=fragment.own)
    if statement.predicate_type == AUDIT_V1:
        return replace(item, audit=read_audit(statement, location))
    if statement.predicate_type == APPROVAL_V1:
        return replace(item, approval=read_approval(statement, location))
    if statement.predicate_type == SUMMARY_V1:
        return _with_verdict(item, found)
    if statement.predicate_type == OMS_V1:
        # Under another name than model.sig its files were not looked at.
        return replace(item, signer=None, refusal="model-signature-misnamed")
    return item


def _with_verdict(item: Evidence, found: Identified) -> Evidence:
    """The same with the verdict that it is, if its signer may speak as its verifier.

    A summary of another tool is no verdict of ours, and says nothing here.
    """
    from aibom.attest.summary_statement import read_summary

    try:
        summary = read_summary(found.statement, item.location)
    except VerificationFailed:
        return _refused(item, "verdict-malformed")
    verdict = UpstreamVerdict(
        verifier_id=summary.verifier_id,
        passed=summary.passed,
        reason=summary.reason,
        tier=summary.tier,
        report_only=summary.report_only,
        policy_digest=summary.policy_digest,
        verified_at=summary.verified_at,
        effective_time=summary.effective_time,
        expires=summary.expires,
        advisories_sequence=summary.advisories_sequence,
    )
    item = replace(item, verdict=verdict)
    if found.signer is not None and found.signer.verifier_id == summary.verifier_id:
        return item
    return _refused(item, "verdict-other-verifier")


def _refused(item: Evidence, refusal: str) -> Evidence:
    """The same, not believed; for what was refused already, the reason stays."""
    return item if item.refusal else replace(item, signer=None, refusal=refusal)
