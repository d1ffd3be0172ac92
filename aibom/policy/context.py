"""What a check may ask, and what it answers with.

A :class:`Context` is the frozen subject of one evaluation: the graph, the evidence of
this run, closure, and one walk upstream from the artifact that gives every node its
lineage path. A check answers one :class:`Outcome` per node; the engine adds rule, mode
and severity.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.closure import Closure, ClosureState, close
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph, Hop, Walk
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.policy.data import PolicyData
from aibom.verdict import PathHop, Retold, Status

__all__ = [
    "STEP_KINDS",
    "Check",
    "Context",
    "Outcome",
    "fails",
    "not_applicable",
    "passes",
    "unknown",
]

T = TypeVar("T")

#: Every kind of step that a record can state, for settings that name one.
STEP_KINDS = (
    "align",
    "collect",
    "convert",
    "deduplicate",
    "distill",
    "embed",
    "evaluate",
    "federated-round",
    "filter",
    "fine-tune",
    "label",
    "merge",
    "prune",
    "quantize",
    "review",
    "split",
    "train",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check's answer for one node.

    ``beyond`` carries the path on from the node to what the answer is really about, as
    further hops upstream (for example from a dataset to one of its labelers). ``term``
    tells findings of one rule about one node apart, for exceptions. ``advice`` is what
    to do about this very reason, where what the rule says of all of them would mislead.
    """

    status: Status
    reason: str
    expected: str = ""
    actual: str = ""
    assurance: Assurance | None = None
    beyond: Sequence[Hop] = ()
    evidence: tuple[str, ...] = ()
    term: str = ""
    advice: str = ""


def passes(reason: str, **details: Any) -> Outcome:
    """The node is as the rule wants it."""
    return Outcome(Status.PASS, reason, **details)


def fails(reason: str, **details: Any) -> Outcome:
    """The node is known not to be as the rule wants it."""
    return Outcome(Status.FAIL, reason, **details)


def unknown(reason: str, **details: Any) -> Outcome:
    """It cannot be told; in deny mode that blocks as well."""
    return Outcome(Status.UNKNOWN, reason, **details)


def not_applicable(reason: str, **details: Any) -> Outcome:
    """The rule's question does not arise for this node."""
    return Outcome(Status.NOT_APPLICABLE, reason, **details)


@dataclass(frozen=True, slots=True)
class _Making:
    """A step that generated an entity, and how well that, and its kind, are known."""

    step: str
    kinds: frozenset[str]
    by_step: Level
    of_kind: Level


