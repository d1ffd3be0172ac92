"""Which names a pattern means; the names may be a supplier's, and hostile."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.namespaces import name_matches

CASES = [
    # pattern, name, whether it matches
    ("acme/lab", "acme/lab", True),
    ("acme/lab", "acme/lab-7", False),
    ("acme/lab-*", "acme/lab-7", True),
    ("acme/lab-*", "acme/lab-", True),
    ("acme/*", "acme/x", True),
    ("acme/*", "acme", False),
    ("acme/*", "acme/", False),
    ("acme/*", "acme/a/b", False),
    ("acme/*", "acme-evil/x", False),
    ("acme/*", "evil/acme/x", False),
    ("acme/*", "ACME/x", False),
    ("acme/**", "acme/a", True),
    ("acme/**", "acme/a/b/c", True),
    ("acme/**", "acme", False),
    ("acme/**", "acme-evil/a", False),
    ("acme/**/c", "acme/b/c", True),
    ("acme/**/c", "acme/a/b/c", False),
    ("**", "anything/at/all", True),
    ("*", "one", True),
    ("*", "one/two", False),
    ("*/model", "acme/model", True),
    ("a*b*c", "abc", True),
    ("a*b*c", "a-b-b-c", True),
    ("a*b*c", "acb", False),
    ("ab*ba", "aba", False),
    ("ab*ba", "abba", True),
    ("*ab*", "xxabxx", True),
    ("a**b", "a-b", True),
    ("acme/model?", "acme/models", False),
    ("acme/[ab]", "acme/a", False),
    ("acme/.*", "acme/x", False),
    ("größe/*", "größe/x", True),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), CASES)
def test_patterns(pattern: str, name: str, expected: bool) -> None:
    assert name_matches(pattern, name) is expected


HOSTILE = {
    "nothing": "",
    "up": "..",
    "up in the middle": "acme/../evil",
    "up at the end": "acme/..",
    "here": "acme/.",
    "an empty segment": "acme//x",
    "an absolute path": "/acme/x",
    "a slash at the end": "acme/",
    "a newline": "acme/x\nevil",
    "a newline at the end": "acme/x\n",
    "a NUL": "acme/x\0",
    "an escape": "acme/\x1b[2J",
    "written from right to left": "acme/\u202egnp",
    "no width": "acme/\u200bx",
    "a lone surrogate": "acme/\ud800",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("pattern", ["**", "*", "*/*", "acme/*", "acme/**", "", ".."])
def test_names_that_could_be_read_as_others_match_nothing(
    pattern: str, name: str
) -> None:
    assert not name_matches(pattern, name)


LOOK_ALIKES = {
    "Cyrillic a": "\u0430cme/x",
    "full width": "\uff41cme/x",
    "full-width solidus": "acme\uff0fx",
    "division slash": "acme\u2215x",
    "combining": "acme\u0301/x",
}


@pytest.mark.parametrize("name", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_other_names(name: str) -> None:
    assert not name_matches("acme/*", name)
    assert not name_matches("acme/**", name)


def test_a_pattern_full_of_stars_costs_no_more_than_a_scan() -> None:
    started = time.process_time()
    assert not name_matches("a*" * 50 + "b", "a" * 200_000)
    assert time.process_time() - started < 2


SEGMENT = st.text("ab*.", min_size=1, max_size=6)


@given(SEGMENT, st.text("ab.", min_size=1, max_size=8))
def test_a_star_is_any_run_of_characters(pattern: str, text: str) -> None:
    """Against the plainest implementation there is: try every length."""

    def fits(wanted: str, found: str) -> bool:
        if not wanted:
            return not found
        if wanted[0] == "*":
            return any(fits(wanted[1:], found[n:]) for n in range(len(found) + 1))
        return found[:1] == wanted[0] and fits(wanted[1:], found[1:])

    if text in (".", ".."):
        assert not name_matches(pattern, text)
    else:
        assert name_matches(pattern, text) is fits(pattern, text)
