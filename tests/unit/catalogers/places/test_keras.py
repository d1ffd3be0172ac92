"""Keras: layers that carry code, and objects of others, are found in the archive."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aibom.catalogers.places import keras
from aibom.catalogers.places.keras import CATALOGER
from tests.catalog_world import read

NAME = "m.keras"
METADATA = {"keras_version": "3.4.1", "date_saved": "2024-05-01@12:34:56"}
DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {}}
LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {
        "function": {
            "module": "builtins",
            "class_name": "function",
            "config": {"class_name": "__lambda__", "config": {"code": "4wEAAA=="}},
        }
    },
}
CUSTOM = {"module": "acme.layers", "class_name": "Mine", "registered_name": "a>Mine"}


def archive(
    config: Any = None, metadata: Any = METADATA, weights: bytes = b"h5"
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, value in (("metadata.json", metadata), ("config.json", config)):
            if value is not None:
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                zipped.writestr(zipfile.ZipInfo(name), data)
        zipped.writestr(zipfile.ZipInfo("model.weights.h5"), weights)
    return buffer.getvalue()


def layers(*all_of_them: Any) -> bytes:
    return archive({"class_name": "Sequential", "config": {"layers": all_of_them}})


SAID = {
    ("keras-version", "3.4.1", "metadata.json/keras_version"),
    ("date-saved", "2024-05-01@12:34:56", "metadata.json/date_saved"),
}
AT = "config.json/config/layers"
CASES: dict[str, tuple[bytes, set[tuple[str, str]]]] = {
    "plain": (layers(DENSE), set()),
    "a lambda": (
        layers(DENSE, LAMBDA),
        {
            ("keras-lambda", f"{AT}/1"),
            ("keras-lambda", f"{AT}/1/config/function/config"),
        },
    ),
    "somebody's layer": (layers(CUSTOM), {("keras-custom-object", f"{AT}/0")}),
    "no configuration": (archive(), {("keras-incomplete", "config.json")}),
    "configuration is no JSON": (
        archive(b"{"),
        {("json-malformed", "config.json")},
    ),
    "configuration is not UTF-8": (archive(b'"\xff"'), {("not-utf8", "config.json")}),
    "configuration is a list": (archive([1]), set()),
}


@pytest.mark.parametrize(("data", "found"), CASES.values(), ids=CASES)
def test_archives(data: bytes, found: set[tuple[str, str]], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: data})
    assert done.found == found
    assert done.said == SAID
    assert done.kinds == {("model", True)}


def test_no_metadata(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: archive(DENSE, None)})
    assert done.found == {("keras-incomplete", "metadata.json")}
    assert not done.said


def test_hdf5_is_not_read(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"m.h5": b"\x89HDF\r\n\x1a\n" + bytes(99)})
    assert (done.unread, done.said, done.kinds) == ({"hdf5-not-read"}, set(), set())


def test_no_archive(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {NAME: b"hello"})
    assert "archive-not-read" in done.unread
    assert not done.kinds


def central(data: bytes, name: bytes) -> int:
    return data.index(b"PK\x01\x02", data.rindex(name) - 50)


def test_members_in_doubt(tmp_path: Path) -> None:
    data = layers(LAMBDA)
    at = central(data, b"config.json")
    wrong = data[: at + 16] + bytes(4) + data[at + 20 :]
    done = read(CATALOGER, tmp_path / "crc", {NAME: wrong})
    assert {"archive-two-ways", "keras-lambda"} <= done.codes
    method = data[: at + 10] + b"\x5d" + data[at + 11 :]
    done = read(CATALOGER, tmp_path / "method", {NAME: method})
    assert done.unread == {"archive-not-read", "keras-incomplete"}


def test_a_member_twice(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, value in (("config.json", DENSE), ("config.jsoX", LAMBDA)):
            zipped.writestr(zipfile.ZipInfo(name), json.dumps(value))
    data = buffer.getvalue().replace(b"config.jsoX", b"config.json")
    done = read(CATALOGER, tmp_path, {NAME: data})
    assert {"archive-member-twice", "keras-lambda"} <= done.codes


def test_a_large_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "_MAX_CONFIG", 60)
    done = read(CATALOGER, tmp_path, {NAME: layers(LAMBDA)})
    assert done.unread == {"document-too-large"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 800), st.binary(max_size=20))
def test_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    data = layers(LAMBDA)
    changed = data[:place] + damage + data[place + len(damage) :]
    done = read(CATALOGER, tmp_path_factory.mktemp("k"), {NAME: changed})
    assert done.said or done.codes
