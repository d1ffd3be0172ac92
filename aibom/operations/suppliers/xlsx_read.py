"""A spreadsheet that came back: its cells as texts, and nothing else of it.

The archive is looked at before anything parses it: its size, how many parts, how large
they unpack to, macros, links to elsewhere, and declarations of XML entities. Only then
is it read, as texts, up to a number of rows. A formula is refused, and never computed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any

from aibom.attest.answers_statement import MAX_ANSWERS
from aibom.errors import AibomError, DocumentInvalid
from aibom.operations.suppliers.xlsx import (
    ABOUT_SHEET,
    COLUMNS,
    QUESTIONS_SHEET,
    openpyxl,
)

__all__ = ["MAX_BYTES", "Row", "Sheet", "read_xlsx"]

#: Of the file; of all parts unpacked; parts.
MAX_BYTES = 16 * 1024 * 1024
_MAX_UNPACKED = 16 * 1024 * 1024
#: Of one part that only says how things look, or what parts there are.
_MAX_STYLES = 256 * 1024
_MAX_PARTS = 200
#: Tags in all parts: 5,000 rows that are full have half of them.
_MAX_TAGS = 1_000_000
#: Columns beyond the form that are looked at, and places told of them.
_BEYOND, _TOLD = 20, 20
_MAX_CELL = 32_767
_ABOUT_ROWS = 60
_REFUSED = ("vbaproject", "externallink", "activex", "embeddings/", "macrosheets/")
_RISKY = ("=", "+", "-", "@")
#: Letters of the columns that are looked at.
_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + tuple(
    f"A{letter}" for letter in "ABCDEFGH"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row in the shape of the YAML form, with the cell of each key."""

    where: str
    value: dict[str, Any]
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read; ``unread`` are places in which something else stands."""

    head: dict[str, Any]
    rows: tuple[Row, ...]
    unread: tuple[str, ...] = ()


def read_xlsx(data: bytes, where: str) -> Sheet:
    """The head of a questionnaire, and its rows, each with the cells it stands in.

    What the texts are worth is not looked at.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``document-too-large``,
    ``answers-active-content``, ``answers-formula`` (all of them at once),
    ``answers-unreadable``; and what :func:`~.xlsx.openpyxl` raises.
    """
    library = openpyxl()
    comments = _require_harmless(data, where)
    try:
        return _read(library, data, where, comments)
    except AibomError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a broken file makes it raise
        raise _unreadable(f"{type(error).__name__}: {error}"[:200], where) from None


def _read(library: Any, data: bytes, where: str, comments: list[str]) -> Sheet:
    book = library.load_workbook(
        io.BytesIO(data), read_only=True, data_only=False, keep_links=False
    )
    try:
        for name in (QUESTIONS_SHEET, ABOUT_SHEET):
            if name not in book.sheetnames:
                found = ", ".join(map(repr, book.sheetnames[:5]))[:200]
                raise _unreadable(f"there is no sheet {name!r}, only {found}", where)
        reading = _Reading(where, [], [f"{where}, {text}" for text in comments])
        head = _head(book[ABOUT_SHEET], reading)
        rows = tuple(_rows(book[QUESTIONS_SHEET], reading))
        others = (n for n in book.sheetnames if n not in (QUESTIONS_SHEET, ABOUT_SHEET))
        reading.unread.extend(f"{where}, sheet {name[:60]!r}" for name in others)
    finally:
        book.close()
    if reading.formulas:
        raise _formulas(reading.formulas, where)
    return Sheet(head, rows, tuple(reading.unread[:_TOLD]))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is noted on the way."""

    where: str
    formulas: list[str]
    unread: list[str]


def _formulas(places: list[str], where: str) -> DocumentInvalid:
    left = len(places) - _TOLD
    more = f", and {left:,} more" if left > 0 else ""
    return DocumentInvalid(
        f"holds a formula: {', '.join(places[:_TOLD])}{more}",
        reason="answers-formula",
        where=where,
        hint="answers are texts: paste the value in its place, or begin a text that "
        "starts with = by an apostrophe",
    )


# ── before anything parses it ──


