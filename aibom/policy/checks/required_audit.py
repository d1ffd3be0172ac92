"""An audit of this exact digest, by somebody independent, with good enough numbers.

What it checks: among the audits (`https://w3id.org/aibom/audit/v1`) of the asked type that
name the node's exact digest: the signer's role is listed; the auditor is another party than
those who made the node; the audit is recent; and the result, recomputed from the audit's
numbers with the *policy's* threshold and minimum sample. With `cover`, every party of that
role must have a slice of its own, so that nobody is left out of the statistic.

Why it matters: ordinary tests miss targeted poison, because averages hide it. And a test of
the parent says nothing about the child.

Passes: such an audit exists and every measurement of the metric is within the threshold.

Fails: a measurement over enough samples is not (`audit-failed`); where the slice names a
party, the path leads on to that party. The auditor took part in making the node
(`auditor-not-independent`).

Unknown: `audit-missing`; `audit-of-ancestor` where an audit of that type names only an
ancestor; `auditor-not-allowed`; `auditor-unidentified`; `auditor-not-comparable`;
`audit-stale`; `audit-from-the-future`; `metric-missing`; `sample-too-small`;
`audit-incomplete`.

What to do: examine this digest and record it (`aibom audit record`); after a failure, do
not repeat the audit but look at where the path leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.evidence import Audit, Evidence, Measurement
from aibom.lineage.graph import Hop
from aibom.lineage.identity import same_person
from aibom.lineage.nodes import Edge, Kind, Node, Relation
from aibom.policy.context import Check, Context, Outcome, fails, passes, unknown
from aibom.policy.settings import Days
from aibom.statement import AUDIT_V1
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]


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
        default=None, metadata={"doc": "The metric may not be above this."}
    )
    at_least: float | None = field(
        default=None, metadata={"doc": "The metric may not be below this."}
    )
    max_age: Days | None = field(
        default=None, metadata={"doc": "How old the audit may be, for example 90d."}
    )
    independent_of: tuple[str, ...] = field(
        default=("labeler",),
        metadata={"doc": "Roles in the node's steps that the auditor may not have had."},
    )
    cover: str | None = field(
        default=None,
        metadata={"doc": "A role of which every party needs a slice, for example labeler."},
    )


def evaluate(context: Context, node: Node, settings: Settings, minimum: Level) -> Outcome:
    """Answer for one node: any failing audit fails, else any good one passes."""
    expected = _expected(settings)
    about = [
        item
        for item in context.evidence.about(node.digest)
        if item.predicate_type == AUDIT_V1
        and item.audit is not None
        and item.audit.type == settings.type
    ]
    allowed = [i for i in about if i.signer and i.signer.role in settings.auditor_roles]
    if not allowed:
        return replace(_absent(context, node, settings, about), expected=expected)
    answers = [_judge(context, node, settings, item) for item in allowed]
    order = (Status.FAIL, Status.PASS, Status.UNKNOWN)
    best = min(answers, key=lambda answer: order.index(answer.status))
    return replace(best, expected=expected)


def _expected(settings: Settings) -> str:
    bounds = []
    if settings.at_most is not None:
        bounds.append(f"{settings.metric} at most {settings.at_most:g}")
    if settings.at_least is not None:
        bounds.append(f"{settings.metric} at least {settings.at_least:g}")
    age = f", not older than {settings.max_age.days} days" if settings.max_age else ""
    by = " or ".join(settings.auditor_roles)
    return (
        f"an audit {settings.type!r} of this digest by {by}: {' and '.join(bounds)} on "
        f"{settings.minimum_sample} samples or more{age}"
    )


def _absent(
    context: Context, node: Node, settings: Settings, about: list[Evidence]
) -> Outcome:
    """Why no audit counts: none at all, only of an ancestor, or by nobody who may."""
    if about:
        refusals = {i.signer.role if i.signer else i.refusal or "unsigned" for i in about}
        return unknown(
            "auditor-not-allowed",
            actual=f"audited, but by: {', '.join(sorted(refusals))}",
            evidence=tuple(item.location for item in about),
        )
    walk = context.graph.upstream(node.id)
    for name in walk.reached:
        for item in context.evidence.about(context.node(name).digest):
            if item.audit is not None and item.audit.type == settings.type:
                return unknown(
                    "audit-of-ancestor",
                    actual=f"only {context.node(name).label} was audited; evidence is "
                    "never inherited",
                    beyond=walk.path(name)[1],
                    evidence=(item.location,),
                )
    return unknown("audit-missing", actual="no such audit of this digest was found")


def _judge(context: Context, node: Node, settings: Settings, item: Evidence) -> Outcome:
    """Judge one audit by an allowed auditor."""
    audit = item.audit
    if audit is None or item.signer is None:
        raise AssertionError("only audits of allowed signers are judged")
    assurance = Assurance(Level.ATTESTED, f"signed by {item.signer.name} ({item.location})")
    for answer in (
        _numbers_fail(context, node, settings, audit),
        _not_independent(context, node, settings, item),
        _not_fresh(context, settings, audit),
        _numbers_insufficient(context, node, settings, audit),
    ):
        if answer is not None:
            return replace(answer, assurance=assurance, evidence=(item.location,))
    measured = [m for m in audit.measurements if m.metric == settings.metric]
    worst = max(measured, key=lambda m: _distance(settings, m))
    return passes(
        "audit-passed",
        actual=f"worst of {len(measured)}: {_written(context, worst)}",
        assurance=assurance,
        evidence=(item.location,),
    )


def _within(settings: Settings, measured: Measurement) -> bool:
    if settings.at_most is not None and not measured.value <= settings.at_most:
        return False
    return settings.at_least is None or measured.value >= settings.at_least


def _distance(settings: Settings, measured: Measurement) -> float:
    """How near a measurement is to being too bad; the greater the worse."""
    if settings.at_most is not None:
        return measured.value - settings.at_most
    return (settings.at_least or 0.0) - measured.value


def _numbers_fail(
    context: Context, node: Node, settings: Settings, audit: Audit
) -> Outcome | None:
    bad = [
        m
        for m in audit.measurements
        if m.metric == settings.metric
        and m.samples >= settings.minimum_sample
        and not _within(settings, m)
    ]
    if not bad:
        return None
    parties = dict(_party_hops(context, node))
    worst = max(bad, key=lambda m: (_party_in(m, parties) is not None, _distance(settings, m)))
    party = _party_in(worst, parties)
    more = f"; {len(bad) - 1} more" if len(bad) > 1 else ""
    return fails(
        "audit-failed",
        actual=_written(context, worst) + more,
        beyond=parties[party] if party else (),
    )


def _party_hops(context: Context, node: Node) -> Iterator[tuple[str, tuple[Hop, ...]]]:
    """Every party of the node's own steps, with the hops that lead there."""
    for up in context.graph.up(node.id):
        if up.edge.relation is not Relation.GENERATED:
            continue
        for edge in context.graph.edges_from(up.to, Relation.PERFORMED_BY):
            party = edge.target.removeprefix("party:")
            yield party, (up, Hop(edge, edge.target))


