"""What is retrieved from came from listed sources, by known writers, and was reviewed.

What it checks: a thing is a retrieval corpus when any step is said to use it in one of
`roles`. Data are one, too, when an `embed` step is said to make an index of them, or
when something requires them at run time and no `embed` step is known to have made them.
Everything upstream of a corpus that may have put something into it (the carry table),
up to accepted roots, is looked at: every source stated is trusted by `list`, as
`trusted-source` asks; everything has a digest; and everybody who took part in any role
but auditor, reviewer, approver or owner is one of `writers`, by party id, letter by
letter. Then the corpus itself: a `review` step made it, or used exactly these bytes;
one of `reviewers` did it, as its trusted record says; and it had ended when the index,
or whatever else uses the corpus, was begun.

Why it matters: a few passages decide what is answered, and nobody retrains to put them
in. Whoever can write into the corpus, or slip a page in between its approval and the
index, speaks with the model's voice.

Passes: all of that holds (`corpus-approved`).

Fails: a source is blocked (`source-blocked`), not on the list (`source-not-trusted`),
or its entry has expired (`source-approval-expired`); somebody wrote who is not one of
the writers (`writer-not-allowed`); a review was done by none of the reviewers
(`reviewer-not-allowed`), or what is called one makes other things than data
(`unreviewed`); the corpus was used before the review had ended (`used-before-review`).

Unknown: a source is not stated (`source-missing`), or the data have no list of that
name (`source-list-missing`); something has no digest (`digest-missing`); nobody is
named who wrote (`writer-missing`); there is no review (`review-missing`), nobody who
may vouch for it does (`review-not-vouched`), or it names nobody (`reviewer-missing`);
it is not known when it was reviewed or used (`time-missing`); how it was used is not
known as well as the rule asks (`lineage-open`), or any of the rest is not
(`assurance-too-low`).

Not applicable: what is no corpus (`not-retrieved`), and accepted roots
(`accepted-root`).

What to do: build the index only from what a review let through, and record all of it
(`aibom run --step review`, `--step embed`, with `--by writer=…` and `--by reviewer=…`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from aibom.lineage.assurance import Assurance, Level, edge_assurance
from aibom.lineage.carry import carries
from aibom.lineage.graph import Walk
from aibom.lineage.nodes import ENTITY_KINDS, Edge, Kind, Node, Relation
from aibom.policy.asking import worst
from aibom.policy.checks import trusted_source
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.low_trust import uses_are_known
from aibom.policy.moments import Moment, moment_of, weakest
from aibom.policy.reviewing import is_called_review, reviewed_in
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_DATA = frozenset({Kind.DATASET, Kind.REPORT})
#: Judged by their pin, where it is asked; used in the role of their own name only.
_PINNED = frozenset({Kind.CODE, Kind.GUIDELINE})


@dataclass(frozen=True, slots=True)
class Settings:
    """From where, by whom, and reviewed by whom."""

    list: str = field(metadata={"doc": "Name of a list in `trusted-sources.yaml`."})
    reviewers: tuple[str, ...] = field(
        metadata={"doc": "Party ids of those who may approve a corpus."}
    )
    writers: tuple[str, ...] = field(
        metadata={"doc": "Party ids of those who may put something into it."}
    )
    roles: tuple[str, ...] = field(
        default=("retrieval-corpus",),
        metadata={"doc": "Roles of inputs that are corpora, whatever their kind."},
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; of all that is upstream of a corpus, the worst counts."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    if not _is_corpus(context, node, settings, minimum):
        if uses_are_known(context, node.id, minimum):
            return not_applicable("not-retrieved")
        return unknown(
            "lineage-open",
            expected="known in which steps and roles it was used",
            actual="nothing tells well enough whether it is a corpus",
        )
    walk = _upstream(context, node)
    answers = [
        *_of_things(context, walk, settings, minimum),
        *_of_writers(context, walk, settings),
        _of_review(context, node, settings),
    ]
    answer = worst(answers)
    if answer.status is not Status.PASS:
        return answer
    worths = (each.assurance for each in answers if each.assurance is not None)
    return passes(
        "corpus-approved",
        expected=f"listed sources, known writers, {answers[-1].expected}",
        actual=f"{len(walk.reached)} ancestors; {answers[-1].actual}",
        assurance=weakest(*worths),
    )


def _is_corpus(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> bool:
    """Whether anybody says so; what would spare it has to be known well."""
    graph = context.graph
    uses = graph.edges_into(node.id, Relation.USED)
    if any(edge.role in settings.roles for edge in uses):
        return True
    if node.kind not in _DATA:
        return False
    if any("embed" in context.node(edge.source).values("step") for edge in uses):
        return True
    if not graph.edges_into(node.id, Relation.REQUIRES):
        return False
    kinds = context.step_kinds(node.id, minimum)
    return kinds is None or "embed" not in kinds


def _upstream(context: Context, node: Node) -> Walk:
    """All that may have put something into it; decisions end the walk."""
    graph = context.graph

    def along(edge: Edge) -> bool:
        made = edge.relation is Relation.GENERATED
        lower = edge.target if made else edge.source
        ended = lower != node.id and context.is_decided_root(lower)
        return not ended and carries(graph, edge)

    return graph.upstream(node.id, along)


# ── sources, digests, writers ──────────────


def _of_things(
    context: Context, walk: Walk, settings: Settings, minimum: Level
) -> Iterator[Outcome]:
    """What the corpus is made of: each has a digest, and a source that is trusted."""
    asked = trusted_source.Settings(settings.list)
    for name in (walk.start, *walk.reached):
        node = context.node(name)
        pinned = node.kind not in ENTITY_KINDS or node.kind in _PINNED
        if pinned or context.is_decided_root(name):
            continue
        if node.digest is None:
            answer = unknown(
                "digest-missing",
                expected="the digest of all that a corpus is made of",
                actual=f"{node.label} has none",
            )
        else:
            answer = trusted_source.evaluate(context, node, asked, minimum)
        if answer.status is not Status.NOT_APPLICABLE:
            yield replace(answer, beyond=walk.path(name)[1])


def _of_writers(context: Context, walk: Walk, settings: Settings) -> Iterator[Outcome]:
    """Everybody who may have put something in; roles are words, so most count."""
    expected = f"written by {' or '.join(settings.writers)}"
    found = False
    for name in walk.reached:
        if context.node(name).kind is not Kind.PARTY:
            continue
        found = True
        party, hops = name.removeprefix("party:"), walk.path(name)[1]
        if party not in settings.writers:
            text = f"{party} is its {hops[-1].edge.role}"
            yield fails(
                "writer-not-allowed", expected=expected, actual=text, beyond=hops
            )
    for edge in _namings(context, walk):
        worth = edge_assurance(edge, context.evidence)
        yield passes("corpus-approved", assurance=worth)
    if not found:
        text = "nobody is named who wrote it"
        yield unknown("writer-missing", expected=expected, actual=text)


def _namings(context: Context, walk: Walk) -> Iterator[Edge]:
    """Every edge by which somebody is named who may have put something in."""
    for name in (walk.start, *walk.reached):
        for hop in context.graph.up(name):
            party = context.node(hop.to).kind is Kind.PARTY
            if party and hop.to in walk.parents and carries(context.graph, hop.edge):
                yield hop.edge


# ── its review, and its use ──────────────


def _of_review(context: Context, node: Node, settings: Settings) -> Outcome:
    expected = f"reviewed by {' or '.join(settings.reviewers)} before its use"
    reviews = list(_reviews(context, node))
    if not reviews:
        text = "no review of these bytes"
        return unknown("review-missing", expected=expected, actual=text)
    worths = [(e.source, reviewed_in(context, e, settings.reviewers)) for e in reviews]
    good = {
        step: weakest(worth, *_made_by(context, node, step))
        for step, worth in worths
        if isinstance(worth, Assurance)
    }
    if not good:
        bad = [w for _, w in worths if isinstance(w, Outcome)]
        return replace(worst(bad), expected=expected)
    ended = [(moment_of(context, step, "finished"), good[step]) for step in good]
    times = [(moment, worth) for moment, worth in ended if moment is not None]
    used = _used(context, node)
    if not times or used is None:
        text = "nothing tells when it was reviewed, or when it was used"
        return unknown("time-missing", expected=expected, actual=text)
    first = min(used, key=lambda moment: moment.time)
    review, worth = min(times, key=lambda each: each[0].time)
    text = f"reviewed until {_text(review)}, used from {_text(first)} on"
    if review.time > first.time:
        return fails("used-before-review", expected=expected, actual=text)
    worth = weakest(worth, review.assurance, *(moment.assurance for moment in used))
    return passes("corpus-approved", expected=expected, actual=text, assurance=worth)


def _reviews(context: Context, node: Node) -> Iterator[Edge]:
    """What is called a review of it: by what it used, or by what it let through."""
    graph = context.graph
    for edge in graph.edges_into(node.id, Relation.USED):
        if is_called_review(context, edge.source):
            yield edge
    for step in graph.generating_steps(node.id):
        if is_called_review(context, step):
            yield from graph.edges_from(step, Relation.USED)


def _made_by(context: Context, node: Node, step: str) -> list[Assurance]:
    """What it is worth that the review made it, where it is said to have."""
    edges = context.graph.edges_into(node.id, Relation.GENERATED)
    return [edge_assurance(e, context.evidence) for e in edges if e.source == step]


def _used(context: Context, node: Node) -> list[Moment] | None:
    """When each step began that used it and is no review; None if one does not say.

    Where no step did, as for what is served as it is, it is used now.
    """
    found = []
    for edge in context.graph.edges_into(node.id, Relation.USED):
        if is_called_review(context, edge.source):
            continue
        moment = moment_of(context, edge.source, "started")
        if moment is None:
            return None
        found.append(moment)
    worth = Assurance(Level.VERIFIED, "the time of this evaluation")
    return found or [Moment(context.now, worth)]


def _text(moment: Moment) -> str:
    return moment.time.strftime("%Y-%m-%dT%H:%M:%SZ")


CHECK = Check(
    "corpus-source",
    Settings,
    evaluate,
    ENTITY_KINDS - _PINNED,
    needs=("trusted-sources.yaml",),
)
