"""A folder on this disk as a source, such as a mirror that is mounted.

It has no commits, no owner, and claims no digests. Which files it holds is what
:func:`aibom.listing.list_files` says, so links are followed only as far as there:
inside the folder, and in the Hub's cache (``snapshots/COMMIT``) into ``blobs/`` too.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from aibom.errors import InputError, UsageError
from aibom.listing import Entry, list_files
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

__all__ = ["FolderSource"]


class FolderSource:
    """Folders as sources; an object remembers how the files were when it listed them.

    A file that changed since then is refused, so that two states of a folder are not
    mixed. Safe in threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: By absolute path of the folder.
        self._listed: dict[str, Mapping[str, Entry]] = {}

    def resolve(self, reference: Reference) -> Resolved:
        """List the folder. Also lists the side-cars, which its digest leaves out.

        Raises what :func:`aibom.listing.list_files` raises; ``folder-empty``;
        ``path-missing`` for what is a file; and what
        :func:`~aibom.sources.paths.require_safe_paths` raises.
        """
        name = _name(reference)
        entries = self._list(name)
        files = [RemoteFile(entry.path, entry.size) for entry in entries.values()]
        return Resolved(
            reference,
            require_safe_paths(files, name),
            mode="offline",
            where=name,
            name=name,
        )

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        """All bytes of a file that is as it was when it was listed.

        Raises ``source-file-absent``, ``source-too-large``, ``source-digest-mismatch``,
        ``changed-while-hashing``, ``path-unreadable``.
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
        """Copy a file that is as it was when it was listed; always from its beginning.

        Raises what :meth:`read` raises, but for the limit; and ``file-not-written``.
        """
        entry, shown = self._entry(resolved, file)
        write_blocks(blocks_of(entry, shown), file, to, scratch, shown, progress)

    def _list(self, name: str) -> Mapping[str, Entry]:
        listing = list_files(name)
        if not listing.is_folder:
            raise InputError(
                "a file, where a folder is meant",
                reason="path-missing",
                where=name,
                hint="name the folder that the file lies in",
            )
        entries = entries_of(listing)
        if not entries:
            raise InputError(
                "no file in this folder",
                reason="folder-empty",
                where=name,
                hint="name the folder that holds the files; is the mirror mounted?",
            )
        with self._lock:
            self._listed[os.path.abspath(name)] = entries
        return entries

    def _entry(self, resolved: Resolved, file: RemoteFile) -> tuple[Entry, str]:
        name = _name(resolved.reference)
        with self._lock:
            entries = self._listed.get(os.path.abspath(name))
        if entries is None:
            entries = self._list(name)
        shown = os.path.join(name, file.path)
        entry = entries.get(file.path)
        if entry is None:
            raise absent(shown)
        return entry, shown


def _name(reference: Reference) -> str:
    if reference.scheme != "folder":
        raise UsageError(
            "not a folder",
            reason="reference-malformed",
            where=str(reference),
            hint="name a folder on this disk",
        )
    return reference.name
