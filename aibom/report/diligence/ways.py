"""The ways in which a question can be answered, from facts, edges, steps and audits.

Each takes the material, a node and the words to look for, and gives entries: what is
said, what that is worth in this run, and where it was read. None makes anything up:
where nothing is said it gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from aibom.lineage.evidence import Evidence
from aibom.lineage.nodes import Origin
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.edges import EDGE_WAYS
from aibom.report.diligence.facts import (
    entry_of,
    fact_entries,
    is_placeholder,
    signed_by,
)
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry, Status
from aibom.report.diligence.pointers import resolve, text_of

__all__ = ["WAYS", "WayOf"]

WayOf = Callable[[Material, str, Way], Iterator[Entry]]

_MEASUREMENTS = 3


def _facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for field in way.words:
        yield from fact_entries(material, node, node, field)


# ── examinations ──


def _audits(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """Audits that name exactly these bytes; what they found is told as they say it."""
    node = material.node(name)
    for item in material.evidence.about(node.digest):
        audit = item.audit
        if audit is None or not any(fnmatchcase(audit.type, w) for w in way.words):
            continue
        whole = sorted(audit.measurements, key=lambda m: (len(m.slice), m))
        shown = "; ".join(
            f"{m.metric} {m.value:g} over {m.samples:,} samples"
            f"{''.join(f', {k} {v}' for k, v in m.slice)}"
            for m in whole[:_MEASUREMENTS]
        )
        left = len(whole) - _MEASUREMENTS
        more = f" and {left:,} more numbers" if left > 0 else ""
        status = Status.SIGNED if item.trusted else Status.STATED
        basis = f"an audit of exactly this digest, {_signed_or_not(item)}"
        yield entry_of(
            node,
            status,
            f"{audit.type} with {audit.tool}: {shown}{more}",
            basis=basis,
            field=audit.type,
            sources=(Origin("audit", item.id),),
            date=f"{audit.examined_on:%Y-%m-%d}",
            **(signed_by(item) or {"evidence": item.location}),
        )


def _signed_or_not(item: Evidence) -> str:
    if item.signer is not None:
        return f"signed by {item.signer.name}"
    return f"not signed by anybody you listed ({item.refusal or 'unsigned'})"


# ── what a BOM says beside its lineage ──


def _elements(material: Material, name: str, way: Way) -> Iterator[Entry]:
    place, element = material.elements.get(name, ("", None))
    for word in way.words:
        yield from _texts(material, name, element, place, word)


def _document(material: Material, name: str, way: Way) -> Iterator[Entry]:
    for word in way.words:
        yield from _texts(material, name, material.document, "", word)


def _texts(
    material: Material, name: str, inside: object, place: str, word: str
) -> Iterator[Entry]:
    if not material.file.readable:
        return
    for where, value in resolve(inside, word):
        text = text_of(value)
        if text is not None and not is_placeholder(text):
            yield entry_of(
                material.node(name),
                Status.STATED,
                text,
                basis="stated by the BOM, not attested",
                field=word.rpartition("/")[2],
                sources=(Origin("bom", material.file.digest, f"{place}{where}"),),
            )


WAYS: Mapping[str, WayOf] = MappingProxyType(
    {
        **EDGE_WAYS,
        "facts": _facts,
        "audits": _audits,
        "elements": _elements,
        "document": _document,
    }
)
