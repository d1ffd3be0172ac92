"""The values of an Arrow array as texts of which no two are alike; and its type as one.

Texts are JSON. Where JSON has no such value, or could not keep it, the value has a tag,
an object whose only key begins with one ``$``:

========================  =======================================================
null, true, "text"        as in JSON (strings escaped as in RFC 8785, 3.2.2.2)
integer                   ``7``; beyond ±(2^53 - 1) ``{"$int":"9007199254740993"}``
float64                   ``0.5``, ``-0.0``, ``1e+16``: the shortest that gives the same
                          number, with a point or an exponent, as no integer has
float32, float16          ``{"$float32":0.5}``, ``{"$float16":0.5}``
not finite                ``{"$float64":"inf"}``, ``"-inf"``, ``"nan:7ff8000000000000"``
                          (all its bits)
decimal                   ``{"$decimal":"1.20"}``, with the digits of its scale
bytes                     ``{"$bytes":"<base64>"}``
text that is not UTF-8    ``{"$not-utf8":"<base64>"}``
date                      ``{"$date":19723}``, days since 1970-01-01
time of day               ``{"$time[us]":1}``, units since midnight
timestamp                 ``{"$timestamp[us]":1}`` of an unnamed zone,
                          ``{"$timestamp[us,UTC]":1}`` of UTC; units since 1970-01-01
list                      ``[1,2]``
structure                 ``{"a":1,"b":null}``, in the order of the columns; a name
                          that begins with ``$`` has one more
map                       ``{"$map":[["a",1],["a",2]]}``, in order, doubles included
========================  =======================================================

Integers of different width have one text: width is the schema's. Nothing is rounded,
and nothing goes through ``datetime``. The arrays come from ``pyarrow``, which is
optional.
"""

from __future__ import annotations

import struct
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring
from math import isfinite, isnan
from typing import Any

from aibom.errors import InputError

__all__ = ["require_unlike", "row_template", "texts_of", "type_of", "unsupported"]

_SAFE = 2**53 - 1
_WORDS = {True: "true", False: "false", None: "null"}
_DIGITS = {16: "e", 32: "f", 64: "d"}


def type_of(kind: Any, where: str) -> Any:
    """The type of a column as JSON, without what is only storage.

    Raises :class:`~aibom.errors.InputError` (``parquet-column-unsupported``) for a type
    that has no text.
    """
    import pyarrow.types as types  # type: ignore[import-untyped]

    kind = _plain(kind)
    if types.is_map(kind):
        key, item = kind.key_type, kind.item_type
        return {"map": [type_of(key, where), type_of(item, where)]}
    if types.is_list(kind) or types.is_large_list(kind):
        return {"list": type_of(kind.value_type, where)}
    if types.is_struct(kind):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        require_unlike([field.name for field in fields], where)
        return {"struct": [[f.name, type_of(f.type, where)] for f in fields]}
    for is_one, name in _names(types):
        if is_one(kind):
            return name(kind)
    raise unsupported(f"its type has no text: {kind}", where)


def _names(types: Any) -> tuple[tuple[Any, Callable[[Any], str]], ...]:
    return (
        (_is_text(types), lambda _: "string"),
        (types.is_integer, str),
        (types.is_floating, lambda kind: f"float{kind.bit_width}"),
        (types.is_boolean, lambda _: "bool"),
        (types.is_fixed_size_binary, lambda kind: f"bytes[{kind.byte_width}]"),
        (_is_bytes(types), lambda _: "bytes"),
        (types.is_decimal, lambda kind: f"decimal({kind.precision},{kind.scale})"),
        (types.is_date, lambda _: "date"),
        (types.is_time, lambda kind: f"time[{kind.unit}]"),
        (types.is_timestamp, _timestamp),
        (types.is_null, lambda _: "null"),
    )


def _is_text(types: Any) -> Callable[[Any], bool]:
    return lambda kind: types.is_string(kind) or types.is_large_string(kind)


def _is_bytes(types: Any) -> Callable[[Any], bool]:
    return lambda kind: types.is_binary(kind) or types.is_large_binary(kind)


def _timestamp(kind: Any) -> str:
    return f"timestamp[{kind.unit}{',UTC' if kind.tz else ''}]"


def _plain(kind: Any) -> Any:
    """What an extension (UUID, JSON) is held as: other versions have no such name."""
    return getattr(kind, "storage_type", kind)


def unsupported(what: str, where: str) -> InputError:
    """The error for a column whose values have no text."""
    return InputError(
        what,
        reason="parquet-column-unsupported",
        where=where,
        hint="leave the column out, or write it with another type; every other command "
        "hashes the file as it is",
    )


def require_unlike(names: Sequence[str], where: str) -> None:
    """Names of the columns of one table or structure must differ."""
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise unsupported(f"two columns are called {double}", where)


def row_template(names: Iterable[str]) -> str:
    """An object with these keys, as a template for ``%``: one text for each."""
    keys = (encode_basestring(f"${n}" if n.startswith("$") else n) for n in names)
    return "{" + ",".join(f"{key.replace('%', '%%')}:%s" for key in keys) + "}"


def texts_of(array: Any) -> list[str]:
    """The text of each value of an array whose type :func:`type_of` has a name for."""
    import pyarrow.types as types

    if hasattr(array, "storage"):
        array = array.storage
    kind = array.type
    if types.is_map(kind):
        return _maps(array)
    if types.is_list(kind) or types.is_large_list(kind):
        return _lists(array)
    if types.is_struct(kind):
        return _structures(array)
    if types.is_null(kind):
        return ["null"] * len(array)
    for is_one, text in _leaves(types):
        if is_one(kind):
            return text(array)
    raise unsupported(f"its type has no text: {kind}", "")  # type_of refused it before


