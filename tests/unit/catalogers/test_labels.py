"""Counts of labels: nothing is lost, order does not matter, names are pseudonyms."""

from __future__ import annotations

import hashlib
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibom.catalogers import labels
from aibom.catalogers.label_texts import utc_text
from aibom.catalogers.labels import (
    LABEL_FINDINGS,
    MAX_CLASSES,
    MAX_LABELERS,
    MAX_PAIRS,
    Tally,
)
from aibom.catalogers.notes import SUBJECT, Notes
from aibom.catalogers.place import Place
from aibom.lineage.nodes import Relation
from tests.catalog_world import pseudonym, put

NAMES = st.none() | st.text(max_size=8) | st.sampled_from(["Ada", "ada ", "Eva"])
ADDED = st.lists(st.tuples(NAMES, st.lists(st.text(max_size=6), max_size=3)))


def written(added: Any, *, key: bool = True) -> Notes:
    tally = Tally()
    for who, classes in added:
        tally.add(who, classes)
    return write(tally, key=key)


def write(tally: Tally, *, key: bool = True) -> Notes:
    with tempfile.TemporaryDirectory() as folder:
        place = Place.of(put(Path(folder), {"a.csv": "a"}))
        notes = Notes("test", place, "a.csv", pseudonym if key else None)
        tally.write(notes)
    assert {f.code for f in notes.findings} <= set(LABEL_FINDINGS)
    return notes


def step_of(notes: Notes) -> dict[str, str | None]:
    [step] = [node for node in notes.nodes if node.kind == "step"]
    return {fact.field: fact.value for fact in step.facts}


def by_party(notes: Notes) -> dict[str, dict[str, str | None]]:
    edges = [e for e in notes.edges if e.relation is Relation.PERFORMED_BY]
    found = {e.target: {f.field: f.value for f in e.facts} for e in edges}
    assert len(found) == len(edges), "two counts of one party"
    return found


def codes(notes: Notes) -> set[str]:
    return {finding.code for finding in notes.findings}


@given(ADDED)
def test_counts_by_labeler_sum_to_the_annotations(added: Any) -> None:
    notes = written(added)
    facts = step_of(notes)
    counts = sum(int(f["annotations"] or "") for f in by_party(notes).values())
    assert int(facts["annotations"] or "") == len(added)
    assert counts + int(facts["annotations-unattributed"] or "") == len(added)
    assert int(facts["labelers"] or "") == len(by_party(notes))


@given(ADDED, st.randoms(use_true_random=False))
def test_order_does_not_matter(added: Any, shuffle: random.Random) -> None:
    other = list(added)
    shuffle.shuffle(other)
    one, two = written(added), written(other)
    assert (one.nodes, one.edges, one.findings) == (two.nodes, two.edges, two.findings)


@given(st.text(max_size=12))
def test_no_name_stands_in_clear(name: str) -> None:
    told = repr(written([(f"Zq{name}Zq", [])]).nodes)
    assert "Zq" not in told
    assert "zq" not in told


def test_two_spellings_of_a_name_are_one_labeler() -> None:
    notes = written([("Ada  Lovelace", ["a"]), ("ada lovelace ", ["b"])])
    assert by_party(notes) == {
        f"party:{pseudonym('Ada Lovelace')}": {
            "annotations": "2",
            "annotations.a": "1",
            "annotations.b": "1",
        }
    }


def test_without_a_key_nobody_is_named_but_counted() -> None:
    notes = written([("Ada", []), ("Eva", [])], key=False)
    assert step_of(notes)["labelers"] == "2"
    assert by_party(notes) == {}
    assert [(f.code, f.unread) for f in notes.findings] == [
        ("labelers-not-named", True)
    ]


def test_the_file_is_what_the_step_made_and_the_folder_is_derived_from() -> None:
    notes = written([("Ada", [])])
    [file] = [node.id for node in notes.nodes if node.kind == "dataset"]
    assert file == f"dataset:file:{hashlib.sha256(b'a').hexdigest()}"
    stated = {(e.source[:5], e.relation.value, e.target, e.role) for e in notes.edges}
    assert {
        (SUBJECT[:5], "derived-from", file, "labels"),
        ("step:", "generated", file, "labels"),
    } <= stated


def test_a_file_scanned_alone_is_not_derived_from_itself(tmp_path: Path) -> None:
    place = Place.of(put(tmp_path, {"a.csv": "a"}) / "a.csv")
    notes = Notes("test", place, place.names[0], pseudonym)
    Tally().write(notes)
    assert [edge.relation.value for edge in notes.edges] == ["generated"]


