"""What is known of a thing: each value of a fact, with who says it and how well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    existence_assurance,
    fact_assurance,
)
from aibom.lineage.nodes import Facts, Node, Relation
from aibom.report.diligence.material import Material

__all__ = [
    "FULL_COMMIT",
    "Said",
    "commits_said",
    "digests_said",
    "everything",
    "facts_said",
    "tell",
    "unless_said",
]

Same = Callable[[str, str], bool]
#: Of a value what is told of it: a whole sentence, and how well it is known.
Said = dict[str, tuple[Level, str]]

_COMMIT_AT_END = re.compile(r"@([0-9a-f]{40}|[0-9a-f]{64})(?=[?#]|$)")
#: What an edge says of where an input was taken from.
_TAKEN = {"revision": "it was taken at revision", "source": "it was taken from"}
FULL_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def unless_said(value: str, said: Said, same: Same) -> tuple[str, ...]:
    """Everything that is said, the best known first, unless one of it is the value."""
    return () if any(same(value, other) for other in said) else everything(said)


def everything(said: Said) -> tuple[str, ...]:
    """All that is told, the best known first."""
    ranked = sorted(said.values(), key=lambda told: (-told[0], told[1]))
    return tuple(text for _, text in ranked)


def tell(said: Said, value: str, what: str, worth: Assurance) -> None:
    """Note a value with who says it; of several who do, the best known is kept."""
    text = f"{what} {value} ({worth.level.word}: {worth.basis})"
    if value not in said or said[value][0] < worth.level:
        said[value] = (worth.level, text)


def facts_said(
    node: Node, fields: Iterable[str], material: Material, *, uses: bool = False
) -> Said:
    """Facts of a node, those its signers state of it, and with ``uses`` of its uses."""
    said: Said = {}
    for field in fields:
        for value in node.values(field):
            worth = fact_assurance(node, field, material.evidence, value)
            tell(said, value, f"its {field} is", worth)
        for edge in material.graph.edges_into(node.id, Relation.USED) if uses else ():
            for value in edge.values(field):
                worth = edge_assurance(edge, material.evidence)
                tell(said, value, _TAKEN.get(field, f"its {field} is"), worth)
        for value, who in _attested(node, field, material, uses=uses):
            worth = Assurance(Level.ATTESTED, f"signed by {who}")
            tell(said, value, f"its {field} is", worth)
    return said


def _attested(
    node: Node, field: str, material: Material, *, uses: bool
) -> Iterator[tuple[str, str]]:
    """What trusted statements say of a node, and those of the steps that used it."""
    steps = material.graph.edges_into(node.id, Relation.USED) if uses else ()
    for owner in (node.id, *(edge.source for edge in steps)):
        for item in material.evidence.owning(owner):
            if item.graph is None or item.signer is None:
                continue
            found: list[Facts] = []
            if owner == node.id and node.id in item.graph.nodes:
                found.append(item.graph.nodes[node.id])
            elif owner != node.id:
                edges = item.graph.edges_into(node.id, Relation.USED)
                found += [edge for edge in edges if edge.source == owner]
            for facts in found:
                for value in facts.values(field):
                    yield value, item.signer.name


def digests_said(nodes: Iterable[Node], material: Material, *, named: bool) -> Said:
    """The digests of things; with ``named`` each is told with its name."""
    said: Said = {}
    for node in nodes:
        if node.digest is not None:
            worth = existence_assurance(node, material.evidence)
            tell(
                said, str(node.digest), f"{node.label} is" if named else "it is", worth
            )
    return said


def commits_said(node: Node, material: Material) -> Said:
    """Its full commit ids, as a revision or at the end of a source."""
    said: Said = {}
    for value, told in facts_said(
        node, ("revision", "source"), material, uses=True
    ).items():
        at_end = _COMMIT_AT_END.search(value.lower())
        commit = at_end[1] if at_end else value.strip().lower()
        known = said.get(commit)
        if FULL_COMMIT.fullmatch(commit) and (known is None or known[0] < told[0]):
            said[commit] = told
    return said
