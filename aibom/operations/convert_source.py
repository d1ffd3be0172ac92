"""A BOM as a conversion reads it: the document, its lineage, and what that has not.

Read as ``aibom scan`` reads the BOM of somebody else, so an invalid one as far as it
goes. Nothing is written here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aibom.bom.decode import is_profiled
from aibom.bom.encode import encode
from aibom.bom.leaves import Path as Place
from aibom.bom.leaves import losses_of
from aibom.bom.losses import Loss, LossKind
from aibom.bom.parse import parse, read_bytes
from aibom.bom.problem import pointer_to
from aibom.bom.schema import schema_problems
from aibom.bom.unread import Unread, unread_of_another, unread_of_ours
from aibom.lineage.graph import Graph
from aibom.operations.scanning.bom import scan_document

__all__ = ["Source", "read_source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A BOM as it was read: the document, its lineage, and how well it could be."""

    where: str
    digest: str
    document: dict[str, Any]
    graph: Graph
    losses: tuple[Loss, ...]
    problems: int
    valid: bool  #: against the schema, whoever wrote it

    @property
    def ours(self) -> bool:
        """A document of our profile that was read as one."""
        return not self.problems and is_profiled(self.document)

    def unread(self) -> Unread:
        """What the document has and the lineage has not."""
        if self.ours:
            again = encode(self.graph, spec_version=self.document["specVersion"])
            return unread_of_ours(self.document, again)
        return unread_of_another(self.document, self.graph, self.digest)

    def beside_lineage(
        self, found: Unread, carried: Collection[Place] = ()
    ) -> tuple[Loss, ...]:
        """The same as losses; what is ``carried`` all the same is none.

        A place that the reader told has its reason from there, and is not told twice.
        """
        told = {loss.where for loss in self.losses}
        lost = [one for one in found.lost if one.path not in carried]
        known = {pointer_to(one.path): one.leaves for one in lost}
        beyond = [one for one in lost if pointer_to(one.path) not in told]
        counted = (replace(one, count=known.get(one.where, 1)) for one in self.losses)
        return (*counted, *found.shapes, *losses_of(beyond))


def read_source(path: Path) -> Source:
    """The document and its lineage, read as ``aibom scan`` reads the BOM of another."""
    graph, findings = scan_document(path)
    data = read_bytes(path)
    losses = [
        Loss(LossKind.NOT_READ, found.code, found.pointer or "/", found.detail)
        for found in findings
        if found.unread
    ]
    parsed = parse(data, str(path))
    losses += [
        Loss(LossKind.NOT_READ, "duplicate-key", pointer, "the last one counts")
        for pointer in parsed.duplicate_keys
    ]
    # A document that is about nothing in particular is valid as far as it goes.
    wrong = sum(found.code != "main-missing" for found in findings)
    return Source(
        str(path),
        hashlib.sha256(data).hexdigest(),
        parsed.document,
        graph,
        tuple(losses),
        wrong,
        not schema_problems(parsed.document),
    )
