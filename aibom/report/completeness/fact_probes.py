"""Probes of facts, digests and evidence: what a node is said to be, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aibom.digest import manifest_digest
from aibom.errors import AibomError
from aibom.lineage.assurance import Level, existence_assurance, fact_assurance
from aibom.lineage.evidence import Evidence, Signer
from aibom.lineage.nodes import Fact, Node
from aibom.report.completeness.found import (
    Found,
    Place,
    Worth,
    best,
    signer_of,
    written,
)
from aibom.report.completeness.hashes import hashes_of, is_empty
from aibom.report.completeness.makers import MAKERS
from aibom.report.completeness.places import Said, at_path, said, said_by_any
from aibom.report.completeness.profile import ProbeKind
from aibom.report.completeness.subject import Element, Subject
from aibom.report.completeness.times import fits, is_possible
from aibom.report.own import is_named

__all__ = ["audit", "checked", "digest", "fact", "step_fact"]

_TIMES = frozenset(
    {"created", "finished", "issued", "modified", "published", "started"}
)


def fact(place: Place, field: str) -> Found:
    """A fact of the node."""
    return Found() if place.node is None else _fact_of(place.subject, place.node, field)


def step_fact(place: Place, field: str) -> Found:
    """A fact of the steps that made the node."""
    return best(_fact_of(place.subject, step, field) for step in place.steps)


def _fact_of(subject: Subject, node: Node, field: str) -> Found:
    if not field.endswith("*"):
        return _one_fact(subject, node, field)
    prefix = field.removesuffix("*")
    names = [name for name in node.fields() if name.startswith(prefix)]
    return best(_one_fact(subject, node, name) for name in names)


def _one_fact(subject: Subject, node: Node, field: str) -> Found:
    facts = [stated for stated in node.facts if stated.field == field]
    if not facts:
        return Found()
    owners = subject.evidence.owning(node.id)
    if len(facts) == 1 and not owners:
        return _claimed(subject, node, facts[0])
    level = fact_assurance(node, field, subject.evidence)
    conflict = level.basis if level.level is Level.CONTRADICTED else ""
    top = Found()
    for stated in facts:
        value = stated.value
        what = Said.UNKNOWN if value is None else _says(subject, node, field, value)
        found = Found()
        if what is Said.UNKNOWN:
            found = Found(Worth.UNKNOWN, f"{field} is declared as unknown")
        elif what is Said.SOMETHING and value is not None:
            found = _stated(_stating(owners, node.id, field, value), field, value)
        top = found if found.worth > top.worth else top
    return Found(top.worth, top.basis, conflict) if conflict else top


def _claimed(subject: Subject, node: Node, fact: Fact) -> Found:
    """One fact that nobody signed for, which most are."""
    what = Said.UNKNOWN
    if fact.value is not None:
        what = _says(subject, node, fact.field, fact.value)
    if what is Said.UNKNOWN:
        return Found(Worth.UNKNOWN, f"{fact.field} is declared as unknown")
    return Found(Worth.CLAIM, fact.field) if what is Said.SOMETHING else Found()


def _says(subject: Subject, node: Node, field: str, value: str) -> Said:
    """What a fact says; nothing for a time to come and a name that is repeated."""
    if field in _TIMES and not is_possible(value, subject.now):
        return Said.NOTHING
    if field == "description" and value in node.values("name"):
        return Said.NOTHING
    return said(value)


def _stated(by: list[Signer], field: str, value: str) -> Found:
    """A fact, by whoever signed for it; verified if it is the name of that one."""
    if not by:
        return Found(Worth.CLAIM, field)
    if field in MAKERS[ProbeKind.FACT]:
        for signer in by:
            if is_named(signer, value):
                text = f"{field}, and it is {signer.name} who signed"
                return Found(Worth.SIGNATURE, text)
    return Found(Worth.SIGNED, f"{field}, signed by {by[0].name}")


def _stating(
    owners: Iterable[Evidence], node: str, field: str, value: str
) -> list[Signer]:
    """The trusted signers that state this value of their own thing."""
    found = []
    for item in owners:
        stated = item.graph.nodes.get(node) if item.graph else None
        if item.signer and stated is not None and value in stated.values(field):
            found.append(item.signer)
    return found


def digest(place: Place, form: str) -> Found:
    """A digest of the content, the SHA-512, or the list of files."""
    if place.node is None:
        return Found()
    if form == "sha-512":
        hashes = [h for item in place.elements for h in hashes_of(item, {"SHA-512"})]
        return written(place, said_by_any(iter(hashes)), "SHA-512 in hashes")
    if form == "files":
        if place.node.files:
            return _listing(place, place.node)
        names = (n for item in place.elements for n in _file_names(item))
        return written(place, said_by_any(names), "file components")
    return _any_content(place, place.node)


def _any_content(place: Place, node: Node) -> Found:
    found = Found()
    if node.digest is not None and not is_empty(node.digest.value):
        found = _content(place, node, "content digest")
    hashes = [h for item in place.elements for h in hashes_of(item, None)]
    return best((found, written(place, said_by_any(iter(hashes)), "hashes")))


def _listing(place: Place, node: Node) -> Found:
    """The files; bytes and signatures are of them where they make the digest."""
    what = "the files, by name and SHA-256"
    found = _content(place, node, what)
    return found if _makes_digest(node) else Found(Worth.CLAIM, what)


def _makes_digest(node: Node) -> bool:
    try:
        computed = manifest_digest((one.path, one.digest.value) for one in node.files)
    except AibomError:
        return False
    # A file has its own digest, and only where it is all there is.
    alone = node.files if len(node.files) == 1 else ()
    return node.digest in (computed, *(f.digest for f in alone))


def _content(place: Place, node: Node, what: str) -> Found:
    worth = existence_assurance(node, place.subject.evidence)
    if worth.level is Level.VERIFIED:
        return Found(Worth.BYTES, f"{what}, computed here from the bytes")
    if worth.level is Level.ATTESTED:
        owners = place.subject.evidence.owning(node.id)
        return Found(Worth.SIGNED, f"{what}, signed by {signer_of(owners[0])}")
    return Found(Worth.CLAIM, what)


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
        return _records(place)
    if question == "owner":
        owners = () if place.node is None else subject.evidence.owning(place.node.id)
        return _signature(next(iter(owners), None), "vouched for by")
    if subject.signer is None:
        return Found()
    if question == "document-time":
        return _time(subject)
    return Found(Worth.SIGNATURE, f"signed by {subject.signer.name}")


def _records(place: Place) -> Found:
    """The signed records of the steps that made it: of all of them, or it is none."""
    records = [place.subject.evidence.owning(step.id) for step in place.steps]
    if not records or not all(records):
        return Found()
    return _signature(records[0][0], "its step is recorded by")


def _time(subject: Subject) -> Found:
    """The time of an authority, which vouches for what the document states itself.

    It shows that a document existed then, and not when it was made: for that the
    document's own time has to be near.
    """
    at = subject.signed_at
    if at is None:
        return Found()
    told = f"{at:%Y-%m-%dT%H:%M:%SZ}, by a timestamping authority"
    stated = next(at_path(subject.document, "metadata.timestamp"), None)
    if isinstance(stated, str) and fits(stated, at):
        return Found(Worth.SIGNATURE, told)
    return Found(Worth.SIGNED, f"not later than {told}")


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