def _party_in(measured: Measurement, parties: dict[str, tuple[Hop, ...]]) -> str | None:
    return next((value for _, value in measured.slice if value in parties), None)


def _edges_in_roles(context: Context, node: Node, roles: tuple[str, ...]) -> list[Edge]:
    return [
        edge
        for step in context.graph.generating_steps(node.id)
        for edge in context.graph.edges_from(step, Relation.PERFORMED_BY)
        if edge.role in roles
    ]


def _not_independent(
    context: Context, node: Node, settings: Settings, item: Evidence
) -> Outcome | None:
    edges = _edges_in_roles(context, node, settings.independent_of)
    if not edges or item.signer is None:
        return None
    auditor = item.signer.party
    if auditor is None:
        return unknown(
            "auditor-unidentified",
            actual=f"signers.yaml does not say who stands behind {item.signer.name}",
        )
    answers = [
        (edge, same_person(auditor, edge.target.removeprefix("party:"))) for edge in edges
    ]
    for edge, same in answers:
        if same:
            step = next(h for h in context.graph.up(node.id) if h.to == edge.source)
            return fails(
                "auditor-not-independent",
                actual=f"{item.signer.name} is the {edge.role} {auditor}",
                beyond=(step, Hop(edge, edge.target)),
            )
    if any(same is None for _, same in answers):
        return unknown(
            "auditor-not-comparable",
            actual=f"{auditor} cannot be compared with those who made it",
        )
    return None


def _not_fresh(context: Context, settings: Settings, audit: Audit) -> Outcome | None:
    day = audit.examined_on.date()
    if audit.examined_on > context.now:
        return unknown("audit-from-the-future", actual=f"examined on {day}")
    if settings.max_age and context.now - audit.examined_on > settings.max_age:
        return unknown("audit-stale", actual=f"examined on {day}")
    return None


def _numbers_insufficient(
    context: Context, node: Node, settings: Settings, audit: Audit
) -> Outcome | None:
    measured = [m for m in audit.measurements if m.metric == settings.metric]
    if not measured:
        return unknown("metric-missing", actual=f"the audit has no {settings.metric!r}")
    smallest = min(measured, key=lambda m: (m.samples, m.slice))
    if smallest.samples < settings.minimum_sample:
        return unknown("sample-too-small", actual=_written(context, smallest))
    if settings.cover is None:
        return None
    covered = {value for m in measured for key, value in m.slice if key == settings.cover}
    for edge in _edges_in_roles(context, node, (settings.cover,)):
        party = edge.target.removeprefix("party:")
        if party not in covered:
            label = context.node(edge.target).label
            return unknown(
                "audit-incomplete", actual=f"no slice for the {settings.cover} {label}"
            )
    return None


def _written(context: Context, measured: Measurement) -> str:
    count = "" if measured.count is None else f"{measured.count}/"
    slices = ", ".join(f"{key} {_short(context, value)}" for key, value in measured.slice)
    where = f" ({slices})" if slices else ""
    return f"{measured.metric} {measured.value:.3g}{where} on {count}{measured.samples}"


def _short(context: Context, value: str) -> str:
    node = context.graph.nodes.get(f"party:{value}")
    return node.label if node else value


CHECK = Check(
    "required-audit", Settings, evaluate, frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM})
)
