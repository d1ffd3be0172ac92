"""The graph's own document form: ``schemas/lineage-1.json``.

Lossless in both directions: ``from_document(to_document(graph)) == graph``. Members
that this version does not know are kept where they stood and written back, so that a
newer document survives an older program. Origins are a table; facts refer to it by
index. Facts, files and origins are closed: half of one is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from aibom.digest import Digest, File
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import (
    Edge,
    Fact,
    Facts,
    Kind,
    Node,
    Origin,
    Relation,
    merge_facts,
)
from aibom.statement import BASE_URI

__all__ = ["API_VERSION", "SCHEMA", "from_document", "to_document"]

E = TypeVar("E", Kind, Relation)

API_VERSION = "aibom/lineage/v1"
SCHEMA = f"{BASE_URI}schemas/lineage-1.json"
_NODE = frozenset({"id", "kind", "facts", "origins", "files"})
_EDGE = frozenset({"source", "relation", "target", "role", "facts", "origins"})
_FACT = frozenset({"field", "value", "origins"})
_FILE = frozenset({"path", "size", "sha256"})
_ORIGIN = frozenset({"cataloger", "digest", "pointer", "mode"})
_TOP = frozenset({"$schema", "apiVersion", "root", "origins", "nodes", "edges"})


def to_document(graph: Graph) -> dict[str, Any]:
    """The graph as JSON-ready values, in canonical order."""
    carriers: tuple[Facts, ...] = (*graph.nodes.values(), *graph.edges)
    table = sorted(
        {o for c in carriers for o in c.origins}
        | {o for c in carriers for fact in c.facts for o in fact.origins}
    )
    index = {origin: number for number, origin in enumerate(table)}
    document: dict[str, Any] = {
        **graph.extra,
        "$schema": SCHEMA,
        "apiVersion": API_VERSION,
        "origins": [_origin(origin) for origin in table],
        "nodes": [_node(node, index) for node in graph.nodes.values()],
        "edges": [_edge(edge, index) for edge in graph.edges],
    }
    if graph.root is not None:
        document["root"] = graph.root
    return document


def _origin(origin: Origin) -> dict[str, str]:
    document = {"cataloger": origin.cataloger, "mode": origin.mode}
    if origin.digest:
        document["digest"] = origin.digest
    if origin.pointer:
        document["pointer"] = origin.pointer
    return document


def _shared(facts: Facts, index: Mapping[Origin, int]) -> dict[str, Any]:
    return {
        **facts.extra,
        "origins": sorted(index[origin] for origin in facts.origins),
        "facts": [
            {
                "field": fact.field,
                "value": fact.value,
                "origins": sorted(index[origin] for origin in fact.origins),
            }
            for fact in facts.facts
        ],
    }


def _node(node: Node, index: Mapping[Origin, int]) -> dict[str, Any]:
    document = {**_shared(node, index), "id": node.id, "kind": node.kind.value}
    if node.files:
        document["files"] = [
            {"path": file.path, "size": file.size, "sha256": file.digest.value}
            for file in node.files
        ]
    return document


def _edge(edge: Edge, index: Mapping[Origin, int]) -> dict[str, Any]:
    document = {
        **_shared(edge, index),
        "source": edge.source,
        "relation": edge.relation.value,
        "target": edge.target,
    }
    if edge.role:
        document["role"] = edge.role
    return document


def from_document(document: Any, where: str) -> Graph:
    """Read a graph; raises :class:`~aibom.errors.DocumentInvalid` naming the member.

    The document's shape is checked as the schema has it; ids are not recomputed.
    """
    top = _object(document, where)
    if top.get("apiVersion") != API_VERSION:
        raise DocumentInvalid(
            f"apiVersion is {top.get('apiVersion')!r}, not {API_VERSION}",
            reason="api-version-unsupported",
            where=where,
        )
    table = [
        _read_origin(item, f"{where}#/origins/{n}")
        for n, item in enumerate(_list(top.get("origins", []), f"{where}#/origins"))
    ]
    nodes = [
        _read_node(item, table, f"{where}#/nodes/{n}")
        for n, item in enumerate(_list(top.get("nodes"), f"{where}#/nodes"))
    ]
    edges = [
        _read_edge(item, table, f"{where}#/edges/{n}")
        for n, item in enumerate(_list(top.get("edges"), f"{where}#/edges"))
    ]
    root = top.get("root")
    return Graph.of(
        nodes,
        edges,
        root if root is None else _text(root, f"{where}#/root"),
        _extra(top, _TOP),
    )


def _extra(mapping: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in known}


def _read_origin(item: Any, where: str) -> Origin:
    mapping = _closed_object(item, _ORIGIN, where)
    members = {name: _text(value, f"{where}/{name}") for name, value in mapping.items()}
    with _placed(where):
        return Origin(members.pop("cataloger", ""), **members)


def _read_origins(item: Any, table: list[Origin], where: str) -> frozenset[Origin]:
    numbers = _list(item, where)
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            raise DocumentInvalid("an origin is referred to by its index", where=where)
        if not 0 <= number < len(table):
            raise DocumentInvalid(f"there is no origin {number}", where=where)
    return frozenset(table[number] for number in numbers)


def _read_facts(item: Any, table: list[Origin], where: str) -> tuple[Fact, ...]:
    return merge_facts(
        _read_fact(raw, table, f"{where}/{number}")
        for number, raw in enumerate(_list(item, where))
    )


def _read_fact(item: Any, table: list[Origin], where: str) -> Fact:
    mapping = _closed_object(item, _FACT, where)
    if "value" not in mapping:
        raise DocumentInvalid("a fact without a value says null", where=where)
    value = mapping["value"]
    name = _text(mapping.get("field"), f"{where}/field")
    said_by = _read_origins(mapping.get("origins"), table, f"{where}/origins")
    if value is not None:
        value = _text(value, f"{where}/value")
    with _placed(where):
        return Fact(name, value, said_by)


def _read_node(item: Any, table: list[Origin], where: str) -> Node:
    mapping = _object(item, where)
    return Node(
        _read_facts(mapping.get("facts", []), table, f"{where}/facts"),
        _read_origins(mapping.get("origins", []), table, f"{where}/origins"),
        _extra(mapping, _NODE),
        id=_text(mapping.get("id"), f"{where}/id"),
        kind=_choice(Kind, mapping.get("kind"), f"{where}/kind"),
        files=_read_files(mapping.get("files", []), f"{where}/files"),
    )


def _read_files(item: Any, where: str) -> tuple[File, ...]:
    return tuple(
        _read_file(raw, f"{where}/{number}")
        for number, raw in enumerate(_list(item, where))
    )


def _read_file(item: Any, where: str) -> File:
    mapping = _closed_object(item, _FILE, where)
    size = mapping.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise DocumentInvalid("size is a number of bytes", where=f"{where}/size")
    path = _text(mapping.get("path"), f"{where}/path")
    value = _text(mapping.get("sha256"), f"{where}/sha256")
    return File(path, size, Digest("file", value, where=f"{where}/sha256"))


def _read_edge(item: Any, table: list[Origin], where: str) -> Edge:
    mapping = _object(item, where)
    return Edge(
        _read_facts(mapping.get("facts", []), table, f"{where}/facts"),
        _read_origins(mapping.get("origins", []), table, f"{where}/origins"),
        _extra(mapping, _EDGE),
        source=_text(mapping.get("source"), f"{where}/source"),
        relation=_choice(Relation, mapping.get("relation"), f"{where}/relation"),
        target=_text(mapping.get("target"), f"{where}/target"),
        role=_text(mapping.get("role", ""), f"{where}/role"),
    )


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DocumentInvalid("must be an object", where=where)
    return value


def _closed_object(value: Any, known: frozenset[str], where: str) -> Mapping[str, Any]:
    mapping = _object(value, where)
    unknown = mapping.keys() - known
    if unknown:
        raise DocumentInvalid(f"unknown member {min(unknown)!r}", where=where)
    return mapping


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise DocumentInvalid("must be a list", where=where)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise DocumentInvalid("must be a text", where=where)
    return value


def _choice(choices: type[E], value: Any, where: str) -> E:
    try:
        return choices(value)
    except ValueError:
        listed = ", ".join(choice.value for choice in choices)
        raise DocumentInvalid(
            f"{repr(value)[:100]} is not one of: {listed}", where=where
        ) from None


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """Give what a value refuses about itself the place where it stands."""
    try:
        yield
    except DocumentInvalid as error:
        raise DocumentInvalid(
            error.message, reason=error.reason, where=where, hint=error.hint
        ) from None
