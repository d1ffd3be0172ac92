"""One line of a list in ``trusted-sources.yaml``, with what is recorded about it.

Dates and owners are what the verifier has found out and written down. Nothing here is
taken from the documents that are judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aibom.errors import AibomError
from aibom.lineage.identity import parse_party
from aibom.policy.sources import SourceMatch, read_match
from aibom.reading import Reader

__all__ = ["SourceEntry", "read_entry"]


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One line of a list of sources: trusted or blocked, by whom, why, until when.

    ``approved_on`` is the day of that decision. ``published`` is when the one revision
    that the entry names was published. ``owner`` is the party that owns the namespace
    (or, without one, the name), ``owner_since`` since when, ``owner_changed`` when it
    last went to somebody else.
    """

    match: SourceMatch
    trust: str
    reason: str
    approved_by: str
    expires: datetime
    approved_on: datetime | None = None
    published: datetime | None = None
    owner: str | None = None
    owner_since: datetime | None = None
    owner_changed: datetime | None = None

    @property
    def owner_dates(self) -> tuple[datetime, ...]:
        """The moments at which ownership is known to have begun or changed."""
        dates = (self.owner_since, self.owner_changed)
        return tuple(date for date in dates if date is not None)


def read_entry(entry: Reader) -> SourceEntry:
    """Read one entry; problems go to the reader."""
    found = SourceEntry(
        read_match(entry.reader("match")),
        entry.choice("trust", ("trusted", "blocked")),
        entry.text("reason"),
        entry.text("approved_by"),
        entry.time("expires"),
        entry.time("approved_on", None),
        entry.time("published", None),
        _owner(entry),
        entry.time("owner_since", None),
        entry.time("owner_changed", None),
    )
    if entry.has("published") and found.match.revision is None:
        entry.problem("is a date of one revision; name it in match", "published")
    if entry.has("owner") and not (found.match.namespace or found.match.name):
        entry.problem("owns a namespace or a name; give one in match", "owner")
    for key in ("owner_since", "owner_changed"):
        if entry.has(key) and not entry.has("owner"):
            entry.problem("is given without an owner", key)
    entry.close()
    return found


def _owner(entry: Reader) -> str | None:
    text: str | None = entry.text("owner", None)
    if isinstance(text, str):
        try:
            parse_party(text)
        except AibomError as error:
            entry.problem(error.message, "owner")
    return text
