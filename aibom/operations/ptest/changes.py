"""How a case of a policy test changes what its file says once for all cases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aibom.operations.ptest.world import InlineWorld
from aibom.reading import Reader, suggest

__all__ = ["merged", "remove", "resolved"]

_MARK = re.compile(r"@([A-Za-z0-9][A-Za-z0-9._-]*)")


def merged(base: Any, change: Any) -> Any:
    """Mappings are joined, key by key; everything else is replaced."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    joined = dict(base)
    for key, value in change.items():
        joined[key] = merged(base[key], value) if key in base else value
    return joined


def remove(value: Any, place: str, entry: Reader) -> None:
    """Take out ``steps/label``, or ``nodes/reviews/facts/source``."""
    *above, last = place.split("/")
    for key in above:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict) or last not in value:
        known = value if isinstance(value, dict) else ()
        entry.problem(
            f"{place!r} is not in the lineage{suggest(last, known)}", "without"
        )
        return
    del value[last]


def resolved(
    data: Mapping[str, tuple[Any, str]], world: InlineWorld | None, entry: Reader
) -> Mapping[str, tuple[Any, str]]:
    """Data in which ``@ID`` has become the digest of the node, or of the record.

    In a ``term``, which is put together from ids, it becomes the id in the lineage.
    """
    if world is None:
        return data
    own: InlineWorld = world

    def resolve(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {key: resolve(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [resolve(item) for item in value]
        if key == "term" and isinstance(value, str):
            return _MARK.sub(lambda found: own.names.get(found[1], found[0]), value)
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        found = own.reference(value[1:])
        if found is None:
            told = f"nothing with a digest is called {value[1:]!r}"
            known = {*own.names, *own.approvals}
            entry.problem(f"{told}{suggest(value[1:], known)}", "data")
        return found

    return {name: (resolve(value), where) for name, (value, where) in data.items()}
