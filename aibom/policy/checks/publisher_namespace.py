"""The namespace that bytes were taken from has the owner who was approved.

What it checks: every source stated for the node, against the trusted entries of a list
in `trusted-sources.yaml` that match it, letter by letter. There somebody has recorded
the `owner` of the namespace, and when that ownership began (`owner_since`) or last went
to somebody else (`owner_changed`). Both the approval (`approved_on`) and the first use
by a step must be later than that: else the decision was about somebody else, or the
bytes came from somebody else.

Why it matters: a name on a hub outlives its owner. Accounts are sold, expire and are
registered again, and the new owner publishes under the old one's reputation.

Passes: an entry that has not expired records the owner, and nothing changed after the
approval or the fetching (`owner-known`).

Fails: the namespace went to another owner after it was approved, or after the bytes
were fetched; or the source says that the account was made after the approval
(`owner-changed`).

Unknown: no entry that matches records an owner (`owner-not-recorded`), or the entry has
expired (`owner-record-expired`); a change is recorded, but not when the entry was
approved (`approval-undated`), or nothing tells when the bytes were fetched
(`time-missing`); nothing states a source, and it is not known, well enough, that a step
generated the node (`source-missing`); the data have no list of that name
(`source-list-missing`); a source, or the time of fetching, is not as well assured as
the rule asks (`assurance-too-low`).

Not applicable: nodes that a step generated and that were not taken from elsewhere
(`generated-by-a-step`); with `named: ignore`, what is only named (`only-named`).

What to do: find out who owns the namespace now, decide again, and write owner and dates
into the entry; fetch again from the new owner, or from a mirror of your own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
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
from aibom.policy.moments import Moment, fetched, weakest
from aibom.reading import parse_time
from aibom.verdict import Status

__all__ = ["CHECK", "Settings"]

_ORDER = (Status.FAIL, Status.UNKNOWN, Status.PASS)


@dataclass(frozen=True, slots=True)
class Settings:
    """Which list records the owners."""

    list: str = field(metadata={"doc": "Name of a list in `trusted-sources.yaml`."})
    named: str = field(
        default="ask",
        metadata={
            "doc": "Whether to ask about what is only named, as a base model on a "
            "card: nobody fetched its bytes, so nothing tells when that was.",
            "choices": ("ask", "ignore"),
        },
    )


def evaluate(
    context: Context, node: Node, settings: Settings, minimum: Level
) -> Outcome:
    """Answer for one node; the worst of its sources decides."""
    expected = f"a namespace whose owner the list {settings.list!r} records"
    sources = context.sources_of(node.id)
    if not sources:
        if context.is_generated(node.id, minimum):
            return not_applicable("generated-by-a-step")
        text = "nothing says where it is from"
        return unknown("source-missing", expected=expected, actual=text)
    if settings.named == "ignore" and context.is_only_named(node.id):
        return not_applicable("only-named")
    entries = (context.data.sources or {}).get(settings.list)
    if entries is None:
        text = "there is no such list"
        return unknown("source-list-missing", expected=expected, actual=text)
    answers = [
        _of_source(context, node, text, worth, entries) for text, worth in sources
    ]
    worst = min(answers, key=lambda answer: _ORDER.index(answer.status))
    if worst.status is Status.PASS:
        # Further sources may be claimed by anybody; one that is assured is enough.
        worst = max(answers, key=_level)
    return replace(worst, expected=expected)


def _level(answer: Outcome) -> Level:
    return answer.assurance.level if answer.assurance else Level.MISSING


def _of_source(
    context: Context,
    node: Node,
    text: str,
    worth: Assurance,
    entries: tuple[SourceEntry, ...],
) -> Outcome:
    """Answer for one source, from every entry that records who owns it."""
    source = parse_source(text)
    recording = [
        entry
        for entry in entries
        if source is not None
        and entry.owner is not None
        and entry.trust == "trusted"
        and entry.match.matches(source)
    ]
    if not recording:
        return unknown("owner-not-recorded", actual=text, assurance=worth)
    first = fetched(context, node.id, text)
    made = _times(node.values("owner-created"))
    answers = [_of_entry(entry, first, made, worth) for entry in recording]
    worst = min(answers, key=lambda answer: _ORDER.index(answer.status))
    if worst.status is Status.PASS and all(
        entry.expires <= context.now for entry in recording
    ):
        worst = unknown("owner-record-expired", actual=worst.actual, assurance=worth)
    return replace(worst, actual=f"{text}: {worst.actual}")


def _times(texts: tuple[str, ...]) -> list[datetime]:
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(parse_time(text))
    return found


def _of_entry(
    entry: SourceEntry,
    first: Moment | None,
    made: list[datetime],
    worth: Assurance,
) -> Outcome:
    """Whether ownership was settled when it was approved, and when it was fetched."""
    newest = max(made, default=None)
    if entry.approved_on and newest and newest > entry.approved_on:
        text = f"approved {_day(entry.approved_on)}, account made {_day(newest)}"
        return fails("owner-changed", actual=text, assurance=worth)
    changed = max(entry.owner_dates, default=None)
    owner = f"owner {entry.owner}"
    if changed is None:
        return passes("owner-known", actual=owner, assurance=worth)
    since = f"{owner}, changed {_day(changed)}"
    if entry.approved_on is not None and changed > entry.approved_on:
        text = f"{since}, approved {_day(entry.approved_on)}"
        return fails("owner-changed", actual=text, assurance=worth)
    if first is not None and changed > first.time:
        text = f"{since}, fetched {_day(first.time)}"
        both = weakest(worth, first.assurance)
        return fails("owner-changed", actual=text, assurance=both)
    if entry.approved_on is None:
        return unknown("approval-undated", actual=since, assurance=worth)
    if first is None:
        text = f"{since}; nothing tells when it was fetched"
        return unknown("time-missing", actual=text, assurance=worth)
    return passes(
        "owner-known", actual=since, assurance=weakest(worth, first.assurance)
    )


def _day(time: datetime) -> str:
    return time.date().isoformat()


CHECK = Check(
    "publisher-namespace",
    Settings,
    evaluate,
    frozenset({Kind.MODEL, Kind.DATASET}),
    needs=("trusted-sources.yaml",),
)
