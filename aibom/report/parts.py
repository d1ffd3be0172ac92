"""What the renderers of a verdict share: places, order, sentences, and what stopped it.

Everything here is plain data and text for other modules to put into a format. Nothing
is decided: whether a finding blocks, or is excepted, is what the verdict says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from aibom.digest import BOM_NAME
from aibom.report.text import escape
from aibom.verdict import (
    Decision,
    ExceptionNote,
    PathHop,
    Result,
    Severity,
    Status,
    Verdict,
)

__all__ = [
    "LONG",
    "WORDS",
    "Stop",
    "Where",
    "by_severity",
    "exception_of",
    "exception_reason",
    "fingerprint",
    "json_bytes",
    "json_rows",
    "left_standing",
    "message",
    "rules",
    "shown_path",
    "stop",
    "title",
    "worst",
]

#: Characters of one foreign text that are shown.
LONG = 2000
#: Hops of a path that are written on one line, half from either end.
_HOPS = 40

#: Surrogates that stand for no byte of a file name (PEP 383).
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")

_WORST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}
_STATUS = {status: rank for rank, status in enumerate((Status.FAIL, Status.ERROR))}

#: What a decision is called, wherever people read it.
WORDS = MappingProxyType(
    {
        Decision.ALLOWED: "ALLOWED",
        Decision.DENIED: "DENIED",
        Decision.UNDECIDED: "BLOCKED: cannot be told",
        Decision.NOT_VERIFIED: "NOT VERIFIED",
        Decision.ERROR: "COULD NOT DECIDE",
    }
)

#: Decisions that no finding and no failed verification explains.
_WHY_NOT = {
    "nothing-in-force": "every rule of the policy is off in this tier",
    "nothing-applicable": "no rule in force applies to anything in this lineage",
}


@dataclass(frozen=True, slots=True)
class Where:
    """Where the BOM lies, as the caller gave it, and lines in it by node, if known."""

    bom: str = BOM_NAME
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path as shown text, without ``./`` in front."""
        return escape(self._trimmed, LONG) or BOM_NAME

    @property
    def uri(self) -> str:
        """The path as an RFC 3986 reference: a relative one, or a ``file:`` URI."""
        text = _NO_BYTE.sub("\ufffd", self._trimmed) or BOM_NAME
        raw = text.encode("utf-8", "surrogateescape")
        absolute = raw.startswith(b"/")
        quoted = quote(raw.lstrip(b"/") if absolute else raw, safe="/")
        return f"file:///{quoted}" if absolute else quoted

    def line(self, node: str) -> int:
        """The line a node stands on; 1 where nobody knows."""
        return max(1, self.lines.get(node, 1))

    @property
    def _trimmed(self) -> str:
        text = self.bom
        while text.startswith("./"):
            text = text[2:].lstrip("/")
        return text


@dataclass(frozen=True, slots=True)
class Stop:
    """Why there is no yes, where no finding says so; texts are not escaped.

    ``rule`` stands where the id of a rule would: no policy can have one with a slash.
    """

    rule: str
    reason: str
    message: str
    where: str = ""
    hint: str = ""
    broke: bool = False


def stop(verdict: Verdict) -> Stop | None:
    """What kept a verdict from being ``allowed`` beside its blocking findings."""
    if verdict.decision is Decision.ALLOWED:
        return None
    broke = verdict.decision is Decision.ERROR
    found = verdict.verification
    if found.message:
        return Stop(
            "aibom/verification",
            found.reason or verdict.reason,
            found.message,
            found.where,
            found.hint,
            broke,
        )
    if verdict.blocking:
        return None
    told = _WHY_NOT.get(verdict.reason, f"the decision is {verdict.decision.value}")
    return Stop("aibom/decision", verdict.reason, told, broke=broke)


def exception_of(result: Result) -> str:
    """The id of the exception in force for a finding; empty for none.

    The one place where renderers ask. An exception that is not in force, or is for
    something else, is no concern of a result: see ``Verdict.exceptions``.
    """
    if not result.is_finding:
        return ""
    return result.exception or ("--against" if result.known else "")


