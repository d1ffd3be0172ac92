"""The syntax tree of an expression that was type-checked, for what is asked of it here.

cel-cpp hands a checked expression out as a serialized ``cel.expr.CheckedExpr``
(https://github.com/cel-expr/cel-spec, ``proto/cel/expr/checked.proto`` and
``syntax.proto``). Only the few fields of it that matter are decoded, without a
protobuf library. Macros stand in it expanded: ``exists`` is a comprehension with ``||``
in its step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Call", "calls", "names", "read_tree"]

# Field numbers of the messages, from checked.proto and syntax.proto.
_ANY_VALUE = 2
_REFERENCES, _CHECKED_EXPR = 2, 4
_KEY, _VALUE, _OVERLOAD = 1, 2, 3
_ID = 2
_CONSTANT, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = range(3, 10)
_STRING_VALUE = 6
_LOOP_NAME = 1
_CALL_TARGET, _CALL_FUNCTION, _CALL_ARGUMENT = 1, 2, 3
#: Which fields of a message hold expressions, and in a struct its entries.
_PARTS = {
    _SELECT: (1,),
    _LIST: (1,),
    _STRUCT: (2,),
    _COMPREHENSION: (2, 4, 5, 6, 7),
}
_ENTRY_PARTS = (3, 4)

_Field = tuple[int, int | bytes]
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Call:
    """One node of the tree: a function with its arguments, the target first.

    Other kinds of nodes are calls of ``name:``, ``text:``, ``constant:``, ``loop:`` (of
    a name of its own) and ``part:`` with the word behind the colon. ``overloads`` are
    those that the type check left.
    """

    function: str
    arguments: tuple[Call, ...] = ()
    overloads: frozenset[str] = frozenset()

    @property
    def literal(self) -> str | None:
        """The text, where this is a text that is written out."""
        head, _, text = self.function.partition(":")
        return text if head == "text" else None


def read_tree(serialized: bytes) -> Call:
    """Decode a serialized checked expression; ValueError when it is none."""
    checked = list(_fields(_one(_fields(serialized), _ANY_VALUE)))
    references = dict(_reference(entry) for entry in _all(checked, _REFERENCES))
    return _expression(_one(checked, _CHECKED_EXPR), references)


def calls(tree: Call) -> Iterator[Call]:
    """Every node of the tree, from the top."""
    yield tree
    for argument in tree.arguments:
        yield from calls(argument)


def names(tree: Call) -> frozenset[str]:
    """Every variable that the expression names, those of its own loops included."""
    found = (node.function.partition(":") for node in calls(tree))
    return frozenset(word for head, _, word in found if head == "name")


_References = Mapping[int, frozenset[str]]


def _reference(data: bytes) -> tuple[int, frozenset[str]]:
    entry = list(_fields(data))
    found = _all(_fields(_one(entry, _VALUE)), _OVERLOAD)
    return _number(entry, _KEY), frozenset(name.decode() for name in found)


def _expression(data: bytes, references: _References) -> Call:
    fields = list(_fields(data))
    for number, value in fields:
        if not isinstance(value, bytes):
            continue
        if number == _CONSTANT:
            return _constant(value)
        if number == _IDENT:
            return Call(f"name:{_one(_fields(value), 1).decode()}")
        if number == _CALL:
            overloads = references.get(_number(fields, _ID), frozenset())
            return _call(value, overloads, references)
        if number in _PARTS:
            parts = _all(_fields(value), *_PARTS[number])
            if number == _STRUCT:
                entries = [_all(_fields(part), *_ENTRY_PARTS) for part in parts]
                parts = [part for entry in entries for part in entry]
            inner = tuple(_expression(part, references) for part in parts)
            if number == _COMPREHENSION:
                return Call(f"loop:{_one(_fields(value), _LOOP_NAME).decode()}", inner)
            return Call("part:", inner)
    return Call("constant:")


def _constant(data: bytes) -> Call:
    for number, value in _fields(data):
        if number == _STRING_VALUE and isinstance(value, bytes):
            return Call(f"text:{value.decode()}")
    return Call("constant:")


def _call(data: bytes, overloads: frozenset[str], references: _References) -> Call:
    fields = list(_fields(data))
    parts = _all(fields, _CALL_TARGET) + _all(fields, _CALL_ARGUMENT)
    name = _one(fields, _CALL_FUNCTION).decode()
    inner = tuple(_expression(part, references) for part in parts)
    return Call(name, inner, overloads)


# ── the wire format of protobuf ────────────────────


def _fields(data: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, form = tag >> 3, tag & 7
        if form == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if form == _BYTES:
            size, at = _varint(data, at)
        elif form in (_FIXED64, _FIXED32):
            size = 8 if form == _FIXED64 else 4
        else:
            raise ValueError(f"no serialized expression: wire type {form}")
        if at + size > len(data):
            raise ValueError("no serialized expression: it ends too early")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("no serialized expression: it ends too early")


def _all(fields: Iterable[_Field], *wanted: int) -> list[bytes]:
    return [v for number, v in fields if number in wanted and isinstance(v, bytes)]


def _one(fields: Iterable[_Field], wanted: int) -> bytes:
    found = _all(fields, wanted)
    if len(found) != 1:
        raise ValueError(f"no serialized expression: field {wanted}")
    return found[0]


def _number(fields: Iterable[_Field], wanted: int) -> int:
    found = [v for number, v in fields if number == wanted and isinstance(v, int)]
    return found[0] if found else 0
