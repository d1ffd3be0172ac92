"""The BOMs behind a BOM: followed by link, digest and root, each with its own signer.

A linked BOM that is in the evidence must hold in every point, else the run ends (exit
11). One that is not there fails nothing: whoever reads on learns which nodes are
unresolved, and their lineage stays open.
"""

from __future__ import annotations

from dataclasses import dataclass

from aibom.bom.native import split_link
from aibom.errors import VerificationFailed
from aibom.lineage.nodes import Node
from aibom.operations.evidence import BomPair, Found
from aibom.operations.naming import made_as, qualified_names
from aibom.operations.validate import BomFile, load_bom
from aibom.operations.vouching import vouched

__all__ = ["Upstream", "follow_links"]


@dataclass(frozen=True, slots=True)
class Upstream:
    """Every BOM reached over links, verified, each once, in the order of their digests.

    ``unresolved`` are the nodes that link to a BOM which is not in the evidence.
    """

    boms: tuple[tuple[BomPair, BomFile], ...] = ()
    unresolved: frozenset[str] = frozenset()

    def described(self) -> tuple[str, ...]:
        """What each of them is about and who signed it, for people to read."""
        return tuple(_described(pair, bom) for pair, bom in self.boms)

    @property
    def state(self) -> str:
        """How far ancestors were verified, as verdicts say it."""
        if self.unresolved:
            return f"INCOMPLETE: {len(self.unresolved)} linked BOMs missing"
        return f"linked BOMs verified: {len(self.boms)}" if self.boms else "none linked"


def _described(pair: BomPair, bom: BomFile) -> str:
    signer = pair.identified.signer
    name = signer.signer.name if signer else "nobody"
    return f"{bom.graph.nodes[str(bom.graph.root)].label}, signed by {name}"


def follow_links(bom: BomFile, found: Found) -> Upstream:
    """Verify every BOM that this one links to, and those link to, up to the roots.

    Raises :class:`~aibom.errors.VerificationFailed`: ``signature-absent`` for one
    without a bundle, ``upstream-root-mismatch`` for one about something else, and what
    :mod:`.vouching` refuses.
    """
    reached: dict[str, tuple[BomPair, BomFile]] = {}
    unresolved: set[str] = set()
    pending = [bom]
    while pending:
        current = pending.pop()
        for node in current.graph.nodes.values():
            for text in node.values("upstream-bom"):
                linked = _linked(text, node, found)
                if linked is None:
                    unresolved.add(node.id)
                elif linked[0].digest not in reached:
                    reached[linked[0].digest] = linked
                    pending.append(linked[1])
    ordered = tuple(reached[digest] for digest in sorted(reached))
    return Upstream(ordered, frozenset(unresolved))


def _linked(text: str, node: Node, found: Found) -> tuple[BomPair, BomFile] | None:
    link, digest = split_link(text) or (text, "")
    pairs = found.pairs.get(digest, ())
    if digest in found.unsigned_boms and not pairs:
        raise _not_signed(link, node, found.unsigned_boms[digest])
    if not pairs:
        return None
    above = load_bom(pairs[0].data, pairs[0].location)
    root = above.graph.nodes[str(above.graph.root)]
    if above.link != link or root.id != node.id:
        raise VerificationFailed(
            f"describes {root.id} as {above.link}; the BOM that links it means "
            f"{node.id} as {link}",
            reason="upstream-root-mismatch",
            where=above.where,
            hint="ask who made the BOM that links it for the one they meant",
        )
    called = qualified_names(node) | made_as(above.graph, root)
    return vouched(pairs, root, called), above


def _not_signed(link: str, node: Node, location: str) -> VerificationFailed:
    return VerificationFailed(
        f"the BOM of {node.label} ({link}) is not signed",
        reason="signature-absent",
        where=location,
        hint="put its aibom.sigstore.json into the same folder of the evidence",
    )
