"""Answers in which everything may be of another type than it should be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.sources.hub_answers import (
    commit_date,
    compare_listings,
    next_query,
    parse_json,
    read_info,
    read_owner,
    read_tree,
)
from aibom.sources.remote import Owner, RemoteFile, ScanStatus

WHERE = "hf:acme/base"
COMMIT = "a" * 40
INFO: dict[str, Any] = {
    "_id": "0123456789abcdef01234567",
    "id": "acme/base",
    "author": "acme",
    "sha": COMMIT,
    "gated": False,
    "private": False,
    "disabled": False,
    "securityRepoStatus": {"scansDone": True, "filesWithIssues": []},
    "siblings": [{"rfilename": "a", "size": 3}],
}
PLAIN = {"type": "file", "path": "a", "size": 3, "oid": "b" * 40}
LFS = PLAIN | {"lfs": {"oid": "c" * 64, "size": 3, "pointerSize": 130}}
ORG = {"_id": "0" * 24, "name": "acme", "createdAt": "2026-01-02T03:04:05.000Z"}
USER = {"_id": "0" * 24, "user": "ann", "createdAt": "2026-01-02T03:04:05.000Z"}
HALF = "\ud800"


def info(**changes: Any) -> Any:
    return read_info(copy.deepcopy(INFO) | changes, WHERE, dataset=False)


# ── JSON ────────────────────

NO_JSON = {
    "nothing": b"",
    "html": b"<!doctype html>",
    "half": b'{"sha": ',
    "not-utf-8": b'"\xff"',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "nan": b"[NaN]",
    "infinity": b"[-Infinity]",
    "deep": b"[" * 100_000,
    "a-number-without-end": b"1" * 10_000,
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(body, WHERE)

    assert caught.value.reason == "source-answer-malformed"


# ── info ────────────────────


def test_info() -> None:
    found = info()

    assert (found.name, found.commit, found.author) == ("acme/base", COMMIT, "acme")
    assert (found.repository, found.gated) == (INFO["_id"], None)
    assert (found.scan, found.listed) == (ScanStatus(True), {"a": 3})
    assert found.unsure == ()


REFUSED = {
    "no-sha": {"sha": None},
    "short-sha": {"sha": "a" * 39},
    "upper-sha": {"sha": "A" * 40},
    "sha-with-newline": {"sha": "a" * 40 + "\n"},
    "sha-as-number": {"sha": 1},
    "no-id": {"id": None},
    "empty-id": {"id": ""},
    "id-as-list": {"id": ["acme/base"]},
    "id-with-half-a-character": {"id": HALF},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_info_that_identifies_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        info(**changes)

    assert caught.value.reason == "source-answer-malformed"


@pytest.mark.parametrize("disabled", [True, "yes", 1, {}])
def test_info_of_what_is_disabled(disabled: Any) -> None:
    with pytest.raises(InputError) as caught:
        info(disabled=disabled)

    assert caught.value.reason == "source-disabled"


DESCRIBED: dict[str, tuple[dict[str, Any], str, Any, bool]] = {
    "gated-auto": ({"gated": "auto"}, "gated", "auto", True),
    "gated-manual": ({"gated": "manual"}, "gated", "manual", True),
    "gated-true": ({"gated": True}, "gated", None, False),
    "gated-unknown": ({"gated": "perhaps"}, "gated", None, False),
    "gated-list": ({"gated": []}, "gated", None, False),
    "id-with-newline": ({"_id": "0\n"}, "repository", None, False),
    "id-number": ({"_id": 5}, "repository", None, False),
    "scan-none": ({"securityRepoStatus": None}, "scan", None, False),
    "scan-text": ({"securityRepoStatus": "safe"}, "scan", None, False),
    "scan-empty": ({"securityRepoStatus": {}}, "scan", ScanStatus(None), False),
    "scan-text-for-done": (
        {"securityRepoStatus": {"scansDone": "true", "filesWithIssues": []}},
        "scan",
        ScanStatus(None),
        False,
    ),
    "scan-no-list": (
        {"securityRepoStatus": {"scansDone": True, "filesWithIssues": {}}},
        "scan",
        ScanStatus(None),
        False,
    ),
    # What is flagged is not lost because something else is wrong.
    "scan-odd-issues": (
        {
            "securityRepoStatus": {
                "scansDone": True,
                "filesWithIssues": [7, {"path": "a"}, {"path": "b", "level": "unsafe"}],
            }
        },
        "scan",
        ScanStatus(
            None,
            (("(no path)", "(no level)"), ("a", "(no level)"), ("b", "unsafe")),
        ),
        False,
    ),
    "siblings-none": ({"siblings": None}, "listed", None, True),
    "siblings-odd": ({"siblings": ["a"]}, "listed", None, True),
    "siblings-without-size": (
        {"siblings": [{"rfilename": "a"}]},
        "listed",
        {"a": None},
        True,
    ),
    "author-odd": ({"author": 3}, "author", None, True),
}


@pytest.mark.parametrize(
    ("changes", "field", "value", "sure"), DESCRIBED.values(), ids=DESCRIBED
)
def test_info_that_describes_badly(
    changes: dict[str, Any], field: str, value: Any, sure: bool
) -> None:
    found = info(**changes)

    assert getattr(found, field) == value
    assert (found.unsure == ()) is sure


def test_datasets_have_no_scans() -> None:
    found = read_info(
        {k: v for k, v in INFO.items() if k != "securityRepoStatus"},
        WHERE,
        dataset=True,
    )

    assert (found.scan, found.unsure) == (None, ())


# ── trees ────────────────────


def test_tree() -> None:
    folder = {"type": "directory", "path": "x", "oid": "d" * 40, "size": 0}

    assert read_tree([folder, PLAIN, LFS | {"xetHash": "e" * 64}], WHERE) == [
        RemoteFile("a", 3, git_blob="b" * 40),
        RemoteFile("a", 3, sha256="c" * 64),
    ]


def _lfs(**changes: Any) -> dict[str, Any]:
    return LFS | {"lfs": {"oid": "c" * 64, "size": 3} | changes}


TREES: dict[str, Any] = {
    "object": {},
    "null": None,
    "text": "files",
    "entry-text": ["a"],
    "entry-null": [None],
    "no-path": [PLAIN | {"path": None}],
    "empty-path": [PLAIN | {"path": ""}],
    "half-a-character": [PLAIN | {"path": HALF}],
    "no-type": [PLAIN | {"type": None}],
    "no-size": [PLAIN | {"size": None}],
    "size-true": [PLAIN | {"size": True}],
    "size-below-zero": [PLAIN | {"size": -1}],
    "size-float": [PLAIN | {"size": 3.0}],
    "size-text": [PLAIN | {"size": "3"}],
    "size-absurd": [PLAIN | {"size": 2**60}],
    "no-oid": [PLAIN | {"oid": None}],
    "oid-short": [PLAIN | {"oid": "b" * 39}],
    "oid-sha256": [PLAIN | {"oid": "b" * 64}],
    "lfs-text": [PLAIN | {"lfs": "c" * 64}],
    "lfs-false": [PLAIN | {"lfs": False}],
    "lfs-empty": [PLAIN | {"lfs": {}}],
    "lfs-other-size": [_lfs(size=4)],
    "lfs-no-size": [_lfs(size=None)],
    "lfs-sha1": [_lfs(oid="c" * 40)],
    "lfs-a-url": [_lfs(oid="https://example.com/issue/80")],
    "lfs-with-prefix": [_lfs(oid="sha256:" + "c" * 64)],
}


@pytest.mark.parametrize("data", TREES.values(), ids=TREES)
def test_trees_that_are_none(data: Any) -> None:
    with pytest.raises(InputError) as caught:
        read_tree(data, WHERE)

    assert caught.value.reason == "source-answer-malformed"


@pytest.mark.parametrize("kind", ["submodule", "symlink", "File", ""])
def test_entries_that_are_no_files(kind: str) -> None:
    with pytest.raises(VerificationFailed) as caught:
        read_tree([PLAIN, PLAIN | {"type": kind, "path": "x" * 999}], WHERE)

    assert caught.value.reason == "source-path-refused"
    assert len(str(caught.value)) < 400


LINKS = {
    "next": (
        '<https://h/api/t?cursor=a%3D&limit=2>; rel="next"',
        "cursor=a%3D&limit=2",
    ),
    "without-quotes": ("<https://h/t?c=1>; rel=next", "c=1"),
    "second": ('<https://h/t?c=0>; rel="prev", <https://h/t?c=2>; rel="next"', "c=2"),
    # The host of it is not looked at: pages are asked for where the first one was.
    "another-host": ('<http://169.254.169.254/t?c=1>; rel="next"', "c=1"),
    "none": (None, None),
    "empty": ("", None),
    "previous": ('<https://h/t?c=0>; rel="prev"', None),
    "no-query": ('<https://h/t>; rel="next"', None),
    "no-url": ('<http://[::1?c=1>; rel="next"', None),
    "blank": ('<https://h/t?c=1 2>; rel="next"', None),
}


@pytest.mark.parametrize(("link", "query"), LINKS.values(), ids=LINKS)
def test_links(link: str | None, query: str | None) -> None:
    assert next_query(link) == query


COMPARED: dict[str, tuple[Any, bool]] = {
    "same": ({"a": 3}, True),
    "no-sizes": ({"a": None}, True),
    "none": (None, False),
    "empty": ({}, False),
    "more": ({"a": 3, "b": 1}, False),
    "other-size": ({"a": 4}, False),
}


@pytest.mark.parametrize(("listed", "sure"), COMPARED.values(), ids=COMPARED)
def test_two_lists(listed: Any, sure: bool) -> None:
    unsure = compare_listings((RemoteFile("a", 3),), listed)

    assert (unsure == ()) is sure


# ── owners and dates ────────────────────


def test_owners() -> None:
    assert read_owner(ORG, "acme", "organisation", WHERE) == (
        Owner("acme", "organisation", "0" * 24, "2026-01-02T03:04:05.000Z"),
        (),
    )
    assert read_owner(USER, "ann", "user", WHERE)[0].kind == "user"


@pytest.mark.parametrize("key", ["_id", "createdAt"])
@pytest.mark.parametrize("value", [None, 5, "", [], "not this\n"])
def test_owners_that_are_described_badly(key: str, value: Any) -> None:
    owner, unsure = read_owner(ORG | {key: value}, "acme", "organisation", WHERE)

    assert (owner.id if key == "_id" else owner.created) is None
    assert len(unsure) == 1


@pytest.mark.parametrize(
    "data", [None, [], "acme", {}, ORG | {"name": "Acme"}, ORG | {"name": 1}, USER]
)
def test_other_owners(data: Any) -> None:
    with pytest.raises(InputError) as caught:
        read_owner(data, "acme", "organisation", WHERE)

    assert caught.value.reason == "source-answer-malformed"


FIRST = {"id": COMMIT, "date": "2026-01-02T03:04:05.000Z"}
DATES: dict[str, Any] = {
    "object": {},
    "null": None,
    "empty": [],
    "no-object": ["2026"],
    "another-commit": [FIRST | {"id": "b" * 40}],
    "second": [{}, FIRST],
    "no-date": [{"id": COMMIT}],
    "a-day": [FIRST | {"date": "2026-01-02"}],
    "no-zone": [FIRST | {"date": "2026-01-02T03:04:05.000"}],
    "month-13": [FIRST | {"date": "2026-13-02T03:04:05.000Z"}],
    "number": [FIRST | {"date": 1767323045}],
    "long": [FIRST | {"date": "2026-01-02T03:04:05." + "0" * 99 + "Z"}],
}


@pytest.mark.parametrize("data", DATES.values(), ids=DATES)
def test_dates_that_are_none(data: Any) -> None:
    assert commit_date([FIRST], COMMIT) == FIRST["date"]
    assert commit_date(data, COMMIT) is None


# ── anything ────────────────────

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from([COMMIT, "c" * 64, "file", "directory", "acme", HALF, "auto"])
)
KEYS = st.sampled_from(
    sorted({*INFO, *LFS, *ORG, *USER, "scansDone", "filesWithIssues", "level", "date"})
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=20,
)
WHOLE = {
    "info": (INFO, lambda data: read_info(data, WHERE, dataset=False)),
    "dataset": (INFO, lambda data: read_info(data, WHERE, dataset=True)),
    "tree": ([PLAIN, LFS], lambda data: read_tree(data, WHERE)),
    "organisation": (ORG, lambda data: read_owner(data, "acme", "organisation", WHERE)),
    "user": (USER, lambda data: read_owner(data, "acme", "user", WHERE)),
    "date": ([FIRST], lambda data: commit_date(data, COMMIT)),
}
REASONS = {"source-answer-malformed", "source-path-refused", "source-disabled"}


def mutated(data: Any, draw: Any) -> Any:
    """The same with one value, somewhere in it, replaced by anything or left out."""
    at = copy.deepcopy(data)
    whole = at
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
            at = at[key]
            continue
        if draw(st.booleans()):
            at[key] = draw(ANYTHING)
        else:
            del at[key]
        return whole


@pytest.mark.parametrize(("whole", "read"), WHOLE.values(), ids=WHOLE)
@given(data=st.data())
def test_nothing_but_errors_of_ours(whole: Any, read: Any, data: Any) -> None:
    chosen = data.draw(st.booleans())
    answer = data.draw(ANYTHING) if chosen else mutated(whole, data.draw)

    error, value = outcome(lambda: read(answer))

    # What is handed on can be written down.
    repr(value).encode()
    assert error is None or (error.reason in REASONS and error.where == WHERE)


def outcome(act: Callable[[], Any]) -> tuple[AibomError | None, Any]:
    try:
        return None, act()
    except AibomError as error:
        return error, None


@given(st.binary(max_size=200) | ANYTHING.map(lambda v: json.dumps(v).encode()))
def test_no_body_breaks_the_parser(body: bytes) -> None:
    error, _ = outcome(lambda: parse_json(body, WHERE))

    assert error is None or error.reason == "source-answer-malformed"


@given(st.text(max_size=200))
def test_no_link_breaks_the_reader(link: str) -> None:
    assert next_query(link) is None or next_query(f"<h?{link}>; rel=next")
