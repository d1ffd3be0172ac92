"""The text of a value: stable for each type, and never that of another value."""

from __future__ import annotations

import struct
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import combinations
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.parquet_records import open_table
from aibom.errors import InputError


def rows(table: Any, **options: Any) -> list[str]:
    """The records of a table that was written."""
    stream = BytesIO()
    pq.write_table(table, stream, **options)
    opened = open_table(stream, stream.tell(), "t")
    return [text.decode() for _, text in opened.records()]


def texts(values: Any, kind: Any) -> list[str]:
    """The texts of the values of one column."""
    found = rows(pa.table({"c": pa.array(values, kind)}))
    return [row.removeprefix('{"c":').removesuffix("}") for row in found]


NAN = struct.unpack("<d", bytes.fromhex("010000000000f87f"))[0]
PAIRS = pa.struct([("a", pa.int8()), ("$b", pa.string())])

#: type → values, texts
TYPES: dict[str, tuple[Any, list[Any], list[str]]] = {
    "null": (pa.null(), [None], ["null"]),
    "bool": (pa.bool_(), [True, False, None], ["true", "false", "null"]),
    "int8": (pa.int8(), [-128, None], ["-128", "null"]),
    "uint32": (pa.uint32(), [2**32 - 1], ["4294967295"]),
    "int64": (
        pa.int64(),
        [2**53 - 1, 2**53, -(2**53) + 1, -(2**63), None],
        [
            "9007199254740991",
            '{"$int":"9007199254740992"}',
            "-9007199254740991",
            '{"$int":"-9223372036854775808"}',
            "null",
        ],
    ),
    "uint64": (pa.uint64(), [2**64 - 1], ['{"$int":"18446744073709551615"}']),
    "float64": (
        pa.float64(),
        [1.0, -0.0, 0.0, 0.1, 1e16, 5e-324, None],
        ["1.0", "-0.0", "0.0", "0.1", "1e+16", "5e-324", "null"],
    ),
    "float64, finite": (pa.float64(), [1.0, -0.0], ["1.0", "-0.0"]),
    "float64, not finite": (
        pa.float64(),
        [float("inf"), float("-inf"), NAN, 1.5],
        [
            '{"$float64":"inf"}',
            '{"$float64":"-inf"}',
            '{"$float64":"nan:7ff8000000000001"}',
            "1.5",
        ],
    ),
    "float32": (
        pa.float32(),
        [0.5, None, float("nan")],
        ['{"$float32":0.5}', "null", '{"$float32":"nan:7fc00000"}'],
    ),
    "string": (
        pa.string(),
        ['a"\\\n\u0001\u007fé\U0001f600', "", "null", None],
        ['"a\\"\\\\\\n\\u0001\u007fé\U0001f600"', '""', '"null"', "null"],
    ),
    "large string": (pa.large_string(), ["a"], ['"a"']),
    "binary": (
        pa.binary(),
        [b"\x00\xff", b"", None],
        ['{"$bytes":"AP8="}', '{"$bytes":""}', "null"],
    ),
    "fixed binary": (pa.binary(2), [b"ab", None], ['{"$bytes":"YWI="}', "null"]),
    "decimal": (
        pa.decimal128(20, 10),
        [Decimal("1.2"), Decimal(0), Decimal("-0.0000000001"), None],
        [
            '{"$decimal":"1.2000000000"}',
            '{"$decimal":"0.0000000000"}',
            '{"$decimal":"-0.0000000001"}',
            "null",
        ],
    ),
    "long decimal": (
        pa.decimal256(70, 1),
        [Decimal("1" * 60 + ".5")],
        ['{"$decimal":"' + "1" * 60 + '.5"}'],
    ),
    "date": (
        pa.date32(),
        [date(1970, 1, 2), None],
        ['{"$date":1}', "null"],
    ),
    "date in milliseconds": (pa.date64(), [date(1970, 1, 2)], ['{"$date":1}']),
    "date after all others": (pa.date32(), [2**31 - 1], ['{"$date":2147483647}']),
    "time in milliseconds": (pa.time32("ms"), [1, None], ['{"$time[ms]":1}', "null"]),
    "time in nanoseconds": (pa.time64("ns"), [1], ['{"$time[ns]":1}']),
    "timestamp": (
        pa.timestamp("us"),
        [1, None, 2**62],
        ['{"$timestamp[us]":1}', "null", '{"$timestamp[us]":4611686018427387904}'],
    ),
    "timestamp of a zone": (
        pa.timestamp("ns", "Nowhere/Unknown"),
        [1],
        ['{"$timestamp[ns,UTC]":1}'],
    ),
    "duration": (pa.duration("s"), [5], ["5"]),
    "dictionary": (
        pa.dictionary(pa.int8(), pa.string()),
        ["a", None, "a"],
        ['"a"', "null", '"a"'],
    ),
    "list": (
        pa.list_(pa.int8()),
        [[1, None], [], None, [2]],
        ["[1,null]", "[]", "null", "[2]"],
    ),
    "list of lists": (
        pa.list_(pa.list_(pa.string())),
        [[["a"], [], None], None],
        ['[["a"],[],null]', "null"],
    ),
    "list of fixed length": (
        pa.list_(pa.int8(), 2),
        [[1, 2], None],
        ["[1,2]", "null"],
    ),
    "structure": (
        PAIRS,
        [{"a": 1, "$b": "x"}, {"a": None, "$b": None}, None],
        ['{"a":1,"$$b":"x"}', '{"a":null,"$$b":null}', "null"],
    ),
    "map": (
        pa.map_(pa.string(), pa.int8()),
        [[("a", 1), ("a", None)], [], None],
        ['{"$map":[["a",1],["a",null]]}', '{"$map":[]}', "null"],
    ),
    "list of maps of structures": (
        pa.list_(pa.map_(pa.int8(), PAIRS)),
        [[[(1, {"a": 2, "$b": "%s"})]]],
        ['[{"$map":[[1,{"a":2,"$$b":"%s"}]]}]'],
    ),
}


