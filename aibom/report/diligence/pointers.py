"""Places in a document that nobody has checked: pointers with ``*`` and a filter.

``/a/*/b`` is ``b`` of each of the list ``a``; ``/a[type=x]/*`` is each of those entries
of ``a`` whose ``type`` is ``x``. What has another type than the pointer expects is not
there: nothing is raised, whatever the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

__all__ = ["may_resolve", "resolve", "text_of"]

_FILTER = re.compile(r"(?P<name>[^\[]+)\[(?P<key>[^=]+)=(?P<value>[^\]]+)\]")
_INDEX = re.compile(r"[0-9]{1,9}")
#: Names without an escape, which most are: what begins with one that is not there, is
#: not there.
_PLAIN = re.compile(r"[A-Za-z-]+\Z")
#: Of a list in a hostile document, as many entries are looked at.
_MOST = 5_000
_LONGEST = 20_000


def resolve(document: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Each (pointer, value) that is there; the pointers have no ``*`` any more."""
    if not may_resolve(document, pointer):
        return
    found: list[tuple[str, Any]] = [("", document)]
    for step in pointer.split("/")[1:]:
        found = [inner for place, value in found for inner in _into(place, value, step)]
    yield from found


def may_resolve(document: Any, pointer: str) -> bool:
    """False where the first name of a pointer is not there: most are not."""
    first = _first(pointer)
    return not first or not isinstance(document, dict) or first in document


@cache
def _first(pointer: str) -> str:
    """The first name of a pointer of ours; empty where it is not a plain one."""
    first = pointer.partition("/")[2].partition("/")[0].partition("[")[0]
    return first if _PLAIN.match(first) else ""


def _into(place: str, value: Any, step: str) -> Iterator[tuple[str, Any]]:
    matched = _FILTER.fullmatch(step)
    if matched is not None:
        yield from _filtered(place, value, matched)
    elif step == "*":
        if isinstance(value, list):
            for index, inner in enumerate(value[:_MOST]):
                if inner is not None:
                    yield f"{place}/{index}", inner
    elif isinstance(value, dict):
        name = step.replace("~1", "/").replace("~0", "~")
        if name in value:
            yield f"{place}/{step}", value[name]
    elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
        yield f"{place}/{step}", value[int(step)]


def _filtered(
    place: str, value: Any, matched: re.Match[str]
) -> Iterator[tuple[str, Any]]:
    """The list with all other entries taken out, so that places stay true."""
    inner = value.get(matched["name"]) if isinstance(value, dict) else None
    if isinstance(inner, list):
        kept = [
            one
            if isinstance(one, dict) and one.get(matched["key"]) == matched["value"]
            else None
            for one in inner[:_MOST]
        ]
        yield f"{place}/{matched['name']}", kept


def text_of(value: Any) -> str | None:
    """A text, number or truth value as text; None for everything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value.strip()[:_LONGEST]
    return None
