"""MLflow runs: files of one run become one step, and a digest of rows binds nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aibom.catalogers.places import mlflow_model
from aibom.catalogers.places.mlflow_run import CATALOGER
from tests.catalog_world import Read, pseudonym, read

RUN, SET = "8a3fe1ab2c1d4e5f8a3fe1ab2c1d4e5f", "0" * 32
INPUT = "inputs/0ea24dcda12fa932098cde4220bc7e79/meta.yaml"
COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594"
AT = f"mlruns/1/{RUN}"
META = f"""\
artifact_uri: file:///home/jane/mlruns/1/{RUN}/artifacts
end_time: 1714564900000
entry_point_name: ''
experiment_id: '1'
lifecycle_stage: active
run_id: {RUN}
run_name: brave-fox
run_uuid: {RUN}
source_name: ''
source_type: 4
source_version: ''
start_time: 1714564800000
status: 3
tags: []
user_id: jane
"""
HUB = {
    "path": "acme/reviews",
    "config_name": "plain",
    "data_files": None,
    "split": "train",
    "revision": COMMIT,
}


def run(**files: str) -> dict[str, str | bytes]:
    return {f"{AT}/meta.yaml": META.replace("user_id: jane\n", "")} | {
        f"{AT}/{name}": text for name, text in files.items()
    }


def with_input(context: str = "training", **dataset: Any) -> dict[str, str | bytes]:
    link = {
        "source_type": "DATASET",
        "source_id": SET,
        "destination_type": "RUN",
        "destination_id": SET,
        "tags": {"mlflow.data.context": context},
    }
    stated = {"name": "reviews", "digest": "d41d8cd9", "source_type": "http", **dataset}
    return {
        **run(**{INPUT: json.dumps(link)}),
        f"mlruns/1/datasets/{SET}/meta.yaml": json.dumps(stated),
    }


def used(name: str, role: str = "training-data") -> tuple[str, str, str, str]:
    return ("brave-fox", "used", name, role)


PERSON = pseudonym("jane").rpartition(":")
CODE = used(f"commit {COMMIT[:12]}", "code")

#: name → files, edges, findings
CASES: dict[str, tuple[dict[str, str | bytes], set[Any], set[Any]]] = {
    "a run": (run(), set(), set()),
    "data of the Hub": (
        with_input(source_type="hugging_face", source=json.dumps(HUB)),
        {used(f"pkg:huggingface/datasets/acme/reviews@{COMMIT}")},
        set(),
    ),
    "data of an address": (
        with_input("eval", source='{"url": "https://u:p@example.com/a.csv"}'),
        {used("https://example.com/a.csv", "evaluation-data")},
        {("credentials-left-out", "/source")},
    ),
    "data of the machine": (
        with_input("holdout", source='{"uri": "/home/jane/a.csv"}'),
        {used("/home/jane/a.csv", "data")},
        {("reference-local-path", "/source")},
    ),
    "data of a table": (
        with_input(source='{"delta_table_name": "a.b", "delta_table_version": 1}'),
        {used("reviews")},
        set(),
    ),
    "data made by code": (
        with_input(source_type="code", source='{"tags": {}}'),
        {used("reviews")},
        set(),
    ),
    "data with a source that is none": (
        with_input(source="{"),
        {used("reviews")},
        {("json-malformed", "/source")},
    ),
    "data without anything": (
        with_input(name=None, digest=None),
        set(),
        {("run-malformed", "")},
    ),
    "data that is not described": (
        run(**{INPUT: "source_id: b\ntags: {}\n"}),
        set(),
        {("dataset-missing", "/source_id")},
    ),
    "an input that is none": (
        run(**{INPUT: "source_id: ../../x\n"}),
        set(),
        {("run-malformed", "/source_id")},
    ),
    "code": (
        run(
            **{
                "tags/mlflow.source.git.commit": COMMIT,
                "tags/mlflow.source.git.branch": "main",
                "tags/mlflow.source.git.dirty": "False",
            }
        ),
        {CODE},
        set(),
    ),
    "code that was changed": (
        run(
            **{
                "tags/mlflow.source.git.commit": COMMIT,
                "tags/mlflow.source.git.dirty": "True",
                "tags/mlflow.source.git.repoURL": "https://u:p@git.example/a",
            }
        ),
        {used("https://git.example/a", "code")},
        {("code-uncommitted", ""), ("credentials-left-out", "")},
    ),
    "a commit that is none": (
        run(**{"tags/mlflow.source.git.commit": "main"}),
        set(),
        {("run-malformed", "")},
    ),
    "who ran it": (
        run(**{"tags/mlflow.user": "jane"}),
        {
            (
                "brave-fox",
                "performed-by",
                f"{PERSON[0]}:{PERSON[2][:12]}",
                "participant",
            )
        },
        set(),
    ),
    "nobody": (run(**{"tags/mlflow.user": "unknown"}), set(), set()),
    "a run that failed, and was deleted": (
        {
            f"{AT}/meta.yaml": f"run_id: {SET}\nstatus: 4\nlifecycle_stage: deleted\n"
            "run_name: brave-fox\nstart_time: soon\n"
        },
        set(),
        {
            ("run-id-differs", "/run_id"),
            ("run-not-finished", "/status"),
            ("run-deleted", "/lifecycle_stage"),
            ("date-unclear", "/start_time"),
        },
    ),
    "a run that is a list": (
        {f"{AT}/meta.yaml": "- run_id: 1\n"},
        set(),
        {("run-malformed", "")},
    ),
    "a metric without a value": (
        run(**{"metrics/acc": "soon\n"}),
        set(),
        {("run-malformed", "")},
    ),
    "a secret parameter": (
        run(**{"params/api_key": "hunter2"}),
        set(),
        {("parameter-left-out", "")},
    ),
    "other folders": (
        {
            f"{SET}/params/a": "1",
            f"{SET}/meta.yaml": "name: x\n",
            f"mlruns/1/models/{SET}/meta.yaml": META,
            "mlruns/1/meta.yaml": "name: Default\n",
        },
        set(),
        set(),
    ),
}


def without_kind(edges: set[Any]) -> set[Any]:
    """A step has its name in one file only, so elsewhere it is called by its kind."""
    return {
        ("brave-fox" if s == "activity" else s, r, t, role) for s, r, t, role in edges
    }


@pytest.mark.parametrize(("files", "edges", "found"), CASES.values(), ids=CASES)
def test_what_is_read(
    files: dict[str, str | bytes], edges: set[Any], found: set[Any], tmp_path: Path
) -> None:
    done = read(CATALOGER, tmp_path, files)
    assert done.found == found
    assert without_kind(done.edges) == edges


def facts_of(done: Read, kind: str = "step") -> set[tuple[str, str | None]]:
    return {
        (fact.field, fact.value)
        for notes in done.notes
        for node in notes.nodes
        if node.kind == kind
        for fact in node.facts
    }


def test_one_step_has_what_all_files_say(tmp_path: Path) -> None:
    files = run(
        **{
            "params/learning_rate": "0.1\n",
            "params/model/depth": "3",
            "metrics/acc": "1714564850000 0.5 0\n1714564860000 0.9 2\n17 0.7 1\n",
            "metrics/old": "1714564850000 0.5\n",
            "tags/mlflow.source.name": "/home/jane/train.py",
            "tags/mlflow.source.type": "LOCAL",
            "tags/mlflow.note.content": "Why.",
            "tags/team": "Jane's",
        }
    )
    done = read(CATALOGER, tmp_path, files)
    assert not done.found
    assert len([node for node in done.nodes.values() if node.kind == "step"]) == 1
    assert facts_of(done) == {
        ("step", "activity"),
        ("name", "brave-fox"),
        ("description", "Why."),
        ("started", "2024-05-01T12:00:00Z"),
        ("finished", "2024-05-01T12:01:40Z"),
        ("parameter.learning_rate", "0.1"),
        ("parameter.model/depth", "3"),
        ("metric.acc", "0.9"),
        ("metric.old", "0.5"),
        ("source-name", "train.py"),
        ("source-type", "LOCAL"),
    }
    assert "jane" not in repr([notes.nodes for notes in done.notes]).lower()


def test_a_digest_of_rows_is_weak(tmp_path: Path) -> None:
    files = with_input(source='{"url": "https://example.com/a.csv"}', schema="{}")
    done = read(CATALOGER, tmp_path, files)
    (data,) = (node for node in done.nodes.values() if node.kind == "dataset")
    assert data.digest is None
    assert data.value("weak-digest.mlflow") == "d41d8cd9"
    (edge,) = (edge for notes in done.notes for edge in notes.edges)
    assert (edge.value("context"), edge.value("schema")) == ("training", "{}")


def test_what_the_hub_has_is_one_thing_whatever_was_taken_of_it(tmp_path: Path) -> None:
    files = with_input(source_type="hugging_face", source=json.dumps(HUB))
    done = read(CATALOGER, tmp_path, files)
    (data,) = (node for node in done.nodes.values() if node.kind == "dataset")
    assert set(data.fields()) == {"source", "name", "revision"}
    (edge,) = (edge for notes in done.notes for edge in notes.edges)
    assert edge.value("weak-digest.mlflow") == "d41d8cd9"
    assert edge.value("split") == "train"


def test_a_model_and_its_run_are_joined(tmp_path: Path) -> None:
    model = {"MLmodel": f"flavors: {{}}\nrun_id: {RUN}\n"}
    made = read(mlflow_model.CATALOGER, tmp_path / "a", model)
    ran = read(CATALOGER, tmp_path / "b", run())
    assert made.nodes.keys() == ran.nodes.keys()


@pytest.mark.parametrize("name", ["tags/mlflow.user", "meta.yaml"])
def test_persons_are_not_named_without_a_key(name: str, tmp_path: Path) -> None:
    files = run(**({name: "jane"} if name.startswith("tags") else {name: META}))
    done = read(CATALOGER, tmp_path, files, key=False)
    assert done.codes == {"persons-not-named"}
    assert not done.edges


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(
        [
            *("meta.yaml", "tags/mlflow.user", "tags/mlflow.source.git.commit"),
            *("tags/mlflow.source.git.dirty", "params/a", "metrics/a"),
            *(INPUT, f"../datasets/{SET}/meta.yaml"),
        ]
    ),
    text=st.binary(max_size=40)
    | st.text(st.sampled_from("run_id:{}[]\"'1 \n\0\x85/&*"), max_size=60),
)
def test_whatever_stands_there_is_read_or_told(
    name: str, text: str | bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = with_input(source=json.dumps(HUB))
    files[f"{AT}/{name}" if not name.startswith("..") else f"mlruns/1/{name[3:]}"] = (
        text
    )
    read(CATALOGER, tmp_path_factory.mktemp("run"), files)


_VALUES = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from("a/@.~\\ \0é:"), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["path", "uri", "url", "revision", "split"]), inner
        )
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(["hugging_face", "http", "code"]),
    source=_VALUES,
    name=_VALUES,
    context=st.text(max_size=5),
)
def test_whatever_a_dataset_says_is_read_or_told(
    kind: str,
    source: Any,
    name: Any,
    context: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    text = json.dumps(source)
    files = with_input(context, source_type=kind, source=text, name=name)
    read(CATALOGER, tmp_path_factory.mktemp("run"), files)
