"""Fetch: from a reference to a folder that a gate has said yes to, or to nothing.

::

    resolve ─> compare with the lock ─> read what is small ─> what can be decided is
    ─> download into quarantine ─> hash every file ─> catalog, sign ─> gate ─> rename

Nothing appears in the target before the gate allows it, and then all of it does, by one
rename. A run that ends early leaves a quarantine that the next run goes on with; one
whose bytes are refused leaves nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.signing import StatementSigner
from aibom.catalogers.place import Place
from aibom.digest import (
    BOM_NAME,
    BUNDLE_NAME,
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
from aibom.operations.artifact_lock import LockedArtifact, require_as_locked
from aibom.operations.download import download_all, require_claimed
from aibom.operations.folder import Folder
from aibom.operations.foresee import foresee
from aibom.operations.gate import Options, gate, policy_folder
from aibom.operations.imported import (
    bom_of_place,
    bom_of_snapshot,
    default_name,
    kind_of,
)
from aibom.operations.quarantine import (
    Quarantine,
    changed,
    quarantine_of,
    require_free,
)
from aibom.operations.sign import sign_artifact
from aibom.operations.snapshot import Snapshot, open_snapshot
from aibom.operations.source_facts import source_urls
from aibom.recording.fetched import API_VERSION, receipt_of
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved, Source
from aibom.verdict import Verdict

__all__ = ["Fetched", "Request", "fetch", "shipped_of", "verdict_of"]

#: A supplier's own signature by somebody whom the verifier does not know: the importer
#: may sign instead. Whatever else is wrong with it is wrong with the artifact.
_STRANGERS = frozenset(
    {"signer-not-allowed", "namespace-not-allowed", "predicate-not-allowed"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch, where to, and who decides.

    ``locked`` is its entry in a lock. ``name`` is what the importer calls it (``hf/…``
    unless told), ``kind`` what it is where the reference does not say. ``signer``
    vouches for what was imported; without one, only what its supplier signed passes a
    gate.
    """

    reference: Reference
    policy: Path
    to: Path
    options: Options
    signer: StatementSigner | None = None
    locked: LockedArtifact | None = None
    name: str | None = None
    kind: Kind | None = None
    keep_quarantine: bool = False

    @property
    def called(self) -> str:
        """The name of what is imported; ``UsageError`` (``name-missing``) for none."""
        name = self.name or default_name(self.reference)
        if name is None:
            raise UsageError(
                "a path or URL is no name",
                reason="name-missing",
                where=str(self.reference),
                hint="--name NAMESPACE/NAME says what you call it",
            )
        return name


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: ``path`` is None unless the verdict allows.

    ``already`` says that it was there, and was decided about again. ``quarantine`` is
    where refused bytes were kept on request.
    """

    verdict: Verdict
    resolved: Resolved
    path: Path | None = None
    quarantine: Path | None = None
    already: bool = False


def verdict_of(target: Path) -> Path:
    """Where the verdict about a target lies: beside it."""
    return target.with_name(f"{target.name}.verdict.json")


def shipped_of(target: Path) -> Path:
    """Where the supplier's own BOM is kept if the importer signed another."""
    return target.with_name(f"{target.name}.shipped")


def fetch(
    request: Request, source: Source, now: datetime, progress: Progress | None = None
) -> Fetched:
    """Fetch an artifact, and put it where it was asked for if the policy allows it.

    A denial comes back as a verdict. Raises what the source raises,
    :class:`~aibom.errors.PolicyInvalid` before anything is asked,
    :class:`~aibom.errors.VerificationFailed` for bytes that are not what was announced
    or locked, :class:`~aibom.errors.UsageError` (``revision-floating``,
    ``name-missing``, ``kind-undecided``) and :class:`~aibom.errors.InputError`
    (``target-exists``, ``quarantine-busy``).
    """
    folder = policy_folder(request.policy, request.to, request.options)
    name = request.called
    if request.signer is not None:
        request.signer.prepare()
    resolved = _resolved(request, source, folder)
    with open_snapshot(source, resolved) as snapshot:
        if request.locked is not None:
            # Files that nobody told the digest of are compared when they are here.
            known = None if snapshot.unknown else snapshot.files
            require_as_locked(request.locked, resolved, known)
        if os.path.lexists(request.to):
            again = _already_there(request, snapshot, now, progress)
            if again is not None:
                return again
        _require_signature(request, resolved)
        denied = _foreseen(request, snapshot, folder, name, now)
        if denied is not None:
            if not request.keep_quarantine:
                _discard_left(request.to)
            return Fetched(denied, resolved)
        return _Fetch(request, source, snapshot, name, now, progress).run()


