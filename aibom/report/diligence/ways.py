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
from aibom.lineage.nodes import Origin, Relation
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
from aibom.report.diligence.numbers import in_words
from aibom.report.diligence.pointers import may_resolve, resolve, text_of

__all__ = ["WAYS", "WayOf", "may_tell"]

WayOf = Callable[[Material, str, Way], Iterator[Entry]]


#: What there must be somewhere for a way to tell anything of any thing.
_NEEDS: Mapping[str, Relation] = MappingProxyType(
    {
        "edge-facts": Relation.USED,
        **dict.fromkeys(
            ("inputs", "steps", "step-facts", "parameters"), Relation.GENERATED
        ),
    }
)


def may_tell(material: Material, way: Way) -> bool:
    """Whether a way could tell anything at all here; where not, nothing is asked."""
    if way.kind == "facts":
        return not material.stated.isdisjoint(way.words)
    if way.kind == "audits":
        return bool(material.evidence.items)
    if way.kind == "parties":
        made = way.steps and Relation.GENERATED in material.relations
        return bool(made) or Relation.ATTRIBUTED_TO in material.relations
    if way.kind == "relations":
        return not material.relations.isdisjoint(way.words)
    needed = _NEEDS.get(way.kind)
    return needed is None or needed in material.relations


def _facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    stated = material.fields[name]
    if stated.isdisjoint(way.words):
        return
    node = material.node(name)
    for field in way.words:
        if field in stated:
            yield from fact_entries(material, node, node, field)


# ── examinations ──


def _audits(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """Audits that name exactly these bytes; what they found is told as they say it."""
    node = material.node(name)
    for item in material.evidence.about(node.digest):
        audit = item.audit
        if audit is None or not any(fnmatchcase(audit.type, w) for w in way.words):
            continue
        status = Status.SIGNED if item.trusted else Status.STATED
        basis = f"an audit of exactly this digest, {_signed_or_not(item)}"
        yield entry_of(
            node,
            status,
            f"{audit.type} with {audit.tool}: {in_words(audit.measurements)}",
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
        if may_resolve(element, word):
            yield from _texts(material, name, element, place, word)


def _document(material: Material, name: str, way: Way) -> Iterator[Entry]:
    for word in way.words:
        yield from _texts(material, name, material.document, "", word)


def _texts(
    material: Material, name: str, inside: object, place: str, word: str
) -> Iterator[Entry]:
    if not material.file.readable:
        return
    # Whoever signed the document is believed about what it is about, and no further.
    signer = material.signer if name == material.root else None
    told = f"signed by {signer.name}" if signer else "not attested"
    for where, value in resolve(inside, word):
        text = text_of(value)
        if text is not None and not is_placeholder(text):
            yield entry_of(
                material.node(name),
                Status.SIGNED if signer else Status.STATED,
                text,
                basis=f"stated by the BOM, {told}",
                field=word.rpartition("/")[2],
                signer=signer.name if signer else "",
                evidence=material.signature.location if signer else "",
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
