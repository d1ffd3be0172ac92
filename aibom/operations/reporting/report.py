"""A due-diligence report on one BOM: read it as far as it goes, check, and lay out.

A report is no gate. What does not verify is said and counts for nothing; what cannot be
read of a document is listed, and the rest is reported. So it works on a poor BOM as
well, on an invalid one, and on those of other tools.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.bom.decode import is_profiled
from aibom.bom.parse import parse, read_bytes
from aibom.digest import BOM_NAME, BUNDLE_NAME
from aibom.errors import AibomError, DocumentInvalid, InputError, UsageError
from aibom.lineage.build import GraphBuilder
from aibom.lineage.closure import close
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin
from aibom.operations.files import read_small
from aibom.operations.gate import Options, decided
from aibom.operations.place import bundle_beside, is_bom_name
from aibom.operations.policies.folder import Folder, load_folder, require_outside
from aibom.operations.reporting.completeness import PROFILES, completeness
from aibom.operations.reporting.preset import preset_folder
from aibom.operations.reporting.signature import bom_signature
from aibom.operations.scanning.bom import scan_document
from aibom.operations.suppliers.answers import read_supplied
from aibom.operations.suppliers.compare import document_notes, supplied_entries
from aibom.operations.validate import BomFile, load_bom
from aibom.operations.verify import (
    Verified,
    load_signers,
    verify_claims,
    verify_document,
)
from aibom.reading import parse_yaml
from aibom.report.diligence.build import build_report
from aibom.report.diligence.catalogue import Catalogue, read_catalogue
from aibom.report.diligence.compare import changes_since
from aibom.report.diligence.material import File, Material
from aibom.report.diligence.model import Report
from aibom.resources import policy_path

__all__ = [
    "Asked",
    "load_catalogue",
    "make_report",
    "report_and_material",
]

CATALOGUE = "report/supplier-questions.yaml"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller gives beside the BOM; all of it may be left out.

    ``overrides`` are told in the report, such as an effective time; ``profiles`` are
    those that completeness is counted by.
    """

    evidence: tuple[Path, ...] = ()
    policy: Path | None = None
    signers: Path | None = None
    compare: Path | None = None
    overrides: tuple[str, ...] = ()
    profiles: tuple[str, ...] = PROFILES


def load_catalogue() -> Catalogue:
    """The questions that come with this program."""
    path = policy_path(CATALOGUE)
    return read_catalogue(parse_yaml(read_small(path), path.name), path.name)


def make_report(bom: Path, asked: Asked, now: datetime) -> Report:
    """Report on one BOM, as of ``now``.

    Raises :class:`~aibom.errors.InputError` for what cannot be read,
    :class:`~aibom.errors.DocumentInvalid` for what is no JSON object,
    :class:`~aibom.errors.PolicyInvalid` for the reader's own files, and for
    ``compare`` what :func:`~aibom.report.diligence.compare.changes_since` raises.
    Evidence that does not hold raises nothing: the report says so.
    """
    report, _ = report_and_material(bom, asked, now)
    return report


def report_and_material(
    bom: Path, asked: Asked, now: datetime
) -> tuple[Report, Material]:
    """The same, with what it was made from: for drawing, and for other reports."""
    _require_file(bom)
    old = None if asked.compare is None else read_small(asked.compare)
    folder, not_asked = _folder(asked, bom)
    material = _material(bom, asked, folder, not_asked, now)
    ratios = completeness(material, asked.profiles)
    report = build_report(material, load_catalogue(), ratios)
    if old is not None:
        changes = changes_since(old, str(asked.compare), report)
        report = replace(report, changes=changes)
    return report, material


def _require_file(bom: Path) -> None:
    if bom.is_dir():
        raise UsageError(
            "is a folder; a report is about one BOM",
            reason="usage",
            where=str(bom),
            hint=f"aibom report {bom / BOM_NAME}",
        )


# ── the reader's folder, or the preset ──


def _folder(asked: Asked, bom: Path) -> tuple[Folder, tuple[str, ...]]:
    left: tuple[str, ...]
    if asked.policy is not None:
        folder, left = _own_folder(asked.policy, bom), ()
    else:
        folder, left = preset_folder()
    if asked.signers is not None:
        # Signers in the folder of an artifact would be the supplier's choice.
        signers = load_signers(asked.signers, _artifact_of(bom))
        folder = replace(folder, signers=signers)
    return folder, left


def _own_folder(policy: Path, bom: Path) -> Folder:
    require_outside(policy, _artifact_of(bom))
    return load_folder(policy, require_lock=False)


def _artifact_of(bom: Path) -> Path:
    return bom.parent if bom.name == BOM_NAME else bom


