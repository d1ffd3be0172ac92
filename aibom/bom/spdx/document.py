"""One lineage graph as one SPDX 3.0.1 document, and the list of what it lost.

The document is a plain JSON value, in an order that depends on nothing but what it
says. Nothing in it is invented: the time is passed in, its author is the program, and
a profile is claimed only where all that it demands is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import aibom
from aibom.bom.losses import Loss, LossKind, sorted_losses
from aibom.bom.properties import canonical
from aibom.bom.spdx.elements import Elements
from aibom.bom.spdx.licences import Licences
from aibom.bom.spdx.names import CONTEXT, CREATION_INFO, SPEC_VERSION, Ids, element
from aibom.bom.spdx.relations import Relations
from aibom.errors import DocumentInvalid
from aibom.lineage.document import to_document
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind

__all__ = ["to_spdx"]


def to_spdx(
    graph: Graph,
    *,
    created: str,
    source: str = "",
    hashes: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType({}),
) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The graph in SPDX 3.0.1 as JSON-LD, and what could not be carried.

    ``created`` is the time of the document as ``2026-01-31T08:00:00Z``, which SPDX
    demands and which is never taken from a clock here; ``source`` is the SHA-256 of the
    BOM that the graph was read from, if any. ``hashes`` are by node what that BOM
    states beside the digest that the node is known by, as names of CycloneDX
    (:data:`~aibom.bom.spdx.names.HASHES`) and values. The result is checked by
    :func:`aibom.bom.spdx.check.checked_bytes` and by nothing here.

    Raises :class:`~aibom.errors.DocumentInvalid` (``root-missing``) for a graph that is
    about nothing.
    """
    if graph.root is None:
        raise DocumentInvalid(
            "an SPDX document is about something; the graph names no root",
            reason="root-missing",
        )
    ids = Ids(canonical([SPEC_VERSION, created, source, to_document(graph)]))
    elements, licences = Elements(graph, ids, hashes), Licences(ids)
    found: list[dict[str, Any]] = []
    for node in graph.nodes.values():
        found += elements.of(node)
        found += licences.of(node)
    relations = Relations(graph, ids)
    found += relations.all()
    losses = [*elements.losses, *licences.losses, *relations.losses]
    losses += [
        Loss(LossKind.NOT_CARRIED, f"extra.{key}", "", "a member that aibom keeps")
        for key in sorted(graph.extra)
    ]
    tools = _tools(ids)
    everything = sorted([*found, *tools], key=lambda one: str(one["spdxId"]))
    head = [_creation_info(tools, created), *_heads(graph, ids, everything, elements)]
    return {"@context": CONTEXT, "@graph": [*head, *everything]}, sorted_losses(losses)


def _tools(ids: Ids) -> list[dict[str, Any]]:
    """The program as the agent that wrote the document, and as the tool it used."""
    name = f"aibom {aibom.__version__}"
    return [
        element("SoftwareAgent", ids.of("aibom:agent"), name=name),
        element("Tool", ids.of("aibom:tool"), name=name),
    ]


def _creation_info(tools: list[dict[str, Any]], created: str) -> dict[str, Any]:
    agent, tool = tools
    return {
        "type": "CreationInfo",
        "@id": CREATION_INFO,
        "specVersion": SPEC_VERSION,
        "created": created,
        "createdBy": [agent["spdxId"]],
        "createdUsing": [tool["spdxId"]],
    }


def _heads(
    graph: Graph, ids: Ids, listed: list[dict[str, Any]], elements: Elements
) -> list[dict[str, Any]]:
    """The document, and the bill of materials in it."""
    root = graph.nodes[str(graph.root)]
    iris = [str(one["spdxId"]) for one in listed]
    profiles = _profiles(graph, elements.unmet)
    sbom = element(
        "software_Sbom",
        ids.of("aibom:sbom"),
        name=root.label,
        rootElement=[ids.of(root.id)],
        element=iris,
        profileConformance=profiles,
    )
    document = element(
        "SpdxDocument",
        ids.of("aibom:document"),
        name=root.label,
        rootElement=[sbom["spdxId"]],
        element=[sbom["spdxId"], *iris],
        profileConformance=profiles,
    )
    return [document, sbom]


def _profiles(graph: Graph, unmet: set[str]) -> list[str]:
    """The profiles whose demands are met, those that nothing here asks for left out."""
    kinds = {node.kind for node in graph.nodes.values()}
    found = ["core", "extension", "simpleLicensing", "software"]
    if Kind.STEP in kinds:
        found.append("build")
    for kind, profile in ((Kind.MODEL, "ai"), (Kind.DATASET, "dataset")):
        if kind in kinds and profile not in unmet:
            found.append(profile)
    return sorted(found)
