"""Record manifests: one hash for all records, and none that could mean two datasets."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aibom.catalogers.record_documents import (
    manifest_document,
    proof_document,
    read_manifest,
)
from aibom.catalogers.records import Manifest, read_records
from aibom.digest import hash_path
from aibom.errors import AibomError
from aibom.merkle import MerkleTree
from aibom.operations.manifest import (
    Difference,
    check_manifest,
    check_proof,
    make_manifest,
    prove,
)
from aibom.resources import read_schema
from aibom.statement import to_json
from tests.catalog_world import put


def root_of(*records: bytes) -> str:
    """The root that RFC 6962 gives these records."""
    tree = MerkleTree()
    for record in records:
        tree.append(record)
    return tree.root().hex()


def made(folder: Path, name: str, data: bytes, **options: Any) -> Manifest:
    """The manifest of one file."""
    return make_manifest(put(folder, {name: data}) / name, **options)


#: name → file name, bytes, options, records
RECORDS: dict[str, tuple[str, bytes, dict[str, Any], list[bytes]]] = {
    "lines": ("a.jsonl", b'{"a":1}\n{"a":2}\n', {}, [b'{"a":1}', b'{"a":2}']),
    "no newline at the end": ("a.jsonl", b"1\n2", {}, [b"1", b"2"]),
    "an empty line is a record": ("a.ndjson", b"1\n\n2\n", {}, [b"1", b"", b"2"]),
    "a carriage return belongs to a line": (
        "a.jsonl",
        b"1\r\n2\r\n",
        {},
        [b"1\r", b"2\r"],
    ),
    "no UTF-8 is asked for": ("a.jsonl", b"\xff\xfe\n\x00", {}, [b"\xff\xfe", b"\x00"]),
    "rows": ("a.csv", b"id,text\r\n1,a\r\n2,b\r\n", {}, [b"1,a", b"2,b"]),
    "rows without header": (
        "a.csv",
        b"1,a\n2,b\n",
        {"header": False},
        [b"1,a", b"2,b"],
    ),
    "a newline in quotes": (
        "a.CSV",
        b'id,text\n1,"a\n""b"""\n2,c\n',
        {},
        [b'1,"a\n""b"""', b"2,c"],
    ),
    "told by the caller": ("a.txt", b"1\n", {"format_": "jsonl"}, [b"1"]),
}


@pytest.mark.parametrize(
    ("name", "data", "options", "records"), RECORDS.values(), ids=RECORDS
)
def test_what_a_record_is(
    name: str,
    data: bytes,
    options: dict[str, Any],
    records: list[bytes],
    tmp_path: Path,
) -> None:
    manifest = made(tmp_path, name, data, **options)
    assert (manifest.count, manifest.root) == (len(records), root_of(*records))
    assert manifest.digest == hashlib.sha256(data).hexdigest()


def test_the_files_of_a_folder_are_records(tmp_path: Path) -> None:
    folder = put(tmp_path, {"b/x.txt": "2", "a.txt": "1"})
    content = hash_path(folder)
    manifest = make_manifest(folder)
    lines = [f"{f.digest.value}  {f.path}".encode() for f in content.files]
    assert manifest.root == root_of(*lines)
    assert manifest.dataset == content.digest


def test_a_header_is_known_and_is_no_record(tmp_path: Path) -> None:
    one = made(tmp_path / "1", "a.csv", b"id\n1\n")
    other = made(tmp_path / "2", "a.csv", b"ID\n1\n")
    assert one.root == other.root
    assert one.header != other.header
    found = check_manifest(one, tmp_path / "2" / "a.csv")
    assert (found.differences, found.header, found.bytes) == ((), False, False)
    assert not found.has_same_records


REFUSED: dict[str, tuple[str, bytes, dict[str, Any], str, int]] = {
    "nothing": ("a.jsonl", b"", {}, "records-none", 1),
    "a header only": ("a.csv", b"id\n", {}, "records-none", 1),
    "an open quote": ("a.csv", b'id\n1,"a\n2,b\n', {}, "record-malformed", 1),
    "an unknown format": ("a.bin", b"x", {}, "record-format-unknown", 2),
    "a file as a folder": (
        "a.jsonl",
        b"x",
        {"format_": "files"},
        "record-format-unknown",
        2,
    ),
}


