"""What changed in the data of two verifier's folders, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from aibom.lineage.nodes import Kind
from aibom.operations.policies.change import Change, Way, by_key, moment, words
from aibom.operations.ptest.tested import Tested
from aibom.policy.data import Advisories, SourceEntry
from aibom.policy.sources import SourceMatch
from aibom.policy.suppliers import Supplier, Suppliers

__all__ = ["data_changes"]


def data_changes(old: Tested, new: Tested) -> Iterator[Change]:
    """Every entry that is new, gone or changed, file by file."""
    yield from _roots(old, new)
    yield from _advisories(old.data.advisories, new.data.advisories)
    yield from _minimum_sequence(old, new)
    yield from _signers(old, new)
    yield from _sources(old, new)
    yield from _suppliers(old, new)
    yield from _waivers(old, new)


def _roots(old: Tested, new: Tested) -> Iterator[Change]:
    """Where lineage may end: each one more lets more through."""
    for digest, one, other in by_key(old.data.roots or {}, new.data.roots or {}):
        about = f"accepted-roots.yaml: {digest}"
        if one is None or other is None:
            yield _there(about, one, other, added=Way.LOOSER)
            continue
        if one.expires != other.expires:
            yield _expires(about, one.expires, other.expires)
        if one.kind != other.kind:
            # Some rules let lineage end at data only.
            ways = {one.kind: Way.STRICTER, other.kind: Way.LOOSER}
            way = ways.get(Kind.DATASET.value, Way.UNCLEAR)
            yield Change(about, "kind", words(one.kind), words(other.kind), way)
        if one != replace(other, expires=one.expires, kind=one.kind):
            told = f"{one.reason} ({one.approved_by})"
            now = f"{other.reason} ({other.approved_by})"
            yield Change(about, "decision", told, now, Way.SAME)


def _there(about: str, old: Any, new: Any, *, added: Way, told: str = "") -> Change:
    """An entry that is new or gone."""
    gone = {Way.LOOSER: Way.STRICTER, Way.STRICTER: Way.LOOSER}[added]
    if old is None:
        return Change(about, "added", "", told, added)
    return Change(about, "removed", told, "", gone)


def _expires(about: str, old: Any, new: Any, later: Way = Way.LOOSER) -> Change:
    way = moment(old, new, later=later)
    return Change(about, "expires", words(old), words(new), way)


def _advisories(old: Advisories | None, new: Advisories | None) -> Iterator[Change]:
    file = "advisories.yaml"
    if old is None or new is None:
        if old is not new:
            yield _there(file, old, new, added=Way.STRICTER)
        return
    if new.sequence < old.sequence:
        told = str(old.sequence), str(new.sequence)
        yield Change(file, "sequence", *told, Way.LOOSER)
    if new.expires != old.expires:
        change = _expires(file, old.expires, new.expires)
        # A newer file that lasts longer is how they are kept fresh.
        fresh = new.sequence > old.sequence
        yield replace(change, way=Way.SAME) if fresh else change
    items = ({item.id: item for item in a.items} for a in (old, new))
    for name, one, other in by_key(*items):
        about = f"{file}: {name}"
        if one is None or other is None:
            summary = (one or other).summary  # type: ignore[union-attr]
            yield _there(about, one, other, added=Way.STRICTER, told=summary)
        else:
            yield Change(about, "changed", one.summary, other.summary, Way.UNCLEAR)


def _minimum_sequence(old: Tested, new: Tested) -> Iterator[Change]:
    """The lowest sequence that locks accept; without a lock nothing says so."""
    folders = [t.folder for t in (old, new) if t.folder is not None and t.folder.locked]
    if len(folders) < 2:
        return
    one, other = (folder.lock.minimum_sequence or 0 for folder in folders)
    if one != other:
        way = Way.LOOSER if other < one else Way.STRICTER
        yield Change("advisories.yaml", "lowest sequence", str(one), str(other), way)


def _signers(old: Tested, new: Tested) -> Iterator[Change]:
    """More signers are believed more; what another entry means, a person has to say."""
    before = {s.signer.name: s for s in old.signers}
    after = {s.signer.name: s for s in new.signers}
    for name, one, other in by_key(before, after):
        about = f"signers.yaml: {name}"
        if one is None or other is None:
            role = (one or other).signer.role  # type: ignore[union-attr]
            yield _there(about, one, other, added=Way.LOOSER, told=f"role {role}")
            continue
        changed = [
            field.name
            for field in fields(one)
            if getattr(one, field.name) != getattr(other, field.name)
        ]
        yield Change(about, "changed", "", words(changed), Way.UNCLEAR)


def _sources(old: Tested, new: Tested) -> Iterator[Change]:
    lists = (data.sources or {} for data in (old.data, new.data))
    for name, one, other in by_key(*lists):
        for match, before, after in by_key(_by_match(one), _by_match(other)):
            about = f"trusted-sources.yaml: {name}: {_match_words(match)}"
            yield from _entries(about, before or (), after or ())


def _by_match(
    entries: tuple[SourceEntry, ...] | None,
) -> Mapping[SourceMatch, tuple[SourceEntry, ...]]:
    found: dict[SourceMatch, tuple[SourceEntry, ...]] = {}
    for entry in entries or ():
        found[entry.match] = (*found.get(entry.match, ()), entry)
    return found


def _match_words(match: SourceMatch) -> str:
    given = {f.name: getattr(match, f.name) for f in fields(match)}
    return " ".join(str(value) for value in given.values() if value is not None)


def _entries(
    about: str, old: tuple[SourceEntry, ...], new: tuple[SourceEntry, ...]
) -> Iterator[Change]:
    """The entries for one source, of which there is one as a rule."""
    if len(old) == len(new) == 1:
        yield from _entry(about, old[0], new[0])
        return
    for entry in (*(e for e in old if e not in new), *(e for e in new if e not in old)):
        trusted = entry.trust == "trusted"
        before, after = (entry if entry in side else None for side in (old, new))
        added = Way.LOOSER if trusted else Way.STRICTER
        yield _there(about, before, after, added=added, told=entry.trust)


def _entry(about: str, old: SourceEntry, new: SourceEntry) -> Iterator[Change]:
    trusted = new.trust == "trusted"
    if old.trust != new.trust:
        way = Way.LOOSER if trusted else Way.STRICTER
        yield Change(about, "trust", old.trust, new.trust, way)
    if old.expires != new.expires:
        later = Way.LOOSER if trusted else Way.STRICTER
        yield _expires(about, old.expires, new.expires, later)
    for name in ("reason", "approved_by"):
        if getattr(old, name) != getattr(new, name):
            told = words(getattr(old, name)), words(getattr(new, name))
            yield Change(about, name, *told, Way.SAME)
    seen = {"match", "trust", "expires", "reason", "approved_by"}
    for name in (field.name for field in fields(new) if field.name not in seen):
        if getattr(old, name) != getattr(new, name):
            told = words(getattr(old, name)), words(getattr(new, name))
            yield Change(about, name, *told, Way.UNCLEAR)


def _suppliers(old: Tested, new: Tested) -> Iterator[Change]:
    """Whom one may buy from: each record more, or younger, lets more through."""
    before, after = (tested.data.suppliers or Suppliers() for tested in (old, new))
    for name in sorted(before.own ^ after.own):
        there = (name if name in side.own else None for side in (before, after))
        yield _there(f"suppliers.yaml: own {name}", *there, added=Way.LOOSER)
    records = ({r.supplier: r for r in side.records} for side in (before, after))
    for name, one, other in by_key(*records):
        about = f"suppliers.yaml: {name}"
        if one is None or other is None:
            status = (one or other).status  # type: ignore[union-attr]
            added = Way.LOOSER if status == "approved" else Way.STRICTER
            yield _there(about, one, other, added=added, told=status)
        else:
            yield from _supplier(about, one, other)


def _supplier(about: str, old: Supplier, new: Supplier) -> Iterator[Change]:
    if old.status != new.status:
        way = Way.LOOSER if new.status == "approved" else Way.STRICTER
        yield Change(about, "status", old.status, new.status, way)
    if old.expires != new.expires:
        yield _expires(about, old.expires, new.expires)
    if old.reviewed_on != new.reviewed_on:
        told = words(old.reviewed_on), words(new.reviewed_on)
        way = moment(old.reviewed_on, new.reviewed_on, later=Way.LOOSER)
        yield Change(about, "reviewed_on", *told, way)
    for name in ("owner", "agreement", "approved_by"):
        if getattr(old, name) != getattr(new, name):
            yield Change(about, name, getattr(old, name), getattr(new, name), Way.SAME)
    for name in ("matches", "serves"):
        if getattr(old, name) != getattr(new, name):
            yield Change(about, name, "", "", Way.UNCLEAR)


def _waivers(old: Tested, new: Tested) -> Iterator[Change]:
    before, after = (
        {entry.id: entry for entry in (t.folder.waivers or () if t.folder else ())}
        for t in (old, new)
    )
    for name, one, other in by_key(before, after):
        about = f"waivers.yaml: {name}"
        if one is None or other is None:
            rule = (one or other).rule  # type: ignore[union-attr]
            yield _there(about, one, other, added=Way.LOOSER, told=f"rule {rule}")
        elif replace(one, expires=other.expires) == other:
            yield _expires(about, one.expires, other.expires)
        else:
            yield Change(about, "changed", one.reason, other.reason, Way.UNCLEAR)
