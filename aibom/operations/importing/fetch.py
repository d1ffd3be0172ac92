"""Fetch: from a reference to a folder that a gate has said yes to, or to nothing.

::

    resolve ─> compare with the lock ─> read what is small ─> what can be decided is
    ─> download into quarantine ─> hash every file ─> catalog, sign ─> gate ─> rename

Nothing appears in the target before the gate allows it, and then all of it does, by one
rename. A run that ends early leaves a quarantine that the next run goes on with; one
that is refused leaves the verdict beside the target, and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import TypeVar

from aibom.digest import Progress
from aibom.errors import AibomError, UsageError
from aibom.namespaces import name_matches
from aibom.operations.gate import policy_folder
from aibom.operations.importing.again import SIDECARS, already_there, wanted_by
from aibom.operations.importing.artifact_lock import LockedArtifact, require_as_locked
from aibom.operations.importing.beside import leave_verdict
from aibom.operations.importing.early import foreseen, require_signature
from aibom.operations.importing.imported import default_name, kind_of
from aibom.operations.importing.in_quarantine import Importing
from aibom.operations.importing.quarantine import Quarantine, quarantine_of
from aibom.operations.importing.request import Clock, Fetched, Request
from aibom.operations.policies.folder import Folder
from aibom.operations.scanning.snapshot import Snapshot, is_counted, open_snapshot
from aibom.sources.remote import Resolved, Source
from aibom.verdict import Verdict

__all__ = ["Fetched", "Request", "fetch"]

_Listed = TypeVar("_Listed", Resolved, LockedArtifact)


def fetch(
    request: Request,
    source: Source,
    now: datetime,
    progress: Progress | None = None,
    timer: Callable[[], float] = monotonic,
) -> Fetched:
    """Fetch an artifact, and put it where it was asked for if the policy allows it.

    ``now`` is when it begins, and ``timer`` counts seconds: a download can take hours,
    and what is signed after it was not signed before the decision. The BOM says
    ``fetched`` at the time when the source was asked what there is.

    A denial comes back as a verdict, which lies beside the target as well.

    Raises what the source raises,
    :class:`~aibom.errors.PolicyInvalid` before anything is asked,
    :class:`~aibom.errors.VerificationFailed` for bytes that are not what was announced
    or locked, :class:`~aibom.errors.UsageError` (``revision-floating``,
    ``name-missing``, ``kind-undecided``) and :class:`~aibom.errors.InputError`
    (``target-exists``, ``quarantine-busy``).
    """
    clock = Clock.started(now, timer)
    folder = policy_folder(request.policy, request.to, request.options)
    _require_usable(request)
    if request.signer is not None:
        request.signer.prepare()
    clock = clock.asking()
    resolved = _without_extras(_resolved(request, source, folder))
    if request.locked is not None:
        request = replace(request, locked=_without_extras(request.locked))
    with open_snapshot(source, resolved) as snapshot:
        if request.locked is not None:
            # Files that nobody told the digest of are compared when they are here.
            known = None if snapshot.unknown else snapshot.files
            require_as_locked(request.locked, resolved, known)
        if os.path.lexists(request.to):
            again = already_there(request, snapshot, folder, clock, progress)
            if again is not None:
                return again
        require_signature(request, resolved)
        denied = foreseen(request, snapshot, folder, clock)
        if denied is not None:
            return _refused_early(request, snapshot, denied)
        return Importing(request, source, snapshot, clock, progress).run()


def _require_usable(request: Request) -> None:
    """Refuse, before anything is asked, what has no name, or two kinds."""
    _ = request.called
    told = kind_of(request.reference)
    if request.kind is not None and told not in (None, request.kind):
        raise UsageError(
            f"the reference says {told}, and --kind says {request.kind}",
            reason="kind-contradicts-reference",
            where=str(request.reference),
            hint="leave out --kind; a dataset is hf:datasets/org/name",
        )


def _resolved(request: Request, source: Source, folder: Folder) -> Resolved:
    """One revision for all that follows, allowed by the lock, or by the policy."""
    locked, reference = request.locked, request.reference
    if locked is not None and locked.commit is not None:
        reference = reference.at(locked.commit)
    resolved = source.resolve(reference)
    _require_asked(resolved, locked)
    if locked is not None:
        require_as_locked(locked, resolved, None)
        return resolved
    resolved.require_complete()
    if not reference.is_pinned and not any(
        name_matches(pattern, default_name(reference) or "")
        for pattern in folder.policy.floating
    ):
        raise _floating(resolved)
    return resolved


def _without_extras(listed: _Listed) -> _Listed:
    """Without what no digest of a folder covers, and so no rule looks at.

    Git's own files are no part of a model, and a program that is called
    ``registered_model_meta`` would arrive unseen. What speaks for the rest is kept.
    """
    kept = tuple(f for f in listed.files if is_counted(f.path) or f.path in SIDECARS)
    return replace(listed, files=kept)


def _require_asked(resolved: Resolved, locked: LockedArtifact | None) -> None:
    """Refuse what only a cache says: it may be of another hub, or somebody's own."""
    if resolved.mode != "offline" or resolved.reference.scheme != "hf":
        return
    if locked is None or locked.repository is None:
        raise UsageError(
            "nobody asks the hub, and a cache says of itself what it holds",
            reason="offline-unlocked",
            where=str(resolved.reference),
            hint="aibom lock it online, then fetch --locked --offline",
        )


def _floating(resolved: Resolved) -> UsageError:
    pinned = resolved.pinned
    exact = f"now that is {pinned}; " if resolved.commit else ""
    return UsageError(
        "can be moved to other bytes at any time",
        reason="revision-floating",
        where=str(resolved.reference),
        hint=f"{exact}pin it so, or write it down with aibom lock and fetch --locked",
    )


def _refused_early(request: Request, snapshot: Snapshot, verdict: Verdict) -> Fetched:
    """A denial without a download: its verdict is kept, and nothing else."""
    to, told = request.to, None
    left = os.path.lexists(quarantine_of(to))
    keeps = left and request.keep_quarantine
    try:
        wanted = wanted_by(request, snapshot) if keeps else None
        with Quarantine.held(to, wanted) as quarantine:
            told = leave_verdict(quarantine, to, verdict)
            if not keeps:
                quarantine.discard()
    except AibomError:
        if left and not keeps:
            raise  # what is refused must not stay
    return Fetched(verdict, snapshot.resolved, told=told)
