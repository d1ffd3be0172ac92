"""Lines and nodes of a drawing as SVG elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aibom.report.markup import xml_text
from aibom.report.picture.boxes import (
    BADGE,
    BESIDE_END,
    ENDS,
    HEAD,
    LABEL_LINE,
    SMALL_LINE,
    PartyBox,
    badge_width,
)
from aibom.report.picture.labels import anchor, apart, told_xml
from aibom.report.picture.layout import Layout, Line, Placed
from aibom.report.picture.model import LEVEL_WORDS, PictureNode
from aibom.report.picture.shapes import curve, number, outline, square, ways_of
from aibom.report.text import escape

__all__ = ["Drawing", "centred"]

#: Where the line to parties below a thing goes down.
_BELOW = 27.0
#: From here on a line is bent enough to have room above its middle.
_BENT = 24.0
_ENDS = {"open": "nothing is known beyond", "accepted": "ends here by decision"}


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{number(x)}" y="{number(y)}">{text}</text>'


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws what a layout placed.

    ``links`` is how the ids of the places begin that things lead to; None for no links.
    ``prefix`` begins all ids in the drawing. A title has up to ``titles`` characters of
    a name; with 0 nothing has one of its own, as on paper.
    """

    layout: Layout
    links: str | None = None
    prefix: str = ""
    titles: int = 12_000

    # ── lines ──────────────

    def lines(self, room: tuple[float, float] | None = None) -> list[str]:
        """Ordinary lines first, so that the blocking path lies over them.

        With ``room`` only those that are seen between these heights.
        """
        ordered = sorted(self.layout.lines, key=lambda line: line.edge.on_path)
        return [
            self._line(line) for line in ordered if room is None or _seen(line, room)
        ]

    def _line(self, line: Line) -> str:
        edge = line.edge
        data = square(line.points) if line.square else curve(line.points)
        style = f"edge {edge.level}{' onpath' if edge.on_path else ''}"
        band = f'<path class="band" d="{data}"/>' if edge.on_path else ""
        torn = edge.level == "contradicted"
        inner = f'<path class="inner" d="{data}"/>' if torn else ""
        head = _head(line)
        ends = f"{anchor(edge.upper)} {anchor(edge.lower)}"
        return (
            f'<g class="flow" data-ends="{ends}">{self._title(xml_text(edge.told))}'
            f'{band}<path class="{style}" d="{data}"/>{inner}{head}'
            f"{_torn(line) if torn else ''}</g>"
        )

    def _title(self, told: str) -> str:
        return f"<title>{told}</title>" if self.titles else ""

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
            self._title(_told(node, box.tell, self.titles)) if self.titles else "",
            self._end(placed),
            *self._shape(placed),
            *self._words(placed),
            _badges(placed.x + box.badge[0], placed.y + box.badge[1], node.marks),
        ]
        # Words on an edge are told with the things at its ends.
        target = name if node.members else ""
        label = f"{node.label} {box.tell}".rstrip()
        drawn = self._linked(target, f'class="{style}"', "".join(inside), label)
        pills = [self._party(placed, index) for index in range(len(box.parties))]
        body = drawn + "".join(pills)
        return f'<g id="{self.prefix}n-{name}" data-node="{name}">{body}</g>'

    def _linked(self, name: str, style: str, inside: str, label: str) -> str:
        if self.links is None or not name:
            return f"<g {style}>{inside}</g>"
        told = told_xml(apart(escape(label, 200)))
        return (
            f'<a href="#{self.links}node-{name}" aria-label="{told}">'
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
        band = [f'<path class="band" d="{data}"/>'] if node.on_path else []
        shapes = [*band, *stack, f'<path class="shape" d="{data}"/>']
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
            found.append(centred(middle, y + 12, line, "name"))
            y += LABEL_LINE
        for line in box.alarms:
            found.append(centred(middle, y + 10, line, "small alarm"))
            y += SMALL_LINE
        for line in box.words:
            found.append(centred(middle, y + 10, line, "small"))
            y += SMALL_LINE
        return found

    def _end(self, placed: Placed) -> str:
        """Above a shape of which nothing is known beyond: dots, and a question."""
        node = placed.box.node
        if not node.ends:
            return ""
        x, y = placed.x + placed.box.width / 2, placed.y
        told = centred(x + BESIDE_END, y - 14, ENDS[node.ends], "tiny", "start")
        if node.ends == "accepted":
            bar = f"M{ways_of(x, y)}V{number(y - 14)}M{ways_of(x - 9, y - 14)}h18"
            return f'<path class="open stop" d="{bar}"/>{told}'
        data = f"M{ways_of(x, y)}V{number(y - HEAD + 2)}"
        return f'<path class="open" d="{data}"/>{told}'

    def _party(self, placed: Placed, index: int) -> str:
        pill = placed.box.parties[index]
        x, y = placed.x + pill.x, placed.y + pill.y
        party = pill.party
        level = f"party {party.level}{' onpath' if party.on_path else ''}"
        middle = x + pill.width / 2
        data = outline("party", x, y, pill.width, pill.height)
        style = f"edge {party.level}{' onpath' if party.on_path else ''}"
        inner = f'<path class="inner" d="{data}"/>'
        band = f'<path class="band" d="{data}"/>' if party.on_path else ""
        inside = (
            f"{self._title(_told_party(pill)) if self.titles else ''}{band}"
            f'<path class="{style}" d="{_joint(placed, index)}"/>'
            f'<path class="shape" d="{data}"/>'
            f"{inner if party.level == 'contradicted' else ''}"
            + "".join(
                centred(middle, y + base, text, style)
                for text, style, base in pill.lines
            )
            + _badges(x + pill.badge[0], y + pill.badge[1], party.marks)
        )
        name = anchor(
            party.members[0] if len(party.members) == 1 else placed.box.node.id
        )
        return self._linked(name, f'class="{level}"', inside, party.label)


def _joint(placed: Placed, index: int) -> str:
    """The line between a thing and a party that stands beside it, or below."""
    box = placed.box
    pill = box.parties[index]
    x, at = placed.x + pill.x, placed.y + pill.y + pill.height / 2
    if pill.x < box.width:
        before = box.parties[index - 1] if index else None
        # From the one above: dashes drawn twice would look like a solid line.
        start = before.y + before.height / 2 if before else box.height - 5.0
        down = placed.x + _BELOW
        return f"M{ways_of(down, placed.y + start)}V{number(at)}H{number(x)}"
    near = placed.x + box.width
    joint = min(at, placed.y + box.height - 6)
    return f"M{ways_of(near, joint)}L{ways_of(x, at)}"


def _seen(line: Line, room: tuple[float, float]) -> bool:
    heights = [y for _, y in line.points]
    return min(heights) <= room[1] and max(heights) >= room[0]


def _head(line: Line) -> str:
    """The point of an arrow, in the direction in which the line comes in."""
    shown = line.begins if line.upward else line.ends
    if not shown or not line.edge.arrow:
        return ""
    x, y = line.points[0] if line.upward else line.points[-1]
    size = 7.0 if line.edge.on_path else 4.5
    long = size * 1.8
    style = "head onpath" if line.edge.on_path else "head"
    points = ways_of(x - size, y - long, x + size, y - long, x, y)
    if line.upward:
        points = ways_of(x - size, y + long, x + size, y + long, x, y)
    elif line.square and line.points[-2][1] == y:
        points = ways_of(x - long, y - size, x - long, y + size, x, y)
    return f'<path class="{style}" d="M{points}z"/>'


def _torn(line: Line) -> str:
    """The sign of a contradiction beside a piece that lies between two rows."""
    if line.square:
        (x, y), (to, below) = line.points[0], line.points[1]
        if not line.begins:
            return ""
        at = (x + 10, below - 4) if x == to else (x - 11, y + 13)
        return _text(*at, "≠", "name")
    pieces = list(pairwise(line.points))
    (x, y), (to, below) = max(pieces, key=lambda piece: abs(piece[0][0] - piece[1][0]))
    middle, half = (x + to) / 2, (y + below) / 2
    if abs(x - to) < _BENT:
        return _text(middle + 9, half + 4, "≠", "name")
    return _text(middle + (4 if x < to else -14), half - 10, "≠", "name")


def centred(x: float, y: float, text: str, style: str, align: str = "middle") -> str:
    """One line of text about ``x``, escaped."""
    return (
        f'<text class="{style}" text-anchor="{align}" x="{number(x)}" '
        f'y="{number(y)}">{xml_text(text)}</text>'
    )


def _badges(left: float, middle: float, marks: Sequence[str]) -> str:
    """Numbered places on blocking paths, where the box keeps room for them."""
    found = []
    for mark in marks:
        width = badge_width(mark)
        data = outline("party", left, middle - BADGE, width, 2 * BADGE)
        found.append(
            f'<path class="badge" d="{data}"/>'
            + centred(left + width / 2, middle + 4, mark, "number")
        )
        left += width + 2
    return "".join(found)


def _told(node: PictureNode, tell: str, limit: int) -> str:
    parts = [apart(escape(node.label, limit)), *([tell] if tell else [])]
    parts += [*node.alarms, *node.words]
    if node.ends:
        parts.append(_ENDS[node.ends])
    if node.marks:
        parts.append(f"on a blocking path: {', '.join(node.marks)}")
    if node.root:
        parts.append("the artifact")
    level = LEVEL_WORDS[node.level]
    if not any(level in part for part in node.words):
        parts.append(level)
    return told_xml("; ".join(parts), limit + 1000)


def _told_party(pill: PartyBox) -> str:
    party = pill.party
    name = party.id.removeprefix("party:") if len(party.members) == 1 else ""
    parts = [apart(escape(party.label)), apart(escape(name))]
    shown = "; ".join(dict.fromkeys(part for part in parts if part))
    more = "; ".join((pill.word, *party.alarms))
    return f"{told_xml(shown)}: {xml_text(more)}"
