"""The verifier's data: trusted sources, accepted roots, advisories. Parsed, never fetched.

Sources are compared field by field after parsing a package URL, never as string prefixes
(``acme`` must not match ``acme-evil``). Negative facts carry a sequence and an expiry, so
that an old file cannot quietly replace a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aibom.digest import Digest
from aibom.errors import AibomError, PolicyInvalid
from aibom.lineage.closure import AcceptedRoot
from aibom.reading import Reader

__all__ = [
    "Advisories",
    "Advisory",
    "PolicyData",
    "Source",
    "SourceEntry",
    "SourceMatch",
    "parse_source",
    "read_accepted_roots",
    "read_advisories",
    "read_trusted_sources",
]


@dataclass(frozen=True, slots=True)
class Source:
    """A package URL, parsed: where bytes were taken from, at which revision."""

    text: str
    type: str
    namespace: str
    name: str
    revision: str | None


def parse_source(text: str) -> Source | None:
    """Parse a package URL; None when it is not one (so it matches nothing)."""
    from packageurl import PackageURL

    try:
        purl = PackageURL.from_string(text)
    except ValueError:
        return None
    return Source(text, purl.type, purl.namespace or "", purl.name, purl.version)


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """A pattern over parsed fields; a field left out matches anything, ``type`` may not be."""

    type: str
    namespace: str | None
    name: str | None
    revision: str | None

    def matches(self, source: Source) -> bool:
        """Whether every field that is given equals the source's."""
        return self.type == source.type and all(
            wanted is None or wanted == found
            for wanted, found in (
                (self.namespace, source.namespace),
                (self.name, source.name),
                (self.revision, source.revision),
            )
        )


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One line of a list of sources: trusted or blocked, by whom, why, until when."""

    match: SourceMatch
    trust: str
    reason: str
    approved_by: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Advisory:
    """A dated negative fact. Any one of its targets is enough to hit.

    ``since`` and ``until`` narrow hits on parties and sources to steps that ran then; a step
    whose times are not known is hit.
    """

    id: str
    summary: str
    published: datetime
    digests: frozenset[Digest] = frozenset()
    revisions: frozenset[str] = frozenset()
    sources: tuple[SourceMatch, ...] = ()
    parties: frozenset[str] = frozenset()
    steps: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Advisories:
    """The advisories of one file, with what makes a stale or older file visible."""

    sequence: int
    expires: datetime
    items: tuple[Advisory, ...]


@dataclass(frozen=True, slots=True)
class PolicyData:
    """All data of a verifier's folder; a part is None when its file is not there."""

    sources: Mapping[str, tuple[SourceEntry, ...]] | None = None
    roots: Mapping[Digest, AcceptedRoot] | None = None
    advisories: Advisories | None = None


def _top(value: Any, where: str, api_version: str) -> Reader:
    reader = Reader(value, where)
    stated = reader.text("apiVersion")
    if isinstance(stated, str) and stated != api_version:
        reader.problem(f"is {stated!r}, not {api_version!r}", "apiVersion")
    return reader


def _match(reader: Reader) -> SourceMatch:
    match = SourceMatch(
        reader.text("type"),
        reader.text("namespace", None),
        reader.text("name", None),
        reader.text("revision", None),
    )
    reader.close()
    for field, value in (("namespace", match.namespace), ("name", match.name)):
        if value is not None and any(sign in value for sign in "*?["):
            reader.problem(
                "patterns are not read; leave the field out to match anything", field
            )
    return match


def read_trusted_sources(value: Any, where: str) -> Mapping[str, tuple[SourceEntry, ...]]:
    """Read ``trusted-sources.yaml``: named lists of entries."""
    top = _top(value, where, "aibom/trusted-sources/v1")
    lists = top.reader("lists")
    found = {}
    for name in lists.keys():  # noqa: SIM118  a Reader is not a dict
        entries = []
        for entry in lists.readers(name):
            entries.append(
                SourceEntry(
                    _match(entry.reader("match")),
                    entry.choice("trust", ("trusted", "blocked")),
                    entry.text("reason"),
                    entry.text("approved_by"),
                    entry.time("expires"),
                )
            )
            entry.close()
        found[name] = tuple(entries)
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
        entry.close()
        if digest is None:
            continue
        if digest in found:
            entry.problem("the same digest is accepted twice", "digest")
        found[digest] = AcceptedRoot(digest, *root)
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
    expires = top.time("expires")
    items = tuple(_advisory(entry) for entry in top.readers("advisories"))
    ids = [item.id for item in items]
    for twice in sorted({name for name in ids if ids.count(name) > 1}, key=str):
        top.problem(f"the id {twice!r} stands twice", "advisories")
    top.finish()
    return Advisories(sequence, expires, items)


_TARGETS = ("digests", "revisions", "sources", "parties", "steps")


def _advisory(entry: Reader) -> Advisory:
    affects = entry.reader("affects")
    digests = [_digest(affects, text, "digests") for text in affects.texts("digests", ()) or ()]
    advisory = Advisory(
        id=entry.text("id"),
        summary=entry.text("summary"),
        published=entry.time("published"),
        digests=frozenset(digest for digest in digests if digest),
        revisions=frozenset(affects.texts("revisions", ()) or ()),
        sources=tuple(_match(source) for source in affects.readers("sources", ())),
        parties=frozenset(affects.texts("parties", ()) or ()),
        steps=frozenset(affects.texts("steps", ()) or ()),
        since=entry.time("since", None),
        until=entry.time("until", None),
    )
    if not any(affects.has(target) for target in _TARGETS):
        affects.problem(f"names nothing; give at least one of: {', '.join(_TARGETS)}")
    affects.close()
    entry.close()
    return advisory


def require(part: Any, file: str, rule: str) -> None:
    """Refuse a policy whose rule needs a data file that is not in the folder."""
    if part is None:
        raise PolicyInvalid(
            f"the rule {rule!r} needs {file}, which the policy's data does not list",
            reason="policy-data-missing",
            where="policy.yaml",
            hint=f"add {file} to the folder and to data: in policy.yaml",
        )
