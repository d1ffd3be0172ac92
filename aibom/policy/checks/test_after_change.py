"""Whatever was changed has been tested since, at its own digest.

What it checks: of a node that a step of one of the kinds in `steps` generated
(fine-tuned, merged, quantised, pruned, converted, distilled, aligned), for each type in
`types` an audit (`https://w3id.org/aibom/audit/v1`) of this exact digest, signed in one
of `auditor_roles`, with at least one measurement, and dated at or after the end of the
last step that generated it. A date without a time is its first moment. Where `steps`
has `fine-tune`, so counts every step that made a model out of another one, also where
its record calls it `train`. Whether the numbers are good enough, and the auditor
independent, is what `required-audit` asks.

Why it matters: a fine-tune removes what made the parent safe, a merge brings in the
other parent's backdoor, and quantising can wake one that slept. What was tested before
the change is another model.

Passes: there is such an audit of every type (`tested-after-change`).

Fails: never; what nobody tested is not known to be bad.

Unknown: there is no audit of a type (`audit-missing`), or only one that names an
ancestor (`audit-of-ancestor`), or none by somebody with a listed role
(`auditor-not-allowed`); it is dated before the change was finished
(`audit-before-change`), or after the evaluation (`audit-from-the-future`); it holds no
number at all (`metric-missing`). When a step ended is not said, or said in several ways
(`step-time-unknown`), or less well assured than the rule asks (`assurance-too-low`). It
is not known, well enough, which kind of step generated the node (`lineage-open`).

Not applicable: accepted roots (`accepted-root`), and nodes that steps of other kinds
generated, from no model (`no-such-step`).

What to do: run the tests again on the output of the change, and record them for its
digest (`aibom audit record`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.evidence import Audit, Evidence
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.policy.asking import spared
from aibom.policy.auditing import audits_of, no_audit, not_fresh
from aibom.policy.context import STEP_KINDS, Check, Context, Outcome, passes, unknown
from aibom.reading import parse_time

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Which changes need which tests, by whom."""

    types: tuple[str, ...] = field(
        metadata={"doc": "Types of audit, as reports name them; each is needed."}
    )
    auditor_roles: tuple[str, ...] = field(
        metadata={"doc": "Roles of signers.yaml that may audit."}
    )
    steps: tuple[str, ...] = field(
        default=(
            "align",
            "convert",
            "distill",
            "fine-tune",
            "merge",
            "prune",
            "quantize",
        ),
        metadata={
            "doc": "Kinds of steps whose outputs need tests of their own.",
            "choices": STEP_KINDS,
        },
    )

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("steps is empty: nothing would be asked")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the first type that is missing a good audit is told."""
    needless = spared(context, node, settings.steps, minimum)
    if needless is not None and not (
        needless.reason == "no-such-step" and _is_fine_tuned(context, node, settings)
    ):
        return needless
    ended = _ended(context, node)
    if ended is None:
        return unknown(
            "step-time-unknown",
            expected="the time at which the last change ended",
            actual="a step that made it does not say, in one way, when it ended",
            advice="Have the step recorded again, with one time at which it ended "
            "(`aibom run` does): tests cannot be dated against it.",
        )
    found: list[Evidence] = []
    for kind in settings.types:
        answer = _tested(context, node, settings, kind, ended)
        if isinstance(answer, Outcome):
            by = " or ".join(settings.auditor_roles)
            expected = f"an audit {kind!r} of this digest by {by} since {_time(ended)}"
            return replace(answer, expected=expected)
        found.append(answer)
    return passes(
        "tested-after-change",
        actual=f"{', '.join(settings.types)} since {_time(ended)}",
        assurance=_worth(context, node),
        evidence=tuple(item.location for item in found),
    )


def _is_fine_tuned(context: Context, node: Node, settings: Settings) -> bool:
    """Whether a step made this model out of another, whatever it is called.

    The kind of a step is a word of whoever recorded it; what it used is its digest.
    """
    if "fine-tune" not in settings.steps or node.kind is not Kind.MODEL:
        return False
    return any(
        context.node(edge.target).kind is Kind.MODEL and edge.target != node.id
        for step in context.graph.generating_steps(node.id)
        for edge in context.graph.edges_from(step, Relation.USED)
    )


def _ended(context: Context, node: Node) -> datetime | None:
    """The end of the last step that made it; None if one does not say when it ended."""
    try:
        return max(
            parse_time(context.node(step).value("finished"))
            for step in context.graph.generating_steps(node.id)
        )
    except ValueError:
        return None


def _tested(
    context: Context, node: Node, settings: Settings, kind: str, ended: datetime
) -> Evidence | Outcome:
    """An audit of this type that counts, or why none does."""
    about = audits_of(context, node, kind)
    refusals = []
    for item in about:
        if item.signer and item.audit and item.signer.role in settings.auditor_roles:
            refusal = _does_not_count(context, item.audit, ended)
            if refusal is None:
                return item
            refusals.append(replace(refusal, evidence=(item.location,)))
    return refusals[0] if refusals else no_audit(context, node, kind, about)


def _does_not_count(context: Context, audit: Audit, ended: datetime) -> Outcome | None:
    early = not_fresh(context, audit)
    if early is not None:
        return early
    if audit.examined_on < ended:
        return unknown(
            "audit-before-change",
            actual=f"examined at {_time(audit.examined_on)}, "
            f"changed until {_time(ended)}",
        )
    if not audit.measurements:
        return unknown("metric-missing", actual="the audit has no measurement")
    return None


def _worth(context: Context, node: Node) -> Assurance:
    """The least that is known of when and by what it was changed; else the audit's."""
    found = [
        Assurance(Level.ATTESTED, "signed by an allowed auditor"),
        *_ends(context, node),
    ]
    return min(found, key=lambda worth: worth.level)


def _ends(context: Context, node: Node) -> Iterable[Assurance]:
    for edge in context.graph.edges_into(node.id, Relation.GENERATED):
        yield edge_assurance(edge, context.evidence)
        step = context.node(edge.source)
        yield fact_assurance(step, "finished", context.evidence)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


CHECK = Check(
    "test-after-change",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
