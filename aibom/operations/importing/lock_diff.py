"""What differs between two versions of a lock's entry, as lines for a person.

The path stands last in its line: whoever chose it could write more into it. Lines are
not escaped; that is the job of whoever prints them.
"""

from __future__ import annotations

from collections.abc import Iterator

from aibom.operations.importing.locked import LockedArtifact
from aibom.sources.remote import Owner

__all__ = ["differences"]

_NOTHING = "not told"


def differences(before: LockedArtifact, after: LockedArtifact) -> tuple[str, ...]:
    """A line for each fact and each file that differs; none where nothing does.

    By whom a digest is known is not compared: it says nothing about the artifact.
    """
    return (*_facts(before, after), *_files(before, after))


def _facts(before: LockedArtifact, after: LockedArtifact) -> Iterator[str]:
    pairs = (
        ("commit", before.commit, after.commit),
        ("committed", before.committed, after.committed),
        ("repository", before.repository, after.repository),
        ("owner", _owner(before.owner), _owner(after.owner)),
    )
    for name, old, new in pairs:
        if old != new:
            yield f"{name:<12}{old or _NOTHING} → {new or _NOTHING}"


def _owner(owner: Owner | None) -> str | None:
    if owner is None:
        return None
    parts = (owner.kind, owner.id and f"id {owner.id}", owner.created)
    return f"{owner.name} ({', '.join(part or '?' for part in parts)})"


def _files(before: LockedArtifact, after: LockedArtifact) -> Iterator[str]:
    old = {file.path: file for file in before.files}
    new = {file.path: file for file in after.files}
    for path in sorted(old.keys() | new.keys()):
        if path not in new:
            yield f"- {old[path].size:,} bytes {old[path].sha256[:12]}…  {path}"
        elif path not in old:
            yield f"+ {new[path].size:,} bytes {new[path].sha256[:12]}…  {path}"
        elif (old[path].size, old[path].sha256) != (new[path].size, new[path].sha256):
            yield (
                f"~ {old[path].size:,} → {new[path].size:,} bytes "
                f"{old[path].sha256[:12]}… → {new[path].sha256[:12]}…  {path}"
            )
