"""What ``aibom fetch`` is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from aibom.attest.signing import StatementSigner
from aibom.errors import UsageError
from aibom.lineage.nodes import Kind
from aibom.operations.gate import Options
from aibom.operations.importing.artifact_lock import LockedArtifact
from aibom.operations.importing.imported import default_name, kind_of
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved
from aibom.verdict import Verdict

__all__ = ["Clock", "Fetched", "Request"]


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is: a download takes hours, and a gate decides after it.

    ``began`` is a time of day, ``timer`` counts seconds, and ``since`` is what it said
    then. ``asked`` is when the source was asked what there is.
    """

    began: datetime
    timer: Callable[[], float]
    since: float
    asked: datetime

    @classmethod
    def started(cls, began: datetime, timer: Callable[[], float]) -> Clock:
        """A clock that says ``began`` now."""
        return cls(began, timer, timer(), began)

    @property
    def now(self) -> datetime:
        """The time now."""
        return self.began + timedelta(seconds=self.timer() - self.since)

    def asking(self) -> Clock:
        """The clock of whoever asks the source now."""
        return replace(self, asked=self.now)


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

    @property
    def kind_asked(self) -> Kind | None:
        """What it is, by the caller or the reference; None where files can tell."""
        return self.kind or kind_of(self.reference)

    @property
    def gate_options(self) -> Options:
        """The caller's, and what the reference says it is."""
        kind = self.kind_asked
        return replace(self.options, kind=kind.value if kind else None)

    @property
    def names(self) -> frozenset[str]:
        """The names by which a supplier may have signed what was asked for."""
        if self.name is not None:
            return frozenset({self.name})
        return frozenset({self.called, self.reference.name})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: ``path`` is None unless the verdict allows.

    ``already`` says that it was there, and was decided about again. ``quarantine`` is
    where refused bytes were kept on request. ``told`` is the file beside the target
    with the verdict; None where it could not be written, which takes no refusal back.
    """

    verdict: Verdict
    resolved: Resolved
    path: Path | None = None
    quarantine: Path | None = None
    already: bool = False
    told: Path | None = None
