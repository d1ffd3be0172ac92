"""The order within rows: as few crossings as a few sweeps find.

Barycentres downwards and upwards in turn, keeping the best order seen; equal inputs
give equal orders. An optimum is not looked for: it is NP-hard, and not needed.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from aibom.report.picture.rows import Item, Rows

__all__ = ["Links", "crossings", "links_of", "ordered"]

_SWEEPS = 14
#: Below this many items, sweeps cost nothing that is noticed.
_MANY = 6000

#: item → its neighbours in the next row (down) or the one before (up)
Links = Mapping[Item, Sequence[Item]]


def links_of(rows: Rows) -> tuple[Links, Links]:
    """Neighbours below and above of each item, each pair once."""
    pairs = {pair for route in rows.routes for pair in pairwise(route.items)}
    down: dict[Item, list[Item]] = defaultdict(list)
    up: dict[Item, list[Item]] = defaultdict(list)
    for upper, lower in sorted(pairs):
        down[upper].append(lower)
        up[lower].append(upper)
    return down, up


def ordered(rows: Rows) -> tuple[tuple[Item, ...], ...]:
    """The rows, each in an order with few crossings."""
    down, up = links_of(rows)
    current = [list(row) for row in rows.rows]
    best = [list(row) for row in current]
    fewest = crossings(best, down)
    sweeps = _SWEEPS if sum(map(len, current)) < _MANY else 2
    for sweep in range(sweeps):
        _sweep(current, up if sweep % 2 == 0 else down, downwards=sweep % 2 == 0)
        found = crossings(current, down)
        if found < fewest:
            best, fewest = [list(row) for row in current], found
        if fewest == 0:
            break
    return tuple(tuple(row) for row in best)


def _sweep(rows: list[list[Item]], links: Links, *, downwards: bool) -> None:
    order: Iterable[int] = range(1, len(rows))
    if not downwards:
        order = range(len(rows) - 2, -1, -1)
    for number in order:
        fixed = rows[number - 1 if downwards else number + 1]
        place = {item: (i + 0.5) / len(fixed) for i, item in enumerate(fixed)}
        row = rows[number]
        own = {item: (i + 0.5) / len(row) for i, item in enumerate(row)}
        keys = {}
        for item in row:
            found = [place[other] for other in links.get(item, ()) if other in place]
            mean = sum(found) / len(found) if found else own[item]
            keys[item] = (mean, own[item])
        row.sort(key=keys.__getitem__)


def crossings(rows: Sequence[Sequence[Item]], down: Links) -> int:
    """How many pairs of lines between neighbouring rows cross."""
    total = 0
    for upper, lower in pairwise(rows):
        place = {item: index for index, item in enumerate(lower)}
        seen: list[int] = []
        for item in upper:
            ends = sorted(place[end] for end in down.get(item, ()) if end in place)
            for end in ends:
                total += len(seen) - bisect_right(seen, end)
            for end in ends:
                insort(seen, end)
    return total
