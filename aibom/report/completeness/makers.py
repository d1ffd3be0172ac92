"""Which probes find the name of somebody, whose signature could then verify it."""

from __future__ import annotations

from collections.abc import Mapping

from aibom.report.completeness.profile import Asked, Probe, ProbeKind

__all__ = ["MAKERS", "asks_who", "names_somebody"]

#: Paths, in a component and in the document, where the name of a maker stands.
MAKERS: Mapping[ProbeKind, frozenset[str]] = {
    ProbeKind.COMPONENT: frozenset(
        {
            *("manufacturer.name", "supplier.name", "publisher", "author"),
            *("authors[].name", "data[].governance.owners[].organization.name"),
            "data[].governance.custodians[].organization.name",
        }
    ),
    ProbeKind.DOCUMENT: frozenset(
        {
            *("metadata.authors[].name", "metadata.manufacturer.name"),
            *("metadata.manufacture.name", "metadata.supplier.name"),
        }
    ),
    ProbeKind.FACT: frozenset({"organization"}),
}


def names_somebody(probe: Probe) -> bool:
    """Whether what is found there is the name of who made a thing or a document."""
    known = MAKERS.get(probe.kind, frozenset())
    return probe.kind is ProbeKind.PARTY or probe.argument in known


def asks_who(element: Asked) -> bool:
    """Whether an element asks for the name of somebody."""
    return any(names_somebody(probe) for probe in element.where)
