"""DER against known encodings, against itself, and against noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.testing.sigstore import der

#: what is written → its encoding, from X.690 or the RFCs that use it
KNOWN = {
    "zero": (der.integer(0), "020100"),
    "small": (der.integer(127), "02017f"),
    "sign-bit": (der.integer(128), "02020080"),
    "sha256": (der.oid("2.16.840.1.101.3.4.2.1"), "0609608648016503040201"),
    "two-byte-first-arc": (der.oid("2.999.3"), "0603883703"),
    "null-terminated-not": (der.utf8("é"), "0c02c3a9"),
    "utc": (der.utc_time("910506234540"), "170d" + b"910506234540Z".hex()),
    "generalized": (
        der.generalized_time("19851106210627"),
        "180f" + b"19851106210627Z".hex(),
    ),
    "set-in-order": (
        der.set_of([b"\x02\x01\x02", b"\x02\x01\x01"]),
        "3106020101020102",
    ),
    "context": (der.tagged(1, b"\x05\x00"), "a1020500"),
    "long": (der.octets(bytes(200)), "0481c8" + "00" * 200),
    "longer": (der.octets(bytes(256)), "04820100" + "00" * 256),
}


@pytest.mark.parametrize(("written", "known"), KNOWN.values(), ids=KNOWN)
def test_known_encodings(written, known):
    assert written.hex() == known


@given(st.lists(st.tuples(st.integers(0, 254), st.binary(max_size=300)), max_size=5))
def test_what_is_written_is_read(parts):
    encoded = [der.tlv(tag, content) for tag, content in parts]
    found = der.elements(b"".join(encoded))
    assert [(element.tag, element.content) for element in found] == parts
    assert [element.raw for element in found] == encoded


@given(st.integers(0, 2**128))
def test_integers(value):
    (element,) = der.elements(der.integer(value))
    assert int.from_bytes(element.content, "big", signed=True) == value


@given(st.binary(max_size=40))
def test_noise_is_read_or_refused(data):
    try:
        read = b"".join(element.raw for element in der.elements(data))
    except ValueError:
        read = data
    assert read == data


@pytest.mark.parametrize("text", ["30", "3005aa", "3080", "3085ffffffffff", "308201"])
def test_what_ends_too_early_is_refused(text):
    with pytest.raises(ValueError, match=r"ends|longer|definite"):
        der.elements(bytes.fromhex(text))