def exception_reason(verdict: Verdict, result: Result) -> str:
    """``excepted by ID until DATE: REASON``, as far as the verdict tells; escaped."""
    name = exception_of(result)
    if result.known and not result.exception:
        return "known: an old verdict has it too"
    notes = [note for note in verdict.exceptions if note.id == name]
    told = f"excepted by {escape(name)}"
    return f"{told}{_note(notes[0])}" if notes else told


def _note(note: ExceptionNote) -> str:
    until = f" until {escape(note.expires)}" if note.expires else ""
    by = f", approved by {escape(note.approved_by)}" if note.approved_by else ""
    ticket = f", {escape(note.ticket)}" if note.ticket else ""
    reason = f": {escape(note.reason, LONG)}" if note.reason else ""
    return f"{until}{by}{ticket}{reason}"


def by_severity(results: Iterable[Result]) -> list[Result]:
    """Blocking ones first, then the worst; the same order whatever the input's."""
    return sorted(results, key=_order)


def _order(result: Result) -> tuple[object, ...]:
    return (
        not result.blocks,
        _WORST_FIRST[result.severity],
        _STATUS.get(result.status, len(_STATUS)),
        *(result.rule, result.node, result.term, result.reason, result.actual),
    )


def left_standing(verdict: Verdict) -> list[Result]:
    """The findings that no exception covers, worst first."""
    return by_severity(one for one in verdict.findings if not exception_of(one))


def rules(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Results by rule, rules by name, results in the order of :func:`by_severity`."""
    grouped: dict[str, list[Result]] = {}
    for result in by_severity(results):
        grouped.setdefault(result.rule, []).append(result)
    return {rule: grouped[rule] for rule in sorted(grouped)}


def worst(results: Iterable[Result]) -> Severity:
    """The worst severity among results, of which there is at least one."""
    return min((one.severity for one in results), key=_WORST_FIRST.__getitem__)


def title(result: Result) -> str:
    """``rule: reason``, escaped."""
    return f"{escape(result.rule)}: {escape(result.reason)}"


def message(result: Result) -> str:
    """What was found about what, and what was expected; escaped, one line."""
    told = f"{escape(result.label) or escape(result.node)}: {escape(result.reason)}"
    if result.actual:
        told += f"; found: {escape(result.actual, LONG)}"
    if result.expected:
        told += f"; expected: {escape(result.expected, LONG)}"
    return told


def shown_path(path: Sequence[PathHop]) -> Sequence[PathHop]:
    """A path for one line: at most forty hops, the middle left out, and said so."""
    if len(path) <= _HOPS:
        return path
    half = _HOPS // 2
    gap = PathHop("", f"… {len(path) - 2 * half:,} more …", "step")
    return (*path[:half], gap, *path[-half:])


def fingerprint(result: Result) -> str:
    """Stable over runs: of rule and node, and of what was found where it has a term.

    Without a term it is ``Result.fingerprint``.
    """
    parts = [result.rule, result.node, *([result.term] if result.term else ())]
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def json_bytes(document: Any) -> bytes:
    """Indented, sorted JSON in UTF-8, safe to print in a CI log.

    A runner of GitHub Actions looks for ``##[command]`` anywhere in a line, so that
    sequence is written with a JSON escape; a reader gets it back as it was.
    """
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return _encoded(text)


def json_rows(document: Any, depth: int) -> bytes:
    """The same, with lines broken only down to ``depth``: what lies deeper is one line.

    For long lists of records: a record per line can be read and compared, and is
    written many times as fast.
    """
    encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
    return _encoded(_rows(document, depth, "\n", encode))


def _rows(value: Any, depth: int, line: str, encode: Callable[[Any], str]) -> str:
    if depth == 0 or not value or not isinstance(value, (dict, list)):
        return encode(value)
    inner = f"{line}  "
    if isinstance(value, list):
        told = [_rows(item, depth - 1, inner, encode) for item in value]
        return f"[{inner}{f',{inner}'.join(told)}{line}]"
    told = [
        f"{encode(key)}: {_rows(value[key], depth - 1, inner, encode)}"
        for key in sorted(value)
    ]
    return f"{{{inner}{f',{inner}'.join(told)}{line}}}"


def _encoded(text: str) -> bytes:
    return f"{text}\n".replace("##[", "#\\u0023[").encode("utf-8", "backslashreplace")
