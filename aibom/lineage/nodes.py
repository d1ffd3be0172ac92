"""Nodes, edges, facts and origins: the frozen values a lineage graph is made of.

A fact is a text, or ``None`` where a source says that the thing is unknown; an absent
fact is simply absent. Numbers and lists are kept as the text they were read as, because
two readers of one document must agree on them to the letter.

These values check their own shape and nothing else: whether an edge makes sense between
two nodes is :mod:`aibom.lineage.graph`'s question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce
from typing import Any

from aibom.digest import Digest, File
from aibom.errors import DocumentInvalid

__all__ = [
    "ENTITY_KINDS",
    "MULTI_VALUED",
    "ROOT_KINDS",
    "Edge",
    "Fact",
    "Facts",
    "Kind",
    "Node",
    "Origin",
    "Relation",
    "State",
    "merge_facts",
]

# What follows the dot is the name of a parameter or variable, which others chose.
_FIELD = re.compile(r"[a-z][a-z0-9-]*(\.[^\x00-\x1f\x7f]+)?")
_ROLE = re.compile(r"[a-z][a-z0-9-]*")


class Kind(StrEnum):
    """What a node is. The first seven are entities."""

    MODEL = "model"
    DATASET = "dataset"
    CODE = "code"
    GUIDELINE = "guideline"
    REPORT = "report"
    SERVICE = "service"
    SYSTEM = "system"
    STEP = "step"
    PARTY = "party"


ENTITY_KINDS = frozenset(Kind) - {Kind.STEP, Kind.PARTY}

#: What can be deployed or delivered, and so be what a BOM is about.
ROOT_KINDS = frozenset({Kind.MODEL, Kind.DATASET, Kind.SYSTEM})


class Relation(StrEnum):
    """What an edge says, read from its source to its target."""

    USED = "used"  # step → entity
    GENERATED = "generated"  # step → entity
    PERFORMED_BY = "performed-by"  # step → party
    ATTRIBUTED_TO = "attributed-to"  # entity → party
    DERIVED_FROM = "derived-from"  # entity → entity, where the step is not known
    REVISION_OF = "revision-of"  # entity → entity
    REQUIRES = "requires"  # entity → entity, at run time


#: Facts of which a node may have several; of every other, two are a contradiction.
MULTI_VALUED = frozenset({"name", "description", "location", "source", "upstream-bom"})


class State(StrEnum):
    """What a node's facts say about one field, before any evidence is looked at."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where a fact was read: by which reader, in which bytes, at which place in them.

    ``digest`` is the SHA-256 of the bytes read (a step record, a BOM, a file),
    ``pointer`` a JSON pointer into them, ``mode`` is ``online``, ``cached`` or
    ``offline``.
    """

    cataloger: str
    digest: str = ""
    pointer: str = ""
    mode: str = "offline"

    def __post_init__(self) -> None:
        if not self.cataloger:
            raise DocumentInvalid(
                "an origin names its cataloger", reason="origin-invalid"
            )
        if self.mode not in ("online", "cached", "offline"):
            raise DocumentInvalid(
                f"origin mode {self.mode!r} is not online, cached or offline",
                reason="origin-invalid",
            )


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that some source says; ``value`` is None where it says "unknown"."""

    field: str
    value: str | None
    origins: frozenset[Origin]

    def __post_init__(self) -> None:
        if not _FIELD.fullmatch(self.field):
            raise DocumentInvalid(
                f"{self.field!r} is not a field name (kebab-case, or kebab-case.NAME)",
                reason="fact-invalid",
            )
        if not self.origins:
            raise DocumentInvalid(
                f"the fact {self.field!r} has no origin", reason="fact-invalid"
            )

    @property
    def key(self) -> tuple[str, bool, str]:
        """Sort key that is total: by field, unknown first, then by value."""
        return (self.field, self.value is not None, self.value or "")


