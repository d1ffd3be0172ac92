"""Folding: where a lineage has more than can be read, what is alike becomes one.

First what is of one kind and has the very same neighbours, then what went into the same
things, then each kind in each layer, and at last whole stretches of layers. The root,
what is highlighted, blocking paths and contradictions stay, up to a third of the room:
a document chooses how many of those it has. Each stage joins only within a layer, or
whole layers, so that nothing comes to be its own ancestor by being folded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

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
class _Base:
    """What does not depend on how much is folded, nor on what is kept.

    ``alike`` numbers the groups of units of one kind with the very same neighbours;
    ``layered`` are all units, the lowest layers first, ``ordered`` all by id.
    """

    units: Units
    layer: Mapping[str, int]
    into: Mapping[str, Sequence[Flow]]
    out_of: Mapping[str, Sequence[Flow]]
    alike: Mapping[str, int]
    layered: Sequence[Sequence[Unit]]
    ordered: Sequence[Unit]


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be folded; ``done`` keeps each stage, for a second budget."""

    base: _Base
    keep: frozenset[str]
    done: dict[tuple[int, int], Owners] = field(default_factory=dict)

    def movable(self) -> list[Unit]:
        return [unit for unit in self.base.ordered if unit.id not in self.keep]

    def alone(self) -> Owners:
        """Each unit as its own."""
        return {name: name for name in self.base.units.by_id}


def fold(
    units: Units, keep: Sequence[str], budgets: Sequence[int]
) -> tuple[Mapping[str, str], ...]:
    """For each budget, each unit's id and that of the unit or fold it is drawn in.

    ``keep`` is in order of importance. A result has at most about its budget of values;
    a little more where kept units lie in many layers.
    """
    whole = {name: name for name in units.by_id}
    if len(whole) <= min(budgets):
        return (whole,) * len(budgets)
    base = _base(units)
    tasks: dict[frozenset[str], _Task] = {}
    found: list[Mapping[str, str]] = []
    for budget in budgets:
        if len(whole) <= budget:
            found.append(whole)
            continue
        kept = frozenset(keep[: max(budget // 3, 1)])
        found.append(_folded(tasks.setdefault(kept, _Task(base, kept)), budget))
    return tuple(found)


def _folded(task: _Task, budget: int) -> Owners:
    alike = _groups(task, lambda unit: task.base.alike[unit.id])
    families: list[tuple[Sequence[int], Callable[[int], Owners]]] = [
        (_SIZES, lambda size: _joined(task, alike, size)),
        (_SIZES, lambda size: _same_consumers(task, size)),
        ((2,), lambda size: _joined(task, _layers(task), size)),
    ]
    for number, (sizes, fold_by) in enumerate(families):

        def stage(
            size: int, number: int = number, by: Callable[[int], Owners] = fold_by
        ) -> Owners:
            if (number, size) not in task.done:
                task.done[number, size] = by(size)
            return task.done[number, size]

        # The smallest size folds everything that a larger one does, and more.
        most = stage(sizes[-1])
        if len(set(most.values())) <= budget:
            fewest = (stage(size) for size in sizes[:-1])
            fit = (one for one in fewest if len(set(one.values())) <= budget)
            return next(fit, most)
    return _stretches(task, budget)


def _layers(task: _Task) -> Iterable[Sequence[str]]:
    return _groups(task, lambda unit: (unit.kind, task.base.layer[unit.id]))


def _base(units: Units) -> _Base:
    into: dict[str, list[Flow]] = defaultdict(list)
    out_of: dict[str, list[Flow]] = defaultdict(list)
    for flow in units.flows:
        into[flow.lower].append(flow)
        out_of[flow.upper].append(flow)
    layer = layers_of(units.by_id, [(flow.upper, flow.lower) for flow in units.flows])
    numbers: dict[Hashable, int] = {}
    alike = {}
    for name, unit in units.by_id.items():
        above = frozenset([(flow.upper, flow.role) for flow in into.get(name, ())])
        below = frozenset([(flow.lower, flow.role) for flow in out_of.get(name, ())])
        key = (unit.kind, unit.word, layer[name], above, below)
        alike[name] = numbers.setdefault(key, len(numbers))
    layered = sorted(units.by_id.values(), key=lambda unit: (-layer[unit.id], unit.id))
    rows = [list(row) for _, row in groupby(layered, key=lambda u: layer[u.id])]
    ordered = sorted(units.by_id.values(), key=attrgetter("id"))
    return _Base(units, layer, into, out_of, alike, rows, ordered)


def _groups(task: _Task, key: Callable[[Unit], Hashable]) -> Iterable[Sequence[str]]:
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for unit in task.movable():
        groups[key(unit)].append(unit.id)
    return groups.values()


def _joined(task: _Task, groups: Iterable[Sequence[str]], size: int) -> Owners:
    owners = task.alone()
    for members in groups:
        _join(owners, members, size)
    return owners


def _join(owners: Owners, members: Collection[str], size: int) -> None:
    if len(members) >= size:
        owner = f"fold:{anchor(' '.join(members))}"
        owners.update(dict.fromkeys(members, owner))


def _same_consumers(task: _Task, size: int) -> Owners:
    """From the artifact upwards: what was folded below is one consumer above."""
    owners = task.alone()
    out_of = task.base.out_of
    for units in task.base.layered:
        groups: dict[Hashable, list[str]] = defaultdict(list)
        for unit in units:
            if unit.id not in task.keep:
                flows = out_of.get(unit.id, ())
                below = frozenset([(owners[flow.lower], flow.role) for flow in flows])
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
        kind = unit.kind if not task.base.into.get(unit.id) else SEVERAL
        groups[(stretch[task.base.layer[unit.id]], kind, part)].append(unit.id)
    owners = task.alone()
    for members in groups.values():
        if len(members) > 1:
            _join(owners, members, 2)
    return owners


def _cut(task: _Task, budget: int) -> Mapping[int, int]:
    """The stretch of each layer, so that the parts of all of them fit the budget."""
    fixed = {task.base.layer[name] for name in task.keep if name in task.base.layer}
    depth = max(task.base.layer.values(), default=0) + 1
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
    for unit in sorted(
        task.base.units.by_id.values(), key=lambda u: task.base.layer[u.id]
    ):
        above = (flow.upper in found for flow in task.base.into.get(unit.id, ()))
        if unit.kind == "model" or any(above):
            found.add(unit.id)
    return frozenset(found)
