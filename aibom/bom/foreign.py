"""CycloneDX documents that others wrote, read as claims.

Only what the specification gives a meaning is read: components with their names,
package URLs, versions, licences and SHA-256, ``pedigree.ancestors``, the datasets of a
model card, and ``dependencies`` between components. None of it closes lineage: without
a step there is only ``derived-from`` and ``requires``. What is not understood is left
out, never guessed; nothing is joined by name.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom.native import Pairs, read_component_fields
from aibom.bom.properties import canonical
from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.identity import entity_id, undigested_id
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin, Relation, merge_facts

__all__ = ["KINDS", "decode_foreign"]

#: What CycloneDX types of components are here; every other is code.
KINDS = {
    "machine-learning-model": Kind.MODEL,
    "data": Kind.DATASET,
    "application": Kind.SYSTEM,
}
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_MAIN = "/metadata/component"


def decode_foreign(document: Mapping[str, Any], digest: str) -> Graph:
    """Read what a foreign BOM claims; its main component is the root.

    ``document`` is valid at the level ``schema``; ``digest`` is the SHA-256 of its
    bytes, and the origin of every fact together with the place of its component. A
    component has its SHA-256 for identity where it states exactly one; else it is
    undigested. Components of type ``file`` and services are not read.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``root-missing`` without a main
    component, ``kind-contradicted`` where one digest is called two kinds of thing.
    """
    return _Foreign(document, digest).graph()


class _Foreign:
    """Collects the nodes and edges of one document."""

    def __init__(self, document: Mapping[str, Any], digest: str) -> None:
        self.document = document
        self.digest = digest
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.by_ref: dict[str, str] = {}

    def graph(self) -> Graph:
        named = [
            (where, element, self._component(element, where))
            for where, element in self._elements()
        ]
        if not named or named[0][0] != _MAIN:
            raise DocumentInvalid(
                "names no main component",
                reason="root-missing",
                where=_MAIN,
                hint="reports read it all the same: aibom report BOM",
            )
        for where, element, name in named:
            self._ancestors(name, element, where)
        for where, element, name in named:
            self._datasets(name, element, where)
        for index, entry in enumerate(self.document.get("dependencies", ())):
            where = f"/dependencies/{index}"
            source = self.by_ref.get(entry["ref"])
            for ref in entry.get("dependsOn", ()):
                target = self.by_ref.get(ref)
                self._edge(source, Relation.REQUIRES, target, "depends-on", where)
        return Graph.of(self.nodes, self.edges, named[0][2])

    def _elements(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every component, the main one first, then by depth of nesting."""
        pending = deque(
            (f"/components/{index}", item)
            for index, item in enumerate(self.document.get("components", ()))
        )
        main = self.document.get("metadata", {}).get("component")
        if main is not None:
            pending.appendleft((_MAIN, main))
        while pending:
            where, item = pending.popleft()
            if item["type"] == "file":
                continue
            yield where, item
            pending.extend(
                (f"{where}/components/{index}", inner)
                for index, inner in enumerate(item.get("components", ()))
            )

    def _component(self, element: Mapping[str, Any], where: str) -> str:
        kind = KINDS.get(element["type"], Kind.CODE)
        ref = element.get("bom-ref")
        stated = read_component_fields(element, "")
        hashes = [
            item["content"].lower()
            for item in element.get("hashes", ())
            if item["alg"] == "SHA-256" and _HEX.fullmatch(item["content"])
        ]
        digest = Digest("file", hashes[0]) if len(set(hashes)) == 1 else None
        name = self._node(kind, digest, stated, where, ref)
        if ref is not None:
            self.by_ref[ref] = name
        return name

    def _node(
        self,
        kind: Kind,
        digest: Digest | None,
        stated: Pairs,
        where: str,
        ref: str | None,
    ) -> str:
        if digest is None:
            known = {"facts": canonical(sorted(stated)), "ref": ref or where}
            name = undigested_id(kind, known)
        else:
            name = entity_id(kind, digest)
        origins = frozenset({Origin("bom", self.digest, where)})
        facts = merge_facts(Fact(field, value, origins) for field, value in stated)
        self.nodes.append(Node(facts, origins, id=name, kind=kind))
        return name

    def _ancestors(self, name: str, element: Mapping[str, Any], where: str) -> None:
        """Ancestors stand inline, and may have ancestors of their own."""
        pending = [(name, element, where)]
        while pending:
            child, owner, place = pending.pop()
            stubs = owner.get("pedigree", {}).get("ancestors", ())
            for index, stub in enumerate(stubs):
                if stub["type"] == "file":
                    continue
                here = f"{place}/pedigree/ancestors/{index}"
                parent = self._component(stub, here)
                self._edge(child, Relation.DERIVED_FROM, parent, "ancestor", here)
                pending.append((parent, stub, here))

    def _datasets(self, name: str, element: Mapping[str, Any], where: str) -> None:
        parameters = element.get("modelCard", {}).get("modelParameters", {})
        for index, item in enumerate(parameters.get("datasets", ())):
            here = f"{where}/modelCard/modelParameters/datasets/{index}"
            if "ref" in item:
                target = self.by_ref.get(item["ref"])
            elif item.get("type") == "dataset":  # an empty one is valid
                stated = _inline_dataset(item)
                ref = item.get("bom-ref")
                target = self._node(Kind.DATASET, None, stated, here, ref)
            else:
                continue
            self._edge(name, Relation.DERIVED_FROM, target, "training-data", here)

    def _edge(
        self,
        source: str | None,
        relation: Relation,
        target: str | None,
        role: str,
        where: str,
    ) -> None:
        """An edge between components that are there and are not the same bytes."""
        if source is None or target is None or source == target:
            return
        self.edges.append(
            Edge(
                (),
                frozenset({Origin("bom", self.digest, where)}),
                source=source,
                relation=relation,
                target=target,
                role=role,
            )
        )


def _inline_dataset(item: Mapping[str, Any]) -> Pairs:
    stated = {
        ("name", item.get("name")),
        ("description", item.get("description")),
        ("location", item.get("contents", {}).get("url")),
    }
    return frozenset((field, value) for field, value in stated if value)
