"""Signs by which file formats are told, as pure functions of a file's first bytes.

Nothing is loaded, unpacked or run: a pickle is walked opcode by opcode without building
anything, a safetensors header is parsed as JSON, everything else is compared. Each
function says whether a loader of its format could take the file; a file that several
could take is ambiguous, which :mod:`aibom.catalogers.formats` decides.

Sources: safetensors README (format); GGUF specification (ggml ``docs/gguf.md``); NumPy
NEP 1; HDF5 file format 3.0, II.A; APPNOTE.TXT 6.3 (zip), 4.3.16; CPython
``pickletools``; POSIX ustar; ONNX ``onnx.proto``; System V ABI; Microsoft PE format.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aibom.catalogers.safetensors_header import (
    MAX_HEADER_BYTES,
    HeaderDefect,
    read_header,
)

__all__ = [
    "END_BYTES",
    "HEAD_BYTES",
    "MAX_HEADER_BYTES",
    "SIGNS",
    "Sample",
    "is_text",
    "safetensors_header_size",
]

#: Bytes read from the start of a file.
HEAD_BYTES = 64 * 1024
#: Bytes read from its end: the end record of a zip with the longest comment.
END_BYTES = 22 + 0xFFFF

_MAX_OPCODES = 20_000
_MAX_NUMPY_HEADER = 10_000
_TAR_BLOCK = 512
_EOCD = b"PK\x05\x06"
_PICKLE_PROTOCOLS = (2, 5)
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f"))
#: Opcodes that fetch something by name, other than those whose name is an argument.
_NAMING = frozenset({"STACK_GLOBAL", "EXT1", "EXT2", "EXT4"})
#: Defects with which a loader of safetensors may take a file all the same.
_HARMLESS = ("safetensors-shape", "safetensors-type-unknown")
#: Opcodes that call what was fetched.
_CALLING = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"})


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read of a file: its first bytes, its last bytes, and how long it is."""

    head: bytes
    tail: bytes
    size: int


def _begins(*magic: bytes) -> Callable[[Sample], bool]:
    def sign(sample: Sample) -> bool:
        return sample.head.startswith(magic)

    return sign


def safetensors_header_size(first: bytes, size: int) -> int | None:
    """The size of a safetensors header worth reading, from the first nine bytes."""
    if len(first) < 9 or first[8:9] != b"{":
        return None
    (length,) = struct.unpack("<Q", first[:8])
    return length if 2 <= length <= min(MAX_HEADER_BYTES, size - 8) else None


def _is_safetensors(sample: Sample) -> bool:
    """A header that accounts for every byte of the file, as the format demands."""
    length = safetensors_header_size(sample.head, sample.size)
    if length is None or len(sample.head) < 8 + length:
        return False
    try:
        header = read_header(io.BytesIO(sample.head), sample.size)
    except HeaderDefect:
        return False
    return all(code in _HARMLESS for code, _ in header.defects)


def _is_gguf(sample: Sample) -> bool:
    if not sample.head.startswith(b"GGUF") or len(sample.head) < 24:
        return False
    return any(
        struct.unpack(f"{order}I", sample.head[4:8])[0] in (1, 2, 3) for order in "<>"
    )


def _numpy_header(sample: Sample) -> str | None:
    head = sample.head
    if not head.startswith(b"\x93NUMPY") or len(head) < 12 or head[6] not in (1, 2, 3):
        return None
    start, form = (10, "<H") if head[6] == 1 else (12, "<I")
    (length,) = struct.unpack(form, head[8:start])
    if length > _MAX_NUMPY_HEADER or len(head) < start + length:
        return None
    return head[start : start + length].decode("latin-1")


def _is_numpy(sample: Sample) -> bool:
    """Numbers only: an array of objects is a pickle behind a header."""
    header = _numpy_header(sample)
    return header is not None and not _has_objects(header)


def _is_numpy_objects(sample: Sample) -> bool:
    header = _numpy_header(sample)
    return header is not None and _has_objects(header)


