"""Every change of a dataset says who made it, who looked at it, why, and of what.

What it checks: a dataset is a change when it is said to be a revision of another
(`revision-of`), or when a step that generated it used a dataset. Every change needs:
an *author*, a party in one of `author_roles` of that step (of a `review` step also
those who made what it reviewed); a *reviewer*, a party in one of `reviewer_roles` of
that step, or of a later `review` step that used exactly this dataset, who is another
party than every author, however names are spelt; a *reason*, the step's parameter
`reason` (`--param reason=…`) or a `reason` on the `revision-of`; and the *previous
digest*, that of every dataset that was used or revised. Parties to whom the dataset
itself is attributed in these roles count, too. With `only_steps`, datasets made by
steps of other kinds are not asked.

Why it matters: poison is put in by a change that nobody else looked at. Without the
previous digest nobody can see what the change did, nor go back.

Passes: all of it is on record for every change (`change-recorded`).

Fails: whoever reviewed it is, or may be by name, an author (`reviewer-is-author`).

Unknown: nobody is named as author (`author-missing`) or reviewer (`reviewer-missing`);
no reason is given (`reason-missing`); what was changed has no digest
(`previous-digest-missing`); author and reviewer cannot be compared, such as people
under different registrars' keys (`party-not-comparable`); some of it is less well
assured than the rule asks (`assurance-too-low`); nothing tells well enough how the
dataset was made (`lineage-open`).

Not applicable: accepted roots (`accepted-root`); datasets made by steps that used no
other dataset (`first-version`); with `only_steps`, those that steps of other kinds
generated (`no-such-step`).

What to do: record the step again with `--by writer=…`, `--by reviewer=…` and
`--param reason=…`, or have somebody else review it in a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    fact_assurance,
)
from aibom.lineage.graph import Hop
from aibom.lineage.nodes import Edge, Facts, Kind, Node, Relation
from aibom.policy.asking import spared, worst
from aibom.policy.context import (
    STEP_KINDS,
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.duties import PARTY_DUTIES, Holder, holders, may_be_one

__all__ = ["CHECK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Who counts as author and as reviewer, and of which changes."""

    author_roles: tuple[str, ...] = field(
        default=("collector", "labeler", "writer"),
        metadata={
            "doc": "Roles of those who may have changed something.",
            "choices": PARTY_DUTIES,
        },
    )
    reviewer_roles: tuple[str, ...] = field(
        default=("approver", "reviewer"),
        metadata={
            "doc": "Roles of those who looked at the change.",
            "choices": PARTY_DUTIES,
        },
    )
    only_steps: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Kinds of steps whose outputs are asked; none: every dataset.",
            "choices": STEP_KINDS,
        },
    )

    def __post_init__(self) -> None:
        if not self.author_roles or not self.reviewer_roles:
            raise ValueError("author_roles and reviewer_roles need a role each")
        both = sorted(set(self.author_roles) & set(self.reviewer_roles))
        if both:
            raise ValueError(f"{both[0]!r} cannot be author and reviewer")


@dataclass(frozen=True, slots=True)
class _Change:
    """One step that changed a dataset into another, or a mere word that it was."""

    hop: Hop
    before: tuple[Edge, ...]
    reasons: tuple[tuple[str, Assurance], ...]


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one dataset; the worst of its changes decides."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    needless = spared(context, node, settings.only_steps, minimum)
    if needless is not None:
        return needless
    changes = _changes(context, node)
    if changes:
        return worst(_of_change(context, node, settings, each) for each in changes)
    if context.step_kinds(node.id, minimum) is not None:
        return not_applicable("first-version")
    return unknown(
        "lineage-open",
        expected=f"the step that generated it, {minimum.word}",
        actual="nothing tells well enough how it was made",
    )


# ── what is a change ──────────────


def _changes(context: Context, node: Node) -> list[_Change]:
    """The steps that made it of other datasets; else what it is a revision of."""
    found, revisions = [], []
    for hop in context.graph.up(node.id):
        if hop.edge.relation is Relation.REVISION_OF:
            worth = edge_assurance(hop.edge, context.evidence)
            reasons = tuple((text, worth) for text in _texts(hop.edge, "reason"))
            revisions.append(_Change(hop, (hop.edge,), reasons))
        elif hop.edge.relation is Relation.GENERATED:
            before = _used_datasets(context, hop.to)
            if before:
                found.append(_Change(hop, before, _step_reasons(context, hop.to)))
    previous = tuple(edge for change in revisions for edge in change.before)
    told = tuple(reason for change in revisions for reason in change.reasons)
    if not found:
        return revisions
    return [
        replace(c, before=(*c.before, *previous), reasons=(*c.reasons, *told))
        for c in found
    ]


def _used_datasets(context: Context, step: str) -> tuple[Edge, ...]:
    return tuple(
        edge
        for edge in context.graph.edges_from(step, Relation.USED)
        if context.node(edge.target).kind is Kind.DATASET
    )


