"""Fetch: from a reference to a folder that a gate has said yes to, or to nothing.

::

    resolve ─> compare with the lock ─> read what is small ─> what can be decided is
    ─> download into quarantine ─> hash every file ─> catalog, sign ─> gate ─> rename

Nothing appears in the target before the gate allows it, and then all of it does, by one
rename. A run that ends early leaves a quarantine that the next run goes on with; one
whose bytes are refused leaves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TypeVar

from aibom.catalogers.place import Place
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
from aibom.errors import AibomError, UsageError, VerificationFailed
from aibom.lineage.nodes import Kind
from aibom.namespaces import name_matches
from aibom.operations.gate import Options, gate, policy_folder
from aibom.operations.importing.artifact_lock import LockedArtifact, require_as_locked
from aibom.operations.importing.beside import as_json, verdict_of, write_beside
from aibom.operations.importing.download import download_all, require_claimed
from aibom.operations.importing.foresee import foresee
from aibom.operations.importing.imported import (
    bom_of_place,
    bom_of_snapshot,
    default_name,
    kind_of,
)
from aibom.operations.importing.quarantine import (
    Quarantine,
    changed,
    quarantine_of,
    require_free,
)
from aibom.operations.importing.request import Fetched, Request
from aibom.operations.policies.folder import Folder
from aibom.operations.scanning.snapshot import Snapshot, is_counted, open_snapshot
from aibom.operations.signing.sign import sign_artifact
from aibom.sources.remote import Resolved, Source
from aibom.verdict import Verdict

__all__ = ["Fetched", "Request", "fetch"]

_Listed = TypeVar("_Listed", Resolved, LockedArtifact)

#: A supplier's own signature by somebody whom the verifier does not know: the importer
#: may sign instead. Whatever else is wrong with it is wrong with the artifact.
_STRANGERS = frozenset(
    {"signer-not-allowed", "namespace-not-allowed", "predicate-not-allowed"}
)
_SIDECARS = frozenset({BOM_NAME, BUNDLE_NAME, OMS_NAME})
#: What the same bytes will always end with.
_NEVER = frozenset({"case-collision", "folder-empty", "git-lfs-pointer"})


def fetch(
    request: Request,
    source: Source,
    now: datetime,
    progress: Progress | None = None,
    timer: Callable[[], float] = monotonic,
) -> Fetched:
    """Fetch an artifact, and put it where it was asked for if the policy allows it.

    ``now`` is when it begins, and ``timer`` counts seconds: a download can take hours,
    and what is signed after it was not signed before the decision.

    A denial comes back as a verdict. Raises what the source raises,
    :class:`~aibom.errors.PolicyInvalid` before anything is asked,
    :class:`~aibom.errors.VerificationFailed` for bytes that are not what was announced
    or locked, :class:`~aibom.errors.UsageError` (``revision-floating``,
    ``name-missing``, ``kind-undecided``) and :class:`~aibom.errors.InputError`
    (``target-exists``, ``quarantine-busy``).
    """
    folder = policy_folder(request.policy, request.to, request.options)
    name = request.called
    _require_one_kind(request)
    if request.signer is not None:
        request.signer.prepare()
    resolved = _without_extras(_resolved(request, source, folder))
    if request.locked is not None:
        request = replace(request, locked=_without_extras(request.locked))
    with open_snapshot(source, resolved) as snapshot:
        if request.locked is not None:
            # Files that nobody told the digest of are compared when they are here.
            known = None if snapshot.unknown else snapshot.files
            require_as_locked(request.locked, resolved, known)
        if os.path.lexists(request.to):
            again = _already_there(request, snapshot, folder, now, progress)
            if again is not None:
                return again
        _require_signature(request, resolved)
        denied = _foreseen(request, snapshot, folder, name, now)
        if denied is not None:
            if not request.keep_quarantine:
                _discard_left(request.to)
            return Fetched(denied, resolved)
        return _Fetch(request, source, snapshot, name, now, progress, timer).run()


def _require_one_kind(request: Request) -> None:
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
    kept = tuple(f for f in listed.files if is_counted(f.path) or f.path in _SIDECARS)
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


def _already_there(
    request: Request,
    snapshot: Snapshot,
    folder: Folder,
    now: datetime,
    progress: Progress | None,
) -> Fetched | None:
    """What an earlier run put there, decided about again; None for an empty folder."""
    locked = request.locked
    tree = locked.tree if locked else snapshot.tree
    if request.to.is_symlink() or not request.to.is_dir():
        require_free(request.to)
    if tree is None or not any(request.to.iterdir()):
        return None  # what is fetched will tell
    found = _hashed(request.to, tree, progress)
    with Quarantine.held(request.to, _wanted(request, snapshot)) as quarantine:
        denied = _said_now(request, snapshot, folder, now)
        return _decided_again(request, snapshot, quarantine, found, now, denied)


def _hashed(
    target: Path, tree: Digest, progress: Progress | None
) -> tuple[Content, FileSnapshot]:
    """What is there already, if that is what was asked for; ``target-exists``."""
    before = stat_snapshot(target)
    content = hash_path(target, progress=progress)
    if content.digest != tree or not _SIDECARS.issuperset(content.housekeeping):
        require_free(target)
    return content, before


def _decided_again(
    request: Request,
    snapshot: Snapshot,
    quarantine: Quarantine,
    found: tuple[Content, FileSnapshot],
    now: datetime,
    denied: Verdict | None = None,
) -> Fetched:
    """Decide about it as it is; ``denied`` is what its source says of it by now."""
    target, resolved = request.to, snapshot.resolved
    verdict = gate(target, request.policy, _options(request), now, content=found[0])
    try:
        _require_name(request, resolved, verdict)
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
    return Fetched(verdict, resolved, target if allowed else None, already=True)


def _discard_left(target: Path) -> None:
    """Remove what an earlier run left of what is refused now."""
    if os.path.lexists(quarantine_of(target)):
        with Quarantine.held(target, None) as left:
            left.discard()


def _wanted(request: Request, snapshot: Snapshot) -> dict[str, str] | None:
    """What leftovers must be of; None where old bytes could be taken for new."""
    digest = request.locked.tree if request.locked else snapshot.tree
    if digest is None:
        return None
    return {
        "commit": snapshot.resolved.commit or "",
        "reference": str(request.reference.at(None)),
        "tree": str(digest),
    }


def _require_signature(request: Request, resolved: Resolved) -> None:
    """Before anything is downloaded that no gate would take."""
    if request.signer is not None or _ships_bom(resolved):
        return
    raise VerificationFailed(
        "its supplier signed nothing that a gate reads, and nobody vouches for it",
        reason="signature-absent",
        where=str(resolved.reference),
        hint="sign what you import: --key FILE (or --sigstore), with that signer in "
        "the policy's signers.yaml for this name",
    )


def _ships_bom(resolved: Resolved) -> bool:
    return {BOM_NAME, BUNDLE_NAME} <= {file.path for file in resolved.files}


def _foreseen(
    request: Request, snapshot: Snapshot, folder: Folder, name: str, now: datetime
) -> Verdict | None:
    """The denial that is certain: by each of the BOMs that the gate may go by."""
    ships = _ships_bom(snapshot.resolved)
    verdict = None
    if ships:
        flagged = _flagged(request, snapshot, folder, name, now)
        if flagged is not None:
            return flagged
    try:
        boms = [(snapshot.folder / BOM_NAME).read_bytes()] if ships else []
        if request.signer is not None:  # in the place of one by a stranger
            boms.append(
                bom_of_snapshot(
                    snapshot, name, _kind(request), now, request.pseudonym_key
                )
            )
    except (AibomError, OSError):
        return None  # the same will be met with all bytes, and told then
    for bom in boms:
        verdict = foresee(bom, snapshot, folder, request.options, now)
        if verdict is None:
            return None
    return verdict


def _flagged(
    request: Request, snapshot: Snapshot, folder: Folder, name: str, now: datetime
) -> Verdict | None:
    """A denial for what the hub flags, whatever the supplier's own BOM says."""
    told = _own_forecast(request, snapshot, folder, name, now)
    results = told.results if told else ()
    flags = tuple(one for one in results if one.check == "scanner-flagged")
    return replace(told, results=flags) if told and flags else None


