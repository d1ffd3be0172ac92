"""The cache that huggingface_hub keeps on this disk, asked without any network.

Its layout: ``models--org--name/refs/main`` holds the commit that the branch had when it
was last asked for, ``snapshots/COMMIT/…`` are links into ``blobs/``, and a blob has the
name that the Hub gave it (its ``ETag``): a SHA-256, or for files that are kept in git
itself the id of the git blob. Newer clients note the whole list of files of a commit in
``trees/COMMIT.json``. All of that is what the Hub said then; bytes are compared with it
when they are read, not when they are listed.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from aibom.errors import AibomError, InputError, UsageError, VerificationFailed
from aibom.lineage.hub_names import COMMIT, is_hub_name
from aibom.listing import Entry, list_files
from aibom.sources.cache_files import Tree, blob_claims, read_ref, read_tree
from aibom.sources.local import (
    absent,
    blocks_of,
    entries_of,
    read_blocks,
    write_blocks,
)
from aibom.sources.paths import require_safe_paths
from aibom.sources.reference import Reference
from aibom.sources.remote import RemoteFile, Resolved

__all__ = ["CachedHub"]

_NOBODY = (
    "nobody asked the hub: whether the revision is still this commit, who owns the "
    "repository, whether access to it is restricted, and what scans say"
)
_PERHAPS = (
    "whether the cache holds every file of the commit: it has no list of them, and its "
    ".no_exist only names files that the hub said it does not have"
)


class CachedHub:
    """The Hub as the cache on this disk remembers it; never touches the network.

    ``cache`` is the folder of it; without, the one that huggingface_hub uses
    (``HF_HUB_CACHE``, ``HF_HOME``). An object remembers how files were when it listed
    them, and refuses those that changed since. Safe in threads.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        #: By folder of the snapshot.
        self._listed: dict[Path, Mapping[str, Entry]] = {}

    def resolve(self, reference: Reference) -> Resolved:
        """The commit that a revision had when it was cached, and the files of it.

        Where the cache knows all files of the commit, those that it does not hold are
        listed too, with what the Hub claimed of them; :attr:`Resolved.unsure` says how
        many. Where it does not know, it says that.

        Raises ``source-not-cached``; ``source-file-extra`` for a file that the commit
        does not have; what :func:`~aibom.sources.paths.require_safe_paths` and
        :func:`aibom.listing.list_files` raise; ``reference-malformed``.
        """
        folder = self._folder(reference)
        commit = _commit(folder, reference)
        entries = self._list(folder, commit, reference)
        claimed = {
            path: blob_claims(folder, commit, entry) for path, entry in entries.items()
        }
        tree = read_tree(folder, commit)
        if tree.files is not None:
            _require_listed(claimed, tree.files, reference)
            claimed = {**claimed, **tree.files}
        return Resolved(
            reference,
            require_safe_paths(claimed.values(), str(reference)),
            mode="offline",
            where="the cache of huggingface_hub",
            name=reference.name,
            commit=commit,
            unsure=_unsure(claimed, entries, tree),
            complete=tree.files is not None,
        )

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        """All bytes of a file, compared with what the Hub claimed of them.

        Raises ``source-not-cached``, ``source-file-absent``, ``source-too-large``,
        ``source-truncated``, ``source-digest-mismatch``, ``changed-while-hashing``,
        ``path-unreadable``.
        """
        entry, shown = self._entry(resolved, file)
        return read_blocks(blocks_of(entry, shown), file, limit, shown)

    def download(
        self,
        resolved: Resolved,
        file: RemoteFile,
        to: Path,
        scratch: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Copy a file out of the cache; its size is compared, digests are not.

        Raises what :meth:`read` raises, but for the limit; and ``file-not-written``.
        """
        entry, shown = self._entry(resolved, file)
        write_blocks(blocks_of(entry, shown), file, to, scratch, shown, progress)

    def _folder(self, reference: Reference) -> Path:
        if reference.scheme != "hf" or not is_hub_name(reference.name):
            raise UsageError(
                "does not name a repository on the Hub",
                reason="reference-malformed",
                where=str(reference),
                hint="hf:org/name@COMMIT, hf:datasets/org/name@COMMIT",
            )
        kind = "datasets" if reference.kind == "dataset" else "models"
        name = "--".join([kind, *reference.name.split("/")])
        return (self._cache or _default_cache()) / name

    def _list(
        self, folder: Path, commit: str, reference: Reference
    ) -> Mapping[str, Entry]:
        snapshot = folder / "snapshots" / commit
        # A link could show another commit's files under this one's name.
        if not _is_plain_folder(snapshot):
            raise _not_cached(reference, f"commit {commit} is not in the cache")
        try:
            entries = entries_of(list_files(snapshot))
        except InputError as error:
            if error.reason != "symlink-dangling":
                raise
            raise _not_cached(reference, f"a blob is gone: {error.where}") from error
        with self._lock:
            self._listed[snapshot] = entries
        return entries

    def _entry(self, resolved: Resolved, file: RemoteFile) -> tuple[Entry, str]:
        folder = self._folder(resolved.reference)
        commit = resolved.commit or ""
        shown = f"{resolved.reference.at(commit)}: {file.path}"
        if not COMMIT.fullmatch(commit):
            raise absent(shown)
        with self._lock:
            entries = self._listed.get(folder / "snapshots" / commit)
        if entries is None:
            entries = self._list(folder, commit, resolved.reference)
        entry = entries.get(file.path)
        if entry is not None:
            return entry, shown
        if any(file.path == listed.path for listed in resolved.files):
            raise _not_cached(shown, "the cache does not hold this file of the commit")
        raise absent(shown)


def _default_cache() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser()


def _commit(folder: Path, reference: Reference) -> str:
    revision = reference.revision or "main"
    if COMMIT.fullmatch(revision):
        return revision
    commit = read_ref(folder, revision)
    if commit is None:
        raise _not_cached(reference, f"the cache does not know what {revision!r} means")
    return commit


def _is_plain_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _require_listed(
    present: Mapping[str, RemoteFile],
    listed: Mapping[str, RemoteFile],
    reference: Reference,
) -> None:
    extra = sorted(present.keys() - listed.keys())
    if extra:
        raise VerificationFailed(
            f"the cache holds a file that the commit does not have: {extra[0]!r}",
            reason="source-file-extra",
            where=str(reference),
            hint="remove it from the cache, or fetch online into a new one",
        )


def _unsure(
    files: Mapping[str, RemoteFile], entries: Mapping[str, Entry], tree: Tree
) -> tuple[str, ...]:
    said = [_NOBODY]
    missing = len(files.keys() - entries.keys())
    if missing:
        said.append(f"{missing} of {len(files)} files of the commit are not cached")
    if tree.files is None:
        said.append(f"{_PERHAPS}{tree.problem}")
    bare = sum(not (file.sha256 or file.git_blob) for file in files.values())
    if bare:
        said.append(f"the cache has no digest of the hub's for {bare} files")
    return tuple(said)


def _not_cached(where: Reference | str, message: str) -> AibomError:
    return InputError(
        message,
        reason="source-not-cached",
        where=str(where),
        hint="fetch it online once, without --offline",
    )
