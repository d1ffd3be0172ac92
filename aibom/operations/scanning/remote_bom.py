"""The BOM that a repository ships: read, compared with what lies there, and verified.

A stranger's BOM is a claim, signed or not; who signed it is asked where the verifier
said whom to believe. Its lineage is joined where it is about the bytes that the source
claims to hold, by their digest and never by name. One that a signature shows to have
been changed is not taken over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aibom.catalogers.findings import Finding
from aibom.errors import AibomError
from aibom.lineage.nodes import Edge, Node, Origin, Relation
from aibom.listing import BOM_NAME
from aibom.operations.copied import copied_edges, copied_nodes
from aibom.operations.place import Place
from aibom.operations.scanning.snapshot import Snapshot
from aibom.operations.validate import BomFile, load_bom

if TYPE_CHECKING:
    from aibom.attest.bom_statement import BomSubject
    from aibom.attest.signers import AllowedSigner
    from aibom.attest.verify import Identified

__all__ = ["Believed", "Shipped", "read_shipped"]


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom to believe, and when that is asked; from a verifier's ``signers.yaml``."""

    signers: tuple[AllowedSigner, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a repository's own BOM adds to the lineage, and what was odd about it.

    ``verified`` has the name of the signer who was believed.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    findings: tuple[Finding, ...] = ()
    verified: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    bom: BomFile
    doubt: Finding | None = None
    signer: str = ""


def read_shipped(
    snapshot: Snapshot, root: Node, believed: Believed | None
) -> Shipped | None:
    """Read the BOM in a snapshot, about ``root``; None where there is none.

    Findings: ``bom-not-verified`` (nobody was asked about, or nobody signed it),
    ``bom-not-joined`` (it is about other bytes, or nobody says what bytes these are),
    and the reasons with which :func:`~aibom.operations.verify.verify` refuses a
    signature and :func:`~aibom.operations.validate.load_bom` a document.

    Raises :class:`~aibom.errors.UsageError` (``effective-time-before-evidence``), as
    verifying does.
    """
    place = Place(snapshot.folder)
    if not place.bom.is_file():
        return None
    try:
        read = _read(place, believed)
    except AibomError as error:
        if error.exit_code == 2:
            raise
        return Shipped(findings=(_found(error, unread=True),))
    told: tuple[Finding, ...] = (read.doubt,) if read.doubt else ()
    about = read.bom.graph.nodes[str(read.bom.graph.root)]
    if snapshot.tree is None or about.digest != snapshot.tree:
        told += (_not_joined(about, snapshot),)
        return Shipped(findings=told)
    link = read.signer != "" and read.bom.link != ""
    return Shipped(
        copied_nodes(read.bom, link=link),
        (*copied_edges(read.bom), *_joined(root, about, snapshot, read.bom.digest)),
        told,
        read.signer,
    )


def _read(place: Place, believed: Believed | None) -> _Read:
    """The BOM, and why its signer is not believed; raises where it does not hold."""
    from aibom.bom.parse import read_bytes

    if believed is None or not place.bundle.is_file():
        why = "no bundle lies beside it"
        if place.bundle.is_file():
            why = "nothing says whom to believe"
        bom = load_bom(read_bytes(place.bom), BOM_NAME, "references")
        return _Read(bom, Finding(BOM_NAME, "", "bom-not-verified", "bom", why))
    return _verified(place, believed)


def _verified(place: Place, believed: Believed) -> _Read:
    from aibom.attest.bom_statement import read_bom_statement
    from aibom.attest.bundle import parse_bundle
    from aibom.attest.verify import identify
    from aibom.operations.not_before import require_not_before
    from aibom.operations.own_artifact import signed_bom, signed_bytes

    where = place.bundle.name
    bundle = parse_bundle(signed_bytes(place), where)
    identified = identify(bundle, believed.signers, believed.now)
    require_not_before(identified, believed.now, where)
    subject = read_bom_statement(identified.statement, where)
    bom = signed_bom(place, subject)
    try:
        signer = _require_believed(identified, subject, bom)
    except AibomError as error:  # a stranger's signature: what it says is a claim
        return _Read(bom, _found(error, unread=False))
    return _Read(bom, signer=signer)


def _require_believed(identified: Identified, subject: BomSubject, bom: BomFile) -> str:
    from aibom.operations.naming import made_as
    from aibom.operations.vouching import require_allowed, require_named

    require_allowed(identified, BOM_NAME)
    root = bom.graph.nodes[str(bom.graph.root)]
    require_named(identified, subject, root, made_as(bom.graph, root), BOM_NAME)
    return identified.signer.signer.name if identified.signer else ""


def _found(error: AibomError, *, unread: bool) -> Finding:
    return Finding(BOM_NAME, "", error.reason, "bom", error.message, unread)


def _not_joined(about: Node, snapshot: Snapshot) -> Finding:
    there = snapshot.tree or "files of which the source does not state each digest"
    told = f"is about {about.digest or about.label}; here is {there}"
    return Finding(BOM_NAME, "", "bom-not-joined", "bom", told, True)


def _joined(
    root: Node, about: Node, snapshot: Snapshot, digest: str
) -> tuple[Edge, ...]:
    """What lies there is, if the source's digests hold, what the BOM is about.

    Where all of it was read, both are one node already.
    """
    if root.id == about.id or root.digest == about.digest:
        return ()
    origins = frozenset({Origin("bom", digest, mode=snapshot.resolved.mode)})
    return (
        Edge(
            (),
            origins,
            source=root.id,
            relation=Relation.DERIVED_FROM,
            target=about.id,
            role="claimed-digest",
        ),
    )
