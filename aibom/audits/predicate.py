"""The audit predicate ``https://w3id.org/aibom/audit/v1`` (``schemas/audit-1.json``).

The subject is what was examined, by exact digest; evidence is never inherited by a
child. The predicate repeats the report's measurements and names the report's own
digest, so that the raw report can be asked for and compared.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aibom.audits.report import AuditReport, measurement_document, read_measurements
from aibom.digest import Digest
from aibom.errors import DocumentInvalid
from aibom.lineage.evidence import Audit
from aibom.reading import Reader
from aibom.statement import AUDIT_V1, Resource, Statement

__all__ = ["audit_statement", "read_audit"]


def audit_statement(
    report: AuditReport,
    report_digest: str,
    name: str,
    kind: str,
    digest: Digest,
    examined_on: datetime,
) -> Statement:
    """Make the statement for one examined thing.

    ``report_digest`` is the hex SHA-256 of the report's bytes, ``name`` and ``kind``
    are those of the thing in its lineage. ``examined_on`` must have a zone.
    """
    if examined_on.tzinfo is None:
        raise ValueError("the time of an examination has a zone")
    predicate = {
        "type": report.type,
        "examinedOn": examined_on.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tool": {"name": report.tool_name, "version": report.tool_version},
        "report": {"digest": {"sha256": report_digest}},
        "measurements": [measurement_document(item) for item in report.measurements],
    }
    subject = Resource.subject(name, digest, **{"aibom:kind": kind})
    return Statement.build([subject], AUDIT_V1, predicate)


def read_audit(statement: Statement, where: str) -> Audit:
    """Read an audit back, recomputing every value that has a raw count.

    Raises :class:`~aibom.errors.DocumentInvalid` (``audit-malformed``).
    """
    top = Reader(dict(statement.predicate), where)
    tool, report = top.reader("tool"), top.reader("report")
    digest = report.reader("digest")
    audit = Audit(
        type=top.text("type"),
        examined_on=top.time("examinedOn"),
        tool=f"{tool.text('name')} {tool.text('version')}",
        measurements=read_measurements(top),
        report_digest=_hex(digest),
    )
    for reader in (tool, report, digest):
        reader.close()
    top.finish(
        DocumentInvalid,
        "audit-malformed",
        hint="ask the auditor for a new one, made by aibom audit record",
    )
    return audit


def _hex(reader: Reader) -> str:
    text = reader.text("sha256")
    try:
        return Digest("file", str(text)).value
    except DocumentInvalid as error:
        reader.problem(error.message, "sha256")
        return ""
