"""Label Studio: who annotated, by which class, and which models predicted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.label_studio import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import pseudonym, read
from tests.label_world import counts_of, step_of

CHOICE = {"type": "choices", "value": {"choices": ["pos"]}}
BOX = {"type": "rectanglelabels", "value": {"rectanglelabels": ["car", "car"], "x": 1}}
#: As the export of a project has it.
TASK = {
    "id": 1,
    "data": {"text": "fine"},
    "created_at": "2024-01-01T00:00:00Z",
    "annotations": [
        {
            "id": 11,
            "completed_by": {"id": 3, "email": "Ada@example.com", "first_name": "Ada"},
            "created_at": "2024-01-02T03:04:05.123456Z",
            "updated_at": "2024-01-03T03:04:05.123456Z",
            "lead_time": 4.2,
            "was_cancelled": False,
            "ground_truth": False,
            "result": [CHOICE, BOX, {"type": "textarea", "value": {"text": ["oh"]}}],
        },
        {"id": 12, "completed_by": 7, "result": [CHOICE]},
        {"id": 13, "completed_by": 7, "was_cancelled": True, "result": []},
    ],
    "predictions": [{"model_version": "bert-v2", "score": 0.5, "result": [CHOICE]}],
}
ADA = pseudonym("ada@example.com")


def of(**changed: Any) -> dict[str, Any]:
    """One task with one annotation, changed."""
    return {"data": {}, "annotations": [{"completed_by": "a", "result": [], **changed}]}


def test_an_export(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"export.json": json.dumps([TASK])})
    assert counts_of(done) == {
        f"party:{ADA}": {
            "annotations": "1",
            "annotations.pos": "1",
            "annotations.car": "1",
        },
        f"party:{pseudonym('label-studio:7')}": {
            "annotations": "1",
            "annotations.pos": "1",
        },
        "party:software:bert-v2": {"predictions": "1", "predictions.pos": "1"},
    }
    assert step_of(done) == {
        "step": "label",
        "annotations": "2",
        "annotations-cancelled": "1",
        "annotations-unattributed": "0",
        "annotations.pos": "2",
        "annotations.car": "1",
        "labelers": "2",
        "predictions": "1",
        "predictions.pos": "1",
        "started": "2024-01-02T03:04:05Z",
        "finished": "2024-01-03T03:04:05Z",
    }
    assert ("subject", "derived-from", "export.json", "labels") in done.edges
    assert done.found == set()


#: name → annotation, the labeler's name
LABELERS: dict[str, tuple[dict[str, Any], str | None]] = {
    "an address": ({"completed_by": {"email": "a@b.c", "id": 1}}, "a@b.c"),
    "a user name": ({"completed_by": {"username": "ada", "id": 1}}, "ada"),
    "a number in an object": ({"completed_by": {"id": 5}}, "label-studio:5"),
    "a number": ({"completed_by": 5}, "label-studio:5"),
    "a name": ({"completed_by": "ada"}, "ada"),
    "an older export": ({"completed_by": 5, "created_username": "a@b.c, 5"}, "a@b.c"),
    "nobody": ({"completed_by": None}, None),
    "no number": ({"completed_by": True}, None),
}


@pytest.mark.parametrize(("annotation", "name"), LABELERS.values(), ids=LABELERS)
def test_who_annotated(
    annotation: dict[str, Any], name: str | None, tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"a.jsonl": json.dumps(of(**annotation))})
    assert set(counts_of(done)) == ({f"party:{pseudonym(name)}"} if name else set())
    assert done.codes == (set() if name else {"labeler-not-recorded"})


#: name → tasks, findings
ODD: dict[str, tuple[list[Any], set[Any]]] = {
    "a model without a name": (
        [of() | {"predictions": [{"model_version": "undefined", "result": []}]}],
        {("model-unnamed", "")},
    ),
    "predictions by number": (
        [of() | {"predictions": [3]}],
        {("prediction-elsewhere", "/0")},
    ),
    "annotations that are none": (
        [of(), {"data": {}, "annotations": {}}, {"data": {}, "annotations": [1]}],
        {("task-malformed", "/1")},
    ),
    "no annotations": ([{"data": {}, "annotations": []}], {("labels-empty", "")}),
    "a date without a zone": (
        [of(created_at="2024-01-01T00:00:00")],
        {("date-unclear", "")},
    ),
    "a broken record": ([of(), "x"], {("record-not-an-object", "/1")}),
}


@pytest.mark.parametrize(("tasks", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(tasks: list[Any], found: set[Any], tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.json": json.dumps(tasks)})
    assert done.found == found


def test_older_exports_have_completions(tmp_path: Path) -> None:
    task = {"data": {}, "completions": [{"completed_by": "ada", "result": [CHOICE]}]}
    done = read(CATALOGER, tmp_path, {"a.json": json.dumps([task])})
    assert step_of(done)["annotations.pos"] == "1"


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '{"annotations": []}'])
def test_other_json_is_left_alone(text: str, tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.json": text})
    assert (done.nodes, done.found, done.kinds) == ({}, set(), set())


def test_wrong_types_everywhere() -> None:
    for data in wrong_types([TASK]):
        read_bytes(CATALOGER, "a.json", data)


@given(mutated(json.dumps([TASK]).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.json", data)