def _said_now(
    request: Request, snapshot: Snapshot, folder: Folder, now: datetime
) -> Verdict | None:
    """A denial of what was put there earlier: its source may say more by now."""
    if _ships_bom(snapshot.resolved):
        return _flagged(request, snapshot, folder, request.called, now)
    return _own_forecast(request, snapshot, folder, request.called, now)


def _own_forecast(
    request: Request, snapshot: Snapshot, folder: Folder, name: str, now: datetime
) -> Verdict | None:
    """What is certain by the BOM that the importer would make."""
    try:
        bom = bom_of_snapshot(
            snapshot, name, _kind(request), now, request.pseudonym_key
        )
        return foresee(bom, snapshot, folder, request.options, now)
    except (AibomError, OSError):
        return None


def _expected(request: Request) -> frozenset[str]:
    """The names by which a supplier may have signed what was asked for."""
    if request.name is not None:
        return frozenset({request.name})
    return frozenset({request.called, request.reference.name})


def _require_name(request: Request, resolved: Resolved, verdict: Verdict) -> None:
    """What a supplier signed must be what was asked for, and nothing else of it."""
    named = verdict.verification.name
    if verdict.exit_code == 0 and named not in _expected(request):
        raise VerificationFailed(
            f"its supplier signed it as {named}",
            reason="name-contradicted",
            where=str(resolved.reference),
            hint=f"if that is what you want: --name {named}",
        )


