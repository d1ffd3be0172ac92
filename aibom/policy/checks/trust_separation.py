"""Feedback, and other data of low trust, are reviewed before anything learns from them.

What it checks: a thing is of low trust when any step is said to use it in one of
`roles`, or when a source stated for it may be on `list` (trusted or blocked, expired or
not, compared loosely). Everything made of it is followed. Steps that only handle data
(collect, deduplicate, filter, label, split) pass the low trust on. It ends at a
`review` step whose trusted record names one of `reviewers`, by party id and letter by
letter; or where exactly these bytes had been reviewed so when the step that uses them
started. A review that makes anything but data and reports is none. With `max_items`,
the counts that all those reviews state in their parameter `items_parameter` are added
up, for everything that is of low trust by the same entries of `list`; a count is a
whole number of items let through.

Why it matters: whoever can write feedback writes training data. A share of a corpus is
no limit, since a few hundred poisoned documents are enough in a corpus of any size.

Passes: every way from it into something learned leads through such a review, and the
counts are within the cap (`reviewed`).

Fails: it reaches a step that may learn from it, or the artifact itself, without one
(`unreviewed`); a review was done by none of the reviewers (`reviewer-not-allowed`);
more items were let through than the cap allows (`items-over-cap`).

Unknown: nobody who may vouch for a review does (`review-not-vouched`); it names nobody
(`reviewer-missing`); a review does not say in a whole number how many items it let
through, or does not count where another thing is of the same source (`count-unknown`);
how it was used, or by what kind of step, is not known as well as the rule asks
(`lineage-open`); with `list`: nothing states a source, and it is not known, well
enough, that a step generated the node (`source-missing`), the data have no list of that
name (`source-list-missing`), or a source, a count or a review is less well assured than
the rule asks (`assurance-too-low`).

Not applicable: what is not of low trust (`not-low-trust`); accepted roots that are not
(`accepted-root`).

What to do: keep feedback in quarantine, let a reviewer decide what may come out, and
record that as a step (`aibom run --step review … --by reviewer=…`, and `--param
items=N`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from aibom.lineage.assurance import Level, fact_assurance
from aibom.lineage.nodes import ENTITY_KINDS, Kind, Node, Relation
from aibom.policy.asking import worst
from aibom.policy.context import (
    Check,
    Context,
    Outcome,
    fails,
    not_applicable,
    passes,
    unknown,
)
from aibom.policy.data import SourceEntry, parse_source
from aibom.policy.low_trust import Ways, uses_are_known, ways_from
from aibom.policy.moments import weakest

__all__ = ["CHECK", "Settings"]

_COUNT = re.compile(r"0|[1-9][0-9]{0,14}")

_Entries = tuple[SourceEntry, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is of low trust, who may let it in, and how much of it."""

    reviewers: tuple[str, ...] = field(
        metadata={"doc": "Party ids of those who may review it."}
    )
    roles: tuple[str, ...] = field(
        default=("feedback",),
        metadata={"doc": "Roles of inputs that are of low trust."},
    )
    list: str | None = field(
        default=None,
        metadata={"doc": "A list in `trusted-sources.yaml` of sources of low trust."},
    )
    max_items: int | None = field(
        default=None,
        metadata={"doc": "The most items to let in from one source.", "minimum": 0},
    )
    items_parameter: str = field(
        default="items",
        metadata={"doc": "The parameter in which reviews state how many they let in."},
    )

    def __post_init__(self) -> None:
        if not self.roles and self.list is None:
            raise ValueError("needs roles or list, or nothing would be of low trust")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of all ways that lead from it decides."""
    entries: _Entries | None = ()
    if settings.list is not None:
        entries = (context.data.sources or {}).get(settings.list)
    expected = f"reviewed by {' or '.join(settings.reviewers)} before it is learned"
    if entries is None:
        text = "there is no such list"
        return unknown("source-list-missing", expected=expected, actual=text)
    matched = _matched(context, node, entries)
    if not matched and not _is_used_so(context, node, settings):
        return _not_low(context, node, settings, minimum)
    found = ways_from(context, node, settings.reviewers, minimum)
    answer = _of_ways(found)
    if answer.reason == "reviewed" and settings.max_items is not None:
        answer = _capped(context, node, settings, entries, found, answer)
    return replace(answer, expected=expected)


def _of_ways(found: Ways) -> Outcome:
    if found.answers:
        return worst(found.answers)
    return passes(
        "reviewed",
        actual=f"{len(found.reviews)} reviews",
        assurance=weakest(*found.reviews.values()),
    )


# ── what is of low trust ──────────────


def _is_used_so(context: Context, node: Node, settings: Settings) -> bool:
    """Whether anybody says so; to be spared takes more, see _not_low."""
    edges = context.graph.edges_into(node.id, Relation.USED)
    return any(edge.role in settings.roles for edge in edges)


def _matched(context: Context, node: Node, entries: _Entries) -> frozenset[int]:
    """The places of the entries that a source stated for it may mean.

    What cannot be read as a source may mean any.
    """
    found: set[int] = set()
    for text, _ in context.sources_of(node.id) if entries else ():
        source = parse_source(text)
        found.update(
            place
            for place, entry in enumerate(entries)
            if source is None or entry.match.may_mean(source)
        )
    return frozenset(found)


def _not_low(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Nothing says that it is of low trust; whether that is known well enough."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    expected = f"known not to be of low trust, {minimum.word}"
    if settings.list is not None:
        sources = context.sources_of(node.id)
        if not sources and not context.is_generated(node.id, minimum):
            text = "nothing says where it is from"
            return unknown("source-missing", expected=expected, actual=text)
        for text, worth in sources:
            if worth.level < minimum:
                return unknown(
                    "assurance-too-low",
                    expected=expected,
                    actual=f"{text} is {worth.level.word}",
                    assurance=worth,
                )
    if settings.roles and not uses_are_known(context, node.id, minimum):
        text = "nothing tells well enough in which role it was used"
        return unknown("lineage-open", expected=expected, actual=text)
    return not_applicable("not-low-trust")


# ── how much of it ──────────────


def _capped(
    context: Context,
    node: Node,
    settings: Settings,
    entries: _Entries,
    found: Ways,
    answer: Outcome,
) -> Outcome:
    """The answer if all counts are known and within the cap."""
    reviews = dict(found.reviews)
    for other in _of_the_same_source(context, node, settings, entries):
        more = ways_from(context, other, settings.reviewers, Level.CLAIMED)
        if more.answers:
            told = f"not all that was let in of {other.label} can be counted"
            return unknown("count-unknown", actual=told)
        reviews.update(more.reviews)
    total, worths, name = (
        0,
        [*reviews.values()],
        f"parameter.{settings.items_parameter}",
    )
    for review in sorted(reviews):
        step = context.node(review)
        text = step.value(name)
        if text is None or not _COUNT.fullmatch(text):
            said = f"{step.label} says {text!r}" if text else f"{step.label} says none"
            return unknown("count-unknown", actual=f"items let through: {said}")
        total += int(text)
        worths.append(fact_assurance(step, name, context.evidence))
    actual = f"{total} items of at most {settings.max_items}"
    if settings.max_items is not None and total > settings.max_items:
        return fails("items-over-cap", actual=actual)
    return replace(answer, actual=actual, assurance=weakest(*worths))


def _of_the_same_source(
    context: Context, node: Node, settings: Settings, entries: _Entries
) -> Iterator[Node]:
    """The other things that are of low trust by an entry that this one is by."""
    key = ("trust-separation", settings.list)
    alike = context.once(key, partial(_all_matched, entries))
    mine = alike.get(node.id, frozenset())
    for name, places in alike.items():
        if name != node.id and mine & places:
            yield context.node(name)


def _all_matched(entries: _Entries, context: Context) -> dict[str, frozenset[int]]:
    names = (context.root, *context.walk.reached)
    matched = ((name, _matched(context, context.node(name), entries)) for name in names)
    return {name: places for name, places in matched if places}


# Code and guidelines are used in the role of their own name, and in no other.
CHECK = Check(
    "trust-separation",
    Settings,
    evaluate,
    ENTITY_KINDS - {Kind.CODE, Kind.GUIDELINE},
)
