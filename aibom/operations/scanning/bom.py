"""Scan a BOM that somebody else wrote: all that can be read of it, as claims.

A valid document is read as everywhere. One that breaks its format is read as far as it
goes (:mod:`aibom.bom.tolerant`), and every problem is told with its place. Nothing is
written back: the document stays as it was received, and its digest is the origin of
every fact.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from aibom.bom.decode import decode, is_profiled
from aibom.bom.foreign import decode_foreign
from aibom.bom.parse import Parsed, parse, read_bytes
from aibom.bom.problem import Problem
from aibom.bom.tolerant import tolerant_view
from aibom.catalogers.findings import Finding
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.identity import undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation
from aibom.operations.validate import problems_of

__all__ = ["is_bom", "scan_document", "scan_parsed"]

_HEAD = 64 * 1024
_MAX_FINDINGS = 500


def is_bom(path: Path) -> bool:
    """Whether this is a file that calls itself a CycloneDX document in JSON.

    Only the first 64 KiB are looked at; what else is in it is not asked here.
    """
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and (
        b'"bomFormat"' in head and b'"CycloneDX"' in head
    )


def scan_document(path: Path) -> tuple[Graph, tuple[Finding, ...]]:
    """The lineage that a BOM claims, and everything that is wrong with it.

    A document without a main component gets a root that stands for what it is about,
    a ``system`` of which nothing is known but this inventory (``main-missing``).

    Raises :class:`~aibom.errors.DocumentInvalid` for what is no JSON object within the
    limits of :mod:`aibom.bom.parse`, :class:`~aibom.errors.InputError` for what cannot
    be read.
    """
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    return scan_parsed(parse(data, str(path)), digest, path.name)


def scan_parsed(
    parsed: Parsed, digest: str, name: str
) -> tuple[Graph, tuple[Finding, ...]]:
    """The same for a document that was read already; ``digest`` is that of its bytes.

    ``name`` is what findings call the file.
    """
    problems = list(
        problems_of(parsed.document, digest, "references", parsed.duplicate_keys)
    )
    graph = _as_ours(parsed.document, digest, problems)
    if graph is None:
        view, left_out = tolerant_view(parsed.document)
        problems += left_out
        graph = _read(view, digest, problems)
    findings = tuple(
        Finding(
            name,
            problem.pointer,
            problem.reason,
            "bom",
            problem.message[:300],
            unread=problem.message.startswith("left out"),
        )
        for problem in sorted(set(problems))[:_MAX_FINDINGS]
    )
    return graph, findings


def _as_ours(
    document: dict[str, Any], digest: str, problems: list[Problem]
) -> Graph | None:
    """A valid document of our profile; None where it is another's, or breaks it."""
    if problems or not is_profiled(document):
        return None
    try:
        return decode(document, digest)
    except DocumentInvalid as error:
        problems.append(
            Problem("profile", error.reason, error.where or "", error.message)
        )
        return None


def _read(view: dict[str, Any], digest: str, problems: list[Problem]) -> Graph:
    if "component" in view.get("metadata", {}):
        return decode_foreign(view, digest)
    problems.append(
        Problem("schema", "main-missing", "/metadata", "does not say what it is about")
    )
    stand_in = {"type": "application", "bom-ref": "", "name": ""}
    graph = decode_foreign({**view, "metadata": {"component": stand_in}}, digest)
    return _about_all(graph, digest)


def _about_all(graph: Graph, digest: str) -> Graph:
    """The root stands for what is described, and needs everything that is listed."""
    origin = frozenset({Origin("bom", digest)})
    root = Node(
        (Fact("described-by", f"sha256:{digest}", origin),),
        origin,
        id=undigested_id(Kind.SYSTEM, {"described-by": digest}),
        kind=Kind.SYSTEM,
    )
    listed = [node for name, node in graph.nodes.items() if name != graph.root]
    edges = [e for e in graph.edges if graph.root not in (e.source, e.target)]
    below = {e.target for e in edges}
    edges += [
        Edge(
            (),
            origin,
            source=root.id,
            relation=Relation.REQUIRES,
            target=node.id,
            role="component",
        )
        for node in listed
        if node.id not in below
    ]
    return Graph.of([root, *listed], edges, root.id)
