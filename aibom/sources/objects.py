"""A folder behind a URL as a source: object stores, and whatever else fsspec reads.

Such a store has no commits and no owner that it tells, and the versions that it may
give to single files are of no use to find the same state again. They are used to notice
that a file changed between the listing and the last byte. Digests are not claimed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from aibom.errors import InputError, UsageError, VerificationFailed
from aibom.sources.local import read_blocks, write_blocks
from aibom.sources.paths import MAX_FILES, require_safe_paths
from aibom.sources.reference import Reference
from aibom.sources.remote import Mode, RemoteFile, Resolved
from aibom.sources.store import Item, Store, open_store
from aibom.sources.store_errors import without_secrets

__all__ = ["ObjectSource"]

#: For one question: a page of a listing, or the next block of a file.
_TIMEOUT_SECONDS = 60.0
_ON_THIS_MACHINE = frozenset({"file", "local", "memory"})
_WEB = frozenset({"http", "https"})
_WEB_NAMES = (
    "a web page lists what its author links, and names as in links (%20 for a space)"
)
_UNSURE = (
    "a store has no revisions: what lies there can be replaced at any time",
    "a store claims no digests of its files",
)


class ObjectSource:
    """URLs as sources. ``timeout`` in seconds ends each single question to a store.

    Credentials are found by the store's client, never asked for or shown. An object
    remembers its connections, and how files were when it listed them. Safe in threads
    as far as the file systems behind fsspec are.
    """

    def __init__(self, timeout: float = _TIMEOUT_SECONDS) -> None:
        self._timeout = timeout
        self._lock = threading.Lock()
        #: By URL.
        self._stores: dict[str, Store] = {}

    def resolve(self, reference: Reference) -> Resolved:
        """List the folder behind a URL, folder by folder, anew each time.

        A folder that cannot be listed is an error, never left out. ``name`` and
        ``where`` are without user, password and query; ``reference`` is as given.

        Raises ``reference-malformed``, ``extra-missing``, ``path-missing`` for what is
        a file, ``source-missing-or-private``, ``source-unauthorized``,
        ``source-unreachable``, ``source-answer-malformed``, ``source-too-large``,
        ``source-path-refused``.
        """
        store = self._open(reference)
        found = _walk(store)
        files = [RemoteFile(path, item.size) for path, item in found.items()]
        checked = require_safe_paths(files, store.shown)
        if not checked:
            raise _nothing(store)
        store.listed.update(found)
        with self._lock:
            self._stores[reference.name] = store
        mode: Mode = "offline" if store.protocol in _ON_THIS_MACHINE else "online"
        unsure = (*_UNSURE, _WEB_NAMES) if store.protocol in _WEB else _UNSURE
        return Resolved(
            reference, checked, mode, store.shown, store.shown, unsure=unsure
        )

    def read(self, resolved: Resolved, file: RemoteFile, limit: int) -> bytes:
        """All bytes of a file that the store says is still the one it listed.

        Raises ``source-file-absent``, ``source-too-large``, ``source-truncated``,
        ``source-digest-mismatch``, and what :meth:`resolve` raises of the store.
        """
        blocks, told, shown = self._file(resolved, file)
        return read_blocks(blocks, told, limit, shown)

    def download(
        self,
        resolved: Resolved,
        file: RemoteFile,
        to: Path,
        scratch: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Copy such a file; always from its beginning.

        Raises what :meth:`read` raises, but for the limit; and ``file-not-written``.
        """
        blocks, told, shown = self._file(resolved, file)
        write_blocks(blocks, told, to, scratch, shown, progress)

    def _open(self, reference: Reference) -> Store:
        if reference.scheme != "url":
            raise UsageError(
                "not a URL",
                reason="reference-malformed",
                where=str(reference),
                hint="a URL such as s3://bucket/prefix",
            )
        store = open_store(reference.name, self._timeout)
        store.refresh()
        return store

    def _file(
        self, resolved: Resolved, file: RemoteFile
    ) -> tuple[Iterator[bytes], RemoteFile, str]:
        with self._lock:
            store = self._stores.get(resolved.reference.name)
        if store is None:
            store = self._open(resolved.reference)
            with self._lock:
                store = self._stores.setdefault(resolved.reference.name, store)
        require_safe_paths([file], store.shown)
        if file.size is None:
            # A listing without sizes, as of web servers: what is told now must hold.
            file = replace(file, size=store.info(file.path).size)
        return store.blocks(file.path), file, f"{store.shown}/{file.path}"


def _walk(store: Store) -> dict[str, Item]:
    """Every file by its path below the root. fsspec's own walk leaves errors out."""
    found: dict[str, Item] = {}
    folders, seen = [""], {""}
    while folders:
        folder = folders.pop()
        for item in store.children(f"{store.root}/{folder}".rstrip("/")):
            if _is_aside(store, item):
                continue
            path = _below(store, item)
            if item.kind == "directory" and path not in seen:
                require_safe_paths([RemoteFile(path)], store.shown)
                seen.add(path)
                folders.append(path)
            elif item.kind == "file" and not _is_marker(item, path, folder):
                _require_new(found, path, store)
                found[path] = item
            _require_bounded(found, seen, store)
    return found


def _is_aside(store: Store, item: Item) -> bool:
    """A link on a web page that is none to a file of the folder."""
    inside = item.name.startswith(store.root + "/")
    return store.protocol in _WEB and (not inside or "?" in item.name)


def _below(store: Store, item: Item) -> str:
    """The path of an item below the root; empty for the root itself."""
    name, root = item.name, store.root
    if not name.startswith("/"):
        root = root.removeprefix("/")
    if name.rstrip("/") == root:
        if item.kind == "file" and not name.endswith("/"):
            raise InputError(
                "a file, where a folder is meant",
                reason="path-missing",
                where=store.shown,
                hint="name the folder that the file lies in",
            )
        return ""
    if not name.startswith(root + "/"):
        raise _refused(store, name, "it lies outside of the folder")
    if item.kind not in ("file", "directory"):
        raise _refused(store, name, "it is neither a file nor a folder, or is a link")
    path = name[len(root) + 1 :]
    return path.rstrip("/") if item.kind == "directory" else path


def _is_marker(item: Item, path: str, folder: str) -> bool:
    """An empty object under the name of a folder, which is how stores keep those."""
    return item.name.endswith("/") and not item.size and path.rstrip("/") == folder


def _require_new(found: dict[str, Item], path: str, store: Store) -> None:
    if path in found:
        raise _refused(store, path, "it is listed twice")


def _require_bounded(found: dict[str, Item], seen: set[str], store: Store) -> None:
    if len(found) > MAX_FILES or len(seen) > MAX_FILES:
        raise InputError(
            f"it lists more than {MAX_FILES} files or folders",
            reason="source-too-large",
            where=store.shown,
            hint="name a folder with less in it: a model or dataset has fewer",
        )


def _refused(store: Store, name: str, problem: str) -> VerificationFailed:
    shown = without_secrets(name) if "://" in name else name
    return VerificationFailed(
        f"it lists {shown[:200]!r}: {problem}",
        reason="source-path-refused",
        where=store.shown,
        hint="do not use it: none of its files was fetched",
    )


def _nothing(store: Store) -> InputError:
    if store.protocol in _WEB:
        return InputError(
            "this server gives no listing of the folder, as most web servers do not",
            reason="source-answer-malformed",
            where=store.shown,
            hint="name an object store (s3://…), or fetch the files and name a folder",
        )
    return InputError(
        "no file lies there, or none that may be seen",
        reason="source-missing-or-private",
        where=store.shown,
        hint="check the URL, and the credentials",
    )
