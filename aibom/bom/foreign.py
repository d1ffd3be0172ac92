"""CycloneDX documents that others wrote, read as claims.

Only what the specification gives a meaning is read: components with their names, package
URLs, versions, licences and SHA-256, ``pedigree.ancestors``, model-card datasets, and
``dependencies``. None of it closes lineage: without a step there is only ``derived-from``
and ``requires``. What is not understood is left out, never guessed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom.native import read_component_fields
from aibom.bom.properties import canonical
from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.lineage.build import facts_of
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation, merge_facts

__all__ = ["decode_foreign"]

_KINDS = {
    "machine-learning-model": Kind.MODEL,
    "data": Kind.DATASET,
    "application": Kind.SYSTEM,
}
_HEX = re.compile(r"[0-9a-fA-F]{64}")


def decode_foreign(document: Mapping[str, Any], digest: str) -> Graph:
    """Read what a foreign BOM claims; its main component, if any, is the root.

    Raises :class:`~aibom.errors.DocumentInvalid` when the claims do not make a graph.
    """
    return _Foreign(document, digest).graph()


class _Foreign:
    def __init__(self, document: Mapping[str, Any], digest: str) -> None:
        self.document = document
        self.digest = digest
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.by_ref: dict[str, str] = {}

    def graph(self) -> Graph:
        root = None
        elements = list(self._elements())
        for where, element in elements:
            name = self._node(element, where)
            if where == "/metadata/component":
                root = name
        for where, element in elements:
            self._claims(element, where)
        for index, entry in enumerate(self.document.get("dependencies", ())):
            where = f"/dependencies/{index}"
            for target in entry.get("dependsOn", ()):
                self._edge(
                    entry.get("ref"), Relation.REQUIRES, target, "depends-on", where
                )
        if root is None:
            raise DocumentInvalid(
                "names no main component",
                reason="root-missing",
                where="/metadata/component",
            )
        return Graph.of(self.nodes.values(), self.edges, root)

    def _elements(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        metadata = self.document.get("metadata", {})
        pending = deque(
            (f"/components/{index}", item)
            for index, item in enumerate(self.document.get("components", ()))
        )
        if "component" in metadata:
            pending.appendleft(("/metadata/component", metadata["component"]))
        while pending:
            where, item = pending.popleft()
            if item.get("type") == "file":
                continue
            yield where, item
            pending.extend(
                (f"{where}/components/{index}", inner)
                for index, inner in enumerate(item.get("components", ()))
            )

    def _node(self, element: Mapping[str, Any], where: str) -> str:
        origin = Origin("bom", self.digest, where)
        kind = _KINDS.get(str(element.get("type")), Kind.CODE)
        pairs = read_component_fields(element, "")
        hashes = [
            str(item["content"]).lower()
            for item in element.get("hashes", ())
            if item.get("alg") == "SHA-256" and _HEX.fullmatch(str(item["content"]))
        ]
        if len(hashes) == 1:
            name = entity_id(kind, Digest("file", hashes[0]))
        else:
            stated = canonical(sorted(pairs))
            ref = str(element.get("bom-ref", where))
            name = undigested_id(kind, {"facts": stated, "ref": ref})
        facts = merge_facts(Fact(f, v, frozenset({origin})) for f, v in pairs)
        node = Node(facts, frozenset({origin}), id=name, kind=kind)
        known = self.nodes.get(name)
        self.nodes[name] = known.merged(node) if known else node
        if "bom-ref" in element:
            self.by_ref[str(element["bom-ref"])] = name
        return name

    def _claims(self, element: Mapping[str, Any], where: str) -> None:
        own = self.by_ref.get(str(element.get("bom-ref", "")))
        if own is None:
            return
        for index, stub in enumerate(element.get("pedigree", {}).get("ancestors", ())):
            here = f"{where}/pedigree/ancestors/{index}"
            target = self._node(stub, here)
            self._add(own, Relation.DERIVED_FROM, target, "ancestor", here)
        parameters = element.get("modelCard", {}).get("modelParameters", {})
        for index, item in enumerate(parameters.get("datasets", ())):
            here = f"{where}/modelCard/modelParameters/datasets/{index}"
            if "ref" in item:
                self._edge(
                    str(element["bom-ref"]),
                    Relation.DERIVED_FROM,
                    item["ref"],
                    "training-data",
                    here,
                )

    def _edge(
        self, source: Any, relation: Relation, target: Any, role: str, where: str
    ) -> None:
        ends = self.by_ref.get(str(source)), self.by_ref.get(str(target))
        if ends[0] and ends[1]:
            self._add(ends[0], relation, ends[1], role, where)

    def _add(
        self, source: str, relation: Relation, target: str, role: str, where: str
    ) -> None:
        if source == target:
            return
        origin = Origin("bom", self.digest, where)
        self.edges.append(
            Edge(
                facts_of({}, origin),
                frozenset({origin}),
                source=source,
                relation=relation,
                target=target,
                role=role,
            )
        )
