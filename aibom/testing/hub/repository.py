"""Repositories and their owners, as a test writes them down."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from aibom.errors import UsageError
from aibom.testing.hub.card import front_matter
from aibom.testing.hub.content import Content, blob_of
from aibom.testing.hub.git import Commit, Entry, commit_of

__all__ = ["KINDS", "Kind", "Owner", "OwnerKind", "Repository"]

Kind = Literal["model", "dataset"]
OwnerKind = Literal["org", "user"]
KINDS: tuple[Kind, ...] = ("model", "dataset")

_DATE = "2026-01-02T03:04:05.000Z"
_SHORT = re.compile(r"[0-9a-f]{7,40}")


def _id24(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


class Owner:
    """An organisation or a user; ``id24`` is the ``_id`` that the hub gives it.

    ``kind``, ``fullname`` and ``created`` may be set.
    """

    def __init__(self, name: str, kind: OwnerKind = "org") -> None:
        self.name = name
        self.kind: OwnerKind = kind
        self.fullname = name.title()
        self.created = _DATE
        self.verified = False
        self._generation = 0

    @property
    def id24(self) -> str:
        """24 hex digits, another after :meth:`recreate`."""
        return _id24("owner", self.name, self._generation)

    def recreate(self) -> Owner:
        """Somebody else has the name from now on: same name, another ``id24``."""
        self._generation += 1
        return self


class Repository:
    """One model or dataset repository: immutable commits, and refs that move.

    Everything public may be set at any time and holds from the next request on:
    ``gated``, ``private``, ``disabled``, ``security`` (None: the hub says nothing of
    it), ``card`` (None: what the README says), ``base_models`` (None: what the card
    says), ``renamed_to``, ``downloads``, ``likes``, ``tags`` (added to those worked
    out), ``readers`` (who may read it; None: every token of the hub), ``xet`` (say a
    ``xetHash`` of files in LFS; there is no xet server, so clients then need
    ``HF_HUB_DISABLE_XET=1``).
    """

    def __init__(self, kind: Kind, id: str, generation: int = 0) -> None:
        self.kind: Kind = kind
        self.id = id
        self.gated: Literal[False, "auto", "manual"] = False
        self.private = False
        self.disabled = False
        self.security: Mapping[str, Any] | None = {
            "scansDone": True,
            "filesWithIssues": [],
        }
        self.base_models: Any = None
        self.renamed_to: str | None = None
        self.readers: set[str] | None = None
        self.downloads = 0
        self.likes = 0
        self.tags: list[str] = []
        self.xet = False
        self._card: Mapping[str, Any] | None = None
        self._generation = generation
        self._lock = threading.Lock()
        self._commits: dict[str, Commit] = {}
        self._refs: dict[str, str] = {}
        self._tags: dict[str, str] = {}

    @property
    def id24(self) -> str:
        """The ``_id``, 24 hex digits: another when the repository is made anew."""
        return _id24(self.kind, self.id, self._generation)

    @property
    def owner(self) -> str | None:
        """The name before the slash, None for an id like ``gpt2``."""
        name = self.renamed_to or self.id
        return name.partition("/")[0] if "/" in name else None

    # ── commits ────────────────────

    def commit(
        self,
        files: Mapping[str, Content],
        lfs: Collection[str] = (),
        *,
        removed: Collection[str] = (),
        ref: str = "main",
        message: str = "Upload files",
        date: str = _DATE,
        author: str = "alice",
    ) -> str:
        """Add ``files`` to those of the parent, without ``removed``; gives the commit.

        ``lfs`` names those of ``files`` that lie in LFS. A branch that is new starts
        at ``main``. Paths are taken as they are, hostile ones too. The name of the
        commit follows from everything given, as in git.
        """
        new = {
            path: Entry.of(blob_of(content), lfs=path in lfs)
            for path, content in files.items()
        }
        with self._lock:
            parent = self._refs.get(ref) or self._refs.get("main")
            before = self._commits[parent].files if parent else {}
            kept = {path: one for path, one in before.items() if path not in removed}
            commit = commit_of({**kept, **new}, parent, message, date, author)
            self._commits[commit.sha] = commit
            self._refs[ref] = commit.sha
        return commit.sha

    def ref(self, name: str, sha: str, *, tag: bool = False) -> None:
        """Make or move a branch, or a tag; raises ``UsageError`` for unknown commits.

        Names like ``refs/pr/1`` and ``refs/convert/parquet`` are served as such.
        """
        with self._lock:
            if sha not in self._commits:
                raise UsageError(
                    f"{self.id} has no commit {sha}", reason="hub-commit-unknown"
                )
            (self._tags if tag else self._refs)[name] = sha

    def resolve(self, revision: str) -> Commit | None:
        """The commit that a branch, a tag, a commit or the start of one means."""
        with self._lock:
            sha = self._refs.get(revision) or self._tags.get(revision)
            if sha is None and _SHORT.fullmatch(revision):
                found = [one for one in self._commits if one.startswith(revision)]
                sha = found[0] if len(found) == 1 else None
            return self._commits[sha] if sha else None

    def history(self, sha: str) -> Iterator[Commit]:
        """A commit and all before it, newest first."""
        at: str | None = sha
        while at is not None:
            commit = self._commits[at]
            yield commit
            at = commit.parent

    def branches(self) -> dict[str, str]:
        """Branches and pull requests: name to commit."""
        with self._lock:
            return dict(self._refs)

    def tagged(self) -> dict[str, str]:
        """Tags: name to commit."""
        with self._lock:
            return dict(self._tags)

    # ── the card ────────────────────

    @property
    def card(self) -> Mapping[str, Any] | None:
        """The card's metadata: as set, else the front matter of README.md on main."""
        return self.card_at(self.resolve("main"))

    @card.setter
    def card(self, card: Mapping[str, Any] | None) -> None:
        self._card = card

    def card_at(self, commit: Commit | None) -> Mapping[str, Any] | None:
        """The card's metadata at a commit; None where there is none to be read."""
        if self._card is not None:
            return self._card
        entry = commit.files.get("README.md") if commit else None
        return None if entry is None else front_matter(b"".join(entry.blob.blocks()))
