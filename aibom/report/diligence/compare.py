"""What changed since an earlier report of the same product, answer by answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from aibom.errors import DocumentInvalid, UsageError
from aibom.report.diligence.model import (
    API_VERSION,
    Answer,
    Change,
    Changes,
    Report,
    Status,
)

__all__ = ["changes_since"]

_SHOWN = 20


def changes_since(data: bytes, where: str, report: Report) -> Changes:
    """What differs between an earlier report, as JSON, and this one.

    ``where`` is told of it by its name alone, and by its digest. Raises
    :class:`~aibom.errors.DocumentInvalid` (``not-a-report``) for what is no
    report, and :class:`~aibom.errors.UsageError` (``report-other-product``) for one
    about something else.
    """
    document = _parsed(data, where)
    try:
        _require_same(document["product"], report, where)
        before = {str(one["id"]): one for one in document["answers"]}
        changes = tuple(_changes(before, report))
        # Where it lay is of this machine, and of no use to whoever reads the report.
        against = f"{PurePath(where).name} (sha256:{sha256(data).hexdigest()})"
        return Changes(against, str(document["made"]), changes)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _no_report(where) from error


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _no_report(where) from error
    if not isinstance(document, dict) or document.get("apiVersion") != API_VERSION:
        raise _no_report(where)
    return document


def _no_report(where: str) -> DocumentInvalid:
    return DocumentInvalid(
        f"is not a report in JSON ({API_VERSION})",
        reason="not-a-report",
        where=where,
        hint="make one: aibom report BOM --format json -o report.json",
    )


def _require_same(product: Mapping[str, Any], report: Report, where: str) -> None:
    """By name, by digest, or by the very same BOM, which may name nothing."""
    subject = report.subject
    same_name = subject.name and product["name"] == subject.name
    same_bytes = subject.digest and product["digest"] == subject.digest
    same_bom = product["bom_digest"] == subject.bom_digest
    if same_name or same_bytes or same_bom:
        return
    raise UsageError(
        f"is about {product['name'] or 'a product without a name'}, and this BOM about "
        f"{subject.name or 'one without a name'}",
        reason="report-other-product",
        where=where,
        hint="name an earlier report of the same product",
    )


def _changes(before: Mapping[str, Any], report: Report) -> Iterator[Change]:
    for answer in report.answers:
        old = before.get(answer.id)
        if old is None:
            yield Change(answer.id, answer.question, "not asked", _short(answer))
            continue
        details = tuple(_details(old, answer))
        was = f"{Status(old['status']).words}: {old['answer']}"
        if was != _short(answer) or details:
            yield Change(answer.id, answer.question, was, _short(answer), details)
    known = {answer.id for answer in report.answers}
    for name in sorted(before.keys() - known):
        old = before[name]
        was = f"{Status(old['status']).words}: {old['answer']}"
        yield Change(name, str(old["question"]), was, "not asked any more")


def _short(answer: Answer) -> str:
    return f"{answer.status.words}: {answer.answer}"


def _details(old: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    """Statements that came, went, or are worth something else now."""
    then = {(e["name"], e["text"]): Status(e["status"]) for e in old["entries"]}
    then |= {(str(n), ""): Status.MISSING for n in old["nothingSaidAbout"]}
    now = {(e.name, e.text): e.status for e in answer.entries}
    lines = [f"gone: {n}: {t or 'nothing said'}" for n, t in then if (n, t) not in now]
    lines += [f"new: {n}: {t or 'nothing said'}" for n, t in now if (n, t) not in then]
    lines += [
        f"{name}: {text}: was {then[name, text].words}, is {status.words}"
        for (name, text), status in now.items()
        if (name, text) in then and then[name, text] is not status
    ]
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"and {len(lines) - _SHOWN:,} more"
