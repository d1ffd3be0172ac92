"""One file, or a few, read by one cataloger: what tests of catalogers begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aibom.catalogers.cataloger import Cataloger
from aibom.catalogers.notes import MORE_FINDINGS, SUBJECT, Notes
from aibom.catalogers.place import Place
from aibom.lineage.identity import person_pseudonym
from aibom.lineage.nodes import Node

__all__ = ["Read", "Said", "pseudonym", "put", "read"]

Said = set[tuple[str, str | None, str]]


@dataclass(frozen=True)
class Read:
    """What a cataloger wrote down about every file that it wanted."""

    notes: tuple[Notes, ...]

    @property
    def said(self) -> Said:
        """Facts about the subject: (field, value, pointer)."""
        return {
            (fact.field, fact.value, origin.pointer)
            for notes in self.notes
            for fact in notes.facts
            for origin in fact.origins
        }

    @property
    def found(self) -> set[tuple[str, str]]:
        """Findings: (code, pointer)."""
        return {(f.code, f.pointer) for notes in self.notes for f in notes.findings}

    @property
    def codes(self) -> set[str]:
        """The codes of all findings."""
        return {code for code, _ in self.found}

    @property
    def unread(self) -> set[str]:
        """The codes of all findings that leave something unread."""
        return {f.code for notes in self.notes for f in notes.findings if f.unread}

    @property
    def kinds(self) -> set[tuple[str, bool]]:
        """What the subject may be, and whether bytes say so."""
        return {(k.value, by) for notes in self.notes for k, by in notes.kinds}

    @property
    def nodes(self) -> dict[str, Node]:
        """All other things, by id."""
        return {node.id: node for notes in self.notes for node in notes.nodes}

    @property
    def edges(self) -> set[tuple[str, str, str, str]]:
        """(source, relation, target, role), with labels for ids."""
        return {
            (
                self._label(edge.source),
                edge.relation.value,
                self._label(edge.target),
                edge.role,
            )
            for notes in self.notes
            for edge in notes.edges
        }

    def _label(self, name: str) -> str:
        if name == SUBJECT:
            return "subject"
        node = self.nodes[name]
        stated = node.values("stated-as") or node.values("source")
        return stated[0] if stated else node.label


def put(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def pseudonym(name: str) -> str:
    """The party id that tests give a person."""
    return person_pseudonym(name, "tests:0123456789abcdef0123456789abcdef")


def read(
    cataloger: Cataloger,
    folder: Path,
    files: Mapping[str, bytes | str],
    *,
    key: bool = True,
) -> Read:
    """What the cataloger says of these files; every finding is one it declares.

    With ``key``, persons have pseudonyms; without, they are not named.
    """
    place = Place.of(put(folder, files), pointers=True)
    done = []
    for name in (*place.names, *place.pointers):
        if cataloger.reads(place, name):
            notes = Notes(cataloger.id, place, name, pseudonym if key else None)
            cataloger.read(notes)
            done.append(notes)
            declared = {*cataloger.findings, MORE_FINDINGS}
            undeclared = {f.code for f in notes.findings} - declared
            assert not undeclared, f"not declared: {sorted(undeclared)}"
    return Read(tuple(done))
