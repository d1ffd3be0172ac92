"""Records of any size come one at a time; what cannot be read is counted."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.data_records import (
    MAX_RECORD_BYTES,
    RECORD_FINDINGS,
    Troubles,
    csv_rows,
    json_records,
)
from aibom.catalogers.notes import Notes
from aibom.catalogers.place import Place
from tests.catalog_world import put

#: Larger than what is read at once, so that a record spans several reads.
LONG = "x" * 200_000
HUGE = b'"' + b"x" * (MAX_RECORD_BYTES + 200_000) + b'"'


def notes_of(name: str, data: bytes, folder: Path) -> Notes:
    return Notes("test", Place.of(put(folder, {name: data})), name)


def records_of(data: bytes, folder: Path, *, is_glance: bool = False) -> Any:
    notes, troubles = notes_of("a.json", data, folder), Troubles()
    found = list(json_records(notes, troubles, is_glance=is_glance))
    troubles.tell(notes)
    assert {f.code for f in notes.findings} <= set(RECORD_FINDINGS)
    return found, {(f.code, f.pointer, f.detail) for f in notes.findings}


def rows_of(data: bytes, folder: Path) -> Any:
    notes, troubles = notes_of("a.csv", data, folder), Troubles()
    found = list(csv_rows(notes, troubles))
    troubles.tell(notes)
    assert {f.code for f in notes.findings} <= set(RECORD_FINDINGS)
    return found, {(f.code, f.pointer) for f in notes.findings}


#: name → bytes, records, findings
JSON: dict[str, tuple[bytes, list[Any], set[Any]]] = {
    "lines": (
        b'{"a":1}\n\n {"a":2} \r\n',
        [("line:1", {"a": 1}), ("line:3", {"a": 2})],
        set(),
    ),
    "an array": (
        b' [ {"a":1} ,{"a":2}]\n',
        [("/0", {"a": 1}), ("/1", {"a": 2})],
        set(),
    ),
    "an empty array": (b"[]", [], set()),
    "nothing": (b"", [], set()),
    "a record over many reads": (
        json.dumps([{"a": LONG}, {"b": 1}]).encode(),
        [("/0", {"a": LONG}), ("/1", {"b": 1})],
        set(),
    ),
    "a byte order mark": (
        b'\xef\xbb\xbf{"a":1}',
        [("line:1", {"a": 1})],
        {("byte-order-mark", "", "")},
    ),
    "malformed lines": (
        b'{"a":1}\n{"a":\nnope\n{"a":2}',
        [("line:1", {"a": 1}), ("line:4", {"a": 2})],
        {("record-malformed", "line:2", "2 in all")},
    ),
    "two values in a line": (b"{} {}", [], {("record-malformed", "line:1", "")}),
    "an array that ends early": (
        b'[{"a":1},',
        [("/0", {"a": 1})],
        {("record-malformed", "/1", "")},
    ),
    "an array with more after it": (
        b"[{}] {}",
        [("/0", {})],
        {("record-malformed", "/1", "")},
    ),
    "no objects": (
        b'[1,2,"a",12]',
        [],
        {("record-not-an-object", "/0", "4 in all")},
    ),
    "a key twice": (
        b'{"a":1,"a":2}\n{"b":{"a":1,"a":3}}',
        [("line:1", {"a": 2}), ("line:2", {"b": {"a": 3}})],
        {("key-twice", "line:1", "2 in all")},
    ),
    "numbers that are none": (b'{"a":NaN}', [("line:1", {"a": None})], set()),
    "not UTF-8": (
        b'{"a":"\xff"}\n{"a":1}',
        [("line:2", {"a": 1})],
        {("not-utf8", "line:1", "")},
    ),
    "not UTF-8 in an array": (b'[{"a":"\xff"}]', [], {("not-utf8", "/0", "")}),
    "nested too deep": (
        b'{"a":' + b"[" * 100_000 + b"\n{}",
        [("line:2", {})],
        {("record-malformed", "line:1", "")},
    ),
    "a record that is too large": (
        b'{"a":' + HUGE + b"}\n{}",
        [("line:2", {})],
        {("record-too-large", "line:1", "")},
    ),
    "one that is too large in an array": (
        b'[{},{"a":' + HUGE + b"},{}]",
        [("/0", {})],
        {("record-too-large", "/1", "")},
    ),
}


@pytest.mark.parametrize(("data", "records", "found"), JSON.values(), ids=JSON)
def test_json_records(
    data: bytes, records: list[Any], found: set[Any], tmp_path: Path
) -> None:
    assert records_of(data, tmp_path) == (records, found)


#: name → bytes, number of records seen, number of those in trouble
GLANCES: dict[str, tuple[bytes, int, set[Any]]] = {
    "many records": (b'{"a":1}\n' * 100_000, 100, set()),
    "large records": (b'{"a":"' + b"x" * 3_000_000 + b'"}\n', 1, set()),
    "no records": (
        b"[1" + b",1" * 100_000 + b"]",
        0,
        {("record-not-an-object", "/0", "100 in all")},
    ),
    "malformed lines": (
        b"{\n" * 100_000,
        0,
        {("record-malformed", "line:1", "100 in all")},
    ),
}


@pytest.mark.parametrize(("data", "seen", "found"), GLANCES.values(), ids=GLANCES)
def test_a_glance_ends_soon(
    data: bytes, seen: int, found: set[Any], tmp_path: Path
) -> None:
    records, troubles = records_of(data, tmp_path, is_glance=True)
    assert (len(records), troubles) == (seen, found)


def test_a_glance_at_large_records_is_short(tmp_path: Path) -> None:
    data = (b'{"a":"' + b"x" * 3_000_000 + b'"}\n') * 9
    records, _ = records_of(data, tmp_path, is_glance=True)
    assert len(records) == 3


#: name → bytes, rows, findings
CSV: dict[str, tuple[bytes, list[Any], set[Any]]] = {
    "rows": (
        b"a,b\n\n1,2\r\n",
        [("line:1", ["a", "b"]), ("line:3", ["1", "2"])],
        set(),
    ),
    "a cell of many lines": (
        b'a\n"1\n2"\n',
        [("line:1", ["a"]), ("line:3", ["1\n2"])],
        set(),
    ),
    "a byte order mark": (
        b"\xef\xbb\xbfa",
        [("line:1", ["a"])],
        {("byte-order-mark", "")},
    ),
    "a stray quote": (
        b'a,b\n"x"y,2\n3,4\n',
        [("line:1", ["a", "b"])],
        {("csv-malformed", "line:2")},
    ),
    "a quote without an end": (
        b'a,b\n"x,2\n3,4\n',
        [("line:1", ["a", "b"])],
        {("csv-malformed", "line:3")},
    ),
    "not UTF-8": (b"a\n\xff\nb\n", [("line:1", ["a"])], {("not-utf8", "line:2")}),
    "a huge cell": (
        b"a\n" + b"x" * 200_000,
        [("line:1", ["a"])],
        {("csv-malformed", "line:2")},
    ),
    "a huge line": (
        b"a\n" + b"x," * MAX_RECORD_BYTES,
        [("line:1", ["a"])],
        {("record-too-large", "line:2")},
    ),
    "a row without end, cell by cell": (
        b"a\n" + b'"' + b'\n","' * (MAX_RECORD_BYTES // 3),
        [("line:1", ["a"])],
        {("record-too-large", f"line:{MAX_RECORD_BYTES // 4 + 2}")},
    ),
}


@pytest.mark.parametrize(("data", "rows", "found"), CSV.values(), ids=CSV)
def test_csv_rows(
    data: bytes, rows: list[Any], found: set[Any], tmp_path: Path
) -> None:
    assert rows_of(data, tmp_path) == (rows, found)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), VALUES), max_size=6))
def test_an_array_and_lines_say_the_same(objects: list[Any]) -> None:
    lines = "\n".join(json.dumps(one) for one in objects).encode()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        by_line, _ = records_of(lines, Path(one))
        by_array, _ = records_of(json.dumps(objects, indent=1).encode(), Path(two))
    assert [v for _, v in by_line] == [v for _, v in by_array] == objects


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=5))
def test_what_csv_wrote_is_read_back(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        found, troubles = rows_of(text.getvalue().encode(), Path(folder))
    # A file that begins with a mark is read without it.
    if not text.getvalue().startswith("\ufeff"):
        assert ([row for _, row in found], troubles) == (rows, set())


@given(st.binary() | st.binary().map(lambda data: b"[" + data))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        records_of(data, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        rows_of(data, Path(folder))
