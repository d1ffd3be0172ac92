"""Settings of checks: typed, bounded, and nothing that can be read two ways."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.policy.checks import CHECKS
from aibom.policy.settings import Days, bind
from aibom.reading import Reader


@dataclass(frozen=True, slots=True)
class Sample:
    """One setting of each type."""

    word: str
    words: tuple[str, ...]
    choice: str = field(default="a", metadata={"choices": ("a", "b")})
    choices: tuple[str, ...] = field(default=(), metadata={"choices": ("a", "b")})
    number: float | None = None
    share: float = field(default=0.5, metadata={"minimum": 0, "maximum": 1})
    count: int = field(default=1, metadata={"minimum": 1})
    flag: bool = False
    age: Days | None = None

    def __post_init__(self) -> None:
        if self.word == self.choice:
            raise ValueError("word and choice are the same")


def read(**given_):
    reader = Reader({"word": "w", "words": ["x"], **given_}, "settings")
    return bind(Sample, reader), reader.problems


GOOD = {
    "defaults": ({}, "count", 1),
    "choice": ({"choice": "b"}, "choice", "b"),
    "choices": ({"choices": ["b", "a"]}, "choices", ("b", "a")),
    "empty list with a default": ({"choices": []}, "choices", ()),
    "whole number for a number": ({"number": 3}, "number", 3),
    "edge of a range": ({"share": 1}, "share", 1),
    "flag": ({"flag": True}, "flag", True),
    "days": ({"age": "90d"}, "age", timedelta(days=90)),
}


@pytest.mark.parametrize(("given_", "name", "value"), GOOD.values(), ids=GOOD)
def test_read(given_, name, value):
    settings, problems = read(**given_)
    assert problems == []
    assert getattr(settings, name) == value


BAD = {
    "misspelt": ({"cout": 2}, "unknown key 'cout'; did you mean 'count'?"),
    "empty text": ({"word": ""}, "word: is empty"),
    "number for a text": ({"word": 1}, "word: must be a text"),
    "text for a list": ({"words": "x"}, "words: must be a list"),
    "numbers in a list": ({"words": [1]}, "words: must hold texts only"),
    "empty list that must be given": ({"words": []}, "words: is an empty list"),
    "unknown choice": ({"choice": "c"}, "choice: 'c' is not one of: a, b"),
    "unknown choice in a list": ({"choices": ["a", "c"]}, "choices: unknown 'c'"),
    "text for a number": ({"number": "0.2"}, "number: must be a number"),
    "flag for a number": ({"number": True}, "number: must be a number"),
    "null for a number": ({"number": None}, "number: must be a number, not nothing"),
    "not a number": ({"number": math.nan}, "number: must be a finite number"),
    "infinite": ({"number": math.inf}, "number: must be a finite number"),
    "too large for a float": ({"number": 10**400}, "is not between"),
    "below": ({"count": 0}, "count: 0 is not between 1 and"),
    "above": ({"share": 1.1}, "share: 1.1 is not between 0 and 1"),
    "fraction of a count": ({"count": 1.5}, "count: must be a whole number"),
    "text for a flag": ({"flag": "yes"}, "flag: must be true or false"),
    "days as a number": ({"age": 90}, "age: is not a number of days such as 90d"),
    "no days": ({"age": "0d"}, "age: is not a number of days"),
    "hours": ({"age": "90h"}, "age: is not a number of days"),
    "arabic digits": ({"age": "\u0669\u0660d"}, "age: is not a number of days"),
    "what fields ask of each other": ({"word": "a"}, "word and choice are the same"),
}


@pytest.mark.parametrize(("given_", "told"), BAD.values(), ids=BAD)
def test_refused(given_, told):
    settings, problems = read(**given_)
    assert settings is None
    assert len(problems) == 1
    assert told in problems[0]


def test_what_has_no_default_must_be_given():
    reader = Reader({}, "settings")
    assert bind(Sample, reader) is None
    assert reader.problems == [
        "settings.word: is missing",
        "settings.words: is missing",
    ]


def test_a_type_that_is_not_known_is_our_fault():
    @dataclass
    class Odd:
        value: bytes = b""

    with pytest.raises(TypeError, match="bytes"):
        bind(Odd, Reader({}, "settings"))


@given(st.integers(min_value=1, max_value=9999))
def test_days_are_read_as_written(days):
    assert Days.parse(f"{days}d") == timedelta(days=days)


NONSENSE = {
    "no bound": ({}, "needs at_most or at_least"),
    "crossed bounds": ({"at_most": 0.1, "at_least": 0.2}, "no number could pass"),
    "infinite bound": ({"at_most": math.inf}, "at_most: must be a finite"),
    "nobody may audit": ({"at_most": 1, "auditor_roles": []}, "is an empty list"),
    "no sample": ({"at_most": 1, "minimum_sample": 0}, "0 is not between 1"),
    "unknown role to cover": ({"at_most": 1, "cover": "labeller"}, "is not one of"),
    "unknown role to be independent of": (
        {"at_most": 1, "independent_of": ["labeller"]},
        "unknown 'labeller'; did you mean 'labeler'?",
    ),
    "unknown step": (
        {"at_most": 1, "only_steps": ["labels"]},
        "unknown 'labels'; did you mean 'label'?",
    ),
}


@pytest.mark.parametrize(("given_", "told"), NONSENSE.values(), ids=NONSENSE)
def test_an_audit_rule_that_would_ask_nothing_is_refused(given_, told):
    asked = {"type": "t", "metric": "m", "auditor_roles": ["r"], "minimum_sample": 1}
    reader = Reader({**asked, **given_}, "settings")
    assert bind(CHECKS["required-audit"].settings, reader) is None
    assert told in reader.problems[0]
