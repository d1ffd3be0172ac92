"""Text from documents, made safe to print.

A name in a supplier's BOM can hold escape sequences that recolour or rewrite the screen,
bidirectional controls that reorder a line, or line breaks that fake another one. Everything
that is not plainly visible is written as an escape instead. Markup is never interpreted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

__all__ = ["Paint", "escape", "plain", "short_digest"]

#: ``paint(style, text)``: how a medium shows a style; styles are good, bad, warn, dim, bold.
Paint = Callable[[str, str], str]

#: Categories that are never shown as they are: controls, formats (bidi and zero-width
#: included), surrogates, private use, unassigned, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST = 300


def plain(style: str, text: str) -> str:
    """A paint that paints nothing."""
    return text


def escape(text: str, limit: int = _LONGEST) -> str:
    """One line of visible text; longer than ``limit`` it is cut, and says so."""
    cut = text if len(text) <= limit else f"{text[:limit]}…({len(text):,} characters)"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_shown(character) for character in cut)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in _HIDDEN or (category == "Zs" and character != " "):
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:04x}}}"
    return character


def short_digest(text: str) -> str:
    """A digest for reading, not for comparing: ``tree-sha256:1a2b3c4d5e6f…``."""
    head, _, value = text.rpartition(":")
    return f"{head}:{value[:12]}…" if head and len(value) > 16 else text
