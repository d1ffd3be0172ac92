"""A picture as SVG: one self-contained file, without script, links or fonts."""

from __future__ import annotations

from collections.abc import Sequence

from aibom.report.markup import xml_text
from aibom.report.picture.boxes import (
    ENDS,
    HEAD,
    LABEL_LINE,
    SMALL_LINE,
    PartyBox,
)
from aibom.report.picture.labels import anchor, apart, told_xml
from aibom.report.picture.layout import MARGIN, Layout, Line, Placed, lay_out
from aibom.report.picture.legend import LEGEND_WIDTH, legend
from aibom.report.picture.model import LEVEL_WORDS, Picture, PictureNode
from aibom.report.picture.shapes import (
    badge_width,
    curve,
    number,
    outline,
    ways_of,
)
from aibom.report.picture.style import css
from aibom.report.text import escape

__all__ = ["draw_svg"]

_ENDS = {"open": "nothing is known beyond", "accepted": "ends here by decision"}


def draw_svg(
    picture: Picture, *, links: bool = False, prefix: str = "", styled: bool = True
) -> str:
    """The picture as an SVG document, or as an element within HTML.

    ``links`` makes each node a link to ``#{prefix}node-…``, the same digest of its id
    that :func:`aibom.report.picture.labels.anchor` gives; an HTML page with such places
    is then needed. ``prefix`` keeps the ids of two pictures in one page apart. Without
    ``styled`` the page has to have :func:`aibom.report.picture.style.css`.
    """
    layout = lay_out(picture)
    draw = _Drawing(layout, links, prefix)
    width = max(layout.width, LEGEND_WIDTH + 2 * MARGIN)
    key, high = legend(layout.height, width)
    height = layout.height + high
    names = f"{prefix}picture-title", f"{prefix}picture-desc"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lineage" role="img" '
        f'aria-labelledby="{names[0]} {names[1]}" width="{number(width)}" '
        f'height="{number(height)}" viewBox="0 0 {ways_of(width, height)}">',
        f'<title id="{names[0]}">{told_xml(picture.title)}</title>',
        f'<desc id="{names[1]}">{told_xml(picture.description, 8000)}</desc>',
    ]
    if styled:
        parts.append(f"<style>{css()}</style>")
    shift = (width - layout.width) / 2
    parts.append(f'<g transform="translate({number(shift)} 0)">')
    parts += draw.lines()
    parts += [draw.node(placed) for placed in layout.boxes]
    parts += ["</g>", key, "</svg>"]
    return "\n".join(parts) + "\n"


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{number(x)}" y="{number(y)}">{text}</text>'


