"""What comes from outside had settled before it was used, and had not gone stale.

What it checks: with `settle`, how long the bytes are known to have existed when the
lineage first used them (for the artifact itself: now). They are known to exist from the
day a trusted entry of `list` gives for this very revision (`published`, else
`approved_on`), and from the end of any step whose record touched them, such as the one
that fetched them into quarantine. With `max_age`, how long before its last use the
collecting of a dataset began. A `collect` step only takes data in; what counts as use
is the step that takes what came out of it.

Why it matters: fresh poison is usually noticed by somebody, within days. And feedback
data from long ago teaches a world, and a system, that no longer exist.

Passes: the bytes had been there long enough, or the data were young enough
(`source-settled`).

Fails: the revision was published less than `settle` before it was used
(`source-too-fresh`); the data were collected more than `max_age` before they were used
(`source-too-old`).

Unknown: nothing shows that the bytes were there early enough (`publication-unknown`);
it is not known when they were used or collected (`time-missing`); the times cannot be,
as in a use before the collecting or after today (`time-contradicted`); nothing states a
source, and it is not known, well enough, that a step generated the node
(`source-missing`); with `max_age`: nor of what kind that step was (`lineage-open`); the
data have no list of that name (`source-list-missing`); a time or source is not as well
assured as the rule asks (`assurance-too-low`).

Not applicable: nodes that a step generated and that were not taken from elsewhere, when
only `settle` is asked (`generated-by-a-step`); nodes that no `collect` step generated
(`not-collected`) and accepted roots (`accepted-root`), when only `max_age` is.

What to do: keep what is new in quarantine, and record its fetching as a `collect` step;
or find out when the revision was published and write the date into its entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from aibom.lineage.assurance import Assurance, Level
from aibom.lineage.nodes import Kind, Node
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
from aibom.policy.moments import Moment, moment_of, sightings, uses, weakest
from aibom.policy.settings import Days
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_ORDER = (Status.FAIL, Status.UNKNOWN, Status.PASS, Status.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Settings:
    """How long things settle, and how old they may get."""

    settle: Days | None = field(
        default=None,
        metadata={"doc": "How long it must have existed before its use, as in 14d."},
    )
    max_age: Days | None = field(
        default=None,
        metadata={"doc": "How old collected data may be when they are used."},
    )
    list: str | None = field(
        default=None,
        metadata={"doc": "A list in `trusted-sources.yaml` whose dates count."},
    )

    def __post_init__(self) -> None:
        if self.settle is None and self.max_age is None:
            raise ValueError("needs settle or max_age, or any age would pass")
        if self.list is not None and self.settle is None:
            raise ValueError("list gives dates of publication, which only settle reads")


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; of the two questions, the worse answer counts."""
    answers = []
    if settings.settle is not None:
        answers.append(_settled(context, node, settings, settings.settle, minimum))
    if settings.max_age is not None:
        answers.append(_not_stale(context, node, settings.max_age, minimum))
    return min(answers, key=lambda answer: _ORDER.index(answer.status))


def _settled(
    context: Context, node: Node, settings: Settings, settle: Days, minimum: Level
) -> Outcome:
    expected = f"in existence {settle.days} days or more before its use"
    sources = context.sources_of(node.id)
    if not sources:
        if context.is_generated(node.id, minimum):
            return not_applicable("generated-by-a-step")
        text = "nothing says where it is from"
        return unknown("source-missing", expected=expected, actual=text)
    entries: tuple[SourceEntry, ...] | None = ()
    if settings.list is not None:
        entries = (context.data.sources or {}).get(settings.list)
    if entries is None:
        text = "there is no such list"
        return unknown("source-list-missing", expected=expected, actual=text)
    used = uses(context, node.id, minimum)
    if used is None:
        text = "nothing tells when it was used"
        return unknown("time-missing", expected=expected, actual=text)
    first = min(used, key=lambda moment: moment.time)
    if any(moment.time > context.now for moment in used):
        text = "used after the time of this evaluation"
        return unknown("time-contradicted", expected=expected, actual=text)
    dated = [(e, worth) for t, worth in sources for e in _entries_of(t, entries)]
    for entry, worth in dated:
        if entry.published and first.time - entry.published < settle:
            since = _until(entry.published, settle)
            text = f"published {since}, used {_day(first.time)}"
            return fails(
                "source-too-fresh", expected=expected, actual=text, assurance=worth
            )
    known = [
        Moment(date, worth)
        for entry, worth in dated
        if (date := entry.published or entry.approved_on) is not None
    ]
    known += sightings(context, node.id, minimum)
    return _since(known, used, settle, expected)


