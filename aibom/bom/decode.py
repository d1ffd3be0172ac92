"""CycloneDX → lineage: the inverse of :mod:`aibom.bom.encode`, for our profile.

Lineage is taken from formulation, from pedigree stubs that are not marked as derived,
and from ``aibom:`` properties; the derived views are ignored here
(:mod:`aibom.bom.profile` compares them). Judgements that somebody wrote into the
document count for nothing. A document without our profile is read by
:mod:`aibom.bom.foreign`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom import properties as names
from aibom.bom.facts import Origins, read_facts
from aibom.bom.foreign import decode_foreign
from aibom.bom.native import read_component_fields, read_step_fields
from aibom.bom.problem import shorten
from aibom.bom.properties import PLAIN_RELATIONS, value_of, values_of
from aibom.digest import Digest, File
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Kind, Node, Relation

__all__ = ["decode", "is_profiled"]

_METADATA = "/metadata/properties"
_MAX_SIZE_DIGITS = 19


def is_profiled(document: Mapping[str, Any]) -> bool:
    """Whether the document says that it is written in our profile."""
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and bool(values_of(metadata, names.PROFILE))


def decode(document: Mapping[str, Any], digest: str) -> Graph:
    """Read the lineage of a document that is valid at the level ``schema``.

    ``digest`` is the SHA-256 of the document's bytes; a foreign document's facts carry
    it as their origin. Whether the derived views agree is not asked here.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``profile-unsupported``,
    ``root-missing``, ``property-repeated``, ``property-malformed``, ``origin-invalid``,
    ``fact-invalid``, ``edge-invalid``, ``edge-dangling``, ``kind-contradicted``,
    ``digest-contradicted``, ``digest-malformed``, ``file-invalid``.
    """
    if not is_profiled(document):
        return decode_foreign(document, digest)
    version = value_of(document["metadata"], names.PROFILE, _METADATA)
    if version != names.PROFILE_VERSION:
        raise DocumentInvalid(
            f"written in profile {shorten(str(version), 40)}; this program reads "
            f"{names.PROFILE_VERSION}",
            reason="profile-unsupported",
            where=_METADATA,
        )
    return _Decoder(document).graph()


class _Decoder:
    """Collects the nodes and edges of one document; ``where`` is a JSON pointer."""

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
                where="/metadata/component",
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
        """Edges that stand in properties, and what ``aibom:edge`` adds to them."""
        found: dict[tuple[str, str, str, str], Edge] = {}
        for name, targets in names.by_name(element).items():
            relation, role = _plain_relation(name)
            if relation is None:
                continue
            for target in targets:
                edge = Edge(
                    (),
                    node.origins,
                    source=node.id,
                    relation=relation,
                    target=target,
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
        if value["relation"] not in set(Relation):
            raise DocumentInvalid(
                f"{shorten(value['relation'], 80)!r} is not a relation",
                reason="edge-invalid",
                where=where,
            )
        return Edge(
            facts,
            origins,
            extra,
            source=source,
            relation=Relation(value["relation"]),
            target=value["target"],
            role=value["role"],
        )

    def _party(self, text: str) -> None:
        value = names.parse_object(text, ("properties", "ref"), _METADATA)
        facts, origins, extra = read_facts(value, (), self.origins, _METADATA)
        ref = value["ref"]
        if not ref.startswith(f"{Kind.PARTY}:"):
            raise DocumentInvalid(
                f"{shorten(ref, 120)!r} is not the id of a party",
                reason="kind-contradicted",
                where=_METADATA,
            )
        self.nodes.append(Node(facts, origins, extra, id=ref, kind=Kind.PARTY))


def _plain_relation(name: str) -> tuple[Relation | None, str]:
    """What a property's name says: ``aibom:<relation>``, with ``:<role>`` or not."""
    space, _, rest = name.partition(":")
    head, _, role = rest.partition(":")
    return PLAIN_RELATIONS.get(f"{space}:{head}"), role


def _graph_extra(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(names.EXTRA): names.parse_json(
            names.only(found, name, _METADATA) or "", _METADATA
        )
        for name, found in names.by_name(metadata).items()
        if name.startswith(names.EXTRA)
    }


def _kind(element: Mapping[str, Any], ref: str, where: str) -> Kind:
    text = value_of(element, names.KIND, where)
    if text not in set(Kind) or not ref.startswith(f"{text}:"):
        raise DocumentInvalid(
            f"{shorten(ref, 120)!r} says aibom:kind {shorten(str(text), 40)!r}, "
            "which its bom-ref does not",
            reason="kind-contradicted",
            where=where,
        )
    return Kind(text)


def _files(element: Mapping[str, Any], where: str) -> tuple[File, ...]:
    """The nested components: the files of the folder that it is, sorted by path."""
    found = []
    for index, item in enumerate(element.get("components", ())):
        here = f"{where}/components/{index}"
        size = value_of(item, names.SIZE, here)
        hashes = [
            h["content"] for h in item.get("hashes", ()) if h.get("alg") == "SHA-256"
        ]
        if item.get("type") != "file" or len(hashes) != 1 or not _is_size(size):
            raise DocumentInvalid(
                "not a file with one SHA-256 and a size",
                reason="file-invalid",
                where=here,
            )
        digest = Digest("file", hashes[0], where=here)
        found.append(File(str(item["name"]), int(size or ""), digest))
    return tuple(sorted(found, key=lambda file: file.path))


def _is_size(text: str | None) -> bool:
    if text is None or len(text) > _MAX_SIZE_DIGITS:
        return False
    return text.isascii() and text.isdigit()


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
