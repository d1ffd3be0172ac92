"""Bounded reading of binary headers, and how what stands in them is written down.

A length in a header is a claim. Nothing is read or kept because a file says so: each
read is as large as its caller allows, and the end of the file is the end.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import BinaryIO

from aibom.catalogers.notes import Notes

__all__ = [
    "TEXT_FINDINGS",
    "Truncated",
    "Window",
    "field_of",
    "is_person_key",
    "say_person",
    "say_text",
    "text_sha256",
]

#: Longer texts are left out of the facts, and said to be there.
MAX_TEXT = 2_000

#: What these functions may find; a cataloger that calls them declares it too.
TEXT_FINDINGS: Mapping[str, str] = {
    "text-too-long": "a text longer than is kept; it is not in the facts",
    "person-not-named": "names somebody, and no key for pseudonyms was given: set "
    "AIBOM_PSEUDONYM_KEY",
}

_PERSON_WORDS = frozenset(
    {
        *("author", "authors", "creator", "creators", "created_by", "quantized_by"),
        *("user", "username", "user_name", "owner", "maintainer", "contact", "email"),
        *("converted_by", "trained_by", "host", "hostname", "login"),
    }
)


class Truncated(Exception):
    """The file ends before what its header promised."""


class Window:
    """A file that was hashed, read from place to place."""

    def __init__(self, stream: BinaryIO, size: int, order: str = "<") -> None:
        self.stream = stream
        self.size = size
        self.order = order
        self.at = 0

    def seek(self, at: int) -> None:
        """Go to a place in the file; raises :class:`Truncated` beyond its end."""
        if not 0 <= at <= self.size:
            raise Truncated
        self.stream.seek(at)
        self.at = at

    def skip(self, count: int) -> None:
        """Pass over bytes without reading them."""
        self.seek(self.at + count)

    def take(self, count: int) -> bytes:
        """Exactly so many bytes. The caller has bounded ``count``."""
        if not 0 <= count <= self.size - self.at:
            raise Truncated
        data = self.stream.read(count)
        if len(data) < count:
            raise Truncated
        self.at += count
        return data

    def number(self, form: str) -> int:
        """One integer, in a form of :mod:`struct` (``B``, ``H``, ``I``, ``Q``, …)."""
        data = self.take(struct.calcsize(f"={form}"))
        (value,) = struct.unpack(self.order + form, data)
        return int(value)


def field_of(prefix: str, name: str) -> str:
    """The field ``prefix.name``; control characters in the name are written out."""
    shown = "".join(c if c >= " " and c != "\x7f" else f"%{ord(c):02X}" for c in name)
    return f"{prefix}.{shown}" if shown else prefix


def say_text(notes: Notes, field: str, value: str, at: str) -> None:
    """State a text of a header, unless it is too long to be a fact."""
    if len(value) > MAX_TEXT:
        notes.skip("text-too-long", at, f"{len(value):,} characters")
    else:
        notes.say(field, value, at)


def is_person_key(key: str) -> bool:
    """Whether a free key is one under which people write who they are."""
    last = key.replace(":", ".").rpartition(".")[2].lower()
    return last in _PERSON_WORDS or last.removeprefix("ss_") in _PERSON_WORDS


def say_person(notes: Notes, name: str, at: str) -> str | None:
    """The party of a person that a header names; None, with a finding, without key."""
    if not name.strip() or len(name) > MAX_TEXT:
        return None
    party = notes.person(name, at)
    if party is None:
        notes.skip("person-not-named", at)
    return party


def text_sha256(text: str) -> str:
    """The SHA-256, in hex, of a text as UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
