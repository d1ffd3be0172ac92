"""What was fetched is not hashed again for a record, unless anybody touched it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aibom.digest import hash_path, stat_snapshot
from aibom.recording.fetched import API_VERSION, read_receipt, receipt_of

if TYPE_CHECKING:
    from unit.recording.conftest import Project

COMMIT = "4f0c" * 10
SOURCE = f"pkg:huggingface/acme/base@{COMMIT}"


def receipt(folder: Path) -> dict[str, Any]:
    content = hash_path(folder)
    hashed = {file.path: file.digest.value for file in content.files}
    return {
        "apiVersion": API_VERSION,
        "source": SOURCE,
        "digest": str(content.digest),
        "files": [[*entry, hashed[entry[0]]] for entry in stat_snapshot(folder)],
    }


def written(folder: Path, document: object) -> None:
    receipt_of(folder).write_text(json.dumps(document))


@pytest.fixture
def fetched(project: Project) -> Path:
    folder = Path("base").resolve()
    written(folder, receipt(folder))
    return folder


def used(project: Project, **options: str) -> dict[str, Any]:
    with project.record() as step:
        step.input("base-model", "base", **options)
        step.output("out.bin")
        Path("out.bin").write_text("made")
    (found,) = project.dependencies()
    return found


def test_its_digest_and_source_stand_in_the_record(
    project: Project, fetched: Path
) -> None:
    found = used(project)
    assert found["digest"] == {"dirHash": hash_path(fetched).digest.value}
    assert found["uri"] == SOURCE


def test_its_bytes_are_not_read(project: Project, fetched: Path) -> None:
    """Shown by a lie that only a reader of bytes would find."""
    document = receipt(fetched)
    for entry in document["files"]:
        entry[5] = "0" * 64
    from aibom.digest import manifest_digest

    lie = manifest_digest((entry[0], entry[5]) for entry in document["files"])
    written(fetched, {**document, "digest": str(lie)})
    assert used(project)["digest"] == {"dirHash": lie.value}


def test_what_the_user_says_of_the_source_counts(
    project: Project, fetched: Path
) -> None:
    mine = f"pkg:huggingface/acme/mirror@{COMMIT}"
    assert used(project, source=mine)["uri"] == mine


def other_bytes(folder: Path) -> None:
    (folder / "weights.bin").write_text("evil")


def same_size_and_time(folder: Path) -> None:
    file = folder / "weights.bin"
    before = file.stat()
    file.write_bytes(b"x" * before.st_size)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def one_more(folder: Path) -> None:
    (folder / "more.bin").write_text("x")


def one_less(folder: Path) -> None:
    (folder / "more.bin").write_text("x")
    written(folder, receipt(folder))
    (folder / "more.bin").unlink()


def edited(**changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        written(folder, {**receipt(folder), **changes})

    return edit


def text(data: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        receipt_of(folder).write_text(data)

    return write


#: After each of these the bytes have to be read.
NO_RECEIPT = {
    "other-bytes": other_bytes,
    "same-size-and-time": same_size_and_time,
    "one-file-more": one_more,
    "one-file-less": one_less,
    "removed": lambda folder: receipt_of(folder).unlink(),
    "another-version": edited(apiVersion="aibom/fetched/v2"),
    "another-digest": edited(digest="tree-sha256:" + "0" * 64),
    "no-files": edited(files=[]),
    "files-of-another-type": edited(files={"weights.bin": 1}),
    "source-of-another-type": edited(source=["x"]),
    "no-json": text("{"),
    "no-object": text("[]"),
    "deep": text("[" * 100_000),
    "a-folder": lambda folder: (
        receipt_of(folder).unlink(),
        receipt_of(folder).mkdir(),
    ),
}


@pytest.mark.parametrize("change", NO_RECEIPT.values(), ids=NO_RECEIPT)
def test_otherwise_the_bytes_are_read(
    project: Project, fetched: Path, change: Callable[[Path], object]
) -> None:
    change(fetched)
    assert read_receipt(fetched, stat_snapshot(fetched)) is None
    found = used(project)
    assert found["digest"] == {"dirHash": hash_path(fetched).digest.value}
    assert "uri" not in found


def test_a_link_to_the_folder_is_the_folder(fetched: Path, tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(fetched)
    found = read_receipt(link, stat_snapshot(link))
    assert found is not None
    assert found.source == SOURCE
