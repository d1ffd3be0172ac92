"""Convert a BOM into another format, and tell everything that does not arrive.

A valid CycloneDX document is put into another version of CycloneDX as a document, so
that what others wrote into it stays. Everything else goes through the lineage: what is
invalid is read as far as it goes, and the rest is told. Nothing is verified here but
the signature of a verdict, no clock is read, and what is written has been validated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aibom.bom.citations import with_citations
from aibom.bom.csv_export import edges_csv, nodes_csv
from aibom.bom.declared import with_declarations
from aibom.bom.encode import SPEC_VERSIONS, encode
from aibom.bom.leaves import Path as Place
from aibom.bom.leaves import losses_of, missing
from aibom.bom.losses import Loss, LossKind, losses_document, sorted_losses
from aibom.bom.problem import pointer_to
from aibom.bom.properties import REPRODUCIBLE
from aibom.bom.spdx.check import checked_bytes, require_bindings
from aibom.bom.spdx.document import to_spdx
from aibom.bom.spdx.names import HASHES
from aibom.bom.versions import numbered, to_version
from aibom.digest import BOM_NAME
from aibom.errors import UsageError
from aibom.operations.convert_source import Source, read_source
from aibom.operations.validate import bom_bytes, problems_of
from aibom.operations.verdicts.declared import Believed, read_declarations
from aibom.reading import parse_time
from aibom.statement import to_json

__all__ = ["FORMATS", "Converted", "convert"]

_CYCLONEDX = "cyclonedx-"
_TIMESTAMP = ("metadata", "timestamp")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written, and what was lost on the way.

    ``edges`` is the second table of a CSV and None elsewhere. ``problems`` counts what
    is wrong in the input, whether or not something was lost by it. ``declared_by`` is
    who signed the declarations that were put in, empty where nobody did.
    """

    format: str
    data: bytes
    losses: tuple[Loss, ...]
    source_digest: str
    problems: int = 0
    edges: bytes | None = None
    declared_by: str | None = None

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
class _Declared:
    """Declarations to put in, by whom, and the file that they are from."""

    document: Mapping[str, Any]
    signer: str
    where: str


def convert(
    path: Path,
    target: str,
    *,
    created: datetime | None = None,
    declarations: Path | None = None,
    believed: Believed | None = None,
) -> Converted:
    """Convert the BOM at ``path`` (or in that folder) into one of :data:`FORMATS`.

    ``created`` is the time of the new document. Without it, that of the BOM is used,
    and where that has none either, SPDX is refused and CycloneDX has no time and so no
    citations. ``declarations`` is what ``aibom check --output declarations=FILE`` or,
    where signers are ``believed``, ``aibom gate --attest FILE`` wrote about this BOM.

    Raises :class:`~aibom.errors.UsageError` (``format-unsupported``,
    ``created-unknown``, ``option-not-for-format``);
    :class:`~aibom.errors.DocumentInvalid` for what is no JSON object, and for
    ``root-kind-unsupported``;
    :class:`~aibom.errors.InputError` for what cannot be read, for ``extra-missing``,
    and what :func:`~aibom.bom.declared.with_declarations` and
    :func:`~aibom.operations.verdicts.declared.read_declarations` raise.
    """
    writer = _WRITERS.get(target)
    if writer is None:
        raise UsageError(
            f"{target!r} is none of: {', '.join(FORMATS)}",
            reason="format-unsupported",
            hint="for example: aibom convert DIR --to csv -o things.csv",
        )
    _require_options(target, created, declarations, believed)
    bom = path / BOM_NAME if path.is_dir() else path
    source = read_source(bom)
    declared = None
    if declarations is not None:
        where = str(declarations)
        read = read_declarations(declarations, source.graph, path, believed)
        declared = _Declared(read.document, read.signer, where)
    return writer(source, target, created, declared)


