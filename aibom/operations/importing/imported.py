"""The BOM of what is imported: what its files and its source say, under our name.

Names that the files give the artifact are kept as ``stated-name``: a name decides which
signers may speak, so what is imported does not choose its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from aibom.catalogers.place import Place
from aibom.digest import Digest, File, manifest_digest
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id
from aibom.lineage.nodes import (
    Edge,
    Fact,
    Kind,
    Node,
    Origin,
    Relation,
    merge_facts,
)
from aibom.operations.importing.origins import as_fetched
from aibom.operations.scanning.scan import Scanned, scan, scan_bom
from aibom.operations.scanning.snapshot import Snapshot, is_counted
from aibom.operations.scanning.source_facts import source_node, source_origin
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved

__all__ = ["bom_of_place", "bom_of_snapshot", "default_name", "kind_of"]


def default_name(reference: Reference) -> str | None:
    """What an import is called unless somebody says otherwise: ``hf/org/name``.

    It is a name of the importer's, in a namespace that says where it is from. None for
    places that have no names: a path or a URL is none.
    """
    if reference.scheme != "hf":
        return None
    prefix = "hf/datasets/" if reference.kind == "dataset" else "hf/"
    return prefix + reference.name


def kind_of(reference: Reference) -> Kind | None:
    """What the reference says it is; None where only the files can tell."""
    return Kind(reference.kind) if reference.kind else None


def bom_of_place(
    place: Place,
    resolved: Resolved,
    name: str,
    kind: Kind | None,
    now: datetime,
    output: Path,
    pseudonym_key: str | None = None,
) -> bytes:
    """Catalog a place that was fetched and hashed, and write its BOM.

    It says that it was fetched ``now``, where the source was asked: the time at which
    it was asked what there is, and not that at which the last byte arrived. Raises as
    :func:`~aibom.operations.scanning.scan.scan` does.
    """
    scanned = _named(
        scan(place.path, kind=kind, place=place, pseudonym_key=pseudonym_key),
        resolved,
        name,
        now,
    )
    graph = _without_parts(scanned.graph, scanned.root.files)
    scanned = replace(scanned, graph=graph)
    return scan_bom(scanned, spec_version="1.6", output=output)


def bom_of_snapshot(
    snapshot: Snapshot,
    name: str,
    kind: Kind | None,
    now: datetime,
    pseudonym_key: str | None = None,
) -> bytes:
    """The same for what is not here yet, as it will be if the source's claims hold.

    Good for a forecast only: nothing has these bytes. Without a claimed digest of the
    whole (``snapshot.tree``) it is about what was read, which is not the artifact.
    """
    place = Place.of(snapshot.folder, pointers=True)
    scanned = _named(
        scan(snapshot.folder, kind=kind, place=place, pseudonym_key=pseudonym_key),
        snapshot.resolved,
        name,
        now,
    )
    graph = _without_pointers(scanned.graph, snapshot)
    files = tuple(
        File(one.path, one.size, Digest("file", one.sha256))
        for one in snapshot.files
        if is_counted(one.path)
    )
    if snapshot.tree is not None:
        graph = _with_digest(graph, snapshot.tree, files)
    scanned = replace(scanned, graph=_without_parts(graph, files))
    return scan_bom(scanned, spec_version="1.6", output=None)


def _named(scanned: Scanned, resolved: Resolved, name: str, now: datetime) -> Scanned:
    """As the importer calls it, with what its source says and when that was asked."""
    graph = as_fetched(scanned.graph, resolved.mode)
    root = graph.nodes[str(graph.root)]
    facts = [
        replace(fact, field="stated-name") if fact.field == "name" else fact
        for fact in root.facts
    ]
    facts.append(Fact("name", name, frozenset({Origin("user")})))
    if resolved.mode == "online":
        time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        origins = frozenset({source_origin(resolved)})
        facts.append(Fact("fetched", time, origins))
    renamed = replace(
        root, facts=merge_facts(facts), origins=root.origins | {Origin("user")}
    )
    merged = source_node(renamed, resolved)
    return replace(scanned, graph=_with_root(graph, merged))


def _without_parts(graph: Graph, files: tuple[File, ...]) -> Graph:
    """The graph in which files and folders of the artifact are parts of it.

    A cataloger names a table of labels, or a folder of data, as something that the
    whole is derived from. Here all came at once, from one source: who worked on the
    file worked on the whole, and what else is known of it is kept as
    ``part.PATH.FIELD`` of the whole. What was made of a part is left out where that
    would be a word about the whole: it would be its own ancestor.
    """
    root = graph.nodes[str(graph.root)]
    parts = _parts(graph, files)
    facts = [
        replace(fact, field=f"part.{path}.{fact.field}")
        for name, path in sorted(parts.items())
        for fact in graph.nodes[name].facts
    ]
    whole = replace(root, facts=merge_facts([*root.facts, *facts]))
    gone = {root.id, *parts}
    kept = [node for name, node in graph.nodes.items() if name not in gone]
    edges = [
        replace(
            edge,
            source=root.id if edge.source in parts else edge.source,
            target=root.id if edge.target in parts else edge.target,
        )
        for edge in graph.edges
        if edge.target not in parts or edge.relation is Relation.GENERATED
    ]
    edges = [edge for edge in edges if edge.source != edge.target]
    return Graph.of([*kept, whole], edges, root.id, graph.extra)


def _parts(graph: Graph, files: tuple[File, ...]) -> dict[str, str]:
    """Nodes that are a file or a folder of the artifact, with its path."""
    told = {
        name: str(node.digest) if node.digest else node.value("claimed-digest")
        for name, node in graph.nodes.items()
        if name != graph.root
    }
    paths = {str(file.digest): file.path for file in files}
    if any(text and text.startswith("tree-") for text in told.values()):
        paths |= _folders(files)
    return {name: paths[text] for name, text in told.items() if text in paths}


def _folders(files: tuple[File, ...]) -> dict[str, str]:
    """The digests of all folders below the artifact's own, and their paths."""
    below: dict[str, list[tuple[str, str]]] = {}
    for file in files:
        for folder in map(str, PurePosixPath(file.path).parents[:-1]):
            inner = file.path[len(folder) + 1 :]
            below.setdefault(folder, []).append((inner, file.digest.value))
    return {str(manifest_digest(pairs)): name for name, pairs in below.items()}


