"""One store behind fsspec, asked with patience that ends and answers that are checked.

The file systems behind fsspec are plug-ins: they raise what they like, hang, and answer
with whatever the other side made them believe. Here that becomes plain data or an error
of ours. No text of their errors is passed on, as it may hold a URL with a password.
"""

from __future__ import annotations

import operator
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import floor
from typing import Any, TypeVar

from aibom.errors import VerificationFailed
from aibom.sources.local import BLOCK_BYTES, absent
from aibom.sources.store_errors import (
    NoAnswer,
    Odd,
    malformed_reference,
    translated,
    without_secrets,
)

__all__ = ["Item", "Store", "open_store"]

_T = TypeVar("_T")

#: What stores say of a file that is another thing once the file is.
_VERSIONS = (
    *("ETag", "etag", "VersionId", "version_id", "generation", "checksum", "md5"),
    *("content_md5", "LastModified", "last_modified", "modified", "updated"),
    *("mtime", "ino"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """What a store says of one name. ``versions`` differ where the content does."""

    name: str
    kind: str
    size: int | None
    versions: Mapping[str, str | float]

    def is_as(self, other: Item, *, listed: bool) -> bool:
        """Whether nothing that was told of both has changed.

        ``listed``: one is from a listing, where stores tell times to another precision
        than of a single file, or tell them in another way, which is no change.
        """
        if None not in (self.size, other.size) and self.size != other.size:
            return False
        both = self.versions.keys() & other.versions.keys()
        pairs = [(self.versions[key], other.versions[key]) for key in both]
        if not listed:
            return all(one == two for one, two in pairs)
        return all(_about_the_same(one, two) for one, two in pairs)


def _about_the_same(one: str | float, two: str | float) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        whole = one.is_integer() or two.is_integer()
        return one == two or (whole and floor(one) == floor(two))
    return type(one) is not type(two) or one == two


@dataclass(frozen=True, slots=True)
class Store:
    """A file system of fsspec, and the folder in it that is meant.

    ``shown`` is its URL for messages, without secrets; ``timeout`` is in seconds, for
    each single question. ``listed`` is how the files were when they were listed.
    """

    files: Any
    root: str
    shown: str
    protocol: str
    timeout: float
    listed: dict[str, Item] = field(default_factory=dict, compare=False)

    def children(self, folder: str) -> list[Item]:
        """What lies in a folder. Raises ``source-…`` errors, as all of this."""

        def ask() -> list[Item]:
            return [_item(told) for told in self.files.ls(folder, detail=True)]

        return self._ask(ask, None)

    def info(self, path: str) -> Item:
        """What the store says of a file now."""
        where = f"{self.shown}/{path}"
        place = f"{self.root}/{path}"
        found = self._ask(lambda: _item(self.files.info(place)), where)
        if found.kind != "file":
            raise absent(where)
        return found

    def blocks(self, path: str) -> Iterator[bytes]:
        """The bytes of a file that is the same after the last as before the first."""
        where = f"{self.shown}/{path}"
        before = self.info(path)
        _require_same(self.listed.get(path), before, where, listed=True)
        place = f"{self.root}/{path}"
        handle = self._ask(lambda: self.files.open(place, "rb"), where)
        try:
            while block := self._ask(lambda: _bytes(handle.read(BLOCK_BYTES)), where):
                yield block
        finally:
            _forget(handle)
        _require_same(before, self.info(path), where, listed=False)

    def refresh(self) -> None:
        """Let the next answers be new ones."""

        def ask() -> None:
            cache: Any = getattr(self.files, "dircache", None)
            if hasattr(cache, "use_listings_cache"):
                cache.use_listings_cache = False
            self.files.invalidate_cache()

        self._ask(ask, None)

    def _ask(self, question: Callable[[], _T], file: str | None) -> _T:
        """``file``: which one is asked for, for messages; None for the listing."""
        try:
            return _within(self.timeout, question)
        except _Failed as failed:
            raise translated(failed.error, self.protocol, file, self.shown) from None


def open_store(url: str, timeout: float) -> Store:
    """The store that a URL names; most stores are not asked for anything yet.

    Credentials are those that its client finds: fsspec's configuration, variables of
    the environment, files of a cloud's tools.

    Raises ``reference-malformed``, ``extra-missing``, ``source-unreachable``.
    """
    shown, protocol = without_secrets(url), url.partition("://")[0]
    _require_known(url, protocol, shown)

    def ask() -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        # Not an instance that somebody else used: it may remember old listings.
        files, root = url_to_fs(url, skip_instance_cache=True)
        return files, str(root).rstrip("/")

    try:
        files, root = _within(timeout, ask)
    except _Failed as failed:
        raise translated(failed.error, protocol, None, shown) from None
    if not root:
        raise malformed_reference(shown, "names a whole store, and no folder in it")
    return Store(files, root, shown, protocol, timeout)


class _Failed(Exception):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _within(seconds: float, question: Callable[[], _T]) -> _T:
    """The answer to a question that a plug-in may never give.

    It is asked in a thread that nobody waits for after that: neither fsspec nor Python
    has another way to end any call after a time.
    """
    answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((True, question()))
        except BaseException as error:  # noqa: BLE001  the plug-in boundary
            answers.put((False, error))

    threading.Thread(target=run, name="aibom-store", daemon=True).start()
    try:
        well, answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise _Failed(NoAnswer(f"{seconds:g}")) from None
    if not well:
        raise _Failed(answer)
    found: _T = answer
    return found


def _forget(handle: Any) -> None:
    """Close what was read; whether that works changes nothing, nor is it waited for."""

    def run() -> None:
        try:
            handle.close()
        except BaseException:  # noqa: BLE001  the plug-in boundary
            return

    threading.Thread(target=run, name="aibom-store", daemon=True).start()


def _item(told: Any) -> Item:
    if not isinstance(told, Mapping) or not isinstance(told.get("name"), str):
        raise Odd
    kind = "link" if told.get("islink") else told.get("type")
    if not isinstance(kind, str):
        raise Odd
    keys = [key for key in _VERSIONS if told.get(key) is not None]
    # What some call "created" is when the metadata changed: only for want of better.
    keys = keys or [key for key in ("created",) if told.get(key) is not None]
    versions = {key: _version(told[key]) for key in keys}
    return Item(told["name"], kind, _size(told.get("size")), versions)


def _version(told: Any) -> str | float:
    """Times as seconds; all else as text, without the quotes of an ETag."""
    if isinstance(told, datetime):
        return told.timestamp()
    if isinstance(told, float):
        return told
    return str(told)[:200].removeprefix("W/").strip('"')


def _size(told: Any) -> int | None:
    if told is None:
        return None
    try:
        size = operator.index(told)
    except TypeError:
        raise Odd from None
    if size < 0:
        raise Odd
    return size


def _bytes(block: Any) -> bytes:
    if not isinstance(block, bytes | bytearray | memoryview):
        raise Odd
    return bytes(block)


def _require_same(before: Item | None, now: Item, where: str, *, listed: bool) -> None:
    if before is not None and not now.is_as(before, listed=listed):
        raise VerificationFailed(
            "another file since it was listed: the store tells another size or version",
            reason="source-digest-mismatch",
            where=where,
            hint="wait until nothing writes there any more, then try again",
        )


def _require_known(url: str, protocol: str, shown: str) -> None:
    from fsspec.registry import (  # type: ignore[import-untyped]
        known_implementations,
        registry,
    )

    if "::" in url:
        raise malformed_reference(shown, "chained URLs are not read")
    if protocol not in known_implementations and protocol not in registry:
        raise malformed_reference(shown, "fsspec knows no store of this scheme")
