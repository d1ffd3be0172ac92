"""What every step says it made and used, by name: to hold the one against the other.

Told of are the steps of the graph, and those of every trusted step record in the
evidence: where bytes were swapped between two steps, nothing in the graph leads to the
step that made the right ones. Only names with a namespace (``acme/reviews``) count,
since a base name such as ``train.jsonl`` means nothing outside of its folder. They are
compared without regard to case and to the form of letters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Facts, Node, Relation
from aibom.policy.context import Context
from aibom.reading import parse_time
from aibom.statement import PROVENANCE_V1

__all__ = [
    "CLOCK_SKEW",
    "Flow",
    "Touch",
    "described",
    "flow_of",
    "qualified",
    "recorded_graphs",
    "short_id",
]

#: So far the clocks of two machines may be apart before what came first is not known.
CLOCK_SKEW = timedelta(seconds=5)

_Index = Mapping[str, Mapping[str, "Touch"]]


@dataclass(frozen=True, slots=True)
class Touch:
    """A step made, or used, an entity under a name; and what it is worth to say so."""

    step: Node
    entity: Node
    worth: Assurance


@dataclass(frozen=True, slots=True)
class Flow:
    """``made`` is name → entity → who made it; ``used`` is name → step and entity."""

    made: _Index
    used: _Index
    times: Mapping[str, tuple[datetime, datetime]]

    def may_follow(self, later: str, earlier: str) -> bool:
        """Whether ``later`` can have used what ``earlier`` made; unknown times may."""
        return later != earlier and self._ahead(later, earlier) <= CLOCK_SKEW

    def is_order_known(self, later: str, earlier: str) -> bool:
        """Whether ``earlier`` had ended by any clock, where :meth:`may_follow` is so.

        Not known is it of steps of which only the difference between two clocks may
        have made the one end after the other began.
        """
        return self._ahead(later, earlier) <= timedelta()

    def _ahead(self, later: str, earlier: str) -> timedelta:
        """How long after the later one began the earlier one ended; 0 if not known."""
        if later not in self.times or earlier not in self.times:
            return timedelta()
        return self.times[earlier][1] - self.times[later][0]


def qualified(*carriers: Facts) -> tuple[str, ...]:
    """The names with a namespace among the facts, in the form that is compared."""
    return tuple(
        sorted(
            {
                unicodedata.normalize("NFKC", name).casefold()
                for facts in carriers
                for name in facts.values("name")
                if "/" in name
            }
        )
    )


def short_id(node: Node) -> str:
    """Enough of a node's id to find it."""
    head, _, tail = node.id.rpartition(":")
    return f"{head}:{tail[:12]}"


def described(node: Node) -> str:
    """A node by what people call it, and enough of its id to find it."""
    return f"{node.label} ({short_id(node)})"


def recorded_graphs(context: Context) -> Iterator[tuple[Graph, frozenset[str], str]]:
    """The graph of every trusted step record, with its own nodes and its signer."""
    for item in context.evidence.items:
        if item.predicate_type != PROVENANCE_V1 or item.graph is None:
            continue
        if item.signer is not None:
            yield item.graph, item.own, item.signer.name


def flow_of(context: Context) -> Flow:
    """Read the graph and all trusted records once."""
    made: dict[str, dict[str, Touch]] = {}
    used: dict[str, dict[str, Touch]] = {}
    times: dict[str, tuple[datetime, datetime]] = {}
    for graph, own, signer in recorded_graphs(context):
        worth = Assurance(Level.ATTESTED, f"signed by {signer}")
        for name in own & graph.nodes.keys():
            _note_times(times, graph.nodes[name])
        for edge in _in_order(graph):
            if edge.source in own:
                _note(made, used, graph, edge, worth)
    for edge in _in_order(context.graph):
        _note(made, used, context.graph, edge, edge_assurance(edge, context.evidence))
    return Flow(made, used, times)


def _in_order(graph: Graph) -> list[Edge]:
    """Which of two is told of must not depend on which was read first."""
    return sorted(graph.edges, key=lambda edge: edge.key)


def _note_times(times: dict[str, tuple[datetime, datetime]], node: Node) -> None:
    try:
        found = (parse_time(node.value("started")), parse_time(node.value("finished")))
    except ValueError:
        return
    times[node.id] = found


def _note(
    made: dict[str, dict[str, Touch]],
    used: dict[str, dict[str, Touch]],
    graph: Graph,
    edge: Edge,
    worth: Assurance,
) -> None:
    if edge.relation not in (Relation.GENERATED, Relation.USED):
        return
    step, entity = graph.nodes[edge.source], graph.nodes[edge.target]
    touch = Touch(step, entity, worth)
    if edge.relation is Relation.GENERATED:
        # Only the step's own word: a name that others gave it must not make it match.
        for name in qualified(edge):
            made.setdefault(name, {}).setdefault(entity.id, touch)
    else:
        for name in qualified(edge, entity):
            used.setdefault(name, {}).setdefault(f"{step.id} {entity.id}", touch)
