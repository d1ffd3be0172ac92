"""The report as one HTML file that needs nothing else.

No asset from outside, no link out, no request: a policy inside the file forbids them.
Everything can be read without script; the little there is folds, searches and prints.
Text from documents is escaped twice over: what cannot be seen is made visible
(:func:`aibom.report.text.escape`), and what means something in HTML loses it (Jinja2's
autoescape). Long texts are cut, with the whole folded beside them.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aibom.lineage.nodes import Origin
from aibom.report.diligence.drawing import Drawing
from aibom.report.diligence.model import Report, Status
from aibom.report.diligence.words import STATUS_MEANINGS
from aibom.report.text import escape

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["report_html"]

_TEMPLATES = Path(__file__).resolve().parent / "templates"
#: Characters of a text that stand in the page; the rest is folded, up to the second.
_SHOWN, _WHOLE = 800, 50_000
#: Rows of one table; the JSON form has all of them.
MOST_ROWS = 200
#: Names of what nothing is said about, in one row.
MOST_NAMES = 40

_GLYPHS: Mapping[Status, str] = {
    Status.PROVED: "✔",
    Status.SIGNED: "◆",
    Status.STATED: "○",
    Status.MISSING: "∅",
    Status.CONFLICTING: "≠",
    Status.NOT_APPLICABLE: "·",
}


def report_html(report: Report, drawing: Drawing | None = None) -> bytes:
    """The whole page in UTF-8; the same report gives the same bytes.

    ``drawing`` is the lineage as :func:`~.drawing.draw_lineage` gives it; it stands in
    the page as it is.
    """
    env = _environment()
    script = (_TEMPLATES / "report.js").read_text("utf-8")
    page = env.get_template("report.html.jinja").render(
        report=report,
        drawing=drawing or Drawing(),
        style=(_TEMPLATES / "report.css").read_text("utf-8"),
        script=script,
        script_hash=_hash_of(script),
        meanings=STATUS_MEANINGS,
        statuses=tuple(Status),
        most_rows=MOST_ROWS,
    )
    return page.encode("utf-8", "backslashreplace")


def _hash_of(script: str) -> str:
    """What the policy of the page allows to run: this script, to the byte."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


@cache
def _environment() -> Environment:
    """Templates are compiled once in a process, as schemas are."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        line=_line,
        short=_short,
        whole=_whole,
        glyph=_GLYPHS.__getitem__,
        source=_source,
        names=_names,
        count=_count,
    )
    env.globals.update(text=_text, pill=_pill)
    return env


class _Html(str):
    """Text that is HTML already: the template does not escape it once more."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def _text(text: str) -> _Html:
    """Foreign text, as text; a long one cut, with the whole folded beside it.

    In Python and not in the template: a page has some thousands of these.
    """
    shown = f"<bdi>{html.escape(_line(text))}</bdi>"
    if not _is_long(text):
        return _Html(shown)
    return _Html(
        f'<span class="cut">{shown}</span><details class="whole"><summary>whole text, '
        f'{_count(len(text))} characters</summary><div class="folded">'
        f"<bdi>{html.escape(_whole(text))}</bdi></div></details>"
    )


def _pill(status: Status, words: str) -> _Html:
    """A status, by its word and its sign."""
    return _Html(
        f'<span class="pill {status.value}"><span aria-hidden="true">'
        f"{_GLYPHS[status]}</span> <bdi>{html.escape(_short(words))}</bdi></span>"
    )


def _line(text: str) -> str:
    """One visible line, cut where it is long."""
    return escape(text, _SHOWN)


def _short(text: str) -> str:
    """The same for headings."""
    return escape(text, 100)


def _whole(text: str) -> str:
    return escape(text, _WHOLE)


def _is_long(text: str) -> bool:
    return len(text) > _SHOWN


def _count(number: int) -> str:
    return f"{number:,}"


def _source(origin: Origin) -> str:
    """Where something was read, in one line."""
    digest = f"sha256:{origin.digest[:12]}…" if origin.digest else ""
    parts = (origin.cataloger, digest, origin.pointer, origin.mode)
    return " · ".join(part for part in parts if part)


def _names(names: tuple[str, ...]) -> str:
    """Names in one line, as many as are shown."""
    left = len(names) - MOST_NAMES
    more = f" and {left:,} more" if left > 0 else ""
    return f"{', '.join(escape(name, 80) for name in names[:MOST_NAMES])}{more}"
