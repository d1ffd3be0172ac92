"""Rows of Parquet as records: the same however stored; hostile files are refused."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers import parquet_layout, parquet_pages, parquet_records, records
from aibom.catalogers.parquet_records import open_table
from aibom.errors import InputError
from tests.catalog_hostile import mutated

PAIR = pa.struct([("a", pa.int8()), ("b", pa.string())])
TABLE = pa.table(
    {
        "id": pa.array(range(300)),
        "text": pa.array([None if n % 7 == 0 else f"text {n}" for n in range(300)]),
        "label": pa.array([("yes", "no")[n % 2] for n in range(300)]),
        "tags": pa.array([[f"t{n % 5}"] * (n % 4) for n in range(300)]),
        "more": pa.array([{"a": n % 9, "b": None} for n in range(300)], PAIR),
        "when": pa.array(range(300), pa.timestamp("us", "Europe/Berlin")),
    }
)


def written(table: Any, **options: Any) -> bytes:
    """A table as Parquet."""
    stream = BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def read(data: bytes) -> tuple[str, list[bytes]]:
    """Header and records."""
    table = open_table(BytesIO(data), len(data), "t.parquet")
    return table.header, [record for _, record in table.records()]


def reason(data: bytes) -> str:
    """Why it is refused."""
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.where is not None
    return caught.value.reason


def outcome(data: bytes) -> str:
    """That it is read, or why it is refused; any other error is none of ours."""
    try:
        read(data)
    except InputError as error:
        return error.reason
    return "read"


OURS = {
    "read",
    "parquet-malformed",
    "parquet-encrypted",
    "parquet-too-large",
    "parquet-column-unsupported",
    "record-too-large",
}
DATA = written(TABLE)

#: How else somebody may write the same rows.
STORED: dict[str, dict[str, Any]] = {
    "small row groups": {"row_group_size": 7},
    "small pages": {"data_page_size": 1, "write_batch_size": 3},
    "zstd": {"compression": "zstd"},
    "not compressed": {"compression": "none"},
    "gzip, per column": {"compression": {"text": "gzip", "id": "brotli"}},
    "lz4": {"compression": "lz4"},
    "no dictionaries": {"use_dictionary": False},
    "small dictionaries": {"dictionary_pagesize_limit": 8, "write_batch_size": 9},
    "deltas": {
        "use_dictionary": False,
        "column_encoding": {"text": "DELTA_BYTE_ARRAY"},
    },
    "newer pages": {"data_page_version": "2.0"},
    "without Arrow's schema": {"store_schema": False},
    "without statistics": {"write_statistics": False},
}


@pytest.mark.parametrize("options", STORED.values(), ids=STORED)
def test_the_same_rows_however_they_are_stored(options: dict[str, Any]) -> None:
    other = written(TABLE, **options)
    assert other != DATA
    assert read(other) == read(DATA)


def test_the_same_rows_from_other_arrow_types() -> None:
    kinds = {
        "id": pa.int64(),
        "text": pa.large_string(),
        "label": pa.dictionary(pa.int8(), pa.string()),
    }
    other = TABLE.select(list(kinds)).cast(pa.schema(list(kinds.items())))
    assert read(written(other)) == read(written(TABLE.select(list(kinds))))


def changed(name: str, kind: Any) -> Any:
    """The table with one column of another type."""
    index = TABLE.schema.get_field_index(name)
    return TABLE.set_column(index, name, TABLE[name].cast(kind))


#: What changes the schema, and whether it changes what is in the rows.
SCHEMAS: dict[str, tuple[Any, bool]] = {
    "another width": (changed("id", pa.int32()), False),
    "another unit": (changed("when", pa.timestamp("ns", "UTC")), True),
    "no zone": (changed("when", pa.timestamp("us")), True),
    "bytes": (changed("label", pa.binary()), True),
    "another name": (TABLE.rename_columns(["ID", *TABLE.column_names[1:]]), True),
    "another order": (TABLE.select(TABLE.column_names[::-1]), True),
    "one column less": (TABLE.drop_columns(["label"]), True),
}


@pytest.mark.parametrize(("table", "moves"), SCHEMAS.values(), ids=SCHEMAS)
def test_another_schema_shows(table: Any, moves: bool) -> None:
    header, found = read(written(table))
    assert header != read(DATA)[0]
    assert (found != read(DATA)[1]) == moves


CELL = st.tuples(st.integers(-(2**63), 2**63 - 1), st.none() | st.text(max_size=3))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(CELL, min_size=1, max_size=30),
    st.integers(1, 9),
    st.sampled_from(["none", "snappy", "zstd"]),
    st.booleans(),
)
def test_rows_are_what_they_are(
    cells: list[tuple[int, str | None]], group: int, packed: str, dictionary: bool
) -> None:
    table = pa.table(
        {
            "n": pa.array([n for n, _ in cells], pa.int64()),
            "t": pa.array([t for _, t in cells], pa.string()),
        }
    )
    options = {"compression": packed, "use_dictionary": dictionary}
    found = read(written(table, row_group_size=group, **options))
    assert found == read(written(table))
    assert len(set(found[1])) == len(set(cells))


def test_only_the_row_groups_from_there_are_read() -> None:
    data = written(TABLE, row_group_size=100, use_dictionary=False, compression="none")
    start = open_table(BytesIO(data), len(data), "t")._layout.groups[0].chunks[0].start
    broken = data[:start] + b"\xff" * 40 + data[start + 40 :]
    assert reason(broken) == "parquet-malformed"
    table = open_table(BytesIO(broken), len(broken), "t.parquet")
    numbers = [number for number, _ in table.records(150)]
    assert numbers == list(range(150, 300))


def footer(data: bytes, old: bytes, new: bytes) -> bytes:
    """The file with something replaced in its footer."""
    length = int.from_bytes(data[-8:-4], "little")
    head, tail = data[: -8 - length], data[-8 - length : -8]
    assert old in tail
    tail = tail.replace(old, new)
    return head + tail + len(tail).to_bytes(4, "little") + b"PAR1"


def nested(depth: int) -> Any:
    """A table with a column within a column within a column."""
    kind = pa.int8()
    for _ in range(depth):
        kind = pa.struct([("a", kind)])
    return pa.table({"a": pa.array([None], kind)})


LISTS = pa.table(
    {"a": pa.ListArray.from_arrays([0, 70_000_000], pa.nulls(70_000_000, pa.int8()))}
)
ONE = written(pa.table({"a": ["x"]}), store_schema=False, compression="none")

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "parquet-malformed"),
    "the magic only": (b"PAR1PAR1", "parquet-malformed"),
    "no Parquet": (b"x" * 100, "parquet-malformed"),
    "cut off": (DATA[:-20], "parquet-malformed"),
    "a footer longer than the file": (
        b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1",
        "parquet-malformed",
    ),
    "a footer that is too long": (
        DATA[:4] + bytes(17 << 20) + (17 << 20).to_bytes(4, "little") + b"PAR1",
        "parquet-too-large",
    ),
    "the start is gone": (DATA[200:], "parquet-malformed"),
    "encrypted": (DATA[:-4] + b"PARE", "parquet-encrypted"),
    "nested too deep": (written(nested(120)), "parquet-too-large"),
    "a list of millions in a few bytes": (written(LISTS), "parquet-too-large"),
    "more rows than there are": (
        footer(ONE, b"\x16\x02\x19", b"\x16\x04\x19"),
        "parquet-malformed",
    ),
}


@pytest.mark.parametrize(("data", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(data: bytes, expected: str) -> None:
    assert reason(data) == expected


def test_a_column_that_is_encrypted() -> None:
    # Field 8 of FileMetaData, encryption_algorithm: a structure; here an empty one.
    length = int.from_bytes(ONE[-8:-4], "little")
    tail = ONE[-8 - length : -8]
    assert tail.endswith(b"\x00")
    tail = tail[:-1] + b"\x1c\x00\x00"  # the last field was 7, column_orders
    data = ONE[: -8 - length] + tail + len(tail).to_bytes(4, "little") + b"PAR1"
    assert reason(data) == "parquet-encrypted"


def test_pages_that_unpack_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(pa.table({"a": ["x" * 100_000]}), use_dictionary=False)
    assert len(data) < 20_000
    monkeypatch.setattr(parquet_records, "MAX_PAGES", 50_000)
    assert reason(data) == "parquet-too-large"


def test_more_rows_than_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_records, "MAX_ROWS", 299)
    assert reason(DATA) == "parquet-too-large"


def test_a_record_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 1_000)
    monkeypatch.setattr(parquet_records, "MAX_RECORD_BYTES", 1_000)
    assert reason(written(pa.table({"a": ["x", "\x01" * 200]}))) == "record-too-large"
    assert len(read(written(pa.table({"a": ["x" * 900] * 5})))[1]) == 5


def test_a_large_value_that_rows_repeat_is_decoded_a_few_times_only() -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    column = pa.DictionaryArray.from_arrays(
        pa.array([0] * 900, pa.int8()), ["x" * 2**20]
    )
    for options in ({}, {"compression": "zstd"}, {"compression": "none"}):
        data = written(pa.table({"a": column.cast(kind)}), **options)
        table = open_table(BytesIO(data), len(data), "t")
        assert table._batch_rows(table._layout.groups[0]) < 40
    before = pa.total_allocated_bytes()
    peak = max(pa.total_allocated_bytes() - before for _ in table.records())
    assert peak < 100 * 2**20


def test_many_small_values_are_decoded_at_once() -> None:
    words = [f"word {n}" for n in range(50_000)]
    data = written(pa.table({"a": words}))
    table = open_table(BytesIO(data), len(data), "t")
    assert table._batch_rows(table._layout.groups[0]) == 4096


FUZZED = written(TABLE.slice(0, 20), row_group_size=8)
FOOTER_LENGTH = int.from_bytes(FUZZED[-8:-4], "little")
FOOTER = FUZZED[-8 - FOOTER_LENGTH : -8]


@settings(max_examples=300, deadline=None)
@given(mutated(FOOTER))
def test_hostile_footers_end_with_an_error_of_ours(data: bytes) -> None:
    head = FUZZED[: -8 - FOOTER_LENGTH]
    assert outcome(head + data + len(data).to_bytes(4, "little") + b"PAR1") in OURS


@settings(max_examples=200, deadline=None)
@given(mutated(FUZZED[4 : -8 - FOOTER_LENGTH]))
def test_hostile_pages_end_with_an_error_of_ours(data: bytes) -> None:
    assert outcome(b"PAR1" + data + FUZZED[-8 - FOOTER_LENGTH :]) in OURS


def test_a_column_that_contradicts_itself_does_not_end_the_process() -> None:
    """Where pyarrow 26 is asked for such a column's metadata, it calls ``abort``."""
    lists = written(pa.table({"a": [["x"], None]}), store_schema=False)
    # repetition_type of the schema's elements: optional becomes required, and the
    # histogram of levels has one level more than there is now.
    assert reason(footer(lists, b"\x25\x02", b"\x25\x00")) == "parquet-malformed"


def test_a_disk_that_fails_is_no_malformed_file() -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        open_table(Broken(DATA), len(DATA), "t")


def test_without_pyarrow(tmp_path: Path, checkout: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(DATA)
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from aibom.errors import AibomError\n"
        "from aibom.operations.manifest import make_manifest\n"
        "try: make_manifest(Path(sys.argv[1]))\n"
        "except AibomError as error: print(error.reason, error.exit_code, error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "extra-missing 1 pip install 'aibom[parquet]'\n"


def test_bounds_are_those_that_the_guide_states(checkout: Path) -> None:
    guide = (checkout / "docs/how-to/name-every-record.md").read_text()
    for told in (
        f"{parquet_layout.MAX_FOOTER >> 20} MiB",
        f"{parquet_pages.MAX_PAGES >> 30} GiB",
        f"{parquet_layout.MAX_DEPTH} deep",
        f"{parquet_records.MAX_ROWS // 10**9} billion rows",
    ):
        assert told in guide, told
