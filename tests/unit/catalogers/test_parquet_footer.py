"""Parquet footers: what a real writer wrote, and what nobody should believe."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given

from aibom.catalogers.parquet_footer import FooterMalformed, read_footer
from tests.catalog_hostile import mutated

#: Written by pyarrow 26.0.1: two columns, one of them a structure with a list.
REAL = base64.b64decode(
    "FQQZfDUAGAZzY2hlbWEVBAAVBCUCGAFhADUCGAFiFQQAFQQlAhgBeAA1AhgBeRUCFQZMPAAAADUE"
    "GARsaXN0FQIAFQQlAhgHZWxlbWVudAAWBBkcGTwmABwVBBklBgAZGAFhFQAWBBZSFlImCEkcFQAV"
    "ABUCADwpBhkmAAQAAAAmABwVBBklBgAZKAFiAXgVABYEFlIWUiZaSRwVABUAFQIAPCkGGTYAAAQA"
    "AAAmABwVBBklBgAZSAFiAXkEbGlzdAdlbGVtZW50FQAWBBZSFlImrAFJHBUAFQAVAgA8KSYEABlW"
    "AAACAAIAAAAW9gEWBCYIFvYBACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZPBwA"
    "ABwAABwAAAA="
)


def test_what_pyarrow_wrote() -> None:
    footer = read_footer(REAL)
    assert footer.records == 2
    assert footer.columns == ["a", "x", "element"]
    assert footer.made_with == "parquet-cpp-arrow version 26.0.1"
    assert footer.metadata == []


def test_metadata() -> None:
    pair, bare = b"\x18\x01k\x18\x02vv\x00", b"\x18\x01n\x00"
    # 3: i64 = 1; 5: a list of two structures; stop.
    footer = read_footer(b"\x36\x02\x29\x2c" + pair + bare + b"\x00")
    assert footer.metadata == [("k", "vv"), ("n", None)]
    assert (footer.records, footer.columns, footer.made_with) == (1, [], None)


#: Fields of every kind that are stepped over, before the number of records.
SKIPPED = {
    "true": b"\x11",
    "byte": b"\x13\x07",
    "i16": b"\x14\x07",
    "double": b"\x17" + bytes(8),
    "text": b"\x18\x02ab",
    "list of truths": b"\x19\x31\x01\x02\x01",
    "long list": b"\x19\xf5\x10" + b"\x02" * 16,
    "set": b"\x1a\x15\x02",
    "empty map": b"\x1b\x00",
    "map": b"\x1b\x01\x51\x02\x01",
    "structure": b"\x1c\x15\x02\x00",
    "uuid": b"\x1d" + bytes(16),
}


@pytest.mark.parametrize("field", SKIPPED.values(), ids=SKIPPED)
def test_what_is_not_needed_is_stepped_over(field: bytes) -> None:
    # A field's number may stand in full: here 3.
    assert read_footer(field + b"\x06\x06\x04\x00").records == 2


MALFORMED = {
    "nothing": b"",
    "no number of records": b"\x00",
    "a negative number of records": b"\x36\x01\x00",
    "a number without end": b"\x36" + b"\xff" * 20,
    "a text longer than the file": b"\x18\xff\xff\xff\xff\x0f",
    "a list that claims millions": b"\x19\xf5\xff\xff\xff\xff\x0f",
    "a map that claims millions": b"\x1b\xff\xff\xff\xff\x0f\x55",
    "columns that are no structures": b"\x29\x25\x02\x02",
    "an unknown kind": b"\x1f",
    "nested without end": b"\x1c" * 100_000,
    "lists nested without end": b"\x19\x19" * 100_000,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FooterMalformed):
        read_footer(data)


def test_truncated_at_every_byte() -> None:
    for end in range(len(REAL)):
        with pytest.raises(FooterMalformed):
            read_footer(REAL[:end])


@given(mutated(REAL))
def test_hostile_bytes_give_a_footer_or_a_finding(data: bytes) -> None:
    try:
        footer = read_footer(data)
    except FooterMalformed:
        return
    assert footer.records is not None
    assert 0 <= footer.records < 2**70
