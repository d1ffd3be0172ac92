"""How much room a label takes, and how it is broken or cut to fit.

No font is at hand, so widths are estimates on the wide side (those of DejaVu Sans, one
of the widest that a browser would choose): what fits here fits there.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from aibom.report.markup import xml_text
from aibom.report.text import escape

__all__ = ["anchor", "apart", "elide", "fit", "text_width", "told_plainly", "told_xml"]

_NARROW = frozenset("iljtfr.,:;'|!()[]/ ")
_BROAD = frozenset("mwMWQO@%…—")
#: Where a long name may be broken, after the character.
_BREAK = re.compile(r"(?<=[\s/_\-.:@])")
_LONGEST = 300
#: Isolates a name that may run from right to left, so that it moves nothing beside it.
_ISOLATE, _END = "\u2068", "\u2069"
_ISOLATES = re.compile("([\u2068\u2069])")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_MOST = 40_000


def anchor(name: str) -> str:
    """A name for an element or link: safe in every format, from the id alone."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def apart(text: str) -> str:
    """An escaped text that keeps its direction to itself among others in a line."""
    if text.isascii() or not any(
        unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text
    ):
        return text
    return f"{_ISOLATE}{text}{_END}"


def told_xml(text: str, limit: int = 2000) -> str:
    """Text for XML in which names stand that :func:`apart` set apart."""
    return "".join(
        part if part in (_ISOLATE, _END) else xml_text(part, limit)
        for part in _ISOLATES.split(text[:_MOST])
    )


def told_plainly(text: str) -> str:
    """The same text without the signs that set names apart."""
    return _ISOLATES.sub("", text)


def text_width(text: str, size: float) -> float:
    """Width of one line, in the unit of the font size."""
    return size * sum(_ems(character) for character in text)


def _ems(character: str) -> float:
    if character in _NARROW:
        return 0.41
    if character in _BROAD:
        return 1.0
    if character.isascii():
        return 0.72 if character.isupper() else 0.64
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    # Scripts of which little is known: emoji and the widest letters take this.
    return 1.0 if ord(character) > 0x24F else 0.75


def elide(text: str, width: float, size: float) -> str:
    """One line, cut in the middle: both ends of a name tell which it is."""
    if text_width(text, size) <= width:
        return text
    head, tail = text, text
    half = (width - text_width("…", size)) / 2
    head = _start(text, half, size)
    tail = _start(text[::-1], half, size)[::-1]
    return f"{head}…{tail}"


def fit(text: str, width: float, size: float, lines: int = 2) -> tuple[str, ...]:
    """An escaped text in at most ``lines`` lines of ``width``, the rest cut out."""
    shown = escape(text, _LONGEST)
    if text_width(shown, size) <= width:
        return (shown,)
    if lines == 1:
        return (elide(shown, width, size),)
    first = _broken(shown, width, size)
    rest = shown[len(first) :].lstrip()
    return (first.rstrip(), *fit_rest(rest, width, size, lines - 1))


def fit_rest(text: str, width: float, size: float, lines: int) -> tuple[str, ...]:
    """The remaining lines of a text that is escaped already."""
    if lines == 1 or text_width(text, size) <= width:
        return (elide(text, width, size),)
    first = _broken(text, width, size)
    rest = text[len(first) :].lstrip()
    return (first.rstrip(), *fit_rest(rest, width, size, lines - 1))


def _broken(text: str, width: float, size: float) -> str:
    """What stands in the first line: up to a good place to break, if there is one."""
    most = _start(text, width, size)
    places = [found.start() for found in _BREAK.finditer(text, 1, len(most) + 1)]
    best = max((place for place in places if place <= len(most)), default=0)
    return most[:best] if best * 5 >= len(most) * 2 else most


def _start(text: str, width: float, size: float) -> str:
    used = 0.0
    for index, character in enumerate(text):
        used += size * _ems(character)
        if used > width:
            # Never part a mark from its letter.
            return text[: max(index, 1)]
    return text
