"""Prodigy: named sessions are annotators, the time of a session is nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from aibom.catalogers.places.prodigy import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import pseudonym, read
from tests.label_world import counts_of, step_of

RECORD = {
    "text": "a",
    "_input_hash": 1,
    "_task_hash": 2,
    "_view_id": "classification",
    "_annotator_id": "news-eva",
    "_session_id": "news-eva",
    "_timestamp": 1615980000,
    "label": "SPORT",
    "answer": "accept",
}
EVA = f"party:{pseudonym('news-eva')}"
TIME = "2021-03-04_12-34-56"

#: name → what is changed, the annotator's counts, findings
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "a named session": (
        {},
        {EVA: {"annotations": "1", "annotations.SPORT": "1"}},
        set(),
    ),
    "an older version": (
        {"_annotator_id": None},
        {EVA: {"annotations": "1", "annotations.SPORT": "1"}},
        set(),
    ),
    "choices": (
        {"accept": ["A", 2], "label": None},
        {EVA: {"annotations": "1", "annotations.A": "1", "annotations.2": "1"}},
        set(),
    ),
    "spans": (
        {"label": None, "spans": [{"label": "ORG"}, {"label": "ORG"}, {}, 1]},
        {EVA: {"annotations": "1", "annotations.ORG": "1"}},
        set(),
    ),
    "rejected": ({"answer": "reject"}, {EVA: {"annotations": "1"}}, set()),
    "the time of a session": (
        {"_annotator_id": TIME},
        {},
        {"labeler-is-no-person", "labeler-not-recorded"},
    ),
    "the default session": (
        {"_annotator_id": "news-default"},
        {},
        {"labeler-is-no-person", "labeler-not-recorded"},
    ),
    "nobody": (
        {"_annotator_id": None, "_session_id": None},
        {},
        {"labeler-not-recorded"},
    ),
}


@pytest.mark.parametrize(("changed", "counts", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    changed: dict[str, Any], counts: dict[str, Any], found: set[str], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {"a.jsonl": json.dumps({**RECORD, **changed})})
    assert (counts_of(done), done.codes) == (counts, found)
    assert step_of(done)["started"] == "2021-03-17T11:20:00Z"


def test_other_records_are_left_alone(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"a.jsonl": '{"text": "a", "answer": "accept"}'})
    assert (done.nodes, done.found) == ({}, set())


def test_wrong_types_everywhere() -> None:
    for data in wrong_types({**RECORD, "spans": [{"label": "A"}], "accept": ["A"]}):
        read_bytes(CATALOGER, "a.jsonl", data)


@given(mutated(json.dumps(RECORD).encode() + b"\n" + json.dumps(RECORD).encode()))
def test_hostile_bytes_never_raise(data: bytes) -> None:
    read_bytes(CATALOGER, "a.jsonl", data)