@pytest.mark.parametrize(
    ("name", "data", "options", "reason", "code"), REFUSED.values(), ids=REFUSED
)
def test_what_has_no_manifest(
    name: str,
    data: bytes,
    options: dict[str, Any],
    reason: str,
    code: int,
    tmp_path: Path,
) -> None:
    with pytest.raises(AibomError) as caught:
        made(tmp_path, name, data, **options)
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AibomError) as caught:
        make_manifest(tmp_path / "none.jsonl")
    assert caught.value.reason == "path-missing"


def test_a_record_without_end_is_refused_before_it_fills_the_memory() -> None:
    blocks = (b"x" * 1_048_576 for _ in range(10_000))
    with pytest.raises(AibomError) as caught:
        list(read_records(blocks, "jsonl"))
    assert caught.value.reason == "record-too-large"
    assert next(blocks)  # most were never read


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"")), max_size=20),
    st.integers(1, 7),
)
def test_records_are_the_same_however_they_are_cut_into_blocks(
    records: list[bytes], size: int
) -> None:
    data = b"".join(record + b"\n" for record in records)
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    found = list(read_records(blocks, "jsonl"))
    assert [record for _, record in found] == records
    offsets = [0]
    for record in records:
        offsets.append(offsets[-1] + len(record) + 1)
    assert [offset for offset, _ in found] == offsets[: len(records)]


LINES = [f'{{"id": {n}}}'.encode() for n in range(2_500)]
DATA = b"\n".join(LINES) + b"\n"

#: What somebody does to the records, and which ranges differ then.
CHANGES: dict[str, tuple[bytes, list[Difference]]] = {
    "nothing": (DATA, []),
    "one record": (DATA.replace(b'"id": 7}', b'"id": 8}'), [Difference(0, 1023)]),
    "the last record": (
        DATA.replace(b'"id": 2499}', b'"id": 0}'),
        [Difference(2048, 2499)],
    ),
    "two swapped": (
        b"\n".join([LINES[1], LINES[0], *LINES[2:]]) + b"\n",
        [Difference(0, 1023)],
    ),
    "one more": (DATA + b"{}\n", [Difference(2048, 2500)]),
    "one less": (b"\n".join(LINES[:-1]) + b"\n", [Difference(2048, 2499)]),
    "one less at the start": (b"\n".join(LINES[1:]) + b"\n", [Difference(0, 2499)]),
    "only the last line end": (DATA[:-1], []),
    "two places": (
        DATA.replace(b'"id": 7}', b'"id": 8}').replace(b'"id": 2499}', b'"id": 0}'),
        [Difference(0, 1023), Difference(2048, 2499)],
    ),
}


@pytest.mark.parametrize(("data", "expected"), CHANGES.values(), ids=CHANGES)
def test_which_records_differ(
    data: bytes, expected: list[Difference], tmp_path: Path
) -> None:
    manifest = made(tmp_path, "a.jsonl", DATA)
    path = put(tmp_path / "now", {"a.jsonl": data}) / "a.jsonl"
    found = check_manifest(manifest, path)
    assert list(found.differences) == expected
    assert found.has_same_records == (not expected)
    assert found.bytes == (data == DATA)


@pytest.mark.parametrize("index", [0, 1, 1023, 1024, 2047, 2048, 2499])
def test_one_record_is_proved_and_no_other_bytes_pass(
    index: int, tmp_path: Path
) -> None:
    path = put(tmp_path, {"a.jsonl": DATA}) / "a.jsonl"
    manifest = make_manifest(path)
    proof, record = prove(manifest, path, index)
    assert record == LINES[index]
    file = tmp_path / "proof.json"
    file.write_bytes(to_json(proof_document(proof)))
    schema = read_schema("manifest-proof-1.json")
    Draft202012Validator(schema).validate(proof_document(proof))
    assert check_proof(file, record, manifest.root) == proof
    for other, root, reason in (
        (record + b" ", manifest.root, "proof-invalid"),
        (LINES[index - 1], manifest.root, "proof-invalid"),
        (record, "0" * 64, "proof-of-another-root"),
    ):
        with pytest.raises(AibomError) as caught:
            check_proof(file, other, root)
        assert (caught.value.reason, caught.value.exit_code) == (reason, 11)


def test_a_file_of_a_folder_is_proved_as_well(tmp_path: Path) -> None:
    folder = put(tmp_path, {f"{n}.txt": str(n) for n in range(5)})
    manifest = make_manifest(folder)
    proof, record = prove(manifest, folder, 3)
    assert record.endswith(b"  3.txt")
    assert proof.holds(record)


