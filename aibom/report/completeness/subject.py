"""What coverage is measured of: a document, its lineage, and what this run checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aibom.lineage.evidence import EvidenceSet, Signer
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Node
from aibom.report.completeness.places import at_path, at_pointer

__all__ = ["Element", "Subject"]

#: A component, service or dataset of the document, whatever is in it.
Element = Mapping[str, Any]

_INLINE = "/modelCard/modelParameters/datasets/"


@dataclass(frozen=True, slots=True)
class Subject:
    """One BOM, as it is, and what was checked of it in this run.

    ``document`` is the JSON as it stands in the file, ``digest`` the SHA-256 of its
    bytes; ``graph`` is its lineage, joined with that of verified upstream BOMs, and
    ``listed`` are the nodes that this document itself names (all, if None).

    ``valid`` is whether it was validated here and has no problem. ``signer`` is set
    when an allowed signer stands behind exactly this document, ``signed_at`` when an
    authority vouches for the time, ``now`` when the day of measuring is known. Nothing
    of this is ever taken from the document.
    """

    document: Mapping[str, Any]
    graph: Graph
    digest: str = ""
    evidence: EvidenceSet = field(default_factory=EvidenceSet)
    signer: Signer | None = None
    signed_at: datetime | None = None
    valid: bool = False
    listed: frozenset[str] | None = None
    now: datetime | None = None
    _by_ref: Mapping[str, tuple[Element, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        found: dict[str, list[Element]] = {}
        for element in _elements(self.document):
            ref = element.get("bom-ref")
            if isinstance(ref, str):
                found.setdefault(ref, []).append(element)
        by_ref = {ref: tuple(elements) for ref, elements in found.items()}
        object.__setattr__(self, "_by_ref", by_ref)

    @property
    def root(self) -> Node | None:
        """What the document is about."""
        return None if self.graph.root is None else self.graph.nodes[self.graph.root]

    def nodes(self) -> tuple[Node, ...]:
        """The nodes that the document names, by id."""
        listed = self.listed
        every = self.graph.nodes.items()
        return tuple(n for name, n in every if listed is None or name in listed)

    def listing(self) -> Iterator[Element]:
        """Every component and service of the document, at any depth."""
        return _elements(self.document)

    def called(self, ref: str) -> tuple[Element, ...]:
        """The components and services with this ``bom-ref``."""
        return self._by_ref.get(ref, ())

    def elements(self, node: Node) -> tuple[Element, ...]:
        """Where the document speaks of a node: by its id, or where it was read."""
        found = list(self._by_ref.get(node.id, ()))
        for origin in sorted(node.origins):
            if origin.cataloger != "bom" or origin.digest != self.digest:
                continue
            value = (
                at_pointer(self.document, origin.pointer) if origin.pointer else None
            )
            if isinstance(value, dict):
                found.append({"data": [value]} if _INLINE in origin.pointer else value)
        return tuple(found)


def _elements(document: Mapping[str, Any]) -> Iterator[Element]:
    """Every component at any depth, and every service."""
    pending = [
        *at_path(document, "metadata.component"),
        *at_path(document, "components[]"),
        *at_path(document, "services[]"),
    ]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(at_path(item, "components[]"))
