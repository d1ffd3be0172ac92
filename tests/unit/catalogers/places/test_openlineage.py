"""OpenLineage: events of a run are one step, and only what completed made something."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers import lineage_events
from aibom.catalogers.places.openlineage import CATALOGER
from tests.catalog_world import Read, pseudonym, read

COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
RUN, OTHER = (
    "d46e465b-d358-4d32-83d4-df660ff614dd",
    "0176a8c2-fe01-7439-87e6-56a1a1b4029f",
)
FACET = {"_producer": "https://example.com/etl", "_schemaURL": "https://example.com/f"}


def facets(**each: Any) -> dict[str, Any]:
    return {name: {**FACET, **value} for name, value in each.items()}


def dataset(name: str, version: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"namespace": "s3://lake", "name": name, **more}
    if version:
        found["facets"] = facets(version={"datasetVersion": version})
    return found


def event(
    state: str = "COMPLETE",
    inputs: Any = (),
    outputs: Any = (),
    run: str = RUN,
    job: Any = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "eventType": state,
        "eventTime": "2026-05-01T12:00:00.000Z",
        "producer": "https://example.com/etl",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        "run": {"runId": run, "facets": {}},
        "job": job or {"namespace": "etl", "name": "clean"},
        "inputs": list(inputs),
        "outputs": list(outputs),
        **more,
    }


def lines(*events: Any) -> dict[str, str | bytes]:
    return {"events.jsonl": "".join(json.dumps(e) + "\n" for e in events)}


def owned(*names: str) -> dict[str, Any]:
    owners = [{"name": name, "type": "MAINTAINER"} for name in names]
    return facets(ownership={"owners": owners})


def job(**each: Any) -> dict[str, Any]:
    return {"namespace": "etl", "name": "clean", "facets": facets(**each)}


RAW, CLEAN = dataset("raw"), dataset("clean.csv")
USED = ("clean", "used", "raw", "data")
MADE = ("clean", "generated", "clean.csv", "")
WHOLE = event("COMPLETE", [RAW], [CLEAN])

#: name → files, edges, findings
CASES: dict[str, tuple[dict[str, str | bytes], set[Any], set[Any]]] = {
    "a start and its end": (
        lines(event("START", [RAW]), event("COMPLETE", outputs=[CLEAN])),
        {USED, MADE},
        set(),
    ),
    "one event in a file": (
        {"e.json": json.dumps(WHOLE, indent=2)},
        {USED, MADE},
        set(),
    ),
    "one event in a line": ({"e.json": json.dumps(WHOLE)}, {USED, MADE}, set()),
    "an array": ({"e.json": json.dumps([WHOLE], indent=2)}, {USED, MADE}, set()),
    "lines called JSON": (
        {"e.json": f"{json.dumps(WHOLE)}\n{json.dumps(WHOLE)}\n"},
        {USED, MADE},
        set(),
    ),
    "a run that failed": (
        lines(event("START", [RAW]), event("FAIL", outputs=[CLEAN])),
        {USED},
        {("run-failed", "line:1")},
    ),
    "a run that was aborted": (
        lines(event("ABORT", [RAW], [CLEAN])),
        {USED},
        {("run-failed", "line:1")},
    ),
    "a run without an end": (
        lines(event("START", [RAW], [CLEAN])),
        {USED},
        {("run-not-completed", "line:1")},
    ),
    "a run that did both": (
        lines(event("FAIL", [RAW]), event("COMPLETE", outputs=[CLEAN])),
        {USED, MADE},
        {("run-contradicts-itself", "line:1")},
    ),
    "a run of two jobs": (
        lines(WHOLE, event(job={"namespace": "etl", "name": "other"})),
        {("activity", "used", "raw", "data"), ("activity", *MADE[1:])},
        {("run-contradicts-itself", "line:1")},
    ),
    "a version that only one event says": (
        lines(event("START", [RAW]), event("COMPLETE", [dataset("raw", "7")])),
        {USED},
        set(),
    ),
    "a table that is written in place": (
        lines(event("COMPLETE", [RAW, CLEAN], [CLEAN])),
        {USED, MADE},
        {("dataset-circular", "line:1/inputs/1")},
    ),
    "a table with versions": (
        lines(event("COMPLETE", [dataset("t", "1")], [dataset("t", "2")])),
        {("clean", "used", "t", "data"), ("clean", "generated", "t", "")},
        set(),
    ),
    "a circle of two runs": (
        lines(WHOLE, event("COMPLETE", [CLEAN], [RAW], OTHER)),
        {MADE, ("clean", "generated", "raw", "")},
        {
            ("dataset-circular", "line:1/inputs/0"),
            ("dataset-circular", "line:2/inputs/0"),
        },
    ),
    "sources that only the columns name": (
        lines(
            event(
                outputs=[
                    {
                        **CLEAN,
                        "facets": facets(
                            columnLineage={
                                "fields": {
                                    "a": {"inputFields": [{**RAW, "field": "b"}, 1]},
                                    "c": {"inputFields": [{**RAW, "field": "d"}]},
                                    "e": 1,
                                }
                            }
                        ),
                    }
                ]
            )
        ),
        {USED, MADE},
        set(),
    ),
    "code": (
        lines(
            event(
                job=job(
                    sourceCodeLocation={
                        "type": "git",
                        "url": "https://git.example/a/blob/main/etl.py",
                        "repoUrl": "https://u:p@git.example/a",
                        "path": "etl.py",
                        "version": COMMIT,
                        "branch": "main",
                    }
                )
            )
        ),
        {("clean", "used", "https://git.example/a", "code")},
        {("credentials-left-out", "line:1/job/facets/sourceCodeLocation")},
    ),
    "owners": (
        lines(
            event(
                job={"namespace": "etl", "name": "clean", "facets": owned("team:data")},
                outputs=[
                    {**CLEAN, "facets": owned("user:jane", "application:etl", "Jane")}
                ],
            )
        ),
        {
            MADE,
            ("clean", "performed-by", "data", "owner"),
            ("clean.csv", "attributed-to", "jane", "owner"),
            ("clean.csv", "attributed-to", "etl", "owner"),
        },
        {("owner-not-named", "line:1/outputs/0/facets/ownership")},
    ),
    "events of no run": (
        lines({"eventTime": "x", "dataset": RAW}, WHOLE, {"job": 1, "run": "runId"}),
        {USED, MADE},
        {("event-without-run", "line:1")},
    ),
    "data sets that are none": (
        lines(event(inputs=[1, {"name": "a"}, {"namespace": [], "name": "b"}, RAW])),
        {USED},
        {("dataset-malformed", "line:1/inputs/0")},
    ),
    "a time without a zone": (
        lines(event(inputs=[RAW], eventTime="2026-05-01T12:00:00")),
        {USED},
        {("date-unclear", "line:1/eventTime")},
    ),
    "a line that is cut off": (
        {"e.jsonl": json.dumps(WHOLE) + "\n{"},
        {USED, MADE},
        {("record-malformed", "line:2")},
    ),
    "half a character": (
        lines(event(inputs=[dataset("\ud800")])),
        {("clean", "used", "?", "data")},
        set(),
    ),
    "somebody else's records": (
        {
            "a.jsonl": '{"job": 1, "run": 2, "eventTime": 3, "runId": 4}\n',
            "b.json": "{}",
            "c.jsonl": "{",
        },
        set(),
        set(),
    ),
}


def named(edges: set[Any]) -> set[Any]:
    person = pseudonym("jane").rpartition(":")[2][:12]
    return {
        (s, r, "jane" if t.endswith(person) else t, role) for s, r, t, role in edges
    }


@pytest.mark.parametrize(("files", "edges", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    files: dict[str, str | bytes], edges: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, files)
    assert done.found == found
    assert named(done.edges) == edges


def facts_of(done: Read, kind: str) -> set[tuple[str, str | None]]:
    return {
        (fact.field, fact.value)
        for notes in done.notes
        for node in notes.nodes
        if node.kind == kind
        for fact in node.facts
    }


def test_what_a_step_says(tmp_path: Path) -> None:
    query = "select * from t where token = 'hunter2'"
    start = event(
        "START",
        job=job(
            sql={"query": query},
            documentation={"description": "Cleans."},
            jobType={"processingType": "BATCH", "jobType": "TASK"},
        ),
    )
    start["run"]["facets"] = facets(parent={"run": {"runId": OTHER}})
    end = event("COMPLETE", eventTime="2026-05-01T14:05:00+02:00")
    done = read(CATALOGER, tmp_path, lines(start, end))
    assert facts_of(done, "step") == {
        ("step", "activity"),
        ("name", "clean"),
        ("namespace", "etl"),
        ("description", "Cleans."),
        ("job-type", "TASK"),
        ("parent-run", OTHER),
        ("producer", "https://example.com/etl"),
        ("command.sha256", hashlib.sha256(query.encode()).hexdigest()),
        ("started", "2026-05-01T12:00:00Z"),
        ("finished", "2026-05-01T12:05:00Z"),
    }
    assert "hunter2" not in repr([notes.nodes for notes in done.notes])


def test_a_dataset_has_its_name_and_version_and_no_digest(tmp_path: Path) -> None:
    files = lines(event(outputs=[dataset("t", "7")]))
    done = read(CATALOGER, tmp_path, files)
    assert facts_of(done, "dataset") == {
        ("namespace", "s3://lake"),
        ("name", "t"),
        ("version", "7"),
    }
    assert all(node.digest is None for node in done.nodes.values())


def test_what_a_use_says(tmp_path: Path) -> None:
    raw = {**RAW, "inputFacets": facets(dataQualityMetrics={"rowCount": 12})}
    out = {
        **CLEAN,
        "facets": facets(lifecycleStateChange={"lifecycleStateChange": "OVERWRITE"}),
        "outputFacets": facets(outputStatistics={"rowCount": 11, "size": 1}),
    }
    done = read(CATALOGER, tmp_path, lines(event(inputs=[raw], outputs=[out])))
    facts = {
        edge.relation.value: {(f.field, f.value) for f in edge.facts}
        for notes in done.notes
        for edge in notes.edges
    }
    assert facts == {
        "used": {("rows", "12")},
        "generated": {("rows", "11"), ("lifecycle", "OVERWRITE")},
    }


def test_what_one_run_wrote_another_read(tmp_path: Path) -> None:
    one = lines(WHOLE)["events.jsonl"]
    two = lines(event("COMPLETE", [CLEAN], [], OTHER))["events.jsonl"]
    done = read(CATALOGER, tmp_path, {"a.jsonl": one, "b.ndjson": two})
    found = [node for node in done.nodes.values() if node.label == "clean.csv"]
    assert len(found) == 1


def test_events_of_one_run_in_two_files_are_one_step(tmp_path: Path) -> None:
    one = lines(event("START", [RAW]))["events.jsonl"]
    done = read(CATALOGER, tmp_path, {"a.jsonl": one, **lines(WHOLE)})
    assert len([n for n in done.nodes.values() if n.kind == "step"]) == 1


def test_an_address_keeps_no_password(tmp_path: Path) -> None:
    raw = {"namespace": "postgres://jane:hunter2@db:5432", "name": "t"}
    done = read(CATALOGER, tmp_path, lines(event(inputs=[raw])))
    assert "hunter2" not in repr([notes.nodes for notes in done.notes])
    assert done.codes == {"credentials-left-out"}


def test_persons_are_not_named_without_a_key(tmp_path: Path) -> None:
    files = lines(event(outputs=[{**CLEAN, "facets": owned("user:jane")}]))
    done = read(CATALOGER, tmp_path, files, key=False)
    assert done.codes == {"persons-not-named"}
    assert done.edges == {MADE}


@pytest.mark.parametrize(
    ("name", "code"),
    [("MAX_RUNS", "runs-too-many"), ("MAX_DATASETS", "datasets-too-many")],
)
def test_limits(
    name: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage_events, name, 1)
    files = lines(WHOLE, event("COMPLETE", [CLEAN], [], OTHER))
    assert code in read(CATALOGER, tmp_path, files).unread


#: name → edges, what is left of them
CIRCLES: dict[str, tuple[list[tuple[str, str]], set[str]]] = {
    "a chain": ([("a", "b"), ("b", "c")], set()),
    "a circle with a way in and out": (
        [("x", "a"), ("a", "b"), ("b", "a"), ("b", "y")],
        {"a", "b"},
    ),
    "itself": ([("a", "a")], {"a"}),
    "between two": (
        [("a", "b"), ("b", "a"), ("b", "m"), ("m", "c"), ("c", "d"), ("d", "c")],
        set("abmcd"),
    ),
    "a diamond": ([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")], set()),
    "nothing": ([], set()),
}


@pytest.mark.parametrize(("edges", "left"), CIRCLES.values(), ids=CIRCLES)
def test_circles(edges: list[tuple[str, str]], left: set[str]) -> None:
    assert lineage_events.in_cycles(edges) == left


_KEYS = st.sampled_from(
    [
        *("run", "runId", "job", "inputs", "outputs", "namespace", "name", "facets"),
        *("ownership", "owners", "version", "datasetVersion", "columnLineage"),
        *("fields", "inputFields", "eventType", "eventTime", "type", "parent", "sql"),
        *("sourceCodeLocation", "repoUrl", "outputFacets", "outputStatistics"),
    ]
)
_VALUES = st.recursive(
    st.none()
    | st.floats()
    | st.sampled_from(["COMPLETE", "user:x", "team:", "https://[", "s3://a:b@c?sig=1"])
    | st.text(st.sampled_from("a:/@ \0\ud800\n\u2028"), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6)
    ),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(
    changes=st.dictionaries(_KEYS, _VALUES, max_size=4),
    sets=_VALUES,
    name=st.sampled_from(["a.json", "a.jsonl", "a.ndjson"]),
    indent=st.sampled_from([None, 1]),
)
def test_whatever_stands_there_is_read_or_told(
    changes: Any,
    sets: Any,
    name: str,
    indent: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    one = {**event(inputs=[RAW, sets], outputs=[{**CLEAN, "facets": sets}]), **changes}
    text = json.dumps(one, indent=indent)
    read(CATALOGER, tmp_path_factory.mktemp("events"), {name: text + "\n" + text})


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(0, 900), place=st.integers(0, 500), byte=st.integers(0, 255))
def test_a_damaged_file_is_read_or_told(
    cut: int, place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(json.dumps([WHOLE, WHOLE]).encode())
    data[place] = byte
    files = {"a.json": bytes(data[:cut]) or b" "}
    read(CATALOGER, tmp_path_factory.mktemp("events"), files)
