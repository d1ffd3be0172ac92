"""Probes of the graph: edges, steps and parties.

Asked is whether they are there, and not what they are like; but what has neither bytes
nor a name is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from aibom.lineage.assurance import Level, edge_assurance
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.report.completeness.found import Found, Place, Worth, best, signer_of
from aibom.report.completeness.places import Said, said
from aibom.report.completeness.subject import Subject
from aibom.report.own import is_party

__all__ = ["edge", "party", "step", "upstream_step"]

#: Facts by which one thing, or one kind of step, is told from another.
_TELLING = ("name", "source", "location", "doi", "homepage", "commit", "step")


def edge(place: Place, question: str) -> Found:
    """An answer of the graph to one of the questions below."""
    if place.node is None:
        return Found()
    edges = _EDGES[question](place, place.node)
    return best(_one_edge(place.subject, one, place.node.id) for one in edges)


def _one_edge(subject: Subject, edge: Edge, asked: str) -> Found:
    """An edge, if what it leads to can be told from anything else."""
    what = f"{edge.relation} {edge.role}".rstrip()
    other = edge.target if edge.source == asked else edge.source
    if other == asked or not _is_told(subject.graph.nodes[other]):
        return Found()
    return _edge_worth(subject, edge, what)


def _edge_worth(subject: Subject, edge: Edge, what: str) -> Found:
    worth = edge_assurance(edge, subject.evidence)
    if worth.level is Level.ATTESTED:
        return Found(Worth.SIGNED, f"{what}, {worth.basis}")
    conflict = worth.basis if worth.level is Level.CONTRADICTED else ""
    return Found(Worth.CLAIM, what, conflict)


def _is_told(node: Node) -> bool:
    """Whether bytes, a name, a place or a kind of step says which one it is."""
    if node.digest is not None:
        return True
    texts = (text for field in _TELLING for text in node.values(field))
    return any(said(text) is Said.SOMETHING for text in texts)


def _upward(place: Place, node: Node) -> Iterator[Hop]:
    """What is directly behind an entity, steps left out."""
    graph = place.subject.graph
    for hop in graph.up(node.id):
        if hop.edge.relation is not Relation.GENERATED:
            yield hop
    for step in place.steps:
        yield from graph.up(step.id)


def _of_kind(place: Place, node: Node, kinds: Iterable[Kind]) -> Iterator[Hop]:
    wanted = frozenset(kinds)
    nodes = place.subject.graph.nodes
    return (hop for hop in _upward(place, node) if nodes[hop.to].kind in wanted)


def _base_models(place: Place, node: Node) -> Iterator[Edge]:
    return (hop.edge for hop in _of_kind(place, node, {Kind.MODEL}))


def _training_data(place: Place, node: Node) -> Iterator[Edge]:
    return (
        hop.edge
        for hop in _of_kind(place, node, {Kind.DATASET})
        if hop.edge.role != "evaluation-data"
        and hop.edge.relation is not Relation.REQUIRES
    )


def _evaluation_data(place: Place, node: Node) -> Iterator[Edge]:
    """Data by which a step evaluates this model, or with which it was made."""
    graph = place.subject.graph
    made = {step.id for step in place.steps}
    used = {edge.source for edge in graph.edges_into(node.id, Relation.USED)}
    for name in sorted(made | used):
        evaluates = "evaluate" in graph.nodes[name].values("step")
        for edge in graph.edges_from(name, Relation.USED):
            asked = evaluates or (name in made and edge.role == "evaluation-data")
            if asked and graph.nodes[edge.target].kind is Kind.DATASET:
                yield edge


def _sources(place: Place, node: Node) -> Iterator[Edge]:
    """What it was made from; programs and guidelines are no source."""
    kinds = (Kind.DATASET, Kind.MODEL, Kind.SERVICE, Kind.SYSTEM)
    return (hop.edge for hop in _of_kind(place, node, kinds))


def _used_by(place: Place, node: Node) -> Iterator[Edge]:
    return (hop.edge for hop in place.subject.graph.down(node.id))


def _requires(place: Place, node: Node) -> Iterator[Edge]:
    return iter(place.subject.graph.edges_from(node.id, Relation.REQUIRES))


def _software(place: Place, node: Node) -> Iterator[Edge]:
    """Programs and services that it needs when it runs."""
    nodes = place.subject.graph.nodes
    kinds = (Kind.CODE, Kind.SERVICE, Kind.SYSTEM)
    return (one for one in _requires(place, node) if nodes[one.target].kind in kinds)


def _any_edge(place: Place, node: Node) -> Iterator[Edge]:
    graph = place.subject.graph
    hops = (*graph.up(node.id), *graph.down(node.id))
    return (h.edge for h in hops if h.edge.relation is not Relation.ATTRIBUTED_TO)


_EDGES: Mapping[str, Callable[[Place, Node], Iterator[Edge]]] = {
    "base-model": _base_models,
    "training-data": _training_data,
    "evaluation-data": _evaluation_data,
    "sources": _sources,
    "used-by": _used_by,
    "requires": _requires,
    "software": _software,
    "any": _any_edge,
}


def step(place: Place, kind: str) -> Found:
    """A step of this kind that made the node; any."""
    return _steps(place, place.steps, kind)


def upstream_step(place: Place, kind: str) -> Found:
    """A step of this kind anywhere behind the node."""
    if place.node is None:
        return Found()
    graph = place.subject.graph
    walk = graph.upstream(place.node.id)
    steps = (graph.nodes[name] for name in walk.reached)
    return _steps(place, (one for one in steps if one.kind is Kind.STEP), kind)


def _steps(place: Place, steps: Iterable[Node], kind: str) -> Found:
    wanted = (
        step
        for step in steps
        if any(said(one) is Said.SOMETHING for one in step.values("step"))
        and (kind == "any" or kind in step.values("step"))
    )
    return best(_one_step(place.subject, step) for step in wanted)


def _one_step(subject: Subject, step: Node) -> Found:
    what = f"step {' / '.join(step.values('step')[:3])}".rstrip()
    owners = subject.evidence.owning(step.id)
    if owners:
        return Found(Worth.SIGNED, f"{what}, recorded by {signer_of(owners[0])}")
    return Found(Worth.CLAIM, what)


def party(place: Place, role: str) -> Found:
    """A party in this role, of the node or of the steps that made it; any."""
    if place.node is None:
        return Found()
    graph = place.subject.graph
    edges = list(graph.edges_from(place.node.id, Relation.ATTRIBUTED_TO))
    for step in place.steps:
        edges += graph.edges_from(step.id, Relation.PERFORMED_BY)
    wanted = (one for one in edges if role in ("any", one.role))
    return best(_one_party(place.subject, one) for one in wanted)


def _one_party(subject: Subject, edge: Edge) -> Found:
    """A party that is named; verified where that one itself signed that it was."""
    what = f"{edge.relation} {edge.role}".rstrip()
    name = edge.target.removeprefix("party:").partition(":")[2]
    if said(name) is Said.NOTHING:
        return Found()
    if said(name) is Said.UNKNOWN:
        return Found(Worth.UNKNOWN, f"{what} says it is not known")
    found = _edge_worth(subject, edge, what)
    for item in subject.evidence.owning(edge.source):
        states = item.graph is not None and item.graph.edge(edge.key) is not None
        mine = item.signer is not None and is_party(item.signer, edge.target)
        if found.worth is Worth.SIGNED and states and mine:
            told = f"{what}, and it is {signer_of(item)} who signed"
            return Found(Worth.SIGNATURE, told, found.conflict)
    return found
