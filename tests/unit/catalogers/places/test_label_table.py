"""Tables: only a column of the list names labelers, and its absence is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers.label_kinds import LABELER_COLUMNS
from aibom.catalogers.places.label_table import CATALOGER
from tests.catalog_hostile import mutated, read_bytes, wrong_types
from tests.catalog_world import pseudonym, read
from tests.label_world import counts_of, step_of

ADA, EVA = (f"party:{pseudonym(name)}" for name in ("ada", "eva"))
TABLE = (
    "text,label,annotator,annotated_at,guideline\n"
    '"a, b",pos,Ada,2024-01-01T00:00:00Z,v1\n'
    "c,neg,Eva,2024-02-01T00:00:00Z,v1\n"
    "d,pos,ada ,,v1\n"
)


def test_a_table(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"labels.csv": TABLE})
    assert counts_of(done) == {
        ADA: {"annotations": "2", "annotations.pos": "2"},
        EVA: {"annotations": "1", "annotations.neg": "1"},
    }
    assert step_of(done) == {
        "step": "label",
        "annotations": "3",
        "annotations-unattributed": "0",
        "annotations.pos": "2",
        "annotations.neg": "1",
        "labelers": "2",
        "started": "2024-01-01T00:00:00Z",
        "finished": "2024-02-01T00:00:00Z",
    }
    assert ("subject", "derived-from", "labels.csv", "labels") in done.edges
    assert {node.value("stated-as") for node in done.nodes.values()} >= {"v1"}
    assert done.found == set()


@pytest.mark.parametrize("column", LABELER_COLUMNS)
def test_each_column_of_the_list(column: str, tmp_path: Path) -> None:
    files = {
        "a.tsv": f"x\t{column.upper()}\n1\tada\n",
        "b.jsonl": json.dumps({column: "ada"}),
        "c.json": json.dumps([{column: "ada"}]),
    }
    done = read(CATALOGER, tmp_path, files)
    assert counts_of(done) == {ADA: {"annotations": "1"}}
    assert [len(notes.edges) for notes in done.notes] == [3, 3, 3]
    assert done.found == set()


@pytest.mark.parametrize("column", ["user_id", "author", "id", "annotators", "name"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_no_other_column_is_guessed(column: str, name: str, tmp_path: Path) -> None:
    text = f"{column}\nada\n" if name == "a.csv" else json.dumps({column: "ada"})
    done = read(CATALOGER, tmp_path, {name: text})
    assert done.codes == {"labeler-column-missing"}
    assert done.edges == {("subject", "derived-from", name, "data")}


#: name → file name, content, number of annotations (None: not counted), findings
ODD: dict[str, tuple[str, str, str | None, set[Any]]] = {
    "two columns for labelers": (
        "a.csv",
        "annotator,rater\nada,eva\n",
        None,
        {("labeler-column-unclear", "line:1")},
    ),
    "a name beside its id": ("a.csv", "annotator,annotator_id\nada,7\n", "1", set()),
    "the labeler's column twice": (
        "a.csv",
        "rater,rater\nada,eva\n",
        "1",
        {("column-twice", "line:1")},
    ),
    "two columns for the class": (
        "a.csv",
        "rater,label,class\nada,x,y\n",
        "1",
        {("class-column-unclear", "line:1")},
    ),
    "semicolons": (
        "a.csv",
        "rater;label\nada;x\n",
        None,
        {("delimiter-unclear", "line:1")},
    ),
    "a comma without quotes": (
        "a.csv",
        "text,label,rater\na, b,pos,ada\n",
        "1",
        {("row-uneven", "line:2"), ("labeler-not-recorded", "")},
    ),
    "an empty cell": (
        "a.csv",
        "rater,label\nada,\n,x\n",
        "2",
        {("labeler-not-recorded", "")},
    ),
    "nothing": ("a.csv", "", None, {("labeler-column-missing", "line:1")}),
    "only a header": ("a.csv", "rater\n", "0", {("labels-empty", "")}),
    "a stray quote": (
        "a.csv",
        'rater\nada\n"b"c\n',
        "1",
        {("csv-malformed", "line:3")},
    ),
    "a labeler that is none": (
        "a.jsonl",
        '{"rater": ["ada"]}\n{"rater": null}\n{"rater": 7}',
        "3",
        {("labeler-malformed", ""), ("labeler-not-recorded", "")},
    ),
    "a moment for a labeler": (
        "a.csv",
        "rater\n2024-01-01 10:00:00\n",
        "1",
        {("labeler-is-no-person", ""), ("labeler-not-recorded", "")},
    ),
    "two columns for labelers in JSON": (
        "a.jsonl",
        '{"rater": 1}\n{"annotator": 1}',
        None,
        {("labeler-column-unclear", "")},
    ),
}


@pytest.mark.parametrize(
    ("name", "text", "annotations", "found"), ODD.values(), ids=ODD
)
def test_what_is_odd(
    name: str, text: str, annotations: str | None, found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, {name: text})
    steps = [node for node in done.nodes.values() if node.kind == "step"]
    counted = [step.value("annotations") for step in steps]
    assert (counted, done.found) == ([annotations] if annotations else [], found)


def test_dates_of_the_data_are_none_of_the_labels(tmp_path: Path) -> None:
    files = {
        "a.csv": "rater,created_at\nada,2024-01-01T00:00:00Z\n",
        "b.csv": "rater,created_at,annotation_id\nada,2024-01-01T00:00:00Z,1\n",
    }
    done = read(CATALOGER, tmp_path, files)
    steps = [node for node in done.nodes.values() if node.kind == "step"]
    assert sorted(step.value("started") or "" for step in steps) == [
        "",
        "2024-01-01T00:00:00Z",
    ]


def test_other_json_is_left_alone(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"config.json": '{"model_type": "bert"}'})
    assert (done.nodes, done.found) == ({}, set())


def test_what_a_tool_wrote_is_left_to_its_cataloger(tmp_path: Path) -> None:
    records = [{"_task_hash": 1, "annotator": "ada"}]
    done = read(CATALOGER, tmp_path, {"a.jsonl": json.dumps(records[0])})
    assert (done.nodes, done.found) == ({}, set())


def test_without_a_key_labelers_are_counted(tmp_path: Path) -> None:
    done = read(CATALOGER, tmp_path, {"labels.csv": TABLE}, key=False)
    assert (counts_of(done), done.unread) == ({}, {"labelers-not-named"})
    assert step_of(done)["labelers"] == "2"


ROWS = st.lists(st.tuples(st.sampled_from(["ada", "eva", ""]), st.sampled_from("xyz")))


@given(ROWS, st.randoms(use_true_random=False))
def test_counts_sum_and_order_does_not_matter(rows: Any, shuffle: Any) -> None:
    other = list(rows)
    shuffle.shuffle(other)
    one, two = (
        read_bytes(
            CATALOGER,
            "a.csv",
            "".join(f"{a},{b}\n" for a, b in [("rater", "label"), *order]).encode(),
        )
        for order in (rows, other)
    )
    facts, counts = step_of(one), counts_of(one)
    named = sum(int(found["annotations"] or "") for found in counts.values())
    assert int(facts["annotations"] or "") == len(rows)
    assert named + int(facts["annotations-unattributed"] or "") == len(rows)
    assert (facts, counts) == (step_of(two), counts_of(two))


def test_wrong_types_everywhere() -> None:
    for data in wrong_types([{"rater": "a", "label": "x", "annotated_at": "2024"}]):
        read_bytes(CATALOGER, "a.json", data)


@given(mutated(TABLE.encode()), st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]))
def test_hostile_bytes_never_raise(data: bytes, name: str) -> None:
    read_bytes(CATALOGER, name, data)
