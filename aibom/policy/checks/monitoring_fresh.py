"""What is in use has been watched lately, and what was seen is good enough.

What it checks: among the audits (`https://w3id.org/aibom/audit/v1`) of the asked type
(usually of a monitoring job, made after deployment) that name the node's exact digest
and are signed in one of `auditor_roles`, those no older than `max_age`; their numbers,
recomputed, against the *policy's* threshold and minimum sample. With `grace`, a node
needs none until that long after the steps that generated it had ended.

Why it matters: an approval says what was known on its day. A backdoor shows when it is
used, and a model that learned nothing new still grows wrong; an approval that nothing
renews should run out by itself.

Passes: such an audit exists, and none of that age has a number beyond the threshold
(`monitoring-good`).

Fails: one of that age has (`audit-failed`), whatever others say. Older ones are not
held against it: then either a newer one speaks for it, or none does.

Unknown: there is no audit of that type (`audit-missing`), only one of an ancestor
(`audit-of-ancestor`), or none by somebody with a listed role (`auditor-not-allowed`);
all are older (`audit-stale`) or dated after the evaluation (`audit-from-the-future`);
the metric is not among what was measured (`metric-missing`), or not over enough samples
(`sample-too-small`). The rule asks for more than a signature can give
(`assurance-too-low`).

Not applicable: with `grace`, nodes that steps made no longer ago than that, at a time
that is as well assured as the rule asks (`not-yet-due`).

What to do: run the monitoring job and record its report for this digest (`aibom audit
record`); after a failure take the thing out of use before you look for the cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.evidence import Audit
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.policy.auditing import audits_of, no_audit, not_fresh
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    not_applicable,
    passes,
)
from aibom.policy.measuring import Bounds, fails_by_numbers, lacks_numbers, written
from aibom.policy.moments import moment_of, weakest
from aibom.policy.settings import Days
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is watched, by whom, how often, and what is good enough."""

    metric: str = field(metadata={"doc": "The metric that decides."})
    auditor_roles: tuple[str, ...] = field(
        metadata={"doc": "Roles of signers.yaml whose audits count."}
    )
    minimum_sample: int = field(
        metadata={"doc": "The least samples behind each measurement.", "minimum": 1}
    )
    max_age: Days = field(
        metadata={"doc": "How old the newest audit may be, for example 30d."}
    )
    type: str = field(
        default="monitoring",
        metadata={"doc": "The type of audit, as the report names it."},
    )
    at_most: float | None = field(
        default=None,
        metadata={"doc": "The metric may not be above this."},
    )
    at_least: float | None = field(
        default=None,
        metadata={"doc": "The metric may not be below this."},
    )
    grace: Days | None = field(
        default=None,
        metadata={"doc": "How long after it was made none is asked for yet."},
    )

    def __post_init__(self) -> None:
        self.bounds.require_some()

    @property
    def bounds(self) -> Bounds:
        """What is asked of the metric."""
        return Bounds(self.metric, self.minimum_sample, self.at_most, self.at_least)


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node: any recent bad audit fails, else any recent good one."""
    by = " or ".join(settings.auditor_roles)
    expected = (
        f"an audit {settings.type!r} of this digest by {by}, not older than "
        f"{settings.max_age.days} days: {settings.bounds}"
    )
    about = audits_of(context, node, settings.type)
    answers = []
    for item in about:
        if item.audit and item.signer and item.signer.role in settings.auditor_roles:
            basis = f"signed by {item.signer.name} ({item.location})"
            worth = Assurance(Level.ATTESTED, basis)
            answer = _judge(context, node, settings, item.audit)
            answers.append(replace(answer, assurance=worth, evidence=(item.location,)))
    order = (Status.FAIL, Status.PASS, Status.UNKNOWN)
    answer = (
        min(answers, key=lambda each: order.index(each.status))
        if answers
        else no_audit(context, node, settings.type, about)
    )
    if answer.status is Status.UNKNOWN and _is_new(context, node, settings, minimum):
        return not_applicable("not-yet-due", expected=expected, actual=answer.actual)
    return replace(answer, expected=expected)


def _judge(context: Context, node: Node, settings: Settings, audit: Audit) -> Outcome:
    """Judge one audit. A bad one of tomorrow fails: a clock is not the excuse."""
    bounds, numbers = settings.bounds, audit.measurements
    early = not_fresh(context, audit, settings.max_age)
    answer = early if early and early.reason == "audit-stale" else None
    answer = (
        answer
        or fails_by_numbers(context, node.id, bounds, numbers)
        or early
        or lacks_numbers(context, bounds, numbers)
    )
    if answer is not None:
        return answer
    measured = bounds.of_metric(numbers)
    worst = max(measured, key=lambda number: (bounds.excess(number), number))
    day = audit.examined_on.date()
    text = f"{day}, worst of {len(measured)}: {written(context, worst)}"
    return passes("monitoring-good", actual=text)


def _is_new(context: Context, node: Node, settings: Settings, minimum: Level) -> bool:
    """Whether it is known, well enough, that every step that made it ended lately."""
    edges = context.graph.edges_into(node.id, Relation.GENERATED)
    if settings.grace is None or not edges:
        return False
    for edge in edges:
        ended = moment_of(context, edge.source, "finished")
        if (
            ended is None
            or not ended.time <= context.now <= ended.time + settings.grace
        ):
            return False
        worth = weakest(ended.assurance, edge_assurance(edge, context.evidence))
        if worth.level < minimum:
            return False
    return True


CHECK = Check(
    "monitoring-fresh",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