@pytest.mark.parametrize(
    ("index", "data", "reason"),
    [
        (2_500, DATA, "record-unknown"),
        (-1, DATA, "record-unknown"),
        (7, DATA.replace(b'"id": 9}', b'"id": 8}'), "records-differ"),
        (2_499, DATA[:100], "records-differ"),
    ],
    ids=["beyond the end", "before the start", "a neighbour differs", "cut off"],
)
def test_what_cannot_be_proved(
    index: int, data: bytes, reason: str, tmp_path: Path
) -> None:
    manifest = made(tmp_path, "a.jsonl", DATA)
    path = put(tmp_path / "now", {"a.jsonl": data}) / "a.jsonl"
    with pytest.raises(AibomError) as caught:
        prove(manifest, path, index)
    assert caught.value.reason == reason


def document() -> dict[str, Any]:
    """A manifest as it is written, of three pages."""
    tree = MerkleTree()
    pages = [[n * 100, hashlib.sha256(bytes([n])).hexdigest()] for n in range(3)]
    for page in pages:
        tree.append_hash(bytes.fromhex(str(page[1])))
    return {
        "apiVersion": "aibom/manifest/v1",
        "format": "jsonl",
        "digest": f"sha256:{'a' * 64}",
        "records": 2_100,
        "root": tree.root().hex(),
        "pageRecords": 1_024,
        "pages": pages,
    }


def counted() -> dict[str, Any]:
    """The same, of rows of Parquet: pages begin where their rows do."""
    pages = [[n * 1_024, h] for n, (_, h) in enumerate(document()["pages"])]
    return {**document(), "format": "parquet", "pages": pages, "header": "a" * 64}


#: name → change, reason
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "another version": ({"apiVersion": "aibom/manifest/v2"}, "manifest-malformed"),
    "an unknown key": ({"note": "x"}, "manifest-malformed"),
    "another root": ({"root": "b" * 64}, "manifest-inconsistent"),
    "a page too few": ({"pages": document()["pages"][:2]}, "manifest-inconsistent"),
    "records for two pages": ({"records": 2_000}, "manifest-inconsistent"),
    "no record": ({"records": 0, "pages": []}, "manifest-inconsistent"),
    "pages that go back": (
        {
            "pages": [
                [n, h] for n, (_, h) in zip((0, 9, 9), document()["pages"], strict=True)
            ]
        },
        "manifest-inconsistent",
    ),
    "a folder's digest for a file": (
        {"digest": f"tree-sha256:{'a' * 64}"},
        "manifest-inconsistent",
    ),
    "rows without a schema": (
        {"format": "parquet", "pages": counted()["pages"]},
        "manifest-inconsistent",
    ),
    "rows that are not counted": (
        {"format": "parquet", "header": "a" * 64},
        "manifest-inconsistent",
    ),
    "pages of another size": ({"pageRecords": 3}, "manifest-malformed"),
    "an offset that is true": ({"pages": [[True, "a" * 64]]}, "manifest-malformed"),
    "pages that are a text": ({"pages": "x"}, "manifest-malformed"),
    "a short hash": ({"root": "abc"}, "manifest-malformed"),
    "no digest": ({"digest": "abc"}, "digest-malformed"),
}


@pytest.mark.parametrize(("change", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_manifest_that_does_not_agree_with_itself(
    change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AibomError) as caught:
        read_manifest(json.dumps({**document(), **change}).encode(), "m.json")
    assert (caught.value.reason, caught.value.exit_code) == (reason, 12)


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 9_000, b"[]", b"\xff"])
def test_what_is_no_manifest(data: bytes) -> None:
    with pytest.raises(AibomError) as caught:
        read_manifest(data, "m.json")
    assert caught.value.reason == "manifest-malformed"


def test_a_manifest_of_rows_is_sound_as_it_is() -> None:
    read_manifest(json.dumps(counted()).encode(), "m.json")


def test_writing_and_reading_are_inverse(tmp_path: Path) -> None:
    manifest = made(tmp_path, "a.csv", b"id\n1\n2\n")
    written = manifest_document(manifest)
    Draft202012Validator(read_schema("manifest-1.json")).validate(written)
    assert read_manifest(to_json(written), "m.json") == manifest


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = put(tmp_path, {"a.jsonl": DATA}) / "a.jsonl"

    def meanwhile(done: int, total: int) -> None:
        path.write_bytes(DATA + b"{}\n")

    with pytest.raises(AibomError) as caught:
        make_manifest(path, progress=meanwhile)
    assert caught.value.reason == "changed-while-hashing"
