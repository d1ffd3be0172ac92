"""The names of our CycloneDX properties, and facts written as properties.

``docs/bom-profile.md`` is the reference of all names. A fact that CycloneDX has a field for
is written there (``encode`` decides); every other fact is a property ``aibom:fact:<field>``.
A field that is declared as unknown is ``aibom:unknown``. Where a fact's origins are not
simply those of the node or edge it stands on, ``aibom:origins:<field>`` lists them, value by
value, as indices into the table in ``metadata.properties``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aibom.errors import DocumentInvalid
from aibom.lineage.nodes import Fact, Facts, Origin, merge_facts

__all__ = [
    "Origins",
    "PROFILE",
    "PROFILE_VERSION",
    "canonical",
    "fact_properties",
    "parse_json",
    "parse_object",
    "prop",
    "read_facts",
    "value_of",
    "values_of",
]

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
    """One line of JSON with sorted keys: how structured values stand in a property."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def prop(name: str, value: str) -> dict[str, str]:
    """One CycloneDX property."""
    return {"name": name, "value": value}


def values_of(element: Mapping[str, Any], name: str) -> list[str]:
    """The values of every property of this name, in document order."""
    return [
        str(item.get("value", ""))
        for item in element.get("properties", ())
        if item.get("name") == name
    ]


def value_of(element: Mapping[str, Any], name: str, where: str) -> str | None:
    """The value of a property that may stand once; ``property-repeated`` otherwise."""
    found = values_of(element, name)
    if len(found) > 1:
        raise DocumentInvalid(
            f"the property {name} stands {len(found)} times",
            reason="property-repeated",
            where=where,
        )
    return found[0] if found else None


class Origins:
    """The table of origins of one document, and references into it."""

    def __init__(self, table: Iterable[Origin]) -> None:
        self._table = tuple(table)
        self._index = {origin: number for number, origin in enumerate(self._table)}

    @classmethod
    def of(cls, carriers: Iterable[Facts]) -> Origins:
        """The table for these nodes and edges: every origin once, sorted."""
        found: set[Origin] = set()
        for carrier in carriers:
            found |= carrier.origins
            for fact in carrier.facts:
                found |= fact.origins
        return cls(sorted(found))

    def properties(self) -> list[dict[str, str]]:
        """The table as properties of the document's metadata."""
        return [
            prop(
                f"{ORIGIN}:{number}",
                canonical(
                    {
                        "cataloger": origin.cataloger,
                        "digest": origin.digest,
                        "mode": origin.mode,
                        "pointer": origin.pointer,
                    }
                ),
            )
            for number, origin in enumerate(self._table)
        ]

    @classmethod
    def read(cls, metadata: Mapping[str, Any]) -> Origins:
        """Read the table back from the document's metadata."""
        numbered: dict[int, Origin] = {}
        for item in metadata.get("properties", ()):
            name = str(item.get("name"))
            if name.startswith(f"{ORIGIN}:"):
                where = f"metadata property {name}"
                numbered[_number(name.removeprefix(f"{ORIGIN}:"), where)] = _origin(
                    parse_json(str(item.get("value")), where), where
                )
        if sorted(numbered) != list(range(len(numbered))):
            raise DocumentInvalid(
                "the table of origins has gaps",
                reason="origin-invalid",
                where="metadata",
            )
        return cls(numbered[number] for number in range(len(numbered)))

    def write(self, origins: Iterable[Origin]) -> str:
        """A set of origins as indices: ``0 3``."""
        return " ".join(
            str(number) for number in sorted(self._index[o] for o in origins)
        )

    def parse(self, text: str, where: str) -> frozenset[Origin]:
        """The inverse of :meth:`write`."""
        numbers = [_number(part, where) for part in text.split()]
        if any(number >= len(self._table) for number in numbers):
            raise DocumentInvalid(
                f"{text!r} refers to an origin that is not in the table",
                reason="origin-invalid",
                where=where,
            )
        return frozenset(self._table[number] for number in numbers)


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise DocumentInvalid(
            f"{text!r} is not the number of an origin",
            reason="origin-invalid",
            where=where,
        )
    return int(text)


