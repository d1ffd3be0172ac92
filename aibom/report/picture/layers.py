"""Layers: everything stands below what it came from, and close to what it went into.

The longest way from a root decides; whatever has room is then moved down to just above
the first thing it went into. A lineage should have no cycle, but documents may claim
one: then one of its edges runs upwards, always the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

__all__ = ["layers_of"]


def layers_of(
    names: Collection[str], flows: Iterable[tuple[str, str]]
) -> Mapping[str, int]:
    """The layer of each name, 0 on top. Flows lead from upper to lower names.

    Linear in names and flows, but for sorting. A flow whose upper end is not in a
    higher layer closes a cycle.
    """
    down: dict[str, list[str]] = {name: [] for name in names}
    waiting = dict.fromkeys(names, 0)
    for upper, lower in sorted(set(flows)):
        if upper != lower:
            down[upper].append(lower)
            waiting[lower] += 1
    order = _order(down, waiting)
    place = {name: index for index, name in enumerate(order)}
    layer = dict.fromkeys(order, 0)
    for name in order:
        for lower in down[name]:
            if place[lower] > place[name]:
                layer[lower] = max(layer[lower], layer[name] + 1)
    for name in reversed(order):
        below = [layer[low] for low in down[name] if place[low] > place[name]]
        if below:
            layer[name] = min(below) - 1
    return _without_gaps(layer)


def _order(down: Mapping[str, list[str]], waiting: dict[str, int]) -> list[str]:
    """All names, upper first; where a cycle leaves no first one, the smallest id."""
    left = iter(sorted(waiting))
    ready = sorted((name for name, count in waiting.items() if not count), reverse=True)
    order: list[str] = []
    done: set[str] = set()
    while len(order) < len(waiting):
        if not ready:
            ready.append(next(name for name in left if name not in done))
        name = ready.pop()
        if name in done:
            continue
        done.add(name)
        order.append(name)
        for lower in down[name]:
            waiting[lower] -= 1
            if waiting[lower] == 0:
                ready.append(lower)
    return order


def _without_gaps(layer: Mapping[str, int]) -> Mapping[str, int]:
    used = {value: index for index, value in enumerate(sorted(set(layer.values())))}
    return {name: used[value] for name, value in layer.items()}
