"""Turn an examining tool's report into an audit of exact bytes, signed or not."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from aibom.attest.signing import StatementSigner
from aibom.audits.predicate import audit_statement
from aibom.audits.report import read_report
from aibom.digest import Progress, hash_path
from aibom.lineage.nodes import Kind
from aibom.operations.files import read_small, write_atomic
from aibom.statement import parse_json, to_json

__all__ = ["record_audit"]


def record_audit(
    report: Path,
    subject: Path,
    *,
    name: str,
    kind: Kind,
    examined_on: datetime,
    output: Path,
    signer: StatementSigner | None = None,
    progress: Progress | None = None,
) -> Path:
    """Hash ``subject``, read ``report``, write the audit into the folder ``output``.

    The file is named after its payload: ``<sha256>.sigstore.json``, or
    ``.statement.json`` without a signer. ``name`` is the name the lineage has for the
    subject. Raises :class:`~aibom.errors.DocumentInvalid` for a report that is not one.
    """
    if signer is not None:
        signer.prepare()
    data = read_small(report)
    parsed = read_report(parse_json(data, str(report)), str(report))
    content = hash_path(subject, progress=progress)
    statement = audit_statement(
        parsed,
        hashlib.sha256(data).hexdigest(),
        name,
        kind.value,
        content.digest,
        examined_on,
    )
    output.mkdir(parents=True, exist_ok=True)
    if signer is None:
        path = output / f"{statement.payload_digest}.statement.json"
        write_atomic(path, statement.payload)
        return path
    path = output / f"{statement.payload_digest}.sigstore.json"
    write_atomic(path, to_json(signer.sign(statement.payload)))
    return path