def _has_objects(header: str) -> bool:
    """Whether some type of the header may be ``O``; rather one too many."""
    import ast

    try:
        value = ast.literal_eval(header.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return True
    described = value.get("descr") if isinstance(value, dict) else None
    return any(text.lstrip("|<>=")[:1] == "O" for text in _types(described))


def _types(described: Any) -> Iterator[str]:
    """The types in a description: of fields, ``(name, type)`` and perhaps a shape."""
    pending = [described]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, tuple) and item:
            pending.append(item[0])  # (type, shape)
        elif isinstance(item, list):
            fields = [f if isinstance(f, tuple) and len(f) > 1 else "OO" for f in item]
            pending.extend(field[1] for field in fields)
        else:
            yield "O"


def _is_zip(sample: Sample) -> bool:
    """A zip by its start, or by its end: what reads zips goes by the end."""
    if sample.head.startswith((b"PK\x03\x04", _EOCD)):
        return True
    place = sample.tail.rfind(_EOCD)
    while place >= 0:
        if _ends_a_zip(sample, place):
            return True
        place = sample.tail.rfind(_EOCD, 0, place)
    return False


def _ends_a_zip(sample: Sample, place: int) -> bool:
    """Whether an end record is one: its directory fits in before it."""
    record = sample.tail[place : place + 22]
    if len(record) < 22:
        return False
    size, offset = struct.unpack("<II", record[12:20])
    if 0xFFFFFFFF in (size, offset):
        return sample.tail[max(0, place - 20) : place].startswith(b"PK\x06\x07")
    return bool(size + offset <= sample.size - len(sample.tail) + place)


def _holds(sample: Sample, *names: bytes) -> bool:
    """Whether a zip has such a member: names stand at its start and at its end."""
    return any(name in sample.head or name in sample.tail for name in names)


def _is_pytorch_zip(sample: Sample) -> bool:
    return _is_zip(sample) and _holds(sample, b"data.pkl")


def _is_keras_zip(sample: Sample) -> bool:
    keras = _holds(sample, b"model.weights.h5")
    return _is_zip(sample) and keras and not _is_pytorch_zip(sample)


def _is_other_zip(sample: Sample) -> bool:
    known = _is_pytorch_zip(sample) or _is_keras_zip(sample)
    return _is_zip(sample) and not known


def _is_pickle(sample: Sample) -> bool:
    """Whether unpickling would get anywhere: what runs, runs before an error does.

    The binary protocols begin with PROTO, and then another opcode. The text ones have
    no sign: there it has to end with STOP, or to call something by name.
    """
    import pickletools
    import warnings

    head = sample.head
    first, last = _PICKLE_PROTOCOLS
    binary = len(head) > 2 and head[0] == 0x80 and first <= head[1] <= last
    names = calls = stops = False
    count = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that are none, in a text
            for opcode, argument, place in pickletools.genops(io.BytesIO(head)):
                count += 1
                by_name = opcode.name in ("GLOBAL", "INST") and _is_name(argument)
                names = names or by_name or opcode.name in _NAMING
                calls = calls or opcode.name in _CALLING
                stops = opcode.name == "STOP" and place is not None
                stops = stops and (place or 0) + 1 == sample.size
                if count >= _MAX_OPCODES:
                    break
    except (ValueError, IndexError, struct.error, OverflowError):
        pass
    if binary and sample.size > len(head):
        # One argument may be longer than all that was read.
        return chr(head[2]) in {opcode.code for opcode in pickletools.opcodes}
    return count > 1 and (binary or stops or (names and calls))


def _is_name(argument: Any) -> bool:
    """Whether it is a module and a name in it, as pickletools writes them."""
    parts = argument.split(" ") if isinstance(argument, str) else []
    return len(parts) == 2 and all(
        part.replace(".", "_").isidentifier() for part in parts
    )


