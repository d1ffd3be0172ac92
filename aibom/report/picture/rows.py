"""Rows: layers cut to a width, with stand-ins where an edge passes through a row.

Edges that go a long way towards one thing, or come a long way from one, share their
stand-ins where they look alike, as cables share a duct; those of a blocking path never.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from aibom.report.picture.boxes import Box
from aibom.report.picture.layers import layers_of
from aibom.report.picture.model import Picture, PictureEdge

__all__ = ["Item", "Route", "Rows", "rows_of"]

GAP = 26.0
PASSING = 10.0

#: A node (its id, row -1) or a stand-in (the key of its duct, its row).
Item = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Route:
    """The items an edge leads through, top to bottom.

    Where edges share stand-ins one has the whole way, and the others begin or end where
    they join or leave it. ``upward`` marks an edge that closes a cycle.
    """

    edge: PictureEdge
    items: tuple[Item, ...]
    upward: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Items row by row, routes between them, and edges within one row (cycles)."""

    rows: tuple[tuple[Item, ...], ...]
    routes: tuple[Route, ...]
    level: tuple[PictureEdge, ...]


def rows_of(picture: Picture, boxes: Mapping[str, Box], width: float) -> Rows:
    """Cut a picture into rows; not yet in a good order within each.

    Rows are cut to ``width``, without the room that passing edges take.
    """
    names = _cut(picture, boxes, width)
    row_of = {name: row for row, found in enumerate(names) for name in found}
    level = [e for e in picture.edges if row_of[e.upper] == row_of[e.lower]]
    routes, through = _routed(
        [e for e in picture.edges if row_of[e.upper] != row_of[e.lower]], row_of
    )
    rows = tuple(
        (*((name, -1) for name in found), *through.get(row, ()))
        for row, found in enumerate(names)
    )
    return Rows(rows, tuple(routes), tuple(level))


def _cut(picture: Picture, boxes: Mapping[str, Box], width: float) -> list[list[str]]:
    """From the bottom up, row by row: what went into the same thing stays together.

    A row takes what fits, of all that went only into lower rows, in the order of a
    depth-first walk up from the artifact that takes short branches first. So a branch
    is finished beside the thing it went into before the next one begins.
    """
    flows = [(edge.upper, edge.lower) for edge in picture.edges]
    layer = layers_of([node.id for node in picture.nodes], flows)
    above: dict[str, list[str]] = {name: [] for name in layer}
    waiting = dict.fromkeys(layer, 0)
    for upper, lower in flows:
        if layer[upper] < layer[lower]:
            above[lower].append(upper)
            waiting[upper] += 1
    turn = _turns(picture, layer, above, waiting)
    ready = [(turn[name], name) for name, count in waiting.items() if not count]
    heapify(ready)
    rows: list[list[str]] = []
    while ready:
        row = _filled(ready, boxes, width)
        for name in row:
            for upper in above[name]:
                waiting[upper] -= 1
                if not waiting[upper]:
                    heappush(ready, (turn[upper], upper))
        rows.append(row)
    return rows[::-1]


def _filled(
    ready: list[tuple[int, str]], boxes: Mapping[str, Box], most: float
) -> list[str]:
    """One row from what is ready; at least one thing, whatever its width."""
    row: list[str] = []
    used = 0.0
    while ready:
        width = boxes[ready[0][1]].right + GAP
        if row and used + width > most + GAP:
            break
        used += width
        row.append(heappop(ready)[1])
    return row


def _turns(
    picture: Picture,
    layer: Mapping[str, int],
    above: Mapping[str, Sequence[str]],
    waiting: Mapping[str, int],
) -> Mapping[str, int]:
    """The number of each node in a depth-first walk upwards, short branches first."""
    height = dict.fromkeys(layer, 0)
    for name in sorted(layer, key=lambda name: layer[name]):
        height[name] = max((height[upper] + 1 for upper in above[name]), default=0)

    def last(name: str) -> tuple[int, str]:
        return (-height[name], name)

    ends = sorted((name for name, count in waiting.items() if not count), key=last)
    tops = {node.id for node in picture.nodes if node.root}
    stack = sorted(ends, key=lambda name: (name in tops, last(name)))
    turn: dict[str, int] = {}
    while stack:
        name = stack.pop()
        if name not in turn:
            turn[name] = len(turn)
            stack.extend(sorted(above[name], key=last))
    return turn


def _routed(
    edges: Sequence[PictureEdge], row_of: Mapping[str, int]
) -> tuple[list[Route], Mapping[int, tuple[Item, ...]]]:
    into = Counter(edge.lower for edge in edges)
    out_of = Counter(edge.upper for edge in edges)
    ducts: dict[str, list[tuple[int, int, PictureEdge]]] = defaultdict(list)
    routes: list[Route] = []
    for edge in edges:
        top, bottom = sorted((row_of[edge.upper], row_of[edge.lower]))
        if bottom - top == 1:
            routes.append(_route(edge, row_of, ()))
            continue
        upward = row_of[edge.upper] > row_of[edge.lower]
        if edge.on_path or upward:
            key = f"own {edge.upper} {edge.lower}"
        elif out_of[edge.upper] > into[edge.lower]:
            key = f"out {edge.upper} {edge.level}"
        else:
            key = f"into {edge.lower} {edge.level}"
        ducts[key].append((top, bottom, edge))
    through: dict[int, list[Item]] = defaultdict(list)
    for key in sorted(ducts):
        found = ducts[key]
        top = min(entry[0] for entry in found)
        bottom = max(entry[1] for entry in found)
        for row in range(top + 1, bottom):
            through[row].append((key, row))
        routes.extend(_shared(key, found, row_of))
    return routes, {row: tuple(items) for row, items in through.items()}


def _shared(
    key: str,
    found: Sequence[tuple[int, int, PictureEdge]],
    row_of: Mapping[str, int],
) -> list[Route]:
    """One edge of a duct all the way, the others to or from it."""
    whole = max(found, key=lambda entry: (entry[1] - entry[0], entry[2].upper))
    routes = []
    for entry in found:
        top, bottom, edge = entry
        stands = tuple((key, row) for row in range(top + 1, bottom))
        if entry is whole:
            routes.append(_route(edge, row_of, stands))
        elif key.startswith("into"):
            routes.append(Route(edge, ((edge.upper, -1), stands[0])))
        else:
            routes.append(Route(edge, (stands[-1], (edge.lower, -1))))
    return routes


def _route(
    edge: PictureEdge, row_of: Mapping[str, int], stands: tuple[Item, ...]
) -> Route:
    upward = row_of[edge.upper] > row_of[edge.lower]
    ends = (edge.lower, edge.upper) if upward else (edge.upper, edge.lower)
    return Route(edge, ((ends[0], -1), *stands, (ends[1], -1)), upward)
