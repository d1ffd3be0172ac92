"""Record manifests of Parquet: rewritten, changed, proved; what was hashed is read."""

from __future__ import annotations

import json
import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aibom.catalogers.record_documents import (
    manifest_document,
    proof_document,
    read_manifest,
)
from aibom.digest import hash_path
from aibom.errors import AibomError
from aibom.operations.manifest import (
    Comparison,
    Difference,
    check_manifest,
    check_proof,
    make_manifest,
    prove,
)
from aibom.resources import read_schema
from aibom.statement import to_json
from tests.catalog_world import put

COUNT = 2_500
COLUMNS: dict[str, list[Any]] = {
    "id": list(range(COUNT)),
    "text": [f"text {n}" for n in range(COUNT)],
}


def written(columns: dict[str, list[Any]] = COLUMNS, **options: Any) -> bytes:
    """These columns as Parquet."""
    stream = BytesIO()
    options = {"compression": "none", "use_dictionary": False, **options}
    pq.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


def placed(folder: Path, data: bytes) -> Path:
    """A file with these bytes."""
    return put(folder, {"a.parquet": data}) / "a.parquet"


def test_a_manifest_is_of_the_file_and_of_its_rows(tmp_path: Path) -> None:
    path = placed(tmp_path, written())
    manifest = make_manifest(path)
    lines = [json.dumps({"id": n, "text": f"text {n}"}) for n in range(COUNT)]
    text = "\n".join(line.replace(", ", ",").replace(": ", ":") for line in lines)
    same = put(tmp_path, {"a.jsonl": text}) / "a.jsonl"
    assert (manifest.count, manifest.root) == (COUNT, make_manifest(same).root)
    assert manifest.dataset == hash_path(path).digest
    assert [page.offset for page in manifest.pages] == [0, 1024, 2048]
    document = manifest_document(manifest)
    Draft202012Validator(read_schema("manifest-1.json")).validate(document)
    assert read_manifest(to_json(document), "m.json") == manifest
    other = path.rename(tmp_path / "data.bin")
    assert make_manifest(other, format_="parquet") == manifest


def without(index: int) -> dict[str, list[Any]]:
    """The columns without one row."""
    return {k: v[:index] + v[index + 1 :] for k, v in COLUMNS.items()}


def with_text(index: int, text: str) -> dict[str, list[Any]]:
    """The columns with another text in one row."""
    texts = COLUMNS["text"]
    return {**COLUMNS, "text": [*texts[:index], text, *texts[index + 1 :]]}


SAME = Comparison((), header=True, bytes=True)
REWRITTEN = Comparison((), header=True, bytes=False)


def differing(*ranges: tuple[int, int]) -> Comparison:
    """That some rows differ, and no more."""
    return Comparison(tuple(Difference(*r) for r in ranges), header=True, bytes=False)


#: What somebody does to the file, and what is said of it.
CHANGES: dict[str, tuple[bytes, Comparison]] = {
    "nothing": (written(), SAME),
    "packed": (written(compression="zstd"), REWRITTEN),
    "other row groups": (written(row_group_size=100), REWRITTEN),
    "not by Arrow": (written(store_schema=False), REWRITTEN),
    "one cell": (written(with_text(1_500, "x")), differing((1024, 2047))),
    "one cell, and packed": (
        written(with_text(1_500, "x"), compression="zstd"),
        differing((1024, 2047)),
    ),
    "one row less": (written(without(COUNT - 1)), differing((2048, COUNT - 1))),
    "another type with the same values": (
        written({**COLUMNS, "id": pa.array(COLUMNS["id"], pa.int16())}),
        Comparison((), header=False, bytes=False),
    ),
    "another name": (
        written({"ID": COLUMNS["id"], "text": COLUMNS["text"]}),
        Comparison((Difference(0, COUNT - 1),), header=False, bytes=False),
    ),
}


@pytest.mark.parametrize(("data", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_differs(data: bytes, expected: Comparison, tmp_path: Path) -> None:
    manifest = make_manifest(placed(tmp_path / "1", written()))
    found = check_manifest(manifest, placed(tmp_path / "2", data))
    assert found == expected
    assert found.has_same_records == (expected in (SAME, REWRITTEN))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, COUNT - 1), st.text(max_size=5), st.integers(50, 3_000))
