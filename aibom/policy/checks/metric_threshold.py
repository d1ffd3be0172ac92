"""A measured number of this exact digest is good enough, and no worse than before.

What it checks: the trusted audits (`https://w3id.org/aibom/audit/v1`) of the asked type
that name the node's exact digest. Every measurement of the metric on the asked `slices`
is compared with the policy's bounds and minimum sample. With `not_worse_than`, each
slice is also compared with the same slice of the previous version: the one that the
node is a revision of, or one whose digest the policy names. It may be worse by `by`,
in the direction that is `better`.

Why it matters: averages hide targeted poison. A class that the last version knew and
this one does not is often the only trace.

Passes: in an audit, every asked measurement is within the bounds and no slice is worse
than allowed (`metric-within-bounds`).

Fails: a measurement over enough samples is beyond the bounds (`audit-failed`); a slice
is worse than in the previous version by more than allowed (`worse-than-before`). One
audit that fails is enough, whatever others say.

Unknown: there is no audit of that type (`audit-missing`), only of an ancestor
(`audit-of-ancestor`), or only by somebody who may not (`auditor-not-allowed`). It is
too old (`audit-stale`) or dated after the evaluation (`audit-from-the-future`). It does
not measure the metric (`metric-missing`), not on a slice that is asked for or was
measured before (`slice-missing`), or not over enough samples (`sample-too-small`). With
`not_worse_than`: there is no previous version (`baseline-missing`), or it has no such
measurement in a trusted audit of its own (`baseline-unmeasured`); or which version came
before is not as well assured as the rule asks (`assurance-too-low`).

What to do: measure this digest and record it (`aibom audit record`); after a failure,
look at what changed since the previous version, not at the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from aibom.digest import Digest
from aibom.errors import AibomError
from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.evidence import Audit, Evidence, Measurement, Signer
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Kind, Node, Relation
from aibom.policy.auditing import audits_of, no_audit, not_fresh
from aibom.policy.comparing import (
    SlicePattern,
    Worsening,
    lacking_slice,
    parse_slice,
    worst_change,
)
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.measuring import Bounds, fails_by_numbers, lacks_numbers, written
from aibom.policy.moments import weakest
from aibom.policy.settings import Days
from aibom.statement import AUDIT_V1
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_ORDER = (Status.FAIL, Status.PASS, Status.UNKNOWN)
_REVISION = "revision-of"


@dataclass(frozen=True, slots=True)
class Settings:
    """Which numbers, and what counts as good enough."""

    type: str = field(metadata={"doc": "The type of audit, as the report names it."})
    metric: str = field(metadata={"doc": "The metric that decides."})
    minimum_sample: int = field(
        metadata={"doc": "The least samples behind each measurement.", "minimum": 1}
    )
    at_most: float | None = field(
        default=None, metadata={"doc": "The metric may not be above this."}
    )
    at_least: float | None = field(
        default=None, metadata={"doc": "The metric may not be below this."}
    )
    slices: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Slices: overall, class=*, class=spam,…; none: every one."},
    )
    auditor_roles: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Roles that may audit; none: whoever may sign audits."},
    )
    max_age: Days | None = field(
        default=None, metadata={"doc": "How old the audit may be, for example 90d."}
    )
    not_worse_than: str | None = field(
        default=None,
        metadata={"doc": "The previous version: revision-of, or its digest."},
    )
    by: float = field(
        default=0.0,
        metadata={"doc": "How much worse each slice may be.", "minimum": 0},
    )
    better: str | None = field(
        default=None,
        metadata={
            "doc": "Which numbers are better; needed with not_worse_than.",
            "choices": ("higher", "lower"),
        },
    )

    def __post_init__(self) -> None:
        if self.at_most is None and self.at_least is None and not self.not_worse_than:
            raise ValueError(
                "needs at_most, at_least or not_worse_than, or any number would pass"
            )
        self.bounds.require_possible()
        if (self.not_worse_than is None) != (self.better is None):
            raise ValueError("not_worse_than and better go together")
        for text in self.slices:
            parse_slice(text)
        if self.not_worse_than not in (None, _REVISION):
            try:
                Digest.parse(self.not_worse_than or "")
            except AibomError as error:
                raise ValueError(
                    f"not_worse_than is neither {_REVISION} nor a digest: "
                    f"{error.message}"
                ) from None

    @property
    def bounds(self) -> Bounds:
        """What is asked of the metric; without either bound only the sample."""
        return Bounds(self.metric, self.minimum_sample, self.at_most, self.at_least)

    @property
    def is_bounded(self) -> bool:
        """Whether the number itself is asked for, not only the change."""
        return self.at_most is not None or self.at_least is not None

    @property
    def patterns(self) -> tuple[SlicePattern, ...]:
        """The slices that are asked for."""
        return tuple(parse_slice(text) for text in self.slices)

    def asked(self, numbers: tuple[Measurement, ...]) -> list[Measurement]:
        """The measurements of the metric on the slices that are asked for."""
        patterns = self.patterns
        return [
            item
            for item in self.bounds.of_metric(numbers)
            if not patterns or any(pattern.matches(item) for pattern in patterns)
        ]


@dataclass(frozen=True, slots=True)
class _Baseline:
    """A previous version: its digest, the way there, and what that is worth."""

    digest: Digest | None
    hops: tuple[Hop, ...]
    assurance: Assurance


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node: any failing audit fails, else any good one passes."""
    audits = list(_audits(context, node.digest, settings))
    answers = [_judge(context, node, settings, *found) for found in audits]
    if not answers:
        about = audits_of(context, node, settings.type)
        answers = [no_audit(context, node, settings.type, about)]
    best = min(answers, key=lambda answer: _ORDER.index(answer.status))
    # An exception is for these audits, and not for one with worse numbers.
    failing = {answer.term for answer in answers if answer.status is Status.FAIL}
    term = " ".join(sorted(failing))
    return replace(best, expected=_expected(settings), term=term)


