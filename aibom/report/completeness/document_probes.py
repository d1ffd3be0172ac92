"""Probes of the document: what is written there, in places that CycloneDX has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aibom.report.completeness.found import Found, Place, written
from aibom.report.completeness.places import at_path, said_by_any

__all__ = ["at_component", "at_document", "component_type", "property_of", "reference"]


def at_document(place: Place, path: str) -> Found:
    """What stands at a path of the document."""
    what = said_by_any(at_path(place.subject.document, path))
    return written(place, what, path)


def at_component(place: Place, path: str) -> Found:
    """What stands at a path of the node's component or service."""
    # What has no name is written under its id, because CycloneDX demands a name.
    own = None if place.node is None else place.node.id
    found = (value for item in place.elements for value in at_path(item, path))
    values = (value for value in found if value != own)
    return written(place, said_by_any(values), path)


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
        item.get("name") for item in place.subject.listing() if item.get("type") == kind
    )
    return written(place, said_by_any(found), f"components of type {kind}")
