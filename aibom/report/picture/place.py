"""Coordinates across: every item as near to its neighbours as the others let it.

For a row in a given order, the positions that are nearest (in squares) to the wanted
ones while nothing overlaps are found exactly, by pooling neighbours that would: this is
isotonic regression, linear in the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aibom.report.picture.boxes import Box
from aibom.report.picture.order import Links
from aibom.report.picture.rows import GAP, PASSING, Item

__all__ = ["nearest", "placed"]

_SWEEPS = 10
#: A bend in the middle of a long line is worse than a box that is not centred.
_STIFF = 6.0


def nearest(
    wanted: Sequence[float], weights: Sequence[float], room: float
) -> list[float]:
    """The non-decreasing values nearest to ``wanted``, all within 0 and ``room``."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            before = pools.pop()
            heavy = before[1] + pool[1]
            mean = (before[0] * before[1] + pool[0] * pool[1]) / heavy
            pool = (mean, heavy, before[2] + pool[2])
        pools.append(pool)
    return [min(max(v, 0.0), room) for v, _, count in pools for _ in range(count)]


def placed(
    rows: Sequence[Sequence[Item]], down: Links, up: Links, boxes: Mapping[str, Box]
) -> tuple[Mapping[Item, float], float]:
    """The middle of each item's shape, and the width of the whole."""
    width = max((_width(row, boxes) for row in rows), default=0.0)
    middle: dict[Item, float] = {}
    for row in rows:
        left = (width - _width(row, boxes)) / 2
        for item in row:
            middle[item] = left + _half(item, boxes)
            left += _right(item, boxes) + _gap(item)
    for sweep in range(_SWEEPS):
        links = (down, up)[sweep % 2]
        for row in rows[::-1] if sweep % 2 == 0 else rows:
            _settle(row, links, (down, up), boxes, middle, width)
    return middle, width


def _settle(
    row: Sequence[Item],
    links: Links,
    both: tuple[Links, Links],
    boxes: Mapping[str, Box],
    middle: dict[Item, float],
    width: float,
) -> None:
    wanted, weights, offsets = [], [], []
    offset = 0.0
    for item in row:
        found = [middle[other] for other in links.get(item, ())]
        if not found:
            found = [middle[other] for way in both for other in way.get(item, ())]
        centre = sum(found) / len(found) if found else middle[item]
        wanted.append(centre - _half(item, boxes) - offset)
        weights.append(_STIFF if item[1] >= 0 else 1.0)
        offsets.append(offset)
        offset += _right(item, boxes) + _gap(item)
    room = max(width - _width(row, boxes), 0.0)
    for item, left, shift in zip(
        row, nearest(wanted, weights, room), offsets, strict=True
    ):
        middle[item] = left + shift + _half(item, boxes)


def _half(item: Item, boxes: Mapping[str, Box]) -> float:
    return PASSING / 2 if item[1] >= 0 else boxes[item[0]].width / 2


def _right(item: Item, boxes: Mapping[str, Box]) -> float:
    return PASSING if item[1] >= 0 else boxes[item[0]].right


def _gap(item: Item) -> float:
    return PASSING if item[1] >= 0 else GAP


def _width(row: Sequence[Item], boxes: Mapping[str, Box]) -> float:
    total = sum(_right(item, boxes) + _gap(item) for item in row)
    return total - (_gap(row[-1]) if row else 0.0)
