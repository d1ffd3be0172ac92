"""How complete a BOM is by published profiles, for a report: counts only."""

from __future__ import annotations

from collections.abc import Iterable

from aibom.operations.reporting.coverage import load_profile
from aibom.report.completeness.coverage import tally
from aibom.report.completeness.subject import Subject
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Ratio
from aibom.report.own import document_signer

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
    signature = material.signature
    # Without a name nobody signed it: a stranger's signature has none either.
    name = signature.signer if signature.state == "allowed" else ""
    subject = Subject(
        material.document,
        material.graph,
        material.file.digest,
        material.evidence,
        signer=document_signer(material.evidence, material.root, name),
        valid=not material.file.problems,
        listed=frozenset(material.listed),
        now=material.now,
    )
    return tuple(_ratio(name, subject) for name in profiles)


def _ratio(name: str, subject: Subject) -> Ratio:
    profile = load_profile(name)
    found = tally(profile, subject)
    return Ratio(
        profile.title,
        f"{profile.edition}, {profile.dated}".strip(", "),
        profile.status_note,
        found.applicable,
        found.answered,
        found.by_bytes,
        found.by_signature,
    )
