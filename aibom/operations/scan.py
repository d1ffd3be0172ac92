"""Scan: what a model or dataset on this disk says about itself, as a lineage graph.

Every file is hashed once, and read by the catalogers that want it. What they write down
about "the thing that this file is part of" is settled here: files that lie directly in
a folder speak about that folder. The folder that was named is the root; one further
down about which something is said is a thing of its own, by its tree digest, and the
root comes from it (``derived-from``, role ``part``).

What is found is claimed, whoever signs it: nothing here was seen happening. Sources
that disagree stand side by side, and nothing is joined by name, so a fine-tune is never
merged with its base. What was odd, or could not be read, becomes facts of the root, so
that it is in the BOM and not only on a screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from aibom.bom.encode import encode
from aibom.catalogers.artifact import artifact_node
from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.findings import Finding
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.place import Place
from aibom.catalogers.places import catalogers
from aibom.digest import Progress
from aibom.errors import UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, person_pseudonym
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
from aibom.operations.assemble import source_date
from aibom.operations.files import write_atomic
from aibom.operations.scan_bom import is_bom, scan_document
from aibom.operations.scan_findings import finding_facts
from aibom.operations.validate import bom_bytes
from aibom.recording.reference import InputRef, source_revision

__all__ = ["Scanned", "scan", "scan_bom"]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found: lineage around the root, and what was odd or not read.

    ``read`` counts the files that each cataloger read; ``unclaimed`` are the files of
    which no cataloger knows more than their digest and format.
    """

    graph: Graph
    findings: tuple[Finding, ...]
    read: Mapping[str, int]
    unclaimed: tuple[str, ...]

    @property
    def root(self) -> Node:
        """What the BOM is about."""
        return self.graph.nodes[str(self.graph.root)]


def scan(
    path: Path,
    *,
    kind: Kind | None = None,
    name: str | None = None,
    source: str | None = None,
    inputs: Iterable[InputRef] = (),
    pseudonym_key: str | None = None,
    progress: Progress | None = None,
) -> Scanned:
    """Catalog what lies at ``path``.

    ``kind`` is what it is, where its files do not tell (or do not agree). ``name`` and
    ``source`` (a purl) are the caller's word. ``inputs`` are other places that the
    caller says it was made from: they are scanned too, and what was made of them is the
    caller's word as well. Persons are named only with ``pseudonym_key``.

    A file that calls itself a CycloneDX document is read as one, however it was written
    (:mod:`aibom.operations.scan_bom`).

    Raises :class:`~aibom.errors.UsageError`: ``kind-undecided``, ``scan-of-a-bom``,
    ``source-not-purl``, ``pseudonym-key-malformed``;
    :class:`~aibom.errors.InputError` as :meth:`~aibom.catalogers.place.Place.of` does,
    and ``changed-while-scanning``.
    """
    if is_bom(path):
        return _scan_document(path, kind, name, source, inputs)
    person = _pseudonyms(pseudonym_key)
    origin = Origin("user")
    main = _Scan(Place.of(path, progress), person)
    root = main.settle(kind)
    nodes = [*main.nodes, _as_told(main.root, origin, name, source)]
    edges = list(main.edges)
    scans = [main]
    for ref in inputs:
        other = _Scan(Place.of(ref.path, progress), person)
        name_of = other.settle(Kind(ref.kind) if ref.kind else None)
        nodes += [*other.nodes, _as_told(other.root, origin, ref.name, ref.source)]
        edges += other.edges
        edges.append(_edge(root, name_of, ref.role, origin))
        scans.append(other)
    for done in scans:
        done.place.require_unchanged()
    counts: Counter[str] = Counter()
    for done in scans:
        counts.update(done.read)
    return Scanned(
        Graph.of(nodes, edges, root),
        tuple(sorted(finding for done in scans for finding in done.findings)),
        dict(sorted(counts.items())),
        tuple(name for done in scans for name in done.unclaimed),
    )


