"""The verdict as a GitLab Code Quality report: a JSON array of findings.

The format knows neither passes nor exceptions nor paths: only findings that no
exception covers are listed, and what kept the verdict from being ``allowed`` without
one. Texts are plain there, but are made visible all the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

from aibom.report.parts import (
    LONG,
    Stop,
    Where,
    fingerprint,
    json_bytes,
    left_standing,
    message,
    stop,
)
from aibom.report.text import escape
from aibom.verdict import Result, Severity, Status, Verdict

__all__ = ["gitlab"]

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}


def gitlab(verdict: Verdict, where: Where) -> bytes:
    """The array, blocking findings first; the same verdict gives the same bytes.

    GitLab keeps one entry of a fingerprint, so that of a second finding of the same
    rule, node and term is made of its place among them too.
    """
    entries = [_entry(one, where) for one in left_standing(verdict)]
    stopped = stop(verdict)
    if stopped:
        entries.insert(0, _stopped(stopped, where))
    seen: dict[str, int] = {}
    for entry in entries:
        mark = entry["fingerprint"]
        seen[mark] = seen.get(mark, 0) + 1
        if seen[mark] > 1:
            entry["fingerprint"] = _digest(f"{mark}|{seen[mark]}")
    return json_bytes(entries)


def _entry(result: Result, where: Where) -> dict[str, Any]:
    doubt = {
        Status.UNKNOWN: "cannot be told: ",
        Status.ERROR: "could not be evaluated: ",
    }.get(result.status, "")
    note = "" if result.blocks else f" (does not block: {result.mode.value})"
    return {
        "check_name": escape(result.rule),
        "description": f"{doubt}{message(result)}{note}",
        "fingerprint": fingerprint(result),
        "severity": _SEVERITIES[result.severity] if result.blocks else "info",
        "location": _location(where, result.node),
    }


def _stopped(stopped: Stop, where: Where) -> dict[str, Any]:
    place = f"{stopped.where}: " if stopped.where else ""
    hint = f"; {stopped.hint}" if stopped.hint else ""
    return {
        "check_name": stopped.rule,
        "description": escape(
            f"{stopped.reason}: {place}{stopped.message}{hint}", LONG
        ),
        "fingerprint": _digest(stopped.rule),
        "severity": "blocker",
        "location": _location(where, ""),
    }


def _location(where: Where, node: str) -> dict[str, Any]:
    return {"path": where.path, "lines": {"begin": where.line(node)}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
