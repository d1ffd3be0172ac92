"""The answers that this run itself gives: what it hashed, verified and compared.

Each says exactly what was proved. A signature over a digest proves that somebody
answers for these bytes; it does not prove that what is said of them is true.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from aibom.digest import manifest_digest
from aibom.errors import AibomError
from aibom.lineage.assurance import (
    Assurance,
    Level,
    edge_assurance,
    existence_assurance,
)
from aibom.lineage.closure import ClosureState, is_full_commit
from aibom.lineage.nodes import Edge, Kind, Node, Origin, Relation
from aibom.report.diligence.catalogue import Way
from aibom.report.diligence.facts import STATUS_OF, entry_of
from aibom.report.diligence.material import Material
from aibom.report.diligence.model import Entry, Status, combined
from aibom.report.diligence.ways import WAYS, WayOf
from aibom.verdict import Status as Outcome

__all__ = ["PROOFS", "open_places"]

_COMMIT = re.compile(r"@([0-9a-f]{40}|[0-9a-f]{64})(?=[?#]|$)")
_SHOWN = 5
#: Those whom the reader listed, and who still do not count here.
_STRANGERS = {
    "namespace-not-allowed": "listed, and may not sign for this name",
    "subject-mismatch": "what was signed has another name than this product",
}


def _digest(material: Material, name: str) -> Iterator[Entry]:
    node = material.node(name)
    if node.digest is None:
        return
    worth = existence_assurance(node, material.evidence)
    owners = material.evidence.owning(name)
    signer = owners[0].signer if owners else None
    yield entry_of(
        node,
        STATUS_OF[worth.level],
        str(node.digest),
        basis=worth.basis,
        field="digest",
        sources=tuple(sorted(node.origins)),
        signer=signer.name if signer and worth.level is Level.ATTESTED else "",
        evidence=owners[0].location if owners else "",
    )


def _identity(material: Material, name: str) -> Iterator[Entry]:
    """How it came to be part of the product: the last edge of the way to it."""
    node = material.node(name)
    if not material.is_connected(name):
        yield entry_of(
            node,
            Status.STATED,
            "listed, without how it is connected to the product",
            basis="stated by the BOM, not attested",
            sources=tuple(sorted(node.origins)),
        )
        return
    parent, edge = material.walk.parents[name]
    worth = edge_assurance(edge, material.evidence)
    owners = material.evidence.owning(edge.source)
    yield entry_of(
        node,
        STATUS_OF[worth.level],
        _connection(edge, material.node(parent).label),
        basis=worth.basis,
        sources=tuple(sorted(edge.origins)),
        signer=owners[0].signer.name
        if worth.level is Level.ATTESTED and owners and owners[0].signer
        else "",
    )


def _connection(edge: Edge, below: str) -> str:
    """What an edge says, in words, of what it leads up to."""
    role = f", as {edge.role}" if edge.role else ""
    words = {
        Relation.USED: f"used in the step {below}",
        Relation.GENERATED: f"made by the step {below}",
        Relation.DERIVED_FROM: f"{below} was derived from it",
        Relation.REVISION_OF: f"{below} is a revision of it",
        Relation.REQUIRES: f"{below} needs it",
    }
    return f"{words.get(edge.relation, edge.relation.value)}{role}"


def _pinned(material: Material, name: str) -> Iterator[Entry]:
    """Full commit ids, as a revision or in a source; a name that can move is none."""
    found = [
        entry
        for kind in ("facts", "edge-facts")
        for entry in WAYS[kind](material, name, Way(kind, ("revision", "source")))
    ]
    # What disagrees is no pin, whatever else says a commit.
    yield from (e for e in found if e.status is Status.CONFLICTING)
    pins = [e for e in found if is_full_commit(e.text) or _COMMIT.search(e.text)]
    if pins:
        yield from pins
        return
    for entry in found:
        if entry.field == "revision" and entry.status.is_answer:
            text = f"{entry.text} is no full commit id, and can be moved"
            yield replace(entry, status=Status.MISSING, text=text)


def _signature(material: Material, name: str) -> Iterator[Entry]:
    node = material.node(name)
    owners = material.evidence.owning(name)
    for item in owners[:1]:
        if item.signer is not None:
            yield entry_of(
                node,
                Status.PROVED,
                f"signed by {item.signer.name} (role {item.signer.role})",
                basis=f"signature over a statement that names {node.digest}",
                signer=item.signer.name,
                evidence=item.location,
                sources=(Origin("statement", item.id),),
            )
    if owners:
        return
    for item in material.evidence.about(node.digest):
        if not item.trusted:
            why = item.refusal or "unsigned"
            yield entry_of(
                node,
                Status.STATED,
                "a statement by nobody whom you listed as a signer",
                basis=f"not believed: {why}",
                evidence=item.location,
                sources=(Origin("statement", item.id),),
            )


def _bom_signature(material: Material, name: str) -> Iterator[Entry]:
    found = material.signature
    status, text = {
        "allowed": (Status.PROVED, f"signed by {found.signer}"),
        "stranger": (Status.STATED, f"signed by {found.who or 'somebody'}"),
        "broken": (Status.CONFLICTING, f"a signature that does not hold: {found.told}"),
    }.get(found.state, (Status.MISSING, ""))
    if not text:
        return
    basis = {
        "allowed": f"signature over sha256:{material.file.digest} verified",
        "stranger": _STRANGERS.get(found.refusal, "not among the signers you listed")
        + f" ({found.refusal})",
    }.get(found.state, found.refusal)
    yield entry_of(
        material.node(name),
        status,
        text,
        basis=basis,
        signer=found.signer if found.state == "allowed" else "",
        date=found.date,
        evidence=found.location,
        sources=(Origin("bom", material.file.digest),),
    )


def open_places(material: Material) -> list[tuple[str, str, str]]:
    """Where lineage is open by itself: (node, reason, detail), nearest first."""
    found = []
    for name in (material.root, *material.walk.reached):
        state = material.closure.get(name)
        if state and state.state is ClosureState.OPEN and state.cause:
            found.append((name, state.reason, state.detail))
    return found


def _closure(material: Material, name: str) -> Iterator[Entry]:
    node, state = material.node(name), material.closure.get(name)
    if state is None or state.state is ClosureState.OPEN:
        places = open_places(material)
        told = ", ".join(
            f"{material.node(n).label} ({reason})" for n, reason, _ in places[:_SHOWN]
        )
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        text = f"open at {told}{more}" if told else "open"
        yield entry_of(node, Status.MISSING, text, basis="computed in this run")
        return
    ends = material.verdict.verification.accepted_roots
    listed = f", or ends where your accepted-roots.yaml says: {', '.join(ends)}"
    by_decision = listed if ends else ""
    yield entry_of(
        node,
        Status.PROVED,
        f"every step has a signed record that agrees with the BOM{by_decision}",
        basis="computed in this run from signed records",
    )


def _records(material: Material, name: str) -> Iterator[Entry]:
    steps = [n for n in material.walk.reached if material.node(n).kind is Kind.STEP]
    recorded = [n for n in steps if material.evidence.owning(n)]
    if not steps:
        return
    is_made = bool(material.graph.generating_steps(name))
    whole = len(recorded) == len(steps) and is_made
    signers = {
        i.signer.name for n in recorded for i in material.evidence.owning(n) if i.signer
    }
    yield entry_of(
        material.node(name),
        Status.PROVED if whole else Status.MISSING,
        f"{len(recorded)} of {len(steps)} steps have a signed record that agrees",
        basis="records compared with the BOM in both directions",
        signer=", ".join(sorted(signers)) if whole else "",
    )


def _approval(material: Material, name: str) -> Iterator[Entry]:
    node = material.node(name)
    for item in material.evidence.about(node.digest):
        approval = item.approval
        if approval is None:
            continue
        current = approval.expires > material.now
        status = Status.SIGNED if item.trusted else Status.STATED
        by = item.signer.name if item.signer else ""
        yield entry_of(
            node,
            status if current else Status.MISSING,
            f"approved for tier {approval.tier.value}, ticket {approval.ticket}"
            f"{'' if current else ', expired'}",
            basis=f"signed by {by}" if by else f"not believed: {item.refusal}",
            signer=by,
            date=f"{approval.approved_at:%Y-%m-%d}",
            expires=f"{approval.expires:%Y-%m-%d}",
            evidence=item.location,
            sources=(Origin("approval", item.id),),
        )


def _rollback_target(material: Material, name: str) -> Iterator[Entry]:
    node = material.node(name)
    for edge in material.graph.edges_from(name, Relation.REVISION_OF):
        worth = edge_assurance(edge, material.evidence)
        for entry in _signature(material, edge.target):
            yield entry_of(
                node,
                combined((entry.status, STATUS_OF[worth.level])),
                f"{entry.name}: {entry.text}",
                basis=f"{entry.basis}; that it is an earlier version: {worth.basis}",
                signer=entry.signer,
                evidence=entry.evidence,
                sources=entry.sources,
            )


def _advisories(material: Material, name: str) -> Iterator[Entry]:
    sequence = material.verdict.inputs.advisories_sequence
    if sequence is None:
        return
    for result in material.results.get(("tainted-ancestor", name), ()):
        if result.status is Outcome.UNKNOWN:
            continue
        told = (
            "nothing upstream is named"
            if result.status is Outcome.PASS
            else (f"known to be bad: {result.actual or result.reason}")
        )
        yield entry_of(
            material.node(name),
            Status.STATED,
            f"{told} in your advisories (sequence {sequence})",
            basis="your advisories, compared with the lineage as it is stated",
        )


def _files(material: Material, name: str) -> Iterator[Entry]:
    node = material.node(name)
    if not node.files:
        return
    endings = Counter(f.path.rpartition(".")[2].lower()[:20] for f in node.files)
    told = ", ".join(f"{count:,} .{end}" for end, count in endings.most_common(8))
    worth = existence_assurance(node, material.evidence)
    status, basis = _worth_of_files(material, node, worth)
    owners = material.evidence.owning(name)
    yield entry_of(
        node,
        status,
        f"{len(node.files):,} files, {sum(f.size for f in node.files):,} bytes: {told}",
        basis=basis,
        sources=tuple(sorted(node.origins)),
        signer=owners[0].signer.name
        if status is Status.SIGNED and owners and owners[0].signer
        else "",
    )


def _worth_of_files(
    material: Material, node: Node, worth: Assurance
) -> tuple[Status, str]:
    """A digest speaks for the files that are listed if they make it, and only then."""
    read = material.artifact if node.id == material.root else None
    if read is not None and read.agrees is not False and read.differences:
        basis = "the files that are there, hashed in this run, are others"
        return Status.CONFLICTING, basis
    status = STATUS_OF[worth.level]
    if status in (Status.PROVED, Status.SIGNED) and not _makes_digest(node):
        return Status.STATED, "stated: these files do not make the digest"
    return status, worth.basis


def _makes_digest(node: Node) -> bool:
    if len(node.files) == 1 and node.files[0].digest == node.digest:
        return True
    try:
        made = manifest_digest((one.path, one.digest.value) for one in node.files)
    except AibomError:
        return False
    return made == node.digest


_FUNCTIONS = {
    "digest": _digest,
    "identity": _identity,
    "pinned": _pinned,
    "signature": _signature,
    "bom-signature": _bom_signature,
    "closure": _closure,
    "records": _records,
    "approval": _approval,
    "rollback-target": _rollback_target,
    "advisories": _advisories,
    "files": _files,
}


def _proof(material: Material, name: str, way: Way) -> Iterator[Entry]:
    return _FUNCTIONS[way.words[0]](material, name)


PROOFS: Mapping[str, WayOf] = MappingProxyType({"proof": _proof})
