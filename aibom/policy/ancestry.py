"""Questions about all ancestors, answered for every node at once.

A check that is asked of each ancestor of an artifact, and looks at all that stands
above each, would take a walk per node. An :class:`Ancestry` is made once for a graph
and the edges that count, and then answers for all nodes in one pass over the edges:
what is gathered from above, how much there is, and which of some marked nodes is the
nearest. Nearest is what :meth:`aibom.lineage.graph.Graph.upstream` would have reached
first, to the letter: by hops, ties by node id. Cycles are answered rightly, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from aibom.lineage.carry import carries
from aibom.lineage.graph import Graph, Hop, upstream_first
from aibom.lineage.nodes import Edge
from aibom.policy.context import Context
from aibom.verdict import Retold

__all__ = ["Ancestry", "Nearest", "all_above", "amount", "carrying", "onward"]

#: How many bits are passed on at a time; numbers of this size are quickly joined.
_BLOCK = 8192


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest of some marked nodes, for every node that has one above it.

    ``ends`` is the marked node by node, itself where it is marked; ``_moves`` the first
    hop on the way there. Ways share their hops: none is written out until it is read.
    """

    ends: Mapping[str, str]
    _moves: Mapping[str, Hop]
    _lengths: Mapping[str, int]

    def way(self, name: str) -> Retold[Hop]:
        """The hops from a node to the nearest marked one; none from a marked one.

        KeyError where there is none.
        """
        return Retold(self._lengths[name], _Steps(self._moves, name))

    def beyond(self, name: str, hops: Iterable[Hop]) -> tuple[str, Retold[Hop]]:
        """The nearest marked node that is not ``name`` itself, and the way there.

        ``hops`` are the moves upstream from ``name``; ValueError where there is none.
        """
        first = min(
            (hop for hop in hops if hop.to in self.ends),
            key=lambda hop: self._lengths[hop.to],
        )
        steps = _Steps(self._moves, name, (first,))
        return self.ends[first.to], Retold(self._lengths[first.to] + 1, steps)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Follows moves from a node until it has none."""

    moves: Mapping[str, Hop]
    start: str
    first: tuple[Hop, ...] = ()

    def __call__(self) -> Iterator[Hop]:
        yield from self.first
        current = self.first[-1].to if self.first else self.start
        while (hop := self.moves.get(current)) is not None:
            yield hop
            current = hop.to


@dataclass(frozen=True, slots=True)
class Ancestry:
    """The graph seen upstream, along the edges that count.

    ``ups`` are the moves upstream by node; ``circles`` the nodes that are, along these
    edges, their own ancestors.
    """

    ups: Mapping[str, tuple[Hop, ...]]
    circles: frozenset[str]
    _groups: tuple[tuple[str, ...], ...] = field(repr=False)
    _lower: Mapping[str, list[str]] = field(repr=False)

    @classmethod
    def of(cls, graph: Graph, along: Callable[[Edge], bool]) -> Ancestry:
        """Look at every edge once."""
        ups = {
            name: tuple([hop for hop in graph.up(name) if along(hop.edge)])
            for name in graph.nodes
        }
        downs: dict[str, list[str]] = {name: [] for name in graph.nodes}
        for name, hops in ups.items():
            for hop in hops:
                downs[hop.to].append(name)
        order = upstream_first(graph)
        groups: list[tuple[str, ...]] = [(name,) for name in order]
        groups += _circling(ups, graph.nodes.keys() - set(order))
        circles = frozenset(n for group in groups if len(group) > 1 for n in group)
        return cls(ups, circles, tuple(groups), downs)

    def below(self, name: str) -> Sequence[str]:
        """What comes directly from a node; once for each edge."""
        return self._lower[name]

    def gathered(self, own: Mapping[str, int]) -> dict[str, int]:
        """For every node, all bits of itself and of what stands above it."""
        found: dict[str, int] = {}
        for group in self._groups:
            bits = 0
            for name in group:
                bits |= own.get(name, 0)
                for hop in self.ups[name]:
                    bits |= found.get(hop.to, 0)
            for name in group:
                found[name] = bits
        return found

    def sums(self, weights: Mapping[str, int]) -> dict[str, int]:
        """For every node, the sum of weights of itself and of all above it, each once.

        Exact, where several ways lead to a node as well.
        """
        totals = dict.fromkeys(self.ups, 0)
        for block in _blocks(weights):
            for name, bits in self.gathered(block).items():
                totals[name] += bits.bit_count()
        return totals

    def reached(self, start: str) -> set[str]:
        """A node and all above it: for who asks about one node only."""
        seen, waiting = {start}, [start]
        while waiting:
            for hop in self.ups[waiting.pop()]:
                if hop.to not in seen:
                    seen.add(hop.to)
                    waiting.append(hop.to)
        return seen

    def nearest(self, marked: Collection[str]) -> Nearest:
        """Of ``marked``, the nearest to every node that is, or comes from, one."""
        lengths = dict.fromkeys(marked, 0)
        ends = {name: name for name in lengths}
        moves: dict[str, Hop] = {}
        queue = deque(lengths)
        while queue:
            name = queue.popleft()
            if name not in ends:
                # All that are nearer have been seen, so the first of them is right.
                wanted = lengths[name] - 1
                hop = next(h for h in self.ups[name] if lengths.get(h.to) == wanted)
                moves[name], ends[name] = hop, ends[hop.to]
            for lower in self._lower[name]:
                if lower not in lengths:
                    lengths[lower] = lengths[name] + 1
                    queue.append(lower)
        return Nearest(ends, moves, lengths)


def all_above(context: Context) -> Ancestry:
    """The ancestry along every edge, for :meth:`Context.once` (key ``ancestry``)."""
    return Ancestry.of(context.graph, lambda _: True)


def carrying(context: Context) -> Ancestry:
    """The ancestry along what carries taint, for :meth:`Context.once`."""
    return Ancestry.of(context.graph, partial(carries, context.graph))


def amount(
    context: Context,
    key: str,
    ancestry: Ancestry,
    weights: Mapping[str, int],
    name: str,
) -> int:
    """The sum of weights of a node and of all above it, each once; none is 0.

    Remembered by ``key`` for all nodes, unless it is asked of the artifact: many rules
    ask of nothing else, and one walk is enough for that.
    """
    if context.is_artifact(name):
        return sum(weights.get(upper, 0) for upper in ancestry.reached(name))
    sums = context.once(("amount", key), lambda _: ancestry.sums(weights))
    return sums[name]


def onward(way: Sequence[Hop], hop: Hop) -> Retold[Hop]:
    """A way and one hop more, which is not written out either."""
    return Retold(len(way) + 1, partial(chain, way, (hop,)))


def _circling(
    ups: Mapping[str, tuple[Hop, ...]], names: Collection[str]
) -> list[tuple[str, ...]]:
    """What is part of a cycle or comes from one: cycles as one, upper ones first."""
    if not names:
        return []
    import networkx

    directed: networkx.DiGraph[str] = networkx.DiGraph()
    directed.add_nodes_from(sorted(names))
    for name in directed:
        directed.add_edges_from((name, h.to) for h in ups[name] if h.to in names)
    parts = networkx.condensation(directed)
    return [
        tuple(sorted(parts.nodes[part]["members"]))
        for part in reversed(list(networkx.topological_sort(parts)))
    ]


def _blocks(weights: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """As many bits of its own for each node as it weighs, some nodes at a time."""
    block: dict[str, int] = {}
    used = 0
    for name, weight in weights.items():
        left = weight
        while left > 0:
            taken = min(left, _BLOCK - used)
            block[name] = ((1 << taken) - 1) << used
            used, left = used + taken, left - taken
            if used == _BLOCK:
                yield block
                block, used = {}, 0
    if block:
        yield block