# ── what is read and checked ──


@dataclass(frozen=True, slots=True)
class _Read:
    """The document, however far it could be read."""

    document: Mapping[str, Any]
    graph: Graph
    file: File
    whole: BomFile | None
    ours: bool


def _read(bom: Path) -> _Read:
    data = read_bytes(bom)
    digest = hashlib.sha256(data).hexdigest()
    document = parse(data, str(bom)).document
    readable = document.get("bomFormat") == "CycloneDX"
    ours = is_profiled(document)
    try:
        whole = load_bom(data, str(bom), "profile" if ours else "references")
    except DocumentInvalid:
        graph, findings = scan_document(bom)
        problems = tuple((f.pointer, f.code, f.detail) for f in findings)
        graph = graph if readable else _nothing(digest)
        file = File(bom.name, digest, problems, readable)
        return _Read(document, graph, file, None, ours=False)
    return _Read(document, whole.graph, File(bom.name, digest), whole, ours)


def _nothing(digest: str) -> Graph:
    """A lineage of which nothing is known: other formats mean other things."""
    build = GraphBuilder(Origin("bom", digest))
    name = f"sha256:{digest}"
    return build.graph(build.entity(Kind.SYSTEM, None, described_by=name))


def _material(
    bom: Path,
    asked: Asked,
    folder: Folder,
    not_asked: tuple[str, ...],
    now: datetime,
) -> Material:
    read = _read(bom)
    signature = bom_signature(bom, read.file.digest, folder.signers, now)
    options = Options(overrides=asked.overrides)
    conflicts: tuple[str, ...] = ()
    try:
        verified = _verified(bom, read, asked, folder, signature.state, now)
    except InputError:
        raise
    except AibomError as error:
        conflicts = (_told(error),)
        verified = _unverified(read, bom)
    verdict = decided(folder, verified, options, now, dry_run=True)
    roots = folder.data.roots or {}
    material = Material(
        verified.graph,
        read.document,
        verified.evidence,
        verdict,
        close(verified.graph, verified.evidence, roots, now),
        read.file,
        signature,
        now,
        listed=tuple(read.graph.nodes),
        evidence_given=bool(asked.evidence) or signature.state == "allowed",
        signers_given=bool(folder.signers),
        not_asked=not_asked,
        conflicts=conflicts,
        notes=_notes(conflicts),
    )
    supplied = read_supplied(asked.evidence, folder.signers, now)
    return replace(
        material,
        supplied=supplied_entries(supplied, material),
        notes=(*material.notes, *document_notes(supplied)),
    )


def _told(error: AibomError) -> str:
    where = f"{error.where}: " if error.where else ""
    return f"verification: {where}{error.message} [{error.reason}]"


def _notes(conflicts: tuple[str, ...]) -> tuple[str, ...]:
    if not conflicts:
        return ()
    return ("Part of the evidence does not hold, so none of it was counted.",)


def _verified(
    bom: Path, read: _Read, asked: Asked, folder: Folder, state: str, now: datetime
) -> Verified:
    """With signatures in the evidence, and that beside the BOM if it counts."""
    if (
        read.whole is None
        or not read.ours
        or not (asked.evidence or state == "allowed")
    ):
        # Nothing that could vouch for this BOM, which need not be read once more.
        return verify_claims(_claims(read, bom), folder.signers, asked.evidence, now)
    if state != "allowed":
        return verify_document(bom, folder.signers, asked.evidence, now)
    with tempfile.TemporaryDirectory(prefix="aibom-") as scratch:
        # Nothing else of the artifact's folder is evidence, so these two alone.
        beside = Path(scratch, "beside-the-bom")
        beside.mkdir()
        Path(beside, BOM_NAME).write_bytes(read_bytes(bom))
        Path(beside, BUNDLE_NAME).write_bytes(read_small(_bundle(bom)))
        evidence = (*asked.evidence, beside)
        return verify_document(bom, folder.signers, evidence, now)


def _bundle(bom: Path) -> Path:
    return bundle_beside(bom) if is_bom_name(bom.name) else bom


def _claims(read: _Read, bom: Path) -> BomFile:
    if read.whole is not None:
        return read.whole
    digest = read.file.digest
    return BomFile(str(bom), digest, read.document, read.graph, ())


def _unverified(read: _Read, bom: Path) -> Verified:
    """What the BOM says, with nothing behind it."""
    graph = read.graph
    return Verified(
        graph,
        str(graph.root),
        EvidenceSet(),
        name=None,
        signer=None,
        boms=((bom.name, f"sha256:{read.file.digest}"),),
        evidence_digests=(),
        ancestors="not verified",
    )