class _Drawing:
    def __init__(self, layout: Layout, links: bool, prefix: str) -> None:
        self.layout = layout
        self.links = links
        self.prefix = prefix

    # ── lines ──────────────

    def lines(self) -> list[str]:
        """Ordinary lines first, so that the blocking path lies over them."""
        ordered = sorted(self.layout.lines, key=lambda line: line.edge.on_path)
        return [self._line(line) for line in ordered]

    def _line(self, line: Line) -> str:
        edge = line.edge
        data = curve(line.points)
        style = f"edge {edge.level}{' onpath' if edge.on_path else ''}"
        over = f'<path class="halo" d="{data}"/>' if edge.on_path else ""
        torn = edge.level == "contradicted"
        inner = f'<path class="inner" d="{data}"/>' if torn else ""
        head = self._head(line)
        ends = f"{anchor(edge.upper)} {anchor(edge.lower)}"
        told = xml_text(edge.told)
        return (
            f'<g class="flow" data-ends="{ends}"><title>{told}</title>{over}'
            f'<path class="{style}" d="{data}"/>{inner}{head}'
            f"{self._torn(line) if torn else ''}</g>"
        )

    def _head(self, line: Line) -> str:
        shown = line.begins if line.upward else line.ends
        if not shown or not line.edge.arrow:
            return ""
        x, y = line.points[0] if line.upward else line.points[-1]
        size = 7.0 if line.edge.on_path else 4.5
        rise = size * 1.8 if not line.upward else -size * 1.8
        style = "head onpath" if line.edge.on_path else "head"
        points = ways_of(x - size, y - rise, x + size, y - rise, x, y)
        return f'<path class="{style}" d="M{points}z"/>'

    def _torn(self, line: Line) -> str:
        (x, y), (to, below) = line.points[-2:] if line.ends else line.points[:2]
        return _text((x + to) / 2 + 5, (y + below) / 2 + 2, "≠", "name")

    # ── nodes ──────────────

    def node(self, placed: Placed) -> str:
        """A shape with its words, its parties, marks and open end."""
        node, box = placed.box.node, placed.box
        name = anchor(node.id)
        style = " ".join(
            part
            for part in (
                *("node", node.kind, node.level),
                "root" if node.root else "",
                "onpath" if node.on_path else "",
                "marked" if node.highlighted else "",
            )
            if part
        )
        inside = [
            f"<title>{_told(node)}</title>",
            self._end(placed),
            *self._shape(placed),
            *self._words(placed),
            _badges(placed.x, placed.y, node.marks),
        ]
        # Words on an edge are told with the things at its ends.
        target = name if node.members else ""
        drawn = self._linked(target, f'class="{style}"', "".join(inside), node.label)
        pills = [self._party(placed, pill) for pill in box.parties]
        body = drawn + "".join(pills)
        return f'<g id="{self.prefix}n-{name}" data-node="{name}">{body}</g>'

    def _linked(self, name: str, style: str, inside: str, label: str) -> str:
        if not self.links or not name:
            return f"<g {style}>{inside}</g>"
        told = told_xml(apart(escape(label, 200)))
        return (
            f'<a href="#{self.prefix}node-{name}" aria-label="{told}">'
            f"<g {style}>{inside}</g></a>"
        )

    def _shape(self, placed: Placed) -> list[str]:
        node, box, x, y = placed.box.node, placed.box, placed.x, placed.y
        place = (x, y, box.width, box.height)
        stack = [
            f'<path class="shape" d="'
            f'{outline(node.kind, x + shift, y + shift, box.width, box.height)}"/>'
            for shift in ((8.0, 4.0) if node.folded else ())
        ]
        data = outline(node.kind, *place)
        shapes = [*stack, f'<path class="shape" d="{data}"/>']
        if node.level == "contradicted" and node.kind != "relation":
            shapes.append(f'<path class="inner" d="{data}"/>')
        if node.highlighted:
            ring = outline("", x - 5, y - 5, box.width + 10, box.height + 10)
            shapes.append(f'<path class="ring" d="{ring}"/>')
        return shapes

    def _words(self, placed: Placed) -> list[str]:
        box = placed.box
        middle = placed.x + box.width / 2
        y = placed.y + box.text_top
        found = []
        for line in box.label:
            found.append(_centred(middle, y + 12, line, "name"))
            y += LABEL_LINE
        for line in box.words:
            found.append(_centred(middle, y + 10, line, "small"))
            y += SMALL_LINE
        return found

    def _end(self, placed: Placed) -> str:
        """Above a shape of which nothing is known beyond: dots, and a question."""
        node = placed.box.node
        if not node.ends:
            return ""
        x, y = placed.x + placed.box.width / 2, placed.y
        told = _centred(x + 7, y - 14, ENDS[node.ends], "tiny", "start")
        if node.ends == "accepted":
            bar = f"M{ways_of(x, y)}V{number(y - 14)}M{ways_of(x - 9, y - 14)}h18"
            return f'<path class="open stop" d="{bar}"/>{told}'
        data = f"M{ways_of(x, y)}V{number(y - HEAD + 2)}"
        return f'<path class="open" d="{data}"/>{told}'

    def _party(self, placed: Placed, pill: PartyBox) -> str:
        x, y = placed.x + pill.x, placed.y + pill.y
        party = pill.party
        level = f"party {party.level}{' onpath' if party.on_path else ''}"
        middle = x + pill.width / 2
        data = outline("party", x, y, pill.width, pill.height)
        near = placed.x + placed.box.width
        at = y + pill.height / 2
        joint = min(at, placed.y + placed.box.height - 6)
        style = f"edge {party.level}{' onpath' if party.on_path else ''}"
        line = f"M{ways_of(near, joint)}L{ways_of(x, at)}"
        inner = f'<path class="inner" d="{data}"/>'
        told = f"{told_xml(apart(escape(party.label)))}: {xml_text(pill.word)}"
        inside = (
            f'<title>{told}</title><path class="{style}" d="{line}"/>'
            f'<path class="shape" d="{data}"/>'
            f"{inner if party.level == 'contradicted' else ''}"
            f"{_centred(middle, y + 14, pill.label, 'small name')}"
            f"{_centred(middle, y + 27, pill.word, 'tiny')}"
            f"{_badges(x + pill.width - 12, y, party.marks)}"
        )
        name = anchor(
            party.members[0] if len(party.members) == 1 else placed.box.node.id
        )
        return self._linked(name, f'class="{level}"', inside, party.label)


def _centred(x: float, y: float, text: str, style: str, align: str = "middle") -> str:
    return (
        f'<text class="{style}" text-anchor="{align}" x="{number(x)}" '
        f'y="{number(y)}">{xml_text(text)}</text>'
    )


def _badges(x: float, y: float, marks: Sequence[str]) -> str:
    """Numbered places on blocking paths, at the corner of a shape."""
    found = []
    left = x - 9
    for mark in marks:
        width = badge_width(mark)
        data = outline("party", left, y - 9, width, 18)
        found.append(
            f'<path class="badge" d="{data}"/>'
            + _centred(left + width / 2, y + 4, mark, "number")
        )
        left += width + 2
    return "".join(found)


def _told(node: PictureNode) -> str:
    parts = [apart(escape(node.label, 12_000)), *node.words]
    if node.ends:
        parts.append(_ENDS[node.ends])
    if node.marks:
        parts.append(f"on a blocking path: {', '.join(node.marks)}")
    if node.root:
        parts.append("the artifact")
    level = LEVEL_WORDS[node.level]
    if not any(level in part for part in node.words):
        parts.append(level)
    return told_xml("; ".join(parts), 13_000)
