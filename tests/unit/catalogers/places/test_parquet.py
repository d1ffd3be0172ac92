"""Parquet files: the footer's word for records and columns, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from aibom.catalogers.places.parquet import CATALOGER
from tests.catalog_hostile import mutated, read_bytes
from tests.catalog_world import read


def text(value: str) -> bytes:
    size = len(value.encode())
    head = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return b"\x18" + head + value.encode()


def parquet(**metadata: str) -> bytes:
    """A file with seven records, one column, and metadata."""
    pairs = b"".join(text(k) + text(v) + b"\x00" for k, v in metadata.items())
    column = b"\x48" + text("a")[1:] + b"\x00"
    # 2: the schema; 3: the number of records; 5: the metadata; 6: what wrote it.
    footer = b"\x29\x1c" + column + b"\x16\x0e"
    footer += b"\x29" + b"\xfc" + bytes([len(metadata)]) + pairs + text("me") + b"\x00"
    return b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def facts_of(data: bytes, folder: Path) -> tuple[dict[str, str | None], set[object]]:
    done = read(CATALOGER, folder, {"a.parquet": data})
    assert done.edges == {("subject", "derived-from", "a.parquet", "data")}
    [node] = done.nodes.values()
    return {fact.field: fact.value for fact in node.facts}, done.found


def test_a_file(tmp_path: Path) -> None:
    layout = {"pandas": "{}", "ARROW:schema": "/////"}
    data = parquet(note="hello", huggingface='{"fingerprint": "ab"}', **layout)
    assert facts_of(data, tmp_path) == (
        {
            "name": "a.parquet",
            "records": "7",
            "columns": "1",
            "made-with": "me",
            "metadata.note": "hello",
            "weak-digest.fingerprint": "ab",
        },
        set(),
    )


def wrapped(footer: bytes, end: bytes = b"PAR1") -> bytes:
    return b"PAR1" + footer + len(footer).to_bytes(4, "little") + end


PLAIN = b"\x36\x02"
#: name → bytes, findings
ODD: dict[str, tuple[bytes, set[object]]] = {
    "encrypted": (wrapped(b"abcd", b"PARE"), {("parquet-encrypted", "")}),
    "no footer": (b"PAR1" + bytes(20), {("parquet-malformed", "")}),
    "a footer longer than the file": (
        b"PAR1" + b"\xff\xff\xff\xff" + b"PAR1",
        {("parquet-malformed", "")},
    ),
    "a malformed footer": (wrapped(b"\xff" * 9), {("parquet-malformed", "")}),
    "a large footer": (wrapped(bytes(5 * 2**20)), {("footer-too-large", "")}),
    "many keys": (
        parquet(**{f"k{n}": "v" for n in range(101)}),
        {("metadata-too-long", "")},
    ),
    "a long value": (parquet(k="x" * 4001), {("metadata-too-long", "kv:k")}),
    "a key twice": (
        wrapped(
            PLAIN
            + b"\x29\x2c"
            + (text("k") + text("1") + b"\x00")
            + (text("k") + text("2") + b"\x00")
            + b"\x00"
        ),
        {("key-twice", "kv:k")},
    ),
    "metadata of datasets that is no JSON": (
        parquet(huggingface="{"),
        {("metadata-malformed", "kv:huggingface")},
    ),
}


@pytest.mark.parametrize(("data", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(data: bytes, found: set[object], tmp_path: Path) -> None:
    _, codes = facts_of(data, tmp_path)
    assert codes == found


@given(mutated(parquet(note="a", huggingface='{"fingerprint": "ab"}')))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.parquet", data)
