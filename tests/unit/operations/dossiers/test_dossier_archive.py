"""The form of a dossier: one way to write it, and every other way refused."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_world import archived, check, listed, make, parts_of, read
from worlds import NOW

from aibom.errors import AibomError, InputError, VerificationFailed
from aibom.operations.dossiers.archive import (
    MAX_BYTES,
    MAX_FILES,
    SIGNATURE,
    SUMS,
    Part,
    extract,
    require_listed,
    sums_of,
    write_archive,
)
from aibom.operations.dossiers.check import check_dossier

FILES = {"README.txt": b"hello\n", "a/b.json": b"{}", "a/ü.txt": b"", "z": b"PK\3\4"}


def extracted(tmp_path: Path, data: bytes) -> dict[str, str]:
    path = tmp_path / "d.zip"
    path.write_bytes(data)
    return extract(path, tmp_path / "out")


# ── written ────────────────────


def test_it_is_a_zip_for_everybody_else(tmp_path: Path) -> None:
    data = archived(FILES)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == FILES
        assert archive.namelist() == sorted(FILES, key=str.encode)
        for entry in archive.infolist():
            assert entry.external_attr >> 16 == stat.S_IFREG | 0o644
            assert (entry.date_time, entry.extra) == ((1980, 1, 1, 0, 0, 0), b"")
    found = extracted(tmp_path, data)
    assert {n: (tmp_path / "out" / n).read_bytes() for n in found} == FILES


def test_python_writes_the_same() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(FILES, key=str.encode):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, FILES[name])
    assert out.getvalue() == archived(FILES)


def test_what_is_not_wanted_is_hashed_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "d.zip"
    path.write_bytes(archived(FILES))
    found = extract(path, tmp_path / "out", lambda name: name == "z")
    assert found == {n: parts_of(FILES)[n].sha256 for n in FILES}
    assert [p.name for p in (tmp_path / "out").rglob("*")] == ["z"]


TOO_MUCH = {
    "files": {f"{n}": Part(b"", 0, 0, "") for n in range(MAX_FILES + 1)},
    "bytes": {n: Part(b"", MAX_BYTES // 2 + 1, 0, "") for n in "ab"},
}


@pytest.mark.parametrize("parts", TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_for_a_dossier(parts: dict[str, Part]) -> None:
    with pytest.raises(InputError) as refused:
        write_archive(parts, io.BytesIO())
    said = refused.value.reason  # before pytest shows 20,000 files
    assert said == "dossier-too-large"


def test_a_file_that_changes_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    part = Part.of(path)
    path.write_bytes(b"two")
    with pytest.raises(InputError) as refused:
        write_archive({"a": part}, io.BytesIO())
    assert refused.value.reason == "changed-while-hashing"


# ── every byte counts ────────────────────


def test_no_byte_of_a_dossier_may_be_another(world: Any) -> None:
    """Every byte around the files, and of the files some."""
    path, _ = make(world)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        inside = {at for entry in archive.infolist() for at in _content(entry)}
    signers = world.signers()
    around = set(range(len(data))) - inside
    assert len(around) > 1_000
    for at in sorted({*sorted(around)[::7], *sorted(inside)[::997]}):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with pytest.raises(AibomError):
            check_dossier(path, signers, NOW)


def test_no_byte_of_the_signature_may_be_another(world: Any) -> None:
    """Nobody signs a signature, so what is in it must follow from what it signs."""
    path, _ = make(world)
    files, signers = read(path), world.signers()
    text = files[SIGNATURE].decode()
    payload = range(text.index('"payload":"') + 11, text.index('","payloadType'))
    for at in (
        *range(0, payload.start, 3),
        *payload[::97],
        *range(payload.stop, len(text), 3),
    ):
        changed = bytearray(files[SIGNATURE])
        changed[at] ^= 1 << at % 7
        path.write_bytes(archived({**files, SIGNATURE: bytes(changed)}))
        with pytest.raises(AibomError):
            check_dossier(path, signers, NOW)


MORE_SIGNED = {
    "a space": lambda text: text + " ",
    "a member": lambda text: text.replace("{", '{"a":"hidden",', 1),
    "a key's name": lambda text: text.replace('"keyid":""', '"keyid":"hidden"'),
    "another order": lambda text: json.dumps(
        dict(reversed(json.loads(text).items())), separators=(",", ":")
    ),
    "another hint": lambda text: re.sub('"hint":"..', '"hint":"zz', text),
}


@pytest.mark.parametrize("edit", MORE_SIGNED.values(), ids=MORE_SIGNED)
def test_nothing_is_hidden_in_a_signature(
    world: Any, edit: Callable[[str], str]
) -> None:
    path, _ = make(world)
    files = read(path)
    other = edit(files[SIGNATURE].decode()).encode()
    assert other != files[SIGNATURE]
    path.write_bytes(archived({**files, SIGNATURE: other}))
    with pytest.raises(AibomError) as refused:
        check(world, path)
    assert refused.value.reason in ("dossier-malformed", "bundle-malformed")


def _content(entry: zipfile.ZipInfo) -> range:
    start = entry.header_offset + 30 + len(entry.filename.encode())
    return range(start, start + entry.file_size)


def test_no_bit_of_a_header_may_be_another(tmp_path: Path) -> None:
    data = archived({"a": b"xy", "ü": b""})
    assert len(extracted(tmp_path, data)) == 2
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = {at for entry in archive.infolist() for at in _content(entry)}
    assert inside
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            path = tmp_path / "d.zip"
            path.write_bytes(changed)
            out = tmp_path / f"{at}-{bit}"
            with pytest.raises(AibomError) as refused:
                extract(path, out)
            reason = "dossier-changed" if at in inside else "dossier-malformed"
            assert refused.value.reason == reason
            assert reason == "dossier-changed" or not out.exists()


def test_no_length_but_its_own(tmp_path: Path) -> None:
    data = archived(FILES)
    for length in range(len(data)):
        with pytest.raises(AibomError) as refused:
            extracted(tmp_path, data[:length])
        assert refused.value.reason == "dossier-malformed"


def zipped(*entries: tuple[str, bytes], **how: Any) -> bytes:
    """A zip of somebody else."""
    out = io.BytesIO()
    compression = how.get("compression", zipfile.ZIP_STORED)
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = how.get("mode", stat.S_IFREG | 0o644) << 16
            entry.compress_type = compression
            for key, value in how.get("entry", {}).items():
                setattr(entry, key, value)
            made.writestr(entry, data)
        made.comment = how.get("comment", b"")
    return out.getvalue()


def _put(data: bytes, at: bytes, offset: int, new: bytes) -> bytes:
    """Other bytes at an offset behind a mark."""
    place = data.index(at) + offset
    return data[:place] + new + data[place + len(new) :]


def _moved(data: bytes, by: int) -> bytes:
    """The same, with the directory's offsets moved: for what stands before."""
    central = data.index(b"PK\1\2")
    fixed = bytearray(data)
    at = central
    while fixed[at : at + 4] == b"PK\1\2":
        name, extra, comment = struct.unpack_from("<3H", fixed, at + 28)
        (offset,) = struct.unpack_from("<I", fixed, at + 42)
        struct.pack_into("<I", fixed, at + 42, offset + by)
        at += 46 + name + extra + comment
    struct.pack_into("<I", fixed, at + 16, central + by)
    return bytes(fixed)


