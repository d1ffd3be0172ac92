"""Places in documents of any shape: found, or not there, and never an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.report.diligence.pointers import resolve, text_of

DOCUMENT = {
    "a": [{"b": 1, "type": "x"}, "no", {"b": 2, "type": "y"}, None],
    "c/d": {"e~f": True},
    "n": None,
}
CASES = {
    "all": ("", [("", DOCUMENT)]),
    "member": ("/n", [("/n", None)]),
    "missing": ("/z/y", []),
    "each": ("/a/*/b", [("/a/0/b", 1), ("/a/2/b", 2)]),
    "index": ("/a/1", [("/a/1", "no")]),
    "beyond": ("/a/9", []),
    "huge-index": ("/a/99999999999999999999", []),
    "filter": ("/a[type=y]/*/b", [("/a/2/b", 2)]),
    "filter-of-nothing": ("/z[type=y]/*", []),
    "escaped": ("/c~1d/e~0f", [("/c~1d/e~0f", True)]),
    "into-a-text": ("/a/1/b", []),
}
TEXTS = {
    "text": (" x ", "x"),
    "blank": (" ", None),
    "number": (2, "2"),
    "truth": (True, "true"),
    "list": ([1], None),
    "nothing": (None, None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_resolve(case):
    pointer, expected = case
    assert list(resolve(DOCUMENT, pointer)) == expected


@pytest.mark.parametrize("case", TEXTS.values(), ids=TEXTS)
def test_text_of(case):
    value, expected = case
    assert text_of(value) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab*"), inner),
)


@given(JSON, st.lists(st.sampled_from(["a", "b", "*", "0", "a[b=x]", ""])))
def test_no_document_is_too_odd(document, steps):
    found = list(resolve(document, "".join(f"/{step}" for step in steps)))
    assert all(isinstance(place, str) for place, _ in found)