def _options(request: Request) -> Options:
    """The caller's, and what the reference says it is."""
    kind = _kind(request)
    return replace(request.options, kind=kind.value if kind else None)


def _kind(request: Request) -> Kind | None:
    return request.kind or kind_of(request.reference)


class _Fetch:
    """The part that holds a quarantine."""

    def __init__(
        self,
        request: Request,
        source: Source,
        snapshot: Snapshot,
        name: str,
        now: datetime,
        progress: Progress | None,
        timer: Callable[[], float],
    ) -> None:
        self._request = request
        self._source = source
        self._snapshot = snapshot
        self._resolved = snapshot.resolved
        self._name = name
        self._began, self._timer, self._at_first = now, timer, timer()
        self._progress = progress
        self._has_signed = False

    def run(self) -> Fetched:
        request = self._request
        wanted = _wanted(request, self._snapshot)
        with Quarantine.held(request.to, wanted) as quarantine:
            with self._discarding(quarantine):
                download_all(
                    self._source, self._snapshot, quarantine, progress=self._progress
                )
                place = Place.of(quarantine.files, self._progress, pointers=True)
                require_claimed(place, self._snapshot, request.locked)
                if wanted is None and request.to.is_dir() and any(request.to.iterdir()):
                    return self._again(quarantine, place)
                verdict = self._decided(quarantine, place)
            if verdict.exit_code == 0:
                return self._promoted(quarantine, verdict)
            if not request.keep_quarantine:
                quarantine.discard()
            elif self._has_signed:  # nobody shall take it for an import
                (quarantine.files / BUNDLE_NAME).unlink(missing_ok=True)
        kept = quarantine.path if request.keep_quarantine else None
        return Fetched(verdict, self._resolved, quarantine=kept)

    def _again(self, quarantine: Quarantine, place: Place) -> Fetched:
        """Nobody told the digest of what is there already before it was fetched."""
        found = _hashed(self._request.to, place.content.digest, self._progress)
        return _decided_again(
            self._request, self._snapshot, quarantine, found, self._now
        )

    @contextmanager
    def _discarding(self, quarantine: Quarantine) -> Iterator[None]:
        """Remove what was refused, unless it is to be looked at.

        An error that has nothing to do with the bytes keeps them for the next run.
        """
        try:
            yield
        except AibomError as error:
            hopeless = isinstance(error, VerificationFailed) or error.reason in _NEVER
            if hopeless and not self._request.keep_quarantine:
                quarantine.discard()
            raise

    def _decided(self, quarantine: Quarantine, place: Place) -> Verdict:
        self._content = place.content
        if _ships_bom(self._resolved):
            verdict = self._gate(quarantine)
            stranger = verdict.verification.reason in _STRANGERS
            _require_name(self._request, self._resolved, verdict)
            if not stranger or self._request.signer is None:
                return verdict
        self._sign(quarantine, place)
        return self._gate(quarantine)

    def _sign(self, quarantine: Quarantine, place: Place) -> None:
        signer = self._request.signer
        if signer is None:
            raise AssertionError("asked for before anything was downloaded")
        for sidecar in (BOM_NAME, BUNDLE_NAME):
            shipped = quarantine.files / sidecar
            if shipped.exists():
                quarantine.aside.mkdir(mode=0o755, exist_ok=True)
                os.replace(shipped, quarantine.aside / sidecar)
        if quarantine.aside.exists():
            place = self._without_sidecars(quarantine, place.content)
        bom = quarantine.files / BOM_NAME
        bom_of_place(
            place,
            self._resolved,
            self._name,
            _kind(self._request),
            self._now,
            bom,
            self._request.pseudonym_key,
        )
        sign_artifact(quarantine.files, signer, content=place.content)
        self._has_signed = True

    def _without_sidecars(self, quarantine: Quarantine, content: Content) -> Place:
        """The place as it is listed now; its other bytes are those of before."""
        place = Place.of(quarantine.files, self._progress, pointers=True)
        if place.content.digest != content.digest:
            raise changed(quarantine.files)
        return place

    def _gate(self, quarantine: Quarantine) -> Verdict:
        request = self._request
        self._before = stat_snapshot(quarantine.files)
        options = _options(request)
        return gate(
            quarantine.files, request.policy, options, self._now, self._progress
        )

    @property
    def _now(self) -> datetime:
        return self._began + timedelta(seconds=self._timer() - self._at_first)

    def _promoted(self, quarantine: Quarantine, verdict: Verdict) -> Fetched:
        target = self._request.to
        with self._discarding(quarantine):
            quarantine.promote(target, self._before)
        found = (verdict, self._resolved, self._content, self._before)
        try:
            write_beside(quarantine, target, *found)
        except AibomError:
            os.rename(target, quarantine.files)
            raise
        quarantine.discard()
        return Fetched(verdict, self._resolved, target)
