"""Commits and trees with the names that git would give them.

The tree of a commit is hashed as git hashes it, LFS files by their pointers, so the
same files, message, author, date and parent always make the same commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aibom.testing.hub.content import Blob, pointer_of

__all__ = ["Commit", "Entry", "commit_of", "folders_of"]

_Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit; ``pointer`` is what git holds when it lies in LFS."""

    blob: Blob
    pointer: Blob | None = None

    @classmethod
    def of(cls, blob: Blob, *, lfs: bool) -> Entry:
        """An entry, in LFS or not."""
        return cls(blob, pointer_of(blob) if lfs else None)

    @property
    def oid(self) -> str:
        """The git name: of the pointer, where there is one."""
        return (self.pointer or self.blob).git_sha1


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``files`` is everything it holds, not only what it changed."""

    sha: str
    files: Mapping[str, Entry]
    parent: str | None
    message: str
    date: str
    author: str
    folders: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def commit_of(
    files: Mapping[str, Entry],
    parent: str | None,
    message: str,
    date: str,
    author: str,
) -> Commit:
    """The commit of these files, named as git names it."""
    folders = folders_of(files)
    seconds = int(datetime.fromisoformat(date).timestamp())
    who = f"{author} <{author}@users.noreply.local> {seconds} +0000"
    lines = [f"tree {folders['']}", *([f"parent {parent}"] if parent else [])]
    lines += [f"author {who}", f"committer {who}", "", message]
    sha = _named(b"commit", "\n".join(lines).encode())
    return Commit(sha, dict(files), parent, message, date, author, folders)


def folders_of(files: Mapping[str, Entry]) -> dict[str, str]:
    """Every folder with its git tree name; the top is the empty path."""
    # Hostile paths begin with a slash, or name a file and a folder alike: parts in
    # place of text, and files apart from folders, keep those from running together.
    inside: dict[_Parts, tuple[set[str], dict[str, str]]] = {(): (set(), {})}
    for path, entry in files.items():
        *folder, name = path.split("/")
        for depth, part in enumerate(folder):
            inside[tuple(folder[:depth])][0].add(part)
            inside.setdefault(tuple(folder[: depth + 1]), (set(), {}))
        inside[tuple(folder)][1][name] = entry.oid
    oids: dict[_Parts, str] = {}
    # The deepest first: a tree is named by the names of what is in it.
    for parts in sorted(inside, key=len, reverse=True):
        folders, names = inside[parts]
        oids[parts] = _tree({one: oids[*parts, one] for one in folders}, names)
    paths = {"/".join(parts): oid for parts, oid in oids.items()}
    return {**paths, "": oids[()]}


def _tree(folders: Mapping[str, str], files: Mapping[str, str]) -> str:
    # git sorts a folder as if its name ended in a slash.
    rows = [(f"{name}/".encode(), b"40000", name, oid) for name, oid in folders.items()]
    rows += [(name.encode(), b"100644", name, oid) for name, oid in files.items()]
    body = b"".join(
        mode + b" " + name.encode() + b"\0" + bytes.fromhex(oid)
        for _, mode, name, oid in sorted(rows)
    )
    return _named(b"tree", body)


def _named(kind: bytes, body: bytes) -> str:
    head = b"%s %d\0" % (kind, len(body))
    return hashlib.sha1(head + body, usedforsecurity=False).hexdigest()
