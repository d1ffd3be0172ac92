"""Facts and their origins, as CycloneDX properties.

A fact that CycloneDX has a field for is written there (:mod:`aibom.bom.native`
decides); every other fact is a property ``aibom:fact:<field>``. A field that is
declared as unknown is ``aibom:unknown``. Origins are a table in
``metadata.properties``. ``aibom:origins`` refers to it by index; where a fact's origins
are not those of the node or edge it stands on, ``aibom:origins:<field>`` lists them,
value by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from aibom.bom.problem import shorten
from aibom.bom.properties import (
    EXTRA,
    FACT,
    ORIGIN,
    ORIGINS,
    UNKNOWN,
    by_name,
    canonical,
    only,
    parse_json,
    prop,
)
from aibom.errors import DocumentInvalid
from aibom.lineage.nodes import Fact, Facts, Origin, merge_facts

__all__ = ["Origins", "fact_properties", "read_facts"]


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
        """Read the table back from the document's metadata.

        Raises :class:`~aibom.errors.DocumentInvalid`: ``origin-invalid`` for an entry
        that is no origin and for a table with gaps, ``property-repeated``, and what
        :func:`parse_json` raises.
        """
        where = "/metadata/properties"
        numbered: dict[int, Origin] = {}
        for name, found in by_name(metadata).items():
            if name.startswith(f"{ORIGIN}:"):
                text = only(found, name, where) or ""
                number = _number(name.removeprefix(f"{ORIGIN}:"), where)
                numbered[number] = _origin(parse_json(text, where), where)
        if sorted(numbered) != list(range(len(numbered))):
            raise DocumentInvalid(
                "the table of origins has gaps", reason="origin-invalid", where=where
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
                f"{shorten(text, 80)!r} refers to an origin that is not in the table",
                reason="origin-invalid",
                where=where,
            )
        return frozenset(self._table[number] for number in numbers)


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise DocumentInvalid(
            f"{shorten(text, 80)!r} is not the number of an origin",
            reason="origin-invalid",
            where=where,
        )
    return int(text)


def _origin(value: Any, where: str) -> Origin:
    fields = {"cataloger", "digest", "mode", "pointer"}
    if (
        not isinstance(value, dict)
        or set(value) != fields
        or not all(isinstance(part, str) for part in value.values())
    ):
        raise DocumentInvalid("not an origin", reason="origin-invalid", where=where)
    try:
        return Origin(**value)
    except DocumentInvalid as error:
        message = shorten(error.message)
        raise DocumentInvalid(message, reason=error.reason, where=where) from None


def fact_properties(
    carrier: Facts, origins: Origins, native: frozenset[tuple[str, str]] = frozenset()
) -> list[dict[str, str]]:
    """Everything of a node or edge that stands in properties: facts, origins, extras.

    ``native`` holds the (field, value) pairs that stand in CycloneDX fields instead.
    """
    written = [prop(ORIGINS, origins.write(carrier.origins))]
    for name, group in groupby(merge_facts(carrier.facts), attrgetter("field")):
        facts = list(group)
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
    listed = by_name(element)
    stated: dict[str, set[str | None]] = {}
    for name, value in native:
        stated.setdefault(name, set()).add(value)
    extra: dict[str, Any] = {}
    for name, found in listed.items():
        if name.startswith(FACT):
            stated.setdefault(name.removeprefix(FACT), set()).update(found)
        elif name.startswith(EXTRA):
            text = only(found, name, where) or ""
            extra[name.removeprefix(EXTRA)] = parse_json(text, where)
    for name in listed.get(UNKNOWN, ()):
        stated.setdefault(name, set()).add(None)
    own = only(listed.get(ORIGINS, []), ORIGINS, where)
    default = origins.parse(own or "", where)
    facts: list[Fact] = []
    for name, values in stated.items():
        key = f"{ORIGINS}:{name}"
        lists = only(listed.get(key, []), key, where)
        stated_by = None if lists is None else lists.split(";")
        facts += _facts(name, values, default, stated_by, origins, where)
    return merge_facts(facts), default, extra


def _facts(
    name: str,
    values: set[str | None],
    default: frozenset[Origin],
    stated_by: list[str] | None,
    origins: Origins,
    where: str,
) -> list[Fact]:
    """The facts of one field, each with its own origins where those are listed."""
    ordered = sorted(values, key=lambda value: (value is not None, value or ""))
    parts = [default] * len(ordered)
    if stated_by is not None:
        parts = [origins.parse(part, where) for part in stated_by]
    if len(parts) != len(ordered):
        raise DocumentInvalid(
            f"{ORIGINS}:{shorten(name, 80)} lists {len(parts)} origins for "
            f"{len(ordered)} values",
            reason="origin-invalid",
            where=where,
        )
    try:
        return [
            Fact(name, value, part) for value, part in zip(ordered, parts, strict=True)
        ]
    except DocumentInvalid as error:
        message = shorten(error.message)
        raise DocumentInvalid(message, reason=error.reason, where=where) from None
