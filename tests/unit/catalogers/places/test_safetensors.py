"""Safetensors: counts and notes are read; a header in doubt is said to be."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers import safetensors_header
from aibom.catalogers.places.safetensors import CATALOGER
from tests.catalog_world import pseudonym, read

NAME = "model.safetensors"


def tensor(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def built(header: Any, data: bytes = b"", pad: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text + pad)) + text + pad + data


SOUND = built(
    {
        "__metadata__": {"format": "pt", "modelspec.author": "Ada", "long": "x" * 3000},
        "a": tensor("F32", [2, 3], 0, 24),
        "b": tensor("BF16", [4], 24, 32),
        "c": tensor("F4", [4], 32, 34),
        "d": tensor("F32", [], 34, 38),
    },
    bytes(38),
    b"  ",
)


def test_a_sound_file(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: SOUND})
    assert done.said == {
        (f"tensors.{NAME}", "4", ""),
        (f"parameter-count.{NAME}", "BF16 4, F32 7, F4 4", ""),
        ("safetensors-note.format", "pt", "/__metadata__/format"),
    }
    assert done.kinds == {("model", True)}
    assert done.codes == {"text-too-long"}
    (party,) = (node for node in done.nodes.values() if node.kind.value == "party")
    assert party.id == f"party:{pseudonym('Ada')}"
    assert [edge[:2] for edge in done.edges] == [("subject", "attributed-to")]


def test_a_person_without_a_key_is_not_named(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: SOUND}, key=False)
    assert not done.nodes
    assert done.unread == {"text-too-long", "person-not-named"}
    assert not any("Ada" in str(notes.__dict__) for notes in done.notes)


A, B = tensor("U8", [4], 0, 4), tensor("U8", [4], 4, 8)
#: bytes → codes; whether anything in it is known all the same
DEFECTS: dict[str, tuple[bytes, str, bool]] = {
    "empty": (b"", "safetensors-malformed", False),
    "eight bytes": (bytes(8), "safetensors-malformed", False),
    "header longer than the file": (
        struct.pack("<Q", 99) + b"{}",
        "safetensors-malformed",
        False,
    ),
    "header of exabytes": (b"\xff" * 8 + b"{}", "safetensors-malformed", False),
    "blank first": (built(b' {"a":1}'), "safetensors-malformed", False),
    "not JSON": (built(b'{"a":'), "safetensors-malformed", False),
    "not UTF-8": (built(b'{"\xff":1}'), "safetensors-malformed", False),
    "deep": (built(b'{"a":' * 30_000), "safetensors-malformed", False),
    "a tensor that is none": (built({"a": 1}), "safetensors-malformed", False),
    "more keys": (built({"a": {**A, "x": 1}}), "safetensors-malformed", False),
    "type is a number": (
        built({"a": {**A, "dtype": 1}}),
        "safetensors-malformed",
        False,
    ),
    "shape is a text": (
        built({"a": {**A, "shape": ""}}),
        "safetensors-malformed",
        False,
    ),
    "shape with truths": (
        built({"a": {**A, "shape": [True]}}),
        "safetensors-malformed",
        False,
    ),
    "negative shape": (
        built({"a": {**A, "shape": [-1]}}),
        "safetensors-malformed",
        False,
    ),
    "huge shape": (
        built({"a": {**A, "shape": [2**62, 2**62]}}),
        "safetensors-malformed",
        False,
    ),
    "many dimensions": (
        built({"a": {**A, "shape": [1] * 100}}),
        "safetensors-malformed",
        False,
    ),
    "three offsets": (
        built({"a": {**A, "data_offsets": [0, 1, 2]}}),
        "safetensors-malformed",
        False,
    ),
    "notes of numbers": (
        built({"__metadata__": {"a": 1}}),
        "safetensors-malformed",
        False,
    ),
    "notes in a list": (built({"__metadata__": []}), "safetensors-malformed", False),
    "a tensor twice": (
        built(
            b'{"a":%s,"a":%s}' % (json.dumps(A).encode(), json.dumps(A).encode()),
            bytes(4),
        ),
        "safetensors-twice",
        True,
    ),
    "notes twice": (
        built(b'{"__metadata__":{"x":"1"},"__metadata__":{"x":"2"}}'),
        "safetensors-twice",
        True,
    ),
    "hole": (
        built({"a": A, "b": tensor("U8", [2], 6, 8)}, bytes(8)),
        "safetensors-hole",
        True,
    ),
    "overlap": (
        built({"a": A, "b": tensor("U8", [6], 2, 8)}, bytes(8)),
        "safetensors-overlap",
        True,
    ),
    "offsets turned round": (
        built(
            {"a": tensor("U8", [0], 0, 0), "b": tensor("U8", [4], 0, 4)}, bytes(4)
        ).replace(b"[0, 4]", b"[4, 0]"),
        "safetensors-hole",
        True,
    ),
    "trailing": (built({"a": A}, bytes(5)), "safetensors-trailing", True),
    "cut short": (built({"a": A, "b": B}, bytes(7)), "safetensors-cut-short", True),
    "shape and bytes differ": (
        built({"a": {**A, "shape": [5]}}, bytes(4)),
        "safetensors-shape",
        True,
    ),
    "an unknown type": (
        built({"a": {**A, "dtype": "X9"}}, bytes(4)),
        "safetensors-type-unknown",
        True,
    ),
    "a pickle": (b"\x80\x02]q\0.", "safetensors-in-name-only", False),
    "many notes": (
        built({"__metadata__": {str(n): "" for n in range(300)}}),
        "safetensors-notes-cut",
        True,
    ),
}


@pytest.mark.parametrize(("data", "code", "known"), DEFECTS.values(), ids=DEFECTS)
def test_defects(data: bytes, code: str, known: bool, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: data})
    assert code in done.codes
    assert bool(done.said) is known
    assert (code in done.unread) is (not known or code == "safetensors-notes-cut")


def test_a_header_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = built({"a": A}, bytes(4))
    assert not read(CATALOGER, tmp_path / "a", {NAME: data}).codes
    monkeypatch.setattr(safetensors_header, "MAX_HEADER_BYTES", 10)
    done = read(CATALOGER, tmp_path / "b", {NAME: data})
    assert done.codes == {"safetensors-header-too-large"}


def test_a_header_of_many_members_is_not_parsed(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: built(b'{"a":[' + b"[]," * 3_000_000)})
    assert done.codes == {"safetensors-header-too-large"}


def test_cut_at_every_byte(tmp_path: Path) -> None:
    data = built({"__metadata__": {"format": "pt"}, "a": A, "b": B}, bytes(8))
    for cut in range(len(data)):
        done = read(CATALOGER, tmp_path, {NAME: data[:cut]})
        assert done.codes, cut


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(SOUND)), st.binary(max_size=20))
def test_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    data = SOUND[:place] + damage + SOUND[place + len(damage) :]
    done = read(CATALOGER, tmp_path_factory.mktemp("s"), {NAME: data})
    assert done.said or done.codes