def _between(data: bytes, more: bytes) -> bytes:
    """Bytes between the files and the directory, which a zip allows."""
    at = data.index(b"PK\1\2")
    fixed = bytearray(data[:at] + more + data[at:])
    struct.pack_into("<I", fixed, len(fixed) - 6, at + len(more))
    return bytes(fixed)


def _twice() -> bytes:
    entry = archived({"a": b"1"})
    local, other = (archived({"a": d}) for d in (b"1", b"2"))
    size, at = entry.index(b"PK\1\2"), entry.index(b"PK\5\6")
    second = bytearray(other[size:at])
    struct.pack_into("<I", second, 42, size)
    directory = local[size:at] + bytes(second)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, len(directory), 2 * size, 0)
    return local[:size] + other[:size] + directory + end


def _named(name: bytes) -> bytes:
    """A file whose name is these bytes, said to be UTF-8."""
    data = archived({"é" + "x" * (len(name) - 2): b""})
    return data.replace(("é" + "x" * (len(name) - 2)).encode(), name)


ONE = archived({"a": b"xy"})
#: All that can be done around files that are as they should be, and more.
STRANGE: dict[str, bytes] = {
    "no zip": b"PK",
    "nothing": b"",
    "cut short": ONE[:-30],
    "something before it": b"#!/bin/sh\n" + ONE,
    "something before it, and told": b"#!/bin/sh\n" + _moved(ONE, 10),
    "something behind it": ONE + b"\0",
    "a comment": ONE[:-2] + b"\5\0hello",
    "a comment that Python writes": zipped(("a", b"xy"), comment=b"hello"),
    "something between": _between(ONE, b"hidden"),
    "a second zip behind it": ONE + archived({"b": b""}),
    "a second zip before it": archived({"b": b""}) + _moved(ONE, 99),
    "one path twice": _twice(),
    "out of order": zipped(("b", b""), ("a", b"")),
    "another date": zipped(("a", b"xy"), entry={"date_time": (2020, 1, 1, 0, 0, 0)}),
    "an extra field": zipped(("a", b"xy"), entry={"extra": b"\1\2\2\0hi"}),
    "a comment of a file": zipped(("a", b"xy"), entry={"comment": b"hi"}),
    "another system": zipped(("a", b"xy"), entry={"create_system": 0}),
    "an executable": zipped(("a", b"xy"), mode=stat.S_IFREG | 0o755),
    "a set-user-id": zipped(("a", b"xy"), mode=stat.S_IFREG | 0o4644),
    "another name in the directory": _put(ONE, b"PK\1\2", 46, b"b"),
    "another name before the file": _put(ONE, b"PK\3\4", 30, b"b"),
    "an extra field before the file only": _put(ONE, b"PK\3\4", 28, b"\2"),
    "encrypted": _put(ONE, b"PK\3\4", 6, b"\1"),
    "a descriptor": _put(ONE, b"PK\3\4", 6, b"\x08"),
    "zip64 sizes": _put(ONE, b"PK\3\4", 18, b"\xff" * 8),
    "zip64 sizes in the directory": _put(ONE, b"PK\1\2", 20, b"\xff" * 8),
    "a zip64 end": _put(ONE, b"PK\5\6", 8, b"\xff" * 12),
    "on two disks": _put(ONE, b"PK\5\6", 4, b"\1"),
    "fewer files than there are": _put(ONE, b"PK\5\6", 8, b"\0\0\0\0"),
    "a directory elsewhere": _put(ONE, b"PK\5\6", 16, b"\0"),
    "a file elsewhere": _put(ONE, b"PK\1\2", 42, b"\1"),
    "another checksum in the directory": _put(ONE, b"PK\1\2", 16, b"\0\0\0\0"),
    "more than is there": _put(ONE, b"PK\1\2", 20, b"\xff\xff\xff\xee" * 2),
    "less than is there": _put(ONE, b"PK\1\2", 20, b"\1\0\0\0" * 2),
    "a name that is not UTF-8": _named(b"a\xff\xfe"),
    "a name in surrogates": _named(b"\xed\xa0\x80"),
    "no name": zipped(("", b"")),
    "up and out": zipped(("../a", b"")),
    "up inside": zipped(("a/../../b", b"")),
    "from the root": zipped(("/etc/a", b"")),
    "a drive": zipped(("c:a", b"")),
    "a backslash": zipped(("a\\..\\b", b"")),
    "a line break": zipped(("a\nb", b"")),
    "a long name": zipped(("a" * 300, b"")),
    "a long path": zipped(("/".join(["ü" * 100] * 6), b"")),
    "a folder": zipped(("a/", b""), mode=stat.S_IFDIR | 0o755),
    "a link": zipped(("a", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
    "a bomb": zipped(("a", b"\0" * 10_000_000), compression=zipfile.ZIP_DEFLATED),
    "in two cases": zipped(("A", b""), ("a", b"")),
    "in two normal forms": zipped(("e\u0301", b""), ("\u00e9", b"")),
    "a file that is a folder": zipped(("a", b""), ("a/b", b"")),
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_what_is_no_zip_of_ours_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AibomError) as refused:
        extracted(tmp_path, data)
    assert refused.value.reason == "dossier-malformed"
    assert not (tmp_path / "out").exists()


#: Zips as we write them, in which a list or a signature is missing, or none of ours.
UNLISTED: dict[str, bytes] = {
    "no list": ONE,
    "no file": archived({}),
    "no signature": archived({SUMS: b""}),
    "a list of nothing": archived({SUMS: b"x\n", SIGNATURE: b""}),
    "a list that is no text": archived({SUMS: b"\xff\n", SIGNATURE: b""}),
    "a list with more behind it": archived(
        {"a": b"", SUMS: listed({"a": b""}) + b"hidden", SIGNATURE: b""}
    ),
    "a list with a line twice": archived(
        {"a": b"", SUMS: listed({"a": b""}) * 2, SIGNATURE: b""}
    ),
}


@pytest.mark.parametrize("data", UNLISTED.values(), ids=UNLISTED)
def test_what_is_no_dossier_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "strange.zip"
    path.write_bytes(data)
    with pytest.raises(AibomError) as refused:
        check_dossier(path, (), NOW)
    assert refused.value.reason == "dossier-malformed"
    assert refused.value.where == str(path)


def test_most_of_them_are_zips_for_others() -> None:
    """So that the cases above refuse something, and not nonsense only."""
    fine = 0
    for data in STRANGE.values():
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                fine += archive.testzip() is None
        except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError):
            continue
    assert fine > len(STRANGE) // 2


def test_a_file_that_is_not_as_its_checksum_says(tmp_path: Path) -> None:
    data = ONE.replace(b"xy", b"xz")
    with pytest.raises(VerificationFailed) as refused:
        extracted(tmp_path, data)
    assert refused.value.reason == "dossier-changed"


def test_a_list_in_another_order_is_not_ours(tmp_path: Path) -> None:
    files = {"a": b"", "b": b""}
    lines = listed(files).splitlines(keepends=True)
    found = extracted(
        tmp_path, archived({**files, SUMS: b"".join(lines[::-1]), SIGNATURE: b""})
    )
    with pytest.raises(AibomError) as refused:
        require_listed(tmp_path / "out", found, "d.zip")
    assert refused.value.reason == "dossier-malformed"


@pytest.mark.parametrize("name", ["\udcff", "a\nb", "a`b", "..", "a/", "x" * 256])
def test_a_path_that_no_dossier_may_have(name: str) -> None:
    for write in (sums_of, lambda parts: write_archive(parts, io.BytesIO())):
        with pytest.raises(InputError) as refused:
            write({name: Part.of(b"")})
        assert refused.value.reason == "name-unusable"


# ── what is no file ────────────────────


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "not there": (lambda path: None, "path-missing"),
    "a folder": (lambda path: path.mkdir(), "path-unreadable"),
    "a FIFO that nobody writes to": (os.mkfifo, "path-unreadable"),
    "a socket": (_socket, "path-unreadable"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "path-unreadable"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "path-unreadable"),
}


@pytest.mark.parametrize(("put", "reason"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_not_waited_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[Path], object],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "d.zip"
    put(path)
    with pytest.raises(InputError) as refused:
        check_dossier(path, (), NOW)
    assert refused.value.reason == reason


# ── large ────────────────────


def test_large_files_are_not_held_in_memory(tmp_path: Path) -> None:
    size = 128 * 1024 * 1024
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    path = tmp_path / "d.zip"
    tracemalloc.start()
    try:
        parts = {"a": Part.of(tmp_path / "large"), "b": Part.of(b"small")}
        with path.open("wb") as out:
            write_archive(parts, out)
        assert extract(path, tmp_path / "out").keys() == parts.keys()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > size
    assert peak < size // 16
