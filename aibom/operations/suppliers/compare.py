"""Answers beside the lineage: what they add to a report, and what contradicts them.

Only exact values are compared: a digest, a commit, a version, a licence, a source, the
list of base models. A free text is nobody's to judge here. What differs is conflicting,
whichever of the two is right; how well the other side is known is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from aibom.attest.answers_statement import SuppliedAnswer
from aibom.lineage.assurance import existence_assurance, fact_assurance
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node, Origin, Relation
from aibom.operations.suppliers.answers import (
    About,
    Supplied,
    SuppliedFiles,
    SupplierAnswer,
    answers_of,
)
from aibom.operations.suppliers.questions import thing
from aibom.report.diligence.facts import is_placeholder
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry, Status

__all__ = ["about_node", "contradictions", "document_notes", "supplied_entries"]

#: Question → the facts that its exact value is compared with.
_FACTS: Mapping[str, tuple[str, ...]] = {
    "identity.version": ("version",),
    "licences.terms": ("licence",),
    "data-provenance.sources": ("source", "location"),
}
_DIGESTS = frozenset(
    {
        "identity.digest",
        "data-provenance.exact-bytes",
        "model-supply-chain.exact-bytes",
    }
)
_PINNED, _MODELS = "model-supply-chain.pinned", "model-supply-chain.base-models"
_COMMIT = re.compile(r"@([0-9a-f]{40}|[0-9a-f]{64})(?=[?#]|$)")
_NONE = frozenset({"none", "no", "-"})
_SHOWN = 3


def about_node(node: Node) -> About:
    """A node as answers are looked up for it."""
    return About(thing(node).node, node.digest, node.values("name"))


def supplied_entries(
    supplied: SuppliedFiles, material: Material
) -> dict[tuple[str, str], tuple[Entry, ...]]:
    """What suppliers answered, by question and node, ready for the report; pure."""
    found: dict[tuple[str, str], list[Entry]] = {}
    by_key = _by_key(supplied)
    for name in material.names if by_key else ():
        node = material.node(name)
        items = by_key.get(str(node.digest) if node.digest else thing(node).node, ())
        for one in answers_of(items, about_node(node), material.now):
            against = contradictions(one, node, material.graph, material.evidence)
            told = replace(one, conflicts=(*one.conflicts, *against))
            found.setdefault((one.question, name), []).append(_entry(told, node))
    return {key: tuple(entries) for key, entries in found.items()}


def _by_key(supplied: SuppliedFiles) -> dict[str, list[Supplied]]:
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
    is_none = one.text.strip(" .").casefold() == "none"
    return not one.exact and not is_none and is_placeholder(one.text)


def _status(one: SupplierAnswer) -> Status:
    if one.lapsed or _says_nothing(one):
        return Status.MISSING
    if one.conflicts:
        return Status.CONFLICTING
    return Status.SIGNED if one.signed_by else Status.STATED


def _basis(one: SupplierAnswer) -> str:
    if one.lapsed and one.valid_until:
        return f"was valid until {one.valid_until:%Y-%m-%d}"
    if one.signed_by:
        return f"signed by {one.signed_by}, about its own ({one.location})"
    if one.refusal == "signature-absent":
        return f"passed on in the name of {one.by}, unsigned"
    return f"signed, but not believed as such: {one.refusal}"


# ── what contradicts an answer ──


def contradictions(
    one: SupplierAnswer, node: Node, graph: Graph, evidence: EvidenceSet
) -> tuple[str, ...]:
    """What the lineage says otherwise, with what that is worth; pure.

    Empty for a free text, for an answer that has lapsed, and where nobody says
    anything else.
    """
    if not one.exact or one.lapsed:
        return ()
    if one.question in _DIGESTS:
        return tuple(_other_digest(one, node, evidence))
    if one.question == _PINNED:
        return tuple(_other_commit(one, node, graph))
    if one.question == _MODELS:
        return tuple(_other_models(one, node, graph))
    fields = _FACTS.get(one.question, ())
    return tuple(_other_fact(one, node, fields, evidence))


def _other_digest(
    one: SupplierAnswer, node: Node, evidence: EvidenceSet
) -> Iterator[str]:
    if node.digest is not None and one.exact.strip().lower() != str(node.digest):
        worth = existence_assurance(node, evidence)
        yield f"it is {node.digest} ({worth.level.word}: {worth.basis})"


def _other_fact(
    one: SupplierAnswer, node: Node, fields: Iterable[str], evidence: EvidenceSet
) -> Iterator[str]:
    """The facts of the node, and those that its signers state of it."""
    said: dict[str, str] = {}
    for field in fields:
        for value in node.values(field):
            worth = fact_assurance(node, field, evidence, value)
            said[value] = f"{field} is {value} ({worth.level.word}: {worth.basis})"
        for item in evidence.owning(node.id):
            stated = item.graph.nodes.get(node.id) if item.graph else None
            for value in stated.values(field) if stated else ():
                who = item.signer.name if item.signer else "nobody"
                text = f"{field} is {value} (attested: signed by {who})"
                said[value] = text
    if said and _plain(one.exact) not in {_plain(value) for value in said}:
        yield from (text for _, text in sorted(said.items()))


def _other_commit(one: SupplierAnswer, node: Node, graph: Graph) -> Iterator[str]:
    commits = set(_commits(node.values("revision"), node.values("source")))
    for edge in graph.edges_into(node.id, Relation.USED):
        commits.update(_commits(edge.values("revision"), edge.values("source")))
    if commits and one.exact.strip().lower() not in commits:
        yield from (f"it was taken at {commit}" for commit in sorted(commits))


def _commits(revisions: Iterable[str], sources: Iterable[str]) -> Iterator[str]:
    yield from (revision.lower() for revision in revisions)
    for source in sources:
        matched = _COMMIT.search(source.lower())
        if matched:
            yield matched[1]


def _other_models(one: SupplierAnswer, node: Node, graph: Graph) -> Iterator[str]:
    """Base models of the lineage that the answer leaves out, and the reverse."""
    direct = _bases(node, graph)
    stated = [word for word in re.split(r"[\s,;]+", one.exact) if word]
    if len(stated) == 1 and stated[0].lower() in _NONE:
        stated = []
    words = {word: _ways_to_say(word) for word in stated}
    for base in direct:
        called = _called(base, graph)
        if not any(called & ways for ways in words.values()):
            yield f"the lineage has the base model {base.label}"
    if direct:
        above = frozenset[str]().union(
            *(
                _called(graph.nodes[name], graph)
                for name in graph.upstream(node.id).reached
                if graph.nodes[name].kind is Kind.MODEL
            )
        )
        for word, ways in words.items():
            if not above & ways:
                yield f"the lineage does not have {word}"


def _bases(node: Node, graph: Graph) -> list[Node]:
    """The models that it was made from in one step, or is said to derive from."""
    names = {
        edge.target
        for step in graph.generating_steps(node.id)
        for edge in graph.edges_from(step, Relation.USED)
    }
    names |= {e.target for e in graph.edges_from(node.id, Relation.DERIVED_FROM)}
    found = [graph.nodes[name] for name in sorted(names)]
    return [one for one in found if one.kind is Kind.MODEL]


def _called(node: Node, graph: Graph) -> frozenset[str]:
    """Whatever an answer may mean this model by: in doubt it does."""
    known = {str(node.digest)} if node.digest else set()
    for field in ("name", "source", "location", "label"):
        known.update(node.values(field))
    for edge in graph.edges_into(node.id, Relation.USED):
        known.update(edge.values("source"))
    return frozenset[str]().union(*map(_ways_to_say, known))


def _ways_to_say(text: str) -> frozenset[str]:
    """A name in the form that is compared, with its revision and without."""
    plain = _plain(text)
    return frozenset({plain, plain.partition("@")[0]} - {""})


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
