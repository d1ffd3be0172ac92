"""Leaves: how they are compared and listed; and that the exports tell all they lose.

The last is a property of a lineage: whatever is changed in it changes the export, or is
about a field of a thing that is among the losses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from bom_graphs import SMALL, written
from bom_leaves import FORMAT, leaf_places, with_another

from aibom.bom.csv_export import edges_csv, nodes_csv
from aibom.bom.decode import decode
from aibom.bom.leaves import Lost, count_leaves, losses_of, missing
from aibom.bom.losses import Loss, LossKind
from aibom.bom.problem import pointer_to
from aibom.bom.spdx.document import to_spdx
from aibom.errors import DocumentInvalid
from aibom.lineage.graph import Graph
from aibom.lineage.nodes import Facts

NOW = "2026-01-31T08:00:00Z"
KIND = LossKind.NOT_READ


# ── counted, compared, listed ────────────────────

COUNTS: dict[str, tuple[Any, int]] = {
    "text": ("x", 1),
    "null": (None, 1),
    "empty-list": ([], 1),
    "empty-object": ({}, 1),
    "nested": ({"a": [1, {"b": None, "c": []}], "d": {}}, 4),
}


@pytest.mark.parametrize(("value", "leaves"), COUNTS.values(), ids=COUNTS)
def test_a_leaf_is_what_has_nothing_below(value: Any, leaves: int) -> None:
    assert count_leaves(value) == leaves


#: name → a document, another, and the places that the other has not
MISSING: dict[str, tuple[Any, Any, set[str]]] = {
    "same": ({"a": [1, 2]}, {"a": [1, 2], "b": 1}, set()),
    "changed": ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"/a/c"}),
    "another-type": ({"a": 1}, {"a": True}, {"/a"}),
    "reordered": ({"a": [1, 2, {"x": 1}]}, {"a": [{"x": 1}, 2, 1]}, set()),
    "fewer-of-the-same": ({"a": [1, 1]}, {"a": [1]}, {"/a/1"}),
    "inside-an-entry": (
        {"a": [{"ref": "x", "n": 1}, {"ref": "y", "n": 1}]},
        {"a": [{"ref": "y", "n": 2}, {"ref": "x", "n": 1}]},
        {"/a/1/n"},
    ),
    "exchanged": (
        {"a": [{"ref": "x", "on": ["p"]}, {"ref": "y", "on": ["q"]}]},
        {"a": [{"ref": "x", "on": ["q"]}, {"ref": "y", "on": ["p"]}]},
        {"/a/0/on/0", "/a/1/on/0"},
    ),
    "list-for-an-object": ({"a": {"b": 1}}, {"a": [1]}, {"/a"}),
    "key-to-escape": ({"a/b": {"~": 1}}, {"a/b": {}}, {"/a~1b/~0"}),
}


@pytest.mark.parametrize(("one", "two", "places"), MISSING.values(), ids=MISSING)
def test_what_another_document_has_not(one: Any, two: Any, places: set[str]) -> None:
    found = missing(one, two, KIND, "gone")
    assert {pointer_to(lost.path) for lost in found} == places


def test_a_key_that_looks_like_an_index_is_a_place_of_its_own() -> None:
    found = losses_of(
        [Lost(KIND, ("a", "*"), "x"), Lost(KIND, ("a", 1), "x"), Lost(KIND, (), "x")]
    )
    assert [(loss.field, loss.where, loss.count) for loss in found] == [
        ("a", "/a/*", 2),
        ("…", "", 1),
    ]


# ── every part of a lineage ────────────────────


def exports(graph: Graph) -> dict[str, tuple[Any, set[Loss]]]:
    """By target: what is written, but for what names the input, and what is lost."""
    nodes, lost_nodes = nodes_csv(graph)
    edges, lost_edges = edges_csv(graph)
    document, lost = to_spdx(graph, created=NOW)
    text = json.dumps(document, sort_keys=True)
    return {
        "csv": ((nodes, edges), {*lost_nodes, *lost_edges}),
        "spdx": (re.sub("/spdx/[0-9a-f]{32}#", "/spdx/X#", text), set(lost)),
    }


def differences(one: Graph, two: Graph) -> set[tuple[str, str]]:
    """Where two lineages differ, in the words of losses: thing and field."""
    found = set()
    for name in one.nodes.keys() | two.nodes.keys():
        if name not in one.nodes or name not in two.nodes:
            found.add((name, "id"))
            continue
        x, y = one.nodes[name], two.nodes[name]
        found |= set(_of_facts(name, x, y))
        here, there = ({f.path: f for f in node.files} for node in (x, y))
        for path in here.keys() | there.keys():
            a, b = here.get(path), there.get(path)
            if a is None or b is None or a.digest != b.digest:
                found.add((name, "files"))
            elif a.size != b.size:
                found.add((name, "file-size"))
    edges = [{edge.key: edge for edge in graph.edges} for graph in (one, two)]
    for key in edges[0].keys() | edges[1].keys():
        where = f"{key[0]} {key[1]} {key[2]}"
        if key in edges[0] and key in edges[1]:
            found |= set(_of_facts(where, edges[0][key], edges[1][key]))
        else:
            found.add((where, "edge"))
    return found


def _of_facts(where: str, one: Facts, two: Facts) -> Iterator[tuple[str, str]]:
    said = [{(f.field, f.value) for f in facts.facts} for facts in (one, two)]
    for field, _ in said[0] ^ said[1]:
        yield where, field
    told = [{(f.field, f.value): f.origins for f in x.facts} for x in (one, two)]
    both = said[0] & said[1]
    if one.origins != two.origins or any(told[0][k] != told[1][k] for k in both):
        yield where, "origins"
    for key in one.extra.keys() | two.extra.keys():
        if one.extra.get(key) != two.extra.get(key):
            yield where, f"extra.{key}"


@pytest.mark.parametrize("name", SMALL)
def test_no_part_of_a_lineage_changes_without_a_word(name: str) -> None:
    graph = SMALL[name]
    document = written(graph)
    before = exports(graph)
    for place in leaf_places(document):
        try:
            other = decode(with_another(document, place), "a" * 64)
        except DocumentInvalid:
            continue
        if place in FORMAT or other == graph:
            continue
        after = exports(other)
        for target, (text, losses) in before.items():
            # Of either: the list of losses is a part of what is handed back.
            listed = losses | after[target][1]
            told = {(loss.where, loss.field) for loss in listed}
            # Where files are told to be lost, so are their sizes.
            told |= {(w, "file-size") for w, field in told if field == "files"}
            if after[target][0] == text:
                assert differences(graph, other) <= told, (target, place)
