"""One repository elsewhere: what it says of itself, and what its source says of it.

It is read as a snapshot of one commit (:mod:`aibom.operations.scanning.snapshot`):
small files as they are, large ones by the digests that the source claims. What is not
read is in the findings, and in the BOM.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from aibom.catalogers.findings import Finding
from aibom.errors import AibomError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, merge_facts
from aibom.operations.scanning.findings import finding_facts
from aibom.operations.scanning.remote_bom import Believed, Shipped, read_shipped
from aibom.operations.scanning.scan import Scanned, scan
from aibom.operations.scanning.snapshot import Snapshot, open_snapshot
from aibom.operations.scanning.source_facts import shown, source_node, source_origin
from aibom.sources.remote import Mode, Resolved, Source

__all__ = ["Part", "Visit", "noted", "scan_resolved"]

#: As a pointer that does not say what belongs in its place: it has no digest.
_STAND_IN = b"version https://git-lfs.github.com/spec/v1\nsize unknown\n"
#: Stands for files that there may be, and that nobody lists.
_UNLISTED = ".files-that-are-not-listed"
_NOTED = ("odd.", "unread.")
_Carrier = TypeVar("_Carrier", Node, Edge)


@dataclass(frozen=True, slots=True)
class Visit:
    """One repository that was read: what it was, how deep, and how much of it.

    ``read`` files were read here, of ``claimed`` ones the source states a SHA-256, of
    ``unknown`` ones nobody does. ``bom`` says what became of the BOM that it ships:
    empty where there is none, ``verified`` with its signer, or ``not verified``.
    """

    resolved: Resolved
    depth: int
    read: int
    claimed: int
    unknown: int
    bom: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The lineage of one repository, from its own root, and what was odd.

    ``shipped`` are the edges of the BOM that lies in it.
    """

    visit: Visit
    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    shipped: tuple[Edge, ...]
    findings: tuple[Finding, ...]
    read: Mapping[str, int]
    unclaimed: tuple[str, ...]


def scan_resolved(
    source: Source,
    resolved: Resolved,
    *,
    depth: int = 0,
    kind: Kind | None = None,
    name: str | None = None,
    believed: Believed | None = None,
    pseudonym_key: str | None = None,
) -> Part:
    """Catalog the revision that was found, without its large files.

    Raises what :func:`~aibom.operations.scanning.snapshot.open_snapshot` and
    :func:`~aibom.operations.scanning.scan.scan` raise; ``where`` then names the
    reference.
    """
    told = kind or (Kind(resolved.reference.kind) if resolved.reference.kind else None)
    with open_snapshot(source, resolved, partial=True) as snapshot:
        _stand_in(snapshot)
        try:
            done = scan(
                snapshot.folder, kind=told, name=name, pseudonym_key=pseudonym_key
            )
            shipped = read_shipped(snapshot, done.root, believed)
        except AibomError as error:
            raise _elsewhere(error, snapshot) from error
        return _part(done, snapshot, shipped, depth)


def _stand_in(snapshot: Snapshot) -> None:
    """Keep the places of files that nobody states a digest of.

    Without them the folder would look whole, and get a digest that it does not have.
    """
    unlisted = () if snapshot.resolved.complete else (_UNLISTED,)
    for path in (*snapshot.unknown, *unlisted):
        place = snapshot.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_STAND_IN)


