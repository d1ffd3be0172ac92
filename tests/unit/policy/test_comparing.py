"""Slices and changes: what counts as the same slice, and as worse."""

from __future__ import annotations

import math

import pytest
from policy_builders import number

from aibom.policy.comparing import lacking_slice, parse_slice, worst_change

MATCHING = {
    "overall": ("overall", {}, True),
    "overall is no slice": ("overall", {"class": "a"}, False),
    "value": ("class=spam", {"class": "spam"}, True),
    "another value": ("class=spam", {"class": "spam2"}, False),
    "any value": ("class=*", {"class": "x"}, True),
    "prefix": ("class=sp*", {"class": "spam"}, True),
    "not the prefix": ("class=sp*", {"class": "ham"}, False),
    "another name": ("class=*", {"labeler": "x"}, False),
    "two names": ("class=*,language=de", {"language": "de", "class": "x"}, True),
    "one of two": ("class=*,language=de", {"class": "x"}, False),
    "more than asked": ("class=*", {"class": "x", "language": "de"}, False),
    "a star in the data": ("class=spam", {"class": "*"}, False),
}


@pytest.mark.parametrize(("text", "slice_", "answer"), MATCHING.values(), ids=MATCHING)
def test_patterns(text, slice_, answer):
    pattern = parse_slice(text)
    measured = number(0.1, **slice_)
    assert pattern.matches(measured) is answer
    assert lacking_slice([pattern], [measured]) == (None if answer else pattern)


@pytest.mark.parametrize(
    "text", ["", "class", "class=", "=x", "class=a*b", "*=x", "class=a,", "a=1,a=2"]
)
def test_what_is_no_slice(text):
    with pytest.raises(ValueError, match=r"is not a slice|twice"):
        parse_slice(text)


A, B = {"class": "a"}, {"class": "b"}
CHANGES = {
    "better": ([number(0.8)], [number(0.9)], -0.1),
    "worse": ([number(0.9)], [number(0.8)], 0.1),
    "worst slice": (
        [number(0.9), number(0.9, **A), number(0.9, **B)],
        [number(0.95), number(0.9, **A), number(0.5, **B)],
        0.4,
    ),
    "gone": ([number(0.9, **A)], [number(0.9, **B)], math.inf),
    "new slices do not matter": ([number(0.9)], [number(0.9), number(0, **A)], 0),
    "best before": ([number(0.7), number(0.9)], [number(0.8)], 0.1),
    "worst now": ([number(0.9)], [number(0.8), number(0.95)], 0.1),
    "no number now": ([number(0.9)], [number(math.nan), number(0.9)], math.inf),
    "infinite now": ([number(0.9)], [number(math.inf)], math.inf),
    "no number before": ([number(0.9), number(math.inf)], [number(0.9)], 0),
}


@pytest.mark.parametrize(("before", "now", "by"), CHANGES.values(), ids=CHANGES)
def test_changes_where_more_is_better(before, now, by):
    assert worst_change(before, now, True).by == pytest.approx(by)


def test_changes_where_less_is_better():
    assert worst_change([number(0.1)], [number(0.3)], False).by == pytest.approx(0.2)


def test_nothing_before_is_no_comparison():
    assert worst_change([number(math.nan)], [number(0.9)], True) is None


def test_rounding_is_no_worsening():
    change = worst_change([number(0.92)], [number(0.9)], True)
    assert change.by > 0.02
    assert not change.exceeds(0.02)
    assert change.exceeds(0.0199)