#: name → who, classes, finding
ODD: dict[str, tuple[str | None, list[str], set[str]]] = {
    "nobody": (None, [], {"labeler-not-recorded"}),
    "an empty name": ("  ", [], {"labeler-not-recorded"}),
    "the time of a session": (
        "2021-03-04_12-34-56",
        [],
        {"labeler-is-no-person", "labeler-not-recorded"},
    ),
    "a moment": (
        "2021-03-04T12:34:56.5Z",
        [],
        {"labeler-is-no-person", "labeler-not-recorded"},
    ),
    "a day": ("2021-03-04", [], {"labeler-is-no-person", "labeler-not-recorded"}),
    "a number is a name": ("20210304", [], set()),
    "a book for a name": (
        "x" * 501,
        [],
        {"labeler-malformed", "labeler-not-recorded"},
    ),
    "a book for a class": ("Ada", ["x" * 201], {"class-malformed"}),
    "an empty class": ("Ada", ["\n"], {"class-malformed"}),
    "half a character": ("Ada\ud800", ["a\ud800"], set()),
}


@pytest.mark.parametrize(("who", "classes", "found"), ODD.values(), ids=ODD)
def test_what_is_odd(who: str | None, classes: list[str], found: set[str]) -> None:
    assert codes(written([(who, classes)])) == found


def test_no_annotations() -> None:
    assert codes(written([])) == {"labels-empty"}


def test_a_model_that_is_not_named() -> None:
    tally = Tally()
    tally.add_prediction("bert v2", ["a"])
    tally.add_prediction(None, ["a"])
    notes = write(tally)
    assert codes(notes) == {"model-unnamed"}
    assert by_party(notes) == {
        "party:software:bert v2": {"predictions": "1", "predictions.a": "1"}
    }
    assert step_of(notes)["predictions"] == "2"


def test_too_many_labelers_are_not_counted_by_labeler() -> None:
    notes = written((str(n), ["a"]) for n in range(MAX_LABELERS + 1))
    assert codes(notes) == {"labelers-too-many"}
    assert by_party(notes) == {}
    facts = step_of(notes)
    assert facts["annotations"] == facts["annotations.a"] == str(MAX_LABELERS + 1)
    assert "labelers" not in facts


def test_too_many_classes_are_not_counted_by_class() -> None:
    notes = written(("Ada", [str(n)]) for n in range(MAX_CLASSES + 1))
    assert codes(notes) == {"classes-too-many"}
    [facts] = by_party(notes).values()
    assert facts == {"annotations": str(MAX_CLASSES + 1)}


def test_which_of_the_limits_is_met_first_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {"MAX_LABELERS": 6, "MAX_CLASSES": 50, "MAX_PAIRS": 10}
    for name, value in limits.items():
        monkeypatch.setattr(labels, name, value)
    added = [(str(n % 8), [str(m)]) for n in range(8) for m in range(5)]
    by_person = written(added)
    by_class = written(sorted(added, key=lambda one: one[1]))
    assert codes(by_person) == codes(by_class) == {"labelers-too-many"}
    assert step_of(by_person) == step_of(by_class)


def test_too_many_pairs_leave_the_sums() -> None:
    people = MAX_PAIRS // 10 + 1
    added = [(str(n), [str(m)]) for n in range(people) for m in range(10)]
    notes = written(added, key=False)
    assert codes(notes) == {"classes-too-many", "labelers-not-named"}
    assert step_of(notes)["annotations.3"] == str(people)


def test_guidelines_are_used_and_too_many_are_not_kept() -> None:
    tally = Tally()
    tally.add("Ada")
    tally.add_guideline("v1\n")
    notes = write(tally)
    used = [e for e in notes.edges if e.relation is Relation.USED]
    assert [(edge.role, edge.target[:10]) for edge in used] == [
        ("guideline", "guideline:")
    ]
    for number in range(30):
        tally.add_guideline(str(number))
    notes = write(tally)
    assert codes(notes) == {"guidelines-too-many"}
    assert [e for e in notes.edges if e.relation is Relation.USED] == []


#: name → dates, started, finished, findings
DATES: dict[str, tuple[list[Any], str | None, str | None, set[str]]] = {
    "first and last": (
        ["2024-05-01T12:00:00+02:00", "2024-04-01T00:00:00.9Z", 0],
        "1970-01-01T00:00:00Z",
        "2024-05-01T10:00:00Z",
        set(),
    ),
    "none": ([None, ""], None, None, set()),
    "without a zone": (["2024-05-01T12:00:00"], None, None, {"date-unclear"}),
    "no date": (["soon", [], True, 1e300], None, None, {"date-unclear"}),
    "the first year": (
        ["0001-01-01T00:00:00Z"],
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        set(),
    ),
    "before it": (["0001-01-01T00:00:00+05:00"], None, None, {"date-unclear"}),
}


@pytest.mark.parametrize(
    ("dates", "started", "finished", "found"), DATES.values(), ids=DATES
)
def test_dates(
    dates: list[Any], started: str | None, finished: str | None, found: set[str]
) -> None:
    tally = Tally()
    tally.add("Ada")
    for date in dates:
        tally.add_date(date)
    notes = write(tally)
    facts = step_of(notes)
    assert (facts.get("started"), facts.get("finished")) == (started, finished)
    assert codes(notes) == found


def test_a_moment_as_text() -> None:
    assert utc_text("2024-05-01 12:00:00+02:00") == "2024-05-01T10:00:00Z"
    assert utc_text("2024-05-01") is None
