"""What edges and steps say of a thing: who took part, what went in, what it is made of.

The signer of a step's record is believed about its edges; see
:mod:`aibom.lineage.assurance`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from aibom.lineage.assurance import Level, edge_assurance
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.facts import (
    STATUS_OF,
    entry_of,
    fact_entries,
    origins_of,
    signed_by,
)
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry

__all__ = ["EDGE_WAYS"]


def _edge_entry(
    material: Material, node: Node, edge: Edge, text: str, field: str
) -> Entry:
    worth = edge_assurance(edge, material.evidence)
    item = None
    if worth.level is Level.ATTESTED:
        owning = material.evidence.owning(edge.source)
        item = next((i for i in owning if i.graph and i.graph.edge(edge.key)), None)
    origins = origins_of(edge, field) or tuple(sorted(edge.origins))
    return entry_of(
        node,
        STATUS_OF[worth.level],
        text,
        basis=worth.basis,
        field=field,
        sources=origins,
        date=_date(material, edge),
        **signed_by(item),
    )


def _date(material: Material, edge: Edge) -> str:
    """When the step of an edge ended, as far as that is told."""
    source = material.node(edge.source)
    return source.value("finished") or "" if source.kind is Kind.STEP else ""


def _edge_facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """What the steps that used it say of where they took it from."""
    node = material.node(name)
    for edge in material.graph.edges_into(name, Relation.USED):
        for field in way.words:
            for value in edge.values(field):
                yield _edge_entry(material, node, edge, value, field)


def making_steps(material: Material, name: str, kinds: tuple[str, ...]) -> list[Node]:
    """The steps that generated a thing, of these kinds; of all kinds for none."""
    steps = [material.node(s) for s in material.graph.generating_steps(name)]
    return [s for s in steps if not kinds or set(kinds) & set(s.values("step"))]


def _parties(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    attributed = material.graph.edges_from(name, Relation.ATTRIBUTED_TO)
    edges = [edge for edge in attributed if edge.role in way.words]
    if way.steps:
        for step in making_steps(material, name, way.steps):
            performed = material.graph.edges_from(step.id, Relation.PERFORMED_BY)
            edges += [edge for edge in performed if edge.role in way.words]
    for edge in edges:
        party = edge.target.removeprefix("party:")
        yield _edge_entry(material, node, edge, f"{edge.role} {party}", edge.role)


def _inputs(material: Material, name: str, way: Way) -> Iterator[Entry]:
    """Things of a role that the steps used which made it."""
    node = material.node(name)
    for step in making_steps(material, name, way.steps):
        for edge in material.graph.edges_from(step.id, Relation.USED):
            if edge.role in way.words:
                used = material.node(edge.target)
                digest = f", {used.digest}" if used.digest else ""
                text = f"{edge.role} {used.label}{digest}"
                yield _edge_entry(material, node, edge, text, edge.role)


def _relations(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for word in way.words:
        for edge in material.graph.edges_from(name, Relation(word)):
            target = material.node(edge.target)
            digest = f", {target.digest}" if target.digest else ", without a digest"
            text = f"{word.replace('-', ' ')} {target.label}{digest}"
            yield _edge_entry(material, node, edge, text, word)


def _steps(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for step in making_steps(material, name, way.steps):
        edges = material.graph.edges_from(step.id, Relation.GENERATED)
        edge = next(edge for edge in edges if edge.target == name)
        told = step.value("label")
        kind = " or ".join(step.values("step"))
        named = f"{kind} ({told})" if told and told != kind else kind
        used = [
            f"{e.role} {material.node(e.target).label}"
            for e in material.graph.edges_from(step.id, Relation.USED)
        ]
        said = ", ".join(used[:6]) or "nothing that is named"
        text = f"made by the step {named} from {said}"
        more = f" and {len(used) - 6} more" if len(used) > 6 else ""
        yield _edge_entry(material, node, edge, f"{text}{more}", "step")


def _step_facts(material: Material, name: str, way: Way) -> Iterator[Entry]:
    node = material.node(name)
    for step in making_steps(material, name, way.steps):
        for field in way.words:
            for entry in fact_entries(material, node, step, field):
                yield _named(entry, " or ".join(step.values("step")), field)


def _named(entry: Entry, step: str, field: str) -> Entry:
    return replace(entry, text=f"{step} {field}: {entry.text}")


def _parameters(material: Material, name: str, way: Way) -> Iterator[Entry]:
    inner = Way("step-facts", tuple(f"parameter.{word}" for word in way.words))
    yield from _step_facts(material, name, inner)


EDGE_WAYS = MappingProxyType(
    {
        "edge-facts": _edge_facts,
        "parties": _parties,
        "inputs": _inputs,
        "relations": _relations,
        "steps": _steps,
        "step-facts": _step_facts,
        "parameters": _parameters,
    }
)
