"""What is certain before anything is downloaded, and who could vouch for the rest.

A supplier's own BOM is read as far as it goes, and beside it the BOM that the importer
would make: what the hub flags counts whatever a supplier says.
"""

from __future__ import annotations

from dataclasses import replace

from aibom.digest import BOM_NAME, BUNDLE_NAME
from aibom.errors import AibomError, VerificationFailed
from aibom.operations.importing.foresee import foresee
from aibom.operations.importing.imported import bom_of_snapshot
from aibom.operations.importing.request import Clock, Request
from aibom.operations.policies.folder import Folder
from aibom.operations.scanning.snapshot import Snapshot
from aibom.sources.remote import Resolved
from aibom.verdict import Verdict

__all__ = ["foreseen", "require_signature", "said_now", "ships_bom"]


def require_signature(request: Request, resolved: Resolved) -> None:
    """Refuse (``signature-absent``), before a download, what no gate would take."""
    if request.signer is not None or ships_bom(resolved):
        return
    raise VerificationFailed(
        "its supplier signed nothing that a gate reads, and nobody vouches for it",
        reason="signature-absent",
        where=str(resolved.reference),
        hint="sign what you import: --key FILE (or --sigstore), with that signer in "
        "the policy's signers.yaml for this name",
    )


def ships_bom(resolved: Resolved) -> bool:
    """Whether its supplier ships a BOM with a bundle, whoever signed that."""
    return {BOM_NAME, BUNDLE_NAME} <= {file.path for file in resolved.files}


def foreseen(
    request: Request, snapshot: Snapshot, folder: Folder, clock: Clock
) -> Verdict | None:
    """The denial that is certain: by each of the BOMs that the gate may go by."""
    ships = ships_bom(snapshot.resolved)
    verdict = None
    if ships:
        flagged = _flagged(request, snapshot, folder, clock)
        if flagged is not None:
            return flagged
    try:
        boms = [(snapshot.folder / BOM_NAME).read_bytes()] if ships else []
        if request.signer is not None:  # in the place of one by a stranger
            boms.append(_own_bom(request, snapshot, clock))
    except (AibomError, OSError):
        return None  # the same will be met with all bytes, and told then
    for bom in boms:
        verdict = foresee(bom, snapshot, folder, request.options, clock.now)
        if verdict is None:
            return None
    return verdict


def _flagged(
    request: Request, snapshot: Snapshot, folder: Folder, clock: Clock
) -> Verdict | None:
    """A denial for what the hub flags, whatever the supplier's own BOM says."""
    told = _own_forecast(request, snapshot, folder, clock)
    results = told.results if told else ()
    flags = tuple(one for one in results if one.check == "scanner-flagged")
    return replace(told, results=flags) if told and flags else None


def said_now(
    request: Request, snapshot: Snapshot, folder: Folder, clock: Clock
) -> Verdict | None:
    """A denial of what was put there earlier: its source may say more by now."""
    if ships_bom(snapshot.resolved):
        return _flagged(request, snapshot, folder, clock)
    return _own_forecast(request, snapshot, folder, clock)


def _own_forecast(
    request: Request, snapshot: Snapshot, folder: Folder, clock: Clock
) -> Verdict | None:
    """What is certain by the BOM that the importer would make."""
    try:
        bom = _own_bom(request, snapshot, clock)
        return foresee(bom, snapshot, folder, request.options, clock.now)
    except (AibomError, OSError):
        return None


def _own_bom(request: Request, snapshot: Snapshot, clock: Clock) -> bytes:
    """The BOM that the importer would make, as far as it can be told."""
    return bom_of_snapshot(
        snapshot,
        request.called,
        request.kind_asked,
        clock.asked,
        request.pseudonym_key,
    )
