"""Formats are told by bytes; what two loaders would take is ambiguous, never fine."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.format_signs import HEAD_BYTES, MAX_HEADER_BYTES, SIGNS
from aibom.catalogers.formats import FORMATS, classify, read_formats
from aibom.catalogers.remote_code import read_remote_code
from aibom.digest import hash_path
from aibom.errors import InputError


def safetensors(data=b"\0" * 8, header=None, pad=0):
    tensor = {"dtype": "F32", "shape": [2], "data_offsets": [0, len(data)]}
    text = header if header is not None else json.dumps({"w": tensor}).encode()
    text += b" " * pad
    return struct.pack("<Q", len(text)) + text + data


def npy(descr, version=1):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    form = "<H" if version == 1 else "<I"
    start = b"\x93NUMPY" + bytes([version, 0]) + struct.pack(form, len(text))
    return start + text + b"\0" * 8


def zipped(*names, comment=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")
        archive.comment = comment
    return buffer.getvalue()


def tarred(form=tarfile.USTAR_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return buffer.getvalue()


def v7_tar():
    """The oldest form: no magic, only the checksum."""
    block = bytearray(tarred()[:512])
    block[257:265] = bytes(8)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(1024)


class Evil:
    """Pickled, it would call something; here it is only ever written."""

    def __reduce__(self):
        return (os.getcwd, ())


def onnx(graph=b"x" * 40, before=b"\x12\x07pytorch"):
    return b"\x08\x08" + before + b"\x3a" + bytes([len(graph)]) + graph


def evil(protocol):
    return pickle.dumps(Evil(), protocol)


PYC = b"\xcb\r\r\n" + bytes(12) + b"\xe3" * 8
GGUF = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
TOLD = {
    "safetensors": (safetensors(), "safetensors"),
    "safetensors with notes": (
        safetensors(b"", b'{"__metadata__":{"format":"pt"}}'),
        "safetensors",
    ),
    "safetensors, padded": (safetensors(pad=7), "safetensors"),
    "safetensors, header beyond the head": (
        safetensors(pad=HEAD_BYTES * 2),
        "safetensors",
    ),
    "gguf": (GGUF, "gguf"),
    "gguf, big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 1, 1), "gguf"),
    "onnx": (onnx(), "onnx"),
    "numpy": (npy("<f4"), "numpy"),
    "numpy 2": (npy("<f4", 2), "numpy"),
    "numpy fields": (npy([("Oh", "<f4"), ("x", "<i8", (2,))]), "numpy"),
    "numpy objects": (npy("|O"), "numpy-objects"),
    "numpy objects inside": (npy([("a", [("b", "O")])]), "numpy-objects"),
    "numpy objects in a subarray": (npy([("a", ("O", (2,)))]), "numpy-objects"),
    "numpy fields that are none": (npy([1]), "numpy-objects"),
    "numpy header that is code": (
        npy("<f4").replace(b"False", b"f()  "),
        "numpy-objects",
    ),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(8), "hdf5"),
    "zip": (zipped("a.txt"), "zip"),
    "zip, empty": (zipped(), "zip"),
    "zip, with comment": (zipped("a", comment=b"c" * 0xFFFF), "zip"),
    "pytorch": (zipped("archive/data.pkl", "archive/data/0"), "pytorch-zip"),
    "pytorch, pickle last": (zipped("archive/a", "archive/data.pkl"), "pytorch-zip"),
    "keras": (zipped("config.json", "model.weights.h5"), "keras-zip"),
    "keras and pickle": (zipped("model.weights.h5", "data.pkl"), "pytorch-zip"),
    "tar": (tarred(), "tar"),
    "tar, gnu": (tarred(tarfile.GNU_FORMAT), "tar"),
    "tar, oldest": (v7_tar(), "tar"),
    "gzip": (b"\x1f\x8b\x08" + bytes(8), "gzip"),
    "xz": (b"\xfd7zXZ\0" + bytes(8), "xz"),
    "parquet": (b"PAR1" + bytes(16) + b"PAR1", "parquet"),
    "arrow": (b"ARROW1\0\0" + bytes(16), "arrow"),
    "elf": (b"\x7fELF\x02" + bytes(16), "elf"),
    "pe": (b"MZ\x90\0" + bytes(60), "pe"),
    "mach-o": (bytes.fromhex("cffaedfe") + bytes(16), "mach-o"),
    "bytecode": (PYC, "python-bytecode"),
    "script": (b"#!/bin/sh\nexit\n", "script"),
    "script after a mark": (b"\xef\xbb\xbf#!/bin/sh\n", "script"),
    "json": (b' {"a": [1]}\n', "json"),
    "json list": (b"[1, 2]", "json"),
    "json lines": (b'{"a": 1}\n{"a": 2}\n', "text"),
    "json, long": (b'{"' + b"a" * HEAD_BYTES + b'": 1}', "json"),
    "json, deep": (b"[" * 50_000 + b"]" * 50_000, "json"),
    "text": ("Grüße\n".encode(), "text"),
    "text, cut inside a letter": ("é".encode() * HEAD_BYTES + b"x", "text"),
    "words": (b"cab\ncad\nbb\nRx\n", "text"),
    "table": (b"class,score\na,1\nb,2\n", "text"),
    "text in parentheses": (b"(in progress)\nmore\n)\n", "text"),
    "text that begins like a program": (b"MZ is a word\n", "text"),
    "empty": (b"", "empty"),
    "nul": (b"abc\0def", "unknown"),
    "latin-1": (b"Gr\xfc\xdfe", "unknown"),
    "terminal codes": (b"a\x1b[2J", "unknown"),
    "random": (bytes(range(250, 0, -1)), "unknown"),
}
TOLD |= {f"pickle {n}": (pickle.dumps({"a": [1]}, n), "pickle") for n in range(6)}
TOLD |= {f"evil pickle {n}": (evil(n), "pickle") for n in range(6)}
HOSTILE = {
    "pickle that breaks after its call": (evil(0)[:-1] + b"\xff\xff", "pickle"),
    "pickle that never stops": (evil(2)[:-1], "pickle"),
    "pickle with something after it": (evil(0) + b"# text", "pickle"),
    "pickle by inst": (b"(ios\nabort\n.", "pickle"),
    "pickle of a megabyte": (pickle.dumps(b"x" * 2**20), "pickle"),
    "pickle of many opcodes": (b"\x80\x02" + b"N0" * 50_000, "pickle"),
    "pickle with a long line": (b"S'" + b"a" * 200_000, "text"),
    "pickle with a huge number": (b"L" + b"9" * 60_000 + b"L\n.", "text"),
    "pickle that claims 4 GB": (b"\x80\x03B\xff\xff\xff\xffx", "unknown"),
    "proto only": (b"\x80\x04", "unknown"),
    "zip behind safetensors": (safetensors(zipped("data.pkl")), "ambiguous"),
    "zip appended to safetensors": (
        safetensors() + zipped("data.pkl"),
        "pytorch-zip",
    ),
    "zip behind a program": (b"\x7fELF" + bytes(64) + zipped("a"), "ambiguous"),
    "zip behind a script": (b"#!/usr/bin/python\n" + zipped("a"), "ambiguous"),
    "zip behind a picture": (b"\x89PNG\r\n\x1a\n" + zipped("a"), "ambiguous"),
    "zip behind text": (b"hello\n" + zipped("a"), "zip"),
    "zip behind a tar": (tarred() + zipped("a"), "ambiguous"),
    "zip and rubbish": (b"hello\n" + zipped("a") + b"rubbish", "zip"),
    "no end of a zip": (b"abc PK\x05\x06 def", "unknown"),
    "end of a zip that does not fit": (
        b"x" + b"PK\x05\x06" + b"\xfe" * 16 + b"\0\0",
        "unknown",
    ),
    "bytes after safetensors": (safetensors() + b"x", "unknown"),
    "safetensors cut short": (safetensors()[:-1], "unknown"),
    "hole between tensors": (
        safetensors(
            bytes(8),
            b'{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
            b'"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
        ),
        "unknown",
    ),
    "tensors over one another": (
        safetensors(
            bytes(8),
            b'{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},'
            b'"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
        ),
        "unknown",
    ),
    "a tensor twice": (
        safetensors(
            bytes(8),
            b'{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},'
            b'"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}',
        ),
        "unknown",
    ),
    "header is no mapping of tensors": (safetensors(b"", b'{"a":1}'), "unknown"),
    "negative offsets": (
        safetensors(b"", b'{"a":{"dtype":"U8","shape":[],"data_offsets":[-1,0]}}'),
        "unknown",
    ),
    "offsets that are words": (
        safetensors(b"", b'{"a":{"dtype":"U8","shape":[],"data_offsets":["0",0]}}'),
        "unknown",
    ),
    "offsets that are truths": (
        safetensors(b"", b'{"a":{"dtype":"U8","shape":[],"data_offsets":[false,0]}}'),
        "unknown",
    ),
    "notes of numbers": (safetensors(b"", b'{"__metadata__":{"a":1}}'), "unknown"),
    "deep header": (safetensors(b"", b'{"a":' * 30_000), "unknown"),
    "header with bad letters": (safetensors(b"", b'{"\xff":1}'), "unknown"),
    "header longer than the file": (struct.pack("<Q", 10**6) + b"{}", "unknown"),
    "header of exabytes": (b"\xff" * 8 + b"{}", "unknown"),
    "gguf of another version": (b"GGUF" + struct.pack("<IQQ", 99, 1, 1), "unknown"),
    "gguf cut short": (b"GGUF\x03\0\0\0", "unknown"),
    "numpy with a header of gigabytes": (
        b"\x93NUMPY\x02\0" + b"\xff" * 4 + b"x" * 64,
        "unknown",
    ),
    "numpy of a later version": (npy("<f4", 2).replace(b"Y\2", b"Y\x09"), "unknown"),
    "numpy, deep header": (npy("<f4").replace(b"'<f4'", b"((((("), "numpy-objects"),
    "onnx whose graph is not there": (onnx()[:20], "unknown"),
    "onnx without a graph": (b"\x08\x08\x12\x07pytorch", "unknown"),
    "onnx with endless numbers": (b"\x08\x08" + b"\xff" * 100, "unknown"),
    "tar with another checksum": (b"b" + tarred()[1:], "unknown"),
    "tar with no checksum": (b"a" * 148 + b"xxxxxxxx" + bytes(600), "unknown"),
    "hdf5, shifted": (b"x" + b"\x89HDF\r\n\x1a\n" + bytes(8), "unknown"),
}


def told(data, name=""):
    return classify(io.BytesIO(data), len(data), name)


@pytest.mark.parametrize(("data", "expected"), TOLD.values(), ids=TOLD)
def test_format(data, expected):
    assert told(data) == expected


@pytest.mark.parametrize(("data", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_hostile(data, expected):
    assert told(data) == expected


@given(st.binary(max_size=600))
def test_any_bytes_have_a_format(data):
    assert told(data) in FORMATS


@given(st.sampled_from(sorted(TOLD)), st.binary(max_size=40), st.integers(0, 600))
def test_no_damage_breaks_it(name, damage, place):
    data = TOLD[name][0]
    assert told(data[:place] + damage + data[place + len(damage) :]) in FORMATS


NAMES = {
    "module": ("modeling.py", b"import os\n", "python"),
    "capitals": ("MODELING.PY", b"import os\n", "python"),
    "path file": ("evil.pth", b"import os\n", "python"),
    "weights called .pth": ("model.pth", evil(2), "pickle"),
    "pickle called safetensors": ("model.safetensors", evil(4), "pickle"),
    "program called .json": ("config.json", b"\x7fELF" + bytes(9), "elf"),
    "json called .py": ("a.py", b"{}", "python"),
    "text": ("a.txt", b"import os\n", "text"),
}


@pytest.mark.parametrize(("name", "data", "expected"), NAMES.values(), ids=NAMES)
def test_a_name_makes_text_python_and_nothing_else(name, data, expected):
    assert told(data, name) == expected


class Counting(io.BytesIO):
    """Counts what is read."""

    count = 0

    def read(self, size=-1):
        data = super().read(size)
        self.count += len(data)
        return data


def test_no_more_is_read_than_said():
    large = Counting(bytes(8 * 2**20))
    classify(large, 8 * 2**20)
    assert large.count <= 3 * HEAD_BYTES
    header = struct.pack("<Q", MAX_HEADER_BYTES + 1) + b"{"
    beyond = Counting(header + b" " * (MAX_HEADER_BYTES + 1))
    assert classify(beyond, len(beyond.getvalue())) == "unknown"
    assert beyond.count <= 3 * HEAD_BYTES


def test_every_sign_has_data():
    shown = {expected for _, expected in TOLD.values()}
    by_magic_alone = {"bzip2", "jpeg", "png", "sqlite", "tflite", "wasm", "zstd"}
    assert set(SIGNS) - shown == by_magic_alone


@pytest.mark.parametrize(
    ("data", "expected"),
    {
        b"BZh91AY&SY": "bzip2",
        b"\xff\xd8\xff\xe0": "jpeg",
        b"\x89PNG\r\n\x1a\n": "png",
        b"SQLite format 3\0": "sqlite",
        b"\x1c\0\0\0TFL3": "tflite",
        b"\0asm\1\0\0\0": "wasm",
        b"\x28\xb5\x2f\xfd": "zstd",
    }.items(),
)
def test_magic(data, expected):
    assert told(data + bytes(8)) == expected


# ── reading what was hashed ──────────────


def test_a_folder(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(evil(2))
    (tmp_path / "w.safetensors").write_bytes(safetensors())
    (tmp_path / "empty").touch()
    found = read_formats(tmp_path, hash_path(tmp_path))
    assert found == {
        "empty": "empty",
        "sub/w.bin": "pickle",
        "w.safetensors": "safetensors",
    }


def hub_snapshot(folder: Path) -> Path:
    """A snapshot as huggingface_hub keeps it: links into a folder of blobs beside."""
    top = folder / "models--acme--base"
    snapshot = top / "snapshots" / ("4f" * 20)
    (top / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (top / "blobs" / "b1").write_bytes(safetensors())
    (snapshot / "model.safetensors").symlink_to("../../blobs/b1")
    (top / "blobs" / "b2").write_text('{"auto_map": {"AutoModel": "acme/x--m.Model"}}')
    (snapshot / "config.json").symlink_to("../../blobs/b2")
    return snapshot


def test_a_snapshot_in_the_cache_of_a_hub(tmp_path: Path):
    snapshot = hub_snapshot(tmp_path)
    content = hash_path(snapshot)
    assert read_formats(snapshot, content) == {
        "config.json": "json",
        "model.safetensors": "safetensors",
    }
    asked = read_remote_code(snapshot, content)
    assert [request.repository for request in asked.requests] == ["acme/x"]


def test_a_single_file_and_a_link_to_it(tmp_path: Path):
    path = tmp_path / "w.gguf"
    path.write_bytes(GGUF)
    (tmp_path / "link").symlink_to(path)
    for given_ in (path, tmp_path / "link"):
        found = read_formats(given_, hash_path(given_))
        assert list(found.values()) == ["gguf"]


def swap_for_link(path: Path):
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


def swap_for_pipe(path: Path):
    path.unlink()
    os.mkfifo(path)


SWAPS = {
    "longer": lambda path: path.write_bytes(b"longer than before"),
    "gone": lambda path: path.unlink(),
    "link": swap_for_link,
    "pipe": swap_for_pipe,
}


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_what_is_not_what_was_hashed_is_refused(tmp_path: Path, swap):
    path = tmp_path / "w.bin"
    path.write_bytes(b"abc")
    content = hash_path(tmp_path)
    swap(path)
    with pytest.raises(InputError) as caught:
        read_formats(tmp_path, content)
    assert caught.value.reason in ("changed-while-hashing", "path-unreadable")


def test_a_pipe_in_place_of_an_empty_file_is_refused(tmp_path: Path):
    path = tmp_path / "empty"
    path.touch()
    content = hash_path(tmp_path)
    swap_for_pipe(path)
    with pytest.raises(InputError, match="changed"):
        read_formats(tmp_path, content)
