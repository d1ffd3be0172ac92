"""The numbers of an audit: no part is hidden behind an average."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.lineage.evidence import Measurement
from aibom.report.diligence.numbers import in_words


def number(metric, value, samples=40, count=None, **slices):
    return Measurement(metric, value, samples, count, tuple(sorted(slices.items())))


CASES = {
    "none": ([], "no numbers"),
    "one": ([number("accuracy", 0.9, 600)], "accuracy 0.9 (over 600)"),
    "counted": ([number("accuracy", 0.9, 600, 540)], "accuracy 0.9 (540 of 600)"),
    "the whole before its parts": (
        [number("a", 0.5, **{"class": "3"}), number("a", 0.9)],
        "a 0.9 (over 40); 0.5 (over 40, class 3)",
    ),
    "one labeler of many": (
        [
            *(number("d", 0.01, 40, labeler=f"l{n:02}") for n in range(30)),
            number("d", 1.0, 41, 41, labeler="bad"),
        ],
        "d of 31 parts by labeler the highest 1.00 (41 of 41, labeler bad), the lowest "
        "0.01 (over 40, labeler l00)",
    ),
    "all the same": (
        [number("d", 0.5, labeler="a"), number("d", 0.5, labeler="b")],
        "d 0.5 in each of 2 parts by labeler, over 40 or more",
    ),
    "metrics of the whole first": (
        [number("a", 0.1, labeler="x"), number("b", 0.2)],
        "b 0.2 (over 40); a 0.1 (over 40, labeler x)",
    ),
    "many metrics": (
        [number(f"m{n}", 0.5) for n in range(6)],
        "; ".join(f"m{n} 0.5 (over 40)" for n in range(6)),
    ),
    "none of many is hidden": (
        [
            *(number(f"a{n}", 0.01) for n in range(4)),
            number("z", 0.975, 40, 39, **{"class": "3"}),
        ],
        "; ".join(f"a{n} 0.01 (over 40)" for n in range(4))
        + "; z 0.975 (39 of 40, class 3)",
    ),
}


@pytest.mark.parametrize(("numbers", "told"), CASES.values(), ids=CASES)
def test_numbers_in_words(numbers, told):
    assert in_words(numbers) == told
    assert in_words(list(reversed(numbers))) == told


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_both_extremes_are_told(values):
    numbers = [number("d", v, labeler=f"l{i}") for i, v in enumerate(values)]
    told = in_words(numbers)
    assert f"{min(values):.4g}" in told
    assert f"{max(values):.4g}" in told
