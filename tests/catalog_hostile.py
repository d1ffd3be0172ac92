"""Hostile files for catalogers: whatever the bytes are, reading ends with findings."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from aibom.catalogers.cataloger import Cataloger
from tests.catalog_world import Read, read

__all__ = ["WRONG", "mutated", "read_bytes", "wrong_types"]

#: What stands where something else should.
WRONG: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1.5, "", "\ud800", "x" * 5000, "a\x00\n\x7f"),
    *([], {}, [None], [[]], [{}], {"": None}, {"@id": 1}, [{"@id": "a"}, "b", 3]),
)


def read_bytes(cataloger: Cataloger, name: str, data: bytes) -> Read:
    """What the cataloger says of one file with these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        return read(cataloger, Path(folder), {name: data})


def mutated(sample: bytes) -> st.SearchStrategy[bytes]:
    """The sample with a piece of it replaced, or cut off, or arbitrary bytes."""

    def change(start: int, length: int, piece: bytes) -> bytes:
        return sample[:start] + piece + sample[start + length :]

    place = st.integers(0, len(sample))
    replaced = st.builds(change, place, st.integers(0, 40), st.binary(max_size=8))
    cut = place.map(lambda end: sample[:end])
    return st.one_of(st.binary(max_size=200), replaced, cut)


def wrong_types(document: Any) -> Iterator[bytes]:
    """The document as JSON with each of its members replaced by each wrong value."""
    for path in _paths(document, ()):
        for wrong in WRONG:
            changed = copy.deepcopy(document)
            if not path:
                changed = wrong
            else:
                inner = changed
                for part in path[:-1]:
                    inner = inner[part]
                inner[path[-1]] = wrong
            yield json.dumps(changed).encode()


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, inner in pairs:
        yield from _paths(inner, (*path, key))
