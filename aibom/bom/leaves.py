"""The leaves of a document: which of them another document has not, and how that reads.

A leaf is a text, a number, a boolean or null, or an array or object that is empty. What
is lost is kept by place (:class:`Lost`) while it is looked for, and is told by shape:
a place of its own where it is one, and ``*`` for every index where there are many, so
that a list of losses stays short however large the document is. No leaf is left out of
the counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from aibom.bom.losses import Loss, LossKind
from aibom.bom.problem import pointer_to

__all__ = ["MAX_PLACES", "Lost", "Path", "count_leaves", "losses_of", "missing"]

#: Places that are listed; of all others there is one count for each kind of loss.
MAX_PLACES = 1_000

Path: TypeAlias = "tuple[str | int, ...]"

#: By what two entries of an array are the same thing, though they differ.
_IDENTITIES = ("bom-ref", "ref", "uid", "name", "url", "alg", "type")


@dataclass(frozen=True, slots=True)
class Lost:
    """One leaf, or all of the ``leaves`` below ``path``."""

    kind: LossKind
    path: Path
    detail: str
    leaves: int = 1

    @classmethod
    def whole(cls, kind: LossKind, path: Path, detail: str, value: Any) -> Lost:
        """Everything that stands at ``path``, which is ``value``."""
        return cls(kind, path, detail, count_leaves(value))


def count_leaves(value: Any) -> int:
    """How many leaves a value has; one that is a leaf itself has one."""
    pending, found = [value], 0
    while pending:
        current = pending.pop()
        if isinstance(current, dict) and current:
            pending += current.values()
        elif isinstance(current, list) and current:
            pending += current
        else:
            found += 1
    return found


def losses_of(lost: Iterable[Lost]) -> Iterator[Loss]:
    """The losses by shape of their places; at most :data:`MAX_PLACES`, and the rest.

    ``where`` is a JSON pointer where the shape was found once. Elsewhere ``*`` stands
    for each index, and the detail says where the first is.
    """
    groups: dict[tuple[LossKind, Path, str], list[Lost]] = {}
    for one in lost:
        shape: Path = tuple("*" if isinstance(step, int) else step for step in one.path)
        groups.setdefault((one.kind, shape, one.detail), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: str(item[0]))
    beyond: dict[LossKind, int] = {}
    for number, ((kind, shape, detail), found) in enumerate(ordered):
        count = sum(one.leaves for one in found)
        if number >= MAX_PLACES:
            beyond[kind] = beyond.get(kind, 0) + count
        else:
            yield _loss(kind, shape, detail, found, count)
    for kind, count in beyond.items():
        detail = f"{len(ordered) - MAX_PLACES:,} more places are not listed"
        yield Loss(kind, "…", "", detail, count)


def _loss(
    kind: LossKind, shape: Path, detail: str, found: list[Lost], count: int
) -> Loss:
    first = pointer_to(min(found, key=_order).path)
    field = next((str(s) for s in reversed(shape) if s and s != "*"), "…")
    if len(found) == 1:
        return Loss(kind, field, first, detail, count)
    told = f"{detail}; {len(found):,} places, the first is {first}"
    return Loss(kind, field, pointer_to(shape), told, count)


def _order(lost: Lost) -> list[tuple[int, str]]:
    """Indices as numbers; a key may stand where another path has an index."""
    return [(s, "") if isinstance(s, int) else (-1, s) for s in lost.path]


def missing(document: Any, other: Any, kind: LossKind, detail: str) -> Iterator[Lost]:
    """What ``document`` has and ``other`` has not at the same place.

    Entries of an array are the same place where they are equal, and else where they
    name the same thing, wherever they stand. Nesting is that of a parsed document.
    """
    pending: list[tuple[Any, Any, Path]] = [(document, other, ())]
    while pending:
        one, two, path = pending.pop()
        if isinstance(one, dict) and isinstance(two, dict):
            pairs: Iterable[tuple[str | int, Any, Any]] = _members(one, two)
        elif isinstance(one, list) and isinstance(two, list):
            pairs = () if one == two else _entries(one, two)
        else:
            if type(one) is not type(two) or one != two:
                yield Lost.whole(kind, path, detail, one)
            continue
        for step, inner, counterpart in pairs:
            if counterpart is _NOTHING:
                yield Lost.whole(kind, (*path, step), detail, inner)
            else:
                pending.append((inner, counterpart, (*path, step)))


_NOTHING = object()


def _members(
    one: Mapping[str, Any], two: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for key, value in one.items():
        yield key, value, two.get(key, _NOTHING)


def _entries(one: list[Any], two: list[Any]) -> Iterator[tuple[int, Any, Any]]:
    """Those that are equal are taken out first, then those of the same name."""
    equal = _by(two, _text)
    left: list[tuple[int, Any]] = []
    for index, item in enumerate(one):
        same = equal.get(_text(item))
        if same:
            same.pop()
        else:
            left.append((index, item))
    named = _by([item for rest in equal.values() for item in rest], _name)
    for index, item in left:
        found = named.get(_name(item))
        yield index, item, found.pop() if found else _NOTHING


def _by(items: list[Any], key: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in reversed(items):
        found.setdefault(key(item), []).append(item)
    return found


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _name(item: Any) -> str:
    if isinstance(item, dict):
        for key in _IDENTITIES:
            if isinstance(item.get(key), str):
                return f"{key} {item[key]}"
    return type(item).__name__