def _resolved(request: Request, source: Source, folder: Folder) -> Resolved:
    """One revision for all that follows, allowed by the lock, or by the policy."""
    locked, reference = request.locked, request.reference
    if locked is not None and locked.commit is not None:
        reference = reference.at(locked.commit)
    resolved = source.resolve(reference)
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
    request: Request, snapshot: Snapshot, now: datetime, progress: Progress | None
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
        return _decided_again(request, snapshot, quarantine, found, now)


def _hashed(
    target: Path, tree: Digest, progress: Progress | None
) -> tuple[Content, FileSnapshot]:
    """What is there already, if that is what was asked for; ``target-exists``."""
    before = stat_snapshot(target)
    content = hash_path(target, progress=progress)
    if content.digest != tree:
        require_free(target)
    return content, before


def _decided_again(
    request: Request,
    snapshot: Snapshot,
    quarantine: Quarantine,
    found: tuple[Content, FileSnapshot],
    now: datetime,
) -> Fetched:
    target, resolved = request.to, snapshot.resolved
    verdict = gate(target, request.policy, request.options, now, content=found[0])
    allowed = verdict.exit_code == 0
    if allowed:
        _write_beside(quarantine, target, verdict, resolved, *found)
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
    try:
        boms = [(snapshot.folder / BOM_NAME).read_bytes()] if ships else []
        if request.signer is not None:  # in the place of one by a stranger
            boms.append(bom_of_snapshot(snapshot, name, _kind(request)))
    except (AibomError, OSError):
        return None  # the same will be met with all bytes, and told then
    for bom in boms:
        verdict = foresee(bom, snapshot, folder, request.options, now)
        if verdict is None:
            return None
    return verdict


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
    ) -> None:
        self._request = request
        self._source = source
        self._snapshot = snapshot
        self._resolved = snapshot.resolved
        self._name = name
        self._now = now
        self._progress = progress

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
        except VerificationFailed:
            if not self._request.keep_quarantine:
                quarantine.discard()
            raise

    def _decided(self, quarantine: Quarantine, place: Place) -> Verdict:
        self._content = place.content
        if _ships_bom(self._resolved):
            verdict = self._gate(quarantine)
            stranger = verdict.verification.reason in _STRANGERS
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
        bom_of_place(place, self._resolved, self._name, _kind(self._request), bom)
        sign_artifact(quarantine.files, signer, content=place.content)

    def _without_sidecars(self, quarantine: Quarantine, content: Content) -> Place:
        """The place as it is listed now; its other bytes are those of before."""
        place = Place.of(quarantine.files, self._progress, pointers=True)
        if place.content.digest != content.digest:
            raise changed(quarantine.files)
        return place

    def _gate(self, quarantine: Quarantine) -> Verdict:
        request = self._request
        self._before = stat_snapshot(quarantine.files)
        return gate(
            quarantine.files, request.policy, request.options, self._now, self._progress
        )

    def _promoted(self, quarantine: Quarantine, verdict: Verdict) -> Fetched:
        target = self._request.to
        with self._discarding(quarantine):
            quarantine.promote(target, self._before)
        found = (verdict, self._resolved, self._content, self._before)
        _write_beside(quarantine, target, *found)
        quarantine.discard()
        return Fetched(verdict, self._resolved, target)


def _write_beside(
    quarantine: Quarantine,
    target: Path,
    verdict: Verdict,
    resolved: Resolved,
    content: Content,
    snapshot: FileSnapshot,
) -> None:
    if quarantine.aside.exists() and not os.path.lexists(shipped_of(target)):
        os.rename(quarantine.aside, shipped_of(target))
    quarantine.put(verdict_of(target), _json(verdict.to_document()))
    receipt = _receipt(resolved, content, snapshot)
    quarantine.put(receipt_of(target), _json(receipt))


def _receipt(
    resolved: Resolved, content: Content, snapshot: FileSnapshot
) -> dict[str, Any]:
    """What was fetched, and what the file system said of each file when hashed."""
    owner = resolved.owner
    hashed = {file.path: file.digest.value for file in content.files}
    return {
        "apiVersion": API_VERSION,
        "reference": str(resolved.pinned),
        "source": next(iter(source_urls(resolved)), None),
        "digest": str(content.digest),
        "mode": resolved.mode,
        "where": resolved.where,
        "owner": None if owner is None else {"name": owner.name, "id": owner.id},
        "repository": resolved.repository,
        "files": [[*entry, hashed[entry[0]]] for entry in snapshot],
    }


def _json(document: Any) -> bytes:
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    return text.encode() + b"\n"
