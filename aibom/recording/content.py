"""The bytes of a step: inputs that may change, outputs that must be new.

An input is hashed when it is declared and looked at again when the step ends. An output
is declared before it is written, so that what lay there already can be told from what
the step made: a step whose output is byte for byte what was there before, or one of its
own inputs, has generated nothing, and a record of it would be a false edge in a
lineage.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from aibom.digest import Content, Digest, Progress, Snapshot, hash_path, stat_snapshot
from aibom.errors import InputError, RecordingFailed, UsageError
from aibom.recording.fetched import read_receipt
from aibom.recording.predicate import MadeOutput, UsedInput
from aibom.recording.reference import source_revision

__all__ = [
    "Approve",
    "DeclaredInput",
    "DeclaredOutput",
    "absolute",
    "declared_twice",
    "overlap",
    "require_apart",
    "require_generated",
    "require_outside",
]

#: Asked about an input that was just hashed: raises where it must not be used.
Approve = Callable[[Path, UsedInput, Content], object]


def absolute(path: str | os.PathLike[str]) -> Path:
    """``path`` without ``..`` and independent of later changes of the working folder.

    Links are kept: one that is pointed elsewhere while the step runs is a change.
    """
    return Path(os.path.abspath(path))


def overlap(one: Path, other: Path) -> bool:
    """Whether one path is the other or lies inside it, links followed."""
    first, second = one.resolve(), other.resolve()
    return first == second or first in second.parents or second in first.parents


def require_apart(place: Path, others: Iterable[Path]) -> None:
    """Refuse an input and an output that share a place, or lie inside each other.

    Raises :class:`~aibom.errors.UsageError` (``output-inside-input``).
    """
    for other in others:
        if overlap(place, other):
            raise UsageError(
                f"{place.name!r} and {other.name!r} overlap, and one is an input, "
                "the other an output",
                reason="output-inside-input",
                where=str(place),
                hint="write the output to a folder of its own",
            )


def require_outside(place: Path, folders: Iterable[Path]) -> None:
    """Refuse a thing that holds, or lies in, a folder that recording writes to.

    Raises :class:`~aibom.errors.UsageError` (``records-inside-artifact``).
    """
    if any(overlap(place, folder) for folder in folders):
        raise UsageError(
            "the records would lie inside what they speak of, and change it",
            reason="records-inside-artifact",
            where=str(place),
            hint="keep them apart with --steps DIR",
        )


def declared_twice(what: str, place: Path) -> UsageError:
    """The error for an ``input`` or ``output`` that was declared before."""
    return UsageError(
        f"the {what} {place.name!r} is declared twice",
        reason=f"{what}-twice",
        where=str(place),
        hint="declare it once, or tell two things of one name apart with name=",
    )


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    """An input as it was before the step; made by :meth:`take`."""

    used: UsedInput
    path: Path
    snapshot: Snapshot

    @classmethod
    def take(
        cls,
        path: Path,
        progress: Progress | None,
        *,
        role: str,
        kind: str,
        name: str,
        source: str | None,
        revision: str | None,
        approve: Approve | None = None,
    ) -> DeclaredInput:
        """Hash what is at ``path``; raises as :func:`~aibom.digest.hash_path` does.

        What ``aibom fetch`` put there, and nobody touched, was hashed by it: then its
        digests count, and its source where none is given (:mod:`.fetched`).

        ``approve`` is asked about what was hashed; what it raises goes through.
        """
        # Taken first: a change while the bytes are being read must show later.
        snapshot = stat_snapshot(path)
        # A gate never goes by a receipt.
        receipt = None if approve is not None else read_receipt(path, snapshot)
        if receipt is None:
            content = hash_path(path, progress=progress)
        else:
            content = receipt.content
            if source is None and revision is None and receipt.source is not None:
                source, revision = receipt.source, source_revision(receipt.source)
        used = UsedInput(role, kind, name, content.digest, source, revision)
        if approve is not None:
            approve(path, used, content)
        return cls(used, path, snapshot)

    def recheck(self, mode: str, progress: Progress | None) -> UsedInput:
        """What was used, marked as changed if its bytes are no longer the same.

        Mode ``stat`` reads the bytes only where the file system says that something was
        touched; mode ``full`` always reads them. An input that cannot be read any more
        counts as changed.
        """
        try:
            if mode == "stat" and stat_snapshot(self.path) == self.snapshot:
                return self.used
            after: Digest | None = hash_path(self.path, progress=progress).digest
        except InputError:
            after = None
        if after == self.used.digest:
            return self.used
        return replace(self.used, changed=True, after=after)


@dataclass(frozen=True, slots=True)
class DeclaredOutput:
    """An output before the step; ``before`` is what lay there already, if anything."""

    path: Path
    kind: str
    name: str
    before: Digest | None

    @classmethod
    def announce(
        cls, path: Path, progress: Progress | None, *, kind: str, name: str
    ) -> DeclaredOutput:
        """Note what is at ``path`` now; what cannot be hashed counts as nothing."""
        before: Digest | None = None
        if os.path.lexists(path):
            try:
                before = hash_path(path, progress=progress).digest
            except InputError:
                before = None
        return cls(path, kind, name, before)

    def made(self, progress: Progress | None) -> MadeOutput:
        """Hash what the step wrote.

        Raises :class:`~aibom.errors.RecordingFailed`: ``output-missing``,
        ``output-unchanged``, or the reason of ``hash_path`` for what cannot be hashed.
        """
        if not os.path.lexists(self.path):
            raise RecordingFailed(
                "the step ended, but this output was not written",
                reason="output-missing",
                where=str(self.path),
                hint="declare the path that the step really writes to",
            )
        try:
            digest = hash_path(self.path, progress=progress).digest
        except InputError as error:
            raise RecordingFailed(
                error.message, reason=error.reason, where=error.where, hint=error.hint
            ) from error
        if digest == self.before:
            raise RecordingFailed(
                "this output is what was there before the step, byte for byte",
                reason="output-unchanged",
                where=str(self.path),
                hint="let the step write to a new place, or do not declare this output",
            )
        return MadeOutput(self.kind, self.name, digest)


def require_generated(
    outputs: Iterable[MadeOutput], inputs: Iterable[UsedInput]
) -> None:
    """Refuse an output with the digest of an input or of another output.

    Digests are identity here: such a record would say that a thing was made from
    itself, or that one thing was made twice.

    Raises :class:`~aibom.errors.RecordingFailed` (``output-is-an-input``).
    """
    seen: dict[Digest, str] = {}
    for used in inputs:
        for digest in filter(None, (used.digest, used.after)):
            seen.setdefault(digest, f"the input {used.name!r}")
    for output in outputs:
        if output.digest in seen:
            raise RecordingFailed(
                f"the output {output.name!r} is {seen[output.digest]}, byte for byte: "
                "a copy generates nothing",
                reason="output-is-an-input",
                hint="record only steps that make something new, and each output once",
            )
        seen[output.digest] = f"the output {output.name!r}"
