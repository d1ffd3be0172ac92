"""CycloneDX → lineage: the inverse of :mod:`.encode`, for documents in our profile.

Lineage is taken from formulation and from ``aibom:`` properties; the derived views are
ignored here (:mod:`.profile` compares them). Judgements that somebody wrote into the
document count for nothing. A document without our profile is read by :mod:`.foreign`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom import properties as names
from aibom.bom.foreign import decode_foreign
from aibom.bom.native import read_component_fields, read_step_fields
from aibom.bom.properties import Origins, read_facts, value_of, values_of
from aibom.digest import Digest, File
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Relation

__all__ = ["decode", "is_profiled"]

_PLAIN = {
    names.AGENT: Relation.PERFORMED_BY,
    names.ATTRIBUTED_TO: Relation.ATTRIBUTED_TO,
    names.REQUIRES: Relation.REQUIRES,
}


def is_profiled(document: Mapping[str, Any]) -> bool:
    """Whether the document says that it is written in our profile."""
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and bool(values_of(metadata, names.PROFILE))


def decode(document: Mapping[str, Any], digest: str) -> Graph:
    """Read the lineage of a document that is valid at the level ``schema``.

    ``digest`` is the SHA-256 of the document's bytes; a foreign document's facts carry it
    as their origin. Raises :class:`~aibom.errors.DocumentInvalid` for a profile version we
    do not know and for parts of our profile that cannot be read.
    """
    if not is_profiled(document):
        return decode_foreign(document, digest)
    version = value_of(document["metadata"], names.PROFILE, "metadata")
    if version != names.PROFILE_VERSION:
        raise DocumentInvalid(
            f"written in profile {version}; this program reads {names.PROFILE_VERSION}",
            reason="profile-unsupported",
            where="metadata.properties",
        )
    return _Decoder(document).graph()


class _Decoder:
    """Reads one document; ``elements`` yields each part with its place."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.metadata: Mapping[str, Any] = document["metadata"]
        self.origins = Origins.read(self.metadata)
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def graph(self) -> Graph:
        root = self.metadata.get("component")
        if not isinstance(root, dict) or "bom-ref" not in root:
            raise DocumentInvalid(
                "names no main component",
                reason="root-missing",
                where="metadata.component",
            )
        for where, element in self._components(root):
            self._component(element, where)
        for index, service in enumerate(self.document.get("services", ())):
            self._component(service, f"/services/{index}")
        for where, workflow in self._workflows():
            self._workflow(workflow, where)
        for text in values_of(self.metadata, names.PARTY):
            self._party(text)
        extra = _graph_extra(self.metadata)
        return Graph.of(self.nodes, self.edges, root["bom-ref"], extra)

    def _components(self, root: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield "/metadata/component", root
        for index, component in enumerate(self.document.get("components", ())):
            yield f"/components/{index}", component

    def _workflows(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for number, formula in enumerate(self.document.get("formulation", ())):
            for index, workflow in enumerate(formula.get("workflows", ())):
                yield f"/formulation/{number}/workflows/{index}", workflow

    def _component(self, element: Mapping[str, Any], where: str) -> None:
        ref = str(element.get("bom-ref", ""))
        kind = _kind(element, ref, where)
        native = read_component_fields(element, ref)
        facts, origins, extra = read_facts(element, native, self.origins, where)
        node = Node(
            facts, origins, extra, id=ref, kind=kind, files=_files(element, where)
        )
        _check_digest(node, element, where)
        self.nodes.append(node)
        self._plain_edges(node, element, where)
        for index, stub in enumerate(element.get("pedigree", {}).get("ancestors", ())):
            if not values_of(stub, names.VIEW):
                here = f"{where}/pedigree/ancestors/{index}"
                self._edge(ref, stub, value_of(stub, names.RELATION, here), None, here)

    def _workflow(self, element: Mapping[str, Any], where: str) -> None:
        ref = str(element["bom-ref"])
        kind = _kind(element, ref, where)
        native = read_step_fields(element)
        facts, origins, extra = read_facts(element, native, self.origins, where)
        node = Node(facts, origins, extra, id=ref, kind=kind)
        self.nodes.append(node)
        self._plain_edges(node, element, where)
        for key, relation in (
            ("inputs", Relation.USED),
            ("outputs", Relation.GENERATED),
        ):
            for index, item in enumerate(element.get(key, ())):
                if "resource" in item:
                    target = item["resource"].get("ref")
                    self._edge(
                        ref, item, relation.value, target, f"{where}/{key}/{index}"
                    )

    def _edge(
        self,
        source: str,
        element: Mapping[str, Any],
        relation: str | None,
        target: str | None,
        where: str,
    ) -> None:
        target = target if target is not None else value_of(element, names.REF, where)
        if not target or relation not in set(Relation):
            raise DocumentInvalid(
                "does not say which relation leads where",
                reason="edge-invalid",
                where=where,
            )
        facts, origins, extra = read_facts(element, (), self.origins, where)
        self.edges.append(
            Edge(
                facts,
                origins,
                extra,
                source=source,
                relation=Relation(relation),
                target=target,
                role=value_of(element, names.ROLE, where) or "",
            )
        )

    def _plain_edges(self, node: Node, element: Mapping[str, Any], where: str) -> None:
        found: dict[tuple[str, str, str, str], Edge] = {}
        for item in element.get("properties", ()):
            name, value = str(item.get("name")), str(item.get("value", ""))
            head, _, role = name.removeprefix("aibom:").partition(":")
            relation = (
                _PLAIN.get(f"aibom:{head}") if name.startswith("aibom:") else None
            )
            if relation is not None:
                edge = Edge(
                    (),
                    node.origins,
                    source=node.id,
                    relation=relation,
                    target=value,
                    role=role,
                )
                found[edge.key] = edge
        for text in values_of(element, names.EDGE):
            edge = self._detailed(node.id, text, where)
            if edge.key not in found:
                raise DocumentInvalid(
                    "an aibom:edge without its plain property",
                    reason="edge-invalid",
                    where=where,
                )
            found[edge.key] = edge
        self.edges.extend(found.values())

    def _detailed(self, source: str, text: str, where: str) -> Edge:
        value = names.parse_object(
            text, ("properties", "relation", "role", "target"), where
        )
        facts, origins, extra = read_facts(value, (), self.origins, where)
        if value["relation"] not in set(_PLAIN.values()):
            raise DocumentInvalid(
                f"{value['relation']!r} does not stand in a property",
                reason="edge-invalid",
                where=where,
            )
        return Edge(
            facts,
            origins,
            extra,
            source=source,
            relation=Relation(value["relation"]),
            target=str(value["target"]),
            role=str(value["role"]),
        )

    def _party(self, text: str) -> None:
        where = "metadata property aibom:party"
        value = names.parse_object(text, ("properties", "ref"), where)
        facts, origins, extra = read_facts(value, (), self.origins, where)
        self.nodes.append(
            Node(facts, origins, extra, id=str(value["ref"]), kind=Kind.PARTY)
        )


def _graph_extra(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(item["name"]).removeprefix(names.EXTRA): names.parse_json(
            str(item.get("value", "")), "metadata.properties"
        )
        for item in metadata.get("properties", ())
        if str(item.get("name")).startswith(names.EXTRA)
    }


def _kind(element: Mapping[str, Any], ref: str, where: str) -> Kind:
    text = value_of(element, names.KIND, where)
    if text not in set(Kind) or not ref.startswith(f"{text}:"):
        raise DocumentInvalid(
            f"{ref!r} says aibom:kind {text!r}, which its bom-ref does not",
            reason="kind-contradicted",
            where=where,
        )
    return Kind(text)


def _files(element: Mapping[str, Any], where: str) -> tuple[File, ...]:
    found = []
    for index, item in enumerate(element.get("components", ())):
        here = f"{where}/components/{index}"
        size = value_of(item, names.SIZE, here)
        hashes = [
            h["content"] for h in item.get("hashes", ()) if h.get("alg") == "SHA-256"
        ]
        if item.get("type") != "file" or len(hashes) != 1 or not (size or "").isdigit():
            raise DocumentInvalid(
                "not a file with one SHA-256 and a size",
                reason="file-invalid",
                where=here,
            )
        digest = Digest("file", hashes[0], where=here)
        found.append(File(str(item["name"]), int(size or ""), digest))
    return tuple(found)


def _check_digest(node: Node, element: Mapping[str, Any], where: str) -> None:
    """The digest an id is made of must be the one the component shows."""
    shown = [
        h.get("content") for h in element.get("hashes", ()) if h.get("alg") == "SHA-256"
    ]
    tree = value_of(element, names.TREE, where)
    digest = node.digest
    wanted: tuple[list[str], str | None] = ([], None)
    if digest is not None:
        wanted = ([digest.value], None) if digest.form == "file" else ([], digest.value)
    if (shown, tree) != wanted:
        raise DocumentInvalid(
            "the digest in its bom-ref is not the one it shows",
            reason="digest-contradicted",
            where=where,
        )
