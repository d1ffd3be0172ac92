"""One walk over a document: every object in it, with its owner and its place.

A place is a chain of steps back to the document and becomes a JSON pointer only when
somebody asks, so that a walk costs one small tuple per array or object. The walk keeps
its own stack: no nesting can exhaust that of the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from aibom.bom.problem import pointer_to

__all__ = ["Place", "Site", "pointer_of", "walk"]

#: The place of the parent, and the step from there; ``None`` is the document itself.
Place: TypeAlias = "tuple[Place, str | int] | None"


@dataclass(frozen=True, slots=True)
class Site:
    """An object in a document.

    ``owner`` is the key under which it stands, alone or in an array; empty for the
    document itself.
    """

    members: Mapping[str, Any]
    owner: str
    place: Place

    def pointer(self, *steps: str | int) -> str:
        """The JSON pointer of this object, or of the member that ``steps`` lead to."""
        return pointer_of(self.place, *steps)


def walk(document: dict[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, Place]]:
    """Each object with its owner (see :class:`Site`) and place, in document order."""
    stack: list[tuple[Any, str, Place]] = [(document, "", None)]
    while stack:
        value, owner, place = stack.pop()
        children: list[tuple[Any, str, Place]]
        if isinstance(value, dict):
            yield value, owner, place
            children = [
                (child, key, (place, key))
                for key, child in value.items()
                if isinstance(child, dict | list)
            ]
        else:
            children = [
                (child, owner, (place, index))
                for index, child in enumerate(value)
                if isinstance(child, dict | list)
            ]
        children.reverse()
        stack += children


def pointer_of(place: Place, *steps: str | int) -> str:
    """The JSON pointer of a place, or of what ``steps`` lead to from there."""
    tokens: list[str | int] = list(reversed(steps))
    while place is not None:
        place, step = place
        tokens.append(step)
    return pointer_to(reversed(tokens))
