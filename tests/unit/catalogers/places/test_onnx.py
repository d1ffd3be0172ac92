"""ONNX: producer, operators and properties; tensors in other files are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers import onnx_model
from aibom.catalogers.places.onnx import CATALOGER
from tests.catalog_world import pseudonym, read

NAME = "m.onnx"


def number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def integer(field: int, value: int) -> bytes:
    return number(field << 3) + number(value)


def data(field: int, *parts: bytes | str) -> bytes:
    body = b"".join(p.encode() if isinstance(p, str) else p for p in parts)
    return number(field << 3 | 2) + number(len(body)) + body


def entry(field: int, key: str, value: str) -> bytes:
    return data(field, data(1, key), data(2, value))


def external(location: str, **more: str) -> bytes:
    """A TensorProto whose values lie elsewhere."""
    entries = {"location": location, **more}
    return (
        integer(1, 2)
        + data(8, "w")
        + b"".join(entry(13, k, v) for k, v in entries.items())
        + integer(14, 1)
    )


def model(*graph: bytes, more: bytes = b"") -> bytes:
    head = integer(1, 8) + data(2, "pytorch") + data(3, "2.4")
    return head + data(7, data(2, "main"), *graph) + more


def node(*attribute: bytes, domain: str = "") -> bytes:
    tail = data(7, domain) if domain else b""
    return data(1, data(4, "Op"), data(5, data(1, "value"), *attribute), tail)


FULL = model(
    data(5, integer(1, 2), data(9, bytes(8))),
    node(domain="com.acme"),
    more=data(4, "acme.example")
    + integer(5, 3)
    + data(6, "what it does")
    + data(8, data(1, ""), integer(2, 17))
    + data(8, data(1, "com.microsoft"), integer(2, 1))
    + entry(14, "task", "classify")
    + entry(14, "author", "Ada")
    + entry(14, "long", "x" * 3000)
    + number(99 << 3 | 5)
    + bytes(4)
    + number(98 << 3 | 1)
    + bytes(8),
)


def test_a_whole_model(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: FULL})
    assert done.said == {
        (f"producer-name.{NAME}", "pytorch", "field:producer-name"),
        (f"producer-version.{NAME}", "2.4", "field:producer-version"),
        (f"onnx-domain.{NAME}", "acme.example", "field:domain"),
        (f"onnx-ir-version.{NAME}", "8", "field:ir-version"),
        (f"onnx-model-version.{NAME}", "3", "field:model-version"),
        (f"onnx-doc-string.{NAME}", "what it does", "field:doc-string"),
        (f"onnx-opset.{NAME}", "ai.onnx 17, com.microsoft 1", "field:opset-import"),
        (f"tensors.{NAME}", "1", ""),
        ("onnx-property.task", "classify", "property:task"),
    }
    assert done.codes == {"onnx-custom-operators", "text-too-long"}
    assert done.kinds == {("model", True)}
    assert {n.id for n in done.nodes.values()} == {f"party:{pseudonym('Ada')}"}
    alone = read(CATALOGER, tmp_path, {NAME: FULL}, key=False)
    assert "person-not-named" in alone.unread


#: where in a model a tensor can be
PLACES = {
    "initializer": lambda t: model(data(5, t)),
    "attribute of a node": lambda t: model(node(data(5, t))),
    "tensors of an attribute": lambda t: model(node(data(10, t))),
    "graph of an attribute": lambda t: model(node(data(6, data(5, t)))),
    "graphs of an attribute": lambda t: model(node(data(11, data(5, t)))),
    "sparse initializer": lambda t: model(data(15, data(1, t))),
    "sparse tensor of an attribute": lambda t: model(node(data(22, data(2, t)))),
    "function": lambda t: model(more=data(25, data(7, data(5, data(5, t))))),
    "training": lambda t: model(more=data(20, data(2, data(5, t)))),
}


@pytest.mark.parametrize("put", PLACES.values(), ids=PLACES)
def test_external_tensors_are_found_everywhere(put, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = read(CATALOGER, tmp_path, {NAME: put(external("../../etc/passwd"))})
    assert done.codes == {"onnx-external-escapes"}


#: location, further entries → code
EXTERNAL: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "beside it": ("w.data", {}, set()),
    "with a place in it": ("w.data", {"offset": "8", "length": "8"}, set()),
    "below": ("sub/w.data", {}, set()),
    "through the folder itself": ("./sub/../w.data", {}, set()),
    "missing": ("other.data", {}, {"onnx-external-missing"}),
    "too short": ("w.data", {"offset": "8", "length": "9"}, {"onnx-external-short"}),
    "an odd length": ("w.data", {"length": "-1"}, {"onnx-external-malformed"}),
    "absolute": ("/etc/passwd", {}, {"onnx-external-escapes"}),
    "a drive": ("C:/w", {}, {"onnx-external-escapes"}),
    "backslashes": ("..\\w", {}, {"onnx-external-malformed"}),
    "above": ("../w.data", {}, {"onnx-external-escapes"}),
    "above, in between": ("sub/../../w.data", {}, {"onnx-external-escapes"}),
    "the folder": (".", {}, {"onnx-external-escapes"}),
    "no location": ("", {}, {"onnx-external-malformed"}),
    "a NUL": ("w\0", {}, {"onnx-external-malformed"}),
}


@pytest.mark.parametrize(("location", "more", "codes"), EXTERNAL.values(), ids=EXTERNAL)
def test_places_of_tensors(
    location: str, more: dict[str, str], codes: set[str], tmp_path: Path
) -> None:
    files = {
        f"deep/{NAME}": model(data(5, external(location, **more))),
        "deep/w.data": bytes(16),
        "deep/sub/w.data": b"x",
        "w.data": b"x",
    }
    assert read(CATALOGER, tmp_path, files).codes == codes


def test_a_pointer_is_not_missing(tmp_path: Path) -> None:
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 9\n"
    )
    files = {NAME: model(data(5, external("w.data"))), "w.data": pointer}
    assert not read(CATALOGER, tmp_path, files).codes


DEEP = b""
for _ in range(60):
    DEEP = node(data(6, DEEP))
DEFECTS = {
    "empty": (b"", "onnx-malformed"),
    "text": (b"hello", "onnx-malformed"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(9), "onnx-malformed"),
    "cut": (FULL[:40], "onnx-malformed"),
    "a field of exabytes": (
        model() + number(9 << 3 | 2) + b"\xff" * 8 + b"\x7f",
        "onnx-malformed",
    ),
    "a number without end": (model() + b"\x08" + b"\xff" * 12, "onnx-malformed"),
    "a group": (model() + number(9 << 3 | 3), "onnx-malformed"),
    "deep": (model(DEEP), "onnx-too-large"),
    "a long name": (model(more=data(4, "x" * (2 * 2**20))), "onnx-too-large"),
    "many properties": (
        model(more=b"".join(entry(14, str(n), "") for n in range(300))),
        "onnx-properties-cut",
    ),
}


@pytest.mark.parametrize(("content", "code"), DEFECTS.values(), ids=DEFECTS)
def test_defects(content: bytes, code: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: content})
    assert done.codes == done.unread == {code}


LIMITS = {
    "MAX_FIELDS": model(*[data(5, integer(1, 2))] * 60),
    "MAX_LISTED": model(*[data(5, external(f"w{n}")) for n in range(60)]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_model, name, 50)
    done = read(CATALOGER, tmp_path, {NAME: LIMITS[name]})
    assert "onnx-too-large" in done.unread


def test_cut_at_every_byte(tmp_path: Path) -> None:
    for cut in range(1, len(FULL) - 2900):
        done = read(CATALOGER, tmp_path, {NAME: FULL[:cut]})
        assert done.said or done.codes, cut


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.binary(max_size=20))
def test_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    content = FULL[:place] + damage + FULL[place + len(damage) :]
    done = read(CATALOGER, tmp_path_factory.mktemp("o"), {NAME: content})
    assert done.said or done.codes
