"""What one step made is, byte for byte, what the next one used.

What it checks: every step above the node, up to where lineage ends by decision. An
input that goes by the qualified name (`acme/reviews`) of something that another step
made must be those bytes; and what these steps made must be the bytes that any other
step on record, an evaluation for example, used under that name. The steps of all
trusted records in the evidence are compared, those that nothing in the BOM leads to as
well. A name that is made anew, version after version, may be used in each version that
a step made. Names without a namespace are not compared, and of a folder one of its
files may be used. A step that, by trusted records, ended after the other began cannot
have been before it.

Why it matters: whoever can change files between two steps needs neither of them to be
compromised. The bytes that were filtered and examined are then not those that trained
the model.

Passes: nothing that was made under a name is used with other bytes (`steps-match`).

Fails: a name was made with one digest and used with another (`step-mismatch`). The path
leads to the step, and both steps are named.

Unknown: an input has no digest to compare (`input-undigested`); one is a folder and the
other a file, and it is not known which files the folder holds (`files-not-known`); a
step is less well assured than the rule asks (`assurance-too-low`); nothing tells how
the node was made (`lineage-open`).

Not applicable: accepted roots (`accepted-root`).

What to do: keep all step records in the evidence, for one that is left out is compared
with nothing. After a mismatch, find out which bytes are right before anything else, and
who could write where they lay; then run the later step again on what the earlier made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.graph import Hop, Walk
from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Node, Relation
from aibom.policy.asking import undecided_lineage
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
    walk = undecided_lineage(context, node.id)
    steps = [name for name in walk.reached if context.node(name).kind is Kind.STEP]
    if not steps:
        return unknown(
            "lineage-open", expected=_EXPECTED, actual="nothing tells how it was made"
        )
    flow = context.once("flow", flow_of)
    doubt = None
    for answer in _answers(context, flow, walk, steps):
        if answer.status is Status.FAIL:
            return answer
        doubt = doubt or answer
    if doubt is not None:
        return doubt
    return passes(
        "steps-match",
        expected=_EXPECTED,
        actual=f"{len(steps)} steps compared",
        assurance=_worth(context, steps),
    )


def _answers(
    context: Context, flow: Flow, walk: Walk, steps: list[str]
) -> Iterator[Outcome]:
    strays = _strays(flow, frozenset(steps))
    for step in steps:
        for edge, answer in _inputs(context, flow, step):
            path = (*walk.path(step)[1], Hop(edge, edge.target))
            yield replace(answer, beyond=path)
        for edge in context.graph.edges_from(step, Relation.GENERATED):
            for answer in _output(context, flow, edge, strays):
                yield replace(answer, beyond=walk.path(step)[1])


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
    answers = [_compared(context, name, used, maker) for maker in makers]
    doubts = (answer for answer in answers if answer.status is not Status.FAIL)
    return next(doubts, answers[0])


def _below(context: Context, step: str) -> frozenset[str]:
    """What comes from this step: none of it can have come before."""
    return frozenset(context.graph.downstream(step).reached)


# ── one output, and whoever used something of that name ──────────────


def _strays(flow: Flow, inside: frozenset[str]) -> Mapping[str, list[Touch]]:
    """By name: what steps that are not above the node used, and no step made."""
    return {
        name: [
            used
            for used in flow.used.get(name, {}).values()
            if used.step.id not in inside and used.entity.id not in made
        ]
        for name, made in flow.made.items()
    }


def _output(
    context: Context,
    flow: Flow,
    edge: Edge,
    strays: Mapping[str, list[Touch]],
) -> Iterator[Outcome]:
    """What is wrong with how others, not above the node, used what a step made."""
    worth = edge_assurance(edge, context.evidence)
    maker = Touch(context.node(edge.source), context.node(edge.target), worth)
    for name in qualified(edge):
        for used in strays.get(name, ()):
            if not flow.may_follow(used.step.id, maker.step.id):
                continue
            makers = flow.made[name].values()
            if not _is_file_of_any(context, used.entity, makers):
                yield _compared(context, name, used, maker)


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


def _worth(context: Context, steps: list[str]) -> Assurance:
    """The least that is known of what these steps used and made."""
    return min(
        (
            edge_assurance(edge, context.evidence)
            for step in steps
            for relation in (Relation.USED, Relation.GENERATED)
            for edge in context.graph.edges_from(step, relation)
        ),
        key=lambda worth: worth.level,
    )


CHECK = Check("step-match", Settings, evaluate, ENTITY_KINDS)