def _require_options(
    target: str,
    created: datetime | None,
    declarations: Path | None,
    believed: Believed | None,
) -> None:
    wrong = ""
    if declarations is None and believed is not None:
        raise UsageError(
            "--signers says whose signed verdict to believe, and none is given",
            reason="option-not-for-format",
            where="--signers",
            hint="name it: --declarations FILE",
        )
    if declarations is not None and not target.startswith(_CYCLONEDX):
        wrong = "--declarations"
    elif created is not None and target == "csv":
        wrong = "--created"
    if wrong:
        raise UsageError(
            f"{wrong} says nothing to {target}",
            reason="option-not-for-format",
            where=wrong,
            hint="leave it out, or write another format with --to",
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
    source: Source, target: str, created: datetime | None, _: _Declared | None
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
    found = source.unread()
    hashes: dict[str, list[tuple[str, str]]] = {}
    carried: set[Place] = set()
    for one in found.hashes:
        if one.algorithm in HASHES:
            hashes.setdefault(one.node, []).append((one.algorithm, one.value))
            carried.add(one.path)
    if created is None:
        carried.add(_TIMESTAMP)
    document, lost = to_spdx(
        source.graph, created=when, source=source.digest, hashes=hashes
    )
    data = checked_bytes(document, source.where)
    losses = [*lost, *source.beside_lineage(found, carried)]
    if created is None:
        losses += _rounded(source.document["metadata"]["timestamp"])
    return Converted(
        target, data, sorted_losses(losses), source.digest, source.problems
    )


def _rounded(stated: str) -> list[Loss]:
    """SPDX has times to the second."""
    if not parse_time(stated).microsecond:
        return []
    detail = "SPDX has times to the second"
    return [Loss(LossKind.CHANGED, "timestamp", "/metadata/timestamp", detail)]


def _csv(
    source: Source, target: str, _created: datetime | None, _: _Declared | None
) -> Converted:
    data, lost = nodes_csv(source.graph)
    edges, lost_edges = edges_csv(source.graph)
    beside = source.beside_lineage(source.unread())
    losses = sorted_losses([*lost, *lost_edges, *beside])
    return Converted(target, data, losses, source.digest, source.problems, edges)


def _cyclonedx(
    source: Source,
    target: str,
    created: datetime | None,
    declared: _Declared | None,
) -> Converted:
    version = target.removeprefix(_CYCLONEDX)
    document, lost = _in_version(source, version, created)
    losses = [*lost]
    start = source.document
    if created is not None:
        losses += _redated(start, when := str(_time(created, document)))
        document, start = _dated(document, when), _dated(start, when)
    written_by_us = source.ours or not source.valid
    if version == "1.7" and written_by_us and "citations" not in document:
        document, uncited = with_citations(document, source.graph)
        losses += uncited
    if declared is not None:
        document, beyond = with_declarations(
            document, declared.document, source.graph, declared.where
        )
        losses += beyond
    if source.valid:
        losses += _silent(start, document, losses)
    if document != source.document:
        losses += _renumbered(source)
        document = numbered({k: v for k, v in document.items() if k != "signature"})
    data = bom_bytes(document, source.where, _level(source))
    signer = None if declared is None else declared.signer
    return Converted(
        target,
        data,
        sorted_losses(losses),
        source.digest,
        source.problems,
        declared_by=signer,
    )


def _silent(
    start: dict[str, Any], document: dict[str, Any], told: list[Loss]
) -> tuple[Loss, ...]:
    """What is not in the new document and nothing told: a net, and mostly empty."""
    found = missing(
        {k: v for k, v in start.items() if k not in ("$schema", "specVersion")},
        document,
        LossKind.NOT_CARRIED,
        "is not in the new document",
    )
    places = {_place(loss) for loss in told}
    return tuple(losses_of(one for one in found if not _is_told(one.path, places)))


def _place(loss: Loss) -> str:
    """The member that a loss is about, named by itself or by its owner."""
    member = f"/{loss.field.partition('.')[0]}"
    return loss.where if loss.where.endswith(member) else loss.where + member


def _is_told(path: Place, places: set[str]) -> bool:
    return any(pointer_to(path[:end]) in places for end in range(len(path), -1, -1))


def _in_version(
    source: Source, version: str, created: datetime | None
) -> tuple[dict[str, Any], list[Loss]]:
    """The document itself where it is valid; else its lineage, written anew."""
    if source.valid:
        document, losses = to_version(source.document, version)
        repeated = [loss for loss in source.losses if loss.field == "duplicate-key"]
        return document, [*losses, *repeated]
    document = encode(source.graph, spec_version=version)
    # These two are told where they are given anew.
    anew: set[Place] = {("serialNumber",)}
    if created is not None:
        anew.add(_TIMESTAMP)
    return document, list(source.beside_lineage(source.unread(), anew))


def _level(source: Source) -> str:
    """Ours stays ours; what was edited, or is another's, is valid CycloneDX."""
    if source.ours and not problems_of(source.document, source.digest, "profile"):
        return "profile"
    # What was wrong in the document itself is as wrong in another version.
    return "schema" if source.valid and source.problems else "references"


def _renumbered(source: Source) -> list[Loss]:
    """What a document that changed cannot keep: its signature, and another's number."""
    losses = []
    if source.valid and "signature" in source.document:
        detail = "it signs the document as it was"
        losses.append(Loss(LossKind.NOT_CARRIED, "signature", "/signature", detail))
    if not source.ours and "serialNumber" in source.document:
        detail = "another document has another number; links to the old lead elsewhere"
        losses.append(Loss(LossKind.CHANGED, "serialNumber", "/serialNumber", detail))
    return losses


def _redated(document: dict[str, Any], when: str) -> list[Loss]:
    metadata = document.get("metadata")
    stated = metadata.get("timestamp", when) if isinstance(metadata, dict) else when
    if stated == when:
        return []
    detail = "is the time that was passed in"
    return [Loss(LossKind.CHANGED, "timestamp", "/metadata/timestamp", detail)]


def _dated(document: dict[str, Any], when: str) -> dict[str, Any]:
    """With this time, and no longer marked as having none."""
    stated = document.get("metadata", {})
    if not isinstance(stated, dict):
        return document  # nothing that a valid document has
    metadata = {"timestamp": when, **stated}
    metadata["timestamp"] = when
    listed = metadata.get("properties")
    if isinstance(listed, list):
        metadata["properties"] = [p for p in listed if not _says_reproducible(p)]
    return {**document, "metadata": metadata}


def _says_reproducible(item: Any) -> bool:
    return isinstance(item, dict) and item.get("name") == REPRODUCIBLE


_Writer = Callable[[Source, str, datetime | None, _Declared | None], Converted]
_WRITERS: dict[str, _Writer] = {
    "spdx-3.0.1": _spdx,
    **{f"{_CYCLONEDX}{version}": _cyclonedx for version in SPEC_VERSIONS},
    "csv": _csv,
}

#: The formats by the names under which they are asked for.
FORMATS = tuple(_WRITERS)
