"""Probes of the document: what is written there, in places that CycloneDX has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aibom.report.completeness.found import Found, Place, named, written
from aibom.report.completeness.makers import MAKERS
from aibom.report.completeness.places import at_path, said_by_any
from aibom.report.completeness.profile import ProbeKind
from aibom.report.completeness.subject import Element, Subject
from aibom.report.completeness.times import is_possible

__all__ = ["at_component", "at_document", "component_type", "property_of", "reference"]

_TIME = "timestamp"
_RELATIONS = "dependencies[].dependsOn[]"
#: Where an answer is expected that the name does not give already.
_OF_NAMED = frozenset({"description", "modelCard.description"})


def at_document(place: Place, path: str) -> Found:
    """What stands at a path of the document."""
    document = place.subject.document
    relations = _relations(place.subject) if path == _RELATIONS else None
    values = at_path(document, path) if relations is None else relations
    return _at(place, values, path, ProbeKind.DOCUMENT)


def _relations(subject: Subject) -> Iterator[Any]:
    """References from one thing of the document to another one."""
    for item in at_path(subject.document, "dependencies[]"):
        for other in at_path(item, "dependsOn[]"):
            if isinstance(other, str) and other != item.get("ref"):
                yield from (element.get("name") for element in subject.called(other))


def at_component(place: Place, path: str) -> Found:
    """What stands at a path of the node's component or service."""
    # What has no name is written under its id, because CycloneDX demands a name.
    own = None if place.node is None else place.node.id
    values = [
        value
        for item in place.elements
        for value in at_path(item, path)
        if value != own and not (path in _OF_NAMED and _is_name(value, item))
    ]
    return _at(place, iter(values), path, ProbeKind.COMPONENT)


def _at(place: Place, values: Iterator[Any], path: str, kind: ProbeKind) -> Found:
    if path in MAKERS[kind]:
        return named(place, values, path)
    if path.rpartition(".")[2] == _TIME:
        now = place.subject.now
        values = (v for v in values if isinstance(v, str) and is_possible(v, now))
    return written(place, said_by_any(values), path)


def _is_name(value: Any, element: Element) -> bool:
    """Whether a description only says the name again."""
    name = element.get("name")
    if not (isinstance(value, str) and isinstance(name, str)):
        return False
    return value.strip().casefold() == name.strip().casefold()


def property_of(place: Place, name: str) -> Found:
    """A property of the node, its model card, data and files; or of the metadata."""
    found = (
        item.get("value")
        for holder in _property_holders(place)
        for item in at_path(holder, "properties[]")
        if isinstance(item, dict) and item.get("name") == name
    )
    return written(place, said_by_any(found), f"property {name}")


def _property_holders(place: Place) -> Iterator[Any]:
    if place.node is None:
        yield place.subject.document
        yield from at_path(place.subject.document, "metadata")
    for element in place.elements:
        yield element
        yield from at_path(element, "modelCard")
        yield from at_path(element, "components[]")
        yield from at_path(element, "data[]")


def reference(place: Place, kind: str) -> Found:
    """An external reference of one type."""
    holders: Iterable[Any] = place.elements
    if place.node is None:
        holders = (place.subject.document,)
    found = (
        item.get("url")
        for holder in holders
        for item in at_path(holder, "externalReferences[]")
        if isinstance(item, dict) and item.get("type") == kind
    )
    return written(place, said_by_any(found), f"external reference {kind}")


def component_type(place: Place, kind: str) -> Found:
    """A component of this CycloneDX type, anywhere in the document, with a name."""
    found = (
        item.get("name")
        for item in place.subject.listing()
        if item.get("type") == kind and item.get("name") != kind
    )
    return written(place, said_by_any(found), f"components of type {kind}")
