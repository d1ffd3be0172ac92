"""An audit of this exact digest, by somebody independent, with good enough numbers.

What it checks: among the audits (`https://w3id.org/aibom/audit/v1`) of the asked type
that name the node's exact digest: the signer's role is listed; the auditor is another
party than those who made the node, however its name is spelt; the audit is recent; and
the result, recomputed from the audit's numbers with the *policy's* threshold and
minimum sample. With `cover`, every party of that role must have a slice of its own, so
that nobody is left out of the statistic. With `only_steps`, nodes made by steps of
other kinds need no such audit.

Why it matters: ordinary tests miss targeted poison, because averages hide it. And a
test of the parent says nothing about the child.

Passes: such an audit exists and every measurement of the metric is within the threshold
(`audit-passed`).

Fails: a measurement over enough samples is not (`audit-failed`); where the slice names
a party, the path leads on to that party. The auditor took part in making the node
(`auditor-not-independent`). One audit that fails is enough, whatever others say.

Unknown: there is no audit of that type (`audit-missing`), or only one that names an
ancestor (`audit-of-ancestor`). Nobody with a listed role signed it
(`auditor-not-allowed`), `signers.yaml` does not say who stands behind the auditor
(`auditor-unidentified`), or the auditor is a person under another registrar's key than
those who made the node (`auditor-not-comparable`). It is too old (`audit-stale`) or
dated after the evaluation (`audit-from-the-future`). It does not measure the metric
(`metric-missing`), not over enough samples (`sample-too-small`), or not of everybody to
be covered (`audit-incomplete`). The rule asks for more than a signature can give
(`assurance-too-low`). With `only_steps`: it is not known, well enough, which kind of
step generated the node (`lineage-open`).

Not applicable: with `only_steps`, accepted roots (`accepted-root`) and nodes that steps
of other kinds generated (`no-such-step`).

What to do: examine this digest and record it (`aibom audit record`); after a failure,
do not repeat the audit but look at where the path leads.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.carry import CARRYING_ROLES, EXEMPT_ROLES
from aibom.lineage.evidence import Audit, Evidence, Signer
from aibom.lineage.identity import may_be_same_party
from aibom.lineage.nodes import Kind, Node
from aibom.policy.asking import spared
from aibom.policy.auditing import audits_of, no_audit, not_fresh
from aibom.policy.context import (
    STEP_KINDS,
    Check,
    Context,
    Outcome,
    fails,
    passes,
    unknown,
)
from aibom.policy.measuring import (
    Bounds,
    fails_by_numbers,
    hops_to_makers,
    lacks_coverage,
    lacks_numbers,
    written,
)
from aibom.policy.settings import Days
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_PARTY_ROLES = tuple(sorted(CARRYING_ROLES | EXEMPT_ROLES))


@dataclass(frozen=True, slots=True)
class Settings:
    """Which audit, and what counts as good enough."""

    type: str = field(metadata={"doc": "The type of audit, as the report names it."})
    metric: str = field(metadata={"doc": "The metric that decides."})
    auditor_roles: tuple[str, ...] = field(
        metadata={"doc": "Roles of signers.yaml that may audit."}
    )
    minimum_sample: int = field(
        metadata={"doc": "The least samples behind each measurement.", "minimum": 1}
    )
    at_most: float | None = field(
        default=None,
        metadata={"doc": "The metric may not be above this."},
    )
    at_least: float | None = field(
        default=None,
        metadata={"doc": "The metric may not be below this."},
    )
    max_age: Days | None = field(
        default=None, metadata={"doc": "How old the audit may be, for example 90d."}
    )
    independent_of: tuple[str, ...] = field(
        default=("labeler",),
        metadata={
            "doc": "Roles in making the node that the auditor may not have had.",
            "choices": _PARTY_ROLES,
        },
    )
    cover: str | None = field(
        default=None,
        metadata={
            "doc": "A role of which every party needs a slice, for example labeler.",
            "choices": _PARTY_ROLES,
        },
    )
    only_steps: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Kinds of steps whose outputs need the audit; none: every node.",
            "choices": STEP_KINDS,
        },
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
    """Answer for one node: any failing audit fails, else any good one passes."""
    needless = spared(context, node, settings.only_steps, minimum)
    if needless is not None:
        return needless
    expected = _expected(settings)
    about = audits_of(context, node, settings.type)
    answers = [
        _judge(context, node, settings, item, item.audit, item.signer)
        for item in about
        if item.audit and item.signer and item.signer.role in settings.auditor_roles
    ]
    if not answers:
        return replace(no_audit(context, node, settings.type, about), expected=expected)
    order = (Status.FAIL, Status.PASS, Status.UNKNOWN)
    best = min(answers, key=lambda answer: order.index(answer.status))
    # An exception is for these audits, and not for one with worse numbers.
    failing = {answer.term for answer in answers if answer.status is Status.FAIL}
    return replace(best, expected=expected, term=" ".join(sorted(failing)))


def _expected(settings: Settings) -> str:
    age = f", not older than {settings.max_age.days} days" if settings.max_age else ""
    by = " or ".join(settings.auditor_roles)
    return f"an audit {settings.type!r} of this digest by {by}: {settings.bounds}{age}"


def _judge(
    context: Context,
    node: Node,
    settings: Settings,
    item: Evidence,
    audit: Audit,
    signer: Signer,
) -> Outcome:
    """Judge one audit by an allowed auditor; the first thing wrong with it is told."""
    bounds, numbers = settings.bounds, audit.measurements
    answer = (
        fails_by_numbers(context, node.id, bounds, numbers)
        or _not_independent(context, node, settings, signer)
        or not_fresh(context, audit, settings.max_age)
        or lacks_numbers(context, bounds, numbers)
    )
    if answer is None and settings.cover is not None:
        answer = lacks_coverage(context, node.id, settings.cover, bounds, numbers)
    if answer is None:
        measured = bounds.of_metric(numbers)
        worst = max(measured, key=lambda number: (bounds.excess(number), number))
        found = f"worst of {len(measured)}: {written(context, worst)}"
        answer = passes("audit-passed", actual=found)
    assurance = Assurance(Level.ATTESTED, f"signed by {signer.name} ({item.location})")
    return replace(answer, assurance=assurance, evidence=(item.location,), term=item.id)


def _not_independent(
    context: Context, node: Node, settings: Settings, signer: Signer
) -> Outcome | None:
    makers = list(hops_to_makers(context, node.id, settings.independent_of))
    if not makers:
        return None
    if signer.party is None:
        return unknown(
            "auditor-unidentified",
            actual=f"signers.yaml does not say who stands behind {signer.name}",
        )
    comparable = True
    for party, hops in makers:
        same = may_be_same_party(signer.party, party)
        if same:
            return fails(
                "auditor-not-independent",
                actual=f"{signer.name} is the {hops[-1].edge.role} {party}",
                beyond=hops,
            )
        comparable = comparable and same is not None
    if comparable:
        return None
    return unknown(
        "auditor-not-comparable",
        actual=f"{signer.party} cannot be compared with those who made it",
    )


CHECK = Check(
    "required-audit",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
