"""The change history of a dataset that git keeps: who changed it, who looked, why.

Every commit that touched the file or folder gives one revision of the dataset, by the
digest that it had then: :mod:`aibom.digest`'s, computed from git's blobs. A revision
has its author as ``writer`` and everybody in a ``Reviewed-by:`` trailer as
``reviewer``; the edge to the revision before has the first line of the commit's message
as its reason, without addresses; other words in it are kept as they were written.

All of it is claimed: a commit says what its author wrote into it. A commit with a
signature is told (``commit-signature`` = ``present``); whether it is anybody's is not
asked, because git would have to run a program for it. Merges are read along their first
parent, so what came in by a merge is one change by whoever merged it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aibom.catalogers.findings import Finding
from aibom.digest import HOUSEKEEPING, Digest, manifest_digest
from aibom.errors import DocumentInvalid
from aibom.git import Git, find_git
from aibom.lineage.identity import entity_id, parse_party, undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation, merge_facts

__all__ = ["FINDINGS", "MAX_COMMITS", "History", "read_history"]

#: Older changes are left out, with a finding.
MAX_COMMITS = 500
#: Bytes of one revision; a larger one has no digest here.
MAX_REVISION_BYTES = 1024 * 1024 * 1024

FINDINGS: Mapping[str, str] = {
    "history-missing": "no git repository holds it, or git does not answer",
    "history-elsewhere": "its repository is another folder's; it was not read",
    "history-none": "git knows no commit that touched it",
    "history-cut": f"more than {MAX_COMMITS} commits; the older ones were not read",
    "history-uncommitted": "its bytes are not those of the last commit: who changed "
    "them since, and why, is not recorded",
    "revision-unreadable": "a revision without a digest: too large, or with links, "
    "submodules or names that a digest cannot cover",
    "persons-not-named": "authors and reviewers are left out: set AIBOM_PSEUDONYM_KEY",
}

_ID = "git-history"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TRAILERS = "%(trailers:key=Reviewed-by,valueonly,unfold,separator=%x01)"
_FORMAT = f"%x00%H%n%an <%ae>%n%aI%n{_TRAILERS}%n%B"
#: A line of a message that names people, and an address within another line.
_TRAILER = re.compile(r"[\w-]+-by:", re.IGNORECASE)
_ADDRESS = re.compile(r"<[^<>]*@[^<>]*>|[^\s<>(),;:]+@[^\s<>(),;:]+")
_MAX_REASON = 500
_PLAIN = ("100644", "100755")
_BATCH_BYTES = 64 * 1024 * 1024
_HEADER = 200
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that touched the dataset, as it describes itself."""

    id: str
    author: str
    written: str
    why: str
    reviewers: tuple[str, ...]
    is_signed: bool


