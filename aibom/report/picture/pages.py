"""A picture on paper, and every drawing of one picture for one page of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from aibom.report.picture.boxes import PAPER
from aibom.report.picture.drawn import Drawing
from aibom.report.picture.layout import Layout, lay_out
from aibom.report.picture.legend import LEGEND_WIDTH, legend
from aibom.report.picture.model import Picture
from aibom.report.picture.shapes import number
from aibom.report.picture.svg import draw_svg, opened, shifted

__all__ = ["FIRST_HEIGHT", "PAGE_HEIGHT", "draw_every", "draw_pages"]

#: Of a sheet of A4 with margins, in pixels of CSS; on the first one a heading stands.
PAGE_HEIGHT, FIRST_HEIGHT = 980.0, 860.0
#: Room for words at an end where a drawing goes on; less than half of what lies between
#: two rows.
_TURN = 20.0
#: Made so much smaller, letters of 10 pixels have 7 points.
_SMALLER = 1.07


def draw_every(
    picture: Picture, smaller: Picture, *, links: bool = False, styled: bool = True
) -> str:
    """All three drawings, of which a page shows the one that fits.

    ``smaller`` is the same picture folded further, for a phone and for paper. Their ids
    begin with ``narrow-`` and ``paper-``; the first one's with nothing.
    """
    phone = draw_svg(
        smaller, links=links, styled=False, prefix="narrow-", places="", narrow=True
    )
    wide = draw_svg(picture, links=links, styled=styled)
    return f"{wide}{phone}{draw_pages(smaller, prefix='paper-')}"


def draw_pages(picture: Picture, *, prefix: str = "") -> str:
    """The picture for paper: as many elements as it needs pages, cut between rows.

    The smallest letters have 7.5 points, or 7 where that saves a page; less only where
    passing lines make it wider than the sheet. No links and no titles of
    parts: there is no pointer on paper. The page has to have the style sheet.
    """
    layout = lay_out(picture, PAPER)
    width = max(layout.width, LEGEND_WIDTH)
    key, high = legend(picture, layout.height, width, layout.form.margin)
    ends, smaller = _ends(layout, layout.height + high), 1.0
    fewer = _ends(layout, layout.height + high, _SMALLER)
    if _of_rows(fewer, layout) < _of_rows(ends, layout):
        ends, smaller = fewer, _SMALLER
    pages = []
    for index, (top, end) in enumerate(pairwise((0.0, *ends)), 1):
        names = f"{prefix}{index}-"
        first, last = index == 1, index == len(ends)
        high_up = top - (0.0 if first else _TURN)
        low = end + (0.0 if last else _TURN)
        room = (high_up, width, low - high_up)
        pages += [
            opened(picture, "paper", names, room, (index, len(ends)), smaller),
            shifted(_within(layout, names, (top, end)), width - layout.width),
            "" if first else _words(high_up + 12, "continued", layout),
            "" if last else _words(low - 5, "continued on the next page", layout),
            key if end > layout.height else "",
            "</svg>\n",
        ]
    return "\n".join(part for part in pages if part)


def _ends(layout: Layout, height: float, scale: float = 1.0) -> list[float]:
    """Where each page ends: between two rows, as far down as there is room."""
    places = [*layout.cuts, layout.height, height]
    ends: list[float] = []
    top = 0.0
    for place, following in pairwise(places):
        room = PAGE_HEIGHT - 2 * _TURN if ends else FIRST_HEIGHT - _TURN
        if following - top > room * scale:
            ends.append(place)
            top = place
    return [*ends, height]


def _of_rows(ends: list[float], layout: Layout) -> int:
    """How many pages the rows take; the legend may have one of its own."""
    return sum(end < layout.height for end in ends)


def _within(layout: Layout, prefix: str, room: tuple[float, float]) -> Iterator[str]:
    top, end = room
    draw = Drawing(layout, None, prefix, titles=0)
    yield from draw.lines(room)
    for placed in layout.boxes:
        if top <= placed.y < end:
            yield draw.node(placed)


def _words(y: float, told: str, layout: Layout) -> str:
    place = f'x="{number(layout.form.margin)}" y="{number(y)}"'
    return f'<text class="tiny turn" {place}>({told})</text>'