@dataclass(frozen=True, slots=True)
class Context:
    """The subject of one evaluation; everything in it is frozen and already checked."""

    graph: Graph
    root: str
    evidence: EvidenceSet
    data: PolicyData
    now: datetime
    walk: Walk = field(init=False, repr=False)
    closure: Mapping[str, Closure] = field(init=False, repr=False)
    # Remembers answers of closure_with, which are asked for once per node.
    _closures: dict[str, Mapping[str, Closure]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _once: dict[Hashable, Any] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    # The same for what many rules ask of each node.
    _ways: dict[str, Retold[PathHop]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _hops: dict[str, PathHop] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _labels: dict[str, str] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _sources: dict[str, tuple[tuple[str, Assurance], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _made_by: dict[str, tuple[_Making, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "walk", self.graph.upstream(self.root))
        object.__setattr__(self, "closure", self.closure_with("declared"))

    def closure_with(self, inputs_known: str) -> Mapping[str, Closure]:
        """Closure of every node; ``inputs_known`` is the least records must say."""
        if inputs_known not in self._closures:
            self._closures[inputs_known] = close(
                self.graph, self.evidence, self.data.roots or {}, self.now, inputs_known
            )
        return self._closures[inputs_known]

    def once(self, key: Hashable, make: Callable[[Context], T]) -> T:
        """What ``make`` gives for this context, made at the first call with this key.

        For what a check needs that is the same whichever node it is asked about. The
        key begins with a name of the check's own; what is given is never changed.
        """
        if key not in self._once:
            self._once[key] = make(self)
        found: T = self._once[key]
        return found

    @property
    def lineage_is_closed(self) -> bool:
        """Whether the artifact's own lineage is closed, or ends by decision."""
        return self.closure[self.root].state is not ClosureState.OPEN

    def node(self, name: str) -> Node:
        """The node with this id."""
        return self.graph.nodes[name]

    def is_artifact(self, name: str) -> bool:
        """Whether this is the artifact itself."""
        return name == self.root

    def label(self, name: str) -> str:
        """What a person would call this node."""
        found = self._labels.get(name)
        if found is None:
            found = self._labels[name] = self.node(name).label
        return found

    def path_to(self, name: str, beyond: Sequence[Hop] = ()) -> Retold[PathHop]:
        """The lineage path from the artifact to a node, and on along ``beyond``.

        All rules share one path to a node. Paths are told when they are read, out of
        hops that they share, so that a long chain takes no more room than its nodes.
        KeyError for a node that the artifact does not come from.
        """
        way = self._ways.get(name)
        if way is None:
            length = self.once("depths", _depths)[name]
            way = self._ways[name] = Retold(length, partial(self._way, name))
        if not beyond:
            return way
        return Retold(len(way) + len(beyond), partial(self._way, name, beyond))

    def _way(self, name: str, beyond: Sequence[Hop] = ()) -> list[PathHop]:
        parents, hops, known = self.walk.parents, [], self._hops
        while name != self.root:
            parent, edge = parents[name]
            if name not in known:
                known[name] = self._hop(Hop(edge, name))
            hops.append(known[name])
            name = parent
        start = self.node(self.root)
        hops.append(PathHop(start.id, self.label(start.id), start.kind.value))
        hops.reverse()
        hops.extend(self._hop(hop) for hop in beyond)
        return hops

    def _hop(self, hop: Hop) -> PathHop:
        node = self.node(hop.to)
        return PathHop(
            node.id,
            self.label(node.id),
            node.kind.value,
            hop.edge.relation.value,
            hop.edge.role,
        )

    def is_decided_root(self, name: str) -> bool:
        """Whether lineage ends at this node by an accepted, unexpired decision."""
        return self.closure[name].state is ClosureState.ACCEPTED

    def is_only_named(self, name: str) -> bool:
        """Whether nothing was taken: a document names it, and could have left that out.

        Nobody has its bytes, no step used or made it, and nothing needs it at run time.
        """
        if self.node(name).digest is not None or self.is_artifact(name):
            return False
        taking = (Relation.USED, Relation.REQUIRES, Relation.GENERATED)
        return not any(self.graph.edges_into(name, taken) for taken in taking)

    def generating_steps(self, name: str, kind: str) -> tuple[str, ...]:
        """The steps that generated this entity and are said to be of this kind.

        A step that two sources call by two kinds counts as both.
        """
        return tuple([made.step for made in self._making(name) if kind in made.kinds])

    def is_generated(self, name: str, minimum: Level) -> bool:
        """Whether it is known, at least so well, that a step generated this entity."""
        return any(made.by_step >= minimum for made in self._making(name))

    def step_kinds(self, name: str, minimum: Level) -> frozenset[str] | None:
        """The kinds of all steps that generated this entity; None when not known.

        One step of which it is not known, at least so well, that it generated the
        entity, or of what kind it is, makes all of it unknown.
        """
        making = self._making(name)
        if any(min(made.by_step, made.of_kind) < minimum for made in making):
            return None
        return frozenset().union(*(made.kinds for made in making)) if making else None

    def _making(self, name: str) -> tuple[_Making, ...]:
        """All that generated this entity."""
        found = self._made_by.get(name)
        if found is None:
            edges = self.graph.edges_into(name, Relation.GENERATED)
            found = self._made_by[name] = tuple(
                _Making(
                    edge.source,
                    frozenset(self.node(edge.source).values("step")),
                    edge_assurance(edge, self.evidence).level,
                    fact_assurance(self.node(edge.source), "step", self.evidence).level,
                )
                for edge in edges
            )
        return found

    def parties_of(self, step: str, role: str) -> tuple[Hop, ...]:
        """The hops from a step to the parties that took part in this role."""
        return tuple(
            Hop(edge, edge.target)
            for edge in self.graph.edges_from(step, Relation.PERFORMED_BY)
            if edge.role == role
        )

    def sources_of(self, name: str) -> tuple[tuple[str, Assurance], ...]:
        """Every source stated for an entity, each with the best assurance it has.

        A source stands on the node (worth what the node's own statements make it), or
        on the ``used`` edge of a step that took the bytes from there (worth what that
        step's record makes it).
        """
        found = self._sources.get(name)
        if found is None:
            found = self._sources[name] = self._sources_of(name)
        return found

    def _sources_of(self, name: str) -> tuple[tuple[str, Assurance], ...]:
        best: dict[str, Assurance] = {}

        def offer(value: str, assurance: Assurance) -> None:
            if value not in best or assurance.level > best[value].level:
                best[value] = assurance

        node = self.node(name)
        for value in node.values("source"):
            offer(value, fact_assurance(node, "source", self.evidence, value))
        for edge in self.graph.edges_into(name, Relation.USED):
            for value in edge.values("source"):
                offer(value, edge_assurance(edge, self.evidence))
        return tuple(sorted(best.items()))


def _depths(context: Context) -> dict[str, int]:
    """How many hops each path has. Whatever was reached comes after its parent."""
    depths = {context.root: 1}
    for name in context.walk.reached:
        depths[name] = depths[context.walk.parents[name][0]] + 1
    return depths


@dataclass(frozen=True, slots=True)
class Check:
    """A type of test that a policy can ask for.

    ``settings`` is a frozen dataclass; its fields are the keys a rule may write under
    ``settings``. ``evaluate`` is pure. ``kinds`` are the kinds of node it makes sense
    for.
    """

    id: str
    settings: type[Any]
    evaluate: Callable[[Context, Node, Any, Level], Outcome]
    kinds: frozenset[Kind]
    needs: tuple[str, ...] = ()

    @property
    def what_to_do(self) -> str:
        """What the docstring of its module advises; empty where it says nothing."""
        told = getattr(self.evaluate, "__globals__", {}).get("__doc__") or ""
        for paragraph in told.split("\n\n"):
            heading, _, text = paragraph.strip().partition(":")
            if heading == "What to do":
                advice = " ".join(text.split())
                return advice[:1].upper() + advice[1:]
        return ""