def _with_root(graph: Graph, root: Node) -> Graph:
    others = [node for name, node in graph.nodes.items() if name != graph.root]
    edges = [_without_name(edge, root.id) for edge in graph.edges]
    return Graph.of([*others, root], edges, root.id, graph.extra)


def _without_name(edge: Edge, root: str) -> Edge:
    """What a step that made it called it counts as its name, too."""
    if edge.relation is not Relation.GENERATED or edge.target != root:
        return edge
    facts = [
        replace(fact, field="stated-name") if fact.field == "name" else fact
        for fact in edge.facts
    ]
    return replace(edge, facts=merge_facts(facts))


def _without_pointers(graph: Graph, snapshot: Snapshot) -> Graph:
    """The graph without the large files themselves, which a scan of pointers names.

    Once they are here they are a part of the root, and no things of their own that
    rules about ancestors would ask.
    """
    claimed = {one.sha256 for one in snapshot.files if one.by == "source"}
    gone = {
        name
        for name, node in graph.nodes.items()
        if name != graph.root and node.digest and node.digest.form == "file"
        if node.digest.value in claimed
    }
    nodes = [node for name, node in graph.nodes.items() if name not in gone]
    edges = [e for e in graph.edges if not {e.source, e.target} & gone]
    return Graph.of(nodes, edges, graph.root, graph.extra)


def _with_digest(graph: Graph, digest: Digest, files: tuple[File, ...]) -> Graph:
    """The graph with a root that has this digest, in the place of one that has none."""
    old = graph.nodes[str(graph.root)]
    root = replace(old, id=entity_id(old.kind, digest), files=files)
    others = [node for name, node in graph.nodes.items() if name != graph.root]
    edges = [_moved(edge, old.id, root.id) for edge in graph.edges]
    return Graph.of([*others, root], edges, root.id, graph.extra)


def _moved(edge: Edge, old: str, new: str) -> Edge:
    source = new if edge.source == old else edge.source
    target = new if edge.target == old else edge.target
    return replace(edge, source=source, target=target)
