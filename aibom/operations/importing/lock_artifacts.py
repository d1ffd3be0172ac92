"""Write ``aibom.lock``, or find out that it is no longer what the sources have.

A lock is planned first (:func:`plan_lock`: every source is asked, nothing is written)
and then written whole (:func:`write_lock`), so that an error at the last artifact
leaves the file as it was. Two things are never taken over with ``update``: an account
or a repository that is another one under the old name, and other bytes under the same
commit, which no honest source has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path

from aibom.bom.parse import read_bytes
from aibom.errors import InputError, UsageError, VerificationFailed
from aibom.operations.files import write_named
from aibom.operations.importing.artifact_lock import (
    MAX_LOCK_BYTES,
    parse_artifact_lock,
    render,
)
from aibom.operations.importing.as_locked import require_files, require_owner
from aibom.operations.importing.lock_diff import differences
from aibom.operations.importing.lock_reading import Told, take
from aibom.operations.importing.locked import ArtifactLock, LockedArtifact
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved, Source

__all__ = ["EntryChange", "LockPlan", "Opener", "plan_lock", "write_lock"]

#: Opens the source of a reference.
Opener = Callable[[Reference], Source]


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One entry that was asked about: what is locked (None: nothing), what is there.

    ``lines`` say what differs, none of them where nothing does; ``unsure`` what the
    source should have told and did not. Neither is escaped.
    """

    before: LockedArtifact | None
    after: LockedArtifact
    lines: tuple[str, ...]
    unsure: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the lock has no such entry yet."""
        return self.before is None


@dataclass(frozen=True, slots=True)
class LockPlan:
    """What a lock would become. ``data`` are its bytes now, None for no file."""

    path: Path
    data: bytes | None
    lock: ArtifactLock
    changes: tuple[EntryChange, ...]
    update: bool

    @property
    def outdated(self) -> tuple[EntryChange, ...]:
        """Entries that are not what their source has now, and may not be rewritten."""
        if self.update:
            return ()
        return tuple(one for one in self.changes if one.lines and not one.is_new)


def plan_lock(
    path: Path,
    references: Iterable[Reference],
    opener: Opener,
    *,
    update: bool = False,
    accept_owner: Iterable[Reference] = (),
    told: Told | None = None,
) -> LockPlan:
    """Ask the sources of these references, or of all entries where none is given.

    ``accept_owner`` names references whose owner may be another one than was locked,
    because somebody found out why. ``told`` is called as ``aibom.digest`` does while
    files are downloaded whose digest nobody states.

    Raises what the sources raise, and :func:`~aibom.operations.importing.artifact_lock
    .parse_artifact_lock`; :class:`~aibom.errors.VerificationFailed`:
    ``source-owner-changed``, and for other files under the commit that is locked
    ``source-file-missing``, ``source-file-extra`` and ``source-digest-mismatch``;
    :class:`~aibom.errors.UsageError`: ``lock-names-nothing``, ``accept-owner-unused``;
    :class:`~aibom.errors.InputError`: ``path-missing`` for the folder of the lock,
    ``folder-empty`` for an artifact without files.
    """
    data, before = _read(path)
    keys = tuple(dict.fromkeys(map(str, references))) or tuple(before.artifacts)
    accepted = frozenset(map(str, accept_owner))
    _require_keys(path, keys, accepted)
    entries = dict(before.artifacts)
    changes = []
    for key in keys:
        change = _change(key, opener, entries, accepted, told)
        entries[key] = change.after
        changes.append(change)
    return LockPlan(path, data, ArtifactLock(entries), tuple(changes), update)


def write_lock(plan: LockPlan) -> bool:
    """Write the lock, whole or not at all; False where nothing changed.

    Raises :class:`~aibom.errors.VerificationFailed` (``lock-outdated``) where an entry
    differs that may not be rewritten, and writes nothing then;
    :class:`~aibom.errors.InputError`: ``lock-changed`` where somebody else wrote the
    file meanwhile, ``source-too-large`` for a lock that nobody could read,
    ``file-not-written``.
    """
    _require_current(plan)
    if plan.data is not None and not any(one.lines for one in plan.changes):
        return False
    data = render(plan.lock)
    if len(data) > MAX_LOCK_BYTES:
        raise InputError(
            f"the lock would be {len(data):,} bytes, over {MAX_LOCK_BYTES:,}",
            reason="source-too-large",
            where=str(plan.path),
            hint="lock fewer artifacts in one file: aibom lock -f FILE",
        )
    # What cannot be read back is not written: names in it are a stranger's words.
    parse_artifact_lock(data, str(plan.path))
    if _bytes(plan.path) != plan.data:
        raise InputError(
            "somebody else wrote it meanwhile",
            reason="lock-changed",
            where=str(plan.path),
            hint="run it again",
        )
    write_named(plan.path, data)
    return True


def _read(path: Path) -> tuple[bytes | None, ArtifactLock]:
    # Asked before anything is downloaded, which can take hours.
    if not path.parent.is_dir():
        raise InputError(
            "no such folder",
            reason="path-missing",
            where=str(path.parent),
            hint="make it first, or name a lock in a folder that is there: -f FILE",
        )
    data = _bytes(path)
    if data is None:
        return None, ArtifactLock({})
    return data, parse_artifact_lock(data, str(path))


def _bytes(path: Path) -> bytes | None:
    """The bytes of the lock; None where there is none yet."""
    try:
        return read_bytes(path, limit=MAX_LOCK_BYTES)
    except InputError as error:
        if error.reason != "path-missing":
            raise
        return None


def _require_keys(path: Path, keys: tuple[str, ...], accepted: Set[str]) -> None:
    if not keys:
        raise UsageError(
            "there is nothing to lock",
            reason="lock-names-nothing",
            where=str(path),
            hint="name it: aibom lock hf:org/name@REVISION",
        )
    for unused in sorted(accepted - set(keys)):
        raise UsageError(
            "its owner is accepted, and it is not among what is locked now",
            reason="accept-owner-unused",
            where=unused,
            hint="name it exactly as in the lock, revision included",
        )


def _change(
    key: str,
    opener: Opener,
    entries: Mapping[str, LockedArtifact],
    accepted: Set[str],
    told: Told | None,
) -> EntryChange:
    reference = Reference.parse(key)
    source = opener(reference)
    resolved = source.resolve(reference)
    before = entries.get(key)
    if key not in accepted:
        _require_owners(key, before, resolved, entries)
    after = take(source, resolved, told)
    if before is None:
        return EntryChange(None, after, ("new",), resolved.unsure)
    if before.commit is not None and before.commit == after.commit:
        require_files(before, after.files)
        # A commit keeps its date; a source that does not tell it just now changes none.
        after = replace(after, committed=after.committed or before.committed)
    if resolved.mode == "offline":
        after = _with_kept(before, after)
    lines = differences(before, after)
    kept = after if lines else before
    return EntryChange(before, kept, lines, resolved.unsure)


def _require_owners(
    key: str,
    before: LockedArtifact | None,
    resolved: Resolved,
    entries: Mapping[str, LockedArtifact],
) -> None:
    """Hold an owner against its entry, or against what is known of it elsewhere here.

    A new entry of a repository or account that the lock knows already says nothing
    else about who that is.
    """
    if before is not None:
        require_owner(before, resolved, key)
        return
    mine = resolved.reference
    for other in entries.values():
        theirs = other.pinned
        if (theirs.scheme, theirs.kind, theirs.name) == ("hf", mine.kind, mine.name):
            require_owner(other, resolved, key)
        elif _is_same_name(other, resolved):
            require_owner(replace(other, repository=None), resolved, key)


def _is_same_name(other: LockedArtifact, resolved: Resolved) -> bool:
    """Whether both are told to belong to an account of one name."""
    if other.owner is None or resolved.owner is None:
        return False
    return other.owner.name.lower() == resolved.owner.name.lower()


def _with_kept(before: LockedArtifact, after: LockedArtifact) -> LockedArtifact:
    """With what nobody could be asked offline: a known owner is not forgotten."""
    same = before.commit == after.commit
    return replace(
        after,
        committed=after.committed or (before.committed if same else None),
        repository=after.repository or before.repository,
        owner=after.owner or before.owner,
    )


def _require_current(plan: LockPlan) -> None:
    if not plan.outdated:
        return
    names = [str(change.after.reference) for change in plan.outdated]
    raise VerificationFailed(
        f"not what is locked any more: {', '.join(names)}",
        reason="lock-outdated",
        where=str(plan.path),
        hint="look at what differs; to lock what is there now: aibom lock --update",
    )
