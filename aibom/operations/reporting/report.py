"""A due-diligence report on one BOM: read it as far as it goes, check, and lay out.

A report is no gate. What does not verify is said and counts for nothing; what cannot be
read of a document is listed, and the rest is reported. So it works on a poor BOM as
well, on an invalid one, and on those of other tools.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from aibom.bom.collector import collector_paused
from aibom.digest import BOM_NAME, Content, Progress, hash_path
from aibom.errors import AibomError, InputError, UsageError
from aibom.lineage.closure import close
from aibom.lineage.evidence import Signer
from aibom.operations.files import read_small
from aibom.operations.gate import Options, decided
from aibom.operations.policies.folder import Folder, load_folder, require_outside
from aibom.operations.reporting.artifact import (
    artifact_notes,
    artifact_of,
    contradictions,
    looked_at,
    with_bytes,
)
from aibom.operations.reporting.beside import verify_with_beside
from aibom.operations.reporting.completeness import PROFILES, completeness
from aibom.operations.reporting.preset import preset_folder
from aibom.operations.reporting.reading import (
    DocumentRead,
    read_tolerantly,
    unverified,
)
from aibom.operations.reporting.signature import bom_signature
from aibom.operations.suppliers.answers import read_supplied
from aibom.operations.suppliers.compare import document_notes, supplied_entries
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
from aibom.report.diligence.material import Artifact, Material
from aibom.report.diligence.model import Report
from aibom.resources import policy_path

__all__ = [
    "Asked",
    "load_catalogue",
    "make_report",
    "report_and_material",
    "written_report",
]

#: Checks whose setting `type` is a type of audit.
_OF_AUDITS = frozenset({"required-audit", "metric-threshold", "monitoring-fresh"})
CATALOGUE = "report/supplier-questions.yaml"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller gives beside the BOM; all of it may be left out.

    ``overrides`` are told in the report, such as an effective time; ``profiles`` are
    those that completeness is counted by. ``artifact`` is a folder or file whose bytes
    are read and compared with what the BOM says; without it, none are.
    """

    evidence: tuple[Path, ...] = ()
    policy: Path | None = None
    signers: Path | None = None
    compare: Path | None = None
    overrides: tuple[str, ...] = ()
    profiles: tuple[str, ...] = PROFILES
    artifact: Path | None = None


@cache
def load_catalogue() -> Catalogue:
    """The questions that come with this program, read once in a process."""
    path = policy_path(CATALOGUE)
    return read_catalogue(parse_yaml(read_small(path), path.name), path.name)


def make_report(
    bom: Path, asked: Asked, now: datetime, *, progress: Progress | None = None
) -> Report:
    """Report on one BOM, as of ``now``.

    Raises :class:`~aibom.errors.InputError` for what cannot be read,
    :class:`~aibom.errors.DocumentInvalid` for what is no JSON object,
    :class:`~aibom.errors.PolicyInvalid` for the reader's own files, and for
    ``compare`` what :func:`~aibom.report.diligence.compare.changes_since` raises.
    Evidence that does not hold, and bytes that differ, raise nothing: the report says
    so.
    """
    report, _ = report_and_material(bom, asked, now, progress=progress)
    return report


def report_and_material(
    bom: Path, asked: Asked, now: datetime, *, progress: Progress | None = None
) -> tuple[Report, Material]:
    """The same, with what it was made from: for drawing, and for other reports.

    The garbage collector of the process is off meanwhile: there is nothing to collect.
    """
    with collector_paused():
        return _report_and_material(bom, asked, now, progress)


def written_report(
    bom: Path,
    asked: Asked,
    now: datetime,
    form: str,
    *,
    progress: Progress | None = None,
) -> tuple[Report, bytes]:
    """The report with its bytes as ``html`` (with its picture), ``markdown``, ``json``.

    Raises what :func:`make_report` raises; the same input gives the same bytes.
    """
    with collector_paused():
        report, material = _report_and_material(bom, asked, now, progress)
        return report, _written(report, material, form)


def _written(report: Report, material: Material, form: str) -> bytes:
    if form == "json":
        from aibom.report.diligence.machine import report_json

        return report_json(report)
    if form == "markdown":
        from aibom.report.diligence.markdown import report_markdown

        return report_markdown(report)
    from aibom.report.diligence.drawing import draw_lineage
    from aibom.report.diligence.html import report_html

    return report_html(report, draw_lineage(material))


def _report_and_material(
    bom: Path, asked: Asked, now: datetime, progress: Progress | None
) -> tuple[Report, Material]:
    _require_file(bom)
    old = None if asked.compare is None else read_small(asked.compare)
    folder, not_asked = _folder(asked, bom)
    content = (
        None if asked.artifact is None else hash_path(asked.artifact, progress=progress)
    )
    material, signer = _material(bom, asked, folder, not_asked, content, now)
    catalogue = load_catalogue()
    told = contradictions(material, catalogue)
    if told:
        both = {
            key: (*material.supplied.get(key, ()), *new) for key, new in told.items()
        }
        material = replace(material, supplied={**material.supplied, **both})
    ratios = completeness(material, asked.profiles, signer)
    report = build_report(material, catalogue, ratios)
    if old is not None:
        changes = changes_since(old, str(asked.compare), report)
        report = replace(report, changes=changes)
    return report, material


