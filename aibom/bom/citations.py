"""CycloneDX 1.7 citations: by which reader, from which bytes, each field was supplied.

A citation has the pointers of the fields, who they are attributed to, and a time. The
origins of our facts give the first two: the cataloger as the tool that supplied them,
and the step as the process where the origin is the record of a step of this BOM. The
time is when that is said, which is the document's own and never invented: CycloneDX
demands one, so a document without a time has no citations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom import properties as names
from aibom.bom.losses import Loss, LossKind
from aibom.bom.native import component_fields, step_fields
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Fact, Kind, Node, Origin

__all__ = ["with_citations"]

_COMPONENT = {
    "name": "/name",
    "revision": "/version",
    "description": "/description",
    "source": "/purl",
    "licence": "/licenses/0",
}
_LISTED = {"parameter.": "parameters", "env.": "environmentVars"}
_STEP = {"label": "/name", "started": "/timeStart", "finished": "/timeEnd"}


def with_citations(
    document: dict[str, Any], graph: Graph
) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """A document of our profile in 1.7, with a citation for each origin of its facts.

    Facts of nodes are cited, those of edges are not. Where the document has no
    timestamp it is returned as it is, with one loss that says so.
    """
    when = document["metadata"].get("timestamp")
    if when is None:
        detail = "CycloneDX demands a time, and the document has none"
        loss = Loss(LossKind.MANDATORY_UNKNOWN, "citations.timestamp", "", detail)
        return document, (loss,)
    pointers = _pointers(document, graph)
    if not pointers:
        return document, ()
    catalogers = sorted({origin.cataloger for origin in pointers})
    citations = [
        _citation(number, origin, found, when, graph)
        for number, (origin, found) in enumerate(sorted(pointers.items()), 1)
    ]
    metadata = {**document["metadata"], "tools": _tools(document, catalogers)}
    return {**document, "metadata": metadata, "citations": citations}, ()


def _tools(document: Mapping[str, Any], catalogers: list[str]) -> dict[str, Any]:
    """The tools of the document, and the readers, which are named for the citations."""
    listed = list(document["metadata"].get("tools", {}).get("components", ()))
    listed += [
        {
            "type": "application",
            "bom-ref": _ref(name),
            "name": f"aibom cataloger {name}",
        }
        for name in catalogers
    ]
    return {"components": listed}


def _ref(cataloger: str) -> str:
    return f"aibom:cataloger:{cataloger}"


def _citation(
    number: int, origin: Origin, pointers: list[str], when: str, graph: Graph
) -> dict[str, Any]:
    step = graph.nodes.get(f"step:{origin.digest}") if origin.digest else None
    place = f"{origin.digest and 'sha256:' + origin.digest}{origin.pointer}"
    told = f"read {origin.mode}"
    return {
        "bom-ref": f"aibom:citation:{number}",
        "pointers": sorted(pointers),
        "timestamp": when,
        "attributedTo": _ref(origin.cataloger),
        **({"process": step.id} if step is not None else {}),
        "note": f"{told} from {place}" if place else told,
    }


def _pointers(document: Mapping[str, Any], graph: Graph) -> dict[Origin, list[str]]:
    found: dict[Origin, list[str]] = {}
    for pointer, element in _elements(document):
        node = graph.nodes.get(element.get("bom-ref", ""))
        if node is None:
            continue
        for fact, place in _places(node, element):
            for origin in fact.origins:
                found.setdefault(origin, []).append(f"{pointer}{place}")
    return found


def _elements(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "/metadata/component", document["metadata"]["component"]
    for key in ("components", "services"):
        for index, element in enumerate(document.get(key, ())):
            yield f"/{key}/{index}", element
    for index, formula in enumerate(document.get("formulation", ())):
        for number, workflow in enumerate(formula.get("workflows", ())):
            yield f"/formulation/{index}/workflows/{number}", workflow


def _places(node: Node, element: Mapping[str, Any]) -> Iterator[tuple[Fact, str]]:
    """Where each fact of a node stands in its element."""
    native = _native(node, element)
    listed = {
        (item.get("name"), item.get("value")): index
        for index, item in enumerate(element.get("properties", ()))
    }
    for fact in node.facts:
        if fact.value is None:
            index = listed.get((names.UNKNOWN, fact.field))
        elif (fact.field, fact.value) in native:
            yield fact, native[fact.field, fact.value]
            continue
        else:
            index = listed.get((f"{names.FACT}{fact.field}", fact.value))
        if index is not None:
            yield fact, f"/properties/{index}"


def _native(node: Node, element: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The facts that stand in fields of their own, by the place below the element."""
    if node.kind is Kind.STEP:
        held = step_fields(node)[2]
        places = {pair: _STEP[pair[0]] for pair in held if pair[0] in _STEP}
        return {**places, **dict(_inputs(element))}
    held = component_fields(node)[1]
    places = {pair: _COMPONENT[pair[0]] for pair in held if pair[0] in _COMPONENT}
    return {**places, **dict(_references(element))}


def _inputs(workflow: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for index, item in enumerate(workflow.get("inputs", ())):
        for prefix, key in _LISTED.items():
            for number, entry in enumerate(item.get(key, ())):
                if isinstance(entry, dict):
                    pair = (f"{prefix}{entry.get('name')}", str(entry.get("value")))
                    yield pair, f"/inputs/{index}/{key}/{number}"


def _references(element: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for index, item in enumerate(element.get("externalReferences", ())):
        place = f"/externalReferences/{index}"
        if item["type"] == "distribution":
            yield ("location", item["url"]), place
        elif item["type"] == "bom":
            for entry in item.get("hashes", ()):
                yield (
                    ("upstream-bom", f"{item['url']}@sha256:{entry['content']}"),
                    place,
                )