def _expected(settings: Settings) -> str:
    asked = [str(settings.bounds)] if settings.is_bounded else []
    if settings.not_worse_than:
        asked.append(
            f"{settings.metric} worse by {settings.by:g} at most than in the previous "
            "version"
        )
    on = f" on {'; '.join(settings.slices)}" if settings.slices else ""
    return f"{', '.join(asked)}{on}, in an audit {settings.type!r} of this digest"


def _audits(
    context: Context, digest: Digest | None, settings: Settings
) -> Iterator[tuple[Evidence, Audit, Signer]]:
    """The audits of this digest, of the asked type, by whoever may."""
    for item in context.evidence.about(digest):
        if item.predicate_type != AUDIT_V1 or item.audit is None or not item.signer:
            continue
        allowed = not settings.auditor_roles
        if item.audit.type == settings.type and (
            allowed or item.signer.role in settings.auditor_roles
        ):
            yield item, item.audit, item.signer


def _judge(
    context: Context,
    node: Node,
    settings: Settings,
    item: Evidence,
    audit: Audit,
    signer: Signer,
) -> Outcome:
    """Judge one audit; what fails is told before what is lacking."""
    bounds, asked = settings.bounds, settings.asked(audit.measurements)
    answer = None
    if settings.is_bounded:
        answer = fails_by_numbers(context, node.id, bounds, asked)
    compared = _compared(context, node, settings, asked)
    if answer is None and compared and compared.status is Status.FAIL:
        answer = compared
    answer = answer or not_fresh(context, audit, settings.max_age)
    answer = answer or _lacking(context, settings, audit, asked)
    if answer is None and compared and compared.status is Status.UNKNOWN:
        answer = compared
    if answer is None:
        shown = max(asked, key=lambda n: (_excess(settings, n), n))
        text = f"worst of {len(asked)}: {written(context, shown)}"
        answer = passes("metric-within-bounds", actual=text)
    signed = Assurance(Level.ATTESTED, f"signed by {signer.name} ({item.location})")
    others = [o.assurance for o in (answer, compared) if o and o.assurance]
    return replace(
        answer,
        assurance=weakest(signed, *others),
        evidence=(item.location, *answer.evidence),
        term=item.id,
    )


def _excess(settings: Settings, measured: Measurement) -> float:
    if settings.is_bounded:
        return settings.bounds.excess(measured)
    return -measured.value if settings.better == "higher" else measured.value


def _lacking(
    context: Context, settings: Settings, audit: Audit, asked: list[Measurement]
) -> Outcome | None:
    if settings.bounds.of_metric(audit.measurements):
        lacking = lacking_slice(settings.patterns, asked)
        if lacking is not None:
            text = f"the audit has no {settings.metric!r} on {lacking.text}"
            return unknown("slice-missing", actual=text)
    return lacks_numbers(context, settings.bounds, asked)


def _compared(
    context: Context, node: Node, settings: Settings, asked: list[Measurement]
) -> Outcome | None:
    """The worst answer of all previous versions; None when none is asked for."""
    if settings.not_worse_than is None:
        return None
    baselines = _baselines(context, node, settings.not_worse_than)
    if not baselines:
        text = "the node is no revision of anything"
        return unknown("baseline-missing", actual=text)
    order = (Status.FAIL, Status.UNKNOWN, Status.PASS)
    answers = [_against(context, settings, b, asked) for b in baselines]
    return min(answers, key=lambda answer: order.index(answer.status))


def _baselines(context: Context, node: Node, wanted: str) -> list[_Baseline]:
    if wanted != _REVISION:
        worth = Assurance(Level.VERIFIED, "named by the policy")
        return [_Baseline(Digest.parse(wanted), (), worth)]
    return [
        _Baseline(
            context.node(edge.target).digest,
            (Hop(edge, edge.target),),
            edge_assurance(edge, context.evidence),
        )
        for edge in context.graph.edges_from(node.id, Relation.REVISION_OF)
    ]


def _against(
    context: Context,
    settings: Settings,
    baseline: _Baseline,
    asked: list[Measurement],
) -> Outcome:
    """Compare with one previous version."""
    details = {"beyond": baseline.hops, "assurance": baseline.assurance}
    before = [
        number
        for _, audit, _ in _audits(context, baseline.digest, settings)
        for number in settings.asked(audit.measurements)
        if number.samples >= settings.minimum_sample
    ]
    enough = [n for n in asked if n.samples >= settings.minimum_sample]
    change = worst_change(before, enough, settings.better == "higher")
    if change is None:
        text = f"no {settings.metric!r} of the previous version in a trusted audit"
        return unknown("baseline-unmeasured", actual=text, beyond=baseline.hops)
    if change.now is not None and change.exceeds(settings.by):
        return fails("worse-than-before", actual=_told(context, change), **details)
    worse = worst_change(
        [n for n in before if any(n.slice == m.slice for m in enough)],
        enough,
        settings.better == "higher",
    )
    if worse is not None and worse.exceeds(settings.by):
        return fails("worse-than-before", actual=_told(context, worse), **details)
    if change.now is None:
        return unknown("slice-missing", actual=_told(context, change), **details)
    return passes("metric-within-bounds", actual=_told(context, change), **details)


def _told(context: Context, change: Worsening) -> str:
    before = written(context, change.before)
    if change.now is None:
        return f"before: {before}; now not measured over enough samples"
    return f"before: {before}; now: {written(context, change.now)}"


CHECK = Check(
    "metric-threshold",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM}),
)
