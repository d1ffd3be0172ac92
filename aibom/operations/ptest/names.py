"""What the ids of a lineage that a policy test describes stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aibom.digest import Digest
from aibom.lineage.evidence import Signer
from aibom.lineage.nodes import Node
from aibom.reading import Reader, suggest

__all__ = ["Names"]


@dataclass
class Names:
    """Signers of the file, and ids of nodes and steps as they are read.

    Whoever asks for an id that is not there gets None, and the reader has the problem
    with the nearest id that is.
    """

    signers: Mapping[str, Signer]
    #: id in the test → id of the node or step
    ids: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    #: approvals, which are no nodes, by what they are withdrawn by
    approvals: dict[str, str] = field(default_factory=dict)

    def node(self, entry: Reader, name: Any, key: str) -> str | None:
        """The node (not the step) of this id."""
        found = self.ids.get(name) if isinstance(name, str) else None
        if found in self.nodes:
            return found
        if isinstance(name, str):
            known = [n for n, node in self.ids.items() if node in self.nodes]
            entry.problem(f"no node {name!r}{suggest(name, known)}", key)
        return None

    def subject(self, node: str) -> tuple[tuple[str, Digest], ...]:
        """What a statement about this node names; nothing for one without a digest."""
        digest = self.nodes[node].digest
        return () if digest is None else ((self.nodes[node].label, digest),)

    def signer(self, entry: Reader) -> Signer | None:
        """Whoever is declared to have signed; without one, nobody who is allowed."""
        name = entry.text("signer", None)
        if isinstance(name, str) and name not in self.signers:
            entry.problem(f"no signer {name!r}{suggest(name, self.signers)}", "signer")
        return self.signers.get(name) if isinstance(name, str) else None
