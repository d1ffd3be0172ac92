"""Answers that came back: read as something hostile, and written down as a statement.

Whatever form they came in, they are one plain document then, of which every problem is
told at once. Nothing in them is believed: the statement says who is said to have
answered what, and when that was received. It is worth a claim until the supplier signs
it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aibom.attest.answers_statement import (
    MAX_ANSWERS,
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
from aibom.digest import Digest
from aibom.errors import DocumentInvalid, InputError
from aibom.operations.files import write_atomic
from aibom.operations.records import STATEMENT_END
from aibom.operations.suppliers.about import require_received, supplier_party
from aibom.operations.suppliers.beside import Beside
from aibom.operations.suppliers.exact import points_elsewhere, wrong_with
from aibom.operations.suppliers.filled import (
    MAX_BYTES,
    Entry,
    Filled,
    Placed,
    read_filled,
)
from aibom.operations.suppliers.forms import FILLED_IN
from aibom.operations.suppliers.questions import API_VERSION, EXACT
from aibom.reading import Reader, suggest
from aibom.report.diligence.model import Status
from aibom.report.text import escape

__all__ = ["Imported", "import_answers"]

_IGNORED = ("asks", "known", "wanted")
#: Problems told at once.
_SHOWN = 50
_BOM = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Imported:
    """What was written: the statement, and how much of what was asked was answered.

    ``checked`` are names of supporting files that were there and are what the answers
    say; ``absent`` those that were not. ``unread`` are places in which something stands
    that is no part of the form, ``pointing`` the ids of answers that only say where the
    answer would be, and name no file.
    """

    path: Path
    given: SuppliedAnswers
    asked: int
    checked: tuple[str, ...]
    absent: tuple[str, ...]
    unread: tuple[str, ...] = ()
    pointing: tuple[str, ...] = ()


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
    problem, ``answers-empty``, and what :func:`~.filled.read_filled` raises;
    :class:`~aibom.errors.InputError`: ``answers-about-another``,
    ``answer-evidence-differs``;
    :class:`~aibom.errors.UsageError`: ``supplier-not-an-organisation``,
    ``received-in-future``.
    """
    party = supplier_party(by)
    require_received(received, now)
    data = read_bytes(path, limit=MAX_BYTES)
    beside, filled = Beside(path.parent), read_filled(data, str(path))
    given = _given(_Reading(filled, str(path), frozenset(known), beside))
    if about is not None:
        given = _about(given, about, str(path))
    digest = hashlib.sha256(data).hexdigest()
    source = (escape(path.name, MAX_NAME // 2), digest)
    given = replace(given, by=party, received=received, source=source)
    changed = _changed(filled)
    statement = answers_statement(given)
    read_answers(statement, "the answers")
    output.mkdir(parents=True, exist_ok=True)
    written = output / f"{statement.payload_digest}{STATEMENT_END}"
    write_atomic(written, statement.payload)
    return Imported(
        written,
        given,
        len(filled.entries),
        tuple(beside.checked),
        tuple(beside.absent),
        tuple(one.removeprefix(f"{path}, ") for one in (*filled.unread, *changed)),
        tuple(one.id for one in given.answers if points_elsewhere(one)),
    )


# ── what it says ──


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is read of, and what is known while it is read."""

    filled: Filled
    where: str
    known: frozenset[str]
    beside: Beside


def _given(reading: _Reading) -> SuppliedAnswers:
    filled = reading.filled
    top = Reader(dict(filled.head), reading.where)
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
    answers = _answers(reading, top)
    top.close()
    _finish(top.problems)
    said = tuple(one for one in answers if one.text or one.exact)
    if not said:
        raise DocumentInvalid(
            "nothing is answered",
            reason="answers-empty",
            where=reading.where,
            hint="fill in `answer`, or `exact`, of at least one question",
        )
    return _made(product, bom, catalogue, said)


def _finish(problems: Sequence[str]) -> None:
    """Raise what was noted: each once, and no more than somebody reads."""
    found = list(dict.fromkeys(problems))
    if not found:
        return
    left = len(found) - _SHOWN
    told = [*found[:_SHOWN], *([f"and {left:,} more"] if left > 0 else [])]
    raise DocumentInvalid(
        "\n  ".join(told),
        reason="answers-invalid",
        hint="correct these places with whoever answered, and import again; nothing "
        "was written",
    )


def _answers(reading: _Reading, top: Reader) -> list[SuppliedAnswer]:
    found: dict[str, tuple[SuppliedAnswer, str]] = {}
    for entry in reading.filled.entries[:MAX_ANSWERS]:
        placed = Placed(
            replace(entry, value=_without_blanks(entry.value)), top.problems
        )
        answer = _answer(placed, reading)
        if answer is None:
            continue
        if answer.id in found:
            placed.problem(
                f"the question {answer.id} stands twice, first at "
                f"{found[answer.id][1]}: leave one of them out",
                "id",
            )
        found.setdefault(answer.id, (answer, _nearby(entry, reading.where)))
    return [answer for answer, _ in found.values()]


def _nearby(entry: Entry, where: str) -> str:
    """A place in the same file."""
    place = entry.cells.get("id", entry.where)
    return place.removeprefix(f"{where}, ")


def _changed(filled: Filled) -> list[str]:
    """Places where somebody wrote over what is known, which is not read."""
    begins = tuple(status.words for status in Status)
    return [
        f"{entry.cells.get('known', f'{entry.where}, known')}, which was changed"
        for entry in filled.entries
        if isinstance(entry.value, dict)
        and isinstance(known := entry.value.get("known"), str)
        and not known.startswith(begins)
    ][:_SHOWN]


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


def _answer(entry: Placed, reading: _Reading) -> SuppliedAnswer | None:
    answer = read_answer(entry, "valid_until", reading.beside.files, _IGNORED)
    if answer is None:
        return None
    if answer.question not in reading.known:
        near = suggest(answer.question, reading.known)
        entry.problem(f"there is no question {answer.question!r}{near}", "id")
    if answer.exact and answer.question not in EXACT:
        entry.problem(
            "this question has no exact value: move the text to the answer", "exact"
        )
    elif answer.exact and (wrong := wrong_with(answer.question, answer.exact)):
        entry.problem(f"{wrong}; what is meant as a text goes to the answer", "exact")
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
