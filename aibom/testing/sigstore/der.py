"""As much DER as a timestamp and two certificate extensions need; no library has both.

Writing is composition of :func:`tlv`; reading is :func:`elements`, one level deep.
Definite lengths and single-byte tags only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "BOOLEAN",
    "INTEGER",
    "OID",
    "SEQUENCE",
    "Element",
    "elements",
    "generalized_time",
    "integer",
    "octets",
    "oid",
    "sequence",
    "set_of",
    "tagged",
    "tlv",
    "utc_time",
    "utf8",
]

BOOLEAN, INTEGER, OCTETS, OID, UTF8 = 0x01, 0x02, 0x04, 0x06, 0x0C
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31
#: constructed, class context-specific
CONTEXT = 0xA0


@dataclass(frozen=True, slots=True)
class Element:
    """One TLV: ``raw`` is all of it, ``content`` the value alone."""

    tag: int
    content: bytes
    raw: bytes


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element with the contents joined."""
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of elements that are already encoded."""
    return tlv(SEQUENCE, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    """A SET OF, in the order that DER wants (X.690 section 11.6)."""
    return tlv(SET, *sorted(parts))


def tagged(number: int, *parts: bytes) -> bytes:
    """``[number]``, explicit around a whole element or implicit around its contents."""
    return tlv(CONTEXT | number, *parts)


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTETS, value)


def utf8(value: str) -> bytes:
    """A UTF8String."""
    return tlv(UTF8, value.encode())


def generalized_time(digits: str) -> bytes:
    """A GeneralizedTime from ``YYYYMMDDHHMMSS`` in UTC."""
    return tlv(GENERALIZED_TIME, digits.encode("ascii"), b"Z")


def utc_time(digits: str) -> bytes:
    """A UTCTime from ``YYMMDDHHMMSS`` in UTC."""
    return tlv(UTC_TIME, digits.encode("ascii"), b"Z")


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(OID, *(_base128(arc) for arc in (40 * first + second, *rest)))


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


def elements(data: bytes) -> list[Element]:
    """The elements that lie side by side in ``data``; raises ``ValueError``."""
    found = []
    position = 0
    while position < len(data):
        element = _element(data, position)
        found.append(element)
        position += len(element.raw)
    return found


def _element(data: bytes, start: int) -> Element:
    header = data[start : start + 2]
    if len(header) < 2:
        raise ValueError("an element ends before its length")
    begin, length = start + 2, header[1]
    if length >= 0x80:
        width = length & 0x7F
        size = data[begin : begin + width]
        if not 1 <= len(size) == width <= 4:
            raise ValueError("a length is not in definite form")
        begin, length = begin + width, int.from_bytes(size, "big")
    end = begin + length
    if end > len(data):
        raise ValueError("an element is longer than what is there")
    return Element(header[0], data[begin:end], data[start:end])
