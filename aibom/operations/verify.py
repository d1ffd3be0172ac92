"""Verify: from the artifact's bundle to its bytes, and on to the roots.

The order, each step relying on the one before:

1. bundle → an allowed signer, for this predicate
2. the statement → the BOM's bytes → parsed and valid in our profile
3. the artifact's name → in that signer's namespace
4. every (path, digest) pair of the BOM = the files there are, none missing, none extra
5. each upstream BOM: by link, digest and root, with its own signer; and so on upwards
   (:mod:`.upstream`)
6. every step record in the evidence = what the BOM says of that step, both ways

Any of them failing raises :class:`~aibom.errors.VerificationFailed` (exit 11) with its
own reason code. A step record or an upstream BOM that is not in the evidence fails
nothing here: it leaves lineage open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aibom.attest.bom_statement import BomSubject, read_bom_statement
from aibom.attest.bundle import parse_bundle
from aibom.attest.signers import AllowedSigner, read_signers
from aibom.attest.verify import Identified, identify
from aibom.bom.parse import read_bytes
from aibom.digest import (
    BOM_NAME,
    BUNDLE_NAME,
    OMS_NAME,
    Content,
    Digest,
    Progress,
    hash_path,
)
from aibom.errors import VerificationFailed
from aibom.lineage.evidence import Evidence, EvidenceSet, Signer
from aibom.lineage.graph import Graph, disagreements
from aibom.lineage.nodes import Kind, Node
from aibom.lineage.step_record import Fragment, step_mismatches
from aibom.operations.evidence import Found, collect
from aibom.operations.files import read_small
from aibom.operations.naming import made_as, only_name, require_own_names
from aibom.operations.not_before import require_not_before
from aibom.operations.own_artifact import (
    require_same_bytes,
    signed_bom,
    signed_bytes,
)
from aibom.operations.place import Place
from aibom.operations.policies.folder import require_outside
from aibom.operations.upstream import Upstream, follow_links
from aibom.operations.validate import BomFile, load_bom
from aibom.operations.vouching import require_allowed, require_named, vouched
from aibom.reading import parse_yaml
from aibom.statement import REFERENCE_V01

__all__ = [
    "Looks",
    "Verified",
    "load_signers",
    "verify",
    "verify_claims",
    "verify_document",
]

_SIDECARS = frozenset({BOM_NAME, BUNDLE_NAME, OMS_NAME})


@dataclass(frozen=True, slots=True)
class Verified:
    """What verification established, ready to be evaluated.

    ``graph`` is the artifact's lineage joined with that of every verified upstream BOM.
    ``name`` is set when an allowed signer vouches for it as the artifact's one name.
    ``signed_as`` is the identity, certificate or key of that signer in words, and
    ``signed_at`` a time that an authority vouches for; the signature existed by then.
    """

    graph: Graph
    root: str
    evidence: EvidenceSet
    name: str | None
    signer: Signer | None
    boms: tuple[tuple[str, str], ...]
    evidence_digests: tuple[tuple[str, str], ...]
    housekeeping: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ancestors: str = "verified"
    upstream: tuple[str, ...] = ()
    signed_as: str = ""
    signed_at: datetime | None = None

    def steps(self) -> tuple[int, int]:
        """How many steps the lineage has, and how many of them a trusted record."""
        names = [n.id for n in self.graph.nodes.values() if n.kind is Kind.STEP]
        return len(names), sum(bool(self.evidence.owning(name)) for name in names)


def load_signers(path: Path, artifact: Path) -> tuple[AllowedSigner, ...]:
    """Read a ``signers.yaml``, with the files it names, outside of the artifact."""
    require_outside(path, artifact)

    def beside(name: str) -> bytes:
        return read_small(path.with_name(name))

    return read_signers(parse_yaml(read_small(path), str(path)), str(path), beside)


def verify(
    path: Path,
    signers: tuple[AllowedSigner, ...],
    evidence: Iterable[Path],
    now: datetime,
    *,
    depth: int | None = None,
    progress: Progress | None = None,
    content: Content | None = None,
    looks: Looks | None = None,
    kind: str | None = None,
) -> Verified:
    """Verify a folder or a file; ``depth=0`` leaves ancestors out, and says so.

    ``content`` is what was hashed there a moment ago, so that it is not read twice.
    ``looks`` has each file opened once more, where a rule asks; ``kind`` is what the
    caller uses it as.

    Raises :class:`~aibom.errors.VerificationFailed` for what does not hold,
    :class:`~aibom.errors.UsageError` (``effective-time-before-evidence``) for a time
    before something of it was signed, and what reading the parts raises.
    """
    place = Place.of(path)
    data = signed_bytes(place)
    identified = identify(parse_bundle(data, str(place.bundle)), signers, now)
    require_not_before(identified, now, str(place.bundle))
    require_allowed(identified, str(place.bundle))
    subject = read_bom_statement(identified.statement, str(place.bundle))
    bom = signed_bom(place, subject)
    root = bom.graph.nodes[str(bom.graph.root)]
    require_named(identified, subject, root, made_as(bom.graph, root), bom.where)
    _require_kind(root, kind, bom.where)
    if content is None:
        content = hash_path(path, progress=progress)
    require_same_bytes(place, root, subject, content)
    found = _with_model_signature(place, content, signers, now, evidence)
    verified = _with_ancestors(
        bom,
        found.with_file(BUNDLE_NAME, data),
        signers,
        depth,
        own=_bom_evidence(identified, bom, BUNDLE_NAME),
        recomputed=frozenset({content.digest, *(f.digest for f in content.files)}),
        housekeeping=tuple(
            name for name in content.housekeeping if name not in _SIDECARS
        ),
        unsigned_housekeeping=_not_listed(content, subject),
    )
    verified = _looked(verified, path, content, looks or Looks())
    return replace(verified, signed_as=identified.who, signed_at=identified.signed_at)


@dataclass(frozen=True, slots=True)
class Looks:
    """What else a gate reads of the artifact's files, where a rule asks for it.

    ``formats`` has their first bytes told apart, ``code`` their configuration searched
    for code that it asks loaders to run.
    """

    formats: bool = False
    code: bool = False


def _looked(verified: Verified, path: Path, content: Content, looks: Looks) -> Verified:
    """With what else was read of the artifact's files."""
    evidence = verified.evidence
    if looks.formats:
        from aibom.catalogers.formats import read_formats

        evidence = replace(evidence, formats=read_formats(path, content))
    if looks.code:
        from aibom.catalogers.remote_code import read_remote_code

        evidence = replace(evidence, remote_code=read_remote_code(path, content))
    return replace(verified, evidence=evidence)