@pytest.mark.parametrize(("kind", "values", "expected"), TYPES.values(), ids=TYPES)
def test_each_type(kind: Any, values: list[Any], expected: list[str]) -> None:
    assert texts(values, kind) == expected


def test_float16() -> None:
    bits = pa.array([0x3E00, 0x7E01, 0xFC00, None], pa.uint16())
    found = rows(pa.table({"c": bits.view(pa.float16())}))
    assert found == [
        '{"c":{"$float16":1.5}}',
        '{"c":{"$float16":"nan:7e01"}}',
        '{"c":{"$float16":"-inf"}}',
        '{"c":null}',
    ]


def test_what_is_no_text_has_a_text() -> None:
    data = pa.array([b"a", b"\xff", None, b"\xed\xa0\x80"], pa.binary())
    assert rows(pa.table({"c": data.view(pa.string())})) == [
        '{"c":"a"}',
        '{"c":{"$not-utf8":"/w=="}}',
        '{"c":null}',
        '{"c":{"$not-utf8":"7aCA"}}',
    ]


#: Values that a careless writer would write alike.
UNLIKE = {
    "an integer": texts([1], pa.int64()),
    "a text": texts(["1"], pa.string()),
    "a number": texts([1.0], pa.float64()),
    "a short number": texts([1.0], pa.float32()),
    "a truth": texts([True], pa.bool_()),
    "bytes": texts([b"1"], pa.binary()),
    "a decimal": texts([Decimal(1)], pa.decimal128(3, 0)),
    "another decimal": texts([Decimal(1)], pa.decimal128(3, 1)),
    "a day": texts([1], pa.date32()),
    "a time": texts([1], pa.time64("us")),
    "a moment": texts([1], pa.timestamp("us")),
    "a moment in UTC": texts([1], pa.timestamp("us", "UTC")),
    "a moment in milliseconds": texts([1], pa.timestamp("ms")),
    "nothing": texts([None], pa.int64()),
    "a text of nothing": texts(["null"], pa.string()),
    "a list": texts([[1]], pa.list_(pa.int64())),
    "a list of none": texts([[]], pa.list_(pa.int64())),
    "a map": texts([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "a structure": texts([{"a": 1}], pa.struct([("a", pa.int64())])),
    "a structure like bytes": texts(
        [{"$bytes": "MQ=="}], pa.struct([("$bytes", pa.string())])
    ),
    "a structure like that": texts(
        [{"$$bytes": "MQ=="}], pa.struct([("$$bytes", pa.string())])
    ),
}


@pytest.mark.parametrize(("one", "other"), list(combinations(UNLIKE, 2)))
def test_values_of_different_kinds_are_never_alike(one: str, other: str) -> None:
    assert UNLIKE[one] != UNLIKE[other]


KINDS = {
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "float64": (pa.float64(), st.floats(allow_nan=False)),
    "string": (pa.string(), st.text(max_size=4)),
    "binary": (pa.binary(), st.binary(max_size=4)),
    "list": (pa.list_(pa.string()), st.lists(st.text(max_size=2), max_size=3)),
}


@pytest.mark.parametrize(("kind", "values"), KINDS.values(), ids=KINDS)
def test_two_values_have_two_texts(kind: Any, values: Any) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.none() | values, min_size=1, max_size=20))
    def holds(drawn: list[Any]) -> None:
        found = texts(drawn, kind)
        # -0.0 and 0.0 are equal in Python, and other bits.
        names = [repr(value) for value in drawn]
        assert len(set(zip(names, found, strict=True))) == len(set(names))
        assert len(set(found)) == len(set(names))

    holds()


def test_names_that_would_break_the_text() -> None:
    names = ['a"b', "100%s", "$tag", "é", ""]
    table = pa.table([pa.array([1])] * 5, names=names)
    assert rows(table) == ['{"a\\"b":1,"100%s":1,"$$tag":1,"é":1,"":1}']


REFUSED = {
    "two columns of one name": pa.table(
        [pa.array([1]), pa.array([2])], names=["a", "a"]
    ),
    "two of one structure": pa.table(
        {
            "s": pa.StructArray.from_arrays(
                [pa.array([1]), pa.array([2])], names=["a", "a"]
            )
        }
    ),
    "no column": pa.table({"a": pa.array([1])}).select([]),
}


@pytest.mark.parametrize("table", REFUSED.values(), ids=REFUSED)
def test_columns_that_have_no_text(table: Any) -> None:
    with pytest.raises(InputError) as caught:
        rows(table)
    assert caught.value.reason == "parquet-column-unsupported"
