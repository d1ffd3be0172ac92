"""One place, read by every cataloger that wants a file of it, as nodes and edges.

Files that lie directly in a folder speak about that folder, if any cataloger says what
kind of thing it is; else about the next folder above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from aibom.catalogers.artifact import artifact_node
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.place import Place
from aibom.catalogers.places import catalogers
from aibom.digest import manifest_digest
from aibom.errors import UsageError
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import (
    ROOT_KINDS,
    Edge,
    Fact,
    Kind,
    Node,
    Origin,
    Relation,
    merge_facts,
)

__all__ = ["PlaceScan", "part_of"]


def part_of(source: str, target: str, role: str, origin: Origin) -> Edge:
    """That ``source`` comes from ``target``, by somebody's word alone."""
    return Edge(
        (),
        frozenset({origin}),
        source=source,
        relation=Relation.DERIVED_FROM,
        target=target,
        role=role,
    )


class PlaceScan:
    """One place, read by every cataloger that wants a file of it."""

    def __init__(self, place: Place, person: Callable[[str], str] | None) -> None:
        self.place = place
        self.read: Counter[str] = Counter()
        self.notes = list(self._read_all(person))
        claimed = {notes.path for notes in self.notes if notes.has_any}
        self.unclaimed = tuple(name for name in place.names if name not in claimed)
        self.findings = [f for notes in self.notes for f in notes.findings]
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.root = Node()
        #: Ids of the place and of the folders in it that are things of their own.
        self.subjects: tuple[str, ...] = ()

    def _read_all(self, person: Callable[[str], str] | None) -> Iterator[Notes]:
        for cataloger in catalogers():
            for name in (*self.place.names, *self.place.pointers):
                if cataloger.reads(self.place, name):
                    yield self._read_one(cataloger, name, person)

    def _read_one(
        self, cataloger: Cataloger, name: str, person: Callable[[str], str] | None
    ) -> Notes:
        notes = Notes(cataloger.id, self.place, name, person)
        cataloger.read(notes)
        self.read[cataloger.id] += notes.has_any
        return notes

    def settle(self, kind: Kind | None) -> str:
        """Decide what each subject is, and give the id of the place itself."""
        kinds = self._kinds(kind)
        subjects = {folder: self._subject(folder, k) for folder, k in kinds.items()}
        self.root = subjects[""]
        for notes in self.notes:
            self._place(notes, subjects)
        for folder, subject in subjects.items():
            if folder:
                above = subjects[_nearest(str(PurePosixPath(folder).parent), subjects)]
                edge = part_of(above.id, subject.id, "part", Origin("artifact-folder"))
                self.edges.append(edge)
        self.nodes += subjects.values()
        self.subjects = tuple(subject.id for subject in subjects.values())
        return self.root.id

    def sha256(self, path: str) -> str:
        """The digest of a file that a finding is about; else that of the place."""
        place = self.place
        if place.has(path) or path in place.pointers:
            return place.sha256(path)
        digest = place.claimed_digest()
        return digest.value if digest else ""

    def _kinds(self, told: Kind | None) -> dict[str, Kind]:
        """The kind of every folder that is a thing; ``""`` is always among them."""
        votes: dict[str, set[tuple[Kind, bool]]] = {}
        for notes in self.notes:
            votes.setdefault(notes.folder, set()).update(notes.kinds)
        found: dict[str, Kind] = {}
        for folder, said in votes.items():
            decided = _decided(said)
            if folder and decided is not None:
                found[folder] = decided
        everything = {vote for said in votes.values() for vote in said}
        parts = set(found.values())
        root = told or _decided(votes.get("", set()))
        if root is None and not votes.get("") and len(parts) == 1:
            root = parts.pop()
        if root is None:
            raise _undecided(self.place.path, everything)
        return {"": root, **found}

    def _subject(self, folder: str, kind: Kind) -> Node:
        if not self.place.is_whole(folder):
            return self._elsewhere(folder, kind)
        if not folder:
            return artifact_node(kind, self.place.content)
        digest = self.place.folder(folder).digest
        origin = Origin("artifact-folder", digest.value)
        name = Fact("name", folder, frozenset({origin}))
        return Node((name,), frozenset({origin}), id=entity_id(kind, digest), kind=kind)

    def _elsewhere(self, folder: str, kind: Kind) -> Node:
        """A folder with files that are elsewhere: it has only a claimed digest."""
        digest = self.place.claimed_digest(folder)
        identity = {"claimed-digest": str(digest)}
        if digest is None:  # by what is here, and never by its name
            here = self.place.paths_under(folder)
            hashed = ((name, self.place.sha256(name)) for name in here)
            identity = {"files-here": str(manifest_digest(hashed))}
        origins = frozenset({Origin("artifact-folder", digest.value if digest else "")})
        facts = merge_facts(Fact(k, v, origins) for k, v in identity.items())
        return Node(facts, origins, id=undigested_id(kind, identity), kind=kind)

    def _place(self, notes: Notes, subjects: Mapping[str, Node]) -> None:
        """Add what one cataloger wrote, with the subject where it said "subject"."""
        subject = subjects[_nearest(notes.folder, subjects)]
        origins = frozenset(origin for fact in notes.facts for origin in fact.origins)
        self.nodes.append(
            replace(subject, facts=merge_facts(notes.facts), origins=origins, files=())
        )
        self.nodes += notes.nodes
        for edge in notes.edges:
            source = subject.id if edge.source == SUBJECT else edge.source
            target = subject.id if edge.target == SUBJECT else edge.target
            if source != target:  # a single file that speaks about itself
                self.edges.append(replace(edge, source=source, target=target))


def _decided(votes: Iterable[tuple[Kind, bool]]) -> Kind | None:
    """The one kind that bytes show, else the one that words say; else None."""
    votes = set(votes)
    shown = {kind for kind, by_bytes in votes if by_bytes}
    said = {kind for kind, _ in votes}
    for kinds in (shown, said):
        if len(kinds) == 1:
            return next(iter(kinds))
        if kinds:
            return None
    return None


def _undecided(path: Path, votes: set[tuple[Kind, bool]]) -> UsageError:
    kinds = sorted({kind.value for kind, _ in votes})
    told = f"both: {', '.join(kinds)}" if kinds else "nothing that is known to aibom"
    choices = ", ".join(sorted(kind.value for kind in ROOT_KINDS))
    return UsageError(
        f"cannot tell what this is; its files say {told}",
        reason="kind-undecided",
        where=str(path),
        hint=f"say it: --kind {choices.replace(', ', '|')}, or scan its parts one "
        "by one",
    )


def _nearest(folder: str, subjects: Mapping[str, Node]) -> str:
    """The folder itself, or the next one above it, that is a thing."""
    current = "" if folder == "." else folder
    while current not in subjects:
        current = current.rpartition("/")[0]
    return current
