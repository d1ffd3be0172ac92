"""Folding: where a lineage has more than can be read, what is alike becomes one.

First what is of one kind and has the very same neighbours, then what went into the same
things, then each kind in each layer, and at last whole stretches of layers. The root,
what is highlighted, blocking paths and contradictions stay, up to a third of the room:
a document chooses how many of those it has. Each stage joins only within a layer, or
whole layers, so that nothing comes to be its own ancestor by being folded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from aibom.report.picture.labels import anchor
from aibom.report.picture.layers import layers_of
from aibom.report.picture.model import SEVERAL
from aibom.report.picture.units import Flow, Unit, Units

__all__ = ["fold"]

#: Large groups first: as few as needed are folded.
_SIZES = (8, 4, 2)
#: Stretches that are always allowed, however many things are kept.
_FEWEST = 12
#: Boxes that a stretch comes to, as a rule.
_PARTS = 4

#: unit → the id of what it is drawn in
Owners = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Task:
    units: Units
    keep: frozenset[str]
    layer: Mapping[str, int]
    into: Mapping[str, Sequence[Flow]]
    out_of: Mapping[str, Sequence[Flow]]

    def movable(self) -> list[Unit]:
        return [unit for name, unit in self._sorted() if name not in self.keep]

    def _sorted(self) -> list[tuple[str, Unit]]:
        return sorted(self.units.by_id.items())


def fold(units: Units, keep: Sequence[str], budget: int) -> Mapping[str, str]:
    """Each unit's id and that of the unit or fold it is drawn in.

    ``keep`` is in order of importance. The result has at most about ``budget`` values;
    a little more where kept units lie in many layers.
    """
    owners = {name: name for name in units.by_id}
    if len(owners) <= budget:
        return owners
    task = _task(units, frozenset(keep[: max(budget // 3, 1)]))
    stages: list[Callable[[], Owners]] = [
        *(lambda size=size: _same_neighbours(task, size) for size in _SIZES),
        *(lambda size=size: _same_consumers(task, size) for size in _SIZES),
        lambda: _grouped(task, lambda unit: (unit.kind, task.layer[unit.id]), 2),
        lambda: _stretches(task, budget),
    ]
    for stage in stages:
        owners = stage()
        if len(set(owners.values())) <= budget:
            break
    return owners


def _task(units: Units, keep: frozenset[str]) -> _Task:
    into: dict[str, list[Flow]] = defaultdict(list)
    out_of: dict[str, list[Flow]] = defaultdict(list)
    for flow in units.flows:
        into[flow.lower].append(flow)
        out_of[flow.upper].append(flow)
    ends = [(flow.upper, flow.lower) for flow in units.flows]
    return _Task(units, keep, layers_of(units.by_id, ends), into, out_of)


def _grouped(task: _Task, key: Callable[[Unit], Hashable], size: int) -> Owners:
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for unit in task.movable():
        groups[key(unit)].append(unit.id)
    owners = {name: name for name in task.units.by_id}
    for members in groups.values():
        _join(owners, members, size)
    return owners


def _join(owners: Owners, members: Collection[str], size: int) -> None:
    if len(members) >= size:
        owner = f"fold:{anchor(' '.join(members))}"
        owners.update(dict.fromkeys(members, owner))


def _same_neighbours(task: _Task, size: int) -> Owners:
    def key(unit: Unit) -> Hashable:
        above = {(flow.upper, flow.role) for flow in task.into.get(unit.id, ())}
        below = {(flow.lower, flow.role) for flow in task.out_of.get(unit.id, ())}
        alike = (unit.kind, unit.word, task.layer[unit.id])
        return (*alike, frozenset(above), frozenset(below))

    return _grouped(task, key, size)


def _same_consumers(task: _Task, size: int) -> Owners:
    """From the artifact upwards: what was folded below is one consumer above."""
    owners = {name: name for name in task.units.by_id}
    layered = sorted(task.movable(), key=lambda unit: (-task.layer[unit.id], unit.id))
    for _, units in groupby(layered, key=lambda unit: task.layer[unit.id]):
        groups: dict[Hashable, list[str]] = defaultdict(list)
        for unit in units:
            flows = task.out_of.get(unit.id, ())
            below = frozenset((owners[flow.lower], flow.role) for flow in flows)
            groups[(unit.kind, unit.word, below)].append(unit.id)
        for members in groups.values():
            _join(owners, members, size)
    return owners


def _stretches(task: _Task, budget: int) -> Owners:
    """Whole layers together: roots by kind, then data, then what models went into.

    Nothing that a model went into goes into what has no model before it, so these
    parts of a stretch have an order. A layer with a kept unit is its own stretch.
    """
    stretch = _cut(task, budget)
    learned = _learned(task)
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for unit in task.movable():
        part = unit.id in learned
        kind = unit.kind if not task.into.get(unit.id) else SEVERAL
        groups[(stretch[task.layer[unit.id]], kind, part)].append(unit.id)
    owners = {name: name for name in task.units.by_id}
    for members in groups.values():
        if len(members) > 1:
            _join(owners, members, 2)
    return owners


def _cut(task: _Task, budget: int) -> Mapping[int, int]:
    """The stretch of each layer, so that the parts of all of them fit the budget."""
    fixed = {task.layer[name] for name in task.keep if name in task.layer}
    depth = max(task.layer.values(), default=0) + 1
    room = budget - len(task.keep)
    most = max(-(-depth * _PARTS // max(room, _FEWEST)), 2)
    stretch: dict[int, int] = {}
    current, length = 0, 0
    for layer in range(depth):
        if layer in fixed or layer - 1 in fixed or length >= most:
            current, length = current + 1, 0
        stretch[layer] = current
        length += 1
    return stretch


def _learned(task: _Task) -> frozenset[str]:
    """Models, and all that has one before it."""
    found: set[str] = set()
    for unit in sorted(task.units.by_id.values(), key=lambda u: task.layer[u.id]):
        above = (flow.upper in found for flow in task.into.get(unit.id, ()))
        if unit.kind == "model" or any(above):
            found.add(unit.id)
    return frozenset(found)
