"""The statement that binds a BOM to the bytes it describes.

Predicate: in-toto *reference* v0.1, pointing to the BOM by digest, so that whoever logs
the statement learns hashes and not suppliers; or, where that is asked for, the BOM
itself (``https://cyclonedx.org/bom``), for a log that may know it. Subjects: the BOM's
file, the artifact's digest (annotated with kind, form, and the housekeeping files it
leaves out), and, up to a hundred, the files of a folder one by one, so that tools which
know nothing of us can check them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aibom.digest import BOM_NAME, Content, Digest
from aibom.errors import InputError, VerificationFailed
from aibom.lineage.nodes import Node
from aibom.statement import (
    BASE_URI,
    CYCLONEDX_BOM,
    MAX_STATEMENT_BYTES,
    REFERENCE_V01,
    Resource,
    Statement,
)

__all__ = [
    "BOM_PREDICATES",
    "MAX_FILE_SUBJECTS",
    "BomSubject",
    "bom_statement",
    "read_bom_statement",
]

#: The predicate types of a BOM's statement.
BOM_PREDICATES = frozenset({REFERENCE_V01, CYCLONEDX_BOM})

MAX_FILE_SUBJECTS = 100
MEDIA_TYPE = "application/vnd.cyclonedx+json"


@dataclass(frozen=True, slots=True)
class BomSubject:
    """What a BOM statement says: the BOM's digest, the artifact, its listed files.

    ``files`` are pairs of path and SHA-256, sorted; there is none where the folder has
    more than :data:`MAX_FILE_SUBJECTS`. ``housekeeping`` was left out of the digest.
    ``inline`` is the BOM where the statement holds it.
    """

    bom: Digest
    name: str
    artifact: Digest
    kind: str
    files: tuple[tuple[str, str], ...]
    housekeeping: tuple[str, ...]
    inline: Mapping[str, Any] | None = None


def bom_statement(
    bom_digest: str,
    root: Node,
    content: Content,
    inline: Mapping[str, Any] | None = None,
) -> Statement:
    """Make the statement for a BOM whose root is what was just hashed.

    ``bom_digest`` is the hex SHA-256 of the BOM's bytes; ``inline`` is the parsed BOM,
    to put it into the statement in place of a reference. Raises ValueError when the
    root is another thing than what was hashed, or has no name, and
    :class:`~aibom.errors.InputError` (``bom-too-large``) for one that would not fit.
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
        *_files(content),
    ]
    if inline is not None:
        return _small_enough(Statement.build(subjects, CYCLONEDX_BOM, inline))
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


def _small_enough(statement: Statement) -> Statement:
    size = len(statement.payload)
    if size > MAX_STATEMENT_BYTES:
        raise InputError(
            f"the statement would have {size:,} bytes; {MAX_STATEMENT_BYTES:,} are the "
            "limit of those who read it",
            reason="bom-too-large",
            where=BOM_NAME,
            hint="sign without --inline: the statement then refers to the BOM",
        )
    return statement


def _files(content: Content) -> list[Resource]:
    """One by one, where the artifact is a folder: a single file is named already."""
    if content.digest.form == "file" or len(content.files) > MAX_FILE_SUBJECTS:
        return []
    return [Resource.subject(file.path, file.digest) for file in content.files]


def _refers(statement: Statement, bom: Digest) -> bool:
    """Whether a reference predicate points to the BOM's bytes."""
    listed = statement.predicate.get("references")
    for entry in listed if isinstance(listed, list) else ():
        digest = entry.get("digest") if isinstance(entry, dict) else None
        if isinstance(digest, dict) and digest.get("sha256") == bom.value:
            return True
    return False


def read_bom_statement(statement: Statement, where: str) -> BomSubject:
    """Read a BOM statement back.

    Raises :class:`~aibom.errors.VerificationFailed`: ``predicate-not-allowed`` when the
    statement is of another type, ``subject-mismatch`` when its subjects are not those
    of a BOM statement.
    """
    if statement.predicate_type not in BOM_PREDICATES:
        raise VerificationFailed(
            f"is a {statement.predicate_type}, not the statement of a BOM",
            reason="predicate-not-allowed",
            where=where,
            hint="ask the maker for the signature of the BOM, made by: aibom sign DIR",
        )
    boms = [s for s in statement.subjects if s.name == BOM_NAME]
    entities = [s for s in statement.subjects if "aibom:kind" in s.annotations]
    if len(boms) != 1 or len(entities) != 1:
        raise _mismatch("must name one BOM and one artifact", where)
    bom, artifact = boms[0].content(), entities[0].content()
    inline = statement.predicate_type == CYCLONEDX_BOM
    if bom is None or bom.form != "file" or not (inline or _refers(statement, bom)):
        raise _mismatch("does not refer to the BOM that it names as its subject", where)
    listed = [
        s for s in statement.subjects if s is not boms[0] and s is not entities[0]
    ]
    one_digest = all(set(s.digest) == {"sha256"} for s in (*boms, *entities, *listed))
    if artifact is None or not one_digest:
        raise _mismatch("names a subject by something else than one SHA-256", where)
    notes = entities[0].annotations.get("aibom:housekeeping", [])
    return BomSubject(
        bom,
        entities[0].name or "",
        artifact,
        str(entities[0].annotations["aibom:kind"]),
        tuple(sorted((s.name or "", s.digest["sha256"]) for s in listed)),
        tuple(str(note) for note in notes) if isinstance(notes, list) else (),
        statement.predicate if inline else None,
    )


def _mismatch(message: str, where: str) -> VerificationFailed:
    return VerificationFailed(
        message,
        reason="subject-mismatch",
        where=where,
        hint="ask the maker to sign the artifact again, with: aibom sign DIR",
    )