def _since(
    known: list[Moment], used: list[Moment], settle: Days, expected: str
) -> Outcome:
    first = min(used, key=lambda moment: moment.time)
    early = [moment for moment in known if first.time - moment.time >= settle]
    if not early:
        seen = min((moment.time for moment in known), default=None)
        since = "not known since when"
        if seen:
            since = f"known since {_until(seen, settle)}"
        text = f"{since}, used {_day(first.time)}"
        return unknown("publication-unknown", expected=expected, actual=text)
    best = max(early, key=lambda moment: (moment.assurance.level, moment.time))
    return passes(
        "source-settled",
        expected=expected,
        actual=f"known since {_day(best.time)}, used {_day(first.time)}",
        assurance=weakest(*_worths(best, *used)),
    )


def _entries_of(text: str, entries: tuple[SourceEntry, ...]) -> list[SourceEntry]:
    """The entries that are about exactly this revision: only those date it."""
    source = parse_source(text)
    return [
        entry
        for entry in entries
        if source is not None
        and entry.trust == "trusted"
        and entry.match.revision is not None
        and entry.match.matches(source)
    ]


def _not_stale(context: Context, node: Node, max_age: Days, minimum: Level) -> Outcome:
    expected = f"collected {max_age.days} days or less before its use"
    steps = context.generating_steps(node.id, "collect")
    if not steps:
        return _not_collected(context, node, expected, minimum)
    used = uses(context, node.id, minimum)
    begun = [moment_of(context, step, "started") for step in steps]
    times = [moment for moment in begun if moment is not None]
    if used is None or len(times) < len(begun):
        text = "nothing tells when it was collected, or when it was used"
        return unknown("time-missing", expected=expected, actual=text)
    last = max(used, key=lambda moment: moment.time)
    first = min(times, key=lambda moment: moment.time)
    details = {
        "expected": expected,
        "actual": f"collected from {_day(first.time)} on, used {_day(last.time)}",
        "assurance": weakest(*_worths(*times, *used)),
    }
    if not first.time <= last.time <= context.now:
        return unknown("time-contradicted", **details)
    if last.time - first.time > max_age:
        return fails("source-too-old", **details)
    return passes("source-settled", **details)


def _not_collected(
    context: Context, node: Node, expected: str, minimum: Level
) -> Outcome:
    """No ``collect`` step is told of; that alone does not show that there was none."""
    if context.is_decided_root(node.id):
        return not_applicable("accepted-root")
    sources = context.sources_of(node.id)
    if any(worth.level >= minimum for _, worth in sources):
        return not_applicable("not-collected")
    if context.step_kinds(node.id, minimum) is None:
        text = "nothing tells well enough how it was made"
        return unknown("lineage-open", expected=expected, actual=text)
    return not_applicable("not-collected")


def _worths(*moments: Moment) -> tuple[Assurance, ...]:
    return tuple(moment.assurance for moment in moments)


def _until(since: datetime, settle: Days) -> str:
    """A day, and the day on which what began then has settled."""
    try:
        return f"{_day(since)} (settled from {_day(since + settle)} on)"
    except OverflowError:  # the end of time, which a record may well claim
        return _day(since)


def _day(time: datetime) -> str:
    return time.date().isoformat()


CHECK = Check(
    "source-age",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET}),
)
