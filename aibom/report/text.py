"""Text from documents, made safe to print, and laid out for a width.

A name in a supplier's BOM can hold escape sequences that recolour or rewrite the
screen, bidirectional controls that reorder a line, line breaks that fake another one,
or characters that nobody sees. Everything that is not plainly visible is written as an
escape instead. Markup is never interpreted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

__all__ = ["WIDTH", "Paint", "escape", "plain", "row", "short_digest", "wrap"]

#: ``paint(style, text)``: how a medium shows a style; styles are good, bad, warn, dim,
#: bold.
Paint = Callable[[str, str], str]

#: Columns of a line where nobody says otherwise (a file, a pipe).
WIDTH = 100

#: Categories that are never shown as they are: controls, formats (bidi and zero-width
#: included), surrogates, private use, unassigned, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Letters, marks and symbols by category, of which nothing is to be seen: fillers, the
#: grapheme joiner, variation selectors (which can carry a hidden message).
_BLANK = frozenset(
    {
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x180E),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    }
)
_MARKS = frozenset({"Mn", "Me"})
#: Marks on one letter that are still writing (Vietnamese has two); more cover the line.
_STACKED = 3
_LONGEST = 300

#: Characters all of which are seen, by their categories: what most texts are made of.
_PLAIN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u2013-\u2027]*+")
_PAINTED = re.compile(r"\x1b\[[0-9;]*m")
#: A word ends at a space, except that a command between backticks is one.
_WORD = re.compile(r"(?:`[^`]*`|\S)+")
_NARROWEST = 20
_COMMAND = re.compile(r"(^|\s)::")


def plain(style: str, text: str) -> str:
    """A paint that paints nothing."""
    return text


def escape(text: str, limit: int = _LONGEST) -> str:
    """One line of visible text; longer than ``limit`` it is cut, and says so.

    A backslash stays one: the result is for reading, and cannot be turned back.
    """
    cut = text if len(text) <= limit else f"{text[:limit]}…({len(text):,} characters)"
    if _PLAIN.fullmatch(cut):
        return _no_command(cut)
    shown = []
    stacked = 0
    for character in cut:
        stacked = stacked + 1 if unicodedata.category(character) in _MARKS else 0
        visible = stacked <= _STACKED and _is_visible(character)
        shown.append(character if visible else _escaped(character))
    return _no_command("".join(shown))


def _no_command(text: str) -> str:
    """Without what the runners of CI systems obey when it stands in a job's output.

    They look for ``::name`` at the beginning of a line, which a word that is wrapped
    can come to be, and for ``##[`` anywhere.
    """
    if "::" in text:
        text = _COMMAND.sub(r"\1\\x3a:", text)
    return text.replace("##[", "#\\x23[")


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    if category in _HIDDEN or ord(character) in _BLANK:
        return False
    return category != "Zs" or character == " "


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:04x}}}"


def short_digest(text: str) -> str:
    """A digest for reading, not for comparing: ``tree-sha256:1a2b3c4d5e6f…``."""
    head, _, value = text.rpartition(":")
    return f"{head}:{value[:12]}…" if head and len(value) > 16 else text


def wrap(text: str, width: int, lead: str = "", hang: int = 0) -> list[str]:
    """``text`` as lines of ``width`` columns, the first after ``lead``.

    Further lines are indented by ``hang``. Lines are broken between words only, never
    inside one or inside a command between backticks: a digest or a path that is wider
    than the line stays whole. A text that fits is left as it is. ``text`` is escaped
    already; colours take no room.
    """
    if _columns(lead) + _columns(text) <= width:
        return [f"{lead}{text}".rstrip()]
    room = max(width - hang, _NARROWEST) + hang
    lines: list[str] = []
    line, used = lead, _columns(lead)
    fresh = True
    for word in _WORD.findall(text):
        columns = _columns(word)
        if not fresh and used + 1 + columns > room:
            lines.append(line)
            line, used, fresh = " " * hang, hang, True
        gap = "" if fresh else " "
        line, used, fresh = f"{line}{gap}{word}", used + len(gap) + columns, False
    return [*lines, line.rstrip()]


def row(name: str, text: str, width: int, indent: int = 4) -> list[str]:
    """A named row: the name in a column of its own, the text hanging beside it."""
    lead = f"{' ' * indent}{name:<9} "
    return wrap(text, width, lead, len(lead))


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: wide letters two, marks none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(_column(character) for character in _PAINTED.sub("", text))


def _column(character: str) -> int:
    if unicodedata.category(character) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
