"""How complete a BOM is by published profiles, for a report: counts only."""

from __future__ import annotations

from collections.abc import Iterable

from aibom.operations.reporting.coverage import load_profile
from aibom.report.completeness.coverage import coverage
from aibom.report.completeness.subject import Subject
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Ratio

__all__ = ["PROFILES", "completeness"]

#: Where nobody asks for others; `aibom coverage` tells what is missing by each.
PROFILES = ("g7-2026",)


def completeness(
    material: Material, profiles: Iterable[str] = PROFILES
) -> tuple[Ratio, ...]:
    """One row for each profile; none for what is no CycloneDX at all.

    Raises :class:`~aibom.errors.UsageError` (``profile-unknown``).
    """
    if not material.file.readable:
        return ()
    own = material.evidence.owning(material.root)
    is_signed = material.signature.state == "allowed"
    subject = Subject(
        material.document,
        material.graph,
        material.file.digest,
        material.evidence,
        signer=own[0].signer if own and is_signed else None,
        valid=not material.file.problems,
        listed=frozenset(material.listed),
    )
    return tuple(_ratio(name, subject) for name in profiles)


def _ratio(name: str, subject: Subject) -> Ratio:
    profile = load_profile(name)
    found = coverage(profile, subject)
    return Ratio(
        profile.title,
        f"{profile.edition}, {profile.dated}".strip(", "),
        profile.status_note,
        found.applicable,
        found.answered.part,
        found.by_bytes,
        found.by_signature,
    )
