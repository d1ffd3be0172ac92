"""A questionnaire that came back, in whatever form: its head, and entries with places.

Everything is bounded before it is parsed: bytes, and how many parts there are. What a
place is, is said as whoever filled it in sees it: a cell, a line, the id of a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aibom.attest.answers_statement import MAX_ANSWERS
from aibom.errors import AibomError, DocumentInvalid, PolicyInvalid
from aibom.operations.suppliers.xlsx_read import MAX_BYTES, read_xlsx
from aibom.reading import MISSING, Reader, parse_time, parse_yaml
from aibom.report.text import escape
from aibom.statement import parse_json

__all__ = ["MAX_BYTES", "MAX_PARTS", "Entry", "Filled", "Placed", "read_filled"]

#: Values, keys, lists and mappings of YAML or JSON: 5,000 questions have fewer.
MAX_PARTS = 250_000
_TOO_MANY = (
    f"a questionnaire has at most {MAX_ANSWERS:,} questions; ask with one for each part"
)
#: How a YAML error names a place.
_MARK = re.compile(r' in "<unicode string>", line (\d+), column \d+:?')
#: How files begin that people send instead, and what to do with those.
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"<",
        "is the page itself, not what it saves",
        "open it in a browser, answer, and save: it writes answers.json",
    ),
    (
        b"%PDF-",
        "is a PDF, of which no answers are read",
        "ask for the form filled in; keep this: aibom evidence add FILE --about …",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "is a spreadsheet in the old format, or one with a password",
        "save it as .xlsx, without a password",
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer as it was filled in; ``cells`` are the places of its keys."""

    where: str
    value: Any
    cells: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Filled:
    """The whole: ``unread`` are places in which something stands that is not read."""

    head: Mapping[str, Any]
    entries: tuple[Entry, ...]
    unread: tuple[str, ...] = ()


class Placed(Reader):
    """A reader that tells of a key as the place where somebody wrote it."""

    def __init__(
        self, entry: Entry, problems: list[str], value: Any = MISSING, lead: str = ""
    ) -> None:
        self._entry, self._lead = entry, lead
        found = entry.value if value is MISSING else value
        super().__init__(found, entry.where, problems)

    def problem(self, message: str, key: str | None = None) -> None:
        """Note a problem at this mapping, or at one of its keys."""
        name = f"{self._lead}{key or ''}".rstrip(".")
        place = self._entry.cells.get(name) or (
            f"{self.where}{', ' if name else ''}{name}"
        )
        self.problems.append(f"{place}: {message}")

    def time(self, key: str, default: Any = MISSING) -> Any:
        """A day, or a time with a zone; a problem shows what stands there."""
        value = self.raw(key, default)
        if not isinstance(value, str):
            return super().time(key, default)
        try:
            return parse_time(value.strip())
        except ValueError:
            told = escape(value.strip(), 40)
            self.problem(f"'{told}' is no day; write it as in 2026-11-21", key)
            return None

    def reader(self, key: str) -> Reader:
        """A reader of the mapping under ``key``."""
        return Placed(self._entry, self.problems, self.raw(key), f"{self._lead}{key}.")

    def readers(self, key: str, default: Any = MISSING) -> list[Reader]:
        """A reader for each mapping of the list under ``key``."""
        listed = self._typed(key, default, (list, tuple), "a list") or ()
        lead = f"{self._lead}{key}."
        if any(not isinstance(item, dict) for item in listed):
            self.problem("each is written as  - {name: FILE, sha256: …}", key)
            return []
        return [Placed(self._entry, self.problems, item, lead) for item in listed]


