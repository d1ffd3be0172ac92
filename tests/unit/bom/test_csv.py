"""Lineage as tables: every fact a row, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest
from bom_graphs import HUB, MODEL, RAW, SMALL, TRAINING, everything, single_file
from builders import QUICK, an_edge, facts, graphs
from hypothesis import given

from aibom.bom.csv_export import (
    EDGE_COLUMNS,
    MAX_CELL,
    NODE_COLUMNS,
    edges_csv,
    nodes_csv,
)
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Kind, Node, Relation

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", " ")


def rows(data: bytes) -> list[dict[str, str]]:
    """The table as a reader of RFC 4180 has it."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def cell(text: str) -> tuple[str, set[str]]:
    """A fact's value as it stands in its cell, and the columns told as changed."""
    node = single_file(Kind.MODEL, "m", odd=text)
    data, losses = nodes_csv(Graph.of([node], [], node.id))
    (row,) = rows(data)
    return row["value"], {loss.field for loss in losses}


def test_one_row_for_each_fact_of_each_node() -> None:
    graph = everything()
    data, _ = nodes_csv(graph)
    found = rows(data)
    assert tuple(found[0]) == NODE_COLUMNS
    assert len(found) == sum(max(len(n.facts), 1) for n in graph.nodes.values())
    assert {row["node"] for row in found} == set(graph.nodes)
    (row,) = [r for r in found if (r["node"], r["field"]) == (MODEL.id, "name")]
    assert row == {
        "node": MODEL.id,
        "kind": "model",
        "label": "acme/lab-7",
        "root": "yes",
        "digest": str(MODEL.digest),
        "files": "2",
        "field": "name",
        "value": "acme/lab-7",
        "state": "known",
        "origins": "test (offline)",
    }


def test_one_row_for_each_edge_or_fact_of_one() -> None:
    graph = everything()
    data, losses = edges_csv(graph)
    found = rows(data)
    assert tuple(found[0]) == EDGE_COLUMNS
    assert len(found) == sum(max(len(e.facts), 1) for e in graph.edges)
    base = [r for r in found if (r["source"], r["role"]) == (TRAINING.id, "base-model")]
    assert {(r["field"], r["state"]) for r in base} == {
        ("revision", "unknown"),
        ("source", "known"),
    }
    assert losses == ()


def test_a_disagreement_stands_on_each_of_its_rows() -> None:
    data, _ = nodes_csv(SMALL["disagreement"])
    told = [r for r in rows(data) if (r["node"], r["field"]) == (RAW.id, "licence")]
    assert [(r["value"], r["state"]) for r in told] == [
        ("", "contradicted"),
        ("CC0-1.0", "contradicted"),
    ]
    assert told[1]["origins"] == f"hub (online) sha256:{HUB.digest} /sha"


#: name → a text of a fact, and what its cell is
CELLS = {
    "plain": ("acme/model", "acme/model"),
    "comma-and-quotes": ('a, "b"', 'a, "b"'),
    "formula": ("=1+1", "'=1+1"),
    "command": ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
    "plus": ("+1-2", "'+1-2"),
    "minus": ("-2+3", "'-2+3"),
    "at": ("@SUM(A1)", "'@SUM(A1)"),
    "space-first": (" =1+1", "' =1+1"),
    "line-first": ("\n=1+1", "'\n=1+1"),
    "wide": ("\uff1d1+1", "'\uff1d1+1"),
    "minus-sign": ("\u22121", "'\u22121"),
    "apostrophe": ("'=1", "''=1"),
    "number": ("-0.5", "-0.5"),
    "exponent": ("+1e-7", "+1e-7"),
    "no-number": ("-0.5|x", "'-0.5|x"),
    "lines": ("one\ntwo", "one\ntwo"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "shown"), CELLS.values(), ids=CELLS)
def test_a_cell_is_a_text_or_a_number(text: str, shown: str) -> None:
    assert cell(text) == (shown, set())
    assert (shown[1:] if shown.startswith("'") else shown) == text


#: name → a text, and the cell in which nothing is hidden any more
HIDDEN = {
    "tab": ("\t=1", "\\u0009=1"),
    "carriage-return": ("\r=1", "\\u000d=1"),
    "null": ("a\x00b", "a\\u0000b"),
    "bidi": ("\u202egnp.exe", "\\u202egnp.exe"),
    "zero-width": ("a\u200bb", "a\\u200bb"),
    "line-separator": ("a\u2028=1", "a\\u2028=1"),
    "byte-order-mark": ("\ufeff=1", "\\ufeff=1"),
    "tag": ("a\U000e0041", "a\\U000e0041"),
    "escape": ("\x1b[2J", "\\u001b[2J"),
}


@pytest.mark.parametrize(("text", "shown"), HIDDEN.values(), ids=HIDDEN)
def test_what_cannot_be_seen_is_written_out_and_told(text: str, shown: str) -> None:
    assert cell(text) == (shown, {"value"})


def test_a_text_longer_than_a_cell_is_cut_and_told() -> None:
    shown, lost = cell("x" * 40_000 + "=cmd")
    assert shown == "x" * MAX_CELL
    assert lost == {"value"}


def test_what_has_no_column_is_told() -> None:
    _, losses = nodes_csv(everything())
    told = {(loss.field, loss.where, loss.count) for loss in losses}
    assert ("files", MODEL.id, 2) in told
    assert ("extra.x-note", "", 1) in told


def test_members_that_nobody_knows_are_told() -> None:
    model = single_file(Kind.MODEL, "m")
    kept = Node((), model.origins, {"x-a": 1}, id=model.id, kind=model.kind)
    edge = an_edge(model, Relation.REQUIRES, RAW)
    graph = Graph.of([kept, RAW], [edge], model.id)
    _, losses = nodes_csv(graph)
    assert [(loss.field, loss.where) for loss in losses] == [("extra.x-a", model.id)]


def test_rows_end_as_the_standard_has_it_and_there_is_no_mark() -> None:
    data, _ = nodes_csv(SMALL["root-alone"])
    assert data.startswith(b'"node","kind",')
    assert data.endswith(b'"\r\n')
    assert data.count(b"\r\n") == 2


@QUICK
@given(graph=graphs())
def test_any_graph_is_two_tables_without_a_formula(graph: Graph) -> None:
    for write in (nodes_csv, edges_csv):
        data, losses = write(graph)
        assert write(graph) == (data, losses)
        for row in rows(data):
            for text in row.values():
                number = text[1:].replace(".", "", 1).isdigit()
                assert not text.startswith(FORMULA) or number


def test_every_fact_can_be_found_again() -> None:
    said = {"a": "1", "b": "=x", "c": "'", "d": "two\nlines"}
    node = Node(
        facts(said), MODEL.origins, id=MODEL.id, kind=MODEL.kind, files=MODEL.files
    )
    data, _ = nodes_csv(Graph.of([node], [], node.id))
    assert {r["field"]: r["value"].removeprefix("'") for r in rows(data)} == said
