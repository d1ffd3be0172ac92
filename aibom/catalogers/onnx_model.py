"""The fields of an ONNX model that say where it comes from, and what files it needs.

Protobuf is walked field by field; of a tensor only its place is read, never its values.
Graphs are walked through nodes and their attributes, because any tensor of theirs may
lie in another file.

Source: ONNX ``onnx/onnx.proto`` (message and field numbers); protobuf encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from aibom.catalogers.binary import Truncated, Window

__all__ = ["External", "OnnxDefect", "OnnxModel", "read_onnx"]

MAX_FIELDS = 2_000_000
MAX_TEXT = 1024 * 1024
MAX_LISTED = 20_000
_MAX_DEPTH = 40
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

#: Messages within messages in which a tensor may be: message → field → message.
_INSIDE: Mapping[str, Mapping[int, str]] = {
    "Model": {7: "Graph", 8: "Opset", 14: "Entry", 20: "Training", 25: "Function"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {5: "Attribute"},
    "Attribute": {
        **{5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph"},
        **{22: "SparseTensor", 23: "SparseTensor"},
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Tensor": {13: "Entry"},
}
_TEXTS: Mapping[str, Mapping[int, str]] = {
    "Model": {2: "producer-name", 3: "producer-version", 4: "domain", 6: "doc-string"},
    "Graph": {2: "name"},
    "Opset": {1: "domain"},
    "Entry": {1: "key", 2: "value"},
    "Node": {7: "domain"},
    "Function": {1: "name", 10: "domain"},
}
_NUMBERS: Mapping[str, Mapping[int, str]] = {
    "Model": {1: "ir-version", 5: "model-version"},
    "Opset": {2: "version"},
    "Tensor": {14: "data-location"},
}


class OnnxDefect(Exception):
    """Why a file cannot be read on; ``code`` is one of the cataloger's findings."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, order=True)
class External:
    """Where a tensor's values lie, if not in the model; as the model says it."""

    location: str
    offset: str = ""
    length: str = ""


@dataclass(slots=True)
class OnnxModel:
    """What was read before the end, or before ``defect``."""

    facts: dict[str, str] = field(default_factory=dict)
    graph_name: str | None = None
    opsets: dict[str, int] = field(default_factory=dict)
    properties: list[tuple[str, str]] = field(default_factory=list)
    domains: set[str] = field(default_factory=set)
    externals: set[External] = field(default_factory=set)
    tensors: int = 0
    defect: OnnxDefect | None = None


@dataclass(slots=True)
class _Message:
    """The texts and numbers of one message, and its entries."""

    kind: str
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    entries: list[tuple[str, str]] = field(default_factory=list)


def read_onnx(stream: BinaryIO, size: int) -> OnnxModel:
    """Read a model of ``size`` bytes; what is wrong stands in it."""
    found = OnnxModel()
    window = Window(stream, size)
    try:
        window.seek(0)
        _Reader(window, found).message("Model", size, 0)
    except OnnxDefect as error:
        found.defect = error
    except Truncated:
        found.defect = OnnxDefect("onnx-malformed", "ends inside a field")
    return found


class _Reader:
    """Walks messages; calls ``_done`` for each that is complete."""

    def __init__(self, window: Window, found: OnnxModel) -> None:
        self.window = window
        self.found = found
        self.fields = 0

    def message(self, kind: str, end: int, depth: int) -> _Message:
        if depth > _MAX_DEPTH:
            raise OnnxDefect("onnx-too-large", "nested deeper than is read")
        message = _Message(kind)
        for number, wire, value in self.walk(end):
            if wire == _BYTES:
                self.bytes(message, number, value, depth)
                self.window.seek(value)
            elif wire == _VARINT and (name := _NUMBERS.get(kind, {}).get(number)):
                message.numbers[name] = value
        _DONE.get(kind, _nothing)(self.found, message)
        return message

    def walk(self, end: int) -> Iterator[tuple[int, int, int]]:
        """(field, wire type, value), or where the field ends for one of bytes."""
        while self.window.at < end:
            self.fields += 1
            if self.fields > MAX_FIELDS:
                raise OnnxDefect("onnx-too-large", "more fields than are read")
            key = self.varint()
            number, wire = key >> 3, key & 7
            if wire == _VARINT:
                yield number, wire, self.varint()
            elif wire == _BYTES:
                stop = self.varint() + self.window.at
                if stop > end:
                    raise Truncated
                yield number, wire, stop
            elif wire in (_FIXED32, _FIXED64):
                self.window.skip(4 if wire == _FIXED32 else 8)
            else:
                raise OnnxDefect("onnx-malformed", f"wire type {wire}")
        if self.window.at > end:
            raise Truncated

    def varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.window.take(1)[0]
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value & (2**64 - 1)
        raise OnnxDefect("onnx-malformed", "a number without end")

    def bytes(self, message: _Message, number: int, end: int, depth: int) -> None:
        """A field of bytes: a message within, a text, or nothing that is wanted."""
        inside = _INSIDE.get(message.kind, {}).get(number)
        name = _TEXTS.get(message.kind, {}).get(number)
        if inside:
            part = self.message(inside, end, depth + 1)
            if inside == "Entry":
                self.entry(message, part)
        elif name:
            length = end - self.window.at
            if length > MAX_TEXT:
                raise OnnxDefect("onnx-too-large", f"a {name} of {length:,} bytes")
            message.texts[name] = self.window.take(length).decode("utf-8", "replace")

    def entry(self, message: _Message, part: _Message) -> None:
        if len(message.entries) >= MAX_LISTED:
            raise OnnxDefect("onnx-too-large", "more properties than are read")
        texts = part.texts
        message.entries.append((texts.get("key", ""), texts.get("value", "")))


def _nothing(found: OnnxModel, message: _Message) -> None:
    """Most messages say nothing by themselves."""


def _model(found: OnnxModel, message: _Message) -> None:
    numbers = {key: str(value) for key, value in message.numbers.items()}
    found.facts = {**message.texts, **numbers}
    found.properties = message.entries


def _graph(found: OnnxModel, message: _Message) -> None:
    # The outermost graph is complete last.
    found.graph_name = message.texts.get("name")


def _opset(found: OnnxModel, message: _Message) -> None:
    if len(found.opsets) < MAX_LISTED:
        domain = message.texts.get("domain", "")
        found.opsets[domain] = message.numbers.get("version", 0)


def _node(found: OnnxModel, message: _Message) -> None:
    if len(found.domains) < MAX_LISTED and "domain" in message.texts:
        found.domains.add(message.texts["domain"])


def _tensor(found: OnnxModel, message: _Message) -> None:
    found.tensors += 1
    if not message.entries and message.numbers.get("data-location") != 1:
        return
    if len(found.externals) >= MAX_LISTED:
        raise OnnxDefect("onnx-too-large", "more external tensors than are read")
    stated = dict(message.entries)
    found.externals.add(
        External(
            stated.get("location", ""),
            stated.get("offset", "")[:30],
            stated.get("length", "")[:30],
        )
    )


_DONE: Mapping[str, Callable[[OnnxModel, _Message], None]] = {
    "Model": _model,
    "Graph": _graph,
    "Opset": _opset,
    "Node": _node,
    "Tensor": _tensor,
}
