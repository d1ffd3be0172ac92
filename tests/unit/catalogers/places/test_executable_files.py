"""What can be run is said to be there, by its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from aibom.catalogers.places.executable_files import CATALOGER
from tests.catalog_world import read

CASES = {
    "elf": ("weights.bin", b"\x7fELF\x02" + bytes(60), "native-code"),
    "pe": ("a.dll", b"MZ\x90\0" + bytes(60), "native-code"),
    "mach-o": ("a.dylib", bytes.fromhex("cffaedfe") + bytes(16), "native-code"),
    "wasm": ("a", b"\0asm\1\0\0\0" + bytes(8), "native-code"),
    "script": ("run", b"#!/bin/sh\nexit\n", "script"),
    "python": ("modeling.py", b"import os\n", "python-source"),
    "python-bytecode": (
        "a.pyc",
        b"\xcb\r\r\n" + bytes(12) + b"\xe3" * 8,
        "python-bytecode",
    ),
    "ambiguous": (
        "a.so",
        b"\x7fELF" + bytes(60) + b"PK\x05\x06" + bytes(18),
        "format-ambiguous",
    ),
}


@pytest.mark.parametrize("form", CASES)
def test_each(form: str, tmp_path: Path) -> None:
    name, data, code = CASES[form]
    done = read(CATALOGER, tmp_path, {f"sub/{name}": data})
    assert done.found == {(code, "")}
    assert done.said == {(f"executable.sub/{name}", form, "")}


def test_a_name_with_control_characters_is_written_out(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a\x1b[2J": b"#!/bin/sh\n"})
    assert done.said == {("executable.a%1B[2J", "script", "")}


@pytest.mark.parametrize("data", [b"", b"{}", b"text\n", bytes(9)])
def test_nothing_to_run(data: bytes, tmp_path: Path) -> None:
    assert not read(CATALOGER, tmp_path, {"a": data}).notes
