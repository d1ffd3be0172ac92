"""The report as JSON, in the form of ``schemas/diligence-report-1.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aibom.lineage.nodes import Origin
from aibom.report.diligence.model import (
    API_VERSION,
    Answer,
    Area,
    Cell,
    Entry,
    Report,
    Section,
)
from aibom.report.parts import json_rows

__all__ = ["report_document", "report_json"]


#: Lines are broken down to the statements of an answer and the rows of a table.
_DEPTH = 4


def report_json(report: Report) -> bytes:
    """Sorted, a statement per line, UTF-8; the same report gives the same bytes."""
    return json_rows(report_document(report), _DEPTH)


def report_document(report: Report) -> dict[str, Any]:
    """The report as JSON-ready values; everything that the other forms show."""
    subject = asdict(report.subject)
    subject["problems"] = [
        {"pointer": pointer, "reason": reason, "message": message}
        for pointer, reason, message in report.subject.problems
    ]
    document = {
        "apiVersion": API_VERSION,
        "tool": report.tool,
        "made": report.made,
        "policy": {"name": report.policy, "digest": report.policy_digest},
        "product": subject,
        "isThis": list(report.is_this),
        "isNot": list(report.is_not),
        "learnedFrom": list(report.learned_from),
        "areas": [_area(one) for one in report.areas],
        "answers": [_answer(one) for one in report.answers],
        "counts": {status.value: count for status, count in report.counts.items()},
        "weakestPath": {"path": report.weakest, "why": report.weakest_why},
        "conflicts": list(report.conflicts),
        "findings": [asdict(one) for one in report.findings],
        "requests": [_lists(asdict(one)) for one in report.requests],
        "sections": [_section(one) for one in report.sections],
        "completeness": [asdict(one) for one in report.completeness],
        "glossary": {term.word: term.meaning for term in report.glossary},
    }
    if report.changes is not None:
        document["changes"] = {
            "against": report.changes.against,
            "made": report.changes.made,
            "changes": [_lists(asdict(one)) for one in report.changes.changes],
        }
    return document


def _lists(document: dict[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in document.items()}


def _area(one: Area) -> dict[str, Any]:
    failed = [asdict(note) for note in one.failed]
    return _lists({**asdict(one), "status": one.status.value, "failed": failed})


def _answer(one: Answer) -> dict[str, Any]:
    return {
        "id": one.id,
        "section": one.section,
        "question": one.question,
        "status": one.status.value,
        "statusInWords": one.who,
        "answer": one.answer,
        "sources": [_origin(source) for source in one.sources],
        "digest": one.digest,
        "signer": ", ".join(one.signers),
        "date": one.date,
        "expires": one.expires,
        "rules": [asdict(note) for note in one.rules],
        "given": one.given,
        "total": one.total,
        "request": one.request,
        "entries": [_entry(entry) for entry in one.said],
        "nothingSaidAbout": list(one.unsaid),
    }


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "node": one.node,
        "name": one.name,
        "status": one.status.value,
        "text": one.text,
        "field": one.field,
        "basis": one.basis,
        "sources": [_origin(source) for source in one.sources],
        "digest": one.digest,
        "signer": one.signer,
        "date": one.date,
        "expires": one.expires,
        "evidence": one.evidence,
    }


def _origin(one: Origin) -> dict[str, str]:
    return {
        "cataloger": one.cataloger,
        "digest": one.digest,
        "pointer": one.pointer,
        "mode": one.mode,
    }


def _section(one: Section) -> dict[str, Any]:
    return {
        "number": one.number,
        "title": one.title,
        "note": one.note,
        "answers": list(one.answers),
        "tables": [
            {
                "title": table.title,
                "note": table.note,
                "head": list(table.head),
                "rows": [[_cell(cell) for cell in row] for row in table.rows],
            }
            for table in one.tables
        ],
    }


def _cell(one: Cell) -> str | dict[str, str]:
    if one.status is None:
        return one.text
    return {"text": one.text, "status": one.status.value}
