"""Whether what a source offers is what the lock says: owner, commit, every file.

Pure comparison: nothing is fetched and nothing is decided about whether the artifact is
good. :func:`require_owner` is the part that ``aibom lock`` needs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aibom.errors import VerificationFailed
from aibom.operations.importing.locked import LockedArtifact
from aibom.operations.scanning.snapshot import KnownFile
from aibom.sources.remote import Owner, RemoteFile, Resolved

__all__ = ["require_as_locked", "require_files", "require_owner"]

_SHOWN = 5


def require_as_locked(
    locked: LockedArtifact,
    resolved: Resolved,
    files: tuple[KnownFile, ...] | None = None,
) -> None:
    """Refuse what is not what was locked.

    ``resolved`` is what ``locked.pinned`` resolved to. Without ``files`` its listing is
    compared as far as the source tells sizes and digests, which costs no download; with
    ``files``, which are all files that arrived, housekeeping included, those are.

    Raises :class:`~aibom.errors.VerificationFailed`: ``source-owner-changed`` (see
    :func:`require_owner`), ``commit-contradicted``, ``source-file-missing``,
    ``source-file-extra``, ``source-digest-mismatch``.
    """
    require_owner(locked, resolved)
    if locked.commit != resolved.commit:
        raise _refused(
            locked,
            f"is commit {resolved.commit}, and {locked.commit} is locked",
            "commit-contradicted",
            "do not use it; to look at another commit: aibom lock --update",
        )
    require_files(locked, resolved.files)
    if files is not None:
        require_files(locked, files)


def require_files(
    locked: LockedArtifact, found: Sequence[RemoteFile | KnownFile]
) -> None:
    """Refuse other files than were locked, as far as size and digest are told.

    Raises :class:`~aibom.errors.VerificationFailed`: ``source-file-missing``,
    ``source-file-extra``, ``source-digest-mismatch``.
    """
    kept = {file.path: file for file in locked.files}
    _compare(locked, kept, {file.path: file for file in found})


def require_owner(
    locked: LockedArtifact, resolved: Resolved, asked: str | None = None
) -> None:
    """Refuse another repository, or another account, than was locked.

    A lock that names one fails as well where the source no longer tells it: silence
    could be how somebody avoids the question. Offline nobody can be asked, so there the
    bytes decide alone, unless what lies on the disk names another one. A name alone is
    compared where the source has no ids. ``asked`` is the key of another entry that
    is about to be locked, where ``locked`` tells who the owner is.

    Raises :class:`~aibom.errors.VerificationFailed`: ``source-owner-changed``.
    """
    offline, key = resolved.mode == "offline", asked or locked.reference
    pairs = [("repository", locked.repository, resolved.repository)]
    pairs += _owner_pairs(locked.owner, resolved.owner)
    for what, before, now in pairs:
        if before is None or before == now or (now is None and offline):
            continue
        raise _refused(
            locked,
            f"the source no longer tells the {what}, which was {before}"
            + "".join(f" ({why})" for why in resolved.unsure)
            if now is None
            else f"the {what} is {now}, and {before} is locked",
            "source-owner-changed",
            "find out who publishes under that name now, before anything is fetched; "
            "if the change is right, remove the entry from the lock, or name it: "
            f"aibom lock --update --accept-owner {key} {key}",
        )


def _owner_pairs(
    before: Owner | None, now: Owner | None
) -> list[tuple[str, str | None, str | None]]:
    """What of two owners is compared: the id, which is never given twice.

    A source without ids leaves the name, and the day on which the account was made.
    """
    if before is None:
        return []
    if before.id is not None:
        return [("owner's id", before.id, now.id if now else None)]
    told = now or Owner("")
    return [
        ("owner", before.name, told.name or None),
        ("owner's kind", before.kind, told.kind),
        ("day the owner's account was made", before.created, told.created),
    ]


def _compare(
    locked: LockedArtifact,
    kept: Mapping[str, KnownFile],
    found: Mapping[str, RemoteFile | KnownFile],
) -> None:
    if missing := kept.keys() - found.keys():
        raise _refused(
            locked,
            f"{_some(missing)} locked, and not there",
            "source-file-missing",
            "fetch it again; compare with the lock",
        )
    if extra := found.keys() - kept.keys():
        raise _refused(
            locked,
            f"{_some(extra)} there, and not locked",
            "source-file-extra",
            "do not use it; compare with the lock",
        )
    differing = [path for path, file in kept.items() if _differs(file, found[path])]
    if differing:
        raise _refused(
            locked,
            f"{_some(differing)} not with the bytes that were locked",
            "source-digest-mismatch",
            "do not use it; fetch it again from elsewhere",
        )


def _differs(kept: KnownFile, found: RemoteFile | KnownFile) -> bool:
    """Whether size or digest differ, as far as they are told."""
    if found.size is not None and found.size != kept.size:
        return True
    return found.sha256 is not None and found.sha256 != kept.sha256


def _some(paths: Iterable[str]) -> str:
    """``a, b are``: some of the paths, quoted, as they are a stranger's words."""
    listed = sorted(paths)
    words = [repr(path) for path in listed[:_SHOWN]]
    if len(listed) > _SHOWN:
        words.append(f"{len(listed) - _SHOWN} more")
    return f"{', '.join(words)} {'is' if len(listed) == 1 else 'are'}"


def _refused(
    locked: LockedArtifact, message: str, reason: str, hint: str
) -> VerificationFailed:
    return VerificationFailed(message, reason=reason, where=locked.reference, hint=hint)