def _require_kind(root: Node, kind: str | None, where: str) -> None:
    if kind is not None and root.kind.value != kind:
        raise VerificationFailed(
            f"its signer calls it a {root.kind}; it is used as a {kind}",
            reason="kind-contradicted",
            where=where,
            hint="rules go by kinds: ask the supplier to sign it as what it is",
        )


def _with_model_signature(
    place: Place,
    content: Content,
    signers: tuple[AllowedSigner, ...],
    now: datetime,
    evidence: Iterable[Path],
) -> Found:
    """The evidence, with the ``model.sig`` that came with the artifact."""
    found = collect(evidence, signers, now)
    if not place.oms.exists():
        return found
    from aibom.operations.signing.model_signature import model_signature

    signature = read_small(place.oms)
    name = place.oms.name
    item = model_signature(signature, name, signers, now, content)
    return found.with_item(item).with_file(name, signature)


def verify_document(
    path: Path,
    signers: tuple[AllowedSigner, ...],
    evidence: Iterable[Path],
    now: datetime,
) -> Verified:
    """The dry run: a BOM alone, with signatures in the evidence, and no artifact bytes.

    The BOM need not be signed; when the evidence holds it as a signed pair, that
    counts.
    """
    bom = load_bom(read_bytes(path), str(path))
    found = collect(evidence, signers, now)
    root = bom.graph.nodes[str(bom.graph.root)]
    pairs = [p for p in found.pairs.get(bom.digest, ()) if not p.identified.refusal]
    own = None
    if pairs:
        pair = vouched(pairs, root, made_as(bom.graph, root))
        own = _bom_evidence(pair.identified, bom, pair.location)
    return _with_ancestors(bom, found, signers, None, own=own)


def verify_claims(
    bom: BomFile,
    signers: tuple[AllowedSigner, ...],
    evidence: Iterable[Path],
    now: datetime,
) -> Verified:
    """What a BOM says of an artifact that is not here, with signatures in the evidence.

    Nobody vouches for the BOM, so its artifact has no name that counts.
    """
    return _with_ancestors(
        bom, collect(evidence, signers, now), signers, None, own=None
    )


def _not_listed(content: Content, subject: BomSubject) -> tuple[str, ...]:
    """Housekeeping that is there now and was not when the artifact was signed."""
    return tuple(
        sorted(set(content.housekeeping) - set(subject.housekeeping) - _SIDECARS)
    )


