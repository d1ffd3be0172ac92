"""The values of a card's front matter, each of the type its key has, or a finding.

The Hub takes a text where a list is meant, and the other way round, and so does this.
What is of no such type is skipped, never turned into something. Which keys were asked
for is kept, so that the rest can be named.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from aibom.catalogers.front_matter import FrontMatter
from aibom.catalogers.notes import Notes, pointer

__all__ = [
    "MAX_ITEMS",
    "MAX_TEXT",
    "VALUE_FINDINGS",
    "CardValues",
    "Text",
    "joined",
]

#: Of a longer list, so many are read. (The Hub's client needs 102 s for 50,000 tags.)
MAX_ITEMS = 1_000
#: A longer text is none of those that are read here.
MAX_TEXT = 2_000

#: What :class:`CardValues` may find; a cataloger that uses it declares it too.
VALUE_FINDINGS: Mapping[str, str] = {
    "value-malformed": "a value of another type than its key has; it is not read",
    "value-missing": "a key without a value",
    "value-unquoted": "an unquoted word that YAML readers take for a truth value, a "
    "number or a date (no for Norwegian); it is read as the text that was written",
    "value-too-long": "a text longer than is read",
    "keys-not-read": "keys of which nothing is made here",
    "list-too-long": "a list longer than is read; the rest of it is not known",
}

#: A text, and the JSON pointer to where it stands.
Text = tuple[str, str]


def joined(texts: list[Text]) -> str:
    """Several texts as one, each once, in an order that says nothing."""
    return ", ".join(sorted({text for text, _ in texts}))


class CardValues:
    """Reads values out of front matter, top level or below."""

    def __init__(self, notes: Notes, front: FrontMatter) -> None:
        self.notes = notes
        self.values = front.values
        self._otherwise = front.otherwise
        #: Keys of the top level that something has asked for.
        self.read: set[str] = set()

    def leave(self, mapping: Mapping[str, Any], read: Set[str], at: str) -> None:
        """Say which keys of a mapping were not read, in one finding."""
        if unread := sorted(mapping.keys() - read):
            self.notes.skip("keys-not-read", at, ", ".join(unread))

    def text(self, key: str) -> Text | None:
        """The one text of a key of the top level."""
        return self.text_in(self.values, key, "")

    def text_in(self, mapping: Mapping[str, Any], key: str, at: str) -> Text | None:
        """The one text of a key of a mapping that stands at ``at``."""
        if not self._has(mapping, key, at):
            return None
        return self._text(mapping[key], at + pointer(key))

    def number_in(self, mapping: Mapping[str, Any], key: str, at: str) -> Text | None:
        """The same where a number, or a truth value, is what is expected."""
        if not self._has(mapping, key, at):
            return None
        return self._text(mapping[key], at + pointer(key), any_scalar=True)

    def texts(self, key: str) -> list[Text]:
        """The texts of a key of the top level that may have one or several."""
        return self.texts_in(self.values, key, "")

    def texts_in(self, mapping: Mapping[str, Any], key: str, at: str) -> list[Text]:
        """The texts of a key, one or several, of a mapping that stands at ``at``."""
        if not self._has(mapping, key, at):
            return []
        value, at = mapping[key], at + pointer(key)
        if not isinstance(value, list):
            one = self._text(value, at)
            return [one] if one else []
        texts = (self._text(each, f"{at}/{i}") for i, each in self.items(value, at))
        return [text for text in texts if text]

    def mappings_in(
        self, mapping: Mapping[str, Any], key: str, at: str, *, one: bool = False
    ) -> list[tuple[dict[str, Any], str]]:
        """The mappings in a list; with ``one``, a mapping may stand for its list."""
        if not self._has(mapping, key, at):
            return []
        value, at = mapping[key], at + pointer(key)
        if one and isinstance(value, dict):
            return [(value, at)]
        if not isinstance(value, list):
            self._malformed(at, value)
            return []
        found = []
        for index, each in self.items(value, at):
            if isinstance(each, dict):
                found.append((each, f"{at}/{index}"))
            else:
                self._malformed(f"{at}/{index}", each)
        return found

    def mapping_in(
        self, mapping: Mapping[str, Any], key: str, at: str
    ) -> dict[str, Any]:
        """The mapping of a key; empty where there is none."""
        if not self._has(mapping, key, at):
            return {}
        value = mapping[key]
        if isinstance(value, dict):
            return value
        self._malformed(at + pointer(key), value)
        return {}

    def items(self, value: list[Any], at: str) -> list[tuple[int, Any]]:
        """The items of a list with their places, as many as are read."""
        if len(value) > MAX_ITEMS:
            limit = f"{len(value):,} items, of which {MAX_ITEMS:,} are read"
            self.notes.skip("list-too-long", at, limit)
        return list(enumerate(value[:MAX_ITEMS]))

    def _has(self, mapping: Mapping[str, Any], key: str, at: str) -> bool:
        if mapping is self.values:
            self.read.add(key)
        if key not in mapping:
            return False
        if mapping[key] is None or mapping[key] == []:
            self.notes.odd("value-missing", at + pointer(key))
            return False
        return True

    def _text(self, value: Any, at: str, *, any_scalar: bool = False) -> Text | None:
        if not isinstance(value, str):
            self._malformed(at, value)
            return None
        if not any_scalar and at in self._otherwise:
            self.notes.odd("value-unquoted", at, f"{value} ({self._otherwise[at]})")
        if len(value) > MAX_TEXT:
            self.notes.skip("value-too-long", at, f"{len(value):,} characters")
            return None
        if not value.strip():
            self.notes.odd("value-missing", at)
            return None
        return value.strip(), at

    def _malformed(self, at: str, value: Any) -> None:
        what = "a mapping" if isinstance(value, dict) else "a list"
        if not isinstance(value, (dict, list)):
            what = "nothing" if value is None else "a text"
        self.notes.skip("value-malformed", at, what)
