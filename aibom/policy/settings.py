"""Typed settings of checks: a rule's ``settings`` mapping into the check's frozen dataclass.

A field's type says what may be written: ``str``, ``int``, ``float``, ``bool``,
``tuple[str, ...]``, :class:`Days` (``90d``), or one of those with ``| None``. A field
without a default must be given. ``metadata={"choices": (...)}`` lists the allowed words,
``{"minimum": n}`` / ``{"maximum": n}`` bound a number.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from datetime import timedelta
from typing import Any

from aibom.reading import MISSING, Reader

__all__ = ["Days", "bind"]

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")


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
    return None if len(reader.problems) > before else settings(**values)


def _default(field: dataclasses.Field[Any]) -> Any:
    return MISSING if field.default is dataclasses.MISSING else field.default


def _value(field: dataclasses.Field[Any], hint: Any, reader: Reader) -> Any:
    default = _default(field)
    wanted = [part for part in typing.get_args(hint) or (hint,) if part is not type(None)]
    base = hint if typing.get_origin(hint) is tuple else wanted[0]
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
    return reader.texts(field.name, default)


def _bounded(field: dataclasses.Field[Any], value: Any, reader: Reader) -> Any:
    if not isinstance(value, (int, float)) or not reader.has(field.name):
        return value
    low = field.metadata.get("minimum", -math.inf)
    high = field.metadata.get("maximum", math.inf)
    if not low <= value <= high:  # also refuses NaN, which compares with nothing
        reader.problem(f"{value} is not between {low} and {high}", field.name)
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
