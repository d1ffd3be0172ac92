"""What is known of each node, as elements that fold: facts, origins, edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    existence_assurance,
    fact_assurance,
)
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph, Hop
from aibom.lineage.nodes import Edge, Fact, Kind, Node, Origin
from aibom.report.markup import xml_text
from aibom.report.picture.labels import anchor
from aibom.report.picture.model import LEVEL_WORDS, Picture, PictureNode
from aibom.report.picture.names import short_party
from aibom.report.text import short_digest

__all__ = ["details_of"]

#: Beyond these a page would be too large to open; it says how many are left out.
_MOST_NODES = 3000
_MOST_MEMBERS = 300
_MOST_EDGES = 60
_MOST_FACTS = 80
_LONG = 1000


def details_of(
    picture: Picture,
    graph: Graph,
    evidence: EvidenceSet,
    smaller: Picture | None = None,
) -> str:
    """One ``<details id="node-…">`` per fold and per node, the artifact first.

    Folds are those of the picture, and of ``smaller``, the same folded further.
    """
    pictures = (picture, smaller or picture)
    folds = {node.id: node for one in pictures for node in one.nodes if node.folded}
    boxes: dict[str, list[str]] = defaultdict(list)
    for node in folds.values():
        for member in node.members:
            boxes[member].append(node.id)
    hidden = {
        member for node in picture.nodes if node.folded for member in node.members
    }
    linked = {name for one in pictures for node in one.nodes for name in _linked(node)}
    alone = sorted(
        (name for name in graph.nodes if name not in hidden),
        key=lambda name: (name != graph.root, name not in linked, name),
    )
    ordered = [*alone, *sorted(hidden)]
    shown = frozenset(ordered[:_MOST_NODES])
    writer = _Writer(graph, evidence, shown, boxes)
    parts = [writer.node(name) for name in ordered[:_MOST_NODES]]
    parts[1:1] = [writer.fold(node) for node in folds.values()]
    left = len(ordered) - len(shown)
    if left > 0:
        parts.append(f"<p>{left:,} more are not listed here.</p>")
    return "\n".join(parts)


def _linked(node: PictureNode) -> set[str]:
    """The nodes that the drawing of one leads to."""
    parties = {party.members[0] for party in node.parties if len(party.members) == 1}
    return parties | {node.id}


class _Writer:
    def __init__(
        self,
        graph: Graph,
        evidence: EvidenceSet,
        shown: frozenset[str],
        boxes: Mapping[str, Sequence[str]],
    ) -> None:
        self.graph = graph
        self.evidence = evidence
        self.shown = shown
        self.boxes = boxes

    def fold(self, node: PictureNode) -> str:
        """What a fold stands for."""
        members = [self._link(name) for name in node.members[:_MOST_MEMBERS]]
        left = len(node.members) - len(members)
        more = f"<p>and {left:,} more</p>" if left > 0 else ""
        words = xml_text("; ".join(node.words))
        return _entry(
            node.id,
            f"<b>{xml_text(node.label)}</b> · {words}",
            f"<ul>{''.join(f'<li>{member}</li>' for member in members)}</ul>{more}",
        )

    def node(self, name: str) -> str:
        """Facts, digest and edges of one node."""
        node = self.graph.nodes[name]
        worth = self._existence(node)
        rows = [
            _row("id", f"<code>{xml_text(name)}</code>", "", ""),
            _row(
                "exists as told",
                f"<code>{xml_text(str(node.digest or 'no content digest'))}</code>",
                LEVEL_WORDS[worth.level.word],
                worth.basis,
            ),
            *(self._fact(node, fact) for fact in node.facts[:_MOST_FACTS]),
        ]
        body = (
            "<table><thead><tr><th>fact</th><th>value</th><th>worth</th>"
            f"<th>because</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
            f"{_left(len(node.facts) - _MOST_FACTS, 'facts')}"
            f"{self._edges('came from', self.graph.up(name))}"
            f"{self._edges('went into', self.graph.down(name))}"
        )
        mark = " · the artifact" if name == self.graph.root else ""
        label = f"<b><bdi>{xml_text(_label(node), 200)}</bdi></b>"
        box = " ".join(anchor(one) for one in self.boxes.get(name, ()))
        return _entry(name, f"{label} · {node.kind.value}{mark}", body, box)

    def _fact(self, node: Node, fact: Fact) -> str:
        worth = self._worth_of(node, fact)
        value = "unknown" if fact.value is None else fact.value
        read = _origins(sorted(fact.origins))
        return _row(
            fact.field,
            f"<bdi>{xml_text(value, _LONG)}</bdi>",
            LEVEL_WORDS[worth.level.word],
            f"{worth.basis}; read by {read}",
        )

    def _existence(self, node: Node) -> Assurance:
        """What the thing is worth; of what nobody signs for, who signs for its use.

        A party is what those say who recorded that it took part.
        """
        worth = existence_assurance(node, self.evidence)
        signed = [w for w in self._uses(node.id) if w.level is Level.ATTESTED]
        if worth.level is not Level.CLAIMED or not signed:
            return worth
        if node.kind is Kind.PARTY:
            return signed[0]
        told = f"{worth.basis}; that it was used is {signed[0].basis}"
        return Assurance(worth.level, told)

    def _worth_of(self, node: Node, fact: Fact) -> Assurance:
        """What a fact is worth; the record of a step may sign for the same words."""
        worth = fact_assurance(node, fact.field, self.evidence, fact.value)
        if worth.level is not Level.CLAIMED or fact.value is None:
            return worth
        for edge in self._into(node.id):
            if fact.value in edge.values(fact.field):
                used = edge_assurance(edge, self.evidence)
                if used.level is Level.ATTESTED:
                    return used
        return worth

    def _uses(self, name: str) -> Iterator[Assurance]:
        return (edge_assurance(edge, self.evidence) for edge in self._into(name))

    def _into(self, name: str) -> Iterator[Edge]:
        """Edges that lead to a thing, as many as are shown."""
        hops = self.graph.down(name)[:_MOST_EDGES]
        return (hop.edge for hop in hops if hop.edge.target == name)

    def _edges(self, told: str, hops: Sequence[Hop]) -> str:
        if not hops:
            return ""
        items = "".join(f"<li>{self._hop(hop)}</li>" for hop in hops[:_MOST_EDGES])
        more = _left(len(hops) - _MOST_EDGES, "edges")
        return f"<p>{told}</p><ul>{items}</ul>{more}"

    def _hop(self, hop: Hop) -> str:
        worth = edge_assurance(hop.edge, self.evidence)
        words = hop.edge.relation.value.replace("-", " ")
        if hop.edge.role:
            words = f"{words}, {hop.edge.role}"
        basis = xml_text(worth.basis, 300)
        level = LEVEL_WORDS[worth.level.word]
        return f"{self._link(hop.to)} ({xml_text(words)}): {level}, {basis}"

    def _link(self, name: str) -> str:
        node = self.graph.nodes[name]
        label = f"<bdi>{xml_text(_label(node), 120)}</bdi>"
        if name not in self.shown:
            return f"{label} ({node.kind.value})"
        return f'<a href="#node-{anchor(name)}">{label}</a> ({node.kind.value})'


def _label(node: Node) -> str:
    """As the drawing calls it."""
    return short_party(node.id, node.label)


def _left(count: int, what: str) -> str:
    return f"<p>and {count:,} more {what}</p>" if count > 0 else ""


def _origins(origins: Sequence[Origin]) -> str:
    shown = [
        f"{origin.cataloger} in {short_digest(f'sha256:{origin.digest}')}"
        f"{origin.pointer} ({origin.mode})"
        if origin.digest
        else f"{origin.cataloger} ({origin.mode})"
        for origin in origins[:5]
    ]
    more = f", and {len(origins) - 5} more" if len(origins) > 5 else ""
    return ", ".join(shown) + more


def _row(field: str, value: str, level: str, because: str) -> str:
    return (
        f'<tr><th scope="row">{xml_text(field, 100)}</th><td>{value}</td>'
        f"<td>{xml_text(level)}</td><td>{xml_text(because, 600)}</td></tr>"
    )


def _entry(name: str, summary: str, body: str, box: str = "") -> str:
    within = f' data-box="{box}"' if box else ""
    return (
        f'<details id="node-{anchor(name)}"{within}>'
        f"<summary>{summary}</summary>{body}</details>"
    )
