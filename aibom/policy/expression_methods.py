"""What an expression may ask of a node, answered natively.

Everything is a method: ``node.licence()``, ``node.ancestors()``. Lists are empty where
nothing is on record, so that a missing fact is never an error that ``||`` would
swallow. What was asked is kept, with its assurance: a pass is worth as much as the
weakest fact that it rests on, and what is missing is worth too little for any pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    existence_assurance,
    fact_assurance,
)
from aibom.lineage.closure import ClosureState
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Node, Relation
from aibom.policy.context import Context
from aibom.policy.expression_places import Under
from aibom.policy.measuring import hops_to_makers

__all__ = [
    "FIELDS",
    "METHODS",
    "SPENDING_LIMIT",
    "Asked",
    "Asking",
    "Method",
    "OverBudget",
    "lineage_gap",
]

#: How many calls and items of lists one evaluation may have; what cel-cpp itself limits
#: is how often loops turn (9999 times), not what a turn costs us.
SPENDING_LIMIT = 20_000

#: Facts of which a near miss is taken for a slip of the pen.
FIELDS = (
    *("commit", "description", "finished", "inputs", "label", "licence", "location"),
    *("name", "revision", "source", "started", "step", "type", "upstream-bom"),
)


class OverBudget(Exception):
    """An expression asked for more than one evaluation may; see SPENDING_LIMIT."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that was asked of a node: what was found, and what that is worth."""

    node: str
    field: str
    values: tuple[str, ...]
    assurance: Assurance


@dataclass(slots=True)
class Asking:
    """One evaluation of an expression: answers its methods, and keeps what was asked.

    Answers are functions of the context alone; only what they cost and found is kept.
    Raises :class:`OverBudget`.
    """

    context: Context
    #: What edges are worth by ``id()``, kept from one node of a context to the next.
    edges: dict[int, Assurance] = field(default_factory=dict)
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    #: Nodes of which an answer rests on knowing all of their lineage.
    lineage: set[str] = field(default_factory=set)
    spent: int = 0
    #: The method that is at work or that broke. The engine swallows errors at ``||``;
    #: so this is looked at afterwards.
    at_work: str = ""

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """The answer of one method."""
        if self.at_work:
            raise OverBudget("an earlier answer broke")
        self.at_work = name
        self.spend(1)
        answer = METHODS[name].answer(self, *arguments)
        self.spend(_size(answer))
        self.at_work = ""
        return _clean(answer)

    def spend(self, answers: int) -> None:
        """Count answers; too many are an error that every further one repeats."""
        self.spent += answers
        if self.over_budget:
            raise OverBudget(f"more than {SPENDING_LIMIT:,} answers")

    @property
    def over_budget(self) -> bool:
        """Whether it asked for too much."""
        return self.spent > SPENDING_LIMIT

    def weakest(self) -> Asked | None:
        """The least of what was asked, by assurance; None when no fact was."""
        order = sorted(
            self.asked.values(),
            key=lambda item: (item.assurance.level, item.node, item.field),
        )
        return order[0] if order else None

    def node(self, name: str) -> Node:
        """The node with this id."""
        return self.context.node(name)

    def note(
        self, name: str, field: str, values: Iterable[str], worth: Iterable[Assurance]
    ) -> None:
        """Keep that this was asked; it is worth the least of what it is made of."""
        if (name, field) not in self.asked:
            least = min(worth, key=lambda assurance: assurance.level, default=_MISSING)
            self.asked[name, field] = Asked(name, field, tuple(values), least)

    def note_edges(self, name: str, field: str, edges: Iterable[Edge]) -> None:
        """Keep that an answer rests on these edges, if on any."""
        key = (name, field)
        if key in self.asked:
            return
        worth = [self._worth(edge) for edge in edges]
        if worth:
            self.note(name, field, (), worth)

    def _worth(self, edge: Edge) -> Assurance:
        if id(edge) not in self.edges:
            self.edges[id(edge)] = edge_assurance(edge, self.context.evidence)
        return self.edges[id(edge)]


def _size(answer: Any) -> int:
    """How many answers this is: the items of a list, and one for 1000 characters."""
    if isinstance(answer, list):
        return len(answer) + sum(map(len, answer)) // 1000
    return len(answer) // 1000 if isinstance(answer, str) else 0


def _clean(answer: Any) -> Any:
    """As the engine can take it: without lone surrogates, and without null characters.

    It would end a text at the first null, and ``mit``, null, ``gpl`` were ``mit``.
    """
    if isinstance(answer, list):
        return [_clean(item) for item in answer]
    if isinstance(answer, str):
        return answer.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return answer


_MISSING = Assurance(Level.MISSING, "no source says anything")


# ── the node itself ────────────────────


def _id(asking: Asking, name: str) -> str:
    return _existing(asking, name, "id", name)


