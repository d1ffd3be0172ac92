r"""Lineage → CSV, for people who work in spreadsheets: one row for each fact.

RFC 4180: a header, CRLF, every cell in quotes, UTF-8 without a byte order mark. Two
tables, nodes and edges, that join over the columns ``node``, ``source`` and ``target``.

A spreadsheet takes a cell that starts with ``= + - @`` (or their wide forms), a tab or
a line break for a formula or for the end of the cell, and names in a BOM are written by
whoever sent it. So such a cell gets an apostrophe in front, which makes it text; a cell
that has one already gets another, so that taking one away is the exact inverse. Plain
numbers stay as they are. Controls and characters that reorder a line are written as
``\uXXXX``. A text longer than a cell can be is cut, since the rest would start another.
Each of these is told as a loss, but for the apostrophe, which loses nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from aibom.bom.losses import Loss, LossKind, sorted_losses
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Edge, Fact, Facts, Node, Origin, State

__all__ = ["EDGE_COLUMNS", "MAX_CELL", "NODE_COLUMNS", "edges_csv", "nodes_csv"]

NODE_COLUMNS = (
    "node",
    "kind",
    "label",
    "root",
    "digest",
    "files",
    "field",
    "value",
    "state",
    "origins",
)
EDGE_COLUMNS = (
    "source",
    "source_label",
    "relation",
    "target",
    "target_label",
    "role",
    "field",
    "value",
    "state",
    "origins",
)

#: Characters; a cell of the common spreadsheets holds 32,767.
MAX_CELL = 32_000

#: What a spreadsheet would not take for text, at the beginning of a cell; white space
#: before it is dropped by some.
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?")
_RISKY = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20\u2212']|[\\s]")
#: Controls but for a plain line break; bidirectional and other invisible formats.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_Row = tuple[str, ...]


def nodes_csv(graph: Graph) -> tuple[bytes, tuple[Loss, ...]]:
    """One row for each fact of each node (or one without a field, where it has none).

    The same graph gives the same bytes. What the table has no column for (the files of
    a folder, members that nobody knows) is told.
    """
    writer = _Writer(NODE_COLUMNS)
    for node in graph.nodes.values():
        head = (
            node.id,
            node.kind.value,
            node.label,
            "yes" if node.id == graph.root else "",
            str(node.digest) if node.digest is not None else "",
            str(len(node.files)) if node.files else "",
        )
        writer.facts(node, head, node.id)
        writer.losses += _not_carried(node)
    for key in sorted(graph.extra):
        writer.losses.append(Loss(LossKind.NOT_CARRIED, f"extra.{key}", ""))
    return writer.done()


def edges_csv(graph: Graph) -> tuple[bytes, tuple[Loss, ...]]:
    """One row for each edge, and one for each fact of an edge that has any."""
    writer = _Writer(EDGE_COLUMNS)
    for edge in graph.edges:
        head = (
            edge.source,
            graph.nodes[edge.source].label,
            edge.relation.value,
            edge.target,
            graph.nodes[edge.target].label,
            edge.role,
        )
        where = f"{edge.source} {edge.relation.value} {edge.target}"
        writer.facts(edge, head, where)
        writer.losses += _extras(edge, where)
    return writer.done()


class _Writer:
    """Writes rows, makes every cell harmless, and notes where that changed a text."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._stream = io.StringIO(newline="")
        self._csv = csv.writer(
            self._stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n"
        )
        self._csv.writerow(columns)
        self.losses: list[Loss] = []

    def facts(self, carrier: Facts, head: _Row, where: str) -> None:
        """The rows of a node or an edge: one for each fact, at least one."""
        if not carrier.facts:
            self._row((*head, "", "", "", _origins(carrier.origins)), where)
        shown = frozenset[Origin]().union(*(fact.origins for fact in carrier.facts))
        if carrier.facts and carrier.origins != shown:
            detail = "a row has the origins of its fact, and not of the thing"
            count = max(1, len(carrier.origins))
            loss = Loss(LossKind.NOT_CARRIED, "origins", where, detail, count)
            self.losses.append(loss)
        for fact in carrier.facts:
            value = "" if fact.value is None else fact.value
            state = _state(carrier, fact)
            self._row((*head, fact.field, value, state, _origins(fact.origins)), where)

    def _row(self, cells: Iterable[str], where: str) -> None:
        self._csv.writerow(
            [
                self._cell(text, column, where)
                for text, column in zip(cells, self._columns, strict=True)
            ]
        )

    def _cell(self, text: str, column: str, where: str) -> str:
        shown = _HIDDEN.sub(_escaped, text)
        if shown != text:
            detail = "a character that cannot be seen is written as an escape"
            self.losses.append(Loss(LossKind.CHANGED, column, where, detail))
        if len(shown) > MAX_CELL:
            detail = f"{len(shown):,} characters, cut to {MAX_CELL:,}"
            self.losses.append(Loss(LossKind.CHANGED, column, where, detail))
            shown = shown[:MAX_CELL]
        if _RISKY.match(shown) and not _NUMBER.fullmatch(shown):
            return f"'{shown}"
        return shown

    def done(self) -> tuple[bytes, tuple[Loss, ...]]:
        """The bytes, and the losses in their order."""
        return self._stream.getvalue().encode("utf-8"), sorted_losses(self.losses)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _state(carrier: Facts, fact: Fact) -> str:
    """What a reader of the one row must know: contradicted stands on every value."""
    if carrier.state(fact.field) is State.CONTRADICTED:
        return State.CONTRADICTED.value
    return State.UNKNOWN.value if fact.value is None else State.KNOWN.value


def _origins(origins: Iterable[Origin]) -> str:
    """By whom, and in which bytes at which place, each on a line of its own."""
    told = []
    for origin in sorted(origins):
        digest = f" sha256:{origin.digest}" if origin.digest else ""
        pointer = f" {origin.pointer}" if origin.pointer else ""
        told.append(f"{origin.cataloger} ({origin.mode}){digest}{pointer}")
    return "\n".join(told)


def _not_carried(node: Node) -> Iterator[Loss]:
    if node.files:
        detail = "the table has their number, and the digest of all of them"
        count = len(node.files)
        yield Loss(LossKind.NOT_CARRIED, "files", node.id, detail, count)
    yield from _extras(node, node.id)


def _extras(carrier: Node | Edge, where: str) -> Iterator[Loss]:
    for key in sorted(carrier.extra):
        yield Loss(LossKind.NOT_CARRIED, f"extra.{key}", where)