def scan_bom(scanned: Scanned, *, spec_version: str, output: Path | None) -> bytes:
    """The BOM of a scan, validated; written where ``output`` says.

    Our profile asks for a root with a content digest. Where there is none (a BOM about
    something that is not here), the levels ``schema`` and ``references`` hold, and the
    document can be read and checked, but neither signed nor passed by a gate.
    """
    document = encode(scanned.graph, spec_version=spec_version, timestamp=source_date())
    level = "profile" if scanned.root.digest else "references"
    data = bom_bytes(document, str(output or "the scan"), level)
    if output is not None:
        write_atomic(output, data)
    return data


def _scan_document(
    path: Path,
    kind: Kind | None,
    name: str | None,
    source: str | None,
    inputs: Iterable[InputRef],
) -> Scanned:
    """A BOM that somebody wrote; what it is about is its own word."""
    if kind is not None or tuple(inputs):
        raise UsageError(
            "a BOM says itself what it is about, and what that was made from",
            reason="scan-of-a-bom",
            where=str(path),
            hint="leave out --kind and --input",
        )
    graph, findings = scan_document(path)
    root = graph.nodes[str(graph.root)]
    digest = next(iter(root.origins)).digest
    facts = merge_facts(finding_facts(findings, lambda _: digest))
    noted = replace(root, facts=facts, origins=frozenset(), files=())
    told = _as_told(root, Origin("user"), name, source)
    nodes = [*graph.nodes.values(), noted, told]
    done = Graph.of(nodes, graph.edges, graph.root, graph.extra)
    return Scanned(done, findings, {"bom": 1}, ())


def _pseudonyms(key: str | None) -> Callable[[str], str] | None:
    if key is None:
        return None
    person_pseudonym("nobody", key)  # a malformed key is refused before the hashing
    return lambda name: person_pseudonym(name, key)


def _as_told(node: Node, origin: Origin, name: str | None, source: str | None) -> Node:
    """The node with what the caller says of it; nothing where nothing is said."""
    said = {"name": name, "source": source}
    if source is not None:
        said["revision"] = source_revision(source)
    facts = [
        Fact(field, value, frozenset({origin}))
        for field, value in said.items()
        if value is not None
    ]
    return replace(
        node,
        facts=merge_facts(facts),
        origins=frozenset({origin}) if facts else frozenset(),
        files=(),
    )


def _edge(source: str, target: str, role: str, origin: Origin) -> Edge:
    return Edge(
        (),
        frozenset({origin}),
        source=source,
        relation=Relation.DERIVED_FROM,
        target=target,
        role=role,
    )


class _Scan:
    """One place, read by every cataloger that wants a file of it."""

    def __init__(self, place: Place, person: Callable[[str], str] | None) -> None:
        self.place = place
        self.read: Counter[str] = Counter()
        self.notes = list(self._read_all(person))
        claimed = {notes.path for notes in self.notes}
        self.unclaimed = tuple(name for name in place.names if name not in claimed)
        self.findings = [f for notes in self.notes for f in notes.findings]
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.root = Node()

    def _read_all(self, person: Callable[[str], str] | None) -> Iterator[Notes]:
        for cataloger in catalogers():
            for name in self.place.names:
                if cataloger.wants(name, self.place.formats[name]):
                    yield self._read_one(cataloger, name, person)

    def _read_one(
        self, cataloger: Cataloger, name: str, person: Callable[[str], str] | None
    ) -> Notes:
        notes = Notes(cataloger.id, self.place, name, person)
        cataloger.read(notes)
        self.read[cataloger.id] += 1
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
                edge = _edge(above.id, subject.id, "part", Origin("artifact-folder"))
                self.edges.append(edge)
        self.nodes += subjects.values()
        facts = merge_facts(finding_facts(self.findings, self.place.sha256))
        self.nodes.append(
            replace(self.root, facts=facts, origins=frozenset(), files=())
        )
        return self.root.id

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
        root = told or _decided(votes.get("", set())) or _decided(everything)
        if root is None:
            raise _undecided(self.place.path, everything)
        return {"": root, **found}

    def _subject(self, folder: str, kind: Kind) -> Node:
        if not folder:
            return artifact_node(kind, self.place.content)
        digest = self.place.folder(folder).digest
        origin = Origin("artifact-folder", digest.value)
        name = Fact("name", folder, frozenset({origin}))
        return Node((name,), frozenset({origin}), id=entity_id(kind, digest), kind=kind)

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