@dataclass(frozen=True, slots=True)
class History:
    """Nodes and edges for the graph of a scan, and what was odd."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    findings: tuple[Finding, ...]


def read_history(
    path: Path,
    node: Node,
    pseudonym: Callable[[str], str] | None = None,
) -> History:
    """Read how ``path``, which is ``node`` now, came to be what it is.

    Never raises for what git says or does not say: that is a finding.
    """
    reader = _Reader(path, node, pseudonym)
    reader.read()
    return History(tuple(reader.nodes), tuple(reader.edges), tuple(reader.findings))


class _Reader:
    def __init__(
        self, path: Path, node: Node, pseudonym: Callable[[str], str] | None
    ) -> None:
        self.path = path.resolve()
        self.node = node
        self.pseudonym = pseudonym
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.findings: list[Finding] = []

    def read(self) -> None:
        is_folder = self.path.is_dir()
        git = find_git(self.path if is_folder else self.path.parent)
        if git is None:
            return self._find("history-missing")
        if not _is_own(git):
            return self._find("history-elsewhere")
        inside = os.path.relpath(self.path, os.path.realpath(git.folder))
        commits = _commits(git, inside)
        if not commits:
            return self._find("history-none")
        if len(commits) > MAX_COMMITS:
            self._find("history-cut")
        if self.pseudonym is None:
            self._find("persons-not-named")
        self._write(git, inside, commits[:MAX_COMMITS])
        return None

    def _write(self, git: Git, inside: str, commits: Sequence[Commit]) -> None:
        """Newest first: each revision, its people, and the edge to the one before."""
        blobs = _Blobs(git)
        later, later_commit = self.node.id, None
        seen = {self.node.id}
        for commit in commits:
            digest = blobs.revision(commit.id, inside)
            if digest is None:
                self._find("revision-unreadable", commit.id)
            name = self._node(commit, digest)
            if later_commit is None and name != later:
                self._find("history-uncommitted")
            # Bytes that came back are the same thing again: no edge, or it would be
            # its own ancestor.
            if name not in seen:
                self._changed(later, name, later_commit)
            self._people(name, commit)
            seen.add(name)
            later, later_commit = name, commit

    def _node(self, commit: Commit, digest: Digest | None) -> str:
        kind = self.node.kind
        name = (
            undigested_id(kind, {"commit": commit.id, "path": self.path.name})
            if digest is None
            else entity_id(kind, digest)
        )
        if name != self.node.id:
            # Bytes that came back have several commits, and that is no contradiction.
            facts = {"name": self.path.name, f"commit.{commit.id}": commit.written}
            self.nodes.append(
                Node(self._facts(facts, commit), _at(commit), id=name, kind=kind)
            )
        return name

    def _changed(self, later: str, earlier: str, commit: Commit | None) -> None:
        facts = {}
        if commit is not None:
            signed = "present" if commit.is_signed else "absent"
            facts = {
                "commit": commit.id,
                "reason": commit.why,
                "changed": commit.written,
                "commit-signature": signed,
            }
        origins = _at(commit) if commit else frozenset({Origin(_ID)})
        self.edges.append(
            Edge(
                self._facts(facts, commit),
                origins,
                source=later,
                relation=Relation.REVISION_OF,
                target=earlier,
            )
        )

    def _people(self, name: str, commit: Commit) -> None:
        if self.pseudonym is None:
            return
        named = [("writer", commit.author)]
        named += [("reviewer", reviewer) for reviewer in commit.reviewers]
        for role, person in named:
            party = self.pseudonym(_address(person))
            key = parse_party(party).key or ""
            facts = self._facts({"type": "person", "key-id": key}, commit)
            node = f"party:{party}"
            self.nodes.append(Node(facts, _at(commit), id=node, kind=Kind.PARTY))
            self.edges.append(
                Edge(
                    (),
                    _at(commit),
                    source=name,
                    relation=Relation.ATTRIBUTED_TO,
                    target=node,
                    role=role,
                )
            )

    def _facts(
        self, values: Mapping[str, str], commit: Commit | None
    ) -> tuple[Fact, ...]:
        origins = _at(commit) if commit else frozenset({Origin(_ID)})
        return merge_facts(Fact(k, v, origins) for k, v in values.items() if v)

    def _find(self, code: str, commit: str = "") -> None:
        pointer = f"commit:{commit}" if commit else ""
        unread = code != "history-uncommitted"
        self.findings.append(Finding(self.path.name, pointer, code, _ID, "", unread))


def _at(commit: Commit) -> frozenset[Origin]:
    """The commit is the place; its own text is what was read, by its SHA-256."""
    return frozenset({Origin(_ID, "", f"commit:{commit.id}")})


def _address(person: str) -> str:
    """An address means one person, whatever name stands before it."""
    match = re.search(r"<([^<>\s]+@[^<>\s]+)>\s*$", person)
    return match[1] if match else person


def _commits(git: Git, inside: str) -> list[Commit]:
    """The commits that touched a path, newest first, one more than are read."""
    printed = git.text(
        "log",
        "--first-parent",
        f"--max-count={MAX_COMMITS + 1}",
        f"--format={_FORMAT}",
        "HEAD",
        "--",
        inside,
    )
    found = []
    for entry in (printed or "").split("\0")[1:]:
        lines = entry.split("\n")
        if len(lines) < 5 or not _COMMIT.fullmatch(lines[0]):
            continue
        reviewers = tuple(text.strip() for text in lines[3].split("\1") if text.strip())
        texts = [_visible(line) for line in (*lines[1:3], _reason(lines[4:]))]
        signed = _is_signed(git, lines[0])
        found.append(
            Commit(
                lines[0], texts[0], texts[1], texts[2][:_MAX_REASON], reviewers, signed
            )
        )
    return found


def _reason(message: Sequence[str]) -> str:
    """The first line of a message, without the addresses of people in it."""
    first = next((line.strip() for line in message if line.strip()), "")
    return "" if _TRAILER.match(first) else _ADDRESS.sub("(address)", first)


def _is_own(git: Git) -> bool:
    """Whether the repository is that of the folder, and no other one's.

    A file ``.git`` can name any repository of this machine. That of a worktree or a
    submodule names the folder in turn; nobody else's does.
    """
    printed = git.text("rev-parse", "--absolute-git-dir") or ""
    held = os.path.realpath(printed.removesuffix("\n"))
    top = os.path.realpath(git.folder)
    if held.startswith(f"{top}{os.sep}"):
        return True
    tree = git.text("config", "--file", f"{held}/config", "--get", "core.worktree")
    if tree is not None:
        return os.path.realpath(os.path.join(held, tree.removesuffix("\n"))) == top
    try:
        with open(f"{held}/gitdir", "rb") as file:
            back = os.fsdecode(file.read(4096)).strip()
    except OSError:
        return False
    return os.path.realpath(os.path.join(held, back)) == os.path.join(top, ".git")


def _is_signed(git: Git, commit: str) -> bool:
    raw = git.ask("cat-file", "commit", commit) or b""
    header = raw.split(b"\n\n", 1)[0]
    return any(
        line.startswith((b"gpgsig ", b"gpgsig-sha256 ")) for line in header.split(b"\n")
    )


def _visible(text: str) -> str:
    """Bytes that are no UTF-8, and so no text, are marked."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Blobs:
    """What git's blobs are by SHA-256; each is read once, a few megabytes at a time."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._known: dict[str, str | None] = {}

    def revision(self, commit: str, inside: str) -> Digest | None:
        """The digest that a path had in a commit; None where it has none."""
        spec = f"{commit}:{'' if inside == '.' else inside}"
        kind = (self._git.text("cat-file", "-t", spec) or "").strip()
        if kind == "tree":
            return self._tree(spec)
        blob = (self._git.text("rev-parse", "--verify", "--quiet", spec) or "").strip()
        size = (self._git.text("cat-file", "-s", spec) or "").strip()
        if kind != "blob" or not size.isdigit() or int(size) > MAX_REVISION_BYTES:
            return None
        self._read([(blob, int(size))])
        value = self._known.get(blob)
        return Digest("file", value) if value else None

    def _tree(self, spec: str) -> Digest | None:
        listed = self._git.ask("ls-tree", "-r", "-z", "--long", spec)
        files = [_entry(line) for line in (listed or b"").split(b"\0") if line]
        kept = [item for item in files if item is None or not _is_housekeeping(item[0])]
        plain = [item for item in kept if item is not None]
        total = sum(size for _, _, size in plain)
        if not plain or len(plain) < len(kept) or total > MAX_REVISION_BYTES:
            return None
        self._read([(blob, size) for _, blob, size in plain])
        pairs = [(path, self._known.get(blob)) for path, blob, _ in plain]
        try:
            return manifest_digest((path, value or "") for path, value in pairs)
        except DocumentInvalid:  # a name that no digest covers, or a blob without one
            return None

    def _read(self, blobs: Sequence[tuple[str, int]]) -> None:
        """Hash blobs in batches of some size: git writes a batch in one piece."""
        batch: list[str] = []
        held = 0
        for blob, size in sorted(set(blobs)):
            if blob in self._known:
                continue
            if batch and held + size > _BATCH_BYTES:
                self._read_batch(batch)
                batch, held = [], 0
            batch.append(blob)
            held += size
        if batch:
            self._read_batch(batch)

    def _read_batch(self, batch: Sequence[str]) -> None:
        said = "".join(f"{blob}\n" for blob in batch).encode()
        printed = memoryview(self._git.ask("cat-file", "--batch", said=said) or b"")
        place = 0
        for blob in batch:
            end = bytes(printed[place : place + _HEADER]).find(b"\n")
            header = bytes(printed[place : place + max(end, 0)]).split()
            if len(header) != 3 or header[1] != b"blob":
                self._known[blob] = None
                return
            start = place + end + 1
            data = printed[start : start + int(header[2])]
            is_pointer = bytes(data[: len(_LFS)]) == _LFS
            self._known[blob] = None if is_pointer else hashlib.sha256(data).hexdigest()
            place = start + int(header[2]) + 1


def _entry(line: bytes) -> tuple[str, str, int] | None:
    """Path, blob and size of a plain file; None for a link or a submodule."""
    about, _, name = line.partition(b"\t")
    mode, _, blob, size = about.decode("ascii", "replace").split()
    if mode not in _PLAIN or not size.isdigit():
        return None
    return os.fsdecode(name), blob, int(size)


def _is_housekeeping(path: str) -> bool:
    return path in HOUSEKEEPING or any(
        path.startswith(name) for name in HOUSEKEEPING if name.endswith("/")
    )
