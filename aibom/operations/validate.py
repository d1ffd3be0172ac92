"""Validate BOMs, and read and write them through validation.

Levels build on each other: ``schema`` (the CycloneDX schema with full format checking),
``references`` (what no schema says), ``profile`` (ours). A level is not looked at while
the one before has problems. Nothing that is invalid is ever written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aibom.bom.decode import decode
from aibom.bom.encode import to_bytes
from aibom.bom.parse import MAX_BYTES, parse, read_bytes
from aibom.bom.problem import Problem
from aibom.bom.profile import notices, profile_problems
from aibom.bom.references import reference_problems
from aibom.bom.schema import schema_problems
from aibom.errors import AibomError, DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.operations.files import write_atomic

__all__ = [
    "LEVELS",
    "BomFile",
    "Validation",
    "bom_bytes",
    "load_bom",
    "problems_of",
    "validate",
    "write_bom",
]

LEVELS = ("schema", "references", "profile")


@dataclass(frozen=True, slots=True)
class Validation:
    """What validation found; ``notices`` make nothing invalid."""

    level: str
    digest: str
    problems: tuple[Problem, ...]
    notices: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether no level up to the asked one has a problem."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class BomFile:
    """A BOM that was read: its bytes' digest, the document, and its lineage."""

    where: str
    digest: str
    document: Mapping[str, Any]
    graph: Graph
    notices: tuple[str, ...]

    @property
    def link(self) -> str:
        """Its BOM-Link (``urn:cdx:serial/version``); empty without a serial number."""
        serial = str(self.document.get("serialNumber", "")).removeprefix("urn:uuid:")
        return f"urn:cdx:{serial}/{self.document.get('version', 1)}" if serial else ""


def problems_of(
    document: dict[str, Any],
    digest: str,
    level: str,
    duplicate_keys: tuple[str, ...] = (),
) -> tuple[Problem, ...]:
    """The problems of the first of :data:`LEVELS`, up to ``level``, that has any."""
    asked = LEVELS[: LEVELS.index(level) + 1]
    for current in asked:
        if current == "schema":
            found = schema_problems(document)
        elif current == "references":
            found = reference_problems(document, duplicate_keys)
        else:
            found = profile_problems(document, digest)
        if found:
            return found
    return ()


def validate(
    path: Path, level: str = "profile", *, limit: int = MAX_BYTES
) -> Validation:
    """Validate one file.

    Raises :class:`~aibom.errors.DocumentInvalid` for what cannot be parsed at all (too
    large, too deep, not JSON), :class:`~aibom.errors.InputError` for what cannot be
    read.
    """
    data = read_bytes(path, limit=limit)
    digest = hashlib.sha256(data).hexdigest()
    parsed = parse(data, str(path), limit=limit)
    problems = problems_of(parsed.document, digest, level, parsed.duplicate_keys)
    remarks = notices(parsed.document, digest) if not problems else ()
    return Validation(level, digest, problems, remarks)


def load_bom(data: bytes, where: str, level: str = "profile") -> BomFile:
    """Parse, validate and decode the bytes of a BOM.

    Raises :class:`~aibom.errors.DocumentInvalid` with the first problem in its message
    and the number of the others.
    """
    digest = hashlib.sha256(data).hexdigest()
    parsed = parse(data, where)
    problems = problems_of(parsed.document, digest, level, parsed.duplicate_keys)
    if problems:
        raise _invalid(problems, where)
    graph = decode(parsed.document, digest)
    told = notices(parsed.document, digest, graph)
    return BomFile(where, digest, parsed.document, graph, told)


def _invalid(problems: tuple[Problem, ...], where: str) -> DocumentInvalid:
    first = problems[0]
    more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return DocumentInvalid(
        f"{first.pointer or '/'}: {first.message}{more}",
        reason=first.reason,
        where=where,
        hint=first.hint or f"see all of them: aibom validate {where}",
    )


def bom_bytes(document: dict[str, Any], where: str, level: str = "profile") -> bytes:
    """A BOM of ours as bytes, validated at every level up to ``level``.

    A problem here is a fault of this program, not of its user, and says so.
    """
    data = to_bytes(document)
    digest = hashlib.sha256(data).hexdigest()
    problems = problems_of(document, digest, level)
    if problems:
        error = _invalid(problems, where)
        raise AibomError(
            f"refusing to write an invalid BOM: {error.message}",
            reason="bom-not-written",
            where=where,
            hint="this is a fault of aibom; please report it",
        )
    return data


def write_bom(document: dict[str, Any], path: Path) -> str:
    """Write a BOM of ours, validated at every level first; returns its SHA-256."""
    data = bom_bytes(document, str(path))
    write_atomic(path, data)
    return hashlib.sha256(data).hexdigest()
