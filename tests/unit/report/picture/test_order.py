"""Crossings: counted rightly, and few."""

from __future__ import annotations

from itertools import combinations

import pytest
from builders import QUICK
from hypothesis import given
from hypothesis import strategies as st
from picture_world import lineage

from aibom.report.picture.boxes import WIDE, boxes_of
from aibom.report.picture.make import picture_of
from aibom.report.picture.model import PictureEdge
from aibom.report.picture.order import crossings, links_of, ordered
from aibom.report.picture.rows import Route, Rows, rows_of


def rows(*names, pairs):
    items = {name: (name, -1) for row in names for name in row}
    routes = tuple(
        Route(PictureEdge(one, other), (items[one], items[other]))
        for one, other in pairs
    )
    return Rows(tuple(tuple(items[n] for n in row) for row in names), routes, ())


def counted(given, order=None):
    return crossings(order or given.rows, links_of(given)[0])


CASES = {
    "straight": ("ab", "xy", ["ax", "by"], 0),
    "crossed": ("ab", "xy", ["ay", "bx"], 1),
    "at one end": ("ab", "xy", ["ax", "bx"], 0),
    "from one end": ("ab", "xy", ["ax", "ay"], 0),
    "all to all": ("ab", "xy", ["ax", "ay", "bx", "by"], 1),
    "three by three": ("abc", "xyz", [a + x for a in "abc" for x in "xyz"], 9),
}


@pytest.mark.parametrize(
    ("upper", "lower", "pairs", "count"), CASES.values(), ids=CASES
)
def test_crossings(upper, lower, pairs, count):
    assert counted(rows(upper, lower, pairs=pairs)) == count


@QUICK
@given(st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"))))
def test_crossings_are_those_of_each_pair(pairs):
    given_rows = rows("abcdef", "uvwxyz", pairs=sorted(pairs))
    expected = sum(
        (one[0] < other[0]) != (one[1] < other[1])
        for one, other in combinations(pairs, 2)
        if one[0] != other[0] and one[1] != other[1]
    )
    assert counted(given_rows) == expected
    assert counted(given_rows, ordered(given_rows)) <= expected


def test_a_tree_comes_to_have_none():
    tangled = rows("abcd", "xy", "r", pairs=["ay", "bx", "cy", "dx", "xr", "yr"])
    assert counted(tangled) > 0
    assert counted(tangled, ordered(tangled)) == 0


@pytest.mark.parametrize("size", [30, 100, 1000])
def test_a_lineage_as_in_life_has_few(size):
    """Fewer than half as many as there are lines: a shared base has to cross some."""
    picture = picture_of(lineage(size))
    found = rows_of(picture, boxes_of(picture), WIDE.width)
    assert counted(found, ordered(found)) <= len(picture.edges) / 2
