"""What an earlier run put into the target: hashed, and decided about again.

Nothing is downloaded for it. Where the answer is no by now the folder stays, and what
lies beside it stops saying yes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aibom.digest import (
    BOM_NAME,
    BUNDLE_NAME,
    OMS_NAME,
    Content,
    Digest,
    Progress,
    hash_path,
    stat_snapshot,
)
from aibom.digest import Snapshot as FileSnapshot
from aibom.errors import VerificationFailed
from aibom.operations.gate import gate
from aibom.operations.importing.beside import as_json, verdict_of, write_beside
from aibom.operations.importing.early import said_now
from aibom.operations.importing.quarantine import Quarantine, require_free
from aibom.operations.importing.request import Clock, Fetched, Request
from aibom.operations.policies.folder import Folder
from aibom.operations.scanning.snapshot import Snapshot
from aibom.sources.remote import Resolved
from aibom.verdict import Verdict

__all__ = [
    "SIDECARS",
    "already_there",
    "decided_again",
    "hashed",
    "require_name",
    "wanted_by",
]

#: What speaks for an artifact, and is no part of it.
SIDECARS = frozenset({BOM_NAME, BUNDLE_NAME, OMS_NAME})


def already_there(
    request: Request,
    snapshot: Snapshot,
    folder: Folder,
    clock: Clock,
    progress: Progress | None,
) -> Fetched | None:
    """What an earlier run put there, decided about again; None for an empty folder.

    None as well where only the bytes of another download tell whether it is the same.
    Raises :class:`~aibom.errors.InputError` (``target-exists``) for anything else.
    """
    locked = request.locked
    tree = locked.tree if locked else snapshot.tree
    if request.to.is_symlink() or not request.to.is_dir():
        require_free(request.to)
    if tree is None or not any(request.to.iterdir()):
        return None  # what is fetched will tell
    found = hashed(request.to, tree, progress)
    with Quarantine.held(request.to, wanted_by(request, snapshot)) as quarantine:
        denied = said_now(request, snapshot, folder, clock)
        return decided_again(request, snapshot, quarantine, found, clock.now, denied)


def hashed(
    target: Path, tree: Digest, progress: Progress | None
) -> tuple[Content, FileSnapshot]:
    """What is there already, if that is what was asked for; ``target-exists``."""
    before = stat_snapshot(target)
    content = hash_path(target, progress=progress)
    if content.digest != tree or not SIDECARS.issuperset(content.housekeeping):
        require_free(target)
    return content, before


def decided_again(
    request: Request,
    snapshot: Snapshot,
    quarantine: Quarantine,
    found: tuple[Content, FileSnapshot],
    now: datetime,
    denied: Verdict | None = None,
) -> Fetched:
    """Decide about it as it is; ``denied`` is what its source says of it by now.

    Raises :class:`~aibom.errors.VerificationFailed` (``name-contradicted``).
    """
    target, resolved = request.to, snapshot.resolved
    verdict = gate(target, request.policy, request.gate_options, now, content=found[0])
    try:
        require_name(request, resolved, verdict)
    except VerificationFailed:
        quarantine.discard()
        raise
    if denied is not None and verdict.exit_code == 0:
        verdict = denied
    allowed = verdict.exit_code == 0
    if not allowed:  # what lies beside it must not go on saying yes
        quarantine.put(verdict_of(target), as_json(verdict.to_document()))
    if allowed:
        write_beside(quarantine, target, verdict, resolved, *found)
    quarantine.discard()
    path = target if allowed else None
    return Fetched(verdict, resolved, path, already=True, told=verdict_of(target))


def require_name(request: Request, resolved: Resolved, verdict: Verdict) -> None:
    """What a supplier signed must be what was asked for, and nothing else of it."""
    named = verdict.verification.name
    if verdict.exit_code == 0 and named not in request.names:
        raise VerificationFailed(
            f"its supplier signed it as {named}",
            reason="name-contradicted",
            where=str(resolved.reference),
            hint=f"if that is what you want: --name {named}",
        )


def wanted_by(request: Request, snapshot: Snapshot) -> dict[str, str] | None:
    """What leftovers must be of; None where old bytes could be taken for new."""
    digest = request.locked.tree if request.locked else snapshot.tree
    if digest is None:
        return None
    return {
        "commit": snapshot.resolved.commit or "",
        "reference": str(request.reference.at(None)),
        "tree": str(digest),
    }
