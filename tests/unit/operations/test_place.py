"""Where sidecars lie: inside a folder, beside a file, and behind no other name."""

from __future__ import annotations

from pathlib import Path

import pytest

from aibom.errors import InputError
from aibom.operations.place import Place, bom_beside, bundle_beside, is_bom_name


def test_a_folder_has_its_sidecars_inside(tmp_path: Path) -> None:
    place = Place.of(tmp_path)
    assert place.is_folder
    assert place.bom == tmp_path / "aibom.cdx.json"
    assert place.bundle == tmp_path / "aibom.sigstore.json"
    assert place.oms == tmp_path / "model.sig"


def test_a_file_has_them_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text("x")
    place = Place.of(file)
    assert not place.is_folder
    assert place.bom == tmp_path / "labels.jsonl.aibom.cdx.json"
    assert place.bundle == tmp_path / "labels.jsonl.aibom.sigstore.json"
    assert place.oms == tmp_path / "labels.jsonl.model.sig"


def test_a_link_has_the_sidecars_of_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/labels.jsonl").write_text("x")
    (tmp_path / "latest").symlink_to("real/labels.jsonl")
    (tmp_path / "data").symlink_to("real")
    assert Place.of(tmp_path / "latest").bom == tmp_path / "latest.aibom.cdx.json"
    assert Place.of(tmp_path / "data").bom == tmp_path / "data/aibom.cdx.json"


def test_here_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Place.of(Path(".")).bom == Path("aibom.cdx.json")


@pytest.mark.parametrize("what", ["nothing", "dangling"])
def test_what_is_not_there_has_no_place(tmp_path: Path, what: str) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(InputError) as caught:
        Place.of(tmp_path / what)
    assert caught.value.reason == "path-missing"
    assert caught.value.where == str(tmp_path / what)


BOM_NAMES = {
    "aibom.cdx.json": True,
    "labels.jsonl.aibom.cdx.json": True,
    "a.b.c.aibom.cdx.json": True,
    ".hidden.aibom.cdx.json": True,
    "notaibom.cdx.json": False,
    "labels.aibom.cdx.json.bak": False,
    "AIBOM.CDX.JSON": False,
    "bom.cdx.json": False,
    "aibom.sigstore.json": False,
}


@pytest.mark.parametrize(("name", "answer"), BOM_NAMES.items(), ids=BOM_NAMES)
def test_names_of_boms(name: str, answer: bool) -> None:
    assert is_bom_name(name) is answer


PAIRS = {
    "aibom.sigstore.json": "aibom.cdx.json",
    "labels.jsonl.aibom.sigstore.json": "labels.jsonl.aibom.cdx.json",
    "aibom.sigstore.json.aibom.sigstore.json": "aibom.sigstore.json.aibom.cdx.json",
    "step.sigstore.json": None,
    "notaibom.sigstore.json": None,
    "aibom.sigstore.json.bak": None,
}


@pytest.mark.parametrize(("bundle", "bom"), PAIRS.items(), ids=PAIRS)
def test_a_bundle_belongs_to_one_bom(bundle: str, bom: str | None) -> None:
    folder = Path("evidence")
    found = bom_beside(folder / bundle)
    assert found == (folder / bom if bom else None)
    if found is not None:
        assert bundle_beside(found) == folder / bundle
        assert is_bom_name(found.name)
