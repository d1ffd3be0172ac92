"""Answers that came back: read as something hostile, and written down as a statement.

Whatever form they came in, they are one plain document then, of which every problem is
told at once. Nothing in them is believed: the statement says who is said to have
answered what, and when that was received. It is worth a claim until the supplier signs
it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.answers_statement import (
    MAX_ANSWERS,
    MAX_EVIDENCE,
    MAX_NAME,
    SuppliedAnswer,
    SuppliedAnswers,
    Thing,
    answers_statement,
    read_answer,
    read_answers,
    read_thing,
)
from aibom.bom.parse import read_bytes
from aibom.digest import Digest, hash_path
from aibom.errors import DocumentInvalid, InputError, PolicyInvalid
from aibom.operations.files import write_atomic
from aibom.operations.records import STATEMENT_END
from aibom.operations.suppliers.about import require_received, supplier_party
from aibom.operations.suppliers.forms import FILLED_IN
from aibom.operations.suppliers.questions import API_VERSION, EXACT
from aibom.operations.suppliers.xlsx_read import MAX_BYTES, read_xlsx
from aibom.reading import Reader, parse_yaml
from aibom.report.text import escape
from aibom.statement import parse_json

__all__ = ["Imported", "import_answers"]

_IGNORED = ("asks", "known", "wanted")
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_BOM = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What was written: the statement, and how much of what was asked was answered.

    ``checked`` are names of supporting files that were there and are what the answers
    say; ``absent`` those that were not.
    """

    path: Path
    given: SuppliedAnswers
    asked: int
    checked: tuple[str, ...]
    absent: tuple[str, ...]