def _part(
    done: Scanned, snapshot: Snapshot, shipped: Shipped | None, depth: int
) -> Part:
    resolved = snapshot.resolved
    beside = shipped or Shipped()
    findings = sorted(
        {
            *(_placed(finding, snapshot) for finding in done.findings),
            *beside.findings,
            *_untold(resolved),
        }
    )
    facts = finding_facts(findings, lambda path: _sha256(snapshot.folder, path))
    root = replace(
        done.root, facts=(*(f for f in done.root.facts if not _is_noted(f)), *facts)
    )
    root = source_node(_named(root, resolved), resolved)
    others = (node for name, node in done.graph.nodes.items() if name != root.id)
    claimed = sum(file.by == "source" for file in snapshot.files)
    visit = Visit(
        resolved,
        depth,
        len(snapshot.files) - claimed,
        claimed,
        len(snapshot.unknown),
        _told(shipped),
    )
    return Part(
        visit,
        root.id,
        tuple(_with_mode(n, resolved.mode) for n in (root, *others, *beside.nodes)),
        tuple(_with_mode(edge, resolved.mode) for edge in done.graph.edges),
        tuple(_with_mode(edge, resolved.mode) for edge in beside.edges),
        tuple(findings),
        done.read,
        done.unclaimed,
    )


def _named(root: Node, resolved: Resolved) -> Node:
    """With the name that the hub has for it; a folder's is no name of what is in it."""
    facts = list(root.facts)
    if resolved.reference.scheme == "hf":
        origins = frozenset({source_origin(resolved)})
        facts.append(Fact("name", resolved.name, origins))
    return replace(root, facts=merge_facts(facts))


def noted(graph: Graph, findings: Iterable[Finding], mode: Mode) -> Graph:
    """The graph, with what its source could not tell as facts of its root."""
    root = graph.nodes[str(graph.root)]
    facts = (_fact_with_mode(f, mode) for f in finding_facts(findings, lambda _: ""))
    told = Node(merge_facts(facts), id=root.id, kind=root.kind)
    nodes = [*graph.nodes.values(), told]
    return Graph.of(nodes, graph.edges, graph.root, graph.extra)


def _told(shipped: Shipped | None) -> str:
    if shipped is None:
        return ""
    if shipped.verified:
        return f"verified, signed by {shipped.verified}"
    return "not verified"


def _is_noted(fact: Fact) -> bool:
    return fact.field.startswith(_NOTED) or fact.field == "findings-left-out"


def _placed(finding: Finding, snapshot: Snapshot) -> Finding:
    """The finding as one of the repository, not of the folder that stands for it."""
    if finding.path == snapshot.folder.name and not finding.pointer:
        return replace(finding, path=shown(snapshot.resolved))
    if finding.path in snapshot.unknown:
        told = "the source states no SHA-256 of it, and it was not read"
        return replace(finding, code="digest-not-stated", detail=told)
    return finding


def _untold(resolved: Resolved) -> Iterator[Finding]:
    """What the source should have told, and did not: unknown, and so not read."""
    name, teller = shown(resolved), source_origin(resolved).cataloger
    for text in resolved.unsure:
        yield Finding(name, "", "source-not-told", teller, text, True)


def _sha256(folder: Path, path: str) -> str:
    place = folder / path
    return hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else ""


def _elsewhere(error: AibomError, snapshot: Snapshot) -> AibomError:
    """The error, told of the repository: the folder is gone when it is read."""
    name = shown(snapshot.resolved)
    where, folder = error.where or "", str(snapshot.folder)
    inside = where.replace(folder, name) if folder in where else f"{name}: {where}"
    return type(error)(
        error.message.replace(folder, name),
        reason=error.reason,
        where=inside if where else name,
        hint=error.hint.replace(folder, name) if error.hint else None,
    )


def _with_mode(carrier: _Carrier, mode: Mode) -> _Carrier:
    """As read from a source that was asked now, or from what lies on this disk."""
    facts = merge_facts(_fact_with_mode(fact, mode) for fact in carrier.facts)
    origins = frozenset(_origin(origin, mode) for origin in carrier.origins)
    return replace(carrier, facts=facts, origins=origins)


def _fact_with_mode(fact: Fact, mode: Mode) -> Fact:
    return replace(fact, origins=frozenset(_origin(o, mode) for o in fact.origins))


def _origin(origin: Origin, mode: Mode) -> Origin:
    """The caller's word is nobody else's, however the rest was read."""
    return origin if origin.cataloger == "user" else replace(origin, mode=mode)
