"""Leaves of documents: all of them, each changed, and what an export makes of it."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aibom.bom.csv_export import edges_csv, nodes_csv
from aibom.bom.leaves import Lost
from aibom.bom.leaves import Path as Place
from aibom.bom.spdx.document import to_spdx
from aibom.bom.spdx.names import HASHES
from aibom.bom.unread import Unread, unread_of_another
from aibom.lineage.graph import Graph
from aibom.lineage.identity import undigested_id
from aibom.lineage.nodes import Kind
from aibom.operations.scanning.bom import scan_document

NOW = "2026-01-31T08:00:00Z"
FORMAT = {("$schema",), ("bomFormat",), ("specVersion",)}


def leaf_places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Every text, number and boolean; null has no other value of its type."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaf_places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaf_places(inner, (*path, index))
    elif value is not None:
        yield path


def with_another(document: Any, place: Place) -> Any:
    """The document with another value of the same type at one place."""
    changed = copy.deepcopy(document)
    owner = changed
    for step in place[:-1]:
        owner = owner[step]
    owner[place[-1]] = _another(owner[place[-1]])
    return changed


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if re.fullmatch("[0-9a-f]{32,}", value):  # stays a hash
        return ("0" if value[0] != "0" else "1") + value[1:]
    return f"{value}x"


class Read:
    """One document of somebody else, read as a conversion reads it."""

    def __init__(self, document: Any) -> None:
        data = json.dumps(document).encode()
        self.digest = hashlib.sha256(data).hexdigest()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bom.json"
            path.write_bytes(data)
            self.graph: Graph = scan_document(path)[0]
        self.found: Unread = unread_of_another(document, self.graph, self.digest)

    def lost(self, target: str) -> tuple[Lost, ...]:
        """What one target does not get."""
        carried = (
            {one.path for one in self.found.hashes if one.algorithm in HASHES}
            if target == "spdx"
            else set()
        )
        return tuple(one for one in self.found.lost if one.path not in carried)

    def export(self, target: str) -> str:
        """What is written, without what names the bytes that were read."""
        if target == "csv":
            text = (nodes_csv(self.graph)[0] + edges_csv(self.graph)[0]).decode()
        else:
            hashes: dict[str, list[tuple[str, str]]] = {}
            for one in self.found.hashes:
                if one.algorithm in HASHES:
                    hashes.setdefault(one.node, []).append((one.algorithm, one.value))
            written, _ = to_spdx(
                self.graph, created=NOW, source=self.digest, hashes=hashes
            )
            text = json.dumps(written, sort_keys=True)
            text = re.sub("/spdx/[0-9a-f]{32}#", "/spdx/X#", text)
        root = undigested_id(Kind.SYSTEM, {"described-by": self.digest})
        return text.replace(root, "ROOT").replace(self.digest, "DIGEST")


def is_below(place: Place, lost: tuple[Lost, ...]) -> bool:
    """Whether a place is one of those, or lies in one."""
    tops = {one.path for one in lost}
    return any(place[:end] in tops for end in range(len(place) + 1))


def silent(document: Any, target: str) -> list[Place]:
    """Leaves that can be changed without a word; there must be none.

    Each is lost, or changes what is written, or is lost once it is changed: of two that
    say the same, the other still says it.
    """
    read = Read(document)
    before, lost = read.export(target), read.lost(target)
    found = []
    for place in leaf_places(document):
        if place in FORMAT or is_below(place, lost):
            continue
        changed = Read(with_another(document, place))
        same = changed.export(target) == before
        if same and not is_below(place, changed.lost(target)):
            found.append(place)
    return found
