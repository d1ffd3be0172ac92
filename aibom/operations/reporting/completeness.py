"""How complete a BOM is by published profiles, for a report: counts only."""

from __future__ import annotations

from collections.abc import Iterable

from aibom.lineage.evidence import Signer
from aibom.operations.reporting.coverage import load_profile
from aibom.operations.reporting.subject import subject_of
from aibom.report.completeness.coverage import tally
from aibom.report.completeness.subject import Subject
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Ratio

__all__ = ["PROFILES", "completeness"]

#: Where nobody asks for others; `aibom coverage` tells what is missing by each.
PROFILES = ("g7-2026",)


def completeness(
    material: Material,
    profiles: Iterable[str] = PROFILES,
    signer: Signer | None = None,
) -> tuple[Ratio, ...]:
    """One row for each profile; none for what is no CycloneDX at all.

    ``signer`` is who was found, in this run, to stand behind exactly this BOM; without,
    it is who signed the bundle beside it, if allowed.

    Raises :class:`~aibom.errors.UsageError` (``profile-unknown``).
    """
    if not material.file.readable:
        return ()
    subject = subject_of(
        material.document,
        material.graph,
        material.file,
        material.evidence,
        listed=material.listed,
        signer=signer or material.signer,
        signed_at=material.signature.signed_at,
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
