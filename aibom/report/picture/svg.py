"""A picture as SVG: self-contained, without script, links out or fonts.

One picture has up to three drawings: in rows, for a screen with room and as a file of
its own; in lanes, for a phone; and in pages, for paper. The style sheet shows the one
that fits; the others are not there, neither for the eye nor for a screen reader.
"""

from __future__ import annotations

from collections.abc import Iterable

from aibom.report.picture.drawn import Drawing
from aibom.report.picture.labels import told_xml
from aibom.report.picture.lanes import lay_out_narrow
from aibom.report.picture.layout import lay_out
from aibom.report.picture.legend import LEGEND_WIDTH, legend
from aibom.report.picture.model import Picture
from aibom.report.picture.shapes import number, ways_of
from aibom.report.picture.style import css

__all__ = ["draw_svg", "opened", "shifted"]

#: Characters of a name in its title; a phone has no pointer to show one.
_TITLES = {False: 12_000, True: 300}


def draw_svg(
    picture: Picture,
    *,
    links: bool = False,
    prefix: str = "",
    places: str | None = None,
    styled: bool = True,
    narrow: bool = False,
) -> str:
    """The picture as an SVG document, or as an element within HTML.

    ``links`` makes each node a link to ``#{places}node-…``, the same digest of its id
    that :func:`aibom.report.picture.labels.anchor` gives; an HTML page with such places
    is then needed. ``prefix`` keeps the ids of two pictures in one page apart, and
    begins those of the places too, where ``places`` is not given. Without ``styled``
    the page has to have :func:`aibom.report.picture.style.css`. ``narrow`` draws it in
    lanes, for a phone.
    """
    layout = lay_out_narrow(picture) if narrow else lay_out(picture)
    target = (prefix if places is None else places) if links else None
    draw = Drawing(layout, target, prefix, _TITLES[narrow])
    width = layout.width if narrow else max(layout.width, LEGEND_WIDTH)
    key, high = legend(picture, layout.height, width, layout.form.margin)
    drawn = [*draw.lines(), *(draw.node(placed) for placed in layout.boxes)]
    parts = [
        opened(picture, layout.form.name, prefix, (0.0, width, layout.height + high)),
        f"<style>{css()}</style>" if styled else "",
        shifted(drawn, width - layout.width),
        key,
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def opened(
    picture: Picture,
    style: str,
    prefix: str,
    room: tuple[float, float, float],
    part: tuple[int, int] = (1, 1),
    smaller: float = 1.0,
) -> str:
    """The start of a drawing: its name, size and description.

    ``room`` is its upper edge, width and height, of which it takes so much less as
    ``smaller`` says. Of several parts only the first one is
    described.
    """
    top, width, height = room
    names = f"{prefix}picture-title", f"{prefix}picture-desc"
    number_of = f", part {part[0]} of {part[1]}" if part[1] > 1 else ""
    first = part[0] == 1
    size = f'width="{number(width / smaller)}" height="{number(height / smaller)}"'
    told = f' {names[1]}"' if first else '"'
    desc = f'<desc id="{names[1]}">{told_xml(picture.description, 8000)}</desc>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lineage {style}" role="img" '
        f'aria-labelledby="{names[0]}{told} {size} '
        f'viewBox="0 {ways_of(top, width, height)}">\n'
        f'<title id="{names[0]}">{told_xml(picture.title)}{number_of}</title>'
        + (f"\n{desc}" if first else "")
    )


def shifted(parts: Iterable[str], room: float) -> str:
    """The parts in the middle of what is wider than they are."""
    return "\n".join(
        (f'<g transform="translate({number(room / 2)} 0)">', *parts, "</g>")
    )