def read_filled(data: bytes, where: str) -> Filled:
    """Read what came back; what it says is not looked at.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``answers-unreadable``,
    ``document-too-large`` (before it is parsed), what
    :func:`~.xlsx_read.read_xlsx` raises, and what YAML and JSON are refused for.
    """
    if data[:2] == b"PK":
        sheet = read_xlsx(data, where)
        rows = tuple(Entry(row.where, row.value, row.cells) for row in sheet.rows)
        return Filled(sheet.head, rows, sheet.unread)
    document, lines = _parsed(data, where)
    if not isinstance(document, dict):
        raise _unreadable("is no questionnaire", where)
    head = {key: value for key, value in document.items() if key != "questions"}
    listed = document.get("questions")
    if not isinstance(listed, list):
        raise _unreadable("has no list of questions", where)
    entries = (
        Entry(_place(where, one, index, lines), one)
        for index, one in enumerate(listed[: MAX_ANSWERS + 1])
    )
    return Filled(head, tuple(entries))


def _place(where: str, entry: Any, index: int, lines: tuple[int, ...]) -> str:
    name = entry.get("id") if isinstance(entry, dict) else None
    told = str(name)[:120] if name else f"questions[{index}]"
    return f"{where}, line {lines[index]}, {told}" if lines else f"{where}, {told}"


def _parsed(data: bytes, where: str) -> tuple[Any, tuple[int, ...]]:
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:8]
    for first, message, hint in _OTHERS:
        if start.startswith(first):
            raise _unreadable(message, where, hint)
    if start[:1] == b"{":
        _require_few(sum(data.count(mark) for mark in (b"{", b"[", b",")), where)
        return parse_json(data, where, limit=MAX_BYTES), ()
    try:
        lines = tuple(_lines(data, where))
        return parse_yaml(data, where), lines
    except PolicyInvalid as error:
        raise _as_document(error, where) from None


def _as_document(error: AibomError, where: str) -> DocumentInvalid:
    if error.reason != "policy-unreadable":
        hint = _TOO_MANY if error.reason == "document-too-large" else error.hint
        return DocumentInvalid(
            error.message, reason=error.reason, where=where, hint=hint
        )
    if error.message.startswith("not UTF-8"):
        return _unreadable(error.message, where, "save it as UTF-8, in any editor")
    return _unreadable(
        _MARK.sub(r" at line \1", " ".join(error.message.split())),
        where,
        'put texts into double quotes, as in answer: "…"; text of several lines goes '
        "below  answer: |  , indented by six spaces",
    )


def _lines(data: bytes, where: str) -> Iterator[int]:
    """The line of each entry of ``questions``, by events: nothing is built of them.

    Raises ``document-too-large`` at the first part beyond what is read. What is wrong
    otherwise is for :func:`~aibom.reading.parse_yaml` to tell.
    """
    import yaml

    parts, found, depth = 0, 0, 0
    key, is_key, inside = "", True, False
    try:
        text = data.decode("utf-8")
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                inside = inside and depth >= _IN_LIST
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            parts += 1
            _require_few(parts, where)
            if inside and depth == _IN_LIST:
                found += 1
                _require_few_entries(found, where)
                yield event.start_mark.line + 1 if event.start_mark else 0
            if depth == 1:
                inside = not is_key and key == "questions"
                key = getattr(event, "value", "") if is_key else ""
                is_key = not is_key
            depth += isinstance(event, yaml.CollectionStartEvent)
            inside = inside and depth >= _IN_LIST
    except (yaml.YAMLError, ValueError):
        return


#: Depth inside the list of questions: a list in a mapping.
_IN_LIST = 2


def _require_few(parts: int, where: str) -> None:
    if parts > MAX_PARTS:
        raise _too_large(f"has more than {MAX_PARTS:,} values", where)


def _require_few_entries(entries: int, where: str) -> None:
    if entries > MAX_ANSWERS:
        raise _too_large(f"has more than {MAX_ANSWERS:,} questions", where)


def _too_large(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        message, reason="document-too-large", where=where, hint=_TOO_MANY
    )


def _unreadable(message: str, where: str, hint: str = "") -> DocumentInvalid:
    return DocumentInvalid(
        message,
        reason="answers-unreadable",
        where=where,
        hint=hint
        or "send the file that you were asked with, filled in: .xlsx, .yaml, or the "
        "answers.json that the page saves",
    )
