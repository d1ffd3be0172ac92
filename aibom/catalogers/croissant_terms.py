"""The terms of a Croissant document, whatever prefixes and aliases it gives them.

Croissant is JSON-LD. Read is what is found in the wild: terms by alias, by prefix, or
by the default vocabulary, with the prefixes of the specification where the context has
none. Contexts at other addresses are not fetched, and nested contexts not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aibom.catalogers.notes import pointer

__all__ = ["Terms", "each", "text_at"]

_NAMESPACES = {
    "rai": ("http://mlcommons.org/croissant/RAI/",),
    "cr": ("http://mlcommons.org/croissant/",),
    "sc": ("http://schema.org/", "https://schema.org/"),
    "dct": ("http://purl.org/dc/terms/",),
    "prov": ("http://www.w3.org/ns/prov#",),
}
_MAX_ALIASES = 8


class Terms:
    """Reads the keys of objects under one ``@context``."""

    def __init__(self, context: Any) -> None:
        self._aliases: dict[str, str] = {}
        for part in context if isinstance(context, list) else [context]:
            for key, value in part.items() if isinstance(part, dict) else ():
                meant = value.get("@id") if isinstance(value, dict) else value
                if isinstance(meant, str):
                    self._aliases[key] = meant

    def short(self, key: str) -> str:
        """A term as ``sc:name``, ``cr:…``, ``rai:…``, ``prov:…`` or ``dct:…``."""
        for _ in range(_MAX_ALIASES):
            meant = self._aliases.get(key)
            if meant is None or meant == key:
                break
            key = meant
        prefix, colon, name = key.partition(":")
        if colon and not name.startswith("//"):
            base = self._aliases.get(prefix)
            if base is None:
                return key
            key = base + name
        elif not colon:
            key = self._aliases.get("@vocab", "https://schema.org/") + key
        for known, bases in _NAMESPACES.items():
            for base in bases:
                if key.startswith(base):
                    return f"{known}:{key.removeprefix(base)}"
        return key

    def read(
        self, value: Mapping[str, Any], twice: Callable[[str], None]
    ) -> dict[str, tuple[str, Any]]:
        """Members by short term: the key that was written, and the value.

        ``twice`` is told of a term that two keys mean; the last one counts.
        """
        found: dict[str, tuple[str, Any]] = {}
        for key, inner in value.items():
            name = key if key.startswith("@") else self.short(key)
            if name in found:
                twice(name)
            found[name] = (key, inner)
        return found

    def types(self, value: Any) -> set[str]:
        """The types of an object, as short terms."""
        if not isinstance(value, dict):
            return set()
        stated = value.get("@type")
        listed = stated if isinstance(stated, list) else [stated]
        return {self.short(text) for text in listed if isinstance(text, str)}


def each(value: Any, at: str) -> Iterator[tuple[Any, str]]:
    """Each of many with its pointer, or the only one with its own."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield inner, at + pointer(index)
    elif value is not None:
        yield value, at


def text_at(value: Any, *keys: str) -> str | None:
    """A text, or the first of these members of an object that is one."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        for key in keys:
            if isinstance(value.get(key), str) and value[key].strip():
                return str(value[key]).strip()
    return None