def _is_tar(sample: Sample) -> bool:
    """By the checksum of the first block, which the oldest form has as well."""
    block = sample.head[:_TAR_BLOCK]
    if len(block) < _TAR_BLOCK or not block[0]:
        return False
    try:
        stated = int(block[148:156].split(b"\0")[0].strip() or b"x", 8)
    except ValueError:
        return False
    return stated == sum(block[:148]) + 8 * 0x20 + sum(block[156:])


def _is_onnx(sample: Sample) -> bool:
    """Protobuf: field 1 a small version, later field 7, the graph, within the file."""
    head = sample.head
    if len(head) < 4 or head[0] != 0x08 or not 1 <= head[1] <= 0x7F:
        return False
    place = 2
    while place < len(head):
        number, kind = head[place] >> 3, head[place] & 7
        value, place = _varint(head, place + 1)
        if value is None or head[place - 1] & 0x80 or kind not in (0, 2):
            return False
        if kind == 2:
            if number == 7:
                return 0 < value <= sample.size - place
            place += value
    return False


def _varint(data: bytes, place: int) -> tuple[int | None, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            return None, place
        value |= (data[place] & 0x7F) << shift
        place += 1
        if not data[place - 1] & 0x80:
            return value, place
    return None, place


def _is_pe(sample: Sample) -> bool:
    """``MZ``, whatever follows: a DOS program needs no PE header. But no text."""
    return sample.head.startswith(b"MZ") and not is_text(sample)


def _is_python_bytecode(sample: Sample) -> bool:
    head = sample.head
    return len(head) > 16 and head[2:4] == b"\r\n" and head[4:8] in _PYC_FLAGS


_PYC_FLAGS = tuple(struct.pack("<I", flags) for flags in (0, 1, 3))


def _is_parquet(sample: Sample) -> bool:
    return sample.head[:4] in (b"PAR1", b"PARE") and sample.size >= 12


def is_text(sample: Sample) -> bool:
    """UTF-8 without control characters, as far as it was read."""
    import codecs

    if len(sample.head.translate(None, _CONTROLS)) < len(sample.head):
        return False
    whole = sample.size <= len(sample.head)
    try:
        codecs.getincrementaldecoder("utf-8-sig")().decode(sample.head, final=whole)
    except UnicodeDecodeError:
        return False
    return True


#: Every format that has a sign of its own, with that sign.
SIGNS: Mapping[str, Callable[[Sample], bool]] = MappingProxyType(
    {
        "arrow": _begins(b"ARROW1\0\0", b"FEA1", b"\xff\xff\xff\xff\x10\0\0\0"),
        "bzip2": _begins(*(b"BZh%d1AY&SY" % level for level in range(1, 10))),
        "elf": _begins(b"\x7fELF"),
        "gguf": _is_gguf,
        "gzip": _begins(b"\x1f\x8b\x08"),
        "hdf5": _begins(b"\x89HDF\r\n\x1a\n"),
        "jpeg": _begins(b"\xff\xd8\xff"),
        "keras-zip": _is_keras_zip,
        "mach-o": _begins(
            *(
                bytes.fromhex(magic)
                for magic in (
                    "feedface",
                    "feedfacf",
                    "cefaedfe",
                    "cffaedfe",
                    "cafebabe",
                    "cafebabf",
                )
            )
        ),
        "numpy": _is_numpy,
        "numpy-objects": _is_numpy_objects,
        "onnx": _is_onnx,
        "parquet": _is_parquet,
        "pe": _is_pe,
        "pickle": _is_pickle,
        "png": _begins(b"\x89PNG\r\n\x1a\n"),
        "python-bytecode": _is_python_bytecode,
        "pytorch-zip": _is_pytorch_zip,
        "safetensors": _is_safetensors,
        "script": _begins(b"#!", b"\xef\xbb\xbf#!"),
        "sqlite": _begins(b"SQLite format 3\0"),
        "tar": _is_tar,
        "tflite": lambda sample: sample.head[4:8] == b"TFL3",
        "wasm": _begins(b"\0asm"),
        "xz": _begins(b"\xfd7zXZ\0"),
        "zip": _is_other_zip,
        "zstd": _begins(b"\x28\xb5\x2f\xfd"),
    }
)
