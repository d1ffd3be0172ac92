"""What a place has at all, so that nobody looks for what cannot be there.

Most places have little of what a profile asks for. :func:`present` notes once what one
has, by the first steps of a path, and :func:`may_find` whether a probe could find
anything among it. Where it says no, the probe would find nothing; where it says yes,
that is still to be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aibom.lineage.nodes import Relation
from aibom.report.completeness.found import Place
from aibom.report.completeness.profile import Probe, ProbeKind

__all__ = ["Present", "may_find", "present"]

#: What a place has: kinds of probes with paths or fields, all as text.
Present = frozenset[str]

#: Names of objects within objects that are noted; what lies deeper is looked at.
_DEEPEST = 3
#: Kinds that need a step that made the node.
_OF_STEPS = frozenset({ProbeKind.STEP, ProbeKind.STEP_FACT})
#: Questions to the graph that what lies below a node may answer.
_OF_BELOW = frozenset({"used-by", "evaluation-data", "any"})
_ABOVE, _BELOW = frozenset({"up"}), frozenset({"up", "down"})
_ATTRIBUTED = f"up {Relation.ATTRIBUTED_TO.value}"
#: Where CycloneDX has properties.
_WITH_PROPERTIES = (
    *("properties", "modelCard.properties", "components.properties"),
    "data.properties",
)


def present(place: Place) -> Present | None:
    """What a node has; None for the document, where everything is looked at."""
    node = place.node
    if node is None:
        return None
    graph = place.subject.graph
    found: set[str] = set()
    for fact in node.facts:
        head, dot, _ = fact.field.partition(".")
        found |= {f"fact {fact.field}", f"fact {head}.*"} if dot else {f"fact {head}"}
    for element in place.elements:
        _note_paths(element, "", 1, found)
    found |= {f"up {hop.edge.relation.value}" for hop in graph.up(node.id)}
    if graph.up(node.id):
        found.add("up")
    if graph.down(node.id):
        found.add("down")
    if place.steps:
        found.add("step")
    if place.subject.evidence.owning(node.id):
        found.add("owner")
    if node.digest is not None:
        found.add("digest")
    if node.files:
        found.add("files")
    return frozenset(found)


def _note_paths(
    value: Mapping[str, Any], above: str, depth: int, found: set[str]
) -> None:
    # Into one set: of every component all names are asked for, which shows.
    for name, inner in value.items():
        path = f"{above}{name}"
        found.add(path)
        if depth == _DEEPEST:
            continue
        if isinstance(inner, dict):
            _note_paths(inner, f"{path}.", depth + 1, found)
        elif isinstance(inner, list):
            for item in inner:
                if isinstance(item, dict):
                    _note_paths(item, f"{path}.", depth + 1, found)


def may_find(probe: Probe, has: Present | None) -> bool:
    """Whether a probe could find anything; where not, it need not look."""
    if has is None:
        return True
    kind, argument = probe.kind, probe.argument
    if kind is ProbeKind.COMPONENT:
        return _head(argument) in has
    if kind is ProbeKind.FACT:
        return f"fact {argument}" in has
    if kind is ProbeKind.PROPERTY:
        return not has.isdisjoint(_WITH_PROPERTIES)
    if kind is ProbeKind.REFERENCE:
        return "externalReferences" in has
    if kind is ProbeKind.DIGEST:
        return not has.isdisjoint(("digest", "files", "hashes", "components"))
    if kind is ProbeKind.AUDIT:
        return "digest" in has
    return _may_find_edges(kind, argument, has)


def _may_find_edges(kind: ProbeKind, argument: str, has: Present) -> bool:
    if kind in _OF_STEPS:
        return "step" in has
    if kind is ProbeKind.PARTY:
        return "step" in has or _ATTRIBUTED in has
    if kind is ProbeKind.EDGE:
        needed = _BELOW if argument in _OF_BELOW else _ABOVE
        return not has.isdisjoint(needed)
    if kind is ProbeKind.UPSTREAM_STEP:
        return "up" in has
    return argument != "owner" or "owner" in has if kind is ProbeKind.EVIDENCE else True


def _head(path: str) -> str:
    """The first steps of a path, as far as they are noted."""
    return ".".join(path.replace("[]", "").split(".")[:_DEEPEST])
