"""Coverage: how much of a completeness profile a BOM answers, and how much is verified.

It works on a CycloneDX document of anybody, also an invalid one, and decides nothing.
What an answer is worth comes from what this run checked: signatures in ``evidence`` of
those in ``signers``, and the artifact's bytes where a folder is given. A document that
is invalid is measured without evidence, which is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aibom.bom.decode import is_profiled
from aibom.bom.parse import parse, read_bytes
from aibom.digest import BOM_NAME, Progress, hash_path
from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.evidence import EvidenceSet
from aibom.operations.scanning.bom import scan_document
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
from aibom.report.completeness.places import at_pointer
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
    measured = _read(bom, now)
    if signers is not None:
        return _with_evidence(measured, path, bom, signers, evidence, now, progress)
    if path.is_dir():
        return _with_bytes(measured, path, progress)
    return measured


def _read(path: Path, now: datetime) -> Measured:
    """The document as it is, tolerantly; nothing of it is verified."""
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    parsed = parse(data, str(path))
    graph, findings = scan_document(path)
    version: Any = parsed.document.get("specVersion")
    for finding in findings:
        _leave_out(parsed.document, finding.pointer)
    return Measured(
        str(path),
        version[:20] if isinstance(version, str) else "",
        Subject(
            parsed.document,
            graph,
            digest,
            valid=not findings,
            listed=frozenset(graph.nodes),
            now=now,
        ),
        len(findings),
    )


def _leave_out(document: dict[str, Any], pointer: str) -> None:
    """Blank the one text or number that a problem is about: it is no answer.

    A problem of a whole object or list leaves the rest of it as it stands.
    """
    above, _, name = pointer.rpartition("/")
    holder, value = at_pointer(document, above), at_pointer(document, pointer)
    if value is None or isinstance(value, (dict, list)):
        return
    if isinstance(holder, dict):
        holder[name.replace("~1", "/").replace("~0", "~")] = None
    elif isinstance(holder, list):
        holder[int(name)] = None


def _with_bytes(measured: Measured, path: Path, progress: Progress | None) -> Measured:
    content = hash_path(path, progress=progress)
    found = frozenset({content.digest, *(file.digest for file in content.files)})
    evidence = EvidenceSet(recomputed=found, bytes_checked=True)
    root = measured.subject.root
    warnings = measured.warnings
    if root is None or root.digest != content.digest:
        warnings = (*warnings, f"{path}: the files are not those that the BOM names")
    subject = replace(measured.subject, evidence=evidence)
    return replace(measured, subject=subject, warnings=warnings)


def _with_evidence(
    measured: Measured,
    path: Path,
    bom: Path,
    signers: Path,
    evidence: tuple[Path, ...],
    now: datetime,
    progress: Progress | None,
) -> Measured:
    allowed = load_signers(signers, path)
    try:
        if path.is_dir():
            verified = verify(path, allowed, evidence, now, progress=progress)
        elif is_profiled(measured.subject.document):
            verified = verify_document(bom, allowed, evidence, now)
        else:
            loaded = load_bom(read_bytes(bom), str(bom), "references")
            verified = verify_claims(loaded, allowed, evidence, now)
    except DocumentInvalid as error:
        told = f"the evidence was not used: {error.message} [{error.reason}]"
        return replace(measured, warnings=(*measured.warnings, told))
    return _verified(measured, verified)


def _verified(measured: Measured, verified: Verified) -> Measured:
    subject = replace(
        measured.subject,
        graph=verified.graph,
        evidence=verified.evidence,
        signer=verified.signer,
        signed_at=verified.signed_at,
    )
    warnings = (*measured.warnings, *verified.warnings)
    return replace(measured, subject=subject, warnings=warnings)
