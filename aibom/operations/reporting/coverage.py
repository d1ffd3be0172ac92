"""Coverage: how much of a completeness profile a BOM answers, and how much is verified.

It works on a CycloneDX document of anybody, also an invalid one, and decides nothing.
What an answer is worth comes from what this run checked: signatures in ``evidence`` of
those in ``signers``, and the artifact's bytes where a folder is given. A document that
is invalid is measured without evidence, which is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aibom.attest.signers import AllowedSigner
from aibom.bom.decode import is_profiled
from aibom.bom.parse import read_bytes
from aibom.digest import BOM_NAME, Progress, hash_path
from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.evidence import EvidenceSet, Signer
from aibom.lineage.graph import Graph
from aibom.operations.reporting.artifact import with_bytes
from aibom.operations.reporting.beside import verify_with_beside
from aibom.operations.reporting.reading import DocumentRead, read_tolerantly
from aibom.operations.reporting.signature import bom_signature
from aibom.operations.reporting.subject import subject_of
from aibom.operations.validate import load_bom
from aibom.operations.verify import (
    Verified,
    load_signers,
    verify,
    verify_claims,
    verify_document,
)
from aibom.reading import parse_yaml, suggest
from aibom.report.completeness.coverage import Coverage, coverage
from aibom.report.completeness.profile import Profile, read_profile
from aibom.report.completeness.subject import Subject
from aibom.resources import policy_path

__all__ = [
    "DEFAULT_PROFILE",
    "Measured",
    "load_profile",
    "measure",
    "profile_ids",
    "read_subject",
]

DEFAULT_PROFILE = "g7-2026"
_FOLDER = "profiles"


@dataclass(frozen=True, slots=True)
class Measured:
    """A BOM that was read to be measured.

    ``problems`` is how many things are wrong with it; ``warnings`` are for people. In
    the subject's document, what breaks the format is blank.
    """

    where: str
    spec_version: str
    subject: Subject
    problems: int = 0
    warnings: tuple[str, ...] = ()


def profile_ids() -> tuple[str, ...]:
    """The ids of all profiles that come with aibom, sorted."""
    return tuple(sorted(path.stem for path in policy_path(_FOLDER).glob("*.yaml")))


@cache
def load_profile(name: str) -> Profile:
    """One profile by its id.

    Raises :class:`~aibom.errors.UsageError` (``profile-unknown``) for another id.
    """
    known = profile_ids()
    if name not in known:
        raise UsageError(
            f"there is no profile {name!r}{suggest(name, known)}",
            reason="profile-unknown",
            where="--profile",
            hint="see all of them: aibom coverage --list",
        )
    path = policy_path(f"{_FOLDER}/{name}.yaml")
    return read_profile(parse_yaml(path.read_bytes(), path.name), path.name)


def measure(measured: Measured, profiles: Iterable[Profile]) -> tuple[Coverage, ...]:
    """The coverage of each profile, in their order."""
    return tuple(coverage(profile, measured.subject) for profile in profiles)


def read_subject(
    path: Path,
    now: datetime,
    *,
    evidence: tuple[Path, ...] = (),
    signers: Path | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Read a BOM, or a folder with one, and check what there is to check.

    With ``signers``, a folder is verified as ``aibom verify`` does; without, its bytes
    are hashed and compared with what the BOM names.

    Raises :class:`~aibom.errors.UsageError` (``signers-missing``) for evidence without
    signers, :class:`~aibom.errors.VerificationFailed` where evidence does not hold,
    :class:`~aibom.errors.DocumentInvalid` for what is no JSON object within the limits,
    and what reading files raises.
    """
    if evidence and signers is None:
        raise UsageError(
            "nothing says whose signatures count",
            reason="signers-missing",
            where="--evidence",
            hint="--signers FILE, with those whom you believe",
        )
    bom = path / BOM_NAME if path.is_dir() else path
    read = read_tolerantly(bom)
    checked = _Checked(read.graph)
    if signers is not None:
        checked = _with_evidence(read, path, bom, signers, evidence, now, progress)
    elif path.is_dir():
        checked = _with_bytes(read, path, progress)
    version: Any = read.document.get("specVersion")
    subject = subject_of(
        read.document,
        checked.graph,
        read.file,
        checked.evidence,
        listed=read.graph.nodes,
        signer=checked.signer,
        signed_at=checked.signed_at,
        now=now,
    )
    return Measured(
        str(bom),
        version[:20] if isinstance(version, str) else "",
        subject,
        len(read.file.problems),
        checked.warnings,
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    graph: Graph
    evidence: EvidenceSet = field(default_factory=EvidenceSet)
    signer: Signer | None = None
    signed_at: datetime | None = None
    warnings: tuple[str, ...] = ()


def _with_bytes(read: DocumentRead, path: Path, progress: Progress | None) -> _Checked:
    content = hash_path(path, progress=progress)
    evidence = with_bytes(EvidenceSet(), content.digest, read.graph)
    warnings: tuple[str, ...] = ()
    if read.graph.nodes[str(read.graph.root)].digest != content.digest:
        warnings = (f"{path}: the files are not those that the BOM names",)
    return _Checked(read.graph, evidence, warnings=warnings)


def _with_evidence(
    read: DocumentRead,
    path: Path,
    bom: Path,
    signers: Path,
    evidence: tuple[Path, ...],
    now: datetime,
    progress: Progress | None,
) -> _Checked:
    allowed = load_signers(signers, path)
    try:
        if path.is_dir():
            verified = verify(path, allowed, evidence, now, progress=progress)
        elif is_profiled(read.document):
            verified = _document(read, bom, allowed, evidence, now)
        else:
            loaded = load_bom(read_bytes(bom), str(bom), "references")
            verified = verify_claims(loaded, allowed, evidence, now)
    except DocumentInvalid as error:
        told = f"the evidence was not used: {error.message} [{error.reason}]"
        return _Checked(read.graph, warnings=(told,))
    return _verified(verified)


def _document(
    read: DocumentRead,
    bom: Path,
    signers: tuple[AllowedSigner, ...],
    evidence: tuple[Path, ...],
    now: datetime,
) -> Verified:
    """The BOM alone, with its signature: beside it, or in the evidence."""
    names = read.graph.nodes[str(read.graph.root)].values("name")
    signature = bom_signature(bom, read.file.digest, names, signers, now)
    if signature.state != "allowed":
        return verify_document(bom, signers, evidence, now)
    verified = verify_with_beside(bom, signers, evidence, now)
    return replace(verified, signed_at=signature.signed_at)


def _verified(verified: Verified) -> _Checked:
    """What was verified; of the bytes, those of the product prove only the product."""
    evidence, root = verified.evidence, verified.graph.nodes[verified.root]
    if evidence.recomputed and root.digest is not None:
        evidence = with_bytes(evidence, root.digest, verified.graph)
    return _Checked(
        verified.graph,
        evidence,
        verified.signer,
        verified.signed_at,
        verified.warnings,
    )
