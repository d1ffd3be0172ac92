"""Typed settings of checks: a rule's ``settings`` into the check's frozen dataclass.

A field's type says what may be written: ``str``, ``int``, ``float``, ``bool``,
``tuple[str, ...]``, :class:`Days` (``90d``), or one of those with ``| None``. A field
without a default must be given, and if it is a list, hold something.
``metadata={"choices": (...)}`` lists the allowed words, of a text or in a list;
``{"minimum": n}`` and ``{"maximum": n}`` bound a number; ``{"doc": ...}`` is for
people. What fields ask of each other is said in ``__post_init__``, as a ``ValueError``.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from datetime import timedelta
from types import NoneType
from typing import Any

from aibom.reading import MISSING, Reader, suggest

__all__ = ["Days", "bind"]

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")
_LARGEST = math.nextafter(math.inf, 0)


class Days(timedelta):
    """A length of time in whole days, written ``90d`` in a policy."""

    @classmethod
    def parse(cls, text: Any) -> Days:
        """Read ``90d``; ValueError for anything else, a bare number included."""
        match = _DAYS.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise ValueError("is not a number of days such as 90d")
        return cls(days=int(match[1]))


def bind(settings: type[Any], reader: Reader) -> Any:
    """Read settings; problems go to the reader, and then None is returned."""
    before = len(reader.problems)
    hints = typing.get_type_hints(settings)
    values = {
        field.name: _value(field, hints[field.name], reader)
        for field in dataclasses.fields(settings)
    }
    reader.close()
    if len(reader.problems) > before:
        return None
    try:
        return settings(**values)
    except ValueError as error:
        reader.problem(str(error))
        return None


def _default(field: dataclasses.Field[Any]) -> Any:
    return MISSING if field.default is dataclasses.MISSING else field.default


def _value(field: dataclasses.Field[Any], hint: Any, reader: Reader) -> Any:
    default = _default(field)
    if typing.get_origin(hint) is tuple:
        return _words(field, default, reader)
    base = next(part for part in (*typing.get_args(hint), hint) if part is not NoneType)
    if base is str:
        choices = field.metadata.get("choices")
        if choices:
            return reader.choice(field.name, choices, default)
        return reader.text(field.name, default)
    if base is bool:
        return reader.flag(field.name, default)
    if base is int:
        return _bounded(field, reader.integer(field.name, default), reader)
    if base is float:
        return _bounded(field, reader.number(field.name, default), reader)
    if base is Days:
        return _days(field.name, default, reader)
    raise TypeError(f"no setting can be of the type {hint!r}")


def _words(field: dataclasses.Field[Any], default: Any, reader: Reader) -> Any:
    words = reader.texts(field.name, default)
    if words is None or not reader.has(field.name):
        return words
    choices = field.metadata.get("choices")
    for word in words:
        if choices and word not in choices:
            reader.problem(f"unknown {word!r}{suggest(word, choices)}", field.name)
    if not words and default is MISSING:
        reader.problem("is an empty list", field.name)
    return words


def _bounded(field: dataclasses.Field[Any], value: Any, reader: Reader) -> Any:
    if not isinstance(value, (int, float)) or not reader.has(field.name):
        return value
    low = field.metadata.get("minimum", -_LARGEST)
    high = field.metadata.get("maximum", _LARGEST)
    if not low <= value <= high:  # also refuses NaN, which compares with nothing
        reader.problem(f"{value} is not between {low:g} and {high:g}", field.name)
    return value


def _days(name: str, default: Any, reader: Reader) -> Any:
    value = reader.raw(name, default)
    if not reader.has(name):
        return value
    try:
        return Days.parse(value)
    except ValueError as error:
        reader.problem(str(error), name)
        return None
