"""Assemble: from a folder's digest back through the step records, never by name.

The result is the artifact's BOM: the root is the folder as it was hashed now, every
step that leads to it is there as its record says, and BOMs of others are copied as
claims and linked. Where the walk finds no record, lineage ends, and the caller is told.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from aibom.bom.encode import encode
from aibom.bom.parse import read_bytes
from aibom.catalogers.artifact import artifact_node
from aibom.digest import BOM_NAME, Digest, Progress, hash_path
from aibom.errors import InputError, UsageError
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import (
    ENTITY_KINDS,
    Kind,
    Node,
    Relation,
    merge_facts,
)
from aibom.operations.copied import copied_edges, copied_nodes
from aibom.operations.records import Record, RecordIndex, read_records
from aibom.operations.validate import BomFile, load_bom, write_bom

__all__ = ["Assembled", "OpenEnd", "assemble", "source_date"]

_MINIMUM_PREFIX = 8


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """An input that no record and no BOM explains: where the assembled lineage ends."""

    node: str
    label: str
    kind: str
    used_by: str


@dataclass(frozen=True, slots=True)
class Assembled:
    """The BOM that was written, and what is still open."""

    path: Path
    digest: str
    graph: Graph
    open_ends: tuple[OpenEnd, ...]


def source_date() -> str | None:
    """SOURCE_DATE_EPOCH as an RFC 3339 time, or None when it is not set."""
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if text is None:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{text!r} is not a number of seconds",
            reason="source-date-malformed",
            where="SOURCE_DATE_EPOCH",
            hint="export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct), or unset it",
        ) from None


def assemble(
    folder: Path,
    steps: Iterable[Path],
    *,
    chosen: Collection[str] = (),
    boms: Iterable[Path] = (),
    spec_version: str = "1.6",
    output: Path | None = None,
    progress: Progress | None = None,
) -> Assembled:
    """Write ``folder/aibom.cdx.json`` from the records in ``steps``.

    ``chosen`` picks among several records that generated the same bytes, by step id or
    a prefix of at least eight digits. ``boms`` are BOMs of others to copy and link.

    Raises :class:`~aibom.errors.InputError`: ``root-unexplained`` when no record
    generated the folder, ``step-ambiguous`` when several generated the same bytes and
    none is chosen, and what reading the parts raises.
    """
    if not folder.is_dir():
        raise InputError(
            "not a folder",
            reason="path-missing",
            where=str(folder),
            hint="name the folder that the last step wrote",
        )
    content = hash_path(folder, progress=progress)
    index = read_records(steps)
    for text in chosen:
        _require_known(text, index)
    linked = [load_bom(read_bytes(path), str(path), "references") for path in boms]
    walk = _Walk(index, tuple(chosen))
    records = walk.back_from(content.digest)
    root_kind = _root_kind(records, content.digest, folder)
    parts = [record.fragment.graph for record in records]
    graph = _joined(parts, linked, artifact_node(root_kind, content))
    path = output or folder / BOM_NAME
    document = encode(graph, spec_version=spec_version, timestamp=source_date())
    digest = write_bom(document, path)
    return Assembled(path, digest, graph, _open_ends(graph))


class _Walk:
    """Walks back from a digest over records, each once."""

    def __init__(self, index: RecordIndex, chosen: tuple[str, ...]) -> None:
        self.index = index
        self.chosen = chosen

    def back_from(self, digest: Digest) -> list[Record]:
        found: dict[str, Record] = {}
        queue, seen = deque([digest]), {digest}
        while queue:
            record = self._pick(queue.popleft())
            if record is None or record.id in found:
                continue
            found[record.id] = record
            nodes = record.fragment.graph.nodes
            for name in record.fragment.inputs:
                before = nodes[name].digest
                if before is not None and before not in seen:
                    seen.add(before)
                    queue.append(before)
        return list(found.values())

    def _pick(self, digest: Digest) -> Record | None:
        records = self.index.generating(digest)
        if len(records) <= 1:
            return records[0] if records else None
        picked = [
            record
            for record in records
            if any(record.id.startswith(prefix) for prefix in self.chosen)
        ]
        if len(picked) == 1:
            return picked[0]
        listed = ", ".join(f"{r.id[:16]} ({r.location.name})" for r in records)
        raise InputError(
            f"{len(records)} step records generated {digest}: {listed}",
            reason="step-ambiguous",
            where=str(records[0].location.parent),
            hint="pick one of them: --step ID",
        )


def _require_known(text: str, index: RecordIndex) -> None:
    """A choice that names nothing would silently choose nothing."""
    if len(text) < _MINIMUM_PREFIX:
        raise UsageError(
            f"{text!r} is too short; give {_MINIMUM_PREFIX} digits or more",
            reason="step-unknown",
            where="--step",
            hint="leave --step out to see the ids to choose from",
        )
    if not any(record.id.startswith(text) for record in index.records()):
        raise UsageError(
            f"no record's id begins with {text!r}",
            reason="step-unknown",
            where="--step",
            hint="the id of a step is the name of its record's file",
        )


def _root_kind(records: list[Record], digest: Digest, folder: Path) -> Kind:
    for record in records:
        for name in record.fragment.outputs:
            node = record.fragment.graph.nodes[name]
            if node.digest == digest:
                return node.kind
    raise InputError(
        f"no step record generated these bytes ({digest})",
        reason="root-unexplained",
        where=str(folder),
        hint="record the step that makes it (aibom run), or name the folder of its "
        "records with --steps; a folder changed after its step is another folder",
    )


def _joined(parts: list[Graph], linked: list[BomFile], root: Node) -> Graph:
    nodes = [node for part in parts for node in part.nodes.values()]
    edges = [edge for part in parts for edge in part.edges]
    nodes.append(root)
    explained = {node.id for node in nodes}
    for bom in linked:
        _require_explains(bom, explained)
        nodes.extend(copied_nodes(bom, link=True))
        edges.extend(copied_edges(bom))
    return _named(Graph.of(nodes, edges, root.id))


def _named(graph: Graph) -> Graph:
    """Give what has no name of its own the names that those who used it call it by."""
    called = []
    for node in graph.nodes.values():
        if node.kind in ENTITY_KINDS and not node.values("name"):
            said = [
                fact
                for edge in graph.edges_into(node.id, Relation.USED)
                for fact in edge.facts
                if fact.field == "name"
            ]
            called.append(replace(node, facts=merge_facts((*node.facts, *said))))
    nodes = {**graph.nodes, **{node.id: node for node in called}}
    return Graph.of(nodes.values(), graph.edges, graph.root)


def _require_explains(bom: BomFile, known: set[str]) -> None:
    if bom.graph.root not in known:
        label = bom.graph.nodes[str(bom.graph.root)].label
        raise InputError(
            f"describes {label} ({bom.graph.root}), which nothing here used",
            reason="bom-unrelated",
            where=bom.where,
            hint="a BOM is joined by the digest of what it describes, never by name",
        )
    if not bom.link:
        raise InputError(
            "has no serial number, so it cannot be linked",
            reason="bom-not-linkable",
            where=bom.where,
            hint="ask its maker for one with a serialNumber",
        )


def _open_ends(graph: Graph) -> tuple[OpenEnd, ...]:
    """Entities upstream that nothing generated; pinned code is not an open end."""
    ends = []
    for name in graph.upstream(str(graph.root)).reached:
        node = graph.nodes[name]
        if node.kind not in ENTITY_KINDS - {Kind.CODE} or graph.generating_steps(name):
            continue
        users = [graph.nodes[hop.to].label for hop in graph.down(name)]
        ends.append(
            OpenEnd(name, node.label, node.kind.value, ", ".join(sorted(set(users))))
        )
    return tuple(ends)
