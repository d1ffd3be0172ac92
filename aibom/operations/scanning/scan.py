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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aibom.bom.encode import encode
from aibom.catalogers.findings import Finding
from aibom.catalogers.history import read_history
from aibom.catalogers.place import Place
from aibom.digest import Progress
from aibom.errors import UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.identity import person_pseudonym
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, merge_facts
from aibom.operations.assemble import source_date
from aibom.operations.files import write_atomic
from aibom.operations.scanning.bom import is_bom, scan_document
from aibom.operations.scanning.circles import told, without_circles
from aibom.operations.scanning.findings import finding_facts
from aibom.operations.scanning.kinds import with_one_kind
from aibom.operations.scanning.place import PlaceScan, part_of
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
    history: bool = False,
    pseudonym_key: str | None = None,
    progress: Progress | None = None,
    place: Place | None = None,
) -> Scanned:
    """Catalog what lies at ``path``.

    ``kind`` is what it is, where its files do not tell (or do not agree). ``name`` and
    ``source`` (a purl) are the caller's word. ``inputs`` are other places that the
    caller says it was made from: they are scanned too, and what was made of them is the
    caller's word as well. With ``history``, git is asked how each of them came to be
    what it is. Persons are named only with ``pseudonym_key``. ``place`` is ``path``,
    where that was hashed a moment ago.

    A file that calls itself a CycloneDX document is read as one, however it was written
    (:mod:`aibom.operations.scanning.bom`).

    Raises :class:`~aibom.errors.UsageError`: ``kind-undecided``, ``scan-of-a-bom``,
    ``source-not-purl``, ``pseudonym-key-malformed``;
    :class:`~aibom.errors.InputError` as :meth:`~aibom.catalogers.place.Place.of` does,
    and ``changed-while-scanning``.
    """
    if is_bom(path):
        return _scan_document(path, kind, name, source, inputs)
    person = _pseudonyms(pseudonym_key)
    main = InputRef("", path, source, name, kind.value if kind else None)
    first = place or Place.of(path, progress, pointers=True)
    parts = [_read(main, first, person, history)]
    parts += [
        _read(ref, Place.of(ref.path, progress, pointers=True), person, history)
        for ref in inputs
    ]
    for part in parts:
        part.scan.place.require_unchanged()
    graph, doubts = _joined(parts, path.name)
    found = [finding for part in parts for finding in part.findings] + doubts
    counts = sum((part.scan.read for part in parts), Counter[str]())
    return Scanned(
        _noted(graph, found, parts),
        tuple(sorted(found)),
        dict(sorted(counts.items())),
        tuple(name for part in parts for name in part.scan.unclaimed),
    )


def _joined(parts: Sequence[_Part], name: str) -> tuple[Graph, list[Finding]]:
    """One graph of all places, and what of their claims no graph can hold."""
    root = parts[0].scan.root.id
    by_user = Origin("user")
    nodes, edges, settled = with_one_kind(
        [node for part in parts for node in part.nodes],
        [
            *(edge for part in parts for edge in part.edges),
            *(part_of(root, p.scan.root.id, p.ref.role, by_user) for p in parts[1:]),
        ],
        [subject for part in parts for subject in part.scan.subjects],
    )
    graph, dropped = without_circles(nodes, edges, root)
    doubts = [
        Finding(name, "", "lineage-circular", "scan", told(graph, edge), True)
        for edge in dropped
    ]
    doubts += [Finding(name, "", "kind-contradicted", "scan", said) for said in settled]
    return graph, doubts


def _noted(graph: Graph, findings: list[Finding], parts: Sequence[_Part]) -> Graph:
    """The graph, with everything odd as facts of its root."""

    def sha256(name: str) -> str:
        holders = (part.scan for part in parts if part.scan.place.has(name))
        return next(holders, parts[0].scan).sha256(name)

    root = graph.nodes[str(graph.root)]
    facts = merge_facts(finding_facts(findings, sha256))
    noted = replace(root, facts=facts, origins=frozenset(), files=())
    nodes = [*graph.nodes.values(), noted]
    return Graph.of(nodes, graph.edges, graph.root, graph.extra)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the places that are scanned, with what the caller said of it."""

    ref: InputRef
    scan: PlaceScan
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    findings: tuple[Finding, ...]


def _read(
    ref: InputRef, place: Place, person: Callable[[str], str] | None, history: bool
) -> _Part:
    done = PlaceScan(place, person)
    done.settle(Kind(ref.kind) if ref.kind else None)
    nodes, edges = list(done.nodes), list(done.edges)
    findings = list(done.findings)
    if history:
        past = read_history(ref.path, done.root, person)
        nodes += past.nodes
        edges += past.edges
        findings += past.findings
    nodes.append(_as_told(done.root, Origin("user"), ref.name, ref.source))
    return _Part(ref, done, tuple(nodes), tuple(edges), tuple(findings))


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