def _require_harmless(data: bytes, where: str) -> list[str]:
    """Refuse what is too large or active; tells of notes that are not read."""
    if len(data) > MAX_BYTES:
        raise _too_large(f"{len(data):,} bytes, over the limit of {MAX_BYTES:,}", where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _require_bounded(archive, where)
            parts = archive.infolist()
            tags = sum(_require_plain(archive, entry, where) for entry in parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise _unreadable(f"not a spreadsheet: {error}", where) from None
    except (NotImplementedError, ValueError) as error:
        raise _unreadable(f"not a spreadsheet: {error}", where) from None
    if tags > _MAX_TAGS:
        raise _too_large(f"has more than {_MAX_TAGS:,} cells and marks", where)
    noted = any("comments" in part.filename.lower() for part in parts)
    return ["comments on cells"] if noted else []


def _require_bounded(archive: zipfile.ZipFile, where: str) -> None:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > _MAX_PARTS:
        raise _too_large(f"{len(entries):,} parts, more than {_MAX_PARTS}", where)
    if total > _MAX_UNPACKED:
        raise _too_large(f"unpacks to {total:,} bytes", where)
    for entry in entries:
        is_look = "styles" in entry.filename.lower() or entry.filename.startswith("[")
        if is_look and entry.file_size > _MAX_STYLES:
            raise _too_large(f"{entry.filename[:100]!r} is too large", where)
    names = [entry.filename for entry in entries]
    if "mimetype" in names or "Index/Document.iwa" in names:
        raise _unreadable("is a spreadsheet of another kind: save it as .xlsx", where)
    if len(set(names)) != len(names):
        raise _unreadable("two parts have one name", where)
    for name in names:
        if any(word in name.lower() for word in _REFUSED):
            raise DocumentInvalid(
                f"holds {name[:100]!r}: macros, links and embedded files are refused",
                reason="answers-active-content",
                where=where,
                hint="ask for the answers as a plain .xlsx, or as YAML",
            )


def _require_plain(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> int:
    """XML in UTF-8 without declarations: entities could grow, or name other files.

    Gives how many tags there are, which is what takes time to parse.
    """
    # No more is read than the directory announces, which was added up before.
    part = archive.read(entry)
    if entry.filename.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".emf")):
        return 0  # a picture; whatever is read as XML has to be called so
    if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
        raise DocumentInvalid(
            f"holds {entry.filename[:100]!r}, which is no part of a spreadsheet",
            reason="answers-active-content",
            where=where,
            hint="save it as a plain .xlsx",
        )
    try:
        text = part.decode("utf-8")
    except UnicodeDecodeError:
        raise _unreadable(f"{entry.filename[:100]!r} is not UTF-8", where) from None
    told = text.lstrip("\ufeff \t\r\n")[:200].split("?>")[0].lower()
    is_other = "encoding" in told and "utf-8" not in told and told.startswith("<?xml")
    if is_other or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DocumentInvalid(
            f"{entry.filename[:100]!r} declares entities or another encoding",
            reason="answers-active-content",
            where=where,
            hint="save it as a plain .xlsx with a usual program",
        )
    return text.count("<")


# ── cells ──


def _head(sheet: Any, reading: _Reading) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, row in enumerate(sheet.iter_rows(max_row=_ABOUT_ROWS, max_col=2), 1):
        texts = [
            _text(cell, reading, f"sheet {ABOUT_SHEET}, cell {letter}{number}")
            for letter, cell in zip("AB", row, strict=False)
        ]
        key, text = (*texts, "", "")[:2]
        if key and key != "note" and text:
            _set(found, key, text)
    return found


def _rows(sheet: Any, reading: _Reading) -> Iterator[Row]:
    where, wide = reading.where, len(COLUMNS)
    rows = sheet.iter_rows(max_row=MAX_ANSWERS + 2, max_col=wide + _BEYOND)
    titles = [_text(cell, reading, "row 1") for cell in next(rows, ())][:wide]
    if titles != [title for title, _, _ in COLUMNS]:
        raise _other_titles(titles, where)
    for number, row in enumerate(rows, start=2):
        if number > MAX_ANSWERS + 1:
            raise _too_large(f"more than {MAX_ANSWERS:,} rows", where)
        cells = {
            key: f"cell {_LETTERS[index]}{number} ({title})"
            for index, (title, key, _) in enumerate(COLUMNS)
        }
        texts = {
            key: _text(cell, reading, cells[key], key)
            for cell, (_, key, _) in zip(row, COLUMNS, strict=False)
        }
        _beyond(row[wide:], number, reading)
        if any(texts.values()):
            placed = {key: f"{where}, {place}" for key, place in cells.items()}
            yield Row(f"{where}, row {number}", _as_entry(texts), placed)


def _beyond(cells: Sequence[Any], number: int, reading: _Reading) -> None:
    """Note what somebody wrote to the right of the form."""
    for index, cell in enumerate(cells, start=len(COLUMNS)):
        if cell.value not in (None, "") and len(reading.unread) < _TOLD:
            place = f"cell {_LETTERS[index]}{number}, to the right of the form"
            reading.unread.append(f"{reading.where}, {place}")


def _other_titles(titles: Sequence[str], where: str) -> DocumentInvalid:
    wanted = [title for title, _, _ in COLUMNS]
    pairs = enumerate(zip_longest(titles, wanted, fillvalue=""))
    odd = next((i, is_, was) for i, (is_, was) in pairs if is_ != was)
    return _unreadable(
        f"the first row is not that which was sent: cell {_LETTERS[odd[0]]}1 is "
        f"{odd[1][:60]!r}, and was {odd[2]!r}",
        where,
    )


def _as_entry(cells: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for key, text in cells.items():
        if text and not key.startswith("evidence."):
            _set(entry, key, text)
    names = cells.get("evidence.name", "").splitlines()
    digests = cells.get("evidence.sha256", "").split()
    files = [name.strip() for name in names if name.strip()]
    if files or digests:
        longest = max(len(files), len(digests))
        padded = [*digests, *[""] * (longest - len(digests))]
        entry["evidence"] = [
            {"name": name, "sha256": digest} if digest else {"name": name}
            for name, digest in zip(
                [*files, *[""] * (longest - len(files))], padded, strict=True
            )
        ]
    return entry


def _set(target: dict[str, Any], key: str, text: str) -> None:
    outer, _, inner = key.partition(".")
    if not inner:
        target[outer] = text
        return
    held = target.setdefault(outer, {})
    if isinstance(held, dict):
        held[inner] = text


def _text(cell: Any, reading: _Reading, place: str, key: str = "") -> str:
    """A cell as text: numbers as they are read, a date as a date."""
    value = cell.value
    if cell.data_type == "f" or (cell.data_type != "s" and _is_formula(value)):
        reading.formulas.append(place)
        return ""
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)[: _MAX_CELL + 1].strip()
    # Ours: an apostrophe before what could begin a formula.
    if key not in ("answer", "exact") and text[:1] == "'" and text[1:2] in _RISKY:
        text = text[1:]
    return text


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("=")


def _too_large(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        message,
        reason="document-too-large",
        where=where,
        hint="a form that was filled in is far smaller: leave out what was added to it",
    )


def _unreadable(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        message,
        reason="answers-unreadable",
        where=where,
        hint="send the file that you were asked with, filled in: .xlsx, .yaml, or the "
        "answers.json that the page saves",
    )
