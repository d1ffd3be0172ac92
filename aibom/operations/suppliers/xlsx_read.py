"""A spreadsheet that came back: its cells as texts, and nothing else of it.

The archive is looked at before anything parses it: its size, how many parts, how large
they unpack to, macros, links to elsewhere, and declarations of XML entities. Only then
is it read, as texts, up to a number of rows. A formula is refused, and never computed.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from aibom.attest.answers_statement import MAX_ANSWERS
from aibom.errors import AibomError, DocumentInvalid
from aibom.operations.suppliers.xlsx import (
    ABOUT_SHEET,
    COLUMNS,
    QUESTIONS_SHEET,
    openpyxl,
)

__all__ = ["MAX_BYTES", "read_xlsx"]

#: Of the file; of all parts unpacked; parts.
MAX_BYTES = 16 * 1024 * 1024
_MAX_UNPACKED = 16 * 1024 * 1024
#: Of one part that only says how things look, or what parts there are.
_MAX_STYLES = 256 * 1024
_MAX_PARTS = 200
_MAX_CELL = 32_767
_ABOUT_ROWS = 60
_REFUSED = ("vbaproject", "externallink", "activex", "embeddings/", "macrosheets/")
_RISKY = ("=", "+", "-", "@")


def read_xlsx(
    data: bytes, where: str
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """The head of a questionnaire, and its rows, each with the place it stands at.

    Both have the shape of the YAML form; what the texts are worth is not looked at.

    Raises :class:`~aibom.errors.DocumentInvalid`: ``document-too-large``,
    ``answers-active-content``, ``answers-formula``, ``answers-unreadable``; and what
    :func:`~.supplier_xlsx.openpyxl` raises.
    """
    library = openpyxl()
    _require_harmless(data, where)
    try:
        return _read(library, data, where)
    except AibomError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a broken file makes it raise
        raise _unreadable(f"{type(error).__name__}: {error}"[:200], where) from None


def _read(
    library: Any, data: bytes, where: str
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    book = library.load_workbook(
        io.BytesIO(data), read_only=True, data_only=False, keep_links=False
    )
    try:
        for name in (QUESTIONS_SHEET, ABOUT_SHEET):
            if name not in book.sheetnames:
                raise _unreadable(f"there is no sheet {name!r}", where)
        head = _head(book[ABOUT_SHEET], where)
        return head, list(_rows(book[QUESTIONS_SHEET], where))
    finally:
        book.close()


# ── before anything parses it ──


def _require_harmless(data: bytes, where: str) -> None:
    if len(data) > MAX_BYTES:
        raise _too_large(f"{len(data):,} bytes, over the limit of {MAX_BYTES:,}", where)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _require_bounded(archive, where)
            for entry in archive.infolist():
                _require_plain(archive, entry, where)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise _unreadable(f"not a spreadsheet: {error}", where) from None
    except (NotImplementedError, ValueError) as error:
        raise _unreadable(f"not a spreadsheet: {error}", where) from None


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


def _require_plain(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str
) -> None:
    """XML in UTF-8 without declarations: entities could grow, or name other files."""
    # No more is read than the directory announces, which was added up before.
    part = archive.read(entry)
    if entry.filename.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".emf")):
        return  # a picture; whatever is read as XML has to be called so
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
        )


# ── cells ──


def _head(sheet: Any, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in sheet.iter_rows(max_row=_ABOUT_ROWS, max_col=2):
        place = f"{where}, sheet {ABOUT_SHEET}"
        texts = [_text(cell, place) for cell in row]
        key, text = (*texts, "", "")[:2]
        if key and key != "note" and text:
            _set(found, key, text)
    return found


def _rows(sheet: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = sheet.iter_rows(max_row=MAX_ANSWERS + 2, max_col=len(COLUMNS))
    titles = [_text(cell, where) for cell in next(rows, ())]
    if titles != [title for title, _, _ in COLUMNS]:
        raise _unreadable("the first row does not have the titles it was sent", where)
    for number, row in enumerate(rows, start=2):
        if number > MAX_ANSWERS + 1:
            raise _too_large(f"more than {MAX_ANSWERS:,} rows", where)
        place = f"{where}, row {number}"
        cells = {
            column[1]: _text(cell, f"{place}, {column[0]}", column[1])
            for cell, column in zip(row, COLUMNS, strict=False)
        }
        if any(cells.values()):
            yield place, _as_entry(cells)


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


def _text(cell: Any, where: str, key: str = "") -> str:
    """A cell as text: numbers as they are read, a date as a date."""
    value = cell.value
    if cell.data_type == "f" or (cell.data_type != "s" and _is_formula(value)):
        raise DocumentInvalid(
            "holds a formula",
            reason="answers-formula",
            where=where,
            hint="answers are texts: paste the value in its place",
        )
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
    return DocumentInvalid(message, reason="document-too-large", where=where)


def _unreadable(message: str, where: str) -> DocumentInvalid:
    return DocumentInvalid(
        message,
        reason="answers-unreadable",
        where=where,
        hint="send the file that you were asked with, filled in: .xlsx, .yaml, or the "
        "answers.json that the page saves",
    )