def _leaves(types: Any) -> tuple[tuple[Any, Callable[[Any], list[str]]], ...]:
    return (
        (_is_text(types), _strings),
        (types.is_integer, _integers),
        (types.is_floating, _floats),
        (types.is_boolean, lambda array: [_WORDS[v] for v in array.to_pylist()]),
        (types.is_fixed_size_binary, _bytes),
        (_is_bytes(types), _bytes),
        (types.is_decimal, _decimals),
        (types.is_temporal, _times),
    )


def _each(values: list[Any], text: Callable[[Any], str], nulls: int) -> list[str]:
    if not nulls:
        return list(map(text, values))
    return ["null" if value is None else text(value) for value in values]


def _strings(array: Any) -> list[str]:
    import pyarrow

    try:
        return _each(array.to_pylist(), encode_basestring, array.null_count)
    except UnicodeDecodeError:
        is_large = pyarrow.types.is_large_string(array.type)
        kind = pyarrow.large_binary() if is_large else pyarrow.binary()
        return _each(array.view(kind).to_pylist(), _maybe_text, array.null_count)


def _maybe_text(value: bytes) -> str:
    try:
        return str(encode_basestring(value.decode()))
    except UnicodeDecodeError:
        return _tagged("not-utf8", value)


def _tagged(tag: str, value: bytes) -> str:
    return f'{{"${tag}":"{b2a_base64(value, newline=False).decode()}"}}'


def _bytes(array: Any) -> list[str]:
    return _each(
        array.to_pylist(), lambda value: _tagged("bytes", value), array.null_count
    )


def _integers(array: Any) -> list[str]:
    values = array.to_pylist()
    if array.type.bit_width < 64:
        return _each(values, repr, array.null_count)
    return _each(values, _integer, array.null_count)


def _integer(value: int) -> str:
    return repr(value) if -_SAFE <= value <= _SAFE else f'{{"$int":"{value}"}}'


def _floats(array: Any) -> list[str]:
    """Their bits are read where it matters: there are many NaN."""
    import pyarrow

    width = array.type.bit_width
    values = _halves(array) if width == 16 else array.to_pylist()
    template = "%r" if width == 64 else f'{{"$float{width}":%r}}'
    if not array.null_count and all(map(isfinite, values)):
        return (
            list(map(repr, values)) if width == 64 else [template % v for v in values]
        )
    bits = array.view(getattr(pyarrow, f"uint{width}")()).to_pylist()
    return [
        "null"
        if value is None
        else template % value
        if isfinite(value)
        else f'{{"$float{width}":"{_odd(value, bit, width)}"}}'
        for value, bit in zip(values, bits, strict=True)
    ]


def _odd(value: float, bits: int, width: int) -> str:
    return f"nan:{bits:0{width // 4}x}" if isnan(value) else repr(value)


def _halves(array: Any) -> list[float | None]:
    """Without numpy, which some versions of pyarrow ask for here."""
    import pyarrow

    unpack = struct.Struct("<e").unpack
    bits = array.view(pyarrow.uint16()).to_pylist()
    return [None if b is None else unpack(b.to_bytes(2, "little"))[0] for b in bits]


def _decimals(array: Any) -> list[str]:
    return _each(
        array.to_pylist(),
        lambda value: f'{{"$decimal":"{value:f}"}}',
        array.null_count,
    )


def _times(array: Any) -> list[str]:
    import pyarrow

    if pyarrow.types.is_date(array.type):
        array, tag = array.cast(pyarrow.date32()), "date"
    else:
        tag = type_of(array.type, "")
    number = pyarrow.int32() if array.type.bit_width == 32 else pyarrow.int64()
    values, template = array.view(number).to_pylist(), f'{{"${tag}":%d}}'
    return _each(values, template.__mod__, array.null_count)


def _lists(array: Any) -> list[str]:
    texts, places = _within(array, array.values)
    return [
        f"[{','.join(texts[place])}]" if place is not None else "null"
        for place in places
    ]


def _maps(array: Any) -> list[str]:
    keys, places = _within(array, array.keys)
    items, _ = _within(array, array.items)
    pairs = [f"[{key},{item}]" for key, item in zip(keys, items, strict=True)]
    return [
        f'{{"$map":[{",".join(pairs[place])}]}}' if place is not None else "null"
        for place in places
    ]


def _within(array: Any, values: Any) -> tuple[list[str], list[slice | None]]:
    """The texts of all entries, and which belong to each list."""
    ends = array.offsets.to_pylist()
    first = ends[0]
    valid = array.is_valid().to_pylist()
    places = [
        slice(start - first, end - first) if is_valid else None
        for start, end, is_valid in zip(ends, ends[1:], valid, strict=False)
    ]
    return texts_of(values.slice(first, ends[-1] - first)), places


def _structures(array: Any) -> list[str]:
    fields = [array.type.field(index) for index in range(array.type.num_fields)]
    template = row_template(field.name for field in fields)
    columns = [texts_of(array.field(index)) for index in range(len(fields))]
    rows = map(template.__mod__, zip(*columns, strict=True))
    if not array.null_count:
        return list(rows)
    valid = array.is_valid().to_pylist()
    return [row if v else "null" for row, v in zip(rows, valid, strict=True)]
