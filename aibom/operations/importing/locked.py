"""The values of ``aibom.lock``: artifacts from elsewhere, pinned to the byte.

That something is locked means that somebody chose it, and not that it is good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aibom.digest import Digest, manifest_digest
from aibom.operations.scanning.snapshot import KnownFile, is_counted
from aibom.sources.reference import Reference
from aibom.sources.remote import Owner

__all__ = ["ArtifactLock", "LockedArtifact", "tree_of"]


@dataclass(frozen=True, slots=True)
class LockedArtifact:
    """What one reference meant when it was locked.

    ``reference`` is the text that was asked for, and the key in the file: it may name a
    branch, and the entry is pinned all the same. ``commit`` is None for folders and
    object stores, ``repository`` and ``owner`` where the source did not tell.
    ``tree`` is the digest of ``files`` without housekeeping.
    """

    reference: str
    kind: str | None
    commit: str | None
    committed: str | None
    repository: str | None
    owner: Owner | None
    tree: Digest
    files: tuple[KnownFile, ...]

    @property
    def pinned(self) -> Reference:
        """The reference at the commit that was locked."""
        reference = Reference.parse(self.reference)
        return reference.at(self.commit) if self.commit else reference


@dataclass(frozen=True, slots=True)
class ArtifactLock:
    """All entries of a lock, by their reference as text."""

    artifacts: Mapping[str, LockedArtifact]

    def find(self, reference: Reference) -> LockedArtifact | None:
        """The entry of exactly this reference, or the one that pins it; else None.

        ``hf:org/name`` and ``hf:org/name@main`` are two references, as nothing says
        that a repository's default branch keeps its name.
        """
        found = self.artifacts.get(str(reference))
        if found is not None:
            return found
        entries = (self.artifacts[key] for key in sorted(self.artifacts))
        return next((entry for entry in entries if entry.pinned == reference), None)


def tree_of(files: Iterable[KnownFile]) -> Digest:
    """The tree digest of files, housekeeping left out; raises as manifest_digest."""
    return manifest_digest((f.path, f.sha256) for f in files if is_counted(f.path))
