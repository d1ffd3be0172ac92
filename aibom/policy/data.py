"""The verifier's data: trusted sources, accepted roots, advisories.

Each file is read into values, and refused rather than half understood: a target written
so that it could hit nothing is a load error. Advisories carry a sequence and an expiry,
so that an old file cannot quietly replace a newer one.

Documents arrive parsed; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from aibom.digest import Digest
from aibom.errors import AibomError
from aibom.lineage.closure import AcceptedRoot
from aibom.lineage.identity import may_be_same_party, parse_party, party_key
from aibom.lineage.nodes import ENTITY_KINDS
from aibom.policy.source_entries import SourceEntry, read_entry
from aibom.policy.sources import Source, SourceMatch, parse_source, read_match
from aibom.policy.suppliers import Suppliers
from aibom.reading import Reader

__all__ = [
    "Advisories",
    "Advisory",
    "PolicyData",
    "Source",
    "SourceEntry",
    "SourceMatch",
    "Target",
    "parse_source",
    "read_accepted_roots",
    "read_advisories",
    "read_trusted_sources",
]

_STEP = re.compile(r"(undigested:)?[0-9a-f]{64}")
_APPROVAL = re.compile(r"sha256:[0-9a-f]{64}")
_DAY = timedelta(days=1) - timedelta(microseconds=1)
_ROOT_KINDS = tuple(sorted(kind.value for kind in ENTITY_KINDS))
_TARGETS = ("digests", "revisions", "sources", "parties", "steps", "approvals")

#: What an advisory names exactly, ``digest``, ``revision``, ``step`` or ``approval``,
#: and which.
Target = tuple[str, Digest | str]


@dataclass(frozen=True, slots=True)
class Advisory:
    """A dated negative fact. Any one of its targets is enough to hit.

    ``since`` narrows hits on parties and sources to steps that finished no earlier.
    ``until`` narrows only hits on people who act during a step, to steps that began no
    later: what was supplied or fetched in the window is used after it. A step whose
    times are not known is hit. Digests, revisions, steps and approvals are one moment's
    content already, so nothing narrows them. ``approvals`` are withdrawn by their ids,
    ``sha256:…``; they are no nodes, so no ancestor is hit by them.
    """

    id: str
    summary: str
    published: datetime
    digests: frozenset[Digest] = frozenset()
    revisions: frozenset[str] = frozenset()
    sources: tuple[SourceMatch, ...] = ()
    parties: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    approvals: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Advisories:
    """The advisories of one file, with what makes a stale or older file visible.

    What is named exactly (such as a digest or a step) is indexed, because every
    ancestor of every node is looked up; parties are indexed by what they are compared
    by. ``by_source`` holds the places in ``items`` of those that name sources, which
    have to be compared one by one; ``people`` one named person per registrar's key.
    """

    sequence: int
    expires: datetime
    items: tuple[Advisory, ...]
    by_source: tuple[int, ...] = field(init=False, repr=False, compare=False)
    people: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _exact: Mapping[Target, tuple[int, ...]] = field(
        init=False, repr=False, compare=False
    )
    _parties: Mapping[tuple[str, str], tuple[tuple[int, str], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        exact: dict[Target, tuple[int, ...]] = {}
        for place, item in enumerate(self.items):
            for target in _exact_targets(item):
                exact[target] = (*exact.get(target, ()), place)
        by_source = tuple(n for n, item in enumerate(self.items) if item.sources)
        parties: dict[tuple[str, str], tuple[tuple[int, str], ...]] = {}
        people: dict[str, str] = {}
        for place, item in enumerate(self.items):
            for party in sorted(item.parties):
                key = party_key(party)
                parties[key] = (*parties.get(key, ()), (place, party))
                if registrar := parse_party(party).key:
                    people.setdefault(registrar, party)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "by_source", by_source)
        object.__setattr__(self, "_parties", parties)
        object.__setattr__(self, "people", tuple(people.values()))

    def naming(self, targets: Iterable[Target]) -> list[int]:
        """The places, in order, of all items that name one of these exactly."""
        found: set[int] = set()
        for target in targets:
            found.update(self._exact.get(target, ()))
        return sorted(found)

    def naming_party(self, party: str) -> list[int]:
        """The places, in order, of all items that may name this party."""
        if not self._parties:
            return []
        alike = self._parties.get(party_key(party), ())
        found = {place for place, name in alike if may_be_same_party(party, name)}
        return sorted(found)

    @property
    def name_files(self) -> bool:
        """Whether the digest of a single file is named anywhere."""
        return any(
            isinstance(named, Digest) and named.form == "file"
            for _, named in self._exact
        )


def _exact_targets(item: Advisory) -> Iterator[Target]:
    yield from (("digest", digest) for digest in item.digests)
    yield from (("revision", revision) for revision in item.revisions)
    yield from (("step", step) for step in item.steps)
    yield from (("approval", approval) for approval in item.approvals)


@dataclass(frozen=True, slots=True)
class PolicyData:
    """All data of a verifier's folder; a part is None when its file is not there."""

    sources: Mapping[str, tuple[SourceEntry, ...]] | None = None
    roots: Mapping[Digest, AcceptedRoot] | None = None
    advisories: Advisories | None = None
    suppliers: Suppliers | None = None


