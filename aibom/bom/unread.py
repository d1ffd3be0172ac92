"""What stands in a BOM and is no part of the lineage that was read from it.

A conversion that goes through the lineage leaves the rest behind: services and
vulnerabilities of somebody else's BOM, annotations that another tool added to ours.
What is lost is told by place, array indices left out, with a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.bom.losses import Loss, LossKind
from aibom.bom.problem import shorten

__all__ = ["unread"]

#: What names a document and its writer, and nothing that it is about.
_FRAME = frozenset(
    {
        ("$schema",),
        ("bomFormat",),
        ("specVersion",),
        ("serialNumber",),
        ("version",),
        ("metadata", "timestamp"),
        ("metadata", "tools"),
    }
)
_Shape = dict[str, Any]
_LICENCE: _Shape = {"license": {"id": None, "name": None}, "expression": None}
_COMPONENT: _Shape = {
    "type": None,
    "bom-ref": None,
    "name": None,
    "version": None,
    "description": None,
    "purl": None,
    "hashes": {"alg": None, "content": None},
    "licenses": _LICENCE,
    "externalReferences": {"type": None, "url": None, "hashes": None},
    "modelCard": {"modelParameters": {"datasets": None}},
}
_COMPONENT["components"] = _COMPONENT
_COMPONENT["pedigree"] = {"ancestors": _COMPONENT}
#: What :mod:`aibom.bom.foreign` reads; None stands for "as a whole".
_FOREIGN: _Shape = {
    "metadata": {"component": _COMPONENT},
    "components": _COMPONENT,
    "dependencies": {"ref": None, "dependsOn": None},
}
#: References of other types are passed over by the reader.
_REFERENCES = frozenset({"distribution", "bom"})
_MOST = 200

_Path = tuple[str, ...]


def unread(
    document: Mapping[str, Any], ours: Mapping[str, Any] | None = None
) -> tuple[Loss, ...]:
    """What is lost of a document when its lineage is all that is kept, at most 200.

    ``ours`` is the same lineage written again, for a document of our profile: what it
    has not is what others added. Without it the document is somebody else's. Never
    raises, whatever the document is made of.
    """
    found: Counter[_Path] = Counter()
    if ours is not None:
        there = Counter(_leaves(ours, ()))
        extra = Counter(_leaves(document, ())) - there
        for (path, _), count in extra.items():
            found[path] += count
    else:
        found.update(_outside(document, _FOREIGN, ()))
    return tuple(_losses(found))


def _losses(found: Counter[_Path]) -> Iterator[Loss]:
    listed = sorted((path, n) for path, n in found.items() if not _is_frame(path))
    for path, count in listed[:_MOST]:
        where = shorten("/" + "/".join(path))
        yield Loss(LossKind.NOT_READ, path[-1], where, "no part of the lineage", count)
    if len(listed) > _MOST:
        rest = sum(count for _, count in listed[_MOST:])
        detail = f"{len(listed) - _MOST:,} more places"
        yield Loss(LossKind.NOT_READ, "…", "", detail, rest)


def _is_frame(path: _Path) -> bool:
    return any(path[: len(frame)] == frame for frame in _FRAME)


def _leaves(value: Any, path: _Path) -> Iterator[tuple[_Path, str]]:
    """Every scalar with its place, indices left out; without recursion."""
    pending: list[tuple[Any, _Path]] = [(value, path)]
    while pending:
        current, here = pending.pop()
        if isinstance(current, dict):
            pending += [(inner, (*here, key)) for key, inner in current.items()]
        elif isinstance(current, list):
            pending += [(inner, here) for inner in current]
        else:
            yield here, repr(current)


def _outside(value: Any, shape: _Shape | None, path: _Path) -> Iterator[_Path]:
    """The places of members that the shape does not have, each as a whole."""
    pending: list[tuple[Any, _Shape | None, _Path]] = [(value, shape, path)]
    while pending:
        current, known, here = pending.pop()
        if isinstance(current, list):
            pending += [(inner, known, here) for inner in current]
        elif isinstance(current, dict) and known is not None:
            if _is_passed_over(current, here):
                yield here
                continue
            for key, inner in current.items():
                if key in known:
                    pending.append((inner, known[key], (*here, key)))
                else:
                    yield (*here, key)


def _is_passed_over(item: Mapping[str, Any], path: _Path) -> bool:
    """Entries that are known by their shape and not read by what they say."""
    if path[-1:] == ("externalReferences",):
        return item.get("type") not in _REFERENCES
    if path[-1:] in (("components",), ("ancestors",)):
        return item.get("type") == "file"
    return False
