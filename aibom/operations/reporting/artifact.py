"""The artifact's bytes in a report: what matches is proved, what differs conflicts.

A report never fails because bytes differ, as it is no gate. Digests that the BOM names
and that were computed here from bytes are proved; where the product's own is another
one, both are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from aibom.digest import Content
from aibom.errors import UsageError
from aibom.lineage.evidence import EvidenceSet
from aibom.lineage.nodes import Node, Origin
from aibom.operations.files import is_inside
from aibom.operations.policies.folder import Folder
from aibom.report.diligence.catalogue import Catalogue
from aibom.report.diligence.facts import entry_of
from aibom.report.diligence.material import Artifact, Material
from aibom.report.diligence.model import Entry, Status

__all__ = [
    "artifact_of",
    "contradictions",
    "looked_at",
    "require_outside_artifact",
    "with_bytes",
]

#: Files that are named of those that differ.
_SHOWN = 10


def with_bytes(evidence: EvidenceSet, content: Content) -> EvidenceSet:
    """The evidence, and with it every digest that was computed here."""
    found = frozenset({content.digest, *(file.digest for file in content.files)})
    return replace(evidence, recomputed=found, bytes_checked=True)


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


def artifact_of(
    path: Path, content: Content, root: Node, evidence: EvidenceSet
) -> Artifact:
    """What a report tells of the bytes; the differences of files by name."""
    same = None if root.digest is None else root.digest in evidence.recomputed
    told = list(_differences(content, root)) if same is False else []
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


def _differences(content: Content, root: Node) -> Iterator[str]:
    yield f"what is there is {content.digest}; the BOM says {root.digest}"
    there = {file.path: file.digest.value for file in content.files}
    wanted = {file.path: file.digest.value for file in root.files}
    if not wanted:
        return
    for name in sorted(there.keys() | wanted.keys()):
        if name not in there:
            yield f"{name}: is in the BOM, and not there"
        elif name not in wanted:
            yield f"{name}: is there, and not in the BOM"
        elif there[name] != wanted[name]:
            yield f"{name}: is sha256:{there[name]}; the BOM says sha256:{wanted[name]}"


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
