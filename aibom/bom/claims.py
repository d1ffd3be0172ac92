"""Which leaves of somebody else's components came to be facts, digests and edges.

The counterpart of :mod:`aibom.bom.foreign`, and deliberately not its code: that reads
a document into a graph, and this looks each leaf up in the graph that came of it, by
the place that the graph's origins name. What is not found there is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aibom.bom.foreign import KINDS
from aibom.bom.leaves import Lost, Path
from aibom.bom.losses import Loss, LossKind
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Node

__all__ = ["Claims", "StatedHash"]

_HEX = re.compile(r"[0-9a-f]{32,128}")
_FACTS = {
    "name": "name",
    "version": "revision",
    "description": "description",
    "purl": "source",
}
_OUTSIDE = "no part of the lineage"
_NOT_READ = "was not read"
_AGAIN = "says again what stands elsewhere"
_NOWHERE = "leads to nothing that was read"

_Pairs = set[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class StatedHash:
    """A hash of a component, which identifies nothing here but can be handed on."""

    node: str
    algorithm: str
    value: str
    path: Path


class Claims:
    """Goes through the components of one document, and notes what is lost.

    Call :meth:`component` and :meth:`components` for those at the top, then
    :meth:`walk`, then :meth:`dependencies`.
    """

    def __init__(self, graph: Graph, digest: str) -> None:
        self.lost: list[Lost] = []
        self._nodes: dict[str, Node] = {}
        self._facts: dict[str, _Pairs] = {}
        self._edges: dict[str, set[tuple[str, str, str]]] = {}
        self._claimed: set[tuple[str, str, str]] = set()
        self._refs: dict[str, str] = {}
        self._seen: Counter[str] = Counter()
        self._hashes: list[tuple[StatedHash, int]] = []
        self._shapes: Counter[tuple[str, str]] = Counter()
        self._pending: list[tuple[Any, Path, Node | None]] = []
        self._later: list[tuple[Any, Path, Node]] = []
        for node in graph.nodes.values():
            for origin in node.origins:
                if origin.digest == digest:
                    self._nodes[origin.pointer] = node
            for fact in node.facts:
                for origin in fact.origins:
                    if origin.digest == digest:
                        pairs = self._facts.setdefault(origin.pointer, set())
                        pairs.add((fact.field, fact.value))
        for edge in graph.edges:
            for origin in edge.origins:
                if origin.digest == digest:
                    found = self._edges.setdefault(origin.pointer, set())
                    found.add((edge.source, edge.target, edge.role))

    # ── what is lost ────────────────────

    def _lose(self, path: Path, value: Any, detail: str = _OUTSIDE) -> None:
        self.lost.append(Lost.whole(LossKind.NOT_READ, path, detail, value))

    def _others(self, item: Mapping[str, Any], path: Path, *known: str) -> None:
        for key, value in item.items():
            if key not in known:
                self._lose((*path, key), value)

    def _each(
        self, value: Any, path: Path, take: Callable[[Mapping[str, Any], Path], None]
    ) -> None:
        """Each object of a list; what is neither is lost."""
        if not isinstance(value, list):
            self._lose(path, value, _NOT_READ)
            return
        for index, item in enumerate(value):
            if isinstance(item, dict):
                take(item, (*path, index))
            else:
                self._lose((*path, index), item, _NOT_READ)

    def shapes(self) -> list[Loss]:
        """How things stood to each other, where that is not read."""
        return [
            Loss(LossKind.NOT_READ, field, "", detail, count)
            for (field, detail), count in sorted(self._shapes.items())
        ]

    def hashes(self) -> tuple[StatedHash, ...]:
        """Those that nothing contradicts; each other is told to be contradicted."""
        values: dict[tuple[str, str], set[str]] = {}
        for one, _ in self._hashes:
            values.setdefault((one.node, one.algorithm), set()).add(one.value)
        found = []
        for one, place in self._hashes:
            if len(values[one.node, one.algorithm]) > 1:
                detail = f"contradicted: more than one {one.algorithm} of one thing"
                was = self.lost[place]
                self.lost[place] = Lost(was.kind, was.path, detail, was.leaves)
            elif one.algorithm != "SHA-256":
                found.append(one)
        return tuple(found)

    # ── components ────────────────────

    def component(self, value: Any, path: Path, owner: Node | None) -> None:
        """One component, to be gone through by :meth:`walk`."""
        self._pending.append((value, path, owner))

    def components(self, value: Any, path: Path, owner: Node | None) -> None:
        """A list of components; those in a component are its parts."""
        if not isinstance(value, list):
            self._lose(path, value, _NOT_READ)
            return
        self._pending += [
            (item, (*path, index), owner) for index, item in enumerate(value)
        ]

    def walk(self) -> None:
        """Go through all components, and then through what refers to them."""
        while self._pending:
            item, path, owner = self._pending.pop()
            node = self._nodes.get(_pointer(path))
            if node is None or not isinstance(item, dict):
                self._lose(path, item, _NOT_READ)
                continue
            if owner is not None:
                detail = "of what it is a part is not read"
                self._shapes["components", detail] += 1
            self._component(item, path, node)
        for value, path, node in self._later:
            self._each(value, path, partial(self._dataset, node))

    def _component(self, item: Mapping[str, Any], path: Path, node: Node) -> None:
        pairs = self._facts.get(_pointer(path), set())
        for key, value in item.items():
            here = (*path, key)
            if key in _FACTS:
                if not _is_said(_FACTS[key], value, pairs):
                    self._lose(here, value, _NOT_READ)
            elif key in _MEMBERS:
                _MEMBERS[key](self, value, here, node, pairs)
            else:
                self._lose(here, value)

    def _type(self, value: Any, path: Path, _node: Node, _pairs: _Pairs) -> None:
        if value not in KINDS:
            detail = "software of whatever type is code"
            self.lost.append(Lost(LossKind.APPROXIMATED, path, detail))

    def _ref(self, value: Any, path: Path, node: Node, _pairs: _Pairs) -> None:
        detail = "things have the names here that their content gives them"
        self.lost.append(Lost.whole(LossKind.CHANGED, path, detail, value))
        if isinstance(value, str):
            self._refs[value] = node.id
            self._seen[value] += 1

    def _licences(self, value: Any, path: Path, _node: Node, pairs: _Pairs) -> None:
        def one(item: Mapping[str, Any], here: Path) -> None:
            licence = item.get("license")
            inner = licence if isinstance(licence, dict) else {}
            places = (
                (item.get("expression"), (*here, "expression")),
                (inner.get("id"), (*here, "license", "id")),
                (inner.get("name"), (*here, "license", "name")),
            )
            stated = [p for text, p in places if _is_said("licence", text, pairs)]
            read = stated[:1]
            for key, member in item.items():
                if key == "license" and inner:
                    for name, text in inner.items():
                        if (*here, key, name) not in read:
                            self._lose((*here, key, name), text)
                elif (*here, key) not in read:
                    self._lose((*here, key), member)

        self._each(value, path, one)

    def _stated(self, value: Any, path: Path, node: Node, _pairs: _Pairs) -> None:
        def one(item: Mapping[str, Any], here: Path) -> None:
            algorithm, content = item.get("alg"), item.get("content")
            if not isinstance(algorithm, str) or not isinstance(content, str):
                self._lose(here, item, _NOT_READ)
                return
            stated = content.lower()
            own = node.digest.value if node.digest is not None else ""
            self._others(item, here, "alg", "content")
            if algorithm == "SHA-256" and stated == own:
                return
            detail = (
                "identifies nothing: these bytes are called two kinds of thing"
                if algorithm == "SHA-256"
                else "a thing is known by its SHA-256"
            )
            if _HEX.fullmatch(stated):
                told = StatedHash(node.id, algorithm, stated, here)
                self._hashes.append((told, len(self.lost)))
            self.lost.append(Lost(LossKind.NOT_READ, here, detail, 2))

        self._each(value, path, one)

    def _references(self, value: Any, path: Path, _node: Node, pairs: _Pairs) -> None:
        def one(item: Mapping[str, Any], here: Path) -> None:
            kind, url = item.get("type"), item.get("url")
            if kind == "distribution" and _is_said("location", url, pairs):
                self._others(item, here, "type", "url")
            elif kind == "bom" and _upstream(item, pairs):
                self._others(item, here, "type", "url", "hashes")
                self._each(item["hashes"], (*here, "hashes"), upstream(url))
            else:
                self._lose(here, item)

        def upstream(url: Any) -> Callable[[Mapping[str, Any], Path], None]:
            def entry(item: Mapping[str, Any], here: Path) -> None:
                if _is_upstream(url, item, pairs):
                    self._others(item, here, "alg", "content")
                else:
                    self._lose(here, item)

            return entry

        self._each(value, path, one)

    def _pedigree(self, value: Any, path: Path, node: Node, _pairs: _Pairs) -> None:
        if not isinstance(value, dict):
            self._lose(path, value, _NOT_READ)
            return
        self._others(value, path, "ancestors")
        ancestors = value.get("ancestors", [])
        self.components(ancestors, (*path, "ancestors"), None)
        for index, _ in enumerate(ancestors if isinstance(ancestors, list) else ()):
            here = _pointer((*path, "ancestors", index))
            if here in self._nodes and here not in self._edges:
                detail = "is an ancestor of its own bytes, which is no edge"
                self._shapes["ancestors", detail] += 1

    # ── what refers to components ────────────────────

    def _card(self, value: Any, path: Path, node: Node, _pairs: _Pairs) -> None:
        if not isinstance(value, dict):
            self._lose(path, value, _NOT_READ)
            return
        self._others(value, path, "modelParameters")
        parameters = value.get("modelParameters", {})
        here = (*path, "modelParameters")
        if not isinstance(parameters, dict):
            self._lose(here, parameters, _NOT_READ)
            return
        self._others(parameters, here, "datasets")
        if "datasets" in parameters:
            self._later.append((parameters["datasets"], (*here, "datasets"), node))

    def _dataset(self, _model: Node, item: Mapping[str, Any], path: Path) -> None:
        pointer = _pointer(path)
        edges = self._edges.get(pointer, set())
        node = self._nodes.get(pointer)
        if "ref" in item:
            self._others(item, path, "ref")
            edge = next(iter(edges), None)
            if edge is None:
                self._lose((*path, "ref"), item["ref"], _NOWHERE)
            else:
                self._claim(edge, path, "ref", item["ref"])
        elif node is None:
            self._lose(path, item, _NOT_READ)
        else:
            self._inline(item, path, self._facts.get(pointer, set()))

    def _inline(self, item: Mapping[str, Any], path: Path, pairs: _Pairs) -> None:
        for key, value in item.items():
            here = (*path, key)
            if key == "contents" and isinstance(value, dict):
                said = _is_said("location", value.get("url"), pairs)
                self._others(value, here, *(("url",) if said else ()))
            elif key != "type" and not (
                key in ("name", "description") and _is_said(key, value, pairs)
            ):
                self._lose(here, value)

    def _claim(
        self, edge: tuple[str, str, str], path: Path, key: str | int, value: Any
    ) -> bool:
        """Whether this place is the first that says so."""
        if edge in self._claimed:
            self._lose((*path, key), value, _AGAIN)
            return False
        self._claimed.add(edge)
        return True

    def dependencies(self, value: Any) -> None:
        """What needs what."""
        self._each(value, ("dependencies",), self._dependency)

    def _dependency(self, item: Mapping[str, Any], path: Path) -> None:
        edges = {t: (s, t, r) for s, t, r in self._edges.get(_pointer(path), ())}
        self._others(item, path, "ref", "dependsOn")
        listed, found = item.get("dependsOn", []), False
        here = (*path, "dependsOn")
        if not isinstance(listed, list):
            self._lose(here, listed, _NOT_READ)
            listed = []
        for index, ref in enumerate(listed):
            edge = edges.get(self._named(ref))
            if edge is None:
                self._lose((*here, index), ref, _NOWHERE)
            else:
                found |= self._claim(edge, here, index, ref)
        if not found and "ref" in item:
            detail = _NOWHERE if listed else "says that it needs nothing"
            self._lose((*path, "ref"), item["ref"], detail)

    def _named(self, ref: Any) -> str:
        """The node of a name that stands once; empty for every other."""
        if not isinstance(ref, str) or self._seen[ref] != 1:
            return ""
        return self._refs[ref]


_MEMBERS: dict[str, Callable[[Claims, Any, Path, Node, _Pairs], None]] = {
    "type": Claims._type,
    "bom-ref": Claims._ref,
    "licenses": Claims._licences,
    "hashes": Claims._stated,
    "externalReferences": Claims._references,
    "modelCard": Claims._card,
    "pedigree": Claims._pedigree,
    "components": lambda self, value, path, node, _: self.components(value, path, node),
}


def _is_said(field: str, value: Any, pairs: _Pairs) -> bool:
    return isinstance(value, str) and (field, value) in pairs


def _upstream(item: Mapping[str, Any], pairs: _Pairs) -> bool:
    hashes = item.get("hashes")
    return isinstance(hashes, list) and any(
        _is_upstream(item.get("url"), entry, pairs) for entry in hashes
    )


def _is_upstream(url: Any, entry: Any, pairs: _Pairs) -> bool:
    if not isinstance(entry, dict) or entry.get("alg") != "SHA-256":
        return False
    return ("upstream-bom", f"{url}@sha256:{entry.get('content')}") in pairs


def _pointer(path: Path) -> str:
    """As origins have it: whole however long, of members that need no escape."""
    return "".join(f"/{step}" for step in path)
