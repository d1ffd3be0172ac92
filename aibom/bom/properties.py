"""The names of our CycloneDX properties, and how to read and write one.

``docs/bom-profile.md`` is the reference of all names. Texts in properties are as
hostile as the document around them: JSON inside one is parsed under the same limits,
and what cannot be read is :class:`~aibom.errors.DocumentInvalid`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aibom.bom.parse import parse
from aibom.bom.problem import shorten
from aibom.errors import DocumentInvalid
from aibom.lineage.nodes import Relation

__all__ = [
    "PLAIN_RELATIONS",
    "PROFILE",
    "PROFILE_VERSION",
    "by_name",
    "canonical",
    "only",
    "parse_json",
    "parse_object",
    "prop",
    "value_of",
    "values_of",
]

#: What every name of ours starts with.
PREFIX = "aibom:"

PROFILE_VERSION = "1"
PROFILE = "aibom:profile"
REPRODUCIBLE = "cdx:reproducible"
DEPENDENCIES = "aibom:dependencies"
ORIGIN = "aibom:origin"
ORIGINS = "aibom:origins"
KIND = "aibom:kind"
TREE = "aibom:digest:tree"
FACT = "aibom:fact:"
UNKNOWN = "aibom:unknown"
EXTRA = "aibom:extra:"
ROLE = "aibom:role"
REF = "aibom:ref"
RELATION = "aibom:relation"
VIEW = "aibom:view"
SIZE = "aibom:size"
EDGE = "aibom:edge"
PARTY = "aibom:party"
AGENT = "aibom:agent"
ATTRIBUTED_TO = "aibom:attributed-to"
REQUIRES = "aibom:requires"
DERIVED_FROM = "aibom:derived-from"
REVISION_OF = "aibom:revision-of"

#: Relations that stand in properties, by name; pedigree holds two of them where it can.
PLAIN_RELATIONS = {
    ATTRIBUTED_TO: Relation.ATTRIBUTED_TO,
    REQUIRES: Relation.REQUIRES,
    AGENT: Relation.PERFORMED_BY,
    DERIVED_FROM: Relation.DERIVED_FROM,
    REVISION_OF: Relation.REVISION_OF,
}

#: Names under which people have written judgements into BOMs; they count for nothing.
JUDGEMENTS = (
    "aibom:assurance",
    "aibom:level",
    "aibom:verified",
    "aibom:tier",
    "aibom:trust",
    "aibom:verdict",
)


def canonical(value: Any) -> str:
    """One line of JSON with sorted keys: how structured values stand in a property.

    Raises ``ValueError`` for NaN and infinities, which JSON has not.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def prop(name: str, value: str) -> dict[str, str]:
    """One CycloneDX property."""
    return {"name": name, "value": value}


def values_of(element: Mapping[str, Any], name: str) -> list[str]:
    """The values of every property of this name, in document order."""
    return [
        str(item.get("value", ""))
        for item in _listed(element)
        if item.get("name") == name
    ]


def _listed(element: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties of an element, of a document that need not be valid."""
    listed = element.get("properties")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict):
            yield item


def value_of(element: Mapping[str, Any], name: str, where: str) -> str | None:
    """The value of a property that may stand once; ``property-repeated`` otherwise."""
    return only(values_of(element, name), name, where)


def only(found: Sequence[str], name: str, where: str) -> str | None:
    """The one value found, or None; ``property-repeated`` where there are several."""
    if len(found) > 1:
        raise DocumentInvalid(
            f"the property {shorten(name, 80)} stands {len(found)} times",
            reason="property-repeated",
            where=where,
        )
    return found[0] if found else None


def by_name(element: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every property of an element: name → values in document order."""
    listed: dict[str, list[str]] = {}
    for item in _listed(element):
        name, value = str(item.get("name")), str(item.get("value", ""))
        listed.setdefault(name, []).append(value)
    return listed


def parse_object(text: str, keys: Iterable[str], where: str) -> dict[str, Any]:
    """Parse a property whose value is a JSON object of texts and ``properties``.

    The object has exactly these keys. Under ``properties`` there is a list of
    name-value pairs, as in CycloneDX; every other value is a text. Raises
    :class:`~aibom.errors.DocumentInvalid` (``property-malformed``).
    """
    value = parse_json(text, where)
    if not isinstance(value, dict) or set(value) != set(keys):
        raise _malformed("does not have the keys it must have", where)
    listed = value.get("properties")
    if not isinstance(listed, list) or not all(map(_is_property, listed)):
        raise _malformed("holds no properties", where)
    if any(not isinstance(value[key], str) for key in value if key != "properties"):
        raise _malformed("has something else where a text must stand", where)
    return value


def _is_property(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and set(item) == {"name", "value"}
        and all(isinstance(part, str) for part in item.values())
    )


def _malformed(what: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        f"the property's value {what}", reason="property-malformed", where=where
    )


def parse_json(text: str, where: str) -> Any:
    """Parse the JSON in a property's value, under the limits for whole documents.

    Raises :class:`~aibom.errors.DocumentInvalid` (``property-malformed``) where it is
    no JSON, too deep, or could be read in two ways (:func:`aibom.bom.parse.parse`).
    """
    try:
        # The parser takes objects only. What breaks out of this one gives another
        # member or the same key twice.
        parsed = parse(f'{{"value":{text}}}'.encode(), where)
    except DocumentInvalid as error:
        raise _malformed(f"cannot be read: {error.message}", where) from None
    if parsed.duplicate_keys or set(parsed.document) != {"value"}:
        raise _malformed("is not one JSON value", where)
    return parsed.document["value"]