def _top(value: Any, where: str, api_version: str) -> Reader:
    reader = Reader(value, where)
    stated = reader.text("apiVersion")
    if isinstance(stated, str) and stated != api_version:
        reader.problem(f"is {stated!r}, not {api_version!r}", "apiVersion")
    return reader


def read_trusted_sources(
    value: Any, where: str
) -> Mapping[str, tuple[SourceEntry, ...]]:
    """Read ``trusted-sources.yaml``: named lists of entries."""
    top = _top(value, where, "aibom/trusted-sources/v1")
    lists = top.reader("lists")
    found = {}
    for name in lists.keys():  # noqa: SIM118  a Reader is not a dict
        found[name] = tuple(read_entry(entry) for entry in lists.readers(name))
    top.finish()
    return found


def read_accepted_roots(value: Any, where: str) -> Mapping[Digest, AcceptedRoot]:
    """Read ``accepted-roots.yaml``: where lineage may end, by decision."""
    top = _top(value, where, "aibom/accepted-roots/v1")
    found: dict[Digest, AcceptedRoot] = {}
    for entry in top.readers("roots"):
        digest = _digest(entry, entry.text("digest"), "digest")
        entry.text("name", None)
        root = (entry.text("reason"), entry.text("approved_by"), entry.time("expires"))
        kind = entry.choice("kind", _ROOT_KINDS, None)
        entry.close()
        if digest is None:
            continue
        if digest in found:
            entry.problem("the same digest is accepted twice", "digest")
        found[digest] = AcceptedRoot(digest, *root, kind)
    top.finish()
    return found


def _digest(reader: Reader, text: Any, key: str) -> Digest | None:
    if not isinstance(text, str):
        return None
    try:
        return Digest.parse(text)
    except AibomError as error:
        reader.problem(error.message, key)
        return None


def read_advisories(value: Any, where: str) -> Advisories:
    """Read ``advisories.yaml``."""
    top = _top(value, where, "aibom/advisories/v1")
    sequence = top.integer("sequence")
    if sequence is not None and sequence < 1:
        top.problem("must be 1 or more", "sequence")
    expires = top.time("expires")
    items = tuple(_advisory(entry) for entry in top.readers("advisories"))
    ids = [item.id for item in items]
    for twice in sorted({name for name in ids if ids.count(name) > 1}, key=str):
        top.problem(f"the id {twice!r} stands twice", "advisories")
    top.finish()
    # Of several hits the first is told: their order in the file must not choose it.
    items = tuple(sorted(items, key=lambda item: item.id))
    return Advisories(sequence, expires, items)


def _advisory(entry: Reader) -> Advisory:
    affects = entry.reader("affects")
    digests = [_digest(affects, text, "digests") for text in _texts(affects, "digests")]
    advisory = Advisory(
        id=entry.text("id"),
        summary=entry.text("summary"),
        published=entry.time("published"),
        digests=frozenset(filter(None, digests)),
        revisions=frozenset(_texts(affects, "revisions")),
        sources=tuple(read_match(source) for source in affects.readers("sources", ())),
        parties=frozenset(_parties(affects)),
        steps=frozenset(_steps(affects)),
        approvals=frozenset(_approvals(affects)),
        since=entry.time("since", None),
        until=_end(entry, "until"),
    )
    if not any(affects.raw(target, None) for target in _TARGETS):
        affects.problem(f"names nothing; give at least one of: {', '.join(_TARGETS)}")
    if advisory.since and advisory.until and advisory.until <= advisory.since:
        entry.problem("is not after since", "until")
    affects.close()
    entry.close()
    return advisory


def _texts(reader: Reader, key: str) -> tuple[str, ...]:
    return reader.texts(key, ()) or ()


def _parties(affects: Reader) -> tuple[str, ...]:
    parties = _texts(affects, "parties")
    for party in parties:
        try:
            parse_party(party)
        except AibomError as error:
            affects.problem(error.message, "parties")
    return parties


def _steps(affects: Reader) -> tuple[str, ...]:
    """Steps by the SHA-256 of their record; otherwise written they hit nothing."""
    steps = _texts(affects, "steps")
    for step in steps:
        if not _STEP.fullmatch(step):
            affects.problem(f"{step!r} is not a SHA-256 in lower-case hex", "steps")
    return steps


def _approvals(affects: Reader) -> tuple[str, ...]:
    """Approvals by their ids; otherwise written nothing would be withdrawn."""
    approvals = _texts(affects, "approvals")
    for approval in approvals:
        if not _APPROVAL.fullmatch(approval):
            affects.problem(f"{approval!r} is not sha256:<hex>", "approvals")
    return approvals


def _end(entry: Reader, key: str) -> datetime | None:
    """The end of a window. A date alone is its last moment: the day is inside."""
    moment: datetime | None = entry.time(key, None)
    raw = entry.raw(key, None)
    is_date = isinstance(raw, date) and not isinstance(raw, datetime)
    if moment is not None and (is_date or (isinstance(raw, str) and len(raw) == 10)):
        return moment + _DAY
    return moment