def _require_file(bom: Path) -> None:
    if bom.is_dir():
        raise UsageError(
            "is a folder; this is about one BOM",
            reason="usage",
            where=str(bom),
            hint=f"name the BOM in it: {bom / BOM_NAME}",
        )


# ── the reader's folder, or the preset ──


def _folder(asked: Asked, bom: Path) -> tuple[Folder, tuple[str, ...]]:
    left: tuple[str, ...]
    if asked.policy is not None:
        require_outside(asked.policy, _artifact_of(bom))
        if asked.artifact is not None:
            require_outside(asked.policy, asked.artifact)
        folder, left = load_folder(asked.policy, require_lock=False), ()
    else:
        folder, left = preset_folder()
    if asked.signers is not None:
        # Signers in the folder of an artifact would be the supplier's choice.
        if asked.artifact is not None:
            require_outside(asked.signers, asked.artifact)
        signers = load_signers(asked.signers, _artifact_of(bom))
        folder = replace(folder, signers=signers)
    return folder, left


def _artifact_of(bom: Path) -> Path:
    return bom.parent if bom.name == BOM_NAME else bom


# ── what is checked ──


def _material(
    bom: Path,
    asked: Asked,
    folder: Folder,
    not_asked: tuple[str, ...],
    content: Content | None,
    now: datetime,
) -> tuple[Material, Signer | None]:
    """What the report is made from, and who stands behind exactly this BOM."""
    read = read_tolerantly(bom)
    root = read.graph.nodes[str(read.graph.root)]
    names = root.values("name")
    signature = bom_signature(bom, read.file.digest, names, folder.signers, now)
    options = Options(overrides=asked.overrides)
    conflicts: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    try:
        verified = _verified(bom, read, asked, folder, signature.state, now)
    except InputError:
        raise
    except AibomError as error:
        conflicts, unused = _unused(error, folder)
        verified = unverified(read)
    verified, weighed, artifact = _with_artifact(verified, asked, folder, content)
    verdict = decided(folder, weighed, options, now, dry_run=True)
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
        audit_types=_audit_types(folder),
        conflicts=(*conflicts, *_differences(artifact)),
        notes=(*unused, *(artifact_notes(content) if content else ())),
        artifact=artifact,
    )
    return _with_supplied(material, asked, folder), verified.signer


def _with_supplied(material: Material, asked: Asked, folder: Folder) -> Material:
    """With what suppliers answered beside the BOM, if anything was given."""
    supplied = read_supplied(asked.evidence, folder.signers, material.now)
    if not (supplied.items or supplied.problems):
        return material
    return replace(
        material,
        supplied=supplied_entries(supplied, material),
        notes=(*material.notes, *document_notes(supplied)),
    )


def _with_artifact(
    verified: Verified, asked: Asked, folder: Folder, content: Content | None
) -> tuple[Verified, Verified, Artifact | None]:
    """With what bytes prove: for the report, and for its rules.

    Rules are about the product. Where other bytes are there they are asked as if none
    had been read, because those say nothing about it.
    """
    if content is None or asked.artifact is None:
        return verified, verified, None
    graph = verified.graph
    artifact = artifact_of(asked.artifact, content, graph.nodes[verified.root])
    if not artifact.agrees:
        return verified, verified, artifact
    told = with_bytes(verified.evidence, content.digest, graph)
    looked = looked_at(told, asked.artifact, content, folder)
    return (
        replace(verified, evidence=told),
        replace(verified, evidence=looked),
        artifact,
    )


def _differences(artifact: Artifact | None) -> tuple[str, ...]:
    if artifact is None:
        return ()
    return tuple(f"artifact {artifact.name}: {text}" for text in artifact.differences)


def _audit_types(folder: Folder) -> dict[str, tuple[str, ...]]:
    """Of each rule that asks for audits, of which types."""
    found: dict[str, tuple[str, ...]] = {}
    for rule in folder.policy.rules:
        if rule.check.id in _OF_AUDITS:
            found[rule.id] = (rule.settings.type,)
        elif rule.check.id == "test-after-change":
            found[rule.id] = rule.settings.types
    return found


def _told(error: AibomError) -> str:
    where = f"{error.where}: " if error.where else ""
    return f"verification: {where}{error.message} [{error.reason}]"


def _unused(
    error: AibomError, folder: Folder
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why no evidence was counted: what conflicts, and a note.

    That nobody is allowed where the reader lists nobody disagrees with nothing.
    """
    if not folder.signers and error.reason == "signer-not-allowed":
        told = "No signer is known here, so no evidence was counted: name those whom "
        return (), (f"{told}you believe (--signers FILE, or --policy DIR).",)
    note = "Part of the evidence does not hold, so none of it was counted."
    return (_told(error),), (note,)


def _verified(
    bom: Path,
    read: DocumentRead,
    asked: Asked,
    folder: Folder,
    state: str,
    now: datetime,
) -> Verified:
    """With signatures in the evidence, and that beside the BOM if it counts."""
    if (
        read.whole is None
        or not read.ours
        or not (asked.evidence or state == "allowed")
    ):
        # Nothing that could vouch for this BOM, which need not be read once more.
        return verify_claims(read.claims, folder.signers, asked.evidence, now)
    if state != "allowed":
        return verify_document(bom, folder.signers, asked.evidence, now)
    return verify_with_beside(bom, folder.signers, asked.evidence, now)
