"""The artifact's bytes in a report: what matches is proved, what differs conflicts.

A report never fails because bytes differ, as it is no gate. The product's digest is
proved where what was read here has exactly that one; where it has another, both are
told. Bytes that came with the product prove nothing of what it was made from: that a
file lies there does not show that a step ever used it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from aibom.digest import Content, Digest, File
from aibom.errors import UsageError
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Node, Origin
from aibom.operations.files import is_inside
from aibom.operations.policies.folder import Folder
from aibom.report.diligence.catalogue import Catalogue
from aibom.report.diligence.facts import entry_of
from aibom.report.diligence.material import Artifact, Material
from aibom.report.diligence.model import Entry, Status

__all__ = [
    "artifact_notes",
    "artifact_of",
    "contradictions",
    "looked_at",
    "require_outside_artifact",
    "with_bytes",
]

#: Files that are named of those that differ.
_SHOWN = 10


def with_bytes(evidence: EvidenceSet, digest: Digest, graph: Graph) -> EvidenceSet:
    """The evidence, with the product's digest if that is the one computed here.

    Nothing else counts as hashed, whatever lies in the folder, and nothing at all does
    where the digest is another one. A digest belongs to one thing of a lineage
    (:mod:`aibom.lineage.graph`), so that it cannot stand for what was used as well.
    """
    if graph.nodes[str(graph.root)].digest != digest:
        return replace(evidence, recomputed=frozenset(), bytes_checked=False)
    return replace(evidence, recomputed=frozenset({digest}), bytes_checked=True)


def looked_at(
    evidence: EvidenceSet, path: Path, content: Content, folder: Folder
) -> EvidenceSet:
    """With what else rules of this policy ask of the files, as a gate reads it."""
    asked = {rule.check.id for rule in folder.policy.rules}
    if asked & {"format-allowed", "remote-code"}:
        from aibom.catalogers.formats import read_formats

        evidence = replace(evidence, formats=read_formats(path, content))
    if "remote-code" in asked:
        from aibom.catalogers.remote_code import read_remote_code

        evidence = replace(evidence, remote_code=read_remote_code(path, content))
    return evidence


def artifact_of(path: Path, content: Content, root: Node) -> Artifact:
    """What a report tells of the bytes; the differences of files by name.

    They agree only as a whole: one file with the named digest is not the folder. A list
    of files in the BOM is compared also where the digest is the same.
    """
    same = None if root.digest is None else root.digest == content.digest
    told = [*_digests(content, root), *_listings(content, root)]
    left = len(told) - _SHOWN - 1
    if left > 0:
        told = [*told[: _SHOWN + 1], f"and {left:,} more files differ"]
    return Artifact(
        path.name or path.resolve().name,
        str(content.digest),
        len(content.files),
        sum(file.size for file in content.files),
        same,
        tuple(told),
    )


def artifact_notes(content: Content) -> Iterator[str]:
    """What the reader should know of the folder, and no digest tells."""
    if content.housekeeping:
        yield (
            "In the artifact's folder, but part of no digest, not hashed and not "
            f"compared: {', '.join(content.housekeeping)}"
        )


def _digests(content: Content, root: Node) -> Iterator[str]:
    if root.digest is None or root.digest == content.digest:
        return
    yield f"what is there is {content.digest}; the BOM says {root.digest}"
    named = [file.path for file in content.files if file.digest == root.digest]
    if named:
        yield (
            f"{len(named):,} of {len(content.files):,} files is the named one "
            f"({named[0]}); the BOM is about that file, and not about the folder"
        )


def _listings(content: Content, root: Node) -> Iterator[str]:
    """Where the files there are others than those the BOM lists, if it lists any."""
    there = {file.path: file for file in content.files}
    wanted = {file.path: file for file in root.files}
    if content.digest.form == "file" and len(root.files) == 1:
        # A single file is the same one under whatever name.
        there = dict(zip(wanted, content.files, strict=True))
    for name in sorted(there.keys() | wanted.keys()) if wanted else ():
        if name not in there:
            yield f"{name}: is in the BOM, and not there"
        elif name not in wanted:
            yield f"{name}: is there, and not in the BOM"
        else:
            yield from _one(there[name], wanted[name])


def _one(there: File, wanted: File) -> Iterator[str]:
    name = wanted.path
    if there.digest.value != wanted.digest.value:
        yield f"{name}: is {there.digest}; the BOM says {wanted.digest}"
    elif there.size != wanted.size:
        yield f"{name}: is {there.size:,} bytes; the BOM says {wanted.size:,}"


def contradictions(
    material: Material, catalogue: Catalogue
) -> Mapping[tuple[str, str], tuple[Entry, ...]]:
    """What to show beside each question about exact bytes, where others are there."""
    read = material.artifact
    if read is None or read.agrees is not False:
        return {}
    entry = entry_of(
        material.node(material.root),
        Status.CONFLICTING,
        read.differences[0],
        basis="the artifact's bytes, hashed in this run",
        field="digest",
        sources=(Origin("artifact", read.digest.rpartition(":")[2]),),
    )
    return {
        (question.id, material.root): (entry,)
        for question in catalogue.questions
        if material.root in material.about(question.about)
        and any(way.kind == "proof" and "digest" in way.words for way in question.ways)
    }


def require_outside_artifact(output: Path, artifact: Path) -> None:
    """A report is not written into what it is about, nor over it.

    Raises :class:`~aibom.errors.UsageError` (``output-inside-artifact``).
    """
    if is_inside(output, artifact):
        raise UsageError(
            "a report in the artifact would be part of the artifact",
            reason="output-inside-artifact",
            where=str(output),
            hint="write it elsewhere: -o FILE",
        )
