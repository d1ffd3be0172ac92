"""The lineage graph: nodes and typed edges, ancestors and descendants, named cycles.

Everything here works on plain adjacency built once per graph; networkx is imported only
to name cycles, because importing it costs more than most commands do.

*Upstream* means "towards what it learned from". From an entity it leads to the steps
that generated it and, over ``derived-from``, ``revision-of``, ``requires`` and
``attributed-to``, to other entities and parties; from a step to what it used and who
performed it. A sibling output of the same step is not upstream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.errors import DocumentInvalid
from aibom.lineage.nodes import (
    ENTITY_KINDS,
    Edge,
    Fact,
    Kind,
    Node,
    Relation,
    State,
)

__all__ = [
    "Contradiction",
    "Graph",
    "Hop",
    "Path",
    "Walk",
    "contradictions",
    "disagreements",
    "find_cycles",
    "nearest_above",
    "upstream_first",
]

#: relation → (kinds its source may be, kinds its target may be)
_ENDS: dict[Relation, tuple[frozenset[Kind], frozenset[Kind]]] = {
    Relation.USED: (frozenset({Kind.STEP}), ENTITY_KINDS),
    Relation.GENERATED: (frozenset({Kind.STEP}), ENTITY_KINDS),
    Relation.PERFORMED_BY: (frozenset({Kind.STEP}), frozenset({Kind.PARTY})),
    Relation.ATTRIBUTED_TO: (ENTITY_KINDS, frozenset({Kind.PARTY})),
    Relation.DERIVED_FROM: (ENTITY_KINDS, ENTITY_KINDS),
    Relation.REVISION_OF: (ENTITY_KINDS, ENTITY_KINDS),
    Relation.REQUIRES: (ENTITY_KINDS, ENTITY_KINDS),
}


@dataclass(frozen=True, slots=True)
class Hop:
    """One move along an edge, upstream or downstream: the edge and where it led."""

    edge: Edge
    to: str


#: A lineage path: the node it starts at, then one hop after the other.
Path = tuple[str, tuple[Hop, ...]]


@dataclass(frozen=True, slots=True)
class Walk:
    """What one breadth-first traversal reached from ``start``, each by a shortest path.

    ``reached`` leaves ``start`` out and is in the order of discovery: nearest first,
    ties by node id, so that the same graph always gives the same paths.
    """

    start: str
    reached: tuple[str, ...]
    parents: Mapping[str, tuple[str, Edge]] = field(repr=False)

    def path(self, node: str) -> Path:
        """The shortest path from the start to ``node``; KeyError if not reached."""
        hops: list[Hop] = []
        current = node
        while current != self.start:
            parent, edge = self.parents[current]
            hops.append(Hop(edge, current))
            current = parent
        return self.start, tuple(reversed(hops))


@dataclass(frozen=True, slots=True)
class Graph:
    """An immutable lineage graph.

    Raises :class:`~aibom.errors.DocumentInvalid` on construction when an edge names a
    node that is not there, joins kinds its relation does not join, or stands twice;
    when a node's id does not begin with its kind, or holds a malformed digest; when one
    digest is given two kinds (it would fall apart into two nodes that nothing joins);
    and when ``root`` is not an entity of the graph. Cycles are allowed to exist (a
    document may claim anything) and are reported by :func:`find_cycles`.

    Make one with :meth:`of`: only then do equal contents make equal graphs.
    """

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    root: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    _by_key: Mapping[tuple[str, str, str, str], Edge] = field(
        init=False, repr=False, compare=False
    )
    _up: Mapping[str, tuple[Hop, ...]] = field(init=False, repr=False, compare=False)
    _down: Mapping[str, tuple[Hop, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_ids(self.nodes)
        for edge in self.edges:
            self._check(edge)
        by_key = {edge.key: edge for edge in self.edges}
        if len(by_key) != len(self.edges):
            raise DocumentInvalid("an edge stands twice", reason="edge-invalid")
        if self.root is not None and (
            self.root not in self.nodes
            or self.nodes[self.root].kind not in ENTITY_KINDS
        ):
            raise DocumentInvalid(
                f"the root {self.root!r} is not an entity of the graph",
                reason="root-missing",
            )
        up: dict[str, list[Hop]] = {name: [] for name in self.nodes}
        down: dict[str, list[Hop]] = {name: [] for name in self.nodes}
        for edge in self.edges:
            lower, upper = edge.source, edge.target
            if edge.relation is Relation.GENERATED:
                lower, upper = upper, lower
            up[lower].append(Hop(edge, upper))
            down[upper].append(Hop(edge, lower))
        object.__setattr__(self, "_by_key", by_key)
        object.__setattr__(self, "_up", _sorted_hops(up))
        object.__setattr__(self, "_down", _sorted_hops(down))

    def _check(self, edge: Edge) -> None:
        where = f"{edge.source} {edge.relation} {edge.target}"
        for end in (edge.source, edge.target):
            if end not in self.nodes:
                raise DocumentInvalid(
                    f"the edge names {end!r}, which is not in the graph",
                    reason="edge-dangling",
                    where=where,
                )
        sources, targets = _ENDS[edge.relation]
        kinds = (self.nodes[edge.source].kind, self.nodes[edge.target].kind)
        if kinds[0] not in sources or kinds[1] not in targets:
            raise DocumentInvalid(
                f"{edge.relation} does not lead from a {kinds[0]} to a {kinds[1]}",
                reason="edge-invalid",
                where=where,
            )
        if edge.source == edge.target:
            raise DocumentInvalid(
                "a node cannot be its own origin", reason="edge-invalid", where=where
            )

    @classmethod
    def of(
        cls,
        nodes: Iterable[Node],
        edges: Iterable[Edge],
        root: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Graph:
        """Build a graph in canonical order; all that is said of one thing is merged."""
        by_id: dict[str, list[Node]] = {}
        for node in nodes:
            same = by_id.setdefault(node.id, [])
            same.append(node)
            if same[0].kind is not node.kind:
                raise DocumentInvalid(
                    f"{node.id} is called a {same[0].kind} and a {node.kind}",
                    reason="kind-contradicted",
                )
        by_key: dict[tuple[str, str, str, str], list[Edge]] = {}
        for edge in edges:
            by_key.setdefault(edge.key, []).append(edge)
        return cls(
            {name: by_id[name][0].merged(*by_id[name][1:]) for name in sorted(by_id)},
            tuple(by_key[key][0].merged(*by_key[key][1:]) for key in sorted(by_key)),
            root,
            dict(extra or {}),
        )

    def up(self, node: str) -> tuple[Hop, ...]:
        """The direct moves towards what ``node`` learned from, in a fixed order."""
        return self._up[node]

    def down(self, node: str) -> tuple[Hop, ...]:
        """The direct moves towards what learned from ``node``, in a fixed order."""
        return self._down[node]

    def upstream(self, start: str, along: Callable[[Edge], bool] | None = None) -> Walk:
        """All ancestors of ``start`` with a shortest path to each, from one traversal.

        ``along`` keeps the walk to edges for which it is true (see :mod:`.carry`).
        """
        return _walk(start, self._up, along)

    def downstream(
        self, start: str, along: Callable[[Edge], bool] | None = None
    ) -> Walk:
        """All descendants of ``start``, as :meth:`upstream` gives all ancestors."""
        return _walk(start, self._down, along)

    def generating_steps(self, entity: str) -> tuple[str, ...]:
        """The steps that say they generated ``entity``; more than one is possible."""
        return tuple(
            h.to for h in self._up[entity] if h.edge.relation is Relation.GENERATED
        )

    def edges_from(self, node: str, relation: Relation) -> tuple[Edge, ...]:
        """The edges of one relation whose source is ``node``."""
        hops = self._down if relation is Relation.GENERATED else self._up
        return tuple([hop.edge for hop in hops[node] if hop.edge.relation is relation])

    def edges_into(self, node: str, relation: Relation) -> tuple[Edge, ...]:
        """The edges of one relation whose target is ``node``."""
        hops = self._up if relation is Relation.GENERATED else self._down
        return tuple([hop.edge for hop in hops[node] if hop.edge.relation is relation])

    def edge(self, key: tuple[str, str, str, str]) -> Edge | None:
        """The edge with this :attr:`~aibom.lineage.nodes.Edge.key`, if it is there."""
        return self._by_key.get(key)


def _check_ids(nodes: Mapping[str, Node]) -> None:
    """Ids fit their node and the name it is filed under; a digest has one kind."""
    kinds: dict[str, Kind] = {}
    for name, node in nodes.items():
        if name != node.id or node.id.partition(":")[0] != node.kind:
            raise DocumentInvalid(
                f"{node.id!r} cannot be the id of a {node.kind}",
                reason="node-id-invalid",
                where=name,
            )
        if node.digest is None:
            continue
        known = kinds.setdefault(str(node.digest), node.kind)
        if known is not node.kind:
            raise DocumentInvalid(
                f"{node.digest} is called a {known} and a {node.kind}",
                reason="kind-contradicted",
                hint="record the step that names it wrongly again, with kind=",
            )


def _sorted_hops(hops: dict[str, list[Hop]]) -> dict[str, tuple[Hop, ...]]:
    return {
        name: tuple(sorted(found, key=lambda hop: (hop.to, hop.edge.key)))
        for name, found in hops.items()
    }


def _walk(
    start: str,
    hops: Mapping[str, tuple[Hop, ...]],
    along: Callable[[Edge], bool] | None,
) -> Walk:
    parents: dict[str, tuple[str, Edge]] = {}
    reached: list[str] = []
    queue = deque([start])
    seen = {start}
    while queue:
        current = queue.popleft()
        for hop in hops[current]:
            if hop.to in seen or (along is not None and not along(hop.edge)):
                continue
            seen.add(hop.to)
            parents[hop.to] = (current, hop.edge)
            reached.append(hop.to)
            queue.append(hop.to)
    return Walk(start, tuple(reached), parents)


def nearest_above(graph: Graph, marked: Iterable[str]) -> Mapping[str, Hop]:
    """For each node, the first move upstream to the nearest marked node above it.

    Nodes that are marked, or have no marked node above them, are left out. To get
    there, follow the moves until a node has none. One traversal for all nodes.
    """
    queue = deque(sorted(marked))
    seen = set(queue)
    moves: dict[str, Hop] = {}
    while queue:
        current = queue.popleft()
        for hop in graph.down(current):
            if hop.to not in seen:
                seen.add(hop.to)
                moves[hop.to] = Hop(hop.edge, current)
                queue.append(hop.to)
    return moves


def upstream_first(graph: Graph, ends: Collection[str] = ()) -> list[str]:
    """The nodes in an order in which everything stands after what it learned from.

    Nodes that are part of a cycle, or learned from one, have no place in such an order
    and are left out. At ``ends`` lineage is not looked at further: they wait for
    nothing. Linear in nodes and edges.
    """
    waiting = {name: 0 if name in ends else len(graph.up(name)) for name in graph.nodes}
    queue = deque(sorted(name for name, count in waiting.items() if count == 0))
    order = []
    while queue:
        name = queue.popleft()
        order.append(name)
        for hop in graph.down(name):
            if hop.to in ends:
                continue
            waiting[hop.to] -= 1
            if waiting[hop.to] == 0:
                queue.append(hop.to)
    return order


def find_cycles(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Every knot of nodes that are their own ancestors, each as one named cycle.

    One shortest cycle is named per strongly connected part, starting at its smallest
    id; sorted. An acyclic graph gives an empty tuple, and does not load networkx.
    """
    if len(upstream_first(graph)) == len(graph.nodes):
        return ()
    import networkx

    directed: networkx.DiGraph[str] = networkx.DiGraph()
    directed.add_nodes_from(graph.nodes)
    for name in graph.nodes:
        directed.add_edges_from((name, hop.to) for hop in graph.up(name))
    parts = networkx.strongly_connected_components(directed)
    return tuple(sorted(_cycle(graph, part) for part in parts if len(part) > 1))


