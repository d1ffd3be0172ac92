"""What ``aibom fetch`` is asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aibom.attest.signing import StatementSigner
from aibom.errors import UsageError
from aibom.lineage.nodes import Kind
from aibom.operations.gate import Options
from aibom.operations.importing.artifact_lock import LockedArtifact
from aibom.operations.importing.imported import default_name
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved
from aibom.verdict import Verdict

__all__ = ["Fetched", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to fetch, where to, and who decides.

    ``locked`` is its entry in a lock. ``name`` is what the importer calls it (``hf/…``
    unless told), ``kind`` what it is where the reference does not say. ``signer``
    vouches for what was imported; without one, only what its supplier signed passes a
    gate. Persons go by pseudonyms under ``pseudonym_key``, or are not named.
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
    pseudonym_key: str | None = field(default=None, repr=False)

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
