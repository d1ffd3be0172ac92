"""JSON and YAML that others wrote, read with bounds: oddities are found, not fatal.

What two readers could read differently is said (a key that stands twice, NaN, a byte
order mark) and read as most readers do: the last of two keys counts. What cannot be
read at all is skipped, with its reason. Nothing is executed: YAML tags choose no types,
and a document with aliases is not read, because a few bytes of it can mean gigabytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from aibom.catalogers.notes import Notes, pointer
from aibom.catalogers.place import TooLarge

__all__ = [
    "DOCUMENT_FINDINGS",
    "MAX_DOCUMENT_BYTES",
    "UNREAD",
    "parse_json",
    "parse_yaml",
    "read_json",
    "read_text",
    "read_yaml",
    "text_of",
]

#: A larger document is skipped unless its cataloger says otherwise.
MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
#: YAML costs some fifty times its bytes.
MAX_YAML_BYTES = 1024 * 1024
MAX_DEPTH = 64
_YAML_TAG = "tag:yaml.org,2002:"
_YAML_TYPES = frozenset({"bool", "float", "int", "timestamp"})
_NULLS = ("", "~", "null", "Null", "NULL")
_MAX_KEY = 200

#: What these functions may find; a cataloger that calls them declares it too.
DOCUMENT_FINDINGS: Mapping[str, str] = {
    "document-too-large": "larger than is read; nothing in it is known",
    "document-too-deep": "nested deeper than is read; nothing in it is known",
    "not-utf8": "text that is not UTF-8; nothing in it is known",
    "byte-order-mark": "begins with a byte order mark, at which other readers stop",
    "json-malformed": "not JSON; nothing in it is known",
    "json-not-a-number": "a number that JSON does not have (NaN, infinity, beyond a "
    "double); it is left out",
    "yaml-malformed": "not YAML, or several documents; nothing in it is known",
    "yaml-alias": "uses YAML aliases, which are not read; nothing in it is known",
    "yaml-tag": "uses YAML tags; what they mark is read as if they were not there",
    "key-twice": "a key stands twice; the last one counts here, elsewhere maybe not",
    "key-not-text": "a key that is no text (YAML reads no, on, 1 or a date as "
    "something else); it is taken as it was written",
    "text-malformed": "half a character (a lone surrogate); a mark stands in its place",
}


class _Unread:
    """Stands for a document that could not be read; it is false."""

    def __bool__(self) -> bool:
        return False


#: What the readers give where there is nothing to go on.
UNREAD = _Unread()


def read_text(notes: Notes, limit: int = MAX_DOCUMENT_BYTES) -> str | None:
    """The text of the file; None, with a finding, where it cannot be had."""
    try:
        data = notes.place.read(notes.path, limit)
    except TooLarge as error:
        notes.skip("document-too-large", "", str(error))
        return None
    return _decoded(notes, data)


def _decoded(notes: Notes, data: bytes) -> str | None:
    if data.startswith(b"\xef\xbb\xbf"):
        notes.odd("byte-order-mark")
        data = data[3:]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        notes.skip("not-utf8", "", f"at byte {error.start}")
        return None


def read_json(notes: Notes, limit: int = MAX_DOCUMENT_BYTES) -> Any:
    """The JSON document in the file; :data:`UNREAD`, with a finding, without one.

    Numbers come as ``int`` and ``float``; see :func:`text_of`.
    """
    text = read_text(notes, limit)
    return UNREAD if text is None else parse_json(notes, text)


def parse_json(notes: Notes, text: str, at: str = "") -> Any:
    """The same for a text within the file; ``at`` is where it stands."""
    twice: list[str] = []
    constants: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    twice.append(key)
                seen.add(key)
        return found

    try:
        value = json.loads(
            text, object_pairs_hook=once, parse_constant=constants.append
        )
    except RecursionError:
        notes.skip("document-too-deep", at)
        return UNREAD
    except ValueError as error:
        notes.skip("json-malformed", at, str(error))
        return UNREAD
    if _is_too_deep(value):
        notes.skip("document-too-deep", at)
        return UNREAD
    for key in sorted(set(twice)):
        notes.odd("key-twice", at, _printable(key)[:_MAX_KEY])
    for constant in constants:
        notes.odd("json-not-a-number", at, constant)
    return _settled(notes, value, at)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _settled(notes: Notes, value: Any, at: str) -> Any:
    """Leave out numbers that are none (``1e999``), and mend texts that no text is."""
    if isinstance(value, float) and not math.isfinite(value):
        notes.odd("json-not-a-number", at)
        return None
    if isinstance(value, str) and not _is_text(value):
        notes.odd("text-malformed", at)
        return _printable(value)
    if isinstance(value, dict):
        return {
            _printable(key): _settled(notes, inner, at + pointer(_printable(key)))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_settled(notes, v, f"{at}/{i}") for i, v in enumerate(value)]
    return value


def _is_text(text: str) -> bool:
    return text.isascii() or _printable(text) == text


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def read_yaml(notes: Notes, limit: int = MAX_YAML_BYTES) -> Any:
    """The YAML document in the file; :data:`UNREAD`, with a finding, without one.

    See :func:`parse_yaml`.
    """
    text = read_text(notes, limit)
    return UNREAD if text is None else parse_yaml(notes, text)


def parse_yaml(
    notes: Notes,
    text: str,
    at: str = "",
    otherwise: Callable[[str, str], None] | None = None,
) -> Any:
    """Parse YAML into ``dict``, ``list``, ``None`` and *the texts that were written*.

    ``no``, ``1.10`` and ``2024-05-01`` stay texts: what YAML would make of them is not
    what anybody meant (``language: no`` is Norwegian). Empty and ``null`` are None.
    ``otherwise`` is told the place of each such text, and what YAML would make of it
    (``bool``, ``float``, ``timestamp``).
    """
    import yaml

    try:
        if not _is_plain(notes, text, at):
            return UNREAD
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        notes.skip("yaml-malformed", at, " ".join(str(error).split()))
        return UNREAD
    return None if node is None else _value(notes, node, at, otherwise)


def _is_plain(notes: Notes, text: str, at: str) -> bool:
    """Look at the events first: nothing that recurses sees depth, aliases or tags."""
    import yaml

    depth = 0
    tagged = False
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            notes.skip("yaml-alias", at, _line(event))
            return False
        tagged = tagged or getattr(event, "tag", None) is not None
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                notes.skip("document-too-deep", at)
                return False
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
    if tagged:
        notes.odd("yaml-tag", at)
    return True


def _value(
    notes: Notes, node: Any, at: str, otherwise: Callable[[str, str], None] | None
) -> Any:
    import yaml

    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = _key(notes, key, at)
            if name in found:
                notes.odd("key-twice", at + pointer(name), name[:_MAX_KEY])
            found[name] = _value(notes, value, at + pointer(name), otherwise)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(notes, v, f"{at}/{i}", otherwise) for i, v in enumerate(node.value)
        ]
    text = str(node.value)
    kind = node.tag.removeprefix(_YAML_TAG)
    if node.style or kind == "str":  # not quoted is None or empty
        return text
    if kind == "null" and text in _NULLS:
        return None
    if otherwise is not None and kind in _YAML_TYPES:
        otherwise(at, kind)
    return text


def _key(notes: Notes, node: Any, at: str) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        notes.odd("key-not-text", at)
        return f"({_line(node)})"
    if node.tag != "tag:yaml.org,2002:str" and not node.style:
        notes.odd("key-not-text", at, str(node.value)[:_MAX_KEY])
    return str(node.value)


def _line(at: Any) -> str:
    return f"line {at.start_mark.line + 1}"


def text_of(value: Any) -> str | None:
    """A scalar as a fact's text; None for what is no scalar, and for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return value if isinstance(value, str) else None
