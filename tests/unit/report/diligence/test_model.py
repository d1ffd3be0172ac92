"""What several statuses come to, and the words for them."""

from __future__ import annotations

import pytest

from aibom.report.diligence.facts import is_placeholder
from aibom.report.diligence.model import Answer, Entry, Status, combined

COMBINED = {
    "none": ((), Status.NOT_APPLICABLE),
    "weakest": ((Status.PROVED, Status.STATED, Status.SIGNED), Status.STATED),
    "missing": ((Status.PROVED, Status.MISSING), Status.MISSING),
    "conflict": ((Status.CONFLICTING, Status.MISSING), Status.CONFLICTING),
    "does-not-count": ((Status.NOT_APPLICABLE, Status.PROVED), Status.PROVED),
}
WORDS = {
    "unknown": True,
    "Unknown.": True,
    " N/A ": True,
    "NOASSERTION": True,
    "unknown-corp": False,
    "none of your data": False,
    "0": False,
}


@pytest.mark.parametrize("case", COMBINED.values(), ids=COMBINED)
def test_combined(case):
    statuses, expected = case
    assert combined(statuses) is expected


@pytest.mark.parametrize(("text", "expected"), WORDS.items())
def test_words_for_nothing(text, expected):
    assert is_placeholder(text) is expected


def answer(status, given, total, *entries):
    return Answer("a.b", 1, "?", status, "", entries, given, total)


def entry(signer):
    return Entry("n", "n", Status.SIGNED, "x", signer=signer)


WHO = {
    "signed": (
        answer(Status.SIGNED, 1, 1, entry("b"), entry("a")),
        "stated and signed by a, b",
    ),
    "partly": (answer(Status.MISSING, 1, 3), "not provided for 2 of 3"),
    "missing": (answer(Status.MISSING, 0, 3), "not provided"),
    "stated": (answer(Status.STATED, 1, 1), "stated"),
}


@pytest.mark.parametrize("case", WHO.values(), ids=WHO)
def test_the_status_in_words(case):
    found, words = case
    assert found.who == words