def _kind(asking: Asking, name: str) -> str:
    return _existing(asking, name, "kind", asking.node(name).kind.value)


def _digest(asking: Asking, name: str) -> str:
    digest = asking.node(name).digest
    return _existing(asking, name, "digest", str(digest) if digest else "")


def _existing(asking: Asking, name: str, field: str, answer: str) -> str:
    worth = existence_assurance(asking.node(name), asking.context.evidence)
    asking.note(name, field, (answer,), (worth,))
    return answer


def _facts(asking: Asking, name: str, wanted: str) -> list[str]:
    if wanted == "source":
        return _sources(asking, name)
    node = asking.node(name)
    values = node.values(wanted)
    if (name, wanted) not in asking.asked:
        worth = fact_assurance(node, wanted, asking.context.evidence)
        asking.note(name, wanted, values, (worth,))
    return list(values)


def _names(asking: Asking, name: str) -> list[str]:
    return _facts(asking, name, "name")


def _licence(asking: Asking, name: str) -> list[str]:
    return _facts(asking, name, "licence")


def _sources(asking: Asking, name: str) -> list[str]:
    found = asking.context.sources_of(name)
    values = [value for value, _ in found]
    asking.note(name, "source", values, [worth for _, worth in found])
    return values


def _has_source(asking: Asking, name: str, place: str) -> bool:
    under = Under.parse(place)
    return any(under.holds(text) for text in _sources(asking, name))


def _only_sources(asking: Asking, name: str, places: list[str]) -> bool:
    allowed = [Under.parse(str(place)) for place in places]
    found = _sources(asking, name)
    return bool(found) and all(
        any(under.holds(text) for under in allowed) for text in found
    )


def _assurance(asking: Asking, name: str, wanted: str) -> str:
    node, evidence = asking.node(name), asking.context.evidence
    if wanted == "digest":
        return existence_assurance(node, evidence).level.word
    if wanted == "source":
        levels = [worth.level for _, worth in asking.context.sources_of(name)]
        return min(levels, default=Level.MISSING).word
    return fact_assurance(node, wanted, evidence).level.word


# ── its lineage ────────────────────


def _ancestors(asking: Asking, name: str) -> list[str]:
    """Every entity upstream, nearest first."""
    context = asking.context
    asking.lineage.add(name)
    walk = context.walk if name == context.root else context.graph.upstream(name)
    if len(walk.reached) > SPENDING_LIMIT:
        asking.spend(len(walk.reached))
    asking.note_edges(name, "lineage", (edge for _, edge in walk.parents.values()))
    return [name for name in walk.reached if context.node(name).kind in ENTITY_KINDS]


def _steps(asking: Asking, name: str) -> list[str]:
    """The steps that generated it."""
    graph = asking.context.graph
    asking.lineage.add(name)
    found = graph.generating_steps(name)
    if found:
        asking.note_edges(name, "steps", graph.edges_into(name, Relation.GENERATED))
    else:
        # Closed by a pin or by a decision: how it was made is still not on record.
        asking.note(name, "steps", (), ())
    return list(found)


def _parties(asking: Asking, name: str, role: str) -> list[str]:
    """Who made it, or took part in it if it is a step, in this role."""
    context = asking.context
    hops: list[Hop]
    if context.node(name).kind is Kind.STEP:
        asking.lineage.add(name)
        hops = list(context.parties_of(name, role))
    else:
        _steps(asking, name)
        ways = hops_to_makers(context, name, (role,))
        hops = [hop for _, way in ways for hop in way]
    asking.note_edges(name, f"{role}s", (hop.edge for hop in hops))
    return sorted({hop.to for hop in hops if context.node(hop.to).kind is Kind.PARTY})


def lineage_gap(asking: Asking) -> str | None:
    """The first node of which lineage was asked while it is open."""
    closure = asking.context.closure
    return next(
        (
            name
            for name in sorted(asking.lineage)
            if closure[name].state is ClosureState.OPEN
        ),
        None,
    )


@dataclass(frozen=True, slots=True)
class Method:
    """A method: types of what it takes after the node, of what it gives, and how."""

    takes: tuple[str, ...]
    gives: str
    answer: Callable[..., Any]


#: Every method by name. Types are ``node``, ``nodes``, ``text``, ``texts``, ``truth``.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ancestors": Method((), "nodes", _ancestors),
        "assurance": Method(("text",), "text", _assurance),
        "digest": Method((), "text", _digest),
        "facts": Method(("text",), "texts", _facts),
        "has_source": Method(("text",), "truth", _has_source),
        "id": Method((), "text", _id),
        "kind": Method((), "text", _kind),
        "licence": Method((), "texts", _licence),
        "names": Method((), "texts", _names),
        "only_sources": Method(("texts",), "truth", _only_sources),
        "parties": Method(("text",), "nodes", _parties),
        "sources": Method((), "texts", _sources),
        "steps": Method((), "nodes", _steps),
    }
)
