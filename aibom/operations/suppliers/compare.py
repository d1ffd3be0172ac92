"""Answers beside the lineage: what they add to a report, and what they are worth."""

from __future__ import annotations

from dataclasses import replace

from aibom.attest.answers_statement import SuppliedAnswer
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Node, Origin, Relation
from aibom.operations.suppliers.answers import (
    About,
    Supplied,
    SuppliedFiles,
    SupplierAnswer,
    answers_of,
)
from aibom.operations.suppliers.conflicts import contradictions
from aibom.operations.suppliers.exact import points_elsewhere
from aibom.operations.suppliers.questions import thing
from aibom.report.diligence.facts import is_placeholder
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry, Status

__all__ = ["about_node", "by_key", "document_notes", "supplied_entries"]

#: Roles of an organisation to which a thing belongs.
_OWNERS = frozenset({"supplier", "publisher", "owner"})
_SHOWN = 3


def about_node(node: Node, graph: Graph | None = None) -> About:
    """A node as answers are looked up for it, with whose it is as a graph says."""
    edges = graph.edges_from(node.id, Relation.ATTRIBUTED_TO) if graph else ()
    parties = (e.target.removeprefix("party:") for e in edges if e.role in _OWNERS)
    owners = frozenset(party for party in parties if party.startswith("org:"))
    return About(thing(node).node, node.digest, node.values("name"), owners)


def supplied_entries(
    supplied: SuppliedFiles, material: Material
) -> dict[tuple[str, str], tuple[Entry, ...]]:
    """What suppliers answered, by question and node, ready for the report; pure."""
    found: dict[tuple[str, str], list[Entry]] = {}
    parted = by_key(supplied)
    for name in material.names if parted else ():
        node = material.node(name)
        items = parted.get(str(node.digest) if node.digest else thing(node).node, ())
        about = about_node(node, material.graph)
        for one in answers_of(items, about, material.now):
            against = contradictions(one, node, material)
            told = replace(one, conflicts=(*one.conflicts, *against))
            found.setdefault((one.question, name), []).append(_entry(told, node))
    return {key: tuple(entries) for key, entries in found.items()}


def by_key(supplied: SuppliedFiles) -> dict[str, list[Supplied]]:
    """The statements by what they answer about, each with those answers only."""
    found: dict[str, list[Supplied]] = {}
    for item in supplied.items:
        given = item.answers
        if given is None:
            continue
        parts: dict[str, list[SuppliedAnswer]] = {}
        for answer in given.answers:
            parts.setdefault(answer.about.key, []).append(answer)
        for key, part in parts.items():
            only = replace(item, answers=replace(given, answers=tuple(part)))
            found.setdefault(key, []).append(only)
    return found


def document_notes(supplied: SuppliedFiles) -> tuple[str, ...]:
    """One line for each document, and for each statement that could not be used."""
    notes = [
        f"document from {one.by}: {one.name} ({one.media_type}, {one.size:,} bytes, "
        f"sha256:{one.digest}), about {one.subject}: kept as a claim, not read"
        for item in supplied.items
        if (one := item.document) is not None
    ]
    notes += [
        f"a supplier's statement was left out: {text}" for text in supplied.problems
    ]
    return tuple(notes)


def _entry(one: SupplierAnswer, node: Node) -> Entry:
    exact = f"; exactly: {one.exact}" if one.exact and one.exact != one.text else ""
    text = f"{one.by} answers: {one.text or one.exact}{exact if one.text else ''}"
    if one.conflicts:
        shown = "; ".join(one.conflicts[:_SHOWN])
        text = f"{text}, but {shown}"
    files = ", ".join(f"{name} (sha256:{digest})" for name, digest in one.evidence)
    return Entry(
        node.id,
        node.label,
        _status(one),
        text,
        basis=_basis(one) + (f"; names as support: {files}" if files else ""),
        field="answer",
        sources=(Origin("supplier-answers", one.statement),),
        digest=str(node.digest) if node.digest else "",
        signer=one.signed_by or "",
        date=f"{one.received:%Y-%m-%d}",
        expires=f"{one.valid_until:%Y-%m-%d}" if one.valid_until else "",
        evidence=one.location,
    )


def _says_nothing(one: SupplierAnswer) -> bool:
    """Whether it is a word for no answer; that there are none of something is one."""
    if one.exact:
        return False
    if points_elsewhere(one):
        return True
    is_none = one.text.strip(" .").casefold() == "none"
    return not is_none and is_placeholder(one.text)


def _status(one: SupplierAnswer) -> Status:
    if one.lapsed or one.not_yet or _says_nothing(one):
        return Status.MISSING
    if one.conflicts:
        return Status.CONFLICTING
    return Status.SIGNED if one.signed_by else Status.STATED


def _basis(one: SupplierAnswer) -> str:
    if one.not_yet and one.since:
        return f"holds from {one.since:%Y-%m-%d} on only"
    if one.lapsed and one.valid_until:
        return f"was valid until {one.valid_until:%Y-%m-%d}"
    if not one.conflicts and points_elsewhere(one):
        return "points elsewhere, and names no file"
    if one.signed_by:
        return f"signed by {one.signed_by}, about its own ({one.location})"
    if one.refusal == "signature-absent":
        return f"passed on in the name of {one.by}, unsigned"
    return f"signed, but not believed as such: {one.refusal}"