def _cycle(graph: Graph, part: Collection[str]) -> tuple[str, ...]:
    """A shortest cycle through the smallest id of one strongly connected part."""
    first = min(part)
    walk = graph.upstream(
        first, along=lambda edge: edge.source in part and edge.target in part
    )
    last = next(
        name for name in walk.reached if any(hop.to == first for hop in graph.up(name))
    )
    return (first, *(hop.to for hop in walk.path(last)[1]), first)


@dataclass(frozen=True, slots=True, order=True)
class Contradiction:
    """Two origins that disagree: ``subject`` is a node id or an edge written out."""

    subject: str
    field: str
    values: tuple[str, ...]


def contradictions(graph: Graph) -> tuple[Contradiction, ...]:
    """Every field on which origins disagree, in nodes, in edges, and between edges.

    Two ``derived-from`` edges between the same nodes with different roles count as a
    disagreement about the relation.
    """
    found = [
        Contradiction(name, fact, _stated(node.facts, fact))
        for name, node in graph.nodes.items()
        for fact in node.fields()
        if node.state(fact) is State.CONTRADICTED
    ]
    roles: dict[tuple[str, str], set[str]] = {}
    for edge in graph.edges:
        written = f"{edge.source} {edge.relation} {edge.target}"
        found.extend(
            Contradiction(written, fact, _stated(edge.facts, fact))
            for fact in edge.fields()
            if edge.state(fact) is State.CONTRADICTED
        )
        if edge.relation is Relation.DERIVED_FROM:
            roles.setdefault((edge.source, edge.target), set()).add(edge.role)
    found.extend(
        Contradiction(
            f"{source} derived-from {target}", "relation", tuple(sorted(stated))
        )
        for (source, target), stated in roles.items()
        if len(stated) > 1
    )
    return tuple(sorted(found))


def disagreements(graph: Graph) -> tuple[str, ...]:
    """Every contradiction as a line of text, for people to read."""
    lines = []
    for item in contradictions(graph):
        node = graph.nodes.get(item.subject)
        about = node.label if node else item.subject
        said = " / ".join(item.values)
        lines.append(f"{about}: sources disagree on {item.field}: {said}")
    return tuple(lines)


def _stated(facts: Iterable[Fact], name: str) -> tuple[str, ...]:
    return tuple(
        "unknown" if f.value is None else f.value for f in facts if f.field == name
    )
