"""A drawing for a narrow screen: one thing below the other, edges in lanes beside them.

Its width is given, whatever the lineage: so nobody has to move it sideways. What went
into one thing shares a lane; where there are more lanes than there is room, words say
where the rest went.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aibom.report.picture.boxes import HEAD, NARROW, Form, boxes_of
from aibom.report.picture.layers import layers_of
from aibom.report.picture.layout import Layout, Line, Placed, Point
from aibom.report.picture.model import Picture, PictureEdge, worst

__all__ = ["MOST_LANES", "lay_out_narrow"]

MOST_LANES = 6
_LANE = 11.0
#: From the nearest lane to the shapes: room for the point of an arrow.
_NEAR = 14.0
_GAP = 24.0
#: Where a line from the shape just above comes in.
_ENTRY = 13.0
#: Where lanes are entered and left, of the height of a shape.
_IN, _OUT = 0.35, 0.7


@dataclass(frozen=True, slots=True)
class _Group:
    """Edges into one thing from further above, or from below where it is a cycle."""

    lower: str
    edges: tuple[PictureEdge, ...]
    upward: bool
    first: int
    last: int

    @property
    def on_path(self) -> bool:
        return any(edge.on_path for edge in self.edges)

    def beside(self, other: _Group) -> bool:
        """Whether both need room at one height."""
        over = 0 if self.upward or other.upward else 1
        return self.first + over <= other.last and other.first + over <= self.last


def lay_out_narrow(picture: Picture, form: Form = NARROW) -> Layout:
    """Place everything below one another, in at most the width of the form."""
    order = _order(picture)
    row = {name: index for index, name in enumerate(order)}
    straight = [e for e in picture.edges if row[e.lower] == row[e.upper] + 1]
    lanes, told = _lanes(_groups(picture, row))
    used = max(lanes.values(), default=-1) + 1
    left = form.margin + (_NEAR + (used - 1) * _LANE if used else 0.0)
    form = replace(form, box=form.width - form.margin - 6.0 - left)
    boxes = boxes_of(_with_words(picture, told), form)
    placed: dict[str, Placed] = {}
    cuts: list[float] = []
    y = form.margin
    for name in order:
        box = boxes[name]
        y += HEAD if box.node.ends else 4.0
        placed[name] = Placed(box, left, y)
        y += box.low + _GAP
        cuts.append(y - _GAP / 2)
    lines = [_straight(edge, placed) for edge in straight]
    for group, lane in lanes.items():
        lines += _along(group, left - _NEAR - lane * _LANE, placed, row)
    height = y - _GAP + form.margin if order else 2 * form.margin
    found = tuple(placed.values())
    return Layout(
        *(picture, found, tuple(lines), form.width, height),
        *(form, tuple(cuts[:-1])),
    )


def _order(picture: Picture) -> list[str]:
    """Each below what went into it, and as near to that as can be.

    Depth first from what nothing was made of: the deepest branch first, which keeps
    few lanes open, and what blocks last, so that its path is one straight line.
    """
    flows = [(edge.upper, edge.lower) for edge in picture.edges]
    layer = layers_of([node.id for node in picture.nodes], flows)
    above: dict[str, list[tuple[bool, str]]] = {name: [] for name in layer}
    ends = set(layer)
    for edge in picture.edges:
        if layer[edge.upper] < layer[edge.lower]:
            above[edge.lower].append((edge.on_path, edge.upper))
            ends.discard(edge.upper)
    height: dict[str, int] = {}
    for name in sorted(layer, key=lambda name: layer[name]):
        height[name] = max((height[up] + 1 for _, up in above[name]), default=0)
    tops = {node.id for node in picture.nodes if node.root}
    order: dict[str, None] = {}
    # The end is taken first: with the artifact, or what was made of it.
    stack = [
        (name, False)
        for name in sorted(ends, key=lambda n: (n not in tops, -height[n], n))[::-1]
    ]
    while stack:
        name, done = stack.pop()
        if name in order:
            continue
        if done:
            order[name] = None
            continue
        stack.append((name, True))
        inputs = sorted(above[name], key=lambda e: (e[0], -height[e[1]], e[1]))
        stack += [(upper, False) for _, upper in inputs[::-1]]
    return list(order)


def _groups(picture: Picture, row: Mapping[str, int]) -> list[_Group]:
    found: dict[tuple[str, bool], list[PictureEdge]] = defaultdict(list)
    for edge in picture.edges:
        if row[edge.lower] != row[edge.upper] + 1:
            found[(edge.lower, row[edge.lower] < row[edge.upper])].append(edge)
    groups = []
    for (lower, upward), edges in sorted(found.items()):
        rows = [row[lower], *(row[edge.upper] for edge in edges)]
        far = sorted(edges, key=lambda e: (-abs(row[e.upper] - row[lower]), e.upper))
        groups.append(_Group(lower, tuple(far), upward, min(rows), max(rows)))
    return groups


def _lanes(
    groups: Sequence[_Group],
) -> tuple[Mapping[_Group, int], Sequence[PictureEdge]]:
    """The lane of each group, 0 nearest to the shapes, and edges that have none.

    What blocks comes first, then what is short.
    """
    taken: list[list[_Group]] = []
    lanes: dict[_Group, int] = {}
    left: list[PictureEdge] = []
    for group in sorted(
        groups, key=lambda g: (not g.on_path, g.last - g.first, g.lower)
    ):
        free = [
            lane
            for lane, others in enumerate(taken)
            if not any(group.beside(other) for other in others)
        ]
        if free:
            lanes[group] = free[0]
            taken[free[0]].append(group)
        elif len(taken) < MOST_LANES:
            lanes[group] = len(taken)
            taken.append([group])
        else:
            left += group.edges
    return lanes, left


def _with_words(picture: Picture, told: Sequence[PictureEdge]) -> Picture:
    """The picture, with words for the edges that are not drawn."""
    if not told:
        return picture
    labels = {node.id: node.label[:60] for node in picture.nodes}
    into: dict[str, list[str]] = defaultdict(list)
    for edge in told:
        into[edge.upper].append(f"also into {labels[edge.lower]}")
    nodes = tuple(
        replace(node, words=(*node.words, *into.get(node.id, ())))
        for node in picture.nodes
    )
    return replace(picture, nodes=nodes)


def _straight(edge: PictureEdge, placed: Mapping[str, Placed]) -> Line:
    upper, lower = placed[edge.upper], placed[edge.lower]
    x = upper.x + _ENTRY
    # Some shapes end a little higher there; the shape lies over the line.
    points = ((x, upper.y + upper.box.height - 5.0), (x, lower.y))
    return Line(edge, points, square=True)


def _along(
    group: _Group, x: float, placed: Mapping[str, Placed], row: Mapping[str, int]
) -> list[Line]:
    """One line per edge to its lane, and the lane in pieces, each worth the least."""
    lines: list[Line] = []
    target = placed[group.lower]
    aim = target.y + target.box.height * _IN
    for index, edge in enumerate(group.edges):
        start = _leaving(placed[edge.upper])
        joins = index + 1 < len(group.edges)
        end = _leaving(placed[group.edges[index + 1].upper])[1] if joins else aim
        lines.append(Line(edge, (start, (x, start[1])), ends=False, square=True))
        along = group.edges[: index + 1]
        piece = replace(
            edge,
            level=worst(tuple(one.level for one in along)),
            on_path=any(one.on_path for one in along),
        )
        points = [(x, start[1]), (x, end)]
        if not joins:
            points.append((target.x, aim))
        lines.append(Line(piece, tuple(points), False, not joins, square=True))
    return lines


def _leaving(placed: Placed) -> Point:
    return placed.x, placed.y + placed.box.height * _OUT
