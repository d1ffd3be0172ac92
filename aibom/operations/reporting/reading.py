"""One BOM read once, as far as it goes: valid, invalid, or of another format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aibom.bom.decode import decode, is_profiled
from aibom.bom.parse import Parsed, parse, read_bytes
from aibom.bom.profile import notices
from aibom.errors import DocumentInvalid
from aibom.lineage.build import GraphBuilder
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Origin
from aibom.operations.scanning.bom import scan_parsed
from aibom.operations.validate import BomFile, problems_of
from aibom.operations.verify import Verified
from aibom.report.diligence.material import File

__all__ = ["DocumentRead", "read_tolerantly", "unverified"]


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """The document, however far it could be read.

    ``whole`` is set for a valid one; ``ours`` says that it is valid in our profile.
    """

    document: Mapping[str, Any]
    graph: Graph
    file: File
    where: str
    whole: BomFile | None = None
    ours: bool = False

    @property
    def claims(self) -> BomFile:
        """The BOM, or what could be read of it."""
        if self.whole is not None:
            return self.whole
        return BomFile(self.where, self.file.digest, self.document, self.graph, ())


def read_tolerantly(bom: Path) -> DocumentRead:
    """Read one BOM; everything that is wrong with it is listed in its ``file``.

    Raises :class:`~aibom.errors.InputError` for what cannot be read,
    :class:`~aibom.errors.DocumentInvalid` for what is no JSON object within the limits
    of :mod:`aibom.bom.parse`.
    """
    data = read_bytes(bom)
    digest = hashlib.sha256(data).hexdigest()
    parsed = parse(data, str(bom))
    document = parsed.document
    ours = is_profiled(document)
    level = "profile" if ours else "references"
    whole = _valid(parsed, digest, str(bom), level)
    if isinstance(whole, BomFile):
        file = File(bom.name, digest)
        return DocumentRead(document, whole.graph, file, str(bom), whole, ours)
    readable = document.get("bomFormat") == "CycloneDX"
    graph, findings = scan_parsed(parsed, digest, bom.name)
    problems = tuple((f.pointer, f.code, f.detail) for f in findings)
    # What other tools read of a BOM of ours may say other things than its lineage.
    problems += tuple(one for one in whole if ours or not problems)
    graph = graph if readable else _nothing(digest)
    file = File(bom.name, digest, problems, readable)
    return DocumentRead(document, graph, file, str(bom))


def _valid(
    parsed: Parsed, digest: str, where: str, level: str
) -> BomFile | tuple[tuple[str, str, str], ...]:
    """The BOM as it is read everywhere, decoded once; its problems if it has any.

    Of problems of the schema, which are told by who reads on, there are none here.
    """
    document = parsed.document
    try:
        found = problems_of(document, digest, level, parsed.duplicate_keys)
        if found:
            own = [one for one in found if one.level == "profile"]
            return tuple((one.pointer, one.reason, one.message) for one in own)
        graph = decode(document, digest)
    except DocumentInvalid as error:
        return (("", error.reason or "", error.message),)
    return BomFile(where, digest, document, graph, notices(document, digest, graph))


def _nothing(digest: str) -> Graph:
    """A lineage of which nothing is known: other formats mean other things."""
    build = GraphBuilder(Origin("bom", digest))
    name = f"sha256:{digest}"
    return build.graph(build.entity(Kind.SYSTEM, None, described_by=name))


def unverified(read: DocumentRead) -> Verified:
    """What the BOM says, with nothing behind it."""
    graph = read.graph
    return Verified(
        graph,
        str(graph.root),
        EvidenceSet(),
        name=None,
        signer=None,
        boms=((read.file.name, f"sha256:{read.file.digest}"),),
        evidence_digests=(),
        ancestors="not verified",
    )
