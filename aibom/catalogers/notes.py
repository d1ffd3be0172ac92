"""What one cataloger writes down about one file: nodes, edges and findings.

Everything has an origin: the cataloger, the SHA-256 of the file, and the place in it.
The thing that a file speaks about (the model or dataset whose folder it lies in) is the
*subject*; which node that is, and of which kind, is settled when all files are read
(:mod:`aibom.operations.scanning.scan`). Nothing is joined by name, and nothing is
filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from aibom.catalogers.findings import Finding
from aibom.catalogers.place import Place
from aibom.digest import Digest
from aibom.lineage.identity import entity_id, parse_party, undigested_id
from aibom.lineage.nodes import (
    Edge,
    Fact,
    Kind,
    Node,
    Origin,
    Relation,
    merge_facts,
)

__all__ = ["MAX_FINDINGS", "MORE_FINDINGS", "SUBJECT", "Notes", "pointer"]

#: Of one cataloger about one file; then one more that says so.
MAX_FINDINGS = 500
#: The code of that one: what was found after it is not told.
MORE_FINDINGS = "more-findings"

#: Stands in edges for the thing that the file speaks about.
SUBJECT = "subject:"


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) to a member of a member."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{part}" for part in escaped)


class Notes:
    """Collects what one cataloger reads in one file of a place."""

    def __init__(
        self,
        cataloger: str,
        place: Place,
        path: str,
        pseudonym: Callable[[str], str] | None = None,
    ) -> None:
        self.cataloger = cataloger
        self.place = place
        self.path = path
        self._pseudonym = pseudonym
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.findings: list[Finding] = []
        self.facts: list[Fact] = []
        #: Kinds that the subject may be, and whether bytes or words say so.
        self.kinds: set[tuple[Kind, bool]] = set()

    @property
    def folder(self) -> str:
        """The folder of the file within the place; empty for the place itself."""
        return self.path.rpartition("/")[0]

    @property
    def has_any(self) -> bool:
        """Whether anything was written down: a file for nobody gives nothing."""
        parts = (self.nodes, self.edges, self.findings, self.facts, self.kinds)
        return any(parts)

    def origin(self, at: str = "") -> Origin:
        """The origin of what stands at a place in this file."""
        return Origin(self.cataloger, self.place.sha256(self.path), at)

    # About the subject.

    def subject_is(self, kind: Kind, *, by_bytes: bool = False) -> None:
        """The subject is a thing of this kind: by its bytes, or by a file's words."""
        self.kinds.add((kind, by_bytes))

    def say(self, field: str, value: str | None, at: str = "") -> None:
        """State a fact about the subject; None means that the file says "unknown"."""
        self.facts.append(Fact(field, value, frozenset({self.origin(at)})))

    # About other things.

    def entity(
        self,
        kind: Kind,
        identity: Mapping[str, str] | Digest,
        at: str = "",
        facts: Mapping[str, str | None] | None = None,
    ) -> str:
        """Another thing, by digest or by what identifies it; returns its id.

        ``identity`` without a digest is never joined with anything but a thing that is
        stated with exactly the same identity.
        """
        if isinstance(identity, Digest):
            name, stated = entity_id(kind, identity), dict(facts or {})
        else:
            name = undigested_id(kind, identity)
            stated = {**identity, **(facts or {})}
        return self._node(name, kind, stated, at)

    def file_entity(
        self,
        kind: Kind,
        path: str = "",
        at: str = "",
        facts: Mapping[str, str | None] | None = None,
    ) -> str:
        """A file of this place as a thing of its own, known by its bytes."""
        path = path or self.path
        named = {"name": PurePosixPath(path).name, **(facts or {})}
        return self.entity(kind, Digest("file", self.place.sha256(path)), at, named)

    def step(
        self,
        kind: str,
        identity: Mapping[str, str],
        at: str = "",
        facts: Mapping[str, str | None] | None = None,
    ) -> str:
        """A process that the file describes; it has no record, so it closes nothing.

        Two files mean one step only where they give it the same kind and identity. What
        has none else gets this file and place as its identity.
        """
        known = dict(identity) or {"file": self.place.sha256(self.path), "at": at}
        name = undigested_id(Kind.STEP, {"step": kind, **known})
        return self._node(name, Kind.STEP, {"step": kind, **(facts or {})}, at)

    def party(self, text: str, at: str = "", label: str | None = None) -> str:
        """A party by its id text (``org:…``, ``software:…``, ``person:…``).

        Raises :class:`~aibom.errors.UsageError` (``party-malformed``).
        """
        party = parse_party(text)
        facts: dict[str, str | None] = {"type": party.type}
        if party.key is None:
            facts["name"] = party.name
        else:
            facts["key-id"] = party.key
        if label is not None:
            facts["label"] = label
        return self._node(f"party:{text}", Kind.PARTY, facts, at)

    def person(self, name: str, at: str = "") -> str | None:
        """A person by the pseudonym of a name, a login or an address.

        None where no registrar's key was given: a name is never written in clear.
        """
        return self.party(self._pseudonym(name), at) if self._pseudonym else None

    def edge(
        self,
        source: str,
        relation: Relation,
        target: str,
        role: str = "",
        at: str = "",
        facts: Mapping[str, str | None] | None = None,
    ) -> None:
        """Relate two things; :data:`SUBJECT` is one of them as often as not."""
        origins = frozenset({self.origin(at)})
        stated = merge_facts(Fact(k, v, origins) for k, v in (facts or {}).items())
        self.edges.append(
            Edge(
                stated,
                origins,
                source=source,
                relation=relation,
                target=target,
                role=role,
            )
        )

    def _node(
        self, name: str, kind: Kind, facts: Mapping[str, str | None], at: str
    ) -> str:
        origins = frozenset({self.origin(at)})
        stated = merge_facts(Fact(k, v, origins) for k, v in facts.items())
        self.nodes.append(Node(stated, origins, id=name, kind=kind))
        return name

    # About the reading.

    def odd(self, code: str, at: str = "", detail: str = "") -> None:
        """Something was read that is not as it should be."""
        self._finding(code, at, detail, unread=False)

    def skip(self, code: str, at: str = "", detail: str = "") -> None:
        """Something was not read, and so is not known."""
        self._finding(code, at, detail, unread=True)

    def _finding(self, code: str, at: str, detail: str, *, unread: bool) -> None:
        if len(self.findings) == MAX_FINDINGS:
            code, at, detail, unread = MORE_FINDINGS, "", "", True
        if len(self.findings) <= MAX_FINDINGS:
            self.findings.append(
                Finding(self.path, at, code, self.cataloger, detail[:300], unread)
            )
