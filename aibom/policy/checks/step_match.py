"""What one step made is, byte for byte, what the next one used.

What it checks: every step above the node, up to where lineage ends by decision. An
input that goes by the qualified name (`acme/reviews`) of something that another step
made must be those bytes; and what these steps made must be the bytes that any other
step on record, an evaluation for example, used under that name. The steps of all
trusted records in the evidence are compared, those that nothing in the BOM leads to as
well. A name that is made anew, version after version, may be used in each version that
a step made. Names without a namespace are not compared, and of a folder one of its
files may be used. A step that, by trusted records, ended after the other began cannot
have been before it; within five seconds that is not known, because clocks differ.

Why it matters: whoever can change files between two steps needs neither of them to be
compromised. The bytes that were filtered and examined are then not those that trained
the model.

Passes: nothing that was made under a name is used with other bytes (`steps-match`).

Fails: a name was made with one digest and used with another (`step-mismatch`). The path
leads to the step, and both steps are named.

Unknown: an input has no digest to compare (`input-undigested`); one is a folder and the
other a file, and it is not known which files the folder holds (`files-not-known`);
only the clocks of two machines say which step came first (`step-order-unknown`); a step
is less well assured than the rule asks (`assurance-too-low`); nothing tells how
the node was made (`lineage-open`).

Not applicable: accepted roots (`accepted-root`).

What to do: keep all step records in the evidence, for one that is left out is compared
with nothing. After a mismatch, find out which bytes are right before anything else, and
who could write where they lay; then run the later step again on what the earlier made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Node, Relation
from aibom.policy.ancestry import Ancestry, Nearest, amount, onward
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.flow import Flow, Touch, described, flow_of, qualified, short_id
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_EXPECTED = "what a step made under a name is what others use under it"


@dataclass(frozen=True, slots=True)
class Settings:
    """This check has no settings."""


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the nearest mismatch upstream is told."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    steps = context.once("step-match", _look)
    found = steps.nearest(context, node.id, Status.FAIL)
    found = found or steps.nearest(context, node.id, Status.UNKNOWN)
    if found is not None:
        return found
    worth = steps.worth(context, node.id)
    if worth is None:
        return unknown(
            "lineage-open", expected=_EXPECTED, actual="nothing tells how it was made"
        )
    count = amount(context, "step-match", steps.ancestry, steps.weights, node.id)
    return passes(
        "steps-match",
        expected=_EXPECTED,
        actual=f"{count} steps compared",
        assurance=worth,
    )


# ── every step, looked at once for all nodes below it ──────────────


@dataclass(frozen=True, slots=True)
class _Found:
    """What is wrong with a step, for all that come from it.

    ``edge`` leads on to the input that it is about. ``unless`` is the bit of another
    step: where that one is above the node as well, its own inputs are what is told.
    """

    answer: Outcome
    edge: Edge | None = None
    unless: int = 0


@dataclass(frozen=True, slots=True)
class _Steps:
    """All steps, each with what is wrong with it in order, and the least it is worth.

    ``others`` has, for every node, the bits of the steps that are above it and that
    something is told of only where they are not. Each step weighs one.
    """

    ancestry: Ancestry
    found: Mapping[str, tuple[_Found, ...]]
    worths: Mapping[str, Assurance]
    others: Mapping[str, int]
    weights: Mapping[str, int]

    def nearest(self, context: Context, name: str, status: Status) -> Outcome | None:
        """What is told of a node: of the nearest step of which there is any."""
        above = self.others.get(name, 0)
        key = ("step-match", status, above)
        marks = context.once(key, lambda _: self._marked(status, above))
        step = marks.ends.get(name)
        if step is None:
            return None
        told = next(self._told(step, status, above))
        way = marks.way(name)
        if told.edge is not None:
            way = onward(way, Hop(told.edge, told.edge.target))
        return replace(told.answer, beyond=way)

    def _marked(self, status: Status, above: int) -> Nearest:
        marked = [s for s in self.found if any(self._told(s, status, above))]
        return self.ancestry.nearest(marked)

    def _told(self, step: str, status: Status, above: int) -> Iterator[_Found]:
        for found in self.found[step]:
            if found.answer.status is status and not found.unless & above:
                yield found

    def worth(self, context: Context, name: str) -> Assurance | None:
        """The least that is known of what the steps above used and made, if any are."""
        for marks in context.once("step-match-worth", self._by_level):
            step = marks.ends.get(name)
            if step is not None:
                return self.worths[step]
        return None

    def _by_level(self, context: Context) -> list[Nearest]:
        steps: dict[Level, list[str]] = {}
        for step, worth in self.worths.items():
            steps.setdefault(worth.level, []).append(step)
        return [self.ancestry.nearest(steps[level]) for level in sorted(steps)]


def _look(context: Context) -> _Steps:
    """Look at every step of the graph; lineage above a decided root counts for none."""

    def goes_on(edge: Edge) -> bool:
        generated = edge.relation is Relation.GENERATED
        return not context.is_decided_root(edge.target if generated else edge.source)

    ancestry = Ancestry.of(context.graph, goes_on)
    flow = context.once("flow", flow_of)
    strays = _strays(context, flow)
    bits: dict[str, int] = {}
    nodes = context.graph.nodes
    steps = [name for name in nodes if nodes[name].kind is Kind.STEP]
    found = {step: _wrong(context, flow, strays, step, bits) for step in steps}
    worths = {step: worth for step in steps if (worth := _worth(context, step))}
    others = ancestry.gathered(bits) if bits else {}
    # Of a step that every way to this one leads through, nothing is ever told here.
    kept = {
        step: tuple([f for f in wrong if not f.unless & others.get(step, 0)])
        for step, wrong in found.items()
    }
    live = reduce(or_, (f.unless for wrong in kept.values() for f in wrong), 0)
    others = {name: above & live for name, above in others.items()} if live else {}
    return _Steps(ancestry, kept, worths, others, dict.fromkeys(steps, 1))


def _wrong(
    context: Context,
    flow: Flow,
    strays: Mapping[str, Sequence[Touch]],
    step: str,
    bits: dict[str, int],
) -> list[_Found]:
    """What is wrong with a step; nothing after what always counts can ever count."""
    found = []
    for answer, edge, user in _answers(context, flow, strays, step):
        unless = 0
        if user in context.graph.nodes:
            unless = bits.setdefault(user, 1 << len(bits))
        found.append(_Found(answer, edge, unless))
        if answer.status is Status.FAIL and not unless:
            break
    return found


def _answers(
    context: Context, flow: Flow, strays: Mapping[str, Sequence[Touch]], step: str
) -> Iterator[tuple[Outcome, Edge | None, str]]:
    """Answers about one step, with the input or the other step that they are about."""
    for edge, answer in _inputs(context, flow, step):
        yield answer, edge, ""
    for edge in context.graph.edges_from(step, Relation.GENERATED):
        for used, answer in _output(context, flow, edge, strays):
            yield answer, None, used.step.id


# ── one input, and whoever made something of that name ──────────────


def _inputs(context: Context, flow: Flow, step: str) -> Iterator[tuple[Edge, Outcome]]:
    """What is wrong with what a step used, by the edge that says that it did."""
    below: frozenset[str] | None = None
    for edge in context.graph.edges_from(step, Relation.USED):
        entity = context.node(edge.target)
        if context.is_decided_root(entity.id):
            continue
        used = Touch(context.node(step), entity, edge_assurance(edge, context.evidence))
        for name in qualified(edge, entity):
            made = flow.made.get(name, {})
            if not made or entity.id in made:
                continue
            below = _below(context, step) if below is None else below
            answer = _against_makers(context, flow, name, used, below)
            if answer is not None:
                yield edge, answer


def _against_makers(
    context: Context, flow: Flow, name: str, used: Touch, below: frozenset[str]
) -> Outcome | None:
    """What is wrong with a thing that no step made as it is under this name."""
    makers = [
        maker
        for maker in flow.made[name].values()
        if flow.may_follow(used.step.id, maker.step.id) and maker.step.id not in below
    ]
    if not makers or _is_file_of_any(context, used.entity, makers):
        return None
    sure = [m for m in makers if flow.is_order_known(used.step.id, m.step.id)]
    answers = [_compared(context, name, used, maker) for maker in sure or makers]
    if not sure:
        return _in_doubt(answers[0])
    doubts = (answer for answer in answers if answer.status is not Status.FAIL)
    return next(doubts, answers[0])


def _below(context: Context, step: str) -> frozenset[str]:
    """What comes from this step: none of it can have come before."""
    return frozenset(context.graph.downstream(step).reached)


# ── one output, and whoever used something of that name ──────────────


def _strays(context: Context, flow: Flow) -> Mapping[str, Sequence[Touch]]:
    """By name: what steps used that no step made, nor any file of what they made."""
    return {
        name: [
            used
            for used in flow.used.get(name, {}).values()
            if used.entity.id not in made
            and not _is_file_of_any(context, used.entity, made.values())
        ]
        for name, made in flow.made.items()
    }


def _output(
    context: Context,
    flow: Flow,
    edge: Edge,
    strays: Mapping[str, Sequence[Touch]],
) -> Iterator[tuple[Touch, Outcome]]:
    """What is wrong with how other steps used what this one made."""
    worth = edge_assurance(edge, context.evidence)
    maker = Touch(context.node(edge.source), context.node(edge.target), worth)
    for name in qualified(edge):
        for used in strays.get(name, ()):
            if flow.may_follow(used.step.id, maker.step.id):
                answer = _compared(context, name, used, maker)
                sure = flow.is_order_known(used.step.id, maker.step.id)
                yield used, answer if sure else _in_doubt(answer)


# ── what was used against what was made ──────────────


def _is_file_of_any(context: Context, used: Node, makers: Iterable[Touch]) -> bool:
    """Whether it is known to be a file of what was made, or what was made is of it."""
    for maker in makers:
        file, folder = _file_and_folder(context, used, maker.entity)
        if file is not None and any(file.digest == one.digest for one in folder.files):
            return True
    return False


def _file_and_folder(
    context: Context, used: Node, made: Node
) -> tuple[Node | None, Node]:
    """The two in this order; no file where they are not one file and one folder."""
    pair = [context.graph.nodes.get(node.id, node) for node in (used, made)]
    forms = [node.digest.form if node.digest else "" for node in pair]
    if sorted(forms) != ["file", "tree"]:
        return None, pair[1]
    return pair[forms.index("file")], pair[forms.index("tree")]


def _compared(context: Context, name: str, used: Touch, maker: Touch) -> Outcome:
    """The answer where a thing is not known to be what was made under its name."""
    told = (
        f"{described(used.step)} used {name} as {short_id(used.entity)}, but "
        f"{described(maker.step)} made it as {short_id(maker.entity)}"
    )
    if used.entity.digest is None or maker.entity.digest is None:
        return unknown("input-undigested", expected=_EXPECTED, actual=told)
    file, folder = _file_and_folder(context, used.entity, maker.entity)
    if file is not None and not folder.files:
        return unknown("files-not-known", expected=_EXPECTED, actual=told)
    return fails("step-mismatch", expected=_EXPECTED, actual=told)


def _in_doubt(answer: Outcome) -> Outcome:
    """Where a later version may have been made, and just as well this one swapped."""
    if answer.status is not Status.FAIL:
        return answer
    actual = f"{answer.actual}, if that came first: by their clocks it is too close"
    return unknown("step-order-unknown", expected=_EXPECTED, actual=actual)


def _worth(context: Context, step: str) -> Assurance | None:
    """The least that is known of what a step used and made."""
    return min(
        (
            edge_assurance(edge, context.evidence)
            for relation in (Relation.USED, Relation.GENERATED)
            for edge in context.graph.edges_from(step, relation)
        ),
        key=lambda worth: worth.level,
        default=None,
    )


CHECK = Check("step-match", Settings, evaluate, ENTITY_KINDS)
