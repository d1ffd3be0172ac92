"""Where everything goes: boxes and lines of a picture in coordinates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aibom.report.picture.boxes import HEAD, WIDE, Box, Form, boxes_of
from aibom.report.picture.model import Picture, PictureEdge
from aibom.report.picture.order import links_of, ordered
from aibom.report.picture.place import placed
from aibom.report.picture.rows import Item, Route, rows_of

__all__ = ["Layout", "Line", "Placed", "lay_out"]

#: Between rows; more where many lines have to turn.
_BETWEEN, _MOST_BETWEEN = 44.0, 110.0
#: Lines enter and leave within this part of a shape's side.
_PART = 0.7
_SPACING = 16.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Placed:
    """A box with the upper left corner of its shape."""

    box: Box
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as points: straight where one is below the other, else a curve.

    Without ``begins`` or ``ends`` it starts or stops in the middle of another line. A
    ``square`` one has straight pieces only, along a lane.
    """

    edge: PictureEdge
    points: tuple[Point, ...]
    begins: bool = True
    ends: bool = True
    upward: bool = False
    square: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """All of it, within ``width`` and ``height``; ``cuts`` lie between its rows."""

    picture: Picture
    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    width: float
    height: float
    form: Form = WIDE
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Band:
    """A row's upper and lower edge, and where its shapes begin."""

    top: float
    shapes: float
    bottom: float


def lay_out(picture: Picture, form: Form = WIDE) -> Layout:
    """Place everything in rows; the same picture always in the same way."""
    boxes = boxes_of(picture, form)
    rows = rows_of(picture, boxes, form.width)
    order = ordered(rows)
    down, up = links_of(rows)
    middle, width = placed(order, down, up, boxes)
    middle = {item: x + form.margin for item, x in middle.items()}
    bands = _bands(order, down, boxes, form.margin)
    row_of = {item: number for number, row in enumerate(order) for item in row}
    found = tuple(
        Placed(
            boxes[item[0]],
            middle[item] - boxes[item[0]].width / 2,
            bands[number].shapes,
        )
        for number, row in enumerate(order)
        for item in row
        if item[1] < 0
    )
    ways = _Ways(boxes, middle, bands, row_of)
    lines = [*ways.lines(rows.routes), *(ways.level(edge) for edge in rows.level)]
    height = (bands[-1].bottom if bands else 0.0) + form.margin
    cuts = tuple((one.bottom + other.top) / 2 for one, other in pairwise(bands))
    size = (width + 2 * form.margin, height)
    return Layout(picture, found, tuple(lines), *size, form, cuts)


def _bands(
    order: Sequence[Sequence[Item]],
    down: Mapping[Item, Sequence[Item]],
    boxes: Mapping[str, Box],
    top: float,
) -> list[_Band]:
    bands = []
    for row in order:
        shown = [boxes[item[0]] for item in row if item[1] < 0]
        head = HEAD if any(box.node.ends for box in shown) else 4.0
        low = max((box.low for box in shown), default=0.0)
        bands.append(_Band(top, top + head, top + head + low))
        turning = sum(len(down.get(item, ())) for item in row)
        top = bands[-1].bottom + min(_BETWEEN + 2.0 * turning, _MOST_BETWEEN)
    return bands


@dataclass(frozen=True, slots=True)
class _Ways:
    boxes: Mapping[str, Box]
    middle: Mapping[Item, float]
    bands: Sequence[_Band]
    row_of: Mapping[Item, int]

    def lines(self, routes: Sequence[Route]) -> list[Line]:
        """The routes as points, each at a place of its own on the shapes it joins."""
        leave: dict[Item, set[Item]] = defaultdict(set)
        enter: dict[Item, set[Item]] = defaultdict(set)
        for route in routes:
            for upper, lower in pairwise(route.items):
                leave[upper].add(lower)
                enter[lower].add(upper)
        leaving = {item: self._ports(item, ends) for item, ends in leave.items()}
        entering = {item: self._ports(item, ends) for item, ends in enter.items()}
        return [self._line(route, leaving, entering) for route in routes]

    def _ports(self, item: Item, ends: set[Item]) -> Mapping[Item, float]:
        """For each neighbour the place on the item's side where its line is joined."""
        centre = self.middle[item]
        if item[1] >= 0:
            return dict.fromkeys(ends, centre)
        ordered_ends = sorted(ends, key=lambda end: (self.middle[end], end))
        room = self.boxes[item[0]].width * _PART
        gap = min(_SPACING, room / max(len(ordered_ends) - 1, 1))
        first = centre - gap * (len(ordered_ends) - 1) / 2
        return {end: first + gap * index for index, end in enumerate(ordered_ends)}

    def _line(
        self,
        route: Route,
        leaving: Mapping[Item, Mapping[Item, float]],
        entering: Mapping[Item, Mapping[Item, float]],
    ) -> Line:
        points: list[Point] = []
        for upper, lower in pairwise(route.items):
            over, under = self._band(upper), self._band(lower)
            x, to = leaving[upper][lower], entering[lower][upper]
            if upper[1] < 0:
                points.append((x, over.shapes + self.boxes[upper[0]].height))
            points += [(x, over.bottom), (to, under.top)]
            if lower[1] < 0:
                points.append((to, under.shapes))
        return Line(
            route.edge,
            tuple(dict.fromkeys(points)),
            route.items[0][1] < 0,
            route.items[-1][1] < 0,
            route.upward,
        )

    def level(self, edge: PictureEdge) -> Line:
        """An edge within a row, below it: only a cycle has one."""
        upper, lower = (edge.upper, -1), (edge.lower, -1)
        band = self._band(upper)
        points = []
        for item in (upper, lower):
            bottom = band.shapes + self.boxes[item[0]].height
            points += [(self.middle[item], bottom), (self.middle[item], band.bottom)]
        turned = (points[0], points[1], points[3], points[2])
        return Line(edge, tuple(dict.fromkeys(turned)))

    def _band(self, item: Item) -> _Band:
        return self.bands[self.row_of[item]]
