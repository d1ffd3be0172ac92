"""Evidence folders in a dossier: all in, each at a place of its own, in one order."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dossier_world import check, make, read, same_signer
from worlds import World

from aibom.errors import AibomError, VerificationFailed
from aibom.operations.dossiers import staging
from aibom.operations.dossiers.staging import staged


def moved(world: World, name: str) -> Path:
    """The world's evidence, in a folder of this path."""
    target = world.root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(world.evidence, target)
    return target


def folders(world: World) -> tuple[Path, Path]:
    """Two of one name: the records, and the rest, with one path that both have."""
    first = moved(world, "a/evidence")
    second = world.root / "b/evidence"
    second.mkdir(parents=True)
    shutil.move(first / "records", second / "records")
    (first / "note.txt").write_text("first")
    (second / "note.txt").write_text("second")
    return first, second


def test_folders_of_one_name_are_both_in(world: World) -> None:
    given = folders(world)
    path, _ = make(world, evidence=given)
    files = read(path)
    notes = {files[name] for name in files if name.endswith("/note.txt")}
    assert notes == {b"first", b"second"}
    index = json.loads(files["index.json"])
    there = index["folders"]
    assert [one["path"] for one in there] == ["evidence/1", "evidence/2"]
    assert {one["name"] for one in there} == {"evidence"}
    for folder in given:
        count = sum(file.is_file() for file in folder.rglob("*"))
        assert count in {one["files"] for one in there}
    assert all(str(world.root).encode() not in data for data in files.values())
    assert check(world, path).lost == ()


def test_each_statement_is_told_where_it_is(world: World) -> None:
    """The same name in both folders, and each entry is about the file that is there."""
    first, second = folders(world)
    for number, file in enumerate(sorted((second / "records").iterdir())):
        shutil.copy(file, second / "same.sigstore.json" if number else first / "x.txt")
    other = next(iter(first.rglob("*.sigstore.json")))
    shutil.copy(other, first / "same.sigstore.json")
    path, _ = make(world, evidence=(first, second))
    files = read(path)
    index = json.loads(files["index.json"])
    same = [p["path"] for p in index["statements"] if "/same." in p["path"]]
    assert sorted(same) == ["evidence/1/same.sigstore.json", *same[1:]]
    assert set(same) <= files.keys()
    assert check(world, path).lost == ()


def test_the_order_of_folders_says_nothing(world: World) -> None:
    first, second = folders(world)
    signer = same_signer()
    one = make(world, evidence=(first, second), signer=signer)[0].read_bytes()
    for order in ((second, first), (second, first, second)):
        assert make(world, evidence=order, signer=signer)[0].read_bytes() == one


def test_the_same_statement_in_two_folders(world: World) -> None:
    signer = same_signer()
    more = world.root / "more"
    shutil.copytree(world.evidence, more)
    one, made = make(world, evidence=(world.evidence, more), signer=signer)
    data = one.read_bytes()
    assert make(world, evidence=(more, world.evidence), signer=signer)[0].read_bytes()
    assert one.read_bytes() == data
    path, again = make(world, evidence=(more, world.evidence))
    assert check(world, path).files == again.files == made.files


def test_where_it_lies_on_this_machine_says_nothing(world: World) -> None:
    signer = same_signer()
    one = make(world, signer=signer)[0].read_bytes()
    other = moved(world, "deep/er/evidence")
    assert make(world, evidence=(other,), signer=signer)[0].read_bytes() == one


def test_a_copy_of_a_folder_is_taken_once(world: World) -> None:
    copy = world.root / "copy/evidence"
    shutil.copytree(world.evidence, copy)
    signer = same_signer()
    one = make(world, signer=signer)[0].read_bytes()
    both = make(world, evidence=(world.evidence, copy), signer=signer)[0].read_bytes()
    assert both == one


def test_no_evidence_at_all() -> None:
    with staged(()) as nothing:
        assert (nothing.evidence, nothing.parts, nothing.folders) == ((), {}, ())


def test_copies_are_gone_afterwards(world: World) -> None:
    with staged((world.evidence,)) as copies:
        root = copies.root
        assert (root / "evidence/1").is_dir()
    assert not root.exists()


def test_a_message_names_the_file_that_was_given(world: World) -> None:
    """Not a copy that is gone when it is read."""
    broken = next(iter(world.evidence.rglob("*.sigstore.json")))
    broken.write_text("{}")
    with pytest.raises(VerificationFailed) as refused:
        make(world)
    assert refused.value.where == str(broken)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


#: name → what is put there, the reason
REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a link": (lambda path: path.symlink_to("/etc/passwd"), "evidence-link"),
    "a link to a folder": (lambda path: path.symlink_to("/etc"), "evidence-link"),
    "a link to nothing": (lambda path: path.symlink_to("none"), "evidence-link"),
    "a FIFO": (os.mkfifo, "special-file"),
    "a socket": (_socket, "special-file"),
    "a name that is no text": (
        lambda path: Path(os.fsdecode(bytes(path) + b"\xff")).write_text("x"),
        "name-unusable",
    ),
}


@pytest.mark.parametrize(("put", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_file_of_evidence(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    put: Callable[[Path], Any],
    reason: str,
) -> None:
    monkeypatch.chdir(world.root)
    put(world.evidence / "strange")
    with pytest.raises(AibomError) as refused:
        make(world)
    assert refused.value.reason == reason
    assert str(world.evidence) in (refused.value.where or "")
    assert not (world.root / "dossier.zip").exists()


def test_no_such_folder(world: World) -> None:
    with pytest.raises(AibomError) as refused:
        make(world, evidence=(world.root / "none",))
    assert refused.value.reason == "path-missing"


def test_more_than_a_dossier_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_BYTES", 1_000)
    with pytest.raises(AibomError) as refused:
        make(world)
    assert refused.value.reason == "dossier-too-large"
