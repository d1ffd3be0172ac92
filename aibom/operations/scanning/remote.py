"""Scan a repository elsewhere, and, as deep as asked, what it says it was made from.

A reference is resolved once, to a commit, and everything is read at that commit. A card
names a base by a name: what lies under that name *now* is resolved, read and added, and
is not proved to be what was used *then*. So the named thing stays as it is, and comes
from what was found (``derived-from``): role ``pinned-revision`` where a full commit was
named, else ``found-at-revision``. Lineage and taint flow along that edge; identity does
not.

What cannot be followed (gated, missing, renamed, unreachable, a circle, too many) is a
finding with its own reason, in the BOM too. Only the first reference can fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from aibom.catalogers.findings import Finding
from aibom.errors import AibomError
from aibom.lineage.nodes import Edge, Fact, Kind, Relation
from aibom.operations.scanning.remote_bom import Believed
from aibom.operations.scanning.remote_join import Said, joined
from aibom.operations.scanning.remote_names import Named, named_on_hub
from aibom.operations.scanning.remote_one import Part, Visit, noted, scan_resolved
from aibom.operations.scanning.scan import Scanned
from aibom.operations.scanning.source_facts import shown, source_origin
from aibom.sources.reference import Reference
from aibom.sources.remote import Resolved, Source

__all__ = ["MAX_REPOSITORIES", "ScannedRemote", "scan_remote"]

#: Repositories that are asked for, the first one included.
MAX_REPOSITORIES = 200

Open = Callable[[Reference], Source]


@dataclass(frozen=True, slots=True)
class ScannedRemote(Scanned):
    """What a scan found, and every repository that it read, the first one first.

    The path of a finding about a further repository begins with its reference.
    """

    visited: tuple[Visit, ...] = ()


def scan_remote(
    reference: Reference,
    open_: Open,
    *,
    depth: int = 0,
    kind: Kind | None = None,
    name: str | None = None,
    believed: Believed | None = None,
    pseudonym_key: str | None = None,
    most: int = MAX_REPOSITORIES,
) -> ScannedRemote:
    """Catalog what a reference means now, and what that names, ``depth`` levels deep.

    ``open_`` gives the source that answers for a reference. ``kind`` and ``name`` are
    the caller's word of the first one. BOMs that repositories ship are verified where
    ``believed`` says by whom they may be signed. At most ``most`` repositories are
    asked for.

    The root has no digest unless every file of it was read; what was not read is among
    the findings.

    Raises what resolving and reading the first reference raises (the reasons of
    ``docs/exit-codes.md`` under "Sources", those of
    :func:`~aibom.operations.scanning.scan.scan`); whatever is wrong further up is a
    finding.
    """
    walk = _Walk(open_, believed, pseudonym_key, most)
    frontier = [walk.first(reference, kind, name)]
    for level in range(1, depth + 1):
        if not frontier:
            break
        frontier = walk.next_level(frontier, level)
    return walk.done()


@dataclass(slots=True)
class _Walk:
    """Breadth first over repositories, each commit read once."""

    open_: Open
    believed: Believed | None
    pseudonym_key: str | None
    most: int
    parts: list[Part] = field(default_factory=list)
    #: What was found under a reference: a part, or nothing.
    found: dict[Reference, Part | None] = field(default_factory=dict)
    by_commit: dict[tuple[str | None, str, str], Part] = field(default_factory=dict)
    #: In the order in which it was met.
    said: list[Said] = field(default_factory=list)
    findings: dict[Finding, None] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)

    def first(self, reference: Reference, kind: Kind | None, name: str | None) -> Part:
        """The part that the BOM is about; its errors are the scan's."""
        source = self._source(reference)
        resolved = source.resolve(reference)
        part = scan_resolved(
            source,
            resolved,
            kind=kind,
            name=name,
            believed=self.believed,
            pseudonym_key=self.pseudonym_key,
        )
        self._keep(reference, part)
        self._say([part])
        return part

    def next_level(self, frontier: list[Part], level: int) -> list[Part]:
        """Follow what these parts name; gives what was not read before."""
        roots = {part.root for part in self.parts}
        nodes = (node for part in frontier for node in part.nodes)
        named, malformed = named_on_hub(nodes, roots)
        self.findings.update(dict.fromkeys(malformed))
        left, known = 0, len(self.parts)
        for one in named:
            if one.reference not in self.found and len(self.found) >= self.most:
                left += 1
                continue
            part = self._visit(one.reference, level)
            if part is not None:
                self._link(one, part)
        if left:
            text = f"{self.most} were asked for; {left} more are named"
            self._find(None, "too-many-repositories", text)
        # After the links to them: what they say cannot undo that they were named.
        self._say(self.parts[known:])
        return self.parts[known:]

    def _say(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self.said.append(Said(shown(part.visit.resolved), part.edges))

    def _visit(self, reference: Reference, level: int) -> Part | None:
        """The part that lies there now; None where it cannot be read, and why is told.

        A reference that was asked for means for the whole scan what it meant then.
        """
        if reference in self.found:
            return self.found[reference]
        self.found[reference] = None
        try:
            source = self._source(reference)
            resolved = source.resolve(reference)
            part = self.by_commit.get(_key(resolved))
            if part is None:
                part = scan_resolved(
                    source,
                    resolved,
                    depth=level,
                    believed=self.believed,
                    pseudonym_key=self.pseudonym_key,
                )
        except AibomError as error:
            self._find(reference, error.reason, error.message)
            return None
        return self._keep(reference, part)

    def _keep(self, reference: Reference, part: Part) -> Part:
        self.found[reference] = part
        key = _key(part.visit.resolved)
        if key not in self.by_commit:
            self.by_commit[key] = part
            self.parts.append(part)
        return part

    def _source(self, reference: Reference) -> Source:
        if reference.scheme not in self.sources:
            self.sources[reference.scheme] = self.open_(reference)
        return self.sources[reference.scheme]

    def _link(self, named: Named, part: Part) -> None:
        """What is named comes from what was found under its name."""
        resolved = part.visit.resolved
        origins = frozenset({source_origin(resolved)})
        commit = resolved.commit
        facts = (Fact("revision", commit, origins),) if commit else ()
        edges = tuple(
            Edge(
                facts,
                origins,
                source=node.id,
                relation=Relation.DERIVED_FROM,
                target=part.root,
                role=named.role,
            )
            for node in named.nodes
        )
        self.said.append(Said(str(named.reference), edges))

    def _find(self, reference: Reference | None, code: str, detail: str) -> None:
        """Something that is not known; ``None`` is what the whole scan is about."""
        name = str(reference) if reference else shown(self.parts[0].visit.resolved)
        finding = Finding(name, "", code, "hub", detail, True)
        self.findings[finding] = None

    def done(self) -> ScannedRemote:
        """One graph of all parts, with what was odd in the facts of its root."""
        first = self.parts[0]
        nodes = (node for part in self.parts for node in part.nodes)
        name = shown(first.visit.resolved)
        boms = (Said(shown(p.visit.resolved), p.shipped) for p in self.parts)
        graph, doubts = joined(nodes, [*self.said, *boms], first.root, name)
        self.findings.update(dict.fromkeys(doubts))
        counts = sum((Counter(part.read) for part in self.parts), Counter[str]())
        return ScannedRemote(
            noted(graph, self.findings, first.visit.resolved.mode),
            tuple(sorted({*self.findings, *self._found_in_parts()})),
            dict(sorted(counts.items())),
            first.unclaimed,
            visited=tuple(part.visit for part in self.parts),
        )

    def _found_in_parts(self) -> Iterator[Finding]:
        yield from self.parts[0].findings
        for part in self.parts[1:]:
            name = shown(part.visit.resolved)
            for finding in part.findings:
                inside = finding.path != name
                path = f"{name}/{finding.path}" if inside else name
                yield replace(finding, path=path)


def _key(resolved: Resolved) -> tuple[str | None, str, str]:
    """What is read once: a repository at a commit."""
    reference = resolved.reference
    return reference.kind, resolved.name, resolved.commit or str(reference)
