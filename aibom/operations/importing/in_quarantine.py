"""The part of a fetch that holds a quarantine: download, hash, sign, gate, promote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aibom.catalogers.place import Place
from aibom.digest import BOM_NAME, BUNDLE_NAME, Content, Progress, stat_snapshot
from aibom.errors import AibomError, VerificationFailed
from aibom.operations.gate import gate
from aibom.operations.importing.again import (
    decided_again,
    hashed,
    require_name,
    wanted_by,
)
from aibom.operations.importing.beside import leave_verdict, verdict_of, write_beside
from aibom.operations.importing.download import download_all, require_claimed
from aibom.operations.importing.early import ships_bom
from aibom.operations.importing.imported import bom_of_place
from aibom.operations.importing.quarantine import Quarantine, changed
from aibom.operations.importing.request import Clock, Fetched, Request
from aibom.operations.scanning.snapshot import Snapshot
from aibom.operations.signing.sign import sign_artifact
from aibom.sources.remote import Source
from aibom.verdict import Verdict

__all__ = ["Importing"]

#: A supplier's own signature by somebody whom the verifier does not know: the importer
#: may sign instead. Whatever else is wrong with it is wrong with the artifact.
_STRANGERS = frozenset(
    {"signer-not-allowed", "namespace-not-allowed", "predicate-not-allowed"}
)
#: What the same bytes will always end with.
_NEVER = frozenset({"case-collision", "folder-empty", "git-lfs-pointer"})


class Importing:
    """One fetch, from the first byte of its files to the rename, or to nothing.

    :meth:`run` is called once. ``clock`` tells when a gate decides, and when the source
    was asked, for a download can take hours.
    """

    def __init__(
        self,
        request: Request,
        source: Source,
        snapshot: Snapshot,
        clock: Clock,
        progress: Progress | None,
    ) -> None:
        self._request = request
        self._source = source
        self._snapshot = snapshot
        self._resolved = snapshot.resolved
        self._clock = clock
        self._progress = progress
        self._has_signed = False

    def run(self) -> Fetched:
        """Download, decide, and promote, or leave nothing but the verdict.

        Raises as :func:`~aibom.operations.importing.fetch.fetch` does.
        """
        request = self._request
        wanted = wanted_by(request, self._snapshot)
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
            told = leave_verdict(quarantine, request.to, verdict)
            if not request.keep_quarantine:
                quarantine.discard()
            elif self._has_signed:  # nobody shall take it for an import
                (quarantine.files / BUNDLE_NAME).unlink(missing_ok=True)
        kept = quarantine.path if request.keep_quarantine else None
        return Fetched(verdict, self._resolved, quarantine=kept, told=told)

    def _again(self, quarantine: Quarantine, place: Place) -> Fetched:
        """Nobody told the digest of what is there already before it was fetched."""
        found = hashed(self._request.to, place.content.digest, self._progress)
        return decided_again(
            self._request, self._snapshot, quarantine, found, self._clock.now
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
        if ships_bom(self._resolved):
            verdict = self._gate(quarantine)
            stranger = verdict.verification.reason in _STRANGERS
            require_name(self._request, self._resolved, verdict)
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
            self._request.called,
            self._request.kind_asked,
            self._clock.asked,
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
        options = request.gate_options
        return gate(
            quarantine.files, request.policy, options, self._clock.now, self._progress
        )

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
        return Fetched(verdict, self._resolved, target, told=verdict_of(target))