def _texts(facts: Facts, name: str) -> Iterator[str]:
    return (text for text in facts.values(name) if text.strip())


def _step_reasons(context: Context, step: str) -> tuple[tuple[str, Assurance], ...]:
    node, name = context.node(step), "parameter.reason"
    return tuple(
        (text, fact_assurance(node, name, context.evidence))
        for text in _texts(node, name)
    )


# ── what has to be said of it ──────────────


def _of_change(
    context: Context, node: Node, settings: Settings, change: _Change
) -> Outcome:
    authors = list(_authors(context, node, settings, change))
    reviewers = list(_reviewers(context, node, settings, change))
    answer = (
        _not_reviewed(authors, reviewers)
        or _missing(authors, reviewers, change)
        or _no_previous(context, change)
    )
    if answer is not None:
        return replace(answer, beyond=answer.beyond or (change.hop,))
    others = [r for r in reviewers if _differs(r, authors)]
    worths = [
        max((author.worth for author in authors), key=lambda worth: worth.level),
        max((reviewer.worth for reviewer in others), key=lambda worth: worth.level),
        max((worth for _, worth in change.reasons), key=lambda worth: worth.level),
        *(edge_assurance(edge, context.evidence) for edge in change.before),
    ]
    return passes(
        "change-recorded",
        actual=f"{others[0].named}: {change.reasons[0][0]}",
        assurance=min(worths, key=lambda worth: worth.level),
    )


def _authors(
    context: Context, node: Node, settings: Settings, change: _Change
) -> Iterator[Holder]:
    """Who made this change; of a review, also who made what was reviewed."""
    yield from _of_this(change, holders(context, node.id, settings.author_roles))
    if "review" in context.node(change.hop.to).values("step"):
        for edge in change.before:
            yield from holders(context, edge.target, settings.author_roles)


def _reviewers(
    context: Context, node: Node, settings: Settings, change: _Change
) -> Iterator[Holder]:
    """Who looked at this change, in its own step or in a later review of it."""
    yield from _of_this(change, holders(context, node.id, settings.reviewer_roles))
    for edge in context.graph.edges_into(node.id, Relation.USED):
        step = context.node(edge.source)
        if "review" not in step.values("step"):
            continue
        worths = [
            edge_assurance(edge, context.evidence),
            fact_assurance(step, "step", context.evidence),
        ]
        for role in settings.reviewer_roles:
            for hop in context.parties_of(step.id, role):
                mine = edge_assurance(hop.edge, context.evidence)
                worth = min((*worths, mine), key=lambda each: each.level)
                party = hop.to.removeprefix("party:")
                yield Holder(node.id, role, party, "", (), worth)


def _of_this(change: _Change, found: Iterable[Holder]) -> Iterator[Holder]:
    """Those of this step, and those to whom the dataset itself is attributed."""
    for holder in found:
        first = holder.hops[0]
        if first.edge.relation is Relation.ATTRIBUTED_TO or first.to == change.hop.to:
            yield holder


def _differs(reviewer: Holder, authors: Iterable[Holder]) -> bool:
    return all(may_be_one(reviewer, author) is False for author in authors)


def _not_reviewed(
    authors: Sequence[Holder], reviewers: Sequence[Holder]
) -> Outcome | None:
    """Why nobody who reviewed it is known to be another than every author."""
    if not reviewers or any(_differs(reviewer, authors) for reviewer in reviewers):
        return None
    expected = "a reviewer who is another party than every author"
    for reviewer in reviewers:
        if not any(may_be_one(reviewer, author) for author in authors):
            return unknown(
                "party-not-comparable",
                expected=expected,
                actual=f"{reviewer.named} cannot be compared with all authors",
                beyond=reviewer.hops,
            )
    reviewer = reviewers[0]
    return fails(
        "reviewer-is-author",
        expected=expected,
        actual=f"{reviewer.named} changed it as well",
        beyond=reviewer.hops,
    )


def _missing(
    authors: Sequence[Holder], reviewers: Sequence[Holder], change: _Change
) -> Outcome | None:
    expected = "author, reviewer, reason and previous digest"
    if not authors:
        return unknown("author-missing", expected=expected, actual="no author is named")
    if not reviewers:
        actual = "no reviewer is named"
        return unknown("reviewer-missing", expected=expected, actual=actual)
    if not change.reasons:
        return unknown("reason-missing", expected=expected, actual="no reason is given")
    return None


def _no_previous(context: Context, change: _Change) -> Outcome | None:
    for edge in change.before:
        before = context.node(edge.target)
        if before.digest is None:
            last = Hop(edge, edge.target)
            revised = edge.relation is Relation.REVISION_OF
            return unknown(
                "previous-digest-missing",
                expected="the digest of what was changed",
                actual=f"{before.label} has none",
                beyond=(last,) if revised else (change.hop, last),
            )
    return None


CHECK = Check("change-history", Settings, evaluate, frozenset({Kind.DATASET}))
