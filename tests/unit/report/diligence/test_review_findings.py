"""What a review found: nothing is proved by a word of the document itself."""

from __future__ import annotations

import pytest

from aibom.report.diligence.facts import is_placeholder

#: What says nothing, however it is written.
NOTHING = (
    *("", " ", "\u200b", "\u2060TBD", "N/A.", "\uff2e\uff0f\uff21", "\u2013", "\u2800"),
    *("not provided", "Not available.", "unknown"),
)


@pytest.mark.parametrize("text", NOTHING)
def test_what_says_nothing_is_no_answer(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["Apache-2.0", "0", "no", "x", "n/a since 2020"])
def test_what_says_something_is_one(text: str) -> None:
    assert not is_placeholder(text)
