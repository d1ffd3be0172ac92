"""Files that people write: every problem at once, and nothing read in two ways."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.errors import DocumentInvalid, PolicyInvalid
from aibom.reading import (
    MAX_YAML_BYTES,
    MAX_YAML_DEPTH,
    Reader,
    parse_time,
    parse_yaml,
    suggest,
)

# ── the reader ──────────────

Read = Callable[[Reader], Any]
TYPES: dict[str, tuple[Read, Any, Any]] = {
    "text": (lambda r: r.text("k"), "x", "x"),
    "number": (lambda r: r.number("k"), 0.5, 0.5),
    "number, whole": (lambda r: r.number("k"), 2, 2),
    "integer": (lambda r: r.integer("k"), 2, 2),
    "flag": (lambda r: r.flag("k"), False, False),
    "choice": (lambda r: r.choice("k", ("a", "b")), "b", "b"),
    "texts": (lambda r: r.texts("k"), ["a", "b"], ("a", "b")),
    "texts, none": (lambda r: r.texts("k"), [], ()),
    "time": (
        lambda r: r.time("k"),
        "2026-11-21",
        datetime(2026, 11, 21, tzinfo=UTC),
    ),
    "raw": (lambda r: r.raw("k"), {"a": [1]}, {"a": [1]}),
    "keys": (lambda r: r.keys(), "x", ("k",)),
}


@pytest.mark.parametrize(("read", "value", "expected"), TYPES.values(), ids=TYPES)
def test_every_type_is_read(read: Read, value: Any, expected: Any) -> None:
    reader = Reader({"k": value}, "f.yaml")
    assert read(reader) == expected
    reader.finish()


WRONG: dict[str, tuple[Read, Any, str]] = {
    "text: a number": (lambda r: r.text("k"), 5, "must be a text, not a int"),
    "text: nothing": (lambda r: r.text("k"), None, "must be a text, not nothing"),
    "text: empty": (lambda r: r.text("k"), "", "is empty"),
    "text: white space": (lambda r: r.text("k"), " \n", "is empty"),
    "number: a text": (lambda r: r.number("k"), "5", "must be a number, not a text"),
    "number: true": (lambda r: r.number("k"), True, "not true or false"),
    "number: .nan": (lambda r: r.number("k"), float("nan"), "must be a finite number"),
    "number: .inf": (lambda r: r.number("k"), float("inf"), "must be a finite number"),
    "integer: a fraction": (lambda r: r.integer("k"), 2.0, "must be a whole number"),
    "integer: true": (lambda r: r.integer("k"), True, "must be a whole number"),
    "flag: a number": (lambda r: r.flag("k"), 0, "must be true or false, not a int"),
    "flag: a text": (lambda r: r.flag("k"), "no", "must be true or false, not a text"),
    "choice: another": (
        lambda r: r.choice("k", ("a", "b")),
        "c",
        "is not one of: a, b",
    ),
    "choice: a list": (lambda r: r.choice("k", ("a",)), ["a"], "must be a text"),
    "texts: one text": (lambda r: r.texts("k"), "a", "must be a list, not a text"),
    "texts: a number in it": (lambda r: r.texts("k"), ["a", 1], "must hold texts only"),
    "texts: an empty one": (lambda r: r.texts("k"), ["a", ""], "must hold texts only"),
    "time: without a zone": (
        lambda r: r.time("k"),
        "2026-11-21T08:00:00",
        "the time has no zone",
    ),
    "time: a number": (lambda r: r.time("k"), 5, "not a date"),
    "reader: a list": (lambda r: r.reader("k"), [], "must be a mapping, not a list"),
    "readers: a mapping": (lambda r: r.readers("k"), {}, "must be a list"),
    "readers: a text in it": (
        lambda r: r.readers("k"),
        ["x"],
        "f.yaml.k[0]: must be a mapping, not a text",
    ),
}


@pytest.mark.parametrize(("read", "value", "text"), WRONG.values(), ids=WRONG)
def test_every_wrong_type_is_one_problem(read: Read, value: Any, text: str) -> None:
    reader = Reader({"k": value}, "f.yaml")
    read(reader)
    (problem,) = reader.problems
    assert problem.startswith("f.yaml.k")
    assert text in problem


METHODS = ("text", "number", "integer", "flag", "texts", "time", "raw")


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_key_is_a_problem_or_its_default(method: str) -> None:
    reader = Reader({}, "f.yaml")
    assert getattr(reader, method)("k", "default") == "default"
    assert reader.problems == []
    assert getattr(reader, method)("k") is None
    assert reader.problems == ["f.yaml.k: is missing"]


def test_every_problem_is_told_at_once() -> None:
    reader = Reader({"a": 1, "rules": [{"id": 5}, {}], "modes": "deny"}, "p.yaml")
    reader.text("a")
    for rule in reader.readers("rules"):
        rule.text("id")
        rule.close()
    reader.text("mode", None)
    with pytest.raises(PolicyInvalid) as caught:
        reader.finish()
    assert caught.value.message.split("\n  ") == [
        "p.yaml.a: must be a text, not a int",
        "p.yaml.rules[0].id: must be a text, not a int",
        "p.yaml.rules[1].id: is missing",
        "p.yaml: unknown key 'modes'; did you mean 'mode'?",
    ]
    assert caught.value.reason == "policy-invalid"
    assert caught.value.hint is not None
    assert "correct" in caught.value.hint


def test_another_error_can_be_asked_for() -> None:
    reader = Reader([], "x")
    with pytest.raises(DocumentInvalid) as caught:
        reader.finish(DocumentInvalid, "audit-malformed", hint="ask for another")
    assert (caught.value.reason, caught.value.hint) == (
        "audit-malformed",
        "ask for another",
    )


def test_looking_whether_a_key_is_there_is_not_reading_it() -> None:
    reader = Reader({"k": 1}, "x")
    assert reader.has("k")
    assert not reader.has("other")
    reader.close()
    assert reader.problems == ["x: unknown key 'k'"]


@pytest.mark.parametrize("value", [None, [], "x", 5, True])
def test_what_is_no_mapping_has_no_keys(value: Any) -> None:
    reader = Reader(value, "x")
    assert reader.text("k", "d") == "d"
    (problem,) = reader.problems
    assert problem.startswith("x: must be a mapping")


def test_a_key_that_is_no_text_is_a_problem() -> None:
    assert Reader({1: "a"}, "x").problems == ["x: has a key that is not a text"]


SUGGESTIONS = {
    "near": ("severety", ["mode", "severity"], "; did you mean 'severity'?"),
    "far": ("zzz", ["mode", "severity"], "; known: mode, severity"),
    "nothing known": ("zzz", [], ""),
    "of great length": ("x" * 100_000, ["mode"], "; known: mode"),
}


@pytest.mark.parametrize(
    ("word", "known", "text"), SUGGESTIONS.values(), ids=SUGGESTIONS
)
def test_the_nearest_known_word_is_suggested(
    word: str, known: list[str], text: str
) -> None:
    assert suggest(word, known) == text


# ── times ──────────────

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TIMES: dict[str, tuple[Any, datetime]] = {
    "a date": ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
    "UTC": ("2026-11-21T12:00:00Z", NOON),
    "small letters": ("2026-11-21t12:00:00z", NOON),
    "an offset": ("2026-11-21T14:00:00+02:00", NOON),
    "a fraction": ("2026-11-21T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
    "read by YAML": (date(2026, 11, 21), datetime(2026, 11, 21, tzinfo=UTC)),
    "read by YAML, with a zone": (
        datetime(2026, 11, 21, 7, tzinfo=timezone(timedelta(hours=-5))),
        NOON,
    ),
}


@pytest.mark.parametrize(("value", "expected"), TIMES.values(), ids=TIMES)
def test_times(value: Any, expected: datetime) -> None:
    found = parse_time(value)
    assert found == expected
    assert found.tzinfo is UTC


NO_TIMES: dict[str, Any] = {
    "nothing": None,
    "no text": "",
    "a number": 20261121,
    "true": True,
    "a list": ["2026-11-21"],
    "no zone": "2026-11-21T12:00:00",
    "no zone, read by YAML": datetime(2026, 11, 21, 12),
    "no seconds": "2026-11-21T12:00Z",
    "without dashes": "20261121",
    "a week": "2026-W47-6",
    "a space": "2026-11-21 12:00:00Z",
    "no such day": "2026-02-30",
    "no such hour": "2026-11-21T25:00:00Z",
    "a leap second": "2026-11-21T23:59:60Z",
    "before the first year": "0001-01-01T00:00:00+14:00",
    "after the last year": "9999-12-31T23:59:59-14:00",
    "other digits": "\uff12\uff10\uff12\uff16-11-21",
    "a newline at the end": "2026-11-21\n",
    "words": "tomorrow",
}


@pytest.mark.parametrize("value", NO_TIMES.values(), ids=NO_TIMES)
def test_what_is_no_time(value: Any) -> None:
    with pytest.raises(ValueError, match=r"date|zone|range|hour|second|day|month"):
        parse_time(value)


@given(st.text("0123456789-:TZ+. ", max_size=30))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        found = parse_time(text)
    except ValueError:
        return
    assert found.tzinfo is UTC


# ── YAML ──────────────

DOCUMENTS: dict[str, tuple[str, Any]] = {
    "empty": ("", None),
    "a comment": ("# nothing\n", None),
    "a mapping": (
        "a: 1\nb: [x, 2.5, true, null]\n",
        {"a": 1, "b": ["x", 2.5, True, None]},
    ),
    "a date": ("d: 2026-11-21\n", {"d": date(2026, 11, 21)}),
    "quoted keys": ("'on': 1\n\"1\": 2\n", {"on": 1, "1": 2}),
    "Unicode": ("größe: ß\n", {"größe": "ß"}),
    "the same key elsewhere": (
        "a: {k: 1}\nb: {k: 2}\n",
        {"a": {"k": 1}, "b": {"k": 2}},
    ),
    "as deep as allowed": (
        "[" * MAX_YAML_DEPTH + "]" * MAX_YAML_DEPTH,
        None,
    ),
}


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_plain_yaml_is_read(text: str, expected: Any) -> None:
    found = parse_yaml(text.encode(), "f.yaml")
    assert found == expected or text.startswith("[")


LAUGHS = "a: &a [x,x]\n" + "".join(
    f"{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
BLOCK = "\n".join(" " * level + "k:" for level in range(2_000))
BAD: dict[str, tuple[bytes, str]] = {
    "billion laughs": (LAUGHS.encode(), "yaml-alias"),
    "an alias": (b"a: &x 1\nb: *x\n", "yaml-alias"),
    "a key twice": (b"a: 1\na: 2\n", "duplicate-key"),
    "a key twice, inside": (b"l:\n- {a: 1, 'a': 2}\n", "duplicate-key"),
    "one level too deep": (b"[" * (MAX_YAML_DEPTH + 1), "document-too-deep"),
    "10,000 levels, flow": (b"[" * 10_000 + b"]" * 10_000, "document-too-deep"),
    "10,000 levels, flow mappings": (b"{a: " * 10_000, "document-too-deep"),
    "10,000 levels, compact": (b"- " * 10_000 + b"x", "document-too-deep"),
    "2,000 levels, block": (BLOCK.encode(), "document-too-deep"),
    "not UTF-8": (b"a: \xff\n", "policy-unreadable"),
    "UTF-16": ("a: 1".encode("utf-16"), "policy-unreadable"),
    "not YAML": (b"a: [1\n", "policy-unreadable"),
    "a tab": (b"a:\n\tb: 1\n", "policy-unreadable"),
    "a NUL": (b"a: \0\n", "policy-unreadable"),
    "two documents": (b"a: 1\n---\nb: 2\n", "policy-unreadable"),
    "a lone surrogate": (b'a: "\\ud800"\n', "policy-unreadable"),
    "an unread number": (b"a: " + b"9" * 5_000, "policy-unreadable"),
    "no such day": (b"a: 2026-02-30\n", "policy-unreadable"),
    "a number as a key": (b"1: a\n", "policy-unreadable"),
    "on as a key": (b"on: a\n", "policy-unreadable"),
    "nothing as a key": (b"~: a\n", "policy-unreadable"),
    "a list as a key": (b"? [a]\n: b\n", "policy-unreadable"),
    "a mapping as a key": (b"? {a: b}\n: c\n", "policy-unreadable"),
    "a merge": (b"<<: {a: 1}\na: 2\n", "policy-unreadable"),
    "a program": (b"!!python/object/apply:os.system [id]\n", "yaml-tag"),
    "a tag": (b"a: !!str 5\n", "yaml-tag"),
    "a tag that breaks its reader": (b"a: !!timestamp x\n", "yaml-tag"),
    "an empty number": (b"a: !!int ''\n", "yaml-tag"),
    "a tagged mapping": (b"!!omap [a: 1]\n", "yaml-tag"),
    "too large": (b"#" * (MAX_YAML_BYTES + 1), "document-too-large"),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes, reason: str) -> None:
    started = time.process_time()
    with pytest.raises(PolicyInvalid) as caught:
        parse_yaml(data, "policy.yaml")
    assert caught.value.reason == reason
    assert caught.value.where == "policy.yaml"
    assert caught.value.hint
    assert time.process_time() - started < 5


def test_the_line_is_named() -> None:
    with pytest.raises(PolicyInvalid, match="line 3: the key 'a' stands twice"):
        parse_yaml(b"a: 1\nb: 2\na: 3\n", "f.yaml")


@given(st.binary(max_size=60) | st.text("a:-[]{}&*!#'\"\n ,?|>%@`<~1.", max_size=40))
def test_any_text_is_read_or_refused(data: bytes | str) -> None:
    raw = data if isinstance(data, bytes) else data.encode()
    try:
        parse_yaml(raw, "x")
    except PolicyInvalid as error:
        refused = error.reason
    else:
        refused = ""
    assert refused in {
        *("", "policy-unreadable", "duplicate-key", "yaml-alias", "yaml-tag"),
        "document-too-deep",
    }
