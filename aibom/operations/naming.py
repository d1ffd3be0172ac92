"""Names decide who may speak: which statements count for a thing, and which do not.

A signer is allowed names, but names nothing: the name of a thing stands in statements,
and anybody can write one. So before a statement counts for a digest, three questions:

1. Does the lineage call that digest by the name in the statement?
2. May the signer also use every *other* name of it that is written with a namespace
   (``acme/reviews``)? Any BOM in the lineage can add a name to anything.
3. And the names given by those who made it or vouch for it: the steps that generated
   it, its own verified BOM, and step records that passed the first two questions?

An OpenSSF model signature names nothing that could be compared, so for it the first
question is whether its signer may use a name that the lineage has for the digest.

Otherwise a signer for ``acme/lab-*`` could speak of ``acme/production``, under a name
of its own. A name that is wrongly added can only take trust away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from aibom.attest.signers import AllowedSigner
from aibom.digest import Digest
from aibom.lineage.evidence import Evidence
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Node, Relation
from aibom.statement import OMS_V1

__all__ = ["made_as", "only_name", "qualified_names", "require_own_names"]

_Names = Mapping[Digest, frozenset[str]]
_Pair = tuple[Digest, Iterable[str]]


def qualified_names(node: Node) -> frozenset[str]:
    """The names of a node that are written with a namespace."""
    return frozenset(name for name in node.values("name") if "/" in name)


def require_own_names(
    items: Iterable[Evidence],
    graph: Graph,
    signers: Iterable[AllowedSigner],
    boms: Iterable[Evidence] = (),
) -> tuple[Evidence, ...]:
    """Withdraw trust from statements whose signer may not speak of what they name.

    ``boms`` are the verified BOM statements; they are not judged here. Refusals:
    ``subject-name-differs`` (question 1), ``namespace-not-allowed`` (2 and 3). What a
    statement says of digests that are not in the graph changes nothing.
    """
    nodes = [(n.digest, n) for n in graph.nodes.values() if n.digest is not None]
    made = [(digest, made_as(graph, node)) for digest, node in nodes]
    called = _joined([*((d, node.values("name")) for d, node in nodes), *made])
    allowed = {signer.signer.name: signer for signer in signers}
    taken: list[_Pair] = [(digest, qualified_names(node)) for digest, node in nodes]
    taken += [*made, *(pair for bom in boms for pair in _subjects(bom))]
    known = [_judged(item, called, _joined(taken), allowed) for item in items]
    taken += [
        pair for item in known if item.own and item.signer for pair in _subjects(item)
    ]
    return tuple(_judged(item, called, _joined(taken), allowed) for item in known)


def _judged(
    item: Evidence, called: _Names, taken: _Names, allowed: Mapping[str, AllowedSigner]
) -> Evidence:
    if item.signer is None:
        return item
    signer = allowed[item.signer.name]
    for name, digest in item.subjects:
        if item.predicate_type == OMS_V1:
            if not any(map(signer.may_name, called.get(digest, ()))):
                return replace(item, signer=None, refusal="namespace-not-allowed")
        elif digest in called and name not in called[digest]:
            return replace(item, signer=None, refusal="subject-name-differs")
        if digest in called and not all(map(signer.may_name, taken.get(digest, ()))):
            return replace(item, signer=None, refusal="namespace-not-allowed")
    return item


def only_name(graph: Graph, node: Node, items: Iterable[Evidence]) -> str | None:
    """The one name that everybody has for a thing; None where there are several.

    Everybody: the BOMs, the records of the steps that generated it, and the trusted
    statements about it. Whoever signs a BOM may write another name into it, and must
    not choose the tier by that.
    """
    names = {*node.values("name"), *made_as(graph, node)}
    for item in items:
        if item.signer is not None:
            names.update(
                name for name, digest in item.subjects if name and digest == node.digest
            )
    return names.pop() if len(names) == 1 else None


def made_as(graph: Graph, node: Node) -> frozenset[str]:
    """What the steps that generated it called it."""
    edges = graph.edges_into(node.id, Relation.GENERATED)
    return frozenset(name for edge in edges for name in edge.values("name"))


def _subjects(item: Evidence) -> list[_Pair]:
    return [(digest, (name,)) for name, digest in item.subjects if name]


def _joined(pairs: Iterable[_Pair]) -> _Names:
    names: dict[Digest, frozenset[str]] = {}
    for digest, more in pairs:
        names[digest] = names.get(digest, frozenset()).union(more)
    return names