def import_answers(
    path: Path,
    *,
    by: str,
    received: datetime,
    now: datetime,
    output: Path,
    known: Sequence[str],
    about: Digest | None = None,
) -> Imported:
    """Read what came back, and write it into the folder ``output`` as a statement.

    ``known`` are the ids of the questions that there are. ``about`` is the product that
    the answers must be about. Files that answers name are looked for beside ``path``,
    and must then be what the answers say.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``answers-invalid`` with every
    problem, ``answers-empty``, what :func:`~.supplier_xlsx_read.read_xlsx` raises, and
    what YAML and JSON are refused for; :class:`~aibom.errors.InputError`:
    ``answers-about-another``, ``answer-evidence-differs``;
    :class:`~aibom.errors.UsageError`: ``supplier-not-an-organisation``,
    ``received-in-future``.
    """
    party = supplier_party(by)
    require_received(received, now)
    data = read_bytes(path, limit=MAX_BYTES)
    beside = _Beside(path.parent)
    head, entries = _document(data, str(path))
    given = _given(_Filled(head, entries, str(path), frozenset(known)), beside)
    if about is not None:
        given = _about(given, about, str(path))
    digest = hashlib.sha256(data).hexdigest()
    source = (escape(path.name, MAX_NAME // 2), digest)
    given = replace(given, by=party, received=received, source=source)
    statement = answers_statement(given)
    read_answers(statement, "the answers")
    output.mkdir(parents=True, exist_ok=True)
    written = output / f"{statement.payload_digest}{STATEMENT_END}"
    write_atomic(written, statement.payload)
    return Imported(
        written, given, len(entries), tuple(beside.checked), tuple(beside.absent)
    )


# ── one document, whatever it came in ──

_Entries = list[tuple[str, Any]]


def _document(data: bytes, where: str) -> tuple[dict[str, Any], _Entries]:
    """The head, and each entry with the place it stands at."""
    if data[:2] == b"PK":
        head, rows = read_xlsx(data, where)
        return head, list(rows)
    document = _parsed(data, where)
    if not isinstance(document, dict):
        raise _unreadable("is no questionnaire", where)
    head = {key: value for key, value in document.items() if key != "questions"}
    listed = document.get("questions")
    if not isinstance(listed, list):
        raise _unreadable("has no list of questions", where)
    named = [(_place(where, one, index), one) for index, one in enumerate(listed)]
    return head, named


def _place(where: str, entry: Any, index: int) -> str:
    name = entry.get("id") if isinstance(entry, dict) else None
    return f"{where}, {str(name)[:120]}" if name else f"{where}, questions[{index}]"


def _parsed(data: bytes, where: str) -> Any:
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        return parse_json(data, where, limit=MAX_BYTES)
    if start == b"<":
        raise DocumentInvalid(
            "is the page itself, not what it saves",
            reason="answers-unreadable",
            where=where,
            hint="open it in a browser, answer, and save: it writes answers.json",
        )
    try:
        return parse_yaml(data, where)
    except PolicyInvalid as error:
        if error.reason == "policy-unreadable":
            raise _unreadable(error.message, where) from None
        raise DocumentInvalid(
            error.message, reason=error.reason, where=where, hint=error.hint
        ) from None


def _unreadable(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(message, reason="answers-unreadable", where=where)


# ── what it says ──


@dataclass(frozen=True, slots=True)
class _Filled:
    head: Mapping[str, Any]
    entries: _Entries
    where: str
    known: frozenset[str]


def _given(filled: _Filled, beside: _Beside) -> SuppliedAnswers:
    top = Reader(dict(filled.head), filled.where)
    top.choice("apiVersion", (API_VERSION,))
    listed = top.reader("catalogue")
    catalogue = (listed.text("name"), listed.text("version"))
    listed.close()
    product = read_thing(top.reader("product"))
    bom = top.text("bom")
    if isinstance(bom, str) and not _BOM.fullmatch(bom):
        top.problem("is not sha256:HEX", "bom")
    if len(filled.entries) > MAX_ANSWERS:
        top.problem(f"has more than {MAX_ANSWERS:,} questions")
    answers: dict[str, SuppliedAnswer] = {}
    for where, value in filled.entries[:MAX_ANSWERS]:
        answer = _answer(value, where, top, filled, beside)
        if answer is None:
            continue
        if answer.id in answers:
            top.problem(f"{answer.id} stands twice", "questions")
        answers[answer.id] = answer
    top.finish(DocumentInvalid, "answers-invalid")
    said = tuple(one for one in answers.values() if one.text or one.exact)
    if not said:
        raise DocumentInvalid(
            "nothing is answered",
            reason="answers-empty",
            where=filled.where,
            hint="fill in `answer`, or `exact`, of at least one question",
        )
    return _made(product, bom, catalogue, said)


def _made(
    product: Thing | None,
    bom: str,
    catalogue: tuple[str, str],
    answers: tuple[SuppliedAnswer, ...],
) -> SuppliedAnswers:
    assert product is not None  # a problem otherwise, which was raised
    return SuppliedAnswers(
        by="",
        received=datetime.min,
        subject=product.digest or bom,
        subject_name=product.name,
        is_bom=not product.digest,
        catalogue=catalogue,
        source=("", ""),
        answers=answers,
    )


def _answer(
    value: Any, where: str, top: Reader, filled: _Filled, beside: _Beside
) -> SuppliedAnswer | None:
    entry = Reader(_without_blanks(value), where, top.problems)
    answer = read_answer(entry, "valid_until", beside.files, _IGNORED)
    if answer is None:
        return None
    if answer.question not in filled.known:
        entry.problem(f"there is no question {answer.question!r}", "id")
    if answer.exact and answer.question not in EXACT:
        entry.problem("this question has no exact value: use `answer`", "exact")
    extra = answer.since or answer.valid_until or answer.evidence
    if extra and not (answer.text or answer.exact):
        entry.problem("has dates or files, but says nothing", "answer")
    return answer


def _without_blanks(value: Any) -> Any:
    """What was left open is the same as not there."""
    if not isinstance(value, dict):
        return value
    return {
        key: inner
        for key, inner in value.items()
        if key not in FILLED_IN or not _is_blank(inner)
    }


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _about(given: SuppliedAnswers, about: Digest, where: str) -> SuppliedAnswers:
    """The same, about these bytes; of answers about a BOM alone, that is added."""
    if not given.is_bom and given.subject != str(about):
        raise InputError(
            f"these are answers about {given.subject}, not about {about}",
            reason="answers-about-another",
            where=where,
            hint="leave out --about, or import the answers about this one",
        )
    return replace(given, subject=str(about), is_bom=False)


class _Beside:
    """Files that answers name, looked for in the folder of the answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, str | None] = {}
        self.checked: list[str] = []
        self.absent: list[str] = []

    def files(self, entry: Reader) -> tuple[tuple[str, str], ...]:
        """What an entry names, each with a digest: its own, or that of the file."""
        readers = entry.readers("evidence", ())
        if len(readers) > MAX_EVIDENCE:
            entry.problem(f"names more than {MAX_EVIDENCE} files", "evidence")
        found = [self._file(one) for one in readers[:MAX_EVIDENCE]]
        return tuple(one for one in found if one is not None)

    def _file(self, one: Reader) -> tuple[str, str] | None:
        name, stated = one.text("name"), one.text("sha256", None)
        one.close()
        if not isinstance(name, str) or not name.strip():
            return None
        name = name.strip()
        if len(name) > MAX_NAME // 2:
            one.problem(f"is longer than {MAX_NAME // 2} characters", "name")
            return None
        matched = _SHA256.fullmatch(stated.strip()) if stated else None
        if stated and matched is None:
            one.problem("is not a SHA-256 in 64 hex digits", "sha256")
            return None
        there = self._digest(name)
        if matched is None and there is None:
            one.problem("has no SHA-256, and the file is not here", "sha256")
            return None
        value = matched[1].lower() if matched else there
        if there is not None and there != value:
            raise InputError(
                f"is sha256:{there}, but the answers say sha256:{value}",
                reason="answer-evidence-differs",
                where=str(self._folder / name),
                hint="ask the supplier which of the two files is meant",
            )
        return escape(name, MAX_NAME)[:MAX_NAME], str(value)

    def _digest(self, name: str) -> str | None:
        """The SHA-256 of a file of this name in the folder; None where there is none.

        A name never leads elsewhere, and a link is no file here.
        """
        if name not in self._found:
            path = self._folder / name
            plain = (
                name == path.name and not name.startswith(".") and "\x00" not in name
            )
            is_file = plain and not path.is_symlink() and path.is_file()
            found = hash_path(path).digest.value if is_file else None
            self._found[name] = found
            (self.absent if found is None else self.checked).append(escape(name))
        return self._found[name]
