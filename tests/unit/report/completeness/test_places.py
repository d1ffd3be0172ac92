"""Values are found in documents of any shape, and fillers are no answers."""

from __future__ import annotations

import pytest

from aibom.report.completeness.places import (
    Said,
    at_path,
    at_pointer,
    is_path,
    said,
    said_by_any,
)

DEEP = [[[{"a": {"b": [" ", {"c": "x"}]}}]]]

VALUES = {
    "text": ("x", Said.SOMETHING),
    "zero": (0, Said.SOMETHING),
    "no": (False, Said.SOMETHING),
    "deep": (DEEP, Said.SOMETHING),
    "unknown": ("unknown", Said.UNKNOWN),
    "in capitals": (" NOASSERTION ", Said.UNKNOWN),
    "unknown beside an answer": (["unknown", "x"], Said.SOMETHING),
    "unknown beside nothing": (["unknown", ""], Said.UNKNOWN),
    "an unknown word in a text": ("of unknown origin", Said.SOMETHING),
    "nothing": (None, Said.NOTHING),
    "empty": ("", Said.NOTHING),
    "blank": (" \t\n", Said.NOTHING),
    "a long blank": (" " * 100, Said.NOTHING),
    "filler": ("TBD", Said.NOTHING),
    "question mark": ("?", Said.NOTHING),
    "empty list": ([], Said.NOTHING),
    "empty object": ({}, Said.NOTHING),
    "ids and references alone": (
        [{"bom-ref": "x", "ref": "y"}, {"ref": "z"}],
        Said.NOTHING,
    ),
    "a type alone": ({"type": "dataset", "name": ""}, Said.NOTHING),
    "an algorithm alone": ({"alg": "SHA-256", "content": "TBD"}, Said.NOTHING),
    "a licence that is none": (
        {"license": {"bom-ref": "l", "acknowledgement": "declared", "name": "TBD"}},
        Said.NOTHING,
    ),
    "a licence": ({"license": {"id": "MIT"}}, Said.SOMETHING),
    "a value without its value": ({"name": "size", "value": ""}, Said.NOTHING),
    "a value": ({"name": "size", "value": "3"}, Said.SOMETHING),
    "a name alone": ({"name": "size"}, Said.SOMETHING),
    "a signature without a value": (
        {"algorithm": "ES256", "publicKey": {"kty": "EC"}},
        Said.NOTHING,
    ),
    "empty members": ({"a": [{"b": ""}], "c": None}, Said.NOTHING),
}
DOCUMENT = {
    "a": {"b": [{"c": 1}, {"c": 2}, "odd", None, {"d": 3}]},
    "list": ["x", ["y"]],
    "text": "t",
    "with/slash": {"~": 1},
}
PATHS = {
    "text": ("text", ["t"]),
    "members of a list": ("a.b[].c", [1, 2]),
    "a list itself": ("list", [["x", ["y"]]]),
    "its members": ("list[]", ["x", ["y"]]),
    "not a list": ("text[]", []),
    "below a text": ("text.c", []),
    "below a list": ("list.c", []),
    "not there": ("a.x.y[].z", []),
}
POINTERS = {
    "root": ("", DOCUMENT),
    "in a list": ("/a/b/1/c", 2),
    "escaped": ("/with~1slash/~0", 1),
    "beyond": ("/a/b/9", None),
    "far beyond": ("/a/b/" + "9" * 5000, None),
    "negative": ("/a/b/-1", None),
    "other digits": ("/a/b/\u0661", None),
    "below a text": ("/text/0", None),
    "not there": ("/x/y", None),
}
NOT_PATHS = ("", ".", "a.", "a..b", "a[0]", "a[]b", "a b", "$.a", "a\n")


@pytest.mark.parametrize(("value", "what"), VALUES.values(), ids=VALUES)
def test_what_a_value_says(value, what):
    assert said(value) is what
    assert said_by_any(iter([None, value])) is what


@pytest.mark.parametrize(("path", "values"), PATHS.values(), ids=PATHS)
def test_values_at_a_path(path, values):
    assert is_path(path)
    assert list(at_path(DOCUMENT, path)) == values


@pytest.mark.parametrize(("pointer", "value"), POINTERS.values(), ids=POINTERS)
def test_the_value_at_a_pointer(pointer, value):
    assert at_pointer(DOCUMENT, pointer) == value


@pytest.mark.parametrize("text", NOT_PATHS)
def test_what_is_no_path(text):
    assert not is_path(text)


def test_a_very_deep_value_is_looked_through():
    value = "x"
    for _ in range(5000):
        value = [value]
    assert said(value) is Said.SOMETHING