def test_any_changed_cell_is_found(index: int, text: str, group: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        manifest = make_manifest(placed(Path(folder, "1"), written()))
        data = written(with_text(index, text), row_group_size=group)
        found = check_manifest(manifest, placed(Path(folder, "2"), data))
        first = index // 1024 * 1024
        last = min(first + 1024, COUNT) - 1
    if text == COLUMNS["text"][index]:
        assert found.has_same_records
    else:
        assert found == differing((first, last))
        assert found.differences[0].first <= index <= found.differences[0].last


@pytest.mark.parametrize("group", [100, 1024, 10_000])
@pytest.mark.parametrize("index", [0, 1023, 1024, COUNT - 1])
def test_one_row_is_proved(index: int, group: int, tmp_path: Path) -> None:
    manifest = make_manifest(placed(tmp_path / "1", written()))
    path = placed(tmp_path / "2", written(row_group_size=group, compression="zstd"))
    proof, record = prove(manifest, path, index)
    assert record == f'{{"id":{index},"text":"text {index}"}}'.encode()
    file = put(tmp_path, {"p.json": to_json(proof_document(proof))}) / "p.json"
    assert check_proof(file, record, manifest.root) == proof
    with pytest.raises(AibomError) as caught:
        check_proof(file, record.replace(b"text ", b"Text "), manifest.root)
    assert caught.value.reason == "proof-invalid"


def test_only_the_row_groups_of_its_page_are_read(tmp_path: Path) -> None:
    data = written(row_group_size=1024)
    manifest = make_manifest(placed(tmp_path / "1", data))
    broken = placed(tmp_path / "2", data[:4] + b"\xff" * 40 + data[44:])
    assert prove(manifest, broken, 1_500)[0].index == 1_500
    with pytest.raises(AibomError) as caught:
        prove(manifest, broken, 1)
    assert caught.value.reason == "parquet-malformed"


#: Another file, and why nothing is proved with it.
UNPROVED = {
    "a neighbour differs": (written(with_text(1_400, "x")), "records-differ"),
    "a row less before": (written(without(3)), "records-differ"),
    "much shorter": (
        written({k: v[:10] for k, v in COLUMNS.items()}),
        "records-differ",
    ),
    "cut off": (written()[:-9], "parquet-malformed"),
}


@pytest.mark.parametrize(("data", "reason"), UNPROVED.values(), ids=UNPROVED)
def test_what_is_not_proved(data: bytes, reason: str, tmp_path: Path) -> None:
    manifest = make_manifest(placed(tmp_path / "1", written()))
    with pytest.raises(AibomError) as caught:
        prove(manifest, placed(tmp_path / "2", data), 1_500)
    assert caught.value.reason == reason


def test_no_row(tmp_path: Path) -> None:
    data = written({"a": pa.array([], pa.int8())})
    with pytest.raises(AibomError) as caught:
        make_manifest(placed(tmp_path, data))
    assert caught.value.reason == "records-none"


#: What happens after the bytes were hashed and before all rows were read.
MEANWHILE = {
    "other rows of the same length": lambda data: data.replace(b"text 2", b"TEXT 2"),
    "cut off": lambda data: data[:50],
}


@pytest.mark.parametrize("change", MEANWHILE.values(), ids=MEANWHILE)
def test_what_is_decoded_is_what_was_hashed(change: Any, tmp_path: Path) -> None:
    data = written(row_group_size=100)
    path = placed(tmp_path, data)
    before = path.stat()

    def meanwhile(done: int, total: int) -> None:
        if 2 * done >= total:  # hashed; rows come now
            path.write_bytes(change(data))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(AibomError) as caught:
        make_manifest(path, progress=meanwhile)
    assert caught.value.reason == "changed-while-hashing"


def test_progress_never_goes_back_and_ends_at_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = placed(tmp_path, written())
    make_manifest(path, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert {total for _, total in told} == {2 * path.stat().st_size}
    assert told[-1][0] == told[-1][1]
