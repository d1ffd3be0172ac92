"""Validation by level, and the two doors through which BOMs are read and written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from worlds import World

from aibom.errors import AibomError, DocumentInvalid
from aibom.operations.validate import LEVELS, load_bom, problems_of, validate, write_bom

FOREIGN: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [{"type": "library", "bom-ref": "a", "name": "a"}],
}
DANGLING = {**FOREIGN, "dependencies": [{"ref": "a", "dependsOn": ["b"]}]}
WRONG = {**FOREIGN, "version": "one"}

#: document → the levels at which it is valid
DOCUMENTS: dict[str, tuple[dict[str, Any], int]] = {
    "foreign": (FOREIGN, 2),
    "dangling": (DANGLING, 1),
    "wrong": (WRONG, 0),
}


@pytest.mark.parametrize(("document", "good"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_levels_build_on_each_other(
    tmp_path: Path, document: dict[str, Any], good: int
) -> None:
    path = tmp_path / "bom.json"
    path.write_text(json.dumps(document))
    for number, level in enumerate(LEVELS):
        found = validate(path, level)
        assert found.valid == (number < good)
        levels = {problem.level for problem in found.problems}
        assert levels <= {LEVELS[good]}


def test_our_own_is_valid_at_every_level(pristine: World) -> None:
    for level in LEVELS:
        assert validate(pristine.bom, level).valid
    digest = hashlib.sha256(pristine.bom.read_bytes()).hexdigest()
    assert validate(pristine.bom).digest == digest


def test_loaded_bom_has_its_link_and_digest(pristine: World) -> None:
    data = pristine.bom.read_bytes()
    bom = load_bom(data, "there")
    assert bom.digest == hashlib.sha256(data).hexdigest()
    serial = json.loads(data)["serialNumber"].removeprefix("urn:uuid:")
    assert bom.link == f"urn:cdx:{serial}/1"
    assert bom.graph == pristine.graph().__class__.of(
        bom.graph.nodes.values(), bom.graph.edges, bom.graph.root, bom.graph.extra
    )


def test_first_problem_is_told_with_where_and_what_next() -> None:
    with pytest.raises(DocumentInvalid) as caught:
        load_bom(json.dumps(WRONG).encode(), "there.json")
    assert "/version" in caught.value.message
    assert caught.value.where == "there.json"
    assert caught.value.hint


def test_key_twice_is_a_problem_and_not_a_choice(pristine: World) -> None:
    text = pristine.bom.read_text().replace("{", '{"version": 1,', 1)
    with pytest.raises(DocumentInvalid) as caught:
        load_bom(text.encode(), "there")
    assert caught.value.reason == "duplicate-key"


def test_invalid_bom_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(AibomError) as caught:
        write_bom(dict(FOREIGN), tmp_path / "bom.json")
    assert caught.value.reason == "bom-not-written"
    assert list(tmp_path.iterdir()) == []


def test_problems_stop_at_the_asked_level() -> None:
    assert problems_of(FOREIGN, "", "references") == ()
    assert problems_of(FOREIGN, "", "profile")[0].reason == "profile-missing"