def parse_object(text: str, keys: Iterable[str], where: str) -> dict[str, Any]:
    """Parse a property whose value is a JSON object with exactly these keys.

    Under ``properties`` there must be a list of name-value pairs, as in CycloneDX.
    """
    value = parse_json(text, where)
    if not isinstance(value, dict) or set(value) != set(keys):
        raise DocumentInvalid(
            "the property's value does not have the keys it must have",
            reason="property-malformed",
            where=where,
        )
    listed = value.get("properties")
    if not isinstance(listed, list) or not all(
        isinstance(item, dict) for item in listed
    ):
        raise DocumentInvalid(
            "the property's value holds no properties",
            reason="property-malformed",
            where=where,
        )
    return value


def parse_json(text: str, where: str) -> Any:
    """Parse the JSON in a property's value; ``property-malformed`` when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DocumentInvalid(
            "the property's value is not JSON", reason="property-malformed", where=where
        ) from None


def _origin(value: Any, where: str) -> Origin:
    fields = ("cataloger", "digest", "mode", "pointer")
    if (
        not isinstance(value, dict)
        or set(value) != set(fields)
        or not all(isinstance(part, str) for part in value.values())
    ):
        raise DocumentInvalid("not an origin", reason="origin-invalid", where=where)
    return Origin(**value)


def fact_properties(
    carrier: Facts, origins: Origins, native: frozenset[tuple[str, str]] = frozenset()
) -> list[dict[str, str]]:
    """Everything of a node or edge that stands in properties: facts, origins, extras.

    ``native`` holds the (field, value) pairs that stand in CycloneDX fields instead.
    """
    written = [prop(ORIGINS, origins.write(carrier.origins))]
    for name in carrier.fields():
        facts = [fact for fact in carrier.facts if fact.field == name]
        for fact in facts:
            if fact.value is None:
                written.append(prop(UNKNOWN, name))
            elif (name, fact.value) not in native:
                written.append(prop(f"{FACT}{name}", fact.value))
        if any(fact.origins != carrier.origins for fact in facts):
            lists = ";".join(origins.write(fact.origins) for fact in facts)
            written.append(prop(f"{ORIGINS}:{name}", lists))
    written.extend(
        prop(f"{EXTRA}{key}", canonical(carrier.extra[key]))
        for key in sorted(carrier.extra)
    )
    return written


def read_facts(
    element: Mapping[str, Any],
    native: Iterable[tuple[str, str]],
    origins: Origins,
    where: str,
) -> tuple[tuple[Fact, ...], frozenset[Origin], dict[str, Any]]:
    """The inverse of :func:`fact_properties`: facts, default origins, extras."""
    default = origins.parse(value_of(element, ORIGINS, where) or "", where)
    stated: dict[str, set[str | None]] = {}
    for name, value in native:
        stated.setdefault(name, set()).add(value)
    extra: dict[str, Any] = {}
    for item in element.get("properties", ()):
        name, value = str(item.get("name")), str(item.get("value", ""))
        if name.startswith(FACT):
            stated.setdefault(name.removeprefix(FACT), set()).add(value)
        elif name == UNKNOWN:
            stated.setdefault(value, set()).add(None)
        elif name.startswith(EXTRA):
            extra[name.removeprefix(EXTRA)] = parse_json(value, where)
    facts = []
    for name, values in stated.items():
        ordered = sorted(values, key=lambda value: (value is not None, value or ""))
        lists = value_of(element, f"{ORIGINS}:{name}", where)
        parts = [default] * len(ordered)
        if lists is not None:
            parts = [origins.parse(part, where) for part in lists.split(";")]
        if len(parts) != len(ordered):
            raise DocumentInvalid(
                f"{ORIGINS}:{name} lists {len(parts)} origins for {len(ordered)} values",
                reason="origin-invalid",
                where=where,
            )
        facts.extend(
            Fact(name, value, part) for value, part in zip(ordered, parts, strict=True)
        )
    return merge_facts(facts), default, extra
