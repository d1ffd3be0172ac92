"""Probes of facts, digests and evidence: what a node is said to be, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aibom.lineage.assurance import Level, fact_assurance
from aibom.lineage.evidence import Evidence
from aibom.lineage.nodes import Node
from aibom.report.completeness.found import (
    Found,
    Place,
    Worth,
    best,
    signer_of,
    written,
)
from aibom.report.completeness.places import Said, at_path, said, said_by_any
from aibom.report.completeness.subject import Element, Subject

__all__ = ["audit", "checked", "digest", "fact", "step_fact"]


def fact(place: Place, field: str) -> Found:
    """A fact of the node."""
    return Found() if place.node is None else _fact_of(place.subject, place.node, field)


def step_fact(place: Place, field: str) -> Found:
    """A fact of the steps that made the node."""
    return best(_fact_of(place.subject, step, field) for step in place.steps)


def _fact_of(subject: Subject, node: Node, field: str) -> Found:
    prefix = field.removesuffix("*")
    names = [
        name
        for name in node.fields()
        if name == field or (prefix != field and name.startswith(prefix))
    ]
    return best(_one_fact(subject, node, name) for name in names)


def _one_fact(subject: Subject, node: Node, field: str) -> Found:
    owners = subject.evidence.owning(node.id)
    level = fact_assurance(node, field, subject.evidence)
    conflict = level.basis if level.level is Level.CONTRADICTED else ""
    top = Found()
    for stated in node.facts:
        if stated.field != field:
            continue
        what = Said.UNKNOWN if stated.value is None else said(stated.value)
        found = Found()
        if what is Said.UNKNOWN:
            found = Found(Worth.UNKNOWN, f"{field} is declared as unknown")
        elif what is Said.SOMETHING and stated.value is not None:
            by = _stating(owners, node.id, field, stated.value)
            worth = Worth.SIGNED if by else Worth.CLAIM
            found = Found(worth, f"{field}, signed by {by}" if by else field)
        top = best((top, found))
    return Found(top.worth, top.basis, conflict)


def _stating(owners: Iterable[Evidence], node: str, field: str, value: str) -> str:
    """The first trusted signer that states this value of its own thing."""
    for item in owners:
        stated = item.graph.nodes.get(node) if item.graph else None
        if stated is not None and value in stated.values(field):
            return signer_of(item)
    return ""


def _name(item: Evidence) -> str:
    return item.signer.name if item.signer else ""


def digest(place: Place, form: str) -> Found:
    """A digest of the content, the SHA-512, or the list of files."""
    if place.node is None:
        return Found()
    if form == "sha-512":
        hashes = [h for item in place.elements for h in _hashes(item, {"SHA-512"})]
        return written(place, said_by_any(iter(hashes)), "SHA-512 in hashes")
    if form == "files":
        if place.node.files:
            return _content(place, place.node, "the files, by name and SHA-256")
        names = (n for item in place.elements for n in _file_names(item))
        return written(place, said_by_any(names), "file components")
    return _any_content(place, place.node)


def _any_content(place: Place, node: Node) -> Found:
    found = _content(place, node, "content digest") if node.digest else Found()
    hashes = [h for item in place.elements for h in _hashes(item, None)]
    return best((found, written(place, said_by_any(iter(hashes)), "hashes")))


def _content(place: Place, node: Node, what: str) -> Found:
    evidence = place.subject.evidence
    if node.digest in evidence.recomputed:
        return Found(Worth.BYTES, f"{what}, computed here from the bytes")
    owners = evidence.owning(node.id)
    if owners:
        return Found(Worth.SIGNED, f"{what}, signed by {signer_of(owners[0])}")
    return Found(Worth.CLAIM, what)


def _hashes(element: Element, algorithms: set[str] | None) -> Iterator[Any]:
    """Contents of hashes, of the element and of the files in it."""
    for holder in (element, *at_path(element, "components[]")):
        for item in at_path(holder, "hashes[]"):
            if isinstance(item, dict) and (
                algorithms is None or str(item.get("alg")) in algorithms
            ):
                yield item.get("content")


def _file_names(element: Element) -> Iterator[Any]:
    for item in at_path(element, "components[]"):
        if isinstance(item, dict) and item.get("type") == "file":
            yield item.get("name")


def checked(place: Place, question: str) -> Found:
    """What this run checked of signatures and of the document's form."""
    subject = place.subject
    if question == "schema-valid":
        return Found(Worth.BYTES, "validated here") if subject.valid else Found()
    if question == "step-record":
        owned = (i for step in place.steps for i in subject.evidence.owning(step.id))
        return _signature(next(owned, None), "its step is recorded by")
    if question == "owner":
        owners = () if place.node is None else subject.evidence.owning(place.node.id)
        return _signature(next(iter(owners), None), "vouched for by")
    if subject.signer is None:
        return Found()
    if question == "document-time":
        at = subject.signed_at
        told = f"{at:%Y-%m-%dT%H:%M:%SZ}, by a timestamping authority" if at else ""
        return Found(Worth.SIGNATURE, told) if at else Found()
    return Found(Worth.SIGNATURE, f"signed by {subject.signer.name}")


def _signature(item: Evidence | None, what: str) -> Found:
    if item is None:
        return Found()
    return Found(Worth.SIGNATURE, f"{what} {signer_of(item)}")


def audit(place: Place, kind: str) -> Found:
    """An audit of exactly these bytes."""
    node = place.node
    items = () if node is None else place.subject.evidence.about(node.digest)
    return best(
        Found(
            Worth.SIGNATURE if item.trusted else Worth.CLAIM,
            f"audit {item.audit.type}, by {signer_of(item) or 'nobody allowed'}",
        )
        for item in items
        if item.audit is not None and kind in ("any", item.audit.type)
    )