def merge_facts(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Join facts that say the same, keeping every origin; sort them.

    Facts that differ stay side by side: a disagreement is never settled here.
    """
    same: dict[tuple[str, str | None], list[Fact]] = {}
    for fact in facts:
        same.setdefault((fact.field, fact.value), []).append(fact)
    merged = (_joined(found) if len(found) > 1 else found[0] for found in same.values())
    return tuple(sorted(merged, key=lambda fact: fact.key))


def _joined(facts: Sequence[Fact]) -> Fact:
    origins = frozenset[Origin]().union(*(fact.origins for fact in facts))
    return Fact(facts[0].field, facts[0].value, origins)


def _merge_extra(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both; where they differ, whichever sorts last, so that order never matters."""
    merged = {**one, **other}
    for name in one.keys() & other.keys():
        merged[name] = max(one[name], other[name], key=_as_text)
    return merged


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _in_order(files: tuple[File, ...]) -> list[tuple[str, int, Digest]]:
    return [(file.path, file.size, file.digest) for file in files]


@dataclass(frozen=True, slots=True)
class Facts:
    """What nodes and edges share: facts, origins, and members that we only keep."""

    facts: tuple[Fact, ...] = ()
    origins: frozenset[Origin] = frozenset()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """Every known value of a field, sorted; none when it is missing or unknown."""
        # A list first: this is asked for so often that a generator shows.
        return tuple(
            [f.value for f in self.facts if f.field == name and f.value is not None]
        )

    def value(self, name: str) -> str | None:
        """The one known value, or None when there is none *or more than one*."""
        found = self.values(name)
        return found[0] if len(found) == 1 else None

    def state(self, name: str) -> State:
        """Known, unknown, missing or contradicted (never where it is multi-valued)."""
        stated = [fact.value for fact in self.facts if fact.field == name]
        if not stated:
            return State.MISSING
        if len(stated) > 1 and name not in MULTI_VALUED:
            return State.CONTRADICTED
        return State.KNOWN if any(v is not None for v in stated) else State.UNKNOWN

    def fields(self) -> tuple[str, ...]:
        """The names of all fields that have a fact, sorted, each once."""
        return tuple(sorted({fact.field for fact in self.facts}))


@dataclass(frozen=True, slots=True)
class Node(Facts):
    """An entity, a step or a party, named by content wherever there is content to name.

    ``files`` lists what a folder's digest covers, where that is known (sorted by path).
    """

    id: str = ""
    kind: Kind = Kind.MODEL
    files: tuple[File, ...] = ()

    @property
    def digest(self) -> Digest | None:
        """The content digest this node is identified by; None when it is undigested."""
        _, _, rest = self.id.partition(":")
        form, _, value = rest.partition(":")
        if form in ("file", "tree"):
            return Digest("tree" if form == "tree" else "file", value)
        return None

    @property
    def label(self) -> str:
        """What a person would call it: its name, else a short form of its id.

        Code has no name; it is called by its commit, where there is one and no other.
        """
        names = self.values("label") or self.values("name") or self.values("step")
        if names:
            return names[0]
        commit = self.value("commit") if self.kind is Kind.CODE else None
        if commit:
            return f"commit {commit[:12]}"
        head, _, tail = self.id.removeprefix("party:").rpartition(":")
        return f"{head}:{tail[:12]}" if head else self.id[:20]

    def merged(self, *others: Node) -> Node:
        """All nodes' facts, origins, files and extras, under the one id they share.

        To merge many, give them at once: one by one costs the square of their number.
        """
        if any((self.id, self.kind) != (other.id, other.kind) for other in others):
            raise ValueError("only descriptions of one node can be merged")
        if not others:
            return self
        every = (self, *others)
        return replace(
            self,
            facts=merge_facts(fact for node in every for fact in node.facts),
            origins=frozenset[Origin]().union(*(node.origins for node in every)),
            files=max((node.files for node in every), key=_in_order),
            extra=reduce(_merge_extra, (node.extra for node in every)),
        )


@dataclass(frozen=True, slots=True)
class Edge(Facts):
    """A relation between two nodes, in one role; its facts belong to the relation.

    For example ``used`` with role ``base-model`` may carry ``source`` and ``revision``:
    from where *this step* took the bytes.
    """

    source: str = ""
    relation: Relation = Relation.USED
    target: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        if self.role and not _ROLE.fullmatch(self.role):
            raise DocumentInvalid(
                f"{self.role!r} is not a role (kebab-case)",
                reason="edge-invalid",
                where=f"{self.source} {self.relation} {self.target}",
            )

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it this edge: source, relation, target, role."""
        return (self.source, self.relation.value, self.target, self.role)

    def merged(self, *others: Edge) -> Edge:
        """All edges' facts, origins and extras; many at once, as with nodes."""
        if any(self.key != other.key for other in others):
            raise ValueError("only descriptions of one edge can be merged")
        if not others:
            return self
        every = (self, *others)
        return replace(
            self,
            facts=merge_facts(fact for edge in every for fact in edge.facts),
            origins=frozenset[Origin]().union(*(edge.origins for edge in every)),
            extra=reduce(_merge_extra, (edge.extra for edge in every)),
        )
