"""The statement that binds a BOM to the bytes it describes.

Predicate: in-toto *reference* v0.1, pointing to the BOM by digest, so that whoever logs
the statement learns hashes and not suppliers. Subjects: the BOM's file, the folder's
tree digest (annotated with kind, form, and the housekeeping files it leaves out), and,
up to a hundred, the files one by one, so that tools which know nothing of us can check
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.digest import BOM_NAME, Content, Digest, File
from aibom.errors import VerificationFailed
from aibom.lineage.nodes import Node
from aibom.statement import BASE_URI, REFERENCE_V01, Resource, Statement

__all__ = ["MAX_FILE_SUBJECTS", "BomSubject", "bom_statement", "read_bom_statement"]

MAX_FILE_SUBJECTS = 100
MEDIA_TYPE = "application/vnd.cyclonedx+json"


@dataclass(frozen=True, slots=True)
class BomSubject:
    """What a BOM statement says: the BOM's digest, the artifact, its listed files.

    ``files`` are pairs of path and SHA-256, sorted; there is none where the folder has
    more than :data:`MAX_FILE_SUBJECTS`. ``housekeeping`` was left out of the digest.
    """

    bom: Digest
    name: str
    artifact: Digest
    kind: str
    files: tuple[tuple[str, str], ...]
    housekeeping: tuple[str, ...]


def bom_statement(bom_digest: str, root: Node, content: Content) -> Statement:
    """Make the statement for a BOM whose root is the folder that was just hashed.

    ``bom_digest`` is the hex SHA-256 of the BOM's bytes. Raises ValueError when the
    root is another thing than what was hashed, or has no name.
    """
    if root.digest != content.digest:
        raise ValueError("the BOM's root is not the folder that was hashed")
    if not root.values("name"):
        raise ValueError("the BOM's root has no name")
    notes: dict[str, object] = {"aibom:kind": root.kind.value}
    if content.housekeeping:
        notes["aibom:housekeeping"] = list(content.housekeeping)
    bom = Digest("file", bom_digest)
    subjects = [
        Resource.subject(BOM_NAME, bom),
        Resource.subject(root.values("name")[0], content.digest, **notes),
        *_files(content.files),
    ]
    reference = {
        "name": BOM_NAME,
        "mediaType": MEDIA_TYPE,
        "digest": {"sha256": bom.value},
    }
    predicate = {
        "attester": {"id": BASE_URI},
        "references": [reference],
    }
    return Statement.build(subjects, REFERENCE_V01, predicate)


def _files(files: tuple[File, ...]) -> list[Resource]:
    if len(files) > MAX_FILE_SUBJECTS:
        return []
    return [Resource.subject(file.path, file.digest) for file in files]


def _referenced(predicate: Mapping[str, Any]) -> set[str]:
    """The SHA-256 of every file that a reference predicate points to."""
    listed = predicate.get("references")
    found = set()
    for entry in listed if isinstance(listed, list) else ():
        digest = entry.get("digest") if isinstance(entry, dict) else None
        if isinstance(digest, dict):
            found.add(str(digest.get("sha256")))
    return found


def read_bom_statement(statement: Statement, where: str) -> BomSubject:
    """Read a BOM statement back.

    Raises :class:`~aibom.errors.VerificationFailed`: ``predicate-not-allowed`` when the
    statement is of another type, ``subject-mismatch`` when its subjects are not those
    of a BOM statement.
    """
    if statement.predicate_type != REFERENCE_V01:
        raise VerificationFailed(
            f"is a {statement.predicate_type}, not the statement of a BOM",
            reason="predicate-not-allowed",
            where=where,
        )
    boms = [s for s in statement.subjects if s.name == BOM_NAME]
    entities = [s for s in statement.subjects if "aibom:kind" in s.annotations]
    if len(boms) != 1 or len(entities) != 1:
        raise VerificationFailed(
            "must name one BOM and one artifact", reason="subject-mismatch", where=where
        )
    bom, artifact = boms[0].content(), entities[0].content()
    referred = _referenced(statement.predicate)
    if bom is None or bom.form != "file" or bom.value not in referred:
        raise VerificationFailed(
            "does not refer to the BOM that it names as its subject",
            reason="subject-mismatch",
            where=where,
        )
    listed = [
        s for s in statement.subjects if s is not boms[0] and s is not entities[0]
    ]
    if artifact is None or not all(s.digest.get("sha256") for s in listed):
        raise VerificationFailed(
            "names a subject without a SHA-256", reason="subject-mismatch", where=where
        )
    notes = entities[0].annotations.get("aibom:housekeeping", [])
    return BomSubject(
        bom,
        entities[0].name or "",
        artifact,
        str(entities[0].annotations["aibom:kind"]),
        tuple(sorted((s.name or "", s.digest["sha256"]) for s in listed)),
        tuple(str(note) for note in notes) if isinstance(notes, list) else (),
    )
