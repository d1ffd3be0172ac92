"""Small files that mean gigabytes, and large ones that mean little; and how to scan.

``python -m tests.hostile_bombs FOLDER`` scans a folder with one GiB of address space
and a budget of CPU above what the bare program has, and prints what came of it.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.hostile_places import zipped

__all__ = ["BOMBS", "GIB", "limit", "main", "make"]

GIB = 1 << 30
CPU_SECONDS = 300
_MIB = bytes(1 << 20)


def _zip_of_zeros(members: Mapping[str, int]) -> bytes:
    """A zip in which each member is so many MiB of zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, count in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                for _ in range(count):
                    member.write(_MIB)
    return buffer.getvalue()


def _gzip_of_zeros(path: Path) -> None:
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as packed:
        for _ in range(1024):
            packed.write(_MIB)


def _sparse_model(path: Path) -> None:
    """A sound safetensors file of two GiB, nearly all of it a hole."""
    size = 2 * GIB
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"a": tensor}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)


def _long_line(head: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(head)
            for _ in range(100):
                file.write(_MIB.replace(b"\0", b"x"))

    return write


def _many_members() -> bytes:
    return zipped({f"archive/{n}.pkl": b"\x80\x02." for n in range(60_000)})


def _entities() -> bytes:
    lines = ['<!ENTITY a0 "aaaaaaaaaa">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE x [{''.join(lines)}]><annotations>&a9;</annotations>".encode()


def _aliases(head: str = "", tail: str = "") -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join([head, *lines, tail]).encode()


_DEEP = b"[" * 100_000 + b"]" * 100_000
_DEEP_OBJECT = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
_COUNTS = b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60)
_ARRAY = (
    b"GGUF"
    + struct.pack("<IQQQ", 3, 0, 1, 1)
    + b"a"
    + struct.pack("<IIQ", 9, 9, 1 << 60)
    + struct.pack("<IQ", 9, 1 << 60) * 1000
)
_MEMO = b"\x80\x04" + b"]\x94" + b"h\x00a" * 300_000 + b"."
_FRAMES = b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"\x8b\xff\xff\xff\x7f."
_VARINT = b"\x08\x08\x3a" + b"\xff" * 8 + b"\x7f"

#: Path → bytes, or what writes the file; and what is found in it, at least.
BOMBS: Mapping[str, tuple[bytes | Callable[[Path], None], set[str]]] = {
    "pt/m.pt": (
        lambda p: _write(p, _zip_of_zeros({"archive/data.pkl": 1024})),
        {"archive-too-large"},
    ),
    "keras/m.keras": (
        lambda p: _write(p, _zip_of_zeros({"config.json": 1024, "metadata.json": 1})),
        {"document-too-large", "json-malformed"},
    ),
    "gz/m.pkl.gz": (_gzip_of_zeros, {"pickle-not-read"}),
    "zip/m.pt": (lambda p: _write(p, _many_members()), {"archive-not-read"}),
    "sparse/model.safetensors": (_sparse_model, set()),
    "length/model.safetensors": (
        struct.pack("<Q", 1 << 63) + b"{}",
        {"safetensors-malformed"},
    ),
    "nested/model.safetensors": (
        struct.pack("<Q", 200_000) + _DEEP,
        {"safetensors-malformed"},
    ),
    "keys/model.safetensors": (
        struct.pack("<Q", 24_000_000) + b'{"":{},' * 3_428_571 + b"   ",
        {"safetensors-header-too-large"},
    ),
    "counts/m.gguf": (_COUNTS, {"gguf-too-large"}),
    "array/m.gguf": (_ARRAY, {"gguf-too-large"}),
    "deep/config.json": (_DEEP, {"document-too-deep"}),
    "deep-object/config.json": (_DEEP_OBJECT, {"document-too-deep"}),
    "deep/labels.jsonl": (_DEEP_OBJECT, {"labeler-column-missing"}),
    "deep/croissant.json": (_DEEP_OBJECT, {"document-too-deep"}),
    "deep/mergekit_config.yml": (_DEEP, {"document-too-deep"}),
    "deep-card/README.md": (
        b"---\na: " + _DEEP[:200_000] + b"\n---\n",
        {"document-too-deep"},
    ),
    "deep-code/modeling.py": (b"a = " + b"(" * 100_000, {"python-source"}),
    "numbers/config.json": (b'{"a": ' + b"9" * 1_000_000 + b"}", {"json-malformed"}),
    "alias/mergekit_config.yml": (_aliases(), {"yaml-alias"}),
    "alias-card/README.md": (_aliases("---", "---\n"), {"yaml-alias"}),
    "alias/dvc.lock": (_aliases(), {"yaml-alias"}),
    "xml/annotations.xml": (_entities(), {"xml-dtd"}),
    "xml-deep/annotations.xml": (
        b"<annotations>" + b"<a>" * 200_000,
        {"document-too-deep", "labels-empty"},
    ),
    "line/labels.csv": (
        _long_line(b"text,label,annotator\n"),
        {"labels-empty", "record-too-large"},
    ),
    "line/labels.jsonl": (_long_line(b'{"annotator": "'), {"labeler-column-missing"}),
    "line/m.pkl": (_long_line(b"cos\n"), {"pickle-opaque"}),
    "big/config.json": (_long_line(b'{"a": "'), {"document-too-large"}),
    "memo/m.pkl": (_MEMO, set()),
    "frame/m.pkl": (_FRAMES, {"pickle-opaque"}),
    "varint/m.onnx": (_VARINT, {"onnx-malformed"}),
    "footer/a.parquet": (
        b"PAR1" + b"\xff" * 8 + b"\xff\xff\xff\x7fPAR1",
        {"parquet-malformed"},
    ),
}


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def make(folder: Path) -> Path:
    """Write all of them below a folder."""
    for name, (content, _) in BOMBS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content(path)
    return folder


def _own_size() -> int:
    """The address space of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def limit() -> None:
    """Allow a GiB, and minutes of CPU, above what a scan loads before it begins."""
    import networkx
    import yaml

    from aibom.bom import schema
    from aibom.catalogers.places import catalogers

    assert all((networkx, yaml, schema, catalogers()))
    size = _own_size() + GIB
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def main() -> int:
    """Scan within the limits, and print findings by path, and facts by path."""
    from aibom.lineage.nodes import Kind
    from aibom.operations.scanning.scan import scan, scan_bom

    limit()
    done = scan(Path(sys.argv[1]), kind=Kind.MODEL)
    scan_bom(done, spec_version="1.7", output=None)
    found: dict[str, list[str]] = {}
    for finding in done.findings:
        found.setdefault(finding.path, []).append(finding.code)
    codes = {name: sorted(set(found[name])) for name in found}
    json.dump({"found": codes, "unclaimed": done.unclaimed}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
