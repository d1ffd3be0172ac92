"""A questionnaire as a spreadsheet: texts only, and the same bytes every time.

No formula, no link, no macro. What is asked is locked, without a password, so that
nobody types where nothing is read. What comes from the BOM is a text with an apostrophe
before characters that a program could take for the beginning of a formula, should it be
saved in another format.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from aibom.errors import InputError
from aibom.operations.suppliers.forms import ABOUT_THIS
from aibom.operations.suppliers.questions import API_VERSION, Questionnaire

__all__ = ["ABOUT_SHEET", "COLUMNS", "QUESTIONS_SHEET", "openpyxl", "xlsx_form"]

QUESTIONS_SHEET, ABOUT_SHEET = "Questions", "About"

#: Title, key in the document, width; the filled in ones are white.
COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("Question id", "id", 18),
    ("About", "about.name", 24),
    ("Id of that", "about.node", 16),
    ("Digest of that", "about.digest", 16),
    ("Question", "asks", 32),
    ("Known now", "known", 32),
    ("What is wanted", "wanted", 48),
    ("Your answer", "answer", 48),
    ("Exact value", "exact", 32),
    ("Since (YYYY-MM-DD)", "since", 14),
    ("Valid until (YYYY-MM-DD)", "valid_until", 14),
    ("Evidence: file name", "evidence.name", 24),
    ("Evidence: SHA-256", "evidence.sha256", 24),
)
#: Columns to fill in begin here, from 0.
_FIRST_OPEN = 7
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_FIXED = b"2000-01-01T00:00:00Z"
_GREY = "FFEFEFEF"


def openpyxl() -> Any:
    """The library; raises ``InputError`` (``extra-missing``) where it is not there."""
    try:
        import openpyxl as found  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise InputError(
            "spreadsheets need openpyxl, which is not installed",
            reason="extra-missing",
            hint="pip install 'aibom[xlsx]', or use .yaml or .html",
        ) from None
    return found


def xlsx_form(asked: Questionnaire) -> bytes:
    """The questionnaire as an ``.xlsx``; raises as :func:`openpyxl` does."""
    book = openpyxl().Workbook()
    sheet = book.active
    sheet.title = QUESTIONS_SHEET
    _head(sheet)
    for number, one in enumerate(asked.questions, start=2):
        about = one.about
        texts = (one.id, about.name, about.node, about.digest)
        row = (*texts, one.asks, one.known, one.wanted)
        for column, text in enumerate(row, start=1):
            _put(sheet, number, column, text, grey=True)
        if one.exact:
            _put(sheet, number, 6, f"{one.known}\nExact value: {one.exact}", grey=True)
        for column in range(_FIRST_OPEN + 1, len(COLUMNS) + 1):
            is_open = bool(one.exact) or COLUMNS[column - 1][1] != "exact"
            _put(sheet, number, column, "", grey=not is_open)
    _protect(sheet)
    about = book.create_sheet(ABOUT_SHEET)
    _about(about, asked)
    _protect(about)
    held = io.BytesIO()
    book.save(held)
    return _fixed(held.getvalue())


def _head(sheet: Any) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for column, (title, _, width) in enumerate(COLUMNS, start=1):
        _put(sheet, 1, column, title, grey=column <= _FIRST_OPEN)
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "B2"


def _protect(sheet: Any) -> None:
    """Without a password: only so that nobody types where nothing is read."""
    sheet.protection.sheet = True
    for word in ("formatCells", "formatColumns", "formatRows", "sort", "autoFilter"):
        setattr(sheet.protection, word, False)


def _put(sheet: Any, row: int, column: int, text: str, *, grey: bool) -> None:
    from openpyxl.styles import Alignment, PatternFill, Protection

    cell = sheet.cell(row, column)
    if text:
        cell.value = f"'{text}" if text.startswith(_RISKY) else text
        cell.data_type = "s"
    else:
        # What people type here is a text, also where it looks like a number.
        cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.protection = Protection(locked=grey)
    if grey:
        cell.fill = PatternFill("solid", fgColor=_GREY)


def _about(sheet: Any, asked: Questionnaire) -> None:
    name, version = asked.catalogue
    product = asked.product
    rows = (
        ("apiVersion", API_VERSION),
        ("catalogue.name", name),
        ("catalogue.version", version),
        ("product.node", product.node),
        ("product.name", product.name),
        ("product.digest", product.digest),
        ("bom", asked.bom),
        *(("note", line) for line in ABOUT_THIS),
    )
    for number, (key, text) in enumerate(rows, start=1):
        _put(sheet, number, 1, key, grey=True)
        _put(sheet, number, 2, text, grey=True)
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["B"].width = 90


def _fixed(data: bytes) -> bytes:
    """The same archive without the clock: fixed times, fixed order, not compressed.

    Not compressed, as other versions of zlib give other bytes.
    """
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as made,
        zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in made.namelist():
            part = made.read(name)
            if name == "docProps/core.xml":
                part = _MODIFIED.sub(rb"\g<1>" + _FIXED + rb"\g<3>", part)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o600 << 16
            entry.create_system = 3
            target.writestr(entry, part)
    return held.getvalue()
