"""Lineages of a policy test: those that have a name, and cases that change one.

A lineage can be like one that stands before it in the file, and so can that of a case:
what is written beside ``like`` is joined to a copy, key by key. A short file can
describe a great deal in this way, which is why there is an end to it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.lineage.evidence import Signer
from aibom.operations.ptest.changes import merged, remove
from aibom.operations.ptest.world import InlineWorld, read_world
from aibom.reading import Reader, suggest

__all__ = ["MAX_THINGS", "Lineages", "read_lineages"]

#: Nodes, steps, statements and so on that the lineages and cases of one file come to.
MAX_THINGS = 100_000


@dataclass
class Lineages:
    """Lineages by name as they are written, which of them are broken, what is left."""

    signers: Mapping[str, Signer]
    values: dict[str, Any] = field(default_factory=dict)
    #: Those with problems of their own, which were told where they stand.
    broken: set[str] = field(default_factory=set)
    left: int = MAX_THINGS

    def add(self, name: str, section: Reader) -> None:
        """Read one that has a name; problems go to the reader."""
        before, stated = len(section.problems), section.raw(name)
        if isinstance(stated, dict):
            self.values[name] = self._based(stated, section, name)
            self._read(self.values[name], section, name)
        else:
            section.problem("must be a mapping", name)
        if len(section.problems) > before or self.values.get(name) is None:
            self.broken.add(name)

    def of_case(self, entry: Reader) -> InlineWorld | None:
        """The lineage of a case: its own, one by name, or one with changes."""
        stated = entry.raw("lineage", None)
        without = entry.texts("without", ()) or ()
        if not entry.has("lineage"):
            if without:
                entry.problem("belongs to a lineage", "without")
            return None
        value = self._based(stated, entry, "lineage")
        if value is not None and without:
            value = copy.deepcopy(value)
            for place in without:
                remove(value, place, entry)
        return self._read(value, entry, "lineage")

    def _read(self, value: Any, entry: Reader, key: str) -> InlineWorld | None:
        if value is None or self.left < 0:
            return None
        sections = (v for v in value.values() if isinstance(v, (dict, list)))
        self.left -= sum(len(section) for section in sections)
        if self.left < 0:
            entry.problem(f"the file describes more than {MAX_THINGS:,} things", key)
            return None
        reader = Reader(value, f"{entry.where}.{key}", entry.problems)
        return read_world(reader, self.signers)

    def _based(self, stated: Any, entry: Reader, key: str) -> Any:
        """A lineage joined to the one it is like; None where a problem was told."""
        own = stated if isinstance(stated, dict) else {}
        like = stated if isinstance(stated, str) else own.get("like")
        if not isinstance(stated, (dict, str)) or not (
            isinstance(like, str) or "like" not in own
        ):
            entry.problem("must be a mapping, or the name of a lineage", key)
            return None
        if like is None:
            return own
        if like not in self.values and like not in self.broken:
            told = f"no lineage {like!r}{suggest(like, self.values)}"
            entry.problem(told, key)
        if like not in self.values or like in self.broken:
            return None
        changes = {name: value for name, value in own.items() if name != "like"}
        return merged(self.values[like], changes)


def read_lineages(top: Reader, signers: Mapping[str, Signer]) -> Lineages:
    """The lineages that a file names; problems go to the reader."""
    found = Lineages(signers)
    if not top.has("lineages"):
        top.raw("lineages", None)
        return found
    section = top.reader("lineages")
    for name in section.keys():  # noqa: SIM118  a Reader is not a dict
        found.add(name, section)
    return found
