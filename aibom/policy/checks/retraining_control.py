"""Nothing is trained unless somebody who may do so had it done, for a known cause.

What it checks: every step of one of the kinds in `steps` that generated the node names,
in one of `start_roles`, who had it done; all who are named so are among `may_start`.
Everybody else who took part in it, in any role but auditor, reviewer, approver or
owner, is among `may_start` or `may_write`. With `causes`, the step's parameter
`cause_parameter` says why it was done, in one of these words. Party ids and words are
compared letter by letter.

Why it matters: a system that retrains itself on what it is told can be taught by
whoever talks to it. Who may start a training, and on what occasion, is a decision; so
is who may write into it.

Passes: all of that holds for every such step (`retraining-allowed`).

Fails: somebody had it done who may not (`starter-not-allowed`), or took part who may
not (`writer-not-allowed`), a claim being enough; the cause is another one
(`cause-not-allowed`).

Unknown: nobody is named who had it done (`starter-missing`); no cause is stated, or
several (`cause-missing`); some of it is less well assured than the rule asks
(`assurance-too-low`); it is not known, well enough, which kind of step generated the
node (`lineage-open`).

Not applicable: nodes that steps of other kinds generated (`no-such-step`), and accepted
roots (`accepted-root`).

What to do: have somebody who may do so start the training, and record it (`--by
approver=…`, `--param cause=…`); the record has to be signed by an allowed signer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Level
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.policy.asking import spared, worst
from aibom.policy.context import (
    STEP_KINDS,
    Check,
    Context,
    Outcome,
    fails,
    passes,
    unknown,
)
from aibom.policy.duties import PARTY_DUTIES
from aibom.policy.step_records import hands_in, not_one_of, party_of, step_worth

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Who may have something trained, who may take part, and why."""

    may_start: tuple[str, ...] = field(
        metadata={"doc": "Party ids of those who may have it done."}
    )
    may_write: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Party ids of others who may take part."},
    )
    start_roles: tuple[str, ...] = field(
        default=("approver", "owner"),
        metadata={
            "doc": "Roles in which a step names who had it done.",
            "choices": PARTY_DUTIES,
        },
    )
    causes: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Causes for which it may be done; none: not asked."},
    )
    cause_parameter: str = field(
        default="cause",
        metadata={"doc": "The parameter of the step that states its cause."},
    )
    steps: tuple[str, ...] = field(
        default=(
            "align",
            "distill",
            "federated-round",
            "fine-tune",
            "merge",
            "train",
        ),
        metadata={
            "doc": "Kinds of steps that are asked.",
            "choices": STEP_KINDS,
        },
    )

    def __post_init__(self) -> None:
        if not self.steps or not self.start_roles:
            raise ValueError("steps and start_roles need a word each, or none is asked")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of the steps that trained it decides."""
    needless = spared(context, node, settings.steps, minimum)
    if needless is not None:
        return needless
    answer = worst(
        _of_step(context, hop, settings)
        for hop in context.graph.up(node.id)
        if hop.edge.relation is Relation.GENERATED
        and not set(settings.steps).isdisjoint(context.node(hop.to).values("step"))
    )
    expected = f"done by {' or '.join(settings.may_start)}"
    if settings.causes:
        expected += f" because of {' or '.join(settings.causes)}"
    return replace(answer, expected=expected)


def _of_step(context: Context, made: Hop, settings: Settings) -> Outcome:
    step = context.node(made.to)
    starters = [
        hop
        for role in settings.start_roles
        for hop in context.parties_of(step.id, role)
    ]
    answers = [
        _not_among(starters, settings.may_start, "starter-not-allowed"),
        _not_among(
            [hop for hop in hands_in(context, step.id) if hop not in starters],
            (*settings.may_start, *settings.may_write),
            "writer-not-allowed",
        ),
        _no_cause(step, settings),
        None if starters else _nobody(step),
    ]
    wrong = [answer for answer in answers if answer is not None]
    if wrong:
        answer = worst(wrong)
        return replace(answer, beyond=(made, *answer.beyond))
    fields = [f"parameter.{settings.cause_parameter}"] if settings.causes else []
    told = [f"{hop.edge.role} {party_of(hop)}" for hop in starters]
    told += [f"cause {step.value(name)}" for name in fields]
    return passes(
        "retraining-allowed",
        actual=f"{step.label}: {', '.join(told)}",
        assurance=step_worth(
            context, made, fields, (*starters, *hands_in(context, step.id))
        ),
    )


def _not_among(
    hops: Iterable[Hop], allowed: tuple[str, ...], reason: str
) -> Outcome | None:
    for hop in hops:
        if party_of(hop) not in allowed:
            text = f"{hop.edge.role} {party_of(hop)}"
            return fails(reason, actual=text, beyond=(hop,))
    return None


def _no_cause(step: Node, settings: Settings) -> Outcome | None:
    if not settings.causes:
        return None
    return not_one_of(step, settings.cause_parameter, settings.causes, "cause")


def _nobody(step: Node) -> Outcome:
    text = f"{step.label} does not name who had it done"
    return unknown("starter-missing", actual=text)


CHECK = Check(
    "retraining-control",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
