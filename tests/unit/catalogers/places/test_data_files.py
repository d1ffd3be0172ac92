"""Folders of data files: counted once, by format, whatever lies around them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aibom.catalogers.places.data_files import CATALOGER
from tests.catalog_world import put, read

PARQUET = b"PAR1" + bytes(4) + b"PAR1"
PNG = b"\x89PNG\r\n\x1a\n"
FILES = {
    "data/train.csv": b"a\n1\n",
    "data/test.csv": b"a\n",
    "data/a.png": PNG,
    "data/b.parquet": PARQUET,
    "data/README.md": b"read me",
    "data/deeper/c.jsonl": b"{}\n",
    "data-other/d.csv": b"a",
    "pictures/e.png": PNG,
    "model/config.json": b"{}",
}


def test_each_folder_speaks_once(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, FILES)
    spoken = {
        notes.folder: {fact.field: fact.value for fact in notes.facts}
        for notes in done.notes
        if notes.facts
    }
    assert spoken == {
        "data": {
            "files.csv": "2",
            "bytes.csv": "6",
            "files.png": "1",
            "bytes.png": "8",
            "files.parquet": "1",
            "bytes.parquet": "12",
        },
        "data/deeper": {"files.jsonl": "1", "bytes.jsonl": "3"},
        "data-other": {"files.csv": "1", "bytes.csv": "1"},
    }
    assert sum(1 for notes in done.notes if notes.facts) == 3
    assert done.found == set()


def test_the_top_folder(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.csv": "a", "b/c.csv": "a", "z.csv": "a"})
    assert ("files.csv", "2", "") in done.said
    assert done.kinds == {("dataset", False)}


#: name → files, findings by file
SHARDS: dict[str, tuple[list[str], set[Any]]] = {
    "complete": (["a-00000-of-00002.csv", "a-00001-of-00002.csv"], set()),
    "the last one lacks": (
        ["a-00000-of-00002.csv"],
        {("a-00000-of-00002.csv", "shard-missing", "a-00001-of-00002.csv")},
    ),
    "the first one lacks": (
        ["d/a-00001-of-00002.csv"],
        {("d/a-00001-of-00002.csv", "shard-missing", "a-00000-of-00002.csv")},
    ),
    "beyond the total": (
        ["a-00002-of-00002.csv"],
        {("a-00002-of-00002.csv", "shard-beyond", "00002 of 00002")},
    ),
    "no shard": (["a-1-of-2.csv"], set()),
}


@pytest.mark.parametrize(("names", "found"), SHARDS.values(), ids=SHARDS)
def test_shards(names: list[str], found: set[Any], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, dict.fromkeys(names, "a"))
    told = {(f.path, f.code, f.detail) for notes in done.notes for f in notes.findings}
    assert told == found


POINTER = (
    f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n"
)


def test_a_shard_whose_pointer_is_here_is_not_missing(tmp_path: Path) -> None:
    files = {"a-00000-of-00002.csv": "a", "a-00001-of-00002.csv": POINTER}
    done = read(CATALOGER, tmp_path, files)
    assert done.found == set()
    assert ("files.csv", "1", "") in done.said


def test_a_file_scanned_alone_is_no_folder(tmp_path: Path) -> None:
    from aibom.catalogers.notes import Notes
    from aibom.catalogers.place import Place

    place = Place.of(put(tmp_path, {"a.csv": "a"}) / "a.csv")
    notes = Notes(CATALOGER.id, place, place.names[0])
    CATALOGER.read(notes)
    assert (notes.facts, notes.findings) == ([], [])


def test_names_in_any_script(tmp_path: Path) -> None:
    names = [
        "é.csv",
        "e.csv",
        "\U0001f600/x.csv",
        "\ufeff/y.csv",
        "a-b/z.csv",
        "a/w.csv",
    ]
    done = read(CATALOGER, tmp_path, dict.fromkeys(names, "a"))
    folders = [notes.folder for notes in done.notes if notes.facts]
    assert sorted(folders) == sorted({"", "\U0001f600", "\ufeff", "a-b", "a"})
