"""Layers: below what it came from, near what it went into, and no cycle is fatal."""

from __future__ import annotations

import pytest
from builders import QUICK
from hypothesis import given
from hypothesis import strategies as st

from aibom.report.picture.layers import layers_of

CASES = {
    "nothing": ("", [], {}),
    "alone": ("a", [], {"a": 0}),
    "a chain": ("abc", ["ab", "bc"], {"a": 0, "b": 1, "c": 2}),
    "a diamond": ("abcd", ["ab", "ac", "bd", "cd"], {"a": 0, "b": 1, "c": 1, "d": 2}),
    "a root near its consumer": (
        "abcx",
        ["ab", "bc", "xc"],
        {"a": 0, "b": 1, "x": 1, "c": 2},
    ),
    "the longest way counts": ("abc", ["ab", "bc", "ac"], {"a": 0, "b": 1, "c": 2}),
    "a cycle is cut at the smallest id": (
        "abc",
        ["ab", "bc", "ca"],
        {"a": 0, "b": 1, "c": 2},
    ),
    "twice the same flow": ("ab", ["ab", "ab"], {"a": 0, "b": 1}),
    "a flow to itself": ("ab", ["aa", "ab"], {"a": 0, "b": 1}),
}


@pytest.mark.parametrize(("names", "flows", "expected"), CASES.values(), ids=CASES)
def test_layers(names, flows, expected):
    assert dict(layers_of(list(names), [tuple(flow) for flow in flows])) == expected


PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=80)


@QUICK
@given(PAIRS)
def test_without_cycles_every_flow_leads_down(pairs):
    flows = [(f"{min(p):02}", f"{max(p):02}") for p in pairs if p[0] != p[1]]
    layer = layers_of([f"{n:02}" for n in range(31)], flows)
    assert all(layer[upper] < layer[lower] for upper, lower in flows)


@QUICK
@given(PAIRS)
def test_with_cycles_everything_has_a_layer(pairs):
    names = [str(number) for number in range(31)]
    flows = [(str(one), str(other)) for one, other in pairs]
    layer = layers_of(names, flows)
    assert set(layer) == set(names)
    assert layer == layers_of(names[::-1], flows[::-1])
