"""Convert a BOM into another format, and tell everything that does not arrive.

A valid CycloneDX document is put into another version of CycloneDX as a document, so
that what others wrote into it stays. Everything else goes through the lineage: what is
invalid is read as far as it goes, and the rest is told. Nothing is verified here, no
clock is read, and what is written has been validated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aibom.bom.citations import with_citations
from aibom.bom.csv_export import edges_csv, nodes_csv
from aibom.bom.declared import with_declarations
from aibom.bom.decode import is_profiled
from aibom.bom.encode import SPEC_VERSIONS, encode
from aibom.bom.losses import Loss, LossKind, losses_document, sorted_losses
from aibom.bom.parse import parse, read_bytes
from aibom.bom.properties import REPRODUCIBLE
from aibom.bom.schema import schema_problems
from aibom.bom.spdx.check import checked_bytes, require_bindings
from aibom.bom.spdx.document import to_spdx
from aibom.bom.unread import unread
from aibom.bom.versions import numbered, to_version
from aibom.digest import BOM_NAME
from aibom.errors import DocumentInvalid, UsageError
from aibom.lineage.graph import Graph
from aibom.operations.scanning.bom import scan_document
from aibom.operations.validate import bom_bytes, problems_of
from aibom.reading import parse_time
from aibom.statement import to_json

__all__ = ["FORMATS", "Converted", "convert"]

_CYCLONEDX = "cyclonedx-"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written, and what was lost on the way.

    ``edges`` is the second table of a CSV and None elsewhere. ``problems`` counts what
    is wrong in the input, whether or not something was lost by it.
    """

    format: str
    data: bytes
    losses: tuple[Loss, ...]
    source_digest: str
    problems: int = 0
    edges: bytes | None = None

    def losses_json(self) -> bytes:
        """The losses as a document (``schemas/losses-1.json``)."""
        output = hashlib.sha256(self.data).hexdigest()
        return to_json(
            losses_document(
                self.losses,
                source=self.source_digest,
                target=self.format,
                output=output,
            )
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """A BOM as it was read: the document, its lineage, and how well it could be."""

    where: str
    digest: str
    document: dict[str, Any]
    graph: Graph
    losses: tuple[Loss, ...]
    problems: int
    valid: bool  #: against the schema, whoever wrote it

    @property
    def ours(self) -> bool:
        """A document of our profile that was read as one."""
        return not self.problems and is_profiled(self.document)

    def beside_lineage(self) -> tuple[Loss, ...]:
        """What the document has and the lineage has not."""
        again = None
        if self.ours:
            again = encode(self.graph, spec_version=self.document["specVersion"])
        return (*self.losses, *unread(self.document, again))


def convert(
    path: Path,
    target: str,
    *,
    created: datetime | None = None,
    declarations: Path | None = None,
) -> Converted:
    """Convert the BOM at ``path`` (or in that folder) into one of :data:`FORMATS`.

    ``created`` is the time of the new document. Without it, that of the BOM is used,
    and where that has none either, SPDX is refused and CycloneDX has no time and so no
    citations. ``declarations`` is what ``aibom check --output declarations=FILE`` wrote
    about this BOM.

    Raises :class:`~aibom.errors.UsageError` (``format-unsupported``,
    ``created-unknown``, ``option-not-for-format``);
    :class:`~aibom.errors.DocumentInvalid` for what is no JSON object, and for
    ``root-kind-unsupported``;
    :class:`~aibom.errors.InputError` for what cannot be read, for ``extra-missing``,
    and what :func:`~aibom.bom.declared.with_declarations` raises.
    """
    writer = _WRITERS.get(target)
    if writer is None:
        raise UsageError(
            f"{target!r} is none of: {', '.join(FORMATS)}", reason="format-unsupported"
        )
    _require_options(target, created, declarations)
    source = _read(path / BOM_NAME if path.is_dir() else path)
    return writer(source, target, created, declarations)


def _require_options(
    target: str, created: datetime | None, declarations: Path | None
) -> None:
    wrong = ""
    if declarations is not None and not target.startswith(_CYCLONEDX):
        wrong = "--declarations"
    elif created is not None and target == "csv":
        wrong = "--created"
    if wrong:
        raise UsageError(
            f"{wrong} says nothing to {target}",
            reason="option-not-for-format",
            where=wrong,
        )


def _read(path: Path) -> _Source:
    """The document and its lineage, read as ``aibom scan`` reads the BOM of another."""
    graph, findings = scan_document(path)
    data = read_bytes(path)
    losses = [
        Loss(LossKind.NOT_READ, found.code, found.pointer or "/", found.detail)
        for found in findings
        if found.unread
    ]
    parsed = parse(data, str(path))
    losses += [
        Loss(LossKind.NOT_READ, "duplicate-key", pointer, "the last one counts")
        for pointer in parsed.duplicate_keys
    ]
    # A document that is about nothing in particular is valid as far as it goes.
    wrong = sum(found.code != "main-missing" for found in findings)
    return _Source(
        str(path),
        hashlib.sha256(data).hexdigest(),
        parsed.document,
        graph,
        tuple(losses),
        wrong,
        not schema_problems(parsed.document),
    )


def _time(created: datetime | None, document: dict[str, Any]) -> str | None:
    """The time that was passed in, or that of the document, in UTC to the second."""
    if created is None:
        metadata = document.get("metadata")
        stated = metadata.get("timestamp") if isinstance(metadata, dict) else None
        try:
            created = parse_time(stated) if isinstance(stated, str) else None
        except ValueError:
            return None
    return None if created is None else created.astimezone(UTC).strftime(_TIME)


# ── writers ────────────────────


def _spdx(
    source: _Source, target: str, created: datetime | None, _: Path | None
) -> Converted:
    require_bindings(source.where)
    when = _time(created, source.document)
    if when is None:
        raise UsageError(
            "SPDX demands the time of the document, and the BOM has none",
            reason="created-unknown",
            where=source.where,
            hint="say it: --created 2026-11-21T12:00:00Z",
        )
    document, lost = to_spdx(source.graph, created=when, source=source.digest)
    data = checked_bytes(document, source.where)
    losses = sorted_losses([*lost, *source.beside_lineage()])
    return Converted(target, data, losses, source.digest, source.problems)


def _csv(
    source: _Source, target: str, _created: datetime | None, _: Path | None
) -> Converted:
    data, lost = nodes_csv(source.graph)
    edges, lost_edges = edges_csv(source.graph)
    losses = sorted_losses([*lost, *lost_edges, *source.beside_lineage()])
    return Converted(target, data, losses, source.digest, source.problems, edges)


def _cyclonedx(
    source: _Source,
    target: str,
    created: datetime | None,
    declarations: Path | None,
) -> Converted:
    version = target.removeprefix(_CYCLONEDX)
    document, lost = _in_version(source, version)
    losses = [*lost]
    if created is not None:
        document = _dated(document, str(_time(created, document)))
    written_by_us = source.ours or not source.valid
    if version == "1.7" and written_by_us and "citations" not in document:
        document, uncited = with_citations(document, source.graph)
        losses += uncited
    if declarations is not None:
        declared = _declared(declarations)
        where = str(declarations)
        document, beyond = with_declarations(document, declared, source.graph, where)
        losses += beyond
    if document != source.document:
        losses += _renumbered(source)
        document = numbered({k: v for k, v in document.items() if k != "signature"})
    data = bom_bytes(document, source.where, _level(source))
    return Converted(
        target, data, sorted_losses(losses), source.digest, source.problems
    )


def _in_version(source: _Source, version: str) -> tuple[dict[str, Any], list[Loss]]:
    """The document itself where it is valid; else its lineage, written anew."""
    if source.valid:
        document, losses = to_version(source.document, version)
        repeated = [loss for loss in source.losses if loss.field == "duplicate-key"]
        return document, [*losses, *repeated]
    document = encode(source.graph, spec_version=version)
    return document, list(source.beside_lineage())


def _level(source: _Source) -> str:
    """Ours stays ours; what was edited, or is another's, is valid CycloneDX."""
    if source.ours and not problems_of(source.document, source.digest, "profile"):
        return "profile"
    # What was wrong in the document itself is as wrong in another version.
    return "schema" if source.valid and source.problems else "references"


def _renumbered(source: _Source) -> list[Loss]:
    """What a document that changed cannot keep: its signature, and another's number."""
    losses = []
    if source.valid and "signature" in source.document:
        detail = "it signs the document as it was"
        losses.append(Loss(LossKind.NOT_CARRIED, "signature", "/signature", detail))
    if not source.ours and "serialNumber" in source.document:
        detail = "another document has another number; links to the old lead elsewhere"
        losses.append(Loss(LossKind.CHANGED, "serialNumber", "/serialNumber", detail))
    return losses


def _dated(document: dict[str, Any], when: str) -> dict[str, Any]:
    """With this time, and no longer marked as having none."""
    metadata = {"timestamp": when, **document.get("metadata", {})}
    metadata["timestamp"] = when
    listed = metadata.get("properties")
    if listed is not None:
        metadata["properties"] = [p for p in listed if p.get("name") != REPRODUCIBLE]
    return {**document, "metadata": metadata}


def _declared(path: Path) -> dict[str, Any]:
    """The declarations of a verdict, as a valid document."""
    data = read_bytes(path)
    parsed = parse(data, str(path))
    digest = hashlib.sha256(data).hexdigest()
    problems = problems_of(parsed.document, digest, "references", parsed.duplicate_keys)
    if problems:
        raise DocumentInvalid(
            f"{problems[0].pointer or '/'}: {problems[0].message}",
            reason=problems[0].reason,
            where=str(path),
            hint="aibom check … --output declarations=FILE writes them",
        )
    return parsed.document


_Writer = Callable[[_Source, str, datetime | None, Path | None], Converted]
_WRITERS: dict[str, _Writer] = {
    "spdx-3.0.1": _spdx,
    **{f"{_CYCLONEDX}{version}": _cyclonedx for version in SPEC_VERSIONS},
    "csv": _csv,
}

#: The formats by the names under which they are asked for.
FORMATS = tuple(_WRITERS)