def _bom_evidence(identified: Identified, bom: BomFile, location: str) -> Evidence:
    root = bom.graph.nodes[str(bom.graph.root)]
    digest = root.digest
    if digest is None or identified.signer is None:
        raise AssertionError("only signed BOMs of digested things become evidence")
    return Evidence(
        identified.statement.payload_digest,
        REFERENCE_V01,
        tuple((name, digest) for name in root.values("name")),
        location,
        signer=identified.signer.signer,
        graph=bom.graph,
        own=frozenset({root.id}),
    )


def _with_ancestors(
    bom: BomFile,
    found: Found,
    signers: tuple[AllowedSigner, ...],
    depth: int | None,
    *,
    own: Evidence | None,
    recomputed: frozenset[Digest] = frozenset(),
    housekeeping: tuple[str, ...] = (),
    unsigned_housekeeping: tuple[str, ...] = (),
) -> Verified:
    above = follow_links(bom, found) if depth != 0 else Upstream()
    graphs = [bom.graph, *(upper.graph for _, upper in above.boms)]
    graph = _merged(graphs, str(bom.graph.root))
    statements = [_bom_evidence(p.identified, b, p.location) for p, b in above.boms]
    if own is not None:
        statements.append(own)
    items = require_own_names(found.items, graph, signers, statements)
    _require_one_kind(graph, items)
    if depth != 0:
        _require_records_agree(graphs, items)
    root = graph.nodes[str(graph.root)]
    read = [(BOM_NAME, bom), *((pair.location, upper) for pair, upper in above.boms)]
    notices = {f"{place}: {text}" for place, one in read for text in one.notices}
    # Only what shows when all are joined; what one BOM says of itself is there already.
    notices |= {
        t for t in disagreements(graph) if not any(n.endswith(t) for n in notices)
    }
    notices |= {f"{n}: added after signing, not hashed" for n in unsigned_housekeeping}
    evidence = EvidenceSet(
        (*statements, *items),
        recomputed,
        bool(recomputed),
        above.unresolved,
    )
    return Verified(
        graph,
        root.id,
        evidence,
        name=only_name(graph, root, items) if own else None,
        signer=own.signer if own else None,
        boms=tuple(sorted((place, f"sha256:{one.digest}") for place, one in read)),
        evidence_digests=found.digests,
        housekeeping=housekeeping,
        warnings=tuple(sorted(notices)),
        ancestors="NOT verified (--depth 0)" if depth == 0 else above.state,
        upstream=above.described(),
    )


def _merged(graphs: Iterable[Graph], root: str) -> Graph:
    listed = list(graphs)
    return Graph.of(
        (node for part in listed for node in part.nodes.values()),
        (edge for part in listed for edge in part.edges),
        root,
    )


def _require_one_kind(graph: Graph, items: Iterable[Evidence]) -> None:
    """What the BOM calls a thing must be what its maker calls it.

    Rules go by kinds, so a BOM must not choose them: a dataset that is called a
    guideline would be asked nothing.
    """
    kinds = {n.digest: n for n in graph.nodes.values() if n.digest is not None}
    for item in items:
        if item.signer is None or item.graph is None:
            continue
        for name in sorted(item.own):
            said = item.graph.nodes[name]
            node = kinds.get(said.digest) if said.digest else None
            if node is not None and node.kind is not said.kind:
                raise VerificationFailed(
                    f"the BOM calls {said.digest} a {node.kind}; "
                    f"{item.signer.name} signed for a {said.kind}",
                    reason="kind-contradicted",
                    where=item.location,
                    hint="assemble the BOM again from the records",
                )


def _require_records_agree(graphs: list[Graph], items: Iterable[Evidence]) -> None:
    """Every record of a step that a BOM mentions must say what that BOM says.

    A step is named by its record's digest, so it does not matter who signed the record.
    """
    for item in items:
        for step in sorted(name for name in item.own if name.startswith("step:")):
            for graph in graphs:
                if item.graph is not None and step in graph.nodes:
                    record = Fragment(item.graph, step, (), ())
                    _require_agrees(graph, record, item.location)


def _require_agrees(graph: Graph, record: Fragment, where: str) -> None:
    differences = step_mismatches(graph, record)
    if not differences:
        return
    more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    raise VerificationFailed(
        f"the BOM and the step's record disagree: {differences[0]}{more}",
        reason="step-record-mismatch",
        where=where,
        hint="somebody edited the BOM after it was assembled",
    )
