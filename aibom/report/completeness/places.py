"""Places in a CycloneDX document, looked up without trusting its shape.

A path is names with dots, ``[]`` behind a name that is a list:
``metadata.authors[].name``. Whatever has another shape than the path says is not there.
Documents may be invalid in any way; nothing here raises for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aibom.report.fillers import Said, text_says

__all__ = ["Said", "at_path", "at_pointer", "is_path", "said", "said_by_any"]

_PATH = re.compile(r"[A-Za-z][A-Za-z-]*(\[\])?(\.[A-Za-z][A-Za-z-]*(\[\])?)*")
#: Members that hold an object together, or say how it is written. They are no answer.
_STRUCTURE = frozenset(
    {
        *(
            "bom-ref",
            "ref",
            "refs",
            "$ref",
            "$schema",
            "type",
            "scope",
            "acknowledgement",
        ),
        *("alg", "algorithm", "keyId", "publicKey", "contentType", "encoding"),
        *("mime-type", "aggregate"),
    }
)
#: An object of these alone is a value with the name of what it is a value of.
_NAMED_VALUE = frozenset({"name", "value"})
_MOST_DIGITS = 20


def is_path(text: str) -> bool:
    """Whether a text is a path of the form above."""
    return _PATH.fullmatch(text) is not None


def said(value: Any) -> Said:
    """What a value says: nothing for empty ones and fillers, unknown where it does.

    Of an object or a list it is what the best of its members says, those left out that
    only hold it together: ids, references, types, names of algorithms.
    """
    best = Said.NOTHING
    pending = [value]
    while pending and best is not Said.SOMETHING:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(_answers(item))
        elif isinstance(item, list):
            pending.extend(item)
        else:
            best = max(best, _said(item))
    return best


def _answers(item: dict[str, Any]) -> Iterator[Any]:
    is_value = "value" in item and item.keys() <= _NAMED_VALUE
    for name, value in item.items():
        if name not in _STRUCTURE and not (is_value and name == "name"):
            yield value


def said_by_any(values: Iterator[Any]) -> Said:
    """What the best of several values says; nothing where there is none."""
    best = Said.NOTHING
    for value in values:
        best = max(best, said(value))
        if best is Said.SOMETHING:
            break
    return best


def _said(value: Any) -> Said:
    if isinstance(value, str):
        return text_says(value)
    return Said.SOMETHING if isinstance(value, (bool, int, float)) else Said.NOTHING


def at_path(value: Any, path: str) -> Iterator[Any]:
    """Every value at a path below ``value``, in document order."""
    found = [value]
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = [v[name] for v in found if isinstance(v, dict) and name in v]
        if step != name:
            found = [item for v in found if isinstance(v, list) for item in v]
    return iter(found)


def at_pointer(document: Mapping[str, Any], pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901); None where it leads nowhere."""
    value: Any = document
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit():
            # A hostile index of a million digits is not turned into a number.
            index = int(name) if len(name) < _MOST_DIGITS else len(value)
            value = value[index] if index < len(value) else None
        else:
            return None
    return value
